//! A stand-in for FreeSWITCH and for telephones, inside this process: for `tonegate demo` and for tests.
//!
//! It speaks the real Event Socket protocol over loopback TCP, in both directions: the adapter connects
//! to its control socket, and its `socket` application connects to the adapter. What matters for keeping
//! digits secret behaves as observed on FreeSWITCH 1.10.12: every default leak leaks here too, every
//! defence works only if it is set up properly, and the errors read the same. A wrong adapter fails its
//! stories here as it would on the real one.
//!
//! The room holds telephones, and telephones necessarily hold keys in the clear; they are keys of published
//! test cards and of nobody else. No code that serves real calls lives here, nothing here is reachable
//! from `tonegate serve`, and the daemon proper knows this PBX as it knows any other: an address and a
//! password.
//!
//! What it leaves out: sound as samples (who hears what is a list of moments), codecs, SIP, timing of
//! packets, XML events, and everything of FreeSWITCH that no adapter of ours uses.

mod api;
mod application;
mod binding;
mod calls;
mod command;
mod describe;
mod dialplan;
mod event;
mod faults;
mod hearing;
mod keys;
mod leg;
mod listener;
mod media;
mod originate;
mod phone;
mod place;
mod prompts;
mod records;
mod request;
mod settings;
mod subscription;
mod system;
mod wire;
mod world;

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::Notify;

pub use leg::{Keys, Media};
pub use phone::{Heard, MAX_HEARD, MAX_WAITING_SOUNDS, PhoneHandle, Sound};
pub use place::{AgentCode, CallPlan, PlaceError, RehearsalCall};
pub use records::{Cdr, Level, LogLine, Recorded, Recording, Span};
pub use settings::{Extension, Settings};

use world::Core;

/// A running stand-in; it ends when this is dropped.
pub struct Rehearsal {
    core: Arc<Core>,
    away: Arc<Notify>,
    control_address: SocketAddr,
}

impl Rehearsal {
    /// Starts one.
    ///
    /// # Errors
    /// If the control address cannot be listened on.
    pub async fn start(mut settings: Settings) -> io::Result<Self> {
        let listening = TcpListener::bind(settings.control_address).await?;
        let control_address = listening.local_addr()?;
        settings.control_address = control_address;
        let core = Core::new(settings);
        let away = Arc::new(Notify::new());
        tokio::spawn(wire::accept(core.clone(), listening, control_address, away.clone()));
        Ok(Self { core, away, control_address })
    }

    /// Where the control socket listens.
    #[must_use]
    pub fn control_address(&self) -> SocketAddr {
        self.control_address
    }

    /// The password of the control socket.
    #[must_use]
    pub fn password(&self) -> String {
        self.core.world().settings.password.clone()
    }

    /// Where the dialplan's `socket` finds the daemon from now on; `None`: nowhere.
    pub fn set_daemon_address(&self, address: Option<SocketAddr>) {
        self.core.world().settings.daemon_address = address;
    }

    /// Milliseconds since the rehearsal began: the clock of everything it tells.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.core.world().now_ms()
    }

    /// The log, as a file written at this level would hold it.
    #[must_use]
    pub fn log(&self, most: Level) -> Vec<LogLine> {
        self.core.world().log.iter().filter(|line| line.level <= most).cloned().collect()
    }

    /// The records of legs that have ended.
    #[must_use]
    pub fn cdrs(&self) -> Vec<Cdr> {
        self.core.world().cdrs.iter().cloned().collect()
    }

    /// The recordings, running and stopped.
    #[must_use]
    pub fn recordings(&self) -> Vec<Recording> {
        let world = self.core.world();
        let now_ms = world.now_ms();
        world
            .recordings
            .iter()
            .cloned()
            .map(|mut recording| {
                let last =
                    recording.spans.iter_mut().rev().find(|span| !matches!(span.what, Recorded::Tone(_)));
                if let (true, Some(span)) = (recording.running, last) {
                    span.to_ms = now_ms;
                }
                recording
            })
            .collect()
    }

    /// The names of the legs alive, oldest first.
    #[must_use]
    pub fn legs(&self) -> Vec<String> {
        self.core.world().in_order().into_iter().map(|leg| leg.uuid.clone()).collect()
    }

    /// A variable of a leg.
    #[must_use]
    pub fn variable(&self, leg: &str, name: &str) -> Option<String> {
        self.core.world().var(leg, name)
    }

    /// A global variable, such as the lease the dialplan looks at.
    #[must_use]
    pub fn global(&self, name: &str) -> Option<String> {
        self.core.world().globals.get(name).cloned()
    }

    /// The leg that a leg is in conversation with.
    #[must_use]
    pub fn bridged_to(&self, leg: &str) -> Option<String> {
        self.core.world().leg(leg)?.bridged_to.clone()
    }

    /// Every telephone there ever was, those the dialplan called among them, oldest first.
    #[must_use]
    pub fn phones(&self) -> Vec<PhoneHandle> {
        let count = self.core.world().phones.len();
        (0..count).map(|phone| PhoneHandle { core: self.core.clone(), phone }).collect()
    }
}

impl Drop for Rehearsal {
    fn drop(&mut self) {
        self.core.over.cancel();
    }
}
