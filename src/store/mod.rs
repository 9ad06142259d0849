//! Payments, attempts, journal and trail.
//!
//! An attempt is written down, durably, before it is sent ([`Store::journal_attempt`]), and settled once
//! its outcome is known ([`Store::settle_attempt`]). What stands between the two after a crash is found by
//! [`Store::open_attempts`]. Refunds, captures, cancellations and payment links are written down in the same way
//! ([`Store::journal_change`]), and so is what was made at the provider without us ([`Store::hear_change`]). The
//! trail says who did what; each row is bound to the one before it.
//!
//! The store holds no card data but brand and last four digits. Free text from outside passes
//! [`crate::observe::redact`] first.

mod attempt;
mod attempts;
mod cards;
mod changes;
mod durable;
mod error;
mod history;
mod messages;
mod open;
mod operation;
mod operations;
mod orders;
mod outbox;
mod payments;
mod plans;
mod questions;
mod record;
mod replies;
mod report;
mod stored;
mod text;
mod trail;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use sqlx::Transaction;
use sqlx::sqlite::{Sqlite, SqlitePool};

/// Several statements that hold together or not at all.
pub(crate) type Work = Transaction<'static, Sqlite>;

pub use attempt::{AttemptRecord, AttemptState, NewAttempt, OpenAttempt, Settled, Settlement, Step};
pub use cards::{CardsTried, TRIED_WITHIN_MS};
pub use changes::ChangeFault;
pub use error::StoreError;
pub use history::{JournalStep, MAX_HISTORY_ROWS, TrailRow};
pub use messages::{
    MAX_MESSAGES_OF_LINK, MessageFault, MessageOutcome, MessageRecord, MessageState, NewMessage, is_open,
};
pub use operation::{
    LinkRecord, OperationId, OperationKind, OperationOutcome, OperationRecord, OperationState, Teller,
};
pub use operations::{ForLink, HeardChange, NewChange, NewLinkRecord, Written};
pub use orders::{
    Batch, Debtor, ForOrder, MAX_BATCH_ORDERS, NewOrder, Order, OrderFault, OrderFilter, OrderPage,
    OrderState,
};
pub use outbox::{
    Delivery, DeliveryCursor, DeliveryPage, DeliveryState, EndpointStanding, Replay, Subscription, Tried,
    WEBHOOK_EVENTS,
};
pub use payments::{Cursor, MAX_PAGE_LENGTH, PaymentFilter, PaymentPage};
pub use plans::{
    ChargeState, DuePlan, NewPlan, NextCharge, Plan, PlanChange, PlanCharge, PlanFault, PlanFilter, PlanPage,
    PlanState,
};
pub use record::{NewPayment, Payment};
pub use replies::{Claim, Claimed, REPLY_KEPT_MS, Reply};
pub use report::{Figures, MAX_REPORT_PAYMENTS, Report};
pub use stored::{Token, TokenPage};
pub use text::endings;
pub use trail::{TrailFault, TrailReport};

/// Where payments are written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSettings {
    /// The SQLite file; it and its directory are made if they are not there.
    pub path: PathBuf,
}

/// The payments of one node. Cheap to clone; all clones are one store.
#[derive(Clone, Debug)]
pub struct Store {
    file: PathBuf,
    /// One connection: SQLite has one writer, and it is better to queue here than to be refused there.
    writer: SqlitePool,
    readers: SqlitePool,
    durable: std::sync::Arc<durable::Durable>,
    /// Held as long as any clone lives.
    lock: std::sync::Arc<std::fs::File>,
    outbox: std::sync::Arc<outbox::Outbox>,
    /// This opening of the file: payments of an earlier one are no longer under way.
    life: uuid::Uuid,
}

impl Store {
    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Writes everything out and closes the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
        // It ends with the process at the latest.
        let _ = self.lock.unlock();
    }

    /// Begins to write. Nobody else writes until it is committed; dropped, it never was.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(|e| self.failed(&e))
    }

    /// Begins to read one moment's state.
    pub(crate) async fn read(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.readers.begin().await.map_err(|e| self.failed(&e))
    }

    /// Returns once it is on disk.
    pub(crate) async fn commit(&self, transaction: Transaction<'static, Sqlite>) -> Result<(), StoreError> {
        transaction.commit().await.map_err(|e| self.failed(&e))?;
        self.durable.wait().await
    }

    /// Moves the write-ahead log into the file and empties it, so that what was deleted or replaced is in neither.
    pub(crate) async fn tidy(&self) -> Result<(), StoreError> {
        let done = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.writer).await;
        done.map(|_| ()).map_err(|fault| self.failed(&fault))
    }

    pub(crate) fn failed(&self, fault: &sqlx::Error) -> StoreError {
        StoreError::from_sqlx(&self.file, fault)
    }
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
