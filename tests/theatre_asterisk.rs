//! The stage's eyes and ears on a real Asterisk, with no daemon about: whatever can leak must be seen where it
//! leaks, or the silence of the stories would prove nothing.

#[path = "theatre/mod.rs"]
mod common;
#[path = "theatre/asterisk_check.rs"]
mod checked;
#[path = "theatre/asterisk_daemon.rs"]
mod daemon;
#[path = "theatre/asterisk_listeners.rs"]
mod listeners;

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use common::{
    a_human_answers_the_payment_number, conversation, end, hear_each_other, soon, the_link_can_be_cut,
    voices_and_hold,
};
use tokio::time::sleep;
use tonegate::inspect::stage::{
    AsteriskTheatre, CallPlan, Keys, Media, Otherwise, Records, Route, Theatre, leaked_keys,
};

/// What every leg that is up has.
const STATE: &str = "CHANNEL(state)";

/// The usual Asterisk in a directory of its own; none where there is none.
async fn theatre() -> Option<(Arc<AsteriskTheatre>, tempfile::TempDir)> {
    daemon::theatre_otherwise(Otherwise::default()).await
}

/// Whether there is an Asterisk; a loud word if not.
fn is_here() -> bool {
    let is_here = AsteriskTheatre::find().is_some();
    if !is_here {
        // Not by a macro: what those print is held back where a test succeeds.
        let _ = std::io::stderr().write_all(
            b"SKIPPED: no Asterisk (have `tests/live/asterisk` make a tree, or set ASTERISK_HOME)\n",
        );
    }
    is_here
}

async fn records(theatre: &AsteriskTheatre) -> Records {
    theatre.records().await.expect("records")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_admin_leaves_open_is_seen() {
    let Some((theatre, _directory)) = theatre().await else { return };
    let places = theatre.let_leak(true).await.expect("it can be opened");
    let talk = conversation(&*theatre, CallPlan { record: true, ..CallPlan::default() }).await;
    assert_eq!(hear_each_other(&talk, 1000).await, (true, true));
    assert_eq!(theatre.variable(&talk.customer_leg, "TONEGATE_AMOUNT").await.as_deref(), Some("42.50"));
    assert_eq!(theatre.variable(&talk.customer_leg, "NO_SUCH_VARIABLE").await, None);
    assert!(!theatre.is_sealed(&talk.customer_leg).await.expect("an answer"));
    let sent = talk.customer.key("4929", 100, 100).await.expect("keys");
    assert_eq!(sent.len(), 4);
    assert!(soon(async || talk.agent.keys_received() == "4929").await, "{:?}", talk.agent.keys_received());
    end(&*theatre, &talk, &*talk.customer, STATE).await;
    let mut leaked = Vec::new();
    let seen = soon(async || {
        leaked = leaked_keys(&records(&theatre).await, &talk.customer_leg);
        places
            .iter()
            .all(|place| ["4", "9", "2"].iter().all(|key| leaked.contains(&format!("{place}: {key}"))))
    });
    assert!(seen.await, "{leaked:?}");
    assert!(records(&theatre).await.recordings.len() == 7);
    theatre.let_leak(false).await.expect("it can be shut");
    theatre.close().await;
    assert_eq!(theatre.pid().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_admin_leaves_shut_is_clean() {
    let Some((theatre, _directory)) = theatre().await else { return };
    // Opened and shut again: shut has to be shut.
    theatre.let_leak(true).await.expect("it can be opened");
    theatre.let_leak(false).await.expect("it can be shut");
    let talk = conversation(&*theatre, CallPlan::default()).await;
    talk.customer.key("4929", 100, 100).await.expect("keys");
    assert!(soon(async || talk.agent.keys_received() == "4929").await);
    end(&*theatre, &talk, &*talk.customer, STATE).await;
    let records = records(&theatre).await;
    assert_eq!(leaked_keys(&records, &talk.customer_leg), [""; 0]);
    let kept = |kind: &str| {
        records.texts.iter().filter(|(name, _)| name == kind).map(|(_, text)| text.len()).sum::<usize>()
    };
    for kind in ["log", "spy", "ari", "cdr", "cel"] {
        assert!(kept(kind) > 100, "{kind} holds nothing at all");
    }
    theatre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tones_are_heard_by_the_agent_and_in_the_recording() {
    let Some((theatre, _directory)) = theatre().await else { return };
    for keys in [Keys::Both, Keys::Info, Keys::InBand] {
        let talk = conversation(&*theatre, CallPlan { keys, record: true, ..CallPlan::default() }).await;
        // Long enough that what Asterisk leaves of each tone is one still.
        talk.customer.key("4929", 200, 150).await.expect("keys");
        let heard = soon(async || talk.agent.keys_received() == "4929").await;
        let (received, tones) = (talk.agent.keys_received(), talk.agent.tones_heard());
        assert!(heard, "{keys:?}: keys {received:?}, tones {tones:?}");
        end(&*theatre, &talk, &*talk.agent, STATE).await;
        let recorded = records(&theatre).await.keys_recorded_of(&talk.customer_leg).expect("a recording");
        if keys == Keys::Both {
            assert_eq!(tones, "4929");
            assert!(recorded.contains("4929"), "{recorded:?}");
        }
    }
    theatre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_brings_them_together_and_the_code_is_told() {
    let Some((theatre, _directory)) = theatre().await else { return };
    for route in
        [Route::Inbound, Route::Outbound, Route::CallCenter, Route::Fifo, Route::CallCenter, Route::Fifo]
    {
        let talk = conversation(&*theatre, CallPlan { route, record: true, ..CallPlan::default() }).await;
        assert_ne!(talk.customer_leg, talk.agent_leg);
        let told = async || records(&theatre).await.texts.swap_remove(0).1;
        let before = told().await.len();
        talk.agent.key("*729", 80, 80).await.expect("keys");
        let asked = soon(async || String::from_utf8_lossy(&told().await[before..]).contains("TonegateCode"));
        assert!(asked.await, "{route:?}: the feature code is not told");
        assert_eq!(talk.customer.keys_received(), "", "{route:?}");
        assert_eq!(hear_each_other(&talk, 500).await, (true, true), "{route:?}");
        end(&*theatre, &talk, &*talk.agent, STATE).await;
    }
    theatre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn media_go_past_the_pbx_where_planned_and_hold_silences() {
    let Some((theatre, _directory)) = theatre().await else { return };
    // Asterisk lets go of the media in its own time, and not at all where its two re-INVITEs meet others.
    let mut went_past = false;
    for _ in 0..4 {
        let talk = conversation(&*theatre, CallPlan { media: Media::Bypass, ..CallPlan::default() }).await;
        // The packets' way is in the channel's statistics: past Asterisk none arrive.
        let count = async || theatre.variable(&talk.customer_leg, "CHANNEL(rtcp,rxcount)").await;
        let past = soon(async || {
            let before = count().await;
            sleep(Duration::from_millis(300)).await;
            before.is_some() && count().await == before
        });
        went_past = past.await;
        assert_eq!(hear_each_other(&talk, 600).await, (true, true));
        end(&*theatre, &talk, &*talk.customer, STATE).await;
        if went_past {
            break;
        }
    }
    assert!(went_past, "the media go through Asterisk");
    for media in [Media::Proxy, Media::PassKeys] {
        assert!(theatre.call(&CallPlan { media, ..CallPlan::default() }).await.is_err(), "{media:?}");
    }

    let talk = conversation(&*theatre, CallPlan::default()).await;
    voices_and_hold(&talk).await;
    end(&*theatre, &talk, &*talk.agent, STATE).await;
    theatre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_daemon_the_payment_number_leads_to_a_human() {
    let Some((theatre, _directory)) = theatre().await else { return };
    a_human_answers_the_payment_number(&*theatre).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_it_takes_calls_again_over_links_that_can_be_cut() {
    let Some((theatre, directory)) = theatre().await else { return };
    the_link_can_be_cut(&*theatre, directory.path(), "ami_address", b"Asterisk Call Manager").await;
    let lost = conversation(&*theatre, CallPlan::default()).await;
    let before = theatre.pid().await;
    theatre.restart().await.expect("it comes back");
    assert_ne!(theatre.pid().await, before);
    assert_eq!(theatre.variable(&lost.customer_leg, "CHANNEL(state)").await, None);
    let talk = conversation(&*theatre, CallPlan::default()).await;
    end(&*theatre, &talk, &*talk.customer, STATE).await;
    theatre.close().await;
}
