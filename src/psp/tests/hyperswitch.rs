//! Hyperswitch: exact bodies, what its answers mean, and that it never charges twice.

use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::fake::{Asked, Fake, Said, Script};
use super::never_twice::{impatient, nobody_there, patient, ten_at_once, whatever_breaks};
use super::*;
use crate::call::DeclineReason;
use crate::psp::http::HttpSettings;
use crate::psp::hyperswitch::{Hyperswitch, HyperswitchSecrets, HyperswitchSettings};
use crate::psp::{
    Agreement, Change, Effect, Event, Link, LinkState, NewLink, StoredCard, Webhook, WebhookFault,
};

const CARD: &str = "4242424242424242";

/// Hyperswitch, as far as the connector uses it. The amount decides. Knows payments by their names, and remembers
/// no answers.
#[derive(Default)]
struct Switch(Mutex<HashMap<String, Value>>);

impl Script for Switch {
    fn key(&self, _: &Asked) -> Option<String> {
        None
    }

    fn answer(&self, asked: &Asked, _: &HashMap<String, u32>) -> Said {
        if asked.header("api-key") != "snd_1" {
            return Said::new(401, json!({ "error": { "type": "invalid_request", "code": "IR_01" } }));
        }
        let mut payments = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let body = asked.json();
        let line = asked.line();
        match line.as_str() {
            "POST /payments" => {
                let id = body["payment_id"].as_str().unwrap_or_default().to_owned();
                if payments.contains_key(&id) {
                    let words = "The payment with the specified payment_id already exists";
                    return error(400, "HE_01", words);
                }
                let said = pay(&body, &id);
                if said.status == 200 {
                    payments.insert(id, serde_json::from_str(&said.body).unwrap_or_default());
                }
                said
            }
            "POST /refunds" => Said::new(200, json!({ "refund_id": "ref_1", "status": "pending" })),
            _ if line.starts_with("GET /payments/") => {
                let id = asked.path.trim_start_matches("/payments/").split('?').next().unwrap_or_default();
                match payments.get(id) {
                    Some(payment) => Said::new(200, payment.clone()),
                    None => error(404, "HE_02", "Payment does not exist in our records"),
                }
            }
            _ if line.ends_with("/cancel") => {
                Said::new(200, json!({ "payment_id": "p", "status": "cancelled" }))
            }
            _ if line.ends_with("/capture") => {
                Said::new(200, json!({ "payment_id": "p", "status": "succeeded" }))
            }
            _ => Said::new(404, json!({})),
        }
    }
}

fn error(status: u16, code: &str, message: &str) -> Said {
    Said::new(status, json!({ "error": { "type": "invalid_request", "code": code, "message": message } }))
}

fn pay(body: &Value, id: &str) -> Said {
    let failed =
        |code: &str| Said::new(200, json!({ "payment_id": id, "status": "failed", "error_code": code }));
    if body["payment_link"] == true {
        let link = json!({ "link": "https://hs.example/pay", "payment_link_id": "plink" });
        return Said::new(
            200,
            json!({ "payment_id": id, "status": "requires_payment_method", "payment_link": link }),
        );
    }
    match body["amount"].as_i64() {
        Some(0) => {
            Said::new(200, json!({ "payment_id": id, "status": "succeeded", "payment_method_id": "pm_1" }))
        }
        Some(105) => failed("card_declined"),
        Some(151) => failed("insufficient_funds"),
        Some(154) => failed("54"),
        Some(196) => failed("processing_error"),
        Some(210) => error(400, "IR_39", "No eligible connector was found for the current payment"),
        Some(291) => error(422, "IR_06", "unknown field"),
        Some(292) => Said::new(403, json!({ "error": { "code": "IR_17" } })),
        Some(300) => Said::new(200, json!({ "payment_id": id, "status": "processing" })),
        Some(301) => Said::new(200, json!({ "payment_id": id, "status": "requires_customer_action" })),
        _ => Said::new(200, json!({ "payment_id": id, "status": "succeeded" }))
            .charging(body["metadata"]["tonegate_key"].as_str().unwrap_or_default()),
    }
}

pub(super) fn connector_with(base: &str, http: &HttpSettings, key: &str) -> Hyperswitch {
    let settings = HyperswitchSettings {
        return_url: Some("https://m.example/ok".into()),
        ..HyperswitchSettings::at(base)
    };
    let secrets =
        HyperswitchSecrets { api_key: key.to_owned().into(), webhook_secret: Some("sign".to_owned().into()) };
    Hyperswitch::new("switch", &settings, http, &secrets, None).expect("a connector")
}

async fn fake() -> (Fake, Hyperswitch) {
    let fake = Fake::start(Switch::default()).await;
    let switch = connector_with(&fake.url(), &patient(), "snd_1");
    (fake, switch)
}

#[tokio::test]
async fn a_charge_has_exactly_the_published_shape() {
    let (fake, switch) = fake().await;
    let mut sale = charge("tg-1", "19.99");
    sale.caller_number = Some("+33612345678".into());
    sale.reference = Some("order 42".into());
    sale.customer = Customer { delivery: None, account_created: None, history: None, ..customer() };
    let answer = switch.authorise(&sale, &card(CARD)).await;
    let id = fake.asked()[0].json()["payment_id"].as_str().unwrap_or_default().to_owned();
    assert_eq!(id.len(), 30, "no more and no less: {id}");
    assert_eq!(answer.outcome, Outcome::Approved { reference: id.clone() }, "{answer:?}");
    assert_eq!(
        fake.asked()[0].json(),
        json!({
            "payment_id": id, "amount": 1999, "currency": "EUR", "confirm": true, "capture_method": "automatic",
            "payment_channel": "telephone_order", "payment_method": "card", "description": "Invoice 7",
            "merchant_order_reference_id": "order 42", "customer_id": "cust-0042", "name": "Jean Dupont",
            "email": "jean@example.fr", "phone": "+33612345678",
            "billing": { "address": { "first_name": "Jean", "last_name": "Dupont", "line1": "1 Rue de Rivoli",
                "city": "Paris", "zip": "75001", "country": "FR" } },
            "metadata": { "tonegate_key": "tg-1", "failures_this_call": 1 },
            "payment_method_data": { "card": { "card_number": CARD, "card_exp_month": "03",
                "card_exp_year": "2030", "card_cvc": "737", "card_holder_name": "Jean Dupont" } }
        })
    );
    let again = switch.authorise(&sale, &card(CARD)).await;
    assert_eq!(
        (again.outcome, again.may_retry),
        (Outcome::Unknown, false),
        "a second of the same name is refused"
    );
    assert_eq!(switch.query(&sale).await.outcome, answer.outcome);
}

#[tokio::test]
async fn tokens_changes_and_links() {
    let (fake, switch) = fake().await;
    let storing = storing(Agreement::Unscheduled);
    let stored = StoredCard { token: "pm_1".into(), shopper: "cust-0042".into() };
    assert_eq!(switch.tokenise(&storing, &card(CARD)).await.effect, Effect::Done(stored.clone()));
    assert!(approved(&switch.charge_token(&charge("tg-c", "5.00"), &stored, Agreement::Unscheduled).await));
    let sent = fake.asked()[1].json();
    assert_eq!(sent["recurring_details"], json!({ "type": "payment_method_id", "data": "pm_1" }));
    assert_eq!((&sent["off_session"], &sent["customer_id"]), (&json!(true), &json!("cust-0042")));
    let change = Change { key: "k-1".into(), reference: "p".into(), amount: charge("", "5.00").amount };
    assert_eq!(switch.refund(&change).await.effect, Effect::Taken("ref_1".into()));
    assert_eq!(switch.capture(&change).await.effect, Effect::Done("p".into()));
    assert_eq!(fake.asked()[3].body, "{\"amount_to_capture\":500}");
    assert_eq!(switch.cancel(&change).await.effect, Effect::Done("p".into()));
    let new = NewLink {
        key: "tg-l".into(),
        amount: charge("", "19.99").amount,
        description: "Invoice 7".into(),
        expires_at: jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1),
        language: "fr".into(),
        customer: Customer::default(),
    };
    let reply = switch.create_link(&new).await;
    let Effect::Done(Link { id, url, state }) = reply.effect else { panic!("{reply:?}") };
    assert_eq!((url.as_deref(), state), (Some("https://hs.example/pay"), LinkState::Open));
    assert!(matches!(switch.link(&id).await.effect, Effect::Done(link) if link.state == LinkState::Open));
    assert!(
        matches!(switch.expire_link(&id).await.effect, Effect::Done(link) if link.state == LinkState::Ended)
    );
}

#[tokio::test]
async fn declines_have_their_reasons_and_faults_of_the_configuration_are_none() {
    use DeclineReason::*;
    let (fake, switch) = fake().await;
    declined(&switch, CARD, &[("1.05", Generic), ("1.51", InsufficientFunds), ("1.54", Expired)]).await;
    misconfigured(
        &switch,
        CARD,
        &[("2.10", "processor"), ("2.91", "settings"), ("2.92", "permission"), ("3.01", "3-D Secure")],
    )
    .await;
    assert_eq!(switch.authorise(&charge("a", "1.96"), &card(CARD)).await.outcome, Outcome::NotCharged);
    assert_eq!(switch.authorise(&charge("b", "3.00"), &card(CARD)).await.outcome, Outcome::Unknown);
    let wrong = connector_with(&fake.url(), &patient(), "snd_2");
    let answer = wrong.authorise(&charge("c", "42.50"), &card(CARD)).await;
    assert!(answer.outcome == Outcome::NotCharged && answer.remedy.is_some(), "{answer:?}");
    assert_eq!(switch.query(&charge("unseen", "1.00")).await.outcome, Outcome::NotCharged);
    assert_eq!(wrong.query(&charge("unseen", "1.00")).await.outcome, Outcome::Unknown);
    assert!(fake.charges().is_empty());
}

#[tokio::test]
async fn whatever_breaks_there_is_one_charge() {
    let fake = Fake::start(Switch::default()).await;
    let switch = connector_with(&fake.url(), &impatient(), "snd_1");
    whatever_breaks(&fake, &switch, &["POST /payments"], true).await;
}

#[tokio::test]
async fn ten_at_once_are_one_charge_and_nobody_there_is_none() {
    let (fake, switch) = fake().await;
    ten_at_once(&fake, &switch).await;
    nobody_there(&connector_with("http://127.0.0.1:9", &impatient(), "snd_1")).await;
}

#[test]
fn a_webhook_is_believed_only_with_its_signature() {
    let switch = connector_with("https://x.example", &patient(), "snd_1");
    let object = json!({ "payment_id": "p", "metadata": { "tonegate_key": "tg-1" } });
    let body = json!({ "event_type": "payment_succeeded", "content": { "object": object } }).to_string();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA512, b"sign");
    let right = hex::encode(aws_lc_rs::hmac::sign(&key, body.as_bytes()));
    let read = |signature: &str| {
        let headers = [("x-webhook-signature-512".to_owned(), signature.to_owned())];
        switch.verify_webhook(&Webhook { headers: &headers, body: body.as_bytes(), now_s: 0 })
    };
    let news = read(&right).expect("believed").news;
    assert_eq!(news[0].key.as_deref(), Some("tg-1"));
    assert_eq!(news[0].event, Event::Charge(Outcome::Approved { reference: "p".into() }));
    assert_eq!(read("00"), Err(WebhookFault::Signature));
}
