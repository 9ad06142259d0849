//! Lyra's instant payment notifications: a form with the answer and its hash.

use aws_lc_rs::hmac;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value};

use super::verdict;
use crate::call::{Currency, Money};
use crate::psp::compose::text_at;
use crate::psp::http::{Came, harmless};
use crate::psp::webhook::WEBHOOK_MAX_BYTES;
use crate::psp::{Event, News, Verified, Webhook, WebhookFault};

/// Longest words kept.
const DETAIL_MAX_CHARS: usize = 240;

/// Reads a notification that is hashed with the shop's password.
pub(super) fn verified(password: &str, webhook: &Webhook<'_>) -> Result<Verified, WebhookFault> {
    if webhook.body.len() > WEBHOOK_MAX_BYTES {
        return Err(WebhookFault::Malformed("it is too long"));
    }
    let form = std::str::from_utf8(webhook.body).map_err(|_| WebhookFault::Malformed("it is no form"))?;
    // Any address will do: the form is read as its query.
    let mut url =
        reqwest::Url::parse("http://localhost/").map_err(|_| WebhookFault::Malformed("it is no form"))?;
    url.set_query(Some(form));
    let field = |wanted: &str| {
        url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    let (answer, hash) = field("kr-answer").zip(field("kr-hash")).ok_or(WebhookFault::Signature)?;
    let hash = hex::decode(hash).map_err(|_| WebhookFault::Signature)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, password.as_bytes());
    hmac::verify(&key, answer.as_bytes(), &hash).map_err(|_| WebhookFault::Signature)?;
    let answer: Map<String, Value> =
        serde_json::from_str(&answer).map_err(|_| WebhookFault::Malformed("its answer is none"))?;
    Ok(Verified { news: vec![told(&answer)], reply: "" })
}

fn told(answer: &Map<String, Value>) -> News {
    let came = Came { status: 200, headers: HeaderMap::new(), json: None };
    let judged = verdict::order(&came, answer);
    let transaction = verdict::transaction(answer);
    let at = |name| transaction.and_then(|fields| text_at(fields, name));
    let refund = at("operationType") == Some("CREDIT");
    let event = match judged.outcome {
        crate::call::Outcome::Approved { .. } if refund => Event::Refunded(true),
        crate::call::Outcome::Declined(_) if refund => Event::Refunded(false),
        outcome => Event::Charge(outcome),
    };
    let amount = || {
        let currency: Currency = at("currency")?.parse().ok()?;
        Some(Money { minor: transaction?.get("amount")?.as_i64()?, currency })
    };
    News {
        key: text_at(answer, "orderDetails.orderId").map(Into::into),
        // A refund is a transaction of its own, beside the one it gives back.
        reference: if refund { at("transactionDetails.parentTransactionUuid") } else { at("uuid") }
            .map(Into::into),
        change: at("uuid").filter(|_| refund).map(Into::into),
        amount: amount(),
        event,
        detail: harmless(&judged.detail, DETAIL_MAX_CHARS),
    }
}
