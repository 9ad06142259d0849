//! How a payment begins: its call is free, its order is owed, no earlier attempt for it is open, and it is written down.

use std::sync::Arc;

use uuid::Uuid;

use crate::call::{Currency, Money, MoneyError};
use crate::orders::crm::CrmFault;
use crate::pbx::{Offer, PbxError, Session};
use crate::store::{ForOrder, NewPayment, OrderFault, StoreError};

use super::Desk;
use super::board::Subject;
use super::guard::Suspicion;
use super::live::Full;
use super::merchant::UnknownMerchant;
use super::owed::Owing;
use super::payment::{Plan, Prepared, Request};

/// Why a payment cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No amount from anywhere.
    #[error(
        "no amount is known for this call: set tonegate_amount (Asterisk: TONEGATE_AMOUNT) in the dialplan, key it after the feature code, \
         or prepare the payment over the API"
    )]
    NoAmount,
    /// An amount or currency that is none.
    #[error(transparent)]
    Amount(#[from] MoneyError),
    /// A merchant that there is not.
    #[error(transparent)]
    Merchant(#[from] UnknownMerchant),
    /// The amount was understood in one currency, and the call's merchant is paid in another.
    #[error(
        "the call belongs to the merchant `{merchant}`, who is paid in {currency}, and the amount was taken as {amount}: name \
         `merchant` or `currency`"
    )]
    OtherCurrency {
        /// Whose call it is.
        merchant: String,
        /// The merchant's currency.
        currency: Currency,
        /// How the amount was understood.
        amount: Money,
    },
    /// Zero, or below.
    #[error("the amount is zero; a payment has to be at least one minor unit")]
    Zero,
    /// An attempt for the same order is open.
    #[error(
        "the result of an earlier payment for {reference} is not known yet (attempt {attempt}): do not take the card again. It is \
         being looked for; look at the provider before you ask again with even_if_unknown"
    )]
    StillUnknown {
        /// The order.
        reference: String,
        /// The attempt.
        attempt: String,
    },
    /// The order it is for cannot be paid now.
    #[error(transparent)]
    Order(OrderFault),
    /// What is owed could not be looked up, and nobody may say it in its place, or has.
    #[error(
        "what is owed could not be looked up: {fault}; {}",
        if *.by_hand { "give amount and reference by hand, or try again" } else { "try again" }
    )]
    Crm {
        /// Why not.
        fault: CrmFault,
        /// Whether a payment with an amount given by hand may do without.
        by_hand: bool,
    },
    /// It looks like card testing.
    #[error("no card is asked for: {0}")]
    Suspect(Suspicion),
    /// A payment is running on this call.
    #[error("a payment is already running on this call")]
    SameCall,
    /// The limit of this node.
    #[error("{0} payments are under way, as many as limits.max_captures allows")]
    Limit(usize),
    /// The daemon is stopping.
    #[error("the daemon is stopping and begins no payment")]
    Draining,
    /// The PBX.
    #[error(transparent)]
    Pbx(#[from] PbxError),
    /// The store: nothing is begun that cannot be written down.
    #[error("the payment cannot be written down, so it does not begin: {0}")]
    Store(StoreError),
}

impl From<OrderFault> for StartError {
    fn from(fault: OrderFault) -> Self {
        Self::Order(fault)
    }
}

impl From<StoreError> for StartError {
    fn from(fault: StoreError) -> Self {
        match fault {
            StoreError::Order(fault) => Self::Order(fault),
            fault => Self::Store(fault),
        }
    }
}

impl Desk {
    /// Begins a payment on a call that the API names.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(self: &Arc<Self>, request: Request) -> Result<Uuid, StartError> {
        let offer = self.pbx.find(&request.call).await?;
        self.begin(offer, Some(request.payment)).await
    }

    /// Begins a payment on a call that the PBX offers.
    pub(super) async fn begin(
        self: &Arc<Self>,
        offer: Offer,
        prepared: Option<Prepared>,
    ) -> Result<Uuid, StartError> {
        if self.draining.is_cancelled() {
            return Err(StartError::Draining);
        }
        if let Some(suspicion) = self.suspects(&offer).await {
            return Err(StartError::Suspect(suspicion));
        }
        let prepared = prepared
            .or_else(|| self.live.take_prepared(offer.agent_extension.as_deref().unwrap_or_default()));
        let requested = prepared.as_ref().and_then(|prepared| prepared.merchant.as_deref());
        let merchant = Arc::clone(self.rules.merchants.of_call(requested, &offer)?);
        let Owing { order, customer, missed } = self.order_for(&offer, &merchant, prepared.as_ref()).await?;
        let mut plan = self.plan(&offer, &merchant, prepared, order.as_ref(), customer)?;
        plan.voice.make_ready(&merchant).await;
        let commands = self
            .live
            .enter(plan.id, offer.customer.clone(), offer.agent.clone(), offer.agent_extension.clone())
            .map_err(|full| match full {
                Full::Limit => StartError::Limit(self.rules.max_captures),
                Full::SameCall => StartError::SameCall,
            })?;
        let id = plan.id;
        let begun = self.write_down_and_open(&offer, &plan).await;
        match begun {
            Ok(session) => {
                let mut setup = self.setup(&offer, &plan);
                setup.manner = plan.manner(self.knows(&plan, &offer).await);
                self.feed.enter(Subject {
                    payment: id,
                    agent: offer.agent_extension.clone(),
                    call: offer.customer.0.clone(),
                    amount: plan.amount,
                    reference: plan.reference.clone(),
                });
                if let Some(fault) = missed {
                    let told = format!("what is owed could not be looked up: {fault}");
                    self.tell_alarm(id, "crm_unavailable", told, fault.remedy()).await;
                }
                let desk = Arc::clone(self);
                self.calls.spawn(async move { desk.run(offer, plan, setup, session, commands).await });
                Ok(id)
            }
            Err(fault) => {
                self.live.leave(id);
                Err(fault)
            }
        }
    }

    async fn write_down_and_open(
        self: &Arc<Self>,
        offer: &Offer,
        plan: &Plan,
    ) -> Result<Session, StartError> {
        let overridden = self.nothing_is_open(plan).await?;
        let order = plan.order.map(|id| ForOrder { id, even_if_unknown: plan.even_if_unknown.is_some() });
        if let Some(order) = order {
            // Decided once more where the payment is written down; here before the call is touched.
            self.order_is_free(order, plan).await?;
        }
        let session = self.pbx.open(offer, &plan.id.to_string()).await?;
        self.store
            .begin_payment_for(
                &NewPayment {
                    id: plan.id,
                    merchant: plan.merchant.id.clone(),
                    agent: offer.agent_extension.clone(),
                    means: offer.means,
                    caller_number: offer.caller_number.clone(),
                    dialled_number: offer.dialled_number.clone(),
                    reference: plan.reference.clone(),
                    amount: plan.amount,
                    description: plan.description.clone(),
                    customer_leg: offer.customer.0.clone(),
                    agent_leg: offer.agent.as_ref().map(|leg| leg.0.clone()),
                },
                order,
            )
            .await?;
        if let Some((person, attempt)) = overridden {
            let detail = format!("for the same order as {attempt}, which is not known yet");
            self.store.trail(person, "begun_although_unknown", &plan.id.to_string(), &detail).await?;
        }
        Ok(session)
    }

    /// Makes sure that the order can be paid now. A link that could pay it as well is ended first: the customer is on the
    /// telephone, and it is closed before the card is asked for.
    async fn order_is_free(self: &Arc<Self>, order: ForOrder, plan: &Plan) -> Result<(), StartError> {
        let fault = match self.store.order_can_be_paid(order, plan.amount).await {
            Err(StoreError::Order(fault @ OrderFault::Link { .. })) => fault,
            other => return Ok(other?),
        };
        if !self.end_link_in_the_way(&fault).await {
            return Err(StartError::Order(fault));
        }
        Ok(self.store.order_can_be_paid(order, plan.amount).await?)
    }

    /// Makes sure that no attempt for the same order may have been charged without anybody knowing; or says who lets
    /// it begin all the same, beside which attempt.
    async fn nothing_is_open<'a>(&self, plan: &'a Plan) -> Result<Option<(&'a str, String)>, StartError> {
        let Some(reference) = &plan.reference else { return Ok(None) };
        match (self.store.open_attempt_for(&plan.merchant.id, reference).await?, &plan.even_if_unknown) {
            (None, _) => Ok(None),
            (Some(attempt), Some(person)) => Ok(Some((person, attempt))),
            (Some(attempt), None) => Err(StartError::StillUnknown { reference: reference.clone(), attempt }),
        }
    }
}
