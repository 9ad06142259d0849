//! One attempt, from the first request to a result that can be relied on.
//!
//! A lost answer is the one dangerous moment of a payment: charging again may charge twice, giving up may lose a
//! payment that was made. While the card is still in memory, the same key is sent again to a provider that is
//! known to deduplicate. Then the card is dropped, and the provider is asked. What is still open at the end of
//! the bound stays [`Outcome::Unknown`].

use serde::Deserialize;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

use super::{Answer, Charge, Operation, Psp};
use crate::call::Outcome;
use crate::card::Card;

/// How long and how often to try.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bounds {
    /// How long the card is kept for sending it again, from the first request on; it is wiped then, whatever is
    /// under way. Never longer than `settle_bound_ms`.
    pub card_held_ms: u64,
    /// Wait before the card is sent again; each further wait is twice as long.
    pub retry_first_ms: u64,
    /// How often it is sent again at most.
    pub retries_max: u32,
    /// Wait before the provider is asked; each further wait is twice as long.
    pub query_first_ms: u64,
    /// Longest wait between two queries.
    pub query_interval_max_ms: u64,
    /// How long after the start "never seen" is not yet believed: the request may still be on its way.
    pub unseen_grace_ms: u64,
    /// When to give up, from the first request on. Below `unseen_grace_ms`, a charge that never arrived is
    /// told as unknown, and a later [`reconcile`] finds out.
    pub settle_bound_ms: u64,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            card_held_ms: 20_000,
            retry_first_ms: 500,
            retries_max: 5,
            query_first_ms: 1_000,
            query_interval_max_ms: 10_000,
            unseen_grace_ms: 15_000,
            settle_bound_ms: 60_000,
        }
    }
}

/// What happens on the way, for the journal. No card data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The charge is being sent, for the first time (1) or again.
    Sending {
        /// 1, 2, …
        ordinal: u32,
    },
    /// What came of that.
    Answered {
        /// 1, 2, …
        ordinal: u32,
        /// The answer.
        answer: Answer,
    },
    /// The account is not there; the card goes to another one, and that is written down.
    Rerouted,
    /// The card is gone from memory.
    CardDropped,
    /// The provider is being asked what became of the key.
    Asking {
        /// 1, 2, …
        ordinal: u32,
    },
    /// What it said.
    Told {
        /// 1, 2, …
        ordinal: u32,
        /// The answer.
        answer: Answer,
    },
}

/// Charges the card, once, and finds out what became of it.
///
/// The attempt must be journalled before. `progress` hears of each step as it begins and ends; it must not
/// block. Dropping the future drops the card; the attempt is then [`Outcome::Unknown`] and has to be
/// [`reconcile`]d.
pub async fn settle(
    psp: &dyn Psp,
    charge: &Charge,
    card: Card,
    bounds: &Bounds,
    progress: &mut (dyn FnMut(Step) + Send),
) -> Answer {
    let began = Instant::now();
    let (answer, _) = send(psp, charge, card, Sending::of(bounds, began), progress).await;
    progress(Step::CardDropped);
    find_out(psp, charge, bounds, began, answer, progress).await
}

/// Where a charge goes when its account is not there at all.
pub struct Elsewhere<'a> {
    /// The other account.
    pub psp: &'a dyn Psp,
    /// Writes down that it goes there.
    pub journal: &'a mut dyn Reroute,
}

/// Writes down, durably, that an attempt goes to another account.
#[async_trait::async_trait]
pub trait Reroute: Send {
    /// Returns once it is on disk. False if it is not: the card is not sent then.
    async fn reroute(&mut self, to: &str, because: &Answer) -> bool;
}

/// As [`settle`], with a second account for a charge that cannot have reached the first.
///
/// The card goes elsewhere if the very first request [may](Answer::may_go_elsewhere), and never after one that may
/// have arrived. Each account is asked what became of what was sent to it.
pub async fn settle_or_elsewhere(
    psp: &dyn Psp,
    elsewhere: Elsewhere<'_>,
    charge: &Charge,
    card: Card,
    bounds: &Bounds,
    progress: &mut (dyn FnMut(Step) + Send),
) -> Answer {
    let began = Instant::now();
    let sending = Sending::of(bounds, began);
    let first = Sending { leaves: true, ..sending };
    let (answer, card) = send(psp, charge, card, first, progress).await;
    let Some(card) = card else {
        progress(Step::CardDropped);
        return find_out(psp, charge, bounds, began, answer, progress).await;
    };
    let Elsewhere { psp: second, journal } = elsewhere;
    if !journal.reroute(second.name(), &answer).await || Instant::now() >= sending.held_until {
        drop(card);
        progress(Step::CardDropped);
        return answer;
    }
    progress(Step::Rerouted);
    let (answer, _) = send(second, charge, card, sending, progress).await;
    progress(Step::CardDropped);
    find_out(second, charge, bounds, began, answer, progress).await
}

/// Finds out what became of an attempt whose card is gone, for instance after a restart: asks, sends nothing.
pub async fn reconcile(
    psp: &dyn Psp,
    charge: &Charge,
    bounds: &Bounds,
    progress: &mut (dyn FnMut(Step) + Send),
) -> Answer {
    let unknown = Answer::unknown("the provider cannot be asked what became of the charge")
        .with_remedy("look the transaction up at the provider");
    ask(psp, charge, bounds, Instant::now(), Duration::ZERO, unknown, progress).await
}

/// How a card is sent to one account.
#[derive(Clone, Copy)]
struct Sending<'a> {
    bounds: &'a Bounds,
    held_until: Instant,
    /// Whether the card leaves an account that is not there, rather than waiting for it.
    leaves: bool,
}

impl Sending<'_> {
    fn of(bounds: &Bounds, began: Instant) -> Sending<'_> {
        let held = Duration::from_millis(bounds.card_held_ms.min(bounds.settle_bound_ms));
        Sending { bounds, held_until: began + held, leaves: false }
    }
}

/// Sends the charge, and again as long as that is safe and the card may be kept. The card ends here, unless it may go
/// elsewhere and shall.
async fn send(
    psp: &dyn Psp,
    charge: &Charge,
    card: Card,
    Sending { bounds, held_until, leaves }: Sending<'_>,
    progress: &mut (dyn FnMut(Step) + Send),
) -> (Answer, Option<Card>) {
    let mut wait = Duration::from_millis(bounds.retry_first_ms);
    let mut open: Option<Answer> = None;
    let mut ordinal = 1;
    loop {
        progress(Step::Sending { ordinal });
        let answer = timeout_at(held_until, psp.authorise(charge, &card))
            .await
            .unwrap_or_else(|_| Answer::unknown("no answer while the card may be kept"));
        progress(Step::Answered { ordinal, answer: answer.clone() });
        if leaves && ordinal == 1 && answer.may_go_elsewhere() {
            return (answer, Some(card));
        }
        let answer = match (&answer.outcome, open) {
            // That this request charged nothing says nothing of the earlier one.
            (Outcome::NotCharged, Some(earlier)) => Answer {
                outcome: Outcome::Unknown,
                detail: format!("{}; sent again: {}", earlier.detail, answer.detail),
                ..answer
            },
            _ => answer,
        };
        let again = answer.may_retry && matches!(answer.outcome, Outcome::Unknown | Outcome::NotCharged);
        if !again || ordinal > bounds.retries_max || Instant::now() + wait >= held_until {
            return (answer, None);
        }
        open = (answer.outcome == Outcome::Unknown).then_some(answer);
        sleep(wait).await;
        wait *= 2;
        ordinal += 1;
    }
}

/// What is not known once the card is gone is asked for.
async fn find_out(
    psp: &dyn Psp,
    charge: &Charge,
    bounds: &Bounds,
    began: Instant,
    answer: Answer,
    progress: &mut (dyn FnMut(Step) + Send),
) -> Answer {
    if answer.outcome != Outcome::Unknown {
        return answer;
    }
    ask(psp, charge, bounds, began, Duration::from_millis(bounds.query_first_ms), answer, progress).await
}

/// Asks until the provider knows, or the bound is reached.
async fn ask(
    psp: &dyn Psp,
    charge: &Charge,
    bounds: &Bounds,
    began: Instant,
    mut wait: Duration,
    mut last: Answer,
    progress: &mut (dyn FnMut(Step) + Send),
) -> Answer {
    if !psp.capabilities().can(Operation::Query) {
        return last;
    }
    let end = began + Duration::from_millis(bounds.settle_bound_ms);
    let believed_from = began + Duration::from_millis(bounds.unseen_grace_ms);
    let mut ordinal = 1;
    while Instant::now() + wait < end {
        sleep(wait).await;
        progress(Step::Asking { ordinal });
        let asked_at = Instant::now();
        let Ok(answer) = timeout_at(end, psp.query(charge)).await else { break };
        progress(Step::Told { ordinal, answer: answer.clone() });
        match answer.outcome {
            Outcome::Approved { .. } | Outcome::Declined(_) => return answer,
            Outcome::NotCharged if asked_at >= believed_from => return answer,
            // Its words are kept; the outcome is open.
            Outcome::NotCharged | Outcome::Unknown => last = Answer { outcome: Outcome::Unknown, ..answer },
        }
        // Twice as long each time; the first query of a reconciliation has no wait that could be doubled.
        let longest = Duration::from_millis(bounds.query_interval_max_ms);
        wait = (wait * 2).min(longest).max(Duration::from_millis(bounds.query_first_ms));
        ordinal += 1;
    }
    last
}

#[cfg(test)]
mod tests;
