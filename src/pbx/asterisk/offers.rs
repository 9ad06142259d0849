//! Who wants to pay: a feature code, a caller of the payment number, a leg named by the API, a leg an earlier
//! life of the daemon sealed.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::mpsc;
use tracing::{info, warn};

use super::Shared;
use super::event::Arrival;
use super::frames::Message;
use super::link::{Link, LinkError};
use super::words;
use crate::pbx::{CallName, LegId, Means, News, Offer, PbxError};

/// What is asked of every channel.
pub(super) const VARIABLES: &str = "TONEGATE_AGENT,TONEGATE_AMOUNT,TONEGATE_CURRENCY,TONEGATE_REFERENCE,TONEGATE_LANGUAGE,TONEGATE_CLEAN,TONEGATE_DIALLED,TONEGATE_PAYMENT,TONEGATE_PEER,TONEGATE_MERCHANT,TONEGATE_QUEUE,QUEUENAME,TONEGATE_CUSTOMER_NAME,TONEGATE_CUSTOMER_EMAIL,TONEGATE_CUSTOMER_REFERENCE";

/// Others in a leg's bridge that are looked at: of more than one, none is the other.
const AROUND_MAX: usize = 2;

/// The row of a leg among all channels.
pub(super) fn row<'a>(rows: &'a [Message], leg: &str) -> Option<&'a Message> {
    rows.iter().find(|row| row.get("Uniqueid") == leg)
}

/// The one leg this one talks with.
fn peer<'a>(rows: &'a [Message], row: &Message) -> Option<&'a Message> {
    let bridge = row.get("BridgeID");
    let mut others = rows.iter().filter(|other| {
        !bridge.is_empty()
            && other.get("BridgeID") == bridge
            && other.get("Uniqueid") != row.get("Uniqueid")
            && words::is_leg(other.get("Uniqueid"))
    });
    let other = others.next()?;
    // Of three in a conference none is the other.
    others.next().is_none().then_some(other)
}

/// Whether a channel called, rather than being called.
fn called_in(row: &Message) -> bool {
    row.get("Linkedid") == row.get("Uniqueid")
}

/// Puts together what is known about a conversation.
fn offer(customer: &Message, agent: Option<&Message>, means: Means) -> Offer {
    // For a call the agent made, the dialplan sets the variables on the agent's channel.
    let either = |name: &str| customer.variable(name).or_else(|| agent.and_then(|row| row.variable(name)));
    let number = |row: &Message| words::value(row.get("CallerIDNum"));
    let dialled = |row: &Message| row.variable("TONEGATE_DIALLED").or_else(|| words::value(row.get("DNID")));
    Offer {
        customer: LegId(customer.get("Uniqueid").to_owned()),
        agent: agent.map(|row| LegId(row.get("Uniqueid").to_owned())),
        means,
        caller_number: number(customer),
        dialled_number: dialled(customer).or_else(|| agent.and_then(dialled)),
        agent_extension: agent.and_then(extension),
        reference: either("TONEGATE_REFERENCE"),
        amount: either("TONEGATE_AMOUNT"),
        currency: either("TONEGATE_CURRENCY"),
        language: either("TONEGATE_LANGUAGE"),
        merchant: either("TONEGATE_MERCHANT"),
        // app_queue names its queue where queues.conf has setqueuevar=yes; without it the dialplan may.
        queue: either("TONEGATE_QUEUE").or_else(|| either("QUEUENAME")),
        customer_name: either("TONEGATE_CUSTOMER_NAME"),
        customer_email: either("TONEGATE_CUSTOMER_EMAIL"),
        customer_reference: either("TONEGATE_CUSTOMER_REFERENCE"),
    }
}

/// The agent's extension: what the dialplan says, or the user of the channel's name.
fn extension(row: &Message) -> Option<String> {
    row.variable("TONEGATE_AGENT").or_else(|| words::endpoint(row.get("Channel")).and_then(words::value))
}

/// Looks at everybody who wants to pay.
pub(super) async fn announce(
    shared: Arc<Shared>,
    mut arrivals: mpsc::Receiver<Arrival>,
    news: mpsc::Sender<News>,
) {
    while let Some(arrival) = arrivals.recv().await {
        match arrived(&shared.link, arrival).await {
            Ok(Some(offer)) => {
                if news.send(News::Offer(offer)).await.is_err() {
                    return;
                }
            }
            Ok(None) => info!("the feature code was keyed outside of a conversation of two"),
            Err(why) => warn!(%why, "somebody who wants to pay could not be looked at"),
        }
    }
}

/// Asks for the legs in question alone: with hundreds of calls the list of all is long.
async fn arrived(link: &Link, arrival: Arrival) -> Result<Option<Offer>, LinkError> {
    Ok(match arrival {
        Arrival::Direct(leg) => {
            let rows = link.channels(Some(&leg), VARIABLES).await?;
            row(&rows, &leg).map(|row| offer(row, None, Means::DirectNumber))
        }
        Arrival::Code { agent, keyed } => {
            let rows = around(link, &agent).await?;
            row(&rows, &agent).and_then(|agent| {
                let mut offer = offer(peer(&rows, agent)?, Some(agent), Means::FeatureCode);
                offer.reference = keyed.or(offer.reference);
                Some(offer)
            })
        }
    })
}

/// A leg and those it is in a bridge with.
async fn around(link: &Link, leg: &str) -> Result<Vec<Message>, LinkError> {
    let mut rows = link.channels(Some(leg), VARIABLES).await?;
    let Some(bridge) = row(&rows, leg).map(|row| row.get("BridgeID").to_owned()) else {
        return Ok(Vec::new());
    };
    if !words::is_leg(&bridge) {
        return Ok(rows);
    }
    let found = match link.get(&format!("/bridges/{bridge}")).await {
        Err(LinkError::Gone) => return Ok(rows),
        found => found?,
    };
    let others = found["channels"].as_array().into_iter().flatten().filter_map(Value::as_str);
    for other in others.filter(|other| *other != leg && words::is_leg(other)).take(AROUND_MAX) {
        rows.extend(link.channels(Some(other), VARIABLES).await?);
    }
    Ok(rows)
}

/// Legs an earlier life of the daemon left sealed.
pub(super) async fn orphans(shared: &Shared) -> Result<Vec<News>, LinkError> {
    let rows = shared.link.channels(None, VARIABLES).await?;
    // Who listens to which leg is read from the same list: we were told nothing while we were away.
    shared.legs.recorders.found(&rows);
    let mut found = Vec::new();
    for customer in &rows {
        let payment = customer.variable("TONEGATE_PAYMENT").filter(|payment| words::is_name(payment));
        let leg = customer.get("Uniqueid");
        let Some(payment) = payment.filter(|_| words::is_leg(leg) && !shared.legs.is_followed(leg)) else {
            continue;
        };
        let peer = customer.variable("TONEGATE_PEER");
        let agent = peer.and_then(|peer| rows.iter().find(|row| row.get("Channel") == peer));
        let means = if agent.is_some() { Means::Api } else { Means::DirectNumber };
        found.push(News::Orphan { offer: offer(customer, agent, means), payment });
    }
    Ok(found)
}

/// Finds the conversation somebody means.
pub(super) async fn find(link: &Link, name: &CallName) -> Result<Offer, PbxError> {
    let spoken = match name {
        CallName::Leg(leg) => leg.0.clone(),
        CallName::AgentExtension(text) | CallName::CustomerNumber(text) => text.clone(),
    };
    let rows = match name {
        CallName::Leg(leg) if !words::is_leg(&leg.0) => return Err(PbxError::NoSuchCall(spoken)),
        CallName::Leg(leg) => around(link, &leg.0).await,
        _ => link.channels(None, VARIABLES).await,
    };
    let rows = rows.map_err(PbxError::from)?;
    let pairs = pairs(&rows, name);
    match pairs.as_slice() {
        [] => Err(PbxError::NoSuchCall(spoken)),
        [(customer, agent)] => Ok(offer(customer, Some(agent), Means::Api)),
        many => Err(PbxError::Ambiguous(many.len(), spoken)),
    }
}

/// Conversations that fit, as customer and agent.
fn pairs<'a>(rows: &'a [Message], name: &CallName) -> Vec<(&'a Message, &'a Message)> {
    let mut pairs: Vec<(&Message, &Message)> = Vec::new();
    for row in rows {
        let Some(other) = fits(row, name).then(|| peer(rows, row)).flatten() else { continue };
        let is_customer = match name {
            CallName::AgentExtension(_) => false,
            CallName::CustomerNumber(_) => row.variable("TONEGATE_AGENT").is_none(),
            CallName::Leg(_) => is_customer(row, other),
        };
        let pair = if is_customer { (row, other) } else { (other, row) };
        if !pairs.iter().any(|(customer, _)| customer.get("Uniqueid") == pair.0.get("Uniqueid")) {
            pairs.push(pair);
        }
    }
    pairs
}

fn fits(row: &Message, name: &CallName) -> bool {
    match name {
        CallName::Leg(leg) => row.get("Uniqueid") == leg.0,
        CallName::CustomerNumber(number) => {
            !number.is_empty() && row.get("CallerIDNum") == number && row.variable("TONEGATE_AGENT").is_none()
        }
        CallName::AgentExtension(wanted) => match row.variable("TONEGATE_AGENT") {
            Some(agent) => agent == *wanted,
            None => words::endpoint(row.get("Channel")) == Some(wanted.as_str()),
        },
    }
}

/// Of two legs named by id: the one that is no agent of the dialplan's pays; failing that, the one that called.
fn is_customer(row: &Message, other: &Message) -> bool {
    let agent = |row: &Message| row.variable("TONEGATE_AGENT").is_some();
    match (agent(row), agent(other)) {
        (true, false) => false,
        (false, true) => true,
        _ => called_in(row),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(id: &str, name: &str, number: &str, bridge: &str, agent: &str) -> Message {
        let text = format!(
            "Event: Status\r\nChannel: {name}\r\nCallerIDNum: {number}\r\nUniqueid: {id}\r\nLinkedid: 17.1\r\nBridgeID: {bridge}\r\nVariable: TONEGATE_AGENT={agent}\r\nVariable: TONEGATE_AMOUNT="
        );
        Message::read(text.as_bytes())
    }

    fn two() -> Vec<Message> {
        vec![
            channel("17.1", "PJSIP/trunk-01", "0612345678", "b1", ""),
            channel("17.2", "PJSIP/1001-02", "1001", "b1", "1001"),
            channel("17.3", "PJSIP/1002-03", "1002", "", ""),
        ]
    }

    #[test]
    fn a_conversation_is_found_by_either_end() {
        let rows = two();
        for name in [
            CallName::AgentExtension("1001".into()),
            CallName::CustomerNumber("0612345678".into()),
            CallName::Leg(LegId("17.1".into())),
            CallName::Leg(LegId("17.2".into())),
        ] {
            let found = pairs(&rows, &name);
            assert_eq!(found.len(), 1, "{name:?}");
            assert_eq!(
                (found[0].0.get("Uniqueid"), found[0].1.get("Uniqueid")),
                ("17.1", "17.2"),
                "{name:?}"
            );
        }
        for name in [CallName::AgentExtension("1002".into()), CallName::CustomerNumber(String::new())] {
            assert!(pairs(&rows, &name).is_empty(), "{name:?}");
        }
    }

    #[test]
    fn of_three_in_one_bridge_nobody_is_the_other() {
        let mut rows = two();
        rows.push(channel("17.4", "PJSIP/1003-04", "1003", "b1", ""));
        assert!(pairs(&rows, &CallName::AgentExtension("1001".into())).is_empty());
    }

    #[test]
    fn an_offer_says_what_the_dialplan_knows() {
        let rows = two();
        let offer = offer(&rows[0], Some(&rows[1]), Means::FeatureCode);
        assert_eq!(offer.caller_number.as_deref(), Some("0612345678"));
        assert_eq!(offer.agent_extension.as_deref(), Some("1001"));
        assert_eq!(offer.amount, None);
    }
}
