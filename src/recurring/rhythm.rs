//! When money is due: a calendar, without a clock.
//!
//! Every date is counted from the first one, never from the one before: what begins on a 31st is due on the 28th of
//! February and on the 31st of March again. Times are the merchant's own: nine o'clock stays nine o'clock when the
//! clocks change.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// The most charges that one plan can have: ten years of weeks, and some.
pub const MAX_CHARGES: u32 = 600;

/// The longest step, in units of it.
const MAX_STEP: u16 = 366;

/// What a step is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months; a month that is too short is due on its last day.
    Month,
    /// Years; the 29th of February is the 28th where there is none.
    Year,
}

impl Unit {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Year];

    /// As it stands in the API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    fn letter(self) -> char {
        match self {
            Self::Day => 'D',
            Self::Week => 'W',
            Self::Month => 'M',
            Self::Year => 'Y',
        }
    }
}

/// When a plan's charges are due. As text it is a repeating interval of ISO 8601 with the time zone of RFC 9557:
/// `R12/2026-12-31T09:00:00[Europe/Paris]/P1M`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rhythm {
    first: DateTime,
    zone: TimeZone,
    unit: Unit,
    step: u16,
    count: u32,
}

/// Why there is no such rhythm.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RhythmFault {
    /// No zone of this name.
    #[error("`{0}` is no time zone; write its IANA name, Europe/Paris for instance")]
    Zone(String),
    /// Never, or too seldom.
    #[error("a step has 1 to {MAX_STEP} units")]
    Step,
    /// None, or too many.
    #[error("a plan has 1 to {MAX_CHARGES} charges, the last one before the year 10000")]
    Count,
    /// It ends before it begins.
    #[error("the last day lies before the first charge")]
    Until,
    /// Not as we write it.
    #[error("`{0}` is no rhythm; R12/2026-12-31T09:00:00[Europe/Paris]/P1M is one")]
    Text(String),
}

impl Rhythm {
    /// `count` charges from `first` on, in the zone of this IANA name.
    ///
    /// # Errors
    /// If there is no such zone, or a number lies outside of its bounds.
    pub fn new(first: DateTime, zone: &str, unit: Unit, step: u16, count: u32) -> Result<Self, RhythmFault> {
        // A bare offset would not know when clocks change.
        let named = zone.contains('/') || zone == "UTC";
        let found = TimeZone::get(zone).ok().filter(|_| named);
        let zone = found.ok_or_else(|| RhythmFault::Zone(zone.chars().take(60).collect()))?;
        if !(1..=MAX_STEP).contains(&step) {
            return Err(RhythmFault::Step);
        }
        let rhythm = Self { first, zone, unit, step, count };
        let last = (1..=MAX_CHARGES).contains(&count).then(|| rhythm.due(count - 1)).flatten();
        last.map(|_| rhythm).ok_or(RhythmFault::Count)
    }

    /// The same, but as many charges as fit until the end of a day.
    ///
    /// # Errors
    /// If none fits, or too many do.
    pub fn until(self, last_day: Date) -> Result<Self, RhythmFault> {
        let fits = |ordinal: &u32| self.day(*ordinal).is_some_and(|day| day <= last_day);
        match (0..=MAX_CHARGES).take_while(fits).count() {
            0 => Err(RhythmFault::Until),
            count if count > MAX_CHARGES as usize => Err(RhythmFault::Count),
            count => Ok(Self { count: count as u32, ..self }),
        }
    }

    /// How many charges there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// When the charge of this ordinal, from 0, is due; none after the last.
    #[must_use]
    pub fn due(&self, ordinal: u32) -> Option<Timestamp> {
        let at = self.local(ordinal)?;
        // An hour that a clock skips is the hour after it; one that it repeats is the first of the two.
        at.to_zoned(self.zone.clone()).ok().map(|at| at.timestamp())
    }

    /// The day on which it is due, where the merchant is.
    #[must_use]
    pub fn day(&self, ordinal: u32) -> Option<Date> {
        self.local(ordinal).map(DateTime::date)
    }

    /// The first charge that is due at this instant or later.
    #[must_use]
    pub fn next_from(&self, from: Timestamp, ordinal: u32) -> Option<u32> {
        (ordinal..self.count).find(|next| self.due(*next).is_some_and(|due| due >= from))
    }

    /// The same time of day, so many days after an instant: when a charge is tried again.
    #[must_use]
    pub fn days_after(&self, instant: Timestamp, days: u16) -> Option<Timestamp> {
        let at = instant.to_zoned(self.zone.clone());
        let day = at.date().checked_add(Span::new().days(i64::from(days))).ok()?;
        let at = day.to_datetime(self.first.time()).to_zoned(self.zone.clone()).ok()?;
        Some(at.timestamp())
    }

    fn local(&self, ordinal: u32) -> Option<DateTime> {
        if ordinal >= self.count {
            return None;
        }
        let steps = i64::from(ordinal) * i64::from(self.step);
        let span = match self.unit {
            Unit::Day => Span::new().try_days(steps),
            Unit::Week => Span::new().try_weeks(steps),
            Unit::Month => Span::new().try_months(steps),
            Unit::Year => Span::new().try_years(steps),
        };
        self.first.checked_add(span.ok()?).ok()
    }
}

impl fmt::Display for Rhythm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zone = self.zone.iana_name().unwrap_or("UTC");
        write!(f, "R{}/{}[{zone}]/P{}{}", self.count, self.first, self.step, self.unit.letter())
    }
}

impl FromStr for Rhythm {
    type Err = RhythmFault;

    fn from_str(text: &str) -> Result<Self, RhythmFault> {
        let read = || {
            let (count, rest) = text.strip_prefix('R')?.split_once('/')?;
            let (first, step) = rest.rsplit_once("/P")?;
            let (first, zone) = first.strip_suffix(']')?.split_once('[')?;
            let unit = Unit::ALL.into_iter().find(|unit| step.ends_with(unit.letter()))?;
            let step = step.strip_suffix(unit.letter())?;
            Some((first.parse().ok()?, zone, unit, step.parse().ok()?, count.parse().ok()?))
        };
        let bad = || RhythmFault::Text(text.chars().take(80).collect());
        let (first, zone, unit, step, count) = read().ok_or_else(bad)?;
        Self::new(first, zone, unit, step, count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rhythm(text: &str) -> Rhythm {
        text.parse().expect("a rhythm")
    }

    fn days(text: &str) -> Vec<String> {
        let rhythm = rhythm(text);
        (0..rhythm.count()).filter_map(|n| rhythm.day(n)).map(|day| day.to_string()).collect()
    }

    #[test]
    fn the_last_of_a_month_stays_the_last() {
        let found = days("R4/2027-12-31T09:00:00[Europe/Paris]/P1M");
        assert_eq!(found, ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31"]);
        let found = days("R3/2028-02-29T09:00:00[UTC]/P1Y");
        assert_eq!(found, ["2028-02-29", "2029-02-28", "2030-02-28"]);
        assert_eq!(days("R2/2026-12-24T09:00:00[UTC]/P2W"), ["2026-12-24", "2027-01-07"]);
    }

    #[test]
    fn nine_o_clock_stays_nine_o_clock_when_clocks_change() {
        let monthly = rhythm("R3/2027-02-28T09:00:00[Europe/Paris]/P1M");
        let due: Vec<_> = (0..4).map(|n| monthly.due(n).map(|at| at.to_string())).collect();
        let expected =
            [Some("2027-02-28T08:00:00Z"), Some("2027-03-28T07:00:00Z"), Some("2027-04-28T07:00:00Z")];
        assert_eq!(
            due,
            expected.map(|at| at.map(str::to_owned)).into_iter().chain([None]).collect::<Vec<_>>()
        );
        // That night there is no half past two.
        let skipped = rhythm("R1/2027-03-28T02:30:00[Europe/Paris]/P1D");
        assert_eq!(skipped.due(0).map(|at| at.to_string()).as_deref(), Some("2027-03-28T01:30:00Z"));
    }

    #[test]
    fn until_a_day_counts_that_day() {
        let open = rhythm("R600/2026-12-01T23:30:00[Europe/Paris]/P1M");
        let until = |day: &str| open.clone().until(day.parse().expect("a day"));
        assert_eq!(until("2027-03-01").map(|rhythm| rhythm.count()), Ok(4));
        assert_eq!(until("2027-02-28").map(|rhythm| rhythm.count()), Ok(3));
        assert_eq!(until("2026-11-30"), Err(RhythmFault::Until));
    }

    #[test]
    fn what_is_no_rhythm_is_refused_in_words() {
        let first: DateTime = "2026-12-01T09:00".parse().expect("a time");
        let new = |zone, step, count| Rhythm::new(first, zone, Unit::Year, step, count);
        assert_eq!(new("Paris", 1, 1), Err(RhythmFault::Zone("Paris".into())));
        assert_eq!(new("+01:00", 1, 1), Err(RhythmFault::Zone("+01:00".into())));
        assert_eq!(new("UTC", 0, 1), Err(RhythmFault::Step));
        assert_eq!(new("UTC", 1, 0), Err(RhythmFault::Count));
        assert_eq!(new("UTC", 1, MAX_CHARGES + 1), Err(RhythmFault::Count));
        assert_eq!(new("UTC", 366, 100), Err(RhythmFault::Count), "beyond the calendar");
        for text in
            ["", "R1", "R1/2026-12-01T09:00:00[UTC]", "R1/2026-12-01T09:00:00[UTC]/P1X", "R1/x[UTC]/P1M"]
        {
            assert!(matches!(text.parse::<Rhythm>(), Err(RhythmFault::Text(_))), "{text}");
        }
    }

    proptest! {
        #[test]
        fn each_charge_is_due_after_the_one_before_and_the_text_says_all(
            day in 0_i64..20_000, minute in 0_i64..1_440, unit in 0_usize..4, step in 1_u16..13, count in 1_u32..60,
            zone in prop::sample::select(vec!["UTC", "Europe/Paris", "America/St_Johns", "Australia/Lord_Howe"]),
        ) {
            let first = jiff::civil::date(1990, 1, 1).at(0, 0, 0, 0);
            let first = first.checked_add(Span::new().days(day).minutes(minute)).expect("a time");
            let rhythm = Rhythm::new(first, zone, Unit::ALL[unit], step, count).expect("a rhythm");
            let due: Vec<_> = (0..count).map(|n| rhythm.due(n).expect("due")).collect();
            prop_assert!(due.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!(rhythm.due(count), None);
            prop_assert_eq!(rhythm.to_string().parse(), Ok(rhythm.clone()));
            let middle = count / 2;
            prop_assert_eq!(rhythm.next_from(due[middle as usize], 0), Some(middle));
        }
    }
}
