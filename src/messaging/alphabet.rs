//! What an SMS costs on its way: the alphabet it goes in and the segments it is cut into (3GPP TS 23.038 and 23.040).
//!
//! One letter outside of the GSM alphabet makes every letter cost sixteen bits instead of seven, and a text of one
//! segment a text of three. [`plain`] writes the few letters that European names have beside it (ê, ç, œ, ’) in those
//! that it has; a text that cannot be written so, a Greek or a Polish name apart, goes as it is.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// The GSM 7-bit default alphabet (3GPP TS 23.038, 6.2.1), the escape apart.
const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿\
                   abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension (6.2.1.1): each costs an escape and itself.
const GSM_EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// Septets of a text in one segment, and of each segment of several: the header takes the rest.
const GSM_WHOLE: usize = 160;
const GSM_PART: usize = 153;
/// The same in 16-bit units.
const UCS2_WHOLE: usize = 70;
const UCS2_PART: usize = 67;

/// Letters whose plain form no decomposition tells.
const PLAIN: [(char, &str); 24] = [
    ('’', "'"),
    ('‘', "'"),
    ('‚', "'"),
    ('`', "'"),
    ('´', "'"),
    ('“', "\""),
    ('”', "\""),
    ('„', "\""),
    ('«', "\""),
    ('»', "\""),
    ('–', "-"),
    ('—', "-"),
    ('−', "-"),
    ('\t', " "),
    ('œ', "oe"),
    ('Œ', "OE"),
    ('ł', "l"),
    ('Ł', "L"),
    ('đ', "d"),
    ('Đ', "D"),
    ('ı', "i"),
    ('\u{200b}', ""),
    ('\u{ad}', ""),
    ('\u{feff}', ""),
];

/// How a text travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// Seven bits a letter.
    Gsm,
    /// Sixteen bits a letter, or two of those.
    Ucs2,
}

/// What a text comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// Its alphabet.
    pub alphabet: Alphabet,
    /// Messages it is cut into, each of which is paid for.
    pub segments: usize,
}

/// What a letter costs in the GSM alphabet, in septets; none if it has no such letter.
fn septets(letter: char) -> Option<usize> {
    match letter {
        letter if GSM.contains(letter) => Some(1),
        letter if GSM_EXTENSION.contains(letter) => Some(2),
        _ => None,
    }
}

/// What a text comes to as an SMS.
#[must_use]
pub fn measure(text: &str) -> Length {
    match text.chars().map(septets).collect::<Option<Vec<_>>>() {
        Some(costs) => Length { alphabet: Alphabet::Gsm, segments: segments(&costs, GSM_WHOLE, GSM_PART) },
        None => {
            let costs: Vec<usize> = text.chars().map(char::len_utf16).collect();
            Length { alphabet: Alphabet::Ucs2, segments: segments(&costs, UCS2_WHOLE, UCS2_PART) }
        }
    }
}

/// No letter is cut in two: one that does not fit into a segment begins the next.
fn segments(costs: &[usize], whole: usize, part: usize) -> usize {
    if costs.iter().sum::<usize>() <= whole {
        return 1;
    }
    let (count, _) = costs.iter().fold((1, 0), |(count, filled), cost| match filled + cost <= part {
        true => (count, filled + cost),
        false => (count + 1, *cost),
    });
    count
}

/// The same text in the GSM alphabet, if that can be; as it is, if not.
#[must_use]
pub fn plain(text: &str) -> String {
    let decomposer = DecomposingNormalizerBorrowed::new_nfkd();
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        if septets(letter).is_some() {
            plain.push(letter);
        } else if let Some((_, written)) = PLAIN.iter().find(|(from, _)| *from == letter) {
            plain.push_str(written);
        } else {
            let mut one = [0; 4];
            let parts = decomposer.normalize(letter.encode_utf8(&mut one));
            let bare: String = parts.chars().filter(|part| !is_mark(*part)).collect();
            if bare.is_empty() || bare.chars().any(|part| septets(part).is_none()) {
                return text.to_owned();
            }
            plain.push_str(&bare);
        }
    }
    plain
}

/// Combining diacritical marks.
fn is_mark(letter: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn length(text: &str) -> (Alphabet, usize) {
        let Length { alphabet, segments } = measure(text);
        (alphabet, segments)
    }

    #[test]
    fn segments_are_counted_as_networks_count_them() {
        use Alphabet::{Gsm, Ucs2};
        assert_eq!(GSM.chars().count() + 1, 128, "all of the table but the escape");
        for (text, wanted) in [
            (String::new(), (Gsm, 1)),
            ("x".repeat(160), (Gsm, 1)),
            ("x".repeat(161), (Gsm, 2)),
            ("x".repeat(306), (Gsm, 2)),
            ("x".repeat(307), (Gsm, 3)),
            // Eighty letters of the extension fill a segment; cut in parts, the odd septet stays empty.
            ("€".repeat(80), (Gsm, 1)),
            ("€".repeat(81), (Gsm, 2)),
            ("€".repeat(152), (Gsm, 2)),
            ("€".repeat(153), (Gsm, 3)),
            ("ê".repeat(70), (Ucs2, 1)),
            ("ê".repeat(71), (Ucs2, 2)),
            ("ê".repeat(134), (Ucs2, 2)),
            ("ê".repeat(135), (Ucs2, 3)),
            ("🙂".repeat(35), (Ucs2, 1)),
            // Thirty-three pairs fill sixty-six of sixty-seven units.
            ("🙂".repeat(66), (Ucs2, 2)),
            ("🙂".repeat(67), (Ucs2, 3)),
        ] {
            assert_eq!(length(&text), wanted, "{} of {:?}", text.chars().count(), text.chars().next());
        }
    }

    #[test]
    fn european_names_stay_in_the_cheap_alphabet() {
        for (text, wanted) in [
            ("Forêt & Cœur – l’été", "Foret & Coeur - l'été"),
            ("Garçon", "Garcon"),
            ("São João, São Paulo", "Sao Joao, Sao Paulo"),
            ("12,50 € …", "12,50 € ..."),
            ("Łódź", "Lodz"),
            ("Müller Straße", "Müller Straße"),
        ] {
            assert_eq!(plain(text), wanted);
            assert_eq!(measure(&plain(text)).alphabet, Alphabet::Gsm);
        }
        for other in ["Κατάστημα", "Магазин", "店"] {
            assert_eq!(plain(other), other);
            assert_eq!(measure(other).alphabet, Alphabet::Ucs2);
        }
    }

    proptest! {
        #[test]
        fn what_is_plain_never_costs_more(text in "\\PC{0,200}") {
            let plain = plain(&text);
            prop_assert!(plain == text || measure(&plain).alphabet == Alphabet::Gsm);
            prop_assert!(measure(&plain).segments <= measure(&text).segments.max(1) || plain != text);
        }
    }
}
