//! Outcomes that are not known: nobody takes the card again by mistake, and the agent hears when they are.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tonegate::inspect::stage::{CallPlan, Scene, StageError};

use crate::ensure;
use crate::scene::{Told, VISA, open_with};
use crate::story;
use crate::teller::{Stage, Story};

pub fn stories() -> Vec<Story> {
    vec![
        story!(the_agent_hears_when_the_outcome_is_known),
        story!(an_order_whose_outcome_is_unknown_is_not_taken_again),
    ]
}

/// A payment for the order A-9 whose answer comes too late to be waited for; returns once the call has said so.
async fn unknown(stage: &Stage, slow_answer_ms: u64) -> Result<(Scene, String), StageError> {
    let mut scene = open_with(stage, CallPlan::default(), |o| {
        o.slow_answer_ms = slow_answer_ms;
        // Nobody asks the bank again within the call.
        o.deduplicates = false;
        o.query = false;
        o.capture = "bank_slow_ms = 1000\nbank_bound_ms = 5000\n".into();
    })
    .await?;
    let begun = scene.set.daemon.post("/v1/payments", order(&scene, &[])).await?;
    scene.asked("number").await?;
    scene.card(VISA).await?;
    scene.told("outcome_unknown").await?;
    scene.ended("unknown").await?;
    Ok((scene, begun["payment"].as_str().unwrap_or_default().to_owned()))
}

/// What the API is asked. 71: charged, and the answer is late.
fn order(scene: &Scene, more: &[(&str, Value)]) -> Value {
    let mut body = json!({ "amount": "10.71", "leg": scene.call.customer_leg, "reference": "A-9" });
    for (name, value) in more {
        body[*name] = value.clone();
    }
    body
}

async fn heard(scene: &Scene, from: Instant) -> bool {
    for _ in 0..50 {
        if scene.call.agent.hears_prompt(from, Instant::now()) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

async fn the_agent_hears_when_the_outcome_is_known(stage: Stage) -> Told {
    let (mut scene, id) = unknown(&stage, 9_000).await?;
    // What was still being said is over; they talk on.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let from = Instant::now();
    // The daemon that comes back can ask the bank.
    scene.set.daemon.stop().await?;
    let config = std::fs::read_to_string(&scene.set.settings.config)?;
    let query = format!("kind = \"generic\"\nquery_url = \"{}\"", scene.set.bank.query_url());
    std::fs::write(&scene.set.settings.config, config.replace("kind = \"generic\"", &query))?;
    scene.set.restart_daemon().await?;
    let settled = scene.events().wait(0, 60_000, "the outcome", |e| e["type"] == "settled").await?;
    ensure!(
        settled.event["outcome"] == "approved" && settled.event["payment"] == id.as_str(),
        "{}",
        settled.event
    );
    ensure!(heard(&scene, from).await, "the agent is not told that the payment was approved after all");
    let payment = scene.set.daemon.get(&format!("/v1/payments/{id}")).await?;
    ensure!(payment["ending"] == "approved", "{payment}");
    ensure!(scene.charges() == 1, "charged {} times", scene.charges());
    scene.they_talk().await
}

async fn an_order_whose_outcome_is_unknown_is_not_taken_again(stage: Stage) -> Told {
    let (mut scene, _) = unknown(&stage, 60_000).await?;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let before = scene.events().place();
    let again = scene.set.daemon.post("/v1/payments", order(&scene, &[])).await;
    let told = again.err().map(|fault| fault.0).unwrap_or_default();
    ensure!(told.contains("409") && told.contains("do not take the card again"), "{told}");
    // The agent's own code is refused as well, and the agent hears why.
    let prepared =
        json!({ "amount": "10.71", "agent_extension": "1001", "reference": "A-9", "begin": false });
    scene.set.daemon.post("/v1/payments", prepared).await?;
    let from = Instant::now();
    scene.agent("*729").await?;
    ensure!(heard(&scene, from).await, "the agent hears nothing");
    let begun = scene.events().all().len();
    ensure!(begun == before, "a payment began for an order whose outcome is not known");
    // Another order is another matter, and so is somebody who has looked.
    let other = order(&scene, &[("reference", "A-10".into()), ("amount", "5.00".into())]);
    scene.set.daemon.post("/v1/payments", other).await?;
    scene.asked("number").await?;
    scene.agent("*9").await?;
    scene.ended("cancelled_by_agent").await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let body = order(&scene, &[("amount", "10.00".into()), ("even_if_unknown", true.into())]);
    let begun = scene.set.daemon.post("/v1/payments", body).await?;
    scene.asked("number").await?;
    scene.card(VISA).await?;
    scene.ended("approved").await?;
    let id = begun["payment"].as_str().unwrap_or_default().to_owned();
    scene.set.daemon.stop().await?;
    let store = std::fs::read(scene.set.directory.join("state/payments.sqlite"))?;
    let written = String::from_utf8_lossy(&store).into_owned();
    ensure!(
        written.contains("begun_although_unknown") && written.contains(&id),
        "the trail does not tell who let it begin"
    );
    Ok(())
}
