//! One test account with every provider, as an admin configures it.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};

/// Every connector; those that send a card in two ways, twice.
pub const ACCOUNTS: [&str; 9] = [
    "adyen",
    "adyen-encrypted",
    "stripe",
    "checkout",
    "hyperswitch",
    "lyra",
    "worldline",
    "twilio",
    "signalwire",
];

/// Writes a configuration with all of them at `url` into `directory`, and says where it is.
pub fn configuration(
    directory: &Path,
    url: &str,
    authority: &str,
    answer_timeout_ms: u64,
) -> io::Result<PathBuf> {
    let put = |name: &str, text: &str| {
        let path = directory.join(name);
        fs::write(&path, text)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        Ok::<_, io::Error>(path)
    };
    for (name, secret) in [
        ("plain", "0123456789abcdef"),
        ("stripe", "sk_test_1"),
        ("checkout", "sk_sbox_1"),
        ("hyperswitch", "snd_1"),
        ("lyra", "testpassword_1"),
        ("authority.pem", authority),
    ] {
        put(name, secret)?;
    }
    let mut text = "[pbx]\nkind = \"freeswitch\"\n[pbx.freeswitch]\npassword_file = \"plain\"\n\
                    [merchant]\nname = \"Example Ltd\"\ncurrency = \"EUR\"\npsp = \"adyen\"\n\
                    [api]\nkey_file = \"plain\"\n"
        .to_owned();
    for name in ACCOUNTS {
        let (kind, lines) = settings(name);
        text.push_str(&format!(
            "[[psp]]\nname = \"{name}\"\nkind = \"{kind}\"\nurl = \"{url}\"\nca_file = \"authority.pem\"\n\
             answer_timeout_ms = {answer_timeout_ms}\n{lines}\n"
        ));
    }
    put("tonegate.toml", &text)
}

/// Kind, and what this kind wants beside an address.
fn settings(name: &str) -> (&str, String) {
    let adyen = "merchant_account = \"ShopMoto\"\napi_key_file = \"plain\"";
    match name {
        "adyen-encrypted" => ("adyen", format!("{adyen}\nencryption_key = \"{}\"", public_key())),
        "adyen" => (name, adyen.to_owned()),
        "lyra" => (name, "shop_id = \"12345\"\npassword_file = \"lyra\"".to_owned()),
        "worldline" => {
            (name, "merchant_id = \"SHOP\"\napi_key_id = \"KEYID\"\nsecret_key_file = \"plain\"".to_owned())
        }
        "twilio" | "signalwire" => ("generic", format!("profile = \"{name}\"")),
        _ => (name, format!("api_key_file = \"{name}\"")),
    }
}

/// A fresh key as Adyen publishes it: exponent and modulus. Nobody has its private half: nobody reads these cards.
fn public_key() -> String {
    let der = PrivateDecryptingKey::generate(KeySize::Rsa2048)
        .ok()
        .and_then(|private| AsDer::<PublicKeyX509Der<'_>>::as_der(&private.public_key()).ok());
    // The modulus is the first long integer, behind its sign byte; the exponent is 65537.
    let modulus = der.as_ref().and_then(|der| {
        let at = der.as_ref().windows(5).position(|w| w == [0x02, 0x82, 0x01, 0x01, 0x00])?;
        der.as_ref().get(at + 5..at + 5 + 256)
    });
    format!("10001|{}", hex::encode_upper(modulus.unwrap_or_default()))
}
