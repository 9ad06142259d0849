//! A connection that carries commands, one after another.

use std::sync::Arc;

use freeswitch_esl_tokio::{CommandFailure, EslClient, EslError, EslEventStream, EslResponse};
use tokio::sync::{Mutex, mpsc, watch};
use tracing::debug;

use super::super::settings::FreeSwitchSettings;
use super::connect::connect;
use super::{Command, LinkError, LinkState, Request};

/// What is kept of a refusal, in characters.
const REFUSAL_MAX_CHARS: usize = 120;

/// Takes commands in turn with others of its kind.
pub(super) struct Hand {
    settings: Arc<FreeSwitchSettings>,
    requests: Arc<Mutex<mpsc::Receiver<Request>>>,
    state: watch::Receiver<LinkState>,
    line: Option<Line>,
}

/// A connection, and in which life of the link it was made.
struct Line {
    life: u64,
    client: EslClient,
    /// Nothing is subscribed to; the crate wants it kept.
    _events: EslEventStream,
}

impl Hand {
    pub fn new(
        settings: Arc<FreeSwitchSettings>,
        requests: Arc<Mutex<mpsc::Receiver<Request>>>,
        state: watch::Receiver<LinkState>,
    ) -> Self {
        Self { settings, requests, state, line: None }
    }

    /// Serves until nobody can ask any more.
    pub async fn run(mut self) {
        loop {
            let requests = Arc::clone(&self.requests);
            let request = tokio::select! {
                // Held by the one that waits for the next; the others work, or wait behind it.
                request = async { requests.lock().await.recv().await } => request,
                changed = self.state.changed() => {
                    // The link is no more.
                    if changed.is_err() {
                        return;
                    }
                    // Made before it is needed: a seal should not wait for a password to be looked at.
                    let _ = self.client().await;
                    continue;
                }
            };
            let Some(request) = request else { return };
            let result = match self.client().await {
                Ok(client) => carry_out(client, request.order).await,
                Err(why) => Err(why),
            };
            if matches!(result, Err(LinkError::Timeout | LinkError::NotConnected)) {
                // After a lost answer the next would be taken for it.
                self.line = None;
            }
            let _ = request.answer.send(result);
        }
    }

    /// The connection of the link's present life; one of a former life is not to be trusted.
    async fn client(&mut self) -> Result<&EslClient, LinkError> {
        let LinkState::Up { life, .. } = *self.state.borrow() else { return Err(LinkError::NotConnected) };
        if self.line.as_ref().is_none_or(|line| line.life != life) {
            let (client, events) = connect(&self.settings).await.map_err(|why| {
                debug!(%why, "a connection for commands could not be made");
                LinkError::NotConnected
            })?;
            self.line = Some(Line { life, client, _events: events });
        }
        self.line.as_ref().map(|line| &line.client).ok_or(LinkError::NotConnected)
    }
}

/// Carries out one command to its end. After a timeout or a broken connection there may be a late answer on
/// the wire.
async fn carry_out(client: &EslClient, order: Command) -> Result<String, LinkError> {
    let done = |response: EslResponse| response.into_result().map(|_| String::new());
    let result = match order {
        Command::Api(command) => {
            client.api(&command).await.and_then(|r| r.api_result().map(|text| text.trim().to_owned()))
        }
        Command::Background(command) => client.bgapi(&command).await.and_then(done),
        Command::Execute { leg, application, argument } => {
            client.execute(&application, Some(&argument), Some(&leg)).await.and_then(done)
        }
    };
    result.map_err(|error| match error.command_failure().and_then(CommandFailure::payload) {
        Some(text) => LinkError::Refused(text.trim().chars().take(REFUSAL_MAX_CHARS).collect()),
        None if matches!(error, EslError::Timeout { .. }) => LinkError::Timeout,
        None if error.is_connection_error() => LinkError::NotConnected,
        None => LinkError::Refused(error.to_string().chars().take(REFUSAL_MAX_CHARS).collect()),
    })
}
