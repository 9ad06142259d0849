//! Searches a stream of bytes in bounded memory.

use super::needles::{CODE_FIELDS, Needles};
use super::{Finding, FindingKind, Scan};

/// A security code this close to a card number belongs to it.
const CODE_NEAR_BYTES: usize = 64;
/// The longest stretch of quotes, colons and escapes between a field's name and its value.
const SEPARATORS_BYTES_MAX: usize = 24;
/// Kept around each place, so that what stands near it can be seen: a run of nineteen UTF-16 digits, the
/// stretch a code is looked for in, the code and its neighbour.
const MARGIN_BYTES: usize = 2 * 19 + CODE_NEAR_BYTES + 2 * 4 + 2;
/// Traces of one kind no further apart than this are parts of one card number.
const SAME_TRACE_BYTES: u64 = 2 * 19;
/// What may stand between a field's name and its value: JSON, forms, XML, and all three escaped.
const SEPARATORS: [&[u8]; 12] =
    [b"\"", b"'", b":", b"=", b" ", b"]", b"\\", b">", b"%22", b"%3a", b"%5d", b"%3d"];

/// Searches one file or one stretch of memory, chunk by chunk.
pub(super) struct Scanner<'a> {
    needles: &'a Needles,
    scan: &'a mut Scan,
    place: &'a str,
    window: Vec<u8>,
    /// Offset of the window's first byte.
    base: u64,
    /// Where in the window the search goes on.
    next: usize,
    last_pan: Option<(FindingKind, u64)>,
    last_code: [Option<u64>; 2],
}

impl<'a> Scanner<'a> {
    /// Begins at `base`; `place` is what findings will name.
    pub(super) fn new(needles: &'a Needles, scan: &'a mut Scan, place: &'a str, base: u64) -> Scanner<'a> {
        let (window, last_pan) = (Vec::new(), None);
        Scanner { needles, scan, place, window, base, next: 0, last_pan, last_code: [None; 2] }
    }

    /// Searches the bytes that follow.
    pub(super) fn feed(&mut self, chunk: &[u8]) {
        self.scan.bytes_read += chunk.len() as u64;
        self.window.extend_from_slice(chunk);
        let end = self.window.len().saturating_sub(MARGIN_BYTES);
        self.search(end);
        let seen = self.next.saturating_sub(MARGIN_BYTES);
        self.window.drain(..seen);
        self.base += seen as u64;
        self.next -= seen;
    }

    /// Searches what was kept back for want of what follows.
    pub(super) fn finish(mut self) {
        self.search(self.window.len());
    }

    fn search(&mut self, end: usize) {
        let needles = self.needles;
        while self.next < end {
            let at = self.next;
            self.next += 1;
            if !needles.starts[usize::from(self.window[at])] {
                continue;
            }
            let here = &self.window[at..];
            let run = needles.runs.iter().find(|(_, run)| here.starts_with(run));
            if let Some((kind, run)) = run {
                self.pan_at(at, *kind, run.len());
            }
            if needles.codes.first().is_some_and(|code| code_at(&self.window, at, code, true))
                && in_field(&self.window[..at])
            {
                self.code_found(at, FindingKind::CodeInField);
            }
        }
    }

    fn pan_at(&mut self, at: usize, kind: FindingKind, length: usize) {
        let offset = self.base + at as u64;
        let same = self.last_pan.is_some_and(|(k, last)| k == kind && offset - last <= SAME_TRACE_BYTES);
        self.last_pan = Some((kind, offset));
        if !same {
            self.scan.found(Finding { where_: self.place.to_owned(), offset, kind });
        }
        let from = at.saturating_sub(CODE_NEAR_BYTES);
        let to = (at + length + CODE_NEAR_BYTES).min(self.window.len());
        for near in from..to {
            let text_then_others = self.needles.codes.iter().enumerate();
            if text_then_others.into_iter().any(|(n, code)| code_at(&self.window, near, code, n == 0)) {
                self.code_found(near, FindingKind::CodeNearPan);
            }
        }
    }

    fn code_found(&mut self, at: usize, kind: FindingKind) {
        let offset = self.base + at as u64;
        let last = &mut self.last_code[usize::from(kind == FindingKind::CodeInField)];
        if last.is_none_or(|last| last < offset) {
            *last = Some(offset);
            self.scan.found(Finding { where_: self.place.to_owned(), offset, kind });
        }
    }
}

/// Whether the code stands at `at`. As text, it must not be part of a longer number.
fn code_at(window: &[u8], at: usize, code: &[u8], text: bool) -> bool {
    let digit = |place: Option<usize>| place.and_then(|n| window.get(n)).is_some_and(u8::is_ascii_digit);
    window[at..].starts_with(code) && !(text && (digit(at.checked_sub(1)) || digit(Some(at + code.len()))))
}

/// Whether `before` ends with the name of a security code's field and something that separates it from its
/// value.
fn in_field(before: &[u8]) -> bool {
    let longest = SEPARATORS_BYTES_MAX + 32;
    let near = before[before.len().saturating_sub(longest)..].to_ascii_lowercase();
    let mut name = &near[..];
    while let Some(shorter) = SEPARATORS.iter().find_map(|separator| name.strip_suffix(*separator)) {
        name = shorter;
    }
    let separated = near.len() - name.len();
    (1..=SEPARATORS_BYTES_MAX).contains(&separated)
        && CODE_FIELDS.iter().any(|field| name.ends_with(field.as_bytes()))
}
