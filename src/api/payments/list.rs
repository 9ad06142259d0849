//! Payments looked up by what is known of them, page after page.

use axum::Json;
use axum::extract::State as Extracted;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::PaymentView;
use crate::api::State;
use crate::api::extract::{Params, SOUGHT_MAX_CHARS, not_longer, page_of, read_instant};
use crate::api::problem::Problem;
use crate::call::Ending;
use crate::store::{PaymentFilter, endings};

/// Which payments; what is not given does not matter.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct Page {
    /// Where the page begins: `next` of the page before, as it is.
    #[param(pattern = r"^[0-9]{1,15}\.[0-9a-f]{32}$")]
    cursor: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
    /// The company's own reference.
    #[param(max_length = 256)]
    reference: Option<String>,
    /// The agent's extension.
    #[param(max_length = 256)]
    agent: Option<String>,
    /// The customer's telephone number.
    #[param(max_length = 256)]
    caller_number: Option<String>,
    /// How they ended, or `open` for those that have not.
    #[param(schema_with = state_schema)]
    state: Option<String>,
    /// Begun at this instant or later.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Begun before this instant.
    #[param(format = DateTime)]
    until: Option<String>,
}

/// What stands for payments that have not ended.
const OPEN: &str = "open";

/// Some payments, the youngest first.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct PaymentPage {
    /// The payments.
    payments: Vec<PaymentView>,
    /// Where the next page begins; none if this is the last.
    next: Option<String>,
}

fn word(ending: Ending) -> String {
    serde_json::to_value(ending).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn state_schema() -> utoipa::openapi::Object {
    let words = std::iter::once(OPEN.to_owned()).chain(endings().map(word));
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::Type::String)
        .enum_values(Some(words))
        .build()
}

/// Looks payments up, the youngest first.
#[utoipa::path(get, path = "/v1/payments", operation_id = "list_payments", tag = "payments", params(Page), responses(
    (status = 200, description = "Some payments.", body = PaymentPage),
    (status = 400, response = crate::api::openapi::Refusal)))]
pub(in crate::api) async fn list(
    Extracted(state): Extracted<State>,
    Params(page): Params<Page>,
) -> Result<Json<PaymentPage>, Problem> {
    let (after, limit) = page_of(page.cursor.as_deref(), page.limit)?;
    let filter = filter(page)?;
    let found = state.desk.store().payments(&filter, after, limit).await;
    let found = found.map_err(|fault| crate::api::store_fault(&fault))?;
    let is_live = |id| state.desk.live.is_live(id);
    let payments = found.payments.iter().map(|payment| PaymentView::new(payment, is_live(payment.begun.id)));
    Ok(Json(PaymentPage { payments: payments.collect(), next: found.next.map(|next| next.to_string()) }))
}

fn filter(page: Page) -> Result<PaymentFilter, Problem> {
    let bound = |name, text: Option<String>| text.map(|text| read_instant(name, &text)).transpose();
    let ending = match page.state.as_deref() {
        None | Some(OPEN) => None,
        Some(state) => {
            let known = endings().find(|ending| word(*ending) == state);
            let detail = "state: `open`, or how a payment ended; /docs lists the words";
            Some(known.ok_or_else(|| Problem::invalid("state", detail))?)
        }
    };
    for (name, text) in
        [("reference", &page.reference), ("agent", &page.agent), ("caller_number", &page.caller_number)]
    {
        not_longer(name, text.as_deref(), SOUGHT_MAX_CHARS)?;
    }
    Ok(PaymentFilter {
        open: page.state.as_deref() == Some(OPEN),
        reference: page.reference,
        agent: page.agent,
        caller_number: page.caller_number,
        ending,
        from_ms: bound("from", page.from)?,
        until_ms: bound("until", page.until)?,
    })
}
