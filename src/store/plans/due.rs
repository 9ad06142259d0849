//! What is due: claimed before anything is sent, and settled once, whatever dies in between.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, query};
use uuid::Uuid;

use super::super::{Store, StoreError, now_ms, text, trail};
use super::{Plan, PlanFault, PlanState, subject};

/// Plans that one transaction claims.
const MAX_CLAIM: u32 = 256;

/// Tries that are shown of one plan.
const MAX_CHARGES_SHOWN: i64 = 1_000;

const DUE: &str = "SELECT * FROM plans WHERE state = 'active' AND charging IS NULL AND next_at_ms <= $1 \
     ORDER BY next_at_ms, id LIMIT $2";

const CLAIM: &str = "UPDATE plans SET charging = $2 WHERE id = $1 AND charging IS NULL";

const BEGIN: &str = "INSERT INTO plan_charges (payment, plan, ordinal, began_at_ms, life, state, detail) \
     VALUES ($1, $2, $3, $4, $5, 'charging', '')";

const CHARGING: &str = "SELECT plans.*, plan_charges.life FROM plans JOIN plan_charges \
     ON plan_charges.payment = plans.charging WHERE plans.charging IS NOT NULL ORDER BY plans.charging LIMIT $1";

const NEXT: &str = "SELECT MIN(next_at_ms) AS at FROM plans WHERE state = 'active' AND charging IS NULL";

const END: &str = "UPDATE plan_charges SET state = $2, detail = $3, ended_at_ms = $4 \
     WHERE payment = $1 AND state = 'charging'";

const FREE: &str = "UPDATE plans SET charging = NULL, state = $3, why = $4, ordinal = $5, due_ms = $6, \
     next_at_ms = $7, declined = $8, faults = $9 WHERE id = $1 AND charging = $2";

const TRIES: &str =
    "SELECT * FROM plan_charges WHERE plan = $1 ORDER BY ordinal DESC, began_at_ms DESC LIMIT $2";

/// A charge that is due, and the number of the payment that is to make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuePlan {
    /// The plan.
    pub plan: Plan,
    /// The payment.
    pub payment: Uuid,
    /// Whether it was claimed in this life of the daemon: it may still be about to begin.
    pub is_own: bool,
}

/// How a try stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargeState {
    /// It is not known yet, or under way.
    Charging,
    /// The money is promised.
    Paid,
    /// The issuer said no.
    Declined,
    /// Nothing was charged.
    NotCharged,
}

impl ChargeState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Charging, Self::Paid, Self::Declined, Self::NotCharged];

    /// As it stands in the database and in the API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Charging => "charging",
            Self::Paid => "paid",
            Self::Declined => "declined",
            Self::NotCharged => "not_charged",
        }
    }
}

/// One try of one charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanCharge {
    /// The payment; there is none in the books if nothing was sent.
    pub payment: Uuid,
    /// Which charge, from 0.
    pub ordinal: u32,
    /// How it stands.
    pub state: ChargeState,
    /// What was said of it.
    pub detail: String,
    /// When it began, in milliseconds since 1970 (UTC).
    pub began_at_ms: i64,
    /// When it ended.
    pub ended_at_ms: Option<i64>,
}

impl PlanCharge {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let bad =
            |what: &str| sqlx::Error::Decode(format!("plan_charges.{what} holds what we never write").into());
        let state: &str = row.try_get("state")?;
        Ok(Self {
            payment: Uuid::parse_str(row.try_get("payment")?).map_err(|_| bad("payment"))?,
            ordinal: u32::try_from(row.try_get::<i64, _>("ordinal")?).map_err(|_| bad("ordinal"))?,
            state: ChargeState::ALL.into_iter().find(|s| s.word() == state).ok_or_else(|| bad("state"))?,
            detail: row.try_get("detail")?,
            began_at_ms: row.try_get("began_at_ms")?,
            ended_at_ms: row.try_get("ended_at_ms")?,
        })
    }
}

/// What follows a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextCharge {
    /// The next charge, when it is due.
    Next {
        /// Which, from 0.
        ordinal: u32,
        /// When, in milliseconds since 1970 (UTC).
        due_ms: i64,
    },
    /// The same once more.
    Again {
        /// When, in milliseconds since 1970 (UTC).
        at_ms: i64,
        /// How often it was declined so far.
        declined: u32,
        /// How often a fault came between so far.
        faults: u32,
    },
    /// Nothing, until somebody acts.
    Held {
        /// For what it waits.
        why: String,
    },
    /// Nothing: it was the last one.
    Done,
}

impl NextCharge {
    /// The plan after it. What somebody decided meanwhile stays.
    fn apply(self, plan: &mut Plan) {
        plan.charging = None;
        let stays = plan.state != PlanState::Active;
        match self {
            Self::Next { ordinal, due_ms } => {
                (plan.ordinal, plan.due_ms, plan.next_at_ms) = (ordinal, due_ms, due_ms);
                (plan.declined, plan.faults) = (0, 0);
            }
            Self::Again { at_ms, declined, faults } => {
                (plan.next_at_ms, plan.declined, plan.faults) = (at_ms, declined, faults);
            }
            Self::Held { .. } if stays => {}
            Self::Held { why } => (plan.state, plan.why) = (PlanState::Held, why),
            Self::Done if plan.state == PlanState::Cancelled => {}
            Self::Done => (plan.state, plan.why) = (PlanState::Done, String::new()),
        }
    }
}

impl Store {
    /// Claims what is due at this instant, the longest due first. Each is somebody's to charge from then on, under the
    /// payment's number that is written down here, and nobody else's.
    ///
    /// # Errors
    /// If it could not be written: nothing is claimed then.
    pub async fn claim_due_plans(&self, now: i64, at_most: u32) -> Result<Vec<DuePlan>, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        if self.next_plan_at().await?.is_none_or(|at| at > now) {
            return Ok(Vec::new());
        }
        let mut transaction = self.write().await?;
        let rows = query(DUE).bind(now).bind(i64::from(at_most.min(MAX_CLAIM)));
        let rows = rows.fetch_all(&mut *transaction).await.map_err(failed)?;
        let life = self.life.to_string();
        let mut due = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut plan = Plan::from_row(row).map_err(failed)?;
            let (id, payment) = (plan.id.to_string(), Uuid::now_v7());
            let claim = query(CLAIM).bind(&id).bind(payment.to_string());
            claim.execute(&mut *transaction).await.map_err(failed)?;
            let begin = query(BEGIN).bind(payment.to_string()).bind(&id).bind(i64::from(plan.ordinal));
            begin.bind(now_ms()).bind(&life).execute(&mut *transaction).await.map_err(failed)?;
            plan.charging = Some(payment);
            due.push(DuePlan { plan, payment, is_own: true });
        }
        self.commit(transaction).await?;
        Ok(due)
    }

    /// When the next charge is due; none if no plan waits for one.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn next_plan_at(&self) -> Result<Option<i64>, StoreError> {
        let mut transaction = self.read().await?;
        let row = query(NEXT).fetch_one(&mut *transaction).await.map_err(|e| self.failed(&e))?;
        row.try_get("at").map_err(|e| self.failed(&e))
    }

    /// What is claimed and not settled.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn charging_plans(&self, at_most: u32) -> Result<Vec<DuePlan>, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.read().await?;
        let rows = query(CHARGING).bind(i64::from(at_most)).fetch_all(&mut *transaction).await;
        let own = self.life.to_string();
        let mut due = Vec::new();
        for row in rows.map_err(failed)? {
            let plan = Plan::from_row(&row).map_err(failed)?;
            let is_own = row.try_get::<&str, _>("life").map_err(failed)? == own;
            due.extend(plan.charging.map(|payment| DuePlan { plan, payment, is_own }));
        }
        Ok(due)
    }

    /// Settles a claimed charge; `None` if it was settled before: nothing is changed then.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn settle_plan(
        &self,
        due: &DuePlan,
        ended: ChargeState,
        detail: &str,
        next: NextCharge,
    ) -> Result<Option<Plan>, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.write().await?;
        let found = self.plan_in(&mut transaction, due.plan.id).await?;
        let mut plan = found.ok_or_else(|| PlanFault::NoSuch(due.plan.id.to_string()))?;
        if plan.charging != Some(due.payment) {
            return Ok(None);
        }
        let before = plan.state;
        next.apply(&mut plan);
        let payment = due.payment.to_string();
        let end = query(END).bind(&payment).bind(ended.word()).bind(text::detail(detail)).bind(now_ms());
        end.execute(&mut *transaction).await.map_err(failed)?;
        query(FREE)
            .bind(plan.id.to_string())
            .bind(&payment)
            .bind(plan.state.word())
            .bind(text::detail(&plan.why))
            .bind(i64::from(plan.ordinal))
            .bind(plan.due_ms)
            .bind(plan.next_at_ms)
            .bind(i64::from(plan.declined))
            .bind(i64::from(plan.faults))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        if plan.state != before {
            let act = if plan.state == PlanState::Held { "plan_held" } else { "plan_done" };
            trail::append(&mut transaction, "tonegate", act, &subject(&plan), &plan.why)
                .await
                .map_err(failed)?;
        }
        self.commit(transaction).await?;
        Ok(Some(plan))
    }

    /// The tries of a plan, the latest first.
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn plan_charges(&self, plan: Uuid) -> Result<Vec<PlanCharge>, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.read().await?;
        let rows = query(TRIES).bind(plan.to_string()).bind(MAX_CHARGES_SHOWN);
        let rows = rows.fetch_all(&mut *transaction).await.map_err(failed)?;
        rows.iter().map(PlanCharge::from_row).collect::<Result<_, _>>().map_err(failed)
    }
}
