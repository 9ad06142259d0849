//! A reference that can be read out and written down.

/// The most characters of a reference that is read out: nobody writes down more by ear.
pub const SPELT_MAX: usize = 16;
/// From so many digits on without anything between them it may be a card's number, which is never read out.
const DIGITS_IN_A_ROW_MAX: usize = 12;
/// The most letters or digits that are said without a pause.
const GROUP_MAX: usize = 4;
/// A longer run of them is cut into groups of this many, the rest at its end.
const GROUP: usize = 3;

/// A company's reference, short enough to be read out letter by letter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Spelt {
    letters: [u8; SPELT_MAX],
    length: u8,
}

impl Spelt {
    /// The reference, if it can be read out: letters and digits of ASCII, and `-`, `/`, `.`, `_`, `#` or blanks between
    /// them. None if it is too long, has other signs, or may be the number of a card.
    #[must_use]
    pub fn of(reference: &str) -> Option<Spelt> {
        let reference = reference.trim();
        let is_sayable = |b: &u8| b.is_ascii_alphanumeric() || b"-/._# ".contains(b);
        let sayable = reference.bytes().all(|b| is_sayable(&b));
        let digits = reference.bytes().filter(u8::is_ascii_digit).count();
        let letters = reference.bytes().any(|b| b.is_ascii_alphabetic());
        let said = reference.bytes().any(|b| b.is_ascii_alphanumeric());
        if !sayable || !said || reference.len() > SPELT_MAX || (!letters && digits > DIGITS_IN_A_ROW_MAX) {
            return None;
        }
        let mut spelt = Spelt { letters: [0; SPELT_MAX], length: u8::try_from(reference.len()).ok()? };
        spelt.letters[..reference.len()].copy_from_slice(reference.as_bytes());
        Some(spelt)
    }

    /// As the company writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII gets in.
        std::str::from_utf8(&self.letters[..usize::from(self.length)]).unwrap_or_default()
    }

    /// What is said without a pause: `INV`, `-`, `47`, `11` for `INV-4711`; signs stand alone.
    #[must_use]
    pub fn groups(&self) -> Vec<&str> {
        let kind = |b: u8| (b.is_ascii_digit(), b.is_ascii_alphabetic());
        let runs = self.as_str().as_bytes().chunk_by(|a, b| kind(*a) == kind(*b));
        let mut groups = Vec::with_capacity(SPELT_MAX);
        for run in runs {
            let mut rest = run;
            while rest.len() > GROUP_MAX {
                let (group, others) = rest.split_at(GROUP);
                groups.push(group);
                rest = others;
            }
            groups.push(rest);
        }
        groups.into_iter().filter_map(|group| std::str::from_utf8(group).ok()).collect()
    }
}

impl std::fmt::Debug for Spelt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_cut_into_groups_that_can_be_written_down() {
        let groups = |reference: &str| Spelt::of(reference).map(|spelt| spelt.groups().join("|"));
        assert_eq!(groups("INV-4711").as_deref(), Some("INV|-|4711"));
        assert_eq!(groups("A17").as_deref(), Some("A|17"));
        assert_eq!(groups("20261123").as_deref(), Some("202|611|23"));
        assert_eq!(groups(" KDNR/00012 ").as_deref(), Some("KDNR|/|000|12"));
        assert_eq!(groups("abcdefg").as_deref(), Some("abc|defg"));
    }

    #[test]
    fn what_cannot_be_written_down_by_ear_is_not_read_out() {
        for reference in ["", "  ", "--", "commande nº 7", "a-reference-that-is-too-long", "äöü"] {
            assert_eq!(Spelt::of(reference), None, "{reference}");
        }
        assert_eq!(Spelt::of(&"4".repeat(13)), None, "it may be a card's number");
        assert_eq!(Spelt::of("4711 0815 1234 56"), None, "in groups as well");
        assert!(Spelt::of(&"4".repeat(12)).is_some());
    }
}
