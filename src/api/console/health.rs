//! Settings health: what `tonegate check` finds, looked at by the daemon itself.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use tokio::sync::Mutex;

use crate::pbx::{Finding, Severity};

use super::Console;
use super::page::{Shell, page, see};
use super::reader::Reader;

/// What a look has found; or why it could not look.
pub type Findings = Result<Vec<Finding>, String>;

/// Looks at configuration and PBX.
pub type Check = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Findings> + Send>> + Send + Sync>;

/// A look is as good as new for so long, unless somebody asks for another.
const LOOK_TTL_MS: i64 = 60_000;

/// A PBX that does not answer is found out by then.
const LOOK_TIMEOUT_MS: u64 = 20_000;

/// The last look.
pub(super) struct Health {
    check: Check,
    /// Held while looking, so that many readers look once.
    last: Mutex<Option<(i64, Arc<Findings>)>>,
}

impl Health {
    pub(super) fn new(check: Check) -> Self {
        Self { check, last: Mutex::new(None) }
    }

    /// When it was looked, and what was found.
    async fn look(&self, anew: bool) -> (i64, Arc<Findings>) {
        let mut last = self.last.lock().await;
        let now = jiff::Timestamp::now().as_millisecond();
        if let Some((at, found)) = last.as_ref().filter(|(at, _)| !anew && now - at < LOOK_TTL_MS) {
            return (*at, Arc::clone(found));
        }
        let found = match tokio::time::timeout(Duration::from_millis(LOOK_TIMEOUT_MS), (self.check)()).await {
            Ok(found) => found,
            Err(_) => Err(format!("the PBX did not answer for {} s", LOOK_TIMEOUT_MS / 1000)),
        };
        let found = Arc::new(found);
        *last = Some((now, Arc::clone(&found)));
        (now, found)
    }
}

struct Line {
    refuses: bool,
    place: String,
    what: String,
    remedy: String,
}

#[derive(Template)]
#[template(path = "health.html", config = "src/api/console/askama.toml")]
struct HealthPage {
    shell: Shell,
    ready: bool,
    not_ready: String,
    csrf: String,
    looked_at: String,
    fault: String,
    findings: Vec<Line>,
    /// What no endpoint took, in words; empty if there is nothing.
    dead: String,
    /// Where it is sent again, for those who may.
    webhooks: Option<&'static str>,
}

/// `GET /console/health`
pub(super) async fn show(State(console): State<Console>, reader: Reader) -> Response {
    let w = reader.locale.words();
    if !reader.viewer.may_watch() {
        return reader.not_allowed();
    }
    let (at, found) = console.health.look(false).await;
    let not_ready = console.desk.not_ready();
    let findings = found.as_ref().as_ref().map(Vec::as_slice).unwrap_or_default();
    let line = |finding: &Finding| Line {
        refuses: finding.severity == Severity::Refuses,
        place: finding.place.clone(),
        what: finding.what.clone(),
        remedy: finding.remedy.clone(),
    };
    let dead = match console.desk.store().dead_webhooks().await {
        Ok(0) => String::new(),
        Ok(dead) => (w.dead_letters)(dead),
        Err(fault) => {
            tracing::error!("dead webhooks cannot be counted: {fault}");
            return reader.failed();
        }
    };
    let health = HealthPage {
        shell: reader.shell(w.health),
        ready: not_ready.is_none(),
        not_ready: not_ready.unwrap_or_default(),
        csrf: reader.csrf(),
        looked_at: reader.locale.clock(at),
        fault: found.as_ref().as_ref().err().cloned().unwrap_or_default(),
        findings: findings.iter().map(line).collect(),
        dead,
        webhooks: reader.viewer.may_manage().then_some(super::webhooks::PATH),
    };
    page(&health, StatusCode::OK)
}

/// `POST /console/health`: looks once more.
pub(super) async fn again(State(console): State<Console>, reader: Reader) -> Response {
    if reader.viewer.may_watch() {
        console.health.look(true).await;
    }
    see("/console/health")
}
