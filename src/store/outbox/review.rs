//! The outbox as an admin looks at it: what was told, what waits, what is dead; sending it again, forgetting it.

use std::fmt;
use std::str::FromStr;
use std::sync::PoisonError;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, query};

use super::{Delivery, DeliveryState};
use crate::store::{MAX_PAGE_LENGTH, Store, StoreError, now_ms, text};

const LIST: &str = "SELECT * FROM webhook_deliveries d JOIN webhook_messages m ON m.seq = d.message \
     WHERE (CAST($1 AS TEXT) IS NULL OR d.endpoint = $1) AND (CAST($2 AS TEXT) IS NULL OR d.state = $2) \
       AND (d.message < $3 OR (d.message = $3 AND d.endpoint > $4)) \
     ORDER BY d.message DESC, d.endpoint LIMIT $5";

const STANDINGS: &str = "SELECT endpoint, \
       SUM(CASE WHEN state = 'pending' THEN 1 ELSE 0 END) AS waiting, \
       SUM(CASE WHEN state = 'dead' THEN 1 ELSE 0 END) AS dead, \
       MAX(CASE WHEN state = 'taken' THEN changed_at_ms END) AS taken_at_ms \
     FROM webhook_deliveries GROUP BY endpoint ORDER BY endpoint";

const DEAD: &str = "SELECT COUNT(*) AS n FROM webhook_deliveries WHERE state = 'dead'";

const REPLAY: &str = "UPDATE webhook_deliveries SET state = 'pending', tries = 0, since_ms = $3, next_at_ms = $3, \
     changed_at_ms = $3 WHERE state <> 'pending' AND (CAST($1 AS TEXT) IS NULL OR endpoint = $1) \
       AND ((CAST($2 AS TEXT) IS NULL AND state = 'dead') \
         OR message = (SELECT seq FROM webhook_messages WHERE id = $2))";

const FORGET: &str = "DELETE FROM webhook_deliveries WHERE state = 'taken' AND changed_at_ms < $1";

const FORGET_MESSAGES: &str = "DELETE FROM webhook_messages WHERE created_at_ms < $1 \
     AND NOT EXISTS (SELECT 1 FROM webhook_deliveries WHERE message = seq)";

/// Digits of a place in the outbox, in a cursor.
const CURSOR_DIGITS_MAX: usize = 15;

/// Letters of an endpoint's name, in a cursor; the configuration takes no longer ones.
const CURSOR_NAME_MAX: usize = 40;

/// Where the next page of deliveries begins. Opaque to callers: hand it back as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryCursor {
    seq: i64,
    endpoint: String,
}

impl fmt::Display for DeliveryCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.seq, self.endpoint)
    }
}

impl FromStr for DeliveryCursor {
    type Err = StoreError;

    fn from_str(cursor: &str) -> Result<Self, StoreError> {
        let bad = || StoreError::Cursor(text::cut(cursor, 60).to_owned());
        let (seq, endpoint) = cursor.split_once('.').ok_or_else(bad)?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
        if !seq.bytes().all(|b| b.is_ascii_digit())
            || !(1..=CURSOR_DIGITS_MAX).contains(&seq.len())
            || !(1..=CURSOR_NAME_MAX).contains(&endpoint.len())
            || !endpoint.bytes().all(plain)
        {
            return Err(bad());
        }
        Ok(Self { seq: seq.parse().map_err(|_| bad())?, endpoint: endpoint.to_owned() })
    }
}

/// Some deliveries, the youngest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryPage {
    /// The deliveries.
    pub deliveries: Vec<Delivery>,
    /// Where the next page begins; none if this is the last.
    pub next: Option<DeliveryCursor>,
}

/// How an endpoint fares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointStanding {
    /// Its name in the configuration.
    pub endpoint: String,
    /// Whether the configuration still has it; if not, nobody carries what waits for it.
    pub configured: bool,
    /// Messages that will be tried.
    pub waiting: u64,
    /// Messages that are not tried any more.
    pub dead: u64,
    /// When it took a message last, in milliseconds since 1970 (UTC); none if it took none of those that are kept.
    pub taken_at_ms: Option<i64>,
}

/// What is to be sent again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Only to this endpoint.
    pub endpoint: Option<String>,
    /// One message by its name, whatever became of it; without it, all that are dead.
    pub id: Option<String>,
}

impl Store {
    /// Deliveries, the youngest first, at most [`MAX_PAGE_LENGTH`] at a time.
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn webhook_deliveries(
        &self,
        endpoint: Option<&str>,
        state: Option<DeliveryState>,
        after: Option<&DeliveryCursor>,
        limit: u32,
    ) -> Result<DeliveryPage, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE_LENGTH);
        let mut transaction = self.read().await?;
        let rows = query(LIST)
            .bind(endpoint)
            .bind(state.map(text::word))
            .bind(after.map_or(i64::MAX, |after| after.seq))
            .bind(after.map_or("", |after| &after.endpoint))
            // One more, to know whether there are more.
            .bind(i64::from(limit) + 1)
            .fetch_all(&mut *transaction)
            .await;
        let mut deliveries = self.deliveries(rows)?;
        let more = deliveries.len() > limit as usize;
        deliveries.truncate(limit as usize);
        let last = deliveries.last().filter(|_| more);
        let next = last.map(|last| DeliveryCursor { seq: last.seq, endpoint: last.endpoint.clone() });
        Ok(DeliveryPage { deliveries, next })
    }

    /// How every endpoint fares: those of the configuration in its order, then those that were struck from it and
    /// have messages left.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn webhook_endpoints(&self) -> Result<Vec<EndpointStanding>, StoreError> {
        let mut transaction = self.read().await?;
        let rows = query(STANDINGS).fetch_all(&mut *transaction).await;
        let read: Result<Vec<_>, _> = rows.and_then(|rows| rows.iter().map(standing).collect());
        let mut stored = read.map_err(|fault| self.failed(&fault))?;
        let names: Vec<String> = {
            let subscriptions = self.outbox.subscriptions.read().unwrap_or_else(PoisonError::into_inner);
            subscriptions.iter().map(|one| one.endpoint.clone()).collect()
        };
        let mut all = Vec::with_capacity(names.len() + stored.len());
        for endpoint in names {
            let known = stored.iter().position(|one| one.endpoint == endpoint).map(|at| stored.remove(at));
            all.push(EndpointStanding { endpoint, configured: true, ..known.unwrap_or_default() });
        }
        all.extend(stored);
        Ok(all)
    }

    /// How many messages are dead, over all endpoints.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn dead_webhooks(&self) -> Result<u64, StoreError> {
        let mut transaction = self.read().await?;
        let row = query(DEAD).fetch_one(&mut *transaction).await;
        let n: i64 = row.and_then(|row| row.try_get("n")).map_err(|fault| self.failed(&fault))?;
        Ok(n.unsigned_abs())
    }

    /// Sends again, and writes into the trail who asked for it. Returns how many.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn replay_webhooks(&self, what: &Replay, actor: &str) -> Result<u64, StoreError> {
        let Replay { endpoint, id } = what;
        let mut transaction = self.write().await?;
        let done = query(REPLAY).bind(endpoint).bind(id).bind(now_ms()).execute(&mut *transaction).await;
        let replayed = done.map_err(|fault| self.failed(&fault))?.rows_affected();
        let subject = id.as_deref().or(endpoint.as_deref()).unwrap_or_default();
        let to = endpoint.as_deref().unwrap_or("every endpoint");
        let words = format!("{replayed} to {to}");
        self.trail_in(&mut transaction, actor, "webhooks_replayed", subject, &words).await?;
        self.commit(transaction).await?;
        self.ring();
        Ok(replayed)
    }

    /// Forgets what was taken before an instant; what is pending or dead stays.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn forget_taken_webhooks(&self, before_ms: i64) -> Result<(), StoreError> {
        let failed = |fault: sqlx::Error| self.failed(&fault);
        let mut transaction = self.write().await?;
        query(FORGET).bind(before_ms).execute(&mut *transaction).await.map_err(failed)?;
        query(FORGET_MESSAGES).bind(before_ms).execute(&mut *transaction).await.map_err(failed)?;
        self.commit(transaction).await
    }
}

fn standing(row: &SqliteRow) -> Result<EndpointStanding, sqlx::Error> {
    let count = |name: &str| row.try_get::<i64, _>(name).map(i64::unsigned_abs);
    Ok(EndpointStanding {
        endpoint: row.try_get("endpoint")?,
        configured: false,
        waiting: count("waiting")?,
        dead: count("dead")?,
        taken_at_ms: row.try_get("taken_at_ms")?,
    })
}
