//! What is known of the customer, as further parameters: the contract has no fields of its own for it.

use std::collections::BTreeMap;

use crate::psp::{Address, Charge};

/// Adds what is known; what is not leaves no trace.
pub(super) fn put_known(parameters: &mut BTreeMap<String, String>, charge: &Charge) {
    let customer = &charge.customer;
    let history = customer.history.clone().unwrap_or_default();
    let number = |count: Option<u32>| count.map(|count| count.to_string());
    let known = [
        ("customer_reference", customer.shopper_reference.clone()),
        ("customer_name", customer.full_name()),
        ("customer_email", customer.email.clone()),
        ("customer_phone", charge.phone().map(str::to_owned)),
        ("account_created", customer.account_created.map(|day| day.to_string())),
        ("orders", number(history.orders)),
        ("orders_six_months", number(history.orders_six_months)),
        ("orders_value", history.value.map(|value| value.to_string())),
        ("last_order", history.last_order.map(|day| day.to_string())),
        ("failures_this_call", number(customer.failures_this_call)),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            parameters.insert(name.into(), value);
        }
    }
    put_address(parameters, "billing", customer.billing.as_ref());
    put_address(parameters, "delivery", customer.delivery.as_ref());
}

fn put_address(parameters: &mut BTreeMap<String, String>, of: &str, known: Option<&Address>) {
    let Some(known) = known else { return };
    for (name, value) in [
        ("line", known.line()),
        ("postal_code", known.postal_code.clone()),
        ("city", known.city.clone()),
        ("state", known.state.clone()),
        ("country", known.country.clone()),
    ] {
        if let Some(value) = value {
            parameters.insert(format!("{of}_{name}"), value);
        }
    }
}
