//! `tonegate sounds check`: names each recording that a caller should not hear, and why.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::super::Fault;
use super::{language, rate};
use crate::config::{Config, PromptRate};
use crate::pbx::{Finding, Severity};
use crate::prompts::{Language, Recorded, SampleRate, find_default_directory, look_through};

/// Ids shown of those that are missing; `--json` of `list` shows all.
const MISSING_SHOWN_MAX: usize = 12;

/// Options of `tonegate sounds check`.
#[derive(Args)]
pub(in crate::cli) struct Check {
    /// A directory with `<language>/<id>.wav`, as in `[prompts] own_directory`; ours if none is named.
    directory: Option<PathBuf>,
    /// This language alone: en, fr, es, it, pt, de.
    #[arg(long, value_parser = language)]
    language: Option<Language>,
    /// The samples per second that are wanted, 8000 or 16000; without it, either will do.
    #[arg(long, value_parser = rate)]
    rate_hz: Option<SampleRate>,
    /// Complain of what is missing even where our voice speaks in its place.
    #[arg(long)]
    complete: bool,
}

impl Check {
    /// Exit status 0 if all is well, 1 if something is not.
    pub(super) fn run(self) -> Result<ExitCode, Fault> {
        let mut complaints = 0;
        for (language, directory) in self.directories()? {
            let recorded = look_through(&directory, language, self.rate_hz);
            // What is missing among ours is missed by everybody; a company records what it likes.
            let is_ours = self.directory.is_none();
            let stands_in = !is_ours && !self.complete && language.voice().is_some();
            for line in complaints_of(&recorded, language, stands_in) {
                anstream::println!("{line}");
                complaints += 1;
            }
            let (fit, missing) = (recorded.fit, recorded.missing.len());
            let note = if stands_in && missing > 0 { "; our voice speaks those" } else { "" };
            anstream::println!("{language}: {fit} fit, {missing} missing{note}: {}", directory.display());
        }
        Ok(ExitCode::from(u8::from(complaints > 0)))
    }

    /// The directories that are looked through.
    fn directories(&self) -> Result<Vec<(Language, PathBuf)>, Fault> {
        let wanted = |language: Language| self.language.is_none_or(|only| only == language);
        let Some(own) = &self.directory else {
            let ours = find_default_directory(None).map_err(|fault| Fault::Unavailable(fault.to_string()))?;
            let voices = Language::VOICES.into_iter().filter(|(language, _)| wanted(*language));
            let found: Vec<_> =
                voices.map(|(language, voice)| (language, ours.join(language.code()).join(voice))).collect();
            return if found.is_empty() {
                Err(Fault::Usage("nobody has recorded that language yet: name a directory of yours".into()))
            } else {
                Ok(found)
            };
        };
        let found = directories_of(own, wanted);
        if found.is_empty() {
            let example = own.join("fr").join("welcome.wav");
            let what = format!("{} holds no recordings", own.display());
            return Err(Fault::Usage(format!("{what}; they lie as in {}", example.display())));
        }
        Ok(found)
    }
}

/// The languages that a company has recordings of its own in.
fn directories_of(own: &Path, wanted: impl Fn(Language) -> bool) -> Vec<(Language, PathBuf)> {
    let all = Language::ALL.into_iter().filter(|language| wanted(*language));
    all.map(|language| (language, own.join(language.code()))).filter(|(_, place)| place.is_dir()).collect()
}

/// What there is to complain of, a line each.
pub(super) fn complaints_of(recorded: &Recorded, language: Language, stands_in: bool) -> Vec<String> {
    let mut lines: Vec<String> = recorded.unfit.iter().map(ToString::to_string).collect();
    let stranger = |file: &PathBuf| {
        format!("nothing plays {}: `tonegate sounds list` shows the names there are", file.display())
    };
    lines.extend(recorded.strangers.iter().map(stranger));
    if !stands_in && !recorded.missing.is_empty() {
        let names: Vec<&str> = recorded.missing.iter().take(MISSING_SHOWN_MAX).map(|id| id.name()).collect();
        let more = if recorded.missing.len() > names.len() { " …" } else { "" };
        lines.push(format!("{language}: not recorded: {}{more}", names.join(", ")));
    }
    lines
}

/// What `tonegate check` says of a company's own recordings, and of each merchant's.
pub(in crate::cli) fn findings(config: &Config) -> Vec<Finding> {
    let rate = match config.prompt_rate() {
        PromptRate::Narrow => SampleRate::Narrow,
        PromptRate::Wide => SampleRate::Wide,
    };
    let merchants = config.merchants.all().iter();
    let own = merchants.clone().filter_map(|merchant| merchant.prompts_directory.as_ref());
    let lines = merchants.flat_map(|merchant| &merchant.speech.line);
    let lines = lines.filter_map(|line| line.prompts_directory.as_ref());
    let mut places: Vec<&PathBuf> = config.prompts.own_directory.iter().chain(own).chain(lines).collect();
    places.dedup();
    let mut findings = Vec::new();
    for (language, place) in places.into_iter().flat_map(|own| directories_of(own, |_| true)) {
        for what in complaints_of(&look_through(&place, language, Some(rate)), language, true) {
            findings.push(Finding {
                severity: Severity::Warns,
                place: "prompts".into(),
                what,
                remedy:
                    "`tonegate sounds import` makes recordings ready; where one cannot be played, ours is"
                        .into(),
            });
        }
    }
    findings
}
