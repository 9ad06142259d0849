//! What one instance is told in its configuration.

use std::fmt::Write;
use std::path::Path;

use super::super::StageError;
use super::super::ports::Ports;
use super::super::set::secret;
use super::super::setting::{changed, plain};
use super::install::Install;
use super::otherwise::Otherwise;

/// The configuration, with names between at-signs where an instance differs from the next.
const FILES: [(&str, &str); 15] = [
    ("asterisk.conf", include_str!("etc/asterisk.conf")),
    ("modules.conf", include_str!("etc/modules.conf")),
    ("logger.conf", include_str!("etc/logger.conf")),
    ("manager.conf", include_str!("etc/manager.conf")),
    ("http.conf", include_str!("etc/http.conf")),
    ("ari.conf", include_str!("etc/ari.conf")),
    ("rtp.conf", include_str!("etc/rtp.conf")),
    ("pjsip.conf", include_str!("etc/pjsip.conf")),
    ("extensions.conf", include_str!("etc/extensions.conf")),
    ("features.conf", include_str!("etc/features.conf")),
    ("queues.conf", include_str!("etc/queues.conf")),
    ("cdr.conf", include_str!("etc/cdr.conf")),
    ("cel.conf", CEL),
    ("cel_custom.conf", include_str!("etc/cel_custom.conf")),
    ("musiconhold.conf", "[general]\n"),
];
const CEL: &str = include_str!("etc/cel.conf");

/// Tonegate's own part, as an admin includes it, and the password an admin changes in it.
const TONEGATE: [(&str, &str, bool); 6] = [
    (
        "extensions_tonegate.conf",
        include_str!("../../../../dialplan/asterisk/extensions_tonegate.conf"),
        false,
    ),
    ("features_tonegate.conf", include_str!("../../../../dialplan/asterisk/features_tonegate.conf"), false),
    ("manager_tonegate.conf", include_str!("../../../../dialplan/asterisk/manager_tonegate.conf"), true),
    ("ari_tonegate.conf", include_str!("../../../../dialplan/asterisk/ari_tonegate.conf"), true),
    (
        "ari_outbound_tonegate.conf",
        include_str!("../../../../dialplan/asterisk/ari_outbound_tonegate.conf"),
        false,
    ),
    (
        "websocket_client_tonegate.conf",
        include_str!("../../../../dialplan/asterisk/websocket_client_tonegate.conf"),
        true,
    ),
];
/// Where Asterisk calls the daemon, in tonegate's example.
const LISTEN: &str = "127.0.0.1:8087";
const PASSWORD: &str = "CHANGE-ME";

/// The directories of one instance.
const DIRECTORIES: [&str; 8] =
    ["etc", "lib", "lib/documentation", "spool", "run", "log", "log/cdr-csv", "log/cel-custom"];
/// Where recordings are: of both directions, of what was received, of what was sent; and where ARI keeps its own.
pub(super) const RECORDINGS: [&str; 4] = ["recordings", "recordings/in", "recordings/out", "spool/recording"];

/// Endpoints, and how each hears and sends keys.
const ENDPOINTS: [(&str, &str); 4] = [
    ("customer-rfc4733", "rfc4733"),
    ("customer-inband", "inband"),
    ("customer-info", "info"),
    ("agent", "rfc4733"),
];
/// Ends the name of an endpoint whose media may go past the PBX.
pub(super) const DIRECT: &str = "-direct";

/// Writes the configuration into `directory/etc`, tonegate's part with it, and makes the other directories.
///
/// # Errors
/// If something cannot be written, if tonegate's part does not fit, or if a path has characters that a
/// configuration would split or expand.
pub(super) fn write(
    directory: &Path,
    install: &Install,
    ports: &Ports,
    password: &str,
    otherwise: &Otherwise,
) -> Result<(), StageError> {
    for name in DIRECTORIES.into_iter().chain(RECORDINGS) {
        std::fs::create_dir_all(directory.join(name))?;
    }
    for (name, text, has_password) in TONEGATE {
        let changes = [(PASSWORD, password)];
        let changes = if has_password { changes.as_slice() } else { &[] };
        let text = changed(name, text, changes)?.replace(LISTEN, &format!("127.0.0.1:{}", ports.third()));
        secret(&directory.join("etc").join(name), &otherwise.changed(name, &text)?)?;
    }
    let filled = [
        ("@DIRECTORY@", plain(directory)?),
        ("@MODULES@", plain(&install.modules)?),
        ("@DATA@", plain(&install.data)?),
        ("@PASSWORD@", password.to_owned()),
        ("@ENDPOINTS@", endpoints()),
        ("@SIP_PORT@", ports.sip().to_string()),
        ("@AMI_PORT@", ports.control().to_string()),
        ("@HTTP_PORT@", ports.second().to_string()),
        ("@FIRST_MEDIA_PORT@", ports.first_media().to_string()),
        ("@LAST_MEDIA_PORT@", ports.last_media().to_string()),
        ("@LEAK@", String::new()),
    ];
    for (name, text) in FILES.into_iter().filter(|(name, _)| !otherwise.has(name)).chain(otherwise.files()) {
        let text = filled.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
        secret(&directory.join("etc").join(name), &otherwise.changed(name, &text)?)?;
    }
    Ok(())
}

/// Rewrites what decides whether keys are told to other programs and written into records.
///
/// # Errors
/// If something cannot be written.
pub(super) fn write_leaks(directory: &Path, password: &str, open: bool) -> Result<(), StageError> {
    let cel = CEL.replace("@LEAK@", if open { ",DTMF" } else { "" });
    secret(&directory.join("etc/cel.conf"), &cel)?;
    let account = format!("[leak]\nsecret = {password}\nread = dtmf\nwrite =\n");
    secret(&directory.join("etc/manager_leak.conf"), if open { &account } else { "" })
}

/// Every endpoint twice: with media through the PBX, and with media that may go past it.
fn endpoints() -> String {
    let mut text = String::new();
    for (name, keys) in ENDPOINTS {
        for (end, direct) in [("", "no"), (DIRECT, "yes")] {
            let _ = writeln!(
                text,
                "[{name}{end}](telephone)\ndtmf_mode = {keys}\ndirect_media = {direct}\n\
                 [{name}{end}-calls](identified)\nendpoint = {name}{end}\n\
                 match_header = X-Stage-Endpoint: {name}{end}\n"
            );
        }
    }
    text
}
