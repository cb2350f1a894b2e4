//! Which addresses may be called: public ones, so that nobody reaches the operator's own network
//! through this service (server-side request forgery).
//!
//! The sources are the IANA registries of special-purpose addresses (RFC 6890) for IPv4. For IPv6
//! what is not global unicast (2000::/3) is refused, and of that what embeds or documents addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use url::{Host, Url};

const fn v4(a: u8, b: u8, c: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), length)
}

const fn v6(a: u16, b: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), length)
}

const NOT_PUBLIC_V4: [Ipv4Net; 15] = [
    v4(0, 0, 0, 8),
    v4(10, 0, 0, 8),
    v4(100, 64, 0, 10),
    v4(127, 0, 0, 8),
    v4(169, 254, 0, 16),
    v4(172, 16, 0, 12),
    v4(192, 0, 0, 24),
    v4(192, 0, 2, 24),
    v4(192, 88, 99, 24),
    v4(192, 168, 0, 16),
    v4(198, 18, 0, 15),
    v4(198, 51, 100, 24),
    v4(203, 0, 113, 24),
    v4(224, 0, 0, 4),
    v4(240, 0, 0, 4),
];
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 3);
/// Protocol assignments with Teredo, documentation, 6to4, documentation.
const NOT_PUBLIC_V6: [Ipv6Net; 4] = [
    v6(0x2001, 0, 23),
    v6(0x2001, 0xdb8, 32),
    v6(0x2002, 0, 16),
    v6(0x3fff, 0, 20),
];
/// Longest address that is stored.
const MAX_URL: usize = 2_000;

/// Whether an address belongs to the public internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address) && !NOT_PUBLIC_V6.iter().any(|net| net.contains(&address))
        }
    }
}

/// What the operator allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressRules {
    /// Allowed ports.
    pub ports: Vec<u16>,
    /// Development: this machine's own addresses too, by plain HTTP and on any port.
    pub allow_loopback: bool,
}

impl AddressRules {
    /// Whether a connection to this address may be made.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        is_public(address) || (self.allow_loopback && address.to_canonical().is_loopback())
    }
}

/// Why an address cannot be an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefused {
    /// It is no absolute address of at most 2,000 bytes.
    #[error("give an address such as https://example.org/softcap, of at most 2,000 bytes")]
    Unreadable,
    /// It is not `https`.
    #[error("give an https:// address: messages must not be read on the way")]
    NotHttps,
    /// It has a user, a password or a fragment.
    #[error("leave user, password and fragment out: the signature says who calls")]
    Decorated,
    /// The port is not on the operator's list.
    #[error("this port is not allowed; ask the operator which are (webhooks.ports)")]
    Port,
    /// The host is an address that is not public.
    #[error("give a host of the public internet: private and special addresses are never called")]
    NotPublic,
}

/// An address that may be called, once its name has been resolved to addresses that may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointUrl(Url);

impl EndpointUrl {
    /// Reads an address as browsers do: `0x7f.1` is seen to be 127.0.0.1.
    ///
    /// # Errors
    /// [`UrlRefused`].
    pub fn parse(text: &str, rules: &AddressRules) -> Result<Self, UrlRefused> {
        if text.len() > MAX_URL {
            return Err(UrlRefused::Unreadable);
        }
        let url = Url::parse(text).map_err(|_| UrlRefused::Unreadable)?;
        let host = url.host().ok_or(UrlRefused::Unreadable)?;
        let is_decorated =
            !url.username().is_empty() || url.password().is_some() || url.fragment().is_some();
        if is_decorated {
            return Err(UrlRefused::Decorated);
        }
        let literal = match host {
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
            Host::Domain(_) => None,
        };
        let is_local = match host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(_) | Host::Ipv6(_) => {
                literal.is_some_and(|address| address.to_canonical().is_loopback())
            }
        };
        let is_development = is_local && rules.allow_loopback;
        match url.scheme() {
            "https" => {}
            "http" if is_development => {}
            _ => return Err(UrlRefused::NotHttps),
        }
        if literal.is_some_and(|address| !rules.allows(address)) || (is_local && !is_development) {
            return Err(UrlRefused::NotPublic);
        }
        let port = url.port_or_known_default().ok_or(UrlRefused::Port)?;
        if !is_development && !rules.ports.contains(&port) {
            return Err(UrlRefused::Port);
        }
        Ok(Self(url))
    }

    /// The normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        let table = [
            ("1.1.1.1", true),
            ("93.184.216.34", true),
            ("100.63.255.255", true),
            ("100.128.0.0", true),
            ("172.15.255.255", true),
            ("172.32.0.0", true),
            ("223.255.255.255", true),
            ("2606:4700::1111", true),
            ("2a00:1450:4001::8a", true),
            ("::ffff:1.1.1.1", true),
            ("0.0.0.0", false),
            ("0.1.2.3", false),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("100.127.255.255", false),
            ("127.0.0.1", false),
            ("127.255.255.255", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("192.0.0.170", false),
            ("192.0.2.1", false),
            ("192.88.99.1", false),
            ("192.168.255.255", false),
            ("198.18.0.1", false),
            ("198.19.255.255", false),
            ("198.51.100.7", false),
            ("203.0.113.7", false),
            ("224.0.0.1", false),
            ("239.255.255.250", false),
            ("240.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::7f00:1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:10.0.0.1", false),
            ("::ffff:169.254.169.254", false),
            ("64:ff9b::7f00:1", false),
            ("64:ff9b:1::1", false),
            ("100::1", false),
            ("2001::1", false),
            ("2001:10::1", false),
            ("2001:db8::1", false),
            ("2002:7f00:1::1", false),
            ("3fff::1", false),
            ("fc00::1", false),
            ("fd12:3456::1", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
        ];
        for (text, expected) in table {
            assert_eq!(is_public(text.parse().unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn an_endpoint_is_https_on_an_allowed_port_of_a_public_host() {
        use UrlRefused::{Decorated, NotHttps, NotPublic, Port, Unreadable};
        let strict = AddressRules {
            ports: vec![443, 8443],
            allow_loopback: false,
        };
        let development = AddressRules {
            allow_loopback: true,
            ..strict.clone()
        };
        let long = format!("https://example.org/{}", "x".repeat(2_000));
        let table = [
            ("https://example.org/hook?a=1", Ok(()), Ok(())),
            ("https://example.org:8443/hook", Ok(()), Ok(())),
            ("https://1.1.1.1/", Ok(()), Ok(())),
            ("https://example.org:22/", Err(Port), Err(Port)),
            ("http://example.org/", Err(NotHttps), Err(NotHttps)),
            ("ftp://example.org/", Err(NotHttps), Err(NotHttps)),
            ("https://me:pw@example.org/", Err(Decorated), Err(Decorated)),
            ("https://example.org/#x", Err(Decorated), Err(Decorated)),
            ("https://10.0.0.1/", Err(NotPublic), Err(NotPublic)),
            ("https://[fd00::1]/", Err(NotPublic), Err(NotPublic)),
            (
                "https://169.254.169.254/latest",
                Err(NotPublic),
                Err(NotPublic),
            ),
            ("https://127.0.0.1/", Err(NotPublic), Ok(())),
            ("https://0x7f.1/", Err(NotPublic), Ok(())),
            ("https://2130706433/", Err(NotPublic), Ok(())),
            ("https://127.1/", Err(NotPublic), Ok(())),
            ("https://[::ffff:127.0.0.1]/", Err(NotPublic), Ok(())),
            ("https://[::1]:9/", Err(NotPublic), Ok(())),
            ("https://localhost/", Err(NotPublic), Ok(())),
            ("http://127.0.0.1:9999/hook", Err(NotHttps), Ok(())),
            ("http://10.0.0.1/", Err(NotHttps), Err(NotHttps)),
            ("/hook", Err(Unreadable), Err(Unreadable)),
            ("https://", Err(Unreadable), Err(Unreadable)),
            ("mailto:me@example.org", Err(Unreadable), Err(Unreadable)),
            (long.as_str(), Err(Unreadable), Err(Unreadable)),
        ];
        for (text, strictly, in_development) in table {
            assert_eq!(
                EndpointUrl::parse(text, &strict).map(|_| ()),
                strictly,
                "{text}"
            );
            let found = EndpointUrl::parse(text, &development).map(|_| ());
            assert_eq!(found, in_development, "{text} in development");
        }
    }
}
