//! Where a request comes from: by the connection, or by the word of a proxy that is trusted.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;

use super::{Auth, Doorway, Peer};

/// Hops of a forwarding header that are looked at.
const MAX_HOPS: usize = 16;

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The machine that asks.
    pub address: IpAddr,
    /// The whole way is encrypted, as far as we know.
    pub secure: bool,
    /// The connection comes from this machine itself, and not by a proxy.
    pub local: bool,
}

impl Origin {
    /// Whether a cookie may travel this way: encrypted, or not leaving this machine.
    pub(crate) fn private(self) -> bool {
        self.secure || (self.local && self.address.is_loopback())
    }
}

/// Notes the origin for all that come behind.
pub(super) async fn find(State(auth): State<Auth>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<Peer>>().map(|ConnectInfo(Peer(peer))| peer.ip());
    let origin = of(peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), request.headers(), &auth.0.door);
    request.extensions_mut().insert(origin);
    next.run(request).await
}

fn of(peer: IpAddr, headers: &HeaderMap, door: &Doorway) -> Origin {
    let peer = peer.to_canonical();
    let trusted = |address: IpAddr| door.trusted_proxies.iter().any(|net| net.contains(&address));
    let local = peer.is_loopback() && !door.behind_proxy;
    if door.tls || !trusted(peer) {
        return Origin { address: peer, secure: door.tls, local };
    }
    // Each proxy adds whom it heard from at the end; what stands before the first stranger is the stranger's word.
    let hops = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = hops.flat_map(|value| value.split(',')).collect();
    let hops = hops.iter().rev().take(MAX_HOPS).map_while(|hop| hop.trim().parse::<IpAddr>().ok());
    let mut address = peer;
    for hop in hops {
        address = hop.to_canonical();
        if !trusted(address) {
            break;
        }
    }
    let scheme =
        headers.get_all("x-forwarded-proto").iter().next_back().and_then(|value| value.to_str().ok());
    let last = scheme.and_then(|value| value.rsplit(',').next()).map(str::trim);
    Origin { address, secure: last.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")), local }
}

impl<S: Send + Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Without the layer, nothing is known: not private.
        let unknown = Self { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), secure: false, local: false };
        Ok(parts.extensions.get::<Self>().copied().unwrap_or(unknown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(tls: bool, trusted: &[&str]) -> Doorway {
        let trusted_proxies = trusted.iter().map(|net| net.parse().unwrap()).collect();
        Doorway { tls, trusted_proxies, ..Doorway::default() }
    }

    fn seen(peer: &str, door: &Doorway, forwarded: &str, scheme: &str) -> (String, bool, bool) {
        let mut headers = HeaderMap::new();
        if !forwarded.is_empty() {
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
        }
        if !scheme.is_empty() {
            headers.insert("x-forwarded-proto", scheme.parse().unwrap());
        }
        let origin = of(peer.parse().unwrap(), &headers, door);
        (origin.address.to_string(), origin.secure, origin.private())
    }

    #[test]
    fn a_stranger_is_not_believed() {
        let door = door(false, &["10.0.0.0/24"]);
        let told = seen("192.0.2.7", &door, "127.0.0.1", "https");
        assert_eq!(told, ("192.0.2.7".into(), false, false));
    }

    #[test]
    fn a_trusted_proxy_is_believed_up_to_the_first_stranger() {
        let door = door(false, &["10.0.0.0/24", "127.0.0.1/32"]);
        let told = seen("10.0.0.1", &door, "203.0.113.9, 198.51.100.4, 10.0.0.2", "https");
        assert_eq!(told, ("198.51.100.4".into(), true, true));
        let told = seen("::ffff:10.0.0.1", &door, "198.51.100.4", "http");
        assert_eq!(told, ("198.51.100.4".into(), false, false));
        let told = seen("127.0.0.1", &door, "not an address", "http");
        assert_eq!(told, ("127.0.0.1".into(), false, true), "on this machine nothing leaves it");
        let told = seen("127.0.0.1", &door, "198.51.100.4", "http");
        assert_eq!(told, ("198.51.100.4".into(), false, false), "a local proxy tells of another machine");
    }

    #[test]
    fn behind_a_proxy_its_word_is_needed() {
        let behind = Doorway { behind_proxy: true, ..door(false, &["127.0.0.0/8"]) };
        assert_eq!(seen("127.0.0.1", &behind, "", ""), ("127.0.0.1".into(), false, false));
        assert_eq!(seen("127.0.0.1", &behind, "198.51.100.4", "https"), ("198.51.100.4".into(), true, true));
    }

    #[test]
    fn with_tls_of_our_own_nobody_else_is_asked() {
        let told = seen("192.0.2.7", &door(true, &["192.0.2.7/32"]), "127.0.0.1", "http");
        assert_eq!(told, ("192.0.2.7".into(), true, true));
    }
}
