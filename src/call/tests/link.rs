use super::*;

#[test]
fn a_field_is_asked_again_when_the_pbx_is_back() {
    let mut desk = Desk::asking(|_| {});
    desk.key("5555555555554444#03");
    desk.pbx(FromPbx::LinkLost);
    saw!(desk, "Alarm(PbxLost)");
    desk.pbx(FromPbx::LinkLost);
    none!(desk, "Alarm");
    desk.pbx(FromPbx::LinkBack { sealed: true });
    saw!(desk, "Customer: Resumed", "Shield true");
    none!(desk, "AskExpiry");
    desk.pbx(FromPbx::Shield { up: true });
    saw!(desk, "FieldOpened { field: Expiry");
}

#[test]
fn a_leg_found_open_is_never_asked_again() {
    let mut desk = Desk::asking(|_| {});
    desk.pbx(FromPbx::LinkLost);
    desk.pbx(FromPbx::LinkBack { sealed: false });
    saw!(desk, "Alarm(SealLost(Opened))", "CannotTakeNow", "WhisperSealLost");
    desk.end();
    none!(desk, "Shield true");
    saw!(desk, "Finish SealLost");
}

#[test]
fn a_pbx_that_stays_away_is_given_up() {
    let mut desk = Desk::asking(|_| {});
    desk.pbx(FromPbx::LinkLost);
    desk.wait(29_999);
    none!(desk, "Unseal");
    desk.wait(1);
    saw!(desk, "Unseal");
    desk.pbx(FromPbx::LinkBack { sealed: true });
    saw!(desk, "Unseal");
    desk.pbx(FromPbx::Unsealed);
    saw!(desk, "Finish PbxLost");
}

#[test]
fn nobody_is_asked_while_the_pbx_is_away() {
    let mut desk = Desk::asking(|_| {});
    desk.agent(AgentCommand::Pause);
    desk.pbx(FromPbx::Shield { up: false });
    desk.pbx(FromPbx::LinkLost);
    saw!(desk, "Alarm(PbxLost)");
    desk.hand(Input::Agent(AgentCommand::Resume));
    desk.wait(10_000);
    none!(desk, "Shield true", "CannotTakeNow", "Finish");
    desk.pbx(FromPbx::LinkBack { sealed: true });
    saw!(desk, "Shield true");
    desk.pbx(FromPbx::Shield { up: true });
    saw!(desk, "AskNumber");
}

#[test]
fn a_pause_outlives_a_lost_connection() {
    let mut desk = Desk::asking(|_| {});
    desk.pbx(FromPbx::LinkLost);
    saw!(desk, "Alarm(PbxLost)");
    desk.hand(Input::Agent(AgentCommand::Pause));
    desk.pbx(FromPbx::LinkBack { sealed: true });
    none!(desk, "Resumed", "Shield true", "AskNumber");
}

#[test]
fn after_a_lost_connection_the_shield_has_to_be_confirmed_anew() {
    let mut desk = Desk::journalling(|_| {});
    desk.pbx(FromPbx::ShieldFailed);
    desk.pbx(FromPbx::LinkLost);
    desk.pbx(FromPbx::LinkBack { sealed: true });
    desk.journalled();
    desk.decline();
    saw!(desk, "Declined { attempt");
    desk.agent(AgentCommand::RestartAll);
    none!(desk, "AskNumber");
    saw!(desk, "Shield true");
    desk.pbx(FromPbx::Shield { up: true });
    saw!(desk, "AskNumber");
}

#[test]
fn alone_with_the_prompts_it_is_confirmed_anew_too() {
    let mut desk = Desk::charging(|setup| setup.mode = Mode::SelfService);
    desk.pbx(FromPbx::ShieldFailed);
    desk.pbx(FromPbx::LinkLost);
    desk.pbx(FromPbx::LinkBack { sealed: true });
    saw!(desk, "Shield true");
    desk.decline();
    saw!(desk, "TryAnotherCard");
    desk.key("1");
    none!(desk, "AskNumber");
    desk.pbx(FromPbx::Shield { up: true });
    saw!(desk, "AskNumber");
}

#[test]
fn the_banks_answer_is_waited_for_without_a_pbx() {
    let mut desk = Desk::charging(|_| {});
    desk.pbx(FromPbx::LinkLost);
    desk.wait(40_000);
    none!(desk, "Ended", "Customer: ");
    desk.approve();
    saw!(desk, "Approved { attempt");
    desk.pbx(FromPbx::LinkBack { sealed: true });
    desk.pbx(FromPbx::Unsealed);
    saw!(desk, "Finish Approved");
}

#[test]
fn what_we_unsealed_ourselves_is_no_loss() {
    let mut desk = Desk::asking(|_| {});
    desk.agent(AgentCommand::Cancel);
    desk.pbx(FromPbx::Shield { up: false });
    desk.wait(30_000);
    saw!(desk, "Unseal");
    desk.pbx(FromPbx::LinkLost);
    saw!(desk, "Alarm(PbxLost)");
    desk.pbx(FromPbx::LinkBack { sealed: false });
    none!(desk, "Alarm");
    saw!(desk, "Unseal");
    desk.pbx(FromPbx::Unsealed);
    saw!(desk, "Finish CancelledByAgent");
}

#[test]
fn a_card_to_be_confirmed_is_taken_again() {
    let mut desk = Desk::asking(|setup| setup.confirm = Confirm::LastFour);
    desk.key(CARD);
    saw!(desk, "Confirming");
    desk.pbx(FromPbx::LinkLost);
    desk.key("1");
    none!(desk, "Journal");
    desk.pbx(FromPbx::LinkBack { sealed: true });
    desk.pbx(FromPbx::Shield { up: true });
    saw!(desk, "FieldOpened { field: Number");
}
