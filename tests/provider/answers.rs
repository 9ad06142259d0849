//! What each provider says to a charge, in its published shape.

use serde_json::{Value, json};

use super::Said;
use super::asked::Asked;

/// What an issuer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Approved,
    /// Short of funds.
    Declined,
}

/// The provider's answer to one of the requests that make a charge.
pub fn said(account: &str, verdict: Verdict, asked: &Asked) -> Said {
    let approved = verdict == Verdict::Approved;
    let (status, body) = match account {
        "adyen" | "adyen-encrypted" => (200, adyen(approved)),
        "stripe" if asked.path.ends_with("/payment_methods") => (200, json!({ "id": "pm_1" })),
        "stripe" if approved => (200, json!({ "id": "pi_1", "status": "succeeded" })),
        "stripe" => (
            402,
            json!({ "error": { "type": "card_error", "code": "card_declined",
                "decline_code": "insufficient_funds", "message": "no" } }),
        ),
        "checkout" => (201, checkout(approved)),
        "hyperswitch" => (200, hyperswitch(approved, &asked.json()["payment_id"])),
        "lyra" => (200, json!({ "status": "SUCCESS", "answer": lyra(approved) })),
        "worldline" if approved => (201, json!({ "payment": { "id": "1_0", "status": "CAPTURED" } })),
        "worldline" => (
            402,
            json!({ "errorId": "e", "errors": [{ "code": "30511001", "errorCode": "30511001", "message": "no" }],
                "paymentResult": { "payment": { "id": "1_0", "status": "REJECTED" } } }),
        ),
        _ if approved => (200, json!({ "charge_id": "c_1", "error_code": null })),
        _ => (200, json!({ "charge_id": null, "error_code": "51", "error_message": "insufficient funds" })),
    };
    Said { status, body }
}

fn adyen(approved: bool) -> Value {
    match approved {
        true => json!({ "pspReference": "P1", "resultCode": "Authorised" }),
        false => {
            json!({ "pspReference": "P1", "resultCode": "Refused", "refusalReason": "Not enough balance",
            "refusalReasonCode": "12" })
        }
    }
}

fn checkout(approved: bool) -> Value {
    match approved {
        true => json!({ "id": "pay_1", "approved": true, "status": "Authorized" }),
        false => json!({ "id": "pay_1", "approved": false, "status": "Declined", "response_code": "20051" }),
    }
}

fn hyperswitch(approved: bool, id: &Value) -> Value {
    match approved {
        true => json!({ "payment_id": id, "status": "succeeded" }),
        false => json!({ "payment_id": id, "status": "failed", "error_code": "insufficient_funds" }),
    }
}

fn lyra(approved: bool) -> Value {
    match approved {
        true => json!({ "orderStatus": "PAID", "transactions": [{ "uuid": "u1" }] }),
        false => json!({ "orderStatus": "UNPAID",
            "transactions": [{ "uuid": "u1", "errorCode": "ACQ_001", "detailedErrorCode": "51" }] }),
    }
}
