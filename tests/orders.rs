//! What is owed: files of orders written down, with and without a daemon, and the company's own system asked.

#[path = "orders/crm.rs"]
mod crm;
#[path = "orders/fake.rs"]
mod fake;

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tonegate::inspect::stage::{Conversation, RehearsalTheatre, Set, SetOptions};

/// A published test card, as a number: nothing that looks like a card stands in the source.
const VISA: u64 = 4111111111111111;

/// A daemon beside a rehearsal PBX, and a directory for files.
struct Office {
    set: Set,
    directory: tempfile::TempDir,
}

impl Office {
    async fn open() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut SetOptions)) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let program = Path::new(env!("CARGO_BIN_EXE_tonegate"));
        let mut options = SetOptions::new(program, &directory.path().join("set"));
        // The customers of these tests take their time.
        options.capture = "first_key_timeout_ms = 120000\n".into();
        change(&mut options);
        let theatre = RehearsalTheatre::open().await.expect("a rehearsal PBX");
        Self { set: Set::up(theatre, &options).await.expect("a daemon"), directory }
    }

    /// Writes a file of orders, and runs `tonegate orders import` on it.
    async fn import(&self, text: &str, words: &[&str]) -> (Option<i32>, String, String) {
        let file = self.directory.path().join("orders.csv");
        std::fs::write(&file, text).expect("written");
        let file = file.display().to_string();
        let words: Vec<&str> = ["import", &file].into_iter().chain(words.iter().copied()).collect();
        self.orders(&words).await
    }

    async fn orders(&self, words: &[&str]) -> (Option<i32>, String, String) {
        let words: Vec<&str> = ["orders"].into_iter().chain(words.iter().copied()).collect();
        self.tonegate(&words).await
    }

    async fn tonegate(&self, words: &[&str]) -> (Option<i32>, String, String) {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_tonegate"));
        command.args(words).arg("--config").arg(&self.set.settings.config);
        let Output { status, stdout, stderr } = command.output().await.expect("it runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (status.code(), text(stdout), text(stderr))
    }

    /// The customer keys a card, and the bank says yes.
    async fn pay(&self, call: &Conversation) {
        let card = VISA.to_string();
        for (field, keys) in [("number", card.as_str()), ("expiry", "0330"), ("code", "737")] {
            let opened = |event: &Value| event["type"] == "field_opened" && event["field"] == field;
            self.set.events.wait(0, 30_000, field, opened).await.expect("asked");
            call.customer.key(keys, 60, 60).await.expect("keyed");
        }
        self.set.events.wait_for(0, "ended").await.expect("over");
    }

    async fn listed(&self) -> Vec<String> {
        let (code, told, _) = self.orders(&["list", "--json"]).await;
        assert_eq!(code, Some(0));
        let listed: Value = serde_json::from_str(&told).expect("JSON");
        let references = listed.as_array().expect("a list").iter().map(|one| one["reference"].clone());
        references.map(|one| one.as_str().expect("a reference").to_owned()).collect()
    }
}

/// What is told, without how long it took.
fn told_alone(told: &str) -> &str {
    assert!(told.trim_end().ends_with(" lines/s)"), "{told}");
    told.split(" (").next().unwrap_or_default()
}

#[tokio::test]
async fn a_file_is_written_down_whole_or_not_at_all_with_and_without_a_daemon() {
    let mut office = Office::open().await;
    let good = "reference,amount,phone\nA-1,42.50,+33612345678\nA-2,7.00,\n";
    let (code, told, _) = office.import(good, &["--dry-run"]).await;
    assert_eq!((code, told_alone(&told)), (Some(0), "2 lines, 0 bad; nothing was written down, as asked"));
    assert_eq!(office.listed().await.len(), 0);

    let bad = "reference,amount,phone\nA-1,42.50,+33612345678\nA-2,7.005,\nA-1,9.00,\nA-3,1.00,12\n";
    let (code, told, faults) = office.import(bad, &[]).await;
    assert_eq!(code, Some(1), "{told}{faults}");
    assert!(told.starts_with("4 lines, 3 bad; nothing was written down"), "{told}");
    let begins = ["line 3: amount: `7.005`", "line 4: reference: it stands", "line 5: phone: write"];
    for begin in begins {
        assert!(faults.lines().any(|line| line.starts_with(begin)), "{faults}");
    }
    assert_eq!(office.listed().await.len(), 0);

    let (code, told, _) = office.import(bad, &["--accept-good-lines"]).await;
    assert_eq!((code, told_alone(&told)), (Some(1), "4 lines, 3 bad; 1 orders written down"));
    assert_eq!(office.listed().await, ["A-1"]);
    let (code, _, faults) = office.import(good, &[]).await;
    assert_eq!(code, Some(1));
    assert!(faults.contains("line 2: reference: there is an order of this reference already"), "{faults}");

    office.set.daemon.stop().await.expect("stopped");
    let many: String = (0..2_500).map(|n| format!("M-{n},1.00\n")).collect();
    let (code, told, faults) = office.import(&format!("reference,amount\n{many}"), &[]).await;
    assert_eq!(
        (code, told_alone(&told)),
        (Some(0), "2500 lines, 0 bad; 2500 orders written down"),
        "{faults}"
    );
    assert_eq!(office.listed().await.len(), 50);
    let (code, told, _) = office.orders(&["list", "--reference", "A-1"]).await;
    assert_eq!(code, Some(0));
    assert!(told.contains("A-1") && told.contains("42.50 EUR") && told.contains("+33612345678"), "{told}");
    let (code, _, faults) = office.orders(&["list", "--state", "late"]).await;
    assert_eq!(code, Some(2), "{faults}");
    let (code, _, faults) = office.import("reference,sum\nA-9,1.00\n", &[]).await;
    assert_eq!(code, Some(2));
    assert!(faults.contains("no column `sum`"), "{faults}");
}
