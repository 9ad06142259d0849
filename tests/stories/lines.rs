//! Lines that are not plain RFC 4733.

use std::time::Instant;

use tonegate::call::Party;
use tonegate::inspect::stage::{CallPlan, Keys};

use crate::ensure;
use crate::scene::{Told, VISA, open};
use crate::story;
use crate::teller::{Stage, Story};

pub fn stories() -> Vec<Story> {
    vec![
        story!(tones_in_the_audio_alone),
        story!(telephone_events_and_tones_as_well),
        story!(sip_info_is_refused, not_on: &[("asterisk", "its seal holds SIP INFO back as well")]),
        story!(sip_info_is_taken_where_the_seal_holds_it, not_on: &[
            ("rehearsal", "it plays FreeSWITCH, which hands SIP INFO on"),
            ("freeswitch", "it hands SIP INFO on, so such a line is refused"),
        ]),
        story!(fast_keys_arrive_once_each_and_in_order),
        story!(on_a_line_declared_clean_the_agent_hears_the_customer_throughout),
    ]
}

async fn by_keys(stage: Stage, keys: Keys) -> Told {
    let mut scene = open(&stage, CallPlan { keys, record: true, ..CallPlan::default() }).await?;
    scene.they_talk().await?;
    scene.pay().await?;
    let from = Instant::now();
    scene.call.customer.key(&VISA.number(), 80, 80).await?;
    ensure!(
        scene.call.customer.hears_voice(Party::Agent, from, Instant::now()),
        "the customer does not hear the agent while keying"
    );
    scene.asked("expiry").await?;
    scene.call.customer.key(VISA.expiry, 80, 80).await?;
    scene.asked("code").await?;
    scene.call.customer.key(VISA.code, 80, 80).await?;
    scene.ended("approved").await?;
    scene.they_talk().await?;
    scene.nobody_got_a_digit().await?;
    scene.call.customer.hang_up().await?;
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    scene.nobody_got_a_digit().await
}

async fn tones_in_the_audio_alone(stage: Stage) -> Told {
    by_keys(stage, Keys::InBand).await
}

async fn telephone_events_and_tones_as_well(stage: Stage) -> Told {
    by_keys(stage, Keys::Both).await
}

async fn sip_info_is_refused(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan { keys: Keys::Info, ..CallPlan::default() }).await?;
    scene.agent("*729").await?;
    let refused = scene.told("seal_refused").await?;
    ensure!(refused.event["why"] == "sip_info", "{}", refused.event);
    scene.ended("not_sealed").await?;
    scene.they_talk().await
}

async fn sip_info_is_taken_where_the_seal_holds_it(stage: Stage) -> Told {
    by_keys(stage, Keys::Info).await
}

/// Fifteen of a test card's sixteen digits, with doubled and repeated keys, and the star that clears them.
const SERIES: &str = "555544443333111*";
/// So many times: a little more than two hundred keys.
const ROUNDS: usize = 13;
/// Between one series and the next. Asterisk takes a key each 125 ms (`mindtmfduration` and its least gap) and
/// lets faster ones wait.
const BREATH_MS: u64 = 600;
/// As fast as a telephone's memory key dials.
const FAST_KEY_MS: (u32, u32) = (40, 60);

async fn fast_keys_arrive_once_each_and_in_order(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan { clean: true, ..CallPlan::default() }).await?;
    scene.pay().await?;
    let place = scene.events().place();
    for _ in 0..ROUNDS {
        scene.call.customer.key(SERIES, FAST_KEY_MS.0, FAST_KEY_MS.1).await?;
        tokio::time::sleep(std::time::Duration::from_millis(BREATH_MS)).await;
    }
    // A busy machine may take its time; whatever is doubled comes with the others.
    scene.events().wait_count("cleared", ROUNDS, 30_000).await?;
    tokio::time::sleep(std::time::Duration::from_millis(1_000)).await;
    let told = scene.events().all().split_off(place);
    let keys: String = told
        .iter()
        .filter_map(|seen| match seen.kind() {
            "progress" => Some('-'),
            "cleared" => Some('*'),
            _ => None,
        })
        .collect();
    let expected = format!("{}*", "-".repeat(SERIES.len() - 1)).repeat(ROUNDS);
    ensure!(keys == expected, "keys were lost, doubled or out of order: {keys}");
    scene.agent("*9").await?;
    scene.ended("cancelled_by_agent").await?;
    scene.nobody_got_a_digit().await
}

async fn on_a_line_declared_clean_the_agent_hears_the_customer_throughout(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan { clean: true, ..CallPlan::default() }).await?;
    let place = scene.events().place();
    scene.pay().await?;
    let sealed = scene.events().wait_for(place, "sealed").await?;
    ensure!(sealed.event["line"] == "clean", "{}", sealed.event);
    scene.they_talk().await?;
    scene.customer(&VISA.number()).await?;
    scene.asked("expiry").await?;
    scene.they_talk().await?;
    scene.customer(VISA.expiry).await?;
    scene.asked("code").await?;
    scene.customer(VISA.code).await?;
    scene.ended("approved").await?;
    scene.nobody_got_a_digit().await
}
