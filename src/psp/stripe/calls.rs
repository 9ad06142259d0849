//! What a Stripe operation is made of: single requests, and what follows from their answers.

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::{AMOUNT, Stripe, form, verdict};
use crate::call::Outcome;
use crate::card::{Card, SecretBody};
use crate::psp::compose::text_at;
use crate::psp::http::{Body, Came, Missed, Request};
use crate::psp::{Answer, Change, Customer, Effect, Link, LinkState, Reply, StoredCard, Storing};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

impl Stripe {
    pub(super) async fn post(&self, path: &str, key: &str, body: SecretBody) -> Result<Came, Missed> {
        // Without its key a request could be done twice.
        let Ok(value) = HeaderValue::from_str(key) else {
            return Err(Missed::NotSent {
                cause: "the idempotency key is none".into(),
                remedy: Some("report this: it is a fault of tonegate"),
            });
        };
        let headers = HeaderMap::from_iter([(IDEMPOTENCY_KEY, value)]);
        self.request(Method::POST, path, headers, Body::Form(body)).await
    }

    pub(super) async fn get(&self, path: &str) -> Result<Came, Missed> {
        self.request(Method::GET, path, HeaderMap::new(), Body::Nothing).await
    }

    pub(super) async fn request(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Body,
    ) -> Result<Came, Missed> {
        self.http.exchange(Request { method, url: format!("{}{path}", self.base), headers, body }).await
    }

    /// Hands the card over. Charges nothing, so that a lost answer is no unknown charge.
    pub(super) async fn method(
        &self,
        key: &str,
        card: &Card,
        customer: &Customer,
        phone: Option<&str>,
    ) -> Result<String, Answer> {
        let body = form::payment_method(card, customer, phone);
        let answer = match self.post("/v1/payment_methods", &format!("{key}-pm"), body).await {
            Ok(came) => verdict::object(&came),
            Err(missed) => missed.answer(true),
        };
        uncharged(answer)
    }

    pub(super) async fn pay(&self, key: &str, body: SecretBody) -> Answer {
        match self.post("/v1/payment_intents", key, body).await {
            Ok(came) => verdict::intent(&came),
            Err(missed) => missed.answer(true),
        }
    }

    pub(super) async fn stored(&self, storing: &Storing, card: &Card) -> Result<StoredCard, Answer> {
        if let Some(refusal) = self.mode.refuses(card) {
            return Err(refusal);
        }
        let phone = storing.customer.phone.as_deref();
        let method = self.method(&storing.key, card, &storing.customer, phone).await?;
        let customer =
            self.post("/v1/customers", &format!("{}-cu", storing.key), form::customer(storing)).await;
        let customer =
            uncharged(customer.map_or_else(|missed| missed.answer(true), |came| verdict::object(&came)))?;
        let body = form::setup(storing, &customer, &method);
        let answer = match self.post("/v1/setup_intents", &storing.key, body).await {
            Ok(came) => verdict::intent(&came),
            Err(missed) => missed.answer(true),
        };
        match answer.outcome {
            Outcome::Approved { .. } => Ok(StoredCard { token: method, shopper: customer }),
            _ => Err(answer),
        }
    }

    pub(super) async fn change(
        &self,
        change: &Change,
        path: &str,
        body: Option<SecretBody>,
    ) -> Reply<String> {
        let Some(body) = body else { return Reply::cannot(AMOUNT) };
        let answer = match self.post(path, &change.key, body).await {
            Ok(came) => verdict::object(&came),
            Err(missed) => missed.answer(true),
        };
        Reply::from_answer(answer, Effect::Done)
    }

    pub(super) fn about_link(came: Result<Came, Missed>) -> Reply<Link> {
        let came = match came {
            Ok(came) => came,
            Err(missed) => return Reply::from_answer(missed.answer(true), |_| Effect::Unknown),
        };
        let reply = came.json.as_ref();
        Reply::from_answer(verdict::object(&came), |id| {
            let at = |name| reply.and_then(|fields| text_at(fields, name));
            let state = match (at("status"), at("payment_status")) {
                (Some("open"), _) => LinkState::Open,
                (Some("complete"), Some("paid")) => LinkState::Paid,
                (Some("complete"), _) => LinkState::Pending,
                (Some("expired"), _) => LinkState::Ended,
                _ => return Effect::Unknown,
            };
            Effect::Done(Link { id, url: at("url").map(Into::into), state })
        })
    }
}

/// The name of what was made by a request that charges nothing; whatever became of it otherwise, nothing was
/// charged.
fn uncharged(answer: Answer) -> Result<String, Answer> {
    match answer.outcome {
        Outcome::Approved { reference } => Ok(reference),
        Outcome::Unknown => Err(Answer { outcome: Outcome::NotCharged, ..answer }),
        _ => Err(answer),
    }
}
