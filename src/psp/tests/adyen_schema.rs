//! Adyen's own schema as judge: Prism serves it and refuses what does not fit.
//!
//! Runs where the schema is at hand: `TONEGATE_ADYEN_SPEC` names the file, `TONEGATE_PRISM` the program (`prism` if
//! left out). Elsewhere it says that it was skipped.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::adyen::connector_with;
use super::never_twice::patient;
use super::*;
use crate::psp::{Agreement, Change, Effect, NewLink, StoredCard, Storing};

/// How long Prism may take to read the schema.
const START_MS: u64 = 60_000;

struct Prism(Child);

impl Drop for Prism {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn prism(spec: &str) -> (Prism, u16) {
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let program = std::env::var("TONEGATE_PRISM").unwrap_or_else(|_| "prism".into());
    let mut command = Command::new(program);
    command.args(["mock", "--errors", "-p", &port.to_string(), spec]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("Prism");
    let prism = Prism(child);
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(began.elapsed() < Duration::from_millis(START_MS), "Prism does not listen");
        std::thread::sleep(Duration::from_millis(200));
    }
    (prism, port)
}

#[tokio::test]
async fn every_request_fits_adyen_s_schema() {
    let Ok(spec) = std::env::var("TONEGATE_ADYEN_SPEC") else {
        eprintln!("skipped: TONEGATE_ADYEN_SPEC does not name Adyen's schema");
        return;
    };
    let (_prism, port) = prism(&spec);
    let base = format!("http://127.0.0.1:{port}");
    let key = format!("10001|C{}1", "5A".repeat(255));
    let plain = connector_with(&base, &patient(), |settings| settings.url = Some(base.clone()));
    let sealed = connector_with(&base, &patient(), |settings| {
        settings.url = Some(base.clone());
        settings.encryption_key = Some(key);
    });
    let mut sale = charge("tg-1", "19.99");
    sale.customer = customer();
    sale.caller_number = Some("+33612345678".into());
    sale.reference = Some("order 42".into());
    for adyen in [&plain, &sealed] {
        let answer = adyen.authorise(&sale, &card("4111111111111111")).await;
        assert!(approved(&answer), "{answer:?}");
    }
    let stored = StoredCard { token: "TOKEN1".into(), shopper: "cust-0042".into() };
    let answer = plain.charge_token(&sale, &stored, Agreement::Subscription).await;
    assert!(approved(&answer), "{answer:?}");
    let storing = Storing {
        key: "tg-s".into(),
        shopper_reference: "cust-0042".into(),
        currency: sale.amount.currency,
        agreement: Agreement::Unscheduled,
        customer: customer(),
    };
    let reply = plain.tokenise(&storing, &card("4111111111111111")).await;
    // The schema's example holds no token.
    assert!(reply.detail.contains("Authorised"), "{reply:?}");
    let change = Change { key: "k-1".into(), reference: "993617894903480A".into(), amount: sale.amount };
    for reply in [plain.capture(&change).await, plain.refund(&change).await, plain.cancel(&change).await] {
        assert!(matches!(reply.effect, Effect::Taken(_)), "{reply:?}");
    }
    let new = NewLink {
        key: "tg-l".into(),
        amount: sale.amount,
        description: "Invoice 7".into(),
        expires_at: jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1),
        language: "fr-FR".into(),
        customer: customer(),
    };
    for reply in [plain.create_link(&new).await, plain.link("PL1").await, plain.expire_link("PL1").await] {
        assert!(matches!(reply.effect, Effect::Done(_)), "{reply:?}");
    }
}
