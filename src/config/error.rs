//! What is wrong with a configuration, in words an admin can act on.

use std::fmt;
use std::path::{Path, PathBuf};

use config::Map;

use super::{ENVIRONMENT_PREFIX, ENVIRONMENT_SEPARATOR};

/// Where keys come from: the file, and the variables that override it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    file: PathBuf,
    /// Names of the environment variables that override keys, as they were written.
    variables: Vec<String>,
}

impl Place {
    pub(super) fn new(file: &Path, environment: &Map<String, String>) -> Self {
        let prefix = format!("{ENVIRONMENT_PREFIX}{ENVIRONMENT_SEPARATOR}");
        let ours = |name: &&String| name.to_ascii_uppercase().starts_with(&prefix);
        let mut variables: Vec<String> = environment.keys().filter(ours).cloned().collect();
        variables.sort();
        Self { file: file.into(), variables }
    }

    /// Names the place of a key: the variable that sets it, or else the file.
    fn of(&self, key: &str) -> String {
        let name = format!("{ENVIRONMENT_PREFIX}.{key}").replace('.', ENVIRONMENT_SEPARATOR);
        let variable = self.variables.iter().find(|variable| variable.eq_ignore_ascii_case(&name));
        variable.map_or_else(
            || self.file.display().to_string(),
            |variable| format!("environment variable {variable}"),
        )
    }

    /// A fault of one key.
    pub(super) fn fault(&self, key: &str, what: impl fmt::Display, remedy: &str) -> ConfigError {
        ConfigError::Key {
            place: self.of(key),
            key: key.to_owned(),
            what: what.to_string(),
            remedy: remedy.to_owned(),
        }
    }
}

/// Why a configuration is refused. Never holds a value that could be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: cannot be read: {why}; {remedy}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        why: String,
        /// What to do.
        remedy: String,
    },
    /// The file is not TOML.
    #[error("{}: {at}not TOML: {what}", file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// `line 3, column 7: `, or nothing where it is not known.
        at: String,
        /// What the parser says, without the text of the line.
        what: String,
    },
    /// A key is wrong.
    #[error("{place}: key `{key}`: {what}; {remedy}")]
    Key {
        /// The file, or the environment variable that sets the key.
        place: String,
        /// The key with its sections, `capture.settle_ms`.
        key: String,
        /// What is wrong.
        what: String,
        /// What to do.
        remedy: String,
    },
}

impl ConfigError {
    /// A fault of one key; of a section that was never read from a file, without its place.
    pub(super) fn at(place: Option<&Place>, key: &str, what: impl fmt::Display, remedy: &str) -> Self {
        place.map(|place| place.fault(key, &what, remedy)).unwrap_or_else(|| Self::Key {
            place: "configuration".into(),
            key: key.to_owned(),
            what: what.to_string(),
            remedy: remedy.to_owned(),
        })
    }
}

pub(super) fn unreadable(file: &Path, fault: &std::io::Error) -> ConfigError {
    let shown = file.display();
    let (why, remedy) = match fault.kind() {
        std::io::ErrorKind::NotFound => (
            "there is no such file".to_owned(),
            "name one with --config, or copy tonegate.example.toml there".to_owned(),
        ),
        std::io::ErrorKind::PermissionDenied => {
            ("permission denied".to_owned(), format!("run: chown root:tonegate {shown} && chmod 640 {shown}"))
        }
        std::io::ErrorKind::InvalidData => ("it is not UTF-8 text".to_owned(), "save it as UTF-8".to_owned()),
        _ => (fault.to_string(), "check the path and the disk".to_owned()),
    };
    ConfigError::Unreadable { file: file.into(), why, remedy }
}

/// The parser shows the line it stumbles over; that line may hold a secret, so only its number is kept.
pub(super) fn syntax(file: &Path, fault: &config::ConfigError) -> ConfigError {
    let text = fault.to_string();
    let mut at = String::new();
    let mut what = Vec::new();
    for line in text.lines() {
        if let Some(position) = line.strip_prefix("TOML parse error at ") {
            at = format!("{position}: ");
        } else if !line
            .split_once('|')
            .is_some_and(|(left, _)| left.trim().parse::<u32>().is_ok() || left.trim().is_empty())
        {
            what.push(line.trim());
        }
    }
    ConfigError::Syntax { file: file.into(), at, what: what.join(" ").trim().to_owned() }
}

/// An entry of a list has no name of its own that a variable could use.
pub(super) fn refuse_list_overrides(place: &Place, list: &str) -> Result<(), ConfigError> {
    let prefix = format!("{ENVIRONMENT_PREFIX}{ENVIRONMENT_SEPARATOR}{list}{ENVIRONMENT_SEPARATOR}")
        .to_ascii_uppercase();
    match place.variables.iter().find(|name| name.to_ascii_uppercase().starts_with(&prefix)) {
        None => Ok(()),
        Some(name) => Err(ConfigError::Key {
            place: format!("environment variable {name}"),
            key: list.into(),
            what: format!("a [[{list}]] entry cannot be set from the environment"),
            remedy: "unset the variable and write the key in the file".into(),
        }),
    }
}

/// Turns what serde says about a tree into place, key, fault and remedy. `above` is where the tree hangs.
pub(super) fn explain<E: fmt::Display>(
    place: &Place,
    above: &str,
    fault: &serde_path_to_error::Error<E>,
) -> ConfigError {
    let path = match fault.path().to_string() {
        root if root == "." => String::new(),
        path => path,
    };
    let within = join(above, &path);
    let text = fault.inner().to_string();
    // `config` repeats path and origin after the message.
    let text = text.split_once(" for key `").map_or(text.as_str(), |(message, _)| message);
    let quoted =
        |text: &str| -> Vec<String> { text.split('`').skip(1).step_by(2).map(str::to_owned).collect() };

    if text.starts_with("unknown field") {
        let mut names = quoted(text).into_iter();
        let wrong = names.next().unwrap_or_default();
        let known: Vec<String> = names.collect();
        let section = within.strip_suffix(&wrong).map_or(within.as_str(), |rest| rest.trim_end_matches('.'));
        return place.fault(&join(section, &wrong), "unknown key", &suggest(&wrong, &known));
    }
    if let Some(name) = missing(text) {
        let key = join(&within, &name);
        return place.fault(&key, "missing", "it has no default; the example file shows it");
    }
    if text.starts_with("unknown variant") {
        let mut names = quoted(text).into_iter();
        let wrong = names.next().unwrap_or_default();
        let known: Vec<String> = names.collect();
        return place.fault(&within, format_args!("`{wrong}` is not possible"), &suggest(&wrong, &known));
    }
    if let Some(rest) = text.strip_prefix("invalid type: ").or_else(|| text.strip_prefix("invalid value: ")) {
        let (found, expected) = rest.rsplit_once(", expected ").unwrap_or((rest, "something else"));
        // The value itself stays unsaid.
        let found = found.split(['"', '`']).next().unwrap_or_default().trim();
        return place.fault(
            &within,
            format_args!("wrong kind of value: {found}"),
            &format!("write {expected}"),
        );
    }
    match text.split_once("; ") {
        Some((what, remedy)) => place.fault(&within, what, remedy),
        None => place.fault(&within, text, "the example file shows how it is written"),
    }
}

fn missing(text: &str) -> Option<String> {
    let rest =
        text.strip_prefix("missing configuration field ").or_else(|| text.strip_prefix("missing field "))?;
    let name = rest.trim_matches(['"', '`']);
    // `config` hands the whole path on; the path is known already.
    Some(name.rsplit(['.', ']']).next().unwrap_or(name).to_owned())
}

fn join(section: &str, key: &str) -> String {
    match (section.is_empty(), key.is_empty()) {
        (true, _) => key.to_owned(),
        (_, true) => section.to_owned(),
        _ => format!("{section}.{key}"),
    }
}

/// The near miss, or the whole list.
pub(super) fn suggest(wrong: &str, known: &[String]) -> String {
    let near = known
        .iter()
        .map(|name| (distance(wrong, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len().min(wrong.len()) / 4)
        .min();
    match near {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "remove it".into(),
        None => format!("possible here: {}", known.join(", ")),
    }
}

/// Levenshtein: letters to insert, delete or replace.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
