//! A payment link in place of a card, from the desk.

use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tonegate::inspect::stage::{CallPlan, SetOptions};

use crate::browser::ENGLISH;
use crate::scene::Stage;

/// The pages to pay on that a provider has made: whether each is `open`, `expired` or `complete`.
#[derive(Clone, Default)]
struct Pages(Arc<Mutex<Vec<&'static str>>>);

impl Pages {
    /// Speaks as much of Stripe's Checkout Sessions as a link needs; its address.
    async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let pages = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                pages.answer(stream).await;
            }
        });
        url
    }

    async fn answer(&self, mut stream: TcpStream) {
        let mut request = vec![0; 16_384];
        let read = stream.read(&mut request).await.unwrap_or(0);
        let request = String::from_utf8_lossy(&request[..read]).into_owned();
        let target = request.split_whitespace().nth(1).unwrap_or_default();
        let body = self.session(request.starts_with("POST"), target);
        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n";
        let _ =
            stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await;
    }

    fn session(&self, is_post: bool, target: &str) -> String {
        let mut pages = self.0.lock().expect("nobody panics with it");
        let named = target.strip_prefix("/v1/checkout/sessions/cs_test_");
        let number = named.map_or(0, |name| name.trim_end_matches("/expire").parse().expect("one of ours"));
        let number = if is_post && named.is_none() {
            pages.push("open");
            pages.len()
        } else {
            number
        };
        if target.ends_with("/expire") {
            pages[number - 1] = "expired";
        }
        let status = pages[number - 1];
        let paid = if status == "complete" { "paid" } else { "unpaid" };
        format!(
            r#"{{"id":"cs_test_{number}","object":"checkout.session","status":"{status}","payment_status":"{paid}","url":"https://pay.example/{number}"}}"#
        )
    }
}

#[tokio::test]
async fn other_means_a_link_that_is_ended_and_another_that_is_paid() {
    let pages = Pages::default();
    let url = pages.serve().await;
    let change = |options: &mut SetOptions| {
        std::fs::create_dir_all(&options.directory).expect("a directory");
        let key = options.directory.join("stripe.key");
        std::fs::write(&key, "sk_test_1").expect("written");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("private");
        options.psp = "cards".into();
        options.sections.push_str(&format!(
            "[[psp]]\nname = \"cards\"\nkind = \"stripe\"\nurl = \"{url}\"\napi_key_file = \"stripe.key\"\n\
             success_url = \"https://example.com/paid\"\n"
        ));
    };
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
    *pages.0.lock().expect("nobody panics with it").last_mut().expect("a page") = "complete";
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
