//! Several merchants and accounts: what is understood, and what is refused.

use super::*;

const TWO: &str = r#"
[pbx]
kind = "freeswitch"
[pbx.freeswitch]
password_file = "pbx.password"
[[merchant]]
id = "fr"
name = "Exemple SA"
currency = "EUR"
language = "fr"
psp = "bank"
fallback_psp = "second"
dialled_numbers = ["+33 1 99 00 12 34", "0199001234"]
queues = ["fr"]
[[merchant]]
id = "uk"
name = "Example Ltd"
currency = "GBP"
psp = "second"
dialled_numbers = ["+442079460000"]
queues = ["uk@default"]
default = true
[[psp]]
name = "bank"
kind = "generic"
url = "https://psp.example/charges"
[[psp]]
name = "second"
kind = "generic"
url = "https://other.example/charges"
[api]
key_file = "api.key"
"#;

#[test]
fn one_merchant_is_a_section_and_several_are_a_list() {
    let place = Place::new();
    let one = place.load(GOOD, &[]).unwrap();
    assert_eq!(one.merchants.all()[0].id, "main");
    assert_eq!(one.merchants.key(0, "psp"), "merchant.psp");
    let two = place.load(TWO, &[]).unwrap();
    let [fr, uk] = two.merchants.all() else { panic!("{:?}", two.merchants) };
    assert_eq!((fr.id.as_str(), fr.fallback_psp.as_deref()), ("fr", Some("second")));
    assert_eq!((uk.id.as_str(), uk.currency.code(), uk.language.as_str()), ("uk", "GBP", "en"));
    assert_eq!(two.merchants.default_one().map(|merchant| merchant.id.as_str()), Some("uk"));
    assert_eq!(two.merchant_psp().map(|psp| psp.name.as_str()), Some("second"));
    let first = place.load(&TWO.replace("default = true\n", ""), &[]).unwrap();
    assert_eq!(first.merchants.default_one().map(|merchant| merchant.id.as_str()), Some("fr"));
}

#[test]
fn relative_directories_are_meant_from_the_file() {
    let place = Place::new();
    fs::create_dir(place.directory.path().join("uk-sounds")).unwrap();
    let text = TWO.replace("default = true", "prompts_directory = \"uk-sounds\"");
    let config = place.load(&text, &[]).unwrap();
    let own = config.merchants.all()[1].prompts_directory.as_deref();
    assert_eq!(own, Some(place.directory.path().join("uk-sounds").as_path()));
}

#[test]
fn what_does_not_fit_together_is_told_with_its_place_in_the_list() {
    let place = Place::new();
    let swapped = |from: &str, to: &str| {
        assert!(TWO.contains(from), "{from}");
        place.told(&TWO.replace(from, to), &[])
    };
    let golden = [
        (
            swapped("id = \"uk\"", "id = \"fr\""),
            "t.toml: key `merchant[1].id`: a second merchant has the id `fr`; \
             give each its own id: payments are kept under it",
        ),
        (
            place.told(&TWO.replace("id = \"uk\"\n", "").replace("id = \"fr\"\n", ""), &[]),
            "t.toml: key `merchant[1].id`: a second merchant has the id `main`; \
             give each its own id: payments are kept under it",
        ),
        (
            swapped("id = \"uk\"", "id = \"United Kingdom\""),
            "t.toml: key `merchant[1].id`: not a name; write 1 to 40 letters, digits, `-` or `_`",
        ),
        (
            swapped("queues = [\"fr\"]", "default = true"),
            "t.toml: key `merchant[1].default`: a second default; \
             only one is paid where nothing else decides: keep one `default = true`",
        ),
        (
            swapped("name = \"Exemple SA\"", "name = \" \""),
            "t.toml: key `merchant[0].name`: empty; write the name customers know",
        ),
        (
            swapped("language = \"fr\"", "language = \"tlh\""),
            "t.toml: key `merchant[0].language`: there are no prompts in `tlh`; write \"en\", \"fr\", \"es\", \"it\" or \"pt\"",
        ),
        (
            swapped("default = true", "accepted_brands = []"),
            "t.toml: key `merchant[1].accepted_brands`: empty; name at least one, such as \"visa\"",
        ),
        (
            swapped("default = true", "accepted_brands = [\"vise\"]"),
            "t.toml: key `merchant[1].accepted_brands`: `vise` is not possible; did you mean `visa`?",
        ),
        (
            swapped("default = true", "prompts_directory = \"nowhere\""),
            "t.toml: key `merchant[1].prompts_directory`: nowhere is not a directory; \
             create it, or leave the key out",
        ),
        (
            swapped("\"GBP\"", "\"Pound\""),
            "t.toml: key `merchant[1].currency`: `Pound` is not an ISO 4217 currency code; \
             write three capital letters such as EUR",
        ),
        (
            swapped("currency = \"GBP\"\n", ""),
            "t.toml: key `merchant[1].currency`: missing; it has no default; the example file shows it",
        ),
        (
            swapped("psp = \"bank\"\nfallback_psp = \"second\"", "psp = \"bnak\""),
            "t.toml: key `merchant[0].psp`: no [[psp]] is named `bnak`; did you mean `bank`?",
        ),
        (
            swapped("fallback_psp = \"second\"", "fallback_psp = \"spare\""),
            "t.toml: key `merchant[0].fallback_psp`: no [[psp]] is named `spare`; \
             possible here: bank, second",
        ),
        (
            swapped("fallback_psp = \"second\"", "fallback_psp = \"bank\""),
            "t.toml: key `merchant[0].fallback_psp`: the same as psp; \
             name an account with another provider, or leave the key out",
        ),
        (
            swapped("fallback_psp =", "falback_psp ="),
            "t.toml: key `merchant[0].falback_psp`: unknown key; did you mean `fallback_psp`?",
        ),
        (
            swapped("\"+442079460000\"", "\"+33 199-001234\""),
            "t.toml: key `merchant[1].dialled_numbers`: `+33 199-001234` leads to the merchant `fr` already; \
             a number has one merchant: strike it from one of the two",
        ),
        (
            swapped("\"+442079460000\"", "\"the hotline\""),
            "t.toml: key `merchant[1].dialled_numbers`: `the hotline` is not a telephone number; \
             write it as the PBX says it, for example \"+33123456789\"",
        ),
        (
            swapped("\"uk@default\"", "\"fr@default\""),
            "t.toml: key `merchant[1].queues`: `fr@default` leads to the merchant `fr` already; \
             a queue has one merchant: strike it from one of the two",
        ),
        (
            swapped("name = \"second\"", "name = \"bank\""),
            "t.toml: key `psp[1].name`: a second account is named `bank`; \
             give each its own name: the journal knows them by it",
        ),
    ];
    for (told, wanted) in golden {
        assert_eq!(told, wanted);
    }
}

#[test]
fn an_empty_list_and_a_word_are_no_merchants() {
    let place = Place::new();
    let without =
        GOOD.replace("[merchant]\nname = \"Example Ltd\"\ncurrency = \"EUR\"\npsp = \"bank\"\n", "");
    assert_eq!(
        place.told(&format!("merchant = []\n{without}"), &[]),
        "t.toml: key `merchant`: missing; write a section [merchant]"
    );
    assert_eq!(
        place.told(&format!("merchant = \"Example Ltd\"\n{without}"), &[]),
        "t.toml: key `merchant`: wrong kind of value: string; \
         write a section [merchant], or one [[merchant]] for each"
    );
    assert!(place.told(&without, &[]).contains("key `merchant`: missing"));
}

#[test]
fn a_list_is_not_overridden_from_the_environment() {
    let place = Place::new();
    let variable = [("TONEGATE__MERCHANT__CURRENCY", "USD")];
    assert_eq!(place.load(GOOD, &variable).unwrap().merchants.all()[0].currency.code(), "USD");
    assert_eq!(
        place.told(TWO, &variable),
        "environment variable TONEGATE__MERCHANT__CURRENCY: key `merchant`: \
         a [[merchant]] entry cannot be set from the environment; unset the variable and write the key in the file"
    );
}
