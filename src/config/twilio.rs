//! `[twilio]`: the payments API of programmable telephony, for programs written for it.

use std::path::PathBuf;

use serde::Deserialize;

use super::error::{ConfigError, Place};
use super::secret::{Secret, SecretPlaces};

/// Hosts that may be named for callbacks.
const MAX_HOSTS: usize = 100;

/// `[twilio]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TwilioSection {
    /// Whether it is served at all.
    pub enabled: bool,
    /// `AC` and 32 hexadecimal digits: any that the programs are configured with.
    pub account_sid: String,
    /// The file with the token that programs present, and that callbacks are signed with.
    pub auth_token_file: Option<PathBuf>,
    /// The systemd credential with that token.
    pub auth_token_credential: Option<String>,
    /// The token itself.
    #[serde(skip)]
    pub auth_token: Secret,
    /// `SK` and 32 hexadecimal digits: an API key that may be presented instead of account and token.
    pub api_key_sid: Option<String>,
    /// The file with that key's secret.
    pub api_key_secret_file: Option<PathBuf>,
    /// The systemd credential with it.
    pub api_key_secret_credential: Option<String>,
    /// The secret itself.
    #[serde(skip)]
    pub api_key_secret: Secret,
    /// Hosts that callbacks may be sent to, `crm.example.com` or `*.example.com`. If none is named, any host may be
    /// whose addresses are not those of this machine or of a private network.
    pub callback_hosts: Vec<String>,
}

impl TwilioSection {
    pub(super) fn check(&self, place: &Place) -> Result<(), ConfigError> {
        if !self.enabled {
            return Ok(());
        }
        if !is_sid("AC", &self.account_sid) {
            let remedy = "write `AC` and 32 hexadecimal digits, the same in the programs that call";
            return Err(place.fault("twilio.account_sid", "not an account", remedy));
        }
        if self.api_key_sid.as_ref().is_some_and(|sid| !is_sid("SK", sid)) {
            let remedy = "write `SK` and 32 hexadecimal digits, or leave the key out";
            return Err(place.fault("twilio.api_key_sid", "not an API key", remedy));
        }
        if self.callback_hosts.len() > MAX_HOSTS {
            let remedy = format!("{MAX_HOSTS} is the most");
            return Err(place.fault("twilio.callback_hosts", "too many hosts", &remedy));
        }
        let letters = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        for host in &self.callback_hosts {
            let bare = host.strip_prefix("*.").unwrap_or(host);
            if bare.is_empty() || !bare.chars().all(letters) {
                let what = format!("`{}` is not a host", host.chars().take(60).collect::<String>());
                let remedy = "write a name such as crm.example.com, *.example.com, or an address";
                return Err(place.fault("twilio.callback_hosts", what, remedy));
            }
        }
        Ok(())
    }

    pub(super) fn fetch(&mut self, places: &SecretPlaces) -> Result<(), ConfigError> {
        if !self.enabled {
            return Ok(());
        }
        let (file, credential) = (self.auth_token_file.as_deref(), self.auth_token_credential.as_deref());
        self.auth_token = places.fetch("twilio.auth_token", file, credential)?;
        if self.api_key_sid.is_some() {
            let file = self.api_key_secret_file.as_deref();
            let credential = self.api_key_secret_credential.as_deref();
            self.api_key_secret = places.fetch("twilio.api_key_secret", file, credential)?;
        }
        Ok(())
    }
}

/// Two letters and 32 hexadecimal digits.
fn is_sid(letters: &str, sid: &str) -> bool {
    sid.strip_prefix(letters)
        .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut TwilioSection)) -> String {
        let mut section = TwilioSection {
            enabled: true,
            account_sid: format!("AC{}", "0a".repeat(16)),
            ..TwilioSection::default()
        };
        change(&mut section);
        let place = Place::new(std::path::Path::new("tonegate.toml"), &config::Map::new());
        section.check(&place).err().map(|fault| fault.to_string()).unwrap_or_default()
    }

    #[test]
    fn an_account_is_named_or_the_admin_is_told_how() {
        assert_eq!(check(|_| {}), "");
        assert_eq!(
            check(|section| section.callback_hosts = vec!["*.example.com".into(), "127.0.0.1".into()]),
            ""
        );
        assert!(check(|section| section.account_sid = "AC12".into()).contains("32 hexadecimal"));
        assert!(check(|section| section.api_key_sid = Some("AC12".into())).contains("twilio.api_key_sid"));
        assert!(check(|section| section.callback_hosts = vec!["https://a/".into()]).contains("not a host"));
        let off = check(|section| *section = TwilioSection::default());
        assert_eq!(off, "", "what is not served needs nothing");
    }
}
