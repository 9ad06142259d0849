//! Webhooks: believed only with a signature, and harmless whenever they come.

use serde_json::json;

use super::adyen::{WEBHOOK_KEY, connector_with};
use super::never_twice::patient;
use super::*;
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
