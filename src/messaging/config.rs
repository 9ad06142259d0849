//! From the configuration to a working account.

use std::sync::Arc;

use crate::config::{Config, ConfigError, KeySends, MerchantSection, MessengerSection};
use crate::prompts::Language;

use super::brevo::Brevo;
use super::generic::Gateway;
use super::ovh::Ovh;
use super::smtp::Smtp;
use super::twilio::Twilio;
use super::vonage::Vonage;
use super::{Medium, Messenger, Numbering, Post};

/// What may stand as `kind`.
pub const KINDS: &str = "brevo, ovh, twilio, vonage, http, smtp";

/// Opens every account, and gathers the rules. Nothing is sent to anybody.
///
/// # Errors
/// If an account cannot work.
pub fn post(config: &Config) -> Result<Post, ConfigError> {
    let links = &config.links;
    let own = |merchant: &MerchantSection| {
        let named = [&merchant.sms, &merchant.email].into_iter().flatten().cloned().collect();
        (merchant.id.clone(), named)
    };
    let in_language = |(tag, text): (&String, &String)| Some((Language::of_tag(tag)?, text.clone()));
    Ok(Post {
        messengers: config.messenger.iter().map(from_section).collect::<Result<_, _>>()?,
        of_merchant: config.merchants.all().iter().map(own).collect(),
        numbering: Numbering {
            country_code: links.country_code.clone(),
            trunk_prefix: links.trunk_prefix.clone(),
        },
        templates: links.texts.iter().filter_map(in_language).collect(),
        sms_segments_max: links.sms_segments_max.into(),
        key_sends: match links.key_sends {
            KeySends::Sms => Some(Medium::Sms),
            KeySends::Email => Some(Medium::Email),
            KeySends::Nothing => None,
        },
    })
}

/// Builds the account of a `[[messenger]]` section. Reads passwords and certificates now, so that a mistake shows when
/// the service starts and not when the first link is sent. Nothing is sent to anybody.
///
/// # Errors
/// If a setting cannot work, the kind is unknown, or a file or a secret cannot be had.
pub fn from_section(section: &MessengerSection) -> Result<Arc<dyn Messenger>, ConfigError> {
    Ok(match section.kind.as_str() {
        "brevo" => Arc::new(Brevo::open(section)?),
        "ovh" => Arc::new(Ovh::open(section)?),
        "twilio" => Arc::new(Twilio::open(section)?),
        "vonage" => Arc::new(Vonage::open(section)?),
        "http" => Arc::new(Gateway::open(section)?),
        "smtp" => Arc::new(Smtp::open(section)?),
        other => {
            return Err(section.fault("kind", format!("`{other}` is not possible; write one of {KINDS}")));
        }
    })
}
