//! One payment call: orders in, reports out, and the state of its two legs in between.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{info, warn};

use super::Shared;
use super::event::{Event, Happening};
use super::keypad::Listening;
use super::legs::Following;
use super::link::Link;
use super::prompts::Prompts;
use super::shield::Shield;
use crate::call::{FromPbx, Line, Party};
use crate::pbx::{Order, keeping};

/// How often a call looks at its legs although nothing was heard.
const LOOK_INTERVAL_MS: u64 = 10_000;
/// How long a leg that left our bridge may take to hang up or be bridged again, before it counts as moved.
pub(super) const PARTED_GRACE_MS: u64 = 400;
/// From one try to end a seal that nobody waits for to the next.
const FINISH_PAUSE_MS: u64 = 500;
/// How long last words may take after the seal has ended.
const LAST_WORDS_TIMEOUT_MS: u64 = 10_000;

/// One payment call.
pub(super) struct Call {
    pub shared: Arc<Shared>,
    pub link: Link,
    pub customer: String,
    pub agent: Option<String>,
    pub payment: String,
    pub orders: mpsc::Receiver<Order>,
    pub reports: mpsc::Sender<FromPbx>,
    pub legs: Following,
    pub seal: Seal,
    pub shield: Shield,
    pub to_customer: Prompts,
    pub to_agent: Prompts,
    /// What is known about the customer's line. That RFC 4733 comes without tones beside it cannot be watched
    /// from here, so such a line stays unknown, and closed, unless the dialplan vouches for it.
    pub line: Line,
    pub customer_left: bool,
    pub agent_left: bool,
    /// Self-service: the caller was handed over or hung up on.
    pub let_go: bool,
    /// When a parted leg counts as moved.
    pub parted: Option<Instant>,
    pub moved: bool,
}

/// The state of the customer's leg.
pub(super) enum Seal {
    /// An ordinary leg.
    Open,
    /// Kept from everybody.
    Shut {
        /// Our bridge, in a conversation.
        bridge: Option<String>,
        /// What lets keys through to us; none if an earlier life of the daemon sealed it.
        ears: Vec<Listening>,
    },
}

enum Turn {
    Order(Option<Order>),
    Event(Option<Event>),
    Link,
    Time,
}

impl Call {
    /// Serves until the desk drops its end, then puts everything back.
    pub async fn run(mut self) {
        let mut state = self.link.state();
        state.mark_unchanged();
        let look = Duration::from_millis(LOOK_INTERVAL_MS);
        let mut look_at = Instant::now() + look;
        loop {
            let wake = [Some(look_at), self.parted, self.to_customer.deadline(), self.to_agent.deadline()]
                .into_iter()
                .flatten()
                .min()
                .unwrap_or(look_at);
            let turn = tokio::select! {
                biased;
                event = self.legs.next() => Turn::Event(event),
                order = self.orders.recv() => Turn::Order(order),
                _ = state.changed() => Turn::Link,
                () = sleep_until(wake) => Turn::Time,
            };
            match turn {
                Turn::Order(Some(order)) => self.obey(order).await,
                Turn::Order(None) | Turn::Event(None) => break,
                Turn::Event(Some(event)) => self.note(event).await,
                Turn::Link => {
                    let now = state.borrow_and_update().clone();
                    self.link_changed(&now).await;
                }
                Turn::Time => {}
            }
            if self.legs.fell_behind() || Instant::now() >= look_at {
                look_at = Instant::now() + look;
                self.look().await;
            }
            self.parted_for_good().await;
            self.speak().await;
        }
        self.finish().await;
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Seal => match self.shut().await {
                Ok(()) => {
                    self.tell(FromPbx::Sealed { line: self.line }).await;
                    for party in [Party::Agent, Party::Customer] {
                        if let Err(why) = self.prepare_whisper(party).await {
                            info!(leg = %self.customer, %why, "no channel to whisper on, yet");
                        }
                    }
                }
                Err(why) => self.tell(FromPbx::SealRefused(why)).await,
            },
            Order::Unseal => {
                let report = match self.unseal().await {
                    Ok(()) => FromPbx::Unsealed,
                    Err(why) => {
                        warn!(leg = %self.customer, %why, "the seal could not be ended; the leg stays sealed");
                        FromPbx::UnsealFailed
                    }
                };
                self.tell(report).await;
            }
            Order::Shield { up } => {
                let report = match self.move_shield(up).await {
                    Ok(()) => FromPbx::Shield { up },
                    Err(why) => {
                        warn!(leg = %self.customer, up, %why, "the shield could not be moved");
                        FromPbx::ShieldFailed
                    }
                };
                self.tell(report).await;
            }
            Order::Say { id, to, clips } => {
                if let Err(why) = self.prompts(to).add(id, clips) {
                    warn!(leg = %self.customer, %why, "a prompt cannot be played");
                    self.tell(FromPbx::Said { id, heard: false }).await;
                }
            }
            Order::Hush { to } => self.hush(to).await,
            Order::HandOver => self.hand_over().await,
            Order::HangUp => {
                self.let_go = true;
                if self.agent.is_none()
                    && let Err(why) = self.link.delete(&format!("/channels/{}", self.customer)).await
                {
                    info!(leg = %self.customer, %why, "hanging up was not needed");
                }
            }
        }
    }

    /// Takes notice of an event on one of the legs.
    pub async fn note(&mut self, event: Event) {
        let party = if event.leg == self.customer {
            Some(Party::Customer)
        } else if self.agent.as_ref() == Some(&event.leg) {
            Some(Party::Agent)
        } else {
            None
        };
        match (event.kind, party) {
            (Happening::Hangup, Some(party)) => self.left(party).await,
            (Happening::Hangup, None) => self.whisper_ended(&event.leg).await,
            (Happening::Came(_), None) => {
                self.to_customer.came(&event.leg);
                self.to_agent.came(&event.leg);
            }
            (Happening::Played { playback, heard }, _) => {
                let mut ended = self.to_customer.ended(&playback, heard);
                ended.extend(self.to_agent.ended(&playback, heard));
                self.said(ended).await;
            }
            (Happening::RecordingBegan, Some(party)) => self.recording_began(party).await,
            (Happening::Overheard, _) => self.overheard().await,
            (Happening::Unbridged(bridge), Some(_)) if self.is_our(&bridge) => {
                self.parted = Some(Instant::now() + Duration::from_millis(PARTED_GRACE_MS));
            }
            (Happening::Bridged(bridge), Some(_)) if self.bridge().is_some() => {
                if self.is_our(&bridge) {
                    self.parted = None;
                } else {
                    self.lost_to_another().await;
                }
            }
            (Happening::Bridged(bridge), None) if self.is_our(&bridge) => self.lost_to_another().await,
            _ => {}
        }
    }

    /// Reports to the desk; a desk that is gone is noticed by the end of its orders.
    pub async fn tell(&self, report: FromPbx) {
        keeping::tell(&self.reports, &self.customer, report).await;
    }

    pub fn is_shut(&self) -> bool {
        matches!(self.seal, Seal::Shut { .. })
    }

    /// Our bridge, while the legs of a conversation are sealed.
    pub fn bridge(&self) -> Option<&str> {
        match &self.seal {
            Seal::Shut { bridge, .. } => bridge.as_deref(),
            Seal::Open => None,
        }
    }

    fn is_our(&self, bridge: &str) -> bool {
        self.bridge() == Some(bridge)
    }

    async fn finish(mut self) {
        self.hush(Party::Customer).await;
        if self.is_shut() {
            self.hush(Party::Agent).await;
        }
        let patience = Instant::now() + Duration::from_millis(super::FINISH_PATIENCE_MS);
        // A connection that is gone may come back; until then the leg stays sealed.
        while self.is_shut() {
            match self.unseal().await {
                Ok(()) => break,
                Err(why) if Instant::now() >= patience => {
                    warn!(leg = %self.customer, %why, "the seal could not be ended; the leg stays sealed");
                    break;
                }
                // Never at once: a connection that goes up and down would keep us busy with nothing.
                Err(_) => sleep(Duration::from_millis(FINISH_PAUSE_MS)).await,
            }
        }
        self.last_words().await;
        self.end_whispers().await;
        // Nobody else would ever take a caller out of the silence.
        if !self.let_go {
            self.hand_over().await;
        }
    }

    /// What is still said to the agent after the seal has ended is let finish.
    async fn last_words(&mut self) {
        let until = Instant::now() + Duration::from_millis(LAST_WORDS_TIMEOUT_MS);
        while !self.to_agent.is_silent() && Instant::now() < until {
            let wake = self.to_agent.deadline().unwrap_or(until).min(until);
            tokio::select! {
                event = self.legs.next() => match event {
                    Some(event) => self.note(event).await,
                    None => return,
                },
                () = sleep_until(wake) => {}
            }
            self.speak().await;
        }
    }
}
