//! What is asked of the past before a payment begins or a card is sent.

use sqlx::{Row, query};

use crate::call::{AttemptId, Ending};

use super::attempts::rerouted_from;
use super::text::{detail, field, payment_text, word};
use super::{Store, StoreError, now_ms};

/// No conversation lasts longer; a PBX may use the name of a leg again after that.
const CALL_MAX_MS: i64 = 24 * 3_600_000;

const OPEN_OF_REFERENCE: &str = "SELECT idempotency_key FROM attempts \
     JOIN payments ON payments.id = attempts.payment \
     WHERE payments.reference = $1 AND payments.merchant = $2 \
       AND attempts.state IN ('journalled', 'sent', 'unknown') LIMIT 1";

const DECLINES_ON_LEG: &str = "SELECT COUNT(*) AS declines FROM payments \
     JOIN attempts ON attempts.payment = payments.id \
     WHERE payments.created_at_ms >= $1 AND payments.customer_leg = $2 AND attempts.state = 'declined'";

const HAS_PAID: &str = "SELECT EXISTS (SELECT 1 FROM payments WHERE caller_number = $1 AND merchant = $2 \
     AND ending = $3) AS paid";

const LEFT: &str = "SELECT 1 FROM journal WHERE payment = $1 AND ordinal = $2 AND step = 'rerouted' \
     AND substr(detail, 1, length($3)) = $3 LIMIT 1";

impl Store {
    /// Whether an attempt was once sent to the account `psp`, and from there to another.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn attempt_left(&self, attempt: AttemptId, psp: &str) -> Result<bool, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.read().await?;
        let row = query(LEFT)
            .bind(payment_text(attempt.payment))
            .bind(i64::from(attempt.ordinal))
            .bind(detail(&rerouted_from(psp)))
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed)?;
        Ok(row.is_some())
    }

    /// The key of an attempt for this order whose outcome is not known; none if there is none. As long as there is
    /// one, charging for the order again may charge twice.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn open_attempt_for(
        &self,
        merchant: &str,
        reference: &str,
    ) -> Result<Option<String>, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.read().await?;
        let row = query(OPEN_OF_REFERENCE)
            .bind(field(reference))
            .bind(field(merchant))
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed)?;
        row.map(|row| row.try_get("idempotency_key")).transpose().map_err(failed)
    }

    /// Whether somebody who called from this number has paid this merchant.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn has_paid(&self, merchant: &str, caller_number: &str) -> Result<bool, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.read().await?;
        let row = query(HAS_PAID)
            .bind(field(caller_number))
            .bind(field(merchant))
            .bind(word(Ending::Approved))
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        Ok(row.try_get::<i64, _>("paid").map_err(failed)? > 0)
    }

    /// How many cards were declined in this very call.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn declines_on_leg(&self, customer_leg: &str) -> Result<u32, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.read().await?;
        let row = query(DECLINES_ON_LEG)
            .bind(now_ms() - CALL_MAX_MS)
            .bind(field(customer_leg))
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        let declines: i64 = row.try_get("declines").map_err(failed)?;
        Ok(u32::try_from(declines).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use uuid::Uuid;

    use super::*;
    use crate::call::{DeclineReason, Money, Outcome};
    use crate::pbx::Means;
    use crate::store::{NewAttempt, NewPayment, Settlement, Step, StoreSettings};

    async fn store() -> (Store, tempfile::TempDir) {
        let directory = tempfile::tempdir().expect("a directory");
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(directory.path(), private).expect("private");
        let path = directory.path().join("payments.sqlite");
        (Store::open(&StoreSettings { path }).await.expect("a store"), directory)
    }

    async fn sent(store: &Store, merchant: &str, reference: &str, leg: &str) -> AttemptId {
        sent_from(store, merchant, reference, leg, None).await
    }

    async fn sent_from(
        store: &Store,
        merchant: &str,
        reference: &str,
        leg: &str,
        caller: Option<&str>,
    ) -> AttemptId {
        let id = Uuid::now_v7();
        let new = NewPayment {
            id,
            merchant: merchant.into(),
            agent: None,
            means: Means::Api,
            caller_number: caller.map(str::to_owned),
            dialled_number: None,
            reference: Some(reference.into()),
            amount: Money::parse("42.50", "EUR".parse().expect("a currency")).expect("an amount"),
            description: String::new(),
            customer_leg: leg.into(),
            agent_leg: None,
        };
        store.begin_payment(&new).await.expect("written");
        let attempt = AttemptId { payment: id.as_u128(), ordinal: 1 };
        store.journal_attempt(&NewAttempt { attempt, psp: "bank".into() }).await.expect("written");
        store.attempt_step(attempt, Step::Sent, "").await.expect("written");
        attempt
    }

    async fn settle(store: &Store, attempt: AttemptId, outcome: Outcome) {
        let settlement = Settlement { outcome, detail: String::new() };
        store.settle_attempt(attempt, &settlement).await.expect("written");
    }

    #[tokio::test]
    async fn an_order_is_open_until_its_attempt_is_known() {
        let (store, _directory) = store().await;
        let attempt = sent(&store, "main", "A-17", "leg").await;
        let open =
            async |merchant, reference| store.open_attempt_for(merchant, reference).await.expect("read");
        assert_eq!(open("main", "A-17").await, Some(attempt.key()));
        assert_eq!((open("main", "A-18").await, open("uk", "A-17").await), (None, None));
        settle(&store, attempt, Outcome::Unknown).await;
        assert_eq!(open("main", "A-17").await, Some(attempt.key()), "unknown is open");
        settle(&store, attempt, Outcome::NotCharged).await;
        assert_eq!(open("main", "A-17").await, None);
    }

    #[tokio::test]
    async fn who_has_paid_this_merchant_is_known_by_their_number() {
        let (store, _directory) = store().await;
        let number = "+33612345678";
        let attempt = sent_from(&store, "main", "A-17", "leg", Some(number)).await;
        let payment = Uuid::from_u128(attempt.payment);
        let paid = async |merchant, number| store.has_paid(merchant, number).await.expect("read");
        assert!(!paid("main", number).await, "it has not ended");
        store.end_payment(payment, Ending::Approved).await.expect("written");
        assert!(paid("main", number).await);
        assert!(!paid("uk", number).await && !paid("main", "+33612345679").await);
        let declined = sent_from(&store, "main", "A-18", "leg", Some("1002")).await;
        store.end_payment(Uuid::from_u128(declined.payment), Ending::Declined).await.expect("written");
        assert!(!paid("main", "1002").await, "who tried has not paid");
    }

    #[tokio::test]
    async fn cards_declined_in_a_call_are_counted() {
        let (store, _directory) = store().await;
        for outcome in [
            Outcome::Declined(DeclineReason::Generic),
            Outcome::NotCharged,
            Outcome::Declined(DeclineReason::Expired),
        ] {
            let attempt = sent(&store, "main", "A-17", "leg").await;
            settle(&store, attempt, outcome).await;
        }
        assert_eq!(store.declines_on_leg("leg").await, Ok(2));
        assert_eq!(store.declines_on_leg("another").await, Ok(0));
    }

    #[tokio::test]
    async fn an_attempt_moves_to_another_account_once_and_only_while_it_is_open() {
        let (store, _directory) = store().await;
        let attempt = sent(&store, "main", "A-17", "leg").await;
        let psp = async || {
            let payment =
                store.payment(Uuid::from_u128(attempt.payment)).await.expect("read").expect("a payment");
            payment.attempts[0].psp.clone()
        };
        store.reroute_attempt(attempt, "bank", "second", "no connection").await.expect("written");
        assert_eq!(psp().await, "second");
        let again = store.reroute_attempt(attempt, "bank", "third", "").await;
        assert!(matches!(again, Err(StoreError::MayBeCharged { .. })), "{again:?}");
        settle(&store, attempt, Outcome::Approved { reference: "ch_1".into() }).await;
        let late = store.reroute_attempt(attempt, "second", "bank", "").await;
        assert!(matches!(late, Err(StoreError::MayBeCharged { .. })), "{late:?}");
        assert_eq!(psp().await, "second");
        let never = AttemptId { ordinal: 2, ..attempt };
        let unknown = store.reroute_attempt(never, "bank", "second", "").await;
        assert!(matches!(unknown, Err(StoreError::NoSuchAttempt(_))), "{unknown:?}");
    }

    #[tokio::test]
    async fn an_account_that_was_left_is_remembered() {
        let (store, _directory) = store().await;
        let attempt = sent(&store, "main", "E-1", "leg").await;
        assert!(!store.attempt_left(attempt, "bank").await.expect("readable"));
        store.reroute_attempt(attempt, "bank", "other", "no answer").await.expect("written");
        let mut left = Vec::new();
        for psp in ["bank", "other", "ban", "b%"] {
            left.push(store.attempt_left(attempt, psp).await.expect("readable"));
        }
        assert_eq!(left, [true, false, false, false]);
    }
}
