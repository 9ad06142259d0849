//! Two hundred calls at once.

use std::time::Duration;

use tonegate::inspect::stage::{CallPlan, Conversation, StageError};

use crate::ensure;
use crate::scene::{Told, VISA, set};
use crate::story;
use crate::teller::{Stage, Story};

/// Calls at once.
const CALLS: usize = 200;

pub fn stories() -> Vec<Story> {
    vec![story!(two_hundred_payments_at_once)]
}

async fn two_hundred_payments_at_once(stage: Stage) -> Told {
    let set = set(&stage, |_| {}).await?;
    let mut calls = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        calls.push(set.theatre.call(&CallPlan::default()).await?);
    }
    for call in &calls {
        let body = serde_json::json!({ "amount": "10.00", "leg": call.customer_leg });
        set.daemon.post("/v1/payments", body).await?;
    }
    set.events
        .wait(0, 60_000, "the last call to be asked", {
            let events = &set.events;
            move |_| events.all().iter().filter(|seen| seen.kind() == "field_opened").count() >= CALLS
        })
        .await?;
    let all: Vec<_> = calls.iter().map(|call| key_card(call)).collect();
    for keyed in futures_util::future::join_all(all).await {
        keyed?;
    }
    set.events
        .wait(0, 90_000, "the last approval", {
            let events = &set.events;
            move |_| events.all().iter().filter(|seen| seen.kind() == "approved").count() >= CALLS
        })
        .await?;
    let charges: u32 = set.bank.ledger().iter().map(|line| line.charges).sum();
    ensure!(charges as usize == CALLS, "{CALLS} payments, {charges} charges");
    for call in &calls {
        let (keys, tones) = (call.agent.keys_received(), call.agent.tones_heard());
        ensure!(keys.is_empty() && tones.is_empty(), "an agent got {keys:?} and {tones:?}");
        call.customer.hang_up().await?;
    }
    Ok(())
}

/// Everybody keys the three fields without waiting to be asked: the prompts are interrupted.
async fn key_card(call: &Conversation) -> Result<(), StageError> {
    call.customer.key(&VISA.number(), 60, 60).await?;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    call.customer.key(VISA.expiry, 60, 60).await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    call.customer.key(VISA.code, 60, 60).await?;
    Ok(())
}
