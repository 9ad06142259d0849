//! Operations, looked up.

use sqlx::query;
use uuid::Uuid;

use super::super::{OperationId, OperationRecord, Store, StoreError};

/// Operations that are looked after at once; the next follow when these are known.
const MAX_OPEN: i64 = 1_000;

const OPEN: &str = "SELECT * FROM operations WHERE state IN ('journalled', 'sent', 'unknown') \
     ORDER BY changed_at_ms, id LIMIT $1";

const PAYABLE_LINKS: &str = "SELECT * FROM operations WHERE kind = 'link' AND state = 'done' \
     AND (link_state IS NULL OR link_state IN ('open', 'pending')) AND expires_at_ms BETWEEN $1 AND $2 \
     ORDER BY expires_at_ms, id LIMIT $3";

impl Store {
    /// Looks an operation up.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn operation(&self, id: OperationId) -> Result<Option<OperationRecord>, StoreError> {
        let mut transaction = self.read().await?;
        self.operation_in(&mut transaction, id).await
    }

    /// Everything that was asked of a payment's charge, and its links, the oldest first.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn operations_of(&self, payment: Uuid) -> Result<Vec<OperationRecord>, StoreError> {
        let mut transaction = self.read().await?;
        self.operations_in(&mut transaction, payment).await
    }

    /// Operations whose outcome has to be found.
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn open_operations(&self) -> Result<Vec<OperationRecord>, StoreError> {
        let mut transaction = self.read().await?;
        let rows = query(OPEN).bind(MAX_OPEN).fetch_all(&mut *transaction).await;
        self.records(&rows.map_err(|e| self.failed(&e))?)
    }

    /// Links that could be paid when last looked at, and that end between these two instants.
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn payable_links(
        &self,
        from_ms: i64,
        until_ms: i64,
    ) -> Result<Vec<OperationRecord>, StoreError> {
        let mut transaction = self.read().await?;
        let rows = query(PAYABLE_LINKS)
            .bind(from_ms)
            .bind(until_ms)
            .bind(MAX_OPEN)
            .fetch_all(&mut *transaction)
            .await;
        self.records(&rows.map_err(|e| self.failed(&e))?)
    }

    /// The account a payment was charged by, if it was.
    ///
    /// # Errors
    /// If there is no such payment, or it could not be read.
    pub async fn charged_by(&self, payment: Uuid) -> Result<Option<String>, StoreError> {
        let mut transaction = self.read().await?;
        let (charged, _) = self.charge_of(&mut transaction, payment).await?;
        Ok(charged.map(|charged| charged.psp))
    }
}
