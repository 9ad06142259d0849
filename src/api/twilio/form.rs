//! The parameters of a request: a form, bounded, each name once.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::answer::Fault;

/// Parameters of one request.
const PARAMETERS_MAX: usize = 64;
/// The longest value.
const VALUE_MAX_BYTES: usize = 4_096;
/// The longest `IdempotencyKey`.
const KEY_MAX_BYTES: usize = 255;

/// What was sent. Names we do not know are left alone: SDKs learn new ones before we do.
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    pub(super) fn read(body: &[u8]) -> Result<Form, Fault> {
        let mut form = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            let shown: String = name.chars().take(40).collect();
            if value.len() > VALUE_MAX_BYTES || form.len() == PARAMETERS_MAX {
                let most = format!("at most {PARAMETERS_MAX} parameters of {VALUE_MAX_BYTES} bytes");
                return Err(Fault::invalid(&shown, most));
            }
            if value.chars().any(|c| c.is_control() && !c.is_ascii_whitespace()) {
                return Err(Fault::invalid(&shown, "it holds a control character"));
            }
            if form.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(Fault::invalid(&shown, "it stands twice"));
            }
        }
        Ok(Form(form))
    }

    /// A value that is there and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A value that has to be there.
    pub(super) fn needed(&self, name: &str) -> Result<&str, Fault> {
        self.text(name).ok_or_else(|| Fault::invalid(name, "it is required"))
    }

    pub(super) fn idempotency_key(&self) -> Result<&str, Fault> {
        let key = self.needed("IdempotencyKey")?;
        if key.len() > KEY_MAX_BYTES {
            return Err(Fault::invalid("IdempotencyKey", format!("at most {KEY_MAX_BYTES} bytes")));
        }
        Ok(key)
    }

    pub(super) fn flag(&self, name: &str, usual: bool) -> Result<bool, Fault> {
        match self.text(name).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(usual),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(_) => Err(Fault::invalid(name, "write true or false")),
        }
    }

    /// A whole number within bounds.
    pub(super) fn number(&self, name: &str, least: u64, most: u64) -> Result<Option<u64>, Fault> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
            _ => Err(Fault::invalid(name, format!("write a whole number from {least} to {most}"))),
        }
    }

    /// One of a few words.
    pub(super) fn word(&self, name: &str, known: &[&'static str]) -> Result<Option<&'static str>, Fault> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let found = known.iter().find(|word| **word == text);
        found.copied().map(Some).ok_or_else(|| Fault::invalid(name, format!("write {}", known.join(", "))))
    }

    /// The same for the same parameters.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for text in self.0.iter().flat_map(|(name, value)| [name, value]) {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hash.finalize().into()
    }
}
