//! `tonegate sounds script`: what a voice actor takes to the studio.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use askama::Template;
use clap::Args;

use super::super::Fault;
use super::{language, listener};
use crate::prompts::{Language, own_script};

/// Options of `tonegate sounds script`.
#[derive(Args)]
pub(in crate::cli) struct Script {
    /// en, fr, es, it, pt, de.
    #[arg(long, value_parser = language)]
    language: Language,
    /// Where `script-<language>.csv` and `script-<language>.html` are written.
    #[arg(long)]
    out: PathBuf,
}

/// One recording, in the words of a studio.
pub(super) struct Row {
    number: usize,
    file: String,
    id: &'static str,
    listener: &'static str,
    occasion: &'static str,
    text: &'static str,
    sentence: &'static str,
}

impl Row {
    /// Whether other recordings are put before or after this one.
    fn is_piece(&self) -> bool {
        self.sentence.contains('{')
    }
}

#[derive(Template)]
#[template(path = "script.html", config = "src/cli/sounds/askama.toml")]
struct Page<'a> {
    language: &'static str,
    rows: &'a [Row],
}

impl Script {
    pub(super) fn run(self) -> Result<ExitCode, Fault> {
        let rows = rows(self.language);
        let code = self.language.code();
        let page = Page { language: code, rows: &rows }.render();
        let page = page.map_err(|fault| Fault::Internal(fault.to_string()))?;
        let table = table(&rows).map_err(|fault| Fault::Internal(fault.to_string()))?;
        write(&self.out, &format!("script-{code}.csv"), &table)?;
        write(&self.out, &format!("script-{code}.html"), page.as_bytes())?;
        anstream::println!("{} recordings: {}/script-{code}.csv and .html", rows.len(), self.out.display());
        Ok(ExitCode::SUCCESS)
    }
}

/// Everything of a language; the file names are numbered in the order in which they are spoken, and
/// `sounds import` takes them as they are.
fn rows(language: Language) -> Vec<Row> {
    let row = |(at, line): (usize, crate::prompts::ScriptLine)| Row {
        number: at + 1,
        file: format!("{:03}-{}.wav", at + 1, line.id),
        id: line.id.name(),
        listener: listener(line.listener),
        occasion: line.occasion,
        text: line.text,
        sentence: line.sentence,
    };
    own_script(language).into_iter().enumerate().map(row).collect()
}

fn table(rows: &[Row]) -> Result<Vec<u8>, csv::Error> {
    // A byte order mark: without one, Excel shows accents as two letters.
    let mut table = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    table.write_record(["number", "file", "id", "heard by", "when", "text", "whole sentence"])?;
    for row in rows {
        let number = row.number.to_string();
        table.write_record([
            &number,
            &row.file,
            row.id,
            row.listener,
            row.occasion,
            row.text,
            row.sentence,
        ])?;
    }
    table.into_inner().map_err(|fault| csv::Error::from(fault.into_error()))
}

fn write(out: &Path, name: &str, text: &[u8]) -> Result<(), Fault> {
    let file = out.join(name);
    fs::create_dir_all(out).and_then(|()| fs::write(&file, text)).map_err(|fault| {
        Fault::Unavailable(format!("cannot write {}: {fault}; name another place with --out", file.display()))
    })
}
