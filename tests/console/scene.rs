//! A daemon beside the rehearsal PBX, a call that is up, and a browser before it.

use std::path::Path;

use tempfile::TempDir;
use tonegate::inspect::stage::{
    CallPlan, Credentials, RehearsalTheatre, Scene, Set, SetOptions, TestCard, Theatre,
};

use crate::browser::{Browser, Kind};

/// Published test cards.
pub const VISA: TestCard = TestCard { pan: 4111111111111111, expiry: "0330", code: "737" };
pub const SHORT_OF_FUNDS: TestCard = TestCard { pan: 4000000000009995, expiry: "0330", code: "737" };

/// The agent's extension on the rehearsal PBX.
pub const AGENT: &str = "1001";

/// Puts a secret beside the configuration, where nobody else can read it.
pub fn secret(options: &SetOptions, name: &str, text: &str) {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    let directory = &options.directory;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).expect("a directory");
    let path = directory.join(name);
    std::fs::write(&path, text).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("private");
}

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
        // Who has more to do than one-time codes: their page has a test of its own.
        options.sections = "[people]\ncode_required = []\n".into();
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

    /// Somebody who may do everything signs in, and is led to the desk they asked for.
    async fn sign_in(&self) {
        let roles = ["agent", "supervisor", "refunder", "admin"];
        let ada = self.scene.set.person("ada", &roles, &[AGENT]).await.expect("somebody is made known");
        self.enter(&ada, &format!("/desk?agent={AGENT}")).await;
        self.browser.until("location.pathname === '/desk' && location.search === '?agent=1001'").await;
    }

    /// Asks for a page, and signs in where that leads.
    pub async fn enter(&self, person: &Credentials, path: &str) {
        self.go(path).await;
        self.browser.until("location.pathname === '/console/login'").await;
        self.browser.write("input[name=name]", &person.name).await;
        self.browser.write("input[name=password]", &person.password).await;
        self.browser.click("main button.first").await;
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
