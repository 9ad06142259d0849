//! The test bank: a payment service provider that moves no money, for trying things out and for tests.
//!
//! It serves the generic pay connector's contract ([`generic`](super::generic)), recognises both profiles by
//! their fields, takes **published test card numbers only**, and decides by card number and amount:
//!
//! - Card numbers of which providers say that they are declined are declined for that reason.
//! - Otherwise the last two digits of the amount count, in minor units. An ISO 8583 response code there is
//!   the issuer's answer: 42.51 is short of funds, 42.54 an expired card.
//! - .71 to .79 and .83 are faults of the way: late, lost, broken and wrong answers.
//! - Everything else is approved.
//!
//! | Path | What |
//! |---|---|
//! | `POST /charge`, `POST /` | charge or tokenise |
//! | `GET /charges/{transaction_id}` | what became of a charge |
//! | `GET /ledger` | everything that was charged, cards masked |
//! | `GET /` | all this as a page, with the tables of [`behaviour`] |
//!
//! A `transaction_id` seen before gets the first answer again and is charged once, unless
//! [`TestBankSettings::deduplicates`] is off. No card number is kept: bodies are read into wiped memory, and
//! the ledger holds the last four digits.

pub mod behaviour;
mod ledger;
mod page;
mod request;
mod serve;
mod wire;

pub use ledger::LedgerLine;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use serve::Bank;
use wire::CuttableListener;

/// How long requests under way may take to end when the bank is stopped.
const STOP_BOUND_MS: u64 = 1_000;

/// How the test bank behaves apart from its tables.
#[derive(Clone)]
pub struct TestBankSettings {
    /// User and password it asks for (HTTP Basic, RFC 7617); `None` lets everybody in.
    pub login: Option<(String, Zeroizing<String>)>,
    /// Whether a `transaction_id` seen before is charged again (`false`) or not.
    pub deduplicates: bool,
    /// How long a late answer takes.
    pub slow_answer_ms: u64,
}

impl Default for TestBankSettings {
    fn default() -> TestBankSettings {
        // A second more than programmable telephony waits.
        TestBankSettings { login: None, deduplicates: true, slow_answer_ms: 11_000 }
    }
}

impl fmt::Debug for TestBankSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestBankSettings")
            .field("user", &self.login.as_ref().map(|(user, _)| user))
            .field("deduplicates", &self.deduplicates)
            .field("slow_answer_ms", &self.slow_answer_ms)
            .finish_non_exhaustive()
    }
}

/// Why the test bank does not open.
#[derive(Debug, thiserror::Error)]
pub enum TestBankError {
    /// The address cannot be had.
    #[error("the test bank cannot listen on {address}: {source}; is another one running there?")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
}

/// The test bank's door.
pub struct TestBank;

impl TestBank {
    /// Opens a test bank at this address; port 0 takes a free one.
    ///
    /// # Errors
    /// If the address cannot be had.
    pub async fn start(
        address: SocketAddr,
        settings: TestBankSettings,
    ) -> Result<RunningBank, TestBankError> {
        let failed = |source| TestBankError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let bank = Arc::new(Bank::new(settings));
        let (stop, stopped) = oneshot::channel::<()>();
        let service = serve::routes(Arc::clone(&bank)).into_make_service_with_connect_info::<wire::Cut>();
        let server = axum::serve(CuttableListener::new(listener), service).with_graceful_shutdown(async {
            // Stopped, or the handle is gone: both end the bank.
            let _ = stopped.await;
        });
        let task = tokio::spawn(async move {
            if let Err(fault) = server.await {
                tracing::error!(%fault, "the test bank stopped");
            }
        });
        Ok(RunningBank { address, bank, stop: Some(stop), task })
    }
}

/// A test bank at work; it closes when this is dropped.
pub struct RunningBank {
    /// Where it listens.
    pub address: SocketAddr,
    bank: Arc<Bank>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl RunningBank {
    /// The address to post charges to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/charge", self.address)
    }

    /// The address to ask what became of a charge, as the generic connector's `query_url`.
    #[must_use]
    pub fn query_url(&self) -> String {
        format!("http://{}/charges/{{transaction_id}}", self.address)
    }

    /// Everything asked of the bank so far, oldest first; no card numbers.
    #[must_use]
    pub fn ledger(&self) -> Vec<LedgerLine> {
        self.bank.ledger()
    }

    /// Closes the door and waits a moment for what is under way.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if tokio::time::timeout(Duration::from_millis(STOP_BOUND_MS), &mut self.task).await.is_err() {
            self.task.abort();
        }
    }

    /// Waits until the bank closes by itself, which it does only on a fault of its listener.
    pub async fn closed(&mut self) {
        // The task reported its own fault.
        let _ = (&mut self.task).await;
    }
}
