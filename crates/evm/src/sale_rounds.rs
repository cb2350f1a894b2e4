//! Which rounds of a sale a moment is about. An escrow with several has them one after the other.

use softcap_offering::{
    RoundIndex,
    terms::{Round, Terms},
};

use crate::chain_entries::{ADMISSION, ITSELF};

/// The first part of what a log says of further rounds; contributions have numbers far below it.
const FURTHER_ROUNDS: u64 = 1 << 62;

/// Parts of the request of a revocation in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RevocationParts {
    /// The revocation.
    pub(crate) itself: u64,
    /// The admission for nothing before it, which the record needs to revoke.
    pub(crate) admission: u64,
}

/// The round whose window is open at a second, or else the next one; after all of them the last one. It is the one that
/// the contract judges by.
#[must_use]
pub fn round_at(terms: &Terms, second: u64) -> RoundIndex {
    let rounds = terms.rounds.iter();
    let open = rounds.take_while(|round| is_over(round, second)).count();
    let last = terms.rounds.len().saturating_sub(1);
    RoundIndex(u8::try_from(open.min(last)).unwrap_or(u8::MAX))
}

/// The rounds that a revocation at a second concerns: those that are not over, each with its parts.
pub(crate) fn revoked_in(
    terms: &Terms,
    second: u64,
) -> impl Iterator<Item = (RoundIndex, RevocationParts)> {
    let first = round_at(terms, second).0;
    let count = u8::try_from(terms.rounds.len()).unwrap_or(u8::MAX);
    (first..count).map(move |round| {
        let parts = if round == first {
            RevocationParts {
                itself: ITSELF,
                admission: ADMISSION,
            }
        } else {
            further(u64::from(round))
        };
        (RoundIndex(round), parts)
    })
}

fn further(round: u64) -> RevocationParts {
    let itself = FURTHER_ROUNDS + 2 * round;
    RevocationParts {
        itself,
        admission: itself + 1,
    }
}

/// All parts that the log of a revocation may have.
pub(crate) fn revocation_parts(terms: &Terms) -> Vec<u64> {
    let rounds = (1..terms.rounds.len() as u64).map(further);
    let rounds = rounds.flat_map(|parts| [parts.itself, parts.admission]);
    [ADMISSION, ITSELF].into_iter().chain(rounds).collect()
}

/// The round that a part of a revocation at a second is about.
pub(crate) fn round_of_part(terms: &Terms, second: u64, part: u64) -> Option<RoundIndex> {
    let mut rounds = revoked_in(terms, second);
    let found = rounds.find(|(_, parts)| parts.itself == part || parts.admission == part);
    found.map(|(round, _)| round)
}

/// Whether a part is a revocation in another round than the first one of its log.
pub(crate) fn is_further_revocation(part: u64) -> bool {
    part >= FURTHER_ROUNDS && part.is_multiple_of(2)
}

/// Whether a part is the admission before such a revocation.
pub(crate) fn is_further_admission(part: u64) -> bool {
    part >= FURTHER_ROUNDS && !part.is_multiple_of(2)
}

fn is_over(round: &Round, second: u64) -> bool {
    let window = round.windows.iter().flatten().next();
    window.is_some_and(|window| window.end_exclusive().0 <= second.saturating_mul(1_000))
}
