//! `tonegate serve`: the daemon, put together from its configuration.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::accounts::{self, Accounts};
use super::{Fault, pbx, people};
use crate::card::{FingerprintKey, Vault};
use crate::config::{self, Config, Secret};
use crate::desk::{Desk, Guard, Merchants, Rules};
use crate::messaging::{self, Post};
use crate::orders::crm::Crm;
use crate::psp;
use crate::store::{Store, StoreSettings};
use crate::{api, harden, observe, outbox, recurring};

/// How long running payments may take to end when the daemon is asked to stop.
const DRAIN_MS: u64 = 90_000;

/// How much earlier than the call the settlement of an attempt gives up.
const SETTLE_LEAD_MS: u64 = 1_000;

/// Options of `tonegate serve`.
#[derive(Args)]
pub(super) struct Serve {
    /// The configuration.
    #[arg(long, default_value = config::DEFAULT_PATH)]
    config: PathBuf,
}

impl Serve {
    pub(super) fn run(self, hardened: &harden::Report) -> Result<ExitCode, Fault> {
        let config = Config::load(&self.config)?;
        observe::init(&config.log).map_err(|fault| Fault::Internal(fault.to_string()))?;
        if !hardened.holds() {
            tracing::warn!("the process is not as closed as it should be: {hardened}");
        }
        let accounts = accounts::accounts(&config)?;
        let merchants = accounts::merchants(&config, &accounts)?;
        let post = messaging::post(&config)?;
        super::runtime()?.block_on(serve(self.config, config, accounts, merchants, post))
    }
}

async fn serve(
    file: PathBuf,
    config: Config,
    accounts: Accounts,
    merchants: Merchants,
    post: Post,
) -> Result<ExitCode, Fault> {
    let store = Store::open(&StoreSettings { path: config.store_path() })
        .await
        .map_err(|fault| Fault::Unavailable(fault.to_string()))?;
    let listener = TcpListener::bind(config.api.listen).await.map_err(|fault| {
        Fault::Unavailable(format!(
            "api.listen: {} cannot be listened on: {fault}; is another tonegate running?",
            config.api.listen
        ))
    })?;
    let vault = Vault::status();
    if !vault.locked {
        tracing::warn!(
            "card data cannot be locked in memory and might be swapped out: raise LimitMEMLOCK in the unit"
        );
    }
    let endpoints =
        config.webhook.iter().map(outbox::Endpoint::from_section).collect::<Result<Vec<_>, _>>()?;
    store.subscribe(endpoints.iter().map(outbox::Endpoint::subscription).collect());
    let crm = config.crm.as_ref().map(Crm::from_section).transpose()?;
    let (pbx, news) = pbx::start(&config).await?;
    let desk = Desk::new(
        rules(&config, merchants, crm, guard(&config)?, post),
        pbx,
        accounts.into_values().collect(),
        store.clone(),
    );
    desk.watch_open_attempts();
    recurring::watch(&desk, recurring::Policy::from(&config.recurring));
    let twilio = if config.twilio.enabled {
        Some(api::twilio::Twilio::new(&config.twilio, Arc::clone(&desk)).map_err(Fault::Unavailable)?)
    } else {
        None
    };
    let stop = CancellationToken::new();
    outbox::carry(&store, endpoints, &stop).map_err(Fault::Unavailable)?;
    let (auth, tls) = people::checks(&config, store.clone()).await?;
    let door = people::open_door(&auth, stop.clone())?;
    let console = api::console::Surroundings { keys: pbx::keys(&config)?, check: super::check::look(file) };
    let options = api::Options { twilio, console, requests_per_s: config.api.requests_per_s };
    let api = tokio::spawn(api::serve(listener, Arc::clone(&desk), auth, tls, options, stop.clone()));
    let hearing = tokio::spawn(Arc::clone(&desk).hear(news));
    tracing::info!(api = %config.api.listen, "tonegate is running");
    super::asked_to_stop().await.map_err(|fault| Fault::Internal(fault.to_string()))?;
    tracing::info!("asked to stop: ending payments in order");
    desk.drain(Duration::from_millis(DRAIN_MS)).await;
    stop.cancel();
    hearing.abort();
    // Streams that do not end by themselves end with the process.
    let _ = tokio::time::timeout(Duration::from_secs(2), api).await;
    let _ = tokio::time::timeout(Duration::from_secs(2), door).await;
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

/// What stops card testing; the secret is made at the first start.
fn guard(config: &Config) -> Result<Guard, Fault> {
    let file = config.cards_key_path();
    let secret = Secret::read_or_make(&file).map_err(|fault| {
        Fault::Unavailable(format!(
            "the secret that cards are known again by: {}; {}",
            fault.what, fault.remedy
        ))
    })?;
    let key = FingerprintKey::of_hex(secret.expose()).ok_or_else(|| {
        let remedy =
            "put the right one back from its backup, or remove it: what was tried before is forgotten then";
        Fault::Settings(format!("{}: it does not hold 64 hexadecimal digits; {remedy}", file.display()))
    })?;
    Ok(Guard { limits: config.guard.clone(), key })
}

fn rules(config: &Config, merchants: Merchants, crm: Option<Arc<Crm>>, guard: Guard, post: Post) -> Rules {
    Rules {
        guard,
        merchants,
        assisted: config.capture.clone(),
        self_service: config.self_service_capture(),
        settle: psp::resolve::Bounds {
            // A little before the call itself gives up, so that its answer comes first.
            settle_bound_ms: config.capture.bank_bound_ms.saturating_sub(SETTLE_LEAD_MS),
            ..psp::resolve::Bounds::default()
        },
        max_captures: config.limits.max_captures as usize,
        crm,
        recognise_caller: config.self_service.recognise_caller,
        ask_reference: config.self_service.ask_reference,
        post,
    }
}
