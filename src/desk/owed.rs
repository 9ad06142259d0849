//! The order a payment is for: the one that was named, the one its reference happens to be, or the one that the caller
//! owes; as the company's own system tells it, where there is one, or as it stands in the store.

use crate::call::Money;
use crate::orders::crm::{Crm, CrmFault, Payee, Question};
use crate::pbx::{Means, Offer};
use crate::psp::{Customer, plausible_phone};
use crate::store::{ForOrder, Order, OrderFault, OrderFilter, OrderState, StoreError};

use super::Desk;
use super::merchant::Merchant;
use super::payment::{Prepared, keys_amount};
use super::start::StartError;

/// Who brings orders into the trail that the company's system tells of.
const CRM_ACTOR: &str = "crm";

/// Orders of one number that are looked at; of several, nobody knows which is meant.
const OF_CALLER_MAX: u32 = 3;

/// What is owed, as far as anybody knows.
#[derive(Default)]
pub(super) struct Owing {
    /// The order, if there is one.
    pub order: Option<Order>,
    /// What the company's system tells of the customer.
    pub customer: Customer,
    /// Why that system could not be asked.
    pub missed: Option<CrmFault>,
}

impl Desk {
    /// An order of a merchant, or of the default one.
    ///
    /// # Errors
    /// If there is no such merchant or order, nobody can be asked who knows, or the store does not answer.
    pub async fn named_order(&self, merchant: Option<&str>, reference: &str) -> Result<Order, StartError> {
        let merchants = &self.rules.merchants;
        let merchant = merchant.map_or(Ok(merchants.default_one()), |id| merchants.named(id))?;
        let found = self.order_of(merchant, reference).await?.order;
        found.ok_or_else(|| OrderFault::NoSuch(reference.to_owned()).into())
    }

    /// Whether a payment for this order may begin, as far as it can be told before its call is there: a link that stands in
    /// the way is ended when it does.
    ///
    /// # Errors
    /// If it is paid or cancelled, the amount does not fit, somebody is or may be paying it otherwise, or the store does not
    /// answer.
    pub async fn order_may_be_paid(&self, wanted: ForOrder, amount: Money) -> Result<(), StoreError> {
        match self.store.order_can_be_paid(wanted, amount).await {
            Err(StoreError::Order(OrderFault::Link { .. })) => Ok(()),
            other => other,
        }
    }

    /// What a payment that begins is for.
    pub(super) async fn order_for(
        &self,
        offer: &Offer,
        merchant: &Merchant,
        prepared: Option<&Prepared>,
    ) -> Result<Owing, StartError> {
        if let Some(reference) = prepared.and_then(|prepared| prepared.order.as_ref()) {
            let owing = self.order_of(merchant, reference).await?;
            if owing.order.is_none() {
                return Err(OrderFault::NoSuch(reference.clone()).into());
            }
            return Ok(owing);
        }
        // Storing a card pays nothing.
        if prepared.and_then(|prepared| prepared.commanded.as_ref()).is_some_and(|one| one.store_card) {
            return Ok(Owing::default());
        }
        let own = prepared.and_then(|prepared| prepared.reference.as_ref());
        let keyed_amount = prepared.is_none() && keys_amount(merchant, offer);
        let of_call = offer.reference.as_ref().filter(|_| !keyed_amount);
        if let Some(reference) = own.or(of_call) {
            let said = prepared.map_or(offer.amount.is_some(), |prepared| prepared.amount.is_some());
            return self.referred(merchant, Question::Reference(reference), said).await;
        }
        let nothing_said = prepared.is_none() && offer.reference.is_none() && offer.amount.is_none();
        if nothing_said && self.recognises(offer, merchant) {
            return self.of_caller(offer, merchant).await;
        }
        Ok(Owing::default())
    }

    /// The order of a reference that may be none. Where the amount is said, the payment can do without one.
    async fn referred(
        &self,
        merchant: &Merchant,
        asked: Question<'_>,
        amount_said: bool,
    ) -> Result<Owing, StartError> {
        let (crm, mut owing) = (self.crm_of(merchant), Owing::default());
        if let Some(crm) = crm {
            match self.look_up(crm, merchant, asked).await? {
                Ok(mut found) if !found.is_empty() => return Ok(found.swap_remove(0)),
                Ok(_) => {}
                Err(fault) => owing.missed = Some(fault),
            }
        }
        let (Question::Reference(reference) | Question::Keyed(reference) | Question::Phone(reference)) =
            asked;
        owing.order = self.store.order(&merchant.id, reference).await?;
        match (&owing.missed, crm) {
            (Some(fault), Some(crm)) if owing.order.is_none() && !(crm.by_hand() && amount_said) => {
                Err(StartError::Crm { fault: fault.clone(), by_hand: crm.by_hand() })
            }
            _ => Ok(owing),
        }
    }

    /// The order of a reference, if there is one.
    async fn order_of(&self, merchant: &Merchant, reference: &str) -> Result<Owing, StartError> {
        self.referred(merchant, Question::Reference(reference), false).await
    }

    /// The order of what a caller alone keyed, if there is one.
    pub(super) async fn order_keyed(&self, merchant: &Merchant, digits: &str) -> Result<Owing, StartError> {
        self.referred(merchant, Question::Keyed(digits), false).await
    }

    /// Whether it is looked up what the caller owes, where nobody says what is to be paid.
    fn recognises(&self, offer: &Offer, merchant: &Merchant) -> bool {
        match offer.means {
            Means::DirectNumber => self.rules.recognise_caller,
            Means::FeatureCode | Means::Api => self.crm_of(merchant).is_some_and(Crm::by_caller),
        }
    }

    /// What the caller's number owes, if it is one order alone.
    async fn of_caller(&self, offer: &Offer, merchant: &Merchant) -> Result<Owing, StartError> {
        let Some(phone) = offer.caller_number.as_deref().and_then(plausible_phone) else {
            return Ok(Owing::default());
        };
        let mut missed = None;
        if let Some(crm) = self.crm_of(merchant) {
            match self.look_up(crm, merchant, Question::Phone(&phone)).await? {
                Ok(found) if !found.is_empty() => {
                    let mut owed =
                        found.into_iter().filter(|owing| owing.order.as_ref().is_some_and(is_owed));
                    return Ok(owed.next().filter(|_| owed.next().is_none()).unwrap_or_default());
                }
                Ok(_) => {}
                Err(fault) => missed = Some(fault),
            }
        }
        let order = self.kept_for(merchant, &phone).await?;
        Ok(Owing { order, missed, ..Owing::default() })
    }

    /// The one order of the store that a number owes, with and without the sign of a country code.
    async fn kept_for(&self, merchant: &Merchant, phone: &str) -> Result<Option<Order>, StoreError> {
        let plain = phone.trim_start_matches('+');
        let mut owed = Vec::new();
        for phone in [plain.to_owned(), format!("+{plain}")] {
            for state in [OrderState::Open, OrderState::PartlyPaid] {
                let filter = OrderFilter {
                    merchant: Some(merchant.id.clone()),
                    phone: Some(phone.clone()),
                    state: Some(state),
                    ..OrderFilter::default()
                };
                owed.extend(self.store.orders(&filter, None, OF_CALLER_MAX).await?.orders);
            }
        }
        Ok(owed.pop().filter(|_| owed.is_empty()))
    }

    /// The company's system, if it knows the orders of this merchant.
    fn crm_of(&self, merchant: &Merchant) -> Option<&Crm> {
        self.rules.crm.as_deref().filter(|crm| crm.knows(&merchant.id))
    }

    /// What the company's system tells, as it stands in the store then.
    async fn look_up(
        &self,
        crm: &Crm,
        merchant: &Merchant,
        asked: Question<'_>,
    ) -> Result<Result<Vec<Owing>, CrmFault>, StoreError> {
        let payee = Payee { merchant: &merchant.id, currency: merchant.currency };
        let found = match crm.ask(payee, asked).await {
            Ok(found) => found,
            Err(fault) => {
                crate::observe::alarm("crm_unavailable", None, &fault, fault.remedy());
                return Ok(Err(fault));
            }
        };
        let mut told = Vec::with_capacity(found.len());
        for one in found {
            let order = self.store.hear_order(&one.order, CRM_ACTOR).await?;
            told.push(Owing { order: Some(order), customer: one.customer, missed: None });
        }
        Ok(Ok(told))
    }
}

fn is_owed(order: &Order) -> bool {
    matches!(order.state(), OrderState::Open | OrderState::PartlyPaid)
}
