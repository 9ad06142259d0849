use super::*;

fn alone(setup: &mut Setup) {
    setup.mode = Mode::SelfService;
}

#[test]
fn a_caller_alone_pays_and_is_hung_up_on_after_the_goodbye() {
    let mut desk = Desk::asking(alone);
    saw!(desk, "Customer: WelcomeSelfService { amount", "AskNumber");
    desk.key(CARD);
    desk.journalled();
    desk.wait(1_000);
    none!(desk, "Shield false", "Agent: ");
    desk.approve();
    saw!(desk, "Customer: Approved", "Customer: Goodbye");
    desk.end();
    saw!(desk, "HangUp", "Finish Approved");
}

#[test]
fn a_declined_caller_tries_another_card() {
    let mut desk = Desk::deciding(alone);
    saw!(desk, "Customer: Declined", "Customer: TryAnotherCard");
    desk.key("1");
    saw!(desk, "AskNumber");
    desk.key(CARD);
    desk.journalled();
    saw!(desk, "Charge 2");
}

#[test]
fn or_goes_on_to_a_human() {
    let mut desk = Desk::deciding(alone);
    desk.key("2");
    saw!(desk, "Customer: TransferToHuman");
    desk.end();
    saw!(desk, "HandOver", "Finish Declined");
}

#[test]
fn other_keys_ask_again_and_three_are_enough_and_hash_is_none_of_them() {
    let mut desk = Desk::deciding(alone);
    saw!(desk, "TryAnotherCard");
    desk.key("7");
    saw!(desk, "TryAnotherCard");
    desk.key("#");
    saw!(desk, "TryAnotherCard");
    desk.key("9");
    saw!(desk, "TryAnotherCard");
    desk.key("8");
    none!(desk, "TryAnotherCard");
    saw!(desk, "TransferToHuman");
}

#[test]
fn silence_goes_on_to_a_human_without_a_goodbye() {
    let mut desk = Desk::deciding(alone);
    desk.heard();
    desk.wait(120_000);
    saw!(desk, "TransferToHuman");
    desk.end();
    none!(desk, "Goodbye", "HangUp");
    saw!(desk, "HandOver");
}

#[test]
fn a_fault_of_ours_hands_the_caller_over() {
    let mut desk = Desk::charging(alone);
    desk.bank(Outcome::NotCharged);
    saw!(desk, "Customer: CannotTakeNow", "TransferToHuman");
    desk.end();
    saw!(desk, "HandOver", "Finish Fault");
}

#[test]
fn who_cancels_is_hung_up_on_and_who_left_is_not() {
    let mut desk = Desk::asking(alone);
    desk.key("**");
    saw!(desk, "Customer: Cancelled", "Customer: Goodbye");
    desk.end();
    saw!(desk, "HangUp", "Finish CancelledByCustomer");

    let mut desk = Desk::asking(alone);
    desk.pbx(FromPbx::Left(Party::Customer));
    desk.end();
    none!(desk, "HangUp", "HandOver");
    saw!(desk, "Finish CustomerLeft");
}

#[test]
fn an_operator_may_cancel_but_nothing_else() {
    let mut desk = Desk::asking(alone);
    desk.hand(Input::Agent(AgentCommand::Pause));
    desk.hand(Input::Agent(AgentCommand::RestartAll));
    none!(desk, "Paused", "Agent(");
    desk.hand(Input::Agent(AgentCommand::Cancel));
    saw!(desk, "Customer: Cancelled");
    desk.end();
    saw!(desk, "Finish CancelledByAgent");
}

#[test]
fn a_leg_that_cannot_be_sealed_goes_on_to_a_human() {
    let mut desk = Desk::new(alone);
    desk.hand(Input::Start);
    desk.pbx(FromPbx::SealRefused(SealRefusal::SipInfo));
    saw!(desk, "Customer: CannotTakeNow", "TransferToHuman");
    desk.end();
    saw!(desk, "HandOver", "Finish NotSealed");
}

#[test]
fn who_turns_out_to_have_paid_is_not_connected_to_anybody() {
    let mut desk = Desk::charging(alone);
    desk.bank(Outcome::Unknown);
    saw!(desk, "Customer: OutcomeUnknown", "Customer: TransferToHuman");
    desk.approve();
    saw!(desk, "Hush", "Customer: Approved", "Customer: Goodbye");
    desk.end();
    none!(desk, "HandOver");
    saw!(desk, "HangUp", "Finish Approved");
}
