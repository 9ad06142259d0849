use super::*;

#[test]
fn the_agent_restarts_a_field_or_all_of_them() {
    let mut desk = Desk::asking(|_| {});
    desk.key("5555555555554444#03");
    saw!(desk, "AskExpiry");
    desk.agent(AgentCommand::RestartField);
    saw!(desk, "Agent(RestartField)", "Hush Customer", "FieldOpened { field: Expiry, attempt: 1 }");
    desk.agent(AgentCommand::RestartAll);
    saw!(desk, "FieldOpened { field: Number, attempt: 1 }");
    desk.key("0330");
    none!(desk, "FieldDone");
}

#[test]
fn the_two_talk_in_a_pause_and_keys_are_not_taken() {
    let mut desk = Desk::asking(|_| {});
    desk.key("55");
    desk.agent(AgentCommand::Pause);
    saw!(desk, "Paused", "Customer: Paused", "Agent: WhisperPaused");
    none!(desk, "Shield");
    desk.wait(1_000);
    saw!(desk, "Shield false");
    desk.pbx(FromPbx::Shield { up: false });
    desk.key("1234");
    none!(desk, "Progress");
    desk.agent(AgentCommand::Resume);
    saw!(desk, "WhisperResumed", "Customer: Resumed", "Shield true");
    none!(desk, "AskNumber");
    desk.pbx(FromPbx::Shield { up: true });
    saw!(desk, "AskNumber", "FieldOpened { field: Number");
    desk.key("5");
    saw!(desk, "count: 1");
}

#[test]
fn one_key_pauses_and_resumes_at_once() {
    let mut desk = Desk::asking(|_| {});
    desk.key("5");
    desk.agent(AgentCommand::TogglePause);
    saw!(desk, "WhisperPaused");
    desk.agent(AgentCommand::TogglePause);
    saw!(desk, "WhisperResumed", "Shield true");
    desk.pbx(FromPbx::Shield { up: true });
    saw!(desk, "AskNumber");
}

#[test]
fn a_pause_has_an_end() {
    let mut desk = Desk::asking(|_| {});
    desk.agent(AgentCommand::Pause);
    desk.wait(1);
    desk.pbx(FromPbx::Shield { up: false });
    desk.wait(599_998);
    none!(desk, "WhisperTimedOut");
    desk.wait(1);
    saw!(desk, "Customer: Cancelled", "Agent: WhisperTimedOut");
}

#[test]
fn a_pause_while_the_shield_rises() {
    let mut desk = Desk::new(|_| {});
    desk.hand(Input::Start);
    desk.pbx(FromPbx::Sealed { line: Line::Clean });
    desk.agent(AgentCommand::Pause);
    saw!(desk, "Shield true", "Shield false");
    desk.pbx(FromPbx::Shield { up: true });
    none!(desk, "AskNumber");
}

#[test]
fn a_pause_while_confirming_takes_the_card_again() {
    let mut desk = Desk::asking(|setup| setup.confirm = Confirm::LastFour);
    desk.key(CARD);
    desk.agent(AgentCommand::Pause);
    desk.agent(AgentCommand::Resume);
    desk.pbx(FromPbx::Shield { up: true });
    saw!(desk, "WhisperResumed", "FieldOpened { field: Number");
}

/// Cards keyed, but for one key.
fn stages() -> Vec<(&'static str, Desk)> {
    let sealing = {
        let mut desk = Desk::new(|_| {});
        desk.hand(Input::Start);
        desk
    };
    let raising = {
        let mut desk = Desk::new(|_| {});
        desk.hand(Input::Start);
        desk.pbx(FromPbx::Sealed { line: Line::Clean });
        desk
    };
    let confirming = {
        let mut desk = Desk::asking(|setup| setup.confirm = Confirm::LastFour);
        desk.key(CARD);
        desk
    };
    let paused = {
        let mut desk = Desk::asking(|_| {});
        desk.agent(AgentCommand::Pause);
        desk
    };
    let mut all = vec![
        ("sealing", sealing),
        ("raising", raising),
        ("keying", Desk::asking(|_| {})),
        ("confirming", confirming),
        ("paused", paused),
        ("journalling", Desk::journalling(|_| {})),
    ];
    for (_, desk) in &mut all {
        desk.said.clear();
    }
    all
}

/// What ends the payment in any stage before the card is sent, and what is then said and done.
fn ends_before_the_charge(doing: impl Fn(&mut Desk), ending: &str, told: &[&str]) {
    for (stage, mut desk) in stages() {
        doing(&mut desk);
        for what in told {
            assert!(desk.saw(what), "{stage}: no {what} in {:#?}", desk.said);
        }
        if let Some(attempt) = desk.attempt {
            desk.hand(Input::Journalled(attempt));
        }
        desk.end();
        none!(desk, "Charge ", "Ask");
        assert!(desk.saw(ending), "{stage}: {:#?}", desk.said);
    }
}

#[test]
fn the_agent_cancels_at_any_time() {
    let told = ["Customer: Cancelled", "Agent: WhisperCancelled"];
    ends_before_the_charge(|desk| desk.agent(AgentCommand::Cancel), "Finish CancelledByAgent", &told);
}

#[test]
fn the_agent_takes_other_means_at_any_time() {
    let told = ["Customer: OtherMeans", "Agent: WhisperLink"];
    ends_before_the_charge(|desk| desk.agent(AgentCommand::OtherMeans), "Finish OtherMeans", &told);
}

#[test]
fn the_customer_leaves_at_any_time() {
    let told = ["Left(Customer)", "Agent: WhisperCustomerGone"];
    ends_before_the_charge(|desk| desk.pbx(FromPbx::Left(Party::Customer)), "Finish CustomerLeft", &told);
}

#[test]
fn the_agent_leaves_at_any_time() {
    let told = ["Left(Agent)", "Customer: Cancelled"];
    ends_before_the_charge(|desk| desk.pbx(FromPbx::Left(Party::Agent)), "Finish AgentLeft", &told);
}

#[test]
fn the_daemon_is_stopped_at_any_time() {
    let told = ["Customer: CannotTakeNow", "Agent: WhisperTechnical"];
    ends_before_the_charge(|desk| desk.hand(Input::Drain), "Finish Drained", &told);
}

#[test]
fn a_call_that_has_not_begun_does_not_begin_while_draining() {
    let mut desk = Desk::new(|_| {});
    desk.hand(Input::Drain);
    saw!(desk, "Ended(Drained)", "Finish Drained");
    desk.hand(Input::Start);
    none!(desk, "Seal");
}

#[test]
fn while_the_bank_thinks_nothing_can_be_changed() {
    for command in [
        AgentCommand::RestartField,
        AgentCommand::RestartAll,
        AgentCommand::OtherMeans,
        AgentCommand::Pause,
        AgentCommand::Resume,
        AgentCommand::TogglePause,
        AgentCommand::Cancel,
    ] {
        let mut desk = Desk::charging(|_| {});
        desk.agent(command);
        desk.hand(Input::Drain);
        saw!(desk, "Agent: WhisperCharging");
        desk.approve();
        none!(desk, "Cancelled", "CannotTakeNow");
        desk.end();
        saw!(desk, "Finish Approved");
    }
}

#[test]
fn whoever_leaves_while_the_bank_thinks_the_answer_counts() {
    let mut desk = Desk::charging(|_| {});
    desk.pbx(FromPbx::Left(Party::Customer));
    none!(desk, "Unseal", "Finish");
    desk.decline();
    saw!(desk, "Declined { attempt", "Agent: WhisperDeclined");
    desk.end();
    saw!(desk, "Finish Declined");

    let mut desk = Desk::charging(|_| {});
    desk.pbx(FromPbx::Left(Party::Agent));
    desk.approve();
    saw!(desk, "Customer: Approved");
    none!(desk, "Agent: ");
}

#[test]
fn with_both_gone_nothing_more_is_waited_for() {
    let mut desk = Desk::asking(|_| {});
    desk.pbx(FromPbx::Left(Party::Agent));
    desk.pbx(FromPbx::Left(Party::Customer));
    saw!(desk, "Unseal");
    desk.pbx(FromPbx::Left(Party::Customer));
    none!(desk, "Left");
}

#[test]
fn after_a_decline_the_agent_ends_it_or_time_does() {
    let mut desk = Desk::deciding(|_| {});
    desk.agent(AgentCommand::Cancel);
    saw!(desk, "WhisperCancelled");
    desk.end();
    saw!(desk, "Finish Declined");

    let mut desk = Desk::deciding(|_| {});
    desk.wait(120_000);
    saw!(desk, "WhisperTimedOut");
    desk.end();
    saw!(desk, "Finish Declined");
}
