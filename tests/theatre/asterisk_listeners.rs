//! Other programs that listen and record over ARI while a card is keyed.

use std::time::Duration;

use tokio::time::sleep;
use tonegate::inspect::stage::{CallPlan, Keys, Scene, Theatre};

use crate::daemon::{VISA, pay_alone, set};
use crate::{STATE, end, records, theatre};

/// The one leg that is up, by its unique id.
async fn only_leg(theatre: &tonegate::inspect::stage::AsteriskTheatre) -> String {
    let shown = theatre.command("core show channels concise").await.expect("an answer");
    let mut legs = shown.lines().filter(|line| line.starts_with("PJSIP/"));
    let leg = legs.next().and_then(|line| line.rsplit('!').next()).expect("a leg").to_owned();
    assert_eq!(legs.next(), None);
    leg
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorder_hears_no_tone_of_who_pays_alone() {
    let Some((theatre, directory)) = theatre().await else { return };
    let set = set(theatre.clone(), directory.path()).await;
    let place = set.events.place();
    let customer = theatre.dial_direct(Keys::InBand).await.expect("the number answers");
    let leg = only_leg(&theatre).await;
    theatre.tap(&leg).await.expect("it records");
    pay_alone(&set, place, &*customer).await;
    customer.hang_up().await.expect("it hangs up");
    sleep(Duration::from_millis(1_500)).await;
    let records = records(&theatre).await;
    assert!(records.recordings.iter().any(|path| path.file_stem().is_some_and(|stem| stem == leg.as_str())));
    assert_eq!(records.keys_recorded_of(&leg).expect("recordings"), "");
    theatre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_of_our_own_bridge_hears_no_tone_of_a_line_declared_clean() {
    let Some((theatre, directory)) = theatre().await else { return };
    let set = set(theatre.clone(), directory.path()).await;
    let plan = CallPlan { keys: Keys::Both, clean: true, ..CallPlan::default() };
    let mut scene = Scene::open(set, &plan).await.expect("a conversation");
    scene.pay().await.expect("the number is asked for");
    // In the middle of a field.
    theatre.tap_bridge(&scene.call.customer_leg, "bridge").await.expect("it records");
    sleep(Duration::from_millis(100)).await;
    // Long enough that what Asterisk leaves of each tone is one still.
    scene.call.customer.key(&VISA.number(), 200, 150).await.expect("keys");
    scene.asked("expiry").await.expect("the number is taken");
    scene.agent("*9").await.expect("keys");
    scene.ended("cancelled_by_agent").await.expect("it ends");
    end(&*theatre, &scene.call, &*scene.call.customer, STATE).await;
    let records = records(&theatre).await;
    assert!(records.recordings.iter().any(|path| path.ends_with("bridge.wav")), "{:?}", records.recordings);
    assert_eq!(records.keys_recorded_of("bridge").expect("recordings"), "");
    theatre.close().await;
}
