//! Passwords: which ones are taken, and how they are kept (argon2id; PCI DSS 8.3.2, 8.3.6).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Memory of one hash, KiB; the smallest that OWASP names for two passes.
const MEMORY_KIB: u32 = 19 * 1024;

/// Passes over that memory.
const PASSES: u32 = 2;

/// Lanes.
const LANES: u32 = 1;

/// PCI DSS 8.3.6.
const MIN_CHARS: usize = 12;

/// Longer ones only cost time.
const MAX_CHARS: usize = 128;

/// Different letters a password has at least.
const MIN_DIFFERENT: usize = 5;

/// Hashes computed at the same time: each takes its memory and a core.
const HASHES_AT_ONCE: usize = 2;

/// How long a login waits for its turn.
const TURN_TIMEOUT_MS: u64 = 5_000;

/// Long enough, and known to everybody who guesses.
const COMMON: &str = include_str!("common_passwords.txt");

/// A password on its way. Wiped, shown to nobody.
#[derive(Clone, Default, Deserialize)]
#[serde(from = "String")]
pub struct Password(Zeroizing<String>);

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// For the daemon's own door, which none but its user and root can open.
impl Serialize for Password {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl Password {
    /// Takes the text over.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, to be shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Too short.
    #[error("the password has fewer than {MIN_CHARS} characters; a few words are easy to remember")]
    Short,
    /// Too long.
    #[error("the password has more than {MAX_CHARS} characters")]
    Long,
    /// Nothing to type.
    #[error("the password holds a character that cannot be typed")]
    Control,
    /// Holds the name.
    #[error("the password holds the name; choose one that nobody guesses from it")]
    Name,
    /// Known to guessers.
    #[error("the password is one of those that are tried first; choose another")]
    Common,
    /// `aaaaaaaaaaaa`.
    #[error("the password repeats too few characters; choose another")]
    Monotonous,
}

/// Whether a password may be chosen by somebody of this name.
///
/// # Errors
/// Says why not.
pub(super) fn fit(password: &Password, name: &str, display: &str) -> Result<(), Weak> {
    let folded = Zeroizing::new(password.0.to_lowercase());
    let chars = folded.chars().count();
    if chars < MIN_CHARS {
        return Err(Weak::Short);
    }
    if chars > MAX_CHARS {
        return Err(Weak::Long);
    }
    if folded.chars().any(char::is_control) {
        return Err(Weak::Control);
    }
    let names = [name.to_lowercase(), display.to_lowercase()];
    let parts = names.iter().flat_map(|name| name.split_whitespace().chain([name.as_str()]));
    // Short names stand in many a good password by accident.
    if parts.filter(|part| part.chars().count() >= 4).any(|part| folded.contains(part)) {
        return Err(Weak::Name);
    }
    let mut different: Vec<char> = folded.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < MIN_DIFFERENT {
        return Err(Weak::Monotonous);
    }
    // A number or a mark behind a common one makes it no better.
    let stem = folded.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation());
    let common = |known: &str| !known.is_empty() && (known == folded.as_str() || known == stem);
    if COMMON.lines().any(common) || is_run(&folded) {
        return Err(Weak::Common);
    }
    Ok(())
}

/// Whether it only goes up or down the alphabet, the digits or a keyboard's rows.
fn is_run(folded: &str) -> bool {
    const ROWS: &str =
        "abcdefghijklmnopqrstuvwxyz 01234567890123456789 qwertyuiop asdfghjkl zxcvbnm azertyuiop";
    let backwards: String = ROWS.chars().rev().collect();
    let letters: Vec<char> = folded.chars().collect();
    let follows = |pair: &[char]| {
        let pair: String = pair.iter().collect();
        ROWS.contains(&pair) || backwards.contains(&pair)
    };
    let runs = letters.windows(2).filter(|pair| follows(pair)).count();
    runs * 10 >= (letters.len() - 1) * 8
}

/// Computes and compares hashes, a few at a time, away from those who serve calls.
#[derive(Clone, Debug)]
pub(super) struct Hasher {
    turns: Arc<Semaphore>,
    /// What a password is compared with if there is nobody of that name: it takes the same time.
    nobody: Arc<str>,
}

impl Hasher {
    /// # Errors
    /// If the system gives no random numbers.
    pub(super) fn new() -> Result<Self, HashFault> {
        let mut unknown = [0_u8; 16];
        rand::fill(&mut unknown);
        let nobody = hash(&Password::new(hex::encode(unknown)))?.into();
        Ok(Self { turns: Arc::new(Semaphore::new(HASHES_AT_ONCE)), nobody })
    }

    /// The hash to keep, as a PHC string.
    pub(super) async fn hash(&self, password: &Password) -> Result<String, HashFault> {
        let password = password.clone();
        self.in_turn(move || hash(&password)).await?
    }

    /// Whether it is the password of that hash; takes as long if there is no hash.
    pub(super) async fn matches(&self, password: &Password, kept: Option<&str>) -> Result<bool, HashFault> {
        let password = password.clone();
        let there = kept.is_some();
        let kept = kept.map_or_else(|| self.nobody.to_string(), str::to_owned);
        let same = self
            .in_turn(move || {
                // More is never a password of ours: nobody makes us hash megabytes.
                let bounded = password.0.chars().count() <= MAX_CHARS;
                let given = if bounded { password.bytes() } else { b"" };
                kind().is_ok_and(|kind| kind.verify_password(given, kept.as_str()).is_ok()) && bounded
            })
            .await?;
        Ok(same && there)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashFault> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        let turn = tokio::time::timeout(Duration::from_millis(TURN_TIMEOUT_MS), turn).await;
        let Ok(Ok(turn)) = turn else { return Err(HashFault::Busy) };
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(|fault| HashFault::Broken(fault.to_string()))
    }
}

/// Why a password could not be hashed or compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashFault {
    /// Too many at once.
    #[error("too many logins at once; try again in a moment")]
    Busy,
    /// A fault of ours or of the system.
    #[error("a password could not be hashed: {0}")]
    Broken(String),
}

fn kind() -> Result<Argon2<'static>, HashFault> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
    let params = params.map_err(|fault| HashFault::Broken(fault.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &Password) -> Result<String, HashFault> {
    let made = kind()?.hash_password(password.bytes());
    made.map(|hash| hash.to_string()).map_err(|fault| HashFault::Broken(fault.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(password: &str) -> Option<Weak> {
        fit(&Password::new(password.into()), "anna", "Anna de Vries").err()
    }

    #[test]
    fn passwords_that_are_guessed_first_are_refused() {
        for (password, weak) in [
            ("elevenchars", Weak::Short),
            ("with a \u{7} bell", Weak::Control),
            ("xx-ANNA-xx-yy-zz", Weak::Name),
            ("the vries of this", Weak::Name),
            ("aaaaaaabbbbbbb", Weak::Monotonous),
            ("password1234", Weak::Common),
            ("Password1234!", Weak::Common),
            ("qwertyuiop123", Weak::Common),
            ("abcdefghijklm", Weak::Common),
            ("9876543210987", Weak::Common),
        ] {
            assert_eq!(why(password), Some(weak), "{password}");
        }
        assert_eq!(why(&"long words ".repeat(12)), Some(Weak::Long));
        for good in ["seven blue herons", "correct horse battery staple 7", "été à la montagne"] {
            assert_eq!(why(good), None, "{good}");
        }
    }

    #[tokio::test]
    async fn a_hash_is_argon2id_as_owasp_says_and_knows_its_password_alone() {
        let hasher = Hasher::new().unwrap();
        let right = Password::new("seven blue herons".into());
        let kept = hasher.hash(&right).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(hasher.matches(&right, Some(&kept)).await.unwrap());
        let wrong = Password::new("seven blue heron".into());
        assert!(!hasher.matches(&wrong, Some(&kept)).await.unwrap());
        assert!(!hasher.matches(&right, None).await.unwrap(), "nobody has no password");
        assert_ne!(kept, hasher.hash(&right).await.unwrap(), "each hash has a salt of its own");
        assert!(!format!("{right:?}").contains("heron"));
    }
}
