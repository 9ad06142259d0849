//! What is sent to customers: written down before it leaves, and what became of it.

mod record;

use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Transaction, query};
use uuid::Uuid;

use crate::psp::LinkState;

use super::text::{cut, detail, field};
use record::message;
pub use record::{MessageOutcome, MessageRecord, MessageState, NewMessage};

use super::{OperationId, OperationRecord, Store, StoreError, now_ms, trail};

/// Messages about one link: whoever sends it again and again only annoys.
pub const MAX_MESSAGES_OF_LINK: usize = 5;

/// The longest text that is kept; no SMS and no e-mail of ours is longer.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// Messages looked after at once.
const MAX_DUE: i64 = 200;

const ADD: &str = "INSERT INTO messages (id, link, medium, messenger, recipient, subject, body, segments, state, detail, \
     actor, tries, next_at_ms, made_at_ms, changed_at_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', '', $9, 0, $10, $10, $10)";

const ONE: &str = "SELECT * FROM messages WHERE id = $1";

const OF_LINK: &str = "SELECT * FROM messages WHERE link = $1 ORDER BY made_at_ms, id LIMIT 100";

const DUE: &str =
    "SELECT * FROM messages WHERE state = 'waiting' AND next_at_ms <= $1 ORDER BY next_at_ms, id LIMIT $2";

const SENDING: &str = "UPDATE messages SET state = 'sending', tries = tries + 1, changed_at_ms = $2 \
     WHERE id = $1 AND state = 'waiting'";

const SETTLE: &str = "UPDATE messages SET state = $2, carrier_reference = COALESCE($3, carrier_reference), detail = $4, \
     next_at_ms = $5, changed_at_ms = $6 WHERE id = $1 AND state IN ('waiting', 'sending')";

const LEFT: &str = "UPDATE messages SET state = 'unknown', changed_at_ms = $1, \
     detail = 'the daemon stopped while it was being sent' WHERE state = 'sending'";

/// Why nothing is sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageFault {
    /// Nobody can pay by it.
    #[error("nobody can pay by this link (any more); make a new one, and send that")]
    LinkNotOpen,
    /// Another is on its way.
    #[error("a message with this link is on its way already; wait for what becomes of it")]
    UnderWay,
    /// Enough.
    #[error("this link was sent {MAX_MESSAGES_OF_LINK} times already; ask the customer, or make a new one")]
    TooMany,
}

impl Store {
    /// Writes a message down. Once this returns it is on disk, and may be sent.
    ///
    /// # Errors
    /// If the link cannot be paid by, another message with it is on its way, there were enough, or it could not be
    /// written.
    pub async fn journal_message(&self, new: &NewMessage) -> Result<MessageRecord, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.write().await?;
        let link = self.operation_in(&mut transaction, new.link).await?;
        let now_ms = now_ms();
        if !link.as_ref().is_some_and(|link| is_open(link, now_ms)) {
            return Err(MessageFault::LinkNotOpen.into());
        }
        let before = self.messages_in(&mut transaction, new.link).await?;
        if before.iter().any(|one| one.state.is_under_way()) {
            return Err(MessageFault::UnderWay.into());
        }
        if before.len() >= MAX_MESSAGES_OF_LINK {
            return Err(MessageFault::TooMany.into());
        }
        query(ADD)
            .bind(new.id.to_string())
            .bind(new.link.0.to_string())
            .bind(new.medium.word())
            .bind(field(&new.messenger))
            .bind(field(&new.to))
            .bind(field(&new.subject))
            .bind(cut(&new.text, MAX_BODY_BYTES))
            .bind(i64::try_from(new.segments).unwrap_or(i64::MAX))
            .bind(field(&new.actor))
            .bind(now_ms)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let subject = link.and_then(|link| link.payment).unwrap_or(new.link.0).to_string();
        let words = format!("{} by {} to {}", new.id, new.medium, new.to);
        trail::append(&mut transaction, &new.actor, "link_sent", &subject, &words).await.map_err(failed)?;
        let made = self.message_in(&mut transaction, new.id).await?;
        self.commit(transaction).await?;
        made.ok_or_else(|| self.failed(&sqlx::Error::RowNotFound))
    }

    /// Notes that a message goes out now, before its first byte leaves. False if somebody else sends it, or it is settled.
    ///
    /// # Errors
    /// If it could not be written. It must not be sent then.
    pub async fn message_sending(&self, id: Uuid) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let done = query(SENDING).bind(id.to_string()).bind(now_ms()).execute(&mut *transaction).await;
        let mine = done.map_err(|e| self.failed(&e))?.rows_affected() == 1;
        self.commit(transaction).await?;
        Ok(mine)
    }

    /// Writes down what became of a try. Returns the message as it stands.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn message_settled(
        &self,
        id: Uuid,
        outcome: &MessageOutcome,
    ) -> Result<Option<MessageRecord>, StoreError> {
        let mut transaction = self.write().await?;
        query(SETTLE)
            .bind(id.to_string())
            .bind(outcome.state.word())
            .bind(outcome.carrier_reference.as_deref().map(field))
            .bind(detail(&outcome.detail))
            .bind(outcome.next_at_ms)
            .bind(now_ms())
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.failed(&e))?;
        let now = self.message_in(&mut transaction, id).await?;
        self.commit(transaction).await?;
        Ok(now)
    }

    /// Messages that a former life of the daemon was sending are not known to be taken. How many there were.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn messages_left(&self) -> Result<u64, StoreError> {
        let mut transaction = self.write().await?;
        let done = query(LEFT).bind(now_ms()).execute(&mut *transaction).await;
        let left = done.map_err(|e| self.failed(&e))?.rows_affected();
        self.commit(transaction).await?;
        Ok(left)
    }

    /// Messages that are to be tried now, the longest overdue first.
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn due_messages(&self) -> Result<Vec<MessageRecord>, StoreError> {
        let mut transaction = self.read().await?;
        let rows = query(DUE).bind(now_ms()).bind(MAX_DUE).fetch_all(&mut *transaction).await;
        self.message_rows(rows)
    }

    /// What was sent about a link, the oldest first.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn messages_of(&self, link: OperationId) -> Result<Vec<MessageRecord>, StoreError> {
        let mut transaction = self.read().await?;
        self.messages_in(&mut transaction, link).await
    }

    async fn messages_in(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        link: OperationId,
    ) -> Result<Vec<MessageRecord>, StoreError> {
        let rows = query(OF_LINK).bind(link.0.to_string()).fetch_all(&mut **transaction).await;
        self.message_rows(rows)
    }

    async fn message_in(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        id: Uuid,
    ) -> Result<Option<MessageRecord>, StoreError> {
        let rows = query(ONE).bind(id.to_string()).fetch_all(&mut **transaction).await;
        Ok(self.message_rows(rows)?.into_iter().next())
    }

    fn message_rows(
        &self,
        rows: Result<Vec<SqliteRow>, sqlx::Error>,
    ) -> Result<Vec<MessageRecord>, StoreError> {
        let read = rows.and_then(|rows| rows.iter().map(message).collect());
        read.map_err(|fault| self.failed(&fault))
    }
}

/// Whether somebody can pay by a link now, as far as it is known.
#[must_use]
pub fn is_open(link: &OperationRecord, now_ms: i64) -> bool {
    link.link.as_ref().is_some_and(|link| link.state == Some(LinkState::Open) && link.expires_at_ms > now_ms)
}
