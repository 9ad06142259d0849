//! Two accounts: the second is asked only for what cannot have reached the first, and over both of them there is one
//! charge at most, whatever breaks and whenever the daemon dies.

use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::*;
use crate::psp::testbank::behaviour::FAULTS;
use crate::psp::{Bounds, Elsewhere, Reroute, Step, reconcile, settle_or_elsewhere};

const KEY: &str = "tg-1";

/// Where the journal says that the attempt is.
type Place = Arc<Mutex<&'static str>>;

/// When the daemon dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Death {
    /// It does not.
    Never,
    /// While the way to the second account is being written down.
    BeforeRerouting,
    /// As soon as that is on disk.
    AfterRerouting,
    /// While the second account is asked.
    WhileAsking,
}

struct Journal {
    place: Place,
    death: Death,
    writable: bool,
}

#[async_trait::async_trait]
impl Reroute for Journal {
    async fn reroute(&mut self, to: &str, because: &Answer) -> bool {
        assert_eq!((to, &because.outcome), ("second", &Outcome::NotCharged));
        if self.death == Death::BeforeRerouting {
            std::future::pending::<()>().await;
        }
        if self.writable {
            *self.place.lock().unwrap_or_else(PoisonError::into_inner) = "second";
        }
        if self.death == Death::AfterRerouting {
            std::future::pending::<()>().await;
        }
        self.writable
    }
}

/// Bounds for banks on the same machine.
fn quick() -> Bounds {
    Bounds {
        card_held_ms: 3_000,
        retry_first_ms: 20,
        retries_max: 3,
        query_first_ms: 20,
        query_interval_max_ms: 100,
        unseen_grace_ms: 150,
        settle_bound_ms: 2_000,
    }
}

fn account(name: &str, url: &str, deduplicates: bool) -> GenericConnector {
    let mut settings = GenericSettings::at(url);
    settings.connect_timeout_ms = PATIENCE_MS / 2;
    settings.answer_timeout_ms = PATIENCE_MS / 2;
    settings.deduplicates = deduplicates;
    settings.query_url = Some(url.replace("/charge", "/charges/{transaction_id}"));
    GenericConnector::new(name, &settings, None, None).expect("a connector")
}

/// An address at which nobody is.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}/charge", listener.local_addr().expect("an address"))
}

/// Addresses that cannot be reached: nobody listens, the name does not exist, the far end speaks no TLS.
fn dead_ends(plain: &RunningBank) -> [String; 3] {
    [
        nobody(),
        "https://nowhere.invalid/charge".into(),
        format!("https://localhost:{}/charge", plain.address.port()),
    ]
}

fn charges(bank: &RunningBank) -> u32 {
    bank.ledger().iter().map(|line| line.charges).sum()
}

/// What is said, and what was done, have to agree.
fn agree(answer: &Answer, charges: u32, told: &str) {
    assert!(charges <= 1, "{told}: charged {charges} times");
    match answer.outcome {
        Outcome::Approved { .. } => assert_eq!(charges, 1, "{told}: {answer:?}"),
        Outcome::NotCharged | Outcome::Declined(_) => assert_eq!(charges, 0, "{told}: {answer:?}"),
        Outcome::Unknown => {}
    }
}

/// Amounts that are approved, declined and misconfigured, and every fault of the way.
fn amounts() -> Vec<String> {
    let endings = [50, 51, 10, 91].into_iter().chain(FAULTS.iter().map(|(ending, ..)| *ending));
    endings.map(|ending| format!("1.{ending:02}")).collect()
}

async fn pay(first: &dyn Psp, second: &dyn Psp, euros: &str, writable: bool) -> (Answer, Vec<Step>) {
    let mut journal = Journal { place: Arc::new(Mutex::new("first")), death: Death::Never, writable };
    let elsewhere = Elsewhere { psp: second, journal: &mut journal };
    let mut steps = Vec::new();
    let card = card("4111111111111111");
    let answer = settle_or_elsewhere(first, elsewhere, &charge(KEY, euros), card, &quick(), &mut |step| {
        steps.push(step)
    })
    .await;
    (answer, steps)
}

#[tokio::test]
async fn whatever_the_first_answers_or_loses_the_second_is_never_asked() {
    for deduplicates in [true, false] {
        for euros in amounts() {
            let (one, two) = (bank(deduplicates).await, bank(deduplicates).await);
            let first = account("first", &one.url(), deduplicates);
            let second = account("second", &two.url(), deduplicates);
            let (answer, steps) = pay(&first, &second, &euros, true).await;
            assert!(two.ledger().is_empty(), "{euros}: {answer:?} {steps:?}");
            assert!(!steps.contains(&Step::Rerouted), "{euros}: {steps:?}");
            agree(&answer, charges(&one), &euros);
        }
    }
}

#[tokio::test]
async fn what_cannot_have_reached_the_first_goes_to_the_second_whatever_breaks_there() {
    for deduplicates in [true, false] {
        for euros in amounts() {
            let two = bank(deduplicates).await;
            let first = account("first", &nobody(), deduplicates);
            let second = account("second", &two.url(), deduplicates);
            let (answer, steps) = pay(&first, &second, &euros, true).await;
            assert!(steps.contains(&Step::Rerouted), "{euros}: {steps:?}");
            agree(&answer, charges(&two), &euros);
            assert!(!two.ledger().is_empty(), "{euros}: the second was not asked: {answer:?}");
            if euros == "1.50" {
                assert!(approved(&answer), "{answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn every_dead_end_leads_elsewhere_at_once() {
    let plain = bank(true).await;
    for url in dead_ends(&plain) {
        let two = bank(true).await;
        let (first, second) = (account("first", &url, true), account("second", &two.url(), true));
        let (answer, steps) = pay(&first, &second, "42.50", true).await;
        assert!(approved(&answer), "{url}: {answer:?} {steps:?}");
        assert_eq!((charges(&two), charges(&plain)), (1, 0), "{url}");
        let sendings = steps.iter().filter(|step| matches!(step, Step::Sending { .. })).count();
        assert_eq!(sendings, 2, "one for each account: {steps:?}");
    }
}

#[tokio::test]
async fn nobody_anywhere_and_nothing_to_write_on_charge_nobody() {
    let (first, gone) = (account("first", &nobody(), true), account("second", &nobody(), true));
    let (answer, _) = pay(&first, &gone, "42.50", true).await;
    assert_eq!(answer.outcome, Outcome::NotCharged, "{answer:?}");
    let two = bank(true).await;
    let second = account("second", &two.url(), true);
    let (answer, steps) = pay(&first, &second, "42.50", false).await;
    assert_eq!(answer.outcome, Outcome::NotCharged, "{answer:?}");
    assert!(two.ledger().is_empty(), "sent although it could not be written down: {steps:?}");
    assert_eq!(steps.last(), Some(&Step::CardDropped));
}

#[tokio::test]
async fn a_wrong_key_does_not_go_elsewhere() {
    let settings = TestBankSettings {
        login: Some(("shop".into(), "right".to_owned().into())),
        ..TestBankSettings::default()
    };
    let locked = TestBank::start(([127, 0, 0, 1], 0).into(), settings).await.expect("a free port");
    let two = bank(true).await;
    let (first, second) = (account("first", &locked.url(), true), account("second", &two.url(), true));
    let (answer, _) = pay(&first, &second, "42.50", true).await;
    assert_eq!(answer.outcome, Outcome::NotCharged);
    assert!(answer.remedy.is_some() && two.ledger().is_empty(), "{answer:?}");
}

#[tokio::test]
async fn whenever_the_daemon_dies_the_right_account_is_asked() {
    // .71: charged, and the answer comes late enough to die before it.
    for (death, euros, at) in [
        (Death::BeforeRerouting, "42.50", "first"),
        (Death::AfterRerouting, "42.50", "second"),
        (Death::WhileAsking, "42.71", "second"),
        (Death::WhileAsking, "42.73", "second"),
    ] {
        let (one, two) = (bank(true).await, bank(true).await);
        let place: Place = Arc::new(Mutex::new("first"));
        let dead = account("first", &nobody(), true);
        let second = Arc::new(account("second", &two.url(), true));
        let (journalled, asked) = (Arc::clone(&place), Arc::clone(&second));
        let life = tokio::spawn(async move {
            let mut journal = Journal { place: journalled, death, writable: true };
            let elsewhere = Elsewhere { psp: asked.as_ref(), journal: &mut journal };
            let card = card("4111111111111111");
            settle_or_elsewhere(&dead, elsewhere, &charge(KEY, euros), card, &quick(), &mut |_| {}).await
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        life.abort();
        let _ = life.await;
        // The first account is back, and would answer anything it is asked.
        let first = account("first", &one.url(), true);
        let place = *place.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(place, at, "{death:?}");
        let psp: &dyn Psp = if place == "first" { &first } else { second.as_ref() };
        let bounds = Bounds { unseen_grace_ms: 50, ..quick() };
        let answer = reconcile(psp, &charge(KEY, euros), &bounds, &mut |_| {}).await;
        let charged = charges(&one) + charges(&two);
        agree(&answer, charged, &format!("{death:?} {euros}"));
        assert_ne!(answer.outcome, Outcome::Unknown, "{death:?} {euros}: {answer:?}");
        assert_eq!(charges(&one), 0, "nobody sends the card again");
    }
}
