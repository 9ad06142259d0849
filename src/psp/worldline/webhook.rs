//! Worldline Direct's webhooks: one event, its body signed.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::body::key_of;
use crate::call::{Currency, DeclineReason, Money, Outcome};
use crate::psp::compose::text_at;
use crate::psp::http::harmless;
use crate::psp::webhook::WEBHOOK_MAX_BYTES;
use crate::psp::{Event, News, Verified, Webhook, WebhookFault};

/// Longest words kept.
const DETAIL_MAX_CHARS: usize = 240;

/// Reads an event that is signed with `secret`.
pub(super) fn verified(secret: &str, webhook: &Webhook<'_>) -> Result<Verified, WebhookFault> {
    if webhook.body.len() > WEBHOOK_MAX_BYTES {
        return Err(WebhookFault::Malformed("it is too long"));
    }
    let signature = webhook.header("x-gcs-signature").and_then(|text| STANDARD.decode(text).ok());
    let signature = signature.ok_or(WebhookFault::Signature)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::verify(&key, webhook.body, &signature).map_err(|_| WebhookFault::Signature)?;
    let event: Map<String, Value> =
        serde_json::from_slice(webhook.body).map_err(|_| WebhookFault::Malformed("it is no event"))?;
    let news = told(text_at(&event, "type").unwrap_or_default(), &event);
    Ok(Verified { news: news.into_iter().collect(), reply: "" })
}

fn told(kind: &str, event: &Map<String, Value>) -> Option<News> {
    let object = event.get("payment").or_else(|| event.get("refund"))?.as_object()?;
    let id = text_at(object, "id")?;
    let event = match kind {
        "payment.captured" | "payment.pending_capture" | "payment.capture_requested" => {
            Event::Charge(Outcome::Approved { reference: id.into() })
        }
        "payment.rejected" => Event::Charge(Outcome::Declined(DeclineReason::Generic)),
        "payment.cancelled" => Event::Cancelled(true),
        "payment.refunded" | "refund.refunded" => Event::Refunded(true),
        "refund.rejected" => Event::Refunded(false),
        "payment.chargebacked" => Event::Chargeback,
        _ => return None,
    };
    let output =
        object.get("paymentOutput").or_else(|| object.get("refundOutput")).and_then(Value::as_object);
    let amount = || {
        let money = output?.get("amountOfMoney")?;
        let currency: Currency = money.get("currencyCode")?.as_str()?.parse().ok()?;
        Some(Money { minor: money.get("amount")?.as_i64()?, currency })
    };
    let reference = output.and_then(|output| text_at(output, "references.merchantReference"));
    let refund = object.contains_key("refundOutput");
    Some(News {
        key: reference.and_then(key_of),
        // A refund is named without its payment: our reference tells which.
        reference: (!refund).then(|| id.into()),
        change: refund.then(|| id.into()),
        amount: amount(),
        event,
        detail: harmless(kind, DETAIL_MAX_CHARS),
    })
}
