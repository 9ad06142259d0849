//! A daemon beside a real Asterisk, for what only an Asterisk can do to it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tonegate::call::Party;
use tonegate::inspect::stage::{
    AsteriskTheatre, CallPlan, Keys, Otherwise, Route, Scene, Set, SetOptions, TestCard, Theatre,
};

use crate::common::{hear_each_other, soon};
use crate::{is_here, theatre};

pub const VISA: TestCard = TestCard { pan: 4_111_111_111_111_111, expiry: "0330", code: "737" };

/// Everything set up around a theatre, in a directory of its own.
pub async fn set(theatre: Arc<dyn Theatre>, directory: &Path) -> Set {
    let options = SetOptions::new(Path::new(env!("CARGO_BIN_EXE_tonegate")), &directory.join("set"));
    Set::up(theatre, &options).await.expect("the daemon is ready")
}

/// An Asterisk that is set otherwise.
pub async fn theatre_otherwise(otherwise: Otherwise) -> Option<(Arc<AsteriskTheatre>, tempfile::TempDir)> {
    if !is_here() {
        return None;
    }
    let directory = tempfile::Builder::new().prefix("theatre").tempdir().expect("a directory");
    let theatre = AsteriskTheatre::start_otherwise(directory.path(), otherwise).await;
    Some((theatre.expect("Asterisk starts"), directory))
}

/// The customer answers the questions of a payment without an agent.
pub async fn pay_alone(set: &Set, place: usize, customer: &dyn tonegate::inspect::stage::Handset) {
    for (field, keys) in
        [("number", VISA.number()), ("expiry", VISA.expiry.into()), ("code", VISA.code.into())]
    {
        let opened = |event: &serde_json::Value| event["type"] == "field_opened" && event["field"] == field;
        set.events.wait(place, 45_000, field, opened).await.expect("it is asked for");
        customer.key(&keys, 80, 80).await.expect("keys");
    }
    set.events.wait_for(place, "confirming").await.expect("they are asked");
    customer.key("1", 80, 80).await.expect("a key");
    set.events.wait_for(place, "approved").await.expect("it is paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_hands_the_customer_to_a_third_ends_the_capture() {
    let Some((theatre, directory)) = theatre().await else { return };
    let mut scene = Scene::open(set(theatre.clone(), directory.path()).await, &CallPlan::default())
        .await
        .expect("a conversation");
    // On a second line the agent asks a third person.
    let asked = CallPlan { route: Route::Outbound, ..CallPlan::default() };
    let asked = theatre.call(&asked).await.expect("a third person");
    let name = async |name: &str| {
        let value = theatre.variable(&asked.agent_leg, &format!("CHANNEL(pjsip,{name})")).await;
        value.expect("a part of the call's name").replace('@', "%40")
    };
    let [call_id, ours, theirs] = [name("call-id").await, name("local_tag").await, name("remote_tag").await];
    scene.pay().await.expect("the number is asked for");
    scene.customer("41111111").await.expect("keys");
    let third = format!("1003?Replaces={call_id}%3Bto-tag%3D{ours}%3Bfrom-tag%3D{theirs}");
    scene.call.agent.transfer(&third).await.expect("the transfer completes");
    let moved =
        |e: &serde_json::Value| e["type"] == "alarm" || e["type"] == "seal_lost" || e["type"] == "ended";
    scene.next("the end of the capture", moved).await.expect("it ends");
    scene.customer("1111").await.expect("keys");
    let end = scene.events().wait(0, 30_000, "the end", |e| e["type"] == "ended").await.expect("it ends");
    assert_eq!(end.event["ending"], "seal_lost", "{}", end.event);
    assert_eq!(scene.charges(), 0);
    assert_eq!(asked.customer.keys_received(), "", "the third got keys");
    assert_eq!(asked.customer.tones_heard(), "");
    // The two that are left speak with each other: each with the voice of a customer.
    let talk = soon(async || {
        let from = std::time::Instant::now();
        sleep(Duration::from_millis(500)).await;
        let to = std::time::Instant::now();
        let hears =
            |phone: &dyn tonegate::inspect::stage::Handset| phone.hears_voice(Party::Customer, from, to);
        hears(&*asked.customer) && hears(&*scene.call.customer)
    });
    assert!(talk.await, "they do not hear each other");
    assert!(!theatre.is_sealed(&scene.call.customer_leg).await.expect("an answer"));
    theatre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asterisk_that_calls_the_daemon_has_payments_taken() {
    let otherwise = Otherwise { calls_the_daemon: true, ..Otherwise::default() };
    let Some((theatre, directory)) = theatre_otherwise(otherwise).await else { return };
    let mut scene = Scene::open(set(theatre.clone(), directory.path()).await, &CallPlan::default())
        .await
        .expect("a conversation");
    scene.pay_with(VISA).await.expect("it is keyed");
    scene.ended("approved").await.expect("it is paid");
    scene.they_talk().await.expect("they talk on");
    scene.nobody_got_a_digit().await.expect("nobody did");
    assert_eq!(scene.charges(), 1);
    theatre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_another_takes_is_told_about() {
    let Some((theatre, directory)) = theatre().await else { return };
    let set = set(theatre.clone(), directory.path()).await;
    let _other = theatre.take_application("tonegate").await.expect("it can be taken");
    let told = "another program took the application `tonegate` from us";
    let log = set.directory.join("tonegate.log");
    let said = soon(async || std::fs::read_to_string(&log).is_ok_and(|text| text.contains(told)));
    assert!(said.await, "{}", set.daemon.log_end());
    theatre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_freepbxs_layout_the_feature_code_and_the_payment_number_take_payments() {
    let otherwise = Otherwise { freepbx: true, ..Otherwise::default() };
    let Some((theatre, directory)) = theatre_otherwise(otherwise).await else { return };
    let set = set(theatre.clone(), directory.path()).await;
    let mut scene = Scene::open(set, &CallPlan::default()).await.expect("a conversation");
    for route in [Route::Fifo, Route::Inbound, Route::Outbound] {
        scene.call = theatre.call(&CallPlan { route, ..CallPlan::default() }).await.expect("a conversation");
        scene.place = scene.events().place();
        // The customer cannot begin a payment.
        scene.customer("*729").await.expect("keys");
        sleep(Duration::from_millis(1_500)).await;
        let told = scene.events().all().split_off(scene.place);
        assert!(
            told.iter().all(|seen| seen.kind() != "started"),
            "{route:?}: the customer began a payment: {told:?}"
        );
        // What was keyed in an ordinary conversation, as far as FreePBX's own codes let it pass.
        let before = scene.call.agent.keys_received();
        scene.pay_with(VISA).await.unwrap_or_else(|fault| panic!("{route:?}: {fault}"));
        scene.ended("approved").await.unwrap_or_else(|fault| panic!("{route:?}: {fault}"));
        assert_eq!(scene.call.agent.keys_received(), before, "{route:?}: the agent got keys of the card");
        assert_eq!(hear_each_other(&scene.call, 800).await, (true, true), "{route:?}");
        scene.call.customer.hang_up().await.expect("it hangs up");
    }
    let place = scene.events().place();
    let customer = theatre.dial_direct(Keys::Rfc4733).await.expect("the number answers");
    pay_alone(&scene.set, place, &*customer).await;
    assert_eq!(scene.charges(), 4);
    theatre.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_freepbxs_layout_without_the_daemon_a_human_answers_and_calls_go_on() {
    let otherwise = Otherwise { freepbx: true, ..Otherwise::default() };
    let Some((theatre, _directory)) = theatre_otherwise(otherwise).await else { return };
    let talk = theatre.call(&CallPlan::default()).await.expect("a conversation");
    talk.agent.key("*729", 80, 80).await.expect("keys");
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(hear_each_other(&talk, 800).await, (true, true));
    assert_eq!(talk.customer.keys_received(), "");
    crate::common::a_human_answers_the_payment_number(&*theatre).await;
}
