//! What is owed, asked of the company's own system over HTTP while the customer waits.
//!
//! One address, named by the admin; a signed question, an answer within a bound of time and size, no redirects. What it
//! tells becomes an order of the store like any other, so that nothing is ever paid twice. What it tells of the
//! customer for fraud checks is kept for the call alone.

mod answer;
mod cache;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::call::Currency;
use crate::config::{ConfigError, CrmSection};
use crate::outbox::{Courier, Reach, SigningKey, usable_url};
use crate::psp::Customer;
use crate::store::NewOrder;

use answer::Reading;
use cache::Cache;

/// The largest answer that is read.
pub const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// Orders of one answer; more are more than anybody is asked about on the telephone.
pub const MAX_ANSWER_ORDERS: usize = 20;
/// Questions on their way at the same time; more wait, within the bound of an answer.
const AT_ONCE: usize = 32;
/// No order has this reference: it begins with a blank.
const PROBE: &str = " tonegate-check";

/// An order as the company's system tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The order.
    pub order: NewOrder,
    /// What fraud checks want to know of the customer.
    pub customer: Customer,
}

/// What it is asked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Question<'a> {
    /// The reference the customer, the agent or a program names.
    Reference(&'a str),
    /// What a caller alone keyed: digits. An answer may name the order otherwise.
    Keyed(&'a str),
    /// The caller's telephone number.
    Phone(&'a str),
}

/// Who is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payee<'a> {
    /// By the id of the configuration.
    pub merchant: &'a str,
    /// Where an answer names none.
    pub currency: Currency,
}

/// Why there is no answer, for an admin and an agent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrmFault {
    /// Nobody answers, or not in time.
    #[error("the CRM does not answer: {0}")]
    Silent(String),
    /// It answers with a fault.
    #[error("the CRM answers HTTP {0}")]
    Refused(u16),
    /// What it answers cannot be used.
    #[error("the CRM's answer cannot be used: {0}")]
    Nonsense(String),
}

impl CrmFault {
    /// What an admin does about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Silent(_) => "look whether the system at crm.url is up and can be reached from here",
            Self::Refused(401 | 403) => "it does not take our signature: compare the secret on both sides",
            Self::Refused(_) => "look at that system's log",
            Self::Nonsense(_) => "compare its answer with crm.fields, crm.orders and crm.amount_unit",
        }
    }
}

/// The company's own system.
pub struct Crm {
    url: Url,
    key: SigningKey,
    courier: Courier,
    timeout: Duration,
    merchants: Vec<String>,
    by_hand: bool,
    by_caller: bool,
    reading: Reading,
    cache: Cache,
    turns: Semaphore,
}

impl Crm {
    /// The system as it is configured.
    ///
    /// # Errors
    /// If address or secret cannot be used.
    pub fn from_section(section: &CrmSection) -> Result<Arc<Self>, ConfigError> {
        let url = usable_url(&section.url).map_err(|fault| {
            let remedy = "write https://…, or http://127.0.0.1:… for a program on this machine";
            section.fault("url", fault, remedy)
        })?;
        let key = SigningKey::parse(section.secret.expose())
            .map_err(|fault| section.fault("secret_file", fault, SigningKey::REMEDY))?;
        let courier = Courier::waiting(Reach::Anywhere, section.timeout_ms)
            .map_err(|fault| section.fault("url", fault, "TLS cannot be set up on this machine"))?;
        Ok(Arc::new(Self {
            url,
            key,
            courier,
            timeout: Duration::from_millis(section.timeout_ms),
            merchants: section.merchants.clone(),
            by_hand: section.by_hand,
            by_caller: section.by_caller,
            reading: Reading::new(section),
            cache: Cache::new(Duration::from_millis(section.cache_ms)),
            turns: Semaphore::new(AT_ONCE),
        }))
    }

    /// Whether it knows the orders of a merchant.
    #[must_use]
    pub fn knows(&self, merchant: &str) -> bool {
        self.merchants.is_empty() || self.merchants.iter().any(|id| id == merchant)
    }

    /// Whether a payment may go on without it, with an amount given by hand.
    #[must_use]
    pub fn by_hand(&self) -> bool {
        self.by_hand
    }

    /// Whether an agent's payment without amount and reference is looked up by the caller's number.
    #[must_use]
    pub fn by_caller(&self) -> bool {
        self.by_caller
    }

    /// What is owed, as far as it knows: nothing is an answer as well. The same question is asked once a call.
    ///
    /// # Errors
    /// If it does not answer, not in time, or nonsense.
    pub async fn ask(&self, payee: Payee<'_>, asked: Question<'_>) -> Result<Vec<Found>, CrmFault> {
        if let Some(found) = self.cache.get(payee.merchant, asked) {
            return Ok(found);
        }
        let late = |_| CrmFault::Silent("no answer in time".into());
        let value = tokio::time::timeout(self.timeout, self.exchange(payee.merchant, asked)).await;
        let Some(value) = value.map_err(late)?? else { return Ok(Vec::new()) };
        let found = self.reading.read(&value, payee, asked).map_err(CrmFault::Nonsense)?;
        self.cache.put(payee.merchant, asked, &found);
        Ok(found)
    }

    /// Whether it is there and takes our signature: asked for an order that cannot be.
    ///
    /// # Errors
    /// If it does not answer as it should.
    pub async fn probe(&self, merchant: &str) -> Result<(), CrmFault> {
        let late = |_| CrmFault::Silent("no answer in time".into());
        let answer = self.exchange(merchant, Question::Reference(PROBE));
        tokio::time::timeout(self.timeout, answer).await.map_err(late)?.map(|_| ())
    }

    /// The answer; none if it knows of nothing.
    async fn exchange(&self, merchant: &str, asked: Question<'_>) -> Result<Option<Value>, CrmFault> {
        let _turn = self.turns.acquire().await;
        let question = match asked {
            Question::Reference(reference) => json!({ "merchant": merchant, "reference": reference }),
            Question::Keyed(digits) => json!({ "merchant": merchant, "reference": digits, "keyed": true }),
            Question::Phone(phone) => json!({ "merchant": merchant, "phone": phone }),
        };
        let question = question.to_string();
        let headers = self.key.headers(&format!("ask_{}", Uuid::now_v7().simple()), &question);
        let answer = self.courier.ask(self.url.clone(), headers, question, MAX_ANSWER_BYTES).await;
        match answer.map_err(CrmFault::Silent)? {
            (204 | 404, _) => Ok(None),
            (200..=299, bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                // The reader's own words are left out: they may quote the answer.
                .map_err(|_| CrmFault::Nonsense("it is not JSON".into())),
            (status, _) => Err(CrmFault::Refused(status)),
        }
    }
}
