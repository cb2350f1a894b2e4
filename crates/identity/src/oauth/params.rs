//! The parameters of a request, as a form or a query carries them.

use std::fmt;

use url::form_urlencoded;

use super::OauthError;

/// Parameters in their order. A value that is empty counts as not there (RFC 6749, section 3.1).
#[derive(Clone, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Of `application/x-www-form-urlencoded`.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The values of a parameter that may be there more than once.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.0.iter().filter(move |(other, _)| other == name);
        named
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The value of a parameter that is there once or not at all.
    ///
    /// # Errors
    /// [`super::Fault::InvalidRequest`] when it is there twice.
    pub fn one(&self, name: &str) -> Result<Option<&str>, OauthError> {
        let mut named = self.0.iter().filter(|(other, _)| other == name);
        let first = named.next();
        if named.next().is_some() {
            return Err(OauthError::request(format!("{name} is there twice")));
        }
        Ok(first
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty()))
    }

    /// The value of a parameter that must be there.
    ///
    /// # Errors
    /// [`super::Fault::InvalidRequest`] when it is missing, or there twice.
    pub fn need(&self, name: &str) -> Result<&str, OauthError> {
        let missing = || OauthError::request(format!("{name} is missing"));
        self.one(name)?.ok_or_else(missing)
    }

    /// The names, for what looks at all of them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

/// Names only: values are codes and tokens.
impl fmt::Debug for Params {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_twice_is_refused_and_what_is_empty_is_not_there() {
        let params = Params::parse(b"a=1&b=&c=x%20y+z&a=2&resource=p&resource=q");
        assert!(params.one("a").is_err());
        assert_eq!(params.one("b").unwrap(), None);
        assert_eq!(params.need("c").unwrap(), "x y z");
        assert!(params.need("d").is_err());
        assert_eq!(params.all("resource").collect::<Vec<_>>(), ["p", "q"]);
        assert!(!format!("{params:?}").contains('x'));
    }
}
