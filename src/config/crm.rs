//! `[crm]`: where the company's own system says what is owed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::check::between;
use super::error::{ConfigError, Place, suggest};
use super::secret::{Secret, SecretPlaces};
use super::words::{list, words};

/// Shortest and longest time an answer may take: somebody waits on the telephone.
const ANSWER_RANGE_MS: (u64, u64) = (200, 15_000);
/// The longest time an answer is used again.
const CACHE_MAX_MS: u64 = 3_600_000;
/// The longest path into an answer.
const PATH_MAX_BYTES: usize = 200;

/// What an answer may tell, and where it stands in one that is written as our own API writes orders.
pub const CRM_FIELDS: [(&str, &str); 32] = [
    ("reference", "/reference"),
    ("amount", "/amount"),
    ("currency", "/currency"),
    ("description", "/description"),
    ("due", "/due"),
    ("partial_payments", "/partial_payments"),
    ("minimum", "/minimum"),
    ("name", "/customer/name"),
    ("phone", "/customer/phone"),
    ("email", "/customer/email"),
    ("language", "/customer/language"),
    ("customer_reference", "/customer/reference"),
    ("first_name", "/customer/first_name"),
    ("last_name", "/customer/last_name"),
    ("account_created", "/customer/account_created"),
    ("billing_street", "/customer/billing/street"),
    ("billing_house", "/customer/billing/house"),
    ("billing_postal_code", "/customer/billing/postal_code"),
    ("billing_city", "/customer/billing/city"),
    ("billing_state", "/customer/billing/state"),
    ("billing_country", "/customer/billing/country"),
    ("delivery_street", "/customer/delivery/street"),
    ("delivery_house", "/customer/delivery/house"),
    ("delivery_postal_code", "/customer/delivery/postal_code"),
    ("delivery_city", "/customer/delivery/city"),
    ("delivery_state", "/customer/delivery/state"),
    ("delivery_country", "/customer/delivery/country"),
    ("history_orders", "/customer/history/orders"),
    ("history_orders_six_months", "/customer/history/orders_six_months"),
    ("history_value", "/customer/history/value/amount"),
    ("history_currency", "/customer/history/value/currency"),
    ("history_last_order", "/customer/history/last_order"),
];

words! {
    /// How amounts stand in an answer.
    #[derive(Default)]
    pub enum AmountUnit {
        /// `42.50`
        #[default]
        Major = "major",
        /// `4250`
        Minor = "minor",
    }
}

/// `[crm]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrmSection {
    /// Where it is asked: https, or http on this machine.
    pub url: String,
    /// The file with the secret that questions are signed with: `whsec_` and base64 of 24 to 64 bytes.
    pub secret_file: Option<PathBuf>,
    /// The systemd credential with it.
    pub secret_credential: Option<String>,
    /// The secret itself.
    #[serde(skip)]
    pub secret: Secret,
    /// Merchants whose orders it knows; all if none is named.
    #[serde(default, deserialize_with = "list")]
    pub merchants: Vec<String>,
    /// How long an answer may take.
    #[serde(default = "answer_timeout_ms")]
    pub timeout_ms: u64,
    /// How long an answer is used again, so that a call asks once.
    #[serde(default = "cache_ms")]
    pub cache_ms: u64,
    /// Whether a payment may go on without it, with the amount that the agent gives.
    #[serde(default = "yes")]
    pub by_hand: bool,
    /// Whether an agent's payment that names neither amount nor reference is for the one order that the caller's
    /// number owes. Callers without an agent: `[self_service] recognise_caller`.
    #[serde(default)]
    pub by_caller: bool,
    /// How amounts stand in an answer.
    #[serde(default)]
    pub amount_unit: AmountUnit,
    /// Where the list of orders stands in an answer (RFC 6901); the answer is one order if nothing is said.
    pub orders: Option<String>,
    /// Where each field stands, RFC 6901: in the order, or else in the whole answer.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    #[serde(skip)]
    place: Option<Place>,
}

fn answer_timeout_ms() -> u64 {
    3_000
}

fn cache_ms() -> u64 {
    60_000
}

fn yes() -> bool {
    true
}

impl CrmSection {
    pub(super) fn check(&self, place: &Place, merchants: &[String]) -> Result<(), ConfigError> {
        let (shortest_ms, longest_ms) = ANSWER_RANGE_MS;
        between(place, "crm.timeout_ms", self.timeout_ms, shortest_ms, longest_ms, "ms")?;
        between(place, "crm.cache_ms", self.cache_ms, 0, CACHE_MAX_MS, "ms")?;
        if let Some(unknown) = self.merchants.iter().find(|id| !merchants.contains(id)) {
            let what = format!("there is no merchant `{unknown}`");
            return Err(place.fault("crm.merchants", what, &suggest(unknown, merchants)));
        }
        let known: Vec<String> = CRM_FIELDS.iter().map(|(name, _)| (*name).to_owned()).collect();
        for (name, path) in &self.fields {
            let key = format!("crm.fields.{name}");
            if !known.contains(name) {
                return Err(place.fault(&key, "unknown key", &suggest(name, &known)));
            }
            is_path(place, &key, path)?;
        }
        self.orders.as_ref().map_or(Ok(()), |path| is_path(place, "crm.orders", path))
    }

    pub(super) fn fetch(&mut self, places: &SecretPlaces) -> Result<(), ConfigError> {
        let (file, credential) = (self.secret_file.as_deref(), self.secret_credential.as_deref());
        self.secret = places.fetch("crm.secret", file, credential)?;
        self.place = Some(places.place().clone());
        Ok(())
    }

    /// A fault of one of its keys: what is wrong, and what to write instead.
    #[must_use]
    pub fn fault(&self, key: &str, what: impl std::fmt::Display, remedy: &str) -> ConfigError {
        ConfigError::at(self.place.as_ref(), &format!("crm.{key}"), what, remedy)
    }
}

fn is_path(place: &Place, key: &str, path: &str) -> Result<(), ConfigError> {
    let fits = path.starts_with('/') && path.len() <= PATH_MAX_BYTES;
    if fits {
        return Ok(());
    }
    let remedy = "write the names on the way to the value, each after a `/`: \"/invoice/total\" (RFC 6901)";
    Err(place.fault(key, "not a path into the answer", remedy))
}
