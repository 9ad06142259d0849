//! Any gateway that takes an SMS by HTTP: the admin writes the body, with places for number and text.

use std::path::PathBuf;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::card::SecretBodyBuilder;
use crate::config::{ConfigError, MessengerSection};
use crate::psp::http::{Body, Line, percent_encoded};

use super::answer::{at, probed, sent};
use super::http::{basic, fetched, line, secret, settings};
use super::{Medium, Message, Messenger, Probe, Sent};

/// Sent with every message, for gateways that know one again by it.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// `kind = "http"`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Where messages go, in full.
    url: String,
    /// How the body is written.
    #[serde(default)]
    format: Format,
    /// The body, with `{to}`, `{to_plain}` (without its `+`), `{text}`, `{sender}` and `{id}`; what is put in is written as the
    /// format wants it.
    body: String,
    /// What the SMS comes from.
    #[serde(default)]
    sender: String,
    /// Where the gateway's name of the message stands in its answer, `message.id` or `ids.0`.
    #[serde(default)]
    reference: String,
    /// Whether the same `Idempotency-Key` never sends twice.
    #[serde(default)]
    deduplicates: bool,
    /// An address that answers 2xx if we are let in, for `tonegate check`.
    check_url: Option<String>,
    /// The user, if the gateway wants one with the password.
    user: Option<String>,
    /// File with the password of `user`.
    password_file: Option<PathBuf>,
    /// In place of it: name of a credential handed over by systemd.
    password_credential: Option<String>,
    /// File with a token that is sent as `Authorization: Bearer`.
    token_file: Option<PathBuf>,
    /// In place of it: name of a credential handed over by systemd.
    token_credential: Option<String>,
}

/// How a body is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    /// JSON (RFC 8259).
    #[default]
    Json,
    /// As a web form.
    Form,
}

/// One gateway.
pub(super) struct Gateway {
    name: String,
    format: Format,
    template: String,
    sender: String,
    reference: String,
    deduplicates: bool,
    line: Line,
    check: Option<Line>,
}

impl Gateway {
    pub(super) fn open(section: &MessengerSection) -> Result<Gateway, ConfigError> {
        let own: Settings = settings(section)?;
        let headers = own.credentials(section)?;
        let check = own.check_url.as_ref().map(|url| line(section, url, headers.clone())).transpose()?;
        let gateway = Gateway {
            name: section.name.clone(),
            line: line(section, &own.url, headers)?,
            check,
            format: own.format,
            template: own.body,
            sender: own.sender,
            reference: own.reference,
            deduplicates: own.deduplicates,
        };
        gateway.check_template(section)?;
        Ok(gateway)
    }

    /// With quotes and letters of every kind put in, it has to be what it says it is.
    fn check_template(&self, section: &MessengerSection) -> Result<(), ConfigError> {
        for place in ["{text}", "{to"] {
            if !self.template.contains(place) {
                return Err(section.fault(
                    "body",
                    "has no place for number or text; write {to} (or {to_plain}) and {text} where they belong",
                ));
            }
        }
        let hard = Message {
            id: "1".into(),
            to: "+1".into(),
            subject: String::new(),
            text: "\"a\" & {b}\n\\".into(),
        };
        let body = self.body(&hard);
        if self.format == Format::Json && serde_json::from_str::<serde_json::Value>(&body).is_err() {
            let told = "is not JSON once it is filled; put quotes around each place, \"{text}\", or set format = \"form\"";
            return Err(section.fault("body", told));
        }
        Ok(())
    }

    fn body(&self, message: &Message) -> String {
        let write = |value: &str| match self.format {
            Format::Form => percent_encoded(value),
            Format::Json => {
                let quoted = serde_json::Value::from(value).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
        };
        let mut body = self.template.clone();
        // The text last: what it says is not looked through again.
        for (place, value) in [
            ("{to_plain}", message.to.trim_start_matches('+')),
            ("{to}", &message.to),
            ("{sender}", &self.sender),
            ("{id}", &message.id),
            ("{text}", &message.text),
        ] {
            body = body.replace(place, &write(value));
        }
        body
    }
}

impl Settings {
    fn credentials(&self, section: &MessengerSection) -> Result<HeaderMap, ConfigError> {
        let has_token = self.token_file.is_some() || self.token_credential.is_some();
        match (&self.user, has_token) {
            (Some(_), true) => {
                Err(section.fault("user", "stands beside a token; keep user and password, or the token"))
            }
            (Some(user), false) => {
                let places = (&self.password_file, &self.password_credential);
                basic(section, "password_file", user, &fetched(section, "password", places)?)
            }
            (None, true) => {
                let token = fetched(section, "token", (&self.token_file, &self.token_credential))?;
                let bearer = Zeroizing::new(format!("Bearer {}", token.as_str()));
                secret(section, AUTHORIZATION, "token_file", &bearer)
            }
            (None, false) => Ok(HeaderMap::new()),
        }
    }
}

#[async_trait::async_trait]
impl Messenger for Gateway {
    fn name(&self) -> &str {
        &self.name
    }

    fn medium(&self) -> Medium {
        Medium::Sms
    }

    fn deduplicates(&self) -> bool {
        self.deduplicates
    }

    async fn send(&self, message: &Message) -> Sent {
        let body = self.body(message);
        let body = match self.format {
            Format::Json => Body::Json(body),
            Format::Form => Body::Form(SecretBodyBuilder::with_capacity(body.len()).raw(&body).finish()),
        };
        let came = self.line.ask(Method::POST, "", &[(IDEMPOTENCY_KEY, message.id.as_str())], body).await;
        // Some gateways answer with a plain word; their status is what counts.
        let came = came.map(|mut came| {
            if came.is_success() {
                came.json.get_or_insert_default();
            }
            came
        });
        sent(came, |came| Ok(at(came, &self.reference)))
    }

    async fn probe(&self) -> Probe {
        match &self.check {
            Some(line) => probed(line.get("").await),
            None => Probe::CannotBeAsked,
        }
    }
}
