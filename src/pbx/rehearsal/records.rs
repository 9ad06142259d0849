//! What the PBX itself keeps of a call: log lines, call detail records, recordings.

use std::collections::BTreeMap;

/// Severity of a log line, numbered as FreeSWITCH numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// 3.
    Error = 3,
    /// 4.
    Warning = 4,
    /// 5.
    Notice = 5,
    /// 6.
    Info = 6,
    /// 7.
    Debug = 7,
}

impl Level {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Error => "ERR",
            Self::Warning => "WARNING",
            Self::Notice => "NOTICE",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
        }
    }

    /// A level by its FreeSWITCH name or number; levels we never write are mapped to the nearest.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "0" | "1" | "2" | "3" | "console" | "alert" | "crit" | "err" | "error" => Self::Error,
            "4" | "warning" | "warn" => Self::Warning,
            "5" | "notice" => Self::Notice,
            "6" | "info" => Self::Info,
            "7" | "8" | "9" | "10" | "debug" | "debug1" | "debug10" => Self::Debug,
            _ => return None,
        })
    }
}

/// A line of the PBX's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Since the rehearsal began.
    pub at_ms: u64,
    /// Its severity.
    pub level: Level,
    /// The leg it is about.
    pub leg: Option<String>,
    /// As in the log file, without the date.
    pub text: String,
}

/// A call detail record, written when a leg ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cdr {
    /// The leg.
    pub leg: String,
    /// Who called.
    pub caller_number: String,
    /// What was dialled.
    pub destination: String,
    /// What the leg's keys were, as the PBX saw them; `none` if it saw none.
    pub digits_dialed: String,
    /// Why it ended.
    pub hangup_cause: String,
    /// From beginning to end.
    pub duration_ms: u64,
    /// Every application run on the leg and its data (`app_log`), the first 256.
    pub applications: Vec<(String, String)>,
    /// Every variable the leg had.
    pub variables: BTreeMap<String, String>,
}

/// What a stretch of a recording holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Speech of the leg's own telephone, of the other side, both or neither.
    Voices {
        /// The recorded leg's own telephone.
        own: bool,
        /// What that leg hears.
        other: bool,
    },
    /// The tone of a key.
    Tone(char),
    /// Zeros.
    Masked,
}

/// A stretch of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// From here, since the rehearsal began.
    pub from_ms: u64,
    /// To here; a recording still running ends now.
    pub to_ms: u64,
    /// What it holds.
    pub what: Recorded,
}

/// A recording, as a list of what is in it rather than samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Its file.
    pub path: String,
    /// The leg it was started on.
    pub leg: String,
    /// In order; tones lie over the stretch they were heard in.
    pub spans: Vec<Span>,
    /// False once it has been stopped.
    pub running: bool,
}

impl Recording {
    /// The keys whose tones can be heard in it.
    #[must_use]
    pub fn tones(&self) -> String {
        self.spans
            .iter()
            .filter_map(|span| match span.what {
                Recorded::Tone(key) => Some(key),
                _ => None,
            })
            .collect()
    }

    /// Goes on as it was, or begins something else.
    pub(super) fn go_on(&mut self, now_ms: u64, what: Recorded) {
        if !self.running {
            return;
        }
        let last = self.spans.iter_mut().rev().find(|span| !matches!(span.what, Recorded::Tone(_)));
        match last {
            Some(span) if span.what == what => span.to_ms = now_ms,
            Some(span) => {
                span.to_ms = now_ms;
                self.spans.push(Span { from_ms: now_ms, to_ms: now_ms, what });
            }
            None => self.spans.push(Span { from_ms: now_ms, to_ms: now_ms, what }),
        }
    }
}
