//! The outbox and its carriers, against endpoints of every kind.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

mod standing;

use super::*;
use crate::call::{AttemptId, Ending, Outcome};
use crate::config::{Secret, WebhookSection};
use crate::pbx::Means;
use crate::store::{
    Delivery, DeliveryState, NewAttempt, NewPayment, Replay, Settlement, Store, StoreSettings,
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What an endpoint was told: name, time, signature, body.
type Told = Arc<Mutex<Vec<(String, String, String, String)>>>;

/// An endpoint that answers with these, the last one for ever.
struct Ear {
    url: String,
    told: Told,
}

impl Ear {
    async fn open(answers: &'static [u16]) -> Ear {
        let told = Told::default();
        let hear = async move |State(told): State<Told>, headers: HeaderMap, body: String| {
            let header = |name: &str| headers[name].to_str().expect("text").to_owned();
            let mut told = told.lock().expect("no panic");
            told.push((header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"), body));
            let answer = answers.get(told.len() - 1).or(answers.last()).copied().unwrap_or(204);
            StatusCode::from_u16(answer).expect("a status")
        };
        let routes = Router::new().route("/", post(hear)).with_state(Arc::clone(&told));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ear { url, told }
    }

    fn count(&self) -> usize {
        self.told.lock().expect("no panic").len()
    }

    /// What it was told so far, as JSON.
    fn bodies(&self) -> Vec<serde_json::Value> {
        let told = self.told.lock().expect("no panic");
        told.iter().map(|(.., body)| serde_json::from_str(body).expect("JSON")).collect()
    }

    async fn has(&self, count: usize) {
        until(&format!("{count} messages"), async || self.count() >= count).await;
    }
}

async fn until(what: &str, so: impl AsyncFn() -> bool) {
    for _ in 0..400 {
        if so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no {what}");
}

fn endpoint(name: &str, url: &str, events: &[&str]) -> Endpoint {
    let section = serde_json::json!({ "name": name, "url": url, "events": events });
    let mut section: WebhookSection = serde_json::from_value(section).expect("a section");
    section.secret = Secret::of(SECRET);
    Endpoint::from_section(&section).expect("an endpoint")
}

async fn store(directory: &tempfile::TempDir) -> Store {
    let path = directory.path().join("state").join("payments.sqlite");
    Store::open(&StoreSettings { path }).await.expect("a store")
}

fn begin(store: &Store, endpoints: Vec<Endpoint>) -> CancellationToken {
    let stop = CancellationToken::new();
    store.subscribe(endpoints.iter().map(Endpoint::subscription).collect());
    carry(store, endpoints, &stop).expect("carriers");
    stop
}

async fn listed(store: &Store, endpoint: Option<&str>, state: Option<DeliveryState>) -> Vec<Delivery> {
    store.webhook_deliveries(endpoint, state, None, 10).await.expect("a list").deliveries
}

async fn again(store: &Store, endpoint: Option<&str>, id: Option<String>) -> u64 {
    let what = Replay { endpoint: endpoint.map(str::to_owned), id };
    store.replay_webhooks(&what, "person:anna").await.expect("written")
}

async fn begin_payment(store: &Store) -> Uuid {
    let id = Uuid::now_v7();
    let new = NewPayment {
        id,
        merchant: "Example Ltd".into(),
        agent: Some("1001".into()),
        means: Means::Api,
        caller_number: None,
        dialled_number: None,
        reference: Some("order-7".into()),
        amount: crate::call::Money { minor: 4_250, currency: "EUR".parse().expect("a currency") },
        description: "Invoice 7".into(),
        customer_leg: "leg".into(),
        agent_leg: None,
    };
    store.begin_payment(&new).await.expect("begun");
    id
}

async fn approve(store: &Store, payment: Uuid) {
    let attempt = AttemptId { payment: payment.as_u128(), ordinal: 1 };
    store.journal_attempt(&NewAttempt { attempt, psp: "bank".into() }).await.expect("journalled");
    let outcome = Outcome::Approved { reference: "ch_1".into() };
    store.settle_attempt(attempt, &Settlement { outcome, detail: "ok".into() }).await.expect("settled");
    store.end_payment(payment, Ending::Approved).await.expect("ended");
}

#[tokio::test]
async fn a_payment_is_told_in_signed_messages_that_count_themselves() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(&directory).await;
    let (all, some) = (Ear::open(&[204]).await, Ear::open(&[200]).await);
    let _stop = begin(
        &store,
        vec![endpoint("all", &all.url, &[]), endpoint("some", &some.url, &["payment.approved"])],
    );
    let payment = begin_payment(&store).await;
    approve(&store, payment).await;
    // What is known already is no news.
    store.end_payment(payment, Ending::Fault).await.expect("the first end stays");
    all.has(3).await;
    some.has(1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((all.count(), some.count()), (3, 1));
    let mut told: Vec<_> =
        all.bodies().iter().map(|b| (b["data"]["sequence"].as_i64(), b["type"].clone())).collect();
    told.sort_by_key(|(sequence, _)| *sequence);
    assert_eq!(
        told,
        [
            (Some(1), "payment.started".into()),
            (Some(2), "payment.approved".into()),
            (Some(3), "payment.ended".into())
        ]
    );
    let body = &some.bodies()[0];
    assert_eq!(body["data"]["payment"], payment.to_string());
    assert_eq!(body["data"]["attempts"][0]["reference"], "ch_1");
    assert_eq!(
        (body["data"]["amount"].as_str(), body["data"]["reference"].as_str()),
        (Some("42.50"), Some("order-7"))
    );
    let key = SigningKey::parse(SECRET).expect("a secret");
    for (id, at, signature, body) in all.told.lock().expect("no panic").iter() {
        assert_eq!(*signature, key.sign(id, at.parse().expect("seconds"), body));
    }
}

#[tokio::test]
async fn what_is_not_taken_is_sent_again_under_its_name_and_holds_up_nobody() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(&directory).await;
    let (shaky, well) = (Ear::open(&[500, 204]).await, Ear::open(&[204]).await);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let nobody = format!("http://{}/", nobody.local_addr().expect("an address"));
    let ended: &[&str] = &["payment.started"];
    let _stop = begin(
        &store,
        vec![
            endpoint("shaky", &shaky.url, ended),
            endpoint("dead", &nobody, ended),
            endpoint("well", &well.url, ended),
        ],
    );
    begin_payment(&store).await;
    well.has(1).await;
    shaky.has(2).await;
    let ids: Vec<_> = shaky.told.lock().expect("no panic").iter().map(|(id, ..)| id.clone()).collect();
    assert_eq!(ids[0], ids[1]);
    let state = async |endpoint: &str| {
        let found = listed(&store, Some(endpoint), None).await;
        (found[0].state, found[0].tries)
    };
    until("the second try noted", async || state("shaky").await == (DeliveryState::Taken, 2)).await;
    assert_eq!(state("well").await, (DeliveryState::Taken, 1));
    assert_eq!(state("dead").await.0, DeliveryState::Pending);
}

#[tokio::test]
async fn what_was_not_carried_is_carried_in_the_next_life() {
    let directory = tempfile::tempdir().expect("a directory");
    let ear = Ear::open(&[204]).await;
    let payment = {
        // Nobody carries: killed between the commit and the sending.
        let store = store(&directory).await;
        store.subscribe(vec![endpoint("crm", &ear.url, &[]).subscription()]);
        let payment = begin_payment(&store).await;
        store.close().await;
        payment
    };
    assert_eq!(ear.count(), 0);
    let store = store(&directory).await;
    let stop = begin(&store, vec![endpoint("crm", &ear.url, &[])]);
    ear.has(1).await;
    assert_eq!(ear.bodies()[0]["data"]["payment"], payment.to_string());
    // Once more, because somebody asks; then for the last time.
    until("it noted as taken", async || listed(&store, None, Some(DeliveryState::Taken)).await.len() == 1)
        .await;
    let id = ear.told.lock().expect("no panic")[0].0.clone();
    assert_eq!(again(&store, None, Some(id)).await, 1);
    ear.has(2).await;
    assert_eq!(again(&store, None, None).await, 0, "none is dead");
    stop.cancel();
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_left_alone_until_somebody_asks() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(&directory).await;
    let ear = Ear::open(&[410, 204]).await;
    let _stop = begin(&store, vec![endpoint("crm", &ear.url, &["payment.started"])]);
    begin_payment(&store).await;
    until("it noted as dead", async || {
        listed(&store, Some("crm"), Some(DeliveryState::Dead)).await.len() == 1
    })
    .await;
    assert_eq!(again(&store, Some("other"), None).await, 0);
    assert_eq!(again(&store, Some("crm"), None).await, 1);
    ear.has(2).await;
}

#[tokio::test]
async fn without_endpoints_nothing_is_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(&directory).await;
    let payment = begin_payment(&store).await;
    approve(&store, payment).await;
    assert_eq!(listed(&store, None, None).await, []);
}

#[tokio::test]
async fn what_was_taken_long_ago_is_forgotten_and_what_is_dead_is_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(&directory).await;
    let (well, gone) = (Ear::open(&[204]).await, Ear::open(&[410]).await);
    let _stop = begin(&store, vec![endpoint("well", &well.url, &[]), endpoint("gone", &gone.url, &[])]);
    begin_payment(&store).await;
    let all = async || listed(&store, None, None).await;
    until("both noted", async || all().await.iter().all(|one| one.state != DeliveryState::Pending)).await;
    store.forget_taken_webhooks(i64::MAX).await.expect("forgotten");
    let left = all().await;
    assert_eq!(
        left.iter().map(|one| (one.endpoint.as_str(), one.state)).collect::<Vec<_>>(),
        [("gone", DeliveryState::Dead)]
    );
}

#[test]
fn a_section_that_cannot_work_says_what_to_write() {
    let fault = |url: &str, events: &[&str], secret: &str| {
        let section = serde_json::json!({ "name": "crm", "url": url, "events": events });
        let mut section: WebhookSection = serde_json::from_value(section).expect("a section");
        section.secret = Secret::of(secret);
        Endpoint::from_section(&section).err().map(|fault| fault.to_string()).unwrap_or_default()
    };
    assert_eq!(fault("https://crm.example.com/", &[], SECRET), "");
    assert!(fault("http://crm.example.com/", &[], SECRET).contains("webhook.crm.url"));
    assert!(fault("https://crm.example.com/", &["payment.lost"], SECRET).contains("payment.not_charged"));
    assert!(fault("https://crm.example.com/", &[], "hush").contains("whsec_"));
}
