//! What everything is measured on: a PBX, its telephones, the bank and one daemon.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use serde_json::{Value, json};
use tonegate::inspect::stage::{
    AsteriskTheatre, CallPlan, Conversation, FreeSwitchTheatre, RehearsalTheatre, Seen, Set, SetOptions,
    StageError, Theatre,
};

/// How long an event may take that has to come.
const PATIENCE_MS: u64 = 30_000;

/// The stand.
pub struct Stand {
    /// Which PBX it is.
    pub pbx: &'static str,
    /// PBX, bank, daemon, events.
    pub set: Set,
    /// The process of a real PBX.
    switch: Option<u32>,
    directory: PathBuf,
    /// One moment on both clocks.
    clocks: (Instant, SystemTime),
}

impl Stand {
    /// Starts everything.
    ///
    /// # Errors
    /// If a part does not start.
    pub async fn set_up(pbx: Option<&str>) -> Result<Self, StageError> {
        let directory = std::env::temp_dir().join(format!("tonegate-live-{}", std::process::id()));
        std::fs::create_dir_all(&directory)?;
        let found = if FreeSwitchTheatre::find().is_some() { "freeswitch" } else { "rehearsal" };
        let place = directory.join("pbx");
        let (theatre, switch): (Arc<dyn Theatre>, _) = match pbx.unwrap_or(found) {
            "freeswitch" => {
                let theatre = FreeSwitchTheatre::start(&place).await?;
                let pid = theatre.pid().await;
                (theatre, pid)
            }
            "asterisk" => {
                let theatre = AsteriskTheatre::start(&place).await?;
                let pid = theatre.pid().await;
                (theatre, pid)
            }
            _ => (RehearsalTheatre::open().await?, None),
        };
        let pbx = theatre.name();
        let mut options = SetOptions::new(Path::new(env!("CARGO_BIN_EXE_tonegate")), &directory.join("set"));
        // Callers who wait for the others to be ready lose no try.
        options.capture = "first_key_timeout_ms = 300000\n".into();
        // Whoever measures asks more than any caller.
        options.api = "requests_per_s = 1000000\n".into();
        let set = Set::up(theatre, &options).await?;
        Ok(Self { pbx, set, switch, directory, clocks: (Instant::now(), SystemTime::now()) })
    }

    /// The daemon's process.
    ///
    /// # Errors
    /// If it is gone.
    pub fn daemon(&self) -> Result<u32, StageError> {
        self.set.daemon.pid().ok_or_else(|| StageError("the daemon is gone".into()))
    }

    /// The process of the PBX, if it is a real one.
    pub fn switch(&self) -> Option<u32> {
        self.switch
    }

    /// A conversation on a line that is declared clean, so that nothing but the seal touches its voices.
    ///
    /// # Errors
    /// If it does not come about.
    pub async fn call(&self) -> Result<Conversation, StageError> {
        self.set.theatre.call(&CallPlan { clean: true, ..CallPlan::default() }).await
    }

    /// Begins a payment over the API; its name, and when it was asked for.
    ///
    /// # Errors
    /// If the daemon refuses.
    pub async fn begin(&self, call: &Conversation) -> Result<(String, Instant), StageError> {
        let asked = Instant::now();
        let body = json!({ "amount": "10.00", "leg": call.customer_leg });
        let begun = self.set.daemon.post("/v1/payments", body).await?;
        let id = begun["payment"].as_str().map(str::to_owned);
        Ok((id.ok_or_else(|| StageError(format!("no payment in {begun}")))?, asked))
    }

    /// Waits for an event of a payment.
    ///
    /// # Errors
    /// If it does not come.
    pub async fn told(&self, place: usize, payment: &str, kind: &str) -> Result<Seen, StageError> {
        let fits = |event: &Value| event["payment"] == payment && event["type"] == kind;
        self.set.events.wait(place, PATIENCE_MS, kind, fits).await
    }

    /// Waits until the card number is asked for; when the seal was shut, or none if the payment ended instead.
    ///
    /// # Errors
    /// If neither comes.
    pub async fn opened(&self, place: usize, payment: &str) -> Result<Option<Seen>, StageError> {
        let fits = |event: &Value| {
            event["payment"] == payment && (event["type"] == "field_opened" || event["type"] == "ended")
        };
        let seen = self.set.events.wait(place, PATIENCE_MS, "the question for the number", fits).await?;
        Ok(if seen.kind() == "ended" { None } else { Some(self.told(place, payment, "sealed").await?) })
    }

    /// Ends a payment; returns when the leg is an ordinary leg again.
    ///
    /// # Errors
    /// If that does not come.
    pub async fn cancel(&self, payment: &str) -> Result<(Instant, Seen), StageError> {
        let place = self.set.events.place();
        let asked = Instant::now();
        self.set
            .daemon
            .post(&format!("/v1/payments/{payment}/commands"), json!({ "command": "cancel" }))
            .await?;
        let unsealed = self.told(place, payment, "unsealed").await?;
        self.told(place, payment, "ended").await?;
        Ok((asked, unsealed))
    }

    /// When the daemon put an event on its feed, on our clock.
    pub fn published(&self, seen: &Seen) -> Option<Instant> {
        let at: jiff::Timestamp = seen.event["at"].as_str()?.parse().ok()?;
        let since = SystemTime::from(at).duration_since(self.clocks.1).ok()?;
        self.clocks.0.checked_add(since)
    }

    /// Ends everything; where its files are.
    pub async fn take_down(mut self) -> PathBuf {
        // What the figures are about is over; a daemon that does not stop is killed with its set.
        let _ = self.set.daemon.stop().await;
        self.set.theatre.close().await;
        self.directory
    }
}

/// From one instant to a later one, in ms.
pub fn ms(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64() * 1_000.0
}
