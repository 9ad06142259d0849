//! One pressed key.

use zeroize::Zeroize;

/// One key pressed on a phone: `0`–`9`, `*` or `#` (RFC 4733 events 0–11). It can be neither copied nor
/// printed, and is wiped on drop.
pub struct Key(u8);

/// What can be said about a key without telling which digit it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// `0` to `9`.
    Digit,
    /// `*`
    Star,
    /// `#`
    Hash,
}

impl Key {
    /// The key a PBX names with this ASCII character; `None` for anything else, `A`–`D` included.
    pub fn from_ascii(character: u8) -> Option<Key> {
        matches!(character, b'0'..=b'9' | b'*' | b'#').then_some(Key(character))
    }

    /// Digit, star or hash.
    pub fn kind(&self) -> KeyKind {
        match self.0 {
            b'*' => KeyKind::Star,
            b'#' => KeyKind::Hash,
            _ => KeyKind::Digit,
        }
    }

    /// The choice made in a spoken menu ("press 1 to …"), 0–9; `None` for star and hash.
    ///
    /// Only for menus. A key of a card number, date or code goes into an [`Entry`](super::Entry), never
    /// through here.
    pub fn menu(self) -> Option<u8> {
        self.0.is_ascii_digit().then(|| self.0 - b'0')
    }

    /// The digit in ASCII, for the entry that gathers it.
    pub(super) fn digit(&self) -> Option<u8> {
        self.0.is_ascii_digit().then_some(self.0)
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_twelve_keys_of_a_phone_are_keys() {
        let known: Vec<u8> = (0..=255).filter(|c| Key::from_ascii(*c).is_some()).collect();
        assert_eq!(known, b"#*0123456789");
    }

    #[test]
    fn a_menu_hears_digits_alone() {
        let choice = |c| Key::from_ascii(c).and_then(Key::menu);
        assert_eq!(choice(b'0'), Some(0));
        assert_eq!(choice(b'9'), Some(9));
        assert_eq!(choice(b'*'), None);
        assert_eq!(choice(b'#'), None);
    }

    #[test]
    fn a_key_tells_its_kind() {
        let kind = |c| Key::from_ascii(c).map(|key| key.kind());
        assert_eq!(kind(b'7'), Some(KeyKind::Digit));
        assert_eq!(kind(b'*'), Some(KeyKind::Star));
        assert_eq!(kind(b'#'), Some(KeyKind::Hash));
    }
}
