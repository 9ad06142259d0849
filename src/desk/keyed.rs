//! What a caller alone owes, once they have keyed a reference, and how much of it they pay.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::call::{Due, Money, Owed};
use crate::store::{Order, OrderFault, StoreError};

use super::Desk;
use super::board::Subject;
use super::customer;
use super::payment::{Plan, described, due};
use super::start::StartError;
use super::task::Answer;

/// What the call wants to know.
pub(super) enum Wanted {
    /// What a reference stands for.
    Reference(String),
    /// Whether this part of the order may be paid.
    Part(Money),
}

impl Desk {
    /// Finds out, ties the payment to it, and tells the call.
    pub(super) fn find_out(
        self: &Arc<Self>,
        plan: &Arc<Plan>,
        call: String,
        wanted: Wanted,
        answers: mpsc::Sender<Answer>,
    ) {
        let (desk, plan) = (Arc::clone(self), Arc::clone(plan));
        self.charges.spawn(async move {
            let found = match wanted {
                Wanted::Reference(reference) => desk.owed_under(&plan, &reference).await,
                Wanted::Part(amount) => desk.part_of(&plan, amount).await.map(Some),
            };
            let told = match found {
                Ok(Some(known)) => {
                    desk.feed.concerns(Subject {
                        payment: known.id,
                        agent: None,
                        call,
                        amount: known.amount,
                        reference: known.reference.clone(),
                    });
                    let due = known.due.unwrap_or_else(|| Due::at_once(known.amount));
                    Answer::Owed(Owed::This(due), Some(Box::new(known)))
                }
                Ok(None) => Answer::Owed(Owed::Nothing, None),
                Err(fault) => {
                    tracing::warn!(payment = %plan.id, "what a caller keyed cannot be paid: {fault}");
                    Answer::Owed(Owed::Unknown, None)
                }
            };
            // The call may be over; then nobody pays.
            let _ = answers.send(told).await;
        });
    }

    /// The payment as it is from now on; none if nothing is owed under this reference.
    async fn owed_under(&self, plan: &Plan, reference: &str) -> Result<Option<Plan>, StartError> {
        let found = self.order_keyed(&plan.merchant, reference).await?;
        let Some(order) = found.order.filter(is_payable) else { return Ok(None) };
        let description = described(Some(&order)).unwrap_or(&plan.merchant.description).clone();
        match self.store.tie_to_order(plan.id, &order, order.owed(), &description).await {
            Ok(()) => {}
            // Paid or cancelled in this very moment.
            Err(StoreError::Order(OrderFault::Paid(_) | OrderFault::Cancelled(_))) => return Ok(None),
            Err(fault) => return Err(fault.into()),
        }
        let mut customer = plan.customer.clone();
        customer::of_crm(&mut customer, found.customer);
        customer::of_order(&mut customer, &order.new.customer);
        Ok(Some(Plan {
            amount: order.owed(),
            due: due(&order),
            order: Some(order.id),
            reference: Some(order.new.reference),
            description,
            customer,
            ..plan.clone()
        }))
    }

    /// The payment of a part of its order.
    async fn part_of(&self, plan: &Plan, amount: Money) -> Result<Plan, StartError> {
        let reference = plan.reference.clone().unwrap_or_default();
        let order = self.store.order(&plan.merchant.id, &reference).await?;
        let order = order.ok_or(OrderFault::NoSuch(reference))?;
        self.store.tie_to_order(plan.id, &order, amount, &plan.description).await?;
        Ok(Plan { amount, due: None, ..plan.clone() })
    }
}

fn is_payable(order: &Order) -> bool {
    order.takes(order.owed()).is_ok()
}
