//! One payment: its attempts, journal and trail.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;

use crate::store::{AttemptRecord, JournalStep, OperationId, OperationRecord, Payment, StoreError, TrailRow};

use super::super::Console;
use super::super::desk::merchant_name;
use super::super::locale::Locale;
use super::super::page::{Shell, page};
use super::super::reader::Reader;
use super::{Row, row};

/// What was sent to the provider.
struct Attempt {
    ordinal: u8,
    psp: String,
    state: &'static str,
    kind: &'static str,
    reason: &'static str,
    reference: String,
    detail: String,
    when: String,
}

/// A line of journal or trail.
struct Line {
    when: String,
    who: String,
    what: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "payment.html", config = "src/api/console/askama.toml")]
pub(super) struct Detail {
    shell: Shell,
    row: Row,
    /// Who is paid, where there are several.
    merchant: Option<String>,
    called: String,
    description: String,
    duration: String,
    attempts: Vec<Attempt>,
    journal: Vec<Line>,
    trail: Vec<Line>,
    operations: Vec<Operation>,
    may_refund: bool,
    refundable: String,
    currency: String,
    csrf: String,
    /// Sent back with the form: a form that is sent twice refunds once.
    once: String,
    pub told: String,
    told_kind: &'static str,
}

/// A refund, capture, cancellation or chargeback.
struct Operation {
    when: String,
    what: &'static str,
    amount: String,
    state: &'static str,
    who: String,
}

/// `GET /console/payments/{id}`
pub(in super::super) async fn show(
    State(console): State<Console>,
    Path(id): Path<String>,
    reader: Reader,
) -> Response {
    let Ok(id) = Uuid::try_parse(&id) else {
        return reader.not_found();
    };
    match found(&console, id).await {
        // Whose payment it is not, need not know that it exists.
        Ok(Some(found)) if reader.may_read(&found.payment) => {
            page(&detail(&console, &reader, &found), StatusCode::OK)
        }
        Ok(_) => reader.not_found(),
        Err(fault) => {
            tracing::error!(payment = %id, "a payment cannot be shown: {fault}");
            reader.failed()
        }
    }
}

/// A payment and everything that happened to it.
pub(super) struct Found {
    pub payment: Payment,
    journal: Vec<JournalStep>,
    trail: Vec<TrailRow>,
    operations: Vec<OperationRecord>,
}

pub(super) async fn found(console: &Console, id: Uuid) -> Result<Option<Found>, StoreError> {
    let store = console.desk.store();
    let Some(payment) = store.payment(id).await? else { return Ok(None) };
    let (journal, trail) = (store.journal_of(id).await?, store.trail_of(id).await?);
    Ok(Some(Found { payment, journal, trail, operations: store.operations_of(id).await? }))
}

impl Reader {
    pub(super) fn may_read(&self, payment: &Payment) -> bool {
        let own = || payment.begun.agent.as_deref().is_some_and(|agent| self.viewer.may_see_agent(agent));
        self.viewer.may_read() && (self.viewer.sees_all() || own())
    }
}

/// The page of a payment.
pub(super) fn detail(console: &Console, reader: &Reader, found: &Found) -> Detail {
    let (locale, w) = (reader.locale, reader.locale.words());
    let Found { payment, journal, trail, operations } = found;
    let left = payment.approved().map(|_| super::refund::left(payment, operations));
    let lasted = payment.ended_at_ms.map(|ended| (ended - payment.created_at_ms).max(0) as f64 / 1000.0);
    let row = row(payment, locale);
    Detail {
        shell: reader.shell(&format!("{} {}", w.payment, row.amount)),
        row,
        merchant: merchant_name(console.desk.merchants(), &payment.begun.merchant),
        called: payment.begun.dialled_number.clone().unwrap_or_default(),
        description: payment.begun.description.clone(),
        duration: lasted.map(w.seconds).unwrap_or_default(),
        attempts: payment.attempts.iter().map(|one| attempt(one, locale)).collect(),
        journal: journal
            .iter()
            .map(|step| Line {
                when: locale.clock(step.at_ms),
                who: step.ordinal.to_string(),
                what: (w.attempt_state)(&step.step).to_owned(),
                detail: step.detail.clone(),
            })
            .collect(),
        trail: trail
            .iter()
            .map(|row| Line {
                when: locale.clock(row.at_ms),
                who: row.actor.clone(),
                what: row.act.replace('_', " "),
                detail: plain(&row.detail),
            })
            .collect(),
        operations: operations.iter().map(|one| operation(one, locale)).collect(),
        may_refund: reader.viewer.may_refund() && left.is_some_and(|left| left.minor > 0),
        refundable: left.map(|left| left.decimal()).unwrap_or_default(),
        currency: payment.begun.amount.currency.to_string(),
        csrf: reader.csrf(),
        once: OperationId::fresh().0.to_string(),
        told: String::new(),
        told_kind: "bad",
    }
}

fn operation(record: &OperationRecord, locale: Locale) -> Operation {
    let w = locale.words();
    Operation {
        when: locale.moment(record.changed_at_ms),
        what: (w.operation)(record.kind),
        amount: locale.money(record.amount),
        state: (w.attempt_state)(record.state.word()),
        who: record.actor.clone(),
    }
}

fn attempt(record: &AttemptRecord, locale: Locale) -> Attempt {
    let w = locale.words();
    let kind = match record.state.word() {
        "approved" => "good",
        "declined" | "not_charged" => "bad",
        "unknown" => "warn",
        _ => "busy",
    };
    Attempt {
        ordinal: record.attempt.ordinal,
        psp: record.psp.clone(),
        state: (w.attempt_state)(record.state.word()),
        kind,
        reason: record.decline_reason.map(w.decline).unwrap_or_default(),
        reference: record.psp_reference.clone().unwrap_or_default(),
        detail: record.detail.clone(),
        when: locale.moment(record.changed_at_ms),
    }
}

/// A detail of the trail without the brackets it is stored with; other text as it is.
fn plain(detail: &str) -> String {
    let Ok(serde_json::Value::Object(fields)) = serde_json::from_str(detail) else {
        return detail.to_owned();
    };
    let said = fields.iter().filter(|(key, value)| *key != "type" && !value.is_null());
    let said = said.map(|(key, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), |text| text.replace('_', " "));
        format!("{}: {value}", key.replace('_', " "))
    });
    said.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_read_without_brackets() {
        assert_eq!(plain(r#"{"type":"sealed","line":"clean"}"#), "line: clean");
        assert_eq!(
            plain(r#"{"type":"declined","attempt":1,"reason":"insufficient_funds"}"#),
            "attempt: 1, reason: insufficient funds"
        );
        assert_eq!(plain("by hand"), "by hand");
    }
}
