//! A payment link in place of a card, from the desk.

use tonegate::inspect::stage::{CallPlan, FarEnd, SetOptions};

use crate::browser::ENGLISH;
use crate::scene::Stage;

#[tokio::test]
async fn other_means_a_link_that_is_ended_and_another_that_is_paid() {
    let far_end = FarEnd::start().await.expect("a port");
    let change = |options: &mut SetOptions| far_end.configure_pages(options).expect("a key");
    let mut stage = Stage::open_with(ENGLISH, CallPlan::default(), change).await;
    stage.scene.pay().await.expect("the card number is asked for");
    assert_eq!(stage.browser.value("document.getElementById('call-link').hidden").await, true);
    stage.browser.press("*4").await;
    stage.scene.ended("other_means").await.expect("an end");
    stage.browser.reads("#call-link", "Nobody sends the link for you").await;
    stage.browser.click("#link-make").await;
    stage.browser.reads("#call-link .badge.good", "can pay by this link").await;
    let shown = "document.querySelector('#call-link input[readonly]').value";
    assert_eq!(stage.browser.value(shown).await, "https://pay.example/1");
    // What may be paid by link is not offered to be taken by card.
    let again = "document.querySelector('#call-start input[name=amount]').value";
    assert_eq!(stage.browser.value(again).await, "");
    stage.browser.fits().await;
    stage.browser.is_accessible().await;
    stage.browser.shot("desk-link-en-1280").await;
    stage.browser.click("#link-end").await;
    stage.browser.reads("#call-link", "nobody can pay by it").await;
    stage.browser.click("#link-make").await;
    stage
        .browser
        .until("document.querySelector('#call-link input[readonly]')?.value?.endsWith('/2') ?? false")
        .await;
    far_end.pay();
    // Whoever asks how it stands, everybody is told.
    let told = stage.scene.events().all();
    let newest = told.iter().rev().find(|seen| seen.kind() == "operation").expect("an operation");
    let id = newest.event["operation"].as_str().expect("an id").to_owned();
    stage.scene.set.daemon.get(&format!("/v1/links/{id}")).await.expect("the link");
    stage.browser.reads("#call-link .badge.good", "Paid by link").await;
    assert_eq!(stage.browser.value("document.getElementById('link-make')").await, serde_json::Value::Null);
    stage.browser.shot("desk-link-paid-en-1280").await;
    stage.close().await;
}

#[tokio::test]
async fn a_link_is_sent_and_sent_again_from_the_desk() {
    let far_end = FarEnd::start().await.expect("a port");
    let change = |options: &mut SetOptions| {
        far_end.configure(options).expect("a key");
        options.sections.push_str("key_sends = \"nothing\"\n");
    };
    let mut stage = Stage::open_with(ENGLISH, CallPlan::default(), change).await;
    stage.scene.pay().await.expect("the card number is asked for");
    stage.browser.press("*4").await;
    stage.scene.ended("other_means").await.expect("an end");
    stage.browser.reads("#call-link", "Say where the link is to be sent").await;
    let to = "document.getElementById('link-to').value";
    assert_eq!(stage.browser.value(to).await, "+33123456789", "whoever calls is known");
    stage.browser.fits().await;
    stage.browser.is_accessible().await;
    stage.browser.write("#link-to", "1001").await;
    stage.browser.click("#link-make").await;
    stage.browser.reads("#told", "Write a mobile number").await;
    assert!(far_end.pages().is_empty(), "nothing was made");
    far_end.will_answer(500);
    stage.browser.write("#link-to", "06 12 34 56 78").await;
    stage.browser.click("#link-make").await;
    stage.browser.reads("#call-link .badge.warn", "may have arrived").await;
    assert_eq!(stage.browser.value(to).await, "+33612345678");
    stage.browser.shot("desk-link-unknown-en-1280").await;
    stage.browser.click("#link-send").await;
    stage.browser.reads("#call-link", "The link was sent to +33612345678").await;
    assert_eq!(far_end.texts().len(), 2);
    stage.browser.shot("desk-link-sent-en-1280").await;
    far_end.pay();
    stage.browser.reads("#call-link .badge.good", "Paid by link").await;
    stage.close().await;
}
