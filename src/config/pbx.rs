//! The PBX's sections.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::secret::Secret;
use super::words::{address, words};

words! {
    /// Which PBX.
    pub enum PbxKind {
        /// FreeSWITCH, by Event Socket.
        FreeSwitch = "freeswitch",
    }
}

/// `[pbx]`: the PBX the daemon works beside.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PbxSection {
    /// Which one.
    pub kind: PbxKind,
    /// `[pbx.freeswitch]`, needed for that kind.
    pub freeswitch: Option<FreeSwitchSection>,
}

/// `[pbx.freeswitch]`
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FreeSwitchSection {
    /// Where mod_event_socket listens.
    #[serde(deserialize_with = "address")]
    pub control_address: SocketAddr,
    /// The file with its password.
    pub password_file: Option<PathBuf>,
    /// The systemd credential with its password.
    pub password_credential: Option<String>,
    /// The password itself.
    #[serde(skip)]
    pub password: Secret,
    /// Where FreeSWITCH connects to for each sealed leg. Keys travel over it unencrypted.
    #[serde(deserialize_with = "address")]
    pub keypad_listen: SocketAddr,
    /// States that the network between here and the PBX is theirs alone, so that the two addresses may
    /// lie outside of this machine.
    pub accept_remote_pbx: bool,
    /// Takes payments from callers whose keys come as SIP INFO, although FreeSWITCH publishes those.
    pub accept_sip_info: bool,
    /// What the agent keys during a payment.
    pub agent_keys: AgentKeysSection,
    /// How long the PBX may take to answer a command.
    pub command_timeout_ms: u64,
    /// How long a leg may take to be parked and to come back to us.
    pub park_timeout_ms: u64,
}

impl Default for FreeSwitchSection {
    fn default() -> Self {
        Self {
            control_address: SocketAddr::from(([127, 0, 0, 1], 8021)),
            password_file: None,
            password_credential: None,
            password: Secret::default(),
            keypad_listen: SocketAddr::from(([127, 0, 0, 1], 8085)),
            accept_remote_pbx: false,
            accept_sip_info: false,
            agent_keys: AgentKeysSection::default(),
            command_timeout_ms: 3_000,
            park_timeout_ms: 5_000,
        }
    }
}

/// `[pbx.freeswitch.agent_keys]`: a star and one key each.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentKeysSection {
    /// The current field again.
    pub restart_field: String,
    /// All fields again, or another card.
    pub restart_all: String,
    /// Stop listening for keys, and go on.
    pub pause: String,
    /// Another means of payment.
    pub other_means: String,
    /// End the payment.
    pub cancel: String,
}

impl Default for AgentKeysSection {
    fn default() -> Self {
        Self {
            restart_field: "*1".into(),
            restart_all: "*2".into(),
            pause: "*3".into(),
            other_means: "*4".into(),
            cancel: "*9".into(),
        }
    }
}

impl AgentKeysSection {
    /// Each with the name it has in the file.
    #[must_use]
    pub fn named(&self) -> [(&'static str, &str); 5] {
        [
            ("restart_field", &self.restart_field),
            ("restart_all", &self.restart_all),
            ("pause", &self.pause),
            ("other_means", &self.other_means),
            ("cancel", &self.cancel),
        ]
    }
}
