//! People, with a clock of our own.

mod accounts;
mod codes;
mod doors;
mod keys;
mod logins;
mod sessions;

use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicI64, Ordering};

use sqlx::{Row, query};

use super::*;
use crate::store::StoreSettings;

pub(crate) const MINUTE_MS: i64 = 60_000;

pub(crate) const GOOD: &str = "seven blue herons";

/// People of a store in a directory of its own.
pub(crate) struct House {
    pub people: People,
    pub directory: tempfile::TempDir,
    clock: Arc<AtomicI64>,
}

impl House {
    pub async fn new() -> Self {
        Self::below("").await
    }

    /// With its store in a directory of this name.
    pub async fn below(name: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let settings = StoreSettings { path: directory.path().join(name).join("payments.sqlite") };
        let store = Store::open(&settings).await.unwrap();
        let clock = Arc::new(AtomicI64::new(1_790_000_000_000));
        let rules = Rules {
            idle_ms: 15 * MINUTE_MS,
            session_ms: 12 * 60 * MINUTE_MS,
            code_required: vec![Role::Refunder, Role::Admin],
            issuer: "tonegate".into(),
        };
        let read = Arc::clone(&clock);
        let key = CodesKey::File(directory.path().join("codes.key"));
        let people =
            People::with_clock(store, rules, key, Arc::new(move || read.load(Ordering::Relaxed))).unwrap();
        Self { people, directory, clock }
    }

    /// The same people after a restart of the daemon: what was in memory is read again.
    pub fn restarted(self, key: CodesKey) -> Self {
        let People { store, rules, clock, .. } = self.people;
        let people = People::with_clock(store, Rules::clone(&rules), key, clock).unwrap();
        Self { people, ..self }
    }

    /// Where the key of one-time codes is.
    pub fn codes_key(&self) -> std::path::PathBuf {
        self.directory.path().join("codes.key")
    }

    /// With somebody who has chosen a password already.
    pub async fn with(name: &str, roles: &[Role]) -> Self {
        let house = Self::new().await;
        house.add(name, roles).await;
        house
    }

    pub async fn add(&self, name: &str, roles: &[Role]) {
        self.people.add("shell:0", &new(name, roles)).await.unwrap();
        let session = self.login(name, "first things first", None).await.unwrap();
        let (old, good) = (Password::new("first things first".into()), Password::new(GOOD.into()));
        self.people.change_password(&session.person, &old, &good).await.unwrap();
        self.people.logout(&session.person).await.unwrap();
    }

    pub fn now_s(&self) -> i64 {
        self.people.now_ms() / 1_000
    }

    pub fn pass(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::Relaxed);
    }

    pub async fn login(&self, name: &str, password: &str, code: Option<&str>) -> Result<Session, LoginFault> {
        let password = Password::new(password.into());
        self.people.login(&Login { name, password, code, from: "192.0.2.7" }).await
    }

    pub async fn enter(&self, name: &str) -> Session {
        self.login(name, GOOD, None).await.unwrap()
    }

    /// The trail, a line a row: actor, act, subject, words.
    pub async fn trail(&self) -> Vec<String> {
        let mut reading = self.people.store.read().await.unwrap();
        let rows = query("SELECT actor, act, subject, detail FROM trail ORDER BY seq")
            .fetch_all(&mut *reading)
            .await
            .unwrap();
        let text = |row: &sqlx::sqlite::SqliteRow, column: &str| row.get::<String, _>(column);
        let columns = ["actor", "act", "subject", "detail"];
        rows.iter().map(|row| columns.map(|column| text(row, column)).join(" | ")).collect()
    }

    /// Whether the store's files hold these letters anywhere.
    pub async fn holds(&self, needle: &str) -> bool {
        let files = std::fs::read_dir(self.directory.path()).unwrap();
        files
            .filter_map(|file| std::fs::read(file.unwrap().path()).ok())
            .any(|bytes| bytes.windows(needle.len()).any(|window| window == needle.as_bytes()))
    }
}

pub(crate) fn new(name: &str, roles: &[Role]) -> NewPerson {
    NewPerson {
        name: name.into(),
        display: String::new(),
        roles: roles.into(),
        extensions: vec!["1001".into()],
        locale: Some("fr".into()),
        password: Password::new("first things first".into()),
    }
}
