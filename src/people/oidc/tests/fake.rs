//! An identity provider that says what a test wants.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::task::JoinHandle;

/// What it says about somebody, and how it signs that.
pub(super) struct Told {
    pub claims: Value,
    /// Another key than the one it publishes.
    pub stranger: bool,
    /// A shared secret that everybody knows: the published key.
    pub hmac: bool,
    pub kid: &'static str,
}

impl Told {
    pub fn good(claims: Value) -> Self {
        Self { claims, stranger: false, hmac: false, kid: "k1" }
    }
}

/// A code that waits: what it stands for, and the challenge that came with it.
struct Waiting {
    token: String,
    challenge: String,
    redirect_uri: String,
}

struct Inner {
    issuer: String,
    key: EncodingKey,
    codes: Mutex<HashMap<String, Waiting>>,
}

pub(super) struct Fake {
    pub issuer: String,
    inner: Arc<Inner>,
    server: JoinHandle<()>,
}

fn key() -> EncodingKey {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    EncodingKey::from_ec_der(&pair.serialize_der())
}

impl Fake {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner { issuer: issuer.clone(), key: key(), codes: Mutex::default() });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(Arc::clone(&inner));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { issuer, inner, server }
    }

    pub async fn stop(&self) {
        self.server.abort();
        while !self.server.is_finished() {
            tokio::task::yield_now().await;
        }
    }

    /// What a browser does that is sent to this address: the person logs in, and it is sent back with state and code.
    pub fn browser(&self, url: &str, told: Told) -> (String, String) {
        let url: reqwest::Url = url.parse().unwrap();
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(
            (asked["response_type"].as_str(), asked["code_challenge_method"].as_str()),
            ("code", "S256")
        );
        assert_eq!(asked["scope"], "openid profile");
        let mut claims = told.claims;
        if claims.get("nonce").is_none() {
            claims["nonce"] = json!(asked["nonce"]);
        }
        let mut header = Header::new(if told.hmac { Algorithm::HS256 } else { Algorithm::ES256 });
        header.kid = Some(told.kid.into());
        let shared = EncodingKey::from_secret(b"everybody knows");
        let stranger = key();
        let signing = match (told.hmac, told.stranger) {
            (true, _) => &shared,
            (_, true) => &stranger,
            _ => &self.inner.key,
        };
        let waiting = Waiting {
            token: encode(&header, &claims, signing).unwrap(),
            challenge: asked["code_challenge"].clone(),
            redirect_uri: asked["redirect_uri"].clone(),
        };
        let mut codes = self.inner.codes.lock().unwrap();
        let code = format!("code-{}", codes.len());
        codes.insert(code.clone(), waiting);
        (asked["state"].clone(), code)
    }
}

async fn discovery(State(fake): State<Arc<Inner>>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", fake.issuer);
    Json(json!({
        "issuer": fake.issuer, "authorization_endpoint": at("/auth"), "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"), "end_session_endpoint": at("/bye"),
    }))
}

async fn keys(State(fake): State<Arc<Inner>>) -> Json<Value> {
    let mut key = Jwk::from_encoding_key(&fake.key, Algorithm::ES256).unwrap();
    key.common.key_id = Some("k1".into());
    Json(json!({ "keys": [{ "kty": "of another age" }, key] }))
}

async fn token(
    State(fake): State<Arc<Inner>>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, Json<Value>) {
    let no = |what: &str| {
        (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant", "error_description": what })))
    };
    let form: reqwest::Url = format!("form:?{body}").parse().unwrap();
    let form: HashMap<String, String> = form.query_pairs().into_owned().collect();
    if headers["authorization"] != "Basic dG9uZWdhdGU6" || form["grant_type"] != "authorization_code" {
        return no("not our client");
    }
    let Some(waiting) = fake.codes.lock().unwrap().remove(&form["code"]) else { return no("no such code") };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    if challenge != waiting.challenge || form["redirect_uri"] != waiting.redirect_uri {
        return no("not the one who asked");
    }
    assert_eq!(waiting.redirect_uri, "https://pay.example.com/auth/oidc/callback");
    (StatusCode::OK, Json(json!({ "access_token": "x", "token_type": "Bearer", "id_token": waiting.token })))
}
