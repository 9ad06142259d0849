//! A provider that answers what it is told to, and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::*;
use crate::card::Card;
use crate::psp::{
    Agreement, Answer, Capabilities, Change, Charge, Effect, Link, LinkState, Mode, NewLink, Operation,
    Reply, StoredCard, Storing, Verified, Webhook, WebhookFault,
};
use crate::store::{AttemptState, OperationId, OperationState};

pub(super) const NO_CANCEL: &str = "this provider cannot cancel";

/// One account that does as it is told.
pub(super) struct Till {
    pub(super) deduplicates: bool,
    store: Store,
    replies: Mutex<VecDeque<Reply<String>>>,
    links: Mutex<VecDeque<Reply<Link>>>,
    charges: Mutex<VecDeque<Answer>>,
    charged: Mutex<Vec<(Charge, StoredCard, Option<AttemptState>)>>,
    asked: Mutex<Vec<(Operation, Change, Option<OperationState>)>>,
}

/// A room whose only account is a till.
pub(super) async fn till() -> (Room, Arc<Till>) {
    let mut till = None;
    let room = room(|store| {
        let made = Till::new(store);
        till = Some(Arc::clone(&made));
        vec![made]
    })
    .await;
    (room, till.expect("made"))
}

fn locked<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn reply<T>(effect: Effect<T>, may_retry: bool) -> Reply<T> {
    Reply { effect, detail: "told".into(), remedy: None, may_retry }
}

impl Till {
    pub(super) fn new(store: &Store) -> Arc<Till> {
        Arc::new(Till {
            deduplicates: true,
            store: store.clone(),
            replies: Mutex::default(),
            links: Mutex::default(),
            charges: Mutex::default(),
            charged: Mutex::default(),
            asked: Mutex::default(),
        })
    }

    /// What it answers next; without any, that it is done.
    pub(super) fn will(&self, effect: Effect<String>, may_retry: bool) {
        locked(&self.replies).push_back(reply(effect, may_retry));
    }

    pub(super) fn will_link(&self, state: LinkState) {
        let link = Link { id: "lnk_1".into(), url: Some("https://pay.example/1".into()), state };
        locked(&self.links).push_back(reply(Effect::Done(link), false));
    }

    /// What it answers next to a charge of a stored card; without any, yes.
    pub(super) fn will_charge(&self, answer: Answer) {
        locked(&self.charges).push_back(answer);
    }

    /// Charges of stored cards, and how their attempts stood at the moment they were asked for.
    pub(super) fn charged(&self) -> Vec<(Charge, StoredCard, Option<AttemptState>)> {
        locked(&self.charged).clone()
    }

    pub(super) fn keys(&self) -> Vec<String> {
        locked(&self.asked).iter().map(|(_, change, _)| change.key.clone()).collect()
    }

    pub(super) fn last(&self) -> (Operation, Change, Option<OperationState>) {
        locked(&self.asked).last().cloned().expect("it was asked")
    }

    async fn take(&self, operation: Operation, change: &Change) -> Reply<String> {
        // What stands in the store at the very moment the provider is asked.
        let id = OperationId::of_key(&change.key).expect("a key of ours");
        let known = self.store.operation(id).await.expect("readable").map(|known| known.state);
        locked(&self.asked).push((operation, change.clone(), known));
        tokio::task::yield_now().await;
        let next = locked(&self.replies).pop_front();
        next.unwrap_or_else(|| reply(Effect::Done(format!("re_{}", change.key)), false))
    }

    fn next_link(&self) -> Reply<Link> {
        locked(&self.links).pop_front().unwrap_or_else(|| Reply::unknown("lost"))
    }
}

#[async_trait::async_trait]
impl Psp for Till {
    fn name(&self) -> &str {
        "till"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { deduplicates: self.deduplicates, lacks: &[(Operation::Cancel, NO_CANCEL)] }
    }

    fn mode(&self) -> Mode {
        Mode::Test
    }

    async fn authorise(&self, _: &Charge, _: &Card) -> Answer {
        Answer::not_charged("not asked here")
    }

    async fn charge_token(&self, charge: &Charge, stored: &StoredCard, _: Agreement) -> Answer {
        let payment = Uuid::from_u128(charge.attempt.payment);
        let known = self.store.payment(payment).await.expect("readable");
        let state = known.and_then(|known| known.attempts.last().map(|attempt| attempt.state));
        locked(&self.charged).push((charge.clone(), stored.clone(), state));
        tokio::task::yield_now().await;
        let next = locked(&self.charges).pop_front();
        next.unwrap_or_else(|| Answer::approved(format!("ch_{}", charge.key), "told"))
    }

    async fn tokenise(&self, _: &Storing, _: &Card) -> Reply<StoredCard> {
        Reply::cannot("not asked here")
    }

    async fn capture(&self, change: &Change) -> Reply<String> {
        self.take(Operation::Capture, change).await
    }

    async fn cancel(&self, change: &Change) -> Reply<String> {
        self.take(Operation::Cancel, change).await
    }

    async fn refund(&self, change: &Change) -> Reply<String> {
        self.take(Operation::Refund, change).await
    }

    async fn create_link(&self, _: &NewLink) -> Reply<Link> {
        self.next_link()
    }

    async fn link(&self, _: &str) -> Reply<Link> {
        self.next_link()
    }

    async fn expire_link(&self, _: &str) -> Reply<Link> {
        self.next_link()
    }

    async fn query(&self, _: &Charge) -> Answer {
        Answer::unknown("not asked here")
    }

    fn verify_webhook(&self, _: &Webhook<'_>) -> Result<Verified, WebhookFault> {
        Err(WebhookFault::Signature)
    }
}
