use serde_json::{Value, json};

use super::answer::Reading;
use super::*;
use crate::config::CrmSection;

fn read(settings: Value, answer: Value, asked: Question<'_>) -> Result<Vec<Found>, String> {
    let mut section = json!({ "url": "https://crm.example/owed" });
    for (key, value) in settings.as_object().expect("settings") {
        section[key] = value.clone();
    }
    let section: CrmSection = serde_json::from_value(section).expect("a section");
    let payee = Payee { merchant: "main", currency: "EUR".parse().expect("a currency") };
    Reading::new(&section).read(&answer, payee, asked)
}

fn one(settings: Value, answer: Value) -> Result<Found, String> {
    let mut found = read(settings, answer, Question::Reference("4711"))?;
    assert_eq!(found.len(), 1);
    Ok(found.remove(0))
}

#[test]
fn an_answer_written_as_our_own_orders_needs_no_mapping() {
    let answer = json!({ "reference": "4711", "amount": "42.50", "currency": "EUR", "description": "Invoice",
        "due": "2026-12-31", "partial_payments": true, "minimum": "10.00",
        "customer": { "name": "Jean Dupont", "phone": "+33 6 12 34 56 78", "email": "jean@example.fr", "language": "fr",
            "reference": "cust-42", "billing": { "street": "Rue de la Paix", "house": "1", "country": "FR" },
            "history": { "orders": 12, "value": { "amount": "900.00", "currency": "EUR" }, "last_order": "2026-08-01" } } });
    let Found { order, customer } = one(json!({}), answer).expect("an order");
    assert_eq!((order.amount.to_string().as_str(), order.parts), ("42.50 EUR", true));
    assert_eq!(order.minimum.map(|least| least.minor), Some(1_000));
    assert_eq!(order.customer.phone.as_deref(), Some("+33612345678"));
    assert_eq!(order.customer.language.as_deref(), Some("fr"));
    assert_eq!(customer.shopper_reference.as_deref(), Some("cust-42"));
    assert_eq!(customer.billing.and_then(|address| address.line()).as_deref(), Some("1 Rue de la Paix"));
    let history = customer.history.expect("a history");
    assert_eq!((history.orders, history.value.map(|value| value.minor)), (Some(12), Some(90_000)));
    assert_eq!(customer.delivery, None);
}

#[test]
fn any_json_is_mapped_and_what_stands_around_a_list_is_found() {
    let settings = json!({ "orders": "/data/open", "amount_unit": "minor", "fields": {
        "reference": "/no", "amount": "/due/cents", "currency": "/due/iso", "name": "/data/who/name",
        "language": "/data/who/lang", "partial_payments": "/split" } });
    let answer = json!({ "data": { "who": { "name": "Ann", "lang": "en-GB" }, "open": [
        { "no": 17, "due": { "cents": 4250, "iso": "GBP" }, "split": "yes" },
        { "no": "18", "due": { "cents": "999" } },
        { "no": "19", "due": { "cents": 0 } },
    ] } });
    let found = read(settings, answer, Question::Phone("+33612345678")).expect("orders");
    let told: Vec<_> =
        found.iter().map(|one| (one.order.reference.as_str(), one.order.amount.to_string())).collect();
    // Of the third nothing is left to pay.
    assert_eq!(told, [("17", "42.50 GBP".to_owned()), ("18", "9.99 EUR".to_owned())]);
    assert_eq!(found[1].order.customer.name.as_deref(), Some("Ann"));
    assert_eq!(found[0].order.customer.language.as_deref(), Some("en"));
    assert!(found[0].order.parts && !found[1].order.parts);
}

#[test]
fn nonsense_about_money_is_told_and_nonsense_about_the_rest_is_left_out() {
    for (answer, begins) in [
        (json!({ "amount": "42,50" }), "amount: not an amount in EUR"),
        (json!({ "amount": -1 }), "amount: not an amount"),
        (json!({ "amount": { "cents": 1 } }), "amount: what stands at /amount is a list or an object"),
        (json!({}), "amount: there is none"),
        (json!({ "amount": "1.00", "currency": "euro" }), "currency: `euro`"),
        (json!({ "amount": "1.00", "reference": "4712" }), "reference: it is another order's"),
        (json!("paid"), "amount: there is none"),
    ] {
        let told = one(json!({}), answer).expect_err("nonsense");
        assert!(told.starts_with(begins), "{told}");
    }
    let answer = json!({ "amount": 42.0, "due": "soon", "partial_payments": "perhaps", "description": "a\u{0}b",
        "customer": { "phone": "12", "email": "x", "language": "xx", "billing": { "country": "France" } } });
    let Found { order, customer } = one(json!({}), answer).expect("an order");
    assert_eq!((order.amount.minor, order.reference.as_str()), (4_200, "4711"));
    assert_eq!((order.description.as_str(), order.due, order.parts), ("a b", None, false));
    assert_eq!((order.customer, customer), (Default::default(), Default::default()));
    let unknown = read(json!({ "orders": "/all" }), json!({ "all": null }), Question::Phone("0612345678"));
    assert_eq!(unknown, Ok(Vec::new()));
    let many = json!({ "all": vec![json!({ "amount": "1.00", "reference": "x" }); MAX_ANSWER_ORDERS + 1] });
    assert!(read(json!({ "orders": "/all" }), many, Question::Phone("0612345678")).is_err());
}
