//! The board: a picture of every payment call, kept up to date by one reader of the feed for all screens.
//!
//! A screen waits for a newer picture of what it shows. One that does not keep up skips pictures: nothing waits
//! for it, and nothing is kept for it but the newest.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::call::Field;
use crate::config::{PostalCode, SecurityCode};
use crate::desk::{Desk, Event, EventBody, FeedError};
use crate::store::{MessageRecord, OperationId, OperationKind, OperationRecord};

use super::picture::Picture;

/// Pictures of calls that are over, the oldest forgotten first.
const ENDED_KEPT: usize = 1_000;

/// Alarms that are shown, the oldest forgotten first.
const ALARMS_KEPT: usize = 50;

/// What a screen for one agent is given: none if there was no payment yet.
pub(super) type AgentPicture = Option<Arc<Picture>>;

/// An alarm as it was raised.
#[derive(Clone, Debug)]
pub(super) struct RaisedAlarm {
    pub at: jiff::Timestamp,
    pub alarm: &'static str,
    pub payment: Uuid,
}

/// The board.
pub(super) struct Board {
    state: Mutex<State>,
    /// Number of the last event that is on it.
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    pictures: HashMap<Uuid, Arc<Picture>>,
    /// Calls that are over, in the order of their ends.
    ended: VecDeque<Uuid>,
    alarms: VecDeque<RaisedAlarm>,
    /// Screens that wait, by the agent's extension.
    waiting: HashMap<String, watch::Sender<AgentPicture>>,
}

impl Board {
    /// A board that follows the desk's feed until `stop`.
    pub(super) fn follow(desk: Arc<Desk>, stop: CancellationToken) -> Arc<Self> {
        let board = Arc::new(Self { state: Mutex::default(), changed: watch::Sender::new(0) });
        let kept = Arc::clone(&board);
        tokio::spawn(async move {
            tokio::select! {
                () = kept.read(&desk) => {}
                () = stop.cancelled() => {}
            }
        });
        board
    }

    async fn read(&self, desk: &Desk) {
        let mut last = 0;
        loop {
            // What was lost for want of speed is kept by the feed for a while.
            let mut listener = desk.feed.listen(Some(last));
            loop {
                match listener.next().await {
                    Ok(event) => {
                        last = event.seq;
                        self.add(desk, &event).await;
                    }
                    Err(FeedError::Lagged(lost)) => {
                        tracing::warn!(lost, "the console's board was too slow and reads the feed again");
                        break;
                    }
                    Err(FeedError::Ended) => return,
                }
            }
        }
    }

    async fn add(&self, desk: &Desk, event: &Event) {
        let known = self.state().pictures.contains_key(&event.payment);
        if !known {
            // What becomes known of a payment after a restart, or is done to it, belongs to no call of this life.
            let late = matches!(
                event.body,
                EventBody::Settled { .. } | EventBody::Operation { .. } | EventBody::Message { .. }
            );
            if late {
                return;
            }
            match desk.store().payment(event.payment).await {
                Ok(Some(payment)) => {
                    let picture = Picture::new(&payment, &expected(desk, payment.begun.agent.is_some()));
                    self.state().pictures.insert(event.payment, Arc::new(picture));
                }
                Ok(None) => return,
                Err(fault) => {
                    tracing::warn!(payment = %event.payment, "not on the console's board: {fault}");
                    return;
                }
            }
        }
        let (link, message) = (link_of(desk, &event.body).await, message_of(desk, &event.body).await);
        let mut state = self.state();
        if let EventBody::Alarm { alarm, .. } = event.body {
            state.alarms.push_front(RaisedAlarm { at: event.at, alarm, payment: event.payment });
            state.alarms.truncate(ALARMS_KEPT);
        }
        let Some(picture) = state.pictures.get_mut(&event.payment) else { return };
        let changed = Arc::make_mut(picture);
        changed.add(event.seq, &event.body);
        if link.as_ref().is_some_and(|link| changed.link.as_ref().is_none_or(|old| old.id != link.id)) {
            changed.message = None;
        }
        changed.link = link.or(changed.link.take());
        changed.message = message.or(changed.message.take());
        let picture = Arc::clone(picture);
        if let Some(screens) = picture.agent.as_ref().and_then(|agent| state.waiting.get(agent)) {
            // A late settlement of an earlier call does not push the one under way off the screen.
            screens.send_if_modified(|shown| {
                let newer = shown.as_ref().is_none_or(|shown| shown.began_ms <= picture.began_ms);
                if newer {
                    *shown = Some(Arc::clone(&picture));
                }
                newer
            });
        }
        if matches!(event.body, EventBody::Ended { .. }) {
            state.ended.push_back(event.payment);
            if state.ended.len() > ENDED_KEPT
                && let Some(oldest) = state.ended.pop_front()
            {
                state.pictures.remove(&oldest);
            }
        }
        drop(state);
        self.changed.send_replace(event.seq);
    }

    /// The newest payment of an agent, and its pictures from now on.
    pub(super) fn watch_agent(&self, extension: &str) -> watch::Receiver<AgentPicture> {
        let mut state = self.state();
        state.waiting.retain(|_, screens| screens.receiver_count() > 0);
        if let Some(screens) = state.waiting.get(extension) {
            return screens.subscribe();
        }
        let newest = state.newest_of(extension);
        let (screens, screen) = watch::channel(newest);
        state.waiting.insert(extension.to_owned(), screens);
        screen
    }

    /// The newest payment of an agent.
    pub(super) fn of_agent(&self, extension: &str) -> AgentPicture {
        self.state().newest_of(extension)
    }

    /// Calls under way, the oldest first, and alarms, the youngest first.
    pub(super) fn all(&self) -> (Vec<Arc<Picture>>, Vec<RaisedAlarm>) {
        let state = self.state();
        let mut live: Vec<_> = state.pictures.values().filter(|p| p.ended.is_none()).cloned().collect();
        live.sort_by_key(|picture| (picture.began_ms, picture.payment));
        (live, state.alarms.iter().cloned().collect())
    }

    /// Told of every change.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn newest_of(&self, extension: &str) -> AgentPicture {
        let own = self.pictures.values().filter(|picture| picture.agent.as_deref() == Some(extension));
        own.max_by_key(|picture| (picture.began_ms, picture.payment)).cloned()
    }
}

/// The link that an event is about.
async fn link_of(desk: &Desk, event: &EventBody) -> Option<OperationRecord> {
    let EventBody::Operation { operation, kind, .. } = event else { return None };
    if *kind != OperationKind::Link.word() {
        return None;
    }
    match desk.store().operation(OperationId(*operation)).await {
        Ok(found) => found,
        Err(fault) => {
            tracing::warn!(%operation, "a link is not on the console's board: {fault}");
            None
        }
    }
}

/// The last message about the link that an event is about.
async fn message_of(desk: &Desk, event: &EventBody) -> Option<MessageRecord> {
    let EventBody::Message { link, .. } = event else { return None };
    match desk.store().messages_of(OperationId(*link)).await {
        Ok(mut found) => found.pop(),
        Err(fault) => {
            tracing::warn!(%link, "a message is not on the console's board: {fault}");
            None
        }
    }
}

/// The fields that will be asked for.
fn expected(desk: &Desk, with_agent: bool) -> Vec<Field> {
    let rules = if with_agent { &desk.rules.assisted } else { &desk.rules.self_service };
    let all = [
        (Field::Number, true),
        (Field::NumberAgain, rules.enter_twice),
        (Field::Expiry, true),
        (Field::Code, rules.security_code != SecurityCode::Off),
        (Field::Postal, rules.postal_code == PostalCode::Required),
    ];
    all.into_iter().filter_map(|(field, asked)| asked.then_some(field)).collect()
}
