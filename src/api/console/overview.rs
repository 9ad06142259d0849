//! The supervisor's view: live calls, alarms, and the figures of chosen days.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use tokio::sync::watch;

use crate::call::{DeclineReason, Ending};
use crate::store::{Figures, Report};

use super::Console;
use super::board::RaisedAlarm;
use super::chart::{self, Columns, Day, Lying};
use super::desk::{DeskView, beat, events, next_change, parts};
use super::locale::Locale;
use super::page::{REFRESH_S, Shell, message, page};
use super::picture::Picture;
use super::reader::Reader;

/// Days that can be chosen with one click.
const DAYS: [i64; 3] = [1, 7, 30];

/// What is shown if none are chosen.
const DAYS_USUAL: i64 = 7;

/// Many calls change many times a second; a person reads twice a second at most.
const CHANGES_INTERVAL_MS: u64 = 500;

/// Live calls on the page; the rest is a number.
const LIVE_SHOWN: usize = 100;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    days: Option<i64>,
}

/// What changes while one looks.
#[derive(Template)]
#[template(path = "live.html", config = "src/api/console/askama.toml")]
struct LiveParts {
    w: &'static super::words::Words,
    ready: bool,
    not_ready: String,
    live: Vec<LiveRow>,
    more: usize,
    alarms: Vec<AlarmRow>,
}

struct LiveRow {
    agent: String,
    amount: String,
    reference: String,
    doing: String,
    kind: &'static str,
    since_ms: i64,
    since: String,
}

struct AlarmRow {
    when: String,
    what: &'static str,
    payment: String,
}

struct Choice {
    days: i64,
    label: String,
    chosen: bool,
}

struct DayRow {
    day: String,
    approved: u64,
    declined: u64,
    other: u64,
}

#[derive(Template)]
#[template(path = "overview.html", config = "src/api/console/askama.toml")]
struct Overview {
    shell: Shell,
    live: String,
    choices: Vec<Choice>,
    /// None if there are more payments than can be added up.
    figures: Option<FiguresView>,
}

struct FiguresView {
    begun: u64,
    success: String,
    median: String,
    nine_of_ten: String,
    taken: Vec<String>,
    columns: Columns,
    days: Vec<DayRow>,
    declines: Vec<Lying>,
    declines_height: f64,
}

/// `GET /console?days=7`
pub(super) async fn show(
    State(console): State<Console>,
    Query(wanted): Query<Wanted>,
    reader: Reader,
) -> Response {
    let w = reader.locale.words();
    if !reader.viewer.may_watch() {
        // Who takes payments has a desk, and no other first page.
        return if reader.viewer.may_take() { super::page::see("/desk") } else { reader.not_allowed() };
    }
    let chosen = wanted.days.filter(|days| DAYS.contains(days)).unwrap_or(DAYS_USUAL);
    let zone = TimeZone::system();
    let today = jiff::Timestamp::now().to_zoned(zone.clone()).date();
    let first = today.saturating_sub((chosen - 1).days());
    let begin = |day: Date| day.to_zoned(zone.clone()).map(|at| at.timestamp().as_millisecond());
    let (Ok(from), Ok(until)) = (begin(first), begin(today.saturating_add(1.days()))) else {
        return message(reader.shell(w.failed), StatusCode::INTERNAL_SERVER_ERROR, w.failed_help);
    };
    let figures = match console.desk.store().report(from, until, &zone).await {
        Ok(report) => report.map(|report| figures(&report, first, chosen, reader.locale)),
        Err(fault) => {
            tracing::error!("the figures cannot be added up: {fault}");
            return reader.failed();
        }
    };
    let Ok(live) = live(&console, reader.locale).render() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut shell = reader.shell(w.overview);
    shell.stream = Some("/console/stream".into());
    shell.refresh_s = REFRESH_S * 5;
    let choice = |days| Choice { days, label: (w.last_days)(days), chosen: days == chosen };
    page(&Overview { shell, live, choices: DAYS.map(choice).into(), figures }, StatusCode::OK)
}

fn live(console: &Console, locale: Locale) -> LiveParts {
    let (live, alarms) = console.board.all();
    let not_ready = console.desk.not_ready();
    let rows = live.iter().take(LIVE_SHOWN);
    LiveParts {
        w: locale.words(),
        ready: not_ready.is_none(),
        not_ready: not_ready.unwrap_or_default(),
        live: rows.map(|picture| live_row(console, picture, locale)).collect(),
        more: live.len().saturating_sub(LIVE_SHOWN),
        alarms: alarms.iter().map(|alarm| alarm_row(alarm, locale)).collect(),
    }
}

fn live_row(console: &Console, picture: &Arc<Picture>, locale: Locale) -> LiveRow {
    let w = locale.words();
    let view = DeskView::new(Some(picture), locale, &console.keys);
    let call = view.call.as_ref();
    let verdict = call.and_then(|call| call.verdict.as_ref());
    LiveRow {
        agent: picture.agent.clone().unwrap_or_else(|| w.self_service.to_owned()),
        amount: locale.money(picture.amount),
        reference: picture.reference.clone().unwrap_or_default(),
        kind: verdict.map_or("busy", |verdict| verdict.kind),
        doing: verdict
            .map(|verdict| verdict.what.clone())
            .or_else(|| call.and_then(|call| call.doing.clone()))
            .unwrap_or_default(),
        since_ms: picture.began_ms,
        since: locale.clock(picture.began_ms),
    }
}

fn alarm_row(alarm: &RaisedAlarm, locale: Locale) -> AlarmRow {
    AlarmRow {
        when: locale.moment(alarm.at.as_millisecond()),
        what: (locale.words().alarm_word)(alarm.alarm),
        payment: alarm.payment.to_string(),
    }
}

fn figures(report: &Report, first: Date, days: i64, locale: Locale) -> FiguresView {
    let w = locale.words();
    let total = &report.total;
    let none = Figures::default();
    let days: Vec<Day> = (0..days)
        .map(|later| {
            let day = first.saturating_add(later.days());
            let figures = report.days.get(&day).unwrap_or(&none);
            let (approved, declined) = (figures.ended(Ending::Approved), figures.ended(Ending::Declined));
            let other = figures.payments.saturating_sub(approved + declined);
            Day { day, approved, declined, other }
        })
        .collect();
    let mut declines: Vec<(String, u64)> =
        total.declines.iter().map(|(reason, count)| (decline(reason, w), *count)).collect();
    declines.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let seconds = |ms: Option<u32>| ms.map_or_else(|| "–".into(), |ms| (w.seconds)(f64::from(ms) / 1000.0));
    let bars = chart::lying(&declines);
    FiguresView {
        begun: total.payments,
        success: total.success_rate().map_or_else(|| "–".into(), |share| locale.percent(share)),
        median: seconds(total.time_to_pay_ms(50)),
        nine_of_ten: seconds(total.time_to_pay_ms(90)),
        taken: total.approved().into_iter().map(|money| locale.money(money)).collect(),
        columns: chart::columns(&days, locale),
        days: days
            .iter()
            .map(|day| DayRow {
                day: locale.day(day.day),
                approved: day.approved,
                declined: day.declined,
                other: day.other,
            })
            .collect(),
        #[allow(clippy::cast_precision_loss, reason = "there are a dozen reasons")]
        declines_height: bars.len() as f64 * chart::LYING_HEIGHT,
        declines: bars,
    }
}

fn decline(word: &str, w: &super::words::Words) -> String {
    let reason: Option<DeclineReason> = serde_json::from_value(word.into()).ok();
    reason.map_or_else(|| word.to_owned(), |reason| (w.decline)(reason).to_owned())
}

/// One supervisor's screen.
struct Screen {
    console: Console,
    reader: Reader,
    changes: watch::Receiver<u64>,
    first: bool,
}

/// `GET /console/stream`
pub(super) async fn stream(State(console): State<Console>, reader: Reader) -> Response {
    if !reader.viewer.may_watch() {
        return StatusCode::FORBIDDEN.into_response();
    }
    let changes = console.board.changes();
    let gone = reader.viewer.gone();
    let screen = Screen { console, reader, changes, first: true };
    events(
        unfold(screen, |mut screen| async move {
            let event = screen.next().await?;
            Some((event, screen))
        }),
        gone,
    )
}

impl Screen {
    async fn next(&mut self) -> Option<Event> {
        if !std::mem::take(&mut self.first) {
            if !next_change(&self.console, &mut self.changes).await? {
                return Some(beat());
            }
            tokio::time::sleep(Duration::from_millis(CHANGES_INTERVAL_MS)).await;
        }
        let id = *self.changes.borrow_and_update();
        Some(parts(&live(&self.console, self.reader.locale).render().ok()?, id))
    }
}
