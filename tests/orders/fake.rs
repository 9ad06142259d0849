//! A company's own system that says what is owed, and breaks on demand.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tonegate::outbox::SigningKey;

/// What questions are signed with.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// How it answers.
#[derive(Clone, Debug)]
pub enum Answers {
    /// This order, whoever asks.
    Order(Value),
    /// It knows of none.
    Nothing,
    /// HTTP 500.
    Broken,
    /// Long after anybody waits.
    Slowly,
    /// Not JSON.
    Nonsense,
    /// A megabyte.
    Endlessly,
    /// Somewhere else.
    Elsewhere,
}

/// One question as it came.
pub type Asked = Value;

#[derive(Clone)]
struct Desk {
    answers: Arc<Mutex<Answers>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// The system.
pub struct FakeCrm {
    pub address: SocketAddr,
    desk: Desk,
}

impl FakeCrm {
    pub async fn start() -> Self {
        let desk = Desk { answers: Arc::new(Mutex::new(Answers::Nothing)), asked: Arc::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().fallback(answer).with_state(desk.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, desk }
    }

    pub fn answer(&self, answers: Answers) {
        *self.desk.answers.lock().expect("unpoisoned") = answers;
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.desk.asked.lock().expect("unpoisoned").clone()
    }

    /// The section of a configuration that names it; its secret stands in `crm.secret`.
    pub fn section(&self, more: &str) -> String {
        let address = self.address;
        format!(
            "[crm]\nurl = \"http://{address}/owed\"\nsecret_file = \"crm.secret\"\ntimeout_ms = 5000\n{more}\n"
        )
    }
}

async fn answer(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let text = String::from_utf8(body.to_vec()).expect("text");
    let header = |name: &str| headers[name].to_str().expect("text").to_owned();
    let at_s = header("webhook-timestamp").parse().expect("a time");
    let key = SigningKey::parse(SECRET).expect("a secret");
    if header("webhook-signature") != key.sign(&header("webhook-id"), at_s, &text) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    desk.asked.lock().expect("unpoisoned").push(serde_json::from_str(&text).expect("JSON"));
    let answers = desk.answers.lock().expect("unpoisoned").clone();
    let json = |text: String| ([(header::CONTENT_TYPE, "application/json")], text).into_response();
    match answers {
        Answers::Order(order) => json(order.to_string()),
        Answers::Nothing => StatusCode::NOT_FOUND.into_response(),
        Answers::Broken => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Answers::Slowly => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            json("{}".into())
        }
        Answers::Nonsense => "<html>".into_response(),
        Answers::Endlessly => json(json!({ "amount": "1.00", "note": "x".repeat(1 << 20) }).to_string()),
        Answers::Elsewhere => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "http://169.254.169.254/")]).into_response()
        }
    }
}
