//! OVHcloud: `POST /1.0/sms/{service}/jobs`, each request signed with the application's secret.

use std::path::PathBuf;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use crate::config::{ConfigError, MessengerSection};
use crate::psp::http::{Body, Came, Line, Missed, percent_encoded};

use super::alphabet::{Alphabet, measure};
use super::answer::{at, probed, sent};
use super::http::{check_sender, fetched, line, settings};
use super::{Medium, Message, Messenger, Probe, Sent};

/// `kind = "ovh"`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Where requests go.
    #[serde(default = "url")]
    url: String,
    /// The SMS service, `sms-ab12345-1`.
    service: String,
    /// What the SMS comes from: a sender that is registered there.
    sender: String,
    /// The application's public key.
    application_key: String,
    /// File with the application's secret.
    application_secret_file: Option<PathBuf>,
    /// In place of it: name of a credential handed over by systemd.
    application_secret_credential: Option<String>,
    /// File with the key of the consumer who let the application in.
    consumer_key_file: Option<PathBuf>,
    /// In place of it: name of a credential handed over by systemd.
    consumer_key_credential: Option<String>,
}

fn url() -> String {
    "https://eu.api.ovh.com".into()
}

/// One SMS service of OVHcloud.
pub(super) struct Ovh {
    name: String,
    base: String,
    service: String,
    sender: String,
    application_secret: Zeroizing<String>,
    consumer_key: Zeroizing<String>,
    line: Line,
}

impl Ovh {
    pub(super) fn open(section: &MessengerSection) -> Result<Ovh, ConfigError> {
        let own: Settings = settings(section)?;
        check_sender(section, &own.sender)?;
        let places = (&own.application_secret_file, &own.application_secret_credential);
        let application_secret = fetched(section, "application_secret", places)?;
        let places = (&own.consumer_key_file, &own.consumer_key_credential);
        let consumer_key = fetched(section, "consumer_key", places)?;
        let mut headers = HeaderMap::new();
        for (name, key, value) in [
            ("x-ovh-application", "application_key", own.application_key.as_str()),
            ("x-ovh-consumer", "consumer_key_file", consumer_key.as_str()),
        ] {
            let mut value = HeaderValue::from_str(value)
                .map_err(|_| section.fault(key, "holds what cannot be sent; write the key alone"))?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(Ovh {
            name: section.name.clone(),
            base: own.url.trim_end_matches('/').to_owned(),
            service: percent_encoded(&own.service),
            sender: own.sender,
            application_secret,
            consumer_key,
            line: line(section, &own.url, headers)?,
        })
    }

    async fn ask(&self, method: Method, path: &str, body: Option<String>) -> Result<Came, Missed> {
        let at_s = Timestamp::now().as_second().to_string();
        let url = format!("{}{path}", self.base);
        let text = body.as_deref().unwrap_or_default();
        let signature =
            signature(&self.application_secret, &self.consumer_key, &[method.as_str(), &url, text, &at_s]);
        let headers = [("x-ovh-timestamp", &*at_s), ("x-ovh-signature", &*signature)];
        self.line.ask(method, path, &headers, body.map_or(Body::Nothing, Body::Json)).await
    }
}

/// `$1$` and the SHA-1 of everything between plus signs.
fn signature(application_secret: &str, consumer_key: &str, parts: &[&str; 4]) -> String {
    let signed = Zeroizing::new(format!("{application_secret}+{consumer_key}+{}", parts.join("+")));
    format!("$1${}", hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, signed.as_bytes())))
}

#[async_trait::async_trait]
impl Messenger for Ovh {
    fn name(&self) -> &str {
        &self.name
    }

    fn medium(&self) -> Medium {
        Medium::Sms
    }

    fn deduplicates(&self) -> bool {
        false
    }

    async fn send(&self, message: &Message) -> Sent {
        let coding = if measure(&message.text).alphabet == Alphabet::Gsm { "7bit" } else { "8bit" };
        let body = json!({
            "message": message.text, "receivers": [message.to], "sender": self.sender, "noStopClause": true,
            "priority": "high", "charset": "UTF-8", "coding": coding, "tag": message.id,
        });
        let path = format!("/1.0/sms/{}/jobs", self.service);
        let came = self.ask(Method::POST, &path, Some(body.to_string())).await;
        sent(came, |came| {
            // A number it does not like is told beside a success.
            match at(came, "invalidReceivers.0") {
                Some(_) => Err("the number is not taken".into()),
                None => Ok(at(came, "ids.0")),
            }
        })
    }

    async fn probe(&self) -> Probe {
        probed(self.ask(Method::GET, &format!("/1.0/sms/{}", self.service), None).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by the provider's own library for Python.
    #[test]
    fn the_provider_s_own_library_signs_the_same() {
        let body = "{\"message\":\"Pay: https://x\",\"receivers\":[\"+33612345678\"],\"sender\":\"ACME\",\
                    \"noStopClause\":true,\"priority\":\"high\"}";
        let url = "https://eu.api.ovh.com/1.0/sms/sms-ab12345-1/jobs";
        let signed = signature("AS", "CK", &["POST", url, body, "1795345642"]);
        assert_eq!(signed, "$1$a1ca13c91c87f62fbe362bded1e84d99e72e8acf");
    }
}
