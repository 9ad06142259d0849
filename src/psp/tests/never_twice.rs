//! The one property that every connector has to have: whatever breaks, one charge at most, and what was charged is
//! never told as failed.

use futures_util::future::join_all;
use std::time::Duration;

use super::fake::{Break, Fake};
use super::*;
use crate::psp::http::HttpSettings;
use crate::psp::{Bounds, settle};

/// Time-outs for a fake on the same machine, shorter than its late answers.
pub fn impatient() -> HttpSettings {
    HttpSettings {
        connect_timeout_ms: PATIENCE_MS / 2,
        answer_timeout_ms: PATIENCE_MS / 2,
        read_timeout_ms: PATIENCE_MS / 2,
        ..HttpSettings::default()
    }
}

/// Time-outs that two busy cores do not reach.
pub fn patient() -> HttpSettings {
    HttpSettings { connect_timeout_ms: 5_000, answer_timeout_ms: 10_000, ..HttpSettings::default() }
}

/// Bounds for a fake on the same machine.
fn quick() -> Bounds {
    Bounds {
        card_held_ms: 5_000,
        retry_first_ms: 20,
        retries_max: 3,
        query_first_ms: 20,
        query_interval_max_ms: 100,
        unseen_grace_ms: 150,
        settle_bound_ms: 1_500,
    }
}

/// Breaks each request of a charge in each way, on the requests whose lines contain one of `lines`. `knows` says
/// whether the connector can find out what became of a charge that was made.
pub async fn whatever_breaks(fake: &Fake, psp: &dyn Psp, lines: &[&str], knows: bool) {
    for line in lines {
        for how in Break::ALL {
            let key = format!("tg-{}-{how:?}", line.replace(|c: char| !c.is_ascii_alphanumeric(), ""));
            fake.break_next(line, how);
            let mut steps = Vec::new();
            let answer =
                settle(psp, &charge(&key, "42.50"), card("4111111111111111"), &quick(), &mut |step| {
                    steps.push(step);
                })
                .await;
            let charges = charged(fake, &key);
            assert!(charges <= 1, "{line} {how:?}: charged {charges} times: {steps:?}");
            match &answer.outcome {
                Outcome::Approved { .. } => assert_eq!(charges, 1, "{line} {how:?}: {answer:?}"),
                Outcome::NotCharged => {
                    assert_eq!(charges, 0, "{line} {how:?}: told as not charged: {steps:?}")
                }
                Outcome::Unknown => {
                    assert!(!knows || charges == 0, "{line} {how:?}: was not found out: {steps:?}");
                }
                Outcome::Declined(_) => panic!("{line} {how:?}: nobody declined: {answer:?}"),
            }
            if how == Break::Redirect {
                assert_eq!(answer.outcome, Outcome::NotCharged, "a redirect is not followed: {answer:?}");
                assert!(answer.remedy.is_some(), "{answer:?}");
            }
        }
    }
}

/// How often a key was charged; some providers take it without its hyphens.
fn charged(fake: &Fake, key: &str) -> u32 {
    let plain = |key: &str| key.replace('-', "");
    fake.charges().iter().filter(|(known, _)| plain(known) == plain(key)).map(|(_, times)| times).sum()
}

/// Ten requests at once with one key.
pub async fn ten_at_once(fake: &Fake, psp: &dyn Psp) {
    let charge = charge("tg-ten", "42.50");
    let card = card("4111111111111111");
    let answers = join_all((0..10).map(|_| psp.authorise(&charge, &card))).await;
    assert!(answers.iter().any(approved), "{answers:?}");
    assert!(
        answers.iter().all(|answer| approved(answer) || answer.outcome == Outcome::Unknown),
        "none is told as failed: {answers:?}"
    );
    assert_eq!(charged(fake, "tg-ten"), 1);
}

/// A provider that is not there was not asked for money.
pub async fn nobody_there(psp: &dyn Psp) {
    let answer = psp.authorise(&charge("tg-nobody", "42.50"), &card("4111111111111111")).await;
    assert_eq!((&answer.outcome, answer.may_retry), (&Outcome::NotCharged, true), "{answer:?}");
}

/// How long a connector takes beyond the provider's own time, at the 99th percentile.
pub async fn overhead(psp: &dyn Psp) -> Duration {
    const ROUNDS: usize = 200;
    let card = card("4111111111111111");
    let mut took = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        let charge = charge(&format!("tg-overhead-{round}"), "42.50");
        let began = std::time::Instant::now();
        assert!(approved(&psp.authorise(&charge, &card).await));
        took.push(began.elapsed());
    }
    took.sort();
    took[ROUNDS * 99 / 100]
}
