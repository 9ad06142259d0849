//! The generic pay connector: the de-facto contract of programmable telephony.
//!
//! One HTTPS POST of JSON with Basic authentication charges a card; the answer is a `charge_id`, or an
//! `error_code` and `error_message`. Twilio published the contract; SignalWire, Telnyx and Voxtelesys speak it,
//! and Hyperswitch serves it in front of a hundred processors. A company without one of those writes such a
//! connector in an afternoon.
//!
//! | What came back | Outcome |
//! |---|---|
//! | `charge_id` and no `error_code` | approved |
//! | `error_code` of an issuer | declined, with its reason; an unknown code is a decline without reason |
//! | `error_code` of a configuration fault; HTTP 401, 403, 404, 405, 415; redirect | not charged, with a remedy for the admin |
//! | no connection, no name, no trusted certificate | not charged: nothing was sent |
//! | no answer in time, connection broken, HTTP 5xx, 408, 409, half an answer, no JSON | unknown |

mod body;
mod client;
mod customer;
mod exchange;
mod settings;

pub use body::Profile;
pub use settings::GenericSettings;

use reqwest::Method;
use reqwest::header::HeaderMap;
use std::collections::BTreeMap;
use std::sync::Arc;
use zeroize::Zeroizing;

use super::http::{Body, Request, Tap, percent_encoded};
use super::{
    Agreement, Answer, Capabilities, Change, Charge, Effect, Link, Mode, NewLink, Operation, Psp,
    PspConfigError, Reply, StoredCard, Storing, Verified, Webhook, WebhookFault,
};
use crate::card::Card;
use client::{Account, QUERY_PLACE};
use exchange::Asked;

const NO_CHANGES: &str = "the contract of the generic pay connector knows charge and tokenize alone; make the \
                          change at the provider";
const NO_TOKENS: &str = "the contract of the generic pay connector cannot charge a token";
const NO_LINKS: &str = "the contract of the generic pay connector has no payment links";
const NO_QUERY: &str = "this connector cannot be asked what became of a charge: `query_url` is not set";
const NO_WEBHOOKS: &str = "the contract of the generic pay connector has no webhooks";

const LACKS: &[(Operation, &str)] = &[
    (Operation::Capture, NO_CHANGES),
    (Operation::Cancel, NO_CHANGES),
    (Operation::Refund, NO_CHANGES),
    (Operation::ChargeToken, NO_TOKENS),
    (Operation::Link, NO_LINKS),
    (Operation::Webhook, NO_WEBHOOKS),
    (Operation::Query, NO_QUERY),
];

/// One account with one generic pay connector.
pub struct GenericConnector {
    name: String,
    account: Account,
    profile: Profile,
    deduplicates: bool,
    query_url: Option<String>,
    parameters: BTreeMap<String, String>,
    send_caller_number: bool,
    send_customer: bool,
}

impl GenericConnector {
    /// Checks the settings and reads the certificates they name; sends nothing. The password was fetched already.
    ///
    /// # Errors
    /// If a setting cannot work or a file cannot be read.
    pub fn new(
        name: &str,
        settings: &GenericSettings,
        password: Option<Zeroizing<String>>,
        tap: Option<Arc<Tap>>,
    ) -> Result<GenericConnector, PspConfigError> {
        Ok(GenericConnector {
            name: name.into(),
            account: client::account(name, settings, password, tap)?,
            profile: settings.profile,
            deduplicates: settings.deduplicates,
            query_url: settings.query_url.clone(),
            parameters: settings.parameters.clone(),
            send_caller_number: settings.send_caller_number,
            send_customer: settings.send_customer,
        })
    }

    /// The account's fields, then the charge's own, which win.
    fn parameters(&self, charge: &Charge) -> BTreeMap<String, String> {
        let mut parameters = self.parameters.clone();
        if let Some(reference) = &charge.reference {
            parameters.insert("reference".into(), reference.clone());
        }
        if let (true, Some(number)) = (self.send_caller_number, &charge.caller_number) {
            parameters.insert("caller_number".into(), number.clone());
        }
        if self.send_customer {
            customer::put_known(&mut parameters, charge);
        }
        parameters.extend(charge.parameters.clone());
        parameters
    }

    async fn exchange(&self, asked: Asked<'_>, method: Method, url: &str, body: Body) -> Answer {
        let request = Request { method, url: url.into(), headers: HeaderMap::new(), body };
        match self.account.http.exchange(request).await {
            Ok(came) => exchange::understand(asked, &came),
            Err(missed) => exchange::lost(asked, missed),
        }
    }
}

#[async_trait::async_trait]
impl Psp for GenericConnector {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        let lacks = match self.query_url {
            Some(_) => &LACKS[..LACKS.len() - 1],
            None => LACKS,
        };
        Capabilities { deduplicates: self.deduplicates, lacks }
    }

    /// A connector's address does not tell whether money moves behind it.
    fn mode(&self) -> Mode {
        Mode::Undeclared
    }

    async fn authorise(&self, charge: &Charge, card: &Card) -> Answer {
        let body = Body::SecretJson(body::charge(self.profile, charge, &self.parameters(charge), card));
        let asked = Asked::Charge { deduplicates: self.deduplicates };
        self.exchange(asked, Method::POST, self.account.url.as_str(), body).await
    }

    async fn charge_token(&self, _: &Charge, _: &StoredCard, _: Agreement) -> Answer {
        Answer::not_charged(NO_TOKENS)
    }

    async fn tokenise(&self, storing: &Storing, card: &Card) -> Reply<StoredCard> {
        let currency = storing.currency.code();
        let body = body::tokenise(self.profile, &storing.key, currency, &self.parameters, card);
        let asked = Asked::Charge { deduplicates: self.deduplicates };
        let url = self.account.url.as_str();
        let answer = self.exchange(asked, Method::POST, url, Body::SecretJson(body)).await;
        let shopper = storing.shopper_reference.clone();
        Reply::from_answer(answer, |token| Effect::Done(StoredCard { token, shopper }))
    }

    async fn capture(&self, _: &Change) -> Reply<String> {
        Reply::cannot(NO_CHANGES)
    }

    async fn cancel(&self, _: &Change) -> Reply<String> {
        Reply::cannot(NO_CHANGES)
    }

    async fn refund(&self, _: &Change) -> Reply<String> {
        Reply::cannot(NO_CHANGES)
    }

    async fn create_link(&self, _: &NewLink) -> Reply<Link> {
        Reply::cannot(NO_LINKS)
    }

    async fn link(&self, _: &str) -> Reply<Link> {
        Reply::cannot(NO_LINKS)
    }

    async fn expire_link(&self, _: &str) -> Reply<Link> {
        Reply::cannot(NO_LINKS)
    }

    async fn query(&self, charge: &Charge) -> Answer {
        let Some(template) = &self.query_url else {
            return Answer::unknown(NO_QUERY).with_remedy(
                "look the transaction up at the provider; set `query_url` if the connector can be asked",
            );
        };
        let url = template.replace(QUERY_PLACE, &percent_encoded(&charge.key));
        let asked = Asked::Query { transaction_id: &charge.key };
        self.exchange(asked, Method::GET, &url, Body::Nothing).await
    }

    fn verify_webhook(&self, _: &Webhook<'_>) -> Result<Verified, WebhookFault> {
        Err(WebhookFault::Unverifiable(NO_WEBHOOKS))
    }
}
