//! What an agent writes into the form that begins a payment.

use serde::Deserialize;

use crate::desk::{Prepared, StartError};
use crate::store::{ForOrder, OrderFault};

use super::super::Console;
use super::super::words::Words;
use super::typed_amount;

/// The longest reference.
const MAX_REFERENCE_CHARS: usize = 200;

/// The form.
#[derive(Deserialize)]
pub(in super::super) struct Start {
    pub(super) agent: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    order: String,
    #[serde(default)]
    reference: String,
    pub(super) how: String,
}

impl Start {
    /// The payment, or why there is none, in the agent's language.
    pub(super) async fn read(&self, console: &Console, w: &Words) -> Result<Prepared, String> {
        let text = |text: &str| {
            let text = text.trim();
            match text.chars().count() > MAX_REFERENCE_CHARS || text.chars().any(char::is_control) {
                true => Err(w.text_wrong.to_owned()),
                false => Ok((!text.is_empty()).then(|| text.to_owned())),
            }
        };
        let (order, reference) = (text(&self.order)?, text(&self.reference)?);
        let mut payment = Prepared {
            merchant: None,
            amount: None,
            currency_named: false,
            commanded: None,
            order,
            reference,
            description: None,
            language: None,
            customer: Default::default(),
            parameters: Default::default(),
            even_if_unknown: None,
        };
        let typed = |currency| typed_amount(&self.amount, currency).ok_or_else(|| w.amount_wrong.to_owned());
        let Some(reference) = &payment.order else {
            payment.amount = Some(typed(console.desk.merchant().currency)?);
            return Ok(payment);
        };
        let order = console.desk.named_order(None, reference).await.map_err(|fault| not_begun(&fault, w))?;
        let owed = order.owed();
        let amount = if self.amount.trim().is_empty() { owed } else { typed(owed.currency)? };
        let wanted = ForOrder { id: order.id, even_if_unknown: false };
        let can = console.desk.store().order_can_be_paid(wanted, amount).await;
        can.map_err(|fault| not_begun(&fault.into(), w))?;
        payment.merchant = Some(order.new.merchant);
        payment.amount = Some(amount);
        payment.currency_named = true;
        Ok(payment)
    }
}

/// Why a payment does not begin.
pub(super) fn not_begun(fault: &StartError, w: &Words) -> String {
    let StartError::Order(fault) = fault else { return fault.to_string() };
    let words = match fault {
        OrderFault::NoSuch(_) => w.order_none,
        OrderFault::Paid(_) => w.order_paid,
        OrderFault::Cancelled(_) => w.order_cancelled,
        OrderFault::UnderWay { .. } => w.order_under_way,
        OrderFault::Unknown { .. } => w.order_unknown,
        OrderFault::Link { .. } => w.order_link,
        OrderFault::TooMuch { .. } => w.order_too_much,
        OrderFault::Whole { .. } => w.order_whole,
        // The amount is read in the order's own currency, and no order is made here.
        OrderFault::Currency { .. } | OrderFault::Exists(_) => return fault.to_string(),
    };
    words.to_owned()
}
