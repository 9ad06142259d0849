//! Operations that a former life of the daemon, or a lost answer, left open; and links that nobody told of.

use std::sync::Arc;

use crate::store::{OperationKind, OperationOutcome, OperationRecord, OperationState};

use super::super::Desk;

/// How long after it was written down a key may be sent again: providers forget keys after a day at the earliest.
const RESEND_BOUND_MS: i64 = 12 * 3_600 * 1_000;

/// How long after its end a link is asked for: a customer may have paid in the last second.
const LINK_LOOK_MS: i64 = 24 * 3_600 * 1_000;

/// What can be done about an operation that is open.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    /// It never left the house.
    NeverSent,
    /// The same key gets the first answer, and does it once.
    SendAgain,
    /// Only a webhook, or a person, can tell.
    Wait,
}

fn look(operation: &OperationRecord, deduplicates: bool, now_ms: i64) -> Look {
    let young = now_ms.saturating_sub(operation.journalled_at_ms) < RESEND_BOUND_MS;
    match operation.state {
        OperationState::Journalled => Look::NeverSent,
        // What was sent for a link is not kept.
        _ if operation.kind == OperationKind::Link || !young => Look::Wait,
        // The daemon died with it: its answer was lost.
        OperationState::Sent if deduplicates => Look::SendAgain,
        OperationState::Unknown if operation.may_resend => Look::SendAgain,
        _ => Look::Wait,
    }
}

impl Desk {
    /// One look at everything that is open.
    pub(in crate::desk) async fn look_at_open_operations(self: &Arc<Self>) {
        let open = match self.store.open_operations().await {
            Ok(open) => open,
            Err(fault) => return tracing::error!("open operations cannot be looked up: {fault}"),
        };
        for operation in open {
            if self.underway.holds(operation.id) {
                continue;
            }
            self.look_at_operation(operation).await;
        }
        self.look_at_links().await;
    }

    async fn look_at_operation(self: &Arc<Self>, operation: OperationRecord) {
        let deduplicates = self.account(&operation.psp).is_some_and(|psp| psp.capabilities().deduplicates);
        let key = operation.id.key();
        let now_ms = jiff::Timestamp::now().as_millisecond();
        let done = match look(&operation, deduplicates, now_ms) {
            Look::Wait => return,
            Look::NeverSent => {
                let outcome = OperationOutcome {
                    state: OperationState::Refused,
                    psp_reference: None,
                    detail: "the daemon stopped before it was sent".into(),
                    may_resend: false,
                };
                self.came(operation, &outcome).await
            }
            Look::SendAgain => {
                let Ok(guard) = self.may_begin(operation.id) else { return };
                self.apart(guard, move |desk| async move { desk.send_change(operation, true).await }).await
            }
        };
        if let Err(fault) = done {
            tracing::warn!(operation = key, "an open operation stays open: {fault}");
        }
    }

    /// Asks for links whose end nobody told: a webhook may be lost, or not configured.
    async fn look_at_links(self: &Arc<Self>) {
        let now_ms = jiff::Timestamp::now().as_millisecond();
        let links = match self.store.payable_links(now_ms.saturating_sub(LINK_LOOK_MS), now_ms).await {
            Ok(links) => links,
            Err(fault) => return tracing::error!("payment links cannot be looked up: {fault}"),
        };
        for operation in links {
            if let Err(fault) = self.link(operation.id).await {
                tracing::warn!(operation = operation.id.key(), "a link was not looked at: {fault}");
            }
        }
    }
}
