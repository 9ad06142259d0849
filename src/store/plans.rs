//! Plans: payments that come back. What is here knows which charge is next and when; the calendar that says so is
//! [`crate::recurring::Rhythm`].

mod change;
mod due;
mod fault;
mod list;

use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{QueryBuilder, Row, Transaction, query};
use uuid::Uuid;

use crate::call::Money;

use super::text::{self, field};
use super::{Store, StoreError, now_ms, trail};

pub use change::PlanChange;
pub use due::{ChargeState, DuePlan, NextCharge, PlanCharge};
pub use fault::PlanFault;
pub use list::{PlanFilter, PlanPage};

const ADD: &str = "INSERT INTO plans (id, merchant, reference, created_at_ms, token, order_id, description, \
     amount_minor, first_minor, currency, rhythm, card_until, state, why, ordinal, due_ms, next_at_ms, declined, faults) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'active', '', 0, $13, $13, 0, 0)";

/// What a customer agreed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPlan {
    /// Who is paid, by the id of the configuration.
    pub merchant: String,
    /// The company's own reference, one for each plan of this merchant.
    pub reference: String,
    /// The stored card.
    pub token: Uuid,
    /// The order that is paid in instalments.
    pub order: Option<Uuid>,
    /// What for.
    pub description: String,
    /// What each charge takes.
    pub amount: Money,
    /// What the first one takes.
    pub first: Money,
    /// When, as text.
    pub rhythm: String,
    /// The last month in which the card is good, `YYYY-MM`.
    pub card_until: Option<String>,
}

/// How a plan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanState {
    /// It charges when it is due.
    Active,
    /// Somebody wants it to wait.
    Paused,
    /// It waits for somebody: `why` says for what.
    Held,
    /// The last charge is paid.
    Done,
    /// Nobody wants it any more.
    Cancelled,
}

impl PlanState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Active, Self::Paused, Self::Held, Self::Done, Self::Cancelled];

    /// As it stands in the database and in the API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Held => "held",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A plan as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its number here.
    pub id: Uuid,
    /// What was agreed to.
    pub new: NewPlan,
    /// When it was written down, in milliseconds since 1970 (UTC).
    pub created_at_ms: i64,
    /// How it stands.
    pub state: PlanState,
    /// Why it is held.
    pub why: String,
    /// The charge that is next, from 0.
    pub ordinal: u32,
    /// When that one is due.
    pub due_ms: i64,
    /// When it is tried.
    pub next_at_ms: i64,
    /// How often it was declined.
    pub declined: u32,
    /// How often a fault came between.
    pub faults: u32,
    /// The payment that charges it just now.
    pub charging: Option<Uuid>,
}

impl Plan {
    /// What the charge that is next takes.
    #[must_use]
    pub fn takes(&self) -> Money {
        if self.ordinal == 0 { self.new.first } else { self.new.amount }
    }

    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let bad = |what: &str| sqlx::Error::Decode(format!("plans.{what} holds what we never write").into());
        let uuid = |name: &str| Uuid::parse_str(row.try_get(name)?).map_err(|_| bad(name));
        let maybe = |name: &str| match row.try_get::<Option<&str>, _>(name)? {
            None => Ok(None),
            Some(text) => Uuid::parse_str(text).map(Some).map_err(|_| bad(name)),
        };
        let small = |name: &str| u32::try_from(row.try_get::<i64, _>(name)?).map_err(|_| bad(name));
        let currency = row.try_get::<&str, _>("currency")?.parse().map_err(|_| bad("currency"))?;
        let money = |name: &str| Ok::<_, sqlx::Error>(Money { minor: row.try_get(name)?, currency });
        Ok(Self {
            id: uuid("id")?,
            new: NewPlan {
                merchant: row.try_get("merchant")?,
                reference: row.try_get("reference")?,
                token: uuid("token")?,
                order: maybe("order_id")?,
                description: row.try_get("description")?,
                amount: money("amount_minor")?,
                first: money("first_minor")?,
                rhythm: row.try_get("rhythm")?,
                card_until: row.try_get("card_until")?,
            },
            created_at_ms: row.try_get("created_at_ms")?,
            state: PlanState::of_word(row.try_get("state")?).ok_or_else(|| bad("state"))?,
            why: row.try_get("why")?,
            ordinal: small("ordinal")?,
            due_ms: row.try_get("due_ms")?,
            next_at_ms: row.try_get("next_at_ms")?,
            declined: small("declined")?,
            faults: small("faults")?,
            charging: maybe("charging")?,
        })
    }
}

/// What the trail names.
fn subject(plan: &Plan) -> String {
    format!("plan {}/{}", plan.new.merchant, plan.new.reference)
}

impl Store {
    /// Writes a plan down whose first charge is due at `first_due_ms`, in milliseconds since 1970 (UTC).
    ///
    /// # Errors
    /// If the merchant has one of this reference, or it could not be written.
    pub async fn add_plan(&self, new: &NewPlan, first_due_ms: i64, actor: &str) -> Result<Plan, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.write().await?;
        let mut same = QueryBuilder::new("SELECT * FROM plans WHERE merchant = ");
        same.push_bind(field(&new.merchant)).push(" AND reference = ").push_bind(field(&new.reference));
        if self.plan_of(&mut transaction, same).await?.is_some() {
            return Err(PlanFault::Exists(new.reference.clone()).into());
        }
        let id = Uuid::now_v7();
        query(ADD)
            .bind(id.to_string())
            .bind(field(&new.merchant))
            .bind(field(&new.reference))
            .bind(now_ms())
            .bind(new.token.to_string())
            .bind(new.order.map(|order| order.to_string()))
            .bind(text::detail(&new.description))
            .bind(new.amount.minor)
            .bind(new.first.minor)
            .bind(new.amount.currency.code())
            .bind(&new.rhythm)
            .bind(new.card_until.as_deref())
            .bind(first_due_ms)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let plan = self.existing_plan(&mut transaction, id).await?;
        let words = format!("{}, {}, by the stored card {}", new.amount, new.rhythm, new.token);
        trail::append(&mut transaction, actor, "plan_added", &subject(&plan), &words)
            .await
            .map_err(failed)?;
        self.commit(transaction).await?;
        Ok(plan)
    }

    /// Looks a plan up.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn plan(&self, id: Uuid) -> Result<Option<Plan>, StoreError> {
        let mut transaction = self.read().await?;
        self.plan_in(&mut transaction, id).await
    }

    async fn existing_plan(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        id: Uuid,
    ) -> Result<Plan, StoreError> {
        let found = self.plan_in(transaction, id).await?;
        found.ok_or_else(|| PlanFault::NoSuch(id.to_string()).into())
    }

    async fn plan_in(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        id: Uuid,
    ) -> Result<Option<Plan>, StoreError> {
        let mut one = QueryBuilder::new("SELECT * FROM plans WHERE id = ");
        one.push_bind(id.to_string());
        self.plan_of(transaction, one).await
    }

    async fn plan_of(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        mut one: QueryBuilder<Sqlite>,
    ) -> Result<Option<Plan>, StoreError> {
        let row = one.build().fetch_optional(&mut **transaction).await.map_err(|e| self.failed(&e))?;
        row.map(|row| Plan::from_row(&row)).transpose().map_err(|e| self.failed(&e))
    }
}
