//! `[pbx.asterisk]`

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::de::{Deserialize, Deserializer};

use super::check::{between, local, name};
use super::error::{ConfigError, Place};
use super::pbx::{AgentKeysSection, check_agent_keys, password_path};
use super::secret::Secret;
use super::words::address;

/// `[pbx.asterisk]`
#[derive(Debug, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AsteriskSection {
    /// Where AMI listens (manager.conf); on this machine, for keys travel over it.
    #[serde(deserialize_with = "address")]
    pub ami_address: SocketAddr,
    /// Where ARI listens (http.conf); on this machine, for its password is not encrypted.
    #[serde(deserialize_with = "address")]
    pub ari_address: SocketAddr,
    /// `prefix` of http.conf; empty if there is none.
    pub ari_prefix: String,
    /// Where Asterisk calls the daemon with its events, if it is to do so (websocket_client.conf); without it
    /// the daemon calls Asterisk.
    #[serde(deserialize_with = "maybe_address")]
    pub ari_listen: Option<SocketAddr>,
    /// The account of manager.conf and of ari.conf that gives orders.
    pub user: String,
    /// The account of manager.conf that hears keys and nothing else.
    pub keypad_user: String,
    /// The file with the password of all three accounts.
    pub password_file: Option<PathBuf>,
    /// The systemd credential with it.
    pub password_credential: Option<String>,
    /// The password itself.
    #[serde(skip)]
    pub password: Secret,
    /// The name in Stasis() of the dialplan.
    pub application: String,
    /// The dialplan context both legs are moved to during a payment.
    pub legs_context: String,
    /// What the agent keys during a payment.
    pub agent_keys: AgentKeysSection,
    /// How long Asterisk may take to accept a connection and the password.
    pub connect_timeout_ms: u64,
    /// How long it may take to answer a command.
    pub command_timeout_ms: u64,
    /// How long the two legs may take to come to us when a leg is sealed.
    pub seal_timeout_ms: u64,
    /// The first pause before connecting again; it doubles.
    pub reconnect_first_ms: u64,
    /// As far as it doubles.
    pub reconnect_longest_ms: u64,
    /// How often each connection is proved alive.
    pub heartbeat_ms: u64,
}

/// An address that may be missing.
fn maybe_address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
    #[derive(serde::Deserialize)]
    struct Is(#[serde(deserialize_with = "address")] SocketAddr);
    Ok(Option::<Is>::deserialize(from)?.map(|is| is.0))
}

impl Default for AsteriskSection {
    fn default() -> Self {
        Self {
            ami_address: SocketAddr::from(([127, 0, 0, 1], 5038)),
            ari_address: SocketAddr::from(([127, 0, 0, 1], 8088)),
            ari_prefix: String::new(),
            ari_listen: None,
            user: "tonegate".into(),
            keypad_user: "tonegate-keys".into(),
            password_file: None,
            password_credential: None,
            password: Secret::default(),
            application: "tonegate".into(),
            legs_context: "tonegate-legs".into(),
            agent_keys: AgentKeysSection::default(),
            connect_timeout_ms: 2_000,
            command_timeout_ms: 3_000,
            seal_timeout_ms: 2_000,
            reconnect_first_ms: 250,
            reconnect_longest_ms: 5_000,
            heartbeat_ms: 3_000,
        }
    }
}

impl AsteriskSection {
    /// The file that holds the password, wherever it comes from.
    #[must_use]
    pub fn password_path(&self) -> PathBuf {
        password_path(self.password_file.as_ref(), self.password_credential.as_deref())
    }

    pub(super) fn check(&self, place: &Place) -> Result<(), ConfigError> {
        let path = |key: &str| format!("pbx.asterisk.{key}");
        let remedy = "the daemon runs beside Asterisk, and what passes here is not encrypted: use 127.0.0.1";
        local(place, &path("ami_address"), self.ami_address, remedy)?;
        local(place, &path("ari_address"), self.ari_address, remedy)?;
        if let Some(listen) = self.ari_listen {
            local(place, &path("ari_listen"), listen, remedy)?;
            if [self.ami_address, self.ari_address].contains(&listen) {
                let what = "the same as an address of Asterisk";
                return Err(place.fault(&path("ari_listen"), what, "give it a port of its own"));
            }
        }
        for (key, value) in [
            ("user", &self.user),
            ("keypad_user", &self.keypad_user),
            ("application", &self.application),
            ("legs_context", &self.legs_context),
        ] {
            name(place, &path(key), value)?;
        }
        if self.user == self.keypad_user {
            let remedy = "the account that hears keys may order nothing: give it a name of its own";
            return Err(place.fault(&path("keypad_user"), "the same as user", remedy));
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_/".contains(&b);
        if self.ari_prefix.len() > 64 || !self.ari_prefix.bytes().all(plain) {
            return Err(place.fault(&path("ari_prefix"), "not a path", "write what http.conf has as prefix"));
        }
        check_agent_keys(place, "pbx.asterisk", &self.agent_keys)?;
        for (key, value, min, max) in [
            ("connect_timeout_ms", self.connect_timeout_ms, 50, 30_000),
            ("command_timeout_ms", self.command_timeout_ms, 200, 30_000),
            ("seal_timeout_ms", self.seal_timeout_ms, 200, 30_000),
            ("reconnect_first_ms", self.reconnect_first_ms, 50, 30_000),
            ("reconnect_longest_ms", self.reconnect_longest_ms, self.reconnect_first_ms, 60_000),
            ("heartbeat_ms", self.heartbeat_ms, 500, 10_000),
        ] {
            between(place, &path(key), value, min, max, "ms")?;
        }
        Ok(())
    }
}
