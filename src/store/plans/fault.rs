//! Why a plan cannot be written down or changed.

/// Why a plan cannot be written down or changed; named by its reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanFault {
    /// There is one already.
    #[error("there is a plan {0} already; every plan of a merchant needs a reference of its own")]
    Exists(String),
    /// There is none.
    #[error("there is no plan {0}")]
    NoSuch(String),
    /// Nothing follows.
    #[error("plan {reference} is {state}; make a new one")]
    Over {
        /// The plan.
        reference: String,
        /// How it stands.
        state: &'static str,
    },
    /// What is under way has to end first.
    #[error("plan {reference} is being charged just now; look again when that charge has ended")]
    Charging {
        /// The plan.
        reference: String,
    },
}
