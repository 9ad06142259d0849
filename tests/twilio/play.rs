//! What sessions of the payments API are played with: a daemon, a conversation, an ear for callbacks.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde_json::Value;
use tonegate::inspect::stage::{CallPlan, RehearsalTheatre, Scene, Set, SetOptions};

pub const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
pub const TOKEN: &str = "a token of the test alone";
pub const PATIENCE_MS: u64 = 60_000;

/// A conversation, and a daemon that serves the API.
pub struct Play {
    pub scene: Scene,
    pub base: String,
    pub client: reqwest::Client,
    _directory: tempfile::TempDir,
}

impl Play {
    pub async fn begin(hosts: &str) -> Play {
        let directory = tempfile::tempdir().expect("a directory");
        let mut options = SetOptions::new(Path::new(env!("CARGO_BIN_EXE_tonegate")), directory.path());
        options.sections = format!(
            "[twilio]\nenabled = true\naccount_sid = \"{ACCOUNT}\"\nauth_token_file = \"twilio.token\"\n\
             callback_hosts = [{hosts}]\n"
        );
        private(&directory.path().join("twilio.token"), TOKEN);
        let theatre = RehearsalTheatre::open().await.expect("a PBX");
        let set = Set::up(theatre, &options).await.expect("a daemon");
        let scene = Scene::open(set, &CallPlan::default()).await.expect("a conversation");
        let base = scene.set.settings.api.clone();
        Play { scene, base, client: reqwest::Client::new(), _directory: directory }
    }

    /// `CA` and the leg's UUID.
    pub fn call(&self) -> String {
        format!("CA{}", self.scene.call.customer_leg.replace('-', ""))
    }

    /// Posts a form; the status and the answer.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        self.post_as(Some((ACCOUNT, TOKEN)), path, form).await
    }

    pub async fn post_as(
        &self,
        who: Option<(&str, &str)>,
        path: &str,
        form: &[(&str, &str)],
    ) -> (u16, Value) {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = self.client.post(format!("{}{path}", self.base)).body(body);
        request = request.header("content-type", "application/x-www-form-urlencoded");
        if let Some((user, password)) = who {
            request = request.basic_auth(user, Some(password));
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or_default())
    }

    pub fn payments(&self) -> String {
        format!("/2010-04-01/Accounts/{ACCOUNT}/Calls/{}/Payments", self.call())
    }

    pub async fn update(&self, sid: &str, ear: &Ear, key: &str, what: (&str, &str)) {
        let form = [("IdempotencyKey", key), ("StatusCallback", &ear.url), what];
        let (status, answer) = self.post(&format!("{}/{sid}.json", self.payments()), &form).await;
        assert_eq!(status, 202, "{what:?}: {answer}");
    }
}

fn private(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).expect("written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("private");
}

pub type Told = Arc<Mutex<Vec<Vec<(String, String)>>>>;

/// One who hears callbacks.
pub struct Ear {
    pub url: String,
    pub told: Told,
}

impl Ear {
    pub async fn open() -> Ear {
        let told = Told::default();
        let hear = async |State(told): State<Told>, body: String| {
            let form = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
            told.lock().expect("no panic").push(form);
        };
        let routes = Router::new().route("/told", post(hear)).with_state(Arc::clone(&told));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/told", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ear { url, told }
    }

    pub fn place(&self) -> usize {
        self.told.lock().expect("no panic").len()
    }

    /// The first callback from a place on that has all of these.
    pub async fn hear(&self, place: usize, wanted: &[(&str, &str)]) -> Vec<(String, String)> {
        let end = tokio::time::Instant::now() + Duration::from_millis(PATIENCE_MS);
        loop {
            let told = self.told.lock().expect("no panic").clone();
            let has = |form: &Vec<(String, String)>| {
                wanted
                    .iter()
                    .all(|(name, value)| form.iter().any(|(n, v)| n == name && (v == value || *value == "*")))
            };
            if let Some(found) = told.iter().skip(place).find(|form| has(form)) {
                return found.clone();
            }
            assert!(tokio::time::Instant::now() < end, "no {wanted:?} in {:#?}", &told[place..]);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

pub fn of<'a>(form: &'a [(String, String)], name: &str) -> &'a str {
    form.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}
