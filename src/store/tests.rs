//! Crashes, doubled answers, tampering, crowds.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use uuid::Uuid;

use super::*;
use crate::call::{AttemptId, DeclineReason, Ending, Money, Outcome};
use crate::pbx::Means;

pub(super) fn private_directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    directory
}

async fn open(directory: &Path) -> Store {
    Store::open(&StoreSettings { path: directory.join("payments.sqlite") }).await.unwrap()
}

fn payment(id: Uuid) -> NewPayment {
    NewPayment {
        id,
        merchant: "Example Ltd".into(),
        agent: Some("1001".into()),
        means: Means::FeatureCode,
        caller_number: Some("+33123456789".into()),
        dialled_number: None,
        reference: Some("A-17".into()),
        amount: Money::parse("42.50", "EUR".parse().unwrap()).unwrap(),
        description: "Order A-17".into(),
        customer_leg: "leg-a".into(),
        agent_leg: Some("leg-b".into()),
    }
}

fn first(id: Uuid) -> AttemptId {
    AttemptId { payment: id.as_u128(), ordinal: 1 }
}

async fn journalled(store: &Store) -> AttemptId {
    let id = Uuid::now_v7();
    store.begin_payment(&payment(id)).await.unwrap();
    store.journal_attempt(&NewAttempt { attempt: first(id), psp: "bank".into() }).await.unwrap();
    first(id)
}

fn settlement(outcome: Outcome) -> Settlement {
    Settlement { outcome, detail: "00 said the bank".into() }
}

fn approved(reference: &str) -> Settlement {
    settlement(Outcome::Approved { reference: reference.into() })
}

#[tokio::test]
async fn a_payment_is_found_again_as_it_was() {
    let directory = private_directory();
    let store = open(directory.path()).await;
    let attempt = journalled(&store).await;
    let id = Uuid::from_u128(attempt.payment);
    store.note_card(id, Some("visa".into()), "xxxxxxxxxxxx1111").await.unwrap();
    store.attempt_step(attempt, Step::Sent, "").await.unwrap();
    assert_eq!(store.settle_attempt(attempt, &approved("ch_1")).await, Ok(Settled::Recorded));
    assert_eq!(store.end_payment(id, Ending::Approved).await, Ok(true));
    assert_eq!(store.end_payment(id, Ending::TimedOut).await, Ok(false));
    store.close().await;

    let store = open(directory.path()).await;
    let found = store.payment(id).await.unwrap().unwrap();
    assert_eq!(found.begun, payment(id));
    assert_eq!(found.ending, Some(Ending::Approved));
    assert_eq!(found.masked_pan.as_deref(), Some("xxxxxxxxxxxx1111"));
    let charge = found.approved().unwrap();
    assert_eq!((charge.attempt, charge.psp_reference.as_deref()), (attempt, Some("ch_1")));
    assert_eq!(charge.detail, "00 said the bank");
    assert_eq!(store.open_attempts().await, Ok(vec![]));
    assert_eq!(store.payment(Uuid::now_v7()).await, Ok(None));
    let again = store.begin_payment(&payment(id)).await;
    assert_eq!(again, Err(StoreError::PaymentExists(id.to_string())));
}

#[test]
fn a_key_fits_every_provider() {
    let id = AttemptId { payment: u128::MAX, ordinal: 255 };
    assert_eq!(id.key(), "tg-ffffffff-ffff-ffff-ffff-ffffffffffff-255");
}

#[tokio::test]
async fn what_was_not_settled_is_found_after_a_restart() {
    let directory = private_directory();
    let store = open(directory.path()).await;
    let waiting = journalled(&store).await;
    let sent = journalled(&store).await;
    store.attempt_step(sent, Step::Sent, "").await.unwrap();
    let lost = journalled(&store).await;
    store.settle_attempt(lost, &settlement(Outcome::Unknown)).await.unwrap();
    store.end_payment(Uuid::from_u128(lost.payment), Ending::Unknown).await.unwrap();
    let known = journalled(&store).await;
    store.settle_attempt(known, &settlement(Outcome::NotCharged)).await.unwrap();
    drop(store);

    let store = open(directory.path()).await;
    let open = store.open_attempts().await.unwrap();
    let seen: Vec<_> = open.iter().map(|o| (o.attempt.attempt, o.attempt.state)).collect();
    assert_eq!(seen.len(), 3);
    for wanted in
        [(waiting, AttemptState::Journalled), (sent, AttemptState::Sent), (lost, AttemptState::Unknown)]
    {
        assert!(seen.contains(&wanted), "{wanted:?} in {seen:?}");
    }
    assert!(open.iter().all(|o| o.payment.begun.amount.minor == 4250));

    // The reconciler finds out; the payment that ended as unknown ends as it did.
    store.attempt_step(lost, Step::Queried, "").await.unwrap();
    assert_eq!(store.settle_attempt(lost, &approved("ch_9")).await, Ok(Settled::Recorded));
    let resolved = store.payment(Uuid::from_u128(lost.payment)).await.unwrap().unwrap();
    assert_eq!(resolved.ending, Some(Ending::Approved));
}

#[tokio::test]
async fn a_settlement_is_taken_once_and_never_turned_round() {
    let directory = private_directory();
    let store = open(directory.path()).await;
    let attempt = journalled(&store).await;
    assert_eq!(store.settle_attempt(attempt, &settlement(Outcome::Unknown)).await, Ok(Settled::Recorded));
    assert_eq!(store.settle_attempt(attempt, &settlement(Outcome::Unknown)).await, Ok(Settled::AlreadySo));
    assert_eq!(store.settle_attempt(attempt, &approved("ch_1")).await, Ok(Settled::Recorded));
    assert_eq!(store.settle_attempt(attempt, &approved("ch_1")).await, Ok(Settled::AlreadySo));
    assert_eq!(store.settle_attempt(attempt, &settlement(Outcome::Unknown)).await, Ok(Settled::AlreadySo));
    let contradicted = Ok(Settled::Contradicted { kept: AttemptState::Approved });
    let declined = settlement(Outcome::Declined(DeclineReason::InsufficientFunds));
    assert_eq!(store.settle_attempt(attempt, &declined).await, contradicted);
    assert_eq!(store.settle_attempt(attempt, &approved("ch_2")).await, contradicted);

    let found = store.payment(Uuid::from_u128(attempt.payment)).await.unwrap().unwrap();
    assert_eq!(found.approved().unwrap().psp_reference.as_deref(), Some("ch_1"));
    let report = store.verify_trail().await.unwrap();
    assert_eq!((report.rows, report.is_whole()), (2, true));
    let steps: Vec<String> =
        sqlx::query_scalar("SELECT step FROM journal ORDER BY seq").fetch_all(&store.readers).await.unwrap();
    assert_eq!(steps, ["journalled", "unknown", "approved", "contradicted", "contradicted"]);
    let nobody = AttemptId { payment: 1, ordinal: 1 };
    assert_eq!(store.settle_attempt(nobody, &declined).await, Err(StoreError::NoSuchAttempt(nobody.key())));
}

#[tokio::test]
async fn no_second_card_goes_out_while_the_first_may_have_been_charged() {
    let directory = private_directory();
    let store = open(directory.path()).await;
    let attempt = journalled(&store).await;
    let second = NewAttempt { attempt: AttemptId { ordinal: 2, ..attempt }, psp: "bank".into() };
    let refused = |state| Err(StoreError::MayBeCharged { key: attempt.key(), state });
    assert_eq!(store.journal_attempt(&second).await, refused("journalled"));
    store.attempt_step(attempt, Step::Sent, "").await.unwrap();
    assert_eq!(store.journal_attempt(&second).await, refused("sent"));
    store.settle_attempt(attempt, &settlement(Outcome::Unknown)).await.unwrap();
    assert_eq!(store.journal_attempt(&second).await, refused("unknown"));
    let declined = settlement(Outcome::Declined(DeclineReason::CodeWrong));
    store.settle_attempt(attempt, &declined).await.unwrap();
    assert_eq!(store.journal_attempt(&second).await, Ok(()));
    let same = store.journal_attempt(&NewAttempt { attempt, psp: "bank".into() }).await;
    assert_eq!(same, refused("declined"));
    store.settle_attempt(second.attempt, &approved("ch_1")).await.unwrap();
    let id = Uuid::from_u128(attempt.payment);
    let found = store.payment(id).await.unwrap().unwrap();
    assert_eq!(found.attempts[0].decline_reason, Some(DeclineReason::CodeWrong));
    store.end_payment(id, Ending::Approved).await.unwrap();
    let third = NewAttempt { attempt: AttemptId { ordinal: 3, ..attempt }, psp: "bank".into() };
    assert_eq!(store.journal_attempt(&third).await, Err(StoreError::Ended(id.to_string())));
}

/// Journals an attempt, says so, and waits to be killed. Run by the test below, in a process of its own.
#[test]
#[ignore = "is killed by the_machine_dies_between_journal_and_charge"]
fn journals_and_waits() {
    let directory = std::env::var_os("TONEGATE_TEST_DIRECTORY").expect("given by the test that kills us");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let key = runtime.block_on(async {
        let store = open(Path::new(&directory)).await;
        let attempt = journalled(&store).await;
        store.attempt_step(attempt, Step::Sent, "").await.unwrap();
        std::mem::forget(store);
        attempt.key()
    });
    eprintln!("journalled {key}");
    std::thread::sleep(std::time::Duration::from_secs(60));
}

#[tokio::test]
async fn the_machine_dies_between_journal_and_charge() {
    let directory = private_directory();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "store::tests::journals_and_waits"])
        .env("TONEGATE_TEST_DIRECTORY", directory.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let key =
        lines.map_while(Result::ok).find_map(|line| line.strip_prefix("journalled ").map(str::to_owned));
    // SIGKILL: nothing is flushed, nothing is closed.
    child.kill().unwrap();
    child.wait().unwrap();
    let open = open(directory.path()).await.open_attempts().await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((Some(open[0].attempt.attempt.key()), open[0].attempt.state), (key, AttemptState::Sent));
}

async fn tampered(rows: i64, sql: &str) -> Vec<TrailFault> {
    let directory = private_directory();
    let store = open(directory.path()).await;
    for n in 1..=rows {
        let seq = store.trail("agent 1001", "payment_begun", &format!("p{n}"), "by feature code").await;
        assert_eq!(seq, Ok(n));
    }
    assert!(store.verify_trail().await.unwrap().is_whole());
    journalled(&store).await;
    let options = SqliteConnectOptions::new().filename(store.file());
    let mut intruder = options.connect().await.unwrap();
    // With the triggers in place nothing of it is possible.
    for honest in ["UPDATE trail SET actor = 'x'", "DELETE FROM trail WHERE seq = 1", "DELETE FROM journal"] {
        let done = sqlx::raw_sql(honest).execute(&mut intruder).await;
        assert!(done.is_err(), "{honest}");
    }
    sqlx::raw_sql("DROP TRIGGER trail_is_not_changed; DROP TRIGGER trail_is_not_cut;")
        .execute(&mut intruder)
        .await
        .unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut intruder).await.unwrap();
    intruder.close().await.unwrap();
    store.verify_trail().await.unwrap().faults
}

#[tokio::test]
async fn tampering_with_the_trail_is_found() {
    use TrailFault::*;
    assert_eq!(tampered(4, "UPDATE trail SET actor = 'agent 1002' WHERE seq = 2").await, [Altered(2)]);
    assert_eq!(tampered(4, "UPDATE trail SET at_ms = at_ms + 1 WHERE seq = 4").await, [Altered(4)]);
    let shifted = "UPDATE trail SET actor = 'agent 1001p', act = 'ayment_begun' WHERE seq = 3";
    assert_eq!(tampered(4, shifted).await, [Altered(3)]);
    assert_eq!(tampered(4, "UPDATE trail SET detail = x'ff' WHERE seq = 3").await, [Altered(3), Unlinked(4)]);
    assert_eq!(tampered(6, "DELETE FROM trail WHERE seq IN (3, 4)").await, [Missing { from: 3, to: 4 }]);
    assert_eq!(tampered(4, "DELETE FROM trail WHERE seq = 1").await, [Missing { from: 1, to: 1 }]);
    assert_eq!(tampered(4, "DELETE FROM trail WHERE seq > 2").await, [Missing { from: 3, to: 4 }]);
    let swapped = "UPDATE trail SET seq = 99 WHERE seq = 2; UPDATE trail SET seq = 2 WHERE seq = 3; \
                   UPDATE trail SET seq = 3 WHERE seq = 99;";
    assert_eq!(tampered(4, swapped).await, [Moved(2), Moved(3), Unlinked(4)]);
    // Closing the gap does not hide it.
    let closed = "DELETE FROM trail WHERE seq = 2; UPDATE trail SET seq = 2 WHERE seq = 3; \
                  UPDATE trail SET seq = 3 WHERE seq = 4;";
    let faults = tampered(4, closed).await;
    assert!(faults.contains(&Moved(2)) && faults.contains(&Missing { from: 4, to: 4 }), "{faults:?}");
    let put_back = "UPDATE trail_head SET seq = 3, hash = (SELECT hash FROM trail WHERE seq = 3)";
    assert_eq!(tampered(4, put_back).await, [End(4)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_payments_at_once() {
    let directory = private_directory();
    let store = open(directory.path()).await;
    let calls: Vec<_> = (0..200)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                let attempt = journalled(&store).await;
                let id = Uuid::from_u128(attempt.payment);
                store.attempt_step(attempt, Step::Sent, "").await.unwrap();
                store.settle_attempt(attempt, &approved(&format!("ch_{n}"))).await.unwrap();
                store.end_payment(id, Ending::Approved).await.unwrap();
                store.trail("daemon", "payment_ended", &id.to_string(), "approved").await.unwrap();
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    let filter = PaymentFilter {
        reference: Some("A-17".into()),
        ending: Some(Ending::Approved),
        from_ms: Some(1),
        ..PaymentFilter::default()
    };
    let mut seen = std::collections::BTreeSet::new();
    let mut references = std::collections::BTreeSet::new();
    let mut cursor = None;
    loop {
        let page = store.payments(&filter, cursor, 70).await.unwrap();
        for payment in &page.payments {
            assert!(seen.insert(payment.begun.id), "no payment comes twice");
            references.extend(payment.approved().and_then(|a| a.psp_reference.clone()));
        }
        let Some(next) = page.next else { break };
        cursor = Some(next.to_string().parse().unwrap());
    }
    assert_eq!((seen.len(), references.len()), (200, 200));
    let report = store.verify_trail().await.unwrap();
    assert_eq!((report.rows, report.is_whole()), (200, true));
    assert_eq!(store.payments(&filter, None, 1_000_000).await.unwrap().payments.len(), 100);
    let others = PaymentFilter { agent: Some("1002".into()), ..PaymentFilter::default() };
    assert_eq!(store.payments(&others, None, 10).await.unwrap().payments, []);
    assert!(matches!("1.2.3".parse::<Cursor>(), Err(StoreError::Cursor(_))));
}

#[tokio::test]
async fn no_card_number_is_stored() {
    let directory = private_directory();
    let store = open(directory.path()).await;
    let attempt = journalled(&store).await;
    let id = Uuid::from_u128(attempt.payment);
    let wrong = store.note_card(id, None, "411111xxxxxx1111").await;
    assert_eq!(wrong, Err(StoreError::NotMasked));
    let echo = Settlement { outcome: Outcome::NotCharged, detail: "bad card 4111111111111111".into() };
    store.settle_attempt(attempt, &echo).await.unwrap();
    store.trail("bank", "said", "x", "5555 5555 5555 4444").await.unwrap();
    store.close().await;
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for digits in ["4111111111", "5555 5555"] {
            assert!(!bytes.windows(digits.len()).any(|w| w == digits.as_bytes()), "{digits}");
        }
    }
}

#[tokio::test]
async fn the_files_are_ours_alone() {
    let directory = private_directory();
    let inner = directory.path().join("made");
    let store = open(&inner).await;
    store.trail("a", "b", "c", "d").await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&inner), 0o700);
    let files: Vec<_> = std::fs::read_dir(&inner).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(files.len() >= 2, "database and write-ahead log: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    std::fs::set_permissions(&inner, std::fs::Permissions::from_mode(0o777)).unwrap();
    let refused = Store::open(&StoreSettings { path: inner.join("payments.sqlite") }).await.unwrap_err();
    assert!(refused.to_string().contains("run: chmod go-w "), "{refused}");
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named_with_the_remedy() {
    let directory = private_directory();
    let path = directory.path().join("payments.sqlite");
    std::fs::write(
        &path,
        "this is a letter, and longer than a header of SQLite, which has a hundred bytes; \
        it goes on for a while",
    )
    .unwrap();
    let told = Store::open(&StoreSettings { path: path.clone() }).await.unwrap_err().to_string();
    assert!(told.contains("payments.sqlite: damaged or not a database of ours"), "{told}");

    std::fs::remove_file(&path).unwrap();
    let store = open(directory.path()).await;
    let add = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
               VALUES (99990101, 'later', 1, x'00', 1)";
    sqlx::raw_sql(add).execute(&store.writer).await.unwrap();
    store.close().await;
    let newer = Store::open(&StoreSettings { path: path.clone() }).await.unwrap_err();
    assert_eq!(newer, StoreError::Newer { file: path, version: 99_990_101 });
}

#[tokio::test]
async fn a_full_disk_and_a_held_file_are_told_apart() {
    let directory = private_directory();
    let store = open(directory.path()).await;
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&store.writer).await.unwrap();
    let bound = format!("PRAGMA max_page_count = {pages}");
    sqlx::raw_sql(AssertSqlSafe(bound)).execute(&store.writer).await.unwrap();
    let words = "x".repeat(2_000);
    let mut refused = None;
    for _ in 0..50 {
        refused = store.trail("a", "b", "c", &words).await.err();
        if refused.is_some() {
            break;
        }
    }
    assert_eq!(refused, Some(StoreError::Full(store.file().into())));
    // There is room again: the bound was that connection's own.
    store.trail("a", "b", "c", "d").await.unwrap();

    let mut holder = SqliteConnectOptions::new().filename(store.file()).connect().await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut holder).await.unwrap();
    sqlx::raw_sql("PRAGMA busy_timeout = 50").execute(&store.writer).await.unwrap();
    let held = store.trail("a", "b", "c", "d").await;
    assert_eq!(held, Err(StoreError::Locked(store.file().into())));
    holder.close().await.unwrap();
    assert!(store.verify_trail().await.unwrap().is_whole());
}
