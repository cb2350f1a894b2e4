//! Whose request it is: the socket's peer, or what a trusted proxy says about it.
//!
//! `Forwarded` (RFC 7239) and `X-Forwarded-For` are believed only from the configured proxies, and
//! only as far as the chain of proxies is trusted: the list is read from the right, and the first
//! address that is no proxy is the client. Everything to its left was written by the client.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    str::FromStr,
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, header, request::Parts},
};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The other end of the connection; the listener puts it into the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketPeer(pub SocketAddr);

/// The address a request comes from, for limits and networks of keys. `0.0.0.0` when the request
/// came over no socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress {
    address: IpAddr,
    is_direct: bool,
}

impl ClientAddress {
    /// The address; v4 in v6 notation is v4.
    #[must_use]
    pub fn ip(self) -> IpAddr {
        self.address
    }

    /// Whether the request was made on this machine and nothing says that it was passed on.
    #[must_use]
    pub fn is_local(self) -> bool {
        self.is_direct && self.address.is_loopback()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<Self>().copied();
        Ok(known.unwrap_or_else(|| client_address(None, &parts.headers, &[])))
    }
}

/// The client's address of a request with these headers from this socket.
pub(crate) fn client_address(
    peer: Option<SocketPeer>,
    headers: &HeaderMap,
    proxies: &[IpNet],
) -> ClientAddress {
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| {
        peer.0.ip().to_canonical()
    });
    let is_direct =
        !headers.contains_key(header::FORWARDED) && !headers.contains_key(X_FORWARDED_FOR);
    let trusted = |address: IpAddr| proxies.iter().any(|net| net.contains(&address));
    let mut address = peer;
    if !is_direct && trusted(peer) {
        // A proxy writes one of the two; where both are there, the standard one counts.
        let hops = if headers.contains_key(header::FORWARDED) {
            forwarded_hops(headers)
        } else {
            x_forwarded_hops(headers)
        };
        for hop in hops.into_iter().rev() {
            // An unreadable or hidden hop ends what can be known: the nearest proxy stands for it.
            let Some(hop) = hop else { break };
            address = hop;
            if !trusted(hop) {
                break;
            }
        }
    }
    ClientAddress { address, is_direct }
}

/// The hops left to right; `None` where an element names no address.
fn forwarded_hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let mut hops = Vec::new();
    for value in headers.get_all(header::FORWARDED) {
        let Ok(text) = value.to_str() else {
            hops.push(None);
            continue;
        };
        for element in text.split(',') {
            let hop = element.split(';').find_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                name.trim().eq_ignore_ascii_case("for").then_some(value)
            });
            hops.push(hop.and_then(|value| node(value.trim().trim_matches('"'))));
        }
    }
    hops
}

fn x_forwarded_hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let mut hops = Vec::new();
    for value in headers.get_all(X_FORWARDED_FOR) {
        match value.to_str() {
            Ok(text) => hops.extend(text.split(',').map(|hop| node(hop.trim()))),
            Err(_) => hops.push(None),
        }
    }
    hops
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn node(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address = IpAddr::from_str(bare)
        .or_else(|_| SocketAddr::from_str(text).map(|socket| socket.ip()))
        .ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_header_counts_only_from_a_trusted_proxy_and_only_up_to_the_first_stranger() {
        let proxies =
            ["10.0.0.0/8", "192.0.2.7/32", "2001:db8:f::/48"].map(|net| net.parse().unwrap());
        // peer, header, value, client
        let table = [
            ("198.51.100.1", "", "", "198.51.100.1"),
            (
                "198.51.100.1",
                "x-forwarded-for",
                "203.0.113.9",
                "198.51.100.1",
            ),
            (
                "198.51.100.1",
                "forwarded",
                "for=203.0.113.9",
                "198.51.100.1",
            ),
            ("10.0.0.1", "", "", "10.0.0.1"),
            ("10.0.0.1", "x-forwarded-for", "203.0.113.9", "203.0.113.9"),
            (
                "::ffff:10.0.0.1",
                "x-forwarded-for",
                "203.0.113.9",
                "203.0.113.9",
            ),
            (
                "10.0.0.1",
                "x-forwarded-for",
                "1.1.1.1, 203.0.113.9",
                "203.0.113.9",
            ),
            (
                "10.0.0.1",
                "x-forwarded-for",
                "1.1.1.1, 203.0.113.9, 10.2.2.2, 192.0.2.7",
                "203.0.113.9",
            ),
            (
                "10.0.0.1",
                "x-forwarded-for",
                "10.3.3.3, 10.2.2.2",
                "10.3.3.3",
            ),
            (
                "10.0.0.1",
                "x-forwarded-for",
                "127.0.0.1, unknown, 10.2.2.2",
                "10.2.2.2",
            ),
            ("10.0.0.1", "x-forwarded-for", "rubbish", "10.0.0.1"),
            ("10.0.0.1", "x-forwarded-for", "", "10.0.0.1"),
            (
                "10.0.0.1",
                "x-forwarded-for",
                "203.0.113.9:4711",
                "203.0.113.9",
            ),
            ("10.0.0.1", "x-forwarded-for", "2001:db8::1", "2001:db8::1"),
            (
                "10.0.0.1",
                "x-forwarded-for",
                "[2001:db8::1]:80",
                "2001:db8::1",
            ),
            (
                "10.0.0.1",
                "x-forwarded-for",
                "::ffff:203.0.113.9",
                "203.0.113.9",
            ),
            (
                "2001:db8:f::1",
                "forwarded",
                "for=\"[2001:db8::1]:4711\"",
                "2001:db8::1",
            ),
            (
                "10.0.0.1",
                "forwarded",
                "For=\"[2001:db8::1]\";proto=https;by=10.0.0.1",
                "2001:db8::1",
            ),
            (
                "10.0.0.1",
                "forwarded",
                "for=1.1.1.1, proto=https;for=203.0.113.9",
                "203.0.113.9",
            ),
            (
                "10.0.0.1",
                "forwarded",
                "for=1.1.1.1, for=_hidden",
                "10.0.0.1",
            ),
            ("10.0.0.1", "forwarded", "proto=https", "10.0.0.1"),
        ];
        for (peer, name, value, expected) in table {
            let mut headers = HeaderMap::new();
            if !name.is_empty() {
                headers.insert(
                    HeaderName::from_static(name),
                    HeaderValue::from_str(value).unwrap(),
                );
            }
            let peer = SocketPeer(SocketAddr::new(peer.parse().unwrap(), 9));
            let found = client_address(Some(peer), &headers, &proxies);
            let expected: IpAddr = expected.parse().unwrap();
            assert_eq!(found.ip(), expected, "{peer:?} {name}: {value}");
        }
    }

    #[test]
    fn several_header_lines_are_one_list_and_the_standard_header_wins() {
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        let peer = Some(SocketPeer("10.0.0.1:9".parse().unwrap()));
        let mut headers = HeaderMap::new();
        headers.append(X_FORWARDED_FOR, HeaderValue::from_static("1.1.1.1"));
        headers.append(X_FORWARDED_FOR, HeaderValue::from_static("203.0.113.9"));
        let found = client_address(peer, &headers, &proxies);
        assert_eq!(found.ip().to_string(), "203.0.113.9");
        headers.append(
            header::FORWARDED,
            HeaderValue::from_static("for=203.0.113.7"),
        );
        let found = client_address(peer, &headers, &proxies);
        assert_eq!(found.ip().to_string(), "203.0.113.7");
    }

    #[test]
    fn a_request_that_was_passed_on_is_not_local() {
        let peer = Some(SocketPeer("127.0.0.1:9".parse().unwrap()));
        let mut headers = HeaderMap::new();
        assert!(client_address(peer, &headers, &[]).is_local());
        headers.insert(X_FORWARDED_FOR, HeaderValue::from_static("127.0.0.1"));
        assert!(!client_address(peer, &headers, &[]).is_local());
        assert!(!client_address(None, &HeaderMap::new(), &[]).is_local());
    }
}
