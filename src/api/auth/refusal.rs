//! Refusals: what is told, and what the trail keeps of them.

use std::sync::Mutex;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::api::problem::{Kind, Problem};
use crate::people::{LoginFault, Scope};

/// Refusals of nobody in particular that the trail takes in one minute; the log has the rest.
const ANONYMOUS_PER_MINUTE: u32 = 20;

const MINUTE_MS: i64 = 60_000;

/// Keeps strangers from filling the trail.
#[derive(Debug, Default)]
pub(crate) struct Noise(Mutex<(i64, u32)>);

impl Noise {
    /// Whether one more may be written down.
    pub(super) fn allows(&self, now_ms: i64) -> bool {
        let minute = now_ms / MINUTE_MS;
        // Counters alone: they are right however a thread before us ended.
        let mut counted = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if counted.0 != minute {
            *counted = (minute, 0);
        }
        counted.1 = counted.1.saturating_add(1);
        counted.1 <= ANONYMOUS_PER_MINUTE
    }
}

/// 401.
pub(super) fn unauthorised(detail: &str) -> Response {
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "not authenticated", detail);
    ([(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))], problem).into_response()
}

/// 403.
pub(super) fn forbidden(detail: impl Into<String>) -> Response {
    Problem::new(StatusCode::FORBIDDEN, "not allowed", detail).into_response()
}

/// 403, for want of a scope.
pub(super) fn lacks(scope: Scope, person: bool) -> Response {
    forbidden(if person {
        format!(
            "this needs the scope {scope}, which none of your roles gives; an admin can give you one that does"
        )
    } else {
        format!("this needs the scope {scope}; make a key with it: tonegate key create --scope {scope} NAME")
    })
}

/// 429, for an address that was wrong too often.
pub(super) fn shut_out(wait_s: u64) -> Response {
    let problem = Problem::of(Kind::TooMany, LoginFault::ShutOut { wait_s }.to_string());
    problem.with(header::RETRY_AFTER, wait_s).into_response()
}

/// 503.
pub(super) fn no_store(fault: &crate::store::StoreError) -> Response {
    tracing::error!("nobody can be let in: {fault}");
    let detail = "who asks cannot be looked up now; the daemon's log says why";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the store does not answer", detail).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_fill_the_trail_no_faster_than_its_bound() {
        let noise = Noise::default();
        let allowed = |at: i64| (0..100).filter(|_| noise.allows(at)).count();
        assert_eq!(allowed(5), ANONYMOUS_PER_MINUTE as usize);
        assert_eq!(allowed(MINUTE_MS - 1), 0);
        assert_eq!(allowed(MINUTE_MS), ANONYMOUS_PER_MINUTE as usize, "a new minute");
    }
}
