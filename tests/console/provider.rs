//! An identity provider: asks who somebody is with one button, and says it with a signed token.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// How long a token is good, in seconds.
const TOKEN_S: i64 = 300;

type Fields = HashMap<String, String>;

struct Inner {
    issuer: String,
    key: EncodingKey,
    /// What was asked for with each code that waits.
    codes: Mutex<HashMap<String, Fields>>,
}

/// Starts one that knows Dora, who sits at a telephone; its address.
pub async fn start() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let issuer = format!("http://{}", listener.local_addr().expect("an address"));
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key");
    let key = EncodingKey::from_ec_der(&pair.serialize_der());
    let inner = Arc::new(Inner { issuer: issuer.clone(), key, codes: Mutex::default() });
    let routes = Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/keys", get(keys))
        .route("/auth", get(ask))
        .route("/token", post(token))
        .with_state(inner);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    issuer
}

async fn discovery(State(own): State<Arc<Inner>>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", own.issuer);
    Json(json!({
        "issuer": own.issuer, "authorization_endpoint": at("/auth"), "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"),
    }))
}

async fn keys(State(own): State<Arc<Inner>>) -> Json<Value> {
    let key = Jwk::from_encoding_key(&own.key, Algorithm::ES256).expect("a public key");
    Json(json!({ "keys": [key] }))
}

/// Its own login page: the button leads back with a code.
async fn ask(State(own): State<Arc<Inner>>, Query(asked): Query<Fields>) -> Html<String> {
    let mut codes = own.codes.lock().expect("no panic");
    let code = format!("code-{}", codes.len());
    let back = format!("{}?code={code}&amp;state={}", asked["redirect_uri"], asked["state"]);
    codes.insert(code, asked);
    Html(format!("<!doctype html><title>Company</title><h1>Company</h1><a href=\"{back}\">I am Dora</a>"))
}

async fn token(
    State(own): State<Arc<Inner>>,
    Form(form): Form<Fields>,
) -> Result<Json<Value>, (StatusCode, Json<Value>)> {
    let refused = || (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" })));
    let asked = own.codes.lock().expect("no panic").remove(&form["code"]).ok_or_else(refused)?;
    // Only who asked knows what the challenge was made of (RFC 7636).
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    if challenge != asked["code_challenge"] || form["redirect_uri"] != asked["redirect_uri"] {
        return Err(refused());
    }
    let now = jiff::Timestamp::now().as_second();
    let claims = json!({
        "iss": own.issuer, "sub": "d-4", "aud": "tonegate", "iat": now, "exp": now + TOKEN_S,
        "nonce": asked["nonce"], "preferred_username": "dora", "name": "Dora Maar", "groups": ["phone"],
        "extension": "1001",
    });
    let signed = encode(&Header::new(Algorithm::ES256), &claims, &own.key).map_err(|_| refused())?;
    Ok(Json(json!({ "access_token": "x", "token_type": "Bearer", "id_token": signed })))
}
