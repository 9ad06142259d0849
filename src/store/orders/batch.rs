//! Many orders at once: one transaction, one row of the trail.

use std::collections::{BTreeMap, HashSet};

use sqlx::sqlite::Sqlite;
use sqlx::{QueryBuilder, Row, Transaction};
use uuid::Uuid;

use super::super::text::{detail, field};
use super::super::{Store, StoreError, now_ms, trail};
use super::NewOrder;

/// Orders that one transaction takes: the payments of a busy company wait for it, in all a few milliseconds.
pub const MAX_BATCH_ORDERS: usize = 1_000;

/// What became of many orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// How many were written down.
    pub added: u64,
    /// Places, from 0, of those whose reference is taken; they were left out.
    pub known: Vec<usize>,
}

const ADD: &str = "INSERT INTO orders (id, merchant, reference, created_at_ms, amount_minor, currency, description, \
     customer_name, phone, email, language, due, parts, minimum_minor) ";

impl Store {
    /// Which of these have a reference that is taken, here or further up in the batch. Nothing is written.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn known_orders(&self, orders: &[NewOrder]) -> Result<Vec<usize>, StoreError> {
        let mut transaction = self.read().await?;
        self.taken(&mut transaction, orders).await
    }

    /// Writes orders down, at most [`MAX_BATCH_ORDERS`] of them; those whose reference is taken are left out.
    /// `source` says in the trail where they come from.
    ///
    /// # Errors
    /// If they could not be written: none of them is.
    pub async fn add_orders(
        &self,
        orders: &[NewOrder],
        source: &str,
        actor: &str,
    ) -> Result<Batch, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let orders = &orders[..orders.len().min(MAX_BATCH_ORDERS)];
        let mut transaction = self.write().await?;
        let known = self.taken(&mut transaction, orders).await?;
        let mut left_out = known.iter().copied().peekable();
        let new: Vec<&NewOrder> = (0..)
            .zip(orders)
            .filter(|(at, _)| left_out.next_if_eq(at).is_none())
            .map(|(_, order)| order)
            .collect();
        if let (Some(first), Some(last)) = (new.first(), new.last()) {
            insert(&new).build().execute(&mut *transaction).await.map_err(failed)?;
            let words =
                format!("{}: {} to {}, {} orders", source, first.reference, last.reference, new.len());
            trail::append(&mut transaction, actor, "orders_imported", "orders", &words)
                .await
                .map_err(failed)?;
            self.commit(transaction).await?;
        }
        Ok(Batch { added: new.len() as u64, known })
    }

    /// Places of those whose reference is taken, in order.
    async fn taken<'a>(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        orders: &'a [NewOrder],
    ) -> Result<Vec<usize>, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut wanted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for order in orders {
            wanted.entry(&order.merchant).or_default().push(field(&order.reference));
        }
        let mut seen: HashSet<(&str, String)> = HashSet::with_capacity(orders.len());
        for (merchant, references) in wanted {
            let mut known = QueryBuilder::<Sqlite>::new("SELECT reference FROM orders WHERE merchant = ");
            known.push_bind(field(merchant)).push(" AND reference IN (");
            let mut listed = known.separated(", ");
            for reference in references {
                listed.push_bind(reference);
            }
            known.push(")");
            for row in known.build().fetch_all(&mut **transaction).await.map_err(failed)? {
                seen.insert((merchant, row.try_get("reference").map_err(failed)?));
            }
        }
        let mut is_new =
            |order: &'a NewOrder| seen.insert((&order.merchant, field(&order.reference).to_owned()));
        Ok((0..).zip(orders).filter(|(_, order)| !is_new(order)).map(|(at, _)| at).collect())
    }
}

/// Their rows.
pub(super) fn insert<'a>(orders: &[&'a NewOrder]) -> QueryBuilder<Sqlite> {
    let now_ms = now_ms();
    let mut insert = QueryBuilder::new(ADD);
    let optional = |text: &'a Option<String>| text.as_deref().map(|text| field(text).to_owned());
    insert.push_values(orders, |mut row, order| {
        row.push_bind(Uuid::now_v7().to_string())
            .push_bind(field(&order.merchant).to_owned())
            .push_bind(field(&order.reference).to_owned())
            .push_bind(now_ms)
            .push_bind(order.amount.minor)
            .push_bind(order.amount.currency.code().to_owned())
            .push_bind(detail(&order.description))
            .push_bind(order.customer.name.as_deref().map(detail))
            .push_bind(optional(&order.customer.phone))
            .push_bind(optional(&order.customer.email))
            .push_bind(optional(&order.customer.language))
            .push_bind(order.due.map(|due| due.to_string()))
            .push_bind(i64::from(order.parts))
            .push_bind(order.minimum.map(|least| least.minor));
    });
    insert
}
