//! The desk in a frame of another site, such as a CRM, behind a proxy that ends TLS.

use serde_json::Value;
use tonegate::inspect::stage::{CallPlan, SetOptions};

use crate::browser::ENGLISH;
use crate::front::Front;
use crate::scene::{AGENT, Stage, VISA};

#[tokio::test]
async fn a_crm_that_is_named_shows_the_desk_and_another_site_does_not() {
    let front = Front::open().await;
    let change = |options: &mut SetOptions| {
        options.sections += &format!("[console]\nframe_ancestors = [\"{}\"]\n", front.origin("crm"));
    };
    let mut stage = Stage::open_with(ENGLISH, CallPlan::default(), change).await;
    front.leads_to(&stage.scene.set.settings.api);
    let bob = stage.scene.set.person("bob", &["agent"], &[AGENT]).await.expect("somebody is made known");
    let page = &stage.browser;
    page.go(&front.origin("crm")).await;
    page.reads("h1", "Customer 17").await;
    page.page.enter_frame(0).await.expect("a frame");
    page.until("location.pathname === '/console/login'").await;
    assert_eq!(page.value("location.protocol").await, "https:");
    // The cookie is the frame's own: it is kept, although the page around it is another site.
    page.write("input[name=name]", &bob.name).await;
    page.write("input[name=password]", &bob.password).await;
    page.click("main button.first").await;
    page.until("location.pathname === '/desk'").await;
    page.reads("#call-due", "No payment under way").await;
    page.fits().await;
    stage.scene.pay().await.expect("the card number is asked for");
    // What happens is sent into the frame, and keys on the page reach the call.
    stage.browser.reads("#call-fields .doing", "The customer keys the card number").await;
    stage.browser.shot("desk-embedded-en-1280").await;
    stage.card(VISA).await;
    stage.scene.told("approved").await.expect("an approval");
    stage.browser.reads("#call-fields .verdict.good", "Payment approved").await;
    stage.scene.ended("approved").await.expect("an approval");
    stage.browser.write("#call-start input[name=amount]", "5.00").await;
    stage.browser.click("#call-start button.first").await;
    stage.browser.reads("#call-due", "€5.00").await;
    stage.scene.asked("number").await.expect("the card number");
    stage.browser.click("#key-cancel").await;
    stage.scene.ended("cancelled_by_agent").await.expect("a cancel");

    let page = &stage.browser;
    page.page.enter_default_frame().await.expect("the page");
    page.go(&front.origin("elsewhere")).await;
    page.reads("h1", "Customer 17").await;
    page.page.enter_frame(0).await.expect("a frame");
    page.until("location.href.startsWith('chrome-error:')").await;
    assert_eq!(page.value("document.querySelector('main#content')").await, Value::Null, "it is shown");
    page.shot("desk-not-embedded-en-1280").await;
    stage.close().await;
}
