//! Names: `PK…` for a payment, `CA…` for a call.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::pbx::LegId;

/// A longer name of a leg is none.
const LEG_MAX_BYTES: usize = 128;

/// `PK` and the payment's number.
pub(super) fn of_payment(payment: Uuid) -> String {
    format!("PK{}", payment.simple())
}

/// The payment a `PK…` names.
pub(super) fn payment(sid: &str) -> Option<Uuid> {
    let digits = sid.strip_prefix("PK")?;
    (digits.len() == 32).then(|| Uuid::try_parse(digits).ok()).flatten()
}

/// The number of the payment that a request begins: the same for the same request.
pub(super) fn payment_of(account: &str, call: &str, idempotency_key: &str) -> Uuid {
    let mut hash = Sha256::new();
    for part in ["tonegate payments session", account, call, idempotency_key] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The legs that a CallSid may mean, the likeliest first.
pub(super) fn legs(call: &str) -> Vec<LegId> {
    let spelt = call.strip_prefix("CA").filter(|hex| hex.len() == 32).and_then(|hex| hex::decode(hex).ok());
    match spelt {
        Some(bytes) => {
            let uuid = Uuid::from_slice(&bytes).ok().map(|uuid| uuid.to_string());
            uuid.into_iter().chain(unique_id(&bytes)).map(LegId).collect()
        }
        None if !call.is_empty() && call.len() <= LEG_MAX_BYTES && !call.chars().any(char::is_control) => {
            vec![LegId(call.to_owned())]
        }
        None => Vec::new(),
    }
}

/// Letters, filled up with zeros.
fn unique_id(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (letters, rest) = bytes.split_at(end);
    let plain = letters.iter().all(u8::is_ascii_graphic) && rest.iter().all(|byte| *byte == 0);
    (plain && !letters.is_empty()).then(|| String::from_utf8_lossy(letters).into_owned())
}
