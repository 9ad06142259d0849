//! Stripe's side of the tests.

use serde_json::{Value, json};
use std::collections::HashMap;

use super::fake::{Asked, Said, Script};

/// Stripe, as far as the connector uses it. The amount decides.
pub(super) struct Stripes;

/// A form, or a query, by name.
pub(super) fn fields(text: &str) -> HashMap<String, String> {
    let url = reqwest::Url::parse(&format!("http://x/?{text}")).expect("a form");
    url.query_pairs().into_owned().collect()
}

impl Script for Stripes {
    fn key(&self, asked: &Asked) -> Option<String> {
        asked.headers.get("idempotency-key").cloned()
    }

    fn answer(&self, asked: &Asked, charges: &HashMap<String, u32>) -> Said {
        match asked.header("authorization") {
            "Bearer sk_test_123" => {}
            "Bearer rk_test_123" => {
                return Said::new(
                    403,
                    json!({ "error": { "type": "invalid_request_error", "message": "no" } }),
                );
            }
            _ => {
                return Said::new(
                    401,
                    json!({ "error": { "type": "invalid_request_error", "message": "key" } }),
                );
            }
        }
        let form = fields(&asked.body);
        let at = |name: &str| form.get(name).map_or("", String::as_str);
        match asked.line().as_str() {
            "POST /v1/payment_methods" => method(at("billing_details[email]")),
            "POST /v1/payment_intents" => pay(at("amount"), at("metadata[tonegate_key]")),
            "POST /v1/customers" => Said::new(200, json!({ "id": "cus_1" })),
            "POST /v1/setup_intents" => Said::new(200, json!({ "id": "seti_1", "status": "succeeded" })),
            "POST /v1/refunds" => Said::new(200, json!({ "id": "re_1", "status": "succeeded" })),
            "POST /v1/payment_intents/pi_1/capture" => Said::new(200, json!({ "id": "pi_1" })),
            "POST /v1/payment_intents/pi_1/cancel" => Said::new(200, json!({ "id": "pi_1" })),
            "POST /v1/checkout/sessions" => Said::new(200, session("open", "unpaid")),
            "GET /v1/checkout/sessions/cs_1" => Said::new(200, session("complete", "paid")),
            "POST /v1/checkout/sessions/cs_1/expire" => Said::new(200, session("expired", "unpaid")),
            line if line.starts_with("GET /v1/payment_intents/search?") => {
                let query = fields(line.split_once('?').map_or("", |(_, query)| query));
                let wanted = query.get("query").map_or("", String::as_str);
                let found: Vec<Value> = charges
                    .keys()
                    .filter(|key| wanted == format!("metadata['tonegate_key']:'{key}'"))
                    .map(|key| json!({ "id": "pi_1", "status": "succeeded", "metadata": { "tonegate_key": key } }))
                    .collect();
                Said::new(200, json!({ "object": "search_result", "data": found }))
            }
            _ => Said::new(404, json!({})),
        }
    }
}

fn session(status: &str, payment_status: &str) -> Value {
    json!({ "id": "cs_1", "url": "https://checkout.stripe.com/c/cs_1", "status": status,
        "payment_status": payment_status })
}

fn error(status: u16, fields: Value) -> Said {
    Said::new(status, json!({ "error": fields }))
}

fn method(email: &str) -> Said {
    if email == "raw@example.fr" {
        let words = "Sending credit card numbers directly to the Stripe API is generally not advised.";
        return error(402, json!({ "type": "invalid_request_error", "message": words }));
    }
    Said::new(200, json!({ "id": "pm_1", "object": "payment_method" }))
}

fn pay(amount: &str, key: &str) -> Said {
    let card = |decline: &str| {
        error(
            402,
            json!({ "type": "card_error", "code": "card_declined", "decline_code": decline, "message": "no" }),
        )
    };
    let request = |param: &str, code: &str| {
        error(
            400,
            json!({ "type": "invalid_request_error", "code": code, "param": param, "message": "told" }),
        )
    };
    match amount {
        "105" => card("generic_decline"),
        "151" => card("insufficient_funds"),
        "141" => card("lost_card"),
        "196" => card("processing_error"),
        "154" => error(402, json!({ "type": "card_error", "code": "expired_card", "message": "no" })),
        "182" => error(402, json!({ "type": "card_error", "code": "incorrect_cvc", "message": "no" })),
        "165" => Said::new(
            200,
            json!({ "id": "pi_1", "status": "requires_payment_method",
                "last_payment_error": { "code": "card_declined", "decline_code": "card_velocity_exceeded" } }),
        ),
        "210" => request("payment_method_options[card][moto]", "parameter_unknown"),
        "238" => request("currency", ""),
        "249" => {
            error(409, json!({ "type": "invalid_request_error", "code": "lock_timeout", "message": "told" }))
        }
        "229" => {
            error(429, json!({ "type": "invalid_request_error", "code": "rate_limit", "message": "told" }))
        }
        "300" => Said::new(200, json!({ "id": "pi_1", "status": "processing" })),
        // Charged, and the key gets this fault for ever.
        "350" => error(500, json!({ "type": "api_error", "message": "told" })).charging(key),
        _ => Said::new(200, json!({ "id": "pi_1", "status": "succeeded" })).charging(key),
    }
}
