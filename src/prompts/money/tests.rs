use super::*;

fn money(minor: i64, currency: &str) -> Money {
    Money { minor, currency: currency.parse().expect("a currency") }
}

fn spoken(minor: i64, currency: &str, language: Language) -> String {
    let mut speech = Speech::new(language);
    say(&mut speech, money(minor, currency), language);
    speech.words()
}

fn counted(n: u64, language: Language) -> String {
    let mut speech = Speech::new(language);
    number(&mut speech, n, language);
    speech.words()
}

#[test]
fn english_amounts() {
    let say = |minor, currency| spoken(minor, currency, Language::English);
    assert_eq!(say(100, "EUR"), "one euro");
    assert_eq!(say(1250, "EUR"), "twelve euros and fifty cents");
    assert_eq!(say(1, "GBP"), "one penny");
    assert_eq!(say(101, "GBP"), "one pound and one penny");
    assert_eq!(say(99, "GBP"), "ninety-nine pence");
    assert_eq!(say(0, "USD"), "zero dollars");
    assert_eq!(say(210_405, "USD"), "two thousand one hundred and four dollars and five cents");
    assert_eq!(say(100_000, "CAD"), "one thousand Canadian dollars");
    assert_eq!(say(12_345, "CHF"), "one hundred and twenty-three Swiss francs and forty-five centimes");
    assert_eq!(say(1250, "SEK"), "twelve point five zero S E K");
    assert_eq!(say(1200, "SEK"), "twelve S E K");
    assert_eq!(say(1005, "BHD"), "one point zero zero five B H D");
    assert_eq!(say(1_500_000, "JPY"), "one million five hundred thousand J P Y");
}

#[test]
fn french_amounts() {
    let say = |minor, currency| spoken(minor, currency, Language::French);
    assert_eq!(say(0, "EUR"), "zéro euro");
    assert_eq!(say(50, "EUR"), "cinquante centimes");
    assert_eq!(say(1, "EUR"), "un centime");
    assert_eq!(say(100, "EUR"), "un euro");
    assert_eq!(say(1250, "EUR"), "douze euros et cinquante centimes");
    assert_eq!(say(8000, "EUR"), "quatre-vingts euros");
    assert_eq!(say(20_000, "EUR"), "deux cents euros");
    assert_eq!(say(29_900, "EUR"), "deux cents quatre-vingt-dix-neuf euros");
    assert_eq!(say(100_000, "EUR"), "mille euros");
    assert_eq!(say(200_100, "EUR"), "deux mille un euro"); // heard as "deux mille un euros"
    assert_eq!(say(100_000_000, "EUR"), "un million d'euros");
    assert_eq!(say(210_000_000, "EUR"), "deux millions cent mille euros");
    assert_eq!(say(200_000_000, "USD"), "deux millions de dollars");
    assert_eq!(say(100, "GBP"), "une livre");
    assert_eq!(say(2101, "GBP"), "vingt et une livres et un penny");
    assert_eq!(say(2_100_000, "GBP"), "vingt et un mille livres");
    assert_eq!(say(7100, "GBP"), "soixante et onze livres");
    assert_eq!(say(18_100, "GBP"), "cent quatre-vingt-une livres");
    assert_eq!(say(150, "USD"), "un dollar et cinquante cents");
    assert_eq!(say(300, "CAD"), "trois dollars canadiens");
    assert_eq!(say(105, "CHF"), "un franc suisse et cinq centimes");
    assert_eq!(say(1250, "SEK"), "douze virgule cinq zéro S E K");
}

#[test]
fn numbers_that_trip_people_up() {
    let english = |n| counted(n, Language::English);
    assert_eq!(english(0), "zero");
    assert_eq!(english(100), "one hundred");
    assert_eq!(english(101), "one hundred and one");
    assert_eq!(english(1_000), "one thousand");
    assert_eq!(english(1_001), "one thousand and one");
    assert_eq!(english(1_100), "one thousand one hundred");
    assert_eq!(english(1_000_012), "one million and twelve");
    assert_eq!(english(2_003_004), "two million three thousand and four");
    assert_eq!(english(115_116), "one hundred and fifteen thousand one hundred and sixteen");
    let french = |n| counted(n, Language::French);
    for (n, words) in [
        (21, "vingt et un"),
        (70, "soixante-dix"),
        (71, "soixante et onze"),
        (80, "quatre-vingts"),
        (81, "quatre-vingt-un"),
        (91, "quatre-vingt-onze"),
        (99, "quatre-vingt-dix-neuf"),
        (100, "cent"),
        (101, "cent un"),
        (1_000, "mille"),
        (1_001, "mille un"),
        (1_981, "mille neuf cents quatre-vingt-un"),
        (21_000, "vingt et un mille"),
        (100_000, "cent mille"),
        (1_000_000, "un million"),
        (2_001_000, "deux millions mille"),
    ] {
        assert_eq!(french(n), words);
    }
}

#[test]
fn spanish_amounts() {
    let say = |minor, currency| spoken(minor, currency, Language::Spanish);
    assert_eq!(say(0, "EUR"), "cero euros");
    assert_eq!(say(1, "EUR"), "un céntimo");
    assert_eq!(say(100, "EUR"), "un euro");
    assert_eq!(say(1250, "EUR"), "doce euros con cincuenta céntimos");
    assert_eq!(say(2121, "EUR"), "veintiún euros con veintiún céntimos");
    assert_eq!(say(3131, "USD"), "treinta y un dólares con treinta y un centavos");
    assert_eq!(say(10_000, "EUR"), "cien euros");
    assert_eq!(say(10_100, "EUR"), "ciento un euros");
    assert_eq!(say(100_100, "EUR"), "mil un euros");
    assert_eq!(say(2_100_000, "EUR"), "veintiún mil euros");
    assert_eq!(say(100_000_000, "EUR"), "un millón de euros");
    assert_eq!(say(2_150_000_000, "EUR"), "veintiún millones quinientos mil euros");
    assert_eq!(say(100, "GBP"), "una libra");
    assert_eq!(say(101, "GBP"), "una libra con un penique");
    assert_eq!(say(2100, "GBP"), "veintiuna libras");
    assert_eq!(say(1100, "GBP"), "once libras");
    assert_eq!(say(20_100, "GBP"), "doscientas una libras");
    assert_eq!(say(22_120_100, "GBP"), "doscientas veintiuna mil doscientas una libras");
    assert_eq!(say(20_000_000_000, "GBP"), "doscientos millones de libras");
    assert_eq!(say(300, "CAD"), "tres dólares canadienses");
    assert_eq!(say(50_005, "CHF"), "quinientos francos suizos con cinco céntimos");
    assert_eq!(say(2101, "MXN"), "veintiuno coma cero uno M X N");
    assert_eq!(say(2_100_000, "MXN"), "veintiún mil M X N");
}

#[test]
fn italian_amounts() {
    let say = |minor, currency| spoken(minor, currency, Language::Italian);
    assert_eq!(say(0, "EUR"), "zero euro");
    assert_eq!(say(1, "EUR"), "un centesimo");
    assert_eq!(say(100, "EUR"), "un euro");
    assert_eq!(say(1250, "EUR"), "dodici euro e cinquanta centesimi");
    assert_eq!(say(2823, "EUR"), "ventotto euro e ventitré centesimi");
    assert_eq!(say(100_000, "EUR"), "mille euro");
    assert_eq!(say(200_100, "USD"), "due mila uno dollari");
    assert_eq!(say(100_000_000, "EUR"), "un milione di euro");
    assert_eq!(say(220_000_000, "EUR"), "due milioni e duecento mila euro");
    assert_eq!(say(100, "GBP"), "una sterlina");
    assert_eq!(say(2100, "GBP"), "ventuno sterline");
    assert_eq!(say(2, "GBP"), "due pence");
    assert_eq!(say(100, "CHF"), "un franco svizzero");
    assert_eq!(say(18_000, "CAD"), "cento ottanta dollari canadesi");
    assert_eq!(say(1250, "SEK"), "dodici virgola cinque zero S E K");
}

#[test]
fn portuguese_amounts() {
    let say = |minor, currency| spoken(minor, currency, Language::Portuguese);
    assert_eq!(say(0, "EUR"), "zero euros");
    assert_eq!(say(101, "EUR"), "um euro e um cêntimo");
    assert_eq!(say(1650, "USD"), "dezesseis dólares e cinquenta centavos");
    assert_eq!(say(10_000, "EUR"), "cem euros");
    assert_eq!(say(10_100, "EUR"), "cento e um euros");
    assert_eq!(say(100_100, "EUR"), "mil e um euros");
    assert_eq!(say(110_000, "EUR"), "mil e cem euros");
    assert_eq!(say(110_100, "EUR"), "mil cento e um euros");
    assert_eq!(say(120_000, "EUR"), "mil e duzentos euros");
    assert_eq!(say(100_000_000, "EUR"), "um milhão de euros");
    assert_eq!(say(100_000_005, "EUR"), "um milhão de euros e cinco cêntimos");
    assert_eq!(say(120_000_000, "EUR"), "um milhão e duzentos mil euros");
    assert_eq!(say(200_000_100, "EUR"), "dois milhões e um euros");
    assert_eq!(say(100_210_000, "EUR"), "um milhão dois mil e cem euros");
    assert_eq!(
        say(123_456_700, "EUR"),
        "um milhão duzentos e trinta e quatro mil quinhentos e sessenta e sete euros"
    );
    assert_eq!(say(200, "GBP"), "duas libras");
    assert_eq!(say(2101, "GBP"), "vinte e uma libras e um pêni");
    assert_eq!(say(1200, "GBP"), "doze libras");
    assert_eq!(say(20_200, "GBP"), "duzentas e duas libras");
    assert_eq!(say(20_220_000, "GBP"), "duzentas e duas mil e duzentas libras");
    assert_eq!(say(300, "CAD"), "três dólares canadenses");
    assert_eq!(say(200, "CHF"), "dois francos suíços");
    assert_eq!(say(1250, "BRL"), "doze vírgula cinco zero B R L");
}

#[test]
fn german_amounts() {
    let say = |minor, currency| spoken(minor, currency, Language::German);
    assert_eq!(say(0, "EUR"), "null Euro");
    assert_eq!(say(101, "EUR"), "ein Euro und ein Cent");
    assert_eq!(say(1250, "EUR"), "zwölf Euro und fünfzig Cent");
    assert_eq!(say(2100, "EUR"), "einundzwanzig Euro");
    assert_eq!(say(10_100, "EUR"), "einhundert eins Euro");
    assert_eq!(say(100_000, "EUR"), "ein tausend Euro");
    assert_eq!(say(10_100_000, "EUR"), "einhundert ein tausend Euro");
    assert_eq!(say(100_000_000, "EUR"), "eine Million Euro");
    assert_eq!(say(200_000_100, "EUR"), "zwei Millionen eins Euro");
    assert_eq!(say(100, "GBP"), "ein Pfund");
    assert_eq!(say(150, "CHF"), "ein Schweizer Franken und fünfzig Rappen");
    assert_eq!(say(100, "CAD"), "ein kanadischer Dollar");
    assert_eq!(say(200, "CAD"), "zwei kanadische Dollar");
    assert_eq!(say(101, "SEK"), "eins Komma null eins S E K");
}

/// Reads English and French number words back: a second, different way through the same numbers. The other
/// languages are held against `num2words` (`oracle.rs`).
fn value(words: &str) -> u64 {
    let names: std::collections::HashMap<String, u64> = [Language::English, Language::French]
        .into_iter()
        .flat_map(|language| (0..100).map(move |n| (counted(n, language), n)))
        .collect();
    let (mut millions, mut thousands, mut hundreds, mut small) = (0, 0, 0, String::new());
    let take = |small: &mut String| {
        let words = std::mem::take(small);
        if words.is_empty() { 0 } else { names[words.trim()] }
    };
    for word in words.split(' ') {
        match word {
            "million" | "millions" => (millions, hundreds) = (hundreds + take(&mut small), 0),
            "thousand" | "mille" => {
                let count = hundreds + take(&mut small);
                (thousands, hundreds) = (if count == 0 { 1 } else { count }, 0);
            }
            "hundred" | "cent" | "cents" => {
                let count = take(&mut small);
                hundreds = 100 * if count == 0 { 1 } else { count };
            }
            "and" => {}
            word => small = format!("{small} {word}").trim().to_owned(),
        }
    }
    millions * 1_000_000 + thousands * 1_000 + hundreds + take(&mut small)
}

#[test]
fn every_number_means_itself() {
    let steps =
        (0..3_000).chain((3_000..100_000).step_by(37)).chain((100_000..LARGEST_SPOKEN).step_by(999_983));
    for n in steps.chain([LARGEST_SPOKEN]) {
        for language in [Language::English, Language::French] {
            let words = counted(n, language);
            assert_eq!(value(&words), n, "{words}");
            assert!(!words.contains("un mille") || n >= 21_000, "{words}");
        }
    }
}

#[test]
fn no_amount_meets_a_missing_clip() {
    // `Speech::say` asserts that each clip exists.
    for currency in ["EUR", "USD", "GBP", "CHF", "CAD", "SEK", "JPY", "BHD", "XYZ"] {
        for language in Language::ALL {
            for minor in (0..30_000)
                .step_by(7)
                .chain((30_000..i64::MAX / 20).step_by(46_116_860_184_273_879))
                .chain([100_000_000, i64::MAX, i64::MIN])
            {
                assert!(!spoken(minor, currency, language).is_empty());
            }
        }
    }
}

#[test]
fn amounts_are_written_as_people_write_them() {
    assert_eq!(show(money(123_450, "EUR"), Language::English), "€1,234.50");
    assert_eq!(show(money(123_450, "EUR"), Language::French), "1\u{202f}234,50\u{a0}€");
    assert_eq!(show(money(5, "GBP"), Language::English), "£0.05");
    assert_eq!(show(money(1_500_000, "JPY"), Language::English), "JPY\u{a0}1,500,000");
    assert_eq!(show(money(1_005, "BHD"), Language::French), "1,005\u{a0}BHD");
    assert_eq!(show(money(100, "CAD"), Language::French), "1,00\u{a0}$\u{a0}CA");
    assert_eq!(show(money(123_450, "EUR"), Language::German), "1.234,50\u{a0}€");
    assert_eq!(show(money(100, "CAD"), Language::Spanish), "1,00\u{a0}CAD");
}
