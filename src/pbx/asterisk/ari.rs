//! ARI's orders, by REST.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::link::LinkError;
use super::settings::AsteriskSettings;

/// How long an unused connection is kept, in milliseconds; Asterisk closes it after 15 s by default.
const IDLE_TIMEOUT_MS: u64 = 10_000;
/// Requests at one time; more wait. Asterisk serves each connection by a thread of its own and accepts no more
/// than `sessionlimit` of them (http.conf, 100 by default), which it shares with everybody else.
const REQUESTS_AT_ONCE: usize = 16;
/// Longest answer read, in bytes.
const ANSWER_MAX_BYTES: usize = 4 * 1024 * 1024;

/// Who may give orders, and where.
#[derive(Clone)]
pub(super) struct Ari {
    client: reqwest::Client,
    base: String,
    user: String,
    password: Arc<Zeroizing<String>>,
    places: Arc<Semaphore>,
}

impl Ari {
    /// Nothing is connected before the first order.
    ///
    /// # Errors
    /// With a sentence for the admin.
    pub fn new(settings: &AsteriskSettings, password: Arc<Zeroizing<String>>) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .http1_only()
            .tcp_nodelay(true)
            .connect_timeout(Duration::from_millis(settings.connect_timeout_ms))
            .timeout(Duration::from_millis(settings.answer_timeout_ms))
            .pool_idle_timeout(Duration::from_millis(IDLE_TIMEOUT_MS))
            .build()
            .map_err(|why| format!("no client for ARI: {why}"))?;
        let prefix = settings.ari_prefix.trim_matches('/');
        let slash = if prefix.is_empty() { "" } else { "/" };
        let base = format!("http://{}{slash}{prefix}/ari", settings.ari_address);
        let places = Arc::new(Semaphore::new(REQUESTS_AT_ONCE));
        Ok(Self { client, base, user: settings.user.clone(), password, places })
    }

    pub async fn get(&self, path: &str) -> Result<Value, LinkError> {
        self.send(self.client.get(self.at(path))).await
    }

    pub async fn post(&self, path: &str) -> Result<Value, LinkError> {
        self.send(self.client.post(self.at(path))).await
    }

    pub async fn delete(&self, path: &str) -> Result<Value, LinkError> {
        self.send(self.client.delete(self.at(path))).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, LinkError> {
        let request = self.client.put(self.at(path)).header("Content-Type", "application/json");
        self.send(request.body(body.to_string())).await
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Value, LinkError> {
        let request = request.basic_auth(&self.user, Some(self.password.as_str()));
        let _place = self.places.acquire().await.map_err(|_| LinkError::NotConnected)?;
        let failed = |why: reqwest::Error| {
            if why.is_timeout() { LinkError::Timeout } else { LinkError::NotConnected }
        };
        let mut answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > ANSWER_MAX_BYTES {
                return Err(LinkError::Refused("an answer longer than was agreed".into()));
            }
            body.extend_from_slice(&chunk);
        }
        let value: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(value);
        }
        let said = value["message"].as_str().or(value["error"].as_str()).unwrap_or_default();
        Err(match status.as_u16() {
            401 | 403 => LinkError::Forbidden,
            404 => LinkError::Gone,
            code => LinkError::Refused(format!("{code} {said}")),
        })
    }
}
