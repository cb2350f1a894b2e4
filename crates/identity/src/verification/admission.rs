//! What an approval lets a person do: take part in rounds of offerings, up to a limit. This crate does not know what an
//! offering is; whoever does makes an entry of each admission, once.

use softcap_database::row;

use super::{VerificationError, case::damaged};
use crate::{
    PersonId, ResourceId, UnixMillis,
    people::{hex, parse_id, random_bytes},
};

/// Most rounds of one case.
pub(super) const MOST_ROUNDS_WANTED: usize = 10;
/// Longest name of a round.
const LONGEST_ROUND: usize = 200;

/// A round of an offering that a person wants to take part in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WantedRound {
    /// The offering.
    pub offering: ResourceId,
    /// The round's name in its terms.
    pub round: String,
}

/// Refuses more rounds than anybody needs, and one that is named twice.
pub(super) fn require_rounds(rounds: &[WantedRound]) -> Result<(), VerificationError> {
    let mut sorted: Vec<_> = rounds.iter().collect();
    sorted.sort();
    sorted.dedup();
    let are_named = rounds
        .iter()
        .all(|round| (1..=LONGEST_ROUND).contains(&round.round.len()));
    if sorted.len() == rounds.len() && rounds.len() <= MOST_ROUNDS_WANTED && are_named {
        Ok(())
    } else {
        Err(VerificationError::Rounds)
    }
}

/// The most that may be accepted of somebody, in smallest units of which 10^decimals are a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdmissionLimit {
    /// Smallest units.
    pub units: u128,
    /// Decimals of the numeraire.
    pub decimals: u8,
}

impl AdmissionLimit {
    /// Whether it is more than so many whole units.
    #[must_use]
    pub fn is_above(self, whole: u64) -> bool {
        let one = 10_u128.checked_pow(self.decimals.into());
        let bound = one.and_then(|one| one.checked_mul(whole.into()));
        // A bound beyond 128 bits is above everything.
        bound.is_some_and(|bound| self.units > bound)
    }
}

/// What a reviewer grants with an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundGrant {
    /// Where.
    pub round: WantedRound,
    /// Most that may be accepted; `None`: what the terms allow to everybody.
    pub limit: Option<AdmissionLimit>,
    /// Whether the person has the right of withdrawal where the terms give it to the marked.
    pub withdrawal: bool,
}

/// Names an admission: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AdmissionId([u8; 16]);

impl AdmissionId {
    pub(super) fn random() -> Result<Self, VerificationError> {
        Ok(Self(random_bytes()?))
    }
}

impl std::fmt::Display for AdmissionId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&hex(&self.0))
    }
}

impl std::fmt::Debug for AdmissionId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "AdmissionId({self})")
    }
}

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// What became of an admission.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum AdmissionState { $($(#[$doc])* $name,)* }

        impl AdmissionState {
            const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As stored and shown.
            #[must_use]
            pub const fn as_code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

states! {
    /// It waits for a second person.
    Proposed = "proposed",
    /// It is granted, and nobody has begun to enter it.
    Due = "due",
    /// Somebody began to enter it; whether it is entered, the record knows.
    Entering = "entering",
    /// It is in the record.
    Entered = "entered",
    /// A contract decides who takes part, and a permit is signed when the person asks for it.
    Permitted = "permitted",
    /// The record refused it.
    Refused = "refused",
    /// It was taken back, or never approved, before anything was entered.
    Cancelled = "cancelled",
    /// It is to be taken back in the record.
    RevokeDue = "revoke_due",
    /// It was taken back.
    Revoked = "revoked",
}

impl AdmissionState {
    fn from_code(code: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|state| state.as_code() == code)
    }
}

/// One admission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Its name, from which the request of its entry follows.
    pub id: AdmissionId,
    /// Whose.
    pub person: PersonId,
    /// What.
    pub grant: RoundGrant,
    /// From when it is void.
    pub until: UnixMillis,
    /// What became of it.
    pub state: AdmissionState,
    /// The number of its entry.
    pub entry: Option<u64>,
    /// The number of the entry that took it back.
    pub revocation: Option<u64>,
}

row! {
    pub(super) struct AdmissionRow {
        id: String,
        person: String,
        offering: String,
        round: String,
        limit_units: Option<String>,
        decimals: i64,
        withdrawal: i64,
        until_at: i64,
        state: String,
        entry: Option<i64>,
        revocation: Option<i64>,
    }
}

impl AdmissionRow {
    pub(super) fn read(self) -> Result<Admission, VerificationError> {
        let row = self.id.clone();
        self.parse().ok_or_else(|| damaged(row))
    }

    fn parse(self) -> Option<Admission> {
        let decimals = u8::try_from(self.decimals).ok()?;
        let limit = match self.limit_units {
            None => None,
            Some(units) => Some(AdmissionLimit {
                units: units.parse().ok()?,
                decimals,
            }),
        };
        let number = |column: Option<i64>| match column {
            None => Some(None),
            Some(number) => u64::try_from(number).ok().map(Some),
        };
        Some(Admission {
            id: AdmissionId(parse_id(&self.id)?),
            person: self.person.parse().ok()?,
            grant: RoundGrant {
                round: WantedRound {
                    offering: self.offering.parse().ok()?,
                    round: self.round,
                },
                limit,
                withdrawal: self.withdrawal != 0,
            },
            until: UnixMillis::new(self.until_at),
            state: AdmissionState::from_code(&self.state)?,
            entry: number(self.entry)?,
            revocation: number(self.revocation)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_compared_in_whole_units() {
        let table = [
            (1_500_000, 2, 15_000, false),
            (1_500_001, 2, 15_000, true),
            (1, 0, 0, true),
            (0, 0, 0, false),
            (u128::MAX, 18, u64::MAX, true),
            // 10^39 has no place in 128 bits.
            (u128::MAX, 39, 1, false),
        ];
        for (units, decimals, whole, expected) in table {
            let limit = AdmissionLimit { units, decimals };
            assert_eq!(limit.is_above(whole), expected, "{limit:?} {whole}");
        }
    }
}
