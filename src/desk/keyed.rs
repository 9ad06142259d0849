//! What a caller alone owes, once they have keyed a reference.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::call::Owed;
use crate::store::{Order, OrderFault, StoreError};

use super::Desk;
use super::board::Subject;
use super::customer;
use super::payment::{Plan, described};
use super::start::StartError;
use super::task::Answer;

impl Desk {
    /// Looks up what a reference stands for, ties the payment to it, and tells the call.
    pub(super) fn look_up_keyed(
        self: &Arc<Self>,
        plan: &Arc<Plan>,
        call: String,
        reference: String,
        answers: mpsc::Sender<Answer>,
    ) {
        let (desk, plan) = (Arc::clone(self), Arc::clone(plan));
        self.charges.spawn(async move {
            let told = match desk.owed_under(&plan, &reference).await {
                Ok(Some(known)) => {
                    desk.feed.concerns(Subject {
                        payment: known.id,
                        agent: None,
                        call,
                        amount: known.amount,
                        reference: known.reference.clone(),
                    });
                    Answer::Owed(Owed::This(known.amount), Some(Box::new(known)))
                }
                Ok(None) => Answer::Owed(Owed::Nothing, None),
                Err(fault) => {
                    tracing::warn!(payment = %plan.id, "a keyed reference cannot be paid: {fault}");
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
        match self.store.tie_to_order(plan.id, &order, &description).await {
            Ok(()) => {}
            // Paid or cancelled in this very moment.
            Err(StoreError::Order(OrderFault::Paid(_) | OrderFault::Cancelled(_))) => return Ok(None),
            Err(fault) => return Err(fault.into()),
        }
        let mut customer = plan.customer.clone();
        customer::of_crm(&mut customer, found.customer);
        customer::of_order(&mut customer, &order.new.customer);
        Ok(Some(Plan {
            id: plan.id,
            merchant: Arc::clone(&plan.merchant),
            amount: order.owed(),
            language: plan.language,
            reference: Some(order.new.reference),
            order: Some(order.id),
            description,
            customer,
            parameters: plan.parameters.clone(),
            even_if_unknown: None,
            commanded: None,
        }))
    }
}

fn is_payable(order: &Order) -> bool {
    order.takes(order.owed()).is_ok()
}
