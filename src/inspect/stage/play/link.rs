//! The scenario in which the agent switches to a payment link.

use std::time::Duration;

use super::super::{Scene, SetOptions, StageError};
use super::{Audience, Scenario};
use crate::inspect::stage::FarEnd;

/// What it is called on the command line.
pub(super) const NAME: &str = "link";

impl Scenario {
    /// A provider with pages to pay on, and a gateway for the text.
    pub(super) async fn prepare_link(options: &mut SetOptions) -> Result<(), StageError> {
        let far_end = FarEnd::start().await?;
        far_end.configure(options)?;
        options.far_end = Some(far_end);
        Ok(())
    }

    /// The payment is over, and paid on the customer's own telephone.
    pub(super) async fn pays_by_link(scene: &mut Scene, audience: &dyn Audience) -> Result<(), StageError> {
        let taken = |event: &serde_json::Value| event["type"] == "message" && event["state"] == "taken";
        scene.next("the text with the link", taken).await?;
        let far_end = scene.set.far_end.clone();
        let far_end = far_end.ok_or_else(|| StageError("nobody is at the far end of the link".into()))?;
        let texts = far_end.texts();
        let text = texts.last().and_then(|text| text["text"].as_str()).unwrap_or_default();
        audience.does("customer", &format!("gets a text: \u{201c}{text}\u{201d}"));
        tokio::time::sleep(Duration::from_millis(2_000)).await;
        audience.does("customer", "opens the link, and pays on the provider's page");
        far_end.pay();
        let paid = |event: &serde_json::Value| event["type"] == "operation" && event["link"] == "paid";
        scene.next("the payment by link", paid).await.map(|_| ())
    }
}
