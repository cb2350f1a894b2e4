//! Whether a person may do something now.

use super::{Demand, Grant, Right, Role};
use crate::{Level, PersonId, ResourcePattern, Scopes};

/// The roles of a person as they are at the moment of a request. A later request reads them again, so that a role that was
/// taken away counts from the next request on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    person: PersonId,
    grants: Vec<Grant>,
}

/// What a session has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// So many factors, some time ago.
    Earlier(Level),
    /// So many factors, one of them within the last minutes.
    JustNow(Level),
}

impl Shown {
    const fn meets(self, demand: Demand) -> bool {
        match demand {
            Demand::LoggedIn => true,
            Demand::TwoFactors => {
                matches!(self, Self::Earlier(Level::Two) | Self::JustNow(Level::Two))
            }
            Demand::Fresh => matches!(self, Self::JustNow(Level::Two)),
        }
    }

    const fn level(self) -> Level {
        match self {
            Self::Earlier(level) | Self::JustNow(level) => level,
        }
    }
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// None of the person's roles may.
    Role,
    /// A role may, and the session must show a second factor first.
    SecondFactor,
    /// A role may, and the session must show a factor again first.
    Stale,
}

impl Standing {
    pub(super) const fn new(person: PersonId, grants: Vec<Grant>) -> Self {
        Self { person, grants }
    }

    /// Whose.
    #[must_use]
    pub const fn person(&self) -> PersonId {
        self.person
    }

    /// The roles that were given to the person.
    #[must_use]
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// The roles on a resource: those of the whole organisation, those on it alone, and an investor's.
    fn roles_on<'a>(&'a self, place: &'a ResourcePattern) -> impl Iterator<Item = Role> + 'a {
        let granted = self
            .grants
            .iter()
            .filter(|grant| grant.place.covers(place))
            .map(|grant| grant.role);
        granted.chain([Role::Investor])
    }

    /// Whether the person may give a key these scopes: an owner of the organisation any, others what they may themselves.
    #[must_use]
    pub fn may_give(&self, scopes: &Scopes) -> bool {
        let mut roles = self.roles_on(&ResourcePattern::Every);
        roles.any(|role| role == Role::Owner)
            || scopes
                .iter()
                .all(|scope| self.has(Right::Verb(scope.verb), &scope.resource))
    }

    /// Whether a role of the person has this right here.
    #[must_use]
    pub fn has(&self, right: Right, place: &ResourcePattern) -> bool {
        let mut roles = self.roles_on(place);
        roles.any(|role| right.roles().contains(&role))
    }

    /// Whether the person may do this here, having shown that. `Every` asks for what is on no single resource.
    ///
    /// # Errors
    /// [`Refused`]; what the role may not is said before what the session lacks.
    pub fn authorize(
        &self,
        right: Right,
        place: &ResourcePattern,
        shown: Shown,
    ) -> Result<(), Refused> {
        if !self.has(right, place) {
            return Err(Refused::Role);
        }
        if shown.meets(right.demand()) {
            return Ok(());
        }
        Err(match shown.level() {
            Level::One => Refused::SecondFactor,
            Level::Two => Refused::Stale,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{UnixMillis, Verb};

    fn standing(grants: &[(Role, &str)]) -> Standing {
        let person = PersonId::random().unwrap();
        let grants = grants.iter().map(|(role, place)| Grant {
            person,
            role: *role,
            place: place.parse().unwrap(),
            granted_at: UnixMillis::new(0),
            granted_by: "operator:test".to_owned(),
        });
        Standing::new(person, grants.collect())
    }

    fn on(place: &str) -> ResourcePattern {
        place.parse().unwrap()
    }

    const FRESH: Shown = Shown::JustNow(Level::Two);

    #[test]
    fn a_role_on_one_offering_is_none_on_another_and_none_on_all() {
        let right = Right::Verb(Verb::OfferingsWrite);
        let manager = standing(&[(Role::IssuerManager, "harbour")]);
        assert_eq!(manager.authorize(right, &on("harbour"), FRESH), Ok(()));
        for place in ["bridge", "*"] {
            let refused = manager.authorize(right, &on(place), FRESH);
            assert_eq!(refused, Err(Refused::Role), "{place}");
        }
        let of_all = standing(&[(Role::IssuerManager, "*")]);
        for place in ["harbour", "bridge", "*"] {
            assert_eq!(
                of_all.authorize(right, &on(place), FRESH),
                Ok(()),
                "{place}"
            );
        }
    }

    #[test]
    fn every_role_and_right_is_as_the_table_says() {
        for role in Role::ALL {
            let one = standing(&[(*role, "harbour")]);
            for right in Right::all() {
                let may = one.authorize(right, &on("harbour"), FRESH).is_ok();
                assert_eq!(may, right.roles().contains(role), "{role} {right}");
            }
        }
    }

    #[test]
    fn v7_5_1_what_cannot_be_taken_back_needs_a_fresh_second_factor() {
        let treasurer = standing(&[(Role::Treasurer, "*")]);
        let settle = Right::Verb(Verb::SettlementsWrite);
        let table = [
            (Shown::Earlier(Level::One), Err(Refused::SecondFactor)),
            (Shown::JustNow(Level::One), Err(Refused::SecondFactor)),
            (Shown::Earlier(Level::Two), Err(Refused::Stale)),
            (Shown::JustNow(Level::Two), Ok(())),
        ];
        for (shown, expected) in table {
            let answer = treasurer.authorize(settle, &on("harbour"), shown);
            assert_eq!(answer, expected, "{shown:?}");
        }
        let read = Right::Verb(Verb::AccountsRead);
        let earlier = treasurer.authorize(read, &on("harbour"), Shown::Earlier(Level::Two));
        assert_eq!(earlier, Ok(()));
    }
}
