//! The runtime: one task per payment call drives [`crate::call`] against the PBX, the bank and the store.
//!
//! The desk hears from the PBX that somebody wants to pay, makes up the payment from the offer, the
//! configuration and what was prepared over the API, and lets a task of its own run the call. Charges run
//! beside the call and outlive it: an answer that comes after everybody has hung up is still written down.

mod alarms;
mod board;
mod charge;
mod commanded;
mod country;
mod customer;
mod event;
mod feed;
mod guard;
mod in_hand;
mod keyed;
mod key_link;
mod live;
mod merchant;
mod messages;
mod news;
mod operations;
mod owed;
mod payment;
mod readiness;
mod reconcile;
mod sentences;
mod speech;
mod start;
mod storing;
mod task;
#[cfg(test)]
mod tests;
mod tokens;
mod told;
mod webhook;

pub use board::{Answered, FieldStanding, Stage, Standing, Subject};
pub use commanded::Commanded;
pub use event::EventBody;
pub use feed::{Feed, FeedError, Listener, Wanted};
pub use guard::{Guard, Suspicion};
pub use live::{Live, LiveCall, PREPARED_KEPT_MS};
pub use merchant::{Merchant, Merchants, UnknownMerchant};
pub use messages::SendFault;
use operations::LINKS_WATCHED_MAX;
pub use operations::{LINK_KEPT_MS, LinkRequest, OperationFault};
pub use payment::{Prepared, Request};
pub use speech::{Speech, SpokenLine};
pub use start::StartError;
pub use tokens::{TokenCharge, TokenFault};
pub use told::Event;
pub use webhook::HookFault;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::CaptureSection;
use crate::messaging::Post;
use crate::orders::crm::Crm;
use crate::pbx::Pbx;
use crate::psp::{self, Psp};
use crate::store::Store;

/// What the desk is made with.
pub struct Rules {
    /// Who is paid.
    pub merchants: Merchants,
    /// Capture with an agent.
    pub assisted: CaptureSection,
    /// Capture without.
    pub self_service: CaptureSection,
    /// How long and how often the bank is asked.
    pub settle: psp::resolve::Bounds,
    /// Payment calls at the same time.
    pub max_captures: usize,
    /// The company's own system, where it says what is owed.
    pub crm: Option<Arc<Crm>>,
    /// Whether a caller without an agent is known by their number.
    pub recognise_caller: bool,
    /// Whether one who is not known, and of whom nobody says what they owe, keys a reference.
    pub ask_reference: bool,
    /// What stops card testing.
    pub guard: Guard,
    /// Who carries texts to customers.
    pub post: Post,
}

/// The desk: shared by the PBX's news, the API and the tasks.
pub struct Desk {
    pub(crate) rules: Rules,
    pub(crate) pbx: Arc<dyn Pbx>,
    accounts: BTreeMap<String, Arc<dyn Psp>>,
    pub(crate) store: Store,
    /// What happens, for whoever listens.
    pub feed: Feed,
    /// Payment calls under way and payments prepared.
    pub live: Live,
    pub(crate) calls: TaskTracker,
    pub(crate) charges: TaskTracker,
    /// Calls that may still hear of an attempt by webhook.
    waiting: webhook::Waiting,
    /// Attempts that are being settled.
    in_hand: in_hand::InHand,
    /// An outcome has just stayed unknown.
    look_soon: Notify,
    /// Operations that this process is sending.
    underway: Arc<operations::Underway>,
    /// Links that are looked at while their customers pay.
    watched: Arc<Semaphore>,
    /// Accounts that have open attempts and are configured no more; each was told once.
    accounts_missed: Mutex<BTreeSet<String>>,
    pub(crate) draining: CancellationToken,
    /// Why no payment can be taken now; `None` while the PBX is there and its seal holds.
    pub(crate) pbx_down: watch::Sender<Option<String>>,
}

impl Desk {
    /// A desk that has not yet heard any news. `accounts` are all that are configured: those that are charged, and
    /// those that were, whose attempts may still be open.
    #[must_use]
    pub fn new(rules: Rules, pbx: Arc<dyn Pbx>, accounts: Vec<Arc<dyn Psp>>, store: Store) -> Arc<Self> {
        Arc::new(Self {
            live: Live::new(rules.max_captures),
            rules,
            pbx,
            accounts: accounts.into_iter().map(|psp| (psp.name().to_owned(), psp)).collect(),
            store,
            feed: Feed::new(),
            calls: TaskTracker::new(),
            charges: TaskTracker::new(),
            waiting: webhook::Waiting::default(),
            in_hand: in_hand::InHand::default(),
            look_soon: Notify::new(),
            underway: Arc::default(),
            watched: Arc::new(Semaphore::new(LINKS_WATCHED_MAX)),
            accounts_missed: Mutex::default(),
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

    /// Who is paid where nothing else decides.
    #[must_use]
    pub fn merchant(&self) -> &Merchant {
        self.rules.merchants.default_one()
    }

    /// Everybody who is paid.
    #[must_use]
    pub fn merchants(&self) -> &Merchants {
        &self.rules.merchants
    }

    /// The account of this name, whether anybody is paid by it now or not.
    #[must_use]
    pub fn account(&self, name: &str) -> Option<&Arc<dyn Psp>> {
        self.accounts.get(name)
    }

    /// Fewest and most digits of a postal code, where an agent takes the payment.
    #[must_use]
    pub fn postal_digits(&self) -> (u8, u8) {
        (self.rules.assisted.postal_code_min_digits, self.rules.assisted.postal_code_max_digits)
    }

    /// The company's records.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }
}
