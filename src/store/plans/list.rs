//! Plans looked up by what is known of them, page after page.

use sqlx::QueryBuilder;
use sqlx::sqlite::Sqlite;
use uuid::Uuid;

use super::super::{Cursor, MAX_PAGE_LENGTH, Store, StoreError};
use super::{Plan, PlanState};

/// Which plans; what is not set does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanFilter {
    /// Whose.
    pub merchant: Option<String>,
    /// The company's own reference.
    pub reference: Option<String>,
    /// The stored card.
    pub token: Option<Uuid>,
    /// How it stands.
    pub state: Option<PlanState>,
}

/// Some plans, the youngest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanPage {
    /// The plans.
    pub plans: Vec<Plan>,
    /// Where the next page begins; none if this is the last.
    pub next: Option<Cursor>,
}

impl Store {
    /// Looks plans up, the youngest first, at most [`MAX_PAGE_LENGTH`] at a time.
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn plans(
        &self,
        filter: &PlanFilter,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<PlanPage, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let limit = limit.clamp(1, MAX_PAGE_LENGTH) as usize;
        let mut page = QueryBuilder::<Sqlite>::new("SELECT * FROM plans WHERE 1 = 1");
        let (token, state) =
            (filter.token.map(|id| id.to_string()), filter.state.map(|s| s.word().to_owned()));
        let wanted = [
            ("merchant", &filter.merchant),
            ("reference", &filter.reference),
            ("token", &token),
            ("state", &state),
        ];
        for (column, wanted) in wanted {
            if let Some(wanted) = wanted {
                page.push(" AND ").push(column).push(" = ").push_bind(wanted.clone());
            }
        }
        if let Some(after) = after {
            after.push_to(&mut page);
        }
        // One more, to know whether there are more.
        page.push(" ORDER BY created_at_ms DESC, id DESC LIMIT ").push_bind(limit as i64 + 1);
        let mut transaction = self.read().await?;
        let rows = page.build().fetch_all(&mut *transaction).await.map_err(failed)?;
        let plans: Vec<Plan> =
            rows.iter().take(limit).map(Plan::from_row).collect::<Result<_, _>>().map_err(failed)?;
        let last = plans.last().filter(|_| rows.len() > limit);
        let next = last.map(|last| Cursor { created_at_ms: last.created_at_ms, id: last.id });
        Ok(PlanPage { plans, next })
    }
}
