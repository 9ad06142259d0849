//! How people are spoken to: what is understood, and what is refused.

use super::*;

/// The usual file with a section of the merchant's behind everything else.
fn with(speech: &str) -> String {
    format!("{GOOD}\n[merchant.speech]\n{speech}")
}

#[test]
fn a_line_has_a_language_and_recordings_of_its_own() {
    let place = Place::new();
    fs::create_dir(place.directory.path().join("hotline")).unwrap();
    let text = with(
        "other_languages = [\"fr\"]\nby_country = true\nwording = \"by-experience\"\npace = \"slow\"\nreceipt = \"always\"\n\
         [[merchant.speech.line]]\nnumbers = \"+33 1 99 00 12 34,0199001234\"\nlanguage = \"fr\"\nprompts_directory = \"hotline\"\n",
    );
    let config = place.load(&text, &[]).unwrap();
    let speech = &config.merchants.all()[0].speech;
    assert_eq!(
        (speech.wording, speech.pace, speech.receipt),
        (WordingChoice::ByExperience, PaceChoice::Slow, ReceiptChoice::Always)
    );
    let line = speech.line_of(Some("33199001234")).expect("the line");
    assert_eq!(line.language.as_deref(), Some("fr"));
    assert_eq!(line.prompts_directory, Some(place.directory.path().join("hotline")), "as seen from the file");
    assert!(speech.line_of(Some("1001")).is_none() && speech.line_of(None).is_none());
}

#[test]
fn what_cannot_be_spoken_is_answered_with_key_and_remedy() {
    let place = Place::new();
    let line = |rest: &str| with(&format!("[[merchant.speech.line]]\n{rest}"));
    for (text, fault) in [
        (with("agent_language = \"nl\"\n"), "merchant.speech.agent_language`: there are no prompts in `nl`"),
        (
            with("other_languages = [\"fr\", \"nl\"]\n"),
            "merchant.speech.other_languages`: there are no prompts",
        ),
        (with("by_country = true\n"), "merchant.speech.by_country`: there is only one language; name in"),
        (line("language = \"fr\"\n"), "merchant.speech.line[0].numbers`: none; name the numbers"),
        (line("numbers = [\"1001\"]\n"), "merchant.speech.line[0].numbers`: nothing differs for them"),
        (line("numbers = [\"x y!\"]\nlanguage = \"fr\"\n"), "`x y!` is not a telephone number"),
        (
            line("numbers = [\"1\"]\nlanguage = \"nl\"\n"),
            "merchant.speech.line[0].language`: there are no prompts",
        ),
        (
            line("numbers = [\"1\"]\nprompts_directory = \"nowhere\"\n"),
            "nowhere is not a directory; create it, or leave the key out",
        ),
        (
            line(
                "numbers = [\"1\"]\nlanguage = \"fr\"\n[[merchant.speech.line]]\nnumbers = [\"+1\"]\nlanguage = \"en\"\n",
            ),
            "merchant.speech.line[1].numbers`: `+1` stands in a line before already",
        ),
    ] {
        let told = place.load(&text, &[]).expect_err(&text).to_string();
        assert!(told.contains(fault), "{told}");
    }
}
