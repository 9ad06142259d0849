//! The desk asks for each field.

use super::*;

/// A sealed call whose desk asks for each field and has asked for none yet.
fn commanded(change: impl FnOnce(&mut Setup)) -> Desk {
    let mut desk = Desk::new(|setup| {
        setup.order = FieldOrder::Commanded { twice: Vec::new() };
        change(setup);
    });
    desk.hand(Input::Start);
    desk.pbx(FromPbx::Sealed { line: Line::Unknown });
    saw!(desk, "Remaining([Number, Expiry, Code])");
    none!(desk, "Shield true", "Ask");
    desk
}

impl Desk {
    fn command(&mut self, command: AgentCommand) {
        self.hand(Input::Agent(command));
    }

    /// The desk asks, and the shield goes up.
    fn ask(&mut self, field: Field) {
        self.command(AgentCommand::Ask(field));
        self.pbx(FromPbx::Shield { up: true });
    }

    /// All fields are asked for and keyed.
    fn key_all(&mut self) {
        let keyed = [(Field::Number, "4111111111111111#"), (Field::Expiry, "0330"), (Field::Code, "737")];
        for (field, keys) in keyed {
            self.ask(field);
            self.key(keys);
        }
    }

    /// Silence, until the shield that outlives the last tone is down.
    fn settle(&mut self) {
        self.wait(2_000);
        self.pbx(FromPbx::Shield { up: false });
    }
}

#[test]
fn fields_come_in_any_order_and_the_desk_completes() {
    let mut desk = commanded(|_| {});
    desk.ask(Field::Expiry);
    saw!(desk, "Shield true", "AskExpiry", "FieldOpened { field: Expiry, attempt: 1 }");
    desk.key("0330");
    saw!(desk, "FieldDone { field: Expiry", "WhisperFieldDone(Expiry)", "Remaining([Number, Code])");
    none!(desk, "FieldOpened");
    desk.settle();
    saw!(desk, "Shield false");
    desk.ask(Field::Code);
    desk.key("737");
    desk.settle();
    saw!(desk, "FieldDone { field: Code", "Remaining([Number])");
    desk.ask(Field::Number);
    desk.key("4111111111111111#");
    saw!(desk, "FieldDone { field: Number", "Remaining([])");
    none!(desk, "Journal");
    desk.command(AgentCommand::Complete);
    saw!(desk, "Journal");
    desk.journalled();
    saw!(desk, "Charge 1");
    desk.approve();
    saw!(desk, "Customer: Approved");
    desk.end();
    saw!(desk, "Finish Approved");
}

#[test]
fn what_is_missing_is_told_and_nothing_is_charged() {
    let mut desk = commanded(|_| {});
    desk.ask(Field::Number);
    desk.key("4111111111111111#");
    saw!(desk, "Remaining([Expiry, Code])");
    desk.command(AgentCommand::Complete);
    saw!(desk, "Remaining([Expiry, Code])");
    none!(desk, "Journal");
}

#[test]
fn a_field_is_taken_again_in_place_of_what_was_there() {
    let mut desk = commanded(|_| {});
    desk.key_all();
    saw!(desk, "Remaining([])");
    desk.ask(Field::Expiry);
    desk.command(AgentCommand::Complete);
    saw!(desk, "Remaining([Expiry])");
    none!(desk, "Journal");
    desk.key("0430");
    saw!(desk, "Remaining([])");
    desk.command(AgentCommand::Complete);
    saw!(desk, "Journal");
}

#[test]
fn a_code_keyed_first_has_to_fit_the_card_that_follows() {
    let mut desk = commanded(|_| {});
    desk.ask(Field::Code);
    desk.key("737");
    desk.wait(1_500);
    saw!(desk, "FieldDone { field: Code", "Remaining([Number, Expiry])");
    desk.ask(Field::Number);
    desk.key("378282246310005");
    saw!(desk, "FieldDone { field: Number", "Remaining([Expiry, Code])");
    desk.ask(Field::Code);
    saw!(desk, "AskCode { digits: 4 }");
    desk.key("1234");
    saw!(desk, "Remaining([Expiry])");
    // Another card: the code of the first does not fit it.
    desk.ask(Field::Number);
    desk.key("5555555555554444");
    saw!(desk, "Remaining([Expiry, Code])");
}

#[test]
fn what_is_keyed_twice_is_compared() {
    let twice = |setup: &mut Setup| {
        setup.order = FieldOrder::Commanded { twice: vec![Field::Expiry] };
    };
    let mut desk = Desk::new(twice);
    desk.hand(Input::Start);
    desk.pbx(FromPbx::Sealed { line: Line::Unknown });
    saw!(desk, "Remaining([Number, Expiry, ExpiryAgain, Code])");
    // There is nothing to compare with yet: the first is asked for.
    desk.ask(Field::ExpiryAgain);
    saw!(desk, "FieldOpened { field: Expiry,");
    desk.key("0330");
    saw!(desk, "Remaining([Number, ExpiryAgain, Code])");
    desk.ask(Field::ExpiryAgain);
    desk.key("0331");
    saw!(desk, "FieldRefused { field: ExpiryAgain, hint: Differs, left: 2 }", "FieldOpened { field: Expiry,");
    desk.key("0330");
    saw!(desk, "Remaining([Number, ExpiryAgain, Code])");
    desk.ask(Field::ExpiryAgain);
    desk.key("0330");
    saw!(desk, "FieldDone { field: ExpiryAgain", "Remaining([Number, Code])");
    // Taken again, it has to be compared again.
    desk.ask(Field::Expiry);
    desk.key("0330");
    saw!(desk, "Remaining([Number, ExpiryAgain, Code])");
}

#[test]
fn every_field_can_be_compared() {
    let mut desk = Desk::new(|setup| {
        setup.order = FieldOrder::Commanded { twice: Field::FIRSTS.to_vec() };
        setup.postal = Some(PostalPolicy { min_digits: 5, max_digits: 5 });
        setup.bounds.attempts_per_field = 9;
    });
    desk.hand(Input::Start);
    desk.pbx(FromPbx::Sealed { line: Line::Unknown });
    let keyed = [
        (Field::Number, "4111111111111111#"),
        (Field::Expiry, "0330"),
        (Field::Code, "737"),
        (Field::Postal, "75011"),
    ];
    for (field, keys) in keyed {
        desk.ask(field);
        desk.key(keys);
        desk.ask(field.again());
        desk.key(keys);
    }
    saw!(desk, "FieldDone { field: PostalAgain", "Remaining([])");
    for (field, keys) in keyed {
        desk.ask(field.again());
        // One digit is another one. (Without the number, a code may have a fourth digit.)
        desk.key(&keys.replace('1', "2").replace("33", "43").replace("37", "36"));
        desk.key("#");
        saw!(desk, "hint: Differs");
    }
    none!(desk, "Remaining([])");
}

#[test]
fn a_command_that_comes_before_the_seal_is_kept() {
    let mut desk = Desk::new(|setup| setup.order = FieldOrder::Commanded { twice: Vec::new() });
    desk.hand(Input::Start);
    desk.command(AgentCommand::Ask(Field::Number));
    none!(desk, "AskNumber", "Shield");
    desk.pbx(FromPbx::Sealed { line: Line::Clean });
    saw!(desk, "Shield true");
    none!(desk, "AskNumber");
    desk.pbx(FromPbx::Shield { up: true });
    saw!(desk, "AskNumber");
}

#[test]
fn keys_that_nobody_asked_for_go_nowhere() {
    let mut desk = commanded(|_| {});
    desk.key("4111111111111111#");
    none!(desk, "Progress", "FieldDone");
    desk.ask(Field::Number);
    desk.key("41");
    saw!(desk, "count: 2");
}

#[test]
fn a_desk_that_says_nothing_is_not_waited_for_for_ever() {
    let mut desk = commanded(|_| {});
    desk.wait(599_999);
    none!(desk, "Ended");
    desk.wait(1);
    desk.end();
    saw!(desk, "Finish TimedOut");
}

#[test]
fn asking_again_and_again_ends_at_the_bound_of_the_capture() {
    let mut desk = commanded(|_| {});
    for _ in 0..200 {
        desk.ask(Field::Number);
        desk.wait(10_000);
    }
    saw!(desk, "Ended(TimedOut)");
}

#[test]
fn a_lost_seal_ends_it_while_nobody_is_asked() {
    let mut desk = commanded(|_| {});
    desk.ask(Field::Number);
    desk.key("4111111111111111#");
    desk.pbx(FromPbx::SealLost(SealLoss::Opened));
    saw!(desk, "Alarm(SealLost(Opened))", "CannotTakeNow");
    desk.command(AgentCommand::Ask(Field::Expiry));
    desk.end();
    none!(desk, "AskExpiry");
    saw!(desk, "Finish SealLost");
}

#[test]
fn a_field_asked_for_while_the_pbx_is_away_opens_when_it_is_back() {
    let mut desk = commanded(|_| {});
    desk.pbx(FromPbx::LinkLost);
    desk.command(AgentCommand::Ask(Field::Number));
    none!(desk, "AskNumber", "Shield true");
    desk.pbx(FromPbx::LinkBack { sealed: true });
    saw!(desk, "Shield true");
    desk.pbx(FromPbx::Shield { up: true });
    saw!(desk, "AskNumber");
}

#[test]
fn the_customer_confirms_what_the_desk_completes() {
    let mut desk = commanded(|setup| setup.confirm = Confirm::LastFour);
    desk.key_all();
    desk.command(AgentCommand::Complete);
    saw!(desk, "Confirming", "ConfirmLastFour");
    none!(desk, "Journal");
    desk.wait(4_000);
    desk.key("2");
    saw!(desk, "Remaining([Number, Expiry, Code])");
    desk.command(AgentCommand::Complete);
    none!(desk, "Journal");
}

#[test]
fn a_card_that_is_stored_is_told_as_no_payment() {
    let mut desk = commanded(|setup| setup.amount.minor = 0);
    desk.key_all();
    desk.command(AgentCommand::Complete);
    desk.journalled();
    desk.approve();
    saw!(desk, "Approved { attempt", "Customer: BackToAgent");
    none!(desk, "Customer: Approved", "WhisperApproved");
}

#[test]
fn a_second_complete_changes_nothing() {
    let mut desk = commanded(|_| {});
    desk.key_all();
    desk.command(AgentCommand::Complete);
    saw!(desk, "Journal");
    desk.command(AgentCommand::Complete);
    desk.command(AgentCommand::Ask(Field::Number));
    none!(desk, "Journal", "AskNumber");
    desk.journalled();
    desk.command(AgentCommand::Complete);
    saw!(desk, "Charge 1");
    none!(desk, "Journal");
}

#[test]
fn in_the_fixed_order_nobody_listens_to_the_desk() {
    let mut desk = Desk::asking(|_| {});
    desk.key("41");
    saw!(desk, "count: 2");
    desk.command(AgentCommand::Ask(Field::Code));
    desk.command(AgentCommand::Complete);
    none!(desk, "AskCode", "Agent(Ask", "Journal");
    desk.key("1");
    saw!(desk, "count: 3");
}
