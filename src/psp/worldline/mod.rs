//! Worldline Direct.
//!
//! A charge is one `POST /v2/{merchant}/payments` with `transactionChannel: MOTO`, signed with `v1HMAC`. Its
//! idempotence key is the attempt's own; a lost answer is asked for by sending the same key again while the card is
//! there. There is no look-up by our reference: what stays lost is told by webhook.
//!
//! Read in Worldline's guides: "Idempotent requests" (a key has forty characters at most, counts for a day, and is
//! answered with HTTP 409 while the first request is at work), "API troubleshooting" and "Response codes mapping"
//! (a refusal comes with HTTP 402, and its `errorCode` holds the issuer's response code: `30`, two digits, `1001`;
//! `4000…` is 3-D Secure), "Webhooks" (the body signed with HMAC-SHA256, base64; the printed example is a list of
//! one event). Not read anywhere, and to be tried in their sandbox: which status a refused MOTO payment has in an
//! answer with HTTP 201.

mod body;
mod settings;
mod sign;
mod verdict;
mod webhook;

pub use settings::{WorldlineSecrets, WorldlineSettings};

use aws_lc_rs::hmac;
use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value};
use std::sync::Arc;
use zeroize::Zeroizing;

use super::compose::text_at;
use super::http::{Body, Came, Check, HttpSettings, Line, Missed, Tap, percent_encoded};
use super::{
    Agreement, Answer, Capabilities, Change, Charge, Effect, Link, LinkState, Mode, NewLink, Operation, Psp,
    PspConfigError, Reply, StoredCard, Storing, Verified, Webhook, WebhookFault,
};
use crate::card::Card;

const IDEMPOTENCE_KEY: &str = "x-gcs-idempotence-key";
const JSON: &str = "application/json";

const NO_QUERY: &str = "Worldline Direct cannot be asked for a payment by our reference: its webhook tells what \
                        became of it";
const NO_WEBHOOKS: &str = "`webhook_secret_file` is not set";

/// One merchant account with Worldline Direct.
pub struct Worldline {
    name: String,
    settings: WorldlineSettings,
    line: Line,
    key: hmac::Key,
    webhook_secret: Option<Zeroizing<String>>,
}

impl Worldline {
    /// Checks the settings and reads the certificates they name; sends nothing.
    ///
    /// # Errors
    /// If a setting or a secret cannot work.
    pub fn new(
        name: &str,
        settings: &WorldlineSettings,
        http: &HttpSettings,
        secrets: &WorldlineSecrets,
        tap: Option<Arc<Tap>>,
    ) -> Result<Worldline, PspConfigError> {
        let check = Check { psp: name };
        for (setting, value) in [("merchant_id", &settings.merchant_id), ("api_key_id", &settings.api_key_id)]
        {
            if value.is_empty() || !value.chars().all(|c| c.is_ascii_graphic()) {
                return Err(
                    check.fault(setting, "is not a name that Worldline gives; copy it from its portal")
                );
            }
        }
        Ok(Worldline {
            name: name.into(),
            line: Line::new(name, settings.base(), http, HeaderMap::new(), tap)?,
            settings: settings.clone(),
            key: hmac::Key::new(hmac::HMAC_SHA256, secrets.secret_key.as_bytes()),
            webhook_secret: secrets.webhook_secret.clone(),
        })
    }

    async fn send(
        &self,
        method: Method,
        service: &str,
        key: Option<&str>,
        body: Body,
    ) -> Result<Came, Missed> {
        let path = format!("/v2/{}/{service}", percent_encoded(&self.settings.merchant_id));
        let date = sign::date(Timestamp::now());
        let content_type = if matches!(body, Body::Nothing) { "" } else { JSON };
        // The reference is the key in a form that is never cut.
        let key = key.map(body::reference);
        let own: Vec<(&'static str, &str)> =
            key.as_deref().map(|key| (IDEMPOTENCE_KEY, key)).into_iter().collect();
        let text = sign::text(method.as_str(), content_type, &date, &own, &path);
        let authorisation = sign::authorisation(&self.settings.api_key_id, &self.key, &text);
        let mut headers = own;
        headers.push(("date", &date));
        headers.push(("authorization", &authorisation));
        self.line.ask(method, &path, &headers, body).await
    }

    async fn pay(&self, key: &str, body: Body) -> (Answer, Option<Came>) {
        match self.send(Method::POST, "payments", Some(key), body).await {
            Ok(came) => (verdict::payment(&came), Some(came)),
            Err(missed) => (missed.answer(true), None),
        }
    }

    async fn change(
        &self,
        change: &Change,
        what: &str,
        fields: Map<String, Value>,
        place: &str,
    ) -> Reply<String> {
        let service = format!("payments/{}/{what}", percent_encoded(&change.reference));
        let answer = match self.send(Method::POST, &service, Some(&change.key), Body::fields(fields)).await {
            Ok(came) => verdict::named(&came, place),
            Err(missed) => missed.answer(true),
        };
        // Requested: the webhook tells whether it succeeded.
        Reply::from_answer(answer, Effect::Taken)
    }
}

fn link_of(came: Result<Came, Missed>) -> Reply<Link> {
    let came = match came {
        Ok(came) => came,
        Err(missed) => return Reply::from_answer(missed.answer(true), |_| Effect::Unknown),
    };
    let at = |path| came.json.as_ref().and_then(|fields| text_at(fields, path));
    Reply::from_answer(verdict::named(&came, "paymentLinkId"), |id| {
        let state = match at("status") {
            Some("ACTIVE") => LinkState::Open,
            Some("PAID") => LinkState::Paid,
            Some("CANCELLED" | "EXPIRED") => LinkState::Ended,
            _ => return Effect::Unknown,
        };
        Effect::Done(Link { id, url: at("redirectionUrl").map(Into::into), state })
    })
}

#[async_trait::async_trait]
impl Psp for Worldline {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        const LACKS: &[(Operation, &str)] =
            &[(Operation::Query, NO_QUERY), (Operation::Webhook, NO_WEBHOOKS)];
        let lacks = if self.webhook_secret.is_some() { &LACKS[..1] } else { LACKS };
        Capabilities { deduplicates: true, lacks }
    }

    fn mode(&self) -> Mode {
        self.settings.mode()
    }

    async fn authorise(&self, charge: &Charge, card: &Card) -> Answer {
        if let Some(refusal) = self.mode().refuses(card) {
            return refusal;
        }
        self.pay(&charge.key, Body::SecretJson(body::charge(&self.settings, charge, card))).await.0
    }

    async fn charge_token(&self, charge: &Charge, stored: &StoredCard, _: Agreement) -> Answer {
        self.pay(&charge.key, Body::fields(body::charge_token(&self.settings, charge, stored))).await.0
    }

    async fn tokenise(&self, storing: &Storing, card: &Card) -> Reply<StoredCard> {
        let (answer, came) = match self.mode().refuses(card) {
            Some(answer) => (answer, None),
            None => self.pay(&storing.key, Body::SecretJson(body::tokenise(storing, card))).await,
        };
        let token = came.as_ref().and_then(|came| text_at(came.json.as_ref()?, "creationOutput.token"));
        Reply::from_answer(answer, |_| match token {
            Some(token) => {
                Effect::Done(StoredCard { token: token.into(), shopper: storing.shopper_reference.clone() })
            }
            None => Effect::Unknown,
        })
    }

    async fn capture(&self, change: &Change) -> Reply<String> {
        self.change(change, "capture", body::capture(change), "id").await
    }

    async fn cancel(&self, change: &Change) -> Reply<String> {
        self.change(change, "cancel", Map::new(), "payment.id").await
    }

    async fn refund(&self, change: &Change) -> Reply<String> {
        self.change(change, "refund", body::refund(change), "id").await
    }

    async fn create_link(&self, link: &NewLink) -> Reply<Link> {
        let body = Body::fields(body::link(&self.settings, link));
        link_of(self.send(Method::POST, "paymentlinks", Some(&link.key), body).await)
    }

    async fn link(&self, id: &str) -> Reply<Link> {
        let service = format!("paymentlinks/{}", percent_encoded(id));
        link_of(self.send(Method::GET, &service, None, Body::Nothing).await)
    }

    /// Answered without a body: how the link stands is looked at afterwards.
    async fn expire_link(&self, id: &str) -> Reply<Link> {
        let service = format!("paymentlinks/{}/cancel", percent_encoded(id));
        match self.send(Method::POST, &service, None, Body::fields(Map::new())).await {
            Ok(came) if came.is_success() => self.link(id).await,
            other => link_of(other),
        }
    }

    async fn query(&self, _: &Charge) -> Answer {
        Answer::unknown(NO_QUERY).with_remedy("look for the reference in Worldline's portal")
    }

    fn verify_webhook(&self, webhook: &Webhook<'_>) -> Result<Verified, WebhookFault> {
        let secret = self.webhook_secret.as_ref().ok_or(WebhookFault::Unverifiable(NO_WEBHOOKS))?;
        webhook::verified(secret, webhook)
    }
}
