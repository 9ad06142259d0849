//! Lyra, by its REST API (V4): PayZen, Systempay, Sogecommerce, Scellius and more brands of the same.
//!
//! A charge is one `Charge/CreatePayment`. There is no idempotency key: nothing is ever sent twice, and a lost
//! answer is looked up by its order number, which is the attempt's own key.
//!
//! Read in Lyra's documentation of the REST API (V4.0): the tables of error codes (`INT` is a fault of the request,
//! `ACQ` the acquirer's, with its own code behind it, `PSP` Lyra's own), and in requests and notifications as shops
//! publish them: `transactionOptions.cardOptions.paymentSource` (`EC` for e-commerce; `MOTO` as in the form API's
//! `vads_payment_src`), `transactionDetails.parentTransactionUuid` of a refund, and `kr-hash`, the HMAC-SHA256 of
//! `kr-answer` in hexadecimal, which is made with the REST password where `kr-hash-key` says `password`, as in
//! notifications to a server. Cards sent by a shop's own server are for shops that Lyra lists as PCI DSS compliant.

mod body;
mod settings;
mod verdict;
mod webhook;

pub use settings::LyraSettings;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::{Map, json};
use std::sync::Arc;
use zeroize::Zeroizing;

use super::compose::text_at;
use super::http::{Body, Came, Check, HttpSettings, Line, Missed, Tap, secret_header};
use super::{
    Agreement, Answer, Capabilities, Change, Charge, Effect, Link, LinkState, Mode, NewLink, Operation, Psp,
    PspConfigError, Reply, StoredCard, Storing, Verified, Webhook, WebhookFault,
};
use crate::card::Card;

const NO_CAPTURE: &str = "Lyra captures by itself at the day's end; payments that wait for validation are validated \
                          in its back office";
const NO_END: &str = "a payment link of Lyra's ends at its time, or in its back office";

/// One shop with Lyra.
pub struct Lyra {
    name: String,
    settings: LyraSettings,
    mode: Mode,
    line: Line,
    password: Zeroizing<String>,
}

impl Lyra {
    /// Checks the settings and reads the certificates they name; sends nothing.
    ///
    /// # Errors
    /// If a setting or the password cannot work.
    pub fn new(
        name: &str,
        settings: &LyraSettings,
        http: &HttpSettings,
        password: Zeroizing<String>,
        tap: Option<Arc<Tap>>,
    ) -> Result<Lyra, PspConfigError> {
        let check = Check { psp: name };
        if settings.shop_id.is_empty() || settings.shop_id.contains(':') {
            return Err(check.fault("shop_id", "is not a shop's number; the back office shows it"));
        }
        let mode = match password.as_str() {
            text if text.starts_with("testpassword_") => Mode::Test,
            text if text.starts_with("prodpassword_") => Mode::Live,
            _ => {
                let told =
                    "holds no REST password; write the one that begins with testpassword_ or prodpassword_";
                return Err(check.fault("password_file", told));
            }
        };
        let pair = Zeroizing::new(format!("{}:{}", settings.shop_id, password.as_str()));
        let basic = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
        let headers =
            HeaderMap::from_iter([(AUTHORIZATION, secret_header(&check, "password_file", &basic)?)]);
        Ok(Lyra {
            name: name.into(),
            settings: settings.clone(),
            mode,
            line: Line::new(name, &settings.url, http, headers, tap)?,
            password,
        })
    }

    async fn post(&self, service: &str, body: Body) -> Result<Came, Missed> {
        self.line.ask(Method::POST, &format!("/api-payment/V4/{service}"), &[], body).await
    }

    async fn pay(&self, service: &str, body: Body) -> (Answer, Option<Came>) {
        match self.post(service, body).await {
            Ok(came) => (verdict::payment(&came), Some(came)),
            Err(missed) => (missed.answer(false), None),
        }
    }

    async fn change(&self, change: &Change, mode: &str) -> Reply<String> {
        let answer =
            match self.post("Transaction/CancelOrRefund", Body::fields(body::change(change, mode))).await {
                Ok(came) => verdict::named(&came, "answer.uuid"),
                Err(missed) => missed.answer(false),
            };
        Reply::from_answer(answer, Effect::Done)
    }
}

fn link_of(came: Result<Came, Missed>) -> Reply<Link> {
    let came = match came {
        Ok(came) => came,
        Err(missed) => return Reply::from_answer(missed.answer(false), |_| Effect::Unknown),
    };
    let at = |path| came.json.as_ref().and_then(|fields| text_at(fields, path));
    Reply::from_answer(verdict::named(&came, "answer.paymentOrderId"), |id| {
        let state = match at("answer.paymentOrderStatus") {
            Some("RUNNING") => LinkState::Open,
            Some("PAID") => LinkState::Paid,
            Some("EXPIRED" | "CANCELLED" | "REFUSED") => LinkState::Ended,
            _ => return Effect::Unknown,
        };
        Effect::Done(Link { id, url: at("answer.paymentURL").map(Into::into), state })
    })
}

#[async_trait::async_trait]
impl Psp for Lyra {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { deduplicates: false, lacks: &[(Operation::Capture, NO_CAPTURE)] }
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    async fn authorise(&self, charge: &Charge, card: &Card) -> Answer {
        if let Some(refusal) = self.mode.refuses(card) {
            return refusal;
        }
        let body = Body::SecretJson(body::charge(&self.settings, charge, card));
        self.pay("Charge/CreatePayment", body).await.0
    }

    async fn charge_token(&self, charge: &Charge, stored: &StoredCard, _: Agreement) -> Answer {
        self.pay("Charge/CreatePayment", Body::fields(body::charge_token(charge, stored))).await.0
    }

    async fn tokenise(&self, storing: &Storing, card: &Card) -> Reply<StoredCard> {
        let (answer, came) = match self.mode.refuses(card) {
            Some(answer) => (answer, None),
            None => {
                let body = Body::SecretJson(body::tokenise(&self.settings, storing, card));
                self.pay("Charge/CreateToken", body).await
            }
        };
        let token = came.as_ref().and_then(|came| {
            let answer = came.json.as_ref()?.get("answer")?.as_object()?;
            text_at(verdict::transaction(answer)?, "paymentMethodToken").filter(|token| !token.is_empty())
        });
        Reply::from_answer(answer, |_| match token {
            Some(token) => {
                Effect::Done(StoredCard { token: token.into(), shopper: storing.shopper_reference.clone() })
            }
            None => Effect::Unknown,
        })
    }

    async fn capture(&self, _: &Change) -> Reply<String> {
        Reply::cannot(NO_CAPTURE)
    }

    async fn cancel(&self, change: &Change) -> Reply<String> {
        self.change(change, "CANCELLATION_ONLY").await
    }

    async fn refund(&self, change: &Change) -> Reply<String> {
        self.change(change, "REFUND_ONLY").await
    }

    async fn create_link(&self, link: &NewLink) -> Reply<Link> {
        link_of(self.post("Charge/CreatePaymentOrder", Body::fields(body::link(link))).await)
    }

    async fn link(&self, id: &str) -> Reply<Link> {
        let fields = Map::from_iter([("paymentOrderId".to_owned(), json!(id))]);
        link_of(self.post("PaymentOrder/Get", Body::fields(fields)).await)
    }

    async fn expire_link(&self, _: &str) -> Reply<Link> {
        Reply::cannot(NO_END)
    }

    async fn query(&self, charge: &Charge) -> Answer {
        let fields = Map::from_iter([("orderId".to_owned(), json!(charge.key))]);
        match self.post("Order/Get", Body::fields(fields)).await {
            Ok(came) => verdict::found(&came),
            Err(missed) => missed.query_answer(),
        }
    }

    fn verify_webhook(&self, webhook: &Webhook<'_>) -> Result<Verified, WebhookFault> {
        webhook::verified(&self.password, webhook)
    }
}
