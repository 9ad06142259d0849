//! The cookie of a session.
//!
//! `__Host-` binds it to this host, its root and TLS (RFC 6265bis). On this machine's own plain HTTP, where no browser
//! would keep such a cookie, the name is plain.

use axum::http::{HeaderMap, HeaderValue, header};
use zeroize::Zeroizing;

use super::{Auth, Origin};

/// The cookie of a session.
pub(super) const SESSION: &str = "tonegate";

/// The cookie of a login that waits for the identity provider.
pub(super) const WAITING: &str = "tonegate-login";

/// What names the cookie that only TLS carries.
const SECURE_PREFIX: &str = "__Host-";

/// A longer value is none of ours.
const MAX_VALUE_BYTES: usize = 128;

fn name(plain: &str, secure: bool) -> String {
    if secure { format!("{SECURE_PREFIX}{plain}") } else { plain.to_owned() }
}

/// The value of the cookie that counts on this way.
pub(super) fn find(headers: &HeaderMap, origin: Origin, plain: &str) -> Option<Zeroizing<String>> {
    if !origin.private() {
        return None;
    }
    let name = name(plain, origin.secure);
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let value = pairs.find(|(found, _)| *found == name)?.1;
    (!value.is_empty() && value.len() <= MAX_VALUE_BYTES).then(|| Zeroizing::new(value.to_owned()))
}

/// Sets a cookie for as long as the browser runs; an empty value takes it away.
pub(super) fn set(auth: &Auth, origin: Origin, plain: &str, value: &str) -> HeaderValue {
    // In a frame of another site's page no cookie is sent but one that says so; it is then kept apart for that site.
    let embedded = origin.secure && !auth.0.door.frame_ancestors.is_empty() && plain == SESSION;
    let site = if embedded { "SameSite=None; Partitioned" } else { "SameSite=Lax" };
    let secure = if origin.secure { "; Secure" } else { "" };
    let end = if value.is_empty() { "; Max-Age=0" } else { "" };
    let cookie = Zeroizing::new(format!(
        "{}={value}; Path=/; HttpOnly; {site}{secure}{end}",
        name(plain, origin.secure)
    ));
    let mut header = HeaderValue::from_str(&cookie).unwrap_or(HeaderValue::from_static(""));
    header.set_sensitive(true);
    header
}
