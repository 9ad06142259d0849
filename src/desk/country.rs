//! The language that is spoken where a number belongs, as far as its country has one.

use crate::prompts::Language;

/// Country codes (ITU-T E.164), and a few codes of regions within one, of places where most people understand a language.
/// Switzerland, Belgium, Luxembourg and others with several are left out: a guess would be wrong too often.
const SPOKEN: [(Language, &[&str]); 6] = [
    (Language::English, &["1", "27", "44", "61", "64", "91", "233", "234", "254", "353"]),
    (
        Language::French,
        &[
            "33", "221", "223", "225", "226", "227", "228", "229", "237", "241", "242", "243", "261", "262",
            "377", "509", "590", "594", "596", "687", "689", // Québec:
            "1263", "1354", "1367", "1418", "1438", "1450", "1514", "1579", "1581", "1819", "1873",
        ],
    ),
    (
        Language::Spanish,
        &[
            "34", "51", "52", "53", "54", "56", "57", "58", "502", "503", "504", "505", "506", "507", "591",
            "593", "595", "598", // Puerto Rico and the Dominican Republic:
            "1787", "1809", "1829", "1849", "1939",
        ],
    ),
    (Language::Italian, &["39", "378"]),
    (Language::Portuguese, &["55", "238", "239", "244", "245", "258", "351"]),
    (Language::German, &["43", "49", "423"]),
];

/// The language of an international number (`+33…`, `0033…`); none of a number that does not say its country.
pub(super) fn language_of(number: &str) -> Option<Language> {
    let number = number.trim();
    let digits = number.strip_prefix('+').or_else(|| number.strip_prefix("00"))?;
    let codes =
        SPOKEN.into_iter().flat_map(|(language, codes)| codes.iter().map(move |code| (language, *code)));
    let fitting = codes.filter(|(_, code)| digits.starts_with(code));
    fitting.max_by_key(|(_, code)| code.len()).map(|(language, _)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_speaks_the_language_of_its_country() {
        for (number, language) in [
            ("+33612345678", Some(Language::French)),
            ("0033612345678", Some(Language::French)),
            ("+442079460000", Some(Language::English)),
            ("+12125550123", Some(Language::English)),
            ("+15145550123", Some(Language::French)),
            ("+17875550123", Some(Language::Spanish)),
            ("+5491155550123", Some(Language::Spanish)),
            ("+390612345678", Some(Language::Italian)),
            ("+351210000000", Some(Language::Portuguese)),
            ("+4930123456", Some(Language::German)),
            ("+41441234567", None),
            ("+3221234567", None),
            ("0612345678", None),
            ("33612345678", None),
            ("1001", None),
            ("anonymous", None),
            ("+", None),
        ] {
            assert_eq!(language_of(number), language, "{number}");
        }
    }

    #[test]
    fn no_code_stands_for_two_languages() {
        let mut all: Vec<&str> = SPOKEN.into_iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
