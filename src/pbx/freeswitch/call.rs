//! One payment call: orders in, reports out, and the state of its two legs in between.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{info, warn};

use super::Shared;
use super::event::{Event, Happening};
use super::keypad::{Keypad, KeypadError};
use super::legs::Following;
use super::link::Link;
use super::prompts::Prompts;
use super::shield::Shield;
use crate::call::{FromPbx, Line, Party};
use crate::pbx::{Offer, Order, keeping};

/// How often a call looks at its legs although nothing was heard.
const LOOK_INTERVAL_MS: u64 = 20_000;
/// How long a leg that was parted may take to hang up or be bridged again, before that counts as moved.
pub(super) const PARTED_GRACE_MS: u64 = 400;

/// One payment call.
pub(super) struct Call {
    pub shared: Arc<Shared>,
    pub link: Link,
    pub customer: String,
    pub agent: Option<String>,
    pub offer: Offer,
    pub payment: String,
    pub orders: mpsc::Receiver<Order>,
    pub reports: mpsc::Sender<FromPbx>,
    pub legs: Following,
    pub seal: Seal,
    pub shield: Shield,
    pub to_customer: Prompts,
    pub to_agent: Prompts,
    /// What is known about the customer's line. Whether RFC 4733 comes without tones beside it cannot be
    /// watched here: FreeSWITCH's neutral tone detector knows one set of tones to a name, and names for
    /// all sets would tell the keys apart to whoever listens. So a line stays unknown, and closed.
    pub line: Line,
    /// Whether keys have to be found in the audio, because nothing else carries them.
    pub in_band: bool,
    pub customer_left: bool,
    pub agent_left: bool,
    /// When a parted leg counts as moved.
    pub parted: Option<Instant>,
    pub moved: bool,
}

/// The state of the customer's leg.
pub(super) enum Seal {
    /// An ordinary leg.
    Open,
    /// Sealed; without a keypad if its connection was lost.
    Shut { keypad: Option<Keypad>, restore: Restore },
    /// Unsealed, self-service: the connection is kept because it keeps the call with us.
    Kept { keypad: Keypad },
}

/// What has to be put back when the seal ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Restore {
    /// `presence_data` as it was.
    pub presence_data: Option<String>,
    /// Whether the media went past the PBX.
    pub bypass_media: bool,
}

enum Turn {
    Order(Option<Order>),
    Event(Option<Event>),
    KeypadEnded(KeypadError),
    Link,
    Time,
}

/// From one try to end a seal that nobody waits for to the next.
const FINISH_PAUSE_MS: u64 = 500;

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
                why = keypad_end(&mut self.seal) => Turn::KeypadEnded(why),
                _ = state.changed() => Turn::Link,
                () = sleep_until(wake) => Turn::Time,
            };
            match turn {
                Turn::Order(Some(order)) => self.obey(order).await,
                Turn::Order(None) => break,
                Turn::Event(Some(event)) => self.note(event).await,
                Turn::Event(None) => break,
                Turn::KeypadEnded(why) => self.keypad_ended(why).await,
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
                Ok(()) => self.tell(FromPbx::Sealed { line: self.line }).await,
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
                let refused = match to {
                    Party::Customer => self.to_customer.add(id, clips),
                    Party::Agent => self.to_agent.add(id, clips),
                };
                if let Err(why) = refused {
                    warn!(leg = %self.customer, %why, "a prompt cannot be played");
                    self.tell(FromPbx::Said { id, heard: false }).await;
                }
            }
            Order::Hush { to } => self.hush(to).await,
            Order::HandOver => {
                // Closing the private connection lets the dialplan go on behind `socket`.
                if self.agent.is_none() {
                    if matches!(self.seal, Seal::Shut { .. })
                        && let Err(why) = self.unseal().await
                    {
                        warn!(leg = %self.customer, %why, "a caller is handed over with the seal still shut");
                    }
                    self.seal = Seal::Open;
                    self.shared.door.held(&self.customer);
                }
            }
            Order::HangUp => {
                if self.agent.is_none()
                    && let Err(why) = self.link.api(format!("uuid_kill {}", self.customer)).await
                {
                    info!(leg = %self.customer, %why, "hanging up was not needed");
                }
            }
        }
    }

    /// Takes notice of an event on one of the legs.
    pub async fn note(&mut self, event: Event) {
        let on_customer = event.leg == self.customer;
        match event.kind {
            Happening::Hangup if on_customer => self.left(Party::Customer).await,
            Happening::Hangup => self.left(Party::Agent).await,
            Happening::AgentKey(digit) if !on_customer => {
                if let Some(command) = self.shared.settings.agent_keys.command(digit) {
                    self.tell(FromPbx::Agent(command)).await;
                }
            }
            Happening::RecordStart(file) => self.recording_began(&event.leg, &file).await,
            Happening::RecordStop(file) => self.shield.forget(&event.leg, &file),
            Happening::PromptEnd(target) => {
                let ended = if on_customer { &mut self.to_customer } else { &mut self.to_agent };
                let said = ended.ended(&target);
                self.said(said).await;
            }
            Happening::PlaybackEnd if on_customer && self.agent.is_none() => {
                let said = self.to_customer.ended_playing();
                self.said(said).await;
            }
            Happening::Unbridge if on_customer && self.is_shut() => {
                self.parted = Some(Instant::now() + Duration::from_millis(PARTED_GRACE_MS));
            }
            Happening::Bridge if self.is_shut() => {
                let with = [Some(event.leg.as_str()), event.other.as_deref()];
                let ours = with.contains(&Some(self.customer.as_str()));
                let together = ours && self.agent.as_deref().is_some_and(|agent| with.contains(&Some(agent)));
                if together {
                    self.parted = None;
                } else if ours {
                    self.lost_to_another().await;
                }
            }
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

    async fn finish(mut self) {
        self.hush(Party::Customer).await;
        self.hush(Party::Agent).await;
        let patience = Instant::now() + Duration::from_millis(super::FINISH_PATIENCE_MS);
        // A connection that is gone may come back; until then the leg stays sealed.
        while self.is_shut() && !self.customer_left {
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
    }
}

async fn keypad_end(seal: &mut Seal) -> KeypadError {
    match seal {
        Seal::Shut { keypad: Some(keypad), .. } | Seal::Kept { keypad } => keypad.ended().await,
        _ => std::future::pending().await,
    }
}
