//! The API against its own document, as `schemathesis` reads it: thousands of requests that fit and that do not.

use std::path::Path;

use tokio::process::Command;

use crate::desk::Desk;

/// The program, in the environment: `tests/run` installs it.
const PROGRAM: &str = "TONEGATE_SCHEMATHESIS";

/// Streams have no end for it to wait for; `events.rs` reads them.
const ENDLESS: [&str; 2] = ["/v1/events", "/v1/events/ws"];

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
