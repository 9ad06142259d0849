//! `tonegate sounds render`: a text-to-speech program of the company's choice speaks the texts.
//!
//! The template is cut into words once, as a shell would, and filled in word by word: no shell ever reads a text.

use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use clap::Args;
use tokio::process::Command;

use super::super::Fault;
use super::produced::{Destination, Tally};
use crate::prompts::{ScriptLine, company_name, own_script};

/// The slowest engines take a few seconds a text.
const SPEAK_TIMEOUT_MS: u64 = 120_000;
/// So many failures in a row are no bad luck: the command is wrong.
const FAILURES_MAX: usize = 3;

/// Options of `tonegate sounds render`.
#[derive(Args)]
pub(in crate::cli) struct Render {
    /// The program and its arguments: `tts --voice {voice} --language {lang} --write {out} {text}`. It has to
    /// write WAV of any usual rate and depth to `{out}`.
    #[arg(long)]
    command: String,
    #[command(flatten)]
    to: Destination,
    /// Only texts whose id begins so: `ask-`, `number-`.
    #[arg(long, default_value = "")]
    only: String,
    /// Your greeting with your company's name, to be spoken as `company-name`: "Example Limited, good day."
    #[arg(long)]
    company: Option<String>,
    /// Leave recordings that exist as they are.
    #[arg(long)]
    missing: bool,
}

impl Render {
    /// Exit status 0 if every text was spoken, 1 if one was not.
    pub(super) fn run(self) -> Result<ExitCode, Fault> {
        let template = template(&self.command)?;
        super::super::runtime()?.block_on(self.speak(&template))
    }

    async fn speak(&self, template: &[String]) -> Result<ExitCode, Fault> {
        let (mut tally, mut in_a_row) = (Tally::default(), 0);
        for line in own_script(self.to.language) {
            let Some(text) = self.text_of(&line) else { continue };
            let file = self.to.file(&line);
            if !line.id.name().starts_with(&self.only) || (self.missing && file.exists()) {
                continue;
            }
            let spoken = file.with_extension("spoken");
            let failed = |what: std::io::Error| {
                Fault::Unavailable(format!("cannot write {}: {what}; name another --out", spoken.display()))
            };
            std::fs::create_dir_all(file.parent().unwrap_or(Path::new("."))).map_err(failed)?;
            let arguments = filled(template, text, self.to.language.code(), &self.to.voice, &spoken);
            match run(&arguments).await {
                Ok(()) => {
                    in_a_row = 0;
                    self.to.take(&spoken, &line, &mut tally);
                }
                Err(what) => {
                    tally.refused += 1;
                    in_a_row += 1;
                    anstream::println!("{}: {what}", line.id);
                }
            }
            // What it wrote is of no use any more; that it wrote nothing is told above.
            let _ = std::fs::remove_file(&spoken);
            if in_a_row == FAILURES_MAX {
                let what = format!("`{}` failed {FAILURES_MAX} times in a row", arguments[0]);
                return Err(Fault::Unavailable(format!("{what}; try it by hand, and correct --command")));
            }
        }
        Ok(self.to.conclude(&tally))
    }
}

impl Render {
    /// What is said; what only the company knows, as it says.
    fn text_of<'a>(&'a self, line: &ScriptLine) -> Option<&'a str> {
        if line.id == company_name().id { self.company.as_deref() } else { Some(line.text) }
    }
}

/// The words of a command line.
pub(super) fn template(command: &str) -> Result<Vec<String>, Fault> {
    let wrong =
        |what: &str| Fault::Usage(format!("--command: {what}; write for example 'tts {{text}} {{out}}'"));
    let words = shlex::split(command).ok_or_else(|| wrong("a quote is not closed"))?;
    if words.is_empty() {
        return Err(wrong("it is empty"));
    }
    for slot in ["{text}", "{out}"] {
        if !words[1..].iter().any(|word| word.contains(slot)) {
            return Err(wrong(&format!("{slot} is missing")));
        }
    }
    Ok(words)
}

/// The arguments for one text. The text comes last: what stands in it is never filled in.
pub(super) fn filled(template: &[String], text: &str, lang: &str, voice: &str, out: &Path) -> Vec<String> {
    let out = out.to_string_lossy();
    let slots = [("{lang}", lang), ("{voice}", voice), ("{out}", &*out), ("{text}", text)];
    let fill =
        |word: &String| slots.iter().fold(word.clone(), |word, (slot, value)| word.replace(slot, value));
    template.iter().map(fill).collect()
}

async fn run(arguments: &[String]) -> Result<(), String> {
    let mut command = Command::new(&arguments[0]);
    command.args(&arguments[1..]).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    let program = &arguments[0];
    match tokio::time::timeout(Duration::from_millis(SPEAK_TIMEOUT_MS), command.status()).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(format!("`{program}` ended with {status}")),
        Ok(Err(fault)) => Err(format!("`{program}` cannot be run: {fault}")),
        Err(_) => Err(format!("`{program}` was not done after {SPEAK_TIMEOUT_MS} ms")),
    }
}
