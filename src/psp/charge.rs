//! What is charged, and what a provider answers to it.

use std::collections::BTreeMap;

use super::{Customer, plausible_phone};
use crate::call::{AttemptId, DeclineReason, Money, Outcome};

/// What to charge, apart from the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The attempt; journalled before.
    pub attempt: AttemptId,
    /// Derived from the attempt alone; sent as the provider's idempotency key or transaction id.
    pub key: String,
    /// How much.
    pub amount: Money,
    /// What for, in words the customer knows.
    pub description: String,
    /// The company's own reference of the order.
    pub reference: Option<String>,
    /// The customer's telephone number.
    pub caller_number: Option<String>,
    /// What is known of the customer, for the provider's fraud checks.
    pub customer: Customer,
    /// Free fields for the provider.
    pub parameters: BTreeMap<String, String>,
}

impl Charge {
    /// The customer's telephone number: the order's, or else the one they call from, if it can be one.
    #[must_use]
    pub fn phone(&self) -> Option<&str> {
        let caller = self.caller_number.as_deref().filter(|number| plausible_phone(number).is_some());
        self.customer.phone.as_deref().or(caller)
    }
}

/// What came of one exchange with a provider about a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it means for the payment.
    pub outcome: Outcome,
    /// The provider's own code and words, for the journal and the admin; no card data.
    pub detail: String,
    /// The fault lies in the configuration: what the admin has to do.
    pub remedy: Option<String>,
    /// Whether sending the same key again is certain not to charge twice and may tell more.
    pub may_retry: bool,
    /// The provider is not there at this moment, and nothing of this request can have reached it. Nothing that a provider answered is ever taken for that: behind a gateway that says 503 there
    /// may be a bank that said yes.
    pub unavailable: bool,
}

impl Answer {
    /// The money is promised.
    #[must_use]
    pub fn approved(reference: impl Into<String>, detail: impl Into<String>) -> Answer {
        Answer::of(Outcome::Approved { reference: reference.into() }, detail)
    }

    /// The issuer said no.
    #[must_use]
    pub fn declined(reason: DeclineReason, detail: impl Into<String>) -> Answer {
        Answer::of(Outcome::Declined(reason), detail)
    }

    /// Nothing was charged, for a reason that is not the customer's.
    #[must_use]
    pub fn not_charged(detail: impl Into<String>) -> Answer {
        Answer::of(Outcome::NotCharged, detail)
    }

    /// Nothing was charged, and nothing will be before the admin does this.
    #[must_use]
    pub fn misconfigured(detail: impl Into<String>, remedy: impl Into<String>) -> Answer {
        Answer::of(Outcome::NotCharged, detail).with_remedy(remedy)
    }

    /// There is no way to the provider: nothing reached it, and another account may be asked in its place.
    #[must_use]
    pub fn unavailable(detail: impl Into<String>) -> Answer {
        Answer { unavailable: true, ..Answer::not_charged(detail) }
    }

    /// Whether the same charge may be sent to another account without any danger of charging twice.
    #[must_use]
    pub fn may_go_elsewhere(&self) -> bool {
        self.unavailable && self.outcome == Outcome::NotCharged
    }

    /// It may have been charged.
    #[must_use]
    pub fn unknown(detail: impl Into<String>) -> Answer {
        Answer::of(Outcome::Unknown, detail)
    }

    /// The same, with what the admin has to do.
    #[must_use]
    pub fn with_remedy(self, remedy: impl Into<String>) -> Answer {
        Answer { remedy: Some(remedy.into()), ..self }
    }

    /// The same, and the same key may be sent again.
    #[must_use]
    pub fn retryable(self, may_retry: bool) -> Answer {
        Answer { may_retry, ..self }
    }

    fn of(outcome: Outcome, detail: impl Into<String>) -> Answer {
        Answer { outcome, detail: detail.into(), remedy: None, may_retry: false, unavailable: false }
    }
}
