//! Names, forms, masks and signatures; whole sessions are played in `tests/twilio.rs`.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

use super::account::Account;
use super::form::Form;
use super::view::View;
use super::{sid, update, words};
use crate::call::{AgentCommand, DeclineReason, Ending, Field, Hint, Outcome, PostalPolicy};
use crate::card::Brand;
use crate::config::TwilioSection;
use crate::desk::{Commanded, EventBody};

fn told(view: &mut View, event: EventBody) -> Vec<String> {
    let news = view.tell(&event).map(|news| news.parameters).unwrap_or_default();
    news.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
}

#[test]
fn a_call_is_spelt_in_hexadecimal_or_named_as_the_pbx_does() {
    let legs = |call: &str| sid::legs(call).into_iter().map(|leg| leg.0).collect::<Vec<_>>();
    assert_eq!(legs("CA0192f0c00000700080000000000000ff"), ["0192f0c0-0000-7000-8000-0000000000ff"]);
    let unique = hex::encode("1732312345.17");
    assert_eq!(legs(&format!("CA{unique:0<32}"))[1], "1732312345.17");
    assert_eq!(legs("1732312345.17"), ["1732312345.17"]);
    assert!(legs("").is_empty() && legs(&"x".repeat(200)).is_empty() && legs("a\nb").is_empty());
}

#[test]
fn the_same_request_is_the_same_payment() {
    let one = sid::payment_of("AC1", "CA1", "key");
    assert_eq!(sid::payment_of("AC1", "CA1", "key"), one);
    for (account, call, key) in [("AC2", "CA1", "key"), ("AC1", "CA2", "key"), ("AC1", "CA1k", "ey")] {
        assert_ne!(sid::payment_of(account, call, key), one);
    }
    assert_eq!(sid::payment(&sid::of_payment(one)), Some(one));
    assert_eq!(sid::payment("PK12"), None);
    assert_eq!(sid::payment(&one.simple().to_string()), None);
}

#[test]
fn a_form_names_each_parameter_once() {
    let form =
        Form::read(b"IdempotencyKey=a+b&Timeout=7&PostalCode=TRUE&Empty=").unwrap_or_else(|_| panic!());
    assert_eq!(form.idempotency_key().ok(), Some("a b"));
    assert_eq!(form.number("Timeout", 1, 600).ok(), Some(Some(7)));
    assert!(form.number("Timeout", 1, 6).is_err());
    assert_eq!(form.flag("PostalCode", false).ok(), Some(true));
    assert_eq!(form.flag("Absent", true).ok(), Some(true));
    assert!(form.needed("Empty").is_err());
    assert!(Form::read(b"A=1&A=2").is_err());
    assert!(Form::read(&[b"A=".as_slice(), &vec![b'x'; 5_000]].concat()).is_err());
    let many: String = (0..70).map(|n| format!("p{n}=1&")).collect();
    assert!(Form::read(many.as_bytes()).is_err());
    let print = |body: &str| Form::read(body.as_bytes()).map(|form| form.fingerprint()).ok();
    assert_eq!(print("a=1&b=2"), print("b=2&a=1"));
    assert_ne!(print("a=1&b=2"), print("a=12&b="));
}

#[test]
fn an_update_asks_for_what_the_session_takes() {
    let session = Commanded {
        payment: Uuid::nil(),
        twice: vec![Field::Expiry],
        code: false,
        postal: Some(PostalPolicy { min_digits: 5, max_digits: 5 }),
        postal_given: None,
        accepted: Brand::ALL.to_vec(),
        confirm: false,
        between_keys_timeout_ms: None,
        store_card: false,
    };
    let command = |body: &str| update::command(&Form::read(body.as_bytes())?, &session);
    assert_eq!(command("Capture=payment-card-number").ok(), Some(AgentCommand::Ask(Field::Number)));
    assert_eq!(command("Capture=expiration-date-matcher").ok(), Some(AgentCommand::Ask(Field::ExpiryAgain)));
    assert_eq!(command("Capture=postal-code").ok(), Some(AgentCommand::Ask(Field::Postal)));
    assert_eq!(command("Status=complete").ok(), Some(AgentCommand::Complete));
    assert_eq!(command("Status=cancel").ok(), Some(AgentCommand::Cancel));
    for wrong in [
        "",
        "Capture=security-code",
        "Capture=payment-card-number-matcher",
        "Capture=bank-account-number",
        "Capture=pin",
        "Status=done",
        "Capture=postal-code&Status=cancel",
    ] {
        assert!(command(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_session_is_told_in_masks() {
    let mut view = View::new(None);
    let all = vec![Field::Number, Field::Expiry, Field::Code];
    assert_eq!(
        told(&mut view, EventBody::Remaining { fields: all }),
        ["Required=payment-card-number,expiration-date,security-code"]
    );
    let opened = EventBody::FieldOpened { field: Field::Expiry, attempt: 1 };
    assert_eq!(
        told(&mut view, opened),
        [
            "Required=payment-card-number,expiration-date,security-code",
            "Capture=expiration-date",
            "PartialResult=true"
        ]
    );
    let key = EventBody::Progress { field: Field::Expiry, count: 2, brand: None };
    assert_eq!(told(&mut view, key)[0], "ExpirationDate=xx");
    assert!(
        told(&mut view, EventBody::FieldDone { field: Field::Expiry, masked: None, brand: None }).is_empty()
    );
    let left = EventBody::Remaining { fields: vec![Field::Number, Field::Code] };
    assert_eq!(
        told(&mut view, left),
        [
            "ExpirationDate=xx",
            "Required=payment-card-number,security-code",
            "Capture=expiration-date",
            "PartialResult=false"
        ]
    );
    let refused = EventBody::FieldRefused { field: Field::Number, hint: Hint::CheckDigit, left: 2 };
    assert!(told(&mut view, refused).contains(&"ErrorType=invalid-card-number".to_owned()));
    // Taken again, it is required again.
    let again = told(&mut view, EventBody::FieldOpened { field: Field::Expiry, attempt: 1 });
    assert_eq!(again[0], "Required=payment-card-number,expiration-date,security-code");
    let declined = EventBody::Declined { attempt: 1, reason: DeclineReason::InsufficientFunds };
    assert_eq!(
        told(&mut view, declined),
        ["Result=payment-connector-error", "PaymentError=card declined: insufficient funds"]
    );
    assert!(told(&mut view, EventBody::Ended { ending: Ending::Declined }).is_empty(), "one result");
}

#[test]
fn an_outcome_that_becomes_known_is_told_once_more() {
    let mut view = View::new(Some("75011"));
    let unknown = told(&mut view, EventBody::OutcomeUnknown { attempt: 1 });
    assert!(unknown.iter().any(|text| text.contains("do not take the card again")));
    assert!(told(&mut view, EventBody::Ended { ending: Ending::Unknown }).is_empty());
    let approved = EventBody::Settled { attempt: 1, outcome: Outcome::Approved { reference: "ch_1".into() } };
    assert_eq!(told(&mut view, approved.clone()), ["PaymentCardPostalCode=75011", "Result=success"]);
    assert!(told(&mut view, approved).is_empty());
}

#[test]
fn every_field_has_a_name_and_every_name_a_field() {
    for field in Field::FIRSTS {
        assert_eq!(words::field(words::field_name(field)), Some(field));
        assert_eq!(words::field_name(field.again()), format!("{}-matcher", words::field_name(field)));
    }
}

/// The vendor's own example of a signature, in its page on webhook security.
#[test]
fn callbacks_are_signed_as_programs_expect() {
    let section =
        TwilioSection { auth_token: crate::config::Secret::of("12345"), ..TwilioSection::default() };
    let parameters = vec![
        ("Digits", "1234".to_owned()),
        ("CallSid", "CA1234567890ABCDE".to_owned()),
        ("To", "+18005551212".to_owned()),
        ("Caller", "+14158675310".to_owned()),
        ("From", "+14158675310".to_owned()),
    ];
    let signature =
        Account::new(&section).signature("https://example.com/myapp.php?foo=1&bar=2", &parameters);
    assert_eq!(signature, "L/OH5YylLD5NRKLltdqwSvS0BnU=");
}

#[test]
fn an_account_or_a_key_may_ask() {
    let secret = crate::config::Secret::of;
    let account = Account::new(&TwilioSection {
        account_sid: "AC1".into(),
        auth_token: secret("token"),
        api_key_sid: Some("SK1".into()),
        api_key_secret: secret("hush"),
        ..TwilioSection::default()
    });
    let admits = |pair: &str| {
        let value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))).expect("a header");
        account.admits(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
    };
    assert!(admits("AC1:token") && admits("SK1:hush"));
    for wrong in ["AC1:hush", "SK1:token", "AC1:", ":", "AC1", "AC1:token "] {
        assert!(!admits(wrong), "{wrong}");
    }
    assert!(!account.admits(&HeaderMap::new()));
    let without = Account::new(&TwilioSection::default());
    let empty = HeaderValue::from_static("Basic Og==");
    assert!(!without.admits(&HeaderMap::from_iter([(header::AUTHORIZATION, empty)])), "nothing is no token");
}
