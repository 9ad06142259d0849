//! Carries what waits in the outbox: one task for each endpoint, so that a dead one holds up no other.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use reqwest::Url;
use tokio_util::sync::CancellationToken;

use super::courier::{Carried, Courier};
use super::reach::{Reach, usable_url};
use super::schedule;
use super::sign::SigningKey;
use crate::config::{ConfigError, WebhookSection};
use crate::store::{Delivery, Store, Subscription, Tried, WEBHOOK_EVENTS};

/// Messages on their way to one endpoint at the same time.
const AT_ONCE: usize = 4;
/// Messages taken out of the outbox at once.
const BATCH: u32 = 32;
/// Looked after even if nothing rings.
const LOOK_INTERVAL_MS: u64 = 30_000;
/// The store may not be writable at the moment: what is due is not looked at more often than this.
const WAIT_MIN_MS: i64 = 250;
/// What was taken is kept for this long, to be looked at and to be sent again.
const TAKEN_KEPT_MS: i64 = 30 * 24 * 3_600_000;
/// How often what is older is forgotten.
const FORGET_INTERVAL_MS: u64 = 3_600_000;
/// The endpoint says that nobody is there any more (RFC 9110).
const GONE: u16 = 410;

/// One who is told.
pub struct Endpoint {
    name: String,
    url: Url,
    events: Vec<String>,
    key: SigningKey,
}

impl Endpoint {
    /// An endpoint as it is configured.
    ///
    /// # Errors
    /// If address, events or secret cannot be used.
    pub fn from_section(section: &WebhookSection) -> Result<Endpoint, ConfigError> {
        let url = usable_url(&section.url).map_err(|fault| {
            let remedy = "write https://…, or http://127.0.0.1:… for a program on this machine";
            section.fault("url", fault, remedy)
        })?;
        if let Some(unknown) = section.events.iter().find(|event| !WEBHOOK_EVENTS.contains(&event.as_str())) {
            let what = format!("`{}` is no event", unknown.chars().take(40).collect::<String>());
            return Err(section.fault(
                "events",
                what,
                &format!("write some of {}", WEBHOOK_EVENTS.join(", ")),
            ));
        }
        let key = SigningKey::parse(section.secret.expose())
            .map_err(|fault| section.fault("secret_file", fault, SigningKey::REMEDY))?;
        Ok(Endpoint { name: section.name.clone(), url, events: section.events.clone(), key })
    }

    /// What it is to be told.
    #[must_use]
    pub fn subscription(&self) -> Subscription {
        Subscription { endpoint: self.name.clone(), events: self.events.clone() }
    }
}

/// Carries to all endpoints until `stop`; what is left then is carried in the next life.
///
/// # Errors
/// If TLS cannot be set up on this machine.
pub fn carry(store: &Store, endpoints: Vec<Endpoint>, stop: &CancellationToken) -> Result<(), String> {
    let courier = Courier::new(Reach::Anywhere)?;
    if !endpoints.is_empty() {
        tokio::spawn(forget(store.clone(), stop.clone()));
    }
    for endpoint in endpoints {
        let carrier = Arc::new(Carrier { store: store.clone(), courier: courier.clone(), endpoint });
        tokio::spawn(carrier.run(stop.clone()));
    }
    Ok(())
}

async fn forget(store: Store, stop: CancellationToken) {
    loop {
        let before = Timestamp::now().as_millisecond().saturating_sub(TAKEN_KEPT_MS);
        if let Err(fault) = store.forget_taken_webhooks(before).await {
            tracing::warn!("old webhooks cannot be forgotten: {fault}");
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(FORGET_INTERVAL_MS)) => {}
            () = stop.cancelled() => return,
        }
    }
}

struct Carrier {
    store: Store,
    courier: Courier,
    endpoint: Endpoint,
}

impl Carrier {
    async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut bell = self.store.outbox_bell();
        loop {
            bell.mark_unchanged();
            let carried = tokio::select! {
                carried = self.carry_what_is_due() => carried,
                () = stop.cancelled() => return,
            };
            if carried {
                continue;
            }
            tokio::select! {
                // The store, and with it the bell, outlives its carriers.
                _ = bell.changed() => {}
                () = self.next_is_due() => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Whether anything was due, and there may be more.
    async fn carry_what_is_due(&self) -> bool {
        let due = match self.store.due_deliveries(&self.endpoint.name, BATCH).await {
            Ok(due) => due,
            Err(fault) => {
                tracing::error!(endpoint = self.endpoint.name, "the outbox cannot be read: {fault}");
                return false;
            }
        };
        let any = !due.is_empty();
        let noted = stream::iter(due).map(|delivery| self.carry_one(delivery)).buffer_unordered(AT_ONCE);
        let all_noted = noted.all(async |noted| noted).await;
        // What cannot be noted would be sent again at once, for ever.
        any && all_noted
    }

    /// Whether it could be written down what became of it.
    async fn carry_one(&self, delivery: Delivery) -> bool {
        let (tried, words) = self.post(&delivery).await;
        if tried == Tried::Dead {
            tracing::error!(
                endpoint = self.endpoint.name,
                message = delivery.id,
                "a webhook is not tried any more: {words}; once the endpoint is well again: \
                 tonegate webhooks replay --endpoint {}",
                self.endpoint.name
            );
        }
        match self.store.delivery_tried(&delivery, tried, &words).await {
            Ok(()) => true,
            Err(fault) => {
                tracing::error!(
                    endpoint = self.endpoint.name,
                    "a webhook's fate was not written down: {fault}"
                );
                false
            }
        }
    }

    async fn post(&self, delivery: &Delivery) -> (Tried, String) {
        let headers = self.endpoint.key.headers(&delivery.id, &delivery.body);
        let url = self.endpoint.url.clone();
        let words = match self.courier.post(url, "application/json", headers, delivery.body.clone()).await {
            Carried::Taken(status) => return (Tried::Taken, format!("answered {status}")),
            Carried::Refused(GONE) => return (Tried::Dead, format!("answered {GONE}: gone")),
            Carried::Refused(status) => format!("answered {status}"),
            Carried::Lost(why) => why,
        };
        let now_ms = Timestamp::now().as_millisecond();
        (schedule::after(delivery.tries, delivery.since_ms, now_ms, rand::random()), words)
    }

    async fn next_is_due(&self) {
        let wait_ms = match self.store.next_delivery_ms(&self.endpoint.name).await {
            Ok(Some(at)) => {
                at.saturating_sub(Timestamp::now().as_millisecond()).max(WAIT_MIN_MS).unsigned_abs()
            }
            _ => LOOK_INTERVAL_MS,
        };
        tokio::time::sleep(Duration::from_millis(wait_ms.min(LOOK_INTERVAL_MS))).await;
    }
}
