//! Payments that go well, sooner or later.

use std::time::{Duration, Instant};

use tonegate::call::Party;
use tonegate::inspect::stage::{CallPlan, Media, Route, StageError};

use crate::ensure;
use crate::scene::{MASTERCARD, SHORT_OF_FUNDS, Told, VISA, open};
use crate::story;
use crate::teller::{Stage, Story};

pub fn stories() -> Vec<Story> {
    vec![
        story!(an_agent_takes_a_payment_and_nobody_gets_a_digit),
        story!(declined_then_another_card),
        story!(wrong_digits_are_corrected),
        story!(the_agent_resets_a_field_while_talking),
        story!(pause_talk_and_resume),
        story!(two_payments_in_one_call_and_ordinary_keys_after),
        story!(the_agent_called_the_customer),
        story!(through_a_queue_of_telephones),
        story!(through_a_queue_of_another_kind),
        story!(bypassed_media_are_brought_back),
        story!(hold_and_resume_during_capture),
        story!(the_api_begins_a_payment),
        story!(the_customer_cannot_begin_anything),
        story!(the_agent_keys_the_amount),
    ]
}

async fn an_agent_takes_a_payment_and_nobody_gets_a_digit(stage: Stage) -> Told {
    let plan = CallPlan { record: true, ..CallPlan::default() };
    let mut scene = open(&stage, plan).await?;
    scene.they_talk().await?;
    let began = Instant::now();
    scene.pay().await?;
    ensure!(
        scene.call.customer.hears_prompt(began, Instant::now() + Duration::from_millis(1)) || {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            scene.call.customer.hears_prompt(began, Instant::now())
        },
        "the customer heard no prompt"
    );
    ensure!(scene.call.agent.hears_prompt(began, Instant::now()), "the agent heard no whisper");
    scene.card(VISA).await?;
    let approved = scene.told("approved").await?;
    ensure!(approved.event["attempt"] == 1, "{}", approved.event);
    scene.ended("approved").await?;
    ensure!(scene.charges() == 1, "the bank charged {} times", scene.charges());
    let kinds: Vec<_> = scene.events().all().iter().map(|seen| seen.kind().to_owned()).collect();
    let keys = kinds.iter().filter(|kind| *kind == "progress").count();
    ensure!(keys == VISA.number().len() + VISA.expiry.len() + VISA.code.len(), "{keys} keys arrived");
    scene.they_talk().await?;
    scene.nobody_got_a_digit().await?;
    scene.call.customer.hang_up().await?;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    scene.nobody_got_a_digit().await?;
    // The recordings are whole: they go on after the payment, with voice in them.
    let records = scene.set.theatre.records().await?;
    for path in records
        .recordings
        .iter()
        .filter(|path| path.file_stem().is_some_and(|leg| leg == scene.call.agent_leg.as_str()))
    {
        ensure!(ends_with_voice(path)?, "{} is silent after the payment", path.display());
    }
    Ok(())
}

/// Whether anything is to be heard between the last two seconds and the last half second of a recording.
fn ends_with_voice(path: &std::path::Path) -> Result<bool, StageError> {
    let failed = |fault: hound::Error| StageError(format!("{}: {fault}", path.display()));
    let mut wav = hound::WavReader::open(path).map_err(failed)?;
    let per_second = wav.spec().sample_rate as usize * usize::from(wav.spec().channels);
    let samples = wav.samples::<i16>().collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let part = samples.len().saturating_sub(2 * per_second)..samples.len().saturating_sub(per_second / 2);
    Ok(samples[part].iter().any(|sample| sample.unsigned_abs() > 200))
}

async fn declined_then_another_card(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan::default()).await?;
    scene.pay_with(SHORT_OF_FUNDS).await?;
    let declined = scene.told("declined").await?;
    ensure!(declined.event["reason"] == "insufficient_funds", "{}", declined.event);
    // The shield outlasts the last tone; then they talk.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    scene.they_talk().await?;
    scene.agent("*2").await?;
    scene.asked("number").await?;
    scene.card(MASTERCARD).await?;
    let approved = scene.told("approved").await?;
    ensure!(approved.event["attempt"] == 2, "{}", approved.event);
    scene.ended("approved").await?;
    scene.nobody_got_a_digit().await
}

async fn wrong_digits_are_corrected(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan::default()).await?;
    scene.pay().await?;
    // A star clears the field.
    scene.customer("4222*").await?;
    scene.told("cleared").await?;
    // A wrong check digit is told by a hint that gives nothing away.
    scene.customer("4111111111111112#").await?;
    let refused = scene.told("field_refused").await?;
    ensure!(refused.event["hint"] == "check_digit", "{}", refused.event);
    scene.asked("number").await?;
    scene.customer(&VISA.number()).await?;
    scene.asked("expiry").await?;
    scene.customer("1320").await?;
    let refused = scene.told("field_refused").await?;
    ensure!(refused.event["hint"] == "expiry_invalid", "{}", refused.event);
    scene.asked("expiry").await?;
    scene.customer(VISA.expiry).await?;
    scene.asked("code").await?;
    scene.customer("12#").await?;
    let refused = scene.told("field_refused").await?;
    ensure!(refused.event["hint"] == "too_short", "{}", refused.event);
    scene.asked("code").await?;
    scene.customer(VISA.code).await?;
    scene.ended("approved").await?;
    scene.nobody_got_a_digit().await
}

async fn the_agent_resets_a_field_while_talking(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan::default()).await?;
    scene.pay().await?;
    scene.customer("41111").await?;
    let from = Instant::now();
    scene.agent("*1").await?;
    let agent = scene.told("agent").await?;
    ensure!(agent.event["command"] == "restart_field", "{}", agent.event);
    scene.asked("number").await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    ensure!(
        scene.call.customer.hears_voice(Party::Agent, from, Instant::now()),
        "the agent cannot be heard while a field is open"
    );
    let star_one = scene.call.customer.keys_received();
    ensure!(!star_one.contains('1'), "the agent's keys reached the customer: {star_one:?}");
    scene.card(VISA).await?;
    scene.ended("approved").await?;
    scene.nobody_got_a_digit().await
}

async fn pause_talk_and_resume(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan::default()).await?;
    scene.pay().await?;
    scene.customer("4111").await?;
    scene.agent("*3").await?;
    scene.told("paused").await?;
    // The shield outlasts the last tone; then they talk.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    scene.they_talk().await?;
    // Keys during a pause go nowhere.
    scene.customer("99").await?;
    scene.agent("*3").await?;
    scene.asked("number").await?;
    scene.card(VISA).await?;
    scene.ended("approved").await?;
    scene.nobody_got_a_digit().await
}

async fn two_payments_in_one_call_and_ordinary_keys_after(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan::default()).await?;
    scene.pay_with(VISA).await?;
    scene.ended("approved").await?;
    scene.they_talk().await?;
    scene.pay_with(MASTERCARD).await?;
    scene.ended("approved").await?;
    ensure!(scene.charges() == 2, "two payments, {} charges", scene.charges());
    scene.nobody_got_a_digit().await?;
    // The leg is an ordinary leg again: its keys reach the agent.
    scene.customer("123").await?;
    tokio::time::sleep(Duration::from_millis(600)).await;
    let got = scene.call.agent.keys_received();
    ensure!(got == "123", "after the payment the agent gets {got:?} instead of 123");
    Ok(())
}

async fn by_route(stage: Stage, route: Route) -> Told {
    let mut scene = open(&stage, CallPlan { route, ..CallPlan::default() }).await?;
    scene.they_talk().await?;
    scene.pay_with(VISA).await?;
    scene.ended("approved").await?;
    scene.they_talk().await?;
    scene.nobody_got_a_digit().await
}

async fn the_agent_called_the_customer(stage: Stage) -> Told {
    by_route(stage, Route::Outbound).await
}

/// FreeSWITCH: mod_callcenter. Asterisk: app_queue, the telephone itself being the member.
async fn through_a_queue_of_telephones(stage: Stage) -> Told {
    by_route(stage, Route::CallCenter).await
}

/// FreeSWITCH: mod_fifo. Asterisk: app_queue with a Local channel as member, as FreePBX has it.
async fn through_a_queue_of_another_kind(stage: Stage) -> Told {
    by_route(stage, Route::Fifo).await
}

async fn bypassed_media_are_brought_back(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan { media: Media::Bypass, ..CallPlan::default() }).await?;
    // Past the PBX no feature code is heard: the API begins.
    let body = serde_json::json!({ "amount": "10.00", "leg": scene.call.customer_leg });
    scene.set.daemon.post("/v1/payments", body).await?;
    scene.asked("number").await?;
    scene.card(VISA).await?;
    scene.ended("approved").await?;
    scene.they_talk().await?;
    scene.nobody_got_a_digit().await
}

async fn hold_and_resume_during_capture(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan::default()).await?;
    scene.pay().await?;
    scene.customer("41111111").await?;
    scene.call.customer.hold().await?;
    tokio::time::sleep(Duration::from_millis(700)).await;
    scene.call.customer.resume().await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    scene.customer("11111111").await?;
    scene.asked("expiry").await?;
    scene.customer(VISA.expiry).await?;
    scene.asked("code").await?;
    scene.customer(VISA.code).await?;
    scene.ended("approved").await?;
    scene.nobody_got_a_digit().await
}

async fn the_api_begins_a_payment(stage: Stage) -> Told {
    let mut scene = open(&stage, CallPlan { amount: None, ..CallPlan::default() }).await?;
    let body = serde_json::json!({ "amount": "19.99", "currency": "EUR", "leg": scene.call.customer_leg, "reference": "A-1" });
    let begun = scene.set.daemon.post("/v1/payments", body).await?;
    let id = begun["payment"].as_str().unwrap_or_default().to_owned();
    scene.asked("number").await?;
    scene.customer("4111").await?;
    scene
        .set
        .daemon
        .post(&format!("/v1/payments/{id}/commands"), serde_json::json!({ "command": "pause" }))
        .await?;
    scene.told("paused").await?;
    scene
        .set
        .daemon
        .post(&format!("/v1/payments/{id}/commands"), serde_json::json!({ "command": "resume" }))
        .await?;
    scene.asked("number").await?;
    scene.card(VISA).await?;
    scene.ended("approved").await?;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let payment = scene.set.daemon.get(&format!("/v1/payments/{id}")).await?;
    ensure!(payment["ending"] == "approved" && payment["amount"] == "19.99", "{payment}");
    ensure!(payment["reference"] == "A-1" && payment["brand"] == "visa", "{payment}");
    scene.nobody_got_a_digit().await
}

async fn the_customer_cannot_begin_anything(stage: Stage) -> Told {
    let scene = open(&stage, CallPlan::default()).await?;
    scene.call.customer.key("*729", 100, 100).await?;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let all = scene.events().all();
    ensure!(all.is_empty(), "the customer's keys began {:?}", all.first().map(|seen| seen.event.to_string()));
    scene.they_talk().await
}

async fn the_agent_keys_the_amount(stage: Stage) -> Told {
    let plan = CallPlan { amount: None, code_digits: true, ..CallPlan::default() };
    let mut scene = open(&stage, plan).await?;
    scene.agent("*7291234#").await?;
    scene.asked("number").await?;
    scene.card(VISA).await?;
    scene.ended("approved").await?;
    let ledger = scene.set.bank.ledger();
    let amount = ledger.first().and_then(|line| line.amount.clone()).unwrap_or_default();
    ensure!(amount.starts_with("12.34"), "the bank charged {amount}");
    scene.nobody_got_a_digit().await
}
