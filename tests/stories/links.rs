//! The agent switches to a payment link during the call, from the telephone's keys alone.

use std::time::Duration;

use serde_json::Value;
use tonegate::inspect::stage::{CallPlan, FarEnd, SetOptions};

use crate::ensure;
use crate::scene::{Scene, Told, open_with};
use crate::story;
use crate::teller::{Stage, Story};

pub fn stories() -> Vec<Story> {
    vec![
        story!(the_key_for_other_means_sends_a_link),
        story!(a_key_that_can_send_nothing_ends_the_payment_as_ever),
    ]
}

fn configured(far_end: &FarEnd, options: &mut SetOptions) {
    far_end.configure(options).expect("a key is written");
}

async fn sent(scene: &mut Scene, state: &str) -> Told {
    let fits = |event: &Value| event["type"] == "message" && event["state"] == state;
    scene.next(&format!("a message that is {state}"), fits).await.map(|_| ())
}

async fn the_key_for_other_means_sends_a_link(stage: Stage) -> Told {
    let far_end = FarEnd::start().await?;
    let plan = CallPlan { language: Some("fr"), ..CallPlan::default() };
    let mut scene = open_with(&stage, plan, |options| configured(&far_end, options)).await?;
    scene.pay().await?;
    scene.customer("4111").await?;
    scene.agent("*4").await?;
    scene.ended("other_means").await?;
    sent(&mut scene, "taken").await?;
    let texts = far_end.texts();
    ensure!(texts.len() == 1, "{texts:?}");
    // The customer calls from 0123456789.
    ensure!(texts[0]["to"] == "+33123456789", "{texts:?}");
    let words = texts[0]["text"].as_str().unwrap_or_default();
    ensure!(words.contains("42,50 EUR") && words.contains("https://pay.example/1"), "{words}");
    ensure!(!words.contains("4111"), "{words}");
    scene.they_talk().await?;
    far_end.pay();
    scene.next("paid by link", |event| event["type"] == "operation" && event["link"] == "paid").await?;
    ensure!(scene.charges() == 0, "the card was charged");
    scene.nobody_got_a_digit().await
}

async fn a_key_that_can_send_nothing_ends_the_payment_as_ever(stage: Stage) -> Told {
    let far_end = FarEnd::start().await?;
    // The merchant's connector makes no links.
    let mut scene = open_with(&stage, CallPlan::default(), |options| {
        configured(&far_end, options);
        options.psp = "bank".into();
    })
    .await?;
    scene.pay().await?;
    scene.agent("*4").await?;
    scene.ended("other_means").await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    ensure!(far_end.texts().is_empty() && far_end.pages().is_empty(), "something was sent");
    scene.they_talk().await
}
