//! Orders looked up by what is known of them, page after page.

use axum::Json;
use axum::extract::State as Shared;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::State;
use crate::api::extract::{Params, SOUGHT_MAX_CHARS, not_longer, page_of};
use crate::api::problem::Problem;
use crate::orders::{Asked, OrderView};
use crate::store::OrderState;

/// The longest id of a merchant that is looked for.
const MERCHANT_MAX_CHARS: usize = 200;

/// Which orders; what is not given does not matter.
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
    /// Whose, by the id of the configuration.
    #[param(max_length = 200)]
    merchant: Option<String>,
    /// The company's own reference.
    #[param(max_length = 256)]
    reference: Option<String>,
    /// The customer's telephone number.
    #[param(example = "+33612345678")]
    phone: Option<String>,
    /// How they stand.
    #[param(schema_with = state_schema)]
    state: Option<String>,
}

/// Some orders, the youngest first.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct OrderList {
    /// The orders.
    orders: Vec<OrderView>,
    /// Where the next page begins; none if this is the last.
    next: Option<String>,
}

fn state_schema() -> utoipa::openapi::Object {
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::Type::String)
        .enum_values(Some(OrderState::ALL.map(OrderState::word)))
        .build()
}

/// Looks orders up, the youngest first.
#[utoipa::path(get, path = "/v1/orders", operation_id = "list_orders", tag = "orders", params(Page), responses(
    (status = 200, description = "Some orders.", body = OrderList),
    (status = 400, response = crate::api::openapi::Refusal),
    (status = 422, response = crate::api::openapi::Refusal)))]
pub(in crate::api) async fn list(
    Shared(state): Shared<State>,
    Params(page): Params<Page>,
) -> Result<Json<OrderList>, Problem> {
    let (after, limit) = page_of(page.cursor.as_deref(), page.limit)?;
    not_longer("merchant", page.merchant.as_deref(), MERCHANT_MAX_CHARS)?;
    not_longer("reference", page.reference.as_deref(), SOUGHT_MAX_CHARS)?;
    let asked =
        Asked { merchant: page.merchant, reference: page.reference, phone: page.phone, state: page.state };
    let filter = asked.filter().map_err(|slip| match slip.field {
        // The document has the words; of a telephone number it cannot say all that makes it one.
        "state" => Problem::invalid(slip.field, slip.to_string()),
        field => Problem::refused(field, slip.why),
    })?;
    let found = state.desk.store().orders(&filter, after, limit).await;
    let found = found.map_err(|fault| crate::api::store_fault(&fault))?;
    let orders = found.orders.into_iter().map(OrderView::from).collect();
    Ok(Json(OrderList { orders, next: found.next.map(|next| next.to_string()) }))
}
