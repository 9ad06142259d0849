//! Things that break: the bank's answer, the daemon, the link to the PBX.

use std::time::Duration;

use tonegate::inspect::stage::CallPlan;

use crate::ensure;
use crate::scene::{Told, VARIED, VISA, open, open_with};
use crate::story;
use crate::teller::{Stage, Story};

pub fn stories() -> Vec<Story> {
    vec![
        story!(a_lost_answer_is_found_by_the_same_key),
        story!(a_lost_answer_is_found_by_asking),
        story!(a_slow_bank),
        story!(a_bank_that_is_wrongly_configured_is_no_decline),
        story!(the_daemon_is_killed_and_comes_back),
        story!(the_daemon_is_killed_while_the_bank_is_asked),
        story!(the_control_link_is_cut_during_capture),
        story!(the_pbx_crashes_during_capture, not_on: &[(
            "rehearsal",
            "it lives in the process that rehearses, and cannot crash alone"
        )]),
    ]
}

async fn a_lost_answer_is_found_by_the_same_key(stage: Stage) -> Told {
    // 72: charged, and the connection is cut.
    let plan = CallPlan { amount: Some("10.72"), ..CallPlan::default() };
    let mut scene = open(&stage, plan).await?;
    scene.pay_with(VARIED).await?;
    scene.ended("approved").await?;
    ensure!(scene.charges() == 1, "charged {} times", scene.charges());
    scene.nothing_is_left(VARIED)
}

async fn a_lost_answer_is_found_by_asking(stage: Stage) -> Told {
    let plan = CallPlan { amount: Some("10.72"), ..CallPlan::default() };
    let mut scene = open_with(&stage, plan, |o| o.deduplicates = false).await?;
    scene.pay_with(VISA).await?;
    scene.ended("approved").await?;
    let requests: u32 = scene.set.bank.ledger().iter().map(|line| line.requests).sum();
    ensure!(requests == 1, "a connector that does not deduplicate was sent the card {requests} times");
    ensure!(scene.charges() == 1, "charged {} times", scene.charges());
    Ok(())
}

async fn a_slow_bank(stage: Stage) -> Told {
    let plan = CallPlan { amount: Some("10.71"), ..CallPlan::default() };
    let quick = "bank_slow_ms = 1000\n";
    let mut scene = open_with(&stage, plan, |o| {
        o.capture = quick.into();
        o.slow_answer_ms = 3_000;
    })
    .await?;
    scene.pay_with(VISA).await?;
    scene.told("bank_slow").await?;
    scene.ended("approved").await?;
    ensure!(scene.charges() == 1, "charged {} times", scene.charges());
    Ok(())
}

async fn a_bank_that_is_wrongly_configured_is_no_decline(stage: Stage) -> Told {
    // 10: raw card data is not enabled for this account.
    let plan = CallPlan { amount: Some("10.10"), ..CallPlan::default() };
    let mut scene = open(&stage, plan).await?;
    scene.pay_with(VISA).await?;
    scene.told("not_charged").await?;
    let declined = scene.events().all().iter().any(|seen| seen.kind() == "declined");
    ensure!(!declined, "a fault of the configuration was told as a decline");
    scene.agent("*9").await?;
    scene.told("ended").await?;
    let log = std::fs::read_to_string(scene.set.directory.join("tonegate.log"))?;
    ensure!(log.contains("raw card data"), "the admin is not told what is wrong");
    Ok(())
}

async fn the_daemon_is_killed_and_comes_back(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan::default()).await?;
    scene.pay().await?;
    scene.customer(&VISA.number()).await?;
    scene.asked("expiry").await?;
    scene.set.daemon.kill().await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    // The conversation goes on, sealed: what is keyed now reaches nobody.
    scene.customer(VISA.expiry).await?;
    ensure!(scene.call.customer.is_up() && scene.call.agent.is_up(), "the call ended with the daemon");
    ensure!(
        scene.set.theatre.is_sealed(&scene.call.customer_leg).await?,
        "the seal opened with the daemon's end"
    );
    scene.nobody_got_a_digit().await?;
    scene.set.restart_daemon().await?;
    let leg = scene.call.customer_leg.clone();
    for _ in 0..100 {
        if !scene.set.theatre.is_sealed(&leg).await? {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ensure!(!scene.set.theatre.is_sealed(&leg).await?, "the seal of a former life was not ended");
    scene.nobody_got_a_digit().await?;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    scene.they_talk().await?;
    // And a payment can be taken on the same call.
    scene.place = 0;
    scene.pay_with(VISA).await?;
    scene.ended("approved").await?;
    scene.nobody_got_a_digit().await
}

async fn the_daemon_is_killed_while_the_bank_is_asked(stage: Stage) -> Told {
    let plan = CallPlan { amount: Some("10.71"), ..CallPlan::default() };
    let mut scene = open_with(&stage, plan, |o| o.slow_answer_ms = 1_500).await?;
    scene.pay_with(VISA).await?;
    let charging = scene.told("charging").await?;
    let id = charging.event["payment"].as_str().unwrap_or_default().to_owned();
    tokio::time::sleep(Duration::from_millis(200)).await;
    scene.set.daemon.kill().await?;
    scene.set.restart_daemon().await?;
    // The reconciler asks the bank and never sends the card again.
    let settled = scene.events().wait(0, 60_000, "the outcome", |e| e["type"] == "settled").await?;
    ensure!(settled.event["outcome"] == "approved", "{}", settled.event);
    let payment = scene.set.daemon.get(&format!("/v1/payments/{id}")).await?;
    ensure!(payment["attempts"][0]["state"] == "approved", "{payment}");
    ensure!(scene.charges() == 1, "charged {} times", scene.charges());
    Ok(())
}

async fn the_control_link_is_cut_during_capture(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan::default()).await?;
    scene.pay().await?;
    scene.customer("41111").await?;
    scene.set.theatre.cut_control_link().await?;
    scene.next("the alarm", |e| e["type"] == "alarm" && e["alarm"] == "pbx_lost").await?;
    // It comes back by itself; the field is taken again.
    scene.asked("number").await?;
    scene.card(VISA).await?;
    scene.ended("approved").await?;
    scene.nobody_got_a_digit().await
}

async fn the_pbx_crashes_during_capture(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan::default()).await?;
    scene.pay().await?;
    scene.customer("41111").await?;
    scene.nobody_got_a_digit().await?;
    scene.set.theatre.restart().await?;
    // The call is lost with the PBX; nobody was charged.
    let end = scene.told("ended").await?;
    ensure!(end.event["ending"] != "approved", "{}", end.event);
    ensure!(scene.charges() == 0, "charged for a call that is lost");
    for _ in 0..200 {
        if scene.set.daemon.get("/ready").await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // The daemon comes back by itself, and the next call is served.
    scene.call = scene.set.theatre.call(&CallPlan::default()).await?;
    scene.pay_with(VISA).await?;
    scene.ended("approved").await?;
    scene.they_talk().await?;
    scene.nobody_got_a_digit().await
}
