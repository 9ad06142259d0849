//! How a payment is made up: from the offer, from what was prepared, from the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::call::{
    Bounds, CodePolicy, Confirm, Currency, FieldOrder, Mode, Money, MoneyError, PostalPolicy, Setup,
};
use crate::card::YearMonth;
use crate::config::{self, CaptureSection, CodeDigits};
use crate::pbx::{CallName, Means, Offer, PbxError};
use crate::prompts::Language;
use crate::store::{NewPayment, StoreError};

use super::Desk;
use super::commanded::Commanded;
use super::live::Full;
use super::merchant::{Merchant, UnknownMerchant};

/// A payment without a call: what the API prepares for an agent, or asks for on a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Who is paid, by the id of the configuration; the call decides if nobody is named.
    pub merchant: Option<String>,
    /// How much.
    pub amount: Money,
    /// Whether its currency was named, rather than taken from [`Desk::presumed`].
    pub currency_named: bool,
    /// The company's own reference.
    pub reference: Option<String>,
    /// What for; the merchant's own words if none.
    pub description: Option<String>,
    /// The language of the prompts.
    pub language: Option<Language>,
    /// Free fields for the provider.
    pub parameters: BTreeMap<String, String>,
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
    Store(#[from] StoreError),
}

/// A payment made up, before its call is taken over.
pub(super) struct Plan {
    pub id: Uuid,
    pub merchant: Arc<Merchant>,
    pub amount: Money,
    pub language: Language,
    pub reference: Option<String>,
    pub description: String,
    pub parameters: BTreeMap<String, String>,
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
        let prepared = prepared
            .or_else(|| self.live.take_prepared(offer.agent_extension.as_deref().unwrap_or_default()));
        let plan = self.plan(&offer, prepared)?;
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
                let setup = self.setup(&offer, &plan);
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
        &self,
        offer: &Offer,
        plan: &Plan,
    ) -> Result<crate::pbx::Session, StartError> {
        let session = self.pbx.open(offer, &plan.id.to_string()).await?;
        self.store
            .begin_payment(&NewPayment {
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
            })
            .await?;
        Ok(session)
    }

    fn plan(&self, offer: &Offer, prepared: Option<Prepared>) -> Result<Plan, StartError> {
        let requested = prepared.as_ref().and_then(|prepared| prepared.merchant.as_deref());
        let merchant = Arc::clone(self.rules.merchants.of_call(requested, offer)?);
        let mut reference = offer.reference.clone();
        let spoken = offer.language.as_deref().and_then(|tag| tag.parse().ok());
        let id = Uuid::now_v7();
        let plan = |amount, reference| Plan {
            id,
            amount,
            language: spoken.unwrap_or(merchant.language),
            reference,
            description: merchant.description.clone(),
            parameters: BTreeMap::new(),
            merchant: Arc::clone(&merchant),
            commanded: None,
        };
        let plan = if let Some(prepared) = prepared {
            let amount = prepared_amount(&prepared, &merchant)?;
            let mut plan = plan(amount, prepared.reference.or(reference));
            plan.language = prepared.language.unwrap_or(plan.language);
            plan.description = prepared.description.unwrap_or(plan.description);
            plan.parameters = prepared.parameters;
            plan.id = prepared.commanded.as_ref().map_or(plan.id, |commanded| commanded.payment);
            plan.commanded = prepared.commanded;
            plan
        } else {
            let amount = offered_amount(&merchant, offer, &mut reference)?;
            plan(amount, reference)
        };
        let least = if plan.stores_card() { 0 } else { 1 };
        if plan.amount.minor < least {
            return Err(StartError::Zero);
        }
        Ok(plan)
    }

    fn setup(&self, offer: &Offer, plan: &Plan) -> Setup {
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
            bounds: bounds(capture),
        };
        if let Some(commanded) = &plan.commanded {
            commanded.apply(&mut setup);
        }
        setup
    }
}

/// What was prepared; an amount without a currency must have been understood in the merchant's own.
fn prepared_amount(prepared: &Prepared, merchant: &Merchant) -> Result<Money, StartError> {
    let amount = prepared.amount;
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
) -> Result<Money, StartError> {
    let currency = match &offer.currency {
        Some(code) => code.parse::<Currency>()?,
        None => merchant.currency,
    };
    let keyed = offer.means == Means::FeatureCode && merchant.code_digits == CodeDigits::Amount;
    if keyed && let Some(digits) = reference.take() {
        let minor = digits.parse().map_err(|_| MoneyError::Amount(digits, currency, currency.exponent()))?;
        return Ok(Money { minor, currency });
    }
    match &offer.amount {
        Some(amount) => Ok(Money::parse(amount, currency)?),
        None => Err(StartError::NoAmount),
    }
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
