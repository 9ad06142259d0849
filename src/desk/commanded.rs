//! Payments whose fields somebody asks for one by one, over an API.

use uuid::Uuid;

use crate::call::{CodePolicy, Confirm, Field, FieldOrder, PostalPolicy, Setup};
use crate::card::{Brand, Card, Postal};

/// What differs from the configuration where each field is asked for by a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commanded {
    /// The payment's number, known before it begins so that nothing it tells is missed. Used once.
    pub payment: Uuid,
    /// Fields that are keyed twice and compared.
    pub twice: Vec<Field>,
    /// Whether the security code is asked for.
    pub code: bool,
    /// The postal code, if it is asked for.
    pub postal: Option<PostalPolicy>,
    /// The postal code, if it is known and not asked for: 1 to 10 digits.
    pub postal_given: Option<String>,
    /// Brands that are taken, of those that the merchant takes.
    pub accepted: Vec<Brand>,
    /// Whether the customer confirms the last four digits.
    pub confirm: bool,
    /// From key to key.
    pub between_keys_timeout_ms: Option<u64>,
    /// Store the card and charge nothing; the amount is zero then, and above zero otherwise.
    pub store_card: bool,
}

impl Commanded {
    /// Whether any brand is left that the merchant takes as well.
    #[must_use]
    pub fn takes_any(&self, merchant: &[Brand]) -> bool {
        self.accepted.iter().any(|brand| merchant.contains(brand))
    }

    pub(super) fn apply(&self, setup: &mut Setup) {
        setup.order = FieldOrder::Commanded { twice: self.twice.clone() };
        setup.accepted.retain(|brand| self.accepted.contains(brand));
        setup.code = if self.code { CodePolicy::Required } else { CodePolicy::Off };
        setup.postal = self.postal;
        setup.confirm = if self.confirm { Confirm::LastFour } else { Confirm::None };
        // Whoever commands decides what follows a decline, and begins anew.
        setup.bounds.max_charges = 1;
        if let Some(between_ms) = self.between_keys_timeout_ms {
            setup.bounds.between_keys_timeout_ms = between_ms;
        }
    }

    /// Adds to the card what was not keyed.
    pub(super) fn complete(&self, card: &mut Card) {
        if card.postal.is_none() {
            card.postal = self.postal_given.as_deref().and_then(Postal::given);
        }
    }
}
