//! `tonegate webhooks`: what endpoints were told, what waits, what is dead; and sending it again.
//!
//! While the daemon runs, it has the store to itself: then it is asked over its API.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, value_parser};
use serde_json::{Value, json};

use super::Fault;
use super::running::Running;
use crate::config::{self, Config};
use crate::people::door;
use crate::store::{DeliveryState, MAX_PAGE_LENGTH, Store, StoreError, StoreSettings};

/// Deliveries listed if nobody says how many.
const LISTED: u32 = 50;

/// Subcommands of `tonegate webhooks`.
#[derive(Subcommand)]
pub(super) enum Webhooks {
    /// List deliveries, the youngest first.
    List(List),
    /// Send dead ones again, or one message whatever became of it.
    Replay(Replay),
}

/// Options of `tonegate webhooks list`.
#[derive(Args)]
pub(super) struct List {
    /// Only of this endpoint.
    #[arg(long)]
    endpoint: Option<String>,
    /// Only these: pending, taken, dead.
    #[arg(long, value_parser = state)]
    state: Option<DeliveryState>,
    /// How many at most.
    #[arg(long, default_value_t = LISTED, value_parser = value_parser!(u32).range(1..=i64::from(MAX_PAGE_LENGTH)))]
    limit: u32,
    /// The configuration.
    #[arg(long, default_value = config::DEFAULT_PATH)]
    config: PathBuf,
}

/// Options of `tonegate webhooks replay`.
#[derive(Args)]
pub(super) struct Replay {
    /// Only to this endpoint.
    #[arg(long)]
    endpoint: Option<String>,
    /// One message, by its name (msg_…); left out, all that are dead.
    id: Option<String>,
    /// The configuration.
    #[arg(long, default_value = config::DEFAULT_PATH)]
    config: PathBuf,
}

fn state(word: &str) -> Result<DeliveryState, String> {
    match word {
        "pending" => Ok(DeliveryState::Pending),
        "taken" => Ok(DeliveryState::Taken),
        "dead" => Ok(DeliveryState::Dead),
        _ => Err("write pending, taken or dead".into()),
    }
}

/// Who has the outbox.
enum Place {
    Ours(Store),
    Daemon(Running),
}

impl Webhooks {
    pub(super) fn run(self) -> Result<ExitCode, Fault> {
        super::runtime()?.block_on(async {
            match self {
                Webhooks::List(list) => list.run().await,
                Webhooks::Replay(replay) => replay.run().await,
            }
        })
    }
}

impl List {
    async fn run(self) -> Result<ExitCode, Fault> {
        let found = match place(&self.config).await? {
            Place::Ours(store) => {
                let found =
                    store.webhook_deliveries(self.endpoint.as_deref(), self.state, None, self.limit).await;
                json!(found.map_err(unavailable)?.deliveries)
            }
            Place::Daemon(running) => {
                let mut query = vec![("limit", self.limit.to_string())];
                query.extend(self.endpoint.clone().map(|endpoint| ("endpoint", endpoint)));
                query.extend(self.state.and_then(|state| Some(("state", json!(state).as_str()?.to_owned()))));
                let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
                let mut answer = running.get(&format!("/v1/webhooks?{query}")).await?;
                answer["deliveries"].take()
            }
        };
        for delivery in found.as_array().into_iter().flatten() {
            anstream::println!("{}", line(delivery));
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Replay {
    async fn run(self) -> Result<ExitCode, Fault> {
        let replayed = match place(&self.config).await? {
            Place::Ours(store) => {
                let what = crate::store::Replay { endpoint: self.endpoint, id: self.id };
                let done = store.replay_webhooks(&what, &door::shell(super::seat::own_uid()?)).await;
                done.map_err(unavailable)?
            }
            Place::Daemon(running) => {
                let wanted = json!({ "endpoint": self.endpoint, "id": self.id });
                running.post("/v1/webhooks/replay", &wanted).await?["replayed"].as_u64().unwrap_or_default()
            }
        };
        anstream::println!("{replayed} to be sent again");
        Ok(if replayed == 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

async fn place(path: &std::path::Path) -> Result<Place, Fault> {
    let config = Config::load(path)?;
    match Store::open(&StoreSettings { path: config.store_path() }).await {
        Ok(store) => Ok(Place::Ours(store)),
        Err(StoreError::InUse(_)) => Ok(Place::Daemon(Running::new(&config)?)),
        Err(fault) => Err(unavailable(fault)),
    }
}

fn unavailable(fault: StoreError) -> Fault {
    Fault::Unavailable(fault.to_string())
}

/// One delivery in a line: name, state, tries, to whom, of what, last words.
fn line(delivery: &Value) -> String {
    let text = |key: &str| delivery[key].as_str().unwrap_or_default().to_owned();
    format!(
        "{}  {:<7}  tries {:>2}  {}  {}  {}  {}",
        text("id"),
        text("state"),
        delivery["tries"],
        text("endpoint"),
        text("event"),
        text("payment"),
        text("detail")
    )
}
