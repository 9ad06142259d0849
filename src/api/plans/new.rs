//! A plan to be made.

use jiff::civil::{Date, DateTime};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::super::State;
use super::super::extract::read_uuid;
use super::super::payments::{cannot_start, free_text, sum};
use super::super::problem::{Kind, Problem};
use crate::call::Money;
use crate::recurring::{MAX_CHARGES, Rhythm, RhythmFault, Unit, instalments};
use crate::store::{self, OrderState, Token};

/// A plan to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewPlan {
    /// The company's own reference, one for each plan of a merchant.
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$", example = "SUB-17")]
    reference: String,
    /// The stored card that is charged; it says who is paid.
    #[schema(format = Uuid)]
    token: String,
    /// What each charge takes.
    #[schema(pattern = r"^[0-9]{1,12}(\.[0-9]{1,3})?$", example = "19.90")]
    amount: Option<String>,
    /// What all charges take together; needs `count`.
    #[schema(pattern = r"^[0-9]{1,12}(\.[0-9]{1,3})?$", example = "1200.00")]
    total: Option<String>,
    /// The order whose rest is paid in instalments, by its reference; needs `count`, and the order has to allow parts.
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$", example = "A-17")]
    order: Option<String>,
    /// ISO 4217; the merchant's own if none.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: Option<String>,
    /// What for; the merchant's own words if none.
    #[schema(max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    description: Option<String>,
    /// When the first charge is due, where the merchant is. Lies ahead.
    #[schema(
        pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?$",
        example = "2026-12-31T09:00"
    )]
    first: String,
    /// The time zone of `first`, by its IANA name.
    #[schema(max_length = 64, example = "Europe/Paris")]
    zone: String,
    /// From one charge to the next: `step` of these.
    every: Every,
    /// See `every`.
    #[serde(default = "one", deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 366, default = 1)]
    step: u32,
    /// How many charges; this or `until`.
    #[serde(default, deserialize_with = "whole_if_given")]
    #[schema(minimum = 1, maximum = 600)]
    count: Option<u32>,
    /// The last day on which a charge may be due; this or `count`.
    #[schema(format = Date)]
    until: Option<String>,
    /// The last month in which the card is good, if the company knows it: an alarm comes before a charge that would be
    /// later.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$", example = "2028-04")]
    card_until: Option<String>,
}

/// What a step is counted in.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Every {
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months; a month that is too short is due on its last day.
    Month,
    /// Years.
    Year,
}

fn one() -> u32 {
    1
}

/// JSON has no whole numbers: `12.0` is one as well (JSON Schema, 6.1.1).
fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let number = serde_json::Number::deserialize(from)?;
    let whole = number.as_f64().filter(|n| n.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(n));
    whole.map(|n| n as u32).ok_or_else(|| D::Error::custom(format!("{number} is no whole number from 0 on")))
}

fn whole_if_given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let number = Option::<serde_json::Number>::deserialize(from)?;
    number.map(|number| whole(number).map_err(D::Error::custom)).transpose()
}

impl From<Every> for Unit {
    fn from(every: Every) -> Self {
        match every {
            Every::Day => Self::Day,
            Every::Week => Self::Week,
            Every::Month => Self::Month,
            Every::Year => Self::Year,
        }
    }
}

impl NewPlan {
    /// The plan, and when its first charge is due.
    pub(super) async fn read(self, state: &State) -> Result<(store::NewPlan, i64), Problem> {
        if self.reference.trim().is_empty() || self.reference.chars().count() > 100 {
            return Err(Problem::refused("reference", "1 to 100 characters"));
        }
        free_text("reference", &self.reference)?;
        free_text("description", self.description.as_deref().unwrap_or_default())?;
        let token = stored(state, &self.token).await?;
        let (rhythm, first_due_ms) = self.rhythm()?;
        let (first, amount, order) = self.takes(state, &token, rhythm.count()).await?;
        let merchant = state.desk.merchants().named(&token.merchant);
        let merchant = merchant.map_err(|fault| Problem::refused("token", fault))?;
        let new = store::NewPlan {
            merchant: token.merchant.clone(),
            reference: self.reference,
            token: token.id,
            order,
            description: self.description.unwrap_or_else(|| merchant.description.clone()),
            amount,
            first,
            rhythm: rhythm.to_string(),
            card_until: month(self.card_until)?,
        };
        Ok((new, first_due_ms))
    }

    fn rhythm(&self) -> Result<(Rhythm, i64), Problem> {
        let first: DateTime = self.first.parse().map_err(|_| {
            Problem::refused("first", "a day and a time without an offset, 2026-12-31T09:00 for instance")
        })?;
        let at = |fault: RhythmFault| {
            let member = match &fault {
                RhythmFault::Zone(_) => "zone",
                RhythmFault::Step => "step",
                RhythmFault::Until => "until",
                RhythmFault::Count | RhythmFault::Text(_) => "count",
            };
            Problem::refused(member, fault)
        };
        // Too large for what it is read into is too large for the calendar.
        let step = u16::try_from(self.step).unwrap_or(u16::MAX);
        let of = |count| Rhythm::new(first, &self.zone, self.every.into(), step, count);
        let rhythm = match (self.count, &self.until) {
            (Some(count), None) => of(count).map_err(at)?,
            (None, Some(day)) => {
                let day: Date =
                    day.parse().map_err(|_| Problem::refused("until", "a day, 2027-12-31 for instance"))?;
                // As many as the calendar has room for, cut at the day.
                let open = (1..=MAX_CHARGES).rev().find_map(|count| of(count).ok());
                open.ok_or_else(|| of(1).err().unwrap_or(RhythmFault::Count))
                    .and_then(|open| open.until(day))
                    .map_err(at)?
            }
            _ => {
                return Err(Problem::refused("count", "say how many charges, or until when; one of the two"));
            }
        };
        let due = rhythm.due(0).map(|due| due.as_millisecond());
        let ahead = due.filter(|due| *due > jiff::Timestamp::now().as_millisecond());
        let past = || {
            Problem::refused(
                "first",
                "the first charge lies ahead; charge the stored card itself for one now",
            )
        };
        Ok((rhythm, ahead.ok_or_else(past)?))
    }

    /// What the first charge takes, what each other one does, and the order they pay.
    async fn takes(
        &self,
        state: &State,
        token: &Token,
        count: u32,
    ) -> Result<(Money, Money, Option<uuid::Uuid>), Problem> {
        let merchant = Some(token.merchant.as_str());
        let split = |total: Money, member: &str| {
            instalments(total, count).map_err(|fault| Problem::refused(member, fault))
        };
        match (&self.amount, &self.total, &self.order) {
            (Some(amount), None, None) => {
                let amount = sum(state, Some(amount), self.currency.as_deref(), None, merchant)?;
                if amount.minor < 1 {
                    return Err(Problem::refused("amount", "a charge takes at least one minor unit"));
                }
                Ok((amount, amount, None))
            }
            (None, Some(total), None) if self.count.is_some() => {
                let total = sum(state, Some(total), self.currency.as_deref(), None, merchant)?;
                let (first, each) = split(total, "total")?;
                Ok((first, each, None))
            }
            (None, None, Some(reference)) if self.count.is_some() && self.currency.is_none() => {
                let order =
                    state.desk.named_order(merchant, reference).await.map_err(|f| cannot_start(&f))?;
                if matches!(order.state(), OrderState::Paid | OrderState::Cancelled) {
                    let detail = format!("order {reference} is {}", order.state().word());
                    return Err(Problem::of(Kind::OrderNotPayable, detail));
                }
                if !order.new.parts && count > 1 {
                    return Err(Problem::refused("order", "it is paid as a whole: it does not allow parts"));
                }
                let (first, each) = split(order.owed(), "order")?;
                Ok((first, each, Some(order.id)))
            }
            _ => Err(Problem::refused(
                "amount",
                "give one of `amount` for each charge, `total` with `count`, or `order` with `count` and without `currency`",
            )),
        }
    }
}

/// The stored card of this id.
pub(super) async fn stored(state: &State, id: &str) -> Result<Token, Problem> {
    let id = read_uuid(id).map_err(|fault| fault.at("token"))?;
    let found = state.desk.store().token(id).await.map_err(|fault| super::super::store_fault(&fault))?;
    found.ok_or_else(|| {
        Problem::of(Kind::NoSuchToken, "no stored card of this id is known; it may have been forgotten")
    })
}

/// A month, as cards have it.
pub(super) fn month(text: Option<String>) -> Result<Option<String>, Problem> {
    let is_month = |text: &String| text.len() == 7 && format!("{text}-01").parse::<Date>().is_ok();
    match text {
        Some(text) if !is_month(&text) => {
            Err(Problem::refused("card_until", "a month, 2028-04 for instance"))
        }
        text => Ok(text),
    }
}
