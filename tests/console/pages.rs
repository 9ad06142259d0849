//! The supervisor's pages.

use thirtyfour::Key;

use crate::browser::{ENGLISH, Kind, NARROW};
use crate::scene::{SHORT_OF_FUNDS, Stage, VISA};

/// A declined card, then one that is approved.
async fn paid(kind: Kind) -> Stage {
    let mut stage = Stage::open(kind).await;
    stage.scene.pay().await.expect("the card number is asked for");
    stage.card(SHORT_OF_FUNDS).await;
    stage.scene.told("declined").await.expect("a decline");
    stage.scene.agent("*2").await.expect("keys");
    stage.scene.asked("number").await.expect("another card");
    stage.card(VISA).await;
    stage.scene.ended("approved").await.expect("an approval");
    stage
}

#[tokio::test]
async fn a_supervisor_sees_calls_figures_and_payments() {
    let mut stage = paid(ENGLISH).await;
    stage.go("/console").await;
    stage.browser.reads("#live-calls", "No payment is being taken").await;
    stage.browser.reads(".tiles", "100.0%").await;
    stage.browser.reads(".tiles", "€42.50").await;
    assert_eq!(stage.browser.value("document.querySelectorAll('.chart svg').length").await, 2);
    stage.browser.fits().await;
    stage.browser.is_accessible().await;
    stage.browser.shot("overview-en-1280").await;
    // A call that begins appears by itself.
    stage.scene.pay().await.expect("the card number is asked for");
    stage.browser.reads("#live-calls", "The customer keys the card number").await;
    stage.browser.shot("overview-live-en-1280").await;
    stage.scene.agent("*9").await.expect("keys");
    stage.scene.ended("cancelled_by_agent").await.expect("a cancel");

    stage.go("/console/payments?ending=approved").await;
    stage.browser.reads("tbody", "Visa •••• 1111").await;
    assert_eq!(stage.browser.value("document.querySelectorAll('tbody tr').length").await, 1);
    stage.browser.is_accessible().await;
    stage.browser.shot("payments-en-1280").await;
    stage.browser.click("tbody a").await;
    stage.browser.reads("main", "Not enough funds").await;
    stage.browser.reads("main", "Trail").await;
    stage.browser.is_accessible().await;
    stage.browser.shot("payment-en-1280").await;

    stage.go("/console/health").await;
    stage.browser.reads("main", "Ready to take payments").await;
    stage.browser.is_accessible().await;
    stage.browser.shot("health-en-1280").await;
    stage.close().await;
}

#[tokio::test]
async fn the_same_pages_in_french_on_a_telephone() {
    let stage = paid(Kind { size: NARROW, language: "fr", ..ENGLISH }).await;
    for (path, words, name) in [
        ("/console", "Taux de réussite", "overview-fr-360"),
        ("/console/payments", "Accepté", "payments-fr-360"),
        ("/console/health", "Prêt à prendre", "health-fr-360"),
    ] {
        stage.go(path).await;
        stage.browser.reads("main", words).await;
        stage.browser.fits().await;
        stage.browser.is_accessible().await;
        stage.browser.shot(name).await;
    }
    stage.go("/console/payments").await;
    stage.browser.click("tbody a").await;
    stage.browser.reads("main", "Provision insuffisante").await;
    stage.browser.fits().await;
    stage.browser.shot("payment-fr-360").await;
    stage.close().await;
}

#[tokio::test]
async fn everything_is_reached_with_the_keyboard_and_the_focus_is_seen() {
    let stage = Stage::open(ENGLISH).await;
    stage.go("/console").await;
    let focused = "document.activeElement.className + ' ' + document.activeElement.textContent.trim()";
    stage.browser.press(Key::Tab + "").await;
    assert_eq!(stage.browser.value(focused).await, "skip Skip to the content");
    stage.browser.press(Key::Enter + "").await;
    stage.browser.until("document.activeElement.id === 'content'").await;
    // Round the page and out of it again: nothing holds the focus.
    stage.go("/desk?agent=1001").await;
    let every = "[...document.querySelectorAll('a[href], button:enabled, input:not([type=hidden]), select, summary')]\
                 .filter(e => e.checkVisibility()).length";
    let many = stage.browser.value(every).await.as_u64().expect("a number");
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..many {
        stage.browser.press(Key::Tab + "").await;
        let at = "[...document.querySelectorAll('*')].indexOf(document.activeElement)";
        reached.insert(stage.browser.value(at).await.as_i64().expect("a place"));
        let ring = "getComputedStyle(document.activeElement).outlineStyle !== 'none'";
        assert_eq!(stage.browser.value(ring).await, true, "{}", stage.browser.value(focused).await);
    }
    assert_eq!(reached.len() as u64, many, "not everything is reached");
    stage.close().await;
}
