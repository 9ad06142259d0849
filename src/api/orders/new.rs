//! An order as a caller writes it.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::orders::Draft;

/// An order to be written down.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewOrder {
    /// The company's own reference, one for each order of a merchant.
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$", example = "A-17")]
    reference: String,
    /// How much, with a point and at most as many digits after it as the currency has: `42.50`.
    #[schema(pattern = r"^[0-9]{1,12}(\.[0-9]{1,3})?$", example = "42.50")]
    amount: String,
    /// ISO 4217; the merchant's own if none.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: Option<String>,
    /// Who is paid, by the id of the configuration; the default merchant if nobody is named.
    #[schema(min_length = 1, max_length = 200)]
    merchant: Option<String>,
    /// What for, in words the customer knows; the merchant's own if none.
    #[schema(max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    description: Option<String>,
    /// Who owes it.
    #[serde(default)]
    customer: NewDebtor,
    /// When it is due; only told, nothing happens on that day.
    #[schema(format = Date, example = "2026-12-31")]
    due: Option<String>,
    /// Whether a part of it may be paid.
    #[serde(default)]
    #[schema(default = false)]
    partial_payments: bool,
    /// The least part that may be paid, in the order's currency; any if nothing is said. The rest may always be paid.
    #[schema(pattern = r"^[0-9]{1,12}(\.[0-9]{1,3})?$", example = "10.00")]
    minimum: Option<String>,
}

/// Who owes it, as far as known.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewDebtor {
    /// The whole name.
    #[schema(max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    name: Option<String>,
    /// Telephone number.
    #[schema(example = "+33612345678")]
    phone: Option<String>,
    /// E-mail address.
    #[schema(example = "name@example.com")]
    email: Option<String>,
    /// The language they are spoken to in.
    #[schema(pattern = "^(en|fr)$", example = "fr")]
    language: Option<String>,
}

impl NewOrder {
    pub(super) fn draft(self) -> Draft {
        let text = Option::unwrap_or_default;
        Draft {
            merchant: text(self.merchant),
            reference: self.reference,
            amount: self.amount,
            currency: text(self.currency),
            description: text(self.description),
            name: text(self.customer.name),
            phone: text(self.customer.phone),
            email: text(self.customer.email),
            language: text(self.customer.language),
            due: text(self.due),
            parts: self.partial_payments,
            minimum: text(self.minimum),
        }
    }
}
