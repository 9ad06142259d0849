//! How the customer's keys are taken.

use serde::Deserialize;

use super::words::words;

words! {
    /// What the customer hears before the card is sent, and confirms with `#`.
    pub enum Confirm {
        /// Nothing.
        None = "none",
        /// The last four digits.
        LastFour = "last-four",
        /// The amount and the last four digits.
        Payment = "payment",
    }
}

words! {
    /// Whether the security code is asked for.
    pub enum SecurityCode {
        /// It must be keyed.
        Required = "required",
        /// `#` skips it.
        Optional = "optional",
        /// It is not asked for.
        Off = "off",
    }
}

words! {
    /// Whether the postal code is asked for. Digits alone: a keypad has no letters.
    pub enum PostalCode {
        /// It is not asked for.
        Off = "off",
        /// It must be keyed.
        Required = "required",
    }
}

/// `[capture]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CaptureSection {
    /// From the end of the prompt to the first key.
    pub first_key_timeout_ms: u64,
    /// From one key to the next; grows for slow fingers.
    pub between_keys_timeout_ms: u64,
    /// As far as it grows.
    pub between_keys_max_ms: u64,
    /// A number that is likely complete is taken after this silence.
    pub settle_ms: u64,
    /// Tries for each field.
    pub attempts_per_field: u8,
    /// Cards sent to the bank in one payment.
    pub max_charges: u8,
    /// Ask for the card number twice and compare.
    pub enter_twice: bool,
    /// What the customer confirms.
    pub confirm: Confirm,
    /// Whether the security code is asked for.
    pub security_code: SecurityCode,
    /// Whether the postal code is asked for.
    pub postal_code: PostalCode,
    /// Its fewest digits.
    pub postal_code_min_digits: u8,
    /// Its most digits.
    pub postal_code_max_digits: u8,
    /// The longest pause an agent can make; then the payment ends.
    pub pause_max_ms: u64,
    /// How long the PBX may take to seal the leg.
    pub seal_timeout_ms: u64,
    /// How long it may take to mask the recordings.
    pub shield_timeout_ms: u64,
    /// No sentence lasts longer; then it counts as said.
    pub sentence_max_ms: u64,
    /// After this the customer hears that the bank is still being asked.
    pub bank_slow_ms: u64,
    /// After this the outcome is unknown.
    pub bank_bound_ms: u64,
    /// How long the agent may take to decide what follows a decline.
    pub decision_timeout_ms: u64,
    /// How long the PBX may take to end the seal.
    pub unseal_timeout_ms: u64,
    /// Tries to end the seal; then it stays shut and an alarm is raised.
    pub unseal_tries: u8,
    /// How long the PBX may be away before the payment ends.
    pub pbx_grace_ms: u64,
}

impl Default for CaptureSection {
    fn default() -> Self {
        Self {
            first_key_timeout_ms: 30_000,
            between_keys_timeout_ms: 6_000,
            between_keys_max_ms: 20_000,
            settle_ms: 1_500,
            attempts_per_field: 3,
            max_charges: 3,
            enter_twice: false,
            confirm: Confirm::None,
            security_code: SecurityCode::Required,
            postal_code: PostalCode::Off,
            postal_code_min_digits: 4,
            postal_code_max_digits: 6,
            pause_max_ms: 600_000,
            seal_timeout_ms: 5_000,
            shield_timeout_ms: 5_000,
            sentence_max_ms: 30_000,
            bank_slow_ms: 6_000,
            bank_bound_ms: 60_000,
            decision_timeout_ms: 120_000,
            unseal_timeout_ms: 5_000,
            unseal_tries: 3,
            pbx_grace_ms: 30_000,
        }
    }
}

/// `[self_service]`: what differs from `[capture]` when there is no agent. Nobody can help then, so the
/// payment is confirmed unless the file says otherwise.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SelfServiceSection {
    /// Whether what a caller owes is looked up by their number, where the dialplan says neither amount nor reference.
    pub recognise_caller: bool,
    /// Whether a caller who is not known by their number keys a reference, where the dialplan says nothing.
    pub ask_reference: bool,
    /// See [`CaptureSection::first_key_timeout_ms`].
    pub first_key_timeout_ms: Option<u64>,
    /// See [`CaptureSection::between_keys_timeout_ms`].
    pub between_keys_timeout_ms: Option<u64>,
    /// See [`CaptureSection::between_keys_max_ms`].
    pub between_keys_max_ms: Option<u64>,
    /// See [`CaptureSection::attempts_per_field`].
    pub attempts_per_field: Option<u8>,
    /// See [`CaptureSection::max_charges`].
    pub max_charges: Option<u8>,
    /// See [`CaptureSection::enter_twice`].
    pub enter_twice: Option<bool>,
    /// See [`CaptureSection::confirm`].
    pub confirm: Option<Confirm>,
    /// See [`CaptureSection::security_code`].
    pub security_code: Option<SecurityCode>,
    /// See [`CaptureSection::postal_code`].
    pub postal_code: Option<PostalCode>,
}

impl Default for SelfServiceSection {
    fn default() -> Self {
        Self {
            recognise_caller: true,
            ask_reference: true,
            first_key_timeout_ms: None,
            between_keys_timeout_ms: None,
            between_keys_max_ms: None,
            attempts_per_field: None,
            max_charges: None,
            enter_twice: None,
            confirm: None,
            security_code: None,
            postal_code: None,
        }
    }
}

impl SelfServiceSection {
    /// Lays these over the settings with an agent.
    #[must_use]
    pub fn over(&self, with_agent: &CaptureSection) -> CaptureSection {
        let base = with_agent.clone();
        CaptureSection {
            first_key_timeout_ms: self.first_key_timeout_ms.unwrap_or(base.first_key_timeout_ms),
            between_keys_timeout_ms: self.between_keys_timeout_ms.unwrap_or(base.between_keys_timeout_ms),
            between_keys_max_ms: self.between_keys_max_ms.unwrap_or(base.between_keys_max_ms),
            attempts_per_field: self.attempts_per_field.unwrap_or(base.attempts_per_field),
            max_charges: self.max_charges.unwrap_or(base.max_charges),
            enter_twice: self.enter_twice.unwrap_or(base.enter_twice),
            confirm: self.confirm.unwrap_or(Confirm::Payment),
            security_code: self.security_code.unwrap_or(base.security_code),
            postal_code: self.postal_code.unwrap_or(base.postal_code),
            ..base
        }
    }
}
