//! Two hundred calls at once.

use std::time::Duration;

use tonegate::inspect::stage::{CallPlan, Conversation, StageError};

use crate::ensure;
use crate::scene::{Told, VISA, set};
use crate::story;
use crate::teller::{Stage, Story};

/// Calls at once.
const CALLS: usize = 200;

/// How much later than the one before a customer begins to key.
const STAGGER_MS: u64 = 60;

/// Calls that are set up, or begun, at the same time.
const BATCH: usize = 5;

pub fn stories() -> Vec<Story> {
    vec![story!(two_hundred_payments_at_once).alone()]
}

async fn two_hundred_payments_at_once(stage: Stage) -> Told {
    let set = set(&stage, |o| o.prompt_rate_hz = Some(8_000)).await?;
    let mut calls = Vec::with_capacity(CALLS);
    let plan = CallPlan::default();
    while calls.len() < CALLS {
        let batch = (0..BATCH).map(|_| set.theatre.call(&plan));
        for call in futures_util::future::join_all(batch).await {
            calls.push(call?);
        }
    }
    // All are captured at once; they need not all begin within one second.
    for (begun, batch) in calls.chunks(BATCH).enumerate() {
        let codes = batch.iter().map(|call| call.agent.key("*729", 100, 100));
        for keyed in futures_util::future::join_all(codes).await {
            keyed?;
        }
        set.events.wait_count("field_opened", (begun + 1) * BATCH, 30_000).await?;
    }
    let all: Vec<_> = calls.iter().enumerate().map(|(n, call)| key_card(n, call)).collect();
    for keyed in futures_util::future::join_all(all).await {
        keyed?;
    }
    set.events.wait_count("approved", CALLS, 90_000).await?;
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
async fn key_card(n: usize, call: &Conversation) -> Result<(), StageError> {
    tokio::time::sleep(Duration::from_millis(n as u64 * STAGGER_MS)).await;
    call.customer.key(&VISA.number(), 60, 60).await?;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    call.customer.key(VISA.expiry, 60, 60).await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    call.customer.key(VISA.code, 60, 60).await?;
    Ok(())
}
