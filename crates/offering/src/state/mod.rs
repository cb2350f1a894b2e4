//! The state of an offering as bytes, so that a start need not replay the whole journal, and so that
//! two machines and a replay can compare where they are by 32 bytes.
//!
//! The bytes are a cache, never a source: replaying the journal without them gives the same ones. They
//! depend on terms and entries only, not on the seed or the layout of a hash table.
//! `docs/snapshot-format.md` describes them; [`StateError`] says what can be wrong with them.
//!
//! Written and read by hand, and not by `serde`: every structure is taken apart field by field without
//! a rest, so that a new field that is not written is an error of the compiler; and a reader must
//! refuse a second spelling, an index that points nowhere and a count that was never paid for in
//! bytes, and say at which byte.

mod accounts;
mod bids;
mod coded;
mod contributions;
mod documents;
mod error;
mod escrow;
mod people;
mod reader;
mod rounds;
mod settlement;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    io::{self, Read, Write},
    sync::Arc,
};

pub use error::StateError;

use self::{
    coded::{Coded, read_each, write_each},
    reader::Reader,
    writer::Writer,
};
use crate::{
    ContributionIndex, Offering, Position, Sequence,
    chunked::Chunked,
    contribution::Contribution,
    offering::Stage,
    settlement::{ByInvestor, Settlement},
    terms::Terms,
};

/// The form of the bytes. It rises with every change of what stands in them, and with it the hash of
/// every state.
pub const STATE_VERSION: u32 = 2;

/// The first bytes of every state.
const MAGIC: [u8; 14] = *b"softcap state\n";

impl Offering {
    /// Writes the state, in pieces of some ten thousand bytes; returns its hash, which also stands at
    /// the end.
    ///
    /// # Errors
    /// What `out` answers. What was written up to then is no state.
    pub fn write_state(&self, out: &mut impl Write) -> io::Result<[u8; 32]> {
        let mut failure = None;
        let hash = self.encode(&mut |piece| {
            if failure.is_none() {
                failure = out.write_all(piece).err();
            }
        });
        failure.map_or(Ok(hash), Err)
    }

    /// SHA-256 of what [`Offering::write_state`] writes before the hash: equal for two offerings with
    /// the same terms and the same entries, whatever machine applied them. It takes as long as
    /// writing.
    pub fn state_hash(&self) -> [u8; 32] {
        self.encode(&mut |_| {})
    }

    /// Reads what [`Offering::write_state`] wrote under the same terms, and nothing else.
    ///
    /// Bytes from anybody end in an offering or in an error, and take memory in proportion to their
    /// number. Whoever wrote them chose what they say, though: the hash at the end finds damage, not
    /// forgery. Compare [`Offering::state_hash`] with one that you trust.
    ///
    /// `hash_seed` is as in [`Offering::with_hash_seed`].
    ///
    /// # Errors
    /// [`StateError`] with the byte at which it was noticed.
    pub fn read_state(
        terms: Arc<Terms>,
        hash_seed: u64,
        mut input: impl Read,
    ) -> Result<Self, StateError> {
        let mut reader = Reader::new(&mut input, &terms);
        let offering = Self::decode(terms, hash_seed, &mut reader)?;
        reader.finish()?;
        Ok(offering)
    }

    fn encode(&self, out: &mut dyn FnMut(&[u8])) -> [u8; 32] {
        let Self {
            // Whoever reads brings the terms; their hash says whether they are the right ones.
            terms: _,
            terms_hash,
            stage,
            next,
            latest,
            investors,
            contributions,
            admissions,
            rounds,
            bids,
            pauses,
            rates,
            kept,
            other_rounds,
            rights_end,
            documents,
            document_exits,
            over_limit,
            sums,
            accounts,
            requests,
            transfers,
            settlement,
            escrow,
        } = self;
        let mut out = Writer::new(out);
        out.bytes(&MAGIC);
        STATE_VERSION.write(&mut out);
        terms_hash.write(&mut out);
        escrow::write_stage(&mut out, *stage, escrow.as_deref());
        next.write(&mut out);
        write_each(&mut out, latest);
        write_each(&mut out, rights_end);
        rates.write(&mut out);
        people::write_admissions(&mut out, admissions);
        people::write_investors(&mut out, investors);
        contributions::write(&mut out, contributions);
        for round in rounds {
            rounds::write_round(&mut out, round);
        }
        bids.write(&mut out);
        pauses.write(&mut out);
        kept.write(&mut out);
        other_rounds.write(&mut out);
        documents.write(&mut out);
        document_exits.write(&mut out);
        over_limit.write(&mut out);
        rounds::write_sums(&mut out, sums);
        accounts::write_accounts(&mut out, accounts);
        accounts::write_ids(&mut out, requests);
        accounts::write_ids(&mut out, transfers);
        // That there is one follows from the stage.
        if let Some(settlement) = settlement {
            settlement::write(&mut out, settlement);
        }
        if let Some(escrow) = escrow {
            escrow::write(&mut out, escrow);
        }
        out.finish()
    }

    fn decode(
        terms: Arc<Terms>,
        hash_seed: u64,
        input: &mut Reader<'_>,
    ) -> Result<Self, StateError> {
        let start = Self::with_hash_seed(terms, hash_seed);
        read_header(input, start.terms_hash)?;
        let terms = start.terms;
        let (stage, follows) = escrow::read_stage(input)?;
        let next = Coded::read(input)?;
        let latest: Vec<Position> = read_each(input, input.counts.lines)?;
        let rights_end = read_each(input, input.counts.lines)?;
        let rates = Coded::read(input)?;
        let admissions = people::read_admissions(input)?;
        let investors = people::read_investors(input, start.investors)?;
        let contributions = contributions::read(input, next)?;
        let rounds = terms.rounds.iter().enumerate();
        let rounds = rounds
            .map(|round| rounds::read_round(input, &terms, round, &contributions))
            .collect::<Result<_, _>>()?;
        let bids = Coded::read(input)?;
        let pauses = Coded::read(input)?;
        let kept = read_kept(input, &contributions)?;
        let other_rounds = Coded::read(input)?;
        let documents = documents::read(input, next)?;
        let document_exits = read_exits(input)?;
        let over_limit = Coded::read(input)?;
        let sums = rounds::read_sums(input, &terms)?;
        let accounts = accounts::read_accounts(input, start.accounts)?;
        let requests = accounts::read_ids(input, start.requests, next)?;
        let transfers = accounts::read_ids(input, start.transfers, next)?;
        let settlement = match stage {
            Stage::Draft | Stage::Running | Stage::Cancelled | Stage::Expired => None,
            Stage::Settled => {
                let by_investor = ByInvestor::new(investors.len(), &contributions);
                let settlement = settlement::read(input, &terms, &latest, by_investor, follows)?;
                Some(Box::<Settlement>::new(settlement))
            }
        };
        let escrow = match follows {
            escrow::Follows::Nothing => None,
            escrow::Follows::Chain => Some(Box::new(escrow::read(input, next, &contributions)?)),
        };
        let mut offering = Self {
            terms,
            terms_hash: start.terms_hash,
            stage,
            next,
            latest,
            investors,
            contributions,
            admissions,
            rounds,
            bids,
            pauses,
            rates,
            kept,
            other_rounds,
            rights_end,
            documents,
            document_exits,
            over_limit,
            sums,
            accounts,
            requests,
            transfers,
            settlement,
            escrow,
        };
        if offering.recount_accounts() {
            Ok(offering)
        } else {
            Err(input.malformed("an account does not cover its contributions"))
        }
    }
}

fn read_header(input: &mut Reader<'_>, terms_hash: [u8; 32]) -> Result<(), StateError> {
    if input.array()? != MAGIC {
        return Err(StateError::Foreign);
    }
    let version = Coded::read(input)?;
    if version != STATE_VERSION {
        return Err(StateError::Version { version });
    }
    match input.array()? {
        own if own == terms_hash => Ok(()),
        terms_hash => Err(StateError::OtherTerms { terms_hash }),
    }
}

/// What is kept of contributions, never more than is not accepted.
fn read_kept(
    input: &mut Reader<'_>,
    contributions: &Chunked<Contribution>,
) -> Result<std::collections::BTreeMap<ContributionIndex, u128>, StateError> {
    let kept: std::collections::BTreeMap<ContributionIndex, u128> = Coded::read(input)?;
    for (index, kept) in &kept {
        let held = &contributions[index.index()];
        if *kept > held.amount - held.accepted {
            return Err(input.malformed("more is kept than was contributed"));
        }
    }
    Ok(kept)
}

/// Exits that documents opened: numbers rise and positions fall.
fn read_exits(input: &mut Reader<'_>) -> Result<Vec<(Sequence, Position)>, StateError> {
    let exits: Vec<(Sequence, Position)> = Coded::read(input)?;
    if exits.is_sorted_by(|(a, until), (b, later)| a < b && until > later) {
        Ok(exits)
    } else {
        Err(input.malformed("exits are not in order"))
    }
}
