use super::*;
use proptest::prelude::*;

/// An entry into which these keys were pressed, as far as it takes them.
fn keyed(keys: &str) -> Entry {
    let mut entry = Entry::new().expect("room in the vault");
    for key in keys.bytes().filter_map(Key::from_ascii) {
        let _ = entry.push(key);
    }
    entry
}

fn today() -> YearMonth {
    YearMonth::new(2026, 11).expect("a month")
}

#[test]
fn the_customer_keys_a_visa_number() {
    let mut entry = Entry::new().expect("room in the vault");
    for (n, character) in b"4111111111111111".iter().enumerate() {
        assert_eq!(entry.completeness(), Completeness::Incomplete);
        let key = Key::from_ascii(*character).expect("a key");
        assert_eq!(entry.push(key), Ok(n as u8 + 1));
        assert_eq!(entry.brand(), (n > 0).then_some(Brand::Visa));
    }
    assert_eq!(entry.completeness(), Completeness::LikelyComplete);
    let pan = entry.into_pan(&Brand::ALL).expect("a card number");
    assert_eq!(pan.brand(), Brand::Visa);
    assert_eq!(pan.masked().to_string(), "xxxxxxxxxxxx1111");
    assert!(pan.test_number());
}

#[test]
fn an_amex_number_cannot_be_longer_than_fifteen() {
    assert_eq!(keyed("37828224631000").completeness(), Completeness::Incomplete);
    assert_eq!(keyed("378282246310005").completeness(), Completeness::Complete);
    assert_eq!(keyed("378282246310006").completeness(), Completeness::Complete);
    assert_eq!(keyed("3782822463100050").completeness(), Completeness::Overlong);
}

#[test]
fn a_number_that_may_go_on_is_only_likely_complete() {
    assert_eq!(keyed("6200000000000005").completeness(), Completeness::LikelyComplete);
    assert_eq!(keyed("6771798021000008").completeness(), Completeness::LikelyComplete);
    assert_eq!(keyed("36227206271667").completeness(), Completeness::LikelyComplete);
    assert_eq!(keyed("6771798021000009").completeness(), Completeness::Incomplete);
    assert_eq!(keyed("6205500000000000004").completeness(), Completeness::Complete);
}

#[test]
fn every_fault_of_a_card_number_has_its_name() {
    let fault = |keys: &str, accepted: &[Brand]| keyed(keys).into_pan(accepted).err();
    assert_eq!(fault("", &Brand::ALL), Some(PanFault::TooShort));
    assert_eq!(fault("411111111111", &Brand::ALL), Some(PanFault::TooShort));
    assert_eq!(fault("41111111111111", &Brand::ALL), Some(PanFault::TooShort));
    assert_eq!(fault("411111111111111", &Brand::ALL), Some(PanFault::TooShort));
    assert_eq!(fault("41111111111111111", &Brand::ALL), Some(PanFault::TooLong));
    assert_eq!(fault("55555555555544440", &Brand::ALL), Some(PanFault::TooLong));
    assert_eq!(fault("4111111111111112", &Brand::ALL), Some(PanFault::CheckDigit));
    assert_eq!(fault("9111111111111111", &Brand::ALL), Some(PanFault::UnknownBrand));
    assert_eq!(fault("378282246310005", &[Brand::Visa]), Some(PanFault::NotAccepted(Brand::Amex)));
    assert_eq!(fault("378282246310006", &[Brand::Visa]), Some(PanFault::CheckDigit));
    assert_eq!(fault("378282246310005", &[Brand::Amex]), None);
}

#[test]
fn the_twentieth_digit_is_refused_and_the_others_stay() {
    let mut entry = keyed("62055000000000000049");
    assert_eq!(entry.count(), 19);
    assert_eq!(entry.push(Key::from_ascii(b'1').expect("a key")), Err(TooMany));
    assert!(entry.into_pan(&[Brand::UnionPay]).is_ok());
}

#[test]
fn a_code_field_takes_four_digits() {
    let mut entry = Entry::with_limit(CODE_DIGITS_MAX).expect("room");
    let mut press = || entry.push(Key::from_ascii(b'7').expect("a key"));
    assert_eq!((press(), press(), press(), press()), (Ok(1), Ok(2), Ok(3), Ok(4)));
    assert_eq!(press(), Err(TooMany));
}

#[test]
fn the_customer_starts_the_field_again() {
    let mut entry = keyed("5105");
    entry.clear();
    assert_eq!((entry.count(), entry.brand()), (0, None));
    assert!(entry.slot.iter().all(|b| *b == 0));
}

#[test]
fn star_and_hash_are_no_digits() {
    assert_eq!(keyed("4*1#1").count(), 3);
}

#[test]
fn an_expiry_date_is_good_to_the_end_of_its_month() {
    let fault = |keys: &str| keyed(keys).into_expiry(today()).err();
    assert_eq!(fault("1126"), None);
    assert_eq!(fault("1026"), Some(ExpiryFault::Past));
    assert_eq!(fault("1146"), None);
    assert_eq!(fault("1246"), Some(ExpiryFault::TooFar));
    assert_eq!(fault("0330"), None);
    assert_eq!(fault("0030"), Some(ExpiryFault::NotAMonth));
    assert_eq!(fault("1330"), Some(ExpiryFault::NotAMonth));
    assert_eq!(fault("330"), Some(ExpiryFault::Incomplete));
    assert_eq!(fault("03300"), Some(ExpiryFault::Incomplete));
    assert_eq!(fault(""), Some(ExpiryFault::Incomplete));
}

#[test]
fn late_in_a_century_a_small_year_means_the_next_one() {
    let late = YearMonth::new(2095, 6).expect("a month");
    let expiry = keyed("0703").into_expiry(late).expect("2103 is eight years ahead");
    assert_eq!(&expiry.slot[..6], b"072103");
    assert_eq!(keyed("0720").into_expiry(late).err(), Some(ExpiryFault::Past));
}

#[test]
fn a_code_has_the_length_of_its_brand() {
    let fault = |keys: &str, brand| keyed(keys).into_code(brand).err();
    assert_eq!(fault("737", Brand::Visa), None);
    assert_eq!(fault("7373", Brand::Visa), Some(CodeFault::TooLong));
    assert_eq!(fault("737", Brand::Amex), Some(CodeFault::TooShort));
    assert_eq!(fault("7373", Brand::Amex), None);
    assert_eq!(fault("", Brand::Maestro), Some(CodeFault::TooShort));
}

#[test]
fn a_postal_code_keeps_to_its_bounds() {
    assert_eq!(keyed("7500").into_postal(5, 5).err(), Some(PostalFault::TooShort));
    assert_eq!(keyed("750011").into_postal(5, 5).err(), Some(PostalFault::TooLong));
    assert!(keyed("75001").into_postal(5, 5).is_ok());
}

#[test]
fn the_number_keyed_twice_is_compared() {
    let pan = |keys| keyed(keys).into_pan(&Brand::ALL).expect("a card number");
    assert!(pan("4111111111111111").same_as(&pan("4111111111111111")));
    assert!(!pan("4111111111111111").same_as(&pan("4242424242424242")));
    assert!(!pan("4111111111111111").same_as(&pan("378282246310005")));
}

proptest! {
    #[test]
    fn no_sequence_of_keys_breaks_an_entry(
        keys in proptest::collection::vec(0u8..=255, 0..40),
        limit in 0u8..=255,
        year in 0u16..=9999,
        month in 1u8..=12,
    ) {
        let press = || {
            let mut entry = Entry::with_limit(limit).expect("room in the vault");
            for key in keys.iter().filter_map(|c| Key::from_ascii(*c)) {
                let _ = (entry.push(key), entry.brand(), entry.completeness());
                assert!(entry.count() <= PAN_DIGITS_MAX);
            }
            entry
        };
        let today = YearMonth::new(year, month).expect("a month");
        let _ = press().into_expiry(today);
        let _ = press().into_postal(3, POSTAL_DIGITS_MAX);
        for brand in Brand::ALL {
            let _ = press().into_code(brand);
        }
        if let Ok(pan) = press().into_pan(&Brand::ALL) {
            prop_assert!(pan.brand().lengths().contains(&pan.masked().length()));
        }
    }

    #[test]
    fn digits_alone_break_nothing_either(keys in "[0-9*#]{0,25}") {
        let entry = keyed(&keys);
        let digits: String = keys.chars().filter(char::is_ascii_digit).take(19).collect();
        prop_assert_eq!(entry.digits(), digits.as_bytes());
        if let Ok(pan) = entry.into_pan(&Brand::ALL) {
            prop_assert!(luhn::check_digit_holds(digits.as_bytes()));
            prop_assert_eq!(pan.last_four().to_string(), &digits[digits.len() - 4..]);
        }
    }
}
