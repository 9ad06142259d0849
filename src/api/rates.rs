//! How often one caller may ask.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::extract::{Extension, Request, State as Shared};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::State;
use super::auth::Caller;
use super::problem::{Kind, Problem};

/// A caller who was quiet may catch up with this many seconds' worth of requests at once.
const BURST_S: u32 = 2;

/// Callers remembered; before there are more, those who have been quiet are forgotten.
const CALLERS_MAX: usize = 10_000;

type Limiter = RateLimiter<String, HashMapStateStore<String>, DefaultClock, StateInformationMiddleware>;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// What each caller has asked lately.
pub(super) struct Rates {
    per_s: NonZeroU32,
    burst: NonZeroU32,
    limiter: Limiter,
    clock: DefaultClock,
}

impl Rates {
    pub(super) fn new(per_s: NonZeroU32) -> Self {
        let burst = per_s.saturating_mul(NonZeroU32::MIN.saturating_add(BURST_S - 1));
        let quota = Quota::per_second(per_s).allow_burst(burst);
        let limiter = RateLimiter::hashmap(quota).with_middleware();
        Self { per_s, burst, limiter, clock: DefaultClock::default() }
    }

    /// Counts one request; what is left, or how long to wait.
    fn ask(&self, caller: &str) -> Result<u32, Duration> {
        if self.limiter.len() >= CALLERS_MAX {
            self.limiter.retain_recent();
        }
        match self.limiter.check_key(&caller.to_owned()) {
            Ok(state) => Ok(state.remaining_burst_capacity()),
            Err(until) => Err(until.wait_time_from(self.clock.now())),
        }
    }

    /// As in the drafts of `RateLimit` header fields for HTTP: requests allowed at once, left, and seconds until
    /// all of them are there again.
    fn tell(&self, left: u32, headers: &mut HeaderMap) {
        let used = self.burst.get().saturating_sub(left);
        let told = [(LIMIT, self.burst.get()), (REMAINING, left), (RESET, used.div_ceil(self.per_s.get()))];
        headers.extend(told.map(|(name, number)| (name, HeaderValue::from(number))));
    }
}

/// Lets a request pass whose caller has not asked too often.
pub(super) async fn limit(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    request: Request,
    next: Next,
) -> Response {
    let (left, mut response) = match state.rates.ask(&caller.id) {
        Ok(left) => (left, next.run(request).await),
        Err(wait) => {
            let detail = format!(
                "{} requests a second are allowed to one caller (api.requests_per_s); ask again after Retry-After",
                state.rates.per_s
            );
            let seconds = wait.as_secs().saturating_add(1);
            (0, Problem::of(Kind::TooMany, detail).with(header::RETRY_AFTER, seconds).into_response())
        }
    };
    state.rates.tell(left, response.headers_mut());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_is_held_back_and_another_is_not() {
        let rates = Rates::new(NonZeroU32::new(5).unwrap());
        assert_eq!(rates.ask("a"), Ok(9));
        for _ in 0..9 {
            assert!(rates.ask("a").is_ok());
        }
        let wait = rates.ask("a").unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_millis(200), "{wait:?}");
        assert!(rates.ask("b").is_ok());
        let mut headers = HeaderMap::new();
        rates.tell(4, &mut headers);
        assert_eq!((headers[LIMIT].as_bytes(), headers[RESET].as_bytes()), (&b"10"[..], &b"2"[..]));
    }
}
