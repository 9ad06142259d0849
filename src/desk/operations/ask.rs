//! Asking the provider for a change, and what its answer means for the record.

use crate::psp::{Change, Effect, Operation, Psp, Reply};
use crate::store::{OperationKind, OperationOutcome, OperationRecord, OperationState, Teller};

use super::super::Desk;
use super::super::event::EventBody;
use super::OperationFault;

/// What an account has to be able to do for it.
pub(super) fn wanted(kind: OperationKind) -> Option<Operation> {
    match kind {
        OperationKind::Capture => Some(Operation::Capture),
        OperationKind::Cancel => Some(Operation::Cancel),
        OperationKind::Refund => Some(Operation::Refund),
        OperationKind::Link => Some(Operation::Link),
        OperationKind::Chargeback => None,
    }
}

/// What a reply means; `again` if the same key was sent before. That this request did nothing says nothing of the
/// earlier one.
pub(super) fn outcome<T>(reply: &Reply<T>, name: impl FnOnce(&T) -> String, again: bool) -> OperationOutcome {
    let (state, psp_reference) = match &reply.effect {
        Effect::Done(made) => (OperationState::Done, Some(name(made))),
        Effect::Taken(made) => (OperationState::Taken, Some(name(made))),
        Effect::Refused(_) | Effect::NotDone if !again => (OperationState::Refused, None),
        Effect::Refused(_) | Effect::NotDone | Effect::Unknown => (OperationState::Unknown, None),
    };
    let remedy = reply.remedy.as_deref().map(|remedy| format!(": {remedy}")).unwrap_or_default();
    OperationOutcome {
        state,
        psp_reference,
        detail: format!("{}{remedy}", reply.detail),
        may_resend: reply.may_retry,
    }
}

async fn ask(psp: &dyn Psp, kind: OperationKind, change: &Change) -> Reply<String> {
    match kind {
        OperationKind::Capture => psp.capture(change).await,
        OperationKind::Cancel => psp.cancel(change).await,
        OperationKind::Refund => psp.refund(change).await,
        OperationKind::Chargeback | OperationKind::Link => Reply::cannot("this is no change of a charge"),
    }
}

impl Desk {
    /// Sends a change that is written down, and writes down what came of it.
    pub(super) async fn send_change(
        &self,
        operation: OperationRecord,
        again: bool,
    ) -> Result<OperationRecord, OperationFault> {
        let psp = self.account(&operation.psp);
        let psp = psp.ok_or_else(|| OperationFault::NoSuchAccount(operation.psp.clone()))?;
        let change = Change {
            key: operation.id.key(),
            reference: operation.charge_reference.clone().unwrap_or_default(),
            amount: operation.amount,
        };
        self.store.operation_sent(operation.id).await?;
        let reply = ask(psp.as_ref(), operation.kind, &change).await;
        self.came(operation, &outcome(&reply, String::clone, again)).await
    }

    /// Writes an outcome down, tells whoever listens, and returns how the operation stands.
    pub(super) async fn came(
        &self,
        operation: OperationRecord,
        outcome: &OperationOutcome,
    ) -> Result<OperationRecord, OperationFault> {
        if outcome.state == OperationState::Refused {
            tracing::warn!(
                psp = operation.psp,
                operation = operation.id.key(),
                "the provider did not do the {}: {}",
                operation.kind.word(),
                outcome.detail
            );
        }
        match self.store.settle_operation(operation.id, outcome, Teller::Answer).await? {
            Some(now) => {
                self.tell_operation(&now);
                Ok(now)
            }
            // A webhook was faster, and is told already.
            None => Ok(self.store.operation(operation.id).await?.unwrap_or(operation)),
        }
    }

    /// For the feed; the trail was written together with the operation.
    pub(in crate::desk) fn tell_operation(&self, operation: &OperationRecord) {
        let body = EventBody::Operation {
            operation: operation.id.0,
            kind: operation.kind.word(),
            state: operation.state.word(),
            amount: operation.amount.to_string(),
            link: operation.link.as_ref().and_then(|link| link.state).map(crate::psp::LinkState::word),
        };
        self.feed.publish(operation.payment.unwrap_or(operation.id.0), body);
    }
}
