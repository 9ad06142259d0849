//! Which cards were tried of late, by whom and on which number.

use sqlx::{Row, query};

use crate::call::AttemptId;
use crate::card::Fingerprint;
use crate::pbx::Means;

use super::text::{field, means_word, payment_text};
use super::{Store, StoreError, now_ms};

/// What limits count.
pub const TRIED_WITHIN_MS: i64 = 3_600_000;

const NOTE: &str = "UPDATE attempts SET card = $3 WHERE payment = $1 AND ordinal = $2";

const BY_CALLER: &str = "SELECT COUNT(DISTINCT attempts.card) AS cards, \
     COALESCE(SUM(attempts.state = 'declined'), 0) AS declines FROM payments \
     JOIN attempts ON attempts.payment = payments.id \
     WHERE payments.caller_number = $1 AND payments.created_at_ms >= $2 AND payments.means = $3";

const ON_NUMBER: &str = "SELECT 0 AS cards, COUNT(*) AS declines FROM payments \
     JOIN attempts ON attempts.payment = payments.id \
     WHERE payments.dialled_number = $1 AND payments.created_at_ms >= $2 AND payments.means = $3 \
       AND attempts.state = 'declined'";

const OF_CARD: &str = "SELECT 0 AS cards, COUNT(*) AS declines FROM attempts \
     WHERE card = $1 AND journalled_at_ms >= $2 AND state = 'declined'";

/// What was tried within the last hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CardsTried {
    /// Different cards; only counted of a caller.
    pub cards: u32,
    /// How many were declined.
    pub declines: u32,
}

impl Store {
    /// Writes down which card an attempt is made with.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn attempt_with(&self, attempt: AttemptId, card: Fingerprint) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        query(NOTE)
            .bind(payment_text(attempt.payment))
            .bind(i64::from(attempt.ordinal))
            .bind(card.to_string())
            .execute(&mut *transaction)
            .await
            .map_err(|fault| self.failed(&fault))?;
        // It need not be on disk before the card is sent: what follows takes it along.
        transaction.commit().await.map_err(|fault| self.failed(&fault))
    }

    /// What a caller tried without an agent.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn tried_by_caller(&self, number: &str) -> Result<CardsTried, StoreError> {
        self.tried(BY_CALLER, field(number), true).await
    }

    /// What callers tried on a dialled number without an agent.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn tried_on_number(&self, dialled: &str) -> Result<CardsTried, StoreError> {
        self.tried(ON_NUMBER, field(dialled), true).await
    }

    /// What was tried with a card.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn tried_with_card(&self, card: Fingerprint) -> Result<CardsTried, StoreError> {
        self.tried(OF_CARD, &card.to_string(), false).await
    }

    async fn tried(&self, sql: &'static str, of: &str, alone: bool) -> Result<CardsTried, StoreError> {
        let failed = |fault: sqlx::Error| self.failed(&fault);
        let mut transaction = self.read().await?;
        let mut asked = query(sql).bind(of).bind(now_ms() - TRIED_WITHIN_MS);
        if alone {
            asked = asked.bind(means_word(Means::DirectNumber));
        }
        let row = asked.fetch_one(&mut *transaction).await.map_err(failed)?;
        let count = |name: &str| row.try_get::<i64, _>(name).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        Ok(CardsTried {
            cards: count("cards").map_err(failed)?,
            declines: count("declines").map_err(failed)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use uuid::Uuid;

    use super::*;
    use crate::call::{DeclineReason, Money, Outcome};
    use crate::card::{Brand, Entry, FingerprintKey, Key};
    use crate::store::{NewAttempt, NewPayment, Settlement, StoreSettings};

    fn print(number: u64) -> Fingerprint {
        let mut entry = Entry::new().expect("a slot");
        for digit in number.to_string().bytes() {
            entry.push(Key::from_ascii(digit).expect("a key")).expect("room");
        }
        let pan = entry.into_pan(&Brand::ALL).expect("a card number");
        FingerprintKey::of_hex(&"5".repeat(64)).expect("a secret").of_card(&pan)
    }

    async fn try_card(store: &Store, means: Means, caller: &str, card: Fingerprint, outcome: Outcome) {
        let id = Uuid::now_v7();
        let new = NewPayment {
            id,
            merchant: "main".into(),
            agent: None,
            means,
            caller_number: Some(caller.into()),
            dialled_number: Some("700".into()),
            reference: None,
            amount: Money::parse("42.50", "EUR".parse().expect("a currency")).expect("an amount"),
            description: String::new(),
            customer_leg: "leg".into(),
            agent_leg: None,
        };
        store.begin_payment(&new).await.expect("written");
        let attempt = AttemptId { payment: id.as_u128(), ordinal: 1 };
        store.journal_attempt(&NewAttempt { attempt, psp: "bank".into() }).await.expect("written");
        store.attempt_with(attempt, card).await.expect("written");
        let settlement = Settlement { outcome, detail: String::new() };
        store.settle_attempt(attempt, &settlement).await.expect("written");
    }

    #[tokio::test]
    async fn what_was_tried_is_counted_by_caller_by_number_and_by_card() {
        let directory = tempfile::tempdir().expect("a directory");
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(directory.path(), private).expect("private");
        let path = directory.path().join("payments.sqlite");
        let store = Store::open(&StoreSettings { path }).await.expect("a store");
        let (one, other) = (print(4111111111111111), print(5555555555554444));
        let no = || Outcome::Declined(DeclineReason::Generic);
        let alone = Means::DirectNumber;
        try_card(&store, alone, "+33600000001", one, no()).await;
        try_card(&store, alone, "+33600000001", one, no()).await;
        try_card(&store, alone, "+33600000001", other, Outcome::Approved { reference: "ch".into() }).await;
        try_card(&store, alone, "+33600000002", one, no()).await;
        // An agent was on the line: counted of the card alone.
        try_card(&store, Means::FeatureCode, "+33600000001", one, no()).await;
        let caller = store.tried_by_caller("+33600000001").await;
        assert_eq!(caller, Ok(CardsTried { cards: 2, declines: 2 }));
        assert_eq!(store.tried_by_caller("+33600000003").await, Ok(CardsTried::default()));
        assert_eq!(store.tried_on_number("700").await, Ok(CardsTried { cards: 0, declines: 3 }));
        assert_eq!(store.tried_with_card(one).await, Ok(CardsTried { cards: 0, declines: 4 }));
        assert_eq!(store.tried_with_card(other).await, Ok(CardsTried::default()));
    }
}
