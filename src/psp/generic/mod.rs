//! The generic pay connector: the de-facto contract of programmable telephony.
//!
//! One HTTPS POST of JSON with Basic authentication charges a card; the answer is a `charge_id`, or an
//! `error_code` and `error_message`. Twilio published the contract; SignalWire, Telnyx and Voxtelesys speak it,
//! and Hyperswitch serves it in front of a hundred processors. A company without one of those writes such a
//! connector in an afternoon.
//!
//! | What came back | Outcome |
//! |---|---|
//! | `charge_id` and no `error_code` | approved |
//! | `error_code` of an issuer | declined, with its reason; an unknown code is a decline without reason |
//! | `error_code` of a configuration fault; HTTP 401, 403, 404, 405, 415; redirect | not charged, with a remedy for the admin |
//! | no connection, no name, no trusted certificate | not charged: nothing was sent |
//! | no answer in time, connection broken, HTTP 5xx, 408, 409, half an answer, no JSON | unknown |

mod body;
mod client;
mod codes;
mod exchange;
mod settings;

pub use body::Profile;
pub use exchange::MAX_ANSWER_BYTES;
pub use settings::GenericSettings;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;
use zeroize::Zeroizing;

use super::{Answer, Capabilities, Charge, Psp, PspConfigError};
use crate::card::Card;
use client::{Account, QUERY_PLACE};
use exchange::Asked;

const JSON: &str = "application/json";

/// One account with one generic pay connector.
pub struct GenericConnector {
    name: String,
    account: Account,
    profile: Profile,
    deduplicates: bool,
    query_url: Option<String>,
    exchange_timeout: Duration,
    parameters: BTreeMap<String, String>,
    send_caller_number: bool,
}

impl GenericConnector {
    /// Checks the settings and reads the files they name; sends nothing.
    ///
    /// # Errors
    /// If a setting cannot work or a file cannot be read.
    pub fn new(name: &str, settings: &GenericSettings) -> Result<GenericConnector, PspConfigError> {
        let password = client::password(name, settings)?;
        GenericConnector::with_password(name, settings, password)
    }

    /// The same with a password that was fetched already; the settings that name its place are not followed.
    ///
    /// # Errors
    /// As [`GenericConnector::new`].
    pub fn with_password(
        name: &str,
        settings: &GenericSettings,
        password: Option<Zeroizing<String>>,
    ) -> Result<GenericConnector, PspConfigError> {
        Ok(GenericConnector {
            name: name.into(),
            account: client::account(name, settings, password)?,
            profile: settings.profile,
            deduplicates: settings.deduplicates,
            query_url: settings.query_url.clone(),
            // Connecting has a bound of its own within this: when that one strikes, nothing was sent.
            exchange_timeout: Duration::from_millis(settings.connect_timeout_ms + settings.answer_timeout_ms),
            parameters: settings.parameters.clone(),
            send_caller_number: settings.send_caller_number,
        })
    }

    /// The account's fields, then the charge's own, which win.
    fn parameters(&self, charge: &Charge) -> BTreeMap<String, String> {
        let mut parameters = self.parameters.clone();
        if let Some(reference) = &charge.reference {
            parameters.insert("reference".into(), reference.clone());
        }
        if let (true, Some(number)) = (self.send_caller_number, &charge.caller_number) {
            parameters.insert("caller_number".into(), number.clone());
        }
        parameters.extend(charge.parameters.clone());
        parameters
    }

    async fn exchange(&self, asked: Asked<'_>, request: reqwest::RequestBuilder) -> Answer {
        let request =
            request.headers(self.account.headers.clone()).header(ACCEPT, JSON).timeout(self.exchange_timeout);
        match request.send().await {
            Ok(response) => exchange::understand(asked, response).await,
            Err(fault) => exchange::lost(asked, &fault),
        }
    }
}

#[async_trait::async_trait]
impl Psp for GenericConnector {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { deduplicates: self.deduplicates, query: self.query_url.is_some() }
    }

    async fn authorise(&self, charge: &Charge, card: &Card) -> Answer {
        let body = body::charge(self.profile, charge, &self.parameters(charge), card);
        let request = self.account.client.post(self.account.url.clone());
        // The client lets go of the body, which is wiped then, when it has sent it or failed to.
        let request = request.header(CONTENT_TYPE, JSON).body(Bytes::from_owner(body));
        self.exchange(Asked::Charge { deduplicates: self.deduplicates }, request).await
    }

    async fn query(&self, charge: &Charge) -> Answer {
        let asked = Asked::Query { transaction_id: &charge.key };
        let Some(template) = &self.query_url else {
            return asked.unknown(
                "this connector cannot be asked what became of a charge",
                Some(
                    "look the transaction up at the provider; set `query_url` if the connector can be asked",
                ),
            );
        };
        let url = template.replace(QUERY_PLACE, &percent_encoded(&charge.key));
        self.exchange(asked, self.account.client.get(url)).await
    }
}

/// A path segment or query value (RFC 3986 section 2.3).
fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            // Writing to a string cannot fail.
            other => _ = write!(encoded, "%{other:02X}"),
        }
        encoded
    })
}
