//! What became of the payments of some days.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State as Extracted;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::State;
use super::extract::{Params, shown};
use super::problem::{Kind, Problem};
use crate::store::{Figures, MAX_REPORT_PAYMENTS};

/// A report if nobody says otherwise: today and the days before it.
const REPORT_DAYS: i64 = 7;

/// The longest report.
const MAX_REPORT_DAYS: i32 = 92;

/// Which days.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Days {
    /// The first day; six days before the last if none.
    #[param(format = Date, example = "2026-11-16")]
    from: Option<String>,
    /// The last day; today if none.
    #[param(format = Date, example = "2026-11-22")]
    to: Option<String>,
    /// The time zone whose days they are, by its IANA name; the daemon's own if none.
    #[param(example = "Europe/Paris")]
    zone: Option<String>,
}

/// What became of the payments of some days.
#[derive(Serialize, ToSchema)]
pub(super) struct ReportView {
    /// The first day.
    #[schema(format = Date)]
    from: String,
    /// The last day.
    #[schema(format = Date)]
    to: String,
    /// All of them.
    total: FiguresView,
    /// By day; days without payments are left out.
    days: Vec<DayView>,
    /// By agent.
    agents: Vec<AgentView>,
}

/// One day.
#[derive(Serialize, ToSchema)]
pub(super) struct DayView {
    /// Which.
    #[schema(format = Date)]
    day: String,
    /// Its figures.
    figures: FiguresView,
}

/// One agent.
#[derive(Serialize, ToSchema)]
pub(super) struct AgentView {
    /// The extension; none in self-service.
    agent: Option<String>,
    /// Their figures.
    figures: FiguresView,
}

/// Figures of some payments.
#[derive(Serialize, ToSchema)]
pub(super) struct FiguresView {
    /// Payments that began.
    payments: u64,
    /// How many ended so.
    endings: BTreeMap<String, u64>,
    /// Share of those that ended which were approved, from 0 to 1; none if none ended.
    success_rate: Option<f64>,
    /// How long the approved took from begin to end: half of them at most this many ms.
    time_to_pay_median_ms: Option<u32>,
    /// Nine in ten of them at most this many ms.
    time_to_pay_p90_ms: Option<u32>,
    /// Declined cards, by reason.
    declines: BTreeMap<String, u64>,
    /// What was approved.
    approved: Vec<Sum>,
}

/// A sum of money.
#[derive(Serialize, ToSchema)]
pub(super) struct Sum {
    /// How much, as decimal text.
    amount: String,
    /// ISO 4217.
    currency: String,
}

impl FiguresView {
    fn new(figures: &Figures) -> Self {
        let sum = |money: crate::call::Money| Sum {
            amount: money.decimal(),
            currency: money.currency.code().to_owned(),
        };
        Self {
            payments: figures.payments,
            endings: figures.endings.clone(),
            success_rate: figures.success_rate(),
            time_to_pay_median_ms: figures.time_to_pay_ms(50),
            time_to_pay_p90_ms: figures.time_to_pay_ms(90),
            declines: figures.declines.clone(),
            approved: figures.approved().into_iter().map(sum).collect(),
        }
    }
}

/// What became of the payments of some days: by day, by agent, by reason.
#[utoipa::path(get, path = "/v1/reports/payments", operation_id = "report_payments", tag = "reports", params(Days), responses(
    (status = 200, description = "The figures.", body = ReportView),
    (status = 400, response = super::openapi::Refusal), (status = 422, response = super::openapi::Refusal)))]
pub(super) async fn payments(
    Extracted(state): Extracted<State>,
    Params(days): Params<Days>,
) -> Result<Json<ReportView>, Problem> {
    let zone = zone(days.zone.as_deref())?;
    let to = match &days.to {
        Some(text) => day("to", text)?,
        None => Timestamp::now().to_zoned(zone.clone()).date(),
    };
    let week_before = to.checked_sub(jiff::Span::new().days(REPORT_DAYS - 1)).unwrap_or(Date::MIN);
    let from = days.from.as_deref().map_or(Ok(week_before), |text| day("from", text))?;
    let span = to.since(from).map_or(i32::MAX, |span| span.get_days());
    if !(0..MAX_REPORT_DAYS).contains(&span) {
        let detail =
            format!("a report begins on or before its last day and has at most {MAX_REPORT_DAYS} days");
        return Err(Problem::of(Kind::Refused, detail).at("from"));
    }
    let begin = |day: Date| day.to_zoned(zone.clone()).map(|at| at.timestamp().as_millisecond());
    let until = to.tomorrow().and_then(begin).unwrap_or(i64::MAX);
    let report = state.desk.store().report(begin(from).unwrap_or(0), until, &zone).await;
    let Some(report) = report.map_err(|fault| super::store_fault(&fault))? else {
        let detail = format!("these days have more than {MAX_REPORT_PAYMENTS} payments; ask for fewer days");
        return Err(Problem::of(Kind::Refused, detail).at("from"));
    };
    let days = report.days.iter();
    let agents = report.agents.iter();
    Ok(Json(ReportView {
        from: from.to_string(),
        to: to.to_string(),
        total: FiguresView::new(&report.total),
        days: days
            .map(|(day, figures)| DayView { day: day.to_string(), figures: FiguresView::new(figures) })
            .collect(),
        agents: agents
            .map(|(agent, figures)| AgentView {
                agent: Some(agent.clone()).filter(|agent| !agent.is_empty()),
                figures: FiguresView::new(figures),
            })
            .collect(),
    }))
}

fn zone(name: Option<&str>) -> Result<TimeZone, Problem> {
    let Some(name) = name else { return Ok(TimeZone::system()) };
    TimeZone::get(name).map_err(|_| {
        let detail = format!("zone: `{}` is no time zone; write for example Europe/Paris", shown(name));
        Problem::of(Kind::Refused, detail).at("zone")
    })
}

fn day(name: &'static str, text: &str) -> Result<Date, Problem> {
    // Ten characters: a day and nothing else (RFC 3339, full-date).
    let read = text.parse::<Date>().ok().filter(|_| text.len() == 10);
    read.ok_or_else(|| {
        let detail = format!("{name}: `{}` is no day; write for example 2026-11-22", shown(text));
        Problem::of(Kind::Invalid, detail).at(name)
    })
}
