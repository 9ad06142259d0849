//! The public form of a [`Notice`]: what a listener reads, as JSON.

use serde::{Serialize, Serializer};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::call::{
    AgentCommand, Alarm, DeclineReason, Ending, Field, Hint, Line, Notice, Outcome, Party, SealLoss,
    SealRefusal,
};
use crate::card::{Brand, MaskedPan};

/// What happened; `type` names it. No digit of a card but the last four.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(missing_docs, reason = "each variant is the notice of the same name")]
pub enum EventBody {
    Started,
    Sealed {
        line: &'static str,
    },
    SealRefused {
        why: &'static str,
    },
    Line {
        line: &'static str,
    },
    FieldOpened {
        field: Field,
        attempt: u8,
    },
    Progress {
        field: Field,
        count: u8,
        brand: Option<Brand>,
    },
    Cleared {
        field: Field,
    },
    FieldDone {
        field: Field,
        #[schema(value_type = Option<String>)]
        masked: Option<MaskedPan>,
        brand: Option<Brand>,
    },
    FieldRefused {
        field: Field,
        hint: Hint,
        left: u8,
    },
    Remaining {
        fields: Vec<Field>,
    },
    Confirming,
    Agent {
        command: &'static str,
    },
    Paused,
    Charging {
        attempt: u8,
    },
    BankSlow,
    Approved {
        attempt: u8,
        reference: String,
    },
    Declined {
        attempt: u8,
        reason: DeclineReason,
    },
    NotCharged {
        attempt: u8,
    },
    OutcomeUnknown {
        attempt: u8,
    },
    Left {
        party: &'static str,
    },
    Alarm {
        alarm: &'static str,
        /// What failed, for an admin.
        #[serde(skip_serializing_if = "Option::is_none")]
        what: Option<String>,
        /// What to do about it.
        #[serde(skip_serializing_if = "Option::is_none")]
        remedy: Option<String>,
    },
    Unsealed,
    Ended {
        ending: Ending,
    },
    /// A sentence goes out to `customer` or `agent`; the words are those that are heard.
    Says {
        to: &'static str,
        words: String,
        language: &'static str,
    },
    /// The last sentence to that party has ended.
    Said {
        to: &'static str,
    },
    /// What became of an attempt became known after the call.
    Settled {
        attempt: u8,
        #[serde(serialize_with = "outcome_as_word")]
        #[schema(value_type = String)]
        outcome: Outcome,
    },
    /// What became of a capture, cancellation, refund, chargeback or link, or how a link stands.
    Operation {
        operation: Uuid,
        kind: &'static str,
        state: &'static str,
        amount: String,
        link: Option<&'static str>,
    },
    /// What became of a message that takes a link to the customer.
    Message {
        message: Uuid,
        link: Uuid,
        medium: &'static str,
        state: &'static str,
    },
}

fn outcome_as_word<S: Serializer>(outcome: &Outcome, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(outcome_word(outcome))
}

pub(super) fn outcome_word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Approved { .. } => "approved",
        Outcome::Declined(_) => "declined",
        Outcome::NotCharged => "not_charged",
        Outcome::Unknown => "unknown",
    }
}

impl EventBody {
    /// The public form of a notice.
    #[must_use]
    pub fn of(notice: &Notice) -> Self {
        match notice {
            Notice::Started => Self::Started,
            Notice::Sealed(line) => Self::Sealed { line: line_word(*line) },
            Notice::SealRefused(why) => Self::SealRefused { why: refusal_word(*why) },
            Notice::Line(line) => Self::Line { line: line_word(*line) },
            Notice::FieldOpened { field, attempt } => Self::FieldOpened { field: *field, attempt: *attempt },
            Notice::Progress { field, count, brand } => {
                Self::Progress { field: *field, count: *count, brand: *brand }
            }
            Notice::Cleared(field) => Self::Cleared { field: *field },
            Notice::FieldDone { field, masked, brand } => {
                Self::FieldDone { field: *field, masked: masked.clone(), brand: *brand }
            }
            Notice::FieldRefused { field, hint, left } => {
                Self::FieldRefused { field: *field, hint: *hint, left: *left }
            }
            Notice::Remaining(fields) => Self::Remaining { fields: fields.clone() },
            Notice::Confirming => Self::Confirming,
            Notice::Agent(command) => Self::Agent { command: command_word(*command) },
            Notice::Paused => Self::Paused,
            Notice::Charging(attempt) => Self::Charging { attempt: attempt.ordinal },
            Notice::BankSlow => Self::BankSlow,
            Notice::Approved { attempt, reference } => {
                Self::Approved { attempt: attempt.ordinal, reference: reference.clone() }
            }
            Notice::Declined { attempt, reason } => {
                Self::Declined { attempt: attempt.ordinal, reason: *reason }
            }
            Notice::NotCharged(attempt) => Self::NotCharged { attempt: attempt.ordinal },
            Notice::OutcomeUnknown(attempt) => Self::OutcomeUnknown { attempt: attempt.ordinal },
            Notice::Left(party) => Self::Left { party: party_word(*party) },
            Notice::Alarm(alarm) => Self::Alarm { alarm: alarm_word(*alarm), what: None, remedy: None },
            Notice::Unsealed => Self::Unsealed,
            Notice::Ended(ending) => Self::Ended { ending: *ending },
        }
    }

    /// Whether it belongs in the trail: acts and results, not every key.
    #[must_use]
    pub fn for_trail(&self) -> bool {
        !matches!(
            self,
            Self::Progress { .. }
                | Self::FieldOpened { .. }
                | Self::Line { .. }
                | Self::BankSlow
                | Self::Remaining { .. }
                | Self::Confirming
                | Self::Says { .. }
                | Self::Said { .. }
        )
    }

    /// Its `type` in the feed, for the trail.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Sealed { .. } => "sealed",
            Self::SealRefused { .. } => "seal_refused",
            Self::Line { .. } => "line",
            Self::FieldOpened { .. } => "field_opened",
            Self::Progress { .. } => "progress",
            Self::Cleared { .. } => "cleared",
            Self::FieldDone { .. } => "field_done",
            Self::FieldRefused { .. } => "field_refused",
            Self::Remaining { .. } => "remaining",
            Self::Confirming => "confirming",
            Self::Agent { .. } => "agent",
            Self::Paused => "paused",
            Self::Charging { .. } => "charging",
            Self::BankSlow => "bank_slow",
            Self::Approved { .. } => "approved",
            Self::Declined { .. } => "declined",
            Self::NotCharged { .. } => "not_charged",
            Self::OutcomeUnknown { .. } => "outcome_unknown",
            Self::Left { .. } => "left",
            Self::Alarm { .. } => "alarm",
            Self::Unsealed => "unsealed",
            Self::Ended { .. } => "ended",
            Self::Says { .. } => "says",
            Self::Said { .. } => "said",
            Self::Settled { .. } => "settled",
            Self::Operation { .. } => "operation",
            Self::Message { .. } => "message",
        }
    }
}

/// Who, as the feed says it.
pub(super) fn party_word(party: Party) -> &'static str {
    match party {
        Party::Customer => "customer",
        Party::Agent => "agent",
    }
}

fn line_word(line: Line) -> &'static str {
    match line {
        Line::Clean => "clean",
        Line::Dirty => "dirty",
        Line::Unknown => "unknown",
    }
}

/// Why a seal was refused, as the feed says it.
pub(crate) fn refusal_word(why: SealRefusal) -> &'static str {
    match why {
        SealRefusal::ProxyMedia => "proxy_media",
        SealRefusal::PassDtmf => "pass_rfc2833",
        SealRefusal::SipInfo => "sip_info",
        SealRefusal::SelfTestFailed => "self_test_failed",
        SealRefusal::NoMedia => "no_media",
        SealRefusal::PbxError => "pbx_error",
    }
}

fn command_word(command: AgentCommand) -> &'static str {
    match command {
        AgentCommand::RestartField => "restart_field",
        AgentCommand::RestartAll => "restart_all",
        AgentCommand::OtherMeans => "other_means",
        AgentCommand::Pause => "pause",
        AgentCommand::Resume => "resume",
        AgentCommand::TogglePause => "toggle_pause",
        AgentCommand::Repeat => "repeat",
        AgentCommand::NextPace => "next_pace",
        AgentCommand::NextLanguage => "next_language",
        AgentCommand::Cancel => "cancel",
        AgentCommand::Ask(_) => "ask",
        AgentCommand::Complete => "complete",
    }
}

fn alarm_word(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::SealLost(SealLoss::KeypadLost) => "seal_lost_keypad",
        Alarm::SealLost(SealLoss::Opened) => "seal_lost_opened",
        Alarm::SealLost(SealLoss::Moved) => "seal_lost_moved",
        Alarm::ShieldFailed => "shield_failed",
        Alarm::SealStuck => "seal_stuck",
        Alarm::PbxLost => "pbx_lost",
        Alarm::JournalFailed => "journal_failed",
    }
}
