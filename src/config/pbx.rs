//! The PBX's sections.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::de::{Deserialize, Deserializer, Error};

use super::asterisk::AsteriskSection;
use super::error::{ConfigError, Place};
use super::secret::Secret;
use super::words::{address, words};

words! {
    /// Which PBX.
    pub enum PbxKind {
        /// FreeSWITCH, by Event Socket.
        FreeSwitch = "freeswitch",
        /// Asterisk, by ARI and AMI.
        Asterisk = "asterisk",
    }
}

/// `[pbx]`: the PBX the daemon works beside.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PbxSection {
    /// Which one.
    pub kind: PbxKind,
    /// `[pbx.freeswitch]`, needed for that kind.
    pub freeswitch: Option<FreeSwitchSection>,
    /// `[pbx.asterisk]`, needed for that kind.
    pub asterisk: Option<AsteriskSection>,
}

/// `[pbx.freeswitch]`
#[derive(Debug, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FreeSwitchSection {
    /// Where mod_event_socket listens; on this machine, for its password and commands are not encrypted.
    #[serde(deserialize_with = "address")]
    pub control_address: SocketAddr,
    /// The file with its password.
    pub password_file: Option<PathBuf>,
    /// The systemd credential with its password.
    pub password_credential: Option<String>,
    /// The password itself.
    #[serde(skip)]
    pub password: Secret,
    /// Where FreeSWITCH connects to for each sealed leg; on this machine, for keys travel over it.
    #[serde(deserialize_with = "address")]
    pub keypad_listen: SocketAddr,
    /// The dialplan context a sealed leg is sent to.
    pub keypad_context: String,
    /// The realm of the feature code's `bind_digit_action` on the agent's leg.
    pub agent_realm: String,
    /// What the agent keys to begin a payment.
    pub feature_code: String,
    /// What the agent keys during a payment.
    pub agent_keys: AgentKeysSection,
    /// Takes payments from callers whose keys come as SIP INFO, although FreeSWITCH publishes those.
    pub accept_sip_info: bool,
    /// How long the PBX may take to accept a connection and the password.
    pub connect_timeout_ms: u64,
    /// How long it may take to answer a command.
    pub command_timeout_ms: u64,
    /// How long each leg may take to be parked and to come back to us.
    pub park_timeout_ms: u64,
    /// The first pause before connecting again; it doubles.
    pub reconnect_first_ms: u64,
    /// As far as it doubles.
    pub reconnect_longest_ms: u64,
    /// How often the connection is proved alive.
    pub heartbeat_ms: u64,
}

impl FreeSwitchSection {
    /// The file that holds the password, wherever it comes from.
    #[must_use]
    pub fn password_path(&self) -> PathBuf {
        password_path(self.password_file.as_ref(), self.password_credential.as_deref())
    }
}

/// The file that holds a password.
pub(super) fn password_path(file: Option<&PathBuf>, credential: Option<&str>) -> PathBuf {
    match (file, credential) {
        (Some(file), _) => file.clone(),
        (None, Some(name)) => {
            PathBuf::from(std::env::var_os("CREDENTIALS_DIRECTORY").unwrap_or_default()).join(name)
        }
        (None, None) => PathBuf::new(),
    }
}

impl Default for FreeSwitchSection {
    fn default() -> Self {
        Self {
            control_address: SocketAddr::from(([127, 0, 0, 1], 8021)),
            password_file: None,
            password_credential: None,
            password: Secret::default(),
            keypad_listen: SocketAddr::from(([127, 0, 0, 1], 8085)),
            keypad_context: "tonegate".into(),
            agent_realm: "tgcode".into(),
            feature_code: "*729".into(),
            agent_keys: AgentKeysSection::default(),
            accept_sip_info: false,
            connect_timeout_ms: 2_000,
            command_timeout_ms: 3_000,
            park_timeout_ms: 2_000,
            reconnect_first_ms: 250,
            reconnect_longest_ms: 5_000,
            heartbeat_ms: 3_000,
        }
    }
}

/// A star and one digit, as an agent keys it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StarKey(char);

impl StarKey {
    /// The digit after the star.
    #[must_use]
    pub fn digit(self) -> char {
        self.0
    }
}

impl<'de> Deserialize<'de> for StarKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let mut rest = text.strip_prefix('*').unwrap_or_default().chars();
        match (rest.next(), rest.next()) {
            (Some(digit), None) if digit.is_ascii_digit() => Ok(Self(digit)),
            _ => Err(D::Error::custom("not a star and one digit; write for example \"*1\"")),
        }
    }
}

/// `[pbx.freeswitch.agent_keys]` and `[pbx.asterisk.agent_keys]`
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentKeysSection {
    /// The current field again.
    pub restart_field: StarKey,
    /// All fields again, or another card.
    pub restart_all: StarKey,
    /// Stop listening for keys, and go on.
    pub pause: StarKey,
    /// Another means of payment.
    pub other_means: StarKey,
    /// The question once more.
    pub repeat: StarKey,
    /// Slower speech and more time, text relay, normal again.
    pub pace: StarKey,
    /// The customer's next language.
    pub language: StarKey,
    /// End the payment.
    pub cancel: StarKey,
}

impl Default for AgentKeysSection {
    fn default() -> Self {
        Self {
            restart_field: StarKey('1'),
            restart_all: StarKey('2'),
            pause: StarKey('3'),
            other_means: StarKey('4'),
            repeat: StarKey('5'),
            pace: StarKey('6'),
            language: StarKey('7'),
            cancel: StarKey('9'),
        }
    }
}

impl AgentKeysSection {
    /// Each with the name it has in the file.
    pub(super) fn named(&self) -> [(&'static str, StarKey); 8] {
        [
            ("restart_field", self.restart_field),
            ("restart_all", self.restart_all),
            ("pause", self.pause),
            ("other_means", self.other_means),
            ("repeat", self.repeat),
            ("pace", self.pace),
            ("language", self.language),
            ("cancel", self.cancel),
        ]
    }
}

pub(super) fn check_agent_keys(
    place: &Place,
    section: &str,
    keys: &AgentKeysSection,
) -> Result<(), ConfigError> {
    let keys = keys.named();
    for (index, (name, key)) in keys.iter().enumerate() {
        if let Some((other, _)) = keys[..index].iter().find(|(_, other)| other == key) {
            let path = format!("{section}.agent_keys.{name}");
            return Err(place.fault(&path, format_args!("the same as {other}"), "give each its own key"));
        }
    }
    Ok(())
}
