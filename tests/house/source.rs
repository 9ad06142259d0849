//! The source tree, read for the laws.

use std::fs;
use std::path::{Path, PathBuf};

/// One source file.
pub struct Source {
    /// From the repository's top, with `/`.
    pub path: String,
    pub text: String,
}

impl Source {
    pub fn is_in(&self, room: &str) -> bool {
        self.path.strip_prefix(room).is_some_and(|rest| rest.starts_with('/') || rest.starts_with('.'))
    }

    /// Whether only tests compile it.
    pub fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "tests.rs")
    }

    /// The source without comments and without the test module at its end.
    pub fn code(&self) -> String {
        let shipped = self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = shipped.lines().filter(|line| !line.trim_start().starts_with("//"));
        lines.map(|line| line.split(" // ").next().unwrap_or(line)).collect::<Vec<_>>().join("\n")
    }
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file under these directories, sorted.
pub fn rust_files(tops: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    for top in tops {
        gather(&root().join(top), &mut found);
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(found.len() > 5, "the source is where it is looked for");
    found
}

fn gather(directory: &Path, found: &mut Vec<Source>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            gather(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let relative = path.strip_prefix(root()).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(&path).expect("a readable file");
            found.push(Source { path: relative, text });
        }
    }
}

pub fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The identifier a text begins with.
pub fn word(text: &str) -> String {
    text.chars().take_while(|letter| is_word(*letter)).collect()
}
