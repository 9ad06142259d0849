//! `tonegate serve`: the daemon, put together from its configuration.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Fault, pbx};
use crate::card::Vault;
use crate::config::{self, Config, PromptRate};
use crate::desk::{Desk, Merchant, Rules};
use crate::prompts::{self, SampleRate, SoundTree, find_default_directory};
use crate::psp::{self, Psp};
use crate::store::{Store, StoreSettings};
use crate::{api, harden, observe, outbox};

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
        let psp = provider(&config)?;
        let sounds = sounds(&config)?;
        super::runtime()?.block_on(serve(config, psp, sounds))
    }
}

/// The account payments are charged to.
fn provider(config: &Config) -> Result<Arc<dyn Psp>, Fault> {
    let section = config.merchant_psp().ok_or_else(|| {
        Fault::Settings(format!("merchant.psp: no [[psp]] is called `{}`", config.merchant.psp))
    })?;
    Ok(psp::from_section(section)?)
}

fn sounds(config: &Config) -> Result<SoundTree, Fault> {
    let directory = find_default_directory(config.prompts.directory.as_deref())
        .map_err(|fault| Fault::Settings(fault.to_string()))?;
    let failed = |fault: prompts::SoundError| Fault::Settings(fault.to_string());
    let own = config.prompts.own_directory.clone();
    match config.prompt_rate() {
        PromptRate::Wide => SoundTree::new(own, directory, SampleRate::Wide).map_err(failed),
        PromptRate::Narrow => {
            let narrow = config.daemon.state_dir.join("sounds");
            prompts::install(&directory, &narrow).map_err(failed)?;
            SoundTree::new(own, narrow, SampleRate::Narrow).map_err(failed)
        }
    }
}

async fn serve(config: Config, psp: Arc<dyn Psp>, sounds: SoundTree) -> Result<ExitCode, Fault> {
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
    let (pbx, news) = pbx::start(&config).await?;
    let rules = rules(&config)?;
    let desk = Desk::new(rules, pbx, psp, store.clone(), sounds);
    desk.watch_open_attempts();
    let twilio = if config.twilio.enabled {
        Some(api::twilio::Twilio::new(&config.twilio, Arc::clone(&desk)).map_err(Fault::Unavailable)?)
    } else {
        None
    };
    let stop = CancellationToken::new();
    outbox::carry(&store, endpoints, &stop).map_err(Fault::Unavailable)?;
    let api = tokio::spawn(api::serve(listener, Arc::clone(&desk), config.api.key, twilio, stop.clone()));
    let hearing = tokio::spawn(Arc::clone(&desk).hear(news));
    tracing::info!(api = %config.api.listen, "tonegate is running");
    super::asked_to_stop().await.map_err(|fault| Fault::Internal(fault.to_string()))?;
    tracing::info!("asked to stop: ending payments in order");
    desk.drain(Duration::from_millis(DRAIN_MS)).await;
    stop.cancel();
    hearing.abort();
    // Streams that do not end by themselves end with the process.
    let _ = tokio::time::timeout(Duration::from_secs(2), api).await;
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

fn rules(config: &Config) -> Result<Rules, Fault> {
    let merchant = &config.merchant;
    let language =
        merchant.language.parse().map_err(|fault| Fault::Settings(format!("merchant.language: {fault}")))?;
    Ok(Rules {
        merchant: Merchant {
            name: merchant.name.clone(),
            currency: merchant.currency,
            language,
            accepted: merchant.accepted_brands.clone(),
            description: merchant.description.clone(),
        },
        assisted: config.capture.clone(),
        self_service: config.self_service_capture(),
        code_digits: merchant.code_digits,
        settle: psp::resolve::Bounds {
            // A little before the call itself gives up, so that its answer comes first.
            settle_bound_ms: config.capture.bank_bound_ms.saturating_sub(SETTLE_LEAD_MS),
            ..psp::resolve::Bounds::default()
        },
        max_captures: config.limits.max_captures as usize,
    })
}
