//! Cards that providers keep for us: their names there, nothing else.

use sqlx::{Row, query};
use uuid::Uuid;

use super::{Store, StoreError, now_ms, text};
use crate::psp::StoredCard;

const KEEP: &str = "INSERT INTO stored_cards (payment, psp, token, shopper, created_at_ms) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (payment) DO UPDATE SET psp = $2, token = $3, shopper = $4";

const ONE: &str = "SELECT psp, token, shopper FROM stored_cards WHERE payment = $1";

impl Store {
    /// Writes down what a provider calls the card that was taken in a payment.
    ///
    /// # Errors
    /// If there is no such payment, or it could not be written.
    pub async fn keep_stored_card(
        &self,
        payment: Uuid,
        psp: &str,
        stored: &StoredCard,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        query(KEEP)
            .bind(payment.to_string())
            .bind(text::field(psp))
            .bind(&stored.token)
            .bind(text::field(&stored.shopper))
            .bind(now_ms())
            .execute(&mut *transaction)
            .await
            .map_err(|fault| self.failed(&fault))?;
        self.commit(transaction).await
    }

    /// The card that was stored in a payment, and the account it is stored with.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn stored_card(&self, payment: Uuid) -> Result<Option<(String, StoredCard)>, StoreError> {
        let failed = |fault: sqlx::Error| self.failed(&fault);
        let mut transaction = self.read().await?;
        let row = query(ONE).bind(payment.to_string()).fetch_optional(&mut *transaction).await;
        let Some(row) = row.map_err(failed)? else { return Ok(None) };
        let text = |name: &str| row.try_get::<String, _>(name).map_err(failed);
        Ok(Some((text("psp")?, StoredCard { token: text("token")?, shopper: text("shopper")? })))
    }
}
