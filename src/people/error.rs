//! What people and admins are told.

use super::password::{HashFault, Weak};
use super::role::UnknownWord;
use super::sealed::CodesFault;
use crate::orders::OrdersFault;
use crate::store::StoreError;

/// Why a login did not lead in. The words tell nobody which names there are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginFault {
    /// Name, password or code is wrong, or the name is locked.
    #[error(
        "name, password or code is wrong, or the name is locked: after ten wrong tries it is for thirty minutes; \
         an admin can unlock it"
    )]
    Refused,
    /// The password is right; a one-time code is needed as well.
    #[error("a code of your authenticator is needed as well, or one of your recovery codes")]
    CodeNeeded,
    /// Plain HTTP from another machine.
    #[error("nobody logs in over plain HTTP: use https://")]
    NotPrivate,
    /// Too many wrong tries from one address.
    #[error(
        "too many wrong passwords, codes or keys came from your address, whatever name they were for: it is listened \
         to again in {} minutes; an admin finds the address in the trail", wait_s.div_ceil(60)
    )]
    ShutOut {
        /// Seconds until it is listened to again.
        wait_s: u64,
    },
    /// What checks codes is missing.
    #[error(
        "your codes cannot be checked now: use a recovery code, or ask an admin; the daemon's log says what is missing"
    )]
    Codes,
    /// The identity provider's word is not enough.
    #[error("{0}")]
    Provider(String),
    /// Too many at once, or a fault of ours.
    #[error(transparent)]
    Hash(#[from] HashFault),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an act on people or keys could not be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeopleFault {
    /// Not a name.
    #[error("`{0}` is no name: write 1 to 40 letters, digits, `.`, `-`, `_` or `@`")]
    Name(String),
    /// Another one has it.
    #[error("there is a {what} named `{name}` already; choose another name")]
    Taken {
        /// `person` or `key`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// There is none.
    #[error("there is no {what} named `{name}`; `tonegate {command} list` shows all")]
    Unknown {
        /// `person` or `key`.
        what: &'static str,
        /// The name.
        name: String,
        /// `user` or `key`.
        command: &'static str,
    },
    /// Too long, or not to be shown.
    #[error("{what}: at most {most} characters, none of them a comma or a control character")]
    Text {
        /// Which.
        what: &'static str,
        /// The bound.
        most: usize,
    },
    /// No role, or no scope.
    #[error("name at least one {0}")]
    Nothing(&'static str),
    /// In the past.
    #[error("the key would have expired already; name a later day")]
    Expired,
    /// Not good enough.
    #[error(transparent)]
    Weak(#[from] Weak),
    /// The old one again.
    #[error("the new password is the old one; choose another")]
    SamePassword,
    /// The present password is not right.
    #[error("the present password is wrong")]
    WrongPassword,
    /// Not the one the authenticator shows.
    #[error(
        "the code is wrong or was used before; wait for the next one, and check the clock of the telephone"
    )]
    WrongCode,
    /// There is a secret already.
    #[error("codes are set up already; an admin can take them away: tonegate user reset --codes {0}")]
    CodesSet(String),
    /// None was asked for.
    #[error("no codes are being set up; begin anew")]
    NoEnrolment,
    /// An identity provider vouches for this person.
    #[error("{0} logs in by the identity provider: there is no password and no code here")]
    ByProvider(String),
    /// An identity provider says what this person is.
    #[error("roles and extensions of {0} come from the identity provider; change them there")]
    ProviderSays(String),
    /// The key of one-time codes.
    #[error(transparent)]
    Codes(#[from] CodesFault),
    /// A word of the command line or the protocol.
    #[error(transparent)]
    Word(#[from] UnknownWord),
    /// Too many at once, or a fault of ours.
    #[error(transparent)]
    Hash(#[from] HashFault),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is owed.
    #[error(transparent)]
    Orders(#[from] OrdersFault),
    /// The door of the daemon.
    #[error("{0}")]
    Door(String),
}
