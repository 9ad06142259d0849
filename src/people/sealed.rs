//! The secrets of one-time codes as they stand in the store: encrypted (AES-256-GCM, NIST SP 800-38D), each bound to its
//! person.
//!
//! The key stands in a file of its own, or comes with the configuration. Whoever has the store alone, a backup of it say,
//! can compute no code.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::config::Secret;

/// What is encrypted begins so; no base32 does.
const PREFIX: &str = "v1:";

/// Of the key, written as hexadecimal digits.
const KEY_BYTES: usize = 32;

/// What a secret is bound to, before the person's number.
const BOUND_TO: &str = "tonegate one-time codes of ";

/// Where the key is.
#[derive(Clone)]
pub enum CodesKey {
    /// In this file, which is made if nothing is encrypted yet.
    File(PathBuf),
    /// Given with the configuration: 64 hexadecimal digits.
    Given(Secret),
}

/// Why a secret cannot be encrypted or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodesFault {
    /// The file is gone.
    #[error(
        "{}: the key of one-time codes is missing, and there are secrets that only it opens; put the file back from \
         its backup, or take the codes of those who have some away, who then set them up anew: \
         tonegate user reset --codes NAME", .0.display()
    )]
    Missing(PathBuf),
    /// The file is not as it must be.
    #[error("the key of one-time codes: {what}; {remedy}")]
    Unfit {
        /// Which file, and what is wrong.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// It is the key of other secrets.
    #[error(
        "the codes of {0} do not open with the key of one-time codes (people.codes_key_file, or codes.key in the state \
         directory): put the right key back, or let them set up codes anew: tonegate user reset --codes {0}"
    )]
    WrongKey(String),
    /// The library refused.
    #[error("a secret of one-time codes could not be encrypted")]
    Refused,
}

/// The key, read when it is needed first.
#[derive(Clone)]
pub(super) struct Sealer {
    place: CodesKey,
    key: Arc<OnceLock<RandomizedNonceKey>>,
}

/// Whether a secret is encrypted; those of earlier releases are not.
pub(super) fn is_sealed(kept: &str) -> bool {
    kept.starts_with(PREFIX)
}

impl Sealer {
    pub(super) fn new(place: CodesKey) -> Self {
        Self { place, key: Arc::default() }
    }

    /// Encrypts a person's secret.
    pub(super) fn seal(&self, person: Uuid, secret: &str) -> Result<String, CodesFault> {
        let mut text = Zeroizing::new(Vec::with_capacity(secret.len() + AES_256_GCM.tag_len()));
        text.extend_from_slice(secret.as_bytes());
        let sealed = self.key()?.seal_in_place_append_tag(bound_to(person), &mut *text);
        let nonce = sealed.map_err(|_| CodesFault::Refused)?;
        Ok(format!("{PREFIX}{}", STANDARD_NO_PAD.encode([&nonce.as_ref()[..], &text[..]].concat())))
    }

    /// A person's secret, base32. One that an earlier release wrote is given as it stands.
    pub(super) fn open(&self, person: Uuid, name: &str, kept: &str) -> Result<Zeroizing<String>, CodesFault> {
        let Some(text) = kept.strip_prefix(PREFIX) else { return Ok(Zeroizing::new(kept.to_owned())) };
        let wrong = || CodesFault::WrongKey(name.to_owned());
        let mut bytes = Zeroizing::new(STANDARD_NO_PAD.decode(text).map_err(|_| wrong())?);
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN).ok_or_else(wrong)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let secret = self.key()?.open_in_place(nonce, bound_to(person), sealed).map_err(|_| wrong())?;
        std::str::from_utf8(secret).map(|secret| Zeroizing::new(secret.to_owned())).map_err(|_| wrong())
    }

    /// Whether there is no key yet.
    pub(super) fn is_missing(&self) -> bool {
        match &self.place {
            CodesKey::File(file) => self.key.get().is_none() && !file.exists(),
            CodesKey::Given(_) => false,
        }
    }

    /// Makes the key. Only the holder of the store's lock may do this, and only if nothing is encrypted yet.
    pub(super) fn make(&self) -> Result<(), CodesFault> {
        let CodesKey::File(file) = &self.place else { return Ok(()) };
        Secret::make(file).map_err(|fault| CodesFault::Unfit { what: fault.what, remedy: fault.remedy })
    }

    fn key(&self) -> Result<&RandomizedNonceKey, CodesFault> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let secret = match &self.place {
            CodesKey::Given(secret) => secret.clone(),
            CodesKey::File(file) if !file.exists() => return Err(CodesFault::Missing(file.clone())),
            CodesKey::File(file) => Secret::read(file)
                .map_err(|fault| CodesFault::Unfit { what: fault.what, remedy: fault.remedy })?,
        };
        let mut bytes = Zeroizing::new([0_u8; KEY_BYTES]);
        hex::decode_to_slice(secret.expose(), &mut bytes[..]).map_err(|_| CodesFault::Unfit {
            what: match &self.place {
                CodesKey::File(file) => format!("{}: it does not hold 64 hexadecimal digits", file.display()),
                CodesKey::Given(_) => "it is not 64 hexadecimal digits".into(),
            },
            remedy: "put the right one back from its backup".into(),
        })?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes[..]).map_err(|_| CodesFault::Refused)?;
        Ok(self.key.get_or_init(|| key))
    }
}

fn bound_to(person: Uuid) -> Aad<String> {
    Aad::from(format!("{BOUND_TO}{person}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

    fn sealer(directory: &tempfile::TempDir, name: &str) -> Sealer {
        let sealer = Sealer::new(CodesKey::File(directory.path().join(name)));
        sealer.make().unwrap();
        sealer
    }

    #[test]
    fn a_secret_opens_for_its_person_with_its_key_alone() {
        let directory = tempfile::tempdir().unwrap();
        let (one, other) = (sealer(&directory, "one.key"), sealer(&directory, "other.key"));
        let (anna, bob) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let kept = one.seal(anna, SECRET).unwrap();
        assert!(is_sealed(&kept) && !kept.contains(&SECRET[..8]));
        assert_ne!(kept, one.seal(anna, SECRET).unwrap(), "never the same twice");
        assert_eq!(one.open(anna, "anna", &kept).unwrap().as_str(), SECRET);
        let told =
            |sealer: &Sealer, person, kept: &str| sealer.open(person, "x", kept).unwrap_err().to_string();
        assert!(told(&one, bob, &kept).contains("reset --codes x"), "not moved to another person");
        assert!(told(&other, anna, &kept).contains("the right key"));
        for damaged in ["v1:", "v1:AAAA", "v1:?", &kept[..kept.len() - 4]] {
            assert!(told(&one, anna, damaged).contains("reset --codes x"), "{damaged}");
        }
        assert!(!is_sealed(SECRET));
        assert_eq!(one.open(anna, "anna", SECRET).unwrap().as_str(), SECRET, "of an earlier release");
    }

    #[test]
    fn a_key_that_is_given_is_the_one_of_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let made = sealer(&directory, "codes.key");
        let text = std::fs::read_to_string(directory.path().join("codes.key")).unwrap();
        let given = Sealer::new(CodesKey::Given(Secret::of(text.trim())));
        let kept = made.seal(Uuid::nil(), SECRET).unwrap();
        assert_eq!(given.open(Uuid::nil(), "anna", &kept).unwrap().as_str(), SECRET);
        assert!(!given.is_missing());
    }

    #[test]
    fn what_is_wrong_with_the_file_is_told_with_the_remedy() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("state").join("codes.key");
        let sealer = Sealer::new(CodesKey::File(file.clone()));
        assert!(sealer.is_missing());
        let told = || sealer.seal(Uuid::nil(), SECRET).unwrap_err().to_string();
        assert!(
            told().contains("put the file back") && told().contains("user reset --codes NAME"),
            "{}",
            told()
        );
        sealer.make().unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o604)).unwrap();
        assert!(told().contains("chmod 600"), "{}", told());
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&file, "abc\n").unwrap();
        assert!(told().contains("64 hexadecimal digits"), "{}", told());
    }
}
