//! A file of orders (CSV, RFC 4180), read line by line: memory does not grow with the file.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use csv::{ByteRecord, Reader, ReaderBuilder, StringRecord};

use super::{Draft, Payees, Slip};

/// The longest line; an open quotation mark would swallow the rest of the file.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// What the first line may name, and what it sets.
pub const COLUMNS: [&str; 12] = [
    "reference",
    "amount",
    "currency",
    "merchant",
    "description",
    "name",
    "phone",
    "email",
    "language",
    "due",
    "partial_payments",
    "minimum",
];

/// Without these there is no order.
const NEEDED: [&str; 2] = ["reference", "amount"];

/// Why the file cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum TableFault {
    /// The first line.
    #[error("line 1: {0}")]
    Header(String),
    /// The file.
    #[error("{0}")]
    Read(String),
}

/// A line of the file.
#[derive(Debug)]
pub struct Line {
    /// Its number in the file; the first line names the columns.
    pub number: u64,
    /// The order, or what is wrong.
    pub draft: Result<Draft, Slip>,
}

/// A file of orders.
pub struct Table<'a, R> {
    lines: Reader<Metered<R>>,
    /// For each column of the file, which field it is.
    columns: Vec<usize>,
    payees: &'a Payees,
    bytes: Rc<Cell<usize>>,
    record: ByteRecord,
}

/// Ends every line with a line feed, and counts what was read since the last one was asked for: a line has an end.
struct Metered<R> {
    inner: R,
    bytes: Rc<Cell<usize>>,
    last: u8,
}

impl<R: BufRead> Read for Metered<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.bytes.get() > MAX_LINE_BYTES {
            let told = format!("longer than {MAX_LINE_BYTES} bytes; is a quotation mark open?");
            return Err(io::Error::new(io::ErrorKind::InvalidData, told));
        }
        loop {
            let read = self.inner.read(to)?;
            self.bytes.set(self.bytes.get() + read);
            if read == 0 {
                let Some(end) = to.first_mut().filter(|_| self.last != b'\n') else { return Ok(0) };
                (*end, self.last) = (b'\n', b'\n');
                return Ok(1);
            }
            let mut kept = 0;
            for at in 0..read {
                to[kept] = to[at];
                kept += usize::from(to[at] != b'\r');
            }
            if let Some(last) = kept.checked_sub(1) {
                self.last = to[last];
                return Ok(kept);
            }
        }
    }
}

impl<'a, R: BufRead> Table<'a, R> {
    /// Reads the first line. Columns stand between commas, or between semicolons as spreadsheets write them where the
    /// comma is the decimal sign.
    ///
    /// # Errors
    /// If it cannot be read, or names columns that there are not.
    pub fn open(mut file: R, payees: &'a Payees) -> Result<Self, TableFault> {
        let begin = file.fill_buf().map_err(|fault| TableFault::Read(fault.to_string()))?;
        let first = begin.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let delimiter = if first.contains(&b';') { b';' } else { b',' };
        let bytes = Rc::new(Cell::new(0));
        let metered = Metered { inner: file, bytes: Rc::clone(&bytes), last: b'\n' };
        let mut lines = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(metered);
        let header = lines.headers().map_err(|fault| TableFault::Header(fault.to_string()))?;
        let columns = columns(header)?;
        Ok(Self { lines, columns, payees, bytes, record: ByteRecord::new() })
    }

    fn draft(&self) -> Result<Draft, Slip> {
        if self.record.len() != self.columns.len() {
            let (has, named) = (self.record.len(), self.columns.len());
            return Err(Slip::new("line", format!("it has {has} columns, and the first line names {named}")));
        }
        let mut draft = Draft::default();
        for (column, field) in self.columns.iter().zip(&self.record) {
            let name = COLUMNS[*column];
            let text = std::str::from_utf8(field).map_err(|_| Slip::new(name, "it is not UTF-8"))?.trim();
            match name {
                "reference" => text.clone_into(&mut draft.reference),
                "amount" => text.clone_into(&mut draft.amount),
                "currency" => text.clone_into(&mut draft.currency),
                "merchant" => text.clone_into(&mut draft.merchant),
                "description" => text.clone_into(&mut draft.description),
                "name" => text.clone_into(&mut draft.name),
                "phone" => text.clone_into(&mut draft.phone),
                "email" => text.clone_into(&mut draft.email),
                "language" => text.clone_into(&mut draft.language),
                "due" => text.clone_into(&mut draft.due),
                "minimum" => text.clone_into(&mut draft.minimum),
                _ => draft.parts = yes(text)?,
            }
        }
        self.payees.complete(&mut draft)?;
        draft.read()?;
        Ok(draft)
    }
}

impl<R: BufRead> Iterator for Table<'_, R> {
    type Item = Result<Line, TableFault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.bytes.set(0);
        let number = self.lines.position().line();
        match self.lines.read_byte_record(&mut self.record) {
            Ok(false) => None,
            Ok(true) => {
                // Where the next line begins, and back: empty lines before this one are skipped in silence.
                let own = self.record.iter().flatten().filter(|byte| **byte == b'\n').count() as u64;
                let number = self.lines.position().line().saturating_sub(1 + own);
                Some(Ok(Line { number, draft: self.draft() }))
            }
            Err(fault) => Some(Err(TableFault::Read(format!("line {number}: {fault}")))),
        }
    }
}

fn columns(header: &StringRecord) -> Result<Vec<usize>, TableFault> {
    let mut columns = Vec::with_capacity(header.len());
    for name in header {
        let name = name.trim().to_ascii_lowercase();
        let Some(column) = COLUMNS.iter().position(|known| *known == name) else {
            let shown: String = name.chars().take(40).collect();
            let told = format!("there is no column `{shown}`; there are: {}", COLUMNS.join(", "));
            return Err(TableFault::Header(told));
        };
        if columns.contains(&column) {
            return Err(TableFault::Header(format!("the column `{name}` is named twice")));
        }
        columns.push(column);
    }
    for needed in NEEDED {
        if !columns.iter().any(|column| COLUMNS[*column] == needed) {
            return Err(TableFault::Header(format!("the column `{needed}` is missing")));
        }
    }
    Ok(columns)
}

pub(super) fn yes(text: &str) -> Result<bool, Slip> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" => Ok(true),
        "no" | "false" | "0" | "" => Ok(false),
        _ => Err(Slip::new("partial_payments", "write yes or no")),
    }
}
