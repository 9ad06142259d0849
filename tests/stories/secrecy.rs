//! After a payment, approved or declined, nothing of the card is left anywhere.

use tonegate::inspect::stage::CallPlan;

use crate::scene::{Scene, Told, VARIED};
use crate::story;
use crate::teller::{Stage, Story};

pub fn stories() -> Vec<Story> {
    vec![story!(nothing_is_left_after_an_approval), story!(nothing_is_left_after_a_decline)]
}

async fn nothing_is_left_after_an_approval(stage: Stage) -> Told {
    let mut scene = Scene::open(&stage, CallPlan::default()).await?;
    scene.pay_with(VARIED).await?;
    scene.ended("approved").await?;
    scene.nothing_is_left(VARIED)
}

async fn nothing_is_left_after_a_decline(stage: Stage) -> Told {
    // 51: short of funds.
    let plan = CallPlan { amount: Some("10.51"), ..CallPlan::default() };
    let mut scene = Scene::open(&stage, plan).await?;
    scene.pay_with(VARIED).await?;
    scene.told("declined").await?;
    // While the agent still decides, nothing may be left either: the charge is over.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    scene.nothing_is_left(VARIED)?;
    scene.agent("*9").await?;
    scene.ended("declined").await?;
    scene.nothing_is_left(VARIED)
}
