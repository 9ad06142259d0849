//! The desk without a PBX: what is asked of charges that were made, and what providers tell.

mod left;
mod links;
mod operations;
mod permutations;
mod readiness;
mod routes;
mod till;
mod tokens;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use uuid::Uuid;

use super::merchant::tests::merchant;
use super::*;
use crate::call::{AttemptId, Ending, Money, Outcome};
use crate::pbx::{CallName, Means, Offer, PbxError, Session};
use crate::store::{NewAttempt, NewPayment, Settlement, Step, StoreSettings};

/// There is none.
struct NoPbx;

#[async_trait::async_trait]
impl Pbx for NoPbx {
    async fn open(&self, _: &Offer, _: &str) -> Result<Session, PbxError> {
        Err(PbxError::NotConnected("none".into()))
    }

    async fn find(&self, _: &CallName) -> Result<Offer, PbxError> {
        Err(PbxError::NotConnected("none".into()))
    }

    async fn whisper(&self, _: &Offer, _: Vec<PathBuf>) -> Result<(), PbxError> {
        Err(PbxError::NotConnected("none".into()))
    }

    async fn lacking(&self, _: &[PathBuf]) -> Result<Vec<PathBuf>, PbxError> {
        Err(PbxError::NotConnected("none".into()))
    }

    async fn close(&self) {}
}

/// A desk, and the directory of its store.
struct Room {
    desk: Arc<Desk>,
    store: Store,
    directory: tempfile::TempDir,
}

fn private_directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let private = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(directory.path(), private).expect("private");
    directory
}

async fn store_in(directory: &tempfile::TempDir) -> Store {
    let path = directory.path().join("payments.sqlite");
    Store::open(&StoreSettings { path }).await.expect("a store")
}

fn rules() -> Rules {
    Rules {
        merchants: Merchants::new(merchant("main", &[], &[]), Vec::new()),
        assisted: CaptureSection::default(),
        self_service: CaptureSection::default(),
        settle: psp::resolve::Bounds::default(),
        max_captures: 10,
    }
}

fn desk_over(store: &Store, accounts: Vec<Arc<dyn Psp>>) -> Arc<Desk> {
    Desk::new(rules(), Arc::new(NoPbx), accounts, store.clone())
}

async fn room(accounts: impl FnOnce(&Store) -> Vec<Arc<dyn Psp>>) -> Room {
    let directory = private_directory();
    let store = store_in(&directory).await;
    Room { desk: desk_over(&store, accounts(&store)), store, directory }
}

fn euros(text: &str) -> Money {
    Money::parse(text, "EUR".parse().expect("a currency")).expect("an amount")
}

/// A payment of 42.50 EUR, under way.
async fn begun(store: &Store) -> Uuid {
    let id = Uuid::now_v7();
    let new = NewPayment {
        id,
        merchant: "main".into(),
        agent: Some("1001".into()),
        means: Means::FeatureCode,
        caller_number: None,
        dialled_number: None,
        reference: None,
        amount: euros("42.50"),
        description: String::new(),
        customer_leg: "leg".into(),
        agent_leg: None,
    };
    store.begin_payment(&new).await.expect("begun");
    id
}

/// An attempt of it that was sent, and its key.
async fn attempted(store: &Store, payment: Uuid, psp: &str) -> AttemptId {
    let attempt = AttemptId { payment: payment.as_u128(), ordinal: 1 };
    store.journal_attempt(&NewAttempt { attempt, psp: psp.into() }).await.expect("journalled");
    store.attempt_step(attempt, Step::Sent, "").await.expect("sent");
    attempt
}

/// A payment that was charged by the account `psp`, whose reference of it is unique.
async fn paid(store: &Store, psp: &str) -> (Uuid, AttemptId, String) {
    let payment = begun(store).await;
    let attempt = attempted(store, payment, psp).await;
    let reference = format!("ch_{}", payment.simple());
    let outcome = Outcome::Approved { reference: reference.clone() };
    let settlement = Settlement { outcome, detail: String::new() };
    store.settle_attempt(attempt, &settlement).await.expect("settled");
    store.end_payment(payment, Ending::Approved).await.expect("ended");
    (payment, attempt, reference)
}
