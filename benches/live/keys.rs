//! From a key on the wire to its masked event at a listener, and whether each key arrived once.
//!
//! A telephone keys the beginning of a published test card and clears it with one star, over and over. The
//! feed counts the digits (`progress`) and tells the star (`cleared`), so each key has an event of its own.

use std::time::{Duration, Instant};

use tonegate::inspect::stage::{Conversation, Handset, KeySent, Seen, StageError};

use crate::figure::Figure;
use crate::stand::{Stand, ms};

/// Fifteen of a Mastercard test number's sixteen digits, with doubled and repeated keys, and the star that
/// clears them.
pub const SERIES: &str = "555544443333111*";

/// How long a key is held and how long the pause after it is, in ms.
const KEY_MS: (u32, u32) = (60, 60);

/// How long the pause after a series is.
const BREATH_MS: u64 = 200;

/// Series keyed on the single call.
const ROUNDS_ALONE: usize = 25;

/// How long after the last key its event may come.
const TAIL_MS: u64 = 3_000;

/// What a telephone keyed: one entry a series.
pub type Keyed = Vec<Vec<KeySent>>;

/// One call alone.
pub async fn one_call(stand: &Stand) -> Result<Vec<Figure>, StageError> {
    let call = stand.call().await?;
    let place = stand.set.events.place();
    let payment = open(stand, &call, place).await?;
    // The first sentences are over or interrupted as they are in life: by the first key.
    let keyed = key(call.customer.as_ref(), ROUNDS_ALONE).await?;
    tokio::time::sleep(Duration::from_millis(TAIL_MS)).await;
    let mut arrivals = Arrivals::default();
    arrivals.add(stand, &payment, &keyed, &stand.set.events.all()[place..]);
    stand.cancel(&payment).await?;
    call.customer.hang_up().await?;
    arrivals.check()?;
    Ok(arrivals.figures("1 call"))
}

/// Begins a payment and waits until the card number is asked for.
async fn open(stand: &Stand, call: &Conversation, place: usize) -> Result<String, StageError> {
    let (payment, _) = stand.begin(call).await?;
    match stand.opened(place, &payment).await? {
        Some(_) => Ok(payment),
        None => Err(StageError("the call could not be sealed; see the daemon's log".into())),
    }
}

/// Keys the series so many times.
pub async fn key(customer: &dyn Handset, rounds: usize) -> Result<Keyed, StageError> {
    let mut keyed = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        keyed.push(customer.key(SERIES, KEY_MS.0, KEY_MS.1).await?);
        // Asterisk takes a key each 125 ms and lets faster ones wait: what waits is worked off here.
        tokio::time::sleep(Duration::from_millis(BREATH_MS)).await;
    }
    Ok(keyed)
}

/// What became of the keys.
#[derive(Default)]
pub struct Arrivals {
    pub sent: usize,
    pub lost: usize,
    pub doubled: usize,
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
            Figure::one(format!("keys sent, {calls}, 60 ms held and 60 ms apart"), "keys", count(self.sent)),
            Figure::one(format!("keys lost, {calls}"), "keys", count(self.lost)),
            Figure::one(format!("keys doubled, {calls}"), "keys", count(self.doubled)),
        ]
    }
}
