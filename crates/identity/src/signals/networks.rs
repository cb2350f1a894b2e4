//! Which network an address lies in: by the operator's file, or by its first bits.

use std::{fmt, net::IpAddr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use thiserror::Error;

/// Bits of a network where no file says more: about what one provider gives to a region.
const BITS_V4: u8 = 16;
const BITS_V6: u8 = 32;
/// Bits of an IPv6 address that one customer holds.
const CUSTOMER_V6: u8 = 64;

/// A file of networks cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NetworkMapError {
    /// A line is none.
    #[error(
        "A611: line {line} is no network: write PREFIX NAME [COUNTRY], for example 203.0.113.0/24 AS64500 DE"
    )]
    Line {
        /// Which, from 1.
        line: usize,
    },
}

/// Networks with names, each of a prefix. Where none fits, the first 16 bits of an IPv4 address or 32 of an IPv6 address
/// are the network, and its country is unknown: there is no such data in the program, because it would be wrong soon.
#[derive(Clone, Default)]
pub struct NetworkMap {
    /// By prefix, the longest last among those that begin alike.
    named: Vec<(IpNet, String, Option<String>)>,
}

/// Where an address lies.
pub(super) struct PlaceOf<'a> {
    pub(super) address: String,
    pub(super) network: String,
    pub(super) country: Option<&'a str>,
}

impl NetworkMap {
    /// Reads a file: one `PREFIX NAME [COUNTRY]` a line; empty lines and those that begin with `#` say nothing.
    ///
    /// # Errors
    /// [`NetworkMapError::Line`].
    pub fn parse(text: &str) -> Result<Self, NetworkMapError> {
        let mut named = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let wrong = || NetworkMapError::Line { line: index + 1 };
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let parts: Vec<&str> = line.split_whitespace().collect();
            let (prefix, name, country) = match parts.as_slice() {
                [prefix, name] => (prefix, name, None),
                [prefix, name, country] => (prefix, name, Some((*country).to_owned())),
                _ => return Err(wrong()),
            };
            let prefix: IpNet = prefix.parse().map_err(|_| wrong())?;
            named.push((prefix.trunc(), (*name).to_owned(), country));
        }
        // The longest prefix is asked first.
        named.sort_by(|one, other| {
            let (one, other) = (one.0, other.0);
            other
                .prefix_len()
                .cmp(&one.prefix_len())
                .then(one.cmp(&other))
        });
        Ok(Self { named })
    }

    pub(super) fn place_of(&self, address: IpAddr) -> PlaceOf<'_> {
        let address = address.to_canonical();
        let found = self
            .named
            .iter()
            .find(|(prefix, ..)| prefix.contains(&address));
        PlaceOf {
            address: first_bits(address, CUSTOMER_V6, 32),
            network: found.map_or_else(
                || first_bits(address, BITS_V6, BITS_V4),
                |(_, name, _)| name.clone(),
            ),
            country: found.and_then(|(.., country)| country.as_deref()),
        }
    }
}

impl fmt::Debug for NetworkMap {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "NetworkMap({} networks)", self.named.len())
    }
}

fn first_bits(address: IpAddr, six: u8, four: u8) -> String {
    let net = match address {
        IpAddr::V4(address) => Ipv4Net::new(address, four).map(IpNet::V4),
        IpAddr::V6(address) => Ipv6Net::new(address, six).map(IpNet::V6),
    };
    net.map_or_else(|_| address.to_string(), |net| net.trunc().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(map: &NetworkMap, address: &str) -> (String, Option<String>) {
        let place = map.place_of(address.parse().unwrap());
        (place.network, place.country.map(str::to_owned))
    }

    #[test]
    fn the_longest_prefix_names_a_network_and_without_one_its_first_bits_do() {
        let text =
            "# ours\n203.0.0.0/16 AS64500 DE\n203.0.113.0/24 office\n\n2001:db8::/32 AS64501 FR\n";
        let map = NetworkMap::parse(text).unwrap();
        let table = [
            ("203.0.113.9", "office", None),
            ("203.0.1.9", "AS64500", Some("DE")),
            ("::ffff:203.0.1.9", "AS64500", Some("DE")),
            ("2001:db8:1::1", "AS64501", Some("FR")),
            ("198.51.100.1", "198.51.0.0/16", None),
            ("2001:db9:1:2::1", "2001:db9::/32", None),
        ];
        for (address, name, country) in table {
            let expected = (name.to_owned(), country.map(str::to_owned));
            assert_eq!(network(&map, address), expected, "{address}");
        }
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        for (text, line) in [
            ("203.0.113.0/24", 1),
            ("\nnonsense x", 2),
            ("1.2.3.4/8 a b c", 1),
        ] {
            let error = NetworkMap::parse(text).unwrap_err();
            assert_eq!(error, NetworkMapError::Line { line });
        }
    }
}
