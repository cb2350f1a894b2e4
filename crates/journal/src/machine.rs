//! What the entries of a log mean.

use std::{
    io::{Read, Write},
    sync::Arc,
};

use softcap_offering::{
    Command, Funding, LineIndex, Offering, Position, RequestId, Sequence, terms::Terms,
};
use softcap_proof::{
    LeafHash, ProofError,
    entry::{Commands, Entry, decode, encode},
};

use crate::{BatchRow, tree_head::UNREAD};

/// The position of an entry that stands at the time of its batch: the order and the time of entries
/// are given together, when the batch is appended.
pub const BATCH_TIME: Position = Position(u64::MAX);

/// Investors that are looked up together, so that their cache misses overlap.
const AHEAD: usize = 64;

/// Leaves of the entries of a batch, one after the other.
#[derive(Clone, Debug, Default)]
pub struct Leaves {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Leaves {
    /// None yet, with room for those of a batch of `count` entries of `bytes` in all: a leaf is its entry
    /// and an outcome.
    #[must_use]
    pub fn for_batch(count: u64, bytes: usize) -> Self {
        let count = usize::try_from(count).unwrap_or_default().min(bytes);
        Self {
            bytes: Vec::with_capacity(bytes.saturating_mul(2)),
            ends: Vec::with_capacity(count),
        }
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A leaf by its place.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&[u8]> {
        let at = |place: usize| {
            let end = self.ends.get(place)?;
            usize::try_from(*end).ok()
        };
        let begin = place.checked_sub(1).map_or(Some(0), at)?;
        self.bytes.get(begin..at(place)?)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|place| self.get(place))
    }

    /// Their hashes.
    #[must_use]
    pub fn hashes(&self) -> Vec<LeafHash> {
        LeafHash::of_all(&self.iter().collect::<Vec<_>>())
    }

    /// Adds one.
    pub fn push(&mut self, leaf: &[u8]) {
        self.bytes.extend_from_slice(leaf);
        self.end();
    }

    fn end(&mut self) {
        self.ends
            .push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
    }
}

/// A state could not be read: the snapshot is another version's, or damaged. Replay without it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StateFailure(pub String);

/// A state machine whose commands are a log. Pure: the same batches give the same state and leaves.
pub trait Machine: Send + Sync + Sized + 'static {
    /// How many entries of other nodes a node need not have read to append. Where all nodes enter the same things, it
    /// is none: what is there already is not entered again.
    const UNREAD: u32 = UNREAD;

    /// Applies the entries of a batch; their leaves are added in order.
    ///
    /// # Errors
    /// When the body is not one. Nothing but a damaged record can be the cause: what a sequencer takes
    /// was encoded by this program.
    fn apply_batch(
        &mut self,
        first: u64,
        time: u64,
        body: &[u8],
        leaves: &mut Leaves,
    ) -> Result<(), ProofError>;

    /// The entry that came first with a request.
    fn find_request(&self, request: RequestId) -> Option<u64>;

    /// Brings near what [`Machine::find_request`] looks at for each of these, where they are so many that it pays; changes
    /// nothing.
    fn touch_requests(&self, _requests: impl Iterator<Item = RequestId>) {}

    /// Whether a leaf is of the same command as a submitted entry (position and outcome aside).
    fn is_same_command(leaf: &[u8], body: &[u8]) -> bool;

    /// The first entry of a batch that is not the one in its leaf, outcomes aside; also where one of
    /// both ends before the other.
    fn first_difference(&self, row: &BatchRow, leaves: &Leaves) -> Option<u64>;

    /// Writes the whole state; returns its hash.
    ///
    /// # Errors
    /// What `out` answers.
    fn write_state(&self, out: &mut dyn Write) -> std::io::Result<[u8; 32]>;

    /// As this machine, before its first entry.
    #[must_use]
    fn empty(&self) -> Self;

    /// As this machine, with a state that [`Machine::write_state`] wrote.
    ///
    /// # Errors
    /// [`StateFailure`].
    fn with_state(&self, input: &mut dyn Read) -> Result<Self, StateFailure>;
}

/// The number at which two readings of the same entries part. What cannot be read equals nothing.
pub(crate) fn parting<E: PartialEq>(
    first: u64,
    mut entered: impl Iterator<Item = Option<E>>,
    mut kept: impl Iterator<Item = Option<E>>,
) -> Option<u64> {
    let mut index = first;
    loop {
        match (entered.next(), kept.next()) {
            (None, None) => return None,
            (Some(Some(one)), Some(Some(other))) if one == other => index += 1,
            (Some(_) | None, _) => return Some(index),
        }
    }
}

/// The machine of an offering's log.
#[derive(Debug)]
pub struct OfferingMachine {
    offering: Offering,
    terms: Arc<Terms>,
    seed: u64,
}

impl OfferingMachine {
    /// An offering before its first entry. `seed` is random, and decides nothing.
    #[must_use]
    pub fn new(terms: Arc<Terms>, seed: u64) -> Self {
        Self {
            offering: Offering::with_hash_seed(Arc::clone(&terms), seed),
            terms,
            seed,
        }
    }

    /// The offering.
    #[must_use]
    pub fn offering(&self) -> &Offering {
        &self.offering
    }

    /// Where an entry without a position of its own stands: at the time of its batch, or where the log
    /// is whose time is that of a chain.
    fn time_of_log(&self, line: LineIndex, time: u64) -> Position {
        match self.offering.follows_chain_since() {
            Some(_) => self.offering.latest(line),
            None => Position(time),
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "only contributions come in such numbers that a look ahead pays"
    )]
    fn prepare(&self, group: &[Entry<'_>]) {
        let investors = group.iter().filter_map(|entry| match &entry.command {
            Command::Contribute(contribute) => Some(contribute.investor),
            _ => None,
        });
        let owners = group.iter().filter_map(|entry| match &entry.command {
            Command::Contribute(contribute) if contribute.funding == Funding::Account => {
                Some((contribute.investor, contribute.currency))
            }
            _ => None,
        });
        let requests = group.iter().filter_map(|entry| entry.request);
        self.offering.prepare(investors, requests);
        self.offering.prepare_accounts(owners);
    }
}

impl Machine for OfferingMachine {
    fn apply_batch(
        &mut self,
        first: u64,
        time: u64,
        body: &[u8],
        leaves: &mut Leaves,
    ) -> Result<(), ProofError> {
        let mut commands = Commands::new(body, Sequence(first));
        let mut group = Vec::with_capacity(AHEAD);
        loop {
            group.clear();
            for entry in commands.by_ref().take(AHEAD) {
                group.push(entry?);
            }
            if group.is_empty() {
                return Ok(());
            }
            if group.len() > 1 {
                self.prepare(&group);
            }
            for entry in &mut group {
                if entry.stamp.position == BATCH_TIME {
                    entry.stamp.position = self.time_of_log(entry.stamp.line, time);
                }
                let outcome =
                    self.offering
                        .apply_request(entry.stamp, entry.request, &entry.command);
                encode(&*entry, &outcome, &mut leaves.bytes)?;
                leaves.end();
            }
        }
    }

    fn find_request(&self, request: RequestId) -> Option<u64> {
        self.offering.find_request(request).map(|found| found.0)
    }

    fn touch_requests(&self, requests: impl Iterator<Item = RequestId>) {
        self.offering.prepare(std::iter::empty(), requests);
    }

    fn is_same_command(leaf: &[u8], body: &[u8]) -> bool {
        let submitted = Commands::new(body, Sequence(0)).next();
        match (decode(leaf), submitted) {
            (Ok((entry, _)), Some(Ok(submitted))) => entry.command == submitted.command,
            (Ok(_) | Err(_), _) => false,
        }
    }

    fn first_difference(&self, row: &BatchRow, leaves: &Leaves) -> Option<u64> {
        let since = self.offering.follows_chain_since();
        let kept = || leaves.iter().map(|leaf| Some(decode(leaf).ok()?.0));
        let mut beside = kept();
        let entered = Commands::new(&row.body, Sequence(row.first)).map(|entry| {
            let (mut entry, kept) = (entry.ok()?, beside.next().flatten());
            if entry.stamp.position == BATCH_TIME {
                // Behind an escrow it follows from the entries before; a leaf that has another is not
                // the one under the root.
                entry.stamp.position = match since {
                    Some(since) if entry.sequence > since => kept?.stamp.position,
                    Some(_) | None => Position(row.time),
                };
            }
            Some(entry)
        });
        parting(row.first, entered, kept())
    }

    fn write_state(&self, mut out: &mut dyn Write) -> std::io::Result<[u8; 32]> {
        self.offering.write_state(&mut out)
    }

    fn empty(&self) -> Self {
        Self::new(Arc::clone(&self.terms), self.seed)
    }

    fn with_state(&self, input: &mut dyn Read) -> Result<Self, StateFailure> {
        let offering = Offering::read_state(Arc::clone(&self.terms), self.seed, input)
            .map_err(|error| StateFailure(error.to_string()))?;
        Ok(Self {
            offering,
            terms: Arc::clone(&self.terms),
            seed: self.seed,
        })
    }
}

/// The clock line on which a server's own time counts.
pub(crate) const SERVER_LINE: LineIndex = LineIndex(0);
