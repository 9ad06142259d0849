//! What is known of a customer reaches each provider that has a place for it; what is not known leaves no trace.

use serde_json::json;
use std::collections::HashMap;

use super::fake::{Asked, Fake, Said, Script};
use super::*;
use crate::psp::{KINDS, dummy};

/// Takes whatever comes; only what was asked matters.
struct Deaf;

impl Script for Deaf {
    fn key(&self, _: &Asked) -> Option<String> {
        None
    }

    fn answer(&self, _: &Asked, _: &HashMap<String, u32>) -> Said {
        Said::new(200, json!({ "id": "pm_1", "status": "succeeded" }))
    }
}

/// One thing that may be known: its name, a text that stands for it on the wire, and how to forget it.
type Known = (&'static str, &'static [&'static str], fn(&mut Customer));

fn history(change: fn(&mut History)) -> impl Fn(&mut Customer) {
    move |customer| {
        if let Some(history) = &mut customer.history {
            change(history);
        }
    }
}

const KNOWN: &[Known] = &[
    ("reference", &["cust0042"], |c| c.shopper_reference = None),
    ("first name", &["Zoe"], |c| c.first_name = None),
    ("last name", &["Quist"], |c| c.last_name = None),
    ("e-mail", &["zoequist"], |c| c.email = None),
    ("phone", &["33612345678"], |c| c.phone = None),
    ("billing", &["Grenoble"], |c| c.billing = None),
    ("delivery", &["Lyon"], |c| c.delivery = None),
    ("account age", &["2024-01-02", "20240102"], |c| c.account_created = None),
    ("orders", &["97711"], |c| history(|h| h.orders = None)(c)),
    ("recent orders", &["43322"], |c| history(|h| h.orders_six_months = None)(c)),
    ("value", &["9876543", "98765.43"], |c| history(|h| h.value = None)(c)),
    ("last order", &["2025-06-07"], |c| history(|h| h.last_order = None)(c)),
    ("failures", &["70033"], |c| c.failures_this_call = None),
];

/// What a provider has no place for, as far as its published fields go.
fn lacks(kind: &str) -> &'static [&'static str] {
    match kind {
        "stripe" | "checkout" | "hyperswitch" => &["value"],
        "lyra" => &["recent orders", "value", "last order"],
        "worldline" => &["orders", "value", "last order", "failures"],
        _ => &[],
    }
}

fn everything() -> Customer {
    let address = |city: &str| Address {
        street: Some("Rue Haute".into()),
        house: Some("1".into()),
        postal_code: Some("38000".into()),
        city: Some(city.into()),
        state: None,
        country: Some("FR".into()),
    };
    Customer {
        shopper_reference: Some("cust0042".into()),
        first_name: Some("Zoe".into()),
        last_name: Some("Quist".into()),
        name: None,
        email: Some("zoequist@example.fr".into()),
        phone: Some("+33612345678".into()),
        billing: Some(address("Grenoble")),
        delivery: Some(address("Lyon")),
        account_created: Some(jiff::civil::date(2024, 1, 2)),
        history: Some(History {
            orders_six_months: Some(43_322),
            orders: Some(97_711),
            value: Money::parse("98765.43", "EUR".parse().expect("a currency")).ok(),
            last_order: Some(jiff::civil::date(2025, 6, 7)),
        }),
        failures_this_call: Some(70_033),
    }
}

/// Everything that is sent when this customer pays.
async fn sent(kind: &str, customer: Customer) -> String {
    let fake = Fake::start(Deaf).await;
    let psp: std::sync::Arc<dyn Psp> = match kind {
        "generic" => {
            let settings = GenericSettings { send_customer: true, ..GenericSettings::at(&fake.url()) };
            std::sync::Arc::new(GenericConnector::new("bank", &settings, None, None).expect("a connector"))
        }
        kind => dummy(kind, &fake.url(), None).expect("an account"),
    };
    let charge = Charge { customer, ..charge("tg-1", "42.50") };
    let _ = psp.authorise(&charge, &card("4111111111111111")).await;
    let asked = fake.asked();
    assert!(!asked.is_empty(), "{kind} sends nothing");
    asked.into_iter().map(|asked| asked.body + "\n").collect()
}

#[tokio::test]
async fn a_known_field_is_there_and_an_unknown_one_is_absent() {
    for kind in KINDS.split(", ") {
        let full = sent(kind, everything()).await;
        for (what, marks, forget) in KNOWN {
            let told = |body: &str| marks.iter().any(|mark| body.contains(mark));
            assert_eq!(told(&full), !lacks(kind).contains(what), "{kind}: {what}: {full}");
            let mut customer = everything();
            forget(&mut customer);
            let body = sent(kind, customer).await;
            assert!(!told(&body), "{kind}: {what} is not known: {body}");
        }
    }
}

#[tokio::test]
async fn of_a_stranger_nothing_is_made_up() {
    for kind in KINDS.split(", ") {
        let body = sent(kind, Customer::default()).await;
        assert!(!body.contains("null") && !body.contains("\"\""), "{kind}: {body}");
        for (what, marks, _) in KNOWN {
            assert!(!marks.iter().any(|mark| body.contains(mark)), "{kind}: {what}: {body}");
        }
        for name in [
            "mail",
            "phone\"",
            "phone]",
            "phoneN",
            "elephoneN",
            "irst",
            "ountry",
            "ddress",
            "orders",
            "failures",
        ] {
            assert!(!body.contains(name), "{kind}: `{name}` although nothing is known: {body}");
        }
    }
}

#[tokio::test]
async fn a_whole_name_is_sent_where_a_whole_name_has_a_place() {
    for kind in KINDS.split(", ").filter(|kind| *kind != "lyra") {
        let named = Customer { name: Some("Zoe Quist".into()), ..Customer::default() };
        let body = sent(kind, named).await.replace('+', " ");
        assert!(body.contains("Zoe Quist"), "{kind}: {body}");
    }
}
