use super::*;

#[test]
fn an_agent_assisted_payment_is_approved() {
    let mut desk = Desk::new(|_| {});
    desk.hand(Input::Start);
    saw!(desk, "Started", "Seal");
    desk.pbx(FromPbx::Sealed { line: Line::Unknown });
    saw!(desk, "Agent: WhisperSealed", "Customer: Welcome", "Shield true");
    desk.pbx(FromPbx::Shield { up: true });
    saw!(desk, "Customer: AskNumber", "FieldOpened { field: Number, attempt: 1 }");
    desk.key("4111111111111111");
    saw!(desk, "Hush Customer", "Progress { field: Number, count: 2, brand: Some(Visa) }");
    desk.wait(1500);
    saw!(desk, "FieldDone { field: Number", "Customer: AskExpiry");
    desk.key("#");
    assert!(!desk.saw("FieldRefused"), "a hash after a complete number is harmless");
    desk.key("0330");
    saw!(desk, "FieldDone { field: Expiry", "Customer: AskCode { digits: 3 }");
    desk.key("737");
    saw!(desk, "Journal", "Customer: PleaseWaitBank");
    desk.hand(Input::Journalled(desk.attempt.unwrap()));
    saw!(desk, "Charge 1");
    desk.wait(1000);
    saw!(desk, "Shield false");
    desk.pbx(FromPbx::Shield { up: false });
    desk.bank(Outcome::Approved { reference: "ch_7".into() });
    saw!(desk, "Approved { attempt", "Customer: Approved", "Agent: WhisperApproved");
    desk.wait(30_000);
    saw!(desk, "Unseal");
    desk.pbx(FromPbx::Unsealed);
    saw!(desk, "Unsealed", "Ended(Approved)", "Finish Approved");
    assert!(desk.call.is_done());
}
