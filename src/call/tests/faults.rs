use super::*;

/// What the customer and the agent are told of a fault in the number.
fn number(keys: &str, hint: &str, told: &str) {
    let mut desk = Desk::asking(|setup| setup.accepted = vec![crate::card::Brand::Visa]);
    desk.key(keys);
    saw!(desk, "FieldRefused { field: Number", hint, told, "AskNumber");
}

#[test]
fn each_fault_of_the_number_has_its_word() {
    number("4111#", "WhisperCustomerError(TooShort)", "Customer: NumberTooShort");
    number("41111111111111111#", "WhisperCustomerError(TooLong)", "Customer: NumberTooLong");
    number("4111111111111112#", "WhisperCustomerError(CheckDigit)", "Customer: NumberWrong");
    number("5555555555554444", "WhisperCustomerError(BrandNotAccepted)", "Customer: BrandNotAccepted");
}

/// What the customer is told of a fault in the expiry date.
fn expiry(keys: &str, hint: &str, told: &str) {
    let mut desk = Desk::asking(|_| {});
    desk.key("5555555555554444");
    desk.key(keys);
    saw!(desk, "FieldRefused { field: Expiry", hint, told, "AskExpiry");
}

#[test]
fn each_fault_of_the_expiry_has_its_word() {
    expiry("1026", "Error(Expired)", "Customer: CardExpired");
    expiry("1330", "Error(ExpiryInvalid)", "Customer: ExpiryWrong");
    expiry("0399", "Error(ExpiryInvalid)", "Customer: ExpiryWrong");
    expiry("03#", "Error(TooShort)", "Customer: ExpiryWrong");
}

#[test]
fn a_postal_code_may_be_too_short() {
    let mut desk = Desk::asking(|setup| {
        setup.postal = Some(PostalPolicy { min_digits: 3, max_digits: 5 });
    });
    desk.key(CARD);
    saw!(desk, "AskPostal");
    desk.key("75#");
    saw!(desk, "field: Postal, hint: TooShort", "Customer: PostalTooShort", "AskPostal");
    desk.key("750#");
    saw!(desk, "Journal");
}

#[test]
fn a_field_is_tried_three_times() {
    let mut desk = Desk::asking(|_| {});
    desk.key("4111#4111#");
    saw!(desk, "left: 2", "attempt: 2", "left: 1", "attempt: 3");
    desk.key("4111#");
    saw!(desk, "left: 0", "Customer: TooManyAttempts", "Agent: WhisperTooManyAttempts");
    desk.end();
    saw!(desk, "Finish TooManyAttempts");
}

#[test]
fn each_field_has_its_own_attempts() {
    let mut desk = Desk::asking(|_| {});
    desk.key("4111#4111#5555555555554444");
    saw!(desk, "attempt: 3", "FieldOpened { field: Expiry, attempt: 1 }");
}
