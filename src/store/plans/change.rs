//! What people do with a plan.

use sqlx::query;
use uuid::Uuid;

use super::super::{Store, StoreError, trail};
use super::{Plan, PlanFault, PlanState, subject};

const CHANGE: &str = "UPDATE plans SET state = $2, why = $3, token = $4, card_until = $5, ordinal = $6, due_ms = $7, \
     next_at_ms = $8, declined = $9, faults = $10 WHERE id = $1";

/// What somebody does with a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanChange {
    /// It waits. What is being charged just now still is.
    Pause,
    /// It goes on, from this charge.
    Resume {
        /// Which, from 0.
        ordinal: u32,
        /// When it was due.
        due_ms: i64,
        /// When it is tried.
        at_ms: i64,
    },
    /// Nobody wants it any more.
    Cancel,
    /// Another card is charged from now on.
    Card {
        /// The stored card.
        token: Uuid,
        /// The last month in which it is good, `YYYY-MM`.
        until: Option<String>,
    },
}

impl PlanChange {
    /// As it stands in the trail.
    fn act(&self) -> &'static str {
        match self {
            Self::Pause => "plan_paused",
            Self::Resume { .. } => "plan_resumed",
            Self::Cancel => "plan_cancelled",
            Self::Card { .. } => "plan_card_changed",
        }
    }

    /// The plan after it; `Ok(false)` if it stands so already.
    fn apply(&self, plan: &mut Plan) -> Result<bool, PlanFault> {
        let named = plan.new.reference.clone();
        match (plan.state, self) {
            (PlanState::Done, _) => return Err(PlanFault::Over { reference: named, state: "done" }),
            (PlanState::Cancelled, Self::Cancel) | (PlanState::Paused, Self::Pause) => return Ok(false),
            (PlanState::Active, Self::Resume { .. }) => return Ok(false),
            (PlanState::Cancelled, _) => {
                return Err(PlanFault::Over { reference: named, state: "cancelled" });
            }
            (_, Self::Pause) => plan.state = PlanState::Paused,
            (_, Self::Cancel) => plan.state = PlanState::Cancelled,
            (_, Self::Card { token, until }) => {
                (plan.new.token, plan.new.card_until) = (*token, until.clone())
            }
            (_, Self::Resume { ordinal, due_ms, at_ms }) => {
                if plan.charging.is_some() && *ordinal != plan.ordinal {
                    return Err(PlanFault::Charging { reference: named });
                }
                (plan.ordinal, plan.due_ms, plan.next_at_ms) = (*ordinal, *due_ms, *at_ms);
                (plan.state, plan.declined, plan.faults) = (PlanState::Active, 0, 0);
            }
        }
        plan.why = String::new();
        Ok(true)
    }
}

impl Store {
    /// Does something with a plan, and says how it stands then.
    ///
    /// # Errors
    /// If there is none, it is over, or it could not be written.
    pub async fn change_plan(&self, id: Uuid, change: &PlanChange, actor: &str) -> Result<Plan, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.write().await?;
        let mut plan = self.existing_plan(&mut transaction, id).await?;
        if !change.apply(&mut plan)? {
            return Ok(plan);
        }
        query(CHANGE)
            .bind(id.to_string())
            .bind(plan.state.word())
            .bind(&plan.why)
            .bind(plan.new.token.to_string())
            .bind(plan.new.card_until.as_deref())
            .bind(i64::from(plan.ordinal))
            .bind(plan.due_ms)
            .bind(plan.next_at_ms)
            .bind(i64::from(plan.declined))
            .bind(i64::from(plan.faults))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let words = format!("charge {} of {}", plan.ordinal + 1, plan.new.rhythm);
        trail::append(&mut transaction, actor, change.act(), &subject(&plan), &words)
            .await
            .map_err(failed)?;
        self.commit(transaction).await?;
        Ok(plan)
    }
}
