//! An application: what it is called, where answers to it go, how it shows that it is the one.

use std::{fmt, str::FromStr};

use serde_json::Value;
use url::Url;

use super::{AppScopes, Fault, KeySet, OauthError, RedirectUri};
use crate::{
    PersonError, UnixMillis,
    people::{hex, parse_id, random_bytes},
};

const LONGEST_NAME: usize = 100;
const LONGEST_ID: usize = 500;
const MOST_REDIRECTS: usize = 20;

/// Names an application: 32 digits for one that was registered here, or the `https` address of the document in which it
/// describes itself (client-id metadata documents).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientId(String);

impl ClientId {
    /// A new one.
    pub(super) fn random() -> Result<Self, PersonError> {
        Ok(Self(hex(&random_bytes::<16>()?)))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of the document, if it is one.
    #[must_use]
    pub fn document(&self) -> Option<&str> {
        self.0.starts_with("https://").then_some(&self.0)
    }

    /// The host of that document, by which people know who asks.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        let url = Url::parse(self.document()?).ok()?;
        url.host_str().map(str::to_owned)
    }
}

impl FromStr for ClientId {
    type Err = OauthError;

    fn from_str(text: &str) -> Result<Self, OauthError> {
        let unknown = || OauthError::new(Fault::InvalidClient, "there is no such client");
        if parse_id(text).is_some() {
            return Ok(Self(text.to_owned()));
        }
        let url = Url::parse(text).map_err(|_| unknown())?;
        // Written as a parser writes it, so that one document has one name; with a path, without what is decoration.
        let is_plain = url.scheme() == "https"
            && url.as_str() == text
            && url.path().len() > 1
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && text.len() <= LONGEST_ID;
        is_plain.then(|| Self(text.to_owned())).ok_or_else(unknown)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// How an application shows that it is the one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// Not at all: it is a program on people's machines, and PKCE binds its answers to it.
    None,
    /// It signs with a key of its own (RFC 7523).
    PrivateKeyJwt(ClientKeys),
}

/// Where the keys of an application are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientKeys {
    /// It gave them itself.
    Given(KeySet),
    /// At an address of its own, so that it changes them without asking anybody.
    At(JwksUri),
}

/// The address of a set of keys (`jwks_uri`). Whether it may be called is asked each time it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwksUri(String);

impl JwksUri {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for JwksUri {
    type Err = OauthError;

    fn from_str(text: &str) -> Result<Self, OauthError> {
        let is_address = Url::parse(text).is_ok_and(|url| {
            matches!(url.scheme(), "https" | "http")
                && url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none()
        });
        if is_address && text.len() <= LONGEST_ID {
            return Ok(Self(text.to_owned()));
        }
        let why = "jwks_uri is an https address of at most 500 bytes, without user and fragment";
        Err(OauthError::Client(why.into()))
    }
}

impl ClientAuthentication {
    /// As metadata call it.
    #[must_use]
    pub const fn as_code(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::PrivateKeyJwt(_) => "private_key_jwt",
        }
    }

    /// Of `token_endpoint_auth_method`, and one of `jwks` and `jwks_uri`.
    ///
    /// # Errors
    /// [`OauthError::Client`].
    pub fn read(code: &str, keys: &Value, uri: Option<&str>) -> Result<Self, OauthError> {
        match (code, keys.is_null(), uri) {
            ("none", true, None) => Ok(Self::None),
            ("private_key_jwt", false, None) => {
                Ok(Self::PrivateKeyJwt(ClientKeys::Given(KeySet::read(keys)?)))
            }
            ("private_key_jwt", true, Some(uri)) => {
                Ok(Self::PrivateKeyJwt(ClientKeys::At(uri.parse()?)))
            }
            _ => Err(OauthError::Client(
                "token_endpoint_auth_method is none, without jwks and jwks_uri, or private_key_jwt, with one of them"
                    .into(),
            )),
        }
    }
}

/// A way to come to tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantKind {
    /// With a code that a person's browser carried.
    Code,
    /// With a refresh token.
    Refresh,
    /// With a code that a person typed on another device.
    Device,
    /// In its own name.
    ClientCredentials,
}

impl GrantKind {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Code,
        Self::Refresh,
        Self::Device,
        Self::ClientCredentials,
    ];

    /// As `grant_type` names it.
    #[must_use]
    pub const fn as_code(self) -> &'static str {
        match self {
            Self::Code => "authorization_code",
            Self::Refresh => "refresh_token",
            Self::Device => "urn:ietf:params:oauth:grant-type:device_code",
            Self::ClientCredentials => "client_credentials",
        }
    }

    /// Of `grant_type`.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_code() == code)
    }
}

/// Where what is known about an application comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientSource {
    /// Somebody of this organisation registered it.
    Registered,
    /// It says so itself, in the document that its name leads to.
    Document,
}

impl ClientSource {
    /// As stored.
    #[must_use]
    pub const fn as_code(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Document => "document",
        }
    }

    pub(super) fn from_code(code: &str) -> Option<Self> {
        [Self::Registered, Self::Document]
            .into_iter()
            .find(|source| source.as_code() == code)
    }
}

/// What somebody says about an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientMetadata {
    /// What people call it.
    pub name: String,
    /// Where answers to it may go.
    pub redirects: Vec<RedirectUri>,
    /// How it shows that it is the one.
    pub authentication: ClientAuthentication,
    /// The most that it asks for.
    pub scopes: AppScopes,
    /// How it comes to tokens.
    pub grants: Vec<GrantKind>,
    /// Whether its tokens are always bound to a key (RFC 9449).
    pub needs_dpop: bool,
}

impl ClientMetadata {
    /// What must hold of them together.
    ///
    /// # Errors
    /// [`OauthError::Client`].
    pub fn check(&self) -> Result<(), OauthError> {
        let wrong = |why: &'static str| Err(OauthError::Client(why.into()));
        let is_named = (1..=LONGEST_NAME).contains(&self.name.chars().count())
            && !self.name.chars().any(char::is_control);
        let has = |kind| self.grants.contains(&kind);
        if !is_named {
            return wrong("a client's name has 1 to 100 characters and no control characters");
        }
        if self.redirects.len() > MOST_REDIRECTS
            || has(GrantKind::Code) == self.redirects.is_empty()
        {
            return wrong(
                "redirect_uris has 1 to 20 addresses with authorization_code, and none without",
            );
        }
        if self.grants.is_empty() {
            return wrong(
                "grant_types names at least one of those that the metadata of this server list",
            );
        }
        if has(GrantKind::Refresh) && !(has(GrantKind::Code) || has(GrantKind::Device)) {
            return wrong("refresh_token needs authorization_code or the device code beside it");
        }
        if has(GrantKind::ClientCredentials) && self.authentication == ClientAuthentication::None {
            return wrong("client_credentials needs private_key_jwt");
        }
        Ok(())
    }
}

/// An application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its name for programs.
    pub id: ClientId,
    /// Where this comes from.
    pub source: ClientSource,
    /// What is said about it.
    pub about: ClientMetadata,
    /// Who registered it: `person:ID` or `key:ID`; `-` for a document.
    pub made_by: String,
    /// Since when it is known.
    pub made_at: UnixMillis,
    /// When its document was read last, or when it was registered.
    pub read_at: UnixMillis,
}

impl Client {
    /// Refuses a kind of grant that it does not use.
    ///
    /// # Errors
    /// [`Fault::UnauthorizedClient`].
    pub fn require(&self, kind: GrantKind) -> Result<(), OauthError> {
        if self.about.grants.contains(&kind) {
            return Ok(());
        }
        let why = format!("this client is not registered for {}", kind.as_code());
        Err(OauthError::new(Fault::UnauthorizedClient, why))
    }

    /// What it asks for, within what it may ask for.
    ///
    /// # Errors
    /// [`Fault::InvalidScope`].
    pub fn asks(&self, text: Option<&str>) -> Result<AppScopes, OauthError> {
        let text = text.ok_or_else(|| {
            OauthError::new(Fault::InvalidScope, "scope is missing: name what you need")
        })?;
        let asked: AppScopes = text.parse()?;
        if asked.is_empty() || !asked.is_within(&self.about.scopes) {
            let why =
                "scope names something, and nothing beyond what this client is registered for";
            return Err(OauthError::new(Fault::InvalidScope, why));
        }
        Ok(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_named_by_digits_or_by_the_address_of_its_document() {
        for (text, expected) in [
            ("00112233445566778899aabbccddeeff", true),
            ("https://app.example/client.json", true),
            ("https://app.example/", false),
            ("https://app.example", false),
            ("https://APP.example/client.json", false),
            ("https://app.example/x/../client.json", false),
            ("https://app.example/client.json#x", false),
            ("https://me@app.example/client.json", false),
            ("http://app.example/client.json", false),
            ("00112233445566778899AABBCCDDEEFF", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<ClientId>().is_ok(), expected, "{text}");
        }
        let id: ClientId = "https://app.example/client.json".parse().unwrap();
        assert_eq!(id.host().as_deref(), Some("app.example"));
    }
}
