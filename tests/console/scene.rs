//! A daemon beside the rehearsal PBX, a call that is up, and a browser before it.

use std::path::Path;

use tempfile::TempDir;
use tonegate::inspect::stage::{CallPlan, RehearsalTheatre, Scene, Set, SetOptions, TestCard, Theatre};

use crate::browser::{Browser, Kind};

/// Published test cards.
pub const VISA: TestCard = TestCard { pan: 4111111111111111, expiry: "0330", code: "737" };
pub const SHORT_OF_FUNDS: TestCard = TestCard { pan: 4000000000009995, expiry: "0330", code: "737" };

/// The agent's extension on the rehearsal PBX.
pub const AGENT: &str = "1001";

pub struct Stage {
    pub scene: Scene,
    pub browser: Browser,
    _directory: TempDir,
}

impl Stage {
    /// A conversation is up, and the agent's desk is open.
    pub async fn open(kind: Kind) -> Self {
        Self::open_with(kind, CallPlan::default(), |_| {}).await
    }

    pub async fn open_with(kind: Kind, plan: CallPlan, change: impl FnOnce(&mut SetOptions)) -> Self {
        let directory = TempDir::new().expect("a directory");
        let theatre: std::sync::Arc<dyn Theatre> = RehearsalTheatre::open().await.expect("a PBX");
        let program = Path::new(env!("CARGO_BIN_EXE_tonegate"));
        let mut options = SetOptions::new(program, &directory.path().join("tonegate"));
        change(&mut options);
        let set = Set::up(theatre, &options).await.expect("a daemon");
        let scene = Scene::open(set, &plan).await.expect("a call");
        let browser = Browser::open(kind).await;
        let stage = Self { scene, browser, _directory: directory };
        stage.sign_in().await;
        stage
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.scene.set.settings.api)
    }

    pub async fn go(&self, path: &str) {
        self.browser.go(&self.url(path)).await;
    }

    async fn sign_in(&self) {
        self.go(&format!("/desk?agent={AGENT}")).await;
    }

    /// The customer keys the card, as asked.
    pub async fn card(&mut self, card: TestCard) {
        self.scene.card(card).await.expect("every field is asked for");
    }

    pub async fn close(mut self) {
        self.browser.close().await;
        self.scene.set.daemon.stop().await.expect("the daemon stops");
        self.scene.set.theatre.close().await;
    }
}
