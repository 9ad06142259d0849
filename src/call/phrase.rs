//! Everything that can be said, to whom; the words are in `prompts/` and `sounds/`.

use crate::card::{Brand, LastFour};

use super::bank::DeclineReason;
use super::input::SealRefusal;
use super::money::Money;
use super::notice::{Field, Hint};

/// One sentence. Those named `Whisper…` are for the agent, the others for the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the sentence it names")]
pub enum Phrase {
    Welcome,
    WelcomeSelfService { amount: Money },
    AskNumber,
    AskNumberAgain,
    AskExpiry,
    AskCode { digits: u8 },
    AskPostal,
    KeysHelp,
    Cleared,
    ConfirmLastFour { last_four: LastFour },
    ConfirmPayment { amount: Money, last_four: LastFour },
    NumberTooShort,
    NumberTooLong,
    NumberWrong,
    BrandNotAccepted { brand: Option<Brand> },
    NumbersDiffer,
    ExpiryWrong,
    CardExpired,
    CodeTooShort,
    PostalTooShort,
    NothingKeyed,
    Paused,
    Resumed,
    PleaseWaitBank,
    StillWaitingBank,
    Approved { amount: Money },
    Declined(DeclineReason),
    TryAnotherCard,
    OutcomeUnknown,
    CannotTakeNow,
    TooManyAttempts,
    Cancelled,
    OtherMeans,
    BackToAgent,
    Goodbye,
    TransferToHuman,
    WhisperSealed,
    WhisperFieldDone(Field),
    WhisperCustomerError(Hint),
    WhisperCleared,
    WhisperCharging,
    WhisperApproved,
    WhisperDeclined(DeclineReason),
    WhisperUnknown,
    WhisperLineNotClean,
    WhisperSealRefused(SealRefusal),
    WhisperSealLost,
    WhisperPaused,
    WhisperResumed,
    WhisperCancelled,
    WhisperCustomerCancelled,
    WhisperCustomerGone,
    WhisperTooManyAttempts,
    WhisperTimedOut,
    WhisperTechnical,
    WhisperBusy,
    WhisperNoAmount,
    WhisperLink,
}
