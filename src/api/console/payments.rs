//! Payments: a list with filters, and each one with everything that happened to it.

mod detail;
mod refund;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::call::Ending;
use crate::store::{Payment, PaymentFilter};

use super::Console;
use super::desk::{brand_name, card, ending_kind};
use super::locale::Locale;
use super::page::{Shell, page};
use super::reader::Reader;

pub(super) use detail::show;
pub(super) use refund::refund;

/// Payments on one page.
const PAGE_PAYMENTS: u32 = 25;

/// A longer word in a filter finds nothing.
const MAX_FILTER_CHARS: usize = 200;

/// The filter, as it stands in the address.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    reference: String,
    agent: String,
    caller: String,
    ending: String,
    from: String,
    until: String,
    after: String,
}

/// A payment in a list.
pub(super) struct Row {
    pub id: String,
    pub when: String,
    pub amount: String,
    pub reference: String,
    pub agent: String,
    pub caller: String,
    pub card: String,
    pub kind: &'static str,
    pub result: &'static str,
}

/// One choice of a list.
struct Choice {
    value: String,
    label: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "payments.html", config = "src/api/console/askama.toml")]
struct List {
    shell: Shell,
    wanted: Wanted,
    endings: Vec<Choice>,
    rows: Vec<Row>,
    next: Option<String>,
    first: Option<String>,
}

/// A payment as this reader reads it.
pub(super) fn row(payment: &Payment, locale: Locale) -> Row {
    let w = locale.words();
    let begun = &payment.begun;
    Row {
        id: begun.id.to_string(),
        when: locale.moment(payment.created_at_ms),
        amount: locale.money(begun.amount),
        reference: begun.reference.clone().unwrap_or_default(),
        agent: begun.agent.clone().unwrap_or_else(|| w.self_service.to_owned()),
        caller: begun.caller_number.clone().unwrap_or_default(),
        card: card_of(payment),
        kind: ending_kind(payment.ending),
        result: payment.ending.map_or(w.running, w.ending),
    }
}

/// Brand and last four digits.
fn card_of(payment: &Payment) -> String {
    let Some(masked) = &payment.masked_pan else { return String::new() };
    let last_four = masked.get(masked.len().saturating_sub(4)..).unwrap_or_default();
    let brand = payment.brand.as_deref().and_then(|brand| brand.parse().ok()).map(brand_name);
    [brand.unwrap_or_default(), &card(last_four)].join(" ").trim().to_owned()
}

/// `GET /console/payments`
pub(super) async fn list(
    State(console): State<Console>,
    Query(wanted): Query<Wanted>,
    reader: Reader,
) -> Response {
    let w = reader.locale.words();
    if !reader.viewer.may_read() {
        return reader.not_allowed();
    }
    // A filter that cannot be understood is left out, and its field is empty.
    let filter = wanted.filter(&reader);
    let after = wanted.after.parse().ok();
    let found = match console.desk.store().payments(&filter, after, PAGE_PAYMENTS).await {
        Ok(found) => found,
        Err(fault) => {
            tracing::error!("payments cannot be listed: {fault}");
            return reader.failed();
        }
    };
    let ending = filter.ending;
    let choice =
        |one: Ending| Choice { value: word(one), label: (w.ending)(one), chosen: ending == Some(one) };
    let list = List {
        shell: reader.shell(w.payments),
        endings: ENDINGS.iter().copied().map(choice).collect(),
        rows: found.payments.iter().map(|payment| row(payment, reader.locale)).collect(),
        next: found.next.map(|next| wanted.page(&next.to_string())),
        first: after.map(|_| wanted.page("")),
        wanted,
    };
    page(&list, StatusCode::OK)
}

/// The endings people look for; the first ones are the frequent ones.
const ENDINGS: [Ending; 15] = [
    Ending::Approved,
    Ending::Declined,
    Ending::Unknown,
    Ending::CancelledByAgent,
    Ending::CancelledByCustomer,
    Ending::CustomerLeft,
    Ending::AgentLeft,
    Ending::TimedOut,
    Ending::TooManyAttempts,
    Ending::OtherMeans,
    Ending::NotSealed,
    Ending::SealLost,
    Ending::PbxLost,
    Ending::Fault,
    Ending::Drained,
];

/// As it stands in addresses and in the API.
fn word(ending: Ending) -> String {
    serde_json::to_value(ending).ok().and_then(|word| Some(word.as_str()?.to_owned())).unwrap_or_default()
}

impl Wanted {
    fn filter(&self, reader: &Reader) -> PaymentFilter {
        let text = |text: &str| {
            let text = text.trim();
            (!text.is_empty() && text.chars().count() <= MAX_FILTER_CHARS).then(|| text.to_owned())
        };
        let mut filter = PaymentFilter {
            reference: text(&self.reference),
            agent: text(&self.agent),
            caller_number: text(&self.caller),
            ending: ENDINGS.into_iter().find(|ending| word(*ending) == self.ending),
            open: false,
            from_ms: day_begins(&self.from, 0),
            until_ms: day_begins(&self.until, 1),
        };
        // Agents see the payments of their own telephones.
        if !reader.viewer.sees_all() {
            let own = &reader.viewer.person.extensions;
            let chosen = filter.agent.take().filter(|agent| own.contains(agent));
            filter.agent = Some(chosen.or_else(|| own.first().cloned()).unwrap_or_default());
        }
        filter
    }

    /// The address of another page of the same list.
    fn page(&self, after: &str) -> String {
        let all = [
            ("reference", &*self.reference),
            ("agent", &self.agent),
            ("caller", &self.caller),
            ("ending", &self.ending),
            ("from", &self.from),
            ("until", &self.until),
            ("after", after),
        ];
        let set: Vec<_> = all.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        format!("/console/payments?{}", serde_urlencoded::to_string(set).unwrap_or_default())
    }
}

/// The instant at which a day begins where the company is, some days later.
pub(super) fn day_begins(day: &str, later_days: i64) -> Option<i64> {
    let day: Date = day.parse().ok()?;
    let begin = day.checked_add(later_days.days()).ok()?.to_zoned(TimeZone::system()).ok()?;
    Some(begin.timestamp().as_millisecond())
}
