use super::*;

fn confirming(confirm: Confirm) -> Desk {
    let mut desk = Desk::asking(|setup| setup.confirm = confirm);
    desk.key(CARD);
    saw!(desk, "Confirming");
    desk
}

#[test]
fn one_confirms() {
    let mut desk = confirming(Confirm::LastFour);
    saw!(desk, "Customer: ConfirmLastFour");
    desk.key("1");
    saw!(desk, "Hush Customer", "Journal");
}

#[test]
fn the_amount_is_read_out_where_it_is_confirmed() {
    let mut desk = confirming(Confirm::Payment);
    saw!(desk, "Customer: ConfirmPayment { amount: Money { minor: 4250");
    none!(desk, "Journal");
}

#[test]
fn two_takes_the_card_again() {
    let mut desk = confirming(Confirm::LastFour);
    desk.key("2");
    saw!(desk, "FieldOpened { field: Number, attempt: 1 }");
    none!(desk, "Journal");
    desk.key(CARD);
    saw!(desk, "Confirming");
}

#[test]
fn another_key_asks_again_and_three_end_it() {
    let mut desk = confirming(Confirm::LastFour);
    saw!(desk, "ConfirmLastFour");
    desk.key("7");
    saw!(desk, "ConfirmLastFour");
    desk.key("*");
    saw!(desk, "ConfirmLastFour");
    desk.key("9");
    none!(desk, "ConfirmLastFour", "Journal");
    desk.end();
    saw!(desk, "Finish TimedOut");
}

#[test]
fn silence_asks_again_and_ends_it() {
    let mut desk = confirming(Confirm::Payment);
    saw!(desk, "ConfirmPayment");
    desk.heard();
    desk.wait(29_999);
    none!(desk, "ConfirmPayment");
    desk.wait(1);
    saw!(desk, "ConfirmPayment");
    desk.wait(60_000);
    saw!(desk, "ConfirmPayment");
    desk.wait(60_000);
    saw!(desk, "Customer: Cancelled", "Agent: WhisperTimedOut");
    none!(desk, "Journal");
}

#[test]
fn the_hash_after_the_code_is_no_answer() {
    let mut desk = confirming(Confirm::LastFour);
    saw!(desk, "ConfirmLastFour");
    desk.key("#");
    none!(desk, "Hush", "ConfirmLastFour");
    desk.key("1");
    saw!(desk, "Journal");
}
