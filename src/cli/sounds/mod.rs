//! `tonegate sounds`: what is said, what a voice actor records, and whether recordings are fit for a telephone.

mod check;
mod import;
mod list;
mod play;
mod produced;
mod render;
mod script;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use clap::Subcommand;

use super::Fault;
use crate::call::Party;
use crate::prompts::{Language, SampleRate};

pub(super) use check::findings;

/// The longest name of a voice; it becomes that of a directory.
const VOICE_MAX_LETTERS: usize = 40;

/// What can be done with recordings.
#[derive(Subcommand)]
pub(super) enum Sounds {
    /// Show every recording there is: id, language, voice, text and where it lies.
    List(list::List),
    /// Write down what a voice actor records: texts, file names, who hears each and when.
    Script(script::Script),
    /// Look whether recordings are complete and fit for a telephone; names each that is not.
    Check(check::Check),
    /// Make recordings of a studio ready for the telephone: trim, level, resample and name them.
    Import(import::Import),
    /// Have the PBX call a telephone and play a recording or a whole sentence.
    Play(play::Play),
    /// Have a text-to-speech program speak the texts, and make its recordings ready for the telephone.
    Render(render::Render),
}

impl Sounds {
    pub(super) fn run(self) -> Result<ExitCode, Fault> {
        match self {
            Sounds::List(list) => list.run(),
            Sounds::Script(script) => script.run(),
            Sounds::Check(check) => check.run(),
            Sounds::Import(import) => import.run(),
            Sounds::Play(play) => play.run(),
            Sounds::Render(render) => render.run(),
        }
    }
}

/// A language there are texts for, spoken or not.
fn language(tag: &str) -> Result<Language, String> {
    let all = Language::ALL.map(Language::code).join(", ");
    Language::of_tag(tag).ok_or_else(|| format!("there are no texts in it; there are: {all}"))
}

/// The name of a voice, which becomes that of a directory.
fn voice(name: &str) -> Result<String, String> {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > VOICE_MAX_LETTERS || !name.chars().all(is_fit) {
        return Err(format!("write up to {VOICE_MAX_LETTERS} letters, digits, `-` and `_`"));
    }
    Ok(name.to_owned())
}

/// The rate a PBX is given.
fn rate(hertz: &str) -> Result<SampleRate, String> {
    [SampleRate::Narrow, SampleRate::Wide]
        .into_iter()
        .find(|rate| rate.hertz().to_string() == hertz)
        .ok_or_else(|| "write 8000 or 16000, as in `[prompts] rate_hz`".to_owned())
}

/// Who hears a recording, in a word.
fn listener(party: Party) -> &'static str {
    match party {
        Party::Customer => "customer",
        Party::Agent => "agent",
    }
}
