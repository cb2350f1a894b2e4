//! From where and with what somebody comes, as marks that can be compared and not read.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};

use super::NetworkMap;

/// A value of a feature: the first eight bytes of a hash of it. Which hash is the caller's choice; the server's is keyed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mark(u64);

impl Mark {
    /// Of a hash.
    #[must_use]
    pub fn of(hash: &[u8; 32]) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = *hash;
        Self(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }

    /// As stored: the same bits with a sign.
    #[must_use]
    pub const fn to_stored(self) -> i64 {
        i64::from_be_bytes(self.0.to_be_bytes())
    }

    /// As it was stored.
    #[must_use]
    pub const fn from_stored(stored: i64) -> Self {
        Self(u64::from_be_bytes(stored.to_be_bytes()))
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Mark({:016x})", self.0)
    }
}

/// From where and with what somebody comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// One IPv4 address, or the first 64 bits of an IPv6 address.
    pub address: Mark,
    /// The network around it, see [`NetworkMap`].
    pub network: Mark,
    /// Its country, where the operator's file says one.
    pub country: Option<Mark>,
    /// The program, without the digits of its versions.
    pub agent: Mark,
}

impl Origin {
    /// Of an address and of what a program says of itself.
    pub fn new(
        address: IpAddr,
        agent: &str,
        networks: &NetworkMap,
        hash: impl Fn(&[&[u8]]) -> [u8; 32],
    ) -> Self {
        let place = networks.place_of(address);
        let mark = |feature: &str, value: &str| {
            Mark::of(&hash(&[feature.as_bytes(), b"|", value.as_bytes()]))
        };
        Self {
            address: mark("address", &place.address),
            network: mark("network", &place.network),
            country: place.country.map(|country| mark("country", country)),
            agent: mark("agent", &without_versions(agent)),
        }
    }
}

/// A program that was updated is the same program.
fn without_versions(agent: &str) -> String {
    let is_version = |character: char| character.is_ascii_digit() || matches!(character, '.' | '_');
    agent.chars().filter(|at| !is_version(*at)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(address: &str, agent: &str) -> Origin {
        let plain = |parts: &[&[u8]]| {
            use sha2::{Digest as _, Sha256};
            Sha256::digest(parts.concat()).into()
        };
        Origin::new(
            address.parse().unwrap(),
            agent,
            &NetworkMap::default(),
            plain,
        )
    }

    #[test]
    fn an_update_is_no_new_program_and_a_neighbour_no_new_network() {
        let one = origin("203.0.113.7", "Firefox/132.0 (X11; Linux x86_64)");
        let updated = origin("203.0.113.7", "Firefox/133.0.1 (X11; Linux x86_64)");
        assert_eq!(one, updated);
        let neighbour = origin("203.0.200.1", "Firefox/132.0 (X11; Linux x86_64)");
        assert_eq!(one.network, neighbour.network);
        assert_ne!(one.address, neighbour.address);
        assert_ne!(one.network, origin("198.51.100.1", "").network);
        assert_ne!(one.agent, origin("203.0.113.7", "Chrome/132.0").agent);
        assert_eq!(Mark::from_stored(one.agent.to_stored()), one.agent);
    }
}
