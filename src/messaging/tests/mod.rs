//! Carriers as they answer, and as they do not, over real sockets on this machine.

mod carriers;
mod mail;
mod mail_server;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Message, Messenger, from_section};
use crate::config::Config;

/// A directory with secrets and a configuration in it.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Place {
        let place = Place(tempfile::tempdir().expect("a directory"));
        place.put("secret", "0123456789abcdef\n");
        place
    }

    pub(super) fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("private");
        path
    }

    /// A configuration with this section, as the daemon reads it.
    pub(crate) fn config(&self, section: &str) -> Result<Config, String> {
        let file = self.put(
            "tonegate.toml",
            &format!(
                "[pbx]\nkind = \"freeswitch\"\n[pbx.freeswitch]\npassword_file = \"secret\"\n[merchant]\n\
                 name = \"Example Ltd\"\ncurrency = \"EUR\"\npsp = \"bank\"\n[api]\nkey_file = \"secret\"\n\
                 [[psp]]\nname = \"bank\"\nkind = \"generic\"\nurl = \"http://127.0.0.1:9/\"\n{section}"
            ),
        );
        Config::load(&file).map_err(|fault| fault.to_string())
    }

    pub(super) fn messenger(&self, settings: &str) -> Result<Arc<dyn Messenger>, String> {
        let config = self.config(&format!("[[messenger]]\nname = \"carrier\"\n{settings}\n"))?;
        from_section(&config.messenger[0]).map_err(|fault| fault.to_string())
    }
}

pub(super) fn message(to: &str, text: &str) -> Message {
    Message {
        id: "0190b2c4-7e1f-7000-8000-1234567890ab".into(),
        to: to.into(),
        subject: "Example Ltd: pay 42.50 EUR".into(),
        text: text.into(),
    }
}
