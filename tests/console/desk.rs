//! The agent's desk through whole payments.

use std::time::Duration;

use tonegate::inspect::stage::{CallPlan, SetOptions};
use tonegate::psp::testbank::{TestBank, TestBankSettings};

use crate::browser::{ENGLISH, Kind, NARROW};
use crate::scene::{SHORT_OF_FUNDS, Stage, VISA};

const FRENCH_TELEPHONE: Kind = Kind { size: NARROW, language: "fr", ..ENGLISH };

#[tokio::test]
async fn a_whole_payment_begun_on_the_page() {
    let mut stage = Stage::open_with(ENGLISH, CallPlan { amount: None, ..CallPlan::default() }, |_| {}).await;
    let page = &stage.browser;
    page.reads("#call-due", "No payment under way").await;
    page.is_accessible().await;
    page.shot("desk-idle-en-1280").await;
    page.write("#call-start input[name=amount]", "42,50").await;
    page.write("#call-start input[name=reference]", "A-1729").await;
    page.click("#call-start button.first").await;
    page.reads("#call-due", "€42.50").await;
    page.reads("#call-due", "A-1729").await;
    page.reads("#call-due", "Line sealed").await;
    page.reads("#call-fields .doing", "The customer keys the card number").await;
    page.reads("#call-heard", "Please key your card number, then press hash.").await;
    stage.scene.customer("4111111").await.expect("keys");
    let page = &stage.browser;
    page.reads("#call-fields li.open .state", "7 digits").await;
    assert_eq!(page.value("document.querySelectorAll('li.open .dots i.on').length").await, 7);
    page.reads("#call-fields .brand", "Visa").await;
    page.fits().await;
    page.is_accessible().await;
    page.shot("desk-keying-en-1280").await;
    stage.scene.customer("111111111").await.expect("keys");
    stage.scene.asked("expiry").await.expect("the next field");
    stage.browser.reads("#call-fields li.done", "•••• 1111").await;
    stage.scene.customer(VISA.expiry).await.expect("keys");
    stage.scene.asked("code").await.expect("the next field");
    stage.scene.customer(VISA.code).await.expect("keys");
    stage.scene.told("approved").await.expect("an approval");
    let page = &stage.browser;
    page.reads("#call-fields .verdict.good", "Payment approved").await;
    page.until("document.querySelector('.verdict.good code').textContent.length > 3").await;
    page.reads("#call-start", "Take again").await;
    page.fits().await;
    page.is_accessible().await;
    page.shot("desk-approved-en-1280").await;
    stage.scene.nobody_got_a_digit().await.expect("no digit anywhere");
    stage.close().await;
}

#[tokio::test]
async fn a_decline_then_another_card_in_french_on_a_telephone() {
    let mut stage = Stage::open(FRENCH_TELEPHONE).await;
    stage.browser.reads("#call-due", "Aucun paiement en cours").await;
    stage.browser.fits().await;
    stage.browser.shot("desk-idle-fr-360").await;
    stage.scene.pay().await.expect("the card number is asked for");
    stage.browser.reads("#call-due", "42,50").await;
    stage.browser.reads("#call-fields .doing", "Le client saisit").await;
    stage.browser.shot("desk-keying-fr-360").await;
    stage.card(SHORT_OF_FUNDS).await;
    stage.browser.reads("#call-fields .verdict.bad", "Provision insuffisante").await;
    stage.browser.is_accessible().await;
    stage.browser.fits().await;
    stage.browser.shot("desk-declined-fr-360").await;
    stage.browser.click("#key-restart_all").await;
    stage.scene.asked("number").await.expect("another card");
    stage.card(VISA).await;
    stage.browser.reads("#call-fields .verdict.good", "Paiement accepté").await;
    stage.browser.shot("desk-approved-fr-360").await;
    stage.scene.ended("approved").await.expect("an approval");
    stage.close().await;
}

#[tokio::test]
async fn a_pause_and_a_cancel_with_the_keys_of_the_telephone() {
    let mut stage = Stage::open(ENGLISH).await;
    stage.scene.pay().await.expect("the card number is asked for");
    stage.browser.reads("#key-pause", "Pause").await;
    stage.browser.press("*3").await;
    stage.browser.reads("#call-fields .doing", "Paused").await;
    stage.browser.reads("#call-heard", "The payment is paused.").await;
    stage.browser.shot("desk-paused-en-1280").await;
    stage.browser.press("*3").await;
    stage.browser.reads("#call-fields .doing", "keys the card number").await;
    stage.browser.press("*9").await;
    stage.browser.reads("#call-fields .verdict", "Cancelled by the agent").await;
    stage.scene.ended("cancelled_by_agent").await.expect("a cancel");
    stage.browser.reads("#call-start", "Take again").await;
    stage.close().await;
}

#[tokio::test]
async fn hints_are_words_without_a_digit() {
    let mut stage = Stage::open(Kind { dark: true, ..ENGLISH }).await;
    stage.scene.pay().await.expect("the card number is asked for");
    // One digit of a published number is another: the check digit does not fit.
    stage.scene.customer("4111111111111112#").await.expect("keys");
    stage.browser.reads("#call-fields .note.warn", "check digit").await;
    stage.browser.reads("#call-fields .note.warn", "2 tries left").await;
    stage.browser.fits().await;
    stage.browser.is_accessible().await;
    stage.browser.shot("desk-hint-dark-en-1280").await;
    stage.close().await;
}

#[tokio::test]
async fn an_unknown_outcome_says_not_to_take_the_card_again() {
    // The bank answers late, and is gone before it has: nobody can be asked what became of the charge.
    let plan = CallPlan { amount: None, ..CallPlan::default() };
    let change = |options: &mut SetOptions| {
        options.slow_answer_ms = 60_000;
        options.capture = "bank_slow_ms = 2000\nbank_bound_ms = 8000\n".into();
    };
    let mut stage = Stage::open_with(ENGLISH, plan, change).await;
    stage.browser.write("#call-start input[name=amount]", "42.71").await;
    stage.browser.write("#call-start input[name=reference]", "A-9").await;
    stage.browser.click("#call-start button.first").await;
    stage.scene.asked("number").await.expect("the card number");
    stage.card(VISA).await;
    stage.scene.told("charging").await.expect("the bank is asked");
    stage.browser.reads("#call-keys", "Nothing can be changed now").await;
    stage.browser.shot("desk-bank-en-1280").await;
    let other = TestBank::start(([127, 0, 0, 1], 0).into(), TestBankSettings::default()).await;
    std::mem::replace(&mut stage.scene.set.bank, other.expect("a bank")).stop().await;
    stage.browser.reads("#call-fields .verdict.warn", "Do not take the card again").await;
    stage.scene.ended("unknown").await.expect("an unknown outcome");
    stage.browser.until("document.getElementById('call-keys').hidden").await;
    // The page does not offer to take it again just so.
    assert_eq!(stage.browser.value("document.getElementById('call-start').hidden").await, true);
    stage.browser.is_accessible().await;
    stage.browser.shot("desk-unknown-en-1280").await;
    // Somebody who has looked at the provider says so first.
    stage.browser.click("#call-again a").await;
    stage.browser.reads("h1", "Take it all the same?").await;
    stage.browser.reads(".facts", "A-9").await;
    stage.browser.reads(".note.warn", "the customer pays twice").await;
    stage.browser.is_accessible().await;
    stage.browser.fits().await;
    stage.browser.shot("desk-again-en-1280").await;
    stage.browser.click("button.danger").await;
    let refused = "document.querySelector('input[name=sure]').matches(':invalid')";
    assert_eq!(stage.browser.value(refused).await, true, "it goes on without being sure");
    stage.browser.click("input[name=sure]").await;
    stage.browser.click("button.danger").await;
    stage.browser.reads("#call-due", "€42.71").await;
    stage.scene.asked("number").await.expect("the card number");
    stage.scene.agent("*9").await.expect("keys");
    stage.scene.ended("cancelled_by_agent").await.expect("a cancel");
    // Whoever names the same order later, on the page of a call that knows nothing of it, is asked as well.
    stage.browser.reads("#call-start", "Take again").await;
    stage.browser.click("#call-start button.first").await;
    stage.browser.reads("h1", "Take it all the same?").await;
    stage.browser.click("main a.button").await;
    stage.browser.reads("#call-start", "Take again").await;
    stage.go("/console/payments?reference=A-9").await;
    assert_eq!(stage.browser.value("document.querySelectorAll('tbody tr').length").await, 2);
    stage.browser.click("tbody a").await;
    stage.browser.reads("main", "begun although unknown").await;
    stage.browser.reads("main", "person:ada").await;
    stage.close().await;
}

#[tokio::test]
async fn a_lost_connection_is_shown_and_what_was_missed_is_there_when_it_is_back() {
    let mut stage = Stage::open(ENGLISH).await;
    stage.scene.pay().await.expect("the card number is asked for");
    stage.browser.reads("#call-fields .doing", "keys the card number").await;
    let seen = stage.browser.value("document.getElementById('link-lost').hidden").await;
    assert_eq!(seen, true, "the page says the connection is lost while it is up");
    stage.scene.set.daemon.kill().await.expect("a crash");
    stage.browser.until("!document.getElementById('link-lost').hidden").await;
    stage.browser.reads("#link-lost", "Connection lost").await;
    stage.browser.shot("desk-lost-en-1280").await;
    stage.scene.set.restart_daemon().await.expect("it is back");
    stage.browser.until("document.getElementById('link-lost').hidden").await;
    stage.browser.reads("#link-back", "Connected again").await;
    // The payment died with the daemon: the page does not go on showing it.
    stage.browser.reads("#call-due", "No payment under way").await;
    stage.browser.shot("desk-back-en-1280").await;
    stage.close().await;
}

#[tokio::test]
async fn without_script_the_desk_still_works() {
    let mut stage = Stage::open(Kind { script: false, ..ENGLISH }).await;
    stage.browser.write("#call-start input[name=amount]", "19.99").await;
    stage.browser.click("#call-start button.first").await;
    stage.browser.reads("#call-due", "€19.99").await;
    stage.scene.asked("number").await.expect("the card number");
    // The page loads itself again while a call is up.
    stage.browser.reads("#call-fields .doing", "keys the card number").await;
    stage.browser.click("#key-cancel").await;
    stage.scene.ended("cancelled_by_agent").await.expect("a cancel");
    tokio::time::sleep(Duration::from_millis(200)).await;
    stage.go("/desk?agent=1001").await;
    stage.browser.reads("#call-fields .verdict", "Cancelled by the agent").await;
    stage.close().await;
}
