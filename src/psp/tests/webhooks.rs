//! Webhooks: believed only with a signature, and harmless whenever they come.

use serde_json::json;

use super::adyen::connector_with;
use super::never_twice::patient;
use super::stripe::connector_with as stripe_with;
use super::*;
use crate::call::DeclineReason;
use crate::psp::{Event, Webhook, WebhookFault};

fn notification(merchant: &str, success: &str, signature: &str) -> String {
    json!({ "live": "false", "notificationItems": [{ "NotificationRequestItem": {
        "additionalData": { "hmacSignature": signature }, "amount": { "currency": "EUR", "value": 1130 },
        "eventCode": "AUTHORISATION", "eventDate": "2026-11-22T10:00:00+01:00",
        "merchantAccountCode": merchant, "merchantReference": "TestPayment-1407325143704",
        "pspReference": "7914073381342284", "reason": "", "success": success } }] })
    .to_string()
}

#[test]
fn a_webhook_is_believed_only_with_its_signature() {
    // The signature of Adyen's own example, made by its own library.
    const SIGNATURE: &str = "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0=";
    let adyen =
        connector_with("http://127.0.0.1:9", &patient(), |s| s.merchant_account = "TestMerchant".into());
    let read = |body: &str| adyen.verify_webhook(&Webhook { headers: &[], body: body.as_bytes(), now_s: 0 });
    let verified = read(&notification("TestMerchant", "true", SIGNATURE)).expect("believed");
    assert_eq!(verified.reply, "[accepted]");
    assert_eq!(verified.news.len(), 1);
    let news = &verified.news[0];
    assert_eq!(news.key.as_deref(), Some("TestPayment-1407325143704"));
    assert_eq!(news.event, Event::Charge(Outcome::Approved { reference: "7914073381342284".into() }));
    assert_eq!(news.amount.map(|amount| amount.to_string()).as_deref(), Some("11.30 EUR"));
    for (merchant, success, signature) in
        [("TestMerchant", "false", SIGNATURE), ("Other", "true", SIGNATURE), ("TestMerchant", "true", "AAAA")]
    {
        assert_eq!(
            read(&notification(merchant, success, signature)),
            Err(WebhookFault::Signature),
            "{merchant}"
        );
    }
    assert!(matches!(read("{}"), Err(WebhookFault::Malformed(_))));
    // What another merchant account of the company charges is not ours.
    let neighbour = connector_with("http://127.0.0.1:9", &patient(), |_| {});
    let body = notification("TestMerchant", "true", SIGNATURE);
    let news = neighbour.verify_webhook(&Webhook { headers: &[], body: body.as_bytes(), now_s: 0 });
    assert_eq!(news.map(|verified| verified.news), Ok(Vec::new()));
}

/// Signed by Stripe's own library for Node.js.
const STRIPE_PAYLOAD: &str = "{\"id\":\"evt_1\",\"object\":\"event\",\"type\":\"payment_intent.succeeded\"}";
const STRIPE_HEADER: &str =
    "t=1700000000,v1=67da5088c63e080c71bd2bb0cb5c03d85a8fc6a21ce3aaf484df809654745b92";

#[test]
fn stripe_s_signature_is_checked_before_anything_is_read() {
    let stripe = stripe_with("https://api.stripe.com", &patient(), "sk_test_1").expect("a connector");
    let read = |header: &str, body: &str, now_s| {
        let headers = [("stripe-signature".to_owned(), header.to_owned())];
        stripe.verify_webhook(&Webhook { headers: &headers, body: body.as_bytes(), now_s })
    };
    // The signature is right, and the event is about nothing.
    let about_nothing = Err(WebhookFault::Malformed("it is about nothing"));
    assert_eq!(read(STRIPE_HEADER, STRIPE_PAYLOAD, 1_700_000_100), about_nothing);
    assert_eq!(read(STRIPE_HEADER, STRIPE_PAYLOAD, 1_700_000_400), Err(WebhookFault::Stale(400)));
    assert_eq!(read(STRIPE_HEADER, "{}", 1_700_000_100), Err(WebhookFault::Signature));
    for header in [
        "",
        "t=1700000000",
        "v1=67",
        "t=1700000001,v1=67da5088c63e080c71bd2bb0cb5c03d85a8fc6a21ce3aaf484df809654745b92",
    ] {
        assert_eq!(read(header, STRIPE_PAYLOAD, 1_700_000_100), Err(WebhookFault::Signature), "{header}");
    }
}

#[test]
fn stripe_s_events_name_the_attempt() {
    let stripe = stripe_with("https://api.stripe.com", &patient(), "sk_test_1").expect("a connector");
    let told = |kind: &str, object: serde_json::Value| {
        let body = json!({ "type": kind, "data": { "object": object } }).to_string();
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"whsec_test_secret");
        let signature = hex::encode(aws_lc_rs::hmac::sign(&key, format!("1700000000.{body}").as_bytes()));
        let headers = [("stripe-signature".to_owned(), format!("t=1700000000,v1={signature}"))];
        let webhook = Webhook { headers: &headers, body: body.as_bytes(), now_s: 1_700_000_000 };
        stripe.verify_webhook(&webhook).expect("believed").news
    };
    let named = json!({ "tonegate_key": "tg-1" });
    let paid = json!({ "id": "pi_1", "amount": 1999, "currency": "eur", "metadata": named });
    let news = told("payment_intent.succeeded", paid);
    assert_eq!((news[0].key.as_deref(), news[0].reference.as_deref()), (Some("tg-1"), Some("pi_1")));
    assert_eq!(news[0].event, Event::Charge(Outcome::Approved { reference: "pi_1".into() }));
    assert_eq!(news[0].amount.map(|amount| amount.to_string()).as_deref(), Some("19.99 EUR"));
    let failed = json!({ "id": "pi_1", "metadata": named,
        "last_payment_error": { "code": "card_declined", "decline_code": "insufficient_funds" } });
    let news = told("payment_intent.payment_failed", failed);
    assert_eq!(news[0].event, Event::Charge(Outcome::Declined(DeclineReason::InsufficientFunds)));
    let session = json!({ "id": "cs_1", "client_reference_id": "tg-l", "payment_status": "paid" });
    let news = told("checkout.session.completed", session);
    assert_eq!((news[0].key.as_deref(), &news[0].event), (Some("tg-l"), &Event::Link(true)));
    assert!(told("customer.created", json!({ "id": "cus_1" })).is_empty());
}
