//! What the control connection hears, reduced to what the adapter needs.

use freeswitch_esl_tokio::{EslEvent, EslEventType};

use super::words;

/// One event on one leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// The leg it happened on.
    pub leg: String,
    /// The leg it is bridged to, as far as the event says.
    pub other: Option<String>,
    /// What happened.
    pub kind: Happening,
}

/// What happened on a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    /// The feature code was keyed.
    Code,
    /// The agent keyed `*` and this digit.
    AgentKey(char),
    /// The leg waits for orders.
    Park,
    /// It was connected to `other`.
    Bridge,
    /// It was parted from `other`.
    Unbridge,
    /// It is gone.
    Hangup,
    /// A recording of this file began.
    RecordStart(String),
    /// It ended.
    RecordStop(String),
    /// A displaced prompt (this file or list) ended.
    PromptEnd(String),
    /// A playback ended.
    PlaybackEnd,
}

/// Most digits of an order reference keyed after the feature code.
const REFERENCE_MAX_DIGITS: usize = 20;

impl Event {
    /// Reads an event; none if it is not about a leg, or of no interest.
    pub fn read(event: &EslEvent) -> Option<Self> {
        let header = |name: &str| event.header_str(name);
        let leg = header("Unique-ID").filter(|leg| words::is_leg(leg))?.to_owned();
        let other = header("Other-Leg-Unique-ID").filter(|leg| words::is_leg(leg)).map(str::to_owned);
        let kind = match event.event_type()? {
            EslEventType::ChannelApplication => application(header("tg_code"), header("tg_key"))?,
            EslEventType::ChannelPark => Happening::Park,
            EslEventType::ChannelBridge => Happening::Bridge,
            EslEventType::ChannelUnbridge => Happening::Unbridge,
            EslEventType::ChannelHangup => Happening::Hangup,
            EslEventType::RecordStart => Happening::RecordStart(header("Record-File-Path")?.to_owned()),
            EslEventType::RecordStop => Happening::RecordStop(header("Record-File-Path")?.to_owned()),
            EslEventType::MediaBugStop if header("Media-Bug-Function") == Some("displace") => {
                Happening::PromptEnd(header("Media-Bug-Target")?.to_owned())
            }
            EslEventType::PlaybackStop => Happening::PlaybackEnd,
            _ => return None,
        };
        Some(Self { leg, other, kind })
    }
}

fn application(code: Option<&str>, key: Option<&str>) -> Option<Happening> {
    if code == Some("pay") {
        return Some(Happening::Code);
    }
    match key?.as_bytes() {
        [b'*', digit @ b'0'..=b'9'] => Some(Happening::AgentKey(char::from(*digit))),
        _ => None,
    }
}

/// The order reference in the keys that matched a feature code with a reference: `*729` `4711` `#`.
pub(super) fn reference(keys: &str, feature_code: &str) -> Option<String> {
    let keyed = keys.strip_prefix(feature_code).unwrap_or(keys);
    let digits = keyed.strip_suffix('#').unwrap_or(keyed);
    let fits =
        (1..=REFERENCE_MAX_DIGITS).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| digits.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EslEventType, headers: &[(&str, &str)]) -> EslEvent {
        let mut event = EslEvent::with_type(kind);
        event.set_header("Unique-ID", "28039e4d-b25e-4f90-8a9b-7b1aaacf6307");
        headers.iter().for_each(|(name, value)| event.set_header(*name, *value));
        event
    }

    #[test]
    fn a_code_and_an_agents_key_are_told_from_other_applications() {
        let kind = |headers: &[(&str, &str)]| {
            Event::read(&event(EslEventType::ChannelApplication, headers)).map(|e| e.kind)
        };
        assert_eq!(kind(&[("tg_code", "pay")]), Some(Happening::Code));
        assert_eq!(kind(&[("tg_key", "*3")]), Some(Happening::AgentKey('3')));
        assert_eq!(kind(&[("tg_key", "*33")]), None);
        assert_eq!(kind(&[("tg_code", "other")]), None);
        assert_eq!(kind(&[]), None);
        assert!(Event::read(&EslEvent::with_type(EslEventType::ChannelPark)).is_none());
    }

    #[test]
    fn a_reference_is_what_stands_between_code_and_hash() {
        assert_eq!(reference("*7294711#", "*729").as_deref(), Some("4711"));
        assert_eq!(reference("4711", "*729").as_deref(), Some("4711"));
        for none in ["*729#", "*72947a1#", "*729", "*729123456789012345678901#"] {
            assert_eq!(reference(none, "*729"), None, "{none}");
        }
    }
}
