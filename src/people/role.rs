//! What a person is in the company, and what a caller may therefore do (least privilege, PCI DSS 7.2).

use std::fmt;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// Declares an enum whose variants are words, and lists them.
macro_rules! word_enum {
    ($(#[$about:meta])* $kind:ident, $what:literal: $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)?) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum $kind {
            $($(#[$doc])* #[serde(rename = $word)] $variant),+
        }

        impl $kind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word for it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        /// Not derived: the library that reads the configuration would not name the words there are.
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                text.parse().map_err(|_| D::Error::unknown_variant(&text, &[$($word),+]))
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $kind {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                let found = Self::ALL.iter().copied().find(|one| one.word() == text);
                found.ok_or_else(|| UnknownWord {
                    what: $what,
                    word: text.chars().take(40).collect(),
                    known: [$($word),+].join(", "),
                })
            }
        }
    };
}

/// A word that is none of those there are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no {what}; there are: {known}")]
pub struct UnknownWord {
    what: &'static str,
    word: String,
    known: String,
}

word_enum! {
    /// What a person is in the company.
    Role, "role":
    /// Takes payments on the calls of their own extensions.
    Agent = "agent",
    /// Watches all calls and reads reports.
    Supervisor = "supervisor",
    /// Gives money back.
    Refunder = "refunder",
    /// Makes people and keys; takes and refunds nothing.
    Admin = "admin",
    /// Reads everything, changes nothing.
    Auditor = "auditor",
}

word_enum! {
    /// One thing a caller may do.
    Scope, "scope":
    /// Look payments up.
    PaymentsRead = "payments:read",
    /// Prepare, begin and steer payments.
    PaymentsWrite = "payments:write",
    /// Refund, capture and cancel.
    Refunds = "refunds",
    /// Listen to what happens in calls.
    Events = "events",
    /// Make and end payment links.
    Links = "links",
    /// Look up what is owed.
    OrdersRead = "orders:read",
    /// Write down and cancel what is owed.
    OrdersWrite = "orders:write",
    /// Look up which cards are stored.
    TokensRead = "tokens:read",
    /// Charge stored cards, and forget them.
    TokensCharge = "tokens:charge",
    /// Read figures over many payments.
    Reports = "reports",
    /// People, keys and settings.
    Admin = "admin",
}

impl Role {
    /// What somebody of this role may do.
    #[must_use]
    pub const fn scopes(self) -> Scopes {
        use Scope::{
            Admin, Events, Links, OrdersRead, OrdersWrite, PaymentsRead, PaymentsWrite, Refunds, Reports,
            TokensRead,
        };
        Scopes::of(match self {
            Self::Agent => &[PaymentsRead, PaymentsWrite, Events, Links, OrdersRead],
            Self::Supervisor => &[PaymentsRead, Events, Reports, OrdersRead, OrdersWrite],
            Self::Refunder => &[PaymentsRead, Refunds, OrdersRead],
            Self::Admin => &[PaymentsRead, Events, Reports, OrdersRead, OrdersWrite, TokensRead, Admin],
            Self::Auditor => &[PaymentsRead, Reports, OrdersRead, TokensRead],
        })
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u16);

impl Scopes {
    /// Every scope there is.
    pub const ALL: Self = Self::of(Scope::ALL);

    /// These scopes.
    #[must_use]
    pub const fn of(scopes: &[Scope]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < scopes.len() {
            bits |= 1 << scopes[at] as u8;
            at += 1;
        }
        Self(bits)
    }

    /// What any of these roles may do.
    #[must_use]
    pub fn of_roles(roles: &[Role]) -> Self {
        Self(roles.iter().fold(0, |bits, role| bits | role.scopes().0))
    }

    /// Whether the scope is one of them.
    #[must_use]
    pub const fn holds(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    /// They, one by one.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.holds(*scope))
    }
}

/// Words in one column, commas between them.
pub(super) fn join<T: fmt::Display>(words: impl IntoIterator<Item = T>) -> String {
    words.into_iter().map(|word| word.to_string()).collect::<Vec<_>>().join(",")
}

/// The words of a column; what is not known any more gives no right.
pub(super) fn split<T: FromStr>(column: &str) -> Vec<T> {
    column.split(',').filter_map(|word| word.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_themselves_back() {
        for role in Role::ALL {
            assert_eq!(role.word().parse(), Ok(*role));
        }
        for scope in Scope::ALL {
            assert_eq!(scope.word().parse(), Ok(*scope));
        }
        let told = "boss".parse::<Role>().unwrap_err().to_string();
        assert_eq!(told, "`boss` is no role; there are: agent, supervisor, refunder, admin, auditor");
    }

    #[test]
    fn nobody_may_more_than_their_roles_say() {
        let may = |roles: &[Role], scope| Scopes::of_roles(roles).holds(scope);
        assert!(may(&[Role::Agent], Scope::PaymentsWrite) && !may(&[Role::Agent], Scope::Refunds));
        assert!(may(&[Role::Refunder], Scope::Refunds) && !may(&[Role::Refunder], Scope::PaymentsWrite));
        assert!(may(&[Role::Admin], Scope::Admin) && !may(&[Role::Admin], Scope::Refunds));
        for scope in [Scope::PaymentsWrite, Scope::Refunds, Scope::Links, Scope::TokensCharge, Scope::Admin] {
            assert!(!may(&[Role::Auditor], scope) && !may(&[Role::Supervisor], scope) && !may(&[], scope));
        }
        assert!(may(&[Role::Agent, Role::Refunder], Scope::Refunds));
        assert_eq!(Scopes::ALL.iter().count(), Scope::ALL.len());
    }

    #[test]
    fn a_role_that_no_longer_exists_gives_nothing() {
        assert_eq!(split::<Role>("agent,wizard,auditor"), [Role::Agent, Role::Auditor]);
        assert_eq!(split::<Role>(""), []);
        assert_eq!(join(Scopes::of(&[Scope::Refunds, Scope::PaymentsRead]).iter()), "payments:read,refunds");
    }
}
