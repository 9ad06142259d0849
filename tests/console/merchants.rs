//! Several merchants: the agent chooses who is paid, and sees it.

use tonegate::inspect::stage::{CallPlan, SetOptions};

use crate::browser::{ENGLISH, Kind, NARROW};
use crate::scene::{Stage, VISA};

/// A second merchant, paid in pounds.
async fn with_uk(kind: Kind) -> Stage {
    let change = |options: &mut SetOptions| {
        options.merchants =
            "[[merchant]]\nid = \"uk\"\nname = \"Example UK\"\ncurrency = \"GBP\"\npsp = \"bank\"\n".into();
        options.merchant = "id = \"main\"\n".into();
    };
    Stage::open_with(kind, CallPlan { amount: None, ..CallPlan::default() }, change).await
}

#[tokio::test]
async fn the_agent_chooses_who_is_paid() {
    let mut stage = with_uk(ENGLISH).await;
    stage.browser.reads("#call-start select", "as the call says").await;
    stage.browser.click("#call-start select[name=merchant] option[value=uk]").await;
    stage.browser.write("#call-start input[name=amount]", "19.99").await;
    stage.browser.is_accessible().await;
    stage.browser.shot("desk-merchants-en-1280").await;
    stage.browser.click("#call-start button.first").await;
    stage.browser.reads("#call-due", "£19.99").await;
    stage.browser.reads("#call-due", "Example UK").await;
    stage.scene.asked("number").await.expect("the card number");
    stage.browser.is_accessible().await;
    stage.browser.shot("desk-merchant-keying-en-1280").await;
    stage.card(VISA).await;
    stage.scene.ended("approved").await.expect("an approval");
    let charged = stage.scene.set.bank.ledger().first().and_then(|line| line.amount.clone());
    assert_eq!(charged.as_deref(), Some("19.99 GBP"));
    stage.go("/console/payments").await;
    stage.browser.click("tbody a").await;
    stage.browser.reads(".facts", "Example UK").await;
    stage.close().await;
}

#[tokio::test]
async fn in_french_on_a_telephone_and_one_that_is_gone_is_not_paid() {
    let stage = with_uk(Kind { size: NARROW, language: "fr", ..ENGLISH }).await;
    stage.browser.reads("#call-start", "Marchand").await;
    stage.browser.fits().await;
    stage.browser.shot("desk-merchants-fr-360").await;
    // The page is older than the configuration.
    let renamed = "(() => { const one = document.querySelector('#call-start option[value=uk]'); one.value = 'us'; \
                   one.selected = true; })()";
    stage.browser.value(renamed).await;
    stage.browser.write("#call-start input[name=amount]", "19,99").await;
    stage.browser.click("#call-start button.first").await;
    stage.browser.reads("#told", "Ce marchand n’existe plus").await;
    assert!(stage.scene.events().all().is_empty(), "a payment began for somebody who is not there");
    stage.close().await;
}

#[tokio::test]
async fn with_one_merchant_nothing_is_to_be_chosen() {
    let stage = Stage::open(ENGLISH).await;
    stage.browser.reads("#call-start", "Take a payment").await;
    assert_eq!(
        stage.browser.value("document.querySelector('select[name=merchant]')").await,
        serde_json::Value::Null
    );
    stage.close().await;
}
