//! Checkout.com: exact bodies, what its answers mean, and that it never charges twice.

use serde_json::{Value, json};
use std::collections::HashMap;

use super::fake::{Asked, Fake, Said, Script};
use super::never_twice::{impatient, nobody_there, patient, ten_at_once, whatever_breaks};
use super::*;
use crate::call::DeclineReason;
use crate::psp::checkout::{Checkout, CheckoutSecrets, CheckoutSettings};
use crate::psp::http::HttpSettings;
use crate::psp::{
    Agreement, Change, Effect, Event, Link, LinkState, Mode, NewLink, StoredCard, Webhook, WebhookFault,
};

const CARD: &str = "4242424242424242";

/// Checkout.com, as far as the connector uses it. The amount decides.
struct Gateway;

impl Script for Gateway {
    fn key(&self, asked: &Asked) -> Option<String> {
        asked.headers.get("cko-idempotency-key").cloned()
    }

    fn forgets_errors(&self) -> bool {
        true
    }

    fn answer(&self, asked: &Asked, charges: &HashMap<String, u32>) -> Said {
        if asked.header("authorization") != "Bearer sk_sbox_1" {
            return Said::new(401, json!({}));
        }
        let body = asked.json();
        match asked.line().as_str() {
            "POST /payments" => pay(&body),
            "POST /payments/pay_1/refunds"
            | "POST /payments/pay_1/captures"
            | "POST /payments/pay_1/voids" => Said::new(202, json!({ "action_id": "act_1" })),
            "POST /payment-links" => Said::new(
                201,
                json!({ "id": "pl_1", "_links": { "redirect": { "href": "https://pay.checkout.com/pl_1" } } }),
            ),
            "GET /payment-links/pl_1" => {
                Said::new(200, json!({ "id": "pl_1", "status": "Payment Received" }))
            }
            line if line.starts_with("GET /payments?") => {
                let wanted = line.rsplit_once("reference=").map_or("", |(_, wanted)| wanted);
                let found: Vec<Value> = charges
                    .keys()
                    .filter(|key| *key == wanted)
                    .map(|key| json!({ "id": "pay_1", "status": "Captured", "reference": key }))
                    .collect();
                Said::new(200, json!({ "data": found }))
            }
            _ => Said::new(404, json!({})),
        }
    }
}

fn pay(body: &Value) -> Said {
    let declined = |code: &str| {
        Said::new(
            201,
            json!({ "id": "pay_1", "approved": false, "status": "Declined", "response_code": code }),
        )
    };
    let invalid =
        |code: &str| Said::new(422, json!({ "error_type": "request_invalid", "error_codes": [code] }));
    match body["amount"].as_i64() {
        Some(0) => Said::new(
            201,
            json!({ "id": "pay_1", "approved": true, "status": "Card Verified",
                "source": { "id": "src_1" }, "customer": { "id": "cus_1" } }),
        ),
        Some(105) => declined("20005"),
        Some(151) => declined("20051"),
        Some(154) => declined("20054"),
        Some(182) => declined("200N7"),
        Some(143) => declined("30043"),
        Some(191) => declined("20091"),
        Some(210) => Said::new(403, json!({})),
        Some(238) => invalid("currency_invalid"),
        Some(291) => invalid("processing_channel_id_invalid"),
        Some(300) => Said::new(202, json!({ "id": "pay_1", "status": "Pending" })),
        _ => Said::new(201, json!({ "id": "pay_1", "approved": true, "status": "Authorized" }))
            .charging(body["reference"].as_str().unwrap_or_default()),
    }
}

pub(super) fn connector_with(base: &str, http: &HttpSettings, key: &str) -> Result<Checkout, String> {
    let settings = CheckoutSettings {
        url: Some(base.into()),
        processing_channel_id: Some("pc_1".into()),
        ..CheckoutSettings::default()
    };
    let secrets =
        CheckoutSecrets { api_key: key.to_owned().into(), webhook_secret: Some("sign".to_owned().into()) };
    Checkout::new("checkout", &settings, http, &secrets, None).map_err(|fault| fault.to_string())
}

async fn fake() -> (Fake, Checkout) {
    let fake = Fake::start(Gateway).await;
    let checkout = connector_with(&fake.url(), &patient(), "sk_sbox_1").expect("a connector");
    (fake, checkout)
}

#[tokio::test]
async fn bodies_have_exactly_the_published_shape() {
    let (fake, checkout) = fake().await;
    let mut sale = charge("tg-1", "19.99");
    sale.caller_number = Some("+33612345678".into());
    sale.customer = Customer { delivery: None, account_created: None, history: None, ..customer() };
    let answer = checkout.authorise(&sale, &card(CARD)).await;
    assert_eq!(answer.outcome, Outcome::Approved { reference: "pay_1".into() }, "{answer:?}");
    let asked = fake.asked().remove(0);
    assert_eq!((asked.line().as_str(), asked.header("cko-idempotency-key")), ("POST /payments", "tg-1"));
    assert_eq!(
        asked.json(),
        json!({
            "amount": 1999, "currency": "EUR", "payment_type": "MOTO", "reference": "tg-1", "capture": true,
            "processing_channel_id": "pc_1", "description": "Invoice 7",
            "customer": { "email": "jean@example.fr", "name": "Jean Dupont" },
            "metadata": { "shopper_reference": "cust-0042", "failures_this_call": 1 },
            "source": { "type": "card", "number": CARD, "expiry_month": 3, "expiry_year": 2030, "cvv": "737",
                "name": "Jean Dupont", "phone": { "number": "+33612345678" },
                "billing_address": { "address_line1": "1 Rue de Rivoli", "city": "Paris", "zip": "75001",
                    "country": "FR" } }
        })
    );
    assert!(approved(&checkout.authorise(&charge("tg-2", "19.99"), &card_with("75001")).await));
    assert_eq!(
        fake.asked()[1].json(),
        json!({ "amount": 1999, "currency": "EUR", "payment_type": "MOTO", "reference": "tg-2", "capture": true,
            "processing_channel_id": "pc_1", "description": "Invoice 7",
            "source": { "type": "card", "number": "4111111111111111", "expiry_month": 3, "expiry_year": 2030,
                "cvv": "737", "billing_address": { "zip": "75001" } } })
    );
}

#[tokio::test]
async fn tokens_changes_and_links() {
    let (fake, checkout) = fake().await;
    let storing = storing(Agreement::Subscription);
    let stored = StoredCard { token: "src_1".into(), shopper: "cus_1".into() };
    assert_eq!(checkout.tokenise(&storing, &card(CARD)).await.effect, Effect::Done(stored.clone()));
    assert!(approved(
        &checkout.charge_token(&charge("tg-c", "5.00"), &stored, Agreement::Subscription).await
    ));
    assert_eq!(
        fake.asked()[1].json(),
        json!({ "amount": 500, "currency": "EUR", "reference": "tg-c", "capture": true,
            "processing_channel_id": "pc_1", "payment_type": "Recurring", "merchant_initiated": true,
            "description": "Invoice 7", "source": { "type": "id", "id": "src_1" } })
    );
    let change = Change { key: "k-1".into(), reference: "pay_1".into(), amount: charge("", "5.00").amount };
    let taken = Effect::Taken("act_1".to_owned());
    assert_eq!(checkout.refund(&change).await.effect, taken);
    assert_eq!(fake.asked()[2].json(), json!({ "amount": 500, "reference": "k-1" }));
    assert_eq!(checkout.capture(&Change { key: "k-2".into(), ..change.clone() }).await.effect, taken);
    assert_eq!(checkout.cancel(&Change { key: "k-3".into(), ..change }).await.effect, taken);
    assert_eq!(fake.asked()[4].body, "{\"reference\":\"k-3\"}");
    let mut new = NewLink {
        key: "tg-l".into(),
        amount: charge("", "19.99").amount,
        description: String::new(),
        expires_at: jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1),
        language: "fr".into(),
        customer: Customer::default(),
    };
    assert_eq!(checkout.create_link(&new).await.effect, Effect::NotDone, "no country is invented");
    new.customer = customer();
    let url = Some("https://pay.checkout.com/pl_1".to_owned());
    let made = Link { id: "pl_1".into(), url, state: LinkState::Open };
    assert_eq!(checkout.create_link(&new).await.effect, Effect::Done(made));
    let paid = Link { id: "pl_1".into(), url: None, state: LinkState::Paid };
    assert_eq!(checkout.link("pl_1").await.effect, Effect::Done(paid));
}

#[tokio::test]
async fn declines_have_their_reasons_and_faults_of_the_configuration_are_none() {
    use DeclineReason::*;
    let (fake, checkout) = fake().await;
    declined(
        &checkout,
        CARD,
        &[
            ("1.05", Generic),
            ("1.51", InsufficientFunds),
            ("1.54", Expired),
            ("1.82", CodeWrong),
            ("1.43", Blocked),
        ],
    )
    .await;
    misconfigured(
        &checkout,
        CARD,
        &[("2.10", "MOTO"), ("2.38", "currency"), ("2.91", "processing_channel_id")],
    )
    .await;
    assert_eq!(checkout.authorise(&charge("a", "1.91"), &card(CARD)).await.outcome, Outcome::NotCharged);
    assert_eq!(checkout.authorise(&charge("b", "3.00"), &card(CARD)).await.outcome, Outcome::Unknown);
    let wrong = connector_with(&fake.url(), &patient(), "sk_sbox_2").expect("a connector");
    let answer = wrong.authorise(&charge("c", "42.50"), &card(CARD)).await;
    assert!(answer.outcome == Outcome::NotCharged && answer.remedy.is_some(), "{answer:?}");
    assert!(fake.charges().is_empty());
    assert_eq!(connector_with("https://x.example", &patient(), "sk_1").map(|c| c.mode()), Ok(Mode::Live));
    assert!(connector_with("https://x.example", &patient(), "pk_1").is_err());
}

#[tokio::test]
async fn whatever_breaks_there_is_one_charge() {
    let fake = Fake::start(Gateway).await;
    let checkout = connector_with(&fake.url(), &impatient(), "sk_sbox_1").expect("a connector");
    whatever_breaks(&fake, &checkout, &["POST /payments"], true).await;
}

#[tokio::test]
async fn ten_at_once_are_one_charge_and_nobody_there_is_none() {
    let (fake, checkout) = fake().await;
    ten_at_once(&fake, &checkout).await;
    nobody_there(&connector_with("http://127.0.0.1:9", &impatient(), "sk_sbox_1").expect("a connector"))
        .await;
}

#[test]
fn a_webhook_is_believed_only_with_its_signature() {
    let checkout = connector_with("https://x.example", &patient(), "sk_sbox_1").expect("a connector");
    let body = json!({ "type": "payment_declined",
        "data": { "id": "pay_1", "reference": "tg-1", "response_code": "20051", "amount": 1, "currency": "EUR" } })
    .to_string();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"sign");
    let right = hex::encode(aws_lc_rs::hmac::sign(&key, body.as_bytes()));
    let read = |signature: &str| {
        let headers = [("cko-signature".to_owned(), signature.to_owned())];
        checkout.verify_webhook(&Webhook { headers: &headers, body: body.as_bytes(), now_s: 0 })
    };
    let news = read(&right).expect("believed").news;
    assert_eq!(news[0].key.as_deref(), Some("tg-1"));
    assert_eq!(news[0].event, Event::Charge(Outcome::Declined(DeclineReason::InsufficientFunds)));
    assert_eq!(read("00"), Err(WebhookFault::Signature));
}
