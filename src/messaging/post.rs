//! Who carries what for whom, and how it is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::text::{Facts, Templates, TextFault, email, sms};
use super::{Address, Medium, Message, Messenger, Numbering};

/// Accounts with carriers, and the company's rules for what they are given.
#[derive(Default)]
pub struct Post {
    /// In the order of the configuration: where a merchant names none, the first of each kind carries.
    pub messengers: Vec<Arc<dyn Messenger>>,
    /// The accounts that merchants name, by merchant.
    pub of_merchant: BTreeMap<String, Vec<String>>,
    /// How people write numbers here.
    pub numbering: Numbering,
    /// The company's own texts.
    pub templates: Templates,
    /// The longest SMS.
    pub sms_segments_max: usize,
    /// What the agent's key for other means sends a link by; nothing if none.
    pub key_sends: Option<Medium>,
}

impl Post {
    /// Who carries this for a merchant.
    #[must_use]
    pub fn messenger(&self, merchant: &str, medium: Medium) -> Option<&Arc<dyn Messenger>> {
        let own = self.of_merchant.get(merchant);
        let of_kind = || self.messengers.iter().filter(|one| one.medium() == medium);
        let named =
            of_kind().find(|one| own.is_some_and(|names| names.iter().any(|name| name == one.name())));
        named.or_else(|| of_kind().next())
    }

    /// The account of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Arc<dyn Messenger>> {
        self.messengers.iter().find(|one| one.name() == name)
    }

    /// Whether anything can be sent for a merchant.
    #[must_use]
    pub fn carries(&self, merchant: &str) -> bool {
        [Medium::Sms, Medium::Email].into_iter().any(|medium| self.messenger(merchant, medium).is_some())
    }

    /// A message with a link, and the segments it is cut into (one for an e-mail).
    ///
    /// # Errors
    /// If it does not fit, or would hold a card number.
    pub fn write(&self, id: String, to: &Address, facts: &Facts<'_>) -> Result<(Message, usize), TextFault> {
        let (subject, text, segments) = match to.medium {
            Medium::Sms => {
                let (text, length) = sms(&self.templates, facts, self.sms_segments_max)?;
                (String::new(), text, length.segments)
            }
            Medium::Email => {
                let (subject, body) = email(facts)?;
                (subject, body, 1)
            }
        };
        Ok((Message { id, to: to.text.clone(), subject, text }, segments))
    }
}
