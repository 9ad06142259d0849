//! What an admin may set about one Asterisk.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use crate::pbx::setting::check_times;
use crate::pbx::{AgentKeys, SettingError};

use super::words;

/// How these settings are named to an admin.
const PBX: &str = "asterisk";

/// One Asterisk node. Every field has a default; times are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsteriskSettings {
    /// Where AMI listens (`manager.conf`); it must be on this host, for keys travel over it.
    pub ami_address: SocketAddr,
    /// Where ARI listens (`http.conf`); it must be on this host.
    pub ari_address: SocketAddr,
    /// `prefix` of `http.conf`; empty if there is none.
    pub ari_prefix: String,
    /// Where Asterisk calls us with its events; none if we call it.
    pub ari_listen: Option<SocketAddr>,
    /// The account of AMI and of ARI that gives orders.
    pub user: String,
    /// The account of AMI that hears keys.
    pub keypad_user: String,
    /// File whose first line is the password of all of them; readable by the daemon alone.
    pub password_file: PathBuf,
    /// The name in `Stasis()` of the dialplan.
    pub application: String,
    /// The dialplan context that holds `customer`, `agent` and `rejoin`.
    pub legs_context: String,
    /// What the agent keys during a payment.
    pub agent_keys: AgentKeys,
    /// How long Asterisk may take to accept a connection and the password.
    pub connect_timeout_ms: u64,
    /// How long it may take to answer an order.
    pub answer_timeout_ms: u64,
    /// How long the two legs may take to come to us.
    pub seal_timeout_ms: u64,
    /// The first pause before connecting again; it doubles up to `reconnect_longest_ms`.
    pub reconnect_first_ms: u64,
    /// The longest pause before connecting again.
    pub reconnect_longest_ms: u64,
    /// How often each connection is proved alive.
    pub heartbeat_ms: u64,
}

impl Default for AsteriskSettings {
    fn default() -> Self {
        let loopback = IpAddr::from([127, 0, 0, 1]);
        Self {
            ami_address: SocketAddr::new(loopback, 5038),
            ari_address: SocketAddr::new(loopback, 8088),
            ari_prefix: String::new(),
            ari_listen: None,
            user: "tonegate".into(),
            keypad_user: "tonegate-keys".into(),
            password_file: PathBuf::from("/etc/tonegate/asterisk.password"),
            application: "tonegate".into(),
            legs_context: "tonegate-legs".into(),
            agent_keys: AgentKeys::default(),
            connect_timeout_ms: 2_000,
            answer_timeout_ms: 3_000,
            seal_timeout_ms: 2_000,
            reconnect_first_ms: 250,
            reconnect_longest_ms: 5_000,
            heartbeat_ms: 3_000,
        }
    }
}

impl AsteriskSettings {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// Names the first setting that cannot be, and what it may be.
    pub fn check(&self) -> Result<(), SettingError> {
        let bad = |setting, value: &dyn std::fmt::Display, remedy| {
            Err(SettingError::new(PBX, setting, value, remedy))
        };
        let listen = self.ari_listen.unwrap_or(self.ari_address);
        for (setting, address) in
            [("ami_address", self.ami_address), ("ari_address", self.ari_address), ("ari_listen", listen)]
        {
            if !address.ip().is_loopback() {
                return bad(setting, &address, "the daemon runs beside Asterisk: use 127.0.0.1");
            }
        }
        for (setting, name) in [
            ("user", &self.user),
            ("keypad_user", &self.keypad_user),
            ("application", &self.application),
            ("legs_context", &self.legs_context),
        ] {
            if !words::is_name(name) {
                return bad(setting, name, "use letters, digits, `_` and `-`, at most 64 of them");
            }
        }
        if self.user == self.keypad_user {
            return bad("keypad_user", &self.user, "it hears keys and orders nothing: give it its own name");
        }
        if let Some((key, remedy)) = self.agent_keys.fault() {
            return bad("agent_keys", &key, remedy);
        }
        let times_ms = [
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("answer_timeout_ms", self.answer_timeout_ms),
            ("seal_timeout_ms", self.seal_timeout_ms),
            ("heartbeat_ms", self.heartbeat_ms),
        ];
        check_times(PBX, &times_ms, [self.reconnect_first_ms, self.reconnect_longest_ms])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_pass_and_what_cannot_be_is_named() {
        assert_eq!(AsteriskSettings::default().check(), Ok(()));
        let named = |change: fn(&mut AsteriskSettings)| {
            let mut settings = AsteriskSettings::default();
            change(&mut settings);
            settings.check().map_err(|e| e.setting)
        };
        assert_eq!(named(|s| s.ami_address = "192.0.2.1:5038".parse().unwrap()), Err("ami_address"));
        assert_eq!(named(|s| s.ari_listen = "0.0.0.0:8087".parse().ok()), Err("ari_listen"));
        assert_eq!(named(|s| s.legs_context = "a,b".into()), Err("legs_context"));
        assert_eq!(named(|s| s.keypad_user = "tonegate".into()), Err("keypad_user"));
        assert_eq!(named(|s| s.agent_keys.cancel = '1'), Err("agent_keys"));
        assert_eq!(named(|s| s.reconnect_longest_ms = 10), Err("reconnect_longest_ms"));
    }
}
