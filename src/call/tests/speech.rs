//! How the customer is spoken to: again, slower, in another language, in fewer words; and what they note.

use super::*;

fn alone(setup: &mut Setup) {
    setup.mode = Mode::SelfService;
}

fn spelt() -> Spelt {
    Spelt::of("INV-4711").unwrap()
}

#[test]
fn hash_before_any_digit_says_the_question_again_and_then_slowly() {
    let mut desk = Desk::asking(alone);
    saw!(desk, "Customer: WelcomeSelfService", "Customer: RepeatHelp", "Customer: AskNumber");
    desk.key("#");
    saw!(desk, "Hush Customer", "Customer: AskNumber", "Customer: KeysHelp");
    none!(desk, "FieldRefused");
    desk.key("#");
    saw!(desk, "Customer slowly: AskNumber", "Customer slowly: KeysHelp");
    for _ in 0..3 {
        desk.key("#");
    }
    none!(desk, "FieldRefused");
    desk.key("#");
    saw!(desk, "FieldRefused { field: Number, hint: TooShort, left: 2 }");
    desk.key(CARD);
    saw!(desk, "Journal");
}

#[test]
fn a_question_said_again_gives_its_time_anew() {
    let mut desk = Desk::asking(|_| ());
    desk.heard();
    desk.wait(29_000);
    desk.key("#");
    desk.heard();
    desk.wait(29_000);
    none!(desk, "FieldRefused");
    desk.wait(1_000);
    saw!(desk, "hint: Timeout");
}

#[test]
fn hash_at_a_menu_says_the_menu_again() {
    let mut desk = Desk::deciding(alone);
    saw!(desk, "TryAnotherCard");
    for _ in 0..5 {
        desk.key("#");
        saw!(desk, "TryAnotherCard");
    }
    desk.key("###");
    saw!(desk, "TransferToHuman");
    let mut desk = Desk::journalling(|_| ());
    none!(desk, "Confirming");
    desk = Desk::asking(|setup| setup.confirm = Confirm::Payment);
    desk.key(CARD);
    saw!(desk, "Customer: ConfirmPayment");
    desk.now = desk.now.plus(5_000);
    desk.key("#");
    saw!(desk, "Customer: ConfirmPayment");
    desk.key("1");
    saw!(desk, "Journal");
}

#[test]
fn the_agent_has_the_question_said_again_in_the_middle_of_a_field() {
    let mut desk = Desk::asking(|_| ());
    desk.heard();
    desk.key("41111111");
    desk.agent(AgentCommand::Repeat);
    saw!(desk, "Hush Customer", "Customer: AskNumber", "Customer: KeysHelp");
    // It takes its time, and what was keyed stays.
    desk.wait(20_000);
    none!(desk, "FieldRefused");
    desk.heard();
    desk.key("11111111#0330737");
    saw!(desk, "Journal");
}

#[test]
fn the_agent_slows_the_call_down_and_its_time_with_it() {
    let mut desk = Desk::asking(|_| ());
    desk.agent(AgentCommand::NextPace);
    saw!(desk, "Agent: WhisperSlow", "Customer slowly: AskNumber");
    desk.heard();
    desk.wait(59_000);
    none!(desk, "FieldRefused");
    desk.wait(1_000);
    saw!(desk, "hint: Timeout", "Customer slowly: NothingKeyed");
    desk.agent(AgentCommand::NextPace);
    saw!(desk, "Agent: WhisperRelay");
    desk.heard();
    desk.key("4111");
    desk.wait(35_000);
    none!(desk, "FieldRefused");
    desk.key("111111111111#0330737");
    saw!(desk, "Journal");
    desk.agent(AgentCommand::NextPace);
    saw!(desk, "Agent: WhisperNormalPace");
}

#[test]
fn a_relayed_call_has_six_times_the_time_from_its_beginning() {
    let mut desk = Desk::asking(|setup| setup.manner.pace = Pace::Relay);
    saw!(desk, "Customer slowly: Welcome", "Customer slowly: AskNumber");
    desk.heard();
    desk.wait(179_000);
    none!(desk, "FieldRefused");
    desk.wait(1_000);
    saw!(desk, "hint: Timeout");
}

#[test]
fn the_agent_changes_the_language_where_there_is_another() {
    let mut desk = Desk::asking(|setup| setup.manner.other_languages = 1);
    desk.agent(AgentCommand::NextLanguage);
    saw!(desk, "NextLanguage", "Agent: WhisperLanguage", "Customer: AskNumber");
    let mut desk = Desk::asking(|_| ());
    saw!(desk, "Customer: AskNumber");
    desk.agent(AgentCommand::NextLanguage);
    saw!(desk, "Agent: WhisperOneLanguage");
    none!(desk, "Customer: AskNumber");
}

#[test]
fn who_has_paid_before_hears_few_words_until_something_goes_wrong() {
    let mut desk = Desk::asking(|setup| setup.manner.wording = Wording::Brief);
    saw!(desk, "Customer: WelcomeBrief", "Customer: AskNumberBrief");
    desk.key("4111111111111112#");
    saw!(desk, "Customer: NumberWrong", "Customer: AskNumber");
    desk.key("4111111111111111#");
    saw!(desk, "Customer: AskExpiryBrief");
    desk.key("0330");
    saw!(desk, "Customer: AskCodeBrief { digits: 3 }");
    let mut desk = Desk::asking(|setup| {
        alone(setup);
        setup.manner.wording = Wording::Brief;
    });
    none!(desk, "RepeatHelp");
    saw!(desk, "Customer: WelcomeSelfServiceBrief");
}

#[test]
fn a_caller_alone_hears_what_it_is_for_and_what_to_note() {
    let today = jiff::civil::date(2026, 11, 23);
    let told = |due| {
        move |setup: &mut Setup| {
            alone(setup);
            let reference = Some(spelt());
            setup.besides = Besides { reference, due: Some(due), today: Some(today), receipt: reference };
        }
    };
    let mut desk = Desk::charging(told(today));
    desk.approve();
    saw!(
        desk,
        "Customer: Approved",
        "Receipt { date: 2026-11-23, reference: INV-4711 }",
        "ReceiptAgain",
        "Goodbye"
    );
    // Nothing ends before the last word, however long the receipt takes.
    desk.wait(25_000);
    let goodbye = desk.last_say.unwrap();
    for sentence in [3, 2, 1] {
        desk.pbx(FromPbx::Said { id: SayId(goodbye.0 - sentence), heard: true });
        desk.wait(25_000);
    }
    none!(desk, "Unseal");
    desk.heard();
    desk.end();
    saw!(desk, "HangUp");

    let mut desk = Desk::asking(told(jiff::civil::date(2026, 11, 22)));
    saw!(desk, "Customer: ForReference { reference: INV-4711 }", "Overdue { date: 2026-11-22 }", "AskNumber");
    let mut desk = Desk::asking(told(jiff::civil::date(2026, 11, 24)));
    saw!(desk, "Customer: Due { date: 2026-11-24 }");
}

#[test]
fn with_an_agent_only_the_receipt_is_said_and_only_once_it_is_paid() {
    let note = |setup: &mut Setup| {
        let today = Some(jiff::civil::date(2026, 11, 23));
        setup.besides = Besides { reference: Some(spelt()), due: today, today, receipt: Some(spelt()) };
    };
    let mut desk = Desk::charging(note);
    none!(desk, "ForReference", "Due {");
    desk.approve();
    saw!(desk, "Customer: Approved", "Customer: Receipt", "Customer: ReceiptAgain");
    let mut desk = Desk::charging(note);
    desk.agent(AgentCommand::Cancel);
    desk.bank(Outcome::Unknown);
    none!(desk, "Receipt");
}

#[test]
fn a_brand_that_is_not_taken_is_named() {
    let mut desk = Desk::asking(|setup| setup.accepted = vec![crate::card::Brand::Visa]);
    desk.key("5555555555554444#");
    saw!(desk, "Customer: BrandNotAccepted { brand: Some(Mastercard) }");
}
