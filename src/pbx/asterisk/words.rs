//! What may be written into an order: AMI reads lines, ARI reads addresses, the dialplan expands `${…}`; so
//! nothing that came from outside goes in unchecked.

use std::path::Path;

/// Longest file path in an order, in bytes.
const PATH_MAX_BYTES: usize = 512;
/// Longest value taken from a channel variable, in letters.
const VALUE_MAX_LETTERS: usize = 128;

/// What Asterisk writes where there is nothing.
const NOTHING: [&str; 2] = ["<unknown>", "(null)"];

/// A sound file that cannot be named to Asterisk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot be named to Asterisk: use an absolute path that ends in .wav, of letters, digits and `/._+-`"
)]
pub struct Unspeakable(pub String);

/// Whether this is a channel's unique id: `1764000000.42`, with the system's name before it or not.
pub(super) fn is_leg(text: &str) -> bool {
    (3..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// Whether this is a plain name: context, account, payment.
pub(super) fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// A sound file as ARI names it: absolute, without `.wav`.
///
/// # Errors
/// If it holds what ARI would split or decode.
pub(super) fn sound(path: &Path) -> Result<&str, Unspeakable> {
    let refuse =
        || Unspeakable(path.display().to_string().chars().filter(|c| !c.is_control()).take(120).collect());
    let text = path.to_str().and_then(|text| text.strip_suffix(".wav")).ok_or_else(refuse)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._+-".contains(&b);
    let fits = text.starts_with('/') && text.len() <= PATH_MAX_BYTES && text.bytes().all(plain);
    if fits { Ok(text) } else { Err(refuse()) }
}

/// What a variable says, without what a terminal or a log could stumble on; none if it is empty.
pub(super) fn value(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_control()).take(VALUE_MAX_LETTERS).collect();
    (!text.is_empty() && !NOTHING.contains(&text.as_str())).then_some(text)
}

/// The user of a channel's name: `PJSIP/1001-0000002a` is of 1001.
pub(super) fn endpoint(channel: &str) -> Option<&str> {
    let (_, rest) = channel.split_once('/')?;
    let (endpoint, _) = rest.rsplit_once('-')?;
    (!endpoint.is_empty()).then_some(endpoint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_ends_a_line_or_is_decoded_gets_into_an_order() {
        for bad in ["/a b.wav", "/a,b.wav", "/a\r\nb.wav", "/${x}.wav", "a.wav", "/a%41.wav", "/a.mp3", ""] {
            assert!(sound(Path::new(bad)).is_err(), "{bad:?}");
        }
        assert_eq!(sound(Path::new("/s/fr/claire/0042.wav")), Ok("/s/fr/claire/0042"));
        for bad in ["", "1\r\nAction: Originate", "1764.1 x", "${uniqueid}"] {
            assert!(!is_leg(bad), "{bad:?}");
        }
        assert!(is_leg("1764000000.42") && is_leg("pbx1-1764000000.42"));
        assert_eq!((value("<unknown>"), value("(null)")), (None, None));
        assert_eq!(value("Jean\r\n\u{1b}[31m"), Some("Jean[31m".into()));
        assert_eq!(endpoint("PJSIP/trunk-eu-0000002a"), Some("trunk-eu"));
        assert_eq!(endpoint("Surrogate"), None);
    }
}
