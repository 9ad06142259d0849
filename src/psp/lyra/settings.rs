//! What an admin writes about a shop with Lyra.

use serde::Deserialize;
use std::path::PathBuf;
use zeroize::Zeroizing;

use crate::config::{ConfigError, PspSection};

/// One shop with Lyra, under whichever brand (PayZen, Systempay, Sogecommerce, Scellius): `kind = "lyra"`. Whether
/// money moves follows from the password.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LyraSettings {
    /// Host of the REST API; the brands differ in nothing else.
    #[serde(default = "url")]
    pub url: String,
    /// The shop's number.
    pub shop_id: String,
    /// File that holds the REST password (`testpassword_…`, `prodpassword_…`) and nothing else.
    pub password_file: Option<PathBuf>,
    /// In place of it: name of a credential handed over by systemd.
    pub password_credential: Option<String>,
    /// Whether payments are marked as telephone orders; the shop's contract has to allow it.
    #[serde(default = "yes")]
    pub moto: bool,
}

fn url() -> String {
    "https://api.payzen.eu".into()
}

fn yes() -> bool {
    true
}

impl LyraSettings {
    /// A shop at this address and everything else as if it were left out of the configuration.
    #[must_use]
    pub fn at(url: &str, shop_id: &str) -> LyraSettings {
        LyraSettings {
            url: url.into(),
            shop_id: shop_id.into(),
            password_file: None,
            password_credential: None,
            moto: true,
        }
    }

    /// Fetches the password.
    ///
    /// # Errors
    /// If it cannot be had.
    pub fn password(&self, section: &PspSection) -> Result<Zeroizing<String>, ConfigError> {
        let (file, credential) = (self.password_file.as_deref(), self.password_credential.as_deref());
        Ok(section.secret("password", file, credential)?.expose().to_owned().into())
    }
}
