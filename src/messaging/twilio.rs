//! Twilio: `POST /2010-04-01/Accounts/{SID}/Messages.json`, form-encoded.

use std::path::PathBuf;

use reqwest::Method;
use serde::Deserialize;

use crate::card::SecretBodyBuilder;
use crate::config::{ConfigError, MessengerSection};
use crate::psp::http::{Body, Line, percent_encoded};

use super::answer::{at, probed, sent};
use super::http::{basic, check_sender, fetched, line, settings};
use super::{Medium, Message, Messenger, Probe, Sent};

/// What the name of a messaging service begins with.
const SERVICE_PREFIX: &str = "MG";

/// `kind = "twilio"`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Where requests go.
    #[serde(default = "url")]
    url: String,
    /// `AC…`
    account_sid: String,
    /// The number or name it comes from, or a messaging service (`MG…`) that chooses one.
    sender: String,
    /// File with the account's token.
    auth_token_file: Option<PathBuf>,
    /// In place of it: name of a credential handed over by systemd.
    auth_token_credential: Option<String>,
}

fn url() -> String {
    "https://api.twilio.com".into()
}

/// One account with Twilio.
pub(super) struct Twilio {
    name: String,
    account: String,
    sender: String,
    line: Line,
}

impl Twilio {
    pub(super) fn open(section: &MessengerSection) -> Result<Twilio, ConfigError> {
        let own: Settings = settings(section)?;
        if !own.sender.starts_with(SERVICE_PREFIX) {
            check_sender(section, &own.sender)?;
        }
        let token = fetched(section, "auth_token", (&own.auth_token_file, &own.auth_token_credential))?;
        let headers = basic(section, "auth_token_file", &own.account_sid, &token)?;
        Ok(Twilio {
            name: section.name.clone(),
            account: percent_encoded(&own.account_sid),
            sender: own.sender,
            line: line(section, &own.url, headers)?,
        })
    }
}

#[async_trait::async_trait]
impl Messenger for Twilio {
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
        let from = if self.sender.starts_with(SERVICE_PREFIX) { "MessagingServiceSid" } else { "From" };
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("To", &message.to)
            .append_pair(from, &self.sender)
            .append_pair("Body", &message.text)
            .finish();
        let body = Body::Form(SecretBodyBuilder::with_capacity(form.len()).raw(&form).finish());
        let path = format!("/2010-04-01/Accounts/{}/Messages.json", self.account);
        let came = self.line.ask(Method::POST, &path, &[], body).await;
        sent(came, |came| match at(came, "error_code") {
            Some(code) => Err(format!("error {code}")),
            None => Ok(at(came, "sid")),
        })
    }

    async fn probe(&self) -> Probe {
        probed(self.line.get(&format!("/2010-04-01/Accounts/{}.json", self.account)).await)
    }
}
