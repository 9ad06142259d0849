//! Listeners who come back, are slow, want little, or go.

use super::*;
use crate::call::{Currency, Ending, Field, Money, Notice};

fn ended() -> EventBody {
    EventBody::of(&Notice::Ended(Ending::Approved))
}

fn progress(count: u8) -> EventBody {
    EventBody::of(&Notice::Progress { field: Field::Number, count, brand: None })
}

fn subject(payment: Uuid, agent: &str) -> Subject {
    let currency: Currency = "EUR".parse().unwrap();
    Subject {
        payment,
        agent: Some(agent.into()),
        call: format!("leg-of-{agent}"),
        amount: Money { minor: 4250, currency },
        reference: None,
    }
}

async fn seqs(listener: &mut Listener, count: usize) -> Vec<u64> {
    let mut seen = Vec::new();
    for _ in 0..count {
        seen.push(listener.next().await.unwrap().seq);
    }
    seen
}

#[tokio::test]
async fn who_comes_back_gets_what_was_missed_and_a_gap_is_told() {
    let feed = Feed::new();
    for _ in 0..3 {
        feed.publish(Uuid::nil(), ended());
    }
    let mut back = feed.listen(Some(1));
    assert!(!back.gap);
    assert_eq!(seqs(&mut back, 2).await, [2, 3]);
    feed.publish(Uuid::nil(), ended());
    assert_eq!(seqs(&mut back, 1).await, [4], "then what is new, once");
    for _ in 0..KEPT_EVENTS {
        feed.publish(Uuid::nil(), ended());
    }
    assert!(feed.listen(Some(1)).gap);
    assert!(feed.listen(Some(1_000_000)).gap, "a number of a former life");
    assert!(!feed.listen(None).gap);
}

#[tokio::test]
async fn a_slow_listener_is_told_how_much_it_lost() {
    let feed = Feed::new();
    let mut slow = feed.listen(None);
    for _ in 0..KEPT_EVENTS + 10 {
        feed.publish(Uuid::nil(), ended());
    }
    assert_eq!(slow.next().await.unwrap_err(), FeedError::Lagged(10));
    assert_eq!(slow.next().await.unwrap().seq, 11);
}

#[tokio::test]
async fn who_wants_little_is_not_overtaken_by_what_others_want() {
    let feed = Feed::new();
    let (mine, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let mut quiet = feed.listen_to(Wanted { payment: Some(mine), agent: None }, None);
    for _ in 0..KEPT_EVENTS + 10 {
        feed.publish(other, ended());
    }
    feed.publish(mine, ended());
    assert_eq!(quiet.next().await.unwrap().payment, mine);
    let nothing = tokio::time::timeout(std::time::Duration::from_millis(20), quiet.next()).await;
    assert!(nothing.is_err(), "and nothing else");
}

#[tokio::test]
async fn an_agent_hears_of_their_own_calls_and_of_what_becomes_known_later() {
    let feed = Feed::new();
    let (mine, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    feed.enter(subject(mine, "1001"));
    feed.enter(subject(other, "1002"));
    let mut desk = feed.listen_to(Wanted { payment: None, agent: Some("1001".into()) }, None);
    feed.publish(other, progress(1));
    feed.publish(mine, progress(2));
    feed.publish(mine, ended());
    feed.publish(mine, EventBody::Settled { attempt: 1, outcome: crate::call::Outcome::NotCharged });
    for kind in ["progress", "ended", "settled"] {
        let event = desk.next().await.unwrap();
        assert_eq!((event.body.name(), event.call.as_deref()), (kind, Some("leg-of-1001")));
    }
}

#[tokio::test]
async fn what_stands_and_what_follows_fit_together() {
    let feed = Feed::new();
    let payment = Uuid::from_u128(7);
    feed.enter(subject(payment, "1001"));
    feed.publish(payment, progress(3));
    let (last, standing) = feed.standing();
    assert_eq!((last, standing.len()), (1, 1));
    feed.publish(payment, progress(4));
    assert_eq!(seqs(&mut feed.listen(Some(last)), 1).await, [2]);
    feed.publish(payment, ended());
    assert!(feed.standing().1.is_empty(), "a payment that has ended is not under way");
    assert_eq!(feed.subject(payment), Some(subject(payment, "1001")));
}

#[tokio::test]
async fn who_goes_leaves_nothing_and_who_stays_is_told_the_end() {
    let feed = Feed::new();
    drop(feed.listen(None));
    assert!(feed.0.state().ears.is_empty());
    let mut last = feed.listen(None);
    let waiting = tokio::spawn(async move { last.next().await.unwrap_err() });
    tokio::task::yield_now().await;
    drop(feed);
    assert_eq!(waiting.await.unwrap(), FeedError::Ended);
}
