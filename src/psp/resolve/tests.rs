use super::*;
use crate::call::DeclineReason;
use crate::psp::tests::{approved, bank, card, charge, charged, connector};
use crate::psp::{
    Agreement, Capabilities, Change, Link, Mode, NewLink, Reply, StoredCard, Storing, Verified, Webhook,
    WebhookFault,
};
use std::collections::VecDeque;
use std::sync::Mutex;

const CARD: &str = "4111111111111111";

/// Bounds for a bank on the same machine.
fn quick() -> Bounds {
    Bounds {
        card_held_ms: 2_000,
        retry_first_ms: 20,
        retries_max: 3,
        query_first_ms: 20,
        query_interval_max_ms: 100,
        unseen_grace_ms: 150,
        settle_bound_ms: 4_000,
    }
}

/// A provider that says what it is told to, at once or never.
struct Scripted {
    capabilities: Capabilities,
    sent: Mutex<VecDeque<Option<Answer>>>,
    asked: Mutex<VecDeque<Option<Answer>>>,
}

impl Scripted {
    fn new(sent: Vec<Option<Answer>>, asked: Vec<Option<Answer>>) -> Scripted {
        Scripted {
            capabilities: Capabilities { deduplicates: true, lacks: &[] },
            sent: Mutex::new(sent.into()),
            asked: Mutex::new(asked.into()),
        }
    }
}

async fn next(script: &Mutex<VecDeque<Option<Answer>>>) -> Answer {
    let line = script.lock().expect("a script").pop_front().expect("a line for each request");
    match line {
        Some(answer) => answer,
        None => std::future::pending().await,
    }
}

#[async_trait::async_trait]
impl Psp for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn authorise(&self, _: &Charge, _: &Card) -> Answer {
        next(&self.sent).await
    }

    fn mode(&self) -> Mode {
        Mode::Undeclared
    }

    async fn charge_token(&self, _: &Charge, _: &StoredCard, _: Agreement) -> Answer {
        next(&self.sent).await
    }

    async fn tokenise(&self, _: &Storing, _: &Card) -> Reply<StoredCard> {
        Reply::cannot("not in the script")
    }

    async fn capture(&self, _: &Change) -> Reply<String> {
        Reply::cannot("not in the script")
    }

    async fn cancel(&self, _: &Change) -> Reply<String> {
        Reply::cannot("not in the script")
    }

    async fn refund(&self, _: &Change) -> Reply<String> {
        Reply::cannot("not in the script")
    }

    async fn create_link(&self, _: &NewLink) -> Reply<Link> {
        Reply::cannot("not in the script")
    }

    async fn link(&self, _: &str) -> Reply<Link> {
        Reply::cannot("not in the script")
    }

    async fn expire_link(&self, _: &str) -> Reply<Link> {
        Reply::cannot("not in the script")
    }

    fn verify_webhook(&self, _: &Webhook<'_>) -> Result<Verified, WebhookFault> {
        Err(WebhookFault::Signature)
    }

    async fn query(&self, _: &Charge) -> Answer {
        next(&self.asked).await
    }
}

fn said(outcome: Outcome, may_retry: bool) -> Option<Answer> {
    Some(Answer { outcome, detail: "said".into(), remedy: None, may_retry, unavailable: false })
}

async fn settled(psp: &dyn Psp, euros: &str, bounds: &Bounds) -> (Answer, Vec<Step>) {
    let mut steps = Vec::new();
    let answer = settle(psp, &charge("att-1", euros), card(CARD), bounds, &mut |step| steps.push(step)).await;
    (answer, steps)
}

fn count(steps: &[Step], wanted: fn(&Step) -> bool) -> usize {
    steps.iter().filter(|step| wanted(step)).count()
}

fn sendings(steps: &[Step]) -> usize {
    count(steps, |step| matches!(step, Step::Sending { .. }))
}

fn askings(steps: &[Step]) -> usize {
    count(steps, |step| matches!(step, Step::Asking { .. }))
}

#[tokio::test]
async fn the_line_drops_after_charging_and_the_same_key_finds_the_charge() {
    let bank = bank(true).await;
    let (answer, steps) = settled(&connector(&bank, |_| {}), "1.72", &quick()).await;
    assert!(approved(&answer), "{answer:?}");
    assert_eq!((sendings(&steps), askings(&steps)), (2, 0), "{steps:?}");
    assert_eq!(steps.last(), Some(&Step::CardDropped));
    assert_eq!(charged(&bank), [("att-1".to_owned(), 1)]);
}

#[tokio::test]
async fn without_deduplication_the_card_is_sent_once_and_the_bank_is_asked() {
    for euros in ["1.71", "1.72", "1.74", "1.77", "1.78", "1.83"] {
        let bank = bank(false).await;
        let connector = connector(&bank, |settings| settings.deduplicates = false);
        let (answer, steps) = settled(&connector, euros, &quick()).await;
        assert!(approved(&answer), "{euros} {answer:?}");
        assert_eq!(sendings(&steps), 1, "{euros} {steps:?}");
        let dropped = steps.iter().position(|step| *step == Step::CardDropped);
        let asked = steps.iter().position(|step| matches!(step, Step::Asking { .. }));
        assert!(dropped.is_some() && dropped < asked, "the card goes before the bank is asked: {steps:?}");
        assert_eq!(charged(&bank), [("att-1".to_owned(), 1)], "{euros}");
    }
}

#[tokio::test]
async fn a_charge_that_never_arrived_is_believed_only_after_the_grace() {
    for euros in ["1.73", "1.76"] {
        let bank = bank(false).await;
        let connector = connector(&bank, |settings| settings.deduplicates = false);
        let began = Instant::now();
        let (answer, steps) = settled(&connector, euros, &quick()).await;
        assert_eq!(answer.outcome, Outcome::NotCharged, "{answer:?}");
        assert!(began.elapsed() >= Duration::from_millis(quick().unseen_grace_ms) && askings(&steps) > 1);
        assert_eq!(charged(&bank), [("att-1".to_owned(), 0)]);
    }
}

#[tokio::test]
async fn nobody_to_ask_leaves_it_unknown() {
    let bank = bank(false).await;
    let connector = connector(&bank, |settings| {
        settings.deduplicates = false;
        settings.query_url = None;
    });
    let (answer, steps) = settled(&connector, "1.72", &quick()).await;
    assert_eq!((answer.outcome, sendings(&steps), askings(&steps)), (Outcome::Unknown, 1, 0));
    let answer = reconcile(&connector, &charge("att-1", "1.72"), &quick(), &mut |_| {}).await;
    assert_eq!(answer.outcome, Outcome::Unknown);
    assert!(answer.remedy.is_some());
}

#[tokio::test]
async fn after_a_restart_the_bank_is_asked_without_a_card() {
    let bank = bank(true).await;
    let connector = connector(&bank, |_| {});
    for (euros, key) in [("1.72", "paid"), ("1.51", "declined")] {
        let _ = connector_lost(&connector, key, euros).await;
    }
    let of = async |key| reconcile(&connector, &charge(key, "1.00"), &quick(), &mut |_| {}).await.outcome;
    assert!(matches!(of("paid").await, Outcome::Approved { .. }));
    assert_eq!(of("declined").await, Outcome::Declined(DeclineReason::InsufficientFunds));
    assert_eq!(of("never sent").await, Outcome::NotCharged);
}

async fn connector_lost(psp: &dyn Psp, key: &str, euros: &str) -> Answer {
    psp.authorise(&charge(key, euros), &card(CARD)).await
}

#[tokio::test(start_paused = true)]
async fn a_plain_answer_needs_no_second_request() {
    for outcome in [
        Outcome::Approved { reference: "r".into() },
        Outcome::Declined(DeclineReason::Generic),
        Outcome::NotCharged,
    ] {
        let psp = Scripted::new(vec![said(outcome.clone(), false)], vec![]);
        let (answer, steps) = settled(&psp, "1.00", &Bounds::default()).await;
        assert_eq!((answer.outcome, steps.len()), (outcome, 3));
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_fails_first_is_tried_again() {
    let approved = Outcome::Approved { reference: "r".into() };
    let psp = Scripted::new(
        vec![said(Outcome::NotCharged, true), said(Outcome::NotCharged, true), said(approved.clone(), false)],
        vec![],
    );
    let (answer, steps) = settled(&psp, "1.00", &Bounds::default()).await;
    assert_eq!((answer.outcome, sendings(&steps)), (approved, 3));
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_charges_nothing_does_not_settle_the_first() {
    let psp = Scripted::new(
        vec![said(Outcome::Unknown, true), said(Outcome::NotCharged, true), said(Outcome::NotCharged, false)],
        vec![said(Outcome::Unknown, false), said(Outcome::Approved { reference: "first".into() }, false)],
    );
    let (answer, steps) = settled(&psp, "1.00", &Bounds::default()).await;
    assert_eq!(answer.outcome, Outcome::Approved { reference: "first".into() });
    assert_eq!((sendings(&steps), askings(&steps)), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn the_card_is_gone_in_time_whatever_the_provider_does() {
    let bounds = Bounds::default();
    let psp = Scripted::new(vec![None], (0..20).map(|_| said(Outcome::Unknown, false)).collect());
    let began = Instant::now();
    let mut gone_after = None;
    let answer = settle(&psp, &charge("att-1", "1.00"), card(CARD), &bounds, &mut |step| {
        if step == Step::CardDropped {
            gone_after = Some(began.elapsed());
        }
    })
    .await;
    assert_eq!(answer.outcome, Outcome::Unknown);
    assert!(gone_after.is_some_and(|after| after <= Duration::from_millis(bounds.card_held_ms + 10)));
    assert!(began.elapsed() <= Duration::from_millis(bounds.settle_bound_ms));
}

#[tokio::test(start_paused = true)]
async fn a_short_bound_holds_for_the_sending_too() {
    let bounds = Bounds { settle_bound_ms: 3_000, ..Bounds::default() };
    let psp = Scripted::new(vec![None], vec![]);
    let began = Instant::now();
    let (answer, _) = settled(&psp, "1.00", &bounds).await;
    assert_eq!(answer.outcome, Outcome::Unknown);
    assert!(began.elapsed() <= Duration::from_millis(bounds.settle_bound_ms + 10));
}

#[tokio::test(start_paused = true)]
async fn retries_and_queries_are_bounded() {
    let bounds = Bounds::default();
    let many = |may_retry| (0..100).map(|_| said(Outcome::Unknown, may_retry)).collect::<Vec<_>>();
    let psp = Scripted::new(many(true), many(false));
    let began = Instant::now();
    let (answer, steps) = settled(&psp, "1.00", &bounds).await;
    assert_eq!(answer.outcome, Outcome::Unknown);
    assert!(sendings(&steps) <= bounds.retries_max as usize + 1 && askings(&steps) >= 3, "{steps:?}");
    assert!(began.elapsed() <= Duration::from_millis(bounds.settle_bound_ms));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_hangs_when_asked_is_left_at_the_bound() {
    let bounds = Bounds::default();
    let psp = Scripted::new(vec![said(Outcome::Unknown, false)], vec![None]);
    let began = Instant::now();
    let (answer, _) = settled(&psp, "1.00", &bounds).await;
    assert_eq!(answer.outcome, Outcome::Unknown);
    assert!(began.elapsed() <= Duration::from_millis(bounds.settle_bound_ms + 10));
}
