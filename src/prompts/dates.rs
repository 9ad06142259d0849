//! Days, spoken and shown: "the third of March, twenty twenty-six", "le premier mars", "am dritten März".

use jiff::civil::Date;

use super::catalogue::Catalogue;
use super::counting::number;
use super::language::Language;
use super::speech::Speech;

/// Says a day.
pub(super) fn say(speech: &mut Speech, date: Date, language: Language) {
    day(speech, date.day().unsigned_abs().into(), language);
    speech.say(&format!("month-{}", date.month()));
    year(speech, date.year().unsigned_abs().into(), language);
}

/// English and German have a word for the rank of each day; the others count, from the second day on.
fn day(speech: &mut Speech, day: u64, language: Language) {
    match language {
        Language::English | Language::German => speech.say(&format!("day-{day}")),
        Language::French | Language::Italian | Language::Portuguese if day == 1 => speech.say("day-1"),
        // "uno de marzo": Spain counts the first as well.
        _ => number(speech, day, language),
    }
}

/// A year is a number, but for English from 2010 on: "twenty ten", "twenty twenty-six".
fn year(speech: &mut Speech, year: u64, language: Language) {
    match (language, year) {
        (Language::English, 2_010..=2_099) => {
            speech.say("number-20");
            speech.say(&format!("number-{}", year % 100));
        }
        _ => number(speech, year, language),
    }
}

/// Writes a day as people of that language do.
pub(super) fn show(date: Date, language: Language) -> String {
    let month =
        Catalogue::of(language).clip(&format!("month-{}", date.month())).map_or("", |(_, words)| words);
    let (day, year) = (date.day(), date.year());
    match language {
        Language::German => format!("{day}. {month} {year}"),
        Language::French if day == 1 => format!("1er {month} {year}"),
        _ => format!("{day} {month} {year}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use jiff::civil::date;

    use super::*;

    fn said(date: Date, language: Language) -> String {
        let mut speech = Speech::new(language);
        say(&mut speech, date, language);
        speech.words()
    }

    #[test]
    fn days_are_said_as_people_say_them() {
        use Language::*;
        for (language, first, ordinary, old) in [
            (
                English,
                "the first of March twenty twenty-six",
                "the twenty-second of November twenty ten",
                "the thirty-first of December two thousand and nine",
            ),
            (
                French,
                "premier mars deux mille vingt-six",
                "vingt-deux novembre deux mille dix",
                "trente et un décembre deux mille neuf",
            ),
            (
                Spanish,
                "uno de marzo de dos mil veintiséis",
                "veintidós de noviembre de dos mil diez",
                "treinta y uno de diciembre de dos mil nueve",
            ),
            (
                Italian,
                "primo marzo due mila ventisei",
                "ventidue novembre due mila dieci",
                "trentuno dicembre due mila nove",
            ),
            (
                Portuguese,
                "primeiro de março de dois mil e vinte e seis",
                "vinte e dois de novembro de dois mil e dez",
                "trinta e um de dezembro de dois mil e nove",
            ),
            (
                German,
                "ersten März zwei tausend sechsundzwanzig",
                "zweiundzwanzigsten November zwei tausend zehn",
                "einunddreißigsten Dezember zwei tausend neun",
            ),
        ] {
            assert_eq!(said(date(2026, 3, 1), language), first);
            assert_eq!(said(date(2010, 11, 22), language), ordinary);
            assert_eq!(said(date(2009, 12, 31), language), old);
        }
    }

    #[test]
    fn no_two_days_sound_the_same_in_any_language() {
        for language in Language::ALL {
            let days: Vec<Date> =
                date(2024, 1, 1).series(jiff::ToSpan::days(1)).take_while(|day| day.year() < 2032).collect();
            assert_eq!(days.len(), 8 * 365 + 2, "{language}");
            let heard: HashSet<String> = days.iter().map(|day| said(*day, language)).collect();
            assert_eq!(heard.len(), days.len(), "{language}");
        }
    }

    #[test]
    fn days_are_written_as_people_write_them() {
        let shown = |language| show(date(2026, 3, 1), language);
        assert_eq!(shown(Language::English), "1 March 2026");
        assert_eq!(shown(Language::French), "1er mars 2026");
        assert_eq!(shown(Language::Spanish), "1 de marzo de 2026");
        assert_eq!(shown(Language::Italian), "1 marzo 2026");
        assert_eq!(shown(Language::Portuguese), "1 de março de 2026");
        assert_eq!(shown(Language::German), "1. März 2026");
    }
}
