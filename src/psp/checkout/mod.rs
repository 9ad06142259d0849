//! Checkout.com.
//!
//! A charge is one `POST /payments` with `payment_type: MOTO`. Its idempotency key and its `reference` are the
//! attempt's own key. Only answers that succeeded are remembered under a key: after an HTTP 5xx the same key would
//! be a new attempt, so that one is never sent again but looked up by its reference.
//!
//! Read in Checkout.com's own pages: "Get a list of payments" (`GET /payments` with `reference`, `limit` and `skip`,
//! the latest first), "Configure your webhook server" (`Cko-Signature` is the HMAC-SHA256 of the body as it came, in
//! hexadecimal; webhooks come at least once and in any order), and the event pages (a dispute is named by `id`, its
//! payment by `payment_id` and `payment_reference`).

mod body;
mod settings;
mod verdict;
mod webhook;

pub use settings::{CheckoutSecrets, CheckoutSettings};

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::{Map, Value};
use std::sync::Arc;
use zeroize::Zeroizing;

use super::compose::text_at;
use super::http::{Body, Came, Check, HttpSettings, Line, Missed, Tap, percent_encoded, secret_header};
use super::{
    Agreement, Answer, Capabilities, Change, Charge, Effect, Link, LinkState, Mode, NewLink, Operation, Psp,
    PspConfigError, Reply, StoredCard, Storing, Verified, Webhook, WebhookFault,
};
use crate::card::Card;

const IDEMPOTENCY_KEY: &str = "cko-idempotency-key";

const NO_WEBHOOKS: &str = "`webhook_secret_file` is not set";
const NO_END: &str = "Checkout.com cannot end a payment link before its time";
const NO_COUNTRY: &str =
    "Checkout.com wants the country of the billing address for a payment link, and it is not known";

/// One account with Checkout.com.
pub struct Checkout {
    name: String,
    settings: CheckoutSettings,
    mode: Mode,
    line: Line,
    webhook_secret: Option<Zeroizing<String>>,
}

impl Checkout {
    /// Checks the settings and reads the certificates they name; sends nothing.
    ///
    /// # Errors
    /// If a setting or a secret cannot work.
    pub fn new(
        name: &str,
        settings: &CheckoutSettings,
        http: &HttpSettings,
        secrets: &CheckoutSecrets,
        tap: Option<Arc<Tap>>,
    ) -> Result<Checkout, PspConfigError> {
        let check = Check { psp: name };
        let mode = match secrets.api_key.as_str() {
            key if key.starts_with("sk_sbox_") || key.starts_with("sk_test_") => Mode::Test,
            key if key.starts_with("sk_") => Mode::Live,
            _ => {
                let told = "holds no secret key of Checkout.com; write the one that begins with sk_";
                return Err(check.fault("api_key_file", told));
            }
        };
        let bearer = Zeroizing::new(format!("Bearer {}", secrets.api_key.as_str()));
        let headers =
            HeaderMap::from_iter([(AUTHORIZATION, secret_header(&check, "api_key_file", &bearer)?)]);
        let base = settings.url.as_deref().unwrap_or(match mode {
            Mode::Test => "https://api.sandbox.checkout.com",
            _ => "https://api.checkout.com",
        });
        Ok(Checkout {
            name: name.into(),
            mode,
            line: Line::new(name, base, http, headers, tap)?,
            settings: settings.clone(),
            webhook_secret: secrets.webhook_secret.clone(),
        })
    }

    async fn post(&self, path: &str, key: &str, body: Body) -> Result<Came, Missed> {
        self.line.ask(Method::POST, path, &[(IDEMPOTENCY_KEY, key)], body).await
    }

    async fn pay(&self, key: &str, body: Body) -> (Answer, Option<Came>) {
        match self.post("/payments", key, body).await {
            Ok(came) => (verdict::payment(&came), Some(came)),
            Err(missed) => (missed.answer(true), None),
        }
    }

    async fn change(&self, change: &Change, what: &str, fields: Map<String, Value>) -> Reply<String> {
        let path = format!("/payments/{}/{what}", percent_encoded(&change.reference));
        let answer = match self.post(&path, &change.key, Body::fields(fields)).await {
            Ok(came) => verdict::named(&came, "action_id"),
            Err(missed) => missed.answer(true),
        };
        // Answered with HTTP 202: the webhook tells whether it succeeded.
        Reply::from_answer(answer, Effect::Taken)
    }
}

/// A payment link; one that was just made has no status yet.
fn link_of(came: Result<Came, Missed>) -> Reply<Link> {
    let came = match came {
        Ok(came) => came,
        Err(missed) => return Reply::from_answer(missed.answer(true), |_| Effect::Unknown),
    };
    let at = |name| came.json.as_ref().and_then(|fields| text_at(fields, name));
    let url = at("_links.redirect.href").map(Into::into);
    Reply::from_answer(verdict::named(&came, "id"), |id| {
        let state = match at("status") {
            None | Some("Active") => LinkState::Open,
            Some("Payment Received") => LinkState::Paid,
            Some("Expired") => LinkState::Ended,
            Some(_) => return Effect::Unknown,
        };
        Effect::Done(Link { id, url, state })
    })
}

#[async_trait::async_trait]
impl Psp for Checkout {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        const LACKS: &[(Operation, &str)] = &[(Operation::Webhook, NO_WEBHOOKS)];
        let lacks = if self.webhook_secret.is_some() { &[] } else { LACKS };
        Capabilities { deduplicates: true, lacks }
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    async fn authorise(&self, charge: &Charge, card: &Card) -> Answer {
        if let Some(refusal) = self.mode.refuses(card) {
            return refusal;
        }
        self.pay(&charge.key, Body::SecretJson(body::charge(&self.settings, charge, card))).await.0
    }

    async fn charge_token(&self, charge: &Charge, stored: &StoredCard, agreement: Agreement) -> Answer {
        self.pay(&charge.key, Body::fields(body::charge_token(&self.settings, charge, stored, agreement)))
            .await
            .0
    }

    async fn tokenise(&self, storing: &Storing, card: &Card) -> Reply<StoredCard> {
        let (answer, came) = match self.mode.refuses(card) {
            Some(answer) => (answer, None),
            None => {
                let body = body::tokenise(&self.settings, storing, card);
                self.pay(&storing.key, Body::SecretJson(body)).await
            }
        };
        let at = |path| came.as_ref().and_then(|came| text_at(came.json.as_ref()?, path));
        Reply::from_answer(answer, |_| match at("source.id") {
            Some(token) => {
                let shopper = at("customer.id").unwrap_or(&storing.shopper_reference).into();
                Effect::Done(StoredCard { token: token.into(), shopper })
            }
            None => Effect::Unknown,
        })
    }

    async fn capture(&self, change: &Change) -> Reply<String> {
        self.change(change, "captures", body::change(change, true)).await
    }

    async fn cancel(&self, change: &Change) -> Reply<String> {
        self.change(change, "voids", body::change(change, false)).await
    }

    async fn refund(&self, change: &Change) -> Reply<String> {
        self.change(change, "refunds", body::change(change, true)).await
    }

    async fn create_link(&self, link: &NewLink) -> Reply<Link> {
        match body::link(&self.settings, link, jiff::Timestamp::now()) {
            None => Reply::cannot(NO_COUNTRY),
            Some(fields) => link_of(self.post("/payment-links", &link.key, Body::fields(fields)).await),
        }
    }

    async fn link(&self, id: &str) -> Reply<Link> {
        link_of(self.line.get(&format!("/payment-links/{}", percent_encoded(id))).await)
    }

    async fn expire_link(&self, _: &str) -> Reply<Link> {
        Reply::cannot(NO_END)
    }

    async fn query(&self, charge: &Charge) -> Answer {
        let reference = percent_encoded(&charge.key);
        match self.line.get(&format!("/payments?limit=10&reference={reference}")).await {
            Ok(came) => verdict::found(&came, &charge.key),
            Err(missed) => missed.query_answer(),
        }
    }

    fn verify_webhook(&self, webhook: &Webhook<'_>) -> Result<Verified, WebhookFault> {
        let secret = self.webhook_secret.as_ref().ok_or(WebhookFault::Unverifiable(NO_WEBHOOKS))?;
        webhook::verified(secret, webhook)
    }
}
