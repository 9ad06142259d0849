use super::*;

#[test]
fn a_star_clears_the_field_and_two_cancel() {
    let mut desk = Desk::asking(|_| {});
    desk.key("41*");
    saw!(desk, "Cleared(Number)", "WhisperCleared", "Customer: Cleared", "Customer: AskNumber");
    desk.key("4");
    saw!(desk, "count: 1");
    desk.key("*");
    none!(desk, "Cancelled");
    desk.key("*");
    saw!(desk, "Customer: Cancelled", "WhisperCustomerCancelled");
    desk.end();
    saw!(desk, "Finish CancelledByCustomer");
}

#[test]
fn clearing_costs_no_attempt() {
    let mut desk = Desk::asking(|_| {});
    desk.key("41*1*1*1*1*");
    none!(desk, "FieldRefused", "attempt: 2");
}

#[test]
fn a_hash_submits() {
    let mut desk = Desk::asking(|_| {});
    desk.key("4111111111111111#");
    saw!(desk, "masked: Some", "WhisperFieldDone(Number)", "AskExpiry");
    desk.key("033#");
    saw!(desk, "FieldRefused { field: Expiry, hint: TooShort, left: 2 }", "ExpiryWrong", "attempt: 2");
}

#[test]
fn fields_that_can_take_no_more_submit_themselves() {
    let mut desk = Desk::asking(|setup| {
        setup.postal = Some(PostalPolicy { min_digits: 3, max_digits: 5 });
    });
    desk.key("378282246310005");
    saw!(desk, "FieldDone { field: Number", "AskExpiry");
    desk.key("0330");
    saw!(desk, "AskCode { digits: 4 }");
    desk.key("1234");
    saw!(desk, "AskPostal");
    desk.key("75011");
    saw!(desk, "FieldDone { field: Postal", "Journal");
}

#[test]
fn a_visa_number_of_sixteen_waits_for_silence() {
    let mut desk = Desk::asking(|_| {});
    desk.key("4111111111111111");
    desk.wait(1_499);
    none!(desk, "FieldDone");
    desk.wait(1);
    saw!(desk, "FieldDone");
}

#[test]
fn a_habitual_hash_means_nothing_and_does_not_cut_the_question_off() {
    let mut desk = Desk::asking(|_| {});
    desk.key("5555555555554444");
    saw!(desk, "AskExpiry");
    desk.key("#");
    none!(desk, "Hush", "FieldRefused");
    desk.key("#");
    saw!(desk, "Hush Customer", "Customer: AskExpiry");
}

#[test]
fn a_hash_that_comes_late_is_meant() {
    let mut desk = Desk::asking(|_| {});
    desk.key("5555555555554444");
    desk.wait(3_000);
    desk.key("#");
    saw!(desk, "Hush Customer", "Customer: AskExpiry", "KeysHelp");
}

#[test]
fn fast_fingers_type_ahead() {
    let mut desk = Desk::asking(|_| {});
    desk.key("55555555555544440330123");
    saw!(
        desk,
        "FieldDone { field: Number",
        "FieldDone { field: Expiry",
        "FieldDone { field: Code",
        "Journal"
    );
}

#[test]
fn a_code_may_be_left_out_where_it_is_optional() {
    let mut desk = Desk::asking(|setup| setup.code = CodePolicy::Optional);
    desk.key("5555555555554444#0330");
    saw!(desk, "AskCode");
    desk.wait(3_100);
    desk.key("#");
    saw!(desk, "FieldDone { field: Code", "WhisperFieldDone(Code)", "Journal");
    desk.journalled();
    saw!(desk, "Charge 1");
}

#[test]
fn a_code_that_is_required_may_not() {
    let mut desk = Desk::asking(|_| {});
    desk.key("5555555555554444#0330");
    desk.wait(3_100);
    desk.key("#");
    none!(desk, "FieldDone { field: Code", "Journal");
    desk.key("#");
    saw!(desk, "Customer: AskCode { digits: 3 }", "KeysHelp", "Customer slowly: AskCode { digits: 3 }");
}

#[test]
fn a_maestro_card_may_have_no_code() {
    let mut desk = Desk::asking(|_| {});
    desk.key("6771798021000008#0330");
    desk.wait(3_100);
    desk.key("#");
    saw!(desk, "FieldDone { field: Code", "Journal");
}

#[test]
fn a_merchant_without_codes_never_asks() {
    let mut desk = Desk::asking(|setup| setup.code = CodePolicy::Off);
    desk.key("4111111111111111#0330");
    none!(desk, "AskCode");
    saw!(desk, "Journal");
}

#[test]
fn the_number_keyed_twice_has_to_be_the_same() {
    let mut desk = Desk::asking(|setup| setup.enter_twice = true);
    desk.key("4111111111111111#");
    saw!(desk, "AskNumberAgain");
    desk.key("5555555555554444");
    saw!(desk, "hint: Differs", "WhisperCustomerError(Differs)", "NumbersDiffer", "AskNumber");
    desk.key("4111111111111111#4111111111111111#");
    saw!(desk, "FieldDone { field: NumberAgain", "AskExpiry");
}

#[test]
fn numbers_that_keep_differing_end_the_capture() {
    let mut desk = Desk::asking(|setup| setup.enter_twice = true);
    for left in ["left: 2", "left: 1", "left: 0"] {
        desk.key("5555555555554444#4111111111111111#");
        saw!(desk, left);
    }
    saw!(desk, "Customer: TooManyAttempts", "WhisperTooManyAttempts");
}

#[test]
fn a_restarted_second_number_takes_the_first_again() {
    let mut desk = Desk::asking(|setup| setup.enter_twice = true);
    desk.key("4111111111111111#41");
    saw!(desk, "AskNumberAgain");
    desk.agent(AgentCommand::RestartField);
    saw!(desk, "FieldOpened { field: Number, attempt: 1 }");
}

#[test]
fn clearing_and_keying_again_does_not_go_on_for_ever() {
    let mut desk = Desk::asking(|_| {});
    for _ in 0..200 {
        desk.key("4111*");
        desk.wait(10_000);
    }
    saw!(desk, "Ended(TimedOut)");
}
