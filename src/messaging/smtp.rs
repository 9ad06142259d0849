//! E-mail, by the company's own mail server (RFC 5321), encrypted on its way there.
//!
//! The steps are taken one by one, so that it is known which of them failed: whatever happens before the message is
//! handed over, and every "no" of the server, means that nobody got it; a connection that breaks in the midst of it
//! leaves that open.

use std::path::PathBuf;
use std::time::Duration;

use lettre::Message as Mail;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters, TlsVersion};
use lettre::transport::smtp::extension::ClientId;
use serde::Deserialize;
use tokio::time::timeout;

use crate::config::{ConfigError, MessengerSection};
use crate::outbox::cause;

use super::http::fetched;
use super::{Fate, Medium, Message, Messenger, Probe, Sent};

/// Until the server has let us in.
const CONNECT_TIMEOUT_MS: u64 = 10_000;
/// Until it has taken the message.
const SEND_TIMEOUT_MS: u64 = 20_000;
/// Ports: submission with STARTTLS (RFC 6409), and with TLS from the start (RFC 8314).
const PORT_STARTTLS: u16 = 587;
const PORT_TLS: u16 = 465;

/// `kind = "smtp"`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The mail server.
    host: String,
    /// Its port; by what `tls` says if none.
    port: Option<u16>,
    /// How the way there is encrypted.
    #[serde(default)]
    tls: Encryption,
    /// Whom it comes from: `Example Ltd <pay@example.com>`.
    from: String,
    /// Where answers go, if not there.
    reply_to: Option<String>,
    /// The user, if the server wants one.
    user: Option<String>,
    /// File with the user's password.
    password_file: Option<PathBuf>,
    /// In place of it: name of a credential handed over by systemd.
    password_credential: Option<String>,
    /// Certificates (PEM) of an authority to trust beside the system's.
    ca_file: Option<PathBuf>,
    /// How long the server may take to let us in.
    #[serde(default = "connect_timeout_ms")]
    connect_timeout_ms: u64,
    /// How long it may take to take a message.
    #[serde(default = "send_timeout_ms")]
    send_timeout_ms: u64,
}

fn connect_timeout_ms() -> u64 {
    CONNECT_TIMEOUT_MS
}

fn send_timeout_ms() -> u64 {
    SEND_TIMEOUT_MS
}

/// How the way to the server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encryption {
    /// After a word in the clear, or not at all: never a message without.
    #[default]
    Starttls,
    /// From the first byte.
    Tls,
    /// Not; to a server on this machine alone.
    None,
}

/// One mail server.
pub(super) struct Smtp {
    name: String,
    address: (String, u16),
    tls: Encryption,
    parameters: TlsParameters,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    login: Option<Credentials>,
    hello: ClientId,
    connect_bound: Duration,
    send_bound: Duration,
}

impl Smtp {
    pub(super) fn open(section: &MessengerSection) -> Result<Smtp, ConfigError> {
        let own: Settings = section.settings_but(&[])?;
        let mailbox = |key: &str, text: &str| {
            text.parse::<Mailbox>()
                .map_err(|_| section.fault(key, "is no address; write Example Ltd <pay@example.com>"))
        };
        let from = mailbox("from", &own.from)?;
        let reply_to = own.reply_to.as_deref().map(|text| mailbox("reply_to", text)).transpose()?;
        if own.tls == Encryption::None && !matches!(own.host.as_str(), "localhost" | "127.0.0.1" | "::1") {
            let told = "leaves the way to another machine open; write \"starttls\" or \"tls\"";
            return Err(section.fault("tls", told));
        }
        for (key, value) in
            [("connect_timeout_ms", own.connect_timeout_ms), ("send_timeout_ms", own.send_timeout_ms)]
        {
            if !crate::psp::http::TIMEOUT_RANGE_MS.contains(&value) {
                return Err(section.fault(key, "is out of bounds; write 10 to 120000 milliseconds"));
            }
        }
        let login = match &own.user {
            None => None,
            Some(user) => {
                let password = fetched(section, "password", (&own.password_file, &own.password_credential))?;
                Some(Credentials::new(user.clone(), password.as_str().to_owned()))
            }
        };
        let port = own.port.unwrap_or(if own.tls == Encryption::Tls { PORT_TLS } else { PORT_STARTTLS });
        Ok(Smtp {
            name: section.name.clone(),
            parameters: parameters(section, &own)?,
            address: (own.host, port),
            tls: own.tls,
            hello: ClientId::Domain(from.email.domain().to_owned()),
            from,
            reply_to,
            login,
            connect_bound: Duration::from_millis(own.connect_timeout_ms),
            send_bound: Duration::from_millis(own.send_timeout_ms),
        })
    }

    /// A connection that lets us in.
    async fn connected(&self) -> Result<AsyncSmtpConnection, Error> {
        let at_once = (self.tls == Encryption::Tls).then(|| self.parameters.clone());
        let address = (self.address.0.as_str(), self.address.1);
        let bound = Some(self.connect_bound);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(address, bound, &self.hello, at_once, None).await?;
        if self.tls == Encryption::Starttls {
            connection.starttls(self.parameters.clone(), &self.hello).await?;
        }
        if let Some(login) = &self.login {
            connection.auth(&[Mechanism::Plain, Mechanism::Login], login).await?;
        }
        Ok(connection)
    }

    /// The same within its time, or what is wrong: nobody got anything by then.
    async fn let_in(&self) -> Result<AsyncSmtpConnection, Sent> {
        match timeout(self.connect_bound, self.connected()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(fault)) => Err(not_let_in(&fault)),
            Err(_) => Err(Sent {
                fate: Fate::NotNow,
                detail: "the mail server does not answer in time".into(),
                remedy: Some("check host, port and tls, and the firewall between".into()),
            }),
        }
    }

    fn mail(&self, message: &Message) -> Result<Mail, String> {
        let to: Mailbox = message.to.parse().map_err(|_| "the address cannot be written to".to_owned())?;
        let own_name = format!("<{}@{}>", message.id, self.from.email.domain());
        let mut mail = Mail::builder()
            .from(self.from.clone())
            .to(to)
            .subject(message.subject.clone())
            .message_id(Some(own_name))
            .header(ContentType::TEXT_PLAIN);
        if let Some(reply_to) = &self.reply_to {
            mail = mail.reply_to(reply_to.clone());
        }
        mail.body(message.text.clone()).map_err(|fault| fault.to_string())
    }
}

fn parameters(section: &MessengerSection, own: &Settings) -> Result<TlsParameters, ConfigError> {
    let mut builder = TlsParameters::builder(own.host.clone()).set_min_tls_version(TlsVersion::Tlsv12);
    if let Some(file) = &own.ca_file {
        let path = section.base().join(file);
        let pem = std::fs::read(&path).map_err(|fault| {
            let told = format!("cannot read {}: {fault}; check the path and its rights", path.display());
            section.fault("ca_file", told)
        })?;
        let authority = Certificate::from_pem(&pem)
            .map_err(|_| section.fault("ca_file", "holds no certificate; write one in PEM form"))?;
        builder = builder.add_root_certificate(authority);
    }
    builder.build().map_err(|fault| section.fault("tls", format!("cannot be set up: {}", cause(&fault))))
}

/// Before any message was handed over.
fn not_let_in(fault: &Error) -> Sent {
    let (fate, remedy) = if fault.is_permanent() {
        (Fate::Refused, Some("check user and password of the mail server"))
    } else if fault.is_client() || fault.is_tls() {
        (Fate::Refused, Some("check host, port and tls: the server does not offer what is configured"))
    } else {
        (Fate::NotNow, None)
    };
    Sent { fate, detail: cause(fault), remedy: remedy.map(str::to_owned) }
}

#[async_trait::async_trait]
impl Messenger for Smtp {
    fn name(&self) -> &str {
        &self.name
    }

    fn medium(&self) -> Medium {
        Medium::Email
    }

    fn deduplicates(&self) -> bool {
        false
    }

    async fn send(&self, message: &Message) -> Sent {
        let plain = |fate, detail| Sent { fate, detail, remedy: None };
        let mail = match self.mail(message) {
            Ok(mail) => mail,
            Err(fault) => return plain(Fate::Refused, fault),
        };
        let mut connection = match self.let_in().await {
            Ok(connection) => connection,
            Err(sent) => return sent,
        };
        let (envelope, bytes) = (mail.envelope().clone(), mail.formatted());
        match timeout(self.send_bound, connection.send(&envelope, &bytes)).await {
            Ok(Ok(answer)) => {
                // It is taken: what becomes of the farewell changes nothing.
                let _ = timeout(self.connect_bound, connection.quit()).await;
                let words = answer.first_line().unwrap_or_default();
                plain(Fate::Taken(None), format!("{} {words}", answer.code()))
            }
            Ok(Err(fault)) if fault.is_permanent() => plain(Fate::Refused, told(&fault)),
            Ok(Err(fault)) if fault.is_transient() => plain(Fate::NotNow, told(&fault)),
            Ok(Err(fault)) => plain(Fate::Unknown, told(&fault)),
            Err(_) => plain(Fate::Unknown, "the mail server does not answer in time".into()),
        }
    }

    async fn probe(&self) -> Probe {
        match self.let_in().await {
            Ok(mut connection) => {
                let _ = timeout(self.connect_bound, connection.quit()).await;
                Probe::Answers
            }
            Err(Sent { detail, remedy, .. }) => {
                let remedy = remedy.unwrap_or_else(|| "is the mail server running?".into());
                Probe::Fault { what: detail, remedy }
            }
        }
    }
}

/// The server's code and words.
fn told(fault: &Error) -> String {
    match fault.status() {
        Some(code) => format!("{code} {}", cause(fault)),
        None => cause(fault),
    }
}
