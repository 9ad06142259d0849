//! A stored card that is charged without its customer: a payment without a call.
//!
//! It is written down, journalled and settled as any other payment, and looked after in the same way while its outcome
//! is not known. No other account is asked in the place of the one that keeps the card.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::call::{AttemptId, Ending, Money};
use crate::pbx::Means;
use crate::psp::{Agreement, Answer, Charge, Customer, Operation, Psp, StoredCard};
use crate::store::{AttemptState, ForOrder, NewAttempt, NewPayment, Order, Step, StoreError, Token};

use super::Desk;
use super::charge::unsent;
use super::merchant::UnknownMerchant;
use super::start::StartError;

/// A stored card that somebody wants charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenCharge {
    /// The stored card.
    pub token: Uuid,
    /// How much; none for all that is owed of `order`.
    pub amount: Option<Money>,
    /// The order it is for, by its reference; there has to be one.
    pub order: Option<String>,
    /// The company's own reference. If there is an order of this reference, the payment is for it.
    pub reference: Option<String>,
    /// What for; the order's or the merchant's own words if none.
    pub description: Option<String>,
    /// What the customer agreed to.
    pub agreement: Agreement,
    /// Who asks for it.
    pub actor: String,
}

/// Why a stored card is not charged. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum TokenFault {
    /// There is none.
    #[error("there is no stored card {0}; it may have been forgotten")]
    NoSuchToken(Uuid),
    /// It is stored with an account that is configured no more.
    #[error("the account `{0}` is configured no more; write its [[psp]] again")]
    NoSuchAccount(String),
    /// The provider cannot do it.
    #[error("the account `{psp}` cannot charge stored cards: {reason}")]
    Cannot {
        /// The account.
        psp: String,
        /// Why not.
        reason: &'static str,
    },
    /// As with any payment.
    #[error(transparent)]
    Start(#[from] StartError),
    /// What asked the provider came to an untimely end; the attempt is looked after.
    #[error("what became of payment {0} is not known yet; look it up later")]
    Interrupted(Uuid),
}

impl From<StoreError> for TokenFault {
    fn from(fault: StoreError) -> Self {
        Self::Start(fault.into())
    }
}

impl From<UnknownMerchant> for TokenFault {
    fn from(fault: UnknownMerchant) -> Self {
        Self::Start(fault.into())
    }
}

impl Desk {
    /// Charges a stored card, once, and says which payment that is. What came of it stands there; *unknown* is looked
    /// after, and is not to be asked for again.
    ///
    /// # Errors
    /// If there is no such card, its account cannot charge it, the order cannot be paid, an earlier attempt for the same
    /// reference is not known yet, or it could not be written down: nothing was sent then.
    pub async fn charge_token(self: &Arc<Self>, wanted: TokenCharge) -> Result<Uuid, TokenFault> {
        self.charge_token_as(Uuid::now_v7(), wanted).await
    }

    /// As [`Desk::charge_token`], under a payment's number that was written down before: whoever dies in between can
    /// look whether anything was sent.
    ///
    /// # Errors
    /// As [`Desk::charge_token`]; and if the number was used before.
    pub async fn charge_token_as(
        self: &Arc<Self>,
        id: Uuid,
        wanted: TokenCharge,
    ) -> Result<Uuid, TokenFault> {
        if self.draining.is_cancelled() {
            return Err(StartError::Draining.into());
        }
        let token = self.store.token(wanted.token).await?.ok_or(TokenFault::NoSuchToken(wanted.token))?;
        let (psp, stored) = self.keeper(&token).await?;
        let order = self.order_to_charge(&token, &wanted).await?;
        let reference = order.as_ref().map(|order| order.new.reference.clone()).or(wanted.reference);
        if let Some(reference) = &reference
            && let Some(attempt) = self.store.open_attempt_for(&token.merchant, reference).await?
        {
            return Err(StartError::StillUnknown { reference: reference.clone(), attempt }.into());
        }
        let amount = wanted.amount.or(order.as_ref().map(Order::owed)).ok_or(StartError::NoAmount)?;
        if let Some(order) = &order {
            order.takes(amount).map_err(StartError::Order)?;
        }
        if amount.minor < 1 {
            return Err(StartError::Zero.into());
        }
        let words = order.as_ref().map(|order| &order.new.description).filter(|words| !words.is_empty());
        let usual = &self.rules.merchants.named(&token.merchant)?.description;
        let new = NewPayment {
            id,
            merchant: token.merchant.clone(),
            agent: None,
            means: Means::Api,
            caller_number: None,
            dialled_number: None,
            reference,
            amount,
            description: wanted.description.unwrap_or_else(|| words.unwrap_or(usual).clone()),
            // There is no call.
            customer_leg: String::new(),
            agent_leg: None,
        };
        let attempt = AttemptId { payment: id.as_u128(), ordinal: 1 };
        // Before it can be found open: what is in hand is not looked for.
        let held = self.in_hand.take(attempt);
        let order = order.map(|order| ForOrder { id: order.id, even_if_unknown: false });
        self.store.begin_payment_for(&new, order).await?;
        let journalled = self.journal_token(&new, attempt, &token, &wanted.actor).await;
        if let Err(fault) = journalled {
            self.end_token(id, Ending::Fault).await;
            return Err(fault.into());
        }
        let desk = Arc::clone(self);
        let task = self.charges.spawn(async move {
            desk.send_token(psp.as_ref(), &new, attempt, &stored, wanted.agreement).await;
            drop(held);
        });
        task.await.map_err(|_| TokenFault::Interrupted(id))?;
        Ok(id)
    }

    /// The account that keeps a card, and its name for it.
    async fn keeper(&self, token: &Token) -> Result<(Arc<dyn Psp>, StoredCard), TokenFault> {
        let stored = self.store.stored_card(token.id).await?;
        let (name, stored) = stored.ok_or(TokenFault::NoSuchToken(token.id))?;
        let Some(psp) = self.account(&name) else { return Err(TokenFault::NoSuchAccount(name)) };
        match psp.capabilities().lacking(Operation::ChargeToken) {
            Some(reason) => Err(TokenFault::Cannot { psp: name, reason }),
            None => Ok((Arc::clone(psp), stored)),
        }
    }

    async fn order_to_charge(
        &self,
        token: &Token,
        wanted: &TokenCharge,
    ) -> Result<Option<Order>, TokenFault> {
        if let Some(reference) = &wanted.order {
            return Ok(Some(self.named_order(Some(&token.merchant), reference).await?));
        }
        let Some(reference) = &wanted.reference else { return Ok(None) };
        Ok(self.store.order(&token.merchant, reference).await?)
    }

    async fn journal_token(
        &self,
        new: &NewPayment,
        attempt: AttemptId,
        token: &Token,
        actor: &str,
    ) -> Result<(), StoreError> {
        let words = format!("{} by the stored card {}", new.amount, token.id);
        self.store.trail(actor, "token_charged", &new.id.to_string(), &words).await?;
        self.store.journal_attempt(&NewAttempt { attempt, psp: token.psp.clone() }).await
    }

    async fn send_token(
        &self,
        psp: &dyn Psp,
        new: &NewPayment,
        attempt: AttemptId,
        stored: &StoredCard,
        agreement: Agreement,
    ) {
        let charge = Charge {
            attempt,
            key: attempt.key(),
            amount: new.amount,
            description: new.description.clone(),
            reference: new.reference.clone(),
            caller_number: None,
            customer: Customer { shopper_reference: Some(stored.shopper.clone()), ..Customer::default() },
            parameters: BTreeMap::new(),
        };
        let answer = match self.store.attempt_step(attempt, Step::Sent, "").await {
            Ok(()) => {
                let bound = Duration::from_millis(self.rules.settle.settle_bound_ms);
                let asked = tokio::time::timeout(bound, psp.charge_token(&charge, stored, agreement)).await;
                asked.unwrap_or_else(|_| Answer::unknown("no answer while a customer would wait"))
            }
            Err(fault) => unsent(&fault),
        };
        self.settled(attempt, psp.name(), &answer).await;
        // A webhook may have been faster than the answer.
        let known = self.store.payment(new.id).await.ok().flatten();
        let ending = match known.and_then(|known| known.attempts.last().map(|attempt| attempt.state)) {
            Some(AttemptState::Approved) => Ending::Approved,
            Some(AttemptState::Declined) => Ending::Declined,
            Some(AttemptState::NotCharged) => Ending::Fault,
            _ => Ending::Unknown,
        };
        self.end_token(new.id, ending).await;
        if ending == Ending::Unknown {
            self.look_soon.notify_one();
        }
    }

    async fn end_token(&self, payment: Uuid, ending: Ending) {
        if let Err(fault) = self.store.end_payment(payment, ending).await {
            tracing::error!(%payment, "the end of a payment was not written down: {fault}");
        }
    }
}
