//! Cookies, form tokens, keys and headers, over real HTTP.

mod guesses;
mod keys;
mod pages;
mod provider;
mod streams;

use std::os::unix::fs::OpenOptionsExt;

use axum::routing::get;
use axum::{Extension, Json};
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::api::events;
use crate::api::tls::Entrance;
use crate::desk::Feed;
use crate::people::tests::{GOOD, House, MINUTE_MS};
use crate::people::{Person, Role, Scope};

/// A daemon that serves nothing but what these tests look at.
struct Place {
    auth: Auth,
    house: House,
    address: String,
    client: Client,
    stop: CancellationToken,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Place {
    async fn new(door: Doorway) -> Self {
        Self::with(door, None).await
    }

    async fn with(door: Doorway, provider: Option<Provider>) -> Self {
        let house = House::new().await;
        let auth = Auth::new(house.people.clone(), secret(), provider, door);
        let stop = CancellationToken::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let entrance = Entrance::new(listener, None, &stop).unwrap();
        let service = served(&auth).into_make_service_with_connect_info::<Peer>();
        tokio::spawn(async move { axum::serve(entrance, service).await });
        let client = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Self { auth, house, address, client, stop }
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.address))
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.address))
    }

    fn pass(&self, ms: i64) {
        self.house.pass(ms);
    }

    /// Somebody with a password of their own; gives cookie and form token.
    async fn anna(&self, roles: &[Role]) -> (String, String) {
        self.house.add("anna", roles).await;
        self.enter().await
    }

    /// Logs in; gives the cookie as a browser sends it back, and the form token.
    async fn enter(&self) -> (String, String) {
        let answer = self.log_in("anna", GOOD).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let cookie = set_cookie(&answer).split(';').next().unwrap().to_owned();
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        (cookie, body["csrf"].as_str().unwrap().to_owned())
    }

    fn log_in(&self, name: &str, password: &str) -> RequestBuilder {
        let body = json!({ "name": name, "password": password });
        self.post("/auth/login").header("content-type", "application/json").body(body.to_string())
    }
}

/// What the tests ask for: a few routes of every kind.
fn served(auth: &Auth) -> Router {
    let needs = |scope: Scope| from_fn_with_state((auth.clone(), scope), guard);
    let who = |Extension(caller): Extension<Caller>| async move {
        Json(json!({ "id": caller.id, "own": caller.serves("1001"), "other": caller.serves("1002") }))
    };
    let ears = events::Ears::new(Feed::new(), CancellationToken::new());
    let listening = Router::new()
        .route("/v1/events", get(events::stream))
        .route("/v1/events/ws", get(events::socket))
        .layer(needs(Scope::Events))
        .with_state(ears);
    let router = Router::new()
        .route("/v1/payments", get(who).layer(needs(Scope::PaymentsRead)))
        .route("/v1/payments", post(who).layer(needs(Scope::PaymentsWrite)))
        .route("/v1/refunds", post(who).layer(needs(Scope::Refunds)))
        .merge(listening)
        .route_layer(from_fn_with_state(auth.clone(), identify))
        .route("/desk", get(|person: Person| async move { person.display }))
        .route("/desk", post(|person: Person, body: String| async move { format!("{} {body}", person.name) }))
        .route("/console/login", get(|person: Option<Person>| async move { person.is_some().to_string() }))
        .route("/console/password", get(|person: Person| async move { person.name }))
        .route("/assets/x", get(|| async { ([("cache-control", "public, max-age=31536000")], "x") }))
        .with_state(auth.clone())
        .merge(routes(auth));
    surround(router, auth)
}

/// The key of the configuration, from a file as any secret is.
fn secret() -> Secret {
    use std::io::Write;
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let mut made = std::fs::OpenOptions::new();
        let made = made.write(true).create(true).truncate(true).mode(0o600);
        made.open(directory.path().join(name)).unwrap().write_all(text.as_bytes()).unwrap();
    };
    write("k", "0123456789abcdef");
    let text = "[pbx]\nkind = \"freeswitch\"\n[pbx.freeswitch]\npassword_file = \"k\"\n[merchant]\nname = \"x\"\n\
                currency = \"EUR\"\npsp = \"bank\"\n[[psp]]\nname = \"bank\"\nkind = \"generic\"\n[api]\nkey_file = \"k\"\n";
    write("t.toml", text);
    crate::config::Config::load(&directory.path().join("t.toml")).unwrap().api.key
}

fn set_cookie(answer: &Response) -> String {
    answer.headers()["set-cookie"].to_str().unwrap().to_owned()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn detail(answer: Response) -> String {
    assert_eq!(header(&answer, "content-type"), "application/problem+json");
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    body["detail"].as_str().unwrap().to_owned()
}
