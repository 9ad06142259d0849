//! Checkout.com's webhooks: one event, its body signed.

use aws_lc_rs::hmac;
use serde_json::{Map, Value};

use super::verdict;
use crate::call::{Currency, Money, Outcome};
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
    let signature = webhook.header("cko-signature").and_then(|text| hex::decode(text).ok());
    let signature = signature.ok_or(WebhookFault::Signature)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::verify(&key, webhook.body, &signature).map_err(|_| WebhookFault::Signature)?;
    let event: Map<String, Value> =
        serde_json::from_slice(webhook.body).map_err(|_| WebhookFault::Malformed("it is no event"))?;
    let data =
        event.get("data").and_then(Value::as_object).ok_or(WebhookFault::Malformed("it is about nothing"))?;
    let news = told(text_at(&event, "type").unwrap_or_default(), data);
    Ok(Verified { news: news.into_iter().collect(), reply: "" })
}

fn told(kind: &str, data: &Map<String, Value>) -> Option<News> {
    let at = |path| text_at(data, path);
    let id = at("id")?;
    let event = match kind {
        "payment_approved" => Event::Charge(Outcome::Approved { reference: id.into() }),
        "payment_declined" => {
            Event::Charge(verdict::declined(at("response_code").unwrap_or_default(), String::new()).outcome)
        }
        "payment_captured" => Event::Captured(true),
        "payment_capture_declined" => Event::Captured(false),
        "payment_voided" => Event::Cancelled(true),
        "payment_void_declined" => Event::Cancelled(false),
        "payment_refunded" => Event::Refunded(true),
        "payment_refund_declined" => Event::Refunded(false),
        "dispute_received" => Event::Chargeback,
        _ => return None,
    };
    let amount = || {
        let currency: Currency = at("currency")?.parse().ok()?;
        let minor = data.get("amount")?.as_i64()?;
        let minor = if currency.code() == "CLP" { minor / 100 } else { minor };
        Some(Money { minor, currency })
    };
    let detail = format!("{kind} {}", at("response_code").unwrap_or_default());
    Some(News {
        key: at("reference").map(Into::into),
        reference: Some(at("payment_id").unwrap_or(id).into()),
        // A dispute is named by `id` and its payment by `payment_id`; other changes the other way round.
        change: at("action_id").or_else(|| at("payment_id").map(|_| id)).map(Into::into),
        amount: amount(),
        event,
        detail: harmless(detail.trim(), DETAIL_MAX_CHARS),
    })
}
