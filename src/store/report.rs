//! What became of many payments: the figures of a stretch of time.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, query};

use crate::call::{Currency, Ending, Money};

use super::{Store, StoreError, text};

/// Payments that one report reads; a longer stretch is refused.
pub const MAX_REPORT_PAYMENTS: usize = 100_000;

/// One row for each declined card, and one for each payment without any.
const ROWS: &str = "SELECT p.id, p.created_at_ms, p.agent, p.amount_minor, p.currency, p.ending, p.ended_at_ms, \
     a.decline_reason FROM payments p LEFT JOIN attempts a ON a.payment = p.id AND a.state = 'declined' \
     WHERE p.created_at_ms >= $1 AND p.created_at_ms < $2 \
     ORDER BY p.created_at_ms, p.id, a.ordinal";

/// The figures of some payments.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Payments that began.
    pub payments: u64,
    /// How they ended; those still running or cut off by a crash are not among them.
    pub endings: BTreeMap<String, u64>,
    /// Declined cards, by reason.
    pub declines: BTreeMap<String, u64>,
    /// What was approved, by currency, in minor units.
    pub approved_minor: BTreeMap<String, i64>,
    /// From begin to end of those approved, in ms.
    times_ms: Vec<u32>,
}

impl Figures {
    /// How many ended so.
    #[must_use]
    pub fn ended(&self, ending: Ending) -> u64 {
        self.endings.get(&text::word(ending)).copied().unwrap_or(0)
    }

    /// Share of those that ended which were approved; none if none ended.
    #[must_use]
    pub fn success_rate(&self) -> Option<f64> {
        let ended: u64 = self.endings.values().sum();
        #[allow(clippy::cast_precision_loss, reason = "a report has at most 100 000 payments")]
        (ended > 0).then(|| self.ended(Ending::Approved) as f64 / ended as f64)
    }

    /// Time from begin to end of the approved, in ms: as many per cent of them took at most that long
    /// (nearest rank).
    #[must_use]
    pub fn time_to_pay_ms(&self, per_cent: usize) -> Option<u32> {
        let mut sorted = self.times_ms.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * per_cent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied()
    }

    /// What was approved, by currency.
    #[must_use]
    pub fn approved(&self) -> Vec<Money> {
        let money = |(code, minor): (&String, &i64)| {
            Some(Money { minor: *minor, currency: code.parse::<Currency>().ok()? })
        };
        self.approved_minor.iter().filter_map(money).collect()
    }

    fn add(&mut self, row: &PaymentRow) {
        self.payments += 1;
        let Some(ending) = row.ending else { return };
        *self.endings.entry(text::word(ending)).or_default() += 1;
        if ending == Ending::Approved {
            let sum = self.approved_minor.entry(row.currency.clone()).or_default();
            *sum = sum.saturating_add(row.amount_minor);
            self.times_ms.extend(row.lasted_ms);
        }
    }
}

/// What became of the payments that began in a stretch of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// All of them.
    pub total: Figures,
    /// By day.
    pub days: BTreeMap<jiff::civil::Date, Figures>,
    /// By agent; those without one under the empty name.
    pub agents: BTreeMap<String, Figures>,
}

struct PaymentRow {
    created_at_ms: i64,
    agent: String,
    amount_minor: i64,
    currency: String,
    ending: Option<Ending>,
    lasted_ms: Option<u32>,
}

impl PaymentRow {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let created_at_ms = row.try_get("created_at_ms")?;
        let ended_at_ms: Option<i64> = row.try_get("ended_at_ms")?;
        let lasted = ended_at_ms.map(|ended: i64| ended.saturating_sub(created_at_ms));
        Ok(Self {
            created_at_ms,
            agent: row.try_get::<Option<String>, _>("agent")?.unwrap_or_default(),
            amount_minor: row.try_get("amount_minor")?,
            currency: row.try_get("currency")?,
            ending: row.try_get::<Option<&str>, _>("ending")?.and_then(text::ending),
            // A clock that was set back gives no time.
            lasted_ms: lasted.and_then(|ms| u32::try_from(ms).ok()),
        })
    }
}

impl Store {
    /// Adds up what became of the payments that began from one instant on and before another; days are those of
    /// a time zone. `None` if they are more than [`MAX_REPORT_PAYMENTS`].
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn report(
        &self,
        from_ms: i64,
        until_ms: i64,
        zone: &jiff::tz::TimeZone,
    ) -> Result<Option<Report>, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        let mut transaction = self.read().await?;
        let mut rows = query(ROWS).bind(from_ms).bind(until_ms).fetch(&mut *transaction);
        let mut report = Report::default();
        let mut last = String::new();
        let mut read = 0;
        while let Some(row) = rows.try_next().await.map_err(failed)? {
            let payment = PaymentRow::from_row(&row).map_err(failed)?;
            let at = jiff::Timestamp::from_millisecond(payment.created_at_ms).unwrap_or_default();
            let day = zone.to_datetime(at).date();
            let id: &str = row.try_get("id").map_err(failed)?;
            let another = id != last;
            let reason: Option<&str> = row.try_get("decline_reason").map_err(failed)?;
            for figures in [
                &mut report.total,
                report.days.entry(day).or_default(),
                report.agents.entry(payment.agent.clone()).or_default(),
            ] {
                if another {
                    figures.add(&payment);
                }
                if let Some(reason) = reason {
                    *figures.declines.entry(reason.to_owned()).or_default() += 1;
                }
            }
            if another {
                read += 1;
                if read > MAX_REPORT_PAYMENTS {
                    return Ok(None);
                }
                id.clone_into(&mut last);
            }
        }
        Ok(Some(report))
    }
}
