//! The agent's key for other means: the same order, paid by link, and the link on its way before the agent has put the
//! telephone down.

use std::sync::Arc;

use uuid::Uuid;

use crate::messaging::{Address, Medium};
use crate::pbx::Offer;
use crate::prompts::Language;
use crate::store::is_open;

use super::Desk;
use super::payment::Plan;

impl Desk {
    /// Makes a link for a payment that has just ended with other means, and sends it, if the configuration says so and
    /// there is somewhere to send it to. `language` is the one the customer was spoken to in.
    pub(super) fn link_by_key(self: &Arc<Self>, plan: &Plan, offer: &Offer, language: Language) {
        let Some(medium) = self.rules.post.key_sends else { return };
        if plan.amount.minor == 0 || !self.makes_links(&plan.merchant.id) {
            return;
        }
        if self.rules.post.messenger(&plan.merchant.id, medium).is_none() {
            return;
        }
        let known = match medium {
            // The order knows better than the network where its customer is.
            Medium::Sms => plan.customer.phone.as_ref().or(offer.caller_number.as_ref()),
            Medium::Email => plan.customer.email.as_ref(),
        };
        let address = known.map(|text| Address::of(medium, text, &self.rules.post.numbering));
        let to = match address {
            Some(Ok(address)) => address,
            Some(Err(fault)) => {
                return tracing::info!(payment = %plan.id, "no link is sent by the agent's key: {fault}");
            }
            None => {
                return tracing::info!(payment = %plan.id, "no link is sent by the agent's key: no address is known");
            }
        };
        let actor = offer.agent_extension.clone().unwrap_or_else(|| "customer".into());
        let (desk, payment, customer) = (Arc::clone(self), plan.id, plan.customer.clone());
        let language = language.code().to_owned();
        self.charges.spawn(async move {
            let made = async {
                let known = desk.store.payment(payment).await.map_err(|fault| fault.to_string())?;
                let known = known.ok_or_else(|| "it is not written down".to_owned())?;
                let mut request =
                    desk.link_instead_of(&known, actor.clone()).map_err(|fault| fault.to_string())?;
                request.customer = customer;
                request.language = language;
                let link = desk.create_link(request).await.map_err(|fault| fault.to_string())?;
                if !is_open(&link, jiff::Timestamp::now().as_millisecond()) {
                    return Err(format!("the provider made no link: {}", link.detail));
                }
                desk.send_link(link.id, &to, &actor).await.map_err(|fault| fault.to_string())
            };
            if let Err(fault) = made.await {
                desk.no_link_by_key(payment, &fault).await;
            }
        });
    }

    async fn no_link_by_key(&self, payment: Uuid, fault: &str) {
        tracing::warn!(%payment, "no link was sent by the agent's key: {fault}");
        let subject = payment.to_string();
        if let Err(gap) = self.store.trail("tonegate", "link_not_sent", &subject, fault).await {
            tracing::error!(%payment, "the trail has a gap: {gap}");
        }
    }
}
