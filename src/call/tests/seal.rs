use super::*;

fn sealing() -> Desk {
    let mut desk = Desk::new(|_| {});
    desk.hand(Input::Start);
    saw!(desk, "Seal");
    desk
}

#[test]
fn a_leg_that_cannot_be_sealed_is_never_asked() {
    let mut desk = sealing();
    desk.pbx(FromPbx::SealRefused(SealRefusal::ProxyMedia));
    saw!(desk, "SealRefused(ProxyMedia)", "Agent: WhisperSealRefused(ProxyMedia)");
    none!(desk, "Customer:");
    desk.end();
    none!(desk, "Ask");
    saw!(desk, "Finish NotSealed");
}

#[test]
fn a_seal_confirmed_too_late_is_ended() {
    let mut desk = sealing();
    desk.wait(5_000);
    saw!(desk, "SealRefused(PbxError)");
    desk.pbx(FromPbx::Sealed { line: Line::Clean });
    none!(desk, "Welcome", "Ask", "Sealed(");
    desk.end();
    saw!(desk, "Unseal", "Finish NotSealed");
}

#[test]
fn a_seal_lost_before_it_was_confirmed_is_lost() {
    let mut desk = sealing();
    desk.pbx(FromPbx::SealLost(SealLoss::Opened));
    saw!(desk, "Alarm(SealLost(Opened))", "WhisperSealLost");
    desk.pbx(FromPbx::Sealed { line: Line::Clean });
    desk.end();
    none!(desk, "Ask");
    saw!(desk, "Finish SealLost");
}

#[test]
fn a_seal_lost_in_a_field_ends_the_capture() {
    let mut desk = Desk::asking(|_| {});
    desk.key("4111");
    desk.pbx(FromPbx::SealLost(SealLoss::KeypadLost));
    saw!(desk, "Hush Customer", "Alarm(SealLost(KeypadLost))", "CannotTakeNow", "WhisperSealLost");
    desk.pbx(FromPbx::SealLost(SealLoss::KeypadLost));
    desk.key("1");
    none!(desk, "Alarm", "Progress");
    desk.end();
    saw!(desk, "Finish SealLost");
}

#[test]
fn a_seal_lost_while_the_attempt_is_written_down_stops_it() {
    let mut desk = Desk::journalling(|_| {});
    desk.pbx(FromPbx::SealLost(SealLoss::Moved));
    saw!(desk, "CannotTakeNow");
    desk.journalled();
    desk.end();
    none!(desk, "Charge ");
    saw!(desk, "Finish SealLost");
}

#[test]
fn a_seal_lost_in_a_pause_or_after_a_decline_ends_it() {
    let mut paused = Desk::asking(|_| {});
    paused.agent(AgentCommand::Pause);
    for mut desk in [paused, Desk::deciding(|_| {})] {
        desk.pbx(FromPbx::SealLost(SealLoss::Opened));
        saw!(desk, "WhisperSealLost");
        desk.agent(AgentCommand::RestartAll);
        desk.end();
        none!(desk, "AskNumber");
        saw!(desk, "Finish SealLost");
    }
}

#[test]
fn a_seal_lost_while_the_bank_thinks_does_not_hide_the_answer() {
    let mut desk = Desk::charging(|_| {});
    desk.pbx(FromPbx::SealLost(SealLoss::Opened));
    saw!(desk, "Alarm(SealLost(Opened))", "WhisperSealLost");
    none!(desk, "CannotTakeNow", "Unseal");
    desk.decline();
    saw!(desk, "Customer: Declined", "WhisperDeclined");
    desk.agent(AgentCommand::RestartAll);
    none!(desk, "Shield true", "AskNumber");
    desk.end();
    saw!(desk, "Finish Declined");
}

#[test]
fn a_shield_that_does_not_rise_stops_everything() {
    for refused in [true, false] {
        let mut desk = sealing();
        desk.pbx(FromPbx::Sealed { line: Line::Clean });
        saw!(desk, "Shield true");
        if refused {
            desk.pbx(FromPbx::ShieldFailed);
        } else {
            desk.wait(4_999);
            none!(desk, "Alarm");
            desk.wait(1);
        }
        saw!(desk, "Alarm(ShieldFailed)", "CannotTakeNow", "WhisperTechnical");
        desk.pbx(FromPbx::Shield { up: true });
        desk.end();
        none!(desk, "Ask");
        saw!(desk, "Finish Fault");
    }
}

#[test]
fn a_shield_that_drops_under_an_open_field_stops_everything() {
    let mut desk = Desk::asking(|_| {});
    desk.key("41");
    desk.pbx(FromPbx::ShieldFailed);
    saw!(desk, "Alarm(ShieldFailed)", "CannotTakeNow");
    desk.key("1");
    none!(desk, "Progress");
}

#[test]
fn a_shield_that_does_not_fall_is_an_alarm_and_the_call_goes_on() {
    let mut desk = Desk::asking(|_| {});
    desk.agent(AgentCommand::Pause);
    saw!(desk, "Shield false");
    desk.wait(5_000);
    saw!(desk, "Alarm(ShieldFailed)");
    desk.agent(AgentCommand::Resume);
    saw!(desk, "Shield true");
    desk.pbx(FromPbx::Shield { up: true });
    saw!(desk, "AskNumber");
}

#[test]
fn the_seal_ends_after_the_last_words_and_after_the_shield() {
    let mut desk = Desk::asking(|_| {});
    desk.agent(AgentCommand::Cancel);
    saw!(desk, "Customer: Cancelled");
    desk.pbx(FromPbx::Shield { up: false });
    none!(desk, "Unseal");
    desk.heard();
    none!(desk, "Unseal");
    desk.pbx(FromPbx::Said { id: SayId(desk.last_say.unwrap().0 + 1), heard: true });
    saw!(desk, "Unseal");
    desk.pbx(FromPbx::Unsealed);
    saw!(desk, "Unsealed", "Ended(CancelledByAgent)", "Finish");
}

#[test]
fn a_seal_that_cannot_be_ended_stays_shut_and_somebody_is_told() {
    let mut desk = Desk::asking(|_| {});
    desk.agent(AgentCommand::Cancel);
    desk.pbx(FromPbx::Shield { up: false });
    desk.wait(30_000);
    saw!(desk, "Unseal");
    desk.pbx(FromPbx::UnsealFailed);
    saw!(desk, "Unseal");
    desk.wait(5_000);
    saw!(desk, "Unseal");
    none!(desk, "SealStuck");
    desk.wait(5_000);
    saw!(desk, "Alarm(SealStuck)", "Ended(CancelledByAgent)", "Finish");
}

#[test]
fn nothing_follows_the_end() {
    let mut desk = Desk::asking(|_| {});
    desk.agent(AgentCommand::Cancel);
    desk.end();
    desk.said.clear();
    desk.hand(Input::Start);
    desk.hand(Input::Drain);
    desk.pbx(FromPbx::Sealed { line: Line::Clean });
    desk.pbx(FromPbx::SealLost(SealLoss::Opened));
    desk.pbx(FromPbx::LinkLost);
    desk.pbx(FromPbx::LinkBack { sealed: false });
    desk.pbx(FromPbx::Left(Party::Agent));
    desk.agent(AgentCommand::RestartAll);
    desk.key("4");
    desk.wait(1_000_000);
    assert!(desk.said.is_empty() && desk.call.deadline().is_none(), "{:#?}", desk.said);
}

#[test]
fn the_agent_hears_of_a_line_that_is_not_clean() {
    let mut desk = Desk::asking(|_| {});
    desk.pbx(FromPbx::Line(Line::Dirty));
    saw!(desk, "Line(Dirty)", "WhisperLineNotClean");
    desk.pbx(FromPbx::Line(Line::Dirty));
    none!(desk, "Line");
    desk.pbx(FromPbx::Line(Line::Clean));
    saw!(desk, "Line(Clean)");
    none!(desk, "WhisperLineNotClean");
}

#[test]
fn the_seal_waits_for_the_shield() {
    let mut desk = Desk::asking(|_| {});
    desk.agent(AgentCommand::Cancel);
    desk.heard();
    desk.pbx(FromPbx::Said { id: SayId(desk.last_say.unwrap().0 + 1), heard: true });
    none!(desk, "Unseal");
    desk.pbx(FromPbx::Shield { up: false });
    saw!(desk, "Unseal");
}
