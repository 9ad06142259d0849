//! The connection that hears: while it stands, FreeSWITCH counts as there.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use freeswitch_esl_tokio::{EslClient, EslError, EslEventStream, EventFormat};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::super::event::Event;
use super::super::settings::FreeSwitchSettings;
use super::connect::{connect, why_lost};
use super::{LinkState, Listener};

/// Everything the adapter hears. Never DTMF, RECV_INFO or ALL: no digit may enter this connection.
const SUBSCRIPTION: &str = "CHANNEL_APPLICATION CHANNEL_PARK CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_HANGUP \
     RECORD_START RECORD_STOP MEDIA_BUG_STOP PLAYBACK_STOP HEARTBEAT";
/// What is kept of FreeSWITCH's own words about itself, in characters.
const VERSION_MAX_CHARS: usize = 120;

/// Owns the connection that hears.
pub(super) struct Owner {
    settings: Arc<FreeSwitchSettings>,
    listener: Arc<dyn Listener>,
    state: watch::Sender<LinkState>,
    life: u64,
}

/// Why the owner left a connection.
enum End {
    Lost(String),
    Unwanted,
}

impl Owner {
    pub fn new(
        settings: Arc<FreeSwitchSettings>,
        listener: Arc<dyn Listener>,
        state: watch::Sender<LinkState>,
    ) -> Self {
        Self { settings, listener, state, life: 0 }
    }

    /// Connects again and again, until nobody follows the state any more.
    pub async fn run(mut self) {
        let first = Duration::from_millis(self.settings.reconnect_first_ms);
        let longest = Duration::from_millis(self.settings.reconnect_longest_ms);
        let mut pause = first;
        loop {
            match self.connect().await {
                Ok((client, events, version)) => {
                    pause = first;
                    self.life += 1;
                    self.state.send_replace(LinkState::Up { life: self.life, version });
                    let end = self.serve(&client, events).await;
                    let limit = Duration::from_millis(self.settings.connect_timeout_ms);
                    let _ = timeout(limit, client.disconnect()).await;
                    match end {
                        End::Unwanted => return,
                        End::Lost(why) => self.down(why),
                    }
                }
                Err(why) => self.down(why),
            }
            tokio::select! {
                () = sleep(pause) => pause = (pause * 2).min(longest),
                () = self.state.closed() => return,
            }
        }
    }

    fn down(&self, why: String) {
        self.state.send_if_modified(|state| {
            let news = LinkState::Down(why);
            let changed = *state != news;
            *state = news;
            changed
        });
    }

    async fn connect(&self) -> Result<(EslClient, EslEventStream, String), String> {
        let settings = &self.settings;
        let (client, events) = connect(settings).await?;
        let refused = |step: &str, error: EslError| {
            format!(
                "FreeSWITCH at {} let us in but refused {step} ({error}): allow api commands and events for this Event Socket user",
                settings.control_address
            )
        };
        client
            .subscribe_events_raw(EventFormat::Plain, SUBSCRIPTION)
            .await
            .map_err(|e| refused("the events we need", e))?;
        let version = client.api("version").await.map_err(|e| refused("`version`", e))?;
        let version = version.body().unwrap_or_default().trim().chars().take(VERSION_MAX_CHARS).collect();
        Ok((client, events, version))
    }

    async fn serve(&self, client: &EslClient, mut events: EslEventStream) -> End {
        let lost = |error: &EslError| End::Lost(why_lost(error, &self.settings));
        // Beside the events: an answer that is late keeps none of them waiting.
        let mut beats = pin!(self.beats(client));
        loop {
            tokio::select! {
                biased;
                event = events.recv() => match event {
                    None => return End::Lost(format!("FreeSWITCH at {} closed the connection: was it stopped, or mod_event_socket reloaded?", self.settings.control_address)),
                    Some(Ok(event)) => {
                        if let Some(event) = Event::read(&event) {
                            self.listener.hear(event);
                        }
                    }
                    Some(Err(EslError::QueueFull)) => self.listener.lost_events(),
                    Some(Err(error)) if error.is_connection_error() => return lost(&error),
                    Some(Err(_)) => self.listener.lost_events(),
                },
                error = &mut beats => return lost(&error),
                () = self.state.closed() => return End::Unwanted,
            }
        }
    }

    /// Proves the connection alive, until it is not.
    async fn beats(&self, client: &EslClient) -> EslError {
        loop {
            sleep(Duration::from_millis(self.settings.heartbeat_ms)).await;
            if let Err(error) = client.api("status").await {
                return error;
            }
        }
    }
}
