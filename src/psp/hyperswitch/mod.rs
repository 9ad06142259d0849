//! Hyperswitch: one API in front of many processors.
//!
//! A charge is one `POST /payments` with `payment_channel: telephone_order`. Its `payment_id` derives from the
//! attempt's key; a second payment of the same name is refused, so that nothing is charged twice, and what became
//! of the first is asked for by that name.
//!
//! Read in Hyperswitch's API reference, its own source and its own tests: "Payment flows" (the states; a card that is
//! stored with `setup_future_usage` has a `payment_method_id`, which `recurring_details` charges with
//! `off_session`), HTTP 400 with `HE_01` for a `payment_id` or refund that exists already, and
//! `X-Webhook-Signature-512`, the HMAC-SHA512 of the body in hexadecimal, by the payment response hash key.

mod body;
mod settings;
mod verdict;
mod webhook;

pub use settings::{HyperswitchSecrets, HyperswitchSettings};

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use zeroize::Zeroizing;

use super::compose::text_at;
use super::http::{Body, Came, Check, HttpSettings, Line, Missed, Tap, percent_encoded, secret_header};
use super::{
    Agreement, Answer, Capabilities, Change, Charge, Effect, Link, LinkState, Mode, NewLink, Operation, Psp,
    PspConfigError, Reply, StoredCard, Storing, Verified, Webhook, WebhookFault,
};
use crate::card::Card;

const API_KEY: HeaderName = HeaderName::from_static("api-key");

const NO_WEBHOOKS: &str = "`webhook_secret_file` is not set";
const NO_LINKS: &str = "`return_url` is not set, and Hyperswitch's pages to pay on want one";

/// One merchant account with a Hyperswitch.
pub struct Hyperswitch {
    name: String,
    settings: HyperswitchSettings,
    mode: Mode,
    line: Line,
    webhook_secret: Option<Zeroizing<String>>,
}

impl Hyperswitch {
    /// Checks the settings and reads the certificates they name; sends nothing.
    ///
    /// # Errors
    /// If a setting or a secret cannot work.
    pub fn new(
        name: &str,
        settings: &HyperswitchSettings,
        http: &HttpSettings,
        secrets: &HyperswitchSecrets,
        tap: Option<Arc<Tap>>,
    ) -> Result<Hyperswitch, PspConfigError> {
        let check = Check { psp: name };
        let key = secret_header(&check, "api_key_file", &secrets.api_key)?;
        if let Some(url) = &settings.return_url {
            check.url("return_url", url)?;
        }
        let mode = match secrets.api_key.as_str() {
            key if key.starts_with("snd_") => Mode::Test,
            key if key.starts_with("prd_") => Mode::Live,
            // A Hyperswitch of the company's own gives any names to its keys.
            _ => Mode::Undeclared,
        };
        Ok(Hyperswitch {
            name: name.into(),
            settings: settings.clone(),
            mode,
            line: Line::new(name, &settings.url, http, HeaderMap::from_iter([(API_KEY, key)]), tap)?,
            webhook_secret: secrets.webhook_secret.clone(),
        })
    }

    async fn post(&self, path: &str, fields: Map<String, Value>) -> Result<Came, Missed> {
        let body = Body::Json(Value::Object(fields).to_string());
        self.line.ask(Method::POST, path, &[], body).await
    }

    async fn pay(&self, body: Body) -> (Answer, Option<Came>) {
        match self.line.ask(Method::POST, "/payments", &[], body).await {
            Ok(came) => (verdict::payment(&came), Some(came)),
            // The same name sent again gets no first answer: the payment is looked up instead.
            Err(missed) => (missed.answer(false), None),
        }
    }

    async fn change(&self, path: &str, fields: Map<String, Value>, place: &str) -> Reply<String> {
        let (answer, is_final) = match self.post(path, fields).await {
            Ok(came) => verdict::changed(&came, place),
            Err(missed) => (missed.answer(false), false),
        };
        Reply::from_answer(answer, if is_final { Effect::Done } else { Effect::Taken })
    }
}

/// A payment that is paid by link.
fn link_of(came: Result<Came, Missed>) -> Reply<Link> {
    let came = match came {
        Ok(came) => came,
        Err(missed) => return Reply::from_answer(missed.answer(false), |_| Effect::Unknown),
    };
    let at = |path| came.json.as_ref().and_then(|fields| text_at(fields, path));
    Reply::from_answer(verdict::named(&came, "payment_id"), |id| {
        let state = match at("status") {
            Some("requires_payment_method" | "requires_confirmation" | "requires_customer_action") => {
                LinkState::Open
            }
            Some("processing") => LinkState::Pending,
            Some("succeeded" | "requires_capture" | "partially_captured") => LinkState::Paid,
            Some("cancelled" | "failed" | "expired") => LinkState::Ended,
            _ => return Effect::Unknown,
        };
        Effect::Done(Link { id, url: at("payment_link.link").map(Into::into), state })
    })
}

#[async_trait::async_trait]
impl Psp for Hyperswitch {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        const LACKS: &[(Operation, &str)] = &[(Operation::Webhook, NO_WEBHOOKS), (Operation::Link, NO_LINKS)];
        let lacks = match (&self.webhook_secret, &self.settings.return_url) {
            (Some(_), Some(_)) => &[],
            (Some(_), None) => &LACKS[1..],
            (None, Some(_)) => &LACKS[..1],
            (None, None) => LACKS,
        };
        Capabilities { deduplicates: false, lacks }
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    async fn authorise(&self, charge: &Charge, card: &Card) -> Answer {
        if let Some(refusal) = self.mode.refuses(card) {
            return refusal;
        }
        self.pay(Body::SecretJson(body::charge(&self.settings, charge, card))).await.0
    }

    async fn charge_token(&self, charge: &Charge, stored: &StoredCard, _: Agreement) -> Answer {
        let fields = body::charge_token(&self.settings, charge, stored);
        self.pay(Body::Json(Value::Object(fields).to_string())).await.0
    }

    async fn tokenise(&self, storing: &Storing, card: &Card) -> Reply<StoredCard> {
        let (answer, came) = match self.mode.refuses(card) {
            Some(answer) => (answer, None),
            None => self.pay(Body::SecretJson(body::tokenise(&self.settings, storing, card))).await,
        };
        let token = came.as_ref().and_then(|came| text_at(came.json.as_ref()?, "payment_method_id"));
        Reply::from_answer(answer, |_| match token {
            Some(token) => {
                Effect::Done(StoredCard { token: token.into(), shopper: storing.shopper_reference.clone() })
            }
            None => Effect::Unknown,
        })
    }

    async fn capture(&self, change: &Change) -> Reply<String> {
        let path = format!("/payments/{}/capture", percent_encoded(&change.reference));
        let fields = Map::from_iter([("amount_to_capture".to_owned(), change.amount.minor.into())]);
        self.change(&path, fields, "payment_id").await
    }

    async fn cancel(&self, change: &Change) -> Reply<String> {
        let path = format!("/payments/{}/cancel", percent_encoded(&change.reference));
        let fields = Map::from_iter([("cancellation_reason".to_owned(), json!("requested_by_customer"))]);
        self.change(&path, fields, "payment_id").await
    }

    async fn refund(&self, change: &Change) -> Reply<String> {
        self.change("/refunds", body::refund(change), "refund_id").await
    }

    async fn create_link(&self, link: &NewLink) -> Reply<Link> {
        let Some(return_url) = &self.settings.return_url else { return Reply::cannot(NO_LINKS) };
        let life_s = (link.expires_at.as_second() - jiff::Timestamp::now().as_second()).max(1);
        link_of(self.post("/payments", body::link(&self.settings, link, return_url, life_s)).await)
    }

    async fn link(&self, id: &str) -> Reply<Link> {
        link_of(self.line.get(&format!("/payments/{}", percent_encoded(id))).await)
    }

    async fn expire_link(&self, id: &str) -> Reply<Link> {
        let fields = Map::from_iter([("cancellation_reason".to_owned(), json!("abandoned"))]);
        link_of(self.post(&format!("/payments/{}/cancel", percent_encoded(id)), fields).await)
    }

    async fn query(&self, charge: &Charge) -> Answer {
        let path = format!("/payments/{}?force_sync=true", body::payment_id(&charge.key));
        match self.line.get(&path).await {
            Ok(came) => verdict::found(&came),
            Err(missed) => missed.query_answer(),
        }
    }

    fn verify_webhook(&self, webhook: &Webhook<'_>) -> Result<Verified, WebhookFault> {
        let secret = self.webhook_secret.as_ref().ok_or(WebhookFault::Unverifiable(NO_WEBHOOKS))?;
        webhook::verified(secret, webhook)
    }
}
