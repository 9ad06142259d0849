//! Adyen's side of the tests.

use serde_json::{Value, json};
use std::collections::HashMap;

use super::fake::{Asked, Said, Script};

/// Adyen, as far as the connector uses it. The amount decides.
pub(super) struct Checkout;

impl Script for Checkout {
    fn key(&self, asked: &Asked) -> Option<String> {
        asked.headers.get("idempotency-key").cloned()
    }

    fn answer(&self, asked: &Asked, _: &HashMap<String, u32>) -> Said {
        if asked.header("x-api-key") != "test_key" {
            return Said::new(
                401,
                json!({ "status": 401, "errorCode": "000", "message": "HTTP Status Response" }),
            );
        }
        let body = asked.json();
        let reference = body["reference"].as_str().unwrap_or_default();
        match asked.line().as_str() {
            "POST /v72/payments" => pay(&body, reference),
            line if line.starts_with("POST /v72/payments/") => Said::new(
                201,
                json!({ "pspReference": "CHANGE1", "status": "received", "reference": reference }),
            ),
            "POST /v72/paymentLinks" => Said::new(201, link("active")),
            "PATCH /v72/paymentLinks/PL1" => Said::new(200, link("expired")),
            "GET /v72/paymentLinks/PL1" => Said::new(200, link("completed")),
            _ => Said::new(404, json!({})),
        }
    }
}

fn link(status: &str) -> Value {
    json!({ "id": "PL1", "url": "https://test.adyen.link/PL1", "status": status, "reference": "r" })
}

fn pay(body: &Value, reference: &str) -> Said {
    let value = body["amount"]["value"].as_i64().unwrap_or_default();
    let refused = |code: &str, reason: &str| {
        let fields = json!({ "pspReference": "P1", "resultCode": "Refused", "refusalReason": reason,
            "refusalReasonCode": code });
        Said::new(200, fields)
    };
    let error = |status: u16, code: &str| {
        let fields =
            json!({ "status": status, "errorCode": code, "message": "told", "errorType": "validation" });
        Said::new(status, fields)
    };
    match value {
        1_05 => refused("2", "Refused"),
        1_06 => refused("6", "Expired Card"),
        1_12 => refused("12", "Not enough balance"),
        1_24 => refused("24", "CVC Declined"),
        1_09 => refused("9", "Issuer Unavailable"),
        1_46 => refused("46", "Transaction blocked by Adyen to prevent excessive retry fees"),
        2_10 => error(403, "010"),
        2_38 => error(422, "138"),
        2_91 => error(422, "901"),
        2_93 => error(500, "905_1"),
        2_50 => error(500, ""),
        2_74 => error(422, "704"),
        2_29 => error(422, "129"),
        3_00 => Said::new(200, json!({ "pspReference": "P1", "resultCode": "Pending" })),
        3_01 => Said::new(200, json!({ "pspReference": "P1", "resultCode": "ChallengeShopper" })),
        _ => Said::new(
            200,
            json!({ "pspReference": "P1", "resultCode": "Authorised",
                "additionalData": { "tokenization.storedPaymentMethodId": "TOKEN1" } }),
        )
        .charging(reference),
    }
}
