//! What people and programs around the call are told; nothing here can hold a card digit but the last four.

use serde::Serialize;

use crate::card::{Brand, MaskedPan};

use super::bank::{AttemptId, DeclineReason};
use super::input::{AgentCommand, Line, Party, SealLoss, SealRefusal};

/// One thing the customer keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The card number (PAN).
    Number,
    /// The card number once more, to be compared.
    NumberAgain,
    /// Month and year of expiry, MMYY.
    Expiry,
    /// The security code (CVV, CVC, CID).
    Code,
    /// The postal code.
    Postal,
    /// The expiry date once more, to be compared.
    ExpiryAgain,
    /// The security code once more, to be compared.
    CodeAgain,
    /// The postal code once more, to be compared.
    PostalAgain,
    /// The company's own reference of what is owed: no card data.
    Reference,
    /// The part of what is owed that the customer wants to pay: no card data.
    Amount,
}

impl Field {
    /// Those that are keyed for their own sake, in the order in which a card is usually read.
    pub const FIRSTS: [Field; 4] = [Field::Number, Field::Expiry, Field::Code, Field::Postal];

    /// The field that this one repeats; itself if it repeats none.
    #[must_use]
    pub fn first(self) -> Field {
        match self {
            Field::Number | Field::NumberAgain => Field::Number,
            Field::Expiry | Field::ExpiryAgain => Field::Expiry,
            Field::Code | Field::CodeAgain => Field::Code,
            Field::Postal | Field::PostalAgain => Field::Postal,
            Field::Reference => Field::Reference,
            Field::Amount => Field::Amount,
        }
    }

    /// The field that repeats this one, to be compared with it.
    #[must_use]
    pub fn again(self) -> Field {
        match self.first() {
            Field::Expiry => Field::ExpiryAgain,
            Field::Code => Field::CodeAgain,
            Field::Postal => Field::PostalAgain,
            _ => Field::NumberAgain,
        }
    }

    /// Whether it repeats another.
    #[must_use]
    pub fn repeats(self) -> bool {
        self != self.first()
    }
}

/// What was wrong with a field, in words that give no digit away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hint {
    /// Fewer digits than this field or brand has.
    TooShort,
    /// More.
    TooLong,
    /// The check digit (ISO/IEC 7812-1, Luhn) does not fit.
    CheckDigit,
    /// A brand the merchant does not take, or none we know.
    BrandNotAccepted,
    /// The card is past its month.
    Expired,
    /// Not a month and a year.
    ExpiryInvalid,
    /// What was keyed twice is not the same.
    Differs,
    /// Nobody knows of it.
    NotKnown,
    /// It is more than what is owed, or less than the least part.
    NotPossible,
    /// Nothing was keyed in time.
    Timeout,
}

/// How a payment call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Paid.
    Approved,
    /// The last card was declined and no other was tried.
    Declined,
    /// The bank's answer is not known; it is looked for after the call.
    Unknown,
    /// The agent ended it.
    CancelledByAgent,
    /// The customer ended it with two stars.
    CancelledByCustomer,
    /// The agent chose another means of payment; or a caller alone, a human.
    OtherMeans,
    /// A field failed more often than allowed.
    TooManyAttempts,
    /// The customer keyed nothing.
    TimedOut,
    /// The customer hung up.
    CustomerLeft,
    /// The agent hung up.
    AgentLeft,
    /// The leg could not be sealed.
    NotSealed,
    /// The seal was lost during capture.
    SealLost,
    /// The PBX did not come back in time.
    PbxLost,
    /// A fault of ours or the provider's; nothing was charged.
    Fault,
    /// The daemon was stopped.
    Drained,
}

/// One piece of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The payment has begun; the seal is being shut.
    Started,
    /// The customer's leg is sealed.
    Sealed(Line),
    /// It could not be.
    SealRefused(SealRefusal),
    /// What is known about the line has changed.
    Line(Line),
    /// A field waits for keys.
    FieldOpened {
        /// Which.
        field: Field,
        /// 1 for the first try.
        attempt: u8,
    },
    /// A key was pressed.
    Progress {
        /// In which field.
        field: Field,
        /// How many digits it has now.
        count: u8,
        /// The brand, once the first digits tell.
        brand: Option<Brand>,
    },
    /// The customer cleared the field with `*`.
    Cleared(Field),
    /// A field is complete and right.
    FieldDone {
        /// Which.
        field: Field,
        /// The number with all but the last four hidden, for the card number.
        masked: Option<MaskedPan>,
        /// The brand, for the card number.
        brand: Option<Brand>,
    },
    /// A field was refused and is asked again, or the capture ends.
    FieldRefused {
        /// Which.
        field: Field,
        /// Why.
        hint: Hint,
        /// Tries left.
        left: u8,
    },
    /// Where the desk asks for each field: nobody is asked now, and this is still to be taken. Nothing left means
    /// that the payment can be completed.
    Remaining(Vec<Field>),
    /// The customer is asked to confirm.
    Confirming,
    /// The agent said something.
    Agent(AgentCommand),
    /// The two are talking; keys are not taken.
    Paused,
    /// The bank is being asked.
    Charging(AttemptId),
    /// The bank takes longer than people expect.
    BankSlow,
    /// Approved.
    Approved {
        /// The attempt.
        attempt: AttemptId,
        /// The provider's reference.
        reference: String,
    },
    /// Declined.
    Declined {
        /// The attempt.
        attempt: AttemptId,
        /// Why.
        reason: DeclineReason,
    },
    /// Nothing was charged, because of a fault.
    NotCharged(AttemptId),
    /// Not yet known. Do not take the card again.
    OutcomeUnknown(AttemptId),
    /// A party hung up.
    Left(Party),
    /// Somebody has to look: the seal or the PBX is not as it must be.
    Alarm(Alarm),
    /// The leg is an ordinary leg again.
    Unsealed,
    /// The payment call is over.
    Ended(Ending),
}

/// What an admin is woken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Alarm {
    /// The seal was lost during capture.
    SealLost(SealLoss),
    /// Recordings could not be masked, so no card was asked for.
    ShieldFailed,
    /// The seal could not be ended: the leg stays sealed.
    SealStuck,
    /// The PBX went away during a capture.
    PbxLost,
    /// An attempt could not be journalled: nothing was charged.
    JournalFailed,
}
