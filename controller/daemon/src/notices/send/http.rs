//! What routes over HTTP share: a client that goes nowhere but to the configured address, and what
//! an answer means.

use super::{Sent, chain};
use futures_util::StreamExt as _;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Response, StatusCode, Url, header, redirect};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

const MAX_ANSWER_BYTES: usize = 64 * 1_024;
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A client for `url`: no redirects, no proxy, and no private address unless `private`.
pub fn client(url: &Url, private: bool) -> anyhow::Result<Client> {
    let builder = Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .pool_max_idle_per_host(1);
    if private {
        return Ok(builder.build()?);
    }
    let host = url.host_str().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse();
    anyhow::ensure!(
        literal.map_or(true, is_public),
        "{host} is an address of a private network: say private = true if it is meant"
    );
    Ok(builder.dns_resolver(Arc::new(PublicOnly)).build()?)
}

/// The answer's body if it is 2xx, else what it means.
pub async fn body(answer: reqwest::Result<Response>) -> Result<Vec<u8>, Sent> {
    let answer = answer.map_err(|error| Sent::later(chain(&error.without_url())))?;
    let (status, after) = (answer.status(), retry_after(&answer));
    let body = beginning(answer).await;
    if status.is_success() {
        return Ok(body);
    }
    let said: String = String::from_utf8_lossy(&body).chars().take(200).collect();
    let error = format!("{status}: {said}");
    Err(if may_pass(status) {
        Sent::Later { error, after }
    } else {
        Sent::Never { error }
    })
}

fn may_pass(status: StatusCode) -> bool {
    let passing = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_EARLY,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    status.is_server_error() || passing.contains(&status)
}

fn retry_after(answer: &Response) -> Option<Duration> {
    let text = answer.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    let asked = Duration::from_secs(text.trim().parse().ok()?);
    Some(asked.min(LONGEST_WAIT))
}

/// As much of a body as is looked at. One that breaks off after its status is as it is.
async fn beginning(answer: Response) -> Vec<u8> {
    let mut pieces = answer.bytes_stream();
    let mut body = Vec::new();
    while let Some(Ok(piece)) = pieces.next().await {
        body.extend_from_slice(&piece);
        if body.len() >= MAX_ANSWER_BYTES {
            break;
        }
    }
    body.truncate(MAX_ANSWER_BYTES);
    body
}

/// Finds names at public addresses only, at each connection anew.
#[derive(Debug)]
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|found| is_public(found.ip())).collect();
            if public.is_empty() {
                return Err("the name leads to no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// Not in the registries of special purpose (RFC 6890).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_link_local()
        || matches!(a, 0 | 127)
        || a == 100 && (64..128).contains(&b)
        || (a, b, c) == (192, 0, 0)
        || (a, b) == (198, 18)
        || (a, b) == (198, 19)
        || a >= 224;
    !special
}

/// Global unicast that holds no other address in itself.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let special = (a, b) == (0x2001, 0) || (a, b) == (0x2001, 0x0db8) || a == 0x2002;
    a & 0xe000 == 0x2000 && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for private in [
            "127.0.0.1",
            "127.9.9.9",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "ff02::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "203.162.4.190",
            "172.32.0.1",
            "100.128.0.1",
            "2001:ee0:4000::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[tokio::test]
    async fn t53_a_name_or_a_number_of_this_machine_is_not_called_unless_it_is_meant() {
        drop(rustls::crypto::ring::default_provider().install_default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for host in ["127.0.0.1", "[::1]", "2130706433", "0x7f.1"] {
            let url: Url = format!("http://{host}:{port}/").parse().unwrap();
            assert!(client(&url, false).is_err(), "{host}");
        }
        let url: Url = format!("http://localhost:{port}/").parse().unwrap();
        let answer = client(&url, false).unwrap().get(url.clone()).send().await;
        let Err(Sent::Later { error, .. }) = body(answer).await else {
            panic!("the name was called");
        };
        assert!(error.contains("no public address"), "{error}");
        let meant = client(&url, true).unwrap().get(url).send();
        let (_answer, reached) = tokio::join!(
            tokio::time::timeout(Duration::from_secs(5), meant),
            listener.accept()
        );
        assert!(reached.is_ok());
    }
}
