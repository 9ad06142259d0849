//! Hyperswitch's webhooks: one event, its body signed.

use aws_lc_rs::hmac;
use serde_json::{Map, Value};

use super::body::KEY;
use crate::call::{Currency, DeclineReason, Money, Outcome};
use crate::psp::codes::{Meaning, meaning};
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
    let signature = webhook.header("x-webhook-signature-512").and_then(|text| hex::decode(text).ok());
    let signature = signature.ok_or(WebhookFault::Signature)?;
    let key = hmac::Key::new(hmac::HMAC_SHA512, secret.as_bytes());
    hmac::verify(&key, webhook.body, &signature).map_err(|_| WebhookFault::Signature)?;
    let event: Map<String, Value> =
        serde_json::from_slice(webhook.body).map_err(|_| WebhookFault::Malformed("it is no event"))?;
    let object = event.get("content").and_then(|content| content.get("object")).and_then(Value::as_object);
    let object = object.ok_or(WebhookFault::Malformed("it is about nothing"))?;
    let news = told(text_at(&event, "event_type").unwrap_or_default(), object);
    Ok(Verified { news: news.into_iter().collect(), reply: "" })
}

fn told(kind: &str, object: &Map<String, Value>) -> Option<News> {
    let at = |path| text_at(object, path);
    let id = at("payment_id")?;
    let event = match kind {
        "payment_succeeded" | "payment_authorized" => {
            Event::Charge(Outcome::Approved { reference: id.into() })
        }
        "payment_failed" => {
            let known =
                meaning(at("error_code").unwrap_or_default(), at("error_message").unwrap_or_default());
            Event::Charge(Outcome::Declined(match known {
                Some(Meaning::Declined(reason)) => reason,
                _ => DeclineReason::Generic,
            }))
        }
        "payment_captured" => Event::Captured(true),
        "payment_cancelled" => Event::Cancelled(true),
        "refund_succeeded" => Event::Refunded(true),
        "refund_failed" => Event::Refunded(false),
        "dispute_opened" => Event::Chargeback,
        _ => return None,
    };
    let amount = || {
        let currency: Currency = at("currency")?.to_ascii_uppercase().parse().ok()?;
        Some(Money { minor: object.get("amount")?.as_i64()?, currency })
    };
    let named = format!("metadata.{KEY}");
    let detail = format!("{kind} {}", at("error_code").unwrap_or_default());
    Some(News {
        key: text_at(object, &named).map(Into::into),
        reference: Some(id.into()),
        change: at("refund_id").or_else(|| at("dispute_id")).map(Into::into),
        amount: amount(),
        event,
        detail: harmless(detail.trim(), DETAIL_MAX_CHARS),
    })
}
