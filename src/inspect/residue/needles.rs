//! What to look for.

use super::FindingKind;
use crate::card::is_published_test_number;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::collections::BTreeSet;

/// A run of this many digits of a card number is a leak: masking leaves ten at most (PCI DSS 3.4.1).
const RUN_DIGITS: usize = 12;
/// A run that starts with this many zeros is left out: padded counters look like that.
const PADDING_ZEROS: usize = 6;
/// A run of text with more zeros than this is left out: a power of ten in a program's messages looks like that.
const TEXT_ZEROS_MAX: usize = 10;
/// A run of values with this many zeros is left out: any memory looks like that.
const VALUE_ZEROS_MAX: usize = 8;
/// What may divide groups of digits; the last two stand for a space in a URL.
const DIVIDERS: [&str; 4] = [" ", "-", "+", "%20"];
/// Digits in a group, from the first, by the length of the card number (ISO/IEC 7812: as cards are embossed).
const GROUPS_OF_15: [usize; 3] = [4, 6, 5];
const GROUPS_OF_14: [usize; 3] = [4, 6, 4];
const GROUP_DIGITS: usize = 4;

/// Names of the field that holds a security code, in lower case, without separators at the end.
pub(super) const CODE_FIELDS: [&str; 11] = [
    "cvv",
    "cvv2",
    "cvc",
    "cvc2",
    "cvn",
    "csc",
    "cid",
    "securitycode",
    "security_code",
    "security-code",
    "verification_value",
];

/// The byte strings that betray one test card. Cannot be printed.
pub struct Needles {
    /// Runs of the card number in each rendering.
    pub(super) runs: Vec<(FindingKind, Vec<u8>)>,
    /// The security code in each rendering, text first; empty if the card has none.
    pub(super) codes: Vec<Vec<u8>>,
    /// For each byte, whether any of the above starts with it.
    pub(super) starts: [bool; 256],
}

/// Why a card is not one to search for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NeedleFault {
    /// Real cards have no place on a command line or in a search.
    #[error(
        "only a published test card number can be searched for, such as those your payment provider lists"
    )]
    NotATestCard,
    /// Neither empty nor three or four digits.
    #[error("the security code to search for must be three or four digits, or empty if the card has none")]
    NotACode,
}

impl Needles {
    /// What betrays the card `pan` with the security code `code` (empty for none).
    ///
    /// Every run of twelve digits counts, but for runs that any memory holds: one digit repeated, a number
    /// padded with zeros, and, as values, mostly zeros. The whole number always counts.
    ///
    /// # Errors
    /// [`NeedleFault`] unless `pan` is a published test number and `code` three or four digits or empty.
    pub fn for_card(pan: &str, code: &str) -> Result<Needles, NeedleFault> {
        let digits = pan.as_bytes();
        if digits.len() < RUN_DIGITS || !is_published_test_number(digits) {
            return Err(NeedleFault::NotATestCard);
        }
        if !matches!(code.len(), 0 | 3 | 4) || !code.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NeedleFault::NotACode);
        }
        let mut text: BTreeSet<&[u8]> = digits.windows(RUN_DIGITS).filter(|run| telling(run)).collect();
        text.insert(digits);
        let mut values: BTreeSet<&[u8]> =
            text.iter().copied().filter(|run| zeros(run) <= VALUE_ZEROS_MAX).collect();
        values.insert(digits);

        let mut runs: Vec<(FindingKind, Vec<u8>)> = Vec::new();
        runs.extend(text.iter().map(|run| (FindingKind::PanText, run.to_vec())));
        runs.extend(text.iter().map(|run| (FindingKind::PanUtf16, utf16(run))));
        runs.extend(grouped(digits).into_iter().map(|run| (FindingKind::PanGrouped, run)));
        runs.extend(in_base64(text.iter().copied()).into_iter().map(|run| (FindingKind::PanBase64, run)));
        runs.extend(values.iter().map(|run| (FindingKind::PanValues, values_of(run))));
        let codes = match code.as_bytes() {
            [] => Vec::new(),
            code => vec![code.to_vec(), utf16(code), values_of(code)],
        };
        let mut starts = [false; 256];
        for needle in runs.iter().map(|(_, run)| run).chain(&codes) {
            if let Some(first) = needle.first() {
                starts[usize::from(*first)] = true;
            }
        }
        Ok(Needles { runs, codes, starts })
    }
}

fn telling(run: &[u8]) -> bool {
    let repeated = run.iter().all(|digit| Some(digit) == run.first());
    !repeated && !run[..PADDING_ZEROS].iter().all(|digit| *digit == b'0') && zeros(run) <= TEXT_ZEROS_MAX
}

fn zeros(run: &[u8]) -> usize {
    run.iter().filter(|digit| **digit == b'0').count()
}

/// Every stretch of whole groups that has enough digits and no shorter one within, with each divider.
fn grouped(digits: &[u8]) -> BTreeSet<Vec<u8>> {
    let sizes: Vec<usize> = match digits.len() {
        15 => GROUPS_OF_15.to_vec(),
        14 => GROUPS_OF_14.to_vec(),
        _ => digits.chunks(GROUP_DIGITS).map(<[u8]>::len).collect(),
    };
    let mut found = BTreeSet::new();
    for first in 0..sizes.len() {
        let mut from: usize = sizes[..first].iter().sum();
        let start = from;
        let mut groups = Vec::new();
        for size in &sizes[first..] {
            groups.push(&digits[from..from + size]);
            from += size;
            if from - start >= RUN_DIGITS {
                break;
            }
        }
        if from - start >= RUN_DIGITS && telling(&digits[start..from]) {
            found.extend(DIVIDERS.map(|divider| groups.join(divider.as_bytes())));
        }
    }
    found
}

/// What of each run does not depend on the bytes beside it, in each of the three places it may have.
fn in_base64<'a>(runs: impl Iterator<Item = &'a [u8]>) -> BTreeSet<Vec<u8>> {
    let in_place = |run: &[u8], skipped: usize| {
        let whole = &run[skipped..];
        // Digits have the same letters in the alphabet for URLs.
        STANDARD_NO_PAD.encode(&whole[..whole.len() / 3 * 3]).into_bytes()
    };
    runs.flat_map(|run| (0..3).map(move |skipped| in_place(run, skipped))).collect()
}

fn utf16(digits: &[u8]) -> Vec<u8> {
    digits.iter().flat_map(|digit| [*digit, 0]).collect()
}

fn values_of(digits: &[u8]) -> Vec<u8> {
    digits.iter().map(|digit| digit - b'0').collect()
}
