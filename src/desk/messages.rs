//! Links on their way to customers: written down, sent once, and told about.
//!
//! What was certainly not taken is tried again, later and later, as long as the link can be paid by. What may have been
//! taken is not: a person sees that it is not known, and may send it again.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::messaging::text::{Facts, TextFault};
use crate::messaging::{Address, AddressFault, Fate, Medium, Message, Messenger, Sent};
use crate::observe::alarm;
use crate::prompts::Language;
use crate::store::{
    ChangeFault, MessageOutcome, MessageRecord, MessageState, NewMessage, OperationId, OperationKind,
    OperationRecord, StoreError, is_open,
};

use super::Desk;
use super::event::EventBody;
use super::merchant::UnknownMerchant;

/// How often what was certainly not taken is tried.
const TRIES_MAX: u32 = 6;
/// From the first try to the second; doubles from try to try.
const RETRY_DELAY_MS: i64 = 30_000;

/// Why nothing is sent.
#[derive(Debug, thiserror::Error)]
pub enum SendFault {
    /// No link, or it may not be sent ([`crate::store::MessageFault`]), or it could not be written down.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody carries it.
    #[error(
        "nothing carries {medium} for the merchant `{merchant}`: add a [[messenger]] to the configuration"
    )]
    NoMessenger {
        /// By what.
        medium: Medium,
        /// For whom.
        merchant: String,
    },
    /// It cannot be written.
    #[error(transparent)]
    Text(#[from] TextFault),
    /// No address.
    #[error(transparent)]
    Address(#[from] AddressFault),
    /// Its merchant is configured no more.
    #[error(transparent)]
    Merchant(#[from] UnknownMerchant),
}

impl Desk {
    /// Sends a link to its customer, now and once more if somebody asks again. The record tells what has become of it so
    /// far; more is told in the feed.
    ///
    /// # Errors
    /// If the link cannot be paid by, nobody carries it, it does not fit into a text, another message with it is on its
    /// way, or it could not be written down: nothing is sent then.
    pub async fn send_link(
        self: &Arc<Self>,
        link: OperationId,
        to: &Address,
        actor: &str,
    ) -> Result<MessageRecord, SendFault> {
        let known = self.store.operation(link).await?.filter(|known| known.kind == OperationKind::Link);
        let known =
            known.ok_or_else(|| StoreError::from(ChangeFault::NoSuchOperation(link.0.to_string())))?;
        let merchant = match known.link.as_ref().and_then(|link| link.merchant.as_deref()) {
            Some(id) => self.rules.merchants.named(id)?,
            None => self.rules.merchants.default_one(),
        };
        let messenger = self.carrier(&merchant.id, to.medium)?;
        let id = Uuid::now_v7();
        let facts = facts(&known, &merchant.name, merchant.language);
        // A link that has no address yet cannot be paid by either, and that is the better word for it.
        let written = self.rules.post.write(id.to_string(), to, &facts);
        let (message, segments) = match written {
            Err(TextFault::NoLink) if !is_open(&known, now_ms()) => {
                return Err(StoreError::from(crate::store::MessageFault::LinkNotOpen).into());
            }
            written => written?,
        };
        let new = NewMessage {
            id,
            link,
            medium: to.medium,
            messenger: messenger.name().to_owned(),
            to: to.text.clone(),
            subject: message.subject,
            text: message.text,
            segments,
            actor: actor.to_owned(),
        };
        let record = self.store.journal_message(&new).await?;
        self.tell_message(&record, &known);
        let (desk, sent) = (Arc::clone(self), record.clone());
        self.charges.spawn(async move { desk.deliver(sent).await });
        Ok(record)
    }

    /// Who carries this for a merchant.
    ///
    /// # Errors
    /// If nobody does.
    pub fn carrier(&self, merchant: &str, medium: Medium) -> Result<&Arc<dyn Messenger>, SendFault> {
        let none = || SendFault::NoMessenger { medium, merchant: merchant.to_owned() };
        self.rules.post.messenger(merchant, medium).ok_or_else(none)
    }

    /// What a former life of the daemon was sending may have been taken.
    pub(super) async fn tell_of_messages_left(&self) {
        match self.store.messages_left().await {
            Ok(0) => {}
            Ok(left) => tracing::warn!(
                "{left} messages were being sent when the daemon stopped; they may have arrived"
            ),
            Err(fault) => tracing::error!("messages that were left cannot be looked up: {fault}"),
        }
    }

    /// Tries again what waits.
    pub(super) async fn send_what_waits(self: &Arc<Self>) {
        match self.store.due_messages().await {
            Ok(due) => {
                for record in due {
                    let desk = Arc::clone(self);
                    self.charges.spawn(async move { desk.deliver(record).await });
                }
            }
            Err(fault) => tracing::error!("messages that wait cannot be looked up: {fault}"),
        }
    }

    /// Sends a message that is written down, once.
    async fn deliver(self: Arc<Self>, record: MessageRecord) {
        let id = record.new.id;
        if self.draining.is_cancelled() {
            // It waits for the next life.
            return;
        }
        let done = async {
            let Some(link) = self.store.operation(record.new.link).await? else { return Ok(()) };
            if !self.store.message_sending(id).await? {
                return Ok(());
            }
            let outcome = match self.rules.post.named(&record.new.messenger) {
                _ if !is_open(&link, now_ms()) => {
                    of(MessageState::Dropped, "nobody can pay by this link any more")
                }
                None => of(MessageState::Refused, "its messenger is configured no more"),
                Some(messenger) => {
                    let sent = messenger.send(&message(&record)).await;
                    outcome(&record, &sent, messenger.deduplicates(), &link)
                }
            };
            if let Some(now) = self.store.message_settled(id, &outcome).await? {
                self.tell_message(&now, &link);
            }
            Ok::<(), StoreError>(())
        };
        if let Err(fault) = done.await {
            tracing::error!(message = %id, "what became of a message was not written down: {fault}");
        }
    }

    /// For the feed; the trail was written together with the message.
    fn tell_message(&self, record: &MessageRecord, link: &OperationRecord) {
        let body = EventBody::Message {
            message: record.new.id,
            link: record.new.link.0,
            medium: record.new.medium.word(),
            state: record.state.word(),
        };
        self.feed.publish(link.payment.unwrap_or(link.id.0), body);
    }
}

fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

fn facts<'a>(known: &'a OperationRecord, merchant: &'a str, language: Language) -> Facts<'a> {
    let link = known.link.as_ref();
    let spoken = link.and_then(|link| Language::of_tag(link.language.as_deref()?));
    let ends = link.and_then(|link| Timestamp::from_millisecond(link.expires_at_ms).ok());
    Facts {
        merchant,
        amount: known.amount,
        link: link.and_then(|link| link.url.as_deref()).unwrap_or_default(),
        expires_at: ends.unwrap_or_default(),
        reference: link.and_then(|link| link.reference.as_deref()),
        language: spoken.unwrap_or(language),
    }
}

fn message(record: &MessageRecord) -> Message {
    let new = &record.new;
    Message {
        id: new.id.to_string(),
        to: new.to.clone(),
        subject: new.subject.clone(),
        text: new.text.clone(),
    }
}

fn of(state: MessageState, words: &str) -> MessageOutcome {
    MessageOutcome { state, next_at_ms: 0, carrier_reference: None, detail: words.to_owned() }
}

/// What a try comes to.
fn outcome(
    record: &MessageRecord,
    sent: &Sent,
    deduplicates: bool,
    link: &OperationRecord,
) -> MessageOutcome {
    let Sent { fate, detail, remedy } = sent;
    if let Some(remedy) = remedy {
        let what = format!("`{}` did not take a message: {detail}", record.new.messenger);
        alarm("messenger_fault", link.payment.map(|id| id.to_string()).as_deref(), what, remedy);
    }
    let words = remedy.as_ref().map_or(detail.clone(), |remedy| format!("{detail}: {remedy}"));
    let again = |otherwise| {
        let wait_ms = RETRY_DELAY_MS << record.tries.min(TRIES_MAX);
        let next_at_ms = now_ms().saturating_add(wait_ms);
        let in_time = link.link.as_ref().is_some_and(|link| next_at_ms < link.expires_at_ms);
        match in_time && record.tries + 1 < TRIES_MAX {
            true => MessageOutcome { next_at_ms, ..of(MessageState::Waiting, &words) },
            false => of(otherwise, &words),
        }
    };
    match fate {
        Fate::Taken(name) => {
            MessageOutcome { carrier_reference: name.clone(), ..of(MessageState::Taken, &words) }
        }
        Fate::Refused => of(MessageState::Refused, &words),
        Fate::NotNow => again(MessageState::Refused),
        Fate::Unknown if deduplicates => again(MessageState::Unknown),
        Fate::Unknown => of(MessageState::Unknown, &words),
    }
}
