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
        story!(sip_info_is_refused),
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
