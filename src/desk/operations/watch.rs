//! Links while their customers pay: looked at every few seconds where no webhook tells.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::psp::{LinkState, Operation};
use crate::store::{OperationId, OperationRecord, OrderFault};

use super::super::Desk;

/// From one look to the next.
const LOOK_INTERVAL_MS: u64 = 5_000;
/// How long a customer who was just sent a link is waited for; after that, its end is looked at.
const LOOK_FOR_MS: u64 = 30 * 60_000;
/// Links that are looked at at the same time; of more, webhooks and their ends tell.
pub(in crate::desk) const LINKS_WATCHED_MAX: usize = 200;

/// Who ends a link because its order is paid by telephone.
const ACTOR: &str = "tonegate";

impl Desk {
    /// Looks at a link that was just made until it is paid or ended, or for half an hour.
    pub(super) fn watch_link(self: &Arc<Self>, link: &OperationRecord) {
        let told = self.account(&link.psp).is_some_and(|psp| psp.capabilities().can(Operation::Webhook));
        let Ok(place) = Arc::clone(&self.watched).try_acquire_owned() else { return };
        if told || link.psp_reference.is_none() {
            return;
        }
        let (desk, id) = (Arc::clone(self), link.id);
        self.charges.spawn(async move {
            let _place = place;
            for _ in 0..LOOK_FOR_MS / LOOK_INTERVAL_MS {
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_millis(LOOK_INTERVAL_MS)) => {}
                    () = desk.draining.cancelled() => return,
                }
                let state = match desk.link(id).await {
                    Ok(link) => link.link.and_then(|link| link.state),
                    Err(fault) => return tracing::warn!(link = id.key(), "a link is not looked at: {fault}"),
                };
                if matches!(state, Some(LinkState::Paid | LinkState::Ended)) {
                    return;
                }
            }
        });
    }

    /// Ends the link that could pay an order which is about to be paid by telephone. Whether nobody can pay by it now.
    pub(in crate::desk) async fn end_link_in_the_way(self: &Arc<Self>, fault: &OrderFault) -> bool {
        let OrderFault::Link { link, .. } = fault else { return false };
        let Ok(id) = link.parse::<Uuid>() else { return false };
        let id = OperationId(id);
        // Providers refuse to end what was paid; so it is looked at once more.
        let ended = async {
            self.expire_link(id, ACTOR).await?;
            self.link(id).await
        };
        match ended.await {
            // One that was paid meanwhile is found where the order is looked at again.
            Ok(now) => {
                let state = now.link.and_then(|link| link.state);
                matches!(state, Some(LinkState::Ended | LinkState::Paid))
            }
            Err(fault) => {
                tracing::warn!(link = id.key(), "the link of an order was not ended: {fault}");
                false
            }
        }
    }
}
