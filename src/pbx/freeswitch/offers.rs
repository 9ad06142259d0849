//! Who wants to pay: a feature code, a leg named by the API, a leg an earlier life of the daemon sealed.

use serde::Deserialize;
use tokio::sync::mpsc;
use tracing::{info, warn};

use super::Shared;
use super::event::{self, Event};
use super::link::{Link, LinkError};
use super::words;
use crate::call::Party;
use crate::pbx::{CallName, LegId, Means, News, Offer, PbxError};

/// Most legs looked at in one list of channels.
const CHANNELS_MAX: usize = 20_000;

/// A row of `show channels as json`, as far as we read it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Row {
    uuid: String,
    direction: String,
    cid_num: String,
    dest: String,
    callee_num: String,
    presence_id: String,
    presence_data: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Rows {
    rows: Vec<Row>,
}

/// All channels.
pub(super) async fn channels(link: &Link) -> Result<Vec<Row>, LinkError> {
    let text = link.api("show channels as json".into()).await?;
    let rows: Rows = serde_json::from_str(&text)
        .map_err(|e| LinkError::Refused(format!("an unreadable list of channels ({e})")))?;
    Ok(rows.rows.into_iter().take(CHANNELS_MAX).filter(|row| words::is_leg(&row.uuid)).collect())
}

/// The leg this one talks with.
pub(super) async fn peer(link: &Link, leg: &str) -> Result<Option<String>, LinkError> {
    let peer = match link.get(leg, "signal_bond").await? {
        Some(peer) => Some(peer),
        None => link.get(leg, "bridge_uuid").await?,
    };
    Ok(peer.filter(|peer| words::is_leg(peer)))
}

/// Puts together what is known about a conversation.
pub(super) async fn offer(
    link: &Link,
    customer: &str,
    agent: Option<&str>,
    means: Means,
) -> Result<Offer, LinkError> {
    let called = link.get(customer, "direction").await?.as_deref() == Some("outbound");
    let number = if called { "destination_number" } else { "caller_id_number" };
    let agent_extension = match agent {
        Some(agent) => extension(link, agent, called).await?,
        None => None,
    };
    Ok(Offer {
        customer: LegId(customer.to_owned()),
        agent: agent.map(|agent| LegId(agent.to_owned())),
        means,
        caller_number: remembered(link, customer, "tonegate_caller", number).await?,
        dialled_number: remembered(link, customer, "tonegate_dialled", "destination_number").await?,
        agent_extension,
        reference: link.get(customer, "tonegate_reference").await?,
        amount: link.get(customer, "tonegate_amount").await?,
        currency: link.get(customer, "tonegate_currency").await?,
        language: link.get(customer, "tonegate_language").await?,
    })
}

/// What we noted before a take-over overwrote it, or what FreeSWITCH says.
async fn remembered(link: &Link, leg: &str, ours: &str, theirs: &str) -> Result<Option<String>, LinkError> {
    match link.get(leg, ours).await? {
        Some(value) => Ok(Some(value)),
        None => link.get(leg, theirs).await,
    }
}

/// The agent's extension: what the admin says (`tonegate_agent`), the user who registered or was dialled,
/// or the number.
async fn extension(link: &Link, agent: &str, agent_called: bool) -> Result<Option<String>, LinkError> {
    let number = if agent_called { "caller_id_number" } else { "destination_number" };
    for name in ["tonegate_agent", "cc_agent", "user_name", "dialed_user", number] {
        if let Some(extension) = link.get(agent, name).await? {
            return Ok(Some(extension));
        }
    }
    Ok(None)
}

/// Looks at every feature code that was keyed.
pub(super) async fn announce(
    shared: std::sync::Arc<Shared>,
    mut codes: mpsc::Receiver<Event>,
    news: mpsc::Sender<News>,
) {
    while let Some(code) = codes.recv().await {
        let (agent, customer) = match (code.leg, code.other) {
            (agent, Some(customer)) => (agent, customer),
            (agent, None) => match peer(&shared.link, &agent).await {
                Ok(Some(customer)) => (agent, customer),
                _ => {
                    info!(leg = %agent, "the feature code was keyed outside of a conversation");
                    continue;
                }
            },
        };
        match offer(&shared.link, &customer, Some(&agent), Means::FeatureCode).await {
            Ok(mut offer) => {
                // What matched the binding: the code alone, or with an order reference behind it.
                let keys = shared.link.get(&agent, "last_matching_digits").await.unwrap_or_default();
                let keyed = keys.and_then(|keys| event::reference(&keys, &shared.settings.feature_code));
                offer.reference = keyed.or(offer.reference);
                if news.send(News::Offer(offer)).await.is_err() {
                    return;
                }
            }
            Err(why) => warn!(leg = %agent, %why, "a feature code could not be looked at"),
        }
    }
}

/// Legs an earlier life of the daemon left sealed.
pub(super) async fn orphans(shared: &Shared) -> Result<Vec<News>, LinkError> {
    let mut found = Vec::new();
    for row in channels(&shared.link).await? {
        let Some(payment) = row.presence_data.strip_prefix(super::MARK).filter(|p| words::is_name(p)) else {
            continue;
        };
        if shared.legs.is_followed(&row.uuid) || shared.door.holds(&row.uuid) {
            continue;
        }
        // The list keeps what a leg once said; the leg itself knows.
        if !shared.link.is_set(&row.uuid, "sensitive_dtmf").await? {
            continue;
        }
        let agent = peer(&shared.link, &row.uuid).await?;
        let offer = offer(&shared.link, &row.uuid, agent.as_deref(), Means::Api).await?;
        found.push(News::Orphan { offer, payment: payment.to_owned() });
    }
    Ok(found)
}

/// Finds the conversation somebody means.
pub(super) async fn find(link: &Link, name: &CallName) -> Result<Offer, PbxError> {
    let spoken = match name {
        CallName::Leg(leg) => leg.0.clone(),
        CallName::AgentExtension(text) | CallName::CustomerNumber(text) => text.clone(),
    };
    let refused = |why: LinkError| why.into();
    let mut pairs: Vec<(String, String)> = Vec::new();
    let rows = channels(link).await.map_err(refused)?;
    for row in &rows {
        let role = row.taken_over();
        let fits = match role {
            Some(role) => fits_taken_over(link, row, role, name).await.map_err(refused)?,
            None => fits(row, name),
        };
        if !fits {
            continue;
        }
        let Some(other) = peer(link, &row.uuid).await.map_err(refused)? else { continue };
        let named_customer = match (role, name) {
            (Some(role), _) => role == Party::Customer,
            (None, CallName::AgentExtension(_)) => false,
            (None, CallName::CustomerNumber(_)) => true,
            (None, CallName::Leg(_)) => is_customer(row, rows.iter().find(|r| r.uuid == other)),
        };
        let pair = if named_customer { (row.uuid.clone(), other) } else { (other, row.uuid.clone()) };
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    match pairs.as_slice() {
        [] => Err(PbxError::NoSuchCall(spoken)),
        [(customer, agent)] => offer(link, customer, Some(agent), Means::Api).await.map_err(refused),
        many => Err(PbxError::Ambiguous(many.len(), spoken)),
    }
}

impl Row {
    /// Which party it is, if it was taken over before: that overwrote its numbers.
    fn taken_over(&self) -> Option<Party> {
        match self.dest.as_str() {
            "tonegate_customer" => Some(Party::Customer),
            "tonegate_agent" => Some(Party::Agent),
            _ => None,
        }
    }
}

async fn fits_taken_over(link: &Link, row: &Row, role: Party, name: &CallName) -> Result<bool, LinkError> {
    let (variable, wanted) = match (name, role) {
        (CallName::Leg(leg), _) => return Ok(row.uuid == leg.0),
        (CallName::CustomerNumber(number), Party::Customer) => ("tonegate_caller", number),
        (CallName::AgentExtension(extension), Party::Agent) => ("tonegate_agent", extension),
        _ => return Ok(false),
    };
    Ok(link.get(&row.uuid, variable).await?.is_some_and(|value| value == *wanted))
}

fn fits(row: &Row, name: &CallName) -> bool {
    // A number is the row's own: the caller's on a leg that came in, the called one on a leg that went out.
    let own = |number: &str| {
        !number.is_empty()
            && match row.direction.as_str() {
                "outbound" => row.dest == number || row.callee_num == number,
                _ => row.cid_num == number,
            }
    };
    match name {
        CallName::Leg(leg) => row.uuid == leg.0,
        CallName::CustomerNumber(number) => own(number),
        CallName::AgentExtension(extension) => {
            own(extension)
                || row.presence_id.split('@').next().is_some_and(|user| !user.is_empty() && user == extension)
        }
    }
}

/// Of two legs named by id: the one without a user of this PBX pays; failing that, the one that called.
fn is_customer(row: &Row, other: Option<&Row>) -> bool {
    let known = |row: &Row| !row.presence_id.is_empty();
    match (known(row), other.is_some_and(known)) {
        (true, false) => false,
        (false, true) => true,
        _ => row.direction == "inbound",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(direction: &str, cid: &str, dest: &str, presence: &str) -> Row {
        Row {
            uuid: "28039e4d-b25e-4f90-8a9b-7b1aaacf6307".into(),
            direction: direction.into(),
            cid_num: cid.into(),
            dest: dest.into(),
            presence_id: presence.into(),
            ..Row::default()
        }
    }

    #[test]
    fn a_leg_answers_to_its_own_number_alone() {
        let agent = CallName::AgentExtension("1001".into());
        assert!(fits(&row("outbound", "0612345678", "1001", ""), &agent));
        assert!(fits(&row("inbound", "", "", "1001@pbx.example"), &agent));
        assert!(!fits(&row("inbound", "0612345678", "1001", ""), &agent));
        let customer = CallName::CustomerNumber("0612345678".into());
        assert!(fits(&row("inbound", "0612345678", "1001", ""), &customer));
        assert!(!fits(&row("outbound", "0612345678", "1001", ""), &customer));
        assert!(!fits(&row("inbound", "", "", ""), &CallName::CustomerNumber(String::new())));
    }

    #[test]
    fn of_two_legs_the_one_that_is_no_user_pays() {
        let outside = row("inbound", "06", "1001", "");
        let user = row("outbound", "06", "1001", "1001@pbx");
        assert!(is_customer(&outside, Some(&user)));
        assert!(!is_customer(&user, Some(&outside)));
        assert!(is_customer(&outside, None));
    }
}
