//! A message as it stands in a row.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::messaging::Medium;
use crate::store::OperationId;

/// A message that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Its number.
    pub id: Uuid,
    /// The link it tells of.
    pub link: OperationId,
    /// By what.
    pub medium: Medium,
    /// The account.
    pub messenger: String,
    /// To whom.
    pub to: String,
    /// What stands above an e-mail.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// Segments it is cut into.
    pub segments: usize,
    /// Who asks for it.
    pub actor: String,
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageState {
    /// It will be sent, or tried again.
    Waiting,
    /// It is being sent.
    Sending,
    /// It may have been taken. Nobody sends it again by themselves.
    Unknown,
    /// The carrier took it.
    Taken,
    /// It was not sent.
    Refused,
    /// Its link ended before it could be sent.
    Dropped,
}

impl MessageState {
    const ALL: [Self; 6] =
        [Self::Waiting, Self::Sending, Self::Unknown, Self::Taken, Self::Refused, Self::Dropped];

    /// As it stands in the database and in the API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Taken => "taken",
            Self::Refused => "refused",
            Self::Dropped => "dropped",
        }
    }

    /// Whether more will become of it.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Waiting | Self::Sending)
    }
}

/// A message as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRecord {
    /// What it is.
    pub new: NewMessage,
    /// How far it has come.
    pub state: MessageState,
    /// The carrier's name of it.
    pub carrier_reference: Option<String>,
    /// What came of the last try.
    pub detail: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it was written down, in milliseconds since 1970 (UTC).
    pub made_at_ms: i64,
    /// When it last changed.
    pub changed_at_ms: i64,
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageOutcome {
    /// How far it has come.
    pub state: MessageState,
    /// When it is tried again, if it waits.
    pub next_at_ms: i64,
    /// The carrier's name of it.
    pub carrier_reference: Option<String>,
    /// The carrier's words.
    pub detail: String,
}

/// The message of a row.
pub(super) fn message(row: &SqliteRow) -> Result<MessageRecord, sqlx::Error> {
    let bad = |what: &str| sqlx::Error::Decode(format!("messages.{what} holds what we never write").into());
    let id = |name: &str| Uuid::parse_str(row.try_get(name)?).map_err(|_| bad(name));
    let (medium, state): (&str, &str) = (row.try_get("medium")?, row.try_get("state")?);
    Ok(MessageRecord {
        new: NewMessage {
            id: id("id")?,
            link: OperationId(id("link")?),
            medium: match medium {
                "sms" => Medium::Sms,
                "email" => Medium::Email,
                _ => return Err(bad("medium")),
            },
            messenger: row.try_get("messenger")?,
            to: row.try_get("recipient")?,
            subject: row.try_get("subject")?,
            text: row.try_get("body")?,
            segments: usize::try_from(row.try_get::<i64, _>("segments")?).map_err(|_| bad("segments"))?,
            actor: row.try_get("actor")?,
        },
        state: MessageState::ALL.into_iter().find(|one| one.word() == state).ok_or_else(|| bad("state"))?,
        carrier_reference: row.try_get("carrier_reference")?,
        detail: row.try_get("detail")?,
        tries: u32::try_from(row.try_get::<i64, _>("tries")?).unwrap_or(u32::MAX),
        made_at_ms: row.try_get("made_at_ms")?,
        changed_at_ms: row.try_get("changed_at_ms")?,
    })
}
