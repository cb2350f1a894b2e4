//! Addresses of mail.

use std::{fmt, str::FromStr};

use zeroize::Zeroizing;

use super::PersonError;

/// RFC 5321, 4.5.3.1.3: a path has 256 bytes with its angle brackets.
const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;
const LONGEST_LABEL: usize = 63;

/// An address of mail, as one types it: `anna@example.org`, no display name, no quoted part, the domain in ASCII with a
/// dot in it. Parsed once; it is never printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress(Zeroizing<String>);

impl EmailAddress {
    /// To write to: as it was given, the domain in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// To look up: all in lower case, because no provider tells `Anna@` from `anna@`, and two people of one mailbox
    /// would each get what is meant for the other.
    #[must_use]
    pub fn to_look_up(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.to_ascii_lowercase())
    }
}

impl FromStr for EmailAddress {
    type Err = PersonError;

    fn from_str(text: &str) -> Result<Self, PersonError> {
        let text = text.trim();
        let (local, domain) = text.split_once('@').ok_or(PersonError::Email)?;
        if text.len() > LONGEST || !is_local(local) || !is_domain(domain) {
            return Err(PersonError::Email);
        }
        let domain = domain.to_ascii_lowercase();
        Ok(Self(Zeroizing::new(format!("{local}@{domain}"))))
    }
}

/// Dot-atom of RFC 5322, 3.2.3.
fn is_local(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let is_atom = |part: &str| !part.is_empty() && part.bytes().all(allowed);
    text.len() <= LONGEST_LOCAL && text.split('.').all(is_atom)
}

fn is_domain(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_label = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && label.bytes().all(allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.contains('.') && text.split('.').all(is_label)
}

/// Nothing of it.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("EmailAddress(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_parsed_once_and_looked_up_in_lower_case() {
        let table = [
            ("anna@example.org", Some("anna@example.org")),
            (
                "  Anna.B+sale@Example.ORG\n",
                Some("Anna.B+sale@example.org"),
            ),
            (
                "o'neil@xn--bcher-kva.example",
                Some("o'neil@xn--bcher-kva.example"),
            ),
            ("", None),
            ("anna", None),
            ("anna@", None),
            ("@example.org", None),
            ("anna@localhost", None),
            ("anna@example..org", None),
            ("anna@-example.org", None),
            ("an na@example.org", None),
            ("anna@example.org\r\nbcc: eve@example.org", None),
            ("anna@example.org, eve@example.org", None),
            ("Anna <anna@example.org>", None),
            ("\"anna\"@example.org", None),
            ("anna@eve@example.org", None),
            (".anna@example.org", None),
            ("ann\u{e4}@example.org", None),
            ("anna@b\u{fc}cher.example", None),
        ];
        for (text, expected) in table {
            let parsed = text.parse::<EmailAddress>().ok();
            assert_eq!(
                parsed.as_ref().map(EmailAddress::as_str),
                expected,
                "{text:?}"
            );
        }
        let anna: EmailAddress = "Anna.B@Example.org".parse().unwrap();
        assert_eq!(*anna.to_look_up(), "anna.b@example.org");
        assert!(!format!("{anna:?}").contains("nna"));
        let long = format!("{}@example.org", "a".repeat(65));
        assert!(long.parse::<EmailAddress>().is_err());
        let long = format!("a@{}org", "abcdefg.".repeat(32));
        assert!(long.parse::<EmailAddress>().is_err());
    }
}
