//! Many calls at once: keys, times, and what they cost the daemon.

use std::time::{Duration, Instant};

use futures_util::future::{join_all, try_join_all};
use tonegate::inspect::stage::{Conversation, StageError};

use crate::figure::Figure;
use crate::keys::{Arrivals, Keyed, Plan, key};
use crate::process::{cpu_s, resident_mib};
use crate::stand::{Stand, ms};

/// Calls that are set up side by side.
const SET_UP_TOGETHER: usize = 5;

/// Calls that are ended side by side: each hears that it is over before it hangs up.
const CLOSED_TOGETHER: usize = 10;

/// How long all calls stand open and sealed before they are keyed.
const STAND_MS: u64 = 3_000;

/// How long after the last key its event may come.
const TAIL_MS: u64 = 4_000;

/// What was keyed on all calls, and before which events.
pub struct AllKeyed {
    place: usize,
    keyed: Vec<Keyed>,
}

/// Calls on which the card number is asked for.
pub struct Opened {
    /// Each with its payment.
    pub calls: Vec<(Conversation, String)>,
    /// From the API's request to `sealed`, in ms.
    seals: Vec<f64>,
    wanted: usize,
}

impl Opened {
    /// Sets up so many calls and begins a payment on each.
    ///
    /// # Errors
    /// If none can be sealed.
    pub async fn open(stand: &Stand, wanted: usize) -> Result<Self, StageError> {
        let place = stand.set.events.place();
        let mut conversations = Vec::with_capacity(wanted);
        while conversations.len() < wanted {
            let together = SET_UP_TOGETHER.min(wanted - conversations.len());
            conversations.extend(try_join_all((0..together).map(|_| stand.call())).await?);
        }
        let mut begun = Vec::with_capacity(wanted);
        for call in conversations {
            let (payment, asked) = stand.begin(&call).await?;
            begun.push((call, payment, asked));
        }
        let (mut calls, mut seals) = (Vec::with_capacity(wanted), Vec::with_capacity(wanted));
        for (call, payment, asked) in begun {
            if let Some(seen) = stand.opened(place, &payment).await? {
                seals.push(ms(asked, seen.at));
                calls.push((call, payment));
            }
        }
        if calls.is_empty() {
            return Err(StageError(format!("of {wanted} calls none could be sealed; see the daemon's log")));
        }
        Ok(Self { calls, seals, wanted })
    }

    /// Keys on all of them at once, one beginning after another over one series' time, as callers do.
    ///
    /// # Errors
    /// If a telephone is not in its call any more.
    pub async fn key(&self, stand: &Stand, plan: Plan) -> Result<AllKeyed, StageError> {
        let place = stand.set.events.place();
        let calls = self.calls.len();
        let rounds = plan.rounds(calls);
        let keying = self.calls.iter().enumerate().map(|(n, (call, _))| async move {
            let late_ms = u64::try_from(n).unwrap_or(0) * plan.series_ms() / calls as u64;
            tokio::time::sleep(Duration::from_millis(late_ms)).await;
            key(call.customer.as_ref(), rounds, plan).await
        });
        let keyed = join_all(keying).await.into_iter().collect::<Result<_, _>>()?;
        Ok(AllKeyed { place, keyed })
    }

    /// What became of these keys, once the last of them has had its time.
    pub async fn arrivals(&self, stand: &Stand, all: &AllKeyed) -> Arrivals {
        tokio::time::sleep(Duration::from_millis(TAIL_MS)).await;
        let told = stand.set.events.all();
        let mut arrivals = Arrivals::default();
        for ((_, payment), keyed) in self.calls.iter().zip(&all.keyed) {
            arrivals.add(stand, payment, keyed, &told[all.place..]);
        }
        arrivals
    }

    /// Ends the payments and the calls.
    ///
    /// # Errors
    /// If that cannot be ordered.
    pub async fn close(self, stand: &Stand) -> Result<(), StageError> {
        close(stand, &self.calls).await
    }
}

/// Ends payments and their calls.
///
/// # Errors
/// If that cannot be ordered.
pub async fn close(stand: &Stand, calls: &[(Conversation, String)]) -> Result<(), StageError> {
    for closing in calls.chunks(CLOSED_TOGETHER) {
        try_join_all(closing.iter().map(|(call, payment)| async move {
            stand.cancel(payment).await?;
            call.customer.hang_up().await
        }))
        .await?;
    }
    Ok(())
}

pub async fn many_calls(stand: &Stand, plan: Plan) -> Result<Vec<Figure>, StageError> {
    let opened = Opened::open(stand, plan.calls).await?;
    let calls = opened.calls.len();
    let refused = (opened.wanted - calls) as f64;
    let seals = opened.seals.clone();
    let daemon = stand.daemon()?;
    tokio::time::sleep(Duration::from_millis(STAND_MS)).await;
    let sealed_mib = resident_mib(daemon)?;
    let cost = Cost::begin(stand)?;
    let keyed = opened.key(stand, plan).await?;
    let costs = cost.end(stand, calls)?;
    let arrivals = opened.arrivals(stand, &keyed).await;
    let keyed_mib = resident_mib(daemon)?;
    opened.close(stand).await?;
    arrivals.check()?;
    let together = format!("{calls} calls at once");
    let mut figures = arrivals.figures(&format!("{together}, {}", plan.rate));
    figures.push(Figure::one(format!("seals refused, of {} calls", plan.calls), "calls", refused));
    figures.push(Figure::of(format!("seal, {together}, from the API's request to `sealed`"), "ms", seals));
    figures.push(Figure::one(
        format!("memory of the daemon, {calls} calls sealed (VmRSS)"),
        "MiB",
        sealed_mib,
    ));
    figures.push(Figure::one(format!("memory of the daemon, {calls} calls keyed (VmRSS)"), "MiB", keyed_mib));
    figures.extend(costs);
    Ok(figures)
}

/// Processor time of a stretch.
struct Cost {
    since: Instant,
    daemon_s: f64,
    switch_s: Option<f64>,
}

impl Cost {
    fn begin(stand: &Stand) -> Result<Self, StageError> {
        let switch_s = stand.switch().map(cpu_s).transpose()?;
        Ok(Self { since: Instant::now(), daemon_s: cpu_s(stand.daemon()?)?, switch_s })
    }

    /// Shares of one core since the beginning.
    fn end(self, stand: &Stand, calls: usize) -> Result<Vec<Figure>, StageError> {
        let now = Self::begin(stand)?;
        let lasted_s = now.since.duration_since(self.since).as_secs_f64();
        let share = |before: f64, after: f64| (after - before) / lasted_s * 100.0;
        let what = |who: &str| format!("processor of {who}, {calls} calls keyed, of one core");
        let mut figures = vec![Figure::one(what("the daemon"), "%", share(self.daemon_s, now.daemon_s))];
        if let (Some(before), Some(after)) = (self.switch_s, now.switch_s) {
            figures.push(Figure::one(what("the PBX"), "%", share(before, after)));
        }
        Ok(figures)
    }
}
