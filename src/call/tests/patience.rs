use super::*;

#[test]
fn nobody_is_hurried_before_the_question_is_over() {
    let mut desk = Desk::asking(|_| {});
    desk.wait(29_000);
    desk.heard();
    desk.wait(29_999);
    none!(desk, "FieldRefused");
    desk.wait(1);
    saw!(desk, "hint: Timeout, left: 2", "WhisperCustomerError(Timeout)", "NothingKeyed", "AskNumber");
}

#[test]
fn a_question_whose_end_is_never_reported_counts_as_over() {
    let mut desk = Desk::asking(|_| {});
    desk.wait(59_999);
    none!(desk, "FieldRefused");
    desk.wait(1);
    saw!(desk, "hint: Timeout");
}

#[test]
fn a_customer_who_keys_nothing_at_all_ends_the_capture() {
    let mut desk = Desk::asking(|_| {});
    for _ in 0..3 {
        desk.heard();
        desk.wait(30_000);
    }
    saw!(desk, "left: 0", "Customer: Cancelled", "Agent: WhisperTimedOut");
    desk.end();
    saw!(desk, "Finish TimedOut");
}

#[test]
fn silence_in_the_middle_of_a_field_submits_it() {
    let mut desk = Desk::asking(|_| {});
    desk.key("4111");
    desk.wait(5_999);
    none!(desk, "FieldRefused");
    desk.wait(1);
    saw!(desk, "hint: TooShort");
}

/// Keys one digit, waits, keys another: whoever is slow once is given more time.
fn slow_by(gap_ms: u64) -> Desk {
    let mut desk = Desk::asking(|setup| setup.bounds.between_keys_max_ms = 12_000);
    desk.key("4");
    desk.wait(gap_ms - 300);
    desk.key("1");
    desk
}

#[test]
fn slow_fingers_are_given_three_times_their_pace() {
    let mut desk = slow_by(3_000);
    desk.wait(8_999);
    none!(desk, "FieldRefused");
    desk.wait(1);
    saw!(desk, "FieldRefused");
}

#[test]
fn patience_has_an_end() {
    let mut desk = slow_by(5_900);
    desk.wait(11_999);
    none!(desk, "FieldRefused");
    desk.wait(1);
    saw!(desk, "FieldRefused");
}

#[test]
fn the_first_key_stops_the_question() {
    let mut desk = Desk::asking(|_| {});
    desk.key("4");
    saw!(desk, "Hush Customer", "count: 1");
    desk.key("1");
    none!(desk, "Hush");
}

#[test]
fn an_end_of_another_sentence_changes_nothing() {
    let mut desk = Desk::asking(|_| {});
    desk.wait(20_000);
    desk.pbx(FromPbx::Said { id: SayId(999), heard: true });
    desk.wait(39_999);
    none!(desk, "FieldRefused");
}
