//! `tonegate sounds list`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::super::Fault;
use super::language;
use crate::prompts::{Language, find_default_directory, own_script};

/// Options of `tonegate sounds list`.
#[derive(Args)]
pub(in crate::cli) struct List {
    /// One object for each recording, in a JSON array.
    #[arg(long)]
    json: bool,
    /// This language alone: en, fr, es, it, pt, de.
    #[arg(long, value_parser = language)]
    language: Option<Language>,
    /// The company's own recordings, as in `[prompts] own_directory`; they go before ours.
    #[arg(long)]
    own: Option<PathBuf>,
}

/// One recording.
#[derive(Debug, Serialize)]
pub(super) struct Listed {
    pub(super) id: &'static str,
    pub(super) language: &'static str,
    /// Whose voice; none where nobody has recorded it.
    pub(super) voice: Option<&'static str>,
    pub(super) text: &'static str,
    /// Where it lies; none where nobody has recorded it.
    pub(super) path: Option<PathBuf>,
}

/// How the ids begin that only a company can record.
const COMPANY: &str = "company-";
/// The voice of a company's own recordings.
const OWN: &str = "own";

impl List {
    pub(super) fn run(self) -> Result<ExitCode, Fault> {
        let ours = find_default_directory(None).ok();
        let listed: Vec<Listed> = Language::ALL
            .into_iter()
            .filter(|language| self.language.is_none_or(|only| only == *language))
            .flat_map(|language| listed(language, self.own.as_deref(), ours.as_deref()))
            .collect();
        if self.json {
            let json = serde_json::to_string_pretty(&listed);
            anstream::println!("{}", json.map_err(|fault| Fault::Internal(fault.to_string()))?);
            return Ok(ExitCode::SUCCESS);
        }
        for one in listed {
            let path = one.path.map_or_else(|| "not recorded".to_owned(), |path| path.display().to_string());
            anstream::println!(
                "{}\t{}\t{}\t{}\t{path}",
                one.language,
                one.id,
                one.voice.unwrap_or("-"),
                one.text
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// All recordings of a language: the company's own where there are any, else ours.
pub(super) fn listed(language: Language, own: Option<&Path>, ours: Option<&Path>) -> Vec<Listed> {
    let one = |line: crate::prompts::ScriptLine| {
        let name = format!("{}.wav", line.id);
        let own = own.map(|own| own.join(language.code()).join(&name)).filter(|file| file.exists());
        let shipped = || {
            let voice = language.voice()?;
            let file = ours?.join(language.code()).join(voice).join(&name);
            file.exists().then_some((voice, file))
        };
        let (voice, path) = own.map(|file| (OWN, file)).or_else(shipped).unzip();
        Listed { id: line.id.name(), language: language.code(), voice, text: line.text, path }
    };
    // Of what only a company can record, nothing is shown where it has not.
    let ours_or_theirs = |one: &Listed| one.path.is_some() || !one.id.starts_with(COMPANY);
    own_script(language).into_iter().map(one).filter(ours_or_theirs).collect()
}
