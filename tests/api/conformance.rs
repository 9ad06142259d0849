//! The API against its own document, as `schemathesis` reads it: thousands of requests that fit and that do not.

use std::path::Path;

use tokio::process::Command;

use crate::desk::Desk;

/// The program, in the environment: `tests/run` installs it.
const PROGRAM: &str = "TONEGATE_SCHEMATHESIS";

/// Streams have no end for it to wait for; `events.rs` reads them.
const ENDLESS: [&str; 2] = ["/v1/events", "/v1/events/ws"];

#[tokio::test]
async fn a_program_reads_what_was_told_page_after_page() {
    let directory = tempfile::tempdir().expect("a directory");
    let secret = directory.path().join("hook.secret");
    std::fs::write(&secret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("written");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&secret, private).expect("private");
    // Nobody listens at either address.
    let section = |name: &str| {
        let secret = secret.display();
        format!("[[webhook]]\nname = \"{name}\"\nurl = \"http://127.0.0.1:9/\"\nsecret_file = \"{secret}\"\n")
    };
    let desk = Desk::with(|options| options.sections = section("crm") + &section("erp")).await;
    let call = desk.call().await;
    let payment = desk.begin(&call, "told").await;
    let mut seen = Vec::new();
    let mut next = String::new();
    while seen.len() < 4 {
        let page = desk.get(&format!("/v1/webhooks?limit=1&state=pending{next}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let Some(one) = page.body["deliveries"].get(0) else { break };
        assert_eq!((&one["payment"], &one["event"]), (&payment.clone().into(), &"payment.started".into()));
        seen.push(one["endpoint"].as_str().unwrap_or_default().to_owned());
        let Some(cursor) = page.body["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(seen, ["crm", "erp"], "one message to both endpoints, over the edge of a page");
    for query in ["limit=0", "cursor=7", "cursor=-1.crm", "state=lost", "below=1"] {
        assert_eq!(desk.get(&format!("/v1/webhooks?{query}")).await.status, 400, "{query}");
    }
    let none = desk.post("/v1/webhooks/replay", &serde_json::json!({ "endpoint": "crm" })).await;
    assert_eq!((none.status.as_u16(), &none.body["replayed"]), (200, &0.into()), "{}", none.body);
}

#[tokio::test]
#[ignore = "run by tests/run, which installs schemathesis"]
async fn the_api_does_what_its_document_says() {
    let Some(program) = std::env::var_os(PROGRAM) else {
        panic!("{PROGRAM} names no schemathesis: python3 -m venv and pip install schemathesis make one");
    };
    let desk = Desk::with(|options| options.api = "requests_per_s = 100000\n".into()).await;
    // Somebody is talking, so that a payment can begin, and one is under way, so that there is something to look at.
    let _free = desk.call().await;
    let busy = desk.call().await;
    desk.begin(&busy, "under way").await;
    let directory = tempfile::tempdir().expect("a directory");
    let mut run = Command::new(program);
    run.current_dir(directory.path())
        .arg("--config-file")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/schemathesis.toml"))
        .arg("run")
        .arg(format!("{}/openapi.json", desk.set.settings.api))
        .args(["--header", &format!("Authorization: Bearer {}", desk.set.settings.key)])
        .args(ENDLESS.iter().flat_map(|path| ["--exclude-path", path]));
    let ended = run.status().await.expect("schemathesis");
    assert!(ended.success(), "see above; {}", desk.set.daemon.log_end());
}
