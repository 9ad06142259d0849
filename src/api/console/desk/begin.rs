//! What an agent writes into the form that begins a payment.

use serde::Deserialize;

use crate::desk::Prepared;
use crate::store::ForOrder;

use super::super::Console;
use super::super::reader::Reader;
use super::told::not_begun;
use super::typed_amount;
use super::unknown::Doubt;

/// The longest reference.
const MAX_REFERENCE_CHARS: usize = 200;

/// The form.
#[derive(Deserialize)]
pub(in super::super) struct Start {
    pub(super) agent: String,
    #[serde(default)]
    amount: String,
    /// An order's reference; it tells the amount, if none is written.
    #[serde(default)]
    order: String,
    #[serde(default)]
    reference: String,
    /// By the id of the configuration; empty if the call decides.
    #[serde(default)]
    merchant: String,
    /// `yes`: an earlier payment may have been charged, and they have looked.
    #[serde(default)]
    sure: String,
    pub(super) how: String,
}

impl Start {
    /// The payment, or why there is none, in the agent's language.
    pub(super) async fn read(&self, console: &Console, reader: &Reader) -> Result<Prepared, String> {
        let w = reader.locale.words();
        let desk = &console.desk;
        let merchant = Some(self.merchant.clone()).filter(|id| !id.is_empty());
        let presumed = desk.presumed(merchant.as_deref()).map_err(|_| w.no_such_merchant.to_owned())?;
        let text = |text: &str| {
            let text = text.trim();
            match text.chars().count() > MAX_REFERENCE_CHARS || text.chars().any(char::is_control) {
                true => Err(w.text_wrong.to_owned()),
                false => Ok((!text.is_empty()).then(|| text.to_owned())),
            }
        };
        let typed = |currency| typed_amount(&self.amount, currency).ok_or_else(|| w.amount_wrong.to_owned());
        let mut payment = Prepared {
            merchant,
            amount: None,
            currency_named: false,
            pace: None,
            commanded: None,
            order: text(&self.order)?,
            reference: text(&self.reference)?,
            description: None,
            language: None,
            customer: Default::default(),
            parameters: Default::default(),
            even_if_unknown: (self.sure == "yes").then(|| reader.viewer.person.actor()),
        };
        let Some(reference) = &payment.order else {
            payment.amount = Some(typed(presumed)?);
            return Ok(payment);
        };
        let refused = |fault| not_begun(&fault, desk.merchants(), w);
        let order = desk.named_order(payment.merchant.as_deref(), reference).await.map_err(refused)?;
        let owed = order.owed();
        let amount = if self.amount.trim().is_empty() { owed } else { typed(owed.currency)? };
        // What is not known yet is asked about when the payment begins.
        let wanted = ForOrder { id: order.id, even_if_unknown: true };
        let can = desk.order_may_be_paid(wanted, amount).await;
        can.map_err(|fault| refused(fault.into()))?;
        payment.merchant = Some(order.new.merchant);
        payment.amount = Some(amount);
        payment.currency_named = true;
        Ok(payment)
    }

    /// What is asked about where an earlier payment may have been charged. The reference names the order.
    pub(super) fn doubt(&self, payment: &Prepared) -> Doubt {
        let reference = payment.order.as_ref().or(payment.reference.as_ref());
        Doubt {
            agent: self.agent.clone(),
            amount: payment.amount.map_or_else(String::new, |amount| amount.decimal()),
            reference: reference.cloned().unwrap_or_default(),
            merchant: payment.merchant.clone().unwrap_or_default(),
        }
    }
}
