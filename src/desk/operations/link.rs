//! Payment links: made, looked at, ended.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::call::Money;
use crate::psp::{Customer, Effect, Link, LinkState, NewLink, Operation, Psp, Reply};
use crate::store::{
    ChangeFault, ForLink, NewLinkRecord, OperationId, OperationKind, OperationRecord, StoreError, Written,
};

use super::super::Desk;
use super::OperationFault;
use super::ask::outcome;

/// A link that somebody wants made.
#[derive(Clone, Debug)]
pub struct LinkRequest {
    /// Its number; the same number again is the same link.
    pub id: OperationId,
    /// The payment it stands in for, if any: one that has ended without a charge.
    pub payment: Option<Uuid>,
    /// The order it is for, by its number here; that of its payment, if it has one.
    pub order: Option<Uuid>,
    /// Who is paid, by the id of the configuration.
    pub merchant: String,
    /// The account, by its name in the configuration: `merchant.psp.name()` of who is paid.
    pub psp: String,
    /// How much.
    pub amount: Money,
    /// What for, in words the customer knows.
    pub description: String,
    /// The company's own reference, as it is told to the customer.
    pub reference: Option<String>,
    /// When it ends; some providers end it earlier.
    pub expires_at: Timestamp,
    /// Language tag of the page, `fr` or `fr-FR`.
    pub language: String,
    /// What is known of the customer.
    pub customer: Customer,
    /// Who asks for it.
    pub actor: String,
}

impl Desk {
    /// Makes a payment link. Once the record says `done`, its `link.url` is what the customer opens.
    ///
    /// # Errors
    /// If the payment is under way, or was or may have been charged, or has another link that is open; if the account
    /// makes no links; if it could not be written down. Nothing was sent then.
    pub async fn create_link(
        self: &Arc<Self>,
        request: LinkRequest,
    ) -> Result<OperationRecord, OperationFault> {
        let psp = self.link_maker(&request.psp)?;
        let guard = self.may_begin(request.id)?;
        let row = NewLinkRecord {
            id: request.id,
            payment: request.payment,
            psp: request.psp,
            amount: request.amount,
            about: ForLink {
                expires_at_ms: request.expires_at.as_millisecond(),
                order: request.order,
                merchant: request.merchant,
                reference: request.reference,
                language: request.language.clone(),
            },
            actor: request.actor,
        };
        let Written { operation, new } = self.store.journal_link(&row).await?;
        if !new {
            return Ok(operation);
        }
        let link = NewLink {
            key: request.id.key(),
            amount: request.amount,
            description: request.description,
            expires_at: request.expires_at,
            language: request.language,
            customer: request.customer,
        };
        self.apart(guard, move |desk| async move {
            desk.store.operation_sent(operation.id).await?;
            let reply = psp.create_link(&link).await;
            let made = desk.linked(operation, reply).await?;
            desk.watch_link(&made);
            Ok(made)
        })
        .await
    }

    /// How a link stands, as the provider tells now. `unknown` stays so: what was never named cannot be asked for.
    ///
    /// # Errors
    /// If there is none, its account is gone, or the store fails. An answer of the provider that is lost is none: the
    /// record is returned as it stood.
    pub async fn link(self: &Arc<Self>, id: OperationId) -> Result<OperationRecord, OperationFault> {
        let (operation, psp) = self.known_link(id).await?;
        match (&operation.psp_reference, operation.link.as_ref().and_then(|link| link.state)) {
            (Some(name), None | Some(LinkState::Open | LinkState::Pending)) => {
                let reply = psp.link(name).await;
                self.looked(operation, reply).await
            }
            _ => Ok(operation),
        }
    }

    /// Ends a link, so that nobody can pay by it any more. Look at `link.state`: it may have been paid before.
    ///
    /// # Errors
    /// As [`Desk::link`].
    pub async fn expire_link(
        self: &Arc<Self>,
        id: OperationId,
        actor: &str,
    ) -> Result<OperationRecord, OperationFault> {
        let (operation, psp) = self.known_link(id).await?;
        let Some(name) = operation.psp_reference.clone() else { return Ok(operation) };
        let subject = operation.payment.unwrap_or(id.0).to_string();
        self.store.trail(actor, "expire_link", &subject, &id.key()).await?;
        let guard = self.may_begin(id)?;
        self.apart(guard, move |desk| async move {
            let reply = psp.expire_link(&name).await;
            if let (Effect::NotDone, false) = (&reply.effect, reply.detail.is_empty()) {
                tracing::warn!(psp = operation.psp, link = name, "a link was not ended: {}", reply.detail);
            }
            desk.looked(operation, reply).await
        })
        .await
    }

    fn link_maker(&self, name: &str) -> Result<Arc<dyn Psp>, OperationFault> {
        let psp = self.account(name).ok_or_else(|| OperationFault::NoSuchAccount(name.to_owned()))?;
        match psp.capabilities().lacking(Operation::Link) {
            Some(reason) => Err(OperationFault::Cannot { psp: name.to_owned(), reason }),
            None => Ok(Arc::clone(psp)),
        }
    }

    async fn known_link(&self, id: OperationId) -> Result<(OperationRecord, Arc<dyn Psp>), OperationFault> {
        let known = self.store.operation(id).await?.filter(|known| known.kind == OperationKind::Link);
        let known = known.ok_or(StoreError::Change(ChangeFault::NoSuchOperation(id.0.to_string())))?;
        let psp = self.link_maker(&known.psp)?;
        Ok((known, psp))
    }

    /// The answer to a link that was to be made.
    async fn linked(
        &self,
        operation: OperationRecord,
        reply: Reply<Link>,
    ) -> Result<OperationRecord, OperationFault> {
        // Made again with the same words it would be the same link; those words are not kept, so nobody does.
        let outcome = outcome(&reply, |link| link.id.clone(), false);
        let operation = self.came(operation, &outcome).await?;
        self.looked(operation, reply).await
    }

    /// What an answer says of a link.
    async fn looked(
        &self,
        operation: OperationRecord,
        reply: Reply<Link>,
    ) -> Result<OperationRecord, OperationFault> {
        let (Effect::Done(link) | Effect::Taken(link)) = reply.effect else { return Ok(operation) };
        self.link_is(operation, &link, None).await
    }

    pub(in crate::desk) async fn link_is(
        &self,
        operation: OperationRecord,
        link: &Link,
        charge_reference: Option<&str>,
    ) -> Result<OperationRecord, OperationFault> {
        match self.store.link_stands(operation.id, link, charge_reference).await? {
            Some(now) => {
                self.tell_operation(&now);
                Ok(now)
            }
            None => Ok(operation),
        }
    }
}
