//! One event of the feed, with whose it is.

use std::sync::OnceLock;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::event::EventBody;

/// One event of the feed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Event {
    /// Its number; rises by one.
    pub seq: u64,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: jiff::Timestamp,
    /// The payment it belongs to.
    pub payment: Uuid,
    /// The extension of the agent whose call it is; none in self-service.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub agent: Option<String>,
    /// The customer's leg, by the PBX's own name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub call: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
    /// As listeners read it; written once for all of them.
    #[serde(skip)]
    json: OnceLock<String>,
}

impl Event {
    pub(super) fn new(
        seq: u64,
        payment: Uuid,
        agent: Option<String>,
        call: Option<String>,
        body: EventBody,
    ) -> Self {
        Self { seq, at: jiff::Timestamp::now(), payment, agent, call, body, json: OnceLock::new() }
    }

    /// The event as one line of JSON.
    #[must_use]
    pub fn json(&self) -> &str {
        self.json.get_or_init(|| serde_json::to_string(self).unwrap_or_default())
    }
}
