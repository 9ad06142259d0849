//! Recordings on their way into a company's own directory.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::{language, rate, voice};
use crate::prompts::{Language, SampleRate, ScriptLine, produce, script};

/// Where recordings go, and what they become.
#[derive(Args)]
pub(super) struct Destination {
    /// The language that is spoken: en, fr, es, it, pt, de.
    #[arg(long, value_parser = language)]
    pub(super) language: Language,
    /// Whose voice it is: the directory below `--out`.
    #[arg(long, value_parser = voice)]
    pub(super) voice: String,
    /// Where the recordings are written: `<out>/<voice>/<language>/<id>.wav`.
    #[arg(long)]
    pub(super) out: PathBuf,
    /// Samples per second, as the PBX is given them: 16000 for FreeSWITCH, 8000 for Asterisk, unless
    /// `[prompts] rate_hz` says otherwise.
    #[arg(long, value_parser = rate, default_value = "16000")]
    pub(super) rate_hz: SampleRate,
}

/// What has been done.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) written: usize,
    pub(super) refused: usize,
}

impl Destination {
    /// What `[prompts] own_directory` names.
    fn own_directory(&self) -> PathBuf {
        self.out.join(&self.voice)
    }

    /// Where a clip goes.
    pub(super) fn file(&self, line: &ScriptLine) -> PathBuf {
        self.own_directory().join(self.language.code()).join(format!("{}.wav", line.id))
    }

    /// Makes a clip of a recording, and says what was wrong with it.
    pub(super) fn take(&self, source: &Path, line: &ScriptLine, tally: &mut Tally) {
        match produce(source, &self.file(line), self.rate_hz, line) {
            Ok(slight) => {
                tally.written += 1;
                for fault in slight {
                    anstream::println!("written all the same: {fault}");
                }
            }
            Err(fault) => {
                tally.refused += 1;
                anstream::println!("refused: {fault}");
            }
        }
    }

    /// Says what has been done and what is next; exit status 1 if something was refused.
    pub(super) fn conclude(&self, tally: &Tally) -> ExitCode {
        let lacking = script(self.language).iter().filter(|line| !self.file(line).exists()).count();
        let rest = match self.language.voice() {
            _ if lacking == 0 => "every text is recorded".to_owned(),
            Some(ours) => format!("{lacking} texts are not recorded: our voice {ours} speaks those"),
            None => format!("{lacking} texts are not recorded"),
        };
        anstream::println!("{} written, {} refused; {rest}", tally.written, tally.refused);
        if tally.written > 0 {
            anstream::println!("[prompts]\nown_directory = \"{}\"", self.own_directory().display());
        }
        ExitCode::from(u8::from(tally.refused > 0))
    }
}
