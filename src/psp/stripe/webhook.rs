//! Stripe's webhooks: one event, signed with its time.

use aws_lc_rs::hmac;
use serde_json::{Map, Value};

use super::form::KEY;
use crate::call::{Currency, DeclineReason, Money, Outcome};
use crate::psp::codes::{Meaning, meaning};
use crate::psp::compose::text_at;
use crate::psp::http::harmless;
use crate::psp::webhook::WEBHOOK_MAX_BYTES;
use crate::psp::{Event, News, Verified, Webhook, WebhookFault};

/// How old a signature may be, and how far ahead of our clock.
const SIGNATURE_MAX_AGE_S: i64 = 300;
/// Signatures looked at; two while a secret is being rolled.
const SIGNATURES_MAX: usize = 8;
/// Longest words kept.
const DETAIL_MAX_CHARS: usize = 240;

/// Reads an event that is signed with `secret`.
pub(super) fn verified(secret: &str, webhook: &Webhook<'_>) -> Result<Verified, WebhookFault> {
    if webhook.body.len() > WEBHOOK_MAX_BYTES {
        return Err(WebhookFault::Malformed("it is too long"));
    }
    let header = webhook.header("stripe-signature").ok_or(WebhookFault::Signature)?;
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let time = parts().find(|(name, _)| *name == "t").map(|(_, time)| time).ok_or(WebhookFault::Signature)?;
    let signed = [time.as_bytes(), b".", webhook.body].concat();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let right = parts()
        .filter(|(name, _)| *name == "v1")
        .take(SIGNATURES_MAX)
        .filter_map(|(_, signature)| hex::decode(signature).ok())
        .any(|signature| hmac::verify(&key, &signed, &signature).is_ok());
    if !right {
        return Err(WebhookFault::Signature);
    }
    let time: i64 = time.parse().map_err(|_| WebhookFault::Signature)?;
    let age_s = webhook.now_s.saturating_sub(time);
    if age_s.unsigned_abs() > SIGNATURE_MAX_AGE_S.unsigned_abs() {
        return Err(WebhookFault::Stale(age_s));
    }
    let event: Map<String, Value> =
        serde_json::from_slice(webhook.body).map_err(|_| WebhookFault::Malformed("it is no event"))?;
    let object = event.get("data").and_then(|data| data.get("object")).and_then(Value::as_object);
    let object = object.ok_or(WebhookFault::Malformed("it is about nothing"))?;
    Ok(Verified {
        news: told(text_at(&event, "type").unwrap_or_default(), object).into_iter().collect(),
        reply: "",
    })
}

fn told(kind: &str, object: &Map<String, Value>) -> Option<News> {
    let at = |path| text_at(object, path);
    let id = || at("id").unwrap_or_default().to_owned();
    let event = match kind {
        "payment_intent.succeeded" | "payment_intent.amount_capturable_updated" => {
            Event::Charge(Outcome::Approved { reference: id() })
        }
        "payment_intent.payment_failed" => Event::Charge(Outcome::Declined(reason(object))),
        "payment_intent.canceled" => Event::Cancelled(true),
        "charge.captured" => Event::Captured(true),
        "refund.updated" | "charge.refund.updated" | "refund.created" => match at("status")? {
            "succeeded" => Event::Refunded(true),
            "failed" | "canceled" => Event::Refunded(false),
            _ => return None,
        },
        "refund.failed" => Event::Refunded(false),
        "checkout.session.completed" | "checkout.session.async_payment_succeeded"
            if at("payment_status") == Some("paid") =>
        {
            Event::Link(true)
        }
        "checkout.session.expired" => Event::Link(false),
        "charge.dispute.created" => Event::Chargeback,
        _ => return None,
    };
    let named = format!("metadata.{KEY}");
    let key = text_at(object, &named).or_else(|| at("client_reference_id"));
    let reference = at("payment_intent").or_else(|| at("id"));
    // A refund or dispute has a name of its own; a charge that was captured is one and the same with its intent.
    let change = matches!(event, Event::Refunded(_) | Event::Chargeback).then(id);
    let money = || {
        let currency: Currency = at("currency")?.to_ascii_uppercase().parse().ok()?;
        let places = ["amount_captured", "amount", "amount_total"];
        let captured = kind == "charge.captured";
        let place = places.into_iter().skip(usize::from(!captured)).find_map(|place| object.get(place));
        let minor = place?.as_i64()?;
        match currency.code() {
            "ISK" | "UGX" => (minor % 100 == 0).then_some(Money { minor: minor / 100, currency }),
            _ => Some(Money { minor, currency }),
        }
    };
    let words = at("last_payment_error.decline_code").or_else(|| at("last_payment_error.code"));
    let detail = format!("{kind} {}", words.unwrap_or_default());
    Some(News {
        key: key.map(Into::into),
        reference: reference.map(Into::into),
        change,
        amount: money(),
        event,
        detail: harmless(detail.trim(), DETAIL_MAX_CHARS),
    })
}

fn reason(intent: &Map<String, Value>) -> DeclineReason {
    let codes = ["last_payment_error.decline_code", "last_payment_error.code"];
    let known = codes.iter().filter_map(|path| text_at(intent, path)).find_map(|code| meaning(code, ""));
    match known {
        Some(Meaning::Declined(reason)) => reason,
        _ => DeclineReason::Generic,
    }
}
