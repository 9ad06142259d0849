//! Carries one message to one address by HTTP, and says what became of it, or brings the answer back.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Response, Url, redirect, retry, tls};

use super::reach::{PublicOnly, Reach, UrlFault, is_public, literal, parsed};

/// For a connection and its TLS.
const CONNECT_TIMEOUT_MS: u64 = 5_000;
/// For the whole exchange; the receiver is to take a message and to work on it afterwards.
const EXCHANGE_TIMEOUT_MS: u64 = 15_000;
/// Spare connections kept for one host.
const POOL_IDLE_MAX: usize = 4;

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
        Self::waiting(reach, EXCHANGE_TIMEOUT_MS)
    }

    /// A courier who waits this long for a whole exchange.
    ///
    /// # Errors
    /// If TLS cannot be set up on this machine.
    pub fn waiting(reach: Reach, exchange_timeout_ms: u64) -> Result<Courier, String> {
        let mut builder = Client::builder()
            .user_agent(concat!("tonegate/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_millis(CONNECT_TIMEOUT_MS))
            .timeout(Duration::from_millis(exchange_timeout_ms))
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
        match self.send(url, media_type, headers, body).await {
            Ok(answer) if answer.status().is_success() => Carried::Taken(answer.status().as_u16()),
            Ok(answer) => Carried::Refused(answer.status().as_u16()),
            Err(why) => Carried::Lost(why),
        }
    }

    /// Posts a question in JSON, and reads the answer to its end.
    ///
    /// # Errors
    /// Says why there is none: nobody answers, not in time, or more than `max_bytes`.
    pub async fn ask(
        &self,
        url: Url,
        headers: HeaderMap,
        question: String,
        max_bytes: usize,
    ) -> Result<(u16, Vec<u8>), String> {
        let mut answer = self.send(url, "application/json", headers, question).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|fault| cause(&fault.without_url()))? {
            if bytes.len() + chunk.len() > max_bytes {
                return Err(format!("more than {max_bytes} bytes of answer"));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok((answer.status().as_u16(), bytes))
    }

    async fn send(
        &self,
        url: Url,
        media_type: &'static str,
        headers: HeaderMap,
        body: String,
    ) -> Result<Response, String> {
        let request = self.client.post(url).header(CONTENT_TYPE, media_type).headers(headers).body(body);
        // The address may hold what is nobody's business; the admin knows it.
        request.send().await.map_err(|fault| cause(&fault.without_url()))
    }
}

/// The innermost words of a fault.
pub(crate) fn cause(fault: &dyn std::error::Error) -> String {
    fault.source().map_or_else(|| fault.to_string(), cause)
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
