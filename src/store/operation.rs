//! What is asked of a charge after it was made, and what may follow.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::call::Money;
use crate::psp::LinkState;

/// The number of an operation. Its key follows from it and is the same for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(pub Uuid);

impl OperationId {
    /// A number that was never used.
    #[must_use]
    pub fn fresh() -> Self {
        Self(Uuid::now_v7())
    }

    /// The idempotency key: forty letters, digits and hyphens, and never that of an attempt.
    #[must_use]
    pub fn key(self) -> String {
        format!("tgo-{}", self.0)
    }

    /// The operation whose key this is; `None` for any other text.
    #[must_use]
    pub fn of_key(key: &str) -> Option<Self> {
        let id = Self(Uuid::try_parse(key.strip_prefix("tgo-")?).ok()?);
        // One operation has one key, to the letter.
        (id.key() == key).then_some(id)
    }
}

/// What kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// The money of an authorisation is taken.
    Capture,
    /// An authorisation is given up before its money is taken.
    Cancel,
    /// Money is given back.
    Refund,
    /// The customer's bank took the money back.
    Chargeback,
    /// A payment link is made.
    Link,
}

impl OperationKind {
    const ALL: [Self; 5] = [Self::Capture, Self::Cancel, Self::Refund, Self::Chargeback, Self::Link];

    /// As it stands in the database and in the API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Cancel => "cancel",
            Self::Refund => "refund",
            Self::Chargeback => "chargeback",
            Self::Link => "link",
        }
    }
}

/// Where an operation stands. The later of two in this order is what stays, in whichever order they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OperationState {
    /// Written down, not sent.
    Journalled,
    /// Sent, without an answer.
    Sent,
    /// It may have been done.
    Unknown,
    /// The provider took it; whether it succeeds comes by webhook.
    Taken,
    /// Done.
    Done,
    /// It was not done; or the provider tells that it came to nothing after all.
    Refused,
}

impl OperationState {
    const ALL: [Self; 6] =
        [Self::Journalled, Self::Sent, Self::Unknown, Self::Taken, Self::Done, Self::Refused];

    /// As it stands in the database and in the API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Journalled => "journalled",
            Self::Sent => "sent",
            Self::Unknown => "unknown",
            Self::Taken => "taken",
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }

    /// Whether it has to be counted as done: all but what was refused.
    #[must_use]
    pub fn counts(self) -> bool {
        self != Self::Refused
    }
}

/// A payment link as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRecord {
    /// How it stands; `None` before the provider made it.
    pub state: Option<LinkState>,
    /// What the customer opens.
    pub url: Option<String>,
    /// When it ends, in milliseconds since 1970 (UTC).
    pub expires_at_ms: i64,
    /// The order it pays, if it is for one.
    pub order: Option<Uuid>,
    /// Who is paid, by the id of the configuration; none of those that older releases made without a payment.
    pub merchant: Option<String>,
    /// The company's own reference.
    pub reference: Option<String>,
    /// Language tag of the page, and of what is sent about it.
    pub language: Option<String>,
}

/// An operation as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationRecord {
    /// Which.
    pub id: OperationId,
    /// The payment; a link may belong to none.
    pub payment: Option<Uuid>,
    /// What.
    pub kind: OperationKind,
    /// The account.
    pub psp: String,
    /// The provider's reference of the charge; of a link, once it was paid.
    pub charge_reference: Option<String>,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub state: OperationState,
    /// The provider's reference of this very operation, or its name of the link.
    pub psp_reference: Option<String>,
    /// The provider's own code and words.
    pub detail: String,
    /// Who asked for it; the account's name for what was made at the provider.
    pub actor: String,
    /// Whether its key may be sent again while its outcome is unknown, and certainly does it once.
    pub may_resend: bool,
    /// What is known of the link, if it is one.
    pub link: Option<LinkRecord>,
    /// When it was written down, in milliseconds since 1970 (UTC).
    pub journalled_at_ms: i64,
    /// When it last changed.
    pub changed_at_ms: i64,
}

/// Who tells what became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Teller {
    /// The answer to our request.
    Answer,
    /// The provider, on its own.
    Webhook,
}

/// What became of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationOutcome {
    /// Where it stands now.
    pub state: OperationState,
    /// The provider's reference of it.
    pub psp_reference: Option<String>,
    /// The provider's own code and words.
    pub detail: String,
    /// Whether the key may be sent again.
    pub may_resend: bool,
}

/// What news do to an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// They are written down.
    Recorded,
    /// They say nothing new.
    AlreadySo,
    /// It was told as done, and came to nothing: written down, and somebody is woken.
    Reversed,
    /// It was told as refused, and now as done: nothing changes, and somebody is woken.
    Contradicted,
}

/// Weighs a state that is told against the one that is known.
pub(super) fn weigh(known: OperationState, told: OperationState, teller: Teller) -> Weight {
    use OperationState::{Done, Refused};
    match (known, told) {
        // An answer to a request that was sent again says nothing of the first.
        (Done, Refused) if teller == Teller::Answer => Weight::AlreadySo,
        (Done, Refused) => Weight::Reversed,
        (Refused, Done) => Weight::Contradicted,
        (known, told) if told > known => Weight::Recorded,
        _ => Weight::AlreadySo,
    }
}

/// A link's states in the order in which they can follow each other: the later one stays.
pub(super) fn link_rank(state: LinkState) -> u8 {
    match state {
        LinkState::Open => 0,
        LinkState::Pending => 1,
        LinkState::Ended => 2,
        // Paid in its last second.
        LinkState::Paid => 3,
    }
}

pub(super) fn from_row(row: &SqliteRow) -> Result<OperationRecord, sqlx::Error> {
    let bad = |what: &str| sqlx::Error::Decode(format!("operations.{what} holds what we never write").into());
    let kind: &str = row.try_get("kind")?;
    let kind = OperationKind::ALL.into_iter().find(|k| k.word() == kind).ok_or_else(|| bad("kind"))?;
    let state: &str = row.try_get("state")?;
    let payment: Option<&str> = row.try_get("payment")?;
    let currency = row.try_get::<&str, _>("currency")?.parse().map_err(|_| bad("currency"))?;
    let link = match row.try_get::<Option<i64>, _>("expires_at_ms")? {
        Some(expires_at_ms) => Some(LinkRecord {
            state: match row.try_get::<Option<&str>, _>("link_state")? {
                Some(word) => Some(LinkState::of_word(word).ok_or_else(|| bad("link_state"))?),
                None => None,
            },
            url: row.try_get("link_url")?,
            expires_at_ms,
            order: match row.try_get::<Option<&str>, _>("order_id")? {
                Some(id) => Some(Uuid::parse_str(id).map_err(|_| bad("order_id"))?),
                None => None,
            },
            merchant: row.try_get("merchant")?,
            reference: row.try_get("reference")?,
            language: row.try_get("language")?,
        }),
        None => None,
    };
    Ok(OperationRecord {
        id: OperationId(Uuid::parse_str(row.try_get("id")?).map_err(|_| bad("id"))?),
        payment: payment.map(Uuid::parse_str).transpose().map_err(|_| bad("payment"))?,
        kind,
        psp: row.try_get("psp")?,
        charge_reference: row.try_get("charge_reference")?,
        amount: Money { minor: row.try_get("amount_minor")?, currency },
        state: OperationState::ALL.into_iter().find(|s| s.word() == state).ok_or_else(|| bad("state"))?,
        psp_reference: row.try_get("psp_reference")?,
        detail: row.try_get("detail")?,
        actor: row.try_get("actor")?,
        may_resend: row.try_get::<i64, _>("may_resend")? != 0,
        link,
        journalled_at_ms: row.try_get("journalled_at_ms")?,
        changed_at_ms: row.try_get("changed_at_ms")?,
    })
}
