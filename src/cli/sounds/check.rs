//! `tonegate sounds check`: names each recording that a caller should not hear, and why.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::super::Fault;
use super::{language, rate};
use crate::config::Config;
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
    /// One object for each language, in a JSON array: how many there are, how long they take, how loud they are.
    #[arg(long)]
    json: bool,
    /// Complain of what is missing even where our voice speaks in its place.
    #[arg(long)]
    complete: bool,
}

impl Check {
    /// Exit status 0 if all is well, 1 if something is not.
    pub(super) fn run(self) -> Result<ExitCode, Fault> {
        let mut looked = Vec::new();
        for (language, directory) in self.directories()? {
            let recorded = look_through(&directory, language, self.rate_hz);
            // What is missing among ours is missed by everybody; a company records what it likes.
            let is_ours = self.directory.is_none();
            let stands_in = !is_ours && !self.complete && language.voice().is_some();
            looked.push(Looked::new(&recorded, language, directory, stands_in));
        }
        if self.json {
            let json = serde_json::to_string_pretty(&looked);
            anstream::println!("{}", json.map_err(|fault| Fault::Internal(fault.to_string()))?);
        } else {
            for one in &looked {
                one.complaints.iter().for_each(|line| anstream::println!("{line}"));
                anstream::println!("{}", one.line());
            }
        }
        Ok(ExitCode::from(u8::from(looked.iter().any(|one| !one.complaints.is_empty()))))
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

/// One language, looked through.
#[derive(Debug, Serialize)]
pub(super) struct Looked {
    language: &'static str,
    directory: PathBuf,
    fit: usize,
    unfit: usize,
    missing: usize,
    minutes: f64,
    /// While somebody speaks (ITU-T P.56): the softest and the loudest; none if there is nothing.
    softest_dbov: Option<f64>,
    loudest_dbov: Option<f64>,
    /// Whether ours are played where the company has none.
    ours_stand_in: bool,
    complaints: Vec<String>,
}

impl Looked {
    pub(super) fn new(
        recorded: &Recorded,
        language: Language,
        directory: PathBuf,
        ours_stand_in: bool,
    ) -> Self {
        let tenths = |value: f64| (value * 10.0).round() / 10.0;
        let levels = recorded.levels_dbov.iter().copied();
        Self {
            language: language.code(),
            directory,
            fit: recorded.fit,
            unfit: recorded.unfit.len(),
            missing: recorded.missing.len(),
            minutes: tenths(recorded.lasts_ms as f64 / 60_000.0),
            softest_dbov: levels.clone().reduce(f64::min).map(tenths),
            loudest_dbov: levels.reduce(f64::max).map(tenths),
            ours_stand_in,
            complaints: complaints_of(recorded, language, ours_stand_in),
        }
    }

    pub(super) fn line(&self) -> String {
        let note = if self.ours_stand_in && self.missing > 0 { "; our voice speaks those" } else { "" };
        let level = match (self.softest_dbov, self.loudest_dbov) {
            (Some(softest), Some(loudest)) => format!(", {softest:.1} to {loudest:.1} dBov"),
            _ => String::new(),
        };
        let Self { language, fit, missing, minutes, .. } = self;
        let place = self.directory.display();
        format!("{language}: {fit} fit, {missing} missing{note}; {minutes:.1} minutes{level}: {place}")
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
    let rate = super::super::accounts::layout(config).own_rate();
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
