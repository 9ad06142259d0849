//! Stripe.
//!
//! A charge is two requests: the card becomes a payment method, which charges nothing; then a payment intent with
//! `moto` charges that. Both have idempotency keys that derive from the attempt's, so that each may be sent again.
//! Stripe replays whatever a key got first, faults included; what stays open then is searched for by our key in
//! the metadata.

mod calls;
mod form;
mod settings;
mod verdict;
mod webhook;

pub use settings::{StripeSecrets, StripeSettings};

use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;
use zeroize::Zeroizing;

use super::http::{Body, Check, Http, HttpSettings, Tap, percent_encoded};
use super::{
    Agreement, Answer, Capabilities, Change, Charge, Effect, Link, Mode, NewLink, Operation, Psp,
    PspConfigError, Reply, StoredCard, Storing, Verified, Webhook, WebhookFault,
};
use crate::card::Card;

/// The version of the API that this connector speaks.
const VERSION: &str = "2026-10-28.endive";
const STRIPE_VERSION: HeaderName = HeaderName::from_static("stripe-version");
/// Shortest and longest life of a page to pay on that may be asked for, with a minute's room for clocks that differ.
const LINK_LIFE_MIN_S: i64 = 31 * 60;
const LINK_LIFE_MAX_S: i64 = 24 * 3_600 - 60;

const NO_WEBHOOKS: &str = "`webhook_secret_file` is not set";
const NO_LINKS: &str = "`success_url` is not set, and Stripe's pages to pay on want one";
const AMOUNT: &str =
    "Stripe has no form of this amount: the last digit of a currency with three must be zero";

/// One account with Stripe.
pub struct Stripe {
    name: String,
    settings: StripeSettings,
    base: String,
    mode: Mode,
    http: Http,
    webhook_secret: Option<Zeroizing<String>>,
}

impl Stripe {
    /// Checks the settings and reads the certificates they name; sends nothing.
    ///
    /// # Errors
    /// If a setting or a secret cannot work.
    pub fn new(
        name: &str,
        settings: &StripeSettings,
        http: &HttpSettings,
        secrets: &StripeSecrets,
        tap: Option<Arc<Tap>>,
    ) -> Result<Stripe, PspConfigError> {
        let check = Check { psp: name };
        let base = check.url("url", &settings.url)?.as_str().trim_end_matches('/').to_owned();
        if let Some(url) = &settings.success_url {
            check.url("success_url", url)?;
        }
        let key = secrets.api_key.as_str();
        let mode = match key.split_once('_').map(|(kind, rest)| (kind, rest.split('_').next())) {
            Some(("sk" | "rk", Some("test"))) => Mode::Test,
            Some(("sk" | "rk", Some("live"))) => Mode::Live,
            _ => {
                return Err(check.fault(
                    "api_key_file",
                    "holds no secret key of Stripe; write the one that begins with sk_test_, sk_live_, rk_test_ or \
                     rk_live_",
                ));
            }
        };
        let bearer = Zeroizing::new(format!("Bearer {key}"));
        let mut bearer = HeaderValue::from_str(&bearer)
            .map_err(|_| check.fault("api_key_file", "holds more than a key; put the key alone into it"))?;
        bearer.set_sensitive(true);
        let headers = HeaderMap::from_iter([
            (AUTHORIZATION, bearer),
            (STRIPE_VERSION, HeaderValue::from_static(VERSION)),
        ]);
        Ok(Stripe {
            name: name.into(),
            settings: settings.clone(),
            base,
            mode,
            http: Http::new(name, http, headers, tap)?,
            webhook_secret: secrets.webhook_secret.clone(),
        })
    }
}

#[async_trait::async_trait]
impl Psp for Stripe {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        const LACKS: [(Operation, &str); 2] =
            [(Operation::Webhook, NO_WEBHOOKS), (Operation::Link, NO_LINKS)];
        const ALL: &[(Operation, &str)] = &LACKS;
        let lacks = match (&self.webhook_secret, &self.settings.success_url) {
            (Some(_), Some(_)) => &[],
            (Some(_), None) => &ALL[1..],
            (None, Some(_)) => &ALL[..1],
            (None, None) => ALL,
        };
        Capabilities { deduplicates: true, lacks }
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    async fn authorise(&self, charge: &Charge, card: &Card) -> Answer {
        if let Some(refusal) = self.mode.refuses(card) {
            return refusal;
        }
        // Known before the card leaves.
        if form::minor(&charge.amount).is_none() {
            return Answer::misconfigured("not sent", AMOUNT);
        }
        let method = match self.method(&charge.key, card, &charge.customer, charge.phone()).await {
            Ok(method) => method,
            Err(answer) => return answer,
        };
        match form::intent(charge, &method, self.settings.manual_capture) {
            Some(body) => self.pay(&charge.key, body).await,
            None => Answer::misconfigured("not sent", AMOUNT),
        }
    }

    async fn charge_token(&self, charge: &Charge, stored: &StoredCard, _: Agreement) -> Answer {
        match form::token_intent(charge, stored, self.settings.manual_capture) {
            Some(body) => self.pay(&charge.key, body).await,
            None => Answer::misconfigured("not sent", AMOUNT),
        }
    }

    async fn tokenise(&self, storing: &Storing, card: &Card) -> Reply<StoredCard> {
        match self.stored(storing, card).await {
            Ok(stored) => Reply::done(stored, ""),
            Err(answer) => Reply::from_answer(answer, |_| Effect::Unknown),
        }
    }

    async fn capture(&self, change: &Change) -> Reply<String> {
        let path = format!("/v1/payment_intents/{}/capture", percent_encoded(&change.reference));
        self.change(change, &path, form::capture(change)).await
    }

    async fn cancel(&self, change: &Change) -> Reply<String> {
        let path = format!("/v1/payment_intents/{}/cancel", percent_encoded(&change.reference));
        self.change(change, &path, Some(form::cancel())).await
    }

    async fn refund(&self, change: &Change) -> Reply<String> {
        self.change(change, "/v1/refunds", form::refund(change)).await
    }

    async fn create_link(&self, link: &NewLink) -> Reply<Link> {
        let Some(success_url) = &self.settings.success_url else { return Reply::cannot(NO_LINKS) };
        let now_s = Timestamp::now().as_second();
        let life_s = link.expires_at.as_second() - now_s;
        if life_s < LINK_LIFE_MIN_S {
            return Reply::cannot("Stripe's pages to pay on live for half an hour at least");
        }
        // They live for a day unless they are told to end earlier: a link that shall live longer ends after a day
        // rather than not at all.
        let expires_at_s = (life_s <= LINK_LIFE_MAX_S).then(|| link.expires_at.as_second());
        let Some(body) = form::session(link, success_url, expires_at_s) else { return Reply::cannot(AMOUNT) };
        Stripe::about_link(self.post("/v1/checkout/sessions", &link.key, body).await)
    }

    async fn link(&self, id: &str) -> Reply<Link> {
        let path = format!("/v1/checkout/sessions/{}", percent_encoded(id));
        Stripe::about_link(self.get(&path).await)
    }

    async fn expire_link(&self, id: &str) -> Reply<Link> {
        let path = format!("/v1/checkout/sessions/{}/expire", percent_encoded(id));
        Stripe::about_link(self.request(Method::POST, &path, HeaderMap::new(), Body::Nothing).await)
    }

    async fn query(&self, charge: &Charge) -> Answer {
        // The key is letters, digits and hyphens: nothing in it can end the quotes.
        let plain: String =
            charge.key.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
        let query = percent_encoded(&format!("metadata['{}']:'{plain}'", form::KEY));
        match self.get(&format!("/v1/payment_intents/search?query={query}")).await {
            Ok(came) => verdict::found(&came, &charge.key),
            Err(missed) => missed.query_answer(),
        }
    }

    fn verify_webhook(&self, webhook: &Webhook<'_>) -> Result<Verified, WebhookFault> {
        let secret = self.webhook_secret.as_ref().ok_or(WebhookFault::Unverifiable(NO_WEBHOOKS))?;
        webhook::verified(secret, webhook)
    }
}
