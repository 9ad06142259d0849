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

mod reference {
    use super::*;

    fn unsaid(setup: &mut Setup) {
        alone(setup);
        setup.amount.minor = 0;
    }

    fn euros(minor: i64) -> Money {
        Money { minor, currency: "EUR".parse().unwrap() }
    }

    #[test]
    fn a_reference_is_looked_up_and_what_it_stands_for_is_paid() {
        let mut desk = Desk::asking(unsaid);
        saw!(desk, "Customer: Greeting", "Customer: AskReference");
        none!(desk, "WelcomeSelfService", "AskNumber");
        desk.key("4711#");
        saw!(desk, "LookUp 4711");
        desk.hand(Input::Owed(Owed::This(Due::at_once(euros(1_990)))));
        saw!(desk, "AmountDue { amount: Money { minor: 1990", "AskNumber");
        desk.key(CARD);
        desk.journalled();
        desk.approve();
        saw!(desk, "Customer: Approved { amount: Money { minor: 1990");
        desk.end();
        saw!(desk, "HangUp", "Finish Approved");
    }

    #[test]
    fn one_that_nobody_knows_is_asked_again_and_three_are_enough() {
        let mut desk = Desk::asking(unsaid);
        for _ in 0..2 {
            desk.key("4711#");
            desk.hand(Input::Owed(Owed::Nothing));
            saw!(
                desk,
                "FieldRefused { field: Reference, hint: NotKnown",
                "ReferenceNotKnown",
                "AskReference"
            );
        }
        desk.key("4712#");
        desk.hand(Input::Owed(Owed::Nothing));
        saw!(desk, "TooManyAttempts", "TransferToHuman");
        desk.end();
        saw!(desk, "HandOver");
    }

    #[test]
    fn nought_is_a_human_and_so_is_a_system_that_does_not_answer() {
        let mut desk = Desk::asking(unsaid);
        desk.key("0#");
        none!(desk, "LookUp");
        saw!(desk, "Customer: TransferToHuman");
        desk.end();
        saw!(desk, "HandOver", "Finish OtherMeans");

        for late in [true, false] {
            let mut desk = Desk::asking(unsaid);
            desk.key("4711#");
            if late {
                desk.wait(60_000)
            } else {
                desk.hand(Input::Owed(Owed::Unknown))
            }
            saw!(desk, "CannotTakeNow", "TransferToHuman");
            desk.hand(Input::Owed(Owed::This(Due::at_once(euros(1_990)))));
            none!(desk, "AskNumber");
            desk.end();
            saw!(desk, "HandOver", "Finish Fault");
        }
    }

    #[test]
    fn a_card_keyed_in_its_place_goes_nowhere() {
        let mut desk = Desk::asking(unsaid);
        desk.key("4111111111111111#");
        saw!(desk, "FieldRefused { field: Reference, hint: TooLong", "AskReference");
        none!(desk, "LookUp");
        // Half a card, and then silence.
        desk.key("4111111111");
        desk.wait(30_000);
        none!(desk, "LookUp");
        desk.key("47110815");
        desk.wait(30_000);
        saw!(desk, "LookUp 47110815");
    }

    fn in_parts() -> Due {
        Due { owed: euros(4_250), least: euros(1_000) }
    }

    #[test]
    fn all_of_it_or_a_part_that_is_possible() {
        let mut desk = Desk::asking(unsaid);
        desk.key("4711#");
        desk.hand(Input::Owed(Owed::This(in_parts())));
        saw!(desk, "AmountDue { amount: Money { minor: 4250", "Customer: ChooseAmount");
        none!(desk, "AskNumber");
        desk.key("2");
        saw!(desk, "Customer: AskPart");
        for wrong in ["9#", "43#", "5#"] {
            desk.key(wrong);
            if wrong == "5#" {
                break;
            }
            saw!(desk, "hint: NotPossible", "PartNotPossible", "AskPart");
            none!(desk, "Agree");
        }
        saw!(desk, "TooManyAttempts", "TransferToHuman");

        let mut desk = Desk::asking(unsaid);
        desk.key("4711#");
        desk.hand(Input::Owed(Owed::This(in_parts())));
        desk.key("2");
        desk.key("20#");
        saw!(desk, "Agree 2000");
        desk.hand(Input::Owed(Owed::This(Due::at_once(euros(2_000)))));
        saw!(desk, "AmountDue { amount: Money { minor: 2000", "AskNumber");
        none!(desk, "ChooseAmount");
        desk.key(CARD);
        desk.journalled();
        desk.approve();
        saw!(desk, "Approved { amount: Money { minor: 2000");
    }

    #[test]
    fn who_is_known_chooses_as_well_and_nought_is_a_human() {
        for (keys, follows) in [("1", "AskNumber"), ("0", "TransferToHuman")] {
            let mut desk = Desk::new(alone);
            desk.call.offer_parts(in_parts());
            desk.hand(Input::Start);
            desk.pbx(FromPbx::Sealed { line: Line::Unknown });
            saw!(desk, "WelcomeSelfService", "ChooseAmount");
            desk.key(keys);
            desk.pbx(FromPbx::Shield { up: true });
            saw!(desk, follows);
        }
        let mut desk = Desk::new(alone);
        desk.call.offer_parts(in_parts());
        desk.hand(Input::Start);
        desk.pbx(FromPbx::Sealed { line: Line::Unknown });
        desk.key("78");
        saw!(desk, "ChooseAmount", "ChooseAmount", "ChooseAmount");
        desk.wait(120_000);
        saw!(desk, "TooManyAttempts", "TransferToHuman");
    }
}
