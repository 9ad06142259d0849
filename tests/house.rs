//! The laws of the house, held against the source itself.

use std::fs;

#[path = "house/source.rs"]
mod source;
use source::{is_word, root, rust_files, word};

mod layers {
    use super::*;

    /// Rooms of `src/`, and all that each may use of the others.
    const PURE: [(&str, &[&str]); 2] = [("call", &["call", "card"]), ("card", &["card"])];
    /// Directories whose files never name each other.
    const STRANGERS: [(&str, &str); 11] = [
        ("pbx/freeswitch", "pbx/rehearsal"),
        ("pbx/asterisk", "pbx/freeswitch"),
        ("pbx/asterisk", "pbx/rehearsal"),
        ("psp/generic", "psp/testbank"),
        ("psp/adyen", "psp/stripe"),
        ("psp/stripe", "psp/checkout"),
        ("psp/checkout", "psp/hyperswitch"),
        ("psp/hyperswitch", "psp/lyra"),
        ("psp/lyra", "psp/worldline"),
        ("psp/worldline", "psp/adyen"),
        ("psp/adyen", "psp/generic"),
    ];

    #[test]
    fn the_pure_rooms_import_nothing_of_the_rest() {
        for (room, allowed) in PURE {
            for file in rust_files(&["src"]).iter().filter(|file| file.is_in(&format!("src/{room}"))) {
                for used in rooms_used(&file.code()) {
                    assert!(allowed.contains(&used.as_str()), "{} uses crate::{used}", file.path);
                }
            }
        }
    }

    #[test]
    fn what_talks_to_a_pbx_knows_the_call_the_card_and_what_stands_below() {
        // The rehearsal PBX is a switch made of software: it hears tones and plays test phones.
        let below = ["pbx", "call", "card", "prompts", "config", "observe", "inspect"];
        for file in rust_files(&["src"]).iter().filter(|file| file.is_in("src/pbx")) {
            for used in rooms_used(&file.code()) {
                assert!(below.contains(&used.as_str()), "{} uses crate::{used}", file.path);
            }
        }
    }

    #[test]
    fn adapters_never_import_each_other() {
        for (one, other) in STRANGERS {
            for (here, there) in [(one, other), (other, one)] {
                let module = there.replace('/', "::");
                let (parent, name) = module.split_once("::").expect("a room and an adapter");
                let files = rust_files(&["src"]);
                // An adapter's tests may meet it with the rehearsal PBX.
                for file in files.iter().filter(|file| file.is_in(&format!("src/{here}")) && !file.is_test())
                {
                    let code = file.code();
                    let near = format!("super::{name}");
                    let far = format!("crate::{parent}::{name}");
                    assert!(!code.contains(&near) && !code.contains(&far), "{} uses {module}", file.path);
                }
            }
        }
    }

    /// The rooms named after `crate::`, those in braces included.
    fn rooms_used(code: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (at, _) in code.match_indices("crate::") {
            let rest = &code[at + "crate::".len()..];
            match rest.strip_prefix('{') {
                Some(group) => {
                    let group = &group[..group.find("};").unwrap_or(group.len())];
                    found.extend(split_top(group).into_iter().map(|part| word(part.trim())));
                }
                None => found.push(word(rest)),
            }
        }
        found.retain(|room| !room.is_empty());
        found
    }

    /// Parts between commas that stand in no further braces.
    fn split_top(group: &str) -> Vec<&str> {
        let (mut parts, mut depth, mut from) = (Vec::new(), 0_u32, 0);
        for (at, letter) in group.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    parts.push(&group[from..at]);
                    from = at + 1;
                }
                _ => {}
            }
        }
        parts.push(&group[from..]);
        parts
    }

    #[test]
    fn imports_in_braces_are_seen() {
        let code = "use crate::{call::{Line, Party}, pbx};\nuse crate::card::Key;";
        assert_eq!(rooms_used(code), ["call", "pbx", "card"]);
    }
}

mod words {
    use super::*;

    /// Files longer than [`LINES_MAX`], with the length they may not grow beyond.
    const LONG: [(&str, usize); 2] = [("src/inspect/simulation/world.rs", 479), ("src/store/tests.rs", 398)];
    const LINES_MAX: usize = 300;

    #[test]
    fn unsafe_stands_in_two_rooms_only() {
        for file in rust_files(&["src"]) {
            let allowed = file.is_in("src/card") || file.is_in("src/harden");
            let word = |line: &str| line.split(|c: char| !is_word(c)).any(|word| word == "unsafe");
            assert!(allowed || !file.code().lines().any(word), "{} is unsafe", file.path);
        }
    }

    #[test]
    fn nothing_is_left_to_do_and_nobody_shouts() {
        for file in rust_files(&["src"]) {
            let code = file.code();
            for macro_name in ["dbg!", "todo!", "unimplemented!"] {
                assert!(!calls(&code, macro_name), "{} has {macro_name}", file.path);
            }
            let may_print = file.is_in("src/cli") || file.path == "src/main.rs" || file.is_test();
            if !may_print {
                for macro_name in ["println!", "print!", "eprintln!", "eprint!"] {
                    assert!(!calls(&code, macro_name), "{} has {macro_name}", file.path);
                }
            }
        }
    }

    #[test]
    fn routes_of_the_api_stand_in_its_document() {
        for file in rust_files(&["src/api"]).iter().filter(|file| !file.is_test()) {
            // Those that are added with `routes!` are described by what serves them; others are not.
            assert!(
                !file.code().contains(".route(\"/v1"),
                "{} serves what its document leaves out",
                file.path
            );
        }
    }

    #[test]
    fn durations_say_their_unit() {
        let units = ["_MS", "_S", "_US", "_NS", "_MIN", "_MINUTES", "_HOURS", "_DAYS", "_SECONDS"];
        let times = ["TIMEOUT", "DELAY", "PAUSE", "GRACE", "INTERVAL", "PATIENCE", "PERIOD", "TTL"];
        for file in rust_files(&["src"]) {
            for line in file.code().lines() {
                let Some((_, rest)) = line.split_once("const ") else { continue };
                let name = word(rest);
                let number = ["u64 =", "u32 =", "u16 =", "usize =", "i64 =", "f64 =", "f32 ="];
                let is_time = name.split('_').any(|part| times.contains(&part));
                if is_time && number.iter().any(|kind| rest.contains(kind)) && !name.contains("FACTOR") {
                    let said = units.iter().any(|unit| format!("{name}_").contains(&format!("{unit}_")));
                    assert!(said, "{}: {name} does not say its unit", file.path);
                }
            }
        }
    }

    #[test]
    fn files_stay_short() {
        for file in rust_files(&["src", "tests", "benches"]) {
            let lines = file.text.lines().count();
            let ceiling = LONG.iter().find(|(path, _)| *path == file.path).map_or(LINES_MAX, |(_, n)| *n);
            assert!(lines <= ceiling, "{} has {lines} lines, {ceiling} at most", file.path);
        }
    }

    #[test]
    fn the_list_of_long_files_holds_no_short_ones() {
        for (path, ceiling) in LONG {
            let text = fs::read_to_string(root().join(path)).unwrap_or_default();
            assert!(text.lines().count() > LINES_MAX, "{path} is short now: strike it from the list");
            assert!(ceiling > LINES_MAX);
        }
    }

    /// Whether the macro is called, and not merely part of another's name.
    fn calls(code: &str, macro_name: &str) -> bool {
        code.match_indices(macro_name).any(|(at, _)| !code[..at].ends_with(is_word))
    }
}

mod secrets {
    use super::*;

    /// The source that tests alone compile, and the two rooms that publish test numbers.
    #[test]
    fn no_card_number_is_written_down() {
        for file in rust_files(&["src"]) {
            // The test bank answers published test numbers, and needs them by name.
            let publishes =
                ["src/inspect", "src/card", "src/psp/testbank"].iter().any(|room| file.is_in(room));
            if !publishes && !file.is_test() {
                let number = pan_like(&file.code());
                assert_eq!(number, None, "{} holds what looks like a card number", file.path);
            }
        }
    }

    #[test]
    fn what_looks_like_a_card_number_is_found() {
        assert!(pan_like("a 4111111111111111 b").is_some());
        assert!(pan_like("a 4111111111111112 b").is_none());
        assert!(pan_like("4111_1111_1111_1111").is_some(), "digits may stand in groups");
    }

    /// 13 to 19 digits in a row, or grouped by `_`, whose check digit fits (ISO/IEC 7812-1).
    fn pan_like(code: &str) -> Option<usize> {
        let mut digits = Vec::new();
        for (at, letter) in code.char_indices().chain([(code.len(), ' ')]) {
            match letter.to_digit(10) {
                Some(digit) => digits.push(digit),
                None if letter == '_' && !digits.is_empty() => {}
                None => {
                    let zero = digits.iter().all(|digit| *digit == 0);
                    if (13..=19).contains(&digits.len()) && !zero && luhn(&digits) {
                        return Some(at - digits.len());
                    }
                    digits.clear();
                }
            }
        }
        None
    }

    fn luhn(digits: &[u32]) -> bool {
        let doubled = |n: u32| if n > 4 { 2 * n - 9 } else { 2 * n };
        let sum: u32 =
            digits.iter().rev().enumerate().map(|(at, n)| if at % 2 == 1 { doubled(*n) } else { *n }).sum();
        sum.is_multiple_of(10)
    }
}

mod front_door {
    use super::*;

    const TOP: [&str; 17] = [
        "Cargo.toml",
        "Cargo.lock",
        "src",
        "dialplan",
        "sounds",
        "tests",
        "packaging",
        "README.md",
        "CHANGELOG.md",
        "deny.toml",
        "docs",
        "benches",
        "fuzz",
        ".ci",
        ".gitignore",
        "rustfmt.toml",
        ".git",
    ];

    #[test]
    fn the_top_level_holds_what_belongs_there() {
        for entry in fs::read_dir(root()).expect("the repository") {
            let name = entry.expect("an entry").file_name().into_string().expect("a plain name");
            // Built by cargo, ignored by git.
            let known = TOP.contains(&name.as_str()) || name.starts_with("LICENSE") || name == "target";
            assert!(known, "`{name}` does not belong at the top level");
        }
    }
}
