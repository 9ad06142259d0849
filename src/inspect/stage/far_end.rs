//! What is at the far end of a payment link: a provider with pages to pay on, and a gateway that takes SMS.

use std::net::Ipv4Addr;
use std::os::unix::fs::DirBuilderExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::set::secret;
use super::{SetOptions, StageError};

/// What pages are called, before their numbers.
const PAGE: &str = "cs_test_";

/// How a page stands, in the provider's words.
const OPEN: &str = "open";
const EXPIRED: &str = "expired";
const COMPLETE: &str = "complete";

#[derive(Default)]
struct Book {
    pages: Vec<&'static str>,
    texts: Vec<Value>,
    /// What the gateway answers next; yes, if nothing is planned.
    answers: Vec<u16>,
}

/// Speaks as much of Stripe's Checkout Sessions as a link needs, and takes SMS at `/sms`. It ends with the process.
#[derive(Clone)]
pub struct FarEnd {
    url: String,
    book: Arc<Mutex<Book>>,
}

impl std::fmt::Debug for FarEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FarEnd").field("url", &self.url).finish_non_exhaustive()
    }
}

impl FarEnd {
    /// Listens on this machine.
    ///
    /// # Errors
    /// If no port is free.
    pub async fn start() -> Result<FarEnd, StageError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let far_end = FarEnd { url: format!("http://{}", listener.local_addr()?), book: Arc::default() };
        let routes = Router::new()
            .route("/v1/checkout/sessions", post(make))
            .route("/v1/checkout/sessions/{name}", get(look))
            .route("/v1/checkout/sessions/{name}/expire", post(expire))
            .route("/sms", post(text))
            .with_state(far_end.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(far_end)
    }

    /// The merchant is paid by it, and links are sent by it.
    ///
    /// # Errors
    /// If its key cannot be written.
    pub fn configure(&self, options: &mut SetOptions) -> Result<(), StageError> {
        self.configure_pages(options)?;
        options.sections.push_str(&format!(
            "[[messenger]]\nname = \"texts\"\nkind = \"http\"\nurl = \"{}/sms\"\nreference = \"id\"\n\
             body = '{{\"to\": \"{{to}}\", \"text\": \"{{text}}\"}}'\n[links]\ncountry_code = \"33\"\n",
            self.url
        ));
        Ok(())
    }

    /// The merchant is paid by it, and nothing is sent.
    ///
    /// # Errors
    /// If its key cannot be written.
    pub fn configure_pages(&self, options: &mut SetOptions) -> Result<(), StageError> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&options.directory)?;
        secret(&options.directory.join("pages.key"), "sk_test_1")?;
        options.psp = "pages".into();
        options.sections.push_str(&format!(
            "[[psp]]\nname = \"pages\"\nkind = \"stripe\"\nurl = \"{}\"\napi_key_file = \"pages.key\"\n\
             success_url = \"https://example.com/paid\"\n",
            self.url
        ));
        Ok(())
    }

    /// The customer pays on the newest page, if it is open.
    pub fn pay(&self) {
        if let Some(page) = self.book().pages.last_mut().filter(|page| **page == OPEN) {
            *page = COMPLETE;
        }
    }

    /// How every page stands: `open`, `expired` or `complete`.
    #[must_use]
    pub fn pages(&self) -> Vec<&'static str> {
        self.book().pages.clone()
    }

    /// Everything that was to be sent, as it came.
    #[must_use]
    pub fn texts(&self) -> Vec<Value> {
        self.book().texts.clone()
    }

    /// What the gateway answers next.
    pub fn will_answer(&self, status: u16) {
        self.book().answers.push(status);
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Answer = (StatusCode, Json<Value>);

async fn make(State(own): State<FarEnd>) -> Answer {
    let mut book = own.book();
    book.pages.push(OPEN);
    (StatusCode::OK, session(book.pages.len(), OPEN))
}

async fn look(State(own): State<FarEnd>, Path(name): Path<String>) -> Answer {
    on_page(&own, &name, |number, page| (StatusCode::OK, session(number, page)))
}

/// What was paid, or has ended, is not ended again.
async fn expire(State(own): State<FarEnd>, Path(name): Path<String>) -> Answer {
    on_page(&own, &name, |number, page| match *page {
        OPEN => {
            *page = EXPIRED;
            (StatusCode::OK, session(number, EXPIRED))
        }
        _ => (StatusCode::BAD_REQUEST, refusal("only an open session can be expired")),
    })
}

async fn text(State(own): State<FarEnd>, Json(text): Json<Value>) -> Answer {
    let mut book = own.book();
    book.texts.push(text);
    let planned = if book.answers.is_empty() { None } else { Some(book.answers.remove(0)) };
    let status = planned.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
    (status, Json(json!({ "id": format!("sms-{}", book.texts.len()) })))
}

fn on_page(own: &FarEnd, name: &str, act: impl FnOnce(usize, &mut &'static str) -> Answer) -> Answer {
    let mut book = own.book();
    let number = name.strip_prefix(PAGE).and_then(|number| number.parse::<usize>().ok()).unwrap_or(0);
    match number.checked_sub(1).and_then(|at| book.pages.get_mut(at)) {
        Some(page) => act(number, page),
        None => (StatusCode::NOT_FOUND, refusal("no such session")),
    }
}

fn refusal(words: &str) -> Json<Value> {
    Json(json!({ "error": { "type": "invalid_request_error", "message": words } }))
}

fn session(number: usize, page: &str) -> Json<Value> {
    let paid = if page == COMPLETE { "paid" } else { "unpaid" };
    Json(json!({
        "id": format!("{PAGE}{number}"), "object": "checkout.session", "status": page, "payment_status": paid,
        "payment_intent": format!("pi_{number}"), "url": format!("https://pay.example/{number}"),
    }))
}
