//! Lyra: exact bodies, what its answers mean, and that it never charges twice.

use serde_json::{Value, json};
use std::collections::HashMap;

use super::fake::{Asked, Fake, Said, Script};
use super::never_twice::{impatient, nobody_there, patient, whatever_breaks};
use super::*;
use crate::call::DeclineReason;
use crate::psp::http::HttpSettings;
use crate::psp::lyra::{Lyra, LyraSettings};
use crate::psp::{
    Agreement, Change, Effect, Event, Link, LinkState, Mode, NewLink, StoredCard, Webhook, WebhookFault,
};

const CARD: &str = "4970100000000055";

/// Lyra, as far as the connector uses it. The amount decides. It remembers nothing: what is sent twice is charged
/// twice.
struct V4;

impl Script for V4 {
    fn key(&self, _: &Asked) -> Option<String> {
        None
    }

    fn answer(&self, asked: &Asked, charges: &HashMap<String, u32>) -> Said {
        // 12345:testpassword_1
        if asked.header("authorization") != "Basic MTIzNDU6dGVzdHBhc3N3b3JkXzE=" {
            return error("INT_905", "invalid credentials");
        }
        let body = asked.json();
        let order = body["orderId"].as_str().unwrap_or_default();
        match asked.path.trim_start_matches("/api-payment/V4/") {
            "Charge/CreatePayment" => pay(&body, order),
            "Charge/CreateToken" => paid(json!({ "uuid": "u0", "paymentMethodToken": "tok_1" })),
            "Transaction/CancelOrRefund" => success(json!({ "uuid": "u2" })),
            "Order/Get" if charges.contains_key(order) => paid(json!({ "uuid": "u1" })),
            "Order/Get" => error("PSP_010", "transaction not found"),
            "Charge/CreatePaymentOrder" => {
                success(json!({ "paymentOrderId": "po1", "paymentOrderStatus": "RUNNING",
                "paymentURL": "https://secure.payzen.eu/t/po1" }))
            }
            "PaymentOrder/Get" => success(json!({ "paymentOrderId": "po1", "paymentOrderStatus": "PAID" })),
            _ => Said::new(404, json!({})),
        }
    }
}

fn success(answer: Value) -> Said {
    Said::new(200, json!({ "status": "SUCCESS", "answer": answer }))
}

fn paid(transaction: Value) -> Said {
    success(json!({ "orderStatus": "PAID", "transactions": [transaction] }))
}

fn error(code: &str, message: &str) -> Said {
    Said::new(200, json!({ "status": "ERROR", "answer": { "errorCode": code, "errorMessage": message } }))
}

fn pay(body: &Value, order: &str) -> Said {
    let unpaid = |code: &str| {
        success(json!({ "orderStatus": "UNPAID",
            "transactions": [{ "uuid": "u1", "errorCode": "ACQ_001", "detailedErrorCode": code }] }))
    };
    match body["amount"].as_i64() {
        Some(105) => unpaid("05"),
        Some(151) => unpaid("51"),
        Some(154) => unpaid("54"),
        Some(191) => unpaid("91"),
        Some(210) => error("INT_913", "allowed for PCI DSS merchants alone"),
        Some(225) => error("PSP_025", "unknown contract"),
        Some(226) => error("PSP_026", "invalid card number"),
        Some(202) => error("PSP_202", "expired"),
        Some(206) => error("PSP_106", "too many"),
        Some(291) => error("INT_015", "invalid field"),
        Some(300) => success(json!({ "orderStatus": "RUNNING", "transactions": [{ "uuid": "u1" }] })),
        Some(301) => error("INT_999", "unknown"),
        _ => paid(json!({ "uuid": "u1" })).charging(order),
    }
}

pub(super) fn connector_with(base: &str, http: &HttpSettings, password: &str) -> Result<Lyra, String> {
    let settings = LyraSettings::at(base, "12345");
    Lyra::new("lyra", &settings, http, password.to_owned().into(), None).map_err(|fault| fault.to_string())
}

async fn fake() -> (Fake, Lyra) {
    let fake = Fake::start(V4).await;
    let lyra = connector_with(&fake.url(), &patient(), "testpassword_1").expect("a connector");
    (fake, lyra)
}

#[tokio::test]
async fn a_charge_has_exactly_the_published_shape() {
    let (fake, lyra) = fake().await;
    let mut sale = charge("tg-1", "2.50");
    sale.reference = Some("order 42".into());
    sale.customer = Customer { delivery: None, account_created: None, history: None, ..customer() };
    let answer = lyra.authorise(&sale, &card(CARD)).await;
    assert_eq!(answer.outcome, Outcome::Approved { reference: "u1".into() }, "{answer:?}");
    assert_eq!(fake.asked()[0].line(), "POST /api-payment/V4/Charge/CreatePayment");
    assert_eq!(
        fake.asked()[0].json(),
        json!({
            "amount": 250, "currency": "EUR", "orderId": "tg-1", "formAction": "REGISTER_PAY",
            "transactionOptions": { "cardOptions": { "paymentSource": "MOTO" } },
            "customer": { "email": "jean@example.fr", "reference": "cust-0042",
                "billingDetails": { "firstName": "Jean", "lastName": "Dupont", "address": "Rue de Rivoli",
                    "streetNumber": "1", "zipCode": "75001", "city": "Paris", "country": "FR" } },
            "metadata": { "order": "order 42", "failures_this_call": "1" },
            "paymentForms": [{ "paymentMethodType": "CARD", "pan": CARD, "expiryMonth": "03", "expiryYear": "30",
                "securityCode": "737" }]
        })
    );
}

#[tokio::test]
async fn tokens_changes_and_links() {
    let (fake, lyra) = fake().await;
    let storing = storing(Agreement::Unscheduled);
    let stored = StoredCard { token: "tok_1".into(), shopper: "cust-0042".into() };
    assert_eq!(lyra.tokenise(&storing, &card(CARD)).await.effect, Effect::Done(stored.clone()));
    assert!(approved(&lyra.charge_token(&charge("tg-c", "5.00"), &stored, Agreement::Unscheduled).await));
    assert_eq!(
        fake.asked()[1].json(),
        json!({ "amount": 500, "currency": "EUR", "orderId": "tg-c", "formAction": "SILENT",
            "paymentMethodToken": "tok_1" })
    );
    let change = Change { key: "k-1".into(), reference: "u1".into(), amount: charge("", "5.00").amount };
    assert_eq!(lyra.refund(&change).await.effect, Effect::Done("u2".into()));
    assert_eq!(
        fake.asked()[2].json(),
        json!({ "uuid": "u1", "amount": 500, "currency": "EUR", "resolutionMode": "REFUND_ONLY", "comment": "k-1" })
    );
    assert_eq!(lyra.cancel(&change).await.effect, Effect::Done("u2".into()));
    assert_eq!(lyra.capture(&change).await.effect, Effect::NotDone);
    let new = NewLink {
        key: "tg-l".into(),
        amount: charge("", "19.99").amount,
        description: String::new(),
        expires_at: "2026-12-01T10:00:00Z".parse().expect("a time"),
        language: "fr-FR".into(),
        customer: Customer::default(),
    };
    let url = Some("https://secure.payzen.eu/t/po1".to_owned());
    let made = Link { id: "po1".into(), url, state: LinkState::Open };
    assert_eq!(lyra.create_link(&new).await.effect, Effect::Done(made));
    assert_eq!(
        fake.asked()[4].json(),
        json!({ "amount": 1999, "currency": "EUR", "orderId": "tg-l", "channelOptions": { "channelType": "URL" },
            "expirationDate": "2026-12-01T10:00:00+00:00", "locale": "fr_FR" })
    );
    assert!(matches!(lyra.link("po1").await.effect, Effect::Done(link) if link.state == LinkState::Paid));
}

#[tokio::test]
async fn declines_have_their_reasons_and_faults_of_the_configuration_are_none() {
    use DeclineReason::*;
    let (fake, lyra) = fake().await;
    declined(
        &lyra,
        CARD,
        &[
            ("1.05", Generic),
            ("1.51", InsufficientFunds),
            ("1.54", Expired),
            ("2.26", Invalid),
            ("2.02", Expired),
        ],
    )
    .await;
    misconfigured(&lyra, CARD, &[("2.10", "MOTO"), ("2.25", "contract"), ("2.91", "settings")]).await;
    assert_eq!(lyra.authorise(&charge("a", "1.91"), &card(CARD)).await.outcome, Outcome::NotCharged);
    let busy = lyra.authorise(&charge("c", "2.06"), &card(CARD)).await;
    assert_eq!((busy.outcome, busy.may_retry), (Outcome::NotCharged, true));
    for open in ["3.00", "3.01"] {
        let answer = lyra.authorise(&charge(open, open), &card(CARD)).await;
        assert_eq!((answer.outcome, answer.may_retry), (Outcome::Unknown, false), "{open}");
    }
    let wrong = connector_with(&fake.url(), &patient(), "testpassword_2").expect("a connector");
    let answer = wrong.authorise(&charge("b", "42.50"), &card(CARD)).await;
    assert!(answer.outcome == Outcome::NotCharged && answer.remedy.is_some(), "{answer:?}");
    assert_eq!(wrong.query(&charge("b", "42.50")).await.outcome, Outcome::Unknown);
    assert!(fake.charges().is_empty());
    assert_eq!(
        connector_with("https://x.example", &patient(), "prodpassword_1").map(|l| l.mode()),
        Ok(Mode::Live)
    );
    assert!(connector_with("https://x.example", &patient(), "secret").is_err());
}

#[tokio::test]
async fn whatever_breaks_there_is_one_charge() {
    let fake = Fake::start(V4).await;
    let lyra = connector_with(&fake.url(), &impatient(), "testpassword_1").expect("a connector");
    whatever_breaks(&fake, &lyra, &["POST /api-payment/V4/Charge/CreatePayment"], true).await;
    nobody_there(&connector_with("http://127.0.0.1:9", &impatient(), "testpassword_1").expect("a connector"))
        .await;
}

#[test]
fn a_notification_is_believed_only_with_its_hash() {
    let lyra = connector_with("https://x.example", &patient(), "testpassword_1").expect("a connector");
    let answer = json!({ "orderStatus": "PAID", "orderDetails": { "orderId": "tg-1" },
        "transactions": [{ "uuid": "u1", "amount": 250, "currency": "EUR", "operationType": "DEBIT" }] })
    .to_string();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"testpassword_1");
    let hash = hex::encode(aws_lc_rs::hmac::sign(&key, answer.as_bytes()));
    let read = |hash: &str| {
        let mut url = reqwest::Url::parse("http://x/").expect("an address");
        url.query_pairs_mut().append_pair("kr-hash", hash).append_pair("kr-answer", &answer);
        let body = url.query().unwrap_or_default().to_owned();
        lyra.verify_webhook(&Webhook { headers: &[], body: body.as_bytes(), now_s: 0 })
    };
    let news = read(&hash).expect("believed").news;
    assert_eq!((news[0].key.as_deref(), news[0].reference.as_deref()), (Some("tg-1"), Some("u1")));
    assert_eq!(news[0].event, Event::Charge(Outcome::Approved { reference: "u1".into() }));
    assert_eq!(read("00"), Err(WebhookFault::Signature));
}
