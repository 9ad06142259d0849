//! What is known of the customer: from the order, and where that says nothing, from the dialplan.

use crate::pbx::Offer;
use crate::psp::{Customer, is_email, is_shopper_reference};
use crate::store::Debtor;

/// Adds what the company's own system tells, where whoever begins the payment says nothing.
pub(super) fn of_crm(customer: &mut Customer, told: Customer) {
    if customer.full_name().is_none() {
        (customer.first_name, customer.last_name) = (told.first_name, told.last_name);
    }
    customer.shopper_reference = customer.shopper_reference.take().or(told.shopper_reference);
    customer.billing = customer.billing.take().or(told.billing);
    customer.delivery = customer.delivery.take().or(told.delivery);
    customer.account_created = customer.account_created.or(told.account_created);
    customer.history = customer.history.take().or(told.history);
}

/// Adds what the order that is paid tells, where whoever begins the payment says nothing.
pub(super) fn of_order(customer: &mut Customer, debtor: &Debtor) {
    if customer.full_name().is_none() {
        customer.name.clone_from(&debtor.name);
    }
    customer.email = customer.email.take().or_else(|| debtor.email.clone());
    customer.phone = customer.phone.take().or_else(|| debtor.phone.clone());
}

/// Adds what the dialplan tells and the order does not. What looks wrong is left out: nothing is made up, and a dialplan's
/// slip must not cost a payment.
pub(super) fn complete(customer: &mut Customer, offer: &Offer) {
    let told = |what: &str, value: &Option<String>, fits: fn(&str) -> bool| {
        let value = value.as_deref().map(str::trim).filter(|value| !value.is_empty())?;
        if !fits(value) {
            tracing::warn!("the {what} of the customer in the dialplan's variables is none, and is not sent");
            return None;
        }
        Some(value.to_owned())
    };
    if customer.full_name().is_none() {
        customer.name = told("name", &offer.customer_name, |name| !name.chars().any(char::is_control));
    }
    if customer.email.is_none() {
        customer.email = told("e-mail address", &offer.customer_email, is_email);
    }
    if customer.shopper_reference.is_none() {
        customer.shopper_reference = told("reference", &offer.customer_reference, is_shopper_reference);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pbx::{LegId, Means};

    fn offer(name: &str, email: &str, reference: &str) -> Offer {
        let own = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Offer {
            customer: LegId("customer".into()),
            agent: None,
            means: Means::DirectNumber,
            caller_number: None,
            dialled_number: None,
            agent_extension: None,
            reference: None,
            amount: None,
            currency: None,
            language: None,
            merchant: None,
            queue: None,
            customer_name: own(name),
            customer_email: own(email),
            customer_reference: own(reference),
        }
    }

    #[test]
    fn the_call_tells_what_the_order_does_not() {
        let mut known = Customer::default();
        complete(&mut known, &offer("Jean Dupont", "jean@example.fr", "cust-42"));
        let wanted = Customer {
            name: Some("Jean Dupont".into()),
            email: Some("jean@example.fr".into()),
            shopper_reference: Some("cust-42".into()),
            ..Customer::default()
        };
        assert_eq!(known, wanted);
        complete(&mut known, &offer("Someone Else", "else@example.fr", "cust-43"));
        assert_eq!(known, wanted, "what the order says stands");
    }

    #[test]
    fn what_is_not_known_or_looks_wrong_stays_absent() {
        for call in [offer("", "", ""), offer(" ", "jean", "42"), offer("", "jean @example.fr", "a b c")] {
            let mut known = Customer::default();
            complete(&mut known, &call);
            assert_eq!(known, Customer::default(), "{call:?}");
        }
        let mut order = Customer { last_name: Some("Dupont".into()), ..Customer::default() };
        complete(&mut order, &offer("Jean Dupont", "", ""));
        assert_eq!(order.name, None, "the order's name is not doubled");
    }
}
