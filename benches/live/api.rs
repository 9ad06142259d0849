//! The API: keys until they reach every listener, what a listener costs, and how fast payments are looked up.

use std::time::{Duration, Instant};

use futures_util::future::{join_all, try_join_all};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tonegate::inspect::stage::{Conversation, Seen, StageError};

use crate::figure::Figure;
use crate::keys::{Arrivals, Keyed, SERIES};
use crate::load::close;
use crate::process::{cpu_s, resident_mib};
use crate::stand::Stand;

/// Calls that are set up side by side.
const SET_UP_TOGETHER: usize = 5;

/// How long a key is held and how long the pause after it is.
const KEY_MS: (u32, u32) = (60, 60);

/// Series of keys on each call.
const ROUNDS: usize = 2;

/// Callers begin one after another over about one series' time, as callers do.
const SPREAD_MS: u64 = 1_920;

/// How long after the last key its event may come, and how long memory takes to settle.
const TAIL_MS: u64 = 3_000;

/// How long payments are looked up, and over how many connections.
const LOOK_UP_MS: u64 = 5_000;
const LOOK_UP_CONNECTIONS: usize = 8;

/// One listener: what it has heard, each piece with its time.
struct Ear(JoinHandle<Vec<(Instant, Vec<u8>)>>);

/// With so many calls and so many listeners, each at one call.
pub async fn figures(stand: &Stand, calls: usize, listeners: usize) -> Result<Vec<Figure>, StageError> {
    let mut open = Vec::with_capacity(calls);
    let place = stand.set.events.place();
    while open.len() < calls {
        let together = SET_UP_TOGETHER.min(calls - open.len());
        for call in try_join_all((0..together).map(|_| stand.call())).await? {
            let (payment, _) = stand.begin(&call).await?;
            open.push((call, payment));
        }
    }
    for (_, payment) in &open {
        if stand.opened(place, payment).await?.is_none() {
            return Err(StageError("a call could not be sealed; see the daemon's log".into()));
        }
    }
    tokio::time::sleep(Duration::from_millis(TAIL_MS)).await;
    let before_mib = resident_mib(stand.daemon()?)?;
    let ears = try_join_all((0..listeners).map(|n| listen(stand, &open[n % calls].1))).await?;
    tokio::time::sleep(Duration::from_millis(TAIL_MS)).await;
    let heard_mib = resident_mib(stand.daemon()?)?;
    let keyed = key_all(&open).await;
    tokio::time::sleep(Duration::from_millis(TAIL_MS)).await;
    let after_mib = resident_mib(stand.daemon()?)?;
    let mut arrivals = Arrivals::default();
    for (n, ear) in ears.into_iter().enumerate() {
        let keyed = keyed[n % calls].as_ref().map_err(|fault| StageError(fault.to_string()))?;
        let told = ear.heard().await;
        arrivals.add(stand, &open[n % calls].1, keyed, &told);
    }
    let together = format!("{calls} calls, {listeners} listeners");
    let kib = |mib: f64| (mib - before_mib) * 1024.0 / listeners as f64;
    let mut figures = vec![
        Figure::one(format!("memory of one listener, {together}, quiet"), "KiB", kib(heard_mib)),
        Figure::one(format!("memory of one listener, {together}, keyed"), "KiB", kib(after_mib)),
    ];
    figures.extend(look_up(stand, &open[0].1).await?);
    close(stand, &open).await?;
    arrivals.check()?;
    figures.extend(arrivals.figures(&together));
    Ok(figures)
}

async fn key_all(open: &[(Conversation, String)]) -> Vec<Result<Keyed, StageError>> {
    join_all(open.iter().enumerate().map(|(n, (call, _))| async move {
        let n = u64::try_from(n).unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(n * SPREAD_MS / open.len() as u64)).await;
        let mut keyed = Keyed::new();
        for _ in 0..ROUNDS {
            keyed.push(call.customer.key(SERIES, KEY_MS.0, KEY_MS.1).await?);
        }
        Ok(keyed)
    }))
    .await
}

/// Opens one stream of one payment's events; returns when the daemon has taken it.
async fn listen(stand: &Stand, payment: &str) -> Result<Ear, StageError> {
    let settings = &stand.set.settings;
    let host = settings.api.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await?;
    let request = format!(
        "GET /v1/events?payment={payment} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\r\n",
        settings.key
    );
    stream.write_all(request.as_bytes()).await?;
    let mut first = vec![0; 4096];
    let read = stream.read(&mut first).await?;
    if !first[..read].starts_with(b"HTTP/1.1 200") {
        return Err(StageError(format!("no events: {}", String::from_utf8_lossy(&first[..read]))));
    }
    Ok(Ear(tokio::spawn(async move {
        let mut heard = Vec::new();
        // Nothing for so long is the end of what was keyed.
        let quiet = Duration::from_millis(2 * TAIL_MS + 2 * SPREAD_MS);
        let mut piece = vec![0; 4096];
        while let Ok(Ok(read @ 1..)) = tokio::time::timeout(quiet, stream.read(&mut piece)).await {
            heard.push((Instant::now(), piece[..read].to_vec()));
        }
        heard
    })))
}

impl Ear {
    /// The events, each with the time of the piece that completed it; returns once it has been quiet for a while.
    async fn heard(self) -> Vec<Seen> {
        let (mut text, mut seen) = (String::new(), Vec::new());
        for (at, piece) in self.0.await.unwrap_or_default() {
            text.push_str(&String::from_utf8_lossy(&piece));
            while let Some(end) = text.find("\n\n") {
                let frame: String = text.drain(..end + 2).collect();
                let data = frame.lines().find_map(|line| line.strip_prefix("data: "));
                seen.extend(
                    data.and_then(|data| serde_json::from_str(data).ok()).map(|event| Seen { at, event }),
                );
            }
        }
        seen
    }
}

/// Looks one payment up over and over.
async fn look_up(stand: &Stand, payment: &str) -> Result<Vec<Figure>, StageError> {
    let path = format!("/v1/payments/{payment}");
    let (began, before_s) = (Instant::now(), cpu_s(stand.daemon()?)?);
    let until = began + Duration::from_millis(LOOK_UP_MS);
    let counts = try_join_all((0..LOOK_UP_CONNECTIONS).map(|_| async {
        let mut count = 0_u32;
        while Instant::now() < until {
            stand.set.daemon.get(&path).await?;
            count += 1;
        }
        Ok::<_, StageError>(count)
    }))
    .await?;
    let count = f64::from(counts.iter().sum::<u32>());
    let used_s = cpu_s(stand.daemon()?)? - before_s;
    Ok(vec![
        Figure::one("payments looked up, per second of the daemon's processor time", "1/s", count / used_s),
        Figure::one(
            "payments looked up, per second, on this machine",
            "1/s",
            count / began.elapsed().as_secs_f64(),
        ),
    ])
}
