//! The outbox: what others are to be told, written down with what it tells of, and kept until it is taken.

use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Row, Transaction, query};
use tokio::sync::watch;
use utoipa::ToSchema;
use uuid::Uuid;

use message::Message;
mod message;
mod review;

pub use review::{DeliveryCursor, DeliveryPage, EndpointStanding, Replay};

use super::{AttemptState, Store, StoreError, now_ms, text};

/// What can be told.
pub const WEBHOOK_EVENTS: [&str; 6] =
    [STARTED, "payment.approved", "payment.declined", "payment.not_charged", "payment.unknown", ENDED];

pub(super) const STARTED: &str = "payment.started";
pub(super) const ENDED: &str = "payment.ended";

const ADD: &str = "INSERT INTO webhook_messages (seq, id, payment, event, body, created_at_ms) \
     VALUES ((SELECT COALESCE(MAX(seq), 0) + 1 FROM webhook_messages), $1, $2, $3, $4, $5) RETURNING seq";

const COUNT: &str = "SELECT COUNT(*) AS n FROM webhook_messages WHERE payment = $1";

const ADDRESS: &str = "INSERT INTO webhook_deliveries \
     (message, endpoint, state, tries, since_ms, next_at_ms, changed_at_ms, detail) \
     VALUES ($1, $2, 'pending', 0, $3, $3, $3, '')";

const DUE: &str = "SELECT * FROM webhook_deliveries d JOIN webhook_messages m ON m.seq = d.message \
     WHERE d.endpoint = $1 AND d.state = 'pending' AND d.next_at_ms <= $2 \
     ORDER BY d.next_at_ms, d.message LIMIT $3";

const NEXT: &str =
    "SELECT MIN(next_at_ms) AS at FROM webhook_deliveries WHERE endpoint = $1 AND state = 'pending'";

const TRIED: &str = "UPDATE webhook_deliveries SET state = $3, tries = tries + 1, next_at_ms = $4, \
     changed_at_ms = $5, detail = $6 WHERE message = $1 AND endpoint = $2 AND state = 'pending'";

/// One who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The endpoint's name in the configuration.
    pub endpoint: String,
    /// Of what; of everything if empty.
    pub events: Vec<String>,
}

/// Who is told, and a bell for whoever carries.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    subscriptions: RwLock<Vec<Subscription>>,
    bell: watch::Sender<u64>,
}

/// How far a message has come with one endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It will be tried, or tried again.
    Pending,
    /// The endpoint took it.
    Taken,
    /// It is not tried any more, unless somebody asks for it.
    Dead,
}

/// One message to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// The message's place in the outbox.
    pub seq: i64,
    /// The message's own name, the same for every endpoint and every try.
    pub id: String,
    /// To whom.
    pub endpoint: String,
    /// What it tells of.
    pub event: String,
    /// The payment.
    pub payment: String,
    /// What is sent.
    #[serde(skip)]
    pub body: String,
    /// How far it has come.
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: u32,
    /// When the tries began, in milliseconds since 1970 (UTC).
    pub since_ms: i64,
    /// When it is tried next.
    pub next_at_ms: i64,
    /// When its state last changed, or it was last tried.
    pub changed_at_ms: i64,
    /// What came of the last try.
    pub detail: String,
}

/// What becomes of a delivery after a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// The endpoint took it.
    Taken,
    /// It is tried again at this instant.
    Again(i64),
    /// Nobody tries any more.
    Dead,
}

impl Store {
    /// From now on, these are told of what is written down.
    pub fn subscribe(&self, subscriptions: Vec<Subscription>) {
        *self.outbox.subscriptions.write().unwrap_or_else(PoisonError::into_inner) = subscriptions;
    }

    /// Rings whenever something new is in the outbox.
    #[must_use]
    pub fn outbox_bell(&self) -> watch::Receiver<u64> {
        self.outbox.bell.subscribe()
    }

    /// What was announced is committed: wakes those who carry it.
    pub(super) fn ring(&self) {
        self.outbox.bell.send_modify(|rung| *rung = rung.wrapping_add(1));
    }

    /// Writes down, in the transaction that changes a payment, that it has changed.
    pub(super) async fn announce(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        payment: &str,
        event: &str,
    ) -> Result<(), StoreError> {
        let failed = |fault: sqlx::Error| self.failed(&fault);
        let told: Vec<String> = {
            let subscriptions = self.outbox.subscriptions.read().unwrap_or_else(PoisonError::into_inner);
            let wants =
                |one: &&Subscription| one.events.is_empty() || one.events.iter().any(|name| name == event);
            subscriptions.iter().filter(wants).map(|one| one.endpoint.clone()).collect()
        };
        if told.is_empty() {
            return Ok(());
        }
        let Some(now) = self.payment_in(transaction, payment).await? else { return Ok(()) };
        let before = query(COUNT).bind(payment).fetch_one(&mut **transaction).await.map_err(failed)?;
        let sequence = before.try_get::<i64, _>("n").map_err(failed)? + 1;
        let body = serde_json::to_string(&Message::new(event, sequence, &now))
            .map_err(|fault| failed(sqlx::Error::Encode(fault.into())))?;
        let id = format!("msg_{}", Uuid::now_v7().simple());
        let at = now_ms();
        let row = query(ADD)
            .bind(&id)
            .bind(payment)
            .bind(event)
            .bind(body)
            .bind(at)
            .fetch_one(&mut **transaction)
            .await
            .map_err(failed)?;
        let seq: i64 = row.try_get("seq").map_err(failed)?;
        for endpoint in told {
            query(ADDRESS)
                .bind(seq)
                .bind(endpoint)
                .bind(at)
                .execute(&mut **transaction)
                .await
                .map_err(failed)?;
        }
        Ok(())
    }

    /// What is to be sent to an endpoint now, the longest overdue first.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn due_deliveries(&self, endpoint: &str, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let mut transaction = self.read().await?;
        let rows = query(DUE)
            .bind(endpoint)
            .bind(now_ms())
            .bind(i64::from(limit))
            .fetch_all(&mut *transaction)
            .await;
        self.deliveries(rows)
    }

    /// When the next is to be sent to an endpoint.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn next_delivery_ms(&self, endpoint: &str) -> Result<Option<i64>, StoreError> {
        let mut transaction = self.read().await?;
        let row =
            query(NEXT).bind(endpoint).fetch_one(&mut *transaction).await.map_err(|e| self.failed(&e))?;
        row.try_get("at").map_err(|fault| self.failed(&fault))
    }

    /// Notes what came of a try.
    ///
    /// # Errors
    /// If it could not be written; it is tried again then.
    pub async fn delivery_tried(&self, of: &Delivery, tried: Tried, words: &str) -> Result<(), StoreError> {
        let (state, next) = match tried {
            Tried::Taken => ("taken", of.next_at_ms),
            Tried::Again(at) => ("pending", at),
            Tried::Dead => ("dead", of.next_at_ms),
        };
        let mut transaction = self.write().await?;
        query(TRIED)
            .bind(of.seq)
            .bind(&of.endpoint)
            .bind(state)
            .bind(next)
            .bind(now_ms())
            .bind(text::detail(words))
            .execute(&mut *transaction)
            .await
            .map_err(|fault| self.failed(&fault))?;
        self.commit(transaction).await
    }

    fn deliveries(&self, rows: Result<Vec<SqliteRow>, sqlx::Error>) -> Result<Vec<Delivery>, StoreError> {
        let read = rows.and_then(|rows| rows.iter().map(delivery).collect());
        read.map_err(|fault| self.failed(&fault))
    }
}

fn delivery(row: &SqliteRow) -> Result<Delivery, sqlx::Error> {
    Ok(Delivery {
        seq: row.try_get("seq")?,
        id: row.try_get("id")?,
        endpoint: row.try_get("endpoint")?,
        event: row.try_get("event")?,
        payment: row.try_get("payment")?,
        body: row.try_get("body")?,
        state: match row.try_get("state")? {
            "pending" => DeliveryState::Pending,
            "taken" => DeliveryState::Taken,
            "dead" => DeliveryState::Dead,
            _ => {
                return Err(sqlx::Error::Decode("webhook_deliveries.state holds what we never write".into()));
            }
        },
        tries: u32::try_from(row.try_get::<i64, _>("tries")?).unwrap_or(u32::MAX),
        since_ms: row.try_get("since_ms")?,
        next_at_ms: row.try_get("next_at_ms")?,
        changed_at_ms: row.try_get("changed_at_ms")?,
        detail: row.try_get("detail")?,
    })
}

/// The event that the state of an attempt is told as.
pub(super) fn attempt_event(state: AttemptState) -> Option<&'static str> {
    let name = format!("payment.{}", state.word());
    WEBHOOK_EVENTS.into_iter().find(|event| *event == name)
}
