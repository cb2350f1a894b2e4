//! Where the answer to an authorization request may be sent.

use std::{fmt, str::FromStr};

use url::{Host, Url};

use super::OauthError;

const LONGEST: usize = 2_000;

/// An address that a client registered, as it was written: compared byte by byte (RFC 9700, section 4.1.3). Only the port
/// of a loopback address is free (RFC 8252, section 7.3), because a program takes the one that it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri(String);

impl RedirectUri {
    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is what was registered.
    #[must_use]
    pub fn matches(&self, given: &str) -> bool {
        if self.0 == given {
            return true;
        }
        match (loopback(&self.0), loopback(given)) {
            (Some(mine), Some(theirs)) => mine == theirs,
            (Some(_) | None, _) => false,
        }
    }

    /// Whether it leads to a web server of its own name, and not to a program on somebody's machine, which anybody can
    /// imitate.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// What a policy of a page names to allow the way there.
    #[must_use]
    pub fn source(given: &str) -> String {
        let Ok(url) = Url::parse(given) else {
            return String::new();
        };
        if url.has_host() {
            url.origin().ascii_serialization()
        } else {
            format!("{}:", url.scheme())
        }
    }
}

/// Host and what comes after the port of `http` to this machine by address.
fn loopback(text: &str) -> Option<(&'static str, &str)> {
    for host in ["http://127.0.0.1", "http://[::1]"] {
        let Some(rest) = text.strip_prefix(host) else {
            continue;
        };
        let Some(numbered) = rest.strip_prefix(':') else {
            return rest.starts_with(['/', '?']).then_some((host, rest));
        };
        let end = numbered.find(['/', '?']).unwrap_or(numbered.len());
        let (port, rest) = numbered.split_at(end);
        let is_port = port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok_and(|port| port > 0);
        return is_port.then_some((host, rest));
    }
    None
}

impl FromStr for RedirectUri {
    type Err = OauthError;

    fn from_str(text: &str) -> Result<Self, OauthError> {
        let wrong = |why: &'static str| Err(OauthError::Client(why.into()));
        if text.len() > LONGEST || !text.bytes().all(|byte| (b'!'..=b'~').contains(&byte)) {
            return wrong("a redirect address has at most 2,000 printable ASCII characters");
        }
        let Ok(url) = Url::parse(text) else {
            return wrong("a redirect address is absolute, such as https://app.example/callback");
        };
        if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return wrong("a redirect address has no user, password or fragment");
        }
        match (url.scheme(), url.host()) {
            ("https", Some(_)) => {}
            ("http", Some(Host::Ipv4(_) | Host::Ipv6(_))) if loopback(text).is_some() => {}
            ("http", _) => {
                return wrong("http is for programs on this machine: http://127.0.0.1/callback");
            }
            // RFC 8252, section 7.1: a name that somebody owns, written from its end.
            (scheme, _) if scheme.contains('.') => {}
            (_, _) => {
                return wrong(
                    "a scheme of your own is your domain from its end: org.example.app:/",
                );
            }
        }
        // What a parser would write in another way is compared in the way it was written.
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v10_4_1_a_redirect_address_matches_itself_and_nothing_else() {
        let mine: RedirectUri = "https://app.example/callback".parse().unwrap();
        assert!(mine.matches("https://app.example/callback"));
        for other in [
            "https://app.example/callback/",
            "https://app.example/Callback",
            "https://APP.example/callback",
            "https://app.example:443/callback",
            "https://app.example/callback?x=1",
            "https://app.example/callback#x",
            "https://app.example/x/../callback",
            "https://app.example/%63allback",
            "https://app.example/callback%2e",
            "https://me@app.example/callback",
            "https://app.example@evil.example/callback",
            "https://app.example.evil.example/callback",
            "https://evil.example/callback",
            "https://app.example\\@evil.example/callback",
            "http://app.example/callback",
            "https://app.example",
            "",
        ] {
            assert!(!mine.matches(other), "{other}");
        }
    }

    #[test]
    fn v10_4_1_the_port_of_a_loopback_address_is_free_and_nothing_else_of_it() {
        let mine: RedirectUri = "http://127.0.0.1/cb".parse().unwrap();
        for (given, expected) in [
            ("http://127.0.0.1/cb", true),
            ("http://127.0.0.1:49152/cb", true),
            ("http://127.0.0.1:0/cb", false),
            ("http://127.0.0.1:99999/cb", false),
            ("http://127.0.0.1:1@evil.example/cb", false),
            ("http://127.0.0.1:/cb", false),
            ("http://127.0.0.1:+1/cb", false),
            ("http://127.0.0.1.evil.example/cb", false),
            ("http://127.0.0.2/cb", false),
            ("http://[::1]:1/cb", false),
            ("http://localhost:1/cb", false),
            ("https://127.0.0.1:1/cb", false),
            ("http://127.0.0.1:1/other", false),
            ("http://127.0.0.1:1/cb?x", false),
        ] {
            assert_eq!(mine.matches(given), expected, "{given}");
        }
        let six: RedirectUri = "http://[::1]:8080/cb".parse().unwrap();
        assert!(six.matches("http://[::1]:9/cb"));
    }

    #[test]
    fn only_addresses_that_somebody_owns_are_registered() {
        for (text, expected) in [
            ("https://app.example/cb?x=1", true),
            ("http://127.0.0.1:8080/cb", true),
            ("http://[::1]/cb", true),
            ("org.example.app:/cb", true),
            ("http://localhost/cb", false),
            ("http://app.example/cb", false),
            ("https://app.example/#x", false),
            ("https://me:pw@app.example/", false),
            ("app:/cb", false),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("/cb", false),
            ("https://app.example/c b", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<RedirectUri>().is_ok(), expected, "{text}");
        }
    }
}
