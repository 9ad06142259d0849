//! The provider itself: where it is asked, and the keys it signs with.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use reqwest::{Client, Url};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::token::{self, Claims, Expected};
use super::{ProviderFault, ProviderSettings, fetch};
use crate::people::secret;

/// What the provider says about itself is asked again after so long.
const DISCOVERY_PERIOD_S: u64 = 3_600;

/// A key that is not known may be new; they are asked for again, but not more often than this.
const KEYS_INTERVAL_S: u64 = 30;

/// Keys of a provider that are looked at.
const MAX_KEYS: usize = 100;

/// What a provider says about itself (OpenID Connect Discovery 1.0).
#[derive(Clone, Debug, Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    end_session_endpoint: Option<String>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

/// What is known of it at the moment.
#[derive(Debug, Default)]
struct Known {
    discovery: Option<(Instant, Discovery)>,
    keys: Vec<Jwk>,
    keys_at: Option<Instant>,
}

/// The provider. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Provider {
    settings: Arc<ProviderSettings>,
    client: Client,
    known: Arc<Mutex<Known>>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("issuer", &self.settings.issuer).finish_non_exhaustive()
    }
}

/// A login that begins.
pub struct Begun {
    /// Where the browser goes.
    pub url: String,
    /// The secrets it has to come back with.
    pub(in crate::people) state: Zeroizing<String>,
    pub(in crate::people) nonce: Zeroizing<String>,
    pub(in crate::people) verifier: Zeroizing<String>,
}

impl Provider {
    /// The provider of the configuration. Nothing is asked yet: it need not run when we start.
    ///
    /// # Errors
    /// If its address is neither https nor of this machine.
    pub fn new(settings: ProviderSettings) -> Result<Self, ProviderFault> {
        fetch::address(&settings.issuer)?;
        let client = fetch::client()?;
        Ok(Self { settings: Arc::new(settings), client, known: Arc::default() })
    }

    pub(in crate::people) fn settings(&self) -> &ProviderSettings {
        &self.settings
    }

    /// Where a browser is sent to log in, and what it has to come back with.
    ///
    /// # Errors
    /// If the provider cannot be asked where that is.
    pub async fn begin(&self) -> Result<Begun, ProviderFault> {
        let discovery = self.discovery().await?;
        let (state, nonce, verifier) = (secret::fresh(), secret::fresh(), secret::fresh());
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let mut url = fetch::address(&discovery.authorization_endpoint)?;
        let scopes: Vec<&str> =
            std::iter::once("openid").chain(self.settings.scopes.iter().map(String::as_str)).collect();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.settings.redirect_uri())
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(Begun { url: url.into(), state, nonce, verifier })
    }

    /// Turns a code into what the provider says about the person.
    pub(in crate::people) async fn redeem(
        &self,
        code: &str,
        verifier: &str,
        nonce: &str,
        now_s: i64,
    ) -> Result<Claims, ProviderFault> {
        let discovery = self.discovery().await?;
        let mut form = Url::parse("form:").map_err(|fault| ProviderFault::NotBelieved(fault.to_string()))?;
        form.query_pairs_mut()
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.settings.redirect_uri())
            .append_pair("code_verifier", verifier);
        let body = form.query().unwrap_or_default().to_owned();
        let request = self
            .client
            .post(fetch::address(&discovery.token_endpoint)?)
            .basic_auth(&self.settings.client_id, Some(self.settings.client_secret.expose()))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(body);
        let tokens: Tokens = fetch::json(request).await?;
        let key = self.key(&discovery, &tokens.id_token).await?;
        let expected = Expected {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            nonce,
            now_s,
            skew_s: self.settings.skew_s,
        };
        token::claims(&tokens.id_token, &key, &expected)
    }

    /// Where a browser ends the provider's own session; none if the provider has no such address or does not answer.
    pub async fn logout_url(&self) -> Option<String> {
        let end = self.discovery().await.ok()?.end_session_endpoint?;
        let mut url = fetch::address(&end).ok()?;
        let back = format!("{}/console/login", self.settings.public_url.trim_end_matches('/'));
        url.query_pairs_mut()
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("post_logout_redirect_uri", &back);
        Some(url.into())
    }

    async fn discovery(&self) -> Result<Discovery, ProviderFault> {
        let mut known = self.known.lock().await;
        if let Some((at, discovery)) = &known.discovery
            && at.elapsed() < Duration::from_secs(DISCOVERY_PERIOD_S)
        {
            return Ok(discovery.clone());
        }
        let issuer = self.settings.issuer.trim_end_matches('/');
        let url = fetch::address(&format!("{issuer}/.well-known/openid-configuration"))?;
        let discovery: Discovery = fetch::json(self.client.get(url)).await?;
        if discovery.issuer != self.settings.issuer {
            let words = format!("it calls itself `{}`", fetch::plain(&discovery.issuer));
            return Err(ProviderFault::NotBelieved(format!("{words}; write exactly that as oidc.issuer")));
        }
        known.discovery = Some((Instant::now(), discovery.clone()));
        Ok(discovery)
    }

    /// The key that signed this token.
    async fn key(&self, discovery: &Discovery, id_token: &str) -> Result<Jwk, ProviderFault> {
        let wanted = token::key_id(id_token)?;
        let mut known = self.known.lock().await;
        if let Some(key) = token::choose(&known.keys, wanted.as_deref()) {
            return Ok(key);
        }
        if known.keys_at.is_none_or(|at| at.elapsed() >= Duration::from_secs(KEYS_INTERVAL_S)) {
            let url = fetch::address(&discovery.jwks_uri)?;
            let set: KeySet = fetch::json(self.client.get(url)).await?;
            // A kind of key we do not know does not spoil the others.
            let keys = set.keys.into_iter().take(MAX_KEYS).filter_map(|key| serde_json::from_value(key).ok());
            known.keys = keys.collect();
            known.keys_at = Some(Instant::now());
        }
        token::choose(&known.keys, wanted.as_deref()).ok_or_else(|| {
            ProviderFault::NotBelieved("it is signed with a key the provider does not publish".into())
        })
    }
}
