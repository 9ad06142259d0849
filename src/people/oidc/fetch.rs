//! Asking the provider: bounded in time and size, over TLS, without following redirects.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Url, redirect::Policy};
use serde::de::DeserializeOwned;

use super::ProviderFault;

/// Until the connection stands.
const CONNECT_TIMEOUT_MS: u64 = 5_000;

/// Until the answer is there.
const ANSWER_TIMEOUT_MS: u64 = 10_000;

/// The longest answer: a key set of a large provider fits.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// What the words of a refusal are cut to.
const MAX_WORDS_CHARS: usize = 200;

pub(super) fn client() -> Result<Client, ProviderFault> {
    Client::builder()
        .redirect(Policy::none())
        .connect_timeout(Duration::from_millis(CONNECT_TIMEOUT_MS))
        .timeout(Duration::from_millis(ANSWER_TIMEOUT_MS))
        .build()
        .map_err(|fault| ProviderFault::Unreachable(fault.to_string()))
}

/// An address that may be asked: over TLS, or on this machine.
pub(super) fn address(text: &str) -> Result<Url, ProviderFault> {
    let wrong = |what: &str| ProviderFault::NotBelieved(format!("`{text}`: {what}"));
    let url: Url = text.parse().map_err(|_| wrong("not an address"))?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match url.scheme() {
        "https" => Ok(url),
        "http" if here => Ok(url),
        _ => Err(wrong("neither https nor an address of this machine")),
    }
}

/// Asks, and reads the answer as JSON.
pub(super) async fn json<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, ProviderFault> {
    // An address may carry a code: it stays out of the words.
    let unreachable = |fault: reqwest::Error| ProviderFault::Unreachable(fault.without_url().to_string());
    let mut answer = request.send().await.map_err(unreachable)?;
    let status = answer.status();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(ProviderFault::NotBelieved(format!("it has more than {MAX_ANSWER_BYTES} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    if !status.is_success() {
        let said: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let words = ["error", "error_description"].iter().filter_map(|key| said.get(key)?.as_str());
        let words = words.collect::<Vec<_>>().join(": ");
        return Err(ProviderFault::Refused(plain(&format!("{status} {words}"))));
    }
    serde_json::from_slice(&body).map_err(|fault| ProviderFault::NotBelieved(fault.to_string()))
}

/// Words from outside, fit for a log and a page.
pub(super) fn plain(words: &str) -> String {
    words.chars().filter(|c| !c.is_control()).take(MAX_WORDS_CHARS).collect()
}
