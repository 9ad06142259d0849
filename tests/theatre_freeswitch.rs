//! The stage's eyes and ears on a real FreeSWITCH, with no daemon about: whatever leaks by default must be
//! seen, or the silence of the stories would prove nothing.

#[path = "theatre/mod.rs"]
mod common;
#[path = "theatre/freeswitch_check.rs"]
mod checked;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{
    a_human_answers_the_payment_number, conversation, end, hear_each_other, soon, the_link_can_be_cut,
    voices_and_hold,
};
use tokio::time::sleep;
use tonegate::call::Party;
use tonegate::inspect::stage::{
    CallPlan, FreeSwitchTheatre, Keys, Media, Records, Route, Theatre, leaked_keys,
};

/// What every leg that is up has.
const STATE: &str = "uuid";

/// A FreeSWITCH in a directory of its own; none where there is none.
async fn theatre() -> Option<(Arc<FreeSwitchTheatre>, tempfile::TempDir)> {
    if !is_here() {
        return None;
    }
    let directory = tempfile::Builder::new().prefix("theatre").tempdir().expect("a directory");
    let theatre = FreeSwitchTheatre::start(directory.path()).await.expect("FreeSWITCH starts");
    Some((theatre, directory))
}

/// Whether there is a FreeSWITCH; a loud word if not.
fn is_here() -> bool {
    let is_here = FreeSwitchTheatre::find().is_some();
    if !is_here {
        // Not by a macro: what those print is held back where a test succeeds.
        let _ = std::io::stderr().write_all(b"SKIPPED: no FreeSWITCH (set FREESWITCH_HOME)\n");
    }
    is_here
}

fn holds(records: &Records, kind: &str, text: &str) -> bool {
    let texts = records.texts.iter().filter(|(name, _)| name.starts_with(kind));
    texts.clone().any(|(_, bytes)| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leaks_by_default_is_seen() {
    let Some((theatre, _directory)) = theatre().await else { return };
    let talk = conversation(&*theatre, CallPlan { record: true, ..CallPlan::default() }).await;
    assert_eq!(hear_each_other(&talk, 1000).await, (true, true));
    assert_eq!(theatre.variable(&talk.customer_leg, "tonegate_amount").await.as_deref(), Some("42.50"));
    assert_eq!(theatre.variable(&talk.customer_leg, "no_such_variable").await, None);
    let sent = talk.customer.key("4929", 100, 100).await.expect("keys");
    assert_eq!(sent.len(), 4);
    assert!(soon(async || talk.agent.keys_received() == "4929").await, "{:?}", talk.agent.keys_received());
    end(&*theatre, &talk, &*talk.customer, STATE).await;
    let mut records = theatre.records().await.expect("records");
    soon(async || {
        records = theatre.records().await.expect("records");
        holds(&records, "cdr", "4929")
    })
    .await;
    let leaked = leaked_keys(&records, &talk.customer_leg);
    for digit in ['4', '9', '2'] {
        assert!(
            leaked.contains(&format!("spy: {digit}")) && leaked.contains(&format!("log: {digit}")),
            "{digit}"
        );
    }
    assert!(leaked.iter().any(|leak| leak.starts_with("cdr:") && leak.ends_with(": 4929")), "{leaked:?}");
    assert_eq!(records.recordings.len(), 2);
    theatre.close().await;
    assert_eq!(theatre.pid().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn tones_are_heard_by_the_agent_and_in_the_recording() {
    let Some((theatre, _directory)) = theatre().await else { return };
    for keys in [Keys::InBand, Keys::Info, Keys::Both] {
        let talk = conversation(&*theatre, CallPlan { keys, record: true, ..CallPlan::default() }).await;
        talk.customer.key("4929", 100, 100).await.expect("keys");
        let heard = soon(async || match keys {
            Keys::InBand => talk.agent.tones_heard() == "4929",
            _ => talk.agent.keys_received() == "4929",
        });
        let heard = heard.await;
        let (received, tones) = (talk.agent.keys_received(), talk.agent.tones_heard());
        assert!(heard, "{keys:?}: keys {received:?}, tones {tones:?}");
        end(&*theatre, &talk, &*talk.agent, STATE).await;
        let records = theatre.records().await.expect("records");
        let recorded = [&talk.customer_leg, &talk.agent_leg].map(|leg| records.keys_recorded_of(leg));
        if keys == Keys::InBand {
            assert!(
                recorded.iter().all(|keys| keys.as_ref().is_ok_and(|keys| keys == "4929")),
                "{recorded:?}"
            );
        }
        if keys == Keys::Info {
            assert!(holds(&records, "spy", "Signal=4") || holds(&records, "spy", "Signal%3D4"));
        }
    }
    theatre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_brings_them_together() {
    let Some((theatre, _directory)) = theatre().await else { return };
    for route in
        [Route::Inbound, Route::Outbound, Route::CallCenter, Route::Fifo, Route::CallCenter, Route::Fifo]
    {
        let talk = conversation(&*theatre, CallPlan { route, record: true, ..CallPlan::default() }).await;
        assert_ne!(talk.customer_leg, talk.agent_leg);
        let before = theatre.records().await.expect("records").texts.swap_remove(0).1.len();
        talk.agent.key("*729", 80, 80).await.expect("keys");
        let asked = soon(async || {
            let told = theatre.records().await.expect("records").texts.swap_remove(0).1;
            String::from_utf8_lossy(&told[before..]).contains("tg_code: pay")
        });
        assert!(asked.await, "{route:?}: the feature code is not told");
        assert_eq!(talk.customer.keys_received(), "", "{route:?}");
        assert_eq!(hear_each_other(&talk, 500).await, (true, true), "{route:?}");
        end(&*theatre, &talk, &*talk.agent, STATE).await;
    }
    theatre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn media_goes_as_planned() {
    let Some((theatre, _directory)) = theatre().await else { return };
    for media in [Media::Bypass, Media::Proxy, Media::PassKeys] {
        let talk = conversation(&*theatre, CallPlan { media, ..CallPlan::default() }).await;
        talk.customer.key("42", 100, 100).await.expect("keys");
        assert!(soon(async || talk.agent.keys_received() == "42").await, "{media:?}");
        end(&*theatre, &talk, &*talk.customer, STATE).await;
    }
    theatre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hold_silences_and_a_prompt_is_told_from_a_voice() {
    let Some((theatre, directory)) = theatre().await else { return };
    let talk = conversation(&*theatre, CallPlan::default()).await;
    voices_and_hold(&talk).await;

    let prompt = directory.path().join("prompt.wav");
    save_prompt(&prompt);
    let from = Instant::now();
    let displace = format!("uuid_displace {} start {} 0 mux", talk.customer_leg, prompt.display());
    assert!(theatre.api(&displace).await.expect("an answer").starts_with("+OK"));
    sleep(Duration::from_millis(900)).await;
    let to = Instant::now();
    sleep(Duration::from_millis(100)).await;
    assert!(talk.customer.hears_prompt(from, to) && talk.customer.hears_voice(Party::Agent, from, to));
    assert!(!talk.agent.hears_prompt(from, to));
    assert!(talk.agent.save(&directory.path().join("heard.wav")).expect("saved"));
    end(&*theatre, &talk, &*talk.agent, STATE).await;
    theatre.close().await;
}

/// A second of something that glides like a voice.
fn save_prompt(path: &Path) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path, spec).expect("a file");
    for n in 0..8000 {
        let t = f64::from(n) / 8000.0;
        let glide = |hz: f64| (std::f64::consts::TAU * (hz * t + 60.0 * t * t)).sin();
        wav.write_sample((2000.0 * (glide(170.0) + 0.6 * glide(820.0))) as i16).expect("a sample");
    }
    wav.finalize().expect("a file");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_daemon_the_payment_number_leads_to_a_human() {
    let Some((theatre, _directory)) = theatre().await else { return };
    a_human_answers_the_payment_number(&*theatre).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_reaches_freeswitch_over_a_link_that_can_be_cut() {
    let Some((theatre, directory)) = theatre().await else { return };
    the_link_can_be_cut(&*theatre, directory.path(), "control_address", b"Content-Type: auth/request").await;
    theatre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_daemon_the_dialplan_connects_the_two_again() {
    let Some((theatre, _directory)) = theatre().await else { return };
    let talk = conversation(&*theatre, CallPlan::default()).await;
    let (customer, agent) = (&talk.customer_leg, &talk.agent_leg);
    let wanted = format!("tonegate_peer={agent};hangup_after_bridge=true;park_after_bridge=true");
    for command in [
        format!("uuid_setvar_multi {customer} {wanted}"),
        format!("uuid_setvar_multi {agent} park_after_bridge=true"),
        format!("uuid_dual_transfer {customer} tonegate_customer/XML/tonegate tonegate_agent/XML/tonegate"),
    ] {
        theatre.api(&command).await.expect("FreeSWITCH answers");
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(hear_each_other(&talk, 1000).await, (true, true));
    theatre.close().await;
}
