//! Many calls at once: keys, times, and what they cost the daemon.

use std::time::{Duration, Instant};

use futures_util::future::{join_all, try_join_all};
use tonegate::inspect::stage::{Conversation, StageError};

use crate::figure::Figure;
use crate::keys::{Arrivals, Keyed, SERIES, key};
use crate::process::{cpu_s, resident_mib};
use crate::stand::{Stand, ms};

/// Calls that are set up side by side.
const SET_UP_TOGETHER: usize = 5;

/// How long all calls stand open and sealed before they are keyed.
const STAND_MS: u64 = 3_000;

/// Callers begin one after another over about one series' time, as callers do.
const SPREAD_MS: u64 = 1_920;

/// How long after the last key its event may come.
const TAIL_MS: u64 = 4_000;

pub async fn many_calls(stand: &Stand, calls: usize, keys: usize) -> Result<Vec<Figure>, StageError> {
    let place = stand.set.events.place();
    let mut open: Vec<(Conversation, String)> = Vec::with_capacity(calls);
    let mut conversations = Vec::with_capacity(calls);
    while conversations.len() < calls {
        let together = SET_UP_TOGETHER.min(calls - conversations.len());
        conversations.extend(try_join_all((0..together).map(|_| stand.call())).await?);
    }
    let mut asked = Vec::with_capacity(calls);
    for call in conversations {
        let (payment, at) = stand.begin(&call).await?;
        asked.push(at);
        open.push((call, payment));
    }
    let mut seals = Vec::with_capacity(calls);
    let mut sealed = Vec::with_capacity(calls);
    for ((call, payment), at) in open.into_iter().zip(asked) {
        if let Some(seen) = stand.opened(place, &payment).await? {
            seals.push(ms(at, seen.at));
            sealed.push((call, payment));
        }
    }
    let (wanted, open) = (calls, sealed);
    let calls = open.len();
    if calls == 0 {
        return Err(StageError(format!("of {wanted} calls none could be sealed; see the daemon's log")));
    }
    let daemon = stand.daemon()?;
    tokio::time::sleep(Duration::from_millis(STAND_MS)).await;
    let sealed_mib = resident_mib(daemon)?;
    let rounds = keys.div_ceil(calls * SERIES.len());
    let cost = Cost::begin(stand)?;
    let keyed: Vec<Result<Keyed, StageError>> =
        join_all(open.iter().enumerate().map(|(n, (call, _))| async move {
            let n = u64::try_from(n).unwrap_or(0);
            tokio::time::sleep(Duration::from_millis(n * SPREAD_MS / calls as u64)).await;
            key(call.customer.as_ref(), rounds).await
        }))
        .await;
    let costs = cost.end(stand, calls)?;
    tokio::time::sleep(Duration::from_millis(TAIL_MS)).await;
    let keyed_mib = resident_mib(daemon)?;
    let told = stand.set.events.all();
    let mut arrivals = Arrivals::default();
    for ((_, payment), keyed) in open.iter().zip(keyed) {
        arrivals.add(stand, payment, &keyed?, &told[place..]);
    }
    for (call, payment) in &open {
        stand.cancel(payment).await?;
        call.customer.hang_up().await?;
    }
    arrivals.check()?;
    let together = format!("{calls} calls at once");
    let mut figures = arrivals.figures(&together);
    let refused = (wanted - calls) as f64;
    figures.push(Figure::one(format!("seals refused, of {wanted} calls"), "calls", refused));
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
