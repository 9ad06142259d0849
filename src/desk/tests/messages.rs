//! Links on their way to customers: once, unless it is certain that nobody got them.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::links::request;
use super::till::{Till, till};
use super::*;
use crate::messaging::{Address, Fate, Medium, Message, Messenger, Probe, Sent};
use crate::psp::LinkState;
use crate::store::{
    MessageFault, MessageOutcome, MessageRecord, MessageState, NewMessage, OperationId, StoreError,
};

/// A carrier that does as it is told, and keeps what it was given.
struct Carrier {
    deduplicates: bool,
    fates: Mutex<VecDeque<Fate>>,
    given: Mutex<Vec<Message>>,
}

#[async_trait::async_trait]
impl Messenger for Carrier {
    fn name(&self) -> &str {
        "carrier"
    }

    fn medium(&self) -> Medium {
        Medium::Sms
    }

    fn deduplicates(&self) -> bool {
        self.deduplicates
    }

    async fn send(&self, message: &Message) -> Sent {
        self.given.lock().unwrap_or_else(PoisonError::into_inner).push(message.clone());
        let next = self.fates.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        Sent { fate: next.unwrap_or(Fate::Taken(Some("sms_1".into()))), detail: "told".into(), remedy: None }
    }

    async fn probe(&self) -> Probe {
        Probe::CannotBeAsked
    }
}

/// A room in which one link can be paid by, and its carrier does this.
struct Hall {
    room: Room,
    till: Arc<Till>,
    carrier: Arc<Carrier>,
    desk: Arc<Desk>,
    link: OperationId,
}

impl Hall {
    async fn open(fates: &[Fate], deduplicates: bool) -> Hall {
        let (room, till) = till().await;
        let fates = Mutex::new(fates.iter().cloned().collect());
        let carrier = Arc::new(Carrier { deduplicates, fates, given: Mutex::default() });
        let messenger: Arc<dyn Messenger> = carrier.clone();
        let post = Post { messengers: vec![messenger], sms_segments_max: 2, ..Post::default() };
        let account: Arc<dyn Psp> = till.clone();
        let desk = desk_that_posts(&room.store, vec![account], post);
        till.will_link(LinkState::Open);
        let new = request(None);
        let link = new.id;
        desk.create_link(new).await.expect("made");
        Hall { room, till, carrier, desk, link }
    }

    async fn send(&self) -> Result<MessageRecord, SendFault> {
        let to = Address { medium: Medium::Sms, text: "+33612345678".into() };
        self.desk.send_link(self.link, &to, "1001").await
    }

    fn given(&self) -> Vec<Message> {
        self.carrier.given.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The newest message once it has come this far.
    async fn comes_to(&self, state: MessageState) -> MessageRecord {
        for _ in 0..500 {
            let all = self.room.store.messages_of(self.link).await.expect("readable");
            if let Some(last) = all.into_iter().last().filter(|last| last.state == state && last.tries > 0) {
                return last;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("it never is {state:?}");
    }

    /// As if the time had come to try again.
    async fn is_due(&self, id: Uuid) {
        let waiting = MessageOutcome {
            state: MessageState::Waiting,
            next_at_ms: 0,
            carrier_reference: None,
            detail: String::new(),
        };
        self.room.store.message_settled(id, &waiting).await.expect("written");
    }
}

fn fault(answer: Result<MessageRecord, SendFault>) -> MessageFault {
    match answer {
        Err(SendFault::Store(StoreError::Message(fault))) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_message_is_written_down_sent_once_and_told_about() {
    let hall = Hall::open(&[], false).await;
    let waiting = hall.send().await.expect("written down");
    assert_eq!((waiting.state, waiting.new.segments), (MessageState::Waiting, 1));
    let taken = hall.comes_to(MessageState::Taken).await;
    assert_eq!((taken.carrier_reference.as_deref(), taken.tries), (Some("sms_1"), 1));
    let given = hall.given();
    assert_eq!((given.len(), given[0].to.as_str()), (1, "+33612345678"));
    let start = "MAIN: to pay 42.50 EUR for F-7, open https://pay.example/1 (until ";
    assert!(given[0].text.starts_with(start), "{}", given[0].text);
    assert_eq!(given[0].id, taken.new.id.to_string());
    hall.desk.send_what_waits().await;
    assert_eq!(hall.given().len(), 1);
}

#[tokio::test]
async fn only_what_was_certainly_not_taken_is_tried_again() {
    let hall = Hall::open(&[Fate::NotNow, Fate::NotNow, Fate::Taken(None)], false).await;
    let first = hall.send().await.expect("written down").new.id;
    for tries in 1..3 {
        for _ in 0..500 {
            let all = hall.room.store.messages_of(hall.link).await.expect("readable");
            if all[0].state == MessageState::Waiting && all[0].tries == tries {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(fault(hall.send().await), MessageFault::UnderWay);
        hall.desk.send_what_waits().await;
        assert_eq!(hall.given().len(), tries as usize, "not before its time");
        hall.is_due(first).await;
        hall.desk.send_what_waits().await;
    }
    assert_eq!(hall.comes_to(MessageState::Taken).await.tries, 3);

    let hall = Hall::open(&[Fate::Unknown], false).await;
    hall.send().await.expect("written down");
    hall.comes_to(MessageState::Unknown).await;
    hall.desk.send_what_waits().await;
    assert_eq!(hall.given().len(), 1, "it may have been taken");
    hall.send().await.expect("a person sends it again");
    assert_eq!(hall.comes_to(MessageState::Taken).await.tries, 1);

    // Where the carrier knows a message again, it is sent again under its number.
    let hall = Hall::open(&[Fate::Unknown], true).await;
    let id = hall.send().await.expect("written down").new.id;
    hall.comes_to(MessageState::Waiting).await;
    hall.is_due(id).await;
    hall.desk.send_what_waits().await;
    hall.comes_to(MessageState::Taken).await;
    let numbers: Vec<String> = hall.given().into_iter().map(|message| message.id).collect();
    assert_eq!(numbers, [id.to_string(), id.to_string()]);
}

#[tokio::test]
async fn a_link_that_has_ended_is_sent_to_nobody() {
    let hall = Hall::open(&[Fate::NotNow], false).await;
    let id = hall.send().await.expect("written down").new.id;
    hall.comes_to(MessageState::Waiting).await;
    hall.till.will_link(LinkState::Ended);
    hall.desk.expire_link(hall.link, "1001").await.expect("ended");
    hall.is_due(id).await;
    hall.desk.send_what_waits().await;
    hall.comes_to(MessageState::Dropped).await;
    assert_eq!(hall.given().len(), 1);
    assert_eq!(fault(hall.send().await), MessageFault::LinkNotOpen);
}

#[tokio::test]
async fn a_refusal_is_final_and_nobody_is_sent_the_same_link_for_ever() {
    let hall = Hall::open(&[Fate::Refused], false).await;
    hall.send().await.expect("written down");
    hall.comes_to(MessageState::Refused).await;
    for _ in 0..4 {
        hall.send().await.expect("written down");
        hall.comes_to(MessageState::Taken).await;
    }
    assert_eq!(fault(hall.send().await), MessageFault::TooMany);
    assert_eq!(hall.given().len(), 5);
}

#[tokio::test]
async fn what_a_daemon_was_sending_when_it_died_is_not_known() {
    let hall = Hall::open(&[], false).await;
    let new = NewMessage {
        id: Uuid::now_v7(),
        link: hall.link,
        medium: Medium::Sms,
        messenger: "carrier".into(),
        to: "+33612345678".into(),
        subject: String::new(),
        text: "x".into(),
        segments: 1,
        actor: "1001".into(),
    };
    hall.room.store.journal_message(&new).await.expect("written down");
    assert!(hall.room.store.message_sending(new.id).await.expect("written"));
    assert!(!hall.room.store.message_sending(new.id).await.expect("written"), "one sends it");
    hall.desk.tell_of_messages_left().await;
    hall.desk.send_what_waits().await;
    hall.comes_to(MessageState::Unknown).await;
    assert!(hall.given().is_empty());
}
