//! What every test of the API begins with.

use std::path::Path;

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;
use tonegate::inspect::stage::{CallPlan, Conversation, RehearsalTheatre, Set, SetOptions};

/// A daemon beside a rehearsal PBX.
pub struct Desk {
    pub set: Set,
    pub client: Client,
    // Goes when everything else is gone.
    _directory: tempfile::TempDir,
}

/// An answer, read.
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Desk {
    pub async fn open() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut SetOptions)) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let program = Path::new(env!("CARGO_BIN_EXE_tonegate"));
        let mut options = SetOptions::new(program, &directory.path().join("set"));
        // The customers of these tests take their time.
        options.capture = "first_key_timeout_ms = 120000\n".into();
        change(&mut options);
        let theatre = RehearsalTheatre::open().await.expect("a rehearsal PBX");
        let set = Set::up(theatre, &options).await.expect("a daemon");
        Self { set, client: Client::new(), _directory: directory }
    }

    /// A request that presents the key.
    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.set.settings.api);
        self.client.request(method, url).bearer_auth(&self.set.settings.key)
    }

    pub async fn get(&self, path: &str) -> Answer {
        read(self.ask(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        read(json(self.ask(Method::POST, path), body)).await
    }

    /// A conversation between a customer and agent 1001.
    pub async fn call(&self) -> Conversation {
        self.set.theatre.call(&CallPlan::default()).await.expect("a conversation")
    }

    /// Begins a payment on a conversation; its number.
    pub async fn begin(&self, call: &Conversation, reference: &str) -> String {
        let body = serde_json::json!({ "amount": "42.50", "leg": call.customer_leg, "reference": reference });
        let begun = self.post("/v1/payments", &body).await;
        assert_eq!(begun.status, 201, "{}", begun.body);
        begun.text("payment")
    }

    /// Waits for an event of a payment.
    pub async fn told(&self, payment: &str, kind: &str) -> Value {
        let fits = |event: &Value| event["payment"] == payment && event["type"] == kind;
        self.set.events.wait(0, 30_000, kind, fits).await.expect("the event").event
    }
}

impl Answer {
    pub fn text(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.body)).to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

pub fn json(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request.header("content-type", "application/json").body(body.to_string())
}

pub async fn read(request: RequestBuilder) -> Answer {
    let answer = request.send().await.expect("an answer");
    let (status, headers) = (answer.status(), answer.headers().clone());
    let text = answer.text().await.expect("a body");
    Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
}
