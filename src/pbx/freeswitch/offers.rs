//! Who wants to pay: a feature code, or a leg an earlier life of the daemon sealed.

use std::sync::Arc;

use tokio::sync::mpsc;
use tracing::{info, warn};

use super::event::{self, Event};
use super::facts::Facts;
use super::find::channels;
use super::link::LinkError;
use super::{Shared, words};
use crate::pbx::{LegId, Means, News, Offer};

/// What an offer is made of, and how to find the other leg.
const OFFER_FACTS: [&str; 22] = [
    "signal_bond",
    "bridge_uuid",
    "direction",
    "caller_id_number",
    "destination_number",
    "presence_id",
    "tonegate_caller",
    "tonegate_dialled",
    "tonegate_agent",
    "cc_agent",
    "user_name",
    "dialed_user",
    "tonegate_reference",
    "tonegate_amount",
    "tonegate_currency",
    "tonegate_language",
    "tonegate_merchant",
    "tonegate_queue",
    "cc_queue",
    "tonegate_customer_name",
    "tonegate_customer_email",
    "tonegate_customer_reference",
];

/// What is known of a leg; none if it is not there. A sealed leg is asked for single variables, and never
/// for one that might hold a key.
pub(super) async fn look_at(shared: &Shared, leg: &str) -> Result<Option<Facts>, LinkError> {
    if !shared.legs.is_followed(leg) {
        return Facts::of(&shared.link, leg).await;
    }
    Ok(match shared.link.exists(leg).await? {
        true => Some(Facts::some(&shared.link, leg, &OFFER_FACTS).await?),
        false => None,
    })
}

/// Puts together what is known about a conversation.
pub(super) fn offer(customer: (&str, &Facts), agent: Option<(&str, &Facts)>, means: Means) -> Offer {
    let (leg, facts) = customer;
    let called = facts.get("direction") == Some("outbound");
    let number = if called { "destination_number" } else { "caller_id_number" };
    // What we noted before a take-over overwrote it, or what FreeSWITCH says.
    let either = |ours: &str, theirs: &str| facts.get(ours).or_else(|| facts.get(theirs)).map(str::to_owned);
    let own = |name: &str| facts.get(name).map(str::to_owned);
    Offer {
        customer: LegId(leg.to_owned()),
        agent: agent.map(|(agent, _)| LegId(agent.to_owned())),
        means,
        caller_number: either("tonegate_caller", number),
        dialled_number: either("tonegate_dialled", "destination_number"),
        agent_extension: agent.and_then(|(_, facts)| extension(facts, called)),
        reference: own("tonegate_reference"),
        amount: own("tonegate_amount"),
        currency: own("tonegate_currency"),
        language: own("tonegate_language"),
        merchant: own("tonegate_merchant"),
        // mod_callcenter names its queue on the customer's leg; mod_fifo does not, so the dialplan may.
        queue: either("tonegate_queue", "cc_queue"),
        customer_name: own("tonegate_customer_name"),
        customer_email: own("tonegate_customer_email"),
        customer_reference: own("tonegate_customer_reference"),
    }
}

/// The agent's extension: what the admin says (`tonegate_agent`), the user who registered or was dialled,
/// or the number.
fn extension(agent: &Facts, agent_called: bool) -> Option<String> {
    let number = if agent_called { "caller_id_number" } else { "destination_number" };
    ["tonegate_agent", "cc_agent", "user_name", "dialed_user", number]
        .iter()
        .find_map(|name| agent.get(name))
        .map(str::to_owned)
}

/// Looks at every feature code that was keyed.
pub(super) async fn announce(
    shared: Arc<Shared>,
    mut codes: mpsc::Receiver<Event>,
    news: mpsc::Sender<News>,
) {
    while let Some(code) = codes.recv().await {
        let agent = code.leg.clone();
        match keyed(&shared, code).await {
            Ok(Some(offer)) => {
                if news.send(News::Offer(offer)).await.is_err() {
                    return;
                }
            }
            Ok(None) => info!(leg = %agent, "the feature code was keyed outside of a conversation"),
            Err(why) => warn!(leg = %agent, %why, "a feature code could not be looked at"),
        }
    }
}

/// What a feature code offers; none outside of a conversation.
async fn keyed(shared: &Shared, code: Event) -> Result<Option<Offer>, LinkError> {
    let Some(agent) = look_at(shared, &code.leg).await? else { return Ok(None) };
    let Some(customer) = code.other.or_else(|| agent.peer().map(str::to_owned)) else { return Ok(None) };
    let Some(facts) = look_at(shared, &customer).await? else { return Ok(None) };
    let mut offer = offer((&customer, &facts), Some((&code.leg, &agent)), Means::FeatureCode);
    // What matched the binding: the code alone, or with an order reference behind it.
    let keys = agent.get("last_matching_digits").unwrap_or_default();
    if let Some(reference) = event::reference(keys, &shared.settings.feature_code) {
        offer.reference = Some(reference);
    }
    Ok(Some(offer))
}

/// Legs an earlier life of the daemon left sealed.
pub(super) async fn orphans(shared: &Shared) -> Result<Vec<News>, LinkError> {
    let link = &shared.link;
    let mut found = Vec::new();
    for row in channels(link).await? {
        let Some(payment) = row.presence_data.strip_prefix(super::MARK).filter(|p| words::is_name(p)) else {
            continue;
        };
        if shared.legs.is_followed(&row.uuid) || shared.door.holds(&row.uuid) {
            continue;
        }
        // The list keeps what a leg once said; the leg itself knows.
        if !link.is_set(&row.uuid, "sensitive_dtmf").await? {
            continue;
        }
        let customer = Facts::some(link, &row.uuid, &OFFER_FACTS).await?;
        let agent = match customer.peer() {
            Some(peer) => Some((peer.to_owned(), Facts::some(link, peer, &OFFER_FACTS).await?)),
            None => None,
        };
        let agent = agent.as_ref().map(|(leg, facts)| (leg.as_str(), facts));
        let offer = offer((&row.uuid, &customer), agent, Means::Api);
        found.push(News::Orphan { offer, payment: payment.to_owned() });
    }
    Ok(found)
}
