//! Scenarios without an agent.

use std::time::Duration;

use super::super::{Handset, Set, StageError};
use super::{Audience, Review, Scenario};

impl Scenario {
    /// The customer pays alone.
    pub(super) async fn play_alone(
        &self,
        mut set: Set,
        audience: &dyn Audience,
    ) -> Result<Review, StageError> {
        let customer = match self.name {
            "instalments" => self.choose(&set, audience).await?,
            _ => {
                audience.does("customer", "dials the payment number");
                let customer = set.theatre.dial_direct(self.keys).await?;
                audience.opens(&*customer, None, &set);
                customer
            }
        };
        let number = self.card.number();
        for (field, keys) in
            [("number", number.as_str()), ("expiry", self.card.expiry), ("code", self.card.code)]
        {
            set.events.wait(0, 30_000, field, |e| e["type"] == "field_opened" && e["field"] == field).await?;
            customer.key(keys, set.pace.tone_ms, set.pace.gap_ms).await?;
        }
        set.events.wait_for(0, "confirming").await?;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        audience.does("customer", "keys 1: pay");
        customer.key("1", 60, 60).await?;
        let end = set.events.wait(0, 60_000, "the end", |e| e["type"] == "ended").await?;
        let ending = end.event["ending"].as_str().unwrap_or_default().to_owned();
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let charges = set.bank.ledger().iter().map(|line| line.charges as usize).sum();
        let mut review = Review { ending, charges, clean: Vec::new(), unsearched: Vec::new() };
        let needles = crate::inspect::residue::Needles::for_card(&number, self.card.code)
            .map_err(|fault| StageError(fault.to_string()))?;
        let records = set.theatre.records().await?;
        for (name, bytes) in &records.texts {
            let text = String::from_utf8_lossy(bytes);
            if text.contains(&number) {
                return Err(StageError(format!("the PBX's {name} holds the card number")));
            }
        }
        review.clean.push(
            "the whole number: not in the PBX's log, CDRs, or any event a second client was sent".into(),
        );
        let unsearched = ["single keys in the PBX's log, CDRs and events", "memory of the tonegate process"];
        review.unsearched = unsearched.map(String::from).to_vec();
        let files = crate::inspect::residue::scan_path(&set.directory, &needles)
            .map_err(|fault| StageError(fault.to_string()))?;
        if !files.clean() {
            return Err(StageError("files of the daemon hold the card number".into()));
        }
        review
            .clean
            .push(format!("database, log and configuration of tonegate ({} kB)", files.bytes_read / 1024));
        set.daemon.stop().await?;
        Ok(review)
    }

    /// The customer says what for, and how much of it.
    async fn choose(&self, set: &Set, audience: &dyn Audience) -> Result<Box<dyn Handset>, StageError> {
        let order = serde_json::json!({
            "reference": "4711", "amount": "120.00", "description": "Invoice 4711",
            "partial_payments": true, "minimum": "20.00",
        });
        set.daemon.post("/v1/orders", order).await?;
        audience.does("company", "writes order 4711 down: 120.00, in parts of at least 20.00");
        audience.does("customer", "dials the payment number");
        let customer = set.theatre.dial_unsaid(self.keys).await?;
        audience.opens(&*customer, None, set);
        let asked = async |field: &str| {
            let opened =
                |e: &serde_json::Value| e["type"] == "field_opened" && e["field"].as_str() == Some(field);
            set.events.wait(0, 30_000, field, opened).await
        };
        asked("reference").await?;
        audience.does("customer", "keys the reference");
        customer.key("4711#", set.pace.tone_ms, set.pace.gap_ms).await?;
        let told = |e: &serde_json::Value| {
            e["type"] == "says" && e["words"].as_str().is_some_and(|words| words.contains("1. "))
        };
        set.events.wait(0, 30_000, "the choice", told).await?;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        audience.does("customer", "keys 2: a part, then 40");
        customer.key("2", 60, 60).await?;
        asked("amount").await?;
        customer.key("40#", set.pace.tone_ms, set.pace.gap_ms).await?;
        Ok(customer)
    }
}
