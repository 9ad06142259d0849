//! What is owed, asked of the company's own system while the customer waits.

use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use serde_json::{Value, json};
use tonegate::config::Config;
use tonegate::inspect::stage::{CallPlan, Conversation, Keys};
use tonegate::orders::crm::{Crm, CrmFault, Payee, Question};

use super::Office;
use super::fake::{Answers, FakeCrm, SECRET};

fn secret(directory: &Path, text: &str) {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).expect("a directory");
    let path = directory.join("crm.secret");
    std::fs::write(&path, text).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("private");
}

/// A daemon that asks it.
async fn office(crm: &FakeCrm, more: &str) -> Office {
    Office::with(|options| {
        secret(&options.directory, SECRET);
        options.sections = crm.section(more);
    })
    .await
}

fn invoice(reference: &str, amount: &str) -> Answers {
    Answers::Order(json!({ "reference": reference, "amount": amount, "description": "Invoice",
        "customer": { "name": "Jean Dupont", "reference": "cust-42" } }))
}

async fn call(office: &Office) -> Conversation {
    let plan = CallPlan { amount: None, ..CallPlan::default() };
    office.set.theatre.call(&plan).await.expect("a conversation")
}

async fn payment(office: &Office, id: &Value) -> Value {
    let id = id["payment"].as_str().expect("a payment");
    office.set.daemon.get(&format!("/v1/payments/{id}")).await.expect("it is there")
}

#[tokio::test]
async fn every_fault_of_that_system_has_its_words_and_a_good_answer_is_asked_for_once() {
    let crm = FakeCrm::start().await;
    let directory = tempfile::tempdir().expect("a directory");
    secret(directory.path(), SECRET);
    let file = directory.path().join("tonegate.toml");
    let pbx = "[pbx]\nkind = \"freeswitch\"\n[pbx.freeswitch]\npassword_file = \"crm.secret\"\n";
    let merchant = "[merchant]\nname = \"Example Ltd\"\ncurrency = \"EUR\"\npsp = \"bank\"\n";
    let bank = "[[psp]]\nname = \"bank\"\nkind = \"generic\"\nurl = \"https://pay.example/charge\"\n";
    let api = "[api]\nkey_file = \"crm.secret\"\n";
    std::fs::write(&file, format!("{pbx}{merchant}{bank}{api}{}", crm.section(""))).expect("written");
    let config = Config::load(&file).expect("a configuration");
    let asker = Crm::from_section(config.crm.as_ref().expect("a section")).expect("usable");
    let payee = Payee { merchant: "main", currency: "EUR".parse().expect("a currency") };
    let asked = Question::Reference("4711");
    let told = async |answers| {
        crm.answer(answers);
        asker.ask(payee, asked).await
    };
    let late = CrmFault::Silent("no answer in time".into());
    assert!(matches!(told(Answers::Slowly).await, Err(CrmFault::Silent(_))), "{late}");
    assert_eq!(told(Answers::Broken).await, Err(CrmFault::Refused(500)));
    assert_eq!(told(Answers::Elsewhere).await, Err(CrmFault::Refused(307)));
    assert_eq!(told(Answers::Nonsense).await, Err(CrmFault::Nonsense("it is not JSON".into())));
    assert!(
        matches!(told(Answers::Endlessly).await, Err(CrmFault::Silent(why)) if why.starts_with("more than"))
    );
    let wrong = Answers::Order(json!({ "amount": "1.00", "currency": "Euro" }));
    assert!(matches!(told(wrong).await, Err(CrmFault::Nonsense(why)) if why.starts_with("currency: `Euro`")));
    assert_eq!(told(Answers::Nothing).await, Ok(Vec::new()));
    assert_eq!(asker.probe("main").await, Ok(()));

    let before = crm.asked().len();
    let found = told(invoice("4711", "42.50")).await.expect("an order");
    assert_eq!((found.len(), found[0].order.amount.minor), (1, 4_250));
    assert_eq!(told(Answers::Broken).await.as_ref(), Ok(&found), "the call asks once");
    assert_eq!(crm.asked().len(), before + 1);
    assert_eq!(crm.asked()[before], json!({ "merchant": "main", "reference": "4711" }));
}

#[tokio::test]
async fn an_order_of_that_system_is_paid_once_whatever_it_goes_on_telling() {
    let crm = FakeCrm::start().await;
    let office = office(&crm, "cache_ms = 0").await;
    crm.answer(invoice("R-1", "42.50"));
    let talk = call(&office).await;
    let begun =
        office.set.daemon.post("/v1/payments", json!({ "order": "R-1", "leg": talk.customer_leg })).await;
    let begun = begun.expect("begun");
    let shown = payment(&office, &begun).await;
    assert_eq!((&shown["amount"], &shown["order"]), (&json!("42.50"), &json!("R-1")));
    office.pay(&talk).await;
    let order = office.set.daemon.get("/v1/orders/R-1").await.expect("an order");
    assert_eq!((&order["state"], &order["customer"]["name"]), (&json!("paid"), &json!("Jean Dupont")));

    // It has not booked the payment yet, and says that all is owed.
    let again =
        office.set.daemon.post("/v1/payments", json!({ "order": "R-1", "leg": talk.customer_leg })).await;
    let refused = again.expect_err("never twice").to_string();
    assert!(refused.contains("order R-1 is paid"), "{refused}");
    assert!(office.set.bank.ledger().iter().map(|line| line.charges).sum::<u32>() == 1);
}

#[tokio::test]
async fn when_it_is_down_the_agent_is_told_and_the_amount_is_given_by_hand() {
    let crm = FakeCrm::start().await;
    let office = office(&crm, "").await;
    crm.answer(Answers::Broken);
    let talk = call(&office).await;
    let leg = &talk.customer_leg;
    let named = office.set.daemon.post("/v1/payments", json!({ "order": "R-2", "leg": leg })).await;
    let told = named.expect_err("nobody knows").to_string();
    assert!(told.contains("503") && told.contains("the CRM answers HTTP 500"), "{told}");
    assert!(told.contains("give amount and reference by hand"), "{told}");

    let by_hand = json!({ "reference": "R-2", "amount": "7.00", "leg": leg });
    let begun = office.set.daemon.post("/v1/payments", by_hand).await.expect("begun");
    assert_eq!(payment(&office, &begun).await["order"], Value::Null);
    let alarm = office.set.events.wait_for(0, "alarm").await.expect("the agent's desk is told");
    assert_eq!(alarm.event["alarm"], "crm_unavailable");
    office.pay(&talk).await;

    let (code, told, _) = office.tonegate(&["check"]).await;
    assert!(code != Some(0) && told.contains("error: crm: the CRM answers HTTP 500"), "{told}");
}

#[tokio::test]
async fn without_leave_nothing_is_paid_by_hand_and_the_caller_is_known_by_number() {
    let crm = FakeCrm::start().await;
    let office = office(&crm, "by_hand = false\nby_caller = true").await;
    crm.answer(Answers::Broken);
    let talk = call(&office).await;
    let by_hand = json!({ "reference": "R-3", "amount": "7.00", "leg": talk.customer_leg });
    let refused = office.set.daemon.post("/v1/payments", by_hand).await;
    assert!(refused.is_err_and(|told| told.to_string().contains("what is owed could not be looked up")));

    crm.answer(invoice("R-4", "19.90"));
    talk.agent.key("*729", 100, 100).await.expect("keyed");
    let opened = office.set.events.wait_for(0, "field_opened").await.expect("asked");
    let shown = payment(&office, &opened.event).await;
    assert_eq!((&shown["amount"], &shown["order"]), (&json!("19.90"), &json!("R-4")));
    let asked = crm.asked();
    assert_eq!(asked.last().expect("asked")["phone"], shown["caller_number"], "{asked:?}");
}

#[tokio::test]
async fn a_caller_alone_is_known_by_number_or_keys_what_that_system_knows() {
    let crm = FakeCrm::start().await;
    let office = office(&crm, "cache_ms = 0").await;
    crm.answer(invoice("S-1", "8.40"));
    let known = office.set.theatre.dial_unsaid(Keys::Rfc4733).await.expect("the number answers");
    let opened = office.set.events.wait_for(0, "field_opened").await.expect("asked");
    assert_eq!(opened.event["field"], "number", "what is owed is known");
    let shown = payment(&office, &opened.event).await;
    assert_eq!((&shown["amount"], &shown["order"]), (&json!("8.40"), &json!("S-1")));
    let asked = crm.asked();
    assert_eq!(asked.last().expect("asked")["phone"], shown["caller_number"]);
    known.hang_up().await.expect("gone");
    office.set.events.wait_for(0, "ended").await.expect("over");

    // The number is a stranger's; the digits are the system's own customer number.
    crm.answer(Answers::Nothing);
    let place = office.set.events.place();
    let stranger = office.set.theatre.dial_unsaid(Keys::Rfc4733).await.expect("the number answers");
    office.set.events.wait_for(place, "field_opened").await.expect("asked");
    crm.answer(invoice("S-2", "5.00"));
    stranger.key("20417#", 60, 60).await.expect("keyed");
    let number = |event: &Value| event["type"] == "field_opened" && event["field"] == "number";
    let opened = office.set.events.wait(place, 30_000, "number", number).await.expect("asked");
    let shown = payment(&office, &opened.event).await;
    assert_eq!((&shown["amount"], &shown["order"]), (&json!("5.00"), &json!("S-2")));
    let question = json!({ "merchant": "main", "reference": "20417", "keyed": true });
    assert_eq!(crm.asked().last(), Some(&question));

    let place = office.set.events.place();
    let third = office.set.theatre.dial_unsaid(Keys::Rfc4733).await.expect("the number answers");
    crm.answer(Answers::Broken);
    office.set.events.wait_for(place, "field_opened").await.expect("asked");
    third.key("20418#", 60, 60).await.expect("keyed");
    let ended = office.set.events.wait_for(place, "ended").await.expect("over");
    assert_eq!(ended.event["ending"], "fault", "a human takes over");
}
