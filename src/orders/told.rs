//! An order as it is told to programs and people.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::{Debtor, Order};

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderView {
    /// The company's own reference.
    pub reference: String,
    /// Who is paid.
    pub merchant: String,
    /// `open`, `partly_paid`, `paid` or `cancelled`.
    pub state: String,
    /// How much, as decimal text.
    pub amount: String,
    /// How much of it came in, by card and by link. What was given back later still counts.
    pub paid: String,
    /// How much is left to pay.
    pub owed: String,
    /// ISO 4217.
    pub currency: String,
    /// What for.
    pub description: String,
    /// Who owes it.
    pub customer: DebtorView,
    /// When it is due.
    #[schema(format = Date)]
    pub due: Option<String>,
    /// Whether a part of it may be paid.
    pub partial_payments: bool,
    /// The least part that may be paid; any if it is not said. The rest may always be paid.
    pub minimum: Option<String>,
    /// When it was written down.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was cancelled.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub cancelled_at: Option<Timestamp>,
}

/// Who owes it, as far as known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DebtorView {
    /// The whole name.
    pub name: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// The language they are spoken to in, ISO 639-1.
    pub language: Option<String>,
}

impl From<Order> for OrderView {
    fn from(order: Order) -> Self {
        let at = |at_ms| Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let (state, owed) = (order.state().word().to_owned(), order.owed().decimal());
        let new = order.new;
        let Debtor { name, phone, email, language } = new.customer;
        Self {
            reference: new.reference,
            merchant: new.merchant,
            state,
            amount: new.amount.decimal(),
            paid: order.paid.decimal(),
            owed,
            currency: new.amount.currency.code().to_owned(),
            description: new.description,
            customer: DebtorView { name, phone, email, language },
            due: new.due.map(|due| due.to_string()),
            partial_payments: new.parts,
            minimum: new.minimum.map(|least| least.decimal()),
            created_at: at(order.created_at_ms),
            cancelled_at: order.cancelled_at_ms.map(at),
        }
    }
}
