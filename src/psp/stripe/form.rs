//! Stripe's forms: `application/x-www-form-urlencoded`, with brackets for what is inside of what.

use crate::call::Money;
use crate::card::{Card, SecretBody, SecretBodyBuilder};
use crate::psp::compose::cut;
use crate::psp::{Address, Change, Charge, Customer, NewLink, StoredCard, Storing};

/// Room for a form with an address, so that it seldom moves.
const FORM_ROOM_BYTES: usize = 2048;
/// Free fields taken at most, and how long their names and values may be.
const METADATA_MAX: usize = 40;
const METADATA_NAME_MAX_CHARS: usize = 40;
const METADATA_VALUE_MAX_CHARS: usize = 500;
/// Names our key in the metadata of everything we make.
pub(super) const KEY: &str = "tonegate_key";

/// An amount in Stripe's minor units, which are not ISO 4217's for two currencies; `None` for one that has no such
/// form.
pub(super) fn minor(money: &Money) -> Option<i64> {
    match (money.currency.code(), money.currency.exponent()) {
        ("ISK" | "UGX", 0) => money.minor.checked_mul(100),
        // The last of three digits has to be zero.
        (_, 3) => (money.minor % 10 == 0).then_some(money.minor),
        _ => Some(money.minor),
    }
}

/// A form that is being written.
struct Form(SecretBodyBuilder, bool);

impl Form {
    fn new() -> Form {
        Form(SecretBodyBuilder::with_capacity(FORM_ROOM_BYTES), false)
    }

    fn key(self, name: &str) -> SecretBodyBuilder {
        let body = if self.1 { self.0.raw("&") } else { self.0 };
        // Brackets stay as they are, as Stripe's own libraries send them.
        name.split_inclusive(['[', ']'])
            .fold(body, |body, part| match part.strip_suffix(['[', ']']) {
                Some(word) => body.form_str(word).raw(&part[word.len()..]),
                None => body.form_str(part),
            })
            .raw("=")
    }

    fn put(self, name: &str, value: &str) -> Form {
        Form(self.key(name).form_str(value), true)
    }

    fn maybe(self, name: &str, value: Option<&str>) -> Form {
        match value {
            Some(value) => self.put(name, value),
            None => self,
        }
    }

    fn secret(self, name: &str, write: impl FnOnce(SecretBodyBuilder) -> SecretBodyBuilder) -> Form {
        Form(write(self.key(name)), true)
    }

    fn done(self) -> SecretBody {
        self.0.finish()
    }
}

/// The card, as Stripe keeps it for the one charge that follows.
pub(super) fn payment_method(card: &Card, customer: &Customer, phone: Option<&str>) -> SecretBody {
    let mut form = Form::new()
        .put("type", "card")
        .secret("card[number]", |body| body.pan(card))
        .secret("card[exp_month]", |body| body.expiry_month_number(card))
        .secret("card[exp_year]", |body| body.expiry_year4(card));
    if card.code.is_some() {
        form = form.secret("card[cvc]", |body| body.code(card));
    }
    form = form
        .maybe("billing_details[name]", customer.full_name().as_deref())
        .maybe("billing_details[phone]", phone)
        .maybe("billing_details[email]", customer.email.as_deref());
    form = address(form, "billing_details[address]", customer.billing.as_ref());
    let known = customer.billing.as_ref().is_some_and(|billing| billing.postal_code.is_some());
    // The postal code that was keyed with the card.
    if card.postal.is_some() && !known {
        form = form.secret("billing_details[address][postal_code]", |body| body.postal(card));
    }
    form.done()
}

fn address(form: Form, name: &str, known: Option<&Address>) -> Form {
    let Some(known) = known else { return form };
    form.maybe(&format!("{name}[line1]"), known.line().as_deref())
        .maybe(&format!("{name}[city]"), known.city.as_deref())
        .maybe(&format!("{name}[state]"), known.state.as_deref())
        .maybe(&format!("{name}[postal_code]"), known.postal_code.as_deref())
        .maybe(&format!("{name}[country]"), known.country.as_deref())
}

/// A charge of a card keyed by telephone; `None` if Stripe has no form of the amount.
pub(super) fn intent(charge: &Charge, method: &str, manual_capture: bool) -> Option<SecretBody> {
    let form = amount(Form::new(), &charge.amount)?
        .put("confirm", "true")
        .put("payment_method", method)
        .put("payment_method_types[0]", "card")
        .put("payment_method_options[card][moto]", "true")
        .put("error_on_requires_action", "true");
    let form = if manual_capture { form.put("capture_method", "manual") } else { form };
    Some(about(form, charge).done())
}

/// A charge of a stored card.
pub(super) fn token_intent(charge: &Charge, stored: &StoredCard, manual_capture: bool) -> Option<SecretBody> {
    let form = amount(Form::new(), &charge.amount)?
        .put("confirm", "true")
        .put("off_session", "true")
        .put("customer", &stored.shopper)
        .put("payment_method", &stored.token)
        .put("error_on_requires_action", "true");
    let form = if manual_capture { form.put("capture_method", "manual") } else { form };
    Some(about(form, charge).done())
}

fn amount(form: Form, money: &Money) -> Option<Form> {
    let form = form.put("amount", &minor(money)?.to_string());
    Some(form.put("currency", &money.currency.code().to_ascii_lowercase()))
}

/// What the charge is for, and what is known of the customer.
fn about(form: Form, charge: &Charge) -> Form {
    let customer = &charge.customer;
    let described = (!charge.description.is_empty()).then_some(charge.description.as_str());
    let mut form = form.maybe("description", described).maybe("receipt_email", customer.email.as_deref());
    // An address to deliver to needs a name beside it.
    if let (Some(name), Some(delivery)) = (customer.full_name(), &customer.delivery) {
        form = address(form.put("shipping[name]", &name), "shipping[address]", Some(delivery))
            .maybe("shipping[phone]", charge.phone());
    }
    form = form.put(&format!("metadata[{KEY}]"), &charge.key);
    form = form
        .maybe("metadata[reference]", charge.reference.as_deref())
        .maybe("metadata[shopper_reference]", customer.shopper_reference.as_deref());
    let number = |count: Option<u32>| count.map(|count| count.to_string());
    let history = customer.history.clone().unwrap_or_default();
    for (name, value) in [
        ("account_created", customer.account_created.map(|day| day.to_string())),
        ("orders", number(history.orders)),
        ("orders_six_months", number(history.orders_six_months)),
        ("last_order", history.last_order.map(|day| day.to_string())),
        ("failures_this_call", number(customer.failures_this_call)),
    ] {
        form = form.maybe(&format!("metadata[{name}]"), value.as_deref());
    }
    for (name, value) in charge.parameters.iter().take(METADATA_MAX) {
        let name = cut(&name.replace(['[', ']'], "_"), METADATA_NAME_MAX_CHARS);
        form = form.put(&format!("metadata[{name}]"), &cut(value, METADATA_VALUE_MAX_CHARS));
    }
    form
}

/// The customer a stored card belongs to.
pub(super) fn customer(storing: &Storing) -> SecretBody {
    let known = &storing.customer;
    Form::new()
        .maybe("name", known.full_name().as_deref())
        .maybe("email", known.email.as_deref())
        .maybe("phone", known.phone.as_deref())
        .put("metadata[shopper_reference]", &storing.shopper_reference)
        .put(&format!("metadata[{KEY}]"), &storing.key)
        .done()
}

/// A card that is stored and charged nothing.
pub(super) fn setup(storing: &Storing, customer: &str, method: &str) -> SecretBody {
    Form::new()
        .put("confirm", "true")
        .put("customer", customer)
        .put("payment_method", method)
        .put("payment_method_types[0]", "card")
        .put("payment_method_options[card][moto]", "true")
        .put("usage", "off_session")
        .put(&format!("metadata[{KEY}]"), &storing.key)
        .done()
}

/// How much of a charge is taken.
pub(super) fn capture(change: &Change) -> Option<SecretBody> {
    Some(Form::new().put("amount_to_capture", &minor(&change.amount)?.to_string()).done())
}

/// That a charge is given up.
pub(super) fn cancel() -> SecretBody {
    Form::new().put("cancellation_reason", "requested_by_customer").done()
}

/// How much of a charge is given back.
pub(super) fn refund(change: &Change) -> Option<SecretBody> {
    let amount = minor(&change.amount)?.to_string();
    let form = Form::new().put("payment_intent", &change.reference).put("amount", &amount);
    Some(form.put(&format!("metadata[{KEY}]"), &change.key).done())
}

/// A page to pay on.
pub(super) fn session(link: &NewLink, success_url: &str, expires_at_s: Option<i64>) -> Option<SecretBody> {
    let form = Form::new()
        .put("mode", "payment")
        .put("success_url", success_url)
        .put("client_reference_id", &link.key)
        .maybe("customer_email", link.customer.email.as_deref())
        .put("locale", &link.language)
        .maybe("expires_at", expires_at_s.map(|at| at.to_string()).as_deref())
        .put("line_items[0][quantity]", "1")
        .put("line_items[0][price_data][currency]", &link.amount.currency.code().to_ascii_lowercase())
        .put("line_items[0][price_data][unit_amount]", &minor(&link.amount)?.to_string())
        .put("line_items[0][price_data][product_data][name]", &link.description)
        .put(&format!("payment_intent_data[metadata][{KEY}]"), &link.key);
    Some(form.done())
}
