//! What one instance is told in its configuration.

use std::path::Path;

use super::super::StageError;
use super::super::ports::Ports;
use super::super::set::secret;
use super::super::setting::{changed, plain};

/// The configuration, with names between at-signs where an instance differs from the next.
const TEMPLATE: &str = include_str!("freeswitch.xml");

/// Tonegate's own dialplan, as an admin copies it.
const CONTEXT: &str = include_str!("../../../../dialplan/freeswitch/tonegate.xml");
const DIRECT: &str = include_str!("../../../../dialplan/freeswitch/direct_number.xml");
/// What an admin changes in it: where the daemon listens, and who is the human that answers
/// when it cannot.
const KEYPAD: &str = "127.0.0.1:8085";
const HUMAN: &str = "user/1001";
/// The number in its example.
const DIRECT_NUMBER: &str = "0800555019";
/// Its context, and what its lines say of what is owed.
const DIRECT_CONTEXT: &str = "tonegate_examples";
const SAID: [&str; 3] = [
    "<action application=\"set\" data=\"tonegate_amount=42.50\"/>",
    "<action application=\"set\" data=\"tonegate_currency=EUR\"/>",
    "<action application=\"set\" data=\"tonegate_reference=INV-4711\"/>",
];
/// The same number without these, in a context of its own.
const UNSAID_CONTEXT: &str = "tonegate_unsaid";

/// The directories of one instance, each told to it by an option of this name.
pub(super) const TOLD: [&str; 13] = [
    "conf",
    "log",
    "db",
    "run",
    "scripts",
    "temp",
    "htdocs",
    "grammar",
    "certs",
    "recordings",
    "storage",
    "cache",
    "sounds",
];
/// Those it finds in its configuration.
const CONFIGURED: [&str; 3] = ["conf/dialplan", "cdr", "cdr/json"];

/// Writes the configuration into `directory/conf`, tonegate's dialplan with it, and makes the other
/// directories.
///
/// # Errors
/// If something cannot be written, if tonegate's dialplan does not fit, or if the path has characters that a dialplan would split or expand.
pub(super) fn write(
    directory: &Path,
    ports: &Ports,
    password: &str,
    changes: &[(&str, &str)],
) -> Result<(), StageError> {
    for name in TOLD.into_iter().chain(CONFIGURED) {
        std::fs::create_dir_all(directory.join(name))?;
    }
    let keypad = format!("127.0.0.1:{}", ports.second());
    let human = "sofia/stage/${sip_h_X-Stage-Callee}";
    let direct = vec![(KEYPAD, keypad.as_str()), (HUMAN, human)];
    let unsaid = SAID.into_iter().map(|line| (line, "")).chain([(DIRECT_CONTEXT, UNSAID_CONTEXT)]);
    let all = [
        ("tonegate.xml", CONTEXT, vec![(KEYPAD, keypad.as_str())]),
        ("direct_number.xml", DIRECT, direct.clone()),
        ("direct_number_unsaid.xml", DIRECT, direct.into_iter().chain(unsaid).collect()),
    ];
    for (name, text, changes) in all {
        std::fs::write(directory.join("conf/dialplan").join(name), changed(name, text, &changes)?)?;
    }
    let filled = [
        ("@DIRECTORY@", plain(directory)?),
        ("@PASSWORD@", password.to_owned()),
        ("@DIRECT_NUMBER@", DIRECT_NUMBER.to_owned()),
        ("@SIP_PORT@", ports.sip().to_string()),
        ("@EVENT_SOCKET_PORT@", ports.control().to_string()),
        ("@FIRST_MEDIA_PORT@", ports.first_media().to_string()),
        ("@LAST_MEDIA_PORT@", ports.last_media().to_string()),
    ];
    let template = changed("freeswitch.xml", TEMPLATE, changes)?;
    let text = filled.iter().fold(template, |text, (name, value)| text.replace(name, value));
    secret(&directory.join("conf/freeswitch.xml"), &text)
}
