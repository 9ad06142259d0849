//! The outbox as an admin looks at it: what was told, what waits, what is dead; sending it again, forgetting it.

use sqlx::query;

use super::{Delivery, DeliveryState};
use crate::store::{MAX_PAGE_LENGTH, Store, StoreError, now_ms, text};

const LIST: &str = "SELECT * FROM webhook_deliveries d JOIN webhook_messages m ON m.seq = d.message \
     WHERE (CAST($1 AS TEXT) IS NULL OR d.endpoint = $1) AND (CAST($2 AS TEXT) IS NULL OR d.state = $2) \
       AND d.message < $3 ORDER BY d.message DESC, d.endpoint LIMIT $4";

const REPLAY: &str = "UPDATE webhook_deliveries SET state = 'pending', tries = 0, since_ms = $4, next_at_ms = $4, \
     changed_at_ms = $4 WHERE state <> 'pending' AND (CAST($1 AS TEXT) IS NULL OR endpoint = $1) \
       AND ((CAST($2 AS TEXT) IS NULL AND state = 'dead') \
         OR message = (SELECT seq FROM webhook_messages WHERE id = $2)) AND message >= $3";

const FORGET: &str = "DELETE FROM webhook_deliveries WHERE state = 'taken' AND changed_at_ms < $1";

const FORGET_MESSAGES: &str = "DELETE FROM webhook_messages WHERE created_at_ms < $1 \
     AND NOT EXISTS (SELECT 1 FROM webhook_deliveries WHERE message = seq)";

impl Store {
    /// Deliveries, the youngest first, below a place in the outbox if one is given.
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn webhook_deliveries(
        &self,
        endpoint: Option<&str>,
        state: Option<DeliveryState>,
        below: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut transaction = self.read().await?;
        let rows = query(LIST)
            .bind(endpoint)
            .bind(state.map(text::word))
            .bind(below.unwrap_or(i64::MAX))
            .bind(i64::from(limit.clamp(1, MAX_PAGE_LENGTH)))
            .fetch_all(&mut *transaction)
            .await;
        self.deliveries(rows)
    }

    /// Sends again: one message by its name, whatever became of it; or all dead ones from a place in the outbox on.
    /// Returns how many.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn replay_webhooks(
        &self,
        endpoint: Option<&str>,
        id: Option<&str>,
        from: i64,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.write().await?;
        let done =
            query(REPLAY).bind(endpoint).bind(id).bind(from).bind(now_ms()).execute(&mut *transaction).await;
        let replayed = done.map_err(|fault| self.failed(&fault))?.rows_affected();
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
