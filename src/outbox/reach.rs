//! Where messages may go: addresses judged before anything is sent to them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// A longer address is none.
const URL_MAX_BYTES: usize = 2_048;

/// Where messages may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Wherever the admin says.
    Anywhere,
    /// Nowhere on this machine and in no private network: whoever names the address is not the admin, and must not
    /// reach through us what they cannot reach themselves.
    Public,
}

/// Why an address cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlFault {
    /// Not an address.
    #[error("not an address")]
    NotOne,
    /// Not by HTTP.
    #[error("its scheme is neither https nor http")]
    Scheme,
    /// A password would stand in logs.
    #[error("it has a user or password in it")]
    UserInfo,
    /// Open to everybody on the way.
    #[error("it is plain http to another machine")]
    Plain,
    /// Of this machine or of a private network.
    #[error("it leads to this machine or to a private network")]
    Private,
}

/// An address the admin may name: https, or http on this machine.
///
/// # Errors
/// Says what is wrong.
pub fn usable_url(text: &str) -> Result<Url, UrlFault> {
    let url = parsed(text)?;
    let local =
        literal(&url).is_some_and(|address| address.is_loopback()) || url.host_str() == Some("localhost");
    if url.scheme() == "http" && !local { Err(UrlFault::Plain) } else { Ok(url) }
}

pub(super) fn parsed(text: &str) -> Result<Url, UrlFault> {
    if text.len() > URL_MAX_BYTES {
        return Err(UrlFault::NotOne);
    }
    let url = Url::parse(text).map_err(|_| UrlFault::NotOne)?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(UrlFault::Scheme);
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(UrlFault::NotOne);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlFault::UserInfo);
    }
    Ok(url)
}

pub(super) fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether an address is one of the open Internet's (RFC 6890 and the registries behind it).
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match v6.to_ipv4() {
            Some(v4) => is_public_v4(v4),
            // Global unicast but what is set aside for documentation, 6to4 and Teredo tunnels.
            None => {
                let parts = v6.segments();
                let set_aside = parts[0] == 0x2002 || (parts[0] == 0x2001 && matches!(parts[1], 0 | 0x0db8));
                parts[0] & 0xe000 == 0x2000 && !set_aside
            }
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let special = a == 0 || a >= 240 || (a == 192 && b == 0 && c == 0) || (a == 198 && (b == 18 || b == 19));
    !(address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || shared
        || special)
}

/// Finds addresses of the open Internet only. It is asked for each connection, so that a name that pointed elsewhere
/// when it was checked gains nothing.
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0))
                .await?
                .filter(|address| is_public(address.ip()))
                .collect();
            if found.is_empty() {
                return Err(UrlFault::Private.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_of_the_open_internet_is_known() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "2001:db8::1",
            "2002:7f00:1::",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().expect("an address")), "{private}");
        }
        for public in ["9.9.9.9", "172.32.0.1", "100.128.0.1", "2620:fe::fe", "::ffff:9.9.9.9"] {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
    }

    #[test]
    fn an_admin_names_https_or_this_machine() {
        assert!(usable_url("https://crm.example.com/hook").is_ok());
        assert!(usable_url("http://127.0.0.1:9000/hook").is_ok());
        assert_eq!(usable_url("http://crm.example.com/"), Err(UrlFault::Plain));
    }
}
