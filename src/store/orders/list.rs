//! Orders looked up by what is known of them, page after page.

use sqlx::QueryBuilder;
use sqlx::sqlite::Sqlite;

use super::super::{Cursor, MAX_PAGE_LENGTH, Store, StoreError};
use super::{Order, OrderState, WITH_PAID};

/// Which orders; what is not set does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Whose.
    pub merchant: Option<String>,
    /// The company's own reference.
    pub reference: Option<String>,
    /// The customer's telephone number, without what people write between its digits.
    pub phone: Option<String>,
    /// How it stands.
    pub state: Option<OrderState>,
}

/// Some orders, the youngest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderPage {
    /// The orders.
    pub orders: Vec<Order>,
    /// Where the next page begins; none if this is the last.
    pub next: Option<Cursor>,
}

/// Orders that nobody ever paid need no look at payments.
const HAS_PAYMENTS: &str = " AND id IN (SELECT order_id FROM payments WHERE order_id IS NOT NULL)";

fn page(filter: &OrderFilter, after: Option<Cursor>, limit: usize) -> QueryBuilder<Sqlite> {
    let mut page = QueryBuilder::new("SELECT * FROM (");
    page.push(WITH_PAID).push(") AS known WHERE 1 = 1");
    for (column, wanted) in
        [("merchant", &filter.merchant), ("reference", &filter.reference), ("phone", &filter.phone)]
    {
        if let Some(wanted) = wanted {
            page.push(" AND ").push(column).push(" = ").push_bind(wanted.clone());
        }
    }
    match filter.state {
        None => &mut page,
        Some(OrderState::Paid) => page.push(HAS_PAYMENTS).push(" AND paid_minor >= amount_minor"),
        Some(OrderState::PartlyPaid) => page
            .push(HAS_PAYMENTS)
            .push(" AND paid_minor > 0 AND paid_minor < amount_minor AND cancelled_at_ms IS NULL"),
        Some(OrderState::Open) => page.push(" AND cancelled_at_ms IS NULL AND paid_minor = 0"),
        Some(OrderState::Cancelled) => {
            page.push(" AND cancelled_at_ms IS NOT NULL AND paid_minor < amount_minor")
        }
    };
    if let Some(after) = after {
        after.push_to(&mut page);
    }
    // One more, to know whether there are more.
    page.push(" ORDER BY created_at_ms DESC, id DESC LIMIT ").push_bind(limit as i64 + 1);
    page
}

impl Store {
    /// Looks orders up, the youngest first, at most [`MAX_PAGE_LENGTH`] at a time.
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn orders(
        &self,
        filter: &OrderFilter,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<OrderPage, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let limit = limit.clamp(1, MAX_PAGE_LENGTH) as usize;
        let mut transaction = self.read().await?;
        let rows = page(filter, after, limit).build().fetch_all(&mut *transaction).await.map_err(failed)?;
        let read = rows.iter().take(limit).map(Order::from_row);
        let orders: Vec<Order> = read.collect::<Result<_, _>>().map_err(failed)?;
        let last = orders.last().filter(|_| rows.len() > limit);
        let next = last.map(|last| Cursor { created_at_ms: last.created_at_ms, id: last.id });
        Ok(OrderPage { orders, next })
    }
}
