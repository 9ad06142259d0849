//! Finding the conversation somebody names to the API.

use serde::Deserialize;

use super::facts::Facts;
use super::link::{Link, LinkError};
use super::offers::{look_at, offer};
use super::{Shared, words};
use crate::call::Party;
use crate::pbx::{CallName, LegId, Means, Offer, PbxError};

/// Most legs looked at in one list of channels.
const CHANNELS_MAX: usize = 20_000;
/// What our dialplan's extensions are called: a leg that was taken over before has this as its number.
const TAKEN_OVER: [(&str, Party); 2] =
    [("tonegate_customer", Party::Customer), ("tonegate_agent", Party::Agent)];

/// A row of `show channels as json`, as far as we read it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Row {
    pub uuid: String,
    direction: String,
    cid_num: String,
    dest: String,
    callee_num: String,
    presence_id: String,
    pub presence_data: String,
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

/// Finds the conversation somebody means.
pub(super) async fn find(shared: &Shared, name: &CallName) -> Result<Offer, PbxError> {
    let (customer, agent) = match name {
        // One leg is asked for itself: with hundreds of calls the list of all is long.
        CallName::Leg(leg) if words::is_leg(&leg.0) => by_leg(shared, leg).await?,
        CallName::Leg(leg) => return Err(PbxError::NoSuchCall(leg.0.clone())),
        CallName::AgentExtension(spoken) | CallName::CustomerNumber(spoken) => {
            by_number(shared, name, spoken).await?
        }
    };
    let facts = |facts: Option<Facts>| facts.unwrap_or_default();
    let [of_customer, of_agent] =
        [facts(look_at(shared, &customer).await?), facts(look_at(shared, &agent).await?)];
    Ok(offer((&customer, &of_customer), Some((&agent, &of_agent)), Means::Api))
}

/// The customer's leg and the agent's.
type Pair = (String, String);

async fn by_leg(shared: &Shared, leg: &LegId) -> Result<Pair, PbxError> {
    let none = || PbxError::NoSuchCall(leg.0.clone());
    let named = look_at(shared, &leg.0).await?.ok_or_else(none)?;
    let peer = named.peer().ok_or_else(none)?.to_owned();
    let other = look_at(shared, &peer).await?.ok_or_else(none)?;
    let pays = taken_over(named.get("destination_number").unwrap_or_default())
        .map_or_else(|| is_customer(&named, &other), |role| role == Party::Customer);
    Ok(if pays { (leg.0.clone(), peer) } else { (peer, leg.0.clone()) })
}

async fn by_number(shared: &Shared, name: &CallName, spoken: &str) -> Result<Pair, PbxError> {
    let link = &shared.link;
    let mut pairs: Vec<Pair> = Vec::new();
    for row in &channels(link).await? {
        let role = taken_over(&row.dest);
        let is_meant = match role {
            Some(role) => fits_taken_over(link, row, role, name).await?,
            None => fits(row, name),
        };
        if !is_meant {
            continue;
        }
        let bridged = Facts::some(link, &row.uuid, &["signal_bond", "bridge_uuid"]).await?;
        let Some(other) = bridged.peer().map(str::to_owned) else { continue };
        let pays = role.map_or(matches!(name, CallName::CustomerNumber(_)), |role| role == Party::Customer);
        let pair = if pays { (row.uuid.clone(), other) } else { (other, row.uuid.clone()) };
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    match pairs.len() {
        0 | 1 => pairs.pop().ok_or_else(|| PbxError::NoSuchCall(spoken.to_owned())),
        many => Err(PbxError::Ambiguous(many, spoken.to_owned())),
    }
}

/// Which party a leg with this number is, if it was taken over before: that overwrote its numbers.
fn taken_over(number: &str) -> Option<Party> {
    TAKEN_OVER.iter().find(|(name, _)| *name == number).map(|(_, role)| *role)
}

async fn fits_taken_over(link: &Link, row: &Row, role: Party, name: &CallName) -> Result<bool, LinkError> {
    let (variable, wanted) = match (name, role) {
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
        CallName::Leg(_) => false,
        CallName::CustomerNumber(number) => own(number),
        CallName::AgentExtension(extension) => {
            own(extension)
                || row.presence_id.split('@').next().is_some_and(|user| !user.is_empty() && user == extension)
        }
    }
}

/// Of two legs named by id: the one without a user of this PBX pays; failing that, the one that called.
fn is_customer(leg: &Facts, other: &Facts) -> bool {
    let known = |leg: &Facts| leg.get("presence_id").is_some();
    match (known(leg), known(other)) {
        (true, false) => false,
        (false, true) => true,
        _ => leg.get("direction") == Some("inbound"),
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
        let leg = |direction: &str, user: Option<&str>| {
            let known = [("direction", Some(direction)), ("presence_id", user)];
            Facts::from_iter(known.into_iter().filter_map(|(name, value)| Some((name, value?))))
        };
        let (outside, user) = (leg("inbound", None), leg("outbound", Some("1001@pbx")));
        assert!(is_customer(&outside, &user));
        assert!(!is_customer(&user, &outside));
        assert!(is_customer(&outside, &leg("outbound", None)));
    }
}
