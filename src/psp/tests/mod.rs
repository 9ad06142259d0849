//! Connectors against the test bank and against fakes that break, over real HTTP on this machine.

mod adyen;
mod adyen_fake;
mod adyen_schema;
mod asked;
mod checkout;
mod customers;
mod exchanges;
mod failover;
pub(crate) mod fake;
mod hyperswitch;
mod lyra;
mod modes;
mod never_twice;
mod stripe;
mod stripe_fake;
mod tls;
mod webhooks;
mod worldline;

use std::collections::BTreeMap;

use super::generic::{GenericConnector, GenericSettings};
use super::testbank::{RunningBank, TestBank, TestBankSettings};
use super::{Address, Agreement, Answer, Charge, Customer, History, Psp, Storing};
use crate::call::{AttemptId, DeclineReason, Money, Outcome};
use crate::card::{Brand, Card, Entry, Key, YearMonth};

/// What tests let a late answer take, and how long they wait for an answer.
pub(crate) const LATE_MS: u64 = 700;
pub(crate) const PATIENCE_MS: u64 = 350;

fn keyed(keys: &str) -> Entry {
    let mut entry = Entry::new().expect("room in the vault");
    for key in keys.bytes().filter_map(Key::from_ascii) {
        entry.push(key).expect("room in the field");
    }
    entry
}

/// A published test card, as a customer would key it.
pub(super) fn card(number: &str) -> Card {
    let pan = keyed(number).into_pan(&Brand::ALL).expect("a card number");
    let code = if pan.brand() == Brand::Amex { "7373" } else { "737" };
    Card {
        expiry: keyed("0330").into_expiry(YearMonth::new(2026, 11).expect("a month")).expect("a date"),
        code: keyed(code).into_code(pan.brand()).ok(),
        postal: None,
        pan,
    }
}

/// The usual test card, with a postal code.
pub(super) fn card_with(postal: &str) -> Card {
    Card { postal: keyed(postal).into_postal(5, 5).ok(), ..card("4111111111111111") }
}

/// Everything that can be known of a customer.
pub(super) fn customer() -> Customer {
    let address = Address {
        street: Some("Rue de Rivoli".into()),
        house: Some("1".into()),
        postal_code: Some("75001".into()),
        city: Some("Paris".into()),
        state: None,
        country: Some("FR".into()),
    };
    Customer {
        shopper_reference: Some("cust-0042".into()),
        first_name: Some("Jean".into()),
        last_name: Some("Dupont".into()),
        name: None,
        email: Some("jean@example.fr".into()),
        phone: None,
        billing: Some(address.clone()),
        delivery: Some(Address { country: None, ..address }),
        account_created: Some(jiff::civil::date(2024, 1, 2)),
        history: Some(History { orders_six_months: Some(4), orders: Some(9), ..History::default() }),
        failures_this_call: Some(1),
    }
}

/// A charge of this many euros under this key.
pub(super) fn charge(key: &str, euros: &str) -> Charge {
    Charge {
        attempt: AttemptId { payment: 7, ordinal: 1 },
        key: key.into(),
        amount: Money::parse(euros, "EUR".parse().expect("a currency")).expect("an amount"),
        description: "Invoice 7".into(),
        reference: None,
        caller_number: None,
        customer: Customer::default(),
        parameters: BTreeMap::new(),
    }
}

/// A card that is to be stored.
pub(super) fn storing(agreement: Agreement) -> Storing {
    Storing {
        key: "tg-s".into(),
        shopper_reference: "cust-0042".into(),
        currency: "EUR".parse().expect("a currency"),
        agreement,
        customer: Customer::default(),
    }
}

/// Charges each of these amounts: the issuer says no, for this reason, and there is nothing to mend.
pub(super) async fn declined(psp: &dyn Psp, number: &str, expected: &[(&str, DeclineReason)]) {
    for (euros, reason) in expected {
        let answer = psp.authorise(&charge(euros, euros), &card(number)).await;
        let no = (Outcome::Declined(*reason), None);
        assert_eq!((answer.outcome.clone(), answer.remedy.clone()), no, "{euros} {answer:?}");
    }
}

/// Charges each of these amounts: nothing is charged, and the admin is told what to mend, in words with this one.
pub(super) async fn misconfigured(psp: &dyn Psp, number: &str, expected: &[(&str, &str)]) {
    for (euros, word) in expected {
        let answer = psp.authorise(&charge(euros, euros), &card(number)).await;
        assert_eq!(answer.outcome, Outcome::NotCharged, "{euros} {answer:?}");
        assert!(answer.remedy.as_ref().is_some_and(|remedy| remedy.contains(word)), "{euros} {answer:?}");
    }
}

/// A test bank on a free port, impatient enough for tests.
pub(super) async fn bank(deduplicates: bool) -> RunningBank {
    let settings = TestBankSettings { slow_answer_ms: LATE_MS, deduplicates, ..TestBankSettings::default() };
    TestBank::start(([127, 0, 0, 1], 0).into(), settings).await.expect("a free port")
}

/// A connector to that bank.
pub(super) fn connector(bank: &RunningBank, change: impl FnOnce(&mut GenericSettings)) -> GenericConnector {
    let mut settings = GenericSettings::at(&bank.url());
    settings.connect_timeout_ms = PATIENCE_MS / 2;
    settings.answer_timeout_ms = PATIENCE_MS / 2;
    settings.deduplicates = true;
    settings.query_url = Some(bank.query_url());
    change(&mut settings);
    GenericConnector::new("bank", &settings, None, None).expect("a connector")
}

/// How often the bank charged each key, in the order of the keys' first requests.
pub(super) fn charged(bank: &RunningBank) -> Vec<(String, u32)> {
    bank.ledger().into_iter().map(|line| (line.transaction_id, line.charges)).collect()
}

/// Whether the answer is an approval.
pub(super) fn approved(answer: &Answer) -> bool {
    matches!(answer.outcome, Outcome::Approved { .. })
}
