//! Logs and what they may hold.
//!
//! A line of the log is one line, whatever a caller's name or a provider's answer holds: control
//! characters are written out. A number that looks like a card's loses all but its last four digits,
//! wherever it came from. Other people's crates are heard from `warn` on only: at `debug` some of them
//! log whole messages of the PBX or the provider.

mod alarms;
mod line;
mod redact;

use std::fmt::Display;
use std::io::{self, Write};

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Subscriber;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};

use crate::config::{LogFormat, LogLevel, LogSection};

pub use alarms::{RaisedAlarm, alarms};
pub use redact::redact;

use line::OneLine;

/// The target of alarms, for collectors that wake people.
pub const ALARM_TARGET: &str = "tonegate::alarm";

/// Why nothing can be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObserveError {
    /// The log was set up before.
    #[error("the log is set up already; set it up once, at the start")]
    Twice,
}

/// Logs to standard error from now on, for the whole process.
///
/// # Errors
/// If it was called before.
pub fn init(settings: &LogSection) -> Result<(), ObserveError> {
    let subscriber = subscriber(settings, io::stderr);
    tracing::subscriber::set_global_default(subscriber).map_err(|_| ObserveError::Twice)
}

/// Wakes somebody: what failed, on which payment, and what to do.
///
/// `name` is for machines and never changes: `seal_lost`, `journal_failed`.
pub fn alarm(name: &'static str, payment: Option<&str>, what: impl Display, remedy: &str) {
    let what = what.to_string();
    alarms::keep(name, payment, &what, remedy);
    tracing::error!(target: ALARM_TARGET, alarm = name, payment, remedy, "{what}");
}

/// Keeps the lines it is given in order: standard error, or a test's buffer.
fn subscriber<W>(settings: &LogSection, to: fn() -> W) -> impl Subscriber + Send + Sync
where
    W: Write + 'static,
{
    let ours = match settings.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let filter = Targets::new()
        .with_default(ours.min(LevelFilter::WARN))
        // It reports each try of a connection that we report ourselves, with the remedy.
        .with_target("freeswitch_esl_tokio::connection", ours.min(LevelFilter::ERROR))
        .with_target("tonegate", ours);
    let layer = tracing_subscriber::fmt::layer().with_ansi(false);
    let lines = Lines { to, json: settings.format == LogFormat::Json };
    let layer = match settings.format {
        LogFormat::Text => layer.with_writer(lines).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_writer(lines).boxed(),
    };
    tracing_subscriber::registry().with(layer.with_filter(filter))
}

/// Makes the writer of each event.
struct Lines<W> {
    to: fn() -> W,
    json: bool,
}

impl<'a, W: Write + 'a> MakeWriter<'a> for Lines<W> {
    type Writer = OneLine<W>;

    fn make_writer(&'a self) -> Self::Writer {
        OneLine::new((self.to)(), self.json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    thread_local! {
        static WRITTEN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }

    struct Here;
    impl Write for Here {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            WRITTEN.with_borrow_mut(|all| all.extend_from_slice(bytes));
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, level: LogLevel, does: impl FnOnce()) -> String {
        WRITTEN.take();
        tracing::subscriber::with_default(subscriber(&LogSection { level, format }, || Here), does);
        String::from_utf8(WRITTEN.take()).expect("a log is text")
    }

    #[test]
    fn a_value_cannot_forge_a_line() {
        let name = "Eve\n2026-11-22T15:00:00Z ERROR tonegate::alarm: seal_lost\r\x1b[2J\u{9b}1m\u{202e}";
        let text = logged(LogFormat::Text, LogLevel::Info, || {
            tracing::info!(caller = %name, "call of {name}");
        });
        assert_eq!(text.matches('\n').count(), 1, "{text:?}");
        assert!(text.ends_with('\n') && text.contains("Eve\\n2026"), "{text:?}");
        let rest = text.trim_end_matches('\n');
        assert!(!rest.chars().any(|c| c.is_control() || c == '\u{202e}'), "{text:?}");

        let json = logged(LogFormat::Json, LogLevel::Info, || tracing::info!(caller = %name, "call"));
        assert_eq!(json.matches('\n').count(), 1, "{json:?}");
        let value: serde_json::Value = serde_json::from_str(&json).expect("one object");
        assert!(value["caller"].as_str().is_some_and(|caller| caller.starts_with("Eve\n2026")), "{json}");
    }

    #[test]
    fn a_card_number_that_strays_into_a_log_is_struck_out() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let text = logged(format, LogLevel::Info, || {
                tracing::info!(
                    digits = 4_111_111_111_111_111_u64,
                    note = "4111 1111 1111 1111",
                    "5555555555554444"
                );
            });
            assert!(!text.contains("4111111111") && !text.contains("4111 1111"), "{text}");
            assert!(!text.contains("55555555") && text.contains("xxxxxxxxxxxx4444"), "{text}");
            if format == LogFormat::Json {
                serde_json::from_str::<serde_json::Value>(&text).expect("still an object");
            }
        }
    }

    #[test]
    fn only_our_own_crate_is_heard_in_detail() {
        let text = logged(LogFormat::Text, LogLevel::Debug, || {
            tracing::debug!("ours");
            tracing::debug!(target: "freeswitch_esl_tokio", "theirs");
            tracing::warn!(target: "freeswitch_esl_tokio", "their warning");
        });
        assert!(
            text.contains("ours") && text.contains("their warning") && !text.contains("theirs"),
            "{text}"
        );
        let text = logged(LogFormat::Text, LogLevel::Error, || {
            tracing::warn!("ours");
            tracing::warn!(target: "sqlx", "theirs");
        });
        assert_eq!(text, "");
    }

    #[test]
    fn an_alarm_can_be_picked_out_by_machines() {
        let json = logged(LogFormat::Json, LogLevel::Error, || {
            alarm("seal_lost", Some("p1"), "the keypad's connection ended", "look at the PBX's log");
        });
        let value: serde_json::Value = serde_json::from_str(&json).expect("one object");
        for (key, wanted) in [
            ("alarm", "seal_lost"),
            ("payment", "p1"),
            ("remedy", "look at the PBX's log"),
            ("message", "the keypad's connection ended"),
            ("target", ALARM_TARGET),
            ("level", "ERROR"),
        ] {
            assert_eq!(value[key], wanted, "{json}");
        }
    }
}
