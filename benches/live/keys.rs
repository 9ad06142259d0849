//! From a key on the wire to its masked event at a listener, and whether each key arrived once.
//!
//! A telephone keys the beginning of a published test card and clears it with one star, over and over. The
//! feed counts the digits (`progress`) and tells the star (`cleared`), so each key has an event of its own.

use std::str::FromStr;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tonegate::inspect::stage::{Handset, KeySent, Seen, StageError};

use crate::figure::Figure;
use crate::load::Opened;
use crate::stand::{Stand, ms};

/// Fifteen of a Mastercard test number's sixteen digits, with doubled and repeated keys, and the star that
/// clears them.
pub const SERIES: &str = "555544443333111*";

/// The sixteenth digit: with it the number is whole, and its check digit fits if each key came in its place.
const LAST: &str = "1";

/// How long after a whole number the next question may come.
const ACCEPTED_MS: u64 = 10_000;

/// What a telephone keyed: one entry a series.
pub type Keyed = Vec<Vec<KeySent>>;

/// How fast keys follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    held_ms: u32,
    apart_ms: u32,
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (held, apart) = text.split_once('/').unwrap_or_default();
        match (held.parse(), apart.parse()) {
            (Ok(held_ms @ 20..=2_000), Ok(apart_ms @ 20..=2_000)) => Ok(Self { held_ms, apart_ms }),
            _ => Err("write held/apart in ms, each 20 to 2000: 60/60".into()),
        }
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{} ms", self.held_ms, self.apart_ms)
    }
}

/// What is keyed.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Calls side by side.
    pub calls: usize,
    /// Keys on all of them together, at least; whole series are keyed.
    pub keys: usize,
    /// How fast.
    pub rate: Rate,
    /// The pause after each series. Asterisk takes a key each 125 ms and lets faster ones wait: what waits is
    /// worked off there.
    pub gap_ms: u64,
}

impl Plan {
    /// Series for each of so many calls.
    pub fn rounds(&self, calls: usize) -> usize {
        self.keys.div_ceil(calls.max(1) * SERIES.len())
    }

    /// How long one series takes with its pause.
    pub fn series_ms(&self) -> u64 {
        u64::from(self.rate.held_ms + self.rate.apart_ms) * SERIES.len() as u64 + self.gap_ms
    }
}

/// Keys alone: on so many calls, one rate after another, each on calls of its own.
pub async fn on_calls(stand: &Stand, plan: Plan) -> Result<Vec<Figure>, StageError> {
    let opened = Opened::open(stand, plan.calls).await?;
    let keyed = opened.key(stand, plan).await?;
    let arrivals = opened.arrivals(stand, &keyed).await;
    let whole = join_all(opened.calls.iter().map(|(call, payment)| async move {
        is_taken(stand, call.customer.as_ref(), payment, plan.rate).await
    }));
    let whole = whole.await.into_iter().collect::<Result<Vec<bool>, _>>()?;
    let what = format!("{} calls, {}", opened.calls.len(), plan.rate);
    let wrong = whole.iter().filter(|taken| !**taken).count();
    opened.close(stand).await?;
    arrivals.check()?;
    let mut figures = arrivals.figures(&what);
    figures.push(Figure::one(
        format!("numbers keyed whole at the end, refused, {what}"),
        "numbers",
        wrong as f64,
    ));
    Ok(figures)
}

/// Keys a whole number; whether it is taken. Digits that changed places would spoil its check digit.
async fn is_taken(
    stand: &Stand,
    customer: &dyn Handset,
    payment: &str,
    rate: Rate,
) -> Result<bool, StageError> {
    let place = stand.set.events.place();
    let number = SERIES.replace('*', LAST);
    customer.key(&number, rate.held_ms, rate.apart_ms).await?;
    let answer = |event: &serde_json::Value| {
        event["payment"] == payment && (event["type"] == "field_done" || event["type"] == "field_refused")
    };
    let seen = stand.set.events.wait(place, ACCEPTED_MS, "the number's end", answer).await;
    Ok(seen.is_ok_and(|seen| seen.kind() == "field_done"))
}

/// Keys the series so many times.
pub async fn key(customer: &dyn Handset, rounds: usize, plan: Plan) -> Result<Keyed, StageError> {
    let mut keyed = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        keyed.push(customer.key(SERIES, plan.rate.held_ms, plan.rate.apart_ms).await?);
        tokio::time::sleep(Duration::from_millis(plan.gap_ms)).await;
    }
    Ok(keyed)
}

/// What became of the keys.
#[derive(Default)]
pub struct Arrivals {
    pub sent: usize,
    pub lost: usize,
    pub doubled: usize,
    /// Keys whose event came with another count than theirs.
    pub displaced: usize,
    /// Payments that ended under way, and how.
    pub broken: Vec<String>,
    from_began: Vec<f64>,
    from_ended: Vec<f64>,
    stars: Vec<f64>,
    on_the_feed: Vec<f64>,
}

impl Arrivals {
    /// Compares what was keyed on a payment with what was told of it. A series with too few or too many
    /// events counts them as lost or doubled and gives no times, since nobody knows which of its keys it was.
    pub fn add(&mut self, stand: &Stand, payment: &str, keyed: &Keyed, told: &[Seen]) {
        let told: Vec<&Seen> = told.iter().filter(|seen| seen.event["payment"] == payment).collect();
        if let Some(end) = told.iter().find(|seen| seen.kind() == "ended") {
            self.broken.push(end.event["ending"].to_string());
        }
        self.sent += keyed.iter().map(Vec::len).sum::<usize>();
        let events: Vec<&Seen> =
            told.into_iter().filter(|seen| matches!(seen.kind(), "progress" | "cleared")).collect();
        let series: Vec<&[&Seen]> = events.split_inclusive(|seen| seen.kind() == "cleared").collect();
        if series.len() != keyed.len() {
            // A star is missing or one too many: series cannot be told apart, only counted all together.
            return self.count(keyed.iter().map(Vec::len).sum(), events.len());
        }
        for (sent, got) in keyed.iter().zip(series) {
            self.count(sent.len(), got.len());
            self.displaced += displaced(got);
            if sent.len() == got.len() {
                sent.iter().zip(got).for_each(|(key, seen)| self.time(stand, key, seen));
            }
        }
    }

    fn count(&mut self, sent: usize, got: usize) {
        self.lost += sent.saturating_sub(got);
        self.doubled += got.saturating_sub(sent);
    }

    fn time(&mut self, stand: &Stand, key: &KeySent, seen: &Seen) {
        if seen.kind() == "cleared" {
            // Written into the trail before it is told, unlike a digit.
            return self.stars.push(ms(key.ended, seen.at));
        }
        self.from_began.push(ms(key.began, seen.at));
        self.from_ended.push(ms(key.ended, seen.at));
        let published: Option<Instant> = stand.published(seen);
        self.on_the_feed.extend(published.map(|at| ms(at, seen.at)));
    }

    /// A payment that ended under way makes the figures worthless.
    pub fn check(&self) -> Result<(), StageError> {
        match self.broken.first() {
            None => Ok(()),
            Some(ending) => Err(StageError(format!(
                "{} payments ended while they were keyed, the first as {ending}",
                self.broken.len()
            ))),
        }
    }

    /// The lines.
    pub fn figures(self, calls: &str) -> Vec<Figure> {
        let key = |from: &str| format!("key to `progress`, {calls}, from its {from}");
        let count = |n: usize| n as f64;
        vec![
            Figure::of(key("first END packet (RFC 4733)"), "ms", self.from_ended),
            Figure::of(key("first packet"), "ms", self.from_began),
            Figure::of(
                format!("  of it from the daemon's feed to the listener, {calls}"),
                "ms",
                self.on_the_feed,
            ),
            Figure::of(format!("star to `cleared`, {calls}, from its first END packet"), "ms", self.stars),
            Figure::one(format!("keys sent, {calls}"), "keys", count(self.sent)),
            Figure::one(format!("keys lost, {calls}"), "keys", count(self.lost)),
            Figure::one(format!("keys doubled, {calls}"), "keys", count(self.doubled)),
            Figure::one(format!("keys out of order, {calls}"), "keys", count(self.displaced)),
        ]
    }
}

/// Digits of a series that were not counted one after another.
fn displaced(series: &[&Seen]) -> usize {
    let digits = series.iter().filter(|seen| seen.kind() == "progress");
    digits.enumerate().filter(|(n, seen)| seen.event["count"] != *n as u64 + 1).count()
}
