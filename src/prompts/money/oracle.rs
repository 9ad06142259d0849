//! Our numbers against those of `num2words`, which somebody else wrote.
//!
//! `num2words` knows numbers, not what stands behind them: the few words that change before a noun, and the nouns,
//! are written down here once more, in another way than the grammars have them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

use super::*;

/// A Python that has num2words, in the environment: `tests/run` makes one.
const PYTHON: &str = "TONEGATE_NUM2WORDS";
/// The largest amount, in minor units.
const LARGEST: u64 = 999_999_999;
/// Amounts that are compared in each language.
const AMOUNTS_MIN: usize = 40_000;

/// A mistake of num2words: what it says, what is right, and in which numbers.
type Mistake = (&'static str, &'static str, fn(u64) -> bool);

/// What num2words calls the languages, and its mistakes.
const LANGUAGES: [(Language, &str, &[Mistake]); 6] = [
    (Language::English, "en", &[]),
    (Language::French, "fr", &[]),
    // "uno" is cut short before "mil" (Diccionario panhispánico de dudas, "uno").
    (
        Language::Spanish,
        "es",
        &[("veintiuno mil", "veintiún mil", |_| true), ("uno mil", "un mil", |_| true)],
    ),
    // An "i" lost: 118 is "centodiciotto".
    (Language::Italian, "it", &[("dicotto", "diciotto", |_| true)]),
    // Between groups, "e" stands before the last one alone: "um milhão dois mil e cem" (Cunha and Cintra, Nova
    // gramática do português contemporâneo, on cardinal numbers).
    (
        Language::Portuguese,
        "pt_BR",
        &[("milhão e ", "milhão ", is_of_three_groups), ("milhões e ", "milhões ", is_of_three_groups)],
    ),
    // "eins" ends a number and is "ein" inside: "einhunderteintausend".
    (Language::German, "de", &[("einstausend", "eintausend", |_| true)]),
];

fn is_of_three_groups(n: u64) -> bool {
    n >= 1_000_000 && !(n / 1_000).is_multiple_of(1_000) && !n.is_multiple_of(1_000)
}

fn amounts() -> impl Iterator<Item = u64> {
    let small = 1..=20_000;
    let thousands = (1..10_000).map(|n| n * 100_000);
    small.chain(thousands).chain((20_000..LARGEST).step_by(66_467)).chain([LARGEST])
}

/// What num2words says, a number each.
fn asked(code: &str, numbers: &BTreeSet<u64>) -> BTreeMap<u64, String> {
    let Some(python) = std::env::var_os(PYTHON) else {
        panic!("{PYTHON} names no Python with num2words: python3 -m venv and pip install num2words make one");
    };
    let mut child = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/num2words/ask.py"))
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python");
    let mut questions = child.stdin.take().expect("a pipe");
    let lines: String = numbers.iter().map(|n| format!("{code} {n}\n")).collect();
    let asking = std::thread::spawn(move || questions.write_all(lines.as_bytes()));
    let answers = child.wait_with_output().expect("answers");
    asking.join().expect("a thread").expect("every question is read");
    assert!(answers.status.success(), "num2words does not answer in {code}");
    let answers = String::from_utf8(answers.stdout).expect("UTF-8");
    let answers: Vec<&str> = answers.lines().collect();
    assert_eq!(answers.len(), numbers.len(), "answers in {code}");
    numbers.iter().copied().zip(answers.into_iter().map(str::to_owned)).collect()
}

/// For whoever watches `tests/run`.
fn told(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("standard output");
}

/// What sounds the same is written the same.
fn heard(words: &str, language: Language) -> String {
    let accents = [('á', 'a'), ('é', 'e'), ('í', 'i'), ('ó', 'o'), ('ú', 'u')];
    let plain = |c: char| accents.iter().find(|(accent, _)| *accent == c).map_or(c, |(_, plain)| *plain);
    let lower = words.to_lowercase();
    let words = lower.split([' ', '-', ',']).map(|word| match (language, word) {
        // Plurals are not heard: "deux cents", "quatre-vingts", "mille un euros".
        (Language::French, "cents" | "vingts" | "euros") => &word[..word.len() - 1],
        _ => word,
    });
    let joined: String = words.flat_map(str::chars).map(plain).collect();
    match language {
        // "centootto" and "centotto", "centoottanta" and "centottanta" are the same numbers.
        Language::Italian => joined.replace("oo", "o"),
        _ => joined,
    }
}

/// A number as it is before a masculine noun.
fn before_noun(words: &str, n: u64, language: Language) -> String {
    match language {
        Language::Spanish if words.ends_with("veintiuno") => words.replace("veintiuno", "veintiún"),
        Language::Spanish if words.ends_with("uno") => words[..words.len() - 1].to_owned(),
        Language::Italian if n == 1 => "un".to_owned(),
        Language::German if n == 1 => "ein".to_owned(),
        _ => words.to_owned(),
    }
}

/// The nouns: one, several, round millions; a hundredth, several; what joins them.
fn nouns(language: Language) -> [&'static str; 6] {
    match language {
        Language::English => ["euro", "euros", "euros", "cent", "cents", "and"],
        Language::French => ["euro", "euros", "d'euros", "centime", "centimes", "et"],
        Language::Spanish => ["euro", "euros", "de euros", "céntimo", "céntimos", "con"],
        Language::Italian => ["euro", "euro", "di euro", "centesimo", "centesimi", "e"],
        Language::Portuguese => ["euro", "euros", "de euros", "cêntimo", "cêntimos", "e"],
        Language::German => ["Euro", "Euro", "Euro", "Cent", "Cent", "und"],
    }
}

#[test]
#[ignore = "run by tests/run, which installs num2words"]
fn num2words_counts_as_we_do() {
    let mut differences = Vec::new();
    for (language, code, mistakes) in LANGUAGES {
        let numbers = amounts().flat_map(|minor| [minor / 100, minor % 100]).collect();
        let mut theirs = asked(code, &numbers);
        for (wrong, right, is_concerned) in mistakes {
            let made = theirs.iter_mut().filter(|(n, words)| is_concerned(**n) && words.contains(wrong));
            let count = made.map(|(_, words)| *words = words.replace(wrong, right)).count();
            assert!(count > 0, "num2words no longer says `{wrong}` in {language}: strike it from the list");
            told(&format!("{language}: {count} numbers with num2words' `{wrong}` for `{right}`"));
        }
        for (n, words) in &theirs {
            let mut speech = Speech::new(language);
            number(&mut speech, *n, language);
            if heard(&speech.words(), language) != heard(words, language) {
                differences.push(format!("{language}: {n} is `{}`, by num2words `{words}`", speech.words()));
            }
        }
        let (mut compared, [one, many, millions, cent, cents, and]) = (0, nouns(language));
        for minor in amounts() {
            let (whole, rest) = (minor / 100, minor % 100);
            let is_one = |n: u64| n == 1 || (n == 0 && language == Language::French);
            let mut words = Vec::new();
            if whole > 0 {
                words.push(before_noun(&theirs[&whole], whole, language));
                let round = whole.is_multiple_of(1_000_000);
                words.push(
                    if is_one(whole) {
                        one
                    } else if round {
                        millions
                    } else {
                        many
                    }
                    .to_owned(),
                );
            }
            if whole > 0 && rest > 0 {
                words.push(and.to_owned());
            }
            if rest > 0 {
                words.push(before_noun(&theirs[&rest], rest, language));
                words.push(if is_one(rest) { cent } else { cents }.to_owned());
            }
            let mut speech = Speech::new(language);
            let euros = "EUR".parse().expect("a currency");
            say(
                &mut speech,
                Money { minor: i64::try_from(minor).expect("small"), currency: euros },
                language,
            );
            let ours = speech.words();
            let theirs = words.join(" ");
            if heard(&ours, language) != heard(&theirs, language) {
                differences.push(format!("{language}: {minor} is `{ours}`, by num2words `{theirs}`"));
            }
            compared += 1;
        }
        assert!(compared >= AMOUNTS_MIN, "{compared}");
        told(&format!("{language}: {} numbers and {compared} amounts", theirs.len()));
    }
    assert!(
        differences.is_empty(),
        "{} differences: {:#?}",
        differences.len(),
        &differences[..12.min(differences.len())]
    );
}
