//! What a key may do: verbs on resources. Nothing unless granted.
//!
//! The text of a scope is `<verb>:<resource>`, for example `contributions:write:spring-sale` or
//! `offerings:read:*`. A verb that writes does not include the one that reads.

use std::{
    fmt,
    str::FromStr,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::KeyError;

/// Scopes of one key at most.
pub const MOST_SCOPES: usize = 256;
const LONGEST_RESOURCE: usize = 128;

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What is done. The list is closed: an endpoint names one of these.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Verb { $($(#[$doc])* $name,)* }

        impl Verb {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The text, as in a scope.
            #[must_use]
            pub const fn as_code(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

verbs! {
    /// Drafts, private totals, settlement previews.
    OfferingsRead = "offerings:read",
    /// Make a draft, change it, announce it.
    OfferingsWrite = "offerings:write",
    /// Investors and admissions.
    InvestorsRead = "investors:read",
    /// Admit investors, set their limits.
    InvestorsWrite = "investors:write",
    /// Contributions and their receipts.
    ContributionsRead = "contributions:read",
    /// Contribute, withdraw.
    ContributionsWrite = "contributions:write",
    /// Balances and transfers.
    AccountsRead = "accounts:read",
    /// Record deposits and withdrawals, transfer into an offering and back.
    AccountsWrite = "accounts:write",
    /// The issuer's entries: pause, return, rate, reveal, seed, close, cancel, document.
    OperationsWrite = "operations:write",
    /// Settle an offering.
    SettlementsWrite = "settlements:write",
    /// List keys and the audit of them.
    KeysRead = "keys:read",
    /// Mint, rotate and revoke weaker keys.
    KeysWrite = "keys:write",
    /// Webhooks and their deliveries.
    WebhooksRead = "webhooks:read",
    /// Register webhooks, send again.
    WebhooksWrite = "webhooks:write",
    /// The audit and its log.
    AuditRead = "audit:read",
    /// Metrics of the server.
    MetricsRead = "metrics:read",
    /// Acts on the server itself: confirm the clock after a jump, start a backup.
    ServerWrite = "server:write",
}

/// Some of the verbs, as one number: a bit each, in the order of [`Verb::ALL`]. Only for memory: the order may change.
#[derive(Debug, Default)]
pub(crate) struct VerbSet(AtomicU32);

const _: () = assert!(Verb::ALL.len() <= 32);

impl VerbSet {
    pub(crate) fn of(verbs: impl IntoIterator<Item = Verb>) -> Self {
        let bits = verbs.into_iter().fold(0, |bits, verb| bits | verb.bit());
        Self(AtomicU32::new(bits))
    }

    /// Adds one, and says whether it is new.
    pub(crate) fn insert(&self, verb: Verb) -> bool {
        let bit = verb.bit();
        // Looked at first: writing would take the cache line from the other cores at each request.
        self.0.load(Ordering::Relaxed) & bit == 0
            && self.0.fetch_or(bit, Ordering::Relaxed) & bit == 0
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Verb> + use<> {
        let bits = self.0.load(Ordering::Relaxed);
        let all = Verb::ALL.iter().copied();
        all.filter(move |verb| bits & verb.bit() != 0)
    }
}

impl Verb {
    const fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_code())
    }
}

impl FromStr for Verb {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let found = Self::ALL.iter().find(|verb| verb.as_code() == text);
        found
            .copied()
            .ok_or_else(|| KeyError::Verb(shortened(text)))
    }
}

/// The id of what a verb acts on, in practice an offering: 1 to 128 of letters, digits, `-`, `.`, `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(String);

impl ResourceId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ResourceId {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if (1..=LONGEST_RESOURCE).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyError::Resource(shortened(text)))
        }
    }
}

/// Everything, or one resource. There are no other patterns: a prefix would grant what is made later
/// by somebody else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourcePattern {
    /// `*`: every resource, also those made later.
    Every,
    /// This one.
    Only(ResourceId),
}

impl ResourcePattern {
    /// Whether the resource of this id is meant.
    #[must_use]
    pub fn matches(&self, resource: &str) -> bool {
        match self {
            Self::Every => true,
            Self::Only(id) => id.as_str() == resource,
        }
    }

    /// As mails have words for it: `all`, or `one`, which is named.
    pub(crate) const fn reach(&self) -> &'static str {
        match self {
            Self::Every => "all",
            Self::Only(_) => "one",
        }
    }

    pub(crate) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Every, _) => true,
            (Self::Only(_), Self::Every) => false,
            (Self::Only(mine), Self::Only(theirs)) => mine == theirs,
        }
    }
}

impl fmt::Display for ResourcePattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Every => "*",
            Self::Only(id) => id.as_str(),
        })
    }
}

impl FromStr for ResourcePattern {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        if text == "*" {
            Ok(Self::Every)
        } else {
            Ok(Self::Only(text.parse()?))
        }
    }
}

/// One thing a key may do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// What is done.
    pub verb: Verb,
    /// To what.
    pub resource: ResourcePattern,
}

impl Scope {
    /// Whether this grants `verb` on the resource of this id.
    #[must_use]
    pub fn allows(&self, verb: Verb, resource: &str) -> bool {
        self.verb == verb && self.resource.matches(resource)
    }

    fn covers(&self, other: &Self) -> bool {
        self.verb == other.verb && self.resource.covers(&other.resource)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.verb, self.resource)
    }
}

impl FromStr for Scope {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (verb, resource) = text
            .rsplit_once(':')
            .ok_or_else(|| KeyError::Verb(shortened(text)))?;
        Ok(Self {
            verb: verb.parse()?,
            resource: resource.parse()?,
        })
    }
}

/// All a key may do: at most [`MOST_SCOPES`], sorted, none twice. By default nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// A set.
    ///
    /// # Errors
    /// [`KeyError::TooManyScopes`].
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Result<Self, KeyError> {
        let mut scopes: Vec<_> = scopes.into_iter().collect();
        scopes.sort();
        scopes.dedup();
        if scopes.len() > MOST_SCOPES {
            return Err(KeyError::TooManyScopes);
        }
        Ok(Self(scopes))
    }

    /// Every verb on every resource: for the first key of an installation.
    #[must_use]
    pub fn everything() -> Self {
        let scope = |verb: &Verb| Scope {
            verb: *verb,
            resource: ResourcePattern::Every,
        };
        Self(Verb::ALL.iter().map(scope).collect())
    }

    /// Whether `verb` is granted on the resource of this id. An act on no single resource, for example
    /// listing keys, asks with [`Scopes::allows_on_all`].
    #[must_use]
    pub fn allows(&self, verb: Verb, resource: &str) -> bool {
        self.0.iter().any(|scope| scope.allows(verb, resource))
    }

    /// Whether `verb` is granted on every resource.
    #[must_use]
    pub fn allows_on_all(&self, verb: Verb) -> bool {
        let every = |scope: &Scope| scope.verb == verb && scope.resource == ResourcePattern::Every;
        self.0.iter().any(every)
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    /// Whether everything this grants is granted by `wider`.
    #[must_use]
    pub fn is_within(&self, wider: &Self) -> bool {
        let covered = |scope: &Scope| wider.0.iter().any(|other| other.covers(scope));
        self.0.iter().all(covered)
    }
}

/// One scope per line, as it is stored.
impl fmt::Display for Scopes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            if index > 0 {
                out.write_str("\n")?;
            }
            write!(out, "{scope}")?;
        }
        Ok(())
    }
}

/// Scopes separated by white space or commas.
impl FromStr for Scopes {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let parts = text.split(|at: char| at.is_whitespace() || at == ',');
        let scopes: Result<Vec<_>, _> = parts
            .filter(|part| !part.is_empty())
            .map(Scope::from_str)
            .collect();
        Self::new(scopes?)
    }
}

/// What of a wrong text may stand in a message.
pub(crate) fn shortened(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(40)
        .filter(|at| !at.is_control())
        .collect();
    // A whole key pasted into the wrong place must not come back in a message.
    if short.contains("sc_live_") || short.contains("sc_test_") {
        "(a key)".clone_into(&mut short);
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(text: &str) -> Scopes {
        text.parse().unwrap()
    }

    #[test]
    fn a_scope_grants_its_verb_on_its_resource_and_nothing_else() {
        let rows = [
            ("", Verb::OfferingsRead, "a", false),
            ("offerings:read:*", Verb::OfferingsRead, "a", true),
            ("offerings:read:*", Verb::OfferingsRead, "", true),
            ("offerings:read:*", Verb::OfferingsWrite, "a", false),
            ("offerings:write:*", Verb::OfferingsRead, "a", false),
            ("offerings:read:a", Verb::OfferingsRead, "a", true),
            ("offerings:read:a", Verb::OfferingsRead, "ab", false),
            ("offerings:read:a", Verb::OfferingsRead, "A", false),
            ("offerings:read:a", Verb::OfferingsRead, "", false),
            ("offerings:read:a", Verb::OfferingsRead, "*", false),
            ("offerings:read:a, keys:read:*", Verb::KeysRead, "b", true),
            (
                "offerings:read:a, keys:read:*",
                Verb::OfferingsRead,
                "b",
                false,
            ),
        ];
        for (text, verb, resource, expected) in rows {
            assert_eq!(
                scopes(text).allows(verb, resource),
                expected,
                "{text} {verb} {resource}"
            );
        }
        assert!(scopes("keys:write:*").allows_on_all(Verb::KeysWrite));
        assert!(!scopes("keys:write:a").allows_on_all(Verb::KeysWrite));
        assert!(!scopes("keys:read:*").allows_on_all(Verb::KeysWrite));
    }

    #[test]
    fn a_wrong_scope_is_refused() {
        let long = format!("offerings:read:{}", "a".repeat(LONGEST_RESOURCE + 1));
        let rows = [
            ("offerings", "K201"),
            ("offerings:read", "K201"),
            ("offerings:*", "K201"),
            ("offerings:delete:*", "K201"),
            ("Offerings:read:*", "K201"),
            ("*:*:*", "K201"),
            ("offerings:read:", "K202"),
            ("offerings:read:a*", "K202"),
            ("offerings:read:**", "K202"),
            ("offerings:read:a/b", "K202"),
            ("offerings:read:é", "K202"),
            (long.as_str(), "K202"),
        ];
        for (text, code) in rows {
            let error = text.parse::<Scopes>().unwrap_err().to_string();
            assert!(error.starts_with(code), "{text}: {error}");
        }
        let many: Vec<_> = (0..=MOST_SCOPES)
            .map(|n| format!("keys:read:{n}"))
            .collect();
        let error = many.join(" ").parse::<Scopes>().unwrap_err();
        assert!(error.to_string().starts_with("K203"), "{error}");
        assert_eq!(scopes(&many[1..].join("\n")).iter().count(), MOST_SCOPES);
    }

    #[test]
    fn a_text_is_the_same_after_reading_it_again() {
        let all = Scopes::everything();
        assert_eq!(scopes(&all.to_string()), all);
        assert_eq!(all.iter().count(), Verb::ALL.len());
        let some = scopes("keys:read:b keys:read:a\nkeys:read:a");
        assert_eq!(some.to_string(), "keys:read:a\nkeys:read:b");
    }
}
