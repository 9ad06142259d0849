//! What endpoints are told of a payment that a daemon takes, and what an admin sees of it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use tonegate::inspect::stage::{CallPlan, RehearsalTheatre, Scene, Set, SetOptions, TestCard};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const CARD: TestCard = TestCard { pan: 5555444433331111, expiry: "0330", code: "737" };
const PATIENCE_MS: u64 = 30_000;

/// Headers and body of each message.
type Told = Arc<Mutex<Vec<Value>>>;

/// An endpoint; it says 410 to the first message and takes the others.
async fn ear() -> (String, Told) {
    let told = Told::default();
    let hear = async |State(told): State<Told>, headers: HeaderMap, body: String| {
        let header = |name: &str| headers[name].to_str().expect("text").to_owned();
        let mut told = told.lock().expect("no panic");
        told.push(json!({
            "headers": {
                "webhook-id": header("webhook-id"),
                "webhook-timestamp": header("webhook-timestamp"),
                "webhook-signature": header("webhook-signature"),
            },
            "body": body,
        }));
        if told.len() == 1 { StatusCode::GONE } else { StatusCode::NO_CONTENT }
    };
    let routes = Router::new().route("/", post(hear)).with_state(Arc::clone(&told));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (url, told)
}

async fn until(what: &str, so: impl AsyncFn() -> bool) {
    let end = tokio::time::Instant::now() + Duration::from_millis(PATIENCE_MS);
    while !so().await {
        assert!(tokio::time::Instant::now() < end, "no {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A payment is taken; returns the scene when all of its three messages came.
async fn paid(directory: &Path) -> (Scene, Told) {
    let (url, told) = ear().await;
    let mut options = SetOptions::new(Path::new(env!("CARGO_BIN_EXE_tonegate")), directory);
    options.sections =
        format!("[[webhook]]\nname = \"crm\"\nurl = \"{url}\"\nsecret_file = \"crm.secret\"\n");
    private(&directory.join("crm.secret"));
    let theatre = RehearsalTheatre::open().await.expect("a PBX");
    let set = Set::up(theatre, &options).await.expect("a daemon");
    let mut scene = Scene::open(set, &CallPlan::default()).await.expect("a conversation");
    scene.pay().await.expect("a question");
    scene.card(CARD).await.expect("keys");
    scene.ended("approved").await.expect("the end");
    until("three messages", async || told.lock().expect("no panic").len() >= 3).await;
    (scene, told)
}

fn private(path: &PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, SECRET).expect("written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("private");
}

async fn tonegate(scene: &Scene, arguments: &[&str]) -> String {
    let config = scene.set.settings.config.as_os_str().to_owned();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_tonegate"));
    let done = command
        .arg("webhooks")
        .args(arguments)
        .arg("--config")
        .arg(config)
        .output()
        .await
        .expect("a program");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&done.stderr));
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_sees_what_was_told_and_sends_what_is_dead_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut scene, told) = paid(directory.path()).await;
    let kinds = || -> Vec<String> {
        let told = told.lock().expect("no panic");
        let body = |one: &Value| serde_json::from_str::<Value>(one["body"].as_str().unwrap_or_default());
        told.iter().map(|one| body(one).expect("JSON")["type"].as_str().unwrap_or_default().into()).collect()
    };
    for kind in ["payment.started", "payment.approved", "payment.ended"] {
        assert!(kinds().iter().any(|told| told == kind), "{kind} in {:?}", kinds());
    }
    // The daemon runs and has the store: it is asked.
    until("two taken", async || tonegate(&scene, &["list", "--state", "taken"]).await.lines().count() == 2)
        .await;
    let dead = tonegate(&scene, &["list", "--state", "dead"]).await;
    assert!(dead.lines().count() == 1 && dead.contains("answered 410"), "{dead}");
    assert_eq!(tonegate(&scene, &["replay", "--endpoint", "crm"]).await, "1 to be sent again\n");
    until("a fourth message", async || told.lock().expect("no panic").len() == 4).await;
    until("all taken", async || tonegate(&scene, &["list", "--state", "taken"]).await.lines().count() == 3)
        .await;
    // Stopped, it leaves the store to whoever asks.
    scene.set.daemon.stop().await.expect("the end");
    assert_eq!(tonegate(&scene, &["list"]).await.lines().count(), 3);
    let kept = std::fs::read(scene.set.directory.join("state/payments.sqlite")).expect("the store");
    assert!(String::from_utf8_lossy(&kept).contains("webhooks_replayed"), "the trail does not tell of it");
    scene.files_are_clean(CARD).expect("nothing");
}

/// `TONEGATE_STANDARD_WEBHOOKS` names the directory in which `npm install standardwebhooks` was run.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by tests/run, which installs the library"]
async fn another_implementation_of_the_standard_accepts_the_signatures() {
    let library = std::env::var("TONEGATE_STANDARD_WEBHOOKS").expect("TONEGATE_STANDARD_WEBHOOKS");
    let directory = tempfile::tempdir().expect("a directory");
    let (_scene, told) = paid(directory.path()).await;
    let file = directory.path().join("told.json");
    std::fs::write(&file, serde_json::to_vec(&*told.lock().expect("no panic")).expect("JSON"))
        .expect("written");
    let script = "const [library, file, secret] = process.argv.slice(1);\
        const { Webhook } = require(library + '/node_modules/standardwebhooks');\
        const hook = new Webhook(secret);\
        let refused = 0;\
        for (const { headers, body } of JSON.parse(require('fs').readFileSync(file))) {\
            hook.verify(body, headers);\
            try { hook.verify(body.replace('42.50', '4.25'), headers); } catch { refused++; }\
        }\
        console.log(refused);";
    let mut node = tokio::process::Command::new("node");
    let done = node.args(["-e", script, &library]).arg(&file).arg(SECRET).output().await.expect("node");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "3", "each altered body is refused");
}
