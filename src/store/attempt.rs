//! What is known of an attempt, and what may follow.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::call::{AttemptId, DeclineReason, Outcome};

use super::Payment;
use super::text::cut;

/// Providers' references are cut at this length; none we know has more than 128.
pub(super) const MAX_REFERENCE_BYTES: usize = 512;

/// An attempt that is about to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAttempt {
    /// Which.
    pub attempt: AttemptId,
    /// The account it goes to, by its name in the configuration.
    pub psp: String,
}

/// What happens to an attempt between journal and settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It goes out now. Noted before the first byte leaves: an attempt that is only journalled was not sent.
    Sent,
    /// It goes out once more under the same key.
    Retried,
    /// The provider is asked what became of it.
    Queried,
}

impl Step {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Retried => "retried",
            Self::Queried => "queried",
        }
    }
}

/// Where an attempt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptState {
    /// Written down, not sent.
    Journalled,
    /// Sent, without an answer.
    Sent,
    /// The money is promised.
    Approved,
    /// The issuer said no.
    Declined,
    /// Nothing was charged.
    NotCharged,
    /// It may have been charged.
    Unknown,
}

impl AttemptState {
    const ALL: [Self; 6] =
        [Self::Journalled, Self::Sent, Self::Approved, Self::Declined, Self::NotCharged, Self::Unknown];

    /// As it stands in the database and in the API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Journalled => "journalled",
            Self::Sent => "sent",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::NotCharged => "not_charged",
            Self::Unknown => "unknown",
        }
    }

    /// Whether its outcome still has to be found.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Journalled | Self::Sent | Self::Unknown)
    }

    pub(super) fn after(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Approved { .. } => Self::Approved,
            Outcome::Declined(_) => Self::Declined,
            Outcome::NotCharged => Self::NotCharged,
            Outcome::Unknown => Self::Unknown,
        }
    }
}

/// What became of an attempt, and what the provider said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The outcome.
    pub outcome: Outcome,
    /// The provider's own code and words.
    pub detail: String,
}

/// What a settlement did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is written down.
    Recorded,
    /// It says nothing new.
    AlreadySo,
    /// It contradicts what was written down, which stays; journal, trail and an alarm tell of it.
    Contradicted {
        /// What stays.
        kept: AttemptState,
    },
}

/// An attempt as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRecord {
    /// Which.
    pub attempt: AttemptId,
    /// The account it went to.
    pub psp: String,
    /// Where it stands.
    pub state: AttemptState,
    /// Why it was declined.
    pub decline_reason: Option<DeclineReason>,
    /// The provider's reference, once approved.
    pub psp_reference: Option<String>,
    /// The provider's own code and words.
    pub detail: String,
    /// When it was written down, in milliseconds since 1970 (UTC).
    pub journalled_at_ms: i64,
    /// When its state last changed.
    pub changed_at_ms: i64,
}

/// An attempt whose outcome has to be found, and its payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenAttempt {
    /// The attempt.
    pub attempt: AttemptRecord,
    /// What it is for.
    pub payment: Payment,
}

/// What an outcome adds to what is known.
pub(super) fn weigh(known: &AttemptRecord, outcome: &Outcome) -> Settled {
    let next = AttemptState::after(outcome);
    match (known.state, next) {
        // Knows less than we do, or as much.
        (_, AttemptState::Unknown)
            if !matches!(known.state, AttemptState::Journalled | AttemptState::Sent) =>
        {
            Settled::AlreadySo
        }
        (state, _) if state.is_open() => Settled::Recorded,
        (AttemptState::Approved, AttemptState::Approved) => {
            let Outcome::Approved { reference } = outcome else { return Settled::AlreadySo };
            // Two references are two charges.
            match &known.psp_reference {
                Some(kept) if kept != cut(reference, MAX_REFERENCE_BYTES) => {
                    Settled::Contradicted { kept: known.state }
                }
                _ => Settled::AlreadySo,
            }
        }
        (kept, next) if kept == next => Settled::AlreadySo,
        (kept, _) => Settled::Contradicted { kept },
    }
}

pub(super) fn from_row(row: &SqliteRow) -> Result<AttemptRecord, sqlx::Error> {
    let bad = |what: &str| sqlx::Error::Decode(format!("attempts.{what} holds what we never write").into());
    let payment = Uuid::parse_str(row.try_get("payment")?).map_err(|_| bad("payment"))?.as_u128();
    let ordinal = u8::try_from(row.try_get::<i64, _>("ordinal")?).map_err(|_| bad("ordinal"))?;
    let state: &str = row.try_get("state")?;
    let reason: Option<&str> = row.try_get("decline_reason")?;
    Ok(AttemptRecord {
        attempt: AttemptId { payment, ordinal },
        psp: row.try_get("psp")?,
        state: AttemptState::ALL.into_iter().find(|s| s.word() == state).ok_or_else(|| bad("state"))?,
        decline_reason: match reason {
            None => None,
            Some(word) => Some(serde_json::from_value(word.into()).map_err(|_| bad("decline_reason"))?),
        },
        psp_reference: row.try_get("psp_reference")?,
        detail: row.try_get("detail")?,
        journalled_at_ms: row.try_get("journalled_at_ms")?,
        changed_at_ms: row.try_get("changed_at_ms")?,
    })
}
