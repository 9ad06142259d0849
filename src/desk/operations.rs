//! What is asked of a charge after it was made: captures, cancellations, refunds; and payment links.
//!
//! Everything is written down, with a key that follows from its number, before it is sent, and goes through the
//! account that the charge went to. How much may be asked for is decided where it is written down, in one
//! transaction: two refunds at once never give back more than was taken. What is sent goes on if whoever asked has
//! gone, an answer that is lost leaves the operation *unknown*, and it stays so until the same key, a webhook or the
//! provider's own page about the link tells.

mod ask;
mod instead;
mod link;
mod look;
mod watch;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use crate::call::Money;
use crate::store::{NewChange, OperationId, OperationKind, OperationRecord, StoreError, Written};

use super::Desk;

pub use instead::LINK_KEPT_MS;
pub use link::LinkRequest;
pub(super) use watch::LINKS_WATCHED_MAX;

/// Why nothing was asked of the provider.
#[derive(Debug, thiserror::Error)]
pub enum OperationFault {
    /// It may not be done to this payment ([`crate::store::ChangeFault`]), or could not be written down.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The charge went to an account that is configured no more.
    #[error("the account `{0}` is configured no more; write its [[psp]] again, or do it at the provider")]
    NoSuchAccount(String),
    /// The provider cannot do it.
    #[error("the account `{psp}` cannot do it: {reason}")]
    Cannot {
        /// The account.
        psp: String,
        /// Why not.
        reason: &'static str,
    },
    /// The daemon is stopping.
    #[error("the daemon is stopping; ask again when it is back")]
    Draining,
    /// What asked the provider came to an untimely end; the operation is looked after.
    #[error("what became of it is not known yet; look the operation up later")]
    Interrupted,
}

/// Operations that are being sent by this very process, which nobody else has to look after.
#[derive(Default)]
pub(super) struct Underway(Mutex<BTreeSet<OperationId>>);

impl Underway {
    fn begin(self: &Arc<Self>, id: OperationId) -> UnderwayGuard {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        UnderwayGuard { all: Arc::clone(self), id }
    }

    fn holds(&self, id: OperationId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&id)
    }
}

struct UnderwayGuard {
    all: Arc<Underway>,
    id: OperationId,
}

impl Drop for UnderwayGuard {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

impl Desk {
    /// Gives money back: `amount`, or all that is left. The record tells what became of it: `done`, `taken` (a
    /// webhook will tell), `refused` (with the provider's words), or `unknown` (it is looked after; do not ask again
    /// under another number).
    ///
    /// `id` is the caller's: [`OperationId::fresh`] for a new refund; the same number again is the same refund, is
    /// not sent again, and returns the record as it stands.
    ///
    /// # Errors
    /// If not so much is left, the provider cannot do it, or it could not be written down: nothing was sent then.
    pub async fn refund(
        self: &Arc<Self>,
        id: OperationId,
        payment: Uuid,
        amount: Option<Money>,
        actor: &str,
    ) -> Result<OperationRecord, OperationFault> {
        self.change(OperationKind::Refund, id, payment, amount, actor).await
    }

    /// Takes the money of an authorisation: `amount`, or all that is left. Otherwise as [`Desk::refund`].
    ///
    /// # Errors
    /// As [`Desk::refund`].
    pub async fn capture(
        self: &Arc<Self>,
        id: OperationId,
        payment: Uuid,
        amount: Option<Money>,
        actor: &str,
    ) -> Result<OperationRecord, OperationFault> {
        self.change(OperationKind::Capture, id, payment, amount, actor).await
    }

    /// Gives an authorisation up before its money is taken, the whole of it. Otherwise as [`Desk::refund`].
    ///
    /// # Errors
    /// As [`Desk::refund`]; also if money was taken or given back already.
    pub async fn cancel(
        self: &Arc<Self>,
        id: OperationId,
        payment: Uuid,
        actor: &str,
    ) -> Result<OperationRecord, OperationFault> {
        self.change(OperationKind::Cancel, id, payment, None, actor).await
    }

    async fn change(
        self: &Arc<Self>,
        kind: OperationKind,
        id: OperationId,
        payment: Uuid,
        amount: Option<Money>,
        actor: &str,
    ) -> Result<OperationRecord, OperationFault> {
        self.can_change(kind, payment).await?;
        let guard = self.may_begin(id)?;
        let new = NewChange { id, payment, kind, amount, actor: actor.to_owned() };
        let Written { operation, new } = self.store.journal_change(&new).await?;
        if !new {
            return Ok(operation);
        }
        self.apart(guard, move |desk| async move { desk.send_change(operation, false).await }).await
    }

    /// Refused before it is written down where the account could not do it anyway.
    async fn can_change(&self, kind: OperationKind, payment: Uuid) -> Result<(), OperationFault> {
        let Some(psp) = self.store.charged_by(payment).await? else { return Ok(()) };
        let account = self.account(&psp).ok_or_else(|| OperationFault::NoSuchAccount(psp.clone()))?;
        match ask::wanted(kind).and_then(|operation| account.capabilities().lacking(operation)) {
            Some(reason) => Err(OperationFault::Cannot { psp, reason }),
            None => Ok(()),
        }
    }

    fn may_begin(&self, id: OperationId) -> Result<UnderwayGuard, OperationFault> {
        match self.draining.is_cancelled() {
            true => Err(OperationFault::Draining),
            false => Ok(self.underway.begin(id)),
        }
    }

    /// Goes on whether or not the caller waits for it; a drain waits.
    async fn apart<F>(
        self: &Arc<Self>,
        guard: UnderwayGuard,
        work: impl FnOnce(Arc<Self>) -> F,
    ) -> Result<OperationRecord, OperationFault>
    where
        F: Future<Output = Result<OperationRecord, OperationFault>> + Send + 'static,
    {
        let working = work(Arc::clone(self));
        let task = self.charges.spawn(async move {
            let _guard = guard;
            working.await
        });
        task.await.unwrap_or(Err(OperationFault::Interrupted))
    }
}
