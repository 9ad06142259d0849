//! Worldline Direct: exact bodies, what its answers mean, and that it never charges twice.

use serde_json::{Value, json};
use std::collections::HashMap;

use super::fake::{Asked, Fake, Said, Script};
use super::never_twice::{impatient, nobody_there, patient, ten_at_once, whatever_breaks};
use super::*;
use crate::call::DeclineReason;
use crate::psp::http::HttpSettings;
use crate::psp::worldline::{Worldline, WorldlineSecrets, WorldlineSettings};
use crate::psp::{
    Agreement, Change, Effect, Environment, Event, Link, LinkState, NewLink, StoredCard, Webhook,
    WebhookFault,
};

const CARD: &str = "5555555555554444";

/// Worldline Direct, as far as the connector uses it. The amount decides.
struct Direct;

impl Script for Direct {
    fn key(&self, asked: &Asked) -> Option<String> {
        asked.headers.get("x-gcs-idempotence-key").cloned()
    }

    fn forgets_errors(&self) -> bool {
        true
    }

    fn answer(&self, asked: &Asked, _: &HashMap<String, u32>) -> Said {
        if !asked.header("authorization").starts_with("GCS v1HMAC:KEYID:") || asked.header("date").is_empty()
        {
            return Said::new(403, json!({ "errorId": "e" }));
        }
        let body = asked.json();
        match asked.line().as_str() {
            "POST /v2/SHOP/payments" => pay(&body, asked.header("x-gcs-idempotence-key")),
            "POST /v2/SHOP/payments/1_0/refund" => Said::new(201, json!({ "id": "1_1" })),
            "POST /v2/SHOP/payments/1_0/capture" => Said::new(201, json!({ "id": "1_2" })),
            "POST /v2/SHOP/payments/1_0/cancel" => Said::new(200, json!({ "payment": { "id": "1_3" } })),
            "POST /v2/SHOP/paymentlinks" => Said::new(201, link("ACTIVE")),
            "POST /v2/SHOP/paymentlinks/L1/cancel" => {
                Said { body: String::new(), ..Said::new(204, json!(null)) }
            }
            "GET /v2/SHOP/paymentlinks/L1" => Said::new(200, link("CANCELLED")),
            _ => Said::new(404, json!({})),
        }
    }
}

fn link(status: &str) -> Value {
    json!({ "paymentLinkId": "L1", "redirectionUrl": "https://pay.example/L1", "status": status })
}

fn pay(body: &Value, key: &str) -> Said {
    let rejected = |code: &str| {
        let payment = json!({ "id": "1_0", "status": "REJECTED" });
        let errors = json!([{ "code": code, "errorCode": code, "message": "no" }]);
        Said::new(402, json!({ "errorId": "e", "errors": errors, "paymentResult": { "payment": payment } }))
    };
    let paid = |status: &str| json!({ "payment": { "id": "1_0", "status": status }, "creationOutput": { "token": "tok_1" } });
    match body["order"]["amountOfMoney"]["amount"].as_i64() {
        Some(0) => Said::new(201, paid("ACCOUNT_VERIFIED")),
        Some(105) => rejected("30001001"),
        Some(151) => rejected("30511001"),
        Some(143) => rejected("30431001"),
        Some(191) => rejected("30911001"),
        Some(139) => rejected("40001139"),
        Some(154) => rejected("30331001"),
        Some(291) => Said::new(400, json!({ "errors": [{ "errorCode": "50001111", "message": "no" }] })),
        Some(292) => Said::new(404, json!({ "errors": [{ "errorCode": "1002", "message": "no" }] })),
        Some(300) => Said::new(201, paid("AUTHORIZATION_REQUESTED")),
        Some(301) => Said::new(201, paid("REDIRECTED")),
        Some(309) => Said::new(409, json!({ "errors": [{ "errorCode": "1409", "message": "no" }] })),
        _ => Said::new(201, paid("CAPTURED")).charging(key),
    }
}

pub(super) fn connector_with(base: &str, http: &HttpSettings, environment: Environment) -> Worldline {
    let settings =
        WorldlineSettings { url: Some(base.into()), environment, ..WorldlineSettings::test("SHOP", "KEYID") };
    let secrets = WorldlineSecrets {
        secret_key: "SECRET".to_owned().into(),
        webhook_secret: Some("sign".to_owned().into()),
    };
    Worldline::new("worldline", &settings, http, &secrets, None).expect("a connector")
}

async fn fake() -> (Fake, Worldline) {
    let fake = Fake::start(Direct).await;
    let worldline = connector_with(&fake.url(), &patient(), Environment::Test);
    (fake, worldline)
}

#[tokio::test]
async fn a_charge_has_exactly_the_published_shape() {
    let (fake, worldline) = fake().await;
    let mut sale = charge("tg-1", "19.99");
    sale.caller_number = Some("+33612345678".into());
    sale.customer = Customer { delivery: None, failures_this_call: None, ..customer() };
    let answer = worldline.authorise(&sale, &card(CARD)).await;
    assert_eq!(answer.outcome, Outcome::Approved { reference: "1_0".into() }, "{answer:?}");
    let asked = fake.asked().remove(0);
    assert_eq!(asked.header("x-gcs-idempotence-key"), "tg1");
    assert_eq!(
        asked.json(),
        json!({
            "order": {
                "amountOfMoney": { "amount": 1999, "currencyCode": "EUR" },
                "references": { "merchantReference": "tg1", "descriptor": "Invoice 7" },
                "customer": { "merchantCustomerId": "cust-0042",
                    "contactDetails": { "emailAddress": "jean@example.fr", "phoneNumber": "+33612345678" },
                    "personalInformation": { "name": { "firstName": "Jean", "surname": "Dupont" } },
                    "billingAddress": { "street": "Rue de Rivoli", "houseNumber": "1", "zip": "75001",
                        "city": "Paris", "countryCode": "FR" },
                    "account": { "createDate": "20240102",
                        "paymentActivity": { "numberOfPurchasesLast6Months": 4 } } } },
            "cardPaymentMethodSpecificInput": { "paymentProductId": 3, "authorizationMode": "SALE",
                "transactionChannel": "MOTO", "card": { "cardNumber": CARD, "expiryDate": "0330", "cvv": "737",
                    "cardholderName": "Jean Dupont" } }
        })
    );
}

#[tokio::test]
async fn tokens_changes_and_links() {
    let (fake, worldline) = fake().await;
    let storing = storing(Agreement::Unscheduled);
    let stored = StoredCard { token: "tok_1".into(), shopper: "cust-0042".into() };
    assert_eq!(worldline.tokenise(&storing, &card(CARD)).await.effect, Effect::Done(stored.clone()));
    assert_eq!(fake.asked()[0].json()["cardPaymentMethodSpecificInput"]["tokenize"], true);
    assert!(approved(
        &worldline.charge_token(&charge("tg-c", "5.00"), &stored, Agreement::Unscheduled).await
    ));
    assert_eq!(fake.asked()[1].json()["cardPaymentMethodSpecificInput"]["token"], "tok_1");
    let change =
        |key: &str| Change { key: key.into(), reference: "1_0".into(), amount: charge("", "5.00").amount };
    assert_eq!(worldline.refund(&change("k-1")).await.effect, Effect::Taken("1_1".into()));
    assert_eq!(
        fake.asked()[2].json(),
        json!({ "amountOfMoney": { "amount": 500, "currencyCode": "EUR" }, "references": { "merchantReference": "k1" } })
    );
    assert_eq!(worldline.capture(&change("k-2")).await.effect, Effect::Taken("1_2".into()));
    assert_eq!(worldline.cancel(&change("k-3")).await.effect, Effect::Taken("1_3".into()));
    let new = NewLink {
        key: "tg-l".into(),
        amount: charge("", "19.99").amount,
        description: String::new(),
        expires_at: "2026-12-01T10:00:00Z".parse().expect("a time"),
        language: "fr".into(),
        customer: Customer::default(),
    };
    let url = Some("https://pay.example/L1".to_owned());
    let as_it_is = |state| Effect::Done(Link { id: "L1".into(), url: url.clone(), state });
    assert_eq!(worldline.create_link(&new).await.effect, as_it_is(LinkState::Open));
    assert_eq!(worldline.expire_link("L1").await.effect, as_it_is(LinkState::Ended));
}

#[tokio::test]
async fn declines_have_their_reasons_and_faults_of_the_configuration_are_none() {
    use DeclineReason::*;
    let (fake, worldline) = fake().await;
    declined(
        &worldline,
        CARD,
        &[
            ("1.05", Generic),
            ("1.51", InsufficientFunds),
            ("1.54", Expired),
            ("1.43", Blocked),
            ("1.39", ReferToBank),
        ],
    )
    .await;
    misconfigured(&worldline, CARD, &[("2.91", "settings"), ("2.92", "merchant_id"), ("3.01", "MOTO")]).await;
    assert_eq!(worldline.authorise(&charge("a", "1.91"), &card(CARD)).await.outcome, Outcome::NotCharged);
    for (euros, may_retry) in [("3.00", false), ("3.09", true)] {
        let answer = worldline.authorise(&charge(euros, euros), &card(CARD)).await;
        assert_eq!((answer.outcome, answer.may_retry), (Outcome::Unknown, may_retry), "{euros}");
    }
    assert!(fake.charges().is_empty());
}

#[tokio::test]
async fn whatever_breaks_there_is_one_charge() {
    let fake = Fake::start(Direct).await;
    let worldline = connector_with(&fake.url(), &impatient(), Environment::Test);
    // After HTTP 500, and after an answer that cannot be read, nothing but the webhook tells.
    whatever_breaks(&fake, &worldline, &["POST /v2/SHOP/payments"], false).await;
}

#[tokio::test]
async fn ten_at_once_are_one_charge_and_nobody_there_is_none() {
    let (fake, worldline) = fake().await;
    ten_at_once(&fake, &worldline).await;
    nobody_there(&connector_with("http://127.0.0.1:9", &impatient(), Environment::Test)).await;
}

#[test]
fn a_webhook_is_believed_only_with_its_signature_and_names_the_attempt() {
    use base64::Engine;
    let worldline = connector_with("https://x.example", &patient(), Environment::Test);
    let attempt = AttemptId { payment: 0x0192_0000_0000_7000_8000_0000_0000_0001, ordinal: 2 };
    let reference = attempt.key().replace('-', "");
    let body = json!({ "type": "payment.captured", "payment": { "id": "1_0", "paymentOutput": {
        "amountOfMoney": { "amount": 1999, "currencyCode": "EUR" },
        "references": { "merchantReference": reference } } } })
    .to_string();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"sign");
    let right =
        base64::engine::general_purpose::STANDARD.encode(aws_lc_rs::hmac::sign(&key, body.as_bytes()));
    let read = |signature: &str| {
        let headers = [("x-gcs-signature".to_owned(), signature.to_owned())];
        worldline.verify_webhook(&Webhook { headers: &headers, body: body.as_bytes(), now_s: 0 })
    };
    let news = read(&right).expect("believed").news;
    assert_eq!(news[0].key, Some(attempt.key()));
    assert_eq!(news[0].event, Event::Charge(Outcome::Approved { reference: "1_0".into() }));
    assert_eq!(read("AAAA"), Err(WebhookFault::Signature));
    // An operation's key, without its hyphens, is told from an attempt's; a list of one event is one event.
    let operation = "tgo-01920000-0000-7000-8000-000000000001";
    let event = json!([{ "type": "refund.refunded", "refund": { "id": "1_0_1", "refundOutput": {
        "amountOfMoney": { "amount": 500, "currencyCode": "EUR" },
        "references": { "merchantReference": operation.replace('-', "") } } } }])
    .to_string();
    let right =
        base64::engine::general_purpose::STANDARD.encode(aws_lc_rs::hmac::sign(&key, event.as_bytes()));
    let headers = [("x-gcs-signature".to_owned(), right)];
    let webhook = Webhook { headers: &headers, body: event.as_bytes(), now_s: 0 };
    let news = worldline.verify_webhook(&webhook).expect("believed").news;
    assert_eq!((news[0].key.as_deref(), &news[0].event), (Some(operation), &Event::Refunded(true)));
}

#[tokio::test]
async fn no_key_is_longer_than_worldline_takes() {
    let (fake, worldline) = fake().await;
    let longest = AttemptId { payment: u128::MAX, ordinal: 255 }.key();
    assert!(approved(&worldline.authorise(&charge(&longest, "42.50"), &card(CARD)).await));
    let key = fake.asked()[0].header("x-gcs-idempotence-key").to_owned();
    assert!(key.len() <= 40 && key.ends_with("255"), "{key}");
}
