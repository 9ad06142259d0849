//! `tonegate webhooks`: what endpoints were told, what waits, what is dead; and sending it again.
//!
//! While the daemon runs, it has the store to itself: then it is asked over its API.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand, value_parser};
use serde_json::{Value, json};

use super::Fault;
use crate::config::{self, Config};
use crate::people::door;
use crate::store::{DeliveryState, MAX_PAGE_LENGTH, Store, StoreError, StoreSettings};

/// How long the daemon may take to answer.
const ANSWER_TIMEOUT_MS: u64 = 15_000;
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
    Daemon { api: String, key: config::Secret },
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
            Place::Daemon { api, key } => {
                let mut query = vec![("limit", self.limit.to_string())];
                query.extend(self.endpoint.clone().map(|endpoint| ("endpoint", endpoint)));
                query.extend(self.state.and_then(|state| Some(("state", json!(state).as_str()?.to_owned()))));
                let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
                let mut answer = ask(&key, client()?.get(format!("{api}/v1/webhooks?{query}"))).await?;
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
                let done = store.replay_webhooks(&what, &door::shell(super::people::own_uid()?)).await;
                done.map_err(unavailable)?
            }
            Place::Daemon { api, key } => {
                let wanted = json!({ "endpoint": self.endpoint, "id": self.id });
                let request = client()?.post(format!("{api}/v1/webhooks/replay"));
                let request = request.header("content-type", "application/json").body(wanted.to_string());
                ask(&key, request).await?["replayed"].as_u64().unwrap_or_default()
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
        Err(StoreError::InUse(_)) => {
            Ok(Place::Daemon { api: format!("http://{}", config.api.listen), key: config.api.key })
        }
        Err(fault) => Err(unavailable(fault)),
    }
}

fn client() -> Result<reqwest::Client, Fault> {
    let builder = reqwest::Client::builder().no_proxy().timeout(Duration::from_millis(ANSWER_TIMEOUT_MS));
    builder.build().map_err(|fault| Fault::Internal(fault.to_string()))
}

async fn ask(key: &config::Secret, request: reqwest::RequestBuilder) -> Result<Value, Fault> {
    let answer = request.bearer_auth(key.expose()).send().await;
    let answer =
        answer.map_err(|fault| Fault::Unavailable(format!("the daemon does not answer: {fault}")))?;
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    if !status.is_success() {
        return Err(Fault::Unavailable(format!("the daemon answers {status}: {text}")));
    }
    serde_json::from_str(&text).map_err(|fault| Fault::Internal(format!("the daemon's answer: {fault}")))
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
