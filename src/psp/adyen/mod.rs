//! Adyen, by its Checkout API (version 72).
//!
//! A charge is one `POST /payments` with `shopperInteraction: Moto`. Its idempotency key and its `reference` are
//! the attempt's own key, so that the same key sent again gives the first answer, and a webhook names the attempt.
//! There is no way to ask for a payment by that reference: an answer that stays lost is told by webhook.

mod body;
mod settings;
mod verdict;
mod webhook;

pub use settings::{AdyenSecrets, AdyenSettings};

use aws_lc_rs::hmac;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;
use std::sync::Arc;

use super::compose::text_at;
use super::http::{Body, Came, Check, Http, HttpSettings, Missed, Request, Tap, percent_encoded};
use super::{
    Agreement, Answer, Capabilities, Change, Charge, Effect, Link, LinkState, Mode, NewLink, Operation, Psp,
    PspConfigError, Reply, StoredCard, Storing, Verified, Webhook, WebhookFault,
};
use crate::card::{Card, CardEncryptionKey, CardKeyFault, SecretBody};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Longest idempotency key that Adyen takes; an attempt's has 43 letters.
const KEY_MAX_CHARS: usize = 64;
/// Longest and shortest `shopperReference`.
const SHOPPER_CHARS: std::ops::RangeInclusive<usize> = 3..=256;

const NO_QUERY: &str =
    "Adyen cannot be asked for a payment by our reference: its webhook tells what became of it";
const NO_WEBHOOKS: &str = "`webhook_secret_file` is not set";
const AMOUNT: &str = "Adyen has no form of this amount: its currency has no minor units there";

/// One merchant account with Adyen.
pub struct Adyen {
    name: String,
    settings: AdyenSettings,
    base: String,
    http: Http,
    encryption: Option<CardEncryptionKey>,
    webhook_key: Option<hmac::Key>,
}

impl Adyen {
    /// Checks the settings and reads the certificates they name; sends nothing.
    ///
    /// # Errors
    /// If a setting or a secret cannot work.
    pub fn new(
        name: &str,
        settings: &AdyenSettings,
        http: &HttpSettings,
        secrets: &AdyenSecrets,
        tap: Option<Arc<Tap>>,
    ) -> Result<Adyen, PspConfigError> {
        let check = Check { psp: name };
        if settings.merchant_account.trim().is_empty() {
            return Err(
                check.fault("merchant_account", "is empty; write the name it has in the Customer Area")
            );
        }
        let base = settings.base().ok_or_else(|| {
            check.fault("live_prefix", "is missing; the Customer Area shows it under Developers, API URLs")
        })?;
        check.url("url", &base)?;
        check.url("return_url", &settings.return_url)?;
        let mut api_key = HeaderValue::from_str(&secrets.api_key)
            .map_err(|_| check.fault("api_key_file", "holds no API key; put the key alone into it"))?;
        api_key.set_sensitive(true);
        let encryption = settings.encryption_key.as_deref().map(CardEncryptionKey::parse).transpose();
        let encryption = encryption.map_err(|fault: CardKeyFault| {
            check.fault("encryption_key", format!("{fault}; copy it from the Customer Area, Client settings"))
        })?;
        let webhook_key = match &secrets.webhook_secret {
            None => None,
            Some(text) => Some(webhook::key(text).ok_or_else(|| {
                check.fault(
                    "webhook_secret_file",
                    "holds no hexadecimal HMAC key; copy it from the webhook's settings",
                )
            })?),
        };
        let headers = HeaderMap::from_iter([(API_KEY, api_key)]);
        Ok(Adyen {
            name: name.into(),
            settings: settings.clone(),
            base,
            http: Http::new(name, http, headers, tap)?,
            encryption,
            webhook_key,
        })
    }

    async fn send(&self, method: Method, path: &str, key: Option<&str>, body: Body) -> Result<Came, Missed> {
        let mut headers = HeaderMap::new();
        if let Some(key) = key {
            let named = HeaderValue::from_str(key).ok().filter(|_| key.len() <= KEY_MAX_CHARS);
            // Without its key a request could be done twice.
            let Some(value) = named else {
                return Err(Missed::NotSent {
                    cause: "the idempotency key is none".into(),
                    remedy: Some("report this: it is a fault of tonegate"),
                });
            };
            headers.insert(IDEMPOTENCY_KEY, value);
        }
        self.http.exchange(Request { method, url: format!("{}{path}", self.base), headers, body }).await
    }

    async fn pay(&self, key: &str, body: Body) -> (Answer, Option<Came>) {
        match self.send(Method::POST, "/payments", Some(key), body).await {
            Ok(came) => (verdict::payment(&came), Some(came)),
            Err(missed) => (missed.answer(true), None),
        }
    }

    async fn change(&self, change: &Change, what: &str, with_amount: bool) -> Reply<String> {
        let Some(fields) = body::change(&self.settings, change, with_amount) else {
            return Reply::cannot(AMOUNT);
        };
        let path = format!("/payments/{}/{what}", percent_encoded(&change.reference));
        let answer = match self.send(Method::POST, &path, Some(&change.key), Body::fields(fields)).await {
            Ok(came) => verdict::other(&came, "pspReference"),
            Err(missed) => missed.answer(true),
        };
        // Adyen answers `received`; the webhook tells whether it succeeded.
        Reply::from_answer(answer, Effect::Taken)
    }

    async fn about_link(&self, method: Method, path: &str, key: Option<&str>, body: Body) -> Reply<Link> {
        let came = match self.send(method, path, key, body).await {
            Ok(came) => came,
            Err(missed) => return Reply::from_answer(missed.answer(true), |_| Effect::Unknown),
        };
        let answer = verdict::other(&came, "id");
        let reply = came.json.as_ref();
        Reply::from_answer(answer, |id| {
            let at = |name| reply.and_then(|fields| text_at(fields, name));
            let state = match at("status") {
                Some("active") => LinkState::Open,
                Some("paymentPending") => LinkState::Pending,
                Some("completed" | "paid") => LinkState::Paid,
                Some("expired") => LinkState::Ended,
                _ => return Effect::Unknown,
            };
            Effect::Done(Link { id, url: at("url").map(Into::into), state })
        })
    }
}

/// A card that could not be encrypted was not sent.
fn unsealed(fault: CardKeyFault) -> Answer {
    Answer::misconfigured(
        format!("not sent: the card could not be encrypted: {fault}"),
        "check `encryption_key`",
    )
}

fn sealed(body: Result<SecretBody, CardKeyFault>) -> Result<Body, Answer> {
    body.map(Body::SecretJson).map_err(unsealed)
}

#[async_trait::async_trait]
impl Psp for Adyen {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        const LACKS: &[(Operation, &str)] =
            &[(Operation::Query, NO_QUERY), (Operation::Webhook, NO_WEBHOOKS)];
        let lacks = if self.webhook_key.is_some() { &LACKS[..1] } else { LACKS };
        Capabilities { deduplicates: true, lacks }
    }

    fn mode(&self) -> Mode {
        self.settings.mode()
    }

    async fn authorise(&self, charge: &Charge, card: &Card) -> Answer {
        if let Some(refusal) = self.mode().refuses(card) {
            return refusal;
        }
        match body::charge(&self.settings, charge, card, self.encryption.as_ref()).map(sealed) {
            None => Answer::misconfigured("not sent", AMOUNT),
            Some(Err(answer)) => answer,
            Some(Ok(body)) => self.pay(&charge.key, body).await.0,
        }
    }

    async fn charge_token(&self, charge: &Charge, stored: &StoredCard, agreement: Agreement) -> Answer {
        match body::charge_token(&self.settings, charge, stored, agreement) {
            None => Answer::misconfigured("not sent", AMOUNT),
            Some(fields) => self.pay(&charge.key, Body::fields(fields)).await.0,
        }
    }

    async fn tokenise(&self, storing: &Storing, card: &Card) -> Reply<StoredCard> {
        if !SHOPPER_CHARS.contains(&storing.shopper_reference.chars().count()) {
            return Reply::cannot("not sent: Adyen takes shopper references of 3 to 256 letters");
        }
        let refusal = self.mode().refuses(card);
        let body = sealed(body::tokenise(&self.settings, storing, card, self.encryption.as_ref()));
        let (answer, came) = match (refusal, body) {
            (Some(answer), _) | (None, Err(answer)) => (answer, None),
            (None, Ok(body)) => self.pay(&storing.key, body).await,
        };
        let token = came.as_ref().and_then(token);
        Reply::from_answer(answer, |_| match token {
            Some(token) => Effect::Done(StoredCard { token, shopper: storing.shopper_reference.clone() }),
            // The card is good, and its token will come by webhook, if the account makes any.
            None => Effect::Unknown,
        })
    }

    async fn capture(&self, change: &Change) -> Reply<String> {
        self.change(change, "captures", true).await
    }

    async fn cancel(&self, change: &Change) -> Reply<String> {
        self.change(change, "cancels", false).await
    }

    async fn refund(&self, change: &Change) -> Reply<String> {
        self.change(change, "refunds", true).await
    }

    async fn create_link(&self, link: &NewLink) -> Reply<Link> {
        match body::link(&self.settings, link) {
            None => Reply::cannot(AMOUNT),
            Some(fields) => {
                self.about_link(Method::POST, "/paymentLinks", Some(&link.key), Body::fields(fields)).await
            }
        }
    }

    async fn link(&self, id: &str) -> Reply<Link> {
        let path = format!("/paymentLinks/{}", percent_encoded(id));
        self.about_link(Method::GET, &path, None, Body::Nothing).await
    }

    async fn expire_link(&self, id: &str) -> Reply<Link> {
        let path = format!("/paymentLinks/{}", percent_encoded(id));
        let body = Body::Json(json!({ "status": "expired" }).to_string());
        self.about_link(Method::PATCH, &path, None, body).await
    }

    async fn query(&self, _: &Charge) -> Answer {
        Answer::unknown(NO_QUERY).with_remedy("look for the reference in Adyen's Customer Area")
    }

    fn verify_webhook(&self, webhook: &Webhook<'_>) -> Result<Verified, WebhookFault> {
        let key = self.webhook_key.as_ref().ok_or(WebhookFault::Unverifiable(NO_WEBHOOKS))?;
        webhook::verified(key, &self.settings.merchant_account, webhook)
    }
}

/// The token of a card that was stored.
fn token(came: &Came) -> Option<String> {
    let data = came.json.as_ref()?.get("additionalData")?;
    let token = data
        .get("tokenization.storedPaymentMethodId")
        .or_else(|| data.get("recurring.recurringDetailReference"))?
        .as_str()?;
    (!token.is_empty()).then(|| token.to_owned())
}
