//! How a payment is made up: from the offer, from what was prepared, from the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use uuid::Uuid;

use crate::call::{
    Bounds, CodePolicy, Confirm, Currency, Due, FieldOrder, Mode, Money, MoneyError, Pace, PostalPolicy,
    Setup,
};
use crate::card::YearMonth;
use crate::config::{self, CaptureSection, CodeDigits};
use crate::pbx::{CallName, Means, Offer};
use crate::prompts::Language;
use crate::psp::Customer;
use crate::store::Order;

use super::Desk;
use super::commanded::Commanded;
use super::customer;
use super::merchant::{Merchant, UnknownMerchant};
use super::speech::{self, Voice};
use super::start::StartError;

/// A payment without a call: what the API prepares for an agent, or asks for on a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Who is paid, by the id of the configuration; the call decides if nobody is named.
    pub merchant: Option<String>,
    /// How much; none for all that is owed of `order`.
    pub amount: Option<Money>,
    /// Whether its currency was named, rather than taken from [`Desk::presumed`].
    pub currency_named: bool,
    /// The order it is for, by its reference; there has to be one.
    pub order: Option<String>,
    /// The company's own reference. If there is an order of this reference, the payment is for it.
    pub reference: Option<String>,
    /// What for; the merchant's own words if none.
    pub description: Option<String>,
    /// The language of the prompts.
    pub language: Option<Language>,
    /// How fast the customer is spoken to; the merchant's own wish if none.
    pub pace: Option<Pace>,
    /// What the order tells of the customer.
    pub customer: Customer,
    /// Free fields for the provider.
    pub parameters: BTreeMap<String, String>,
    /// Who takes it upon themselves that the same order may be charged although an earlier attempt is not yet known;
    /// without a name that is refused.
    pub even_if_unknown: Option<String>,
    /// Each field is asked for by a program.
    pub commanded: Option<Commanded>,
}

/// What the API asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// On which call.
    pub call: CallName,
    /// What.
    pub payment: Prepared,
}

/// A payment made up, before its call is taken over.
#[derive(Clone)]
pub(super) struct Plan {
    pub id: Uuid,
    pub merchant: Arc<Merchant>,
    pub amount: Money,
    /// What is owed, where a caller alone may pay a part of it.
    pub due: Option<Due>,
    pub voice: Voice,
    pub pace: Option<Pace>,
    /// When it is due, if the order says so.
    pub due_on: Option<Date>,
    pub reference: Option<String>,
    /// The order it is for, by its number here.
    pub order: Option<Uuid>,
    pub description: String,
    pub customer: Customer,
    pub parameters: BTreeMap<String, String>,
    pub even_if_unknown: Option<String>,
    pub commanded: Option<Commanded>,
}

impl Plan {
    /// Whether the card is stored and nothing charged.
    pub(super) fn stores_card(&self) -> bool {
        self.commanded.as_ref().is_some_and(|commanded| commanded.store_card)
    }
}

impl Desk {
    /// The currency of an amount that comes without one: that of the merchant named, or of the default.
    ///
    /// # Errors
    /// If there is no such merchant.
    pub fn presumed(&self, merchant: Option<&str>) -> Result<Currency, UnknownMerchant> {
        Ok(merchant
            .map_or(Ok(self.rules.merchants.default_one()), |id| self.rules.merchants.named(id))?
            .currency)
    }

    pub(super) fn plan(
        &self,
        offer: &Offer,
        merchant: &Arc<Merchant>,
        prepared: Option<Prepared>,
        order: Option<&Order>,
        told: Customer,
    ) -> Result<Plan, StartError> {
        let mut reference = offer.reference.clone();
        let wanted = prepared.as_ref().and_then(|prepared| prepared.language);
        let named = wanted.or_else(|| speech::named(offer, order));
        let id = Uuid::now_v7();
        let plan = |amount, reference| Plan {
            id,
            amount,
            due: order.filter(|_| offer.means == Means::DirectNumber && offer.amount.is_none()).and_then(due),
            voice: merchant.voice(offer, named),
            pace: None,
            due_on: order.and_then(|order| order.new.due),
            reference: order.map_or(reference, |order| Some(order.new.reference.clone())),
            order: order.map(|order| order.id),
            description: described(order).unwrap_or(&merchant.description).clone(),
            customer: Customer::default(),
            parameters: BTreeMap::new(),
            even_if_unknown: None,
            merchant: Arc::clone(merchant),
            commanded: None,
        };
        let mut plan = if let Some(prepared) = prepared {
            let amount = prepared_amount(&prepared, merchant, order)?;
            let mut plan = plan(amount, prepared.reference.or(reference));
            plan.pace = prepared.pace;
            plan.description = prepared.description.unwrap_or(plan.description);
            plan.customer = prepared.customer;
            plan.parameters = prepared.parameters;
            plan.even_if_unknown = prepared.even_if_unknown;
            plan.id = prepared.commanded.as_ref().map_or(plan.id, |commanded| commanded.payment);
            plan.commanded = prepared.commanded;
            plan
        } else {
            let amount = match offered_amount(merchant, offer, &mut reference, order) {
                // The customer keys what it is for.
                Err(StartError::NoAmount) if self.asks_reference(offer) => {
                    Money { minor: 0, currency: merchant.currency }
                }
                amount => amount?,
            };
            plan(amount, reference)
        };
        customer::of_crm(&mut plan.customer, told);
        if let Some(order) = order {
            customer::of_order(&mut plan.customer, &order.new.customer);
        }
        customer::complete(&mut plan.customer, offer);
        if let Some(order) = order {
            order.takes(plan.amount).map_err(StartError::Order)?;
        }
        let comes_later = plan.stores_card() || (order.is_none() && self.asks_reference(offer));
        if plan.amount.minor < 1 && !comes_later {
            return Err(StartError::Zero);
        }
        Ok(plan)
    }

    pub(super) fn setup(&self, offer: &Offer, plan: &Plan) -> Setup {
        let (mode, capture) = match offer.agent {
            Some(_) => (Mode::Assisted, &self.rules.assisted),
            None => (Mode::SelfService, &self.rules.self_service),
        };
        let mut setup = Setup {
            payment: plan.id.as_u128(),
            amount: plan.amount,
            mode,
            today: this_month(),
            accepted: plan.merchant.accepted.clone(),
            order: FieldOrder::Fixed,
            enter_twice: capture.enter_twice,
            code: match capture.security_code {
                config::SecurityCode::Required => CodePolicy::Required,
                config::SecurityCode::Optional => CodePolicy::Optional,
                config::SecurityCode::Off => CodePolicy::Off,
            },
            postal: (capture.postal_code == config::PostalCode::Required).then_some(PostalPolicy {
                min_digits: capture.postal_code_min_digits,
                max_digits: capture.postal_code_max_digits,
            }),
            confirm: match capture.confirm {
                config::Confirm::None => Confirm::None,
                config::Confirm::LastFour => Confirm::LastFour,
                config::Confirm::Payment => Confirm::Payment,
            },
            manner: plan.manner(false),
            besides: plan.besides(mode),
            bounds: bounds(capture),
        };
        if let Some(commanded) = &plan.commanded {
            commanded.apply(&mut setup);
        }
        setup
    }
}

impl Desk {
    /// Whether a caller alone is asked for a reference, because nobody has said what is to be paid.
    fn asks_reference(&self, offer: &Offer) -> bool {
        let said = offer.amount.is_some() || offer.reference.is_some();
        offer.means == Means::DirectNumber && !said && self.rules.ask_reference
    }
}

/// What is owed of an order, if a part of it may be paid.
pub(super) fn due(order: &Order) -> Option<Due> {
    Some(Due { owed: order.owed(), least: order.least() }).filter(Due::allows_parts)
}

/// What an order is for, if it says so.
pub(super) fn described(order: Option<&Order>) -> Option<&String> {
    order.map(|order| &order.new.description).filter(|words| !words.is_empty())
}

/// What was prepared; an amount without a currency must have been understood in the merchant's own.
fn prepared_amount(
    prepared: &Prepared,
    merchant: &Merchant,
    order: Option<&Order>,
) -> Result<Money, StartError> {
    let Some(amount) = prepared.amount else { return order.map(Order::owed).ok_or(StartError::NoAmount) };
    if prepared.currency_named || amount.currency == merchant.currency {
        return Ok(amount);
    }
    Err(StartError::OtherCurrency { merchant: merchant.id.clone(), currency: merchant.currency, amount })
}

/// The amount the dialplan gives, or the agent keyed after the code in minor units (`*729` `4250` `#`).
fn offered_amount(
    merchant: &Merchant,
    offer: &Offer,
    reference: &mut Option<String>,
    order: Option<&Order>,
) -> Result<Money, StartError> {
    let currency = match &offer.currency {
        Some(code) => code.parse::<Currency>()?,
        None => merchant.currency,
    };
    if keys_amount(merchant, offer)
        && let Some(digits) = reference.take()
    {
        let minor = digits.parse().map_err(|_| MoneyError::Amount(digits, currency, currency.exponent()))?;
        return Ok(Money { minor, currency });
    }
    match &offer.amount {
        Some(amount) => Ok(Money::parse(amount, currency)?),
        None => order.map(Order::owed).ok_or(StartError::NoAmount),
    }
}

/// Whether what was keyed after the code is an amount, and no reference.
pub(super) fn keys_amount(merchant: &Merchant, offer: &Offer) -> bool {
    offer.means == Means::FeatureCode && merchant.code_digits == CodeDigits::Amount
}

/// The admin's bounds over the core's own.
fn bounds(capture: &CaptureSection) -> Bounds {
    Bounds {
        first_key_timeout_ms: capture.first_key_timeout_ms,
        between_keys_timeout_ms: capture.between_keys_timeout_ms,
        between_keys_max_ms: capture.between_keys_max_ms,
        settle_ms: capture.settle_ms,
        sentence_max_ms: capture.sentence_max_ms,
        seal_timeout_ms: capture.seal_timeout_ms,
        shield_timeout_ms: capture.shield_timeout_ms,
        unseal_timeout_ms: capture.unseal_timeout_ms,
        unseal_tries: capture.unseal_tries,
        pause_max_ms: capture.pause_max_ms,
        bank_slow_ms: capture.bank_slow_ms,
        bank_bound_ms: capture.bank_bound_ms,
        decision_timeout_ms: capture.decision_timeout_ms,
        pbx_grace_ms: capture.pbx_grace_ms,
        attempts_per_field: capture.attempts_per_field,
        max_charges: capture.max_charges,
        ..Bounds::default()
    }
}

/// A card is good to the end of its month where the company is.
fn this_month() -> YearMonth {
    let today = jiff::Zoned::now().date();
    let year = u16::try_from(today.year()).unwrap_or(u16::MAX);
    let month = u8::try_from(today.month()).unwrap_or(1);
    YearMonth::new(year, month).unwrap_or_else(|| unreachable!("the calendar has twelve months"))
}
