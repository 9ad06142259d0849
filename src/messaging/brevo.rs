//! Brevo: `POST /v3/transactionalSMS/send`.

use std::path::PathBuf;

use reqwest::Method;
use reqwest::header::HeaderName;
use serde::Deserialize;
use serde_json::json;

use crate::config::{ConfigError, MessengerSection};
use crate::psp::http::{Body, Line};

use super::alphabet::{Alphabet, measure};
use super::answer::{at, probed, sent};
use super::http::{check_sender, fetched, line, secret, settings};
use super::{Medium, Message, Messenger, Probe, Sent};

/// `kind = "brevo"`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Where requests go.
    #[serde(default = "url")]
    url: String,
    /// What the SMS comes from.
    sender: String,
    /// File with the API key.
    api_key_file: Option<PathBuf>,
    /// In place of it: name of a credential handed over by systemd.
    api_key_credential: Option<String>,
}

fn url() -> String {
    "https://api.brevo.com".into()
}

/// One account with Brevo.
pub(super) struct Brevo {
    name: String,
    sender: String,
    line: Line,
}

impl Brevo {
    pub(super) fn open(section: &MessengerSection) -> Result<Brevo, ConfigError> {
        let own: Settings = settings(section)?;
        check_sender(section, &own.sender)?;
        let key = fetched(section, "api_key", (&own.api_key_file, &own.api_key_credential))?;
        let headers = secret(section, HeaderName::from_static("api-key"), "api_key_file", &key)?;
        Ok(Brevo { name: section.name.clone(), sender: own.sender, line: line(section, &own.url, headers)? })
    }
}

#[async_trait::async_trait]
impl Messenger for Brevo {
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
        let body = json!({
            "sender": self.sender, "recipient": message.to.trim_start_matches('+'), "content": message.text,
            "type": "transactional", "tag": message.id,
            "unicodeEnabled": measure(&message.text).alphabet == Alphabet::Ucs2,
        });
        let came =
            self.line.ask(Method::POST, "/v3/transactionalSMS/send", &[], Body::Json(body.to_string())).await;
        sent(came, |came| Ok(at(came, "messageId")))
    }

    async fn probe(&self) -> Probe {
        probed(self.line.get("/v3/account").await)
    }
}
