//! A payment as it is written down.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::call::{Ending, Money};
use crate::pbx::Means;

use super::attempt::AttemptRecord;
use super::text;

/// A payment that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPayment {
    /// Its number, unique for ever; the same 128 bits as in [`crate::call::AttemptId::payment`].
    pub id: Uuid,
    /// Who is paid.
    pub merchant: String,
    /// The agent's extension or user name; none in self-service.
    pub agent: Option<String>,
    /// How it came about.
    pub means: Means,
    /// The customer's telephone number.
    pub caller_number: Option<String>,
    /// The number that was dialled.
    pub dialled_number: Option<String>,
    /// The company's own reference of the order.
    pub reference: Option<String>,
    /// How much.
    pub amount: Money,
    /// What for.
    pub description: String,
    /// The customer's leg, by the PBX's own name.
    pub customer_leg: String,
    /// The agent's leg.
    pub agent_leg: Option<String>,
}

/// A payment that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// What it began with.
    pub begun: NewPayment,
    /// The order it is for, by its number here; `begun.reference` names it.
    pub order: Option<Uuid>,
    /// When, in milliseconds since 1970 (UTC).
    pub created_at_ms: i64,
    /// The card's brand, once a number was taken.
    pub brand: Option<String>,
    /// The card's number, all but the last four digits struck out.
    pub masked_pan: Option<String>,
    /// How it ended; none while it runs, or if the daemon died with it.
    pub ending: Option<Ending>,
    /// When it ended.
    pub ended_at_ms: Option<i64>,
    /// The cards that were sent, in order.
    pub attempts: Vec<AttemptRecord>,
}

impl Payment {
    /// The attempt that was approved.
    #[must_use]
    pub fn approved(&self) -> Option<&AttemptRecord> {
        self.attempts.iter().find(|attempt| attempt.state == super::AttemptState::Approved)
    }

    pub(super) fn from_row(row: &SqliteRow, attempts: Vec<AttemptRecord>) -> Result<Self, sqlx::Error> {
        let bad =
            |what: &str| sqlx::Error::Decode(format!("payments.{what} holds what we never write").into());
        let currency = row.try_get::<&str, _>("currency")?.parse().map_err(|_| bad("currency"))?;
        Ok(Self {
            begun: NewPayment {
                id: Uuid::parse_str(row.try_get("id")?).map_err(|_| bad("id"))?,
                merchant: row.try_get("merchant")?,
                agent: row.try_get("agent")?,
                means: text::means(row.try_get("means")?).ok_or_else(|| bad("means"))?,
                caller_number: row.try_get("caller_number")?,
                dialled_number: row.try_get("dialled_number")?,
                reference: row.try_get("reference")?,
                amount: Money { minor: row.try_get("amount_minor")?, currency },
                description: row.try_get("description")?,
                customer_leg: row.try_get("customer_leg")?,
                agent_leg: row.try_get("agent_leg")?,
            },
            order: match row.try_get::<Option<&str>, _>("order_id")? {
                None => None,
                Some(id) => Some(Uuid::parse_str(id).map_err(|_| bad("order_id"))?),
            },
            created_at_ms: row.try_get("created_at_ms")?,
            brand: row.try_get("brand")?,
            masked_pan: row.try_get("masked_pan")?,
            ending: match row.try_get::<Option<&str>, _>("ending")? {
                None => None,
                Some(word) => Some(text::ending(word).ok_or_else(|| bad("ending"))?),
            },
            ended_at_ms: row.try_get("ended_at_ms")?,
            attempts,
        })
    }
}
