//! Payments that end otherwise: cancelled, timed out, hung up on, transferred away.

use std::time::Duration;

use tonegate::inspect::stage::{CallPlan, Media};

use crate::ensure;
use crate::scene::{Told, VISA, open, open_with};
use crate::story;
use crate::teller::{Stage, Story};

pub fn stories() -> Vec<Story> {
    vec![
        story!(the_agent_cancels),
        story!(the_customer_cancels_with_two_stars),
        story!(the_customer_keys_nothing),
        story!(too_many_wrong_numbers),
        story!(the_agent_switches_to_another_means),
        story!(the_customer_hangs_up_at_each_step),
        story!(the_agent_hangs_up_at_each_step),
        story!(the_agent_transfers_the_customer_away),
        story!(proxied_media_are_refused, not_on: &[("asterisk", "no media pass Asterisk unlooked at")]),
        story!(passed_key_packets_are_refused, not_on: &[("asterisk", "it takes every key packet apart")]),
    ]
}

async fn the_agent_cancels(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan::default()).await?;
    scene.pay().await?;
    scene.customer("41111").await?;
    scene.agent("*9").await?;
    scene.ended("cancelled_by_agent").await?;
    scene.they_talk().await?;
    ensure!(scene.charges() == 0, "a cancelled payment was charged");
    scene.nobody_got_a_digit().await
}

async fn the_customer_cancels_with_two_stars(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan::default()).await?;
    scene.pay().await?;
    scene.customer("4111**").await?;
    scene.ended("cancelled_by_customer").await?;
    scene.they_talk().await?;
    scene.nobody_got_a_digit().await
}

async fn the_customer_keys_nothing(stage: Stage) -> Told {
    let quick = "first_key_timeout_ms = 3000\nsentence_max_ms = 5000\nattempts_per_field = 2\n";
    let mut scene = open_with(&stage, CallPlan::default(), |o| o.capture = quick.into()).await?;
    scene.pay().await?;
    let refused = scene.told("field_refused").await?;
    ensure!(refused.event["hint"] == "timeout", "{}", refused.event);
    scene.ended("timed_out").await?;
    scene.they_talk().await
}

async fn too_many_wrong_numbers(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan::default()).await?;
    scene.pay().await?;
    for left in [2, 1, 0] {
        scene.customer("1234#").await?;
        let refused = scene.told("field_refused").await?;
        ensure!(refused.event["left"] == left, "{}", refused.event);
    }
    scene.ended("too_many_attempts").await?;
    scene.they_talk().await?;
    scene.nobody_got_a_digit().await
}

async fn the_agent_switches_to_another_means(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan::default()).await?;
    scene.pay().await?;
    scene.agent("*4").await?;
    scene.ended("other_means").await?;
    scene.they_talk().await
}

/// Plays up to a step, then lets a party hang up.
async fn hang_up_at(stage: &Stage, step: usize, customer: bool) -> Told {
    // 71: the bank answers late.
    let plan = CallPlan { amount: Some("10.71"), ..CallPlan::default() };
    let directory = stage.directory.join(format!("{step}"));
    let stage = Stage { theatre: stage.theatre.clone(), directory };
    let mut scene = open_with(&stage, plan, |o| o.slow_answer_ms = 2_500).await?;
    scene.pay().await?;
    if step > 0 {
        scene.customer(&VISA.number()).await?;
        scene.asked("expiry").await?;
    }
    if step > 1 {
        scene.customer(VISA.expiry).await?;
        scene.asked("code").await?;
    }
    if step > 2 {
        scene.customer("737").await?;
        scene.told("charging").await?;
    }
    let leaver = if customer { &scene.call.customer } else { &scene.call.agent };
    leaver.hang_up().await?;
    let end = scene.told("ended").await?;
    let ending = end.event["ending"].as_str().unwrap_or_default().to_owned();
    // Whoever hangs up ends the other leg too, so either may be seen to leave first.
    let left = ending == "customer_left" || ending == "agent_left";
    if step < 3 {
        ensure!(left, "step {step}: ended as {ending}");
        ensure!(scene.charges() == 0, "step {step}: charged although somebody hung up before");
    } else {
        ensure!(ending == "approved", "a charge under way ended as {ending}");
        ensure!(scene.charges() == 1, "charged {} times", scene.charges());
    }
    scene.nobody_got_a_digit().await?;
    scene.set.daemon.stop().await
}

async fn the_customer_hangs_up_at_each_step(stage: Stage) -> Told {
    for step in 0..4 {
        hang_up_at(&stage, step, true).await?;
    }
    Ok(())
}

async fn the_agent_hangs_up_at_each_step(stage: Stage) -> Told {
    for step in 0..4 {
        hang_up_at(&stage, step, false).await?;
    }
    Ok(())
}

async fn the_agent_transfers_the_customer_away(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan::default()).await?;
    scene.pay().await?;
    scene.customer("41111111").await?;
    scene.call.agent.transfer("9196").await?;
    let end = scene.told("ended").await?;
    let ending = end.event["ending"].as_str().unwrap_or_default().to_owned();
    ensure!(ending == "seal_lost" || ending == "agent_left", "a transferred capture ended as {ending}");
    ensure!(scene.charges() == 0, "a transferred capture was charged");
    scene.nobody_got_a_digit().await
}

async fn refused(stage: Stage, media: Media, why: &str) -> Told {
    let scene = open(&stage, CallPlan { media, ..CallPlan::default() }).await?;
    let body = serde_json::json!({ "amount": "10.00", "leg": scene.call.customer_leg });
    let mut scene = scene;
    scene.set.daemon.post("/v1/payments", body).await?;
    let refused = scene.told("seal_refused").await?;
    ensure!(refused.event["why"] == why, "{}", refused.event);
    scene.ended("not_sealed").await?;
    let asked = scene.events().all().iter().any(|seen| seen.kind() == "field_opened");
    ensure!(!asked, "a card was asked for on a line that cannot be sealed");
    tokio::time::sleep(Duration::from_millis(300)).await;
    scene.they_talk().await
}

async fn proxied_media_are_refused(stage: Stage) -> Told {
    refused(stage, Media::Proxy, "proxy_media").await
}

async fn passed_key_packets_are_refused(stage: Stage) -> Told {
    refused(stage, Media::PassKeys, "pass_rfc2833").await
}
