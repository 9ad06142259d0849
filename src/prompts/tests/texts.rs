//! The texts by themselves: whole, and not over-long.

use super::*;

#[test]
fn no_text_is_over_long() {
    for language in Language::ALL {
        for line in script(language) {
            let most = if line.listener == Party::Agent { WHISPER_MAX_LETTERS } else { CUSTOMER_MAX_LETTERS };
            let letters = line.sentence.chars().count();
            assert!(letters <= most, "{} in {language} has {letters} letters: {}", line.id, line.sentence);
        }
    }
}

#[test]
fn every_id_is_in_every_language() {
    // Numbers and units are each grammar's own: what it says is held against its catalogue by the amounts above.
    let grammars = ["hundred-", "thousand", "million", "euro", "cent", "of-", "day-"];
    let is_number =
        |id: &str| id.strip_prefix("number-").is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit()));
    let grammars = |id: &str| is_number(id) || grammars.iter().any(|own| id.starts_with(own));
    let ids = |language| {
        let all = script(language).into_iter().map(|line| line.id.name()).filter(|id| !grammars(id));
        all.collect::<std::collections::BTreeSet<_>>()
    };
    let english = ids(Language::English);
    assert!(english.len() > 140, "{}", english.len());
    // The pieces of a sentence with slots may be fewer where a language puts a slot at an end.
    let piece = |id: &&&str| !id.ends_with(|c: char| c.is_ascii_digit());
    for language in Language::ALL {
        let other = ids(language);
        let lacking: Vec<_> = english.symmetric_difference(&other).filter(|id| piece(id)).collect();
        assert!(lacking.is_empty(), "{language}: {lacking:?}");
    }
}
