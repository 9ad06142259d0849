//! Card data: the only room of the house that sees a digit.
//!
//! Keys come in one by one ([`Key`]), gather in an [`Entry`], become a [`Pan`], an [`Expiry`], a
//! [`SecurityCode`] or a [`Postal`] once they pass their checks, and leave as a [`SecretBody`] on its way
//! to the payment service provider. There is no other door. All of it lives in the [`Vault`]: pages that
//! are locked in memory, left out of core dumps, empty in a forked child, and wiped on release.
//!
//! What may be shown is of other types: [`LastFour`], [`MaskedPan`], [`dots`] (PCI DSS 3.4.1).
//!
//! [`Key`]: crate::card::Key
//! [`Entry`]: crate::card::Entry
//! [`Pan`]: crate::card::Pan
//! [`Expiry`]: crate::card::Expiry
//! [`SecurityCode`]: crate::card::SecurityCode
//! [`Postal`]: crate::card::Postal
//! [`SecretBody`]: crate::card::SecretBody
//! [`Vault`]: crate::card::Vault
//! [`LastFour`]: crate::card::LastFour
//! [`MaskedPan`]: crate::card::MaskedPan
//! [`dots`]: crate::card::dots
//!
//! # None of it can be printed, copied or serialised
//!
//! ```compile_fail,E0277
//! fn shown<T: std::fmt::Debug>() {}
//! shown::<tonegate::card::Pan>();
//! ```
//! ```compile_fail,E0277
//! fn shown<T: std::fmt::Debug>() {}
//! shown::<tonegate::card::Key>();
//! ```
//! ```compile_fail,E0277
//! fn shown<T: std::fmt::Debug>() {}
//! shown::<tonegate::card::Entry>();
//! ```
//! ```compile_fail,E0277
//! fn shown<T: std::fmt::Debug>() {}
//! shown::<tonegate::card::SecurityCode>();
//! ```
//! ```compile_fail,E0277
//! fn shown<T: std::fmt::Debug>() {}
//! shown::<tonegate::card::Card>();
//! ```
//! ```compile_fail,E0277
//! fn shown<T: std::fmt::Debug>() {}
//! shown::<tonegate::card::SecretBody>();
//! ```
//! ```compile_fail,E0277
//! fn copied<T: Clone>() {}
//! copied::<tonegate::card::Pan>();
//! ```
//! ```compile_fail,E0277
//! fn copied<T: Clone>() {}
//! copied::<tonegate::card::Key>();
//! ```
//! ```compile_fail,E0277
//! fn copied<T: Clone>() {}
//! copied::<tonegate::card::Entry>();
//! ```
//! ```compile_fail,E0277
//! fn copied<T: Clone>() {}
//! copied::<tonegate::card::SecurityCode>();
//! ```
//! ```compile_fail,E0277
//! fn written<T: serde::Serialize>() {}
//! written::<tonegate::card::Card>();
//! ```
//!
//! The same probes do accept what may be shown:
//!
//! ```
//! fn shown<T: std::fmt::Debug + Clone + serde::Serialize>() {}
//! shown::<tonegate::card::MaskedPan>();
//! shown::<tonegate::card::Brand>();
//! ```

mod body;
mod brand;
mod entry;
mod fields;
mod fingerprint;
mod jwe;
mod key;
mod luhn;
mod masked;
mod pages;
mod pan;
mod reader;
mod specimen;
mod vault;

pub use body::{SecretBody, SecretBodyBuilder};
pub use brand::{Brand, UnknownBrandName};
pub use entry::{
    CODE_DIGITS_MAX, CodeFault, Completeness, EXPIRY_DIGITS, Entry, ExpiryFault, PAN_DIGITS_MAX,
    POSTAL_DIGITS_MAX, PanFault, PostalFault, TooMany,
};
pub use fields::{Expiry, Postal, SecurityCode, YearMonth};
pub use fingerprint::{Fingerprint, FingerprintKey};
pub use jwe::{CardEncryptionKey, CardField, CardKeyFault};
pub use key::{Key, KeyKind};
pub use masked::{LastFour, MaskedPan, dots};
pub use pan::{Pan, is_published_test_number};
pub use reader::{READER_MAX_BYTES, SecretBuffer};
pub use specimen::{SPECIMENS, Specimen};
pub use vault::{MAX_SLOTS, Vault, VaultFull, VaultStatus};

/// What the customer keyed for one payment. Moved, never copied; wiped on drop.
pub struct Card {
    /// Primary account number (ISO/IEC 7812).
    pub pan: Pan,
    /// Month and year after which the card is void.
    pub expiry: Expiry,
    /// Card verification code; absent for the few cards that have none.
    pub code: Option<SecurityCode>,
    /// Postal code for address verification, where the merchant asks for it.
    pub postal: Option<Postal>,
}
