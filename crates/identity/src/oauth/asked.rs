//! What an application asks for, and what it is given: scopes of keys, and three words of OpenID Connect.

use std::{fmt, str::FromStr};

use super::{Fault, OauthError};
use crate::{ResourceId, ResourcePattern, Scope, Scopes, Verb};

/// A word of OpenID Connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    OpenId,
    Email,
    Offline,
}

impl Word {
    const ALL: [Self; 3] = [Self::OpenId, Self::Email, Self::Offline];

    const fn as_code(self) -> &'static str {
        match self {
            Self::OpenId => "openid",
            Self::Email => "email",
            Self::Offline => "offline_access",
        }
    }
}

/// What an application may do for somebody: a list of scopes, `openid email offline_access offerings:read:*`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppScopes {
    /// It is told who they are.
    pub openid: bool,
    /// It is told their address of mail.
    pub email: bool,
    /// It may act while they are away: it gets a refresh token.
    pub offline: bool,
    /// What it may do.
    pub scopes: Scopes,
}

impl AppScopes {
    /// Verbs that no application is given: a key would go on when the token that made it is over.
    pub const NEVER: [Verb; 1] = [Verb::KeysWrite];

    /// The words of OpenID Connect that may be asked for.
    pub fn words() -> impl Iterator<Item = &'static str> {
        Word::ALL.into_iter().map(Word::as_code)
    }

    /// Whether there is nothing in it that anybody could do something with.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.openid && self.scopes.iter().next().is_none()
    }

    /// Whether everything in it is in `wider`.
    #[must_use]
    pub fn is_within(&self, wider: &Self) -> bool {
        (wider.openid || !self.openid)
            && (wider.email || !self.email)
            && (wider.offline || !self.offline)
            && self.scopes.is_within(&wider.scopes)
    }

    /// What is in both: where one names a resource and the other all of them, the one.
    #[must_use]
    pub fn within(&self, other: &Self) -> Self {
        let mut both = Vec::new();
        for mine in self.scopes.iter() {
            for theirs in other.scopes.iter().filter(|scope| scope.verb == mine.verb) {
                if theirs.resource.covers(&mine.resource) {
                    both.push(mine.clone());
                } else if mine.resource.covers(&theirs.resource) {
                    both.push(theirs.clone());
                }
            }
        }
        Self {
            openid: self.openid && other.openid,
            email: self.email && other.email,
            offline: self.offline && other.offline,
            // Each is in one of the two sets, which are not too large; none is added twice by `new`.
            scopes: Scopes::new(both).unwrap_or_default(),
        }
    }

    /// The same verbs, those on everything on one resource only.
    ///
    /// # Errors
    /// None in practice: there are no more scopes than before.
    pub fn only_on(&self, resource: &ResourceId) -> Result<Self, OauthError> {
        let narrowed = self.scopes.iter().filter_map(|scope| {
            let resource = match &scope.resource {
                ResourcePattern::Every => ResourcePattern::Only(resource.clone()),
                only @ ResourcePattern::Only(id) if id == resource => only.clone(),
                ResourcePattern::Only(_) => return None,
            };
            let verb = scope.verb;
            Some(Scope { verb, resource })
        });
        let scopes = Scopes::new(narrowed).map_err(|error| OauthError::scope(&error))?;
        Ok(Self {
            scopes,
            ..self.clone()
        })
    }

    fn has(&self, word: Word) -> bool {
        match word {
            Word::OpenId => self.openid,
            Word::Email => self.email,
            Word::Offline => self.offline,
        }
    }
}

impl fmt::Display for AppScopes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = Word::ALL.into_iter().filter(|word| self.has(*word));
        let words = words.map(|word| word.as_code().to_owned());
        let all: Vec<_> = words
            .chain(self.scopes.iter().map(Scope::to_string))
            .collect();
        out.write_str(&all.join(" "))
    }
}

/// Separated by spaces, as `scope` carries them.
impl FromStr for AppScopes {
    type Err = OauthError;

    fn from_str(text: &str) -> Result<Self, OauthError> {
        let mut found = Self::default();
        let mut scopes = Vec::new();
        for part in text.split(' ').filter(|part| !part.is_empty()) {
            match Word::ALL.into_iter().find(|word| word.as_code() == part) {
                Some(Word::OpenId) => found.openid = true,
                Some(Word::Email) => found.email = true,
                Some(Word::Offline) => found.offline = true,
                None => {
                    let scope: Scope = part.parse().map_err(|error| OauthError::scope(&error))?;
                    if Self::NEVER.contains(&scope.verb) {
                        let why = format!("{} is given to no application", scope.verb);
                        return Err(OauthError::new(Fault::InvalidScope, why));
                    }
                    scopes.push(scope);
                }
            }
        }
        found.scopes = Scopes::new(scopes).map_err(|error| OauthError::scope(&error))?;
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> AppScopes {
        text.parse().unwrap()
    }

    #[test]
    fn scopes_read_and_write_the_same_and_nothing_unknown_gets_in() {
        let all = asked("offerings:read:* offline_access openid email");
        assert_eq!(
            all.to_string(),
            "openid email offline_access offerings:read:*"
        );
        assert_eq!(asked(&all.to_string()), all);
        for wrong in ["profile", "offerings:read", "keys:write:*", "a\"b", "x\\y"] {
            let refused = wrong.parse::<AppScopes>().unwrap_err();
            assert_eq!(refused.fault(), Some(Fault::InvalidScope), "{wrong}");
            let text = refused.to_string();
            assert!(!text.contains(['"', '\\']), "{text}");
        }
        assert!(asked("email").is_empty() && asked("").is_empty());
        assert!(!asked("openid").is_empty() && !asked("audit:read:*").is_empty());
    }

    #[test]
    fn narrowing_gives_less_of_the_same() {
        let all = asked("openid offerings:read:* investors:read:bridge");
        let harbour = all.only_on(&"harbour".parse().unwrap()).unwrap();
        assert_eq!(harbour.to_string(), "openid offerings:read:harbour");
        assert!(harbour.is_within(&all) && !all.is_within(&harbour));
        let table = [
            (
                "offerings:read:* keys:read:*",
                "offerings:read:harbour",
                "offerings:read:harbour",
            ),
            (
                "offerings:read:harbour",
                "offerings:read:*",
                "offerings:read:harbour",
            ),
            ("offerings:read:harbour", "offerings:read:bridge", ""),
            (
                "openid email offline_access",
                "openid offline_access",
                "openid offline_access",
            ),
        ];
        for (mine, theirs, both) in table {
            assert_eq!(asked(mine).within(&asked(theirs)).to_string(), both);
            assert_eq!(asked(theirs).within(&asked(mine)).to_string(), both);
        }
        assert!(!asked("openid email").is_within(&asked("openid")));
        assert!(!asked("offline_access").is_within(&asked("openid")));
    }
}
