//! Status callbacks of one session: in order, each tried a few times, never more than a few waiting.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue};
use uuid::Uuid;

use super::account::Account;
use super::view::Parameters;
use crate::call::Field;
use crate::outbox::{Carried, Courier};

/// Callbacks of one session that may wait.
const QUEUE_LENGTH: usize = 128;
/// How often one is tried, with a wait in between that doubles.
const TRIES_MAX: u32 = 4;
/// The first of these waits.
const RETRY_FIRST_MS: u64 = 1_000;

/// One callback.
pub(super) struct Callback {
    pub(super) url: Url,
    pub(super) parameters: Parameters,
    /// It tells of a key in this field; a later one makes it superfluous.
    pub(super) progress: Option<Field>,
}

/// What waits to be sent.
#[derive(Default)]
pub(super) struct Queue(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: VecDeque<Callback>,
    sending: bool,
}

impl Queue {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a callback; one of an earlier key in the same field that still waits is left out.
    pub(super) fn add(self: &Arc<Self>, callback: Callback, courier: &Courier, account: &Arc<Account>) {
        let mut state = self.state();
        let superfluous = callback.progress.is_some()
            && state
                .waiting
                .back()
                .is_some_and(|last| last.progress == callback.progress && last.url == callback.url);
        if superfluous {
            state.waiting.pop_back();
        }
        if state.waiting.len() == QUEUE_LENGTH {
            tracing::warn!("a StatusCallback takes too long to answer: the oldest that waits is left out");
            state.waiting.pop_front();
        }
        state.waiting.push_back(callback);
        if !std::mem::replace(&mut state.sending, true) {
            let (queue, courier, account) = (Arc::clone(self), courier.clone(), Arc::clone(account));
            tokio::spawn(async move { queue.send_all(&courier, &account).await });
        }
    }

    async fn send_all(&self, courier: &Courier, account: &Account) {
        loop {
            let next = {
                let mut state = self.state();
                let next = state.waiting.pop_front();
                state.sending = next.is_some();
                next
            };
            let Some(callback) = next else { return };
            send(&callback, courier, account).await;
        }
    }
}

async fn send(callback: &Callback, courier: &Courier, account: &Account) {
    let body = form(&callback.parameters);
    let mut headers = HeaderMap::new();
    let signature = account.signature(callback.url.as_str(), &callback.parameters);
    for (name, value) in
        [("x-twilio-signature", signature), ("i-twilio-idempotency-token", Uuid::new_v4().to_string())]
    {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    let mut wait = Duration::from_millis(RETRY_FIRST_MS);
    for tried in 1..=TRIES_MAX {
        let media_type = "application/x-www-form-urlencoded";
        let what = match courier.post(callback.url.clone(), media_type, headers.clone(), body.clone()).await {
            Carried::Taken(_) => return,
            Carried::Refused(status) => format!("it answered {status}"),
            Carried::Lost(why) => why,
        };
        let host = callback.url.host_str().unwrap_or_default();
        if tried == TRIES_MAX {
            tracing::warn!(host, tried, "a StatusCallback was not taken and is left out: {what}");
            return;
        }
        tracing::debug!(host, tried, "a StatusCallback was not taken: {what}");
        tokio::time::sleep(wait).await;
        wait *= 2;
    }
}

fn form(parameters: &Parameters) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}
