//! One charge by a process of its own, and a look into that process afterwards.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};
use tonegate::inspect::residue::{Needles, Scan, scan_path, scan_process};

use crate::provider::accounts::configuration;
use crate::provider::answers::{Verdict, said};
use crate::provider::{Provider, Question, Tls};

/// A published test card of whose digits no part is found in memory by chance; the program knows it by name.
const CARD: &str = "amex-approved";
const NUMBER: &str = "378282246310005";
const CODE: &str = "7373";
/// Longer than it takes to search a process on a busy machine.
const PATIENCE_MS: u64 = 100_000;
/// The patience of a charge that gets no answer.
const SHORT_PATIENCE_MS: u64 = 300;
/// Connections that are let go of end a moment later.
const SETTLE_MS: u64 = 100;
/// How often the process is looked at.
const LOOK_INTERVAL_MS: u64 = 10;
/// A process with less memory than this was not searched.
const SEARCHED_MIN_BYTES: u64 = 1_000_000;
/// What a pipe is made of; a larger page holds several of them.
const PAGE_BYTES: usize = 4096;

/// How the exchange ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Approved,
    Declined,
    /// The connection breaks when the card has arrived.
    Cut,
    /// No answer comes.
    Silent,
}

impl Fate {
    /// The outcomes that may come of it.
    fn outcomes(self) -> &'static [&'static str] {
        match self {
            Fate::Approved => &["approved"],
            Fate::Declined => &["declined"],
            // Stripe gets the card before it is told to charge it.
            Fate::Cut | Fate::Silent => &["unknown", "not_charged"],
        }
    }
}

/// A program that has charged and is held back from saying so.
pub struct Trial {
    fate: Fate,
    child: Child,
    words: pipe::Receiver,
    encrypted: bool,
    provider: Provider,
    account: String,
    _directory: tempfile::TempDir,
}

type Told<T> = Result<T, String>;

fn words(fault: impl std::fmt::Display) -> String {
    fault.to_string()
}

impl Trial {
    /// Starts the program. It charges at once.
    pub async fn begin(account: &str, fate: Fate, tls: Option<&Tls>) -> Told<Trial> {
        let provider = Provider::start(tls).await.map_err(words)?;
        let directory = tempfile::tempdir().map_err(words)?;
        let patience_ms = if fate == Fate::Silent { SHORT_PATIENCE_MS } else { PATIENCE_MS };
        // In the clear, no authority is asked; the setting stands there all the same.
        let authority = tls.map_or_else(|| Tls::new().map(|tls| tls.pem), |tls| Ok(tls.pem.clone()));
        let authority = authority.map_err(words)?;
        let config =
            configuration(directory.path(), &provider.url, &authority, patience_ms).map_err(words)?;
        let (full, words_of_it) = full_pipe().await.map_err(words)?;
        let child = Command::new(env!("CARGO_BIN_EXE_tonegate"))
            .args(["psp", "try", account, "--card", CARD, "--json", "--config"])
            .arg(config)
            .stdin(Stdio::null())
            .stdout(full)
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(words)?;
        Ok(Trial {
            fate,
            child,
            words: words_of_it,
            encrypted: account.ends_with("encrypted"),
            provider,
            account: account.to_owned(),
            _directory: directory,
        })
    }

    /// Answers it, searches it, and hears what it says.
    pub async fn conclude(mut self) -> Told<()> {
        // Unanswered, and not cut either.
        let mut unanswered = Vec::new();
        let mut asked = 0;
        let end = Instant::now() + Duration::from_millis(PATIENCE_MS);
        while !self.wants_to_speak() {
            if Instant::now() > end {
                return Err("the program does not come to an end".into());
            }
            if let Some(status) = self.child.try_wait().map_err(words)? {
                return Err(format!("the program ended with {status}: {}", self.complaint().await));
            }
            tokio::select! {
                question = self.provider.questions.recv() => {
                    asked += 1;
                    let question = question.ok_or("the provider is gone")?;
                    if asked == 1 {
                        self.eyes_see(&question)?;
                    }
                    unanswered.extend(self.reply(question));
                }
                () = sleep(Duration::from_millis(LOOK_INTERVAL_MS)) => {}
            }
        }
        sleep(Duration::from_millis(SETTLE_MS)).await;
        let scan = self.search()?;
        if !scan.clean() {
            let found = scan.findings.iter().map(words).chain(scan.unreadable.iter().cloned());
            return Err(found.collect::<Vec<_>>().join("\n"));
        }
        drop(unanswered);
        self.outcome_fits().await
    }

    /// Lets the exchange end as it shall; gives back what is left waiting for ever.
    fn reply(&self, question: Question) -> Option<Question> {
        let verdict = match self.fate {
            Fate::Approved => Verdict::Approved,
            Fate::Declined => Verdict::Declined,
            Fate::Cut => return None,
            Fate::Silent => return Some(question),
        };
        let said = said(&self.account, verdict, &question.asked);
        question.answer(said);
        None
    }

    /// While the program waits for the answer, it holds the card: the search must find it, and what was sent.
    fn eyes_see(&self, question: &Question) -> Told<()> {
        if self.fate != Fate::Approved {
            return Ok(());
        }
        if self.search()?.findings.is_empty() {
            return Err("the search does not see the card while the program holds it".into());
        }
        let file = tempfile::NamedTempFile::new().map_err(words)?;
        std::fs::write(file.path(), &question.asked.body).map_err(words)?;
        let sent = scan_path(file.path(), &needles()?).map_err(words)?;
        // Card number and security code, or neither.
        let kinds: std::collections::BTreeSet<bool> =
            sent.findings.iter().map(|finding| finding.kind.is_code()).collect();
        let seen = if self.encrypted { kinds.is_empty() } else { kinds.len() == 2 };
        if seen {
            Ok(())
        } else {
            Err(format!("in the request as sent, the search sees {:?}", sent.findings))
        }
    }

    fn search(&self) -> Told<Scan> {
        let pid = self.child.id().ok_or("the program has ended")?;
        let scan = scan_process(pid, &needles()?).map_err(words)?;
        if scan.bytes_read < SEARCHED_MIN_BYTES {
            return Err(format!("only {} bytes were searched", scan.bytes_read));
        }
        Ok(scan)
    }

    /// Whether the program's first thread is held in `write` on its standard output.
    fn wants_to_speak(&self) -> bool {
        let Some(pid) = self.child.id() else { return false };
        // Its number, then its arguments; `running` while there is none, nothing once the program has ended.
        let call = std::fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap_or_default();
        let mut parts = call.split_whitespace();
        let number = parts.next().and_then(|number| number.parse().ok());
        number == Some(libc::SYS_write) && parts.next() == Some("0x1")
    }

    async fn outcome_fits(mut self) -> Told<()> {
        let mut text = Vec::new();
        self.words.read_to_end(&mut text).await.map_err(words)?;
        let status: ExitStatus = self.child.wait().await.map_err(words)?;
        // What filled the pipe is white space.
        let told: Value = serde_json::from_slice(&text).map_err(words)?;
        let fits = told["outcome"].as_str().is_some_and(|outcome| self.fate.outcomes().contains(&outcome));
        if fits && status.success() == (self.fate == Fate::Approved) {
            return Ok(());
        }
        Err(format!("{status}, {} {}", told["outcome"], told["detail"]))
    }

    async fn complaint(&mut self) -> String {
        let mut text = String::new();
        if let Some(stderr) = &mut self.child.stderr {
            let _ = stderr.read_to_string(&mut text).await;
        }
        text
    }
}

fn needles() -> Told<Needles> {
    Needles::for_card(NUMBER, CODE).map_err(words)
}

/// A pipe that takes no more: full of white space, page by page.
async fn full_pipe() -> std::io::Result<(Stdio, pipe::Receiver)> {
    let (sender, receiver) = pipe::pipe()?;
    sender.writable().await?;
    while sender.try_write(&[b' '; PAGE_BYTES]).is_ok() {}
    Ok((Stdio::from(sender.into_blocking_fd()?), receiver))
}
