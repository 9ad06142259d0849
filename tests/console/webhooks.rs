//! What an admin sees of webhooks, and does when an endpoint was gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use tonegate::inspect::stage::{CallPlan, SetOptions};

use crate::browser::{ENGLISH, Kind, NARROW};
use crate::scene::{Stage, VISA, secret};

/// An endpoint that says it is gone to the first messages, and takes the others.
async fn ear(gone: usize) -> (String, Arc<AtomicUsize>) {
    let heard = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&heard);
    let hear = async move || {
        let before = count.fetch_add(1, Ordering::SeqCst);
        if before < gone { StatusCode::GONE } else { StatusCode::NO_CONTENT }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let routes = Router::new().route("/", post(hear));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (url, heard)
}

/// A payment was taken, and of its three messages an endpoint refused the first ones.
async fn told(kind: Kind, gone: usize) -> (Stage, Arc<AtomicUsize>) {
    let (url, heard) = ear(gone).await;
    let change = |options: &mut SetOptions| {
        secret(options, "crm.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        // The second endpoint is not there at all.
        options.sections += &format!(
            "[[webhook]]\nname = \"crm\"\nurl = \"{url}\"\nsecret_file = \"crm.secret\"\n\
             [[webhook]]\nname = \"ledger\"\nurl = \"http://127.0.0.1:9/\"\nevents = [\"payment.approved\"]\n\
             secret_file = \"crm.secret\"\n"
        );
    };
    let mut stage = Stage::open_with(kind, CallPlan::default(), change).await;
    stage.scene.pay().await.expect("the card number is asked for");
    stage.card(VISA).await;
    stage.scene.ended("approved").await.expect("an approval");
    (stage, heard)
}

/// Loads a page until an element says this: the page does not change by itself.
async fn loads(stage: &Stage, path: &str, css: &str, words: &str) {
    for _ in 0..200 {
        stage.go(path).await;
        if stage.browser.text(css).await.contains(words) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{css} never read `{words}`, but {}", stage.browser.text("main").await);
}

#[tokio::test]
async fn an_admin_sends_dead_letters_again_one_and_then_all() {
    let (stage, heard) = told(ENGLISH, 3).await;
    loads(&stage, "/console/webhooks", "#endpoints tbody tr:first-child td:nth-child(5)", "3").await;
    stage.browser.reads("#dead tbody", "answered 410: gone").await;
    stage.browser.reads("#endpoints tbody tr:nth-child(2)", "being tried").await;
    stage.browser.reads("#waiting tbody", "payment.approved").await;
    stage.browser.fits().await;
    stage.browser.is_accessible().await;
    stage.browser.shot("webhooks-en-1280").await;
    // Whoever looks after the settings finds the way there.
    stage.go("/console/health").await;
    stage.browser.reads("#dead-letters", "3 messages were not taken").await;
    stage.browser.is_accessible().await;
    stage.browser.shot("health-dead-letters-en-1280").await;
    stage.browser.click("#dead-letters a").await;
    stage.browser.until("location.pathname === '/console/webhooks'").await;
    stage.browser.click("#dead tbody tr:first-child button").await;
    stage.browser.reads("main .note.good", "Sent again now").await;
    loads(&stage, "/console/webhooks", "#endpoints tbody tr:first-child td:nth-child(5)", "2").await;
    assert_eq!(heard.load(Ordering::SeqCst), 4, "one message was sent again");
    stage.browser.click("#endpoints tbody tr:first-child button").await;
    stage.browser.reads("main .note.good", "Sent again now").await;
    loads(&stage, "/console/webhooks", "#endpoints tbody tr:first-child", "up to date").await;
    stage.browser.reads("#dead", "No dead letters").await;
    assert_eq!(heard.load(Ordering::SeqCst), 6, "the other two were sent again");
    stage.go("/console/health").await;
    stage.browser.reads("main", "Settings health").await;
    assert_eq!(stage.browser.text("#dead-letters").await, "");
    stage.close().await;
}

#[tokio::test]
async fn the_same_page_in_french_on_a_telephone_and_for_nobody_else() {
    let (stage, heard) = told(Kind { size: NARROW, language: "fr", ..ENGLISH }, 3).await;
    loads(&stage, "/console/webhooks", "#dead caption", "Messages abandonnés").await;
    loads(&stage, "/console/webhooks", "#dead tbody", "answered 410: gone").await;
    stage.browser.fits().await;
    stage.browser.is_accessible().await;
    stage.browser.shot("webhooks-fr-360").await;
    // A supervisor watches, but sends nothing again, even with a form that was made elsewhere.
    let eve = stage.scene.set.person("eve", &["supervisor"], &[]).await.expect("somebody is made known");
    stage.browser.click(".who button").await;
    stage.browser.until("location.pathname === '/console/login'").await;
    stage.enter(&eve, "/console/webhooks").await;
    stage.browser.reads("h1", "Accès refusé").await;
    stage.go("/console/health").await;
    stage.browser.reads("#dead-letters", "messages n’ont pas été pris").await;
    assert_eq!(stage.browser.text("#dead-letters a").await, "");
    let forged = "(() => { const form = document.querySelector('.who form'); \
                  const body = new URLSearchParams({ csrf: form.csrf.value, endpoint: 'crm' }); \
                  fetch('/console/webhooks', { method: 'POST', body }).then(a => { window.told = a.status; }); })()";
    stage.browser.value(forged).await;
    stage.browser.until("window.told === 403").await;
    assert_eq!(heard.load(Ordering::SeqCst), 3, "nothing was sent again");
    stage.close().await;
}
