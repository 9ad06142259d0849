//! Adyen's webhooks: each notification in a batch is signed on its own.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::call::{Currency, DeclineReason, Money, Outcome};
use crate::psp::http::harmless;
use crate::psp::webhook::WEBHOOK_MAX_BYTES;
use crate::psp::{Event, News, Verified, Webhook, WebhookFault};

/// Notifications in one batch; Adyen sends one, and six at most.
const ITEMS_MAX: usize = 32;
/// Longest words kept of one.
const DETAIL_MAX_CHARS: usize = 240;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    notification_items: Vec<Wrapped>,
}

#[derive(Deserialize)]
struct Wrapped {
    #[serde(rename = "NotificationRequestItem")]
    item: Item,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    #[serde(default)]
    additional_data: BTreeMap<String, String>,
    amount: Option<Amount>,
    event_code: String,
    merchant_account_code: String,
    merchant_reference: String,
    original_reference: Option<String>,
    psp_reference: String,
    reason: Option<String>,
    success: String,
}

#[derive(Deserialize)]
struct Amount {
    currency: String,
    value: i64,
}

/// The HMAC key as it stands in the Customer Area; `None` if that is not hexadecimal.
pub(super) fn key(hexadecimal: &str) -> Option<hmac::Key> {
    let bytes = zeroize::Zeroizing::new(hex::decode(hexadecimal.trim()).ok()?);
    (!bytes.is_empty()).then(|| hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

/// Reads a batch in which every notification is signed with `key` and meant for `merchant_account`.
pub(super) fn verified(
    key: &hmac::Key,
    merchant_account: &str,
    webhook: &Webhook<'_>,
) -> Result<Verified, WebhookFault> {
    if webhook.body.len() > WEBHOOK_MAX_BYTES {
        return Err(WebhookFault::Malformed("it is too long"));
    }
    let batch: Batch = serde_json::from_slice(webhook.body)
        .map_err(|_| WebhookFault::Malformed("it is no batch of notifications"))?;
    if batch.notification_items.len() > ITEMS_MAX {
        return Err(WebhookFault::Malformed("it holds too many notifications"));
    }
    let mut news = Vec::new();
    for Wrapped { item } in batch.notification_items {
        let signature = item.additional_data.get("hmacSignature").ok_or(WebhookFault::Signature)?;
        let signature = STANDARD.decode(signature).map_err(|_| WebhookFault::Signature)?;
        hmac::verify(key, item.signed().as_bytes(), &signature).map_err(|_| WebhookFault::Signature)?;
        // Another account of the company may share the key; what it charges is not ours.
        if item.merchant_account_code == merchant_account {
            news.extend(item.told());
        }
    }
    Ok(Verified { news, reply: "[accepted]" })
}

impl Item {
    fn signed(&self) -> String {
        let (value, currency) = self
            .amount
            .as_ref()
            .map_or_else(Default::default, |amount| (amount.value.to_string(), amount.currency.clone()));
        [
            self.psp_reference.as_str(),
            self.original_reference.as_deref().unwrap_or_default(),
            &self.merchant_account_code,
            &self.merchant_reference,
            &value,
            &currency,
            &self.event_code,
            &self.success,
        ]
        .join(":")
    }

    fn told(self) -> Option<News> {
        let success = self.success == "true";
        let event = match self.event_code.as_str() {
            "AUTHORISATION" if success => {
                Event::Charge(Outcome::Approved { reference: self.psp_reference.clone() })
            }
            "AUTHORISATION" => Event::Charge(declined(self.reason.as_deref().unwrap_or_default())),
            "CAPTURE" => Event::Captured(success),
            "CAPTURE_FAILED" => Event::Captured(false),
            "CANCELLATION" | "TECHNICAL_CANCEL" => Event::Cancelled(success),
            "CANCEL_OR_REFUND" | "REFUND" => Event::Refunded(success),
            "REFUND_FAILED" | "REFUNDED_REVERSED" => Event::Refunded(false),
            "CHARGEBACK" => Event::Chargeback,
            // Reports, disputes under way, tokens: nothing that an attempt waits for.
            _ => return None,
        };
        let detail = format!("{} {}", self.event_code, self.reason.unwrap_or_default());
        Some(News {
            key: Some(self.merchant_reference).filter(|key| !key.is_empty()),
            // A change names the charge it is about beside itself.
            change: self.original_reference.as_ref().map(|_| self.psp_reference.clone()),
            reference: Some(self.original_reference.unwrap_or(self.psp_reference)),
            amount: self.amount.and_then(|amount| {
                let currency: Currency = amount.currency.parse().ok()?;
                Some(Money { minor: iso_minor(amount.value, currency)?, currency })
            }),
            event,
            detail: harmless(detail.trim(), DETAIL_MAX_CHARS),
        })
    }
}

/// From Adyen's minor units back to those of ISO 4217.
fn iso_minor(value: i64, currency: Currency) -> Option<i64> {
    match currency.code() {
        "CLP" | "ISK" => (value % 100 == 0).then_some(value / 100),
        "CVE" | "IDR" => value.checked_mul(100),
        _ => Some(value),
    }
}

/// `reason` of a refused authorisation, in Adyen's words.
fn declined(reason: &str) -> Outcome {
    let reason = reason.to_ascii_lowercase();
    let has = |words: &str| reason.contains(words);
    Outcome::Declined(if has("not enough balance") {
        DeclineReason::InsufficientFunds
    } else if has("expired card") {
        DeclineReason::Expired
    } else if has("cvc declined") {
        DeclineReason::CodeWrong
    } else if has("blocked card") || has("restricted card") {
        DeclineReason::Blocked
    } else if has("amount exceeded") || has("count exceeded") {
        DeclineReason::LimitExceeded
    } else if has("referral") || has("authentication required") {
        DeclineReason::ReferToBank
    } else if has("invalid card number") {
        DeclineReason::Invalid
    } else {
        DeclineReason::Generic
    })
}
