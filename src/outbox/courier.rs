//! Carries one message to one address by HTTP, and says what became of it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Url, redirect, retry, tls};

/// For a connection and its TLS.
const CONNECT_TIMEOUT_MS: u64 = 5_000;
/// For the whole exchange; the receiver is to take a message and to work on it afterwards.
const EXCHANGE_TIMEOUT_MS: u64 = 15_000;
/// Spare connections kept for one host.
const POOL_IDLE_MAX: usize = 4;
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

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// The receiver took it (2xx).
    Taken(u16),
    /// The receiver answered, and did not take it.
    Refused(u16),
    /// Nobody answered: connection, TLS, time.
    Lost(String),
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

/// One who carries.
#[derive(Clone)]
pub struct Courier {
    client: Client,
    reach: Reach,
}

impl Courier {
    /// A courier with this reach.
    ///
    /// # Errors
    /// If TLS cannot be set up on this machine.
    pub fn new(reach: Reach) -> Result<Courier, String> {
        let mut builder = Client::builder()
            .user_agent(concat!("tonegate/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_millis(CONNECT_TIMEOUT_MS))
            .timeout(Duration::from_millis(EXCHANGE_TIMEOUT_MS))
            .tls_version_min(tls::Version::TLS_1_2)
            // A redirect could lead anywhere.
            .redirect(redirect::Policy::none())
            .referer(false)
            // What is sent again is decided where it is written down.
            .retry(retry::never())
            .no_proxy()
            .pool_max_idle_per_host(POOL_IDLE_MAX);
        if reach == Reach::Public {
            builder = builder.dns_resolver(Arc::new(PublicOnly));
        }
        let client = builder.build().map_err(|fault| fault.to_string())?;
        Ok(Courier { client, reach })
    }

    /// Whether it may go there at all. A name is looked up, and judged, each time it is gone to.
    ///
    /// # Errors
    /// Says why not.
    pub fn may_go(&self, url: &str) -> Result<Url, UrlFault> {
        let url = parsed(url)?;
        if self.reach == Reach::Public && literal(&url).is_some_and(|address| !is_public(address)) {
            return Err(UrlFault::Private);
        }
        Ok(url)
    }

    /// Posts a body.
    pub async fn post(
        &self,
        url: Url,
        media_type: &'static str,
        headers: HeaderMap,
        body: String,
    ) -> Carried {
        let request = self.client.post(url).header(CONTENT_TYPE, media_type).headers(headers).body(body);
        match request.send().await {
            Ok(answer) if answer.status().is_success() => Carried::Taken(answer.status().as_u16()),
            Ok(answer) => Carried::Refused(answer.status().as_u16()),
            // The address may hold what is nobody's business; the admin knows it.
            Err(fault) => Carried::Lost(cause(&fault.without_url())),
        }
    }
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

fn parsed(text: &str) -> Result<Url, UrlFault> {
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

/// The innermost words of a fault.
pub(crate) fn cause(fault: &dyn std::error::Error) -> String {
    fault.source().map_or_else(|| fault.to_string(), cause)
}

fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether an address is one of the open Internet's (RFC 6890 and the registries behind it).
fn is_public(address: IpAddr) -> bool {
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
struct PublicOnly;

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
    fn who_is_not_the_admin_names_no_private_place() {
        let courier = Courier::new(Reach::Public).expect("a courier");
        for url in [
            "http://127.0.0.1/",
            "http://[::1]:80/",
            "http://2130706433/",
            "https://0x7f.1/",
            "http://10.0.0.1:8080/x",
        ] {
            assert_eq!(courier.may_go(url), Err(UrlFault::Private), "{url}");
        }
        assert_eq!(courier.may_go("ftp://example.com/"), Err(UrlFault::Scheme));
        assert_eq!(courier.may_go("https://a:b@example.com/"), Err(UrlFault::UserInfo));
        assert_eq!(courier.may_go("/relative"), Err(UrlFault::NotOne));
        assert!(courier.may_go("https://example.com/hook?a=b").is_ok());
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_gone_to() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let courier = Courier::new(Reach::Public).expect("a courier");
        let url =
            courier.may_go(&format!("http://localhost:{port}/")).expect("a name is judged when it is used");
        let carried = courier.post(url, "text/plain", HeaderMap::new(), String::new()).await;
        assert_eq!(carried, Carried::Lost(UrlFault::Private.to_string()));
    }

    #[test]
    fn an_admin_names_https_or_this_machine() {
        assert!(usable_url("https://crm.example.com/hook").is_ok());
        assert!(usable_url("http://127.0.0.1:9000/hook").is_ok());
        assert_eq!(usable_url("http://crm.example.com/"), Err(UrlFault::Plain));
    }
}
