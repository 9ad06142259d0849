use super::*;

#[test]
fn nothing_is_sent_before_it_is_written_down() {
    let mut desk = Desk::journalling(|_| {});
    none!(desk, "Charge ");
    let other = AttemptId { payment: 8, ordinal: 1 };
    desk.hand(Input::Journalled(other));
    none!(desk, "Charge ");
    desk.journalled();
    saw!(desk, "Charge 1", "Charging(");
    desk.journalled();
    none!(desk, "Charge ");
}

#[test]
fn what_cannot_be_written_down_is_not_charged() {
    let mut desk = Desk::journalling(|_| {});
    desk.hand(Input::JournalFailed(desk.attempt.unwrap()));
    saw!(desk, "Alarm(JournalFailed)", "Customer: CannotTakeNow", "Agent: WhisperTechnical");
    desk.journalled();
    desk.end();
    none!(desk, "Charge ");
    saw!(desk, "Finish Fault");
}

#[test]
fn a_store_that_does_not_answer_counts_as_failed() {
    let mut desk = Desk::journalling(|_| {});
    desk.wait(14_999);
    none!(desk, "Alarm");
    desk.wait(1);
    saw!(desk, "Alarm(JournalFailed)");
    desk.journalled();
    none!(desk, "Charge ");
}

#[test]
fn another_attempts_journal_failure_is_not_ours() {
    let mut desk = Desk::journalling(|_| {});
    desk.hand(Input::JournalFailed(AttemptId { payment: 7, ordinal: 9 }));
    none!(desk, "Alarm");
}

#[test]
fn a_declined_card_is_followed_by_another() {
    let mut desk = Desk::deciding(|_| {});
    saw!(desk, "Customer: Declined(Generic)", "Agent: WhisperDeclined(Generic)");
    desk.agent(AgentCommand::RestartAll);
    desk.pbx(FromPbx::Shield { up: true });
    saw!(desk, "AskNumber");
    desk.key(CARD);
    desk.journalled();
    saw!(desk, "Charge 2");
    desk.approve();
    saw!(desk, "Approved { attempt: AttemptId { payment: 7, ordinal: 2 }");
    desk.end();
    saw!(desk, "Finish Approved");
}

#[test]
fn there_is_a_bound_on_cards() {
    let mut desk = Desk::charging(|setup| setup.bounds.max_charges = 1);
    desk.decline();
    saw!(desk, "Declined { attempt", "WhisperDeclined");
    desk.agent(AgentCommand::RestartAll);
    none!(desk, "AskNumber");
    desk.end();
    saw!(desk, "Finish Declined");
}

#[test]
fn what_was_not_charged_may_be_tried_again_and_ends_as_a_fault() {
    let mut desk = Desk::charging(|_| {});
    desk.bank(Outcome::NotCharged);
    saw!(desk, "NotCharged(", "Customer: CannotTakeNow", "Agent: WhisperTechnical");
    desk.wait(120_000);
    saw!(desk, "Agent: WhisperTimedOut");
    desk.end();
    saw!(desk, "Finish Fault");
}

#[test]
fn cancelled_after_a_fault_it_ends_as_a_fault() {
    let mut desk = Desk::charging(|_| {});
    desk.bank(Outcome::NotCharged);
    desk.agent(AgentCommand::Cancel);
    desk.end();
    saw!(desk, "Finish Fault");
}

#[test]
fn a_slow_bank_is_spoken_of_once() {
    let mut desk = Desk::charging(|_| {});
    desk.wait(5_999);
    none!(desk, "BankSlow");
    desk.wait(1);
    saw!(desk, "BankSlow", "StillWaitingBank");
    desk.wait(53_999);
    none!(desk, "BankSlow", "OutcomeUnknown");
    desk.wait(1);
    saw!(desk, "OutcomeUnknown(", "Customer: OutcomeUnknown", "Agent: WhisperUnknown");
}

/// A payment whose outcome nobody knows.
fn unknown() -> Desk {
    let mut desk = Desk::charging(|_| {});
    desk.bank(Outcome::Unknown);
    saw!(desk, "OutcomeUnknown(", "Customer: OutcomeUnknown", "Agent: WhisperUnknown");
    desk
}

#[test]
fn what_is_unknown_is_never_charged_again_nor_called_uncharged() {
    let mut desk = unknown();
    for command in [AgentCommand::RestartAll, AgentCommand::RestartField, AgentCommand::Cancel] {
        desk.agent(command);
    }
    desk.hand(Input::Drain);
    desk.pbx(FromPbx::SealLost(SealLoss::Opened));
    desk.end();
    none!(desk, "Charge ", "Cancelled", "CannotTakeNow", "Ask");
    saw!(desk, "Finish Unknown");
}

#[test]
fn what_was_unknown_is_known_at_last() {
    let mut desk = unknown();
    let attempt = desk.attempt.unwrap();
    desk.hand(Input::Bank(AttemptId { payment: 7, ordinal: 2 }, Outcome::NotCharged));
    desk.bank(Outcome::Unknown);
    none!(desk, "Not");
    desk.approve();
    saw!(desk, "Approved { attempt", "Customer: Approved", "Agent: WhisperApproved");
    desk.hand(Input::Bank(attempt, Outcome::Declined(DeclineReason::Generic)));
    none!(desk, "Declined");
    desk.end();
    saw!(desk, "Finish Approved");
}

#[test]
fn known_while_the_seal_is_being_ended() {
    let mut desk = unknown();
    desk.wait(30_000);
    desk.pbx(FromPbx::Shield { up: false });
    saw!(desk, "Unseal");
    desk.decline();
    saw!(desk, "Declined { attempt");
    desk.pbx(FromPbx::Unsealed);
    saw!(desk, "Finish Declined");
}

#[test]
fn an_answer_counts_once() {
    let mut desk = Desk::deciding(|_| {});
    desk.approve();
    none!(desk, "Approved");
}

#[test]
fn the_shield_falls_while_the_bank_thinks_after_the_tail_of_the_last_tone() {
    let mut desk = Desk::charging(|_| {});
    desk.wait(999);
    none!(desk, "Shield");
    desk.wait(1);
    saw!(desk, "Shield false");
}

#[test]
fn an_answer_to_what_was_not_sent_counts_for_nothing() {
    let mut desk = Desk::journalling(|_| {});
    desk.approve();
    none!(desk, "Approved");
    desk.journalled();
    saw!(desk, "Charge 1");
}
