//! When a name is locked: after ten wrong tries, for thirty minutes (PCI DSS 8.3.4).

/// Wrong tries that lock.
pub(super) const TRIES_MAX: i64 = 10;

/// For how long.
pub(super) const LOCK_PERIOD_MS: i64 = 30 * 60 * 1_000;

/// What is known about wrong tries for one name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tries {
    /// Since the last login or the last lock.
    pub wrong: i64,
    /// Locked until then.
    pub locked_until_ms: i64,
}

impl Tries {
    pub(super) fn locked(self, now_ms: i64) -> bool {
        now_ms < self.locked_until_ms
    }

    /// One more; the tenth locks, and counting begins anew behind the lock.
    pub(super) fn one_more(self, now_ms: i64) -> Self {
        let wrong = self.wrong.saturating_add(1);
        if wrong < TRIES_MAX {
            return Self { wrong, ..self };
        }
        Self { wrong: 0, locked_until_ms: now_ms.saturating_add(LOCK_PERIOD_MS) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenth_wrong_try_locks_for_thirty_minutes() {
        let now = 1_000_000;
        let mut tries = Tries::default();
        for _ in 1..TRIES_MAX {
            tries = tries.one_more(now);
            assert!(!tries.locked(now));
        }
        tries = tries.one_more(now);
        assert!(tries.locked(now) && tries.locked(now + LOCK_PERIOD_MS - 1));
        assert!(!tries.locked(now + LOCK_PERIOD_MS));
        let later = now + LOCK_PERIOD_MS;
        assert!(!tries.one_more(later).locked(later), "behind the lock there are ten new tries");
    }
}
