//! Why an order cannot be written down, paid or cancelled.

use crate::call::{Currency, Money};

/// Why an order cannot be written down, paid or cancelled; named by its reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderFault {
    /// There is one already.
    #[error("there is an order {0} already; every order of a merchant needs a reference of its own")]
    Exists(String),
    /// There is none.
    #[error("there is no order {0} of this merchant")]
    NoSuch(String),
    /// All of it came in.
    #[error("order {0} is paid")]
    Paid(String),
    /// Nobody pays it any more.
    #[error("order {0} is cancelled")]
    Cancelled(String),
    /// Somebody is paying it.
    #[error("order {reference} is being paid (payment {payment}); wait until that has ended")]
    UnderWay {
        /// The order.
        reference: String,
        /// The payment.
        payment: String,
    },
    /// It may be paid.
    #[error(
        "order {reference} may be paid already: the result of {attempt} is not known yet. It is being looked for; look \
         at the provider before you ask again with even_if_unknown"
    )]
    Unknown {
        /// The order.
        reference: String,
        /// The attempt.
        attempt: String,
    },
    /// The customer can pay it without us.
    #[error(
        "order {reference} has a payment link that can be paid ({link}); end it first (POST /v1/links/{link}/expire)"
    )]
    Link {
        /// The order.
        reference: String,
        /// The link.
        link: String,
    },
    /// More than is left.
    #[error("{asked} is more than what is owed of order {reference}: {owed}")]
    TooMuch {
        /// The order.
        reference: String,
        /// What was to be paid.
        asked: Money,
        /// What is left.
        owed: Money,
    },
    /// It allows no parts.
    #[error("order {reference} allows no part payments: {owed} is to be paid at once")]
    Whole {
        /// The order.
        reference: String,
        /// What is left.
        owed: Money,
    },
    /// Less than the least part it allows.
    #[error(
        "{asked} is less than the least part of order {reference}: pay {least} or more, or all that is owed"
    )]
    TooLittle {
        /// The order.
        reference: String,
        /// What was to be paid.
        asked: Money,
        /// The least part.
        least: Money,
    },
    /// Not the order's.
    #[error("order {reference} is in {currency}")]
    Currency {
        /// The order.
        reference: String,
        /// The order's currency.
        currency: Currency,
    },
}
