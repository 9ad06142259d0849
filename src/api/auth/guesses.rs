//! Who guesses: wrong passwords, codes and keys, counted by the address they come from, whatever name they are for.
//!
//! The lock of a name (PCI DSS 8.3.4) stops who tries many passwords on one name; this stops who tries one password on
//! many names, or many keys. An address that was wrong too often is not listened to for a while. Whoever is logged in
//! stays so, and a key made here opens all the same: nobody guesses 256 bits.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Auth, Origin};

/// Wrong tries of one address that shut it out: many times what the agents behind one address mistype.
const WRONG_TRIES_MAX: u32 = 30;

/// They are counted over this time.
const WRONG_TRIES_PERIOD_MS: i64 = 10 * MINUTE_MS;

/// And the address is shut out for this long.
const SHUT_OUT_PERIOD_MS: i64 = 15 * MINUTE_MS;

/// Addresses that are remembered; the one that matters least gives way.
const ADDRESSES_MAX: usize = 10_000;

/// One customer of a provider has at least this much of IPv6: its addresses count as one.
const IPV6_PREFIX_BITS: u32 = 64;

const MINUTE_MS: i64 = 60_000;

/// Wrong tries by address.
#[derive(Debug, Default)]
pub(super) struct Guesses(Mutex<HashMap<IpAddr, Count>>);

#[derive(Clone, Copy, Debug)]
struct Count {
    wrong: u32,
    since_ms: i64,
    shut_until_ms: i64,
}

impl Count {
    fn matters(&self, now_ms: i64) -> bool {
        now_ms < self.shut_until_ms || now_ms - self.since_ms < WRONG_TRIES_PERIOD_MS
    }
}

impl Guesses {
    /// How long this address is shut out from now; none if it is not.
    fn shut_out_ms(&self, address: IpAddr, now_ms: i64) -> Option<i64> {
        let until_ms = self.counts().get(&network(address))?.shut_until_ms;
        (now_ms < until_ms).then_some(until_ms - now_ms)
    }

    /// Counts a wrong try; whether it is the one that shuts the address out.
    fn wrong(&self, address: IpAddr, now_ms: i64) -> bool {
        let address = network(address);
        let mut counts = self.counts();
        if counts.len() >= ADDRESSES_MAX && !counts.contains_key(&address) {
            make_room(&mut counts, now_ms);
        }
        let fresh = Count { wrong: 0, since_ms: now_ms, shut_until_ms: 0 };
        let count = counts.entry(address).or_insert(fresh);
        if !count.matters(now_ms) {
            *count = fresh;
        }
        // Tries that were under way when it was shut out.
        if now_ms < count.shut_until_ms {
            return false;
        }
        count.wrong += 1;
        if count.wrong < WRONG_TRIES_MAX {
            return false;
        }
        // Behind it, counting begins anew.
        *count = Count { shut_until_ms: now_ms.saturating_add(SHUT_OUT_PERIOD_MS), ..fresh };
        true
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<IpAddr, Count>> {
        // Counters alone: they are right however a thread before us ended.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets what is over, or else the address with the fewest wrong tries that is not shut out.
fn make_room(counts: &mut HashMap<IpAddr, Count>, now_ms: i64) {
    counts.retain(|_, count| count.matters(now_ms));
    if counts.len() < ADDRESSES_MAX {
        return;
    }
    let least = counts.iter().min_by_key(|(_, count)| (count.shut_until_ms, count.wrong, count.since_ms));
    if let Some(address) = least.map(|(address, _)| *address) {
        counts.remove(&address);
    }
}

/// What is counted as one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let host = u128::MAX >> IPV6_PREFIX_BITS;
            Ipv6Addr::from_bits(address.to_bits() & !host).into()
        }
        v4 => v4,
    }
}

impl Auth {
    /// Seconds for which this address is not listened to; none if it is.
    pub(in crate::api) fn shut_out(&self, address: IpAddr) -> Option<u64> {
        let wait_ms = self.0.guesses.shut_out_ms(address, self.0.people.now_ms())?;
        u64::try_from(wait_ms).ok().map(|wait_ms| wait_ms.div_ceil(1_000))
    }

    /// Notes a key or token that is not valid: in the log, in the trail as far as strangers may fill it, and against the
    /// address it came from.
    pub(in crate::api) async fn presented_wrong(&self, origin: Option<Origin>, path: &str) {
        // First of all: those that come at the same time are counted before the next is looked at.
        if let Some(origin) = origin {
            self.guessed_wrong(origin.address).await;
        }
        let from = origin.map_or_else(|| "an unknown address".into(), |origin| origin.address.to_string());
        tracing::warn!(from, path, "a key that is not valid was presented");
        if self.0.noise.allows(jiff::Timestamp::now().as_millisecond()) {
            let words = format!("a key that is not valid; from {from}");
            self.0.people.refused("somebody", path, &words).await;
        }
    }

    /// Counts a wrong password, code or key; the trail says so when the address is shut out for it.
    pub(super) async fn guessed_wrong(&self, address: IpAddr) {
        if !self.0.guesses.wrong(address, self.0.people.now_ms()) {
            return;
        }
        let network = network(address);
        let minutes = SHUT_OUT_PERIOD_MS / MINUTE_MS;
        let words = format!(
            "{WRONG_TRIES_MAX} wrong passwords, codes or keys came from there: not listened to for {minutes} minutes"
        );
        tracing::warn!(%network, "{words}");
        self.0.people.refused("somebody", &format!("address:{network}"), &words).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_that_is_wrong_too_often_is_shut_out_for_a_while() {
        let (guesses, one) = (Guesses::default(), address("198.51.100.4"));
        for n in 1..WRONG_TRIES_MAX {
            assert!(!guesses.wrong(one, i64::from(n)), "{n}");
        }
        assert_eq!(guesses.shut_out_ms(one, 40), None);
        assert!(guesses.wrong(one, 40));
        assert!(!guesses.wrong(one, 41), "said once");
        assert_eq!(guesses.shut_out_ms(one, 40), Some(SHUT_OUT_PERIOD_MS));
        assert_eq!(guesses.shut_out_ms(address("198.51.100.5"), 40), None, "nobody else is");
        let after = 40 + SHUT_OUT_PERIOD_MS;
        assert_eq!(guesses.shut_out_ms(one, after), None);
        assert!(!guesses.wrong(one, after), "there are new tries");
    }

    #[test]
    fn who_mistypes_now_and_then_is_not() {
        let (guesses, one) = (Guesses::default(), address("198.51.100.4"));
        let step_ms = WRONG_TRIES_PERIOD_MS / i64::from(WRONG_TRIES_MAX - 2);
        assert!((0..1_000).all(|n| !guesses.wrong(one, n * step_ms)));
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_and_ipv4_in_ipv6_clothes_as_itself() {
        let guesses = Guesses::default();
        for n in 1..=WRONG_TRIES_MAX {
            guesses.wrong(address(&format!("2001:db8:1:2::{n:x}")), 0);
        }
        assert!(guesses.shut_out_ms(address("2001:db8:1:2:ffff::1"), 0).is_some());
        assert!(guesses.shut_out_ms(address("2001:db8:1:3::1"), 0).is_none());
        assert_eq!(network(address("::ffff:192.0.2.7")), address("192.0.2.7"));
    }

    #[test]
    fn the_table_is_bounded_and_keeps_who_is_shut_out() {
        let (guesses, bad) = (Guesses::default(), address("198.51.100.4"));
        for _ in 0..WRONG_TRIES_MAX {
            guesses.wrong(bad, 0);
        }
        for n in 0..u32::try_from(ADDRESSES_MAX).unwrap() + 500 {
            guesses.wrong(IpAddr::V4((0x0a00_0000 + n).into()), 1);
        }
        assert_eq!(guesses.counts().len(), ADDRESSES_MAX);
        assert!(guesses.shut_out_ms(bad, 1).is_some());
        let later = SHUT_OUT_PERIOD_MS + WRONG_TRIES_PERIOD_MS;
        guesses.wrong(address("192.0.2.7"), later);
        assert_eq!(guesses.counts().len(), 1, "what is over is forgotten when room is needed");
    }
}
