//! What an admin may set about one FreeSWITCH.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

use super::words;
use crate::pbx::setting::check_times;
use crate::pbx::{AgentKeys, SettingError};

/// How these settings are named to an admin.
const PBX: &str = "freeswitch";

/// One FreeSWITCH node. Every field has a default; times are in milliseconds.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct FreeSwitchSettings {
    /// Where its Event Socket listens (`event_socket.conf`); it must be on this host.
    pub control_address: SocketAddr,
    /// File whose first line is the Event Socket password; readable by the daemon alone.
    pub password_file: PathBuf,
    /// Where we listen for the private connections the dialplan opens; loopback only.
    pub keypad_listen: SocketAddr,
    /// The dialplan context that holds `tonegate_customer` and `tonegate_agent`.
    pub keypad_context: String,
    /// The realm of the admin's own `bind_digit_action` on the agent's leg (the feature code); it is made
    /// the active one again when a payment ends.
    pub agent_realm: String,
    /// The feature code in that realm, without a reference.
    pub feature_code: String,
    /// What the agent keys during a payment.
    pub agent_keys: AgentKeys,
    /// Take card keys from lines that send them as SIP INFO, although FreeSWITCH publishes those to every
    /// Event Socket listener. Only if nothing but this daemon listens.
    pub accept_sip_info: bool,
    /// How long FreeSWITCH may take to accept a connection and the password.
    pub connect_timeout_ms: u64,
    /// How long it may take to answer a command; after that the connection is given up and made again.
    pub answer_timeout_ms: u64,
    /// How long the private connection, the parking of the agent and the bridge may each take.
    pub seal_timeout_ms: u64,
    /// The first pause before connecting again; it doubles up to `reconnect_longest_ms`.
    pub reconnect_first_ms: u64,
    /// The longest pause before connecting again.
    pub reconnect_longest_ms: u64,
    /// How often the lease in the dialplan is renewed, and the connection proved alive.
    pub heartbeat_ms: u64,
}

impl Default for FreeSwitchSettings {
    fn default() -> Self {
        let loopback = IpAddr::from([127, 0, 0, 1]);
        Self {
            control_address: SocketAddr::new(loopback, 8021),
            password_file: PathBuf::from("/etc/tonegate/freeswitch.password"),
            keypad_listen: SocketAddr::new(loopback, 8085),
            keypad_context: "tonegate".into(),
            agent_realm: "tgcode".into(),
            feature_code: "*729".into(),
            agent_keys: AgentKeys::default(),
            accept_sip_info: false,
            connect_timeout_ms: 2_000,
            answer_timeout_ms: 3_000,
            seal_timeout_ms: 2_000,
            reconnect_first_ms: 250,
            reconnect_longest_ms: 5_000,
            heartbeat_ms: 3_000,
        }
    }
}

impl FreeSwitchSettings {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// Names the first setting that cannot be, and what it may be.
    pub fn check(&self) -> Result<(), SettingError> {
        let bad = |setting, value: &dyn std::fmt::Display, remedy| {
            Err(SettingError::new(PBX, setting, value, remedy))
        };
        if !self.control_address.ip().is_loopback() {
            return bad(
                "control_address",
                &self.control_address,
                "the daemon runs beside FreeSWITCH: use 127.0.0.1",
            );
        }
        if !self.keypad_listen.ip().is_loopback() {
            return bad("keypad_listen", &self.keypad_listen, "digits travel here: use 127.0.0.1");
        }
        for (setting, value) in [("keypad_context", &self.keypad_context), ("agent_realm", &self.agent_realm)]
        {
            if !words::is_name(value) {
                return bad(setting, value, "use letters, digits, `_` and `-`, at most 64 of them");
            }
        }
        let keyed = |c: char| c.is_ascii_digit() || matches!(c, '*' | '#');
        if self.feature_code.len() < 2
            || self.feature_code.len() > 16
            || !self.feature_code.chars().all(keyed)
        {
            return bad("feature_code", &self.feature_code, "use 2 to 16 keys out of 0-9, * and #");
        }
        if let Some((key, remedy)) = self.agent_keys.fault() {
            return bad("agent_keys", &key, remedy);
        }
        let times_ms = [
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("answer_timeout_ms", self.answer_timeout_ms),
            ("seal_timeout_ms", self.seal_timeout_ms),
        ];
        check_times(PBX, &times_ms, [self.reconnect_first_ms, self.reconnect_longest_ms])?;
        if !(500..=4_000).contains(&self.heartbeat_ms) {
            return bad("heartbeat_ms", &self.heartbeat_ms, "use 500 to 4000; the lease lasts 10 s");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_pass_and_what_cannot_be_is_named() {
        assert_eq!(FreeSwitchSettings::default().check(), Ok(()));
        let named = |change: fn(&mut FreeSwitchSettings)| {
            let mut settings = FreeSwitchSettings::default();
            change(&mut settings);
            settings.check().map_err(|e| e.setting)
        };
        assert_eq!(named(|s| s.keypad_listen = "0.0.0.0:8085".parse().unwrap()), Err("keypad_listen"));
        assert_eq!(named(|s| s.control_address = "192.0.2.1:8021".parse().unwrap()), Err("control_address"));
        assert_eq!(named(|s| s.keypad_context = "a b".into()), Err("keypad_context"));
        assert_eq!(named(|s| s.agent_realm = "x,y".into()), Err("agent_realm"));
        assert_eq!(named(|s| s.feature_code = "*7a".into()), Err("feature_code"));
        assert_eq!(named(|s| s.agent_keys.cancel = '1'), Err("agent_keys"));
        assert_eq!(named(|s| s.heartbeat_ms = 9_000), Err("heartbeat_ms"));
    }
}
