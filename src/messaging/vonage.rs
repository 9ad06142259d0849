//! Vonage: `POST /v1/messages` of its Messages API.

use std::path::PathBuf;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use crate::config::{ConfigError, MessengerSection};
use crate::psp::http::{Body, Line};

use super::answer::{at, probed, sent};
use super::http::{basic, check_sender, fetched, line, settings};
use super::{Medium, Message, Messenger, Probe, Sent};

/// `kind = "vonage"`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Where messages go.
    #[serde(default = "url")]
    url: String,
    /// Where the account answers.
    #[serde(default = "account_url")]
    account_url: String,
    /// What the SMS comes from.
    sender: String,
    /// The account's key, which is no secret.
    account_key: String,
    /// File with the secret that belongs to it.
    secret_file: Option<PathBuf>,
    /// In place of it: name of a credential handed over by systemd.
    secret_credential: Option<String>,
}

fn url() -> String {
    "https://api.nexmo.com".into()
}

fn account_url() -> String {
    "https://rest.nexmo.com".into()
}

/// One account with Vonage.
pub(super) struct Vonage {
    name: String,
    sender: String,
    line: Line,
    account: Line,
}

impl Vonage {
    pub(super) fn open(section: &MessengerSection) -> Result<Vonage, ConfigError> {
        let own: Settings = settings(section)?;
        check_sender(section, &own.sender)?;
        let secret = fetched(section, "secret", (&own.secret_file, &own.secret_credential))?;
        let headers = basic(section, "secret_file", &own.account_key, &secret)?;
        Ok(Vonage {
            name: section.name.clone(),
            sender: own.sender,
            line: line(section, &own.url, headers.clone())?,
            account: line(section, &own.account_url, headers)?,
        })
    }
}

#[async_trait::async_trait]
impl Messenger for Vonage {
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
            "to": message.to.trim_start_matches('+'), "from": self.sender.trim_start_matches('+'), "channel": "sms",
            "message_type": "text", "text": message.text, "client_ref": message.id,
        });
        let came = self.line.ask(Method::POST, "/v1/messages", &[], Body::Json(body.to_string())).await;
        sent(came, |came| Ok(at(came, "message_uuid")))
    }

    async fn probe(&self) -> Probe {
        probed(self.account.get("/account/get-balance").await)
    }
}
