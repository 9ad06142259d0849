//! What may be written into a command: FreeSWITCH reads lines, expands `${…}` and splits at blanks, so
//! nothing that came from outside goes in unchecked.

use std::path::Path;

/// Longest file path in a command, in bytes.
const PATH_MAX_BYTES: usize = 512;

/// A text that cannot be written into a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot be named to FreeSWITCH: use a path or name without blanks, quotes, `!`, `$`, `,` or control characters"
)]
pub struct Unspeakable(pub String);

/// Whether this is a leg's id as FreeSWITCH makes them (a UUID); ids set by an admin (`origination_uuid`)
/// may be any such word.
pub(super) fn is_leg(text: &str) -> bool {
    (8..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@'))
}

/// Whether this is a plain name: context, realm, payment.
pub(super) fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// Whether this is a number or user name that may be written on a leg.
pub(super) fn is_number(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'*' | b'#' | b'-' | b'_' | b'.' | b'@'))
}

/// A path as it stands in a command.
///
/// # Errors
/// If it is not absolute or holds what FreeSWITCH would split, expand or unquote.
pub(super) fn path(path: &Path) -> Result<&str, Unspeakable> {
    let refuse =
        || Unspeakable(path.display().to_string().chars().filter(|c| !c.is_control()).take(120).collect());
    let text = path.to_str().ok_or_else(refuse)?;
    let fits = text.starts_with('/') && text.len() <= PATH_MAX_BYTES && text.chars().all(is_plain);
    if fits { Ok(text) } else { Err(refuse()) }
}

fn is_plain(c: char) -> bool {
    !c.is_control()
        && !c.is_whitespace()
        && !matches!(
            c,
            '!' | '\'' | '"' | '`' | '$' | '\\' | ',' | ';' | '{' | '}' | '[' | ']' | '<' | '>' | '|' | '^'
        )
}

/// A recording's path as FreeSWITCH itself gave it: blanks are allowed because `uuid_record` takes the
/// rest of the line, but nothing that ends the line or is expanded.
pub(super) fn recording(text: &str) -> Option<&str> {
    let fits = !text.is_empty()
        && text.len() <= PATH_MAX_BYTES
        && !text.contains("${")
        && !text.contains('\'')
        && !text.contains(char::is_whitespace)
        && !text.chars().any(char::is_control);
    fits.then_some(text)
}

/// Whether a value says yes, as FreeSWITCH understands it (`switch_true`).
pub(super) fn is_yes(value: &str) -> bool {
    matches!(
        value.to_ascii_lowercase().as_str(),
        "true" | "yes" | "on" | "enable" | "enabled" | "active" | "allow" | "t" | "y" | "1"
    )
}

/// What a channel variable says, without what a terminal or a log could stumble on; `None` if not set.
pub(super) fn value(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_control()).take(128).collect();
    (!text.is_empty() && text != "_undef_").then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_ends_a_line_or_is_expanded_gets_into_a_command() {
        for bad in ["/a b.wav", "/a!b.wav", "/a\nb", "/${x}", "/a'b", "relative.wav", "/a,b", "/a\u{85}b", ""]
        {
            assert!(path(Path::new(bad)).is_err(), "{bad:?}");
        }
        assert_eq!(
            path(Path::new("/usr/share/tonegate/fr/claire/0042.wav")),
            Ok("/usr/share/tonegate/fr/claire/0042.wav")
        );
        for bad in ["", "short", "a\nbcdefgh", "uuid with blank", "${uuid}xxx"] {
            assert!(!is_leg(bad), "{bad:?}");
        }
        assert!(is_leg("28039e4d-b25e-4f90-8a9b-7b1aaacf6307"));
        assert_eq!(recording("/var/rec/a.wav\n\napi status"), None);
        assert_eq!(recording("/var/rec/${system rm}"), None);
        assert_eq!(value("_undef_"), None);
        assert_eq!(value("Jean\r\n\u{1b}[31m"), Some("Jean[31m".into()));
    }
}
