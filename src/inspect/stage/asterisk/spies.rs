//! Programs beside tonegate: what they are told, every such program is told.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::StageError;
use super::super::spy::Spy;
use super::{AsteriskTheatre, local};

/// How long a spy may lag behind.
const SPY_LAG_MS: u64 = 5_000;

/// A program beside tonegate.
pub(super) struct Listener {
    /// What its words are called in the records.
    pub kind: &'static str,
    /// Whether it is told of the stage's marks. One that hears keys alone is not, nor one whose Asterisk is no
    /// more.
    pub hears_marks: bool,
    pub spy: Spy,
}

impl AsteriskTheatre {
    /// Plants both, and waits until they hear.
    pub(super) async fn plant_spies(&self) -> Result<(), StageError> {
        self.listen("spy", true).await?;
        let spy = Spy::plant(local(self.ports.second()), &self.hello("spy")).await?;
        self.listeners.lock().await.push(Listener { kind: "ari", hears_marks: true, spy });
        let end = Instant::now() + Duration::from_millis(SPY_LAG_MS);
        let subscription = [("eventSource", "deviceState:")];
        while let Err(fault) = self.ari.post("/applications/spy/subscription", &subscription).await {
            if Instant::now() > end {
                return Err(fault);
            }
            sleep(Duration::from_millis(20)).await;
        }
        self.spies_catch_up().await
    }

    /// Subscribes the application `spy` to something more than the stage's spy has.
    ///
    /// # Errors
    /// If Asterisk refuses.
    pub async fn subscribe_spy(&self, source: &str) -> Result<(), StageError> {
        self.ari.post("/applications/spy/subscription", &[("eventSource", source)]).await.map(drop)
    }

    /// Connects as an application that another program has; it is that program's again once this is dropped.
    ///
    /// # Errors
    /// If Asterisk does not answer.
    pub async fn take_application(&self, name: &str) -> Result<impl Drop, StageError> {
        Spy::plant(local(self.ports.second()), &self.hello(name)).await
    }

    /// Asks for the events of an application. Frames from a server are not masked, and a spy keeps whatever comes:
    /// no more is needed than to ask.
    fn hello(&self, application: &str) -> String {
        format!(
            "GET /ari/events?app={application}&api_key=spy:{} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ari\r\n\
             Sec-WebSocket-Key: c3RhZ2Utc3RhZ2Utc3RhZw==\r\n\r\n",
            self.password,
            local(self.ports.second()),
        )
    }

    /// Lets an account of the Manager Interface listen to all that it is allowed to hear.
    pub(super) async fn listen(&self, account: &str, hears_marks: bool) -> Result<(), StageError> {
        let hello = format!(
            "Action: Login\r\nUsername: {account}\r\nSecret: {}\r\nEvents: on\r\n\r\n",
            self.password
        );
        let spy = Spy::plant(local(self.ports.control()), &hello).await?;
        self.listeners.lock().await.push(Listener { kind: "spy", hears_marks, spy });
        Ok(())
    }

    /// Has the application `spy` listen to a leg and record what it says, as a company's recorder does over ARI:
    /// into a file named like the leg.
    ///
    /// # Errors
    /// If Asterisk refuses.
    pub async fn tap(&self, leg: &str) -> Result<(), StageError> {
        let snoop = format!("tap-{leg}");
        let to = [("app", "spy"), ("spy", "in")];
        self.ari.post(&format!("/channels/{leg}/snoop/{snoop}"), &to).await?;
        let record = [("name", leg), ("format", "wav"), ("ifExists", "overwrite")];
        let end = Instant::now() + Duration::from_millis(SPY_LAG_MS);
        // It comes to the application in its own time.
        while let Err(fault) = self.ari.post(&format!("/channels/{snoop}/record"), &record).await {
            if Instant::now() > end {
                return Err(fault);
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Has the same application record the bridge a leg is in, into a file of this name.
    ///
    /// # Errors
    /// If it is in none, or Asterisk refuses.
    pub async fn tap_bridge(&self, leg: &str, name: &str) -> Result<(), StageError> {
        let bridges = self.ari.get("/bridges", &[]).await?.unwrap_or_default();
        let holds = |bridge: &&serde_json::Value| {
            bridge["channels"].as_array().is_some_and(|legs| legs.iter().any(|one| one == leg))
        };
        let found = bridges.as_array().and_then(|all| all.iter().find(holds)).and_then(|b| b["id"].as_str());
        let bridge = found.ok_or_else(|| StageError(format!("{leg} is in no bridge")))?;
        let record = [("name", name), ("format", "wav"), ("ifExists", "overwrite")];
        self.ari.post(&format!("/bridges/{bridge}/record"), &record).await.map(drop)
    }

    /// Waits until both spies have been told everything that has happened so far. One that is deaf, or full,
    /// is a fault: half a truth must not pass for the whole.
    pub(super) async fn spies_catch_up(&self) -> Result<(), StageError> {
        // Letters alone, so that nobody takes it for keys.
        let mark: String = (0..24).map(|_| char::from(rand::random_range(b'a'..=b'z'))).collect();
        let end = Instant::now() + Duration::from_millis(SPY_LAG_MS);
        while Instant::now() < end {
            let event = [("UserEvent", "StageMark"), ("Mark", mark.as_str())];
            self.manager.lock().await.order("UserEvent", &event).await?;
            self.ari.post(&format!("/events/user/{mark}"), &[("application", "spy")]).await?;
            for _ in 0..10 {
                let listeners = self.listeners.lock().await;
                if listeners.iter().filter(|one| one.hears_marks).all(|one| one.spy.heard(mark.as_bytes())) {
                    return Ok(());
                }
                drop(listeners);
                sleep(Duration::from_millis(20)).await;
            }
        }
        Err(StageError("a spy does not hear Asterisk any more".into()))
    }
}
