//! What an instance has otherwise than the usual one.

use super::super::StageError;
use super::super::setting::changed;

/// Asterisk calls the daemon: what an admin adds for it.
const CALLS_THE_DAEMON: [(&str, &str); 2] = [
    ("websocket_client.conf", "#include websocket_client_tonegate.conf\n"),
    ("ari_custom.conf", "#include ari_outbound_tonegate.conf\n"),
];

/// Files as FreePBX 17 lays them out: its own, in our words and as short as a stage needs them, and the
/// `_custom.conf` ones with the lines that tonegate's README tells.
const FREEPBX: [(&str, &str); 14] = [
    ("extensions.conf", include_str!("freepbx/extensions.conf")),
    ("extensions_additional.conf", include_str!("freepbx/extensions_additional.conf")),
    ("extensions_override_freepbx.conf", "#include extensions_override_tonegate.conf\n"),
    (
        "extensions_custom.conf",
        "#include extensions_tonegate.conf\n#include extensions_freepbx_tonegate.conf\n",
    ),
    ("features.conf", include_str!("freepbx/features.conf")),
    ("features_applicationmap_custom.conf", "#include features_applicationmap_tonegate.conf\n"),
    ("manager.conf", include_str!("freepbx/manager.conf")),
    ("manager_custom.conf", "#include manager_tonegate.conf\n"),
    ("ari.conf", include_str!("freepbx/ari.conf")),
    ("ari_additional_custom.conf", "#include ari_tonegate.conf\n"),
    (
        "extensions_override_tonegate.conf",
        include_str!("../../../../dialplan/asterisk/freepbx/extensions_override_tonegate.conf"),
    ),
    (
        "extensions_freepbx_tonegate.conf",
        include_str!("../../../../dialplan/asterisk/freepbx/extensions_freepbx_tonegate.conf"),
    ),
    (
        "features_applicationmap_tonegate.conf",
        include_str!("../../../../dialplan/asterisk/freepbx/features_applicationmap_tonegate.conf"),
    ),
    ("globals_custom.conf", ""),
];

/// What an instance has otherwise than the usual one.
#[derive(Clone, Debug, Default)]
pub struct Otherwise {
    /// Changes: the file, what is there, and what stands there instead.
    pub changes: Vec<(&'static str, &'static str, &'static str)>,
    /// Asterisk calls the daemon for its events, instead of being called.
    pub calls_the_daemon: bool,
    /// Its files are laid out as FreePBX's are.
    pub freepbx: bool,
}

impl Otherwise {
    /// Files that are there instead of the usual ones, or beside them.
    pub(super) fn files(&self) -> Vec<(&'static str, &'static str)> {
        let calls = CALLS_THE_DAEMON.into_iter().filter(|_| self.calls_the_daemon);
        calls.chain(FREEPBX.into_iter().filter(|_| self.freepbx)).collect()
    }

    /// Whether it has a file of this name of its own.
    pub(super) fn has(&self, name: &str) -> bool {
        self.files().iter().any(|(own, _)| *own == name)
    }

    /// A file, with the changes made in it.
    ///
    /// # Errors
    /// If something that is to be changed is not there.
    pub(super) fn changed(&self, name: &str, text: &str) -> Result<String, StageError> {
        let changes: Vec<(&str, &str)> = self
            .changes
            .iter()
            .filter(|(file, ..)| *file == name)
            .map(|(_, from, to)| (*from, *to))
            .collect();
        changed(name, text, &changes)
    }
}
