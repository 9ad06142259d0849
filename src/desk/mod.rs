//! The runtime: one task per payment call drives [`crate::call`] against the PBX, the bank and the store.
//!
//! The desk hears from the PBX that somebody wants to pay, makes up the payment from the offer, the
//! configuration and what was prepared over the API, and lets a task of its own run the call. Charges run
//! beside the call and outlive it: an answer that comes after everybody has hung up is still written down.

mod charge;
mod event;
mod feed;
mod live;
mod news;
mod payment;
mod reconcile;
mod sentences;
mod task;
mod webhook;

pub use event::{Event, EventBody};
pub use feed::{Feed, FeedError, Listener};
pub use live::{Live, LiveCall};
pub use payment::{Prepared, Request, StartError};
pub use webhook::HookFault;

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::call::Currency;
use crate::card::Brand;
use crate::config::{CaptureSection, CodeDigits};
use crate::pbx::Pbx;
use crate::prompts::{Language, SoundTree};
use crate::psp::{self, Psp};
use crate::store::Store;

/// What the desk needs to know of the merchant.
#[derive(Clone, Debug)]
pub struct Merchant {
    /// The name customers know.
    pub name: String,
    /// For payments that name none.
    pub currency: Currency,
    /// For payments that name none.
    pub language: Language,
    /// Brands that are taken.
    pub accepted: Vec<Brand>,
    /// What stands on the statement.
    pub description: String,
}

/// What the desk is made with.
pub struct Rules {
    /// Who is paid.
    pub merchant: Merchant,
    /// Capture with an agent.
    pub assisted: CaptureSection,
    /// Capture without.
    pub self_service: CaptureSection,
    /// What digits after the feature code mean.
    pub code_digits: CodeDigits,
    /// How long and how often the bank is asked.
    pub settle: psp::resolve::Bounds,
    /// Payment calls at the same time.
    pub max_captures: usize,
}

/// The desk: shared by the PBX's news, the API and the tasks.
pub struct Desk {
    pub(crate) rules: Rules,
    pub(crate) pbx: Arc<dyn Pbx>,
    pub(crate) psp: Arc<dyn Psp>,
    pub(crate) store: Store,
    pub(crate) sounds: SoundTree,
    /// What happens, for whoever listens.
    pub feed: Feed,
    /// Payment calls under way and payments prepared.
    pub live: Live,
    pub(crate) calls: TaskTracker,
    pub(crate) charges: TaskTracker,
    /// Calls that may still hear of an attempt by webhook.
    waiting: webhook::Waiting,
    pub(crate) draining: CancellationToken,
    /// Why no payment can be taken now; `None` while the PBX is there and its seal holds.
    pub(crate) pbx_down: watch::Sender<Option<String>>,
}

impl Desk {
    /// A desk that has not yet heard any news.
    #[must_use]
    pub fn new(
        rules: Rules,
        pbx: Arc<dyn Pbx>,
        psp: Arc<dyn Psp>,
        store: Store,
        sounds: SoundTree,
    ) -> Arc<Self> {
        Arc::new(Self {
            live: Live::new(rules.max_captures),
            rules,
            pbx,
            psp,
            store,
            sounds,
            feed: Feed::new(),
            calls: TaskTracker::new(),
            charges: TaskTracker::new(),
            waiting: webhook::Waiting::default(),
            draining: CancellationToken::new(),
            pbx_down: watch::Sender::new(Some("the PBX has not been reached yet".into())),
        })
    }

    /// Ends every payment call in order, waits for banks that were asked, then lets the PBX go.
    pub async fn drain(&self, at_most: std::time::Duration) {
        self.draining.cancel();
        self.calls.close();
        let all = async {
            self.calls.wait().await;
            self.charges.close();
            self.charges.wait().await;
        };
        if tokio::time::timeout(at_most, all).await.is_err() {
            tracing::warn!(
                calls = self.calls.len(),
                charges = self.charges.len(),
                "stopping although not everything has ended; open attempts are looked for at the next start"
            );
        }
        self.pbx.close().await;
    }

    /// Why no payment can be taken now, for an admin; `None` if one can.
    #[must_use]
    pub fn not_ready(&self) -> Option<String> {
        self.pbx_down.borrow().clone()
    }

    /// Who is paid.
    #[must_use]
    pub fn merchant(&self) -> &Merchant {
        &self.rules.merchant
    }

    /// The company's records.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }
}
