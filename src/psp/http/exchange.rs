//! One request and its answer, and what it means that there was none.

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, Response};
use serde_json::{Map, Value};
use std::time::{Duration, Instant};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::client::Http;
use super::tap::Seen;
use super::words::{cause, harmless};
use crate::card::SecretBody;
use crate::psp::Answer;
use crate::psp::compose::text_at;

/// Largest answer read. Those of a charge are a few kilobytes.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// Longest answer shown to a person who looks on.
const SHOWN_MAX_CHARS: usize = 4_000;

/// A request.
pub struct Request {
    /// How.
    pub method: Method,
    /// Where to, in full.
    pub url: String,
    /// Beside the account's own headers.
    pub headers: HeaderMap,
    /// What.
    pub body: Body,
}

/// The body of a request.
pub enum Body {
    /// None.
    Nothing,
    /// JSON with card data; wiped when it is sent.
    SecretJson(SecretBody),
    /// A form; wiped when it is sent, whether it holds card data or not.
    Form(SecretBody),
    /// JSON without card data.
    Json(String),
}

impl Body {
    /// A JSON object without card data.
    #[must_use]
    pub fn fields(fields: Map<String, Value>) -> Self {
        Self::Json(Value::Object(fields).to_string())
    }
}

/// An answer that was read to its end.
#[derive(Clone, Debug)]
pub struct Came {
    /// HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, if that is a JSON object.
    pub json: Option<Map<String, Value>>,
}

impl Came {
    /// A header, if it is plain text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the provider says that it did what was asked.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The text at a place such as `error.code`, if there is one and it is not empty.
    #[must_use]
    pub fn text(&self, place: &str) -> Option<&str> {
        text_at(self.json.as_ref()?, place).filter(|text| !text.is_empty())
    }

    /// `HTTP 402`, then the provider's own code and words, made harmless.
    #[must_use]
    pub fn detail(&self, words: &[&str]) -> String {
        let words = harmless(words.join(" ").trim(), DETAIL_MAX_CHARS);
        format!("HTTP {} {words}", self.status).trim_end().to_owned()
    }
}

/// Longest text of a provider that is kept for the journal.
const DETAIL_MAX_CHARS: usize = 240;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missed {
    /// There is no way to the provider: no name, no connection, no trusted certificate. It got nothing.
    NoConnection {
        /// What failed.
        cause: String,
        /// What the admin has to do, where it will not heal by itself.
        remedy: Option<&'static str>,
    },
    /// The request could not even be made; nothing was sent.
    NotSent {
        /// What failed.
        cause: String,
        /// What the admin has to do, where it will not heal by itself.
        remedy: Option<&'static str>,
    },
    /// It was sent, or may have been; what came of it is not known.
    Lost {
        /// What failed.
        cause: String,
    },
    /// The provider sends the request elsewhere. That is not followed.
    Redirected {
        /// HTTP status. With 301, 307 and 308 nothing was done; others are how browsers are told of a success.
        status: u16,
    },
}

/// What to do about a redirect.
pub(in crate::psp) const REDIRECTED: &str = "the provider sends the request elsewhere, and card data follows no \
                                             redirect: write the final address";

impl Missed {
    /// What that means for a charge that may be sent again with its key where `deduplicates`.
    #[must_use]
    pub fn answer(self, deduplicates: bool) -> Answer {
        match self {
            Missed::NoConnection { cause, remedy } => {
                let answer = Answer::unavailable(format!("no connection: {cause}"));
                match remedy {
                    Some(remedy) => answer.with_remedy(remedy),
                    // Trying again is safe even where nothing is deduplicated.
                    None => answer.retryable(true),
                }
            }
            Missed::NotSent { cause, remedy: Some(remedy) } => Answer::misconfigured(cause, remedy),
            Missed::NotSent { cause, remedy: None } => Answer::not_charged(cause),
            Missed::Lost { cause } => Answer::unknown(cause).retryable(deduplicates),
            Missed::Redirected { status: status @ (301 | 307 | 308) } => {
                Answer::misconfigured(format!("HTTP {status}"), REDIRECTED)
            }
            Missed::Redirected { status } => {
                Answer::unknown(format!("HTTP {status}")).with_remedy(REDIRECTED).retryable(deduplicates)
            }
        }
    }

    /// What that means for a query: nothing is known.
    #[must_use]
    pub fn query_answer(self) -> Answer {
        let answer = self.answer(false);
        Answer { outcome: crate::call::Outcome::Unknown, may_retry: false, ..answer }
    }
}

impl Http {
    /// Sends the request once and reads the answer to its end.
    ///
    /// # Errors
    /// If there is none, with what that means for what was asked.
    pub(in crate::psp) async fn exchange(&self, request: Request) -> Result<Came, Missed> {
        let began = Instant::now();
        let shown = self.tap.as_ref().map(|_| shown(&request));
        let came = self.send(request).await;
        if let (Some(tap), Some((request, sent))) = (&self.tap, shown) {
            let (status, received) = match &came {
                Ok(came) => {
                    (format!("HTTP {}", came.status), came.json.clone().map_or_else(String::new, struck_out))
                }
                Err(missed) => (missed.clone().answer(false).detail, String::new()),
            };
            tap.keep(Seen { request, sent, status, received, took: began.elapsed() });
        }
        came
    }

    async fn send(&self, request: Request) -> Result<Came, Missed> {
        let mut building = self.client.request(request.method, request.url.as_str());
        building = building
            .headers(self.headers.clone())
            .headers(request.headers)
            .header(ACCEPT, "application/json");
        // The client lets go of a body, which is wiped then, when it has sent it or failed to.
        building = match request.body {
            Body::Nothing => building,
            Body::SecretJson(body) => building.header(CONTENT_TYPE, JSON).body(Bytes::from_owner(body)),
            Body::Form(body) => building.header(CONTENT_TYPE, FORM).body(Bytes::from_owner(body)),
            Body::Json(body) => building.header(CONTENT_TYPE, JSON).body(body),
        };
        // Connecting has a bound of its own within this: when that one strikes, nothing was sent.
        match timeout(self.answer_bound, building.send()).await {
            Err(_) => Err(Missed::Lost { cause: "no answer in time".into() }),
            Ok(Err(fault)) => Err(missed(&fault)),
            Ok(Ok(response)) => self.receive(response).await,
        }
    }

    async fn receive(&self, response: Response) -> Result<Came, Missed> {
        let status = response.status().as_u16();
        if (300..400).contains(&status) {
            return Err(Missed::Redirected { status });
        }
        let headers = response.headers().clone();
        match timeout(self.read_bound, read(response)).await {
            Err(_) => Err(Missed::Lost { cause: format!("HTTP {status}: the answer does not end in time") }),
            Ok(Err(cause)) => Err(Missed::Lost { cause: format!("HTTP {status}: {cause}") }),
            Ok(Ok(bytes)) => {
                // The reader's own words are left out: they may quote the answer.
                let json = match serde_json::from_slice::<Value>(&bytes) {
                    Ok(Value::Object(fields)) => Some(fields),
                    _ => None,
                };
                Ok(Came { status, headers, json })
            }
        }
    }
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

async fn read(mut response: Response) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > MAX_ANSWER_BYTES => {
                return Err(format!("more than {MAX_ANSWER_BYTES} bytes of answer"));
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return Ok(bytes),
            Err(fault) => return Err(format!("the answer broke off: {}", cause(&fault))),
        }
    }
}

/// The request failed before an answer began.
fn missed(fault: &reqwest::Error) -> Missed {
    let cause = cause(fault);
    if fault.is_builder() {
        return Missed::NotSent {
            cause: format!("the request could not be made: {cause}"),
            remedy: Some("check the addresses and account names of this provider"),
        };
    }
    if !fault.is_connect() {
        let what = if fault.is_timeout() { "no answer in time" } else { "the connection broke" };
        return Missed::Lost { cause: format!("{what}: {cause}") };
    }
    // No connection was ever made: nothing was sent.
    let remedy = if fault.is_dns() {
        Some("the name of the provider's host cannot be looked up: check `url` and this machine's DNS")
    } else if cause.contains("certificate") {
        // A certificate will not heal in seconds.
        Some(
            "the provider's certificate is not trusted: check the host in `url`, this machine's clock, and \
             `ca_file` if the provider has a certificate of your own authority",
        )
    } else {
        None
    };
    Missed::NoConnection { cause, remedy }
}

fn shown(request: &Request) -> (String, String) {
    let body = match &request.body {
        Body::Nothing => String::new(),
        Body::SecretJson(body) | Body::Form(body) => body.wire_view(),
        Body::Json(body) => body.clone(),
    };
    (format!("{} {}", request.method, request.url), body)
}

/// An answer as a person may see it: a provider that repeats the card number is not quoted.
fn struck_out(fields: Map<String, Value>) -> String {
    harmless(&Value::Object(fields).to_string(), SHOWN_MAX_CHARS)
}

/// How long the answer may take from the start of connecting.
pub(super) fn answer_bound(connect_timeout_ms: u64, answer_timeout_ms: u64) -> Duration {
    Duration::from_millis(connect_timeout_ms + answer_timeout_ms)
}
