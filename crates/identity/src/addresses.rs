//! Where a key may be used from: networks in CIDR form, v4 and v6.
//!
//! An IPv4 peer seen through an IPv6 socket (`::ffff:192.0.2.1`) is the IPv4 peer. A network of such
//! addresses (`::ffff:192.0.2.0/120`) is the IPv4 network. The address that counts is the one the
//! server found: the peer's, or the one a listed proxy forwarded; this crate trusts no header.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::{IpNet, Ipv4Net};

use crate::{KeyError, scope::shortened};

/// Networks of one key at most.
pub const MOST_NETWORKS: usize = 32;
/// Bits of `::ffff:0:0/96`, under which the IPv4 addresses lie.
const MAPPED_PREFIX: u8 = 96;

/// Networks a key may be used from; empty means from everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AddressList(Vec<IpNet>);

impl AddressList {
    /// A list.
    ///
    /// # Errors
    /// [`KeyError::TooManyNetworks`]; [`KeyError::EveryAddress`] for `0.0.0.0/0` and `::/0`, which look
    /// like a restriction and are none.
    pub fn new(networks: impl IntoIterator<Item = IpNet>) -> Result<Self, KeyError> {
        let mut list = Vec::new();
        for network in networks {
            let network = canonical(network);
            if network.prefix_len() == 0 {
                return Err(KeyError::EveryAddress);
            }
            list.push(network);
        }
        list.sort();
        list.dedup();
        if list.len() > MOST_NETWORKS {
            return Err(KeyError::TooManyNetworks);
        }
        Ok(Self(list))
    }

    /// Whether a request from `peer` is let through.
    #[must_use]
    pub fn allows(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.0.is_empty() || self.0.iter().any(|network| network.contains(&peer))
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &IpNet> {
        self.0.iter()
    }

    /// Whether every address this allows is allowed by `wider`, judged network by network: two halves
    /// do not make a whole.
    #[must_use]
    pub fn is_within(&self, wider: &Self) -> bool {
        if wider.0.is_empty() {
            return true;
        }
        let covered = |network: &IpNet| wider.0.iter().any(|other| other.contains(network));
        !self.0.is_empty() && self.0.iter().all(covered)
    }
}

fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(six) = network else {
        return network;
    };
    let Some(prefix) = six.prefix_len().checked_sub(MAPPED_PREFIX) else {
        return network;
    };
    let four = six.addr().to_ipv4_mapped();
    let four = four.and_then(|address| Ipv4Net::new(address, prefix).ok());
    four.map_or(network, IpNet::V4)
}

/// One network per line, as it is stored.
impl fmt::Display for AddressList {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, network) in self.0.iter().enumerate() {
            if index > 0 {
                out.write_str("\n")?;
            }
            write!(out, "{network}")?;
        }
        Ok(())
    }
}

/// Networks or single addresses, separated by white space or commas. A network must name its first
/// address: `10.0.0.7/8` may mean one machine or sixteen million.
impl FromStr for AddressList {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let parts = text.split(|at: char| at.is_whitespace() || at == ',');
        let networks: Result<Vec<_>, _> = parts
            .filter(|part| !part.is_empty())
            .map(parse_network)
            .collect();
        Self::new(networks?)
    }
}

fn parse_network(text: &str) -> Result<IpNet, KeyError> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(address));
    }
    let wrong = || KeyError::Network(shortened(text));
    // The standard library's reader of addresses refuses `010.0.0.0`, which others take for octal.
    let (address, prefix) = text.split_once('/').ok_or_else(wrong)?;
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    if !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let prefix = prefix.parse().map_err(|_| wrong())?;
    let network = IpNet::new(address, prefix).map_err(|_| wrong())?;
    if network.addr() == network.network() {
        Ok(network)
    } else {
        Err(KeyError::HostBits {
            given: network.to_string(),
            network: network.trunc().to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> AddressList {
        text.parse().unwrap()
    }

    #[test]
    fn a_peer_is_let_through_by_its_network() {
        let rows = [
            ("", "203.0.113.9", true),
            ("", "2001:db8::1", true),
            ("203.0.113.0/24", "203.0.113.0", true),
            ("203.0.113.0/24", "203.0.113.255", true),
            ("203.0.113.0/24", "203.0.112.255", false),
            ("203.0.113.0/24", "203.0.114.0", false),
            ("203.0.113.0/24", "::ffff:203.0.113.7", true),
            ("203.0.113.0/24", "::ffff:203.0.114.7", false),
            ("203.0.113.0/24", "::203.0.113.7", false),
            ("203.0.113.0/24", "2001:db8::1", false),
            ("203.0.113.9", "203.0.113.9", true),
            ("203.0.113.9/32", "203.0.113.8", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("2001:db8::7", "2001:db8::7", true),
            ("2001:db8::7", "2001:db8::8", false),
            ("2001:db8::7", "203.0.113.9", false),
            ("::ffff:203.0.113.0/120", "203.0.113.7", true),
            ("::ffff:203.0.113.0/120", "::ffff:203.0.113.7", true),
            ("::ffff:203.0.113.0/120", "203.0.114.7", false),
            ("::ffff:203.0.113.9", "203.0.113.9", true),
            ("10.0.0.0/8, 2001:db8::/32", "10.255.0.1", true),
            ("10.0.0.0/8, 2001:db8::/32", "2001:db8::1", true),
            ("10.0.0.0/8, 2001:db8::/32", "11.0.0.1", false),
            ("128.0.0.0/1", "128.0.0.1", true),
            ("128.0.0.0/1", "127.0.0.1", false),
        ];
        for (text, peer, expected) in rows {
            assert_eq!(
                list(text).allows(peer.parse().unwrap()),
                expected,
                "{text} {peer}"
            );
        }
    }

    #[test]
    fn a_wrong_list_is_refused() {
        let rows = [
            ("0.0.0.0/0", "K213"),
            ("::/0", "K213"),
            ("::ffff:0:0/96", "K213"),
            ("10.0.0.0/8 0.0.0.0/0", "K213"),
            ("10.0.0.7/8", "K212"),
            ("2001:db8::7/32", "K212"),
            ("10.0.0.0/33", "K211"),
            ("10.0.0/8", "K211"),
            ("010.0.0.0/8", "K211"),
            ("10.0.0.0/+8", "K211"),
            ("10.0.0.0/", "K211"),
            ("10.0.0.0/8/8", "K211"),
            ("2001:db8::/129", "K211"),
            ("example.com", "K211"),
            ("10.0.0.0-10.0.0.9", "K211"),
        ];
        for (text, code) in rows {
            let error = text.parse::<AddressList>().unwrap_err().to_string();
            assert!(error.starts_with(code), "{text}: {error}");
        }
        let many: Vec<_> = (0..=MOST_NETWORKS)
            .map(|n| format!("10.0.{n}.0/24"))
            .collect();
        let error = many.join(" ").parse::<AddressList>().unwrap_err();
        assert!(error.to_string().starts_with("K214"), "{error}");
        assert_eq!(list(&many[1..].join(",")).iter().count(), MOST_NETWORKS);
        assert_eq!(
            list(&list(&many[1..].join(",")).to_string()),
            list(&many[1..].join(" "))
        );
    }

    #[test]
    fn a_list_is_within_another_network_by_network() {
        let rows = [
            ("", "", true),
            ("10.0.0.0/8", "", true),
            ("", "10.0.0.0/8", false),
            ("10.1.0.0/16", "10.0.0.0/8", true),
            ("10.0.0.0/8", "10.0.0.0/8", true),
            ("10.0.0.0/8", "10.1.0.0/16", false),
            ("10.0.0.0/8", "10.0.0.0/9 10.128.0.0/9", false),
            ("10.0.0.1 2001:db8::1", "10.0.0.0/8", false),
            ("10.0.0.1 2001:db8::1", "10.0.0.0/8 2001:db8::/32", true),
            ("::ffff:10.0.0.1", "10.0.0.0/8", true),
        ];
        for (narrow, wide, expected) in rows {
            assert_eq!(
                list(narrow).is_within(&list(wide)),
                expected,
                "{narrow} in {wide}"
            );
        }
    }
}
