//! The state of an offering, and the one door through which it changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    Command, ContributionIndex, CurrencyIndex, InvestorId, InvestorIndex, LineIndex, Outcome,
    Position, Ratio, Refusal, RequestId, RoundIndex, Sequence, Stamp, TransferId,
    accounts::Accounts,
    admissions::Admission,
    bids::Bids,
    chunked::Chunked,
    contribution::Contribution,
    documents::Document,
    escrow::Escrow,
    investors::{Investors, TotalValue},
    pauses::Pauses,
    rounds::RoundState,
    seen_ids::{Seen, SeenIds},
    settlement::Settlement,
    terms::{RateTerm, Supply, Terms},
};

/// An offering: terms, and everything that follows from the commands so far.
#[derive(Clone, Debug)]
pub struct Offering {
    pub(crate) terms: Arc<Terms>,
    pub(crate) terms_hash: [u8; 32],
    pub(crate) stage: Stage,
    pub(crate) next: Sequence,
    /// Newest position on each clock line.
    pub(crate) latest: Vec<Position>,
    pub(crate) investors: Investors,
    pub(crate) contributions: Chunked<Contribution>,
    pub(crate) admissions: Chunked<Admission>,
    pub(crate) rounds: Vec<RoundState>,
    pub(crate) bids: Bids,
    pub(crate) pauses: Pauses,
    pub(crate) rates: Rates,
    /// What is kept of a contribution (proof of burn, bonds of unrevealed bids).
    pub(crate) kept: BTreeMap<ContributionIndex, u128>,
    /// What an investor used in rounds other than the one in the investor's record.
    pub(crate) other_rounds: BTreeMap<(InvestorIndex, RoundIndex), (u128, u128)>,
    /// For each clock line, when the last right of withdrawal ends.
    pub(crate) rights_end: Vec<Position>,
    /// Every document, in the order of their entries.
    pub(crate) documents: Vec<Document>,
    /// Everybody whose contribution is before the number may withdraw up to the position. Numbers
    /// rise and positions fall.
    pub(crate) document_exits: Vec<(Sequence, Position)>,
    /// Contributions of which the issuer returned some as over a limit.
    pub(crate) over_limit: BTreeSet<ContributionIndex>,
    pub(crate) sums: Sums,
    /// Money of investors that a platform moved into the offering.
    pub(crate) accounts: Accounts,
    /// Requests of entries; the first entry with one decides, whatever its outcome.
    pub(crate) requests: SeenIds,
    /// The same of transfers between a platform and the accounts.
    pub(crate) transfers: SeenIds,
    pub(crate) settlement: Option<Box<Settlement>>,
    /// The contract on a chain that holds the money, if one does.
    pub(crate) escrow: Option<Box<Escrow>>,
}

/// How far an offering is; what the clock adds is in [`Phase`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Draft,
    Running,
    Cancelled,
    Expired,
    Settled,
}

/// The life cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The terms are not announced yet.
    Draft,
    /// Announced, no window has begun.
    Announced,
    /// A round is open; the first one that is.
    Open(RoundIndex),
    /// Contributions are stopped for now.
    Paused,
    /// Between two windows.
    BetweenRounds,
    /// All windows are over.
    Closed,
    /// The issuer gave up; to be settled as refunds.
    Cancelled,
    /// The deadline passed without a settlement; to be settled as refunds.
    Expired,
    /// Succeeded; tokens and money are being handed over.
    Distributing,
    /// Everybody is being refunded.
    Refunding,
    /// Nothing is left to claim, vest, refund or release. Free money in accounts is not waited for: it
    /// is the investors', who may take it back at any time.
    Finished,
}

/// Rates of currencies: every one that was ever in force, because a contribution keeps the one of
/// its place in the order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rates {
    pub(crate) all: Vec<Ratio>,
    pub(crate) current: Vec<Option<CurrentRate>>,
}

/// Sums of everything that ever came in or was taken; they only grow, and fit 128 bits.
#[derive(Clone, Debug)]
pub(crate) struct Sums {
    /// Money that has a row, per currency.
    pub(crate) contributed: Vec<u128>,
    /// Value taken by all rounds.
    pub(crate) value: u128,
    /// Tokens that it could become.
    pub(crate) tokens: u128,
    /// Most tokens that leave room for the shares created on top of them.
    pub(crate) most_tokens: u128,
}

impl Sums {
    pub(crate) fn new(terms: &Terms) -> Self {
        // Each share counts as a whole multiple of what is sold, and one unit for its rounding.
        let times = match &terms.token.supply {
            Supply::Fixed { .. } => 1,
            Supply::Minted { shares, .. } => shares.iter().fold(1_u128, |times, share| {
                let ratio = share.size.ratio;
                times.saturating_add(ratio.num().div_ceil(ratio.den()))
            }),
        };
        let units = u128::try_from(terms.token.supply.share_count()).unwrap_or(u128::MAX);
        Self {
            contributed: vec![0; terms.currencies.len()],
            value: 0,
            tokens: 0,
            most_tokens: (u128::MAX - units) / times,
        }
    }
}

/// The rate in force of one currency.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CurrentRate {
    /// Place in `Rates::all`.
    pub(crate) index: u32,
    /// When it was recorded; `None` for a fixed rate.
    pub(crate) recorded: Option<Position>,
}

impl Rates {
    fn new(terms: &Terms) -> Self {
        let mut rates = Self::default();
        for currency in &terms.currencies {
            match &currency.rate {
                RateTerm::Fixed(rate) => {
                    let index = u32::try_from(rates.all.len()).unwrap_or(u32::MAX);
                    rates.all.push(*rate);
                    rates.current.push(Some(CurrentRate {
                        index,
                        recorded: None,
                    }));
                }
                RateTerm::Recorded { .. } => rates.current.push(None),
            }
        }
        rates
    }
}

impl Offering {
    /// An offering before its first entry.
    pub fn new(terms: Arc<Terms>) -> Self {
        Self::with_hash_seed(terms, 0)
    }

    /// As [`Offering::new`], with a seed for the hash tables inside. A server gives a random one, so
    /// that nobody can choose ids that collide; no outcome depends on it.
    pub fn with_hash_seed(terms: Arc<Terms>, seed: u64) -> Self {
        let lines = terms.clock.lines.len();
        let total = match terms.investor_max {
            Some(_) => TotalValue::Counted,
            None => TotalValue::NotAsked,
        };
        Self {
            terms_hash: terms.hash().0,
            stage: Stage::Draft,
            next: Sequence(0),
            latest: vec![Position(0); lines],
            investors: Investors::new(seed, total),
            contributions: Chunked::default(),
            admissions: Chunked::default(),
            rounds: terms
                .rounds
                .iter()
                .map(|round| RoundState::new(&terms, round))
                .collect(),
            bids: Bids::default(),
            pauses: Pauses::default(),
            rates: Rates::new(&terms),
            kept: BTreeMap::new(),
            other_rounds: BTreeMap::new(),
            rights_end: vec![Position(0); lines],
            documents: Vec::new(),
            document_exits: Vec::new(),
            over_limit: BTreeSet::new(),
            sums: Sums::new(&terms),
            accounts: Accounts::new(seed),
            requests: SeenIds::new(seed),
            transfers: SeenIds::new(seed),
            settlement: None,
            escrow: None,
            terms,
        }
    }

    /// The terms.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// SHA-256 of the canonical terms.
    pub fn terms_hash(&self) -> [u8; 32] {
        self.terms_hash
    }

    /// The number that the next entry takes.
    pub fn next_sequence(&self) -> Sequence {
        self.next
    }

    /// The newest position on a clock line; 0 before the first entry.
    pub fn latest(&self, line: LineIndex) -> Position {
        self.latest.get(line.index()).copied().unwrap_or_default()
    }

    /// How many investors there are.
    pub fn investor_count(&self) -> usize {
        self.investors.len()
    }

    /// The id of an investor; `index` must come from this offering.
    pub fn investor(&self, index: InvestorIndex) -> InvestorId<'_> {
        self.investors.id(index)
    }

    /// The investor with an id.
    pub fn find_investor(&self, id: InvestorId<'_>) -> Option<InvestorIndex> {
        self.investors.find(id)
    }

    /// How many contributions there are, refused ones included.
    pub fn contribution_count(&self) -> usize {
        self.contributions.len()
    }

    /// The contribution that an entry made.
    pub fn contribution_at(&self, sequence: Sequence) -> Option<ContributionIndex> {
        let index = self
            .contributions
            .partition_point(|held| held.sequence < sequence);
        let found = self.contributions.get(index)?;
        (found.sequence == sequence).then(|| index_of(index))
    }

    /// The settlement, once there is one.
    pub fn settlement(&self) -> Option<&Settlement> {
        self.settlement.as_deref()
    }

    /// Bytes of state that grow with the number of investors.
    pub fn investor_bytes(&self) -> usize {
        self.investors.heap_bytes()
    }

    /// Brings the state near that the next commands will need, of their investors and requests; changes
    /// nothing. Whoever applies commands in groups calls it with some dozens at a time: a command among
    /// millions of investors costs what its cache misses cost, and here they overlap.
    pub fn prepare<'a>(
        &self,
        investors: impl Iterator<Item = InvestorId<'a>>,
        requests: impl Iterator<Item = RequestId>,
    ) {
        self.requests.touch(requests.map(|request| request.0));
        self.investors.touch(investors);
    }

    /// Applies one entry that came with no request. It takes the next sequence number whatever the
    /// outcome; a refused command changes nothing else, except that arrived money of a refused
    /// contribution is recorded as refunded, and that the id of a refused transfer is used up.
    pub fn apply(&mut self, stamp: Stamp, command: &Command<'_>) -> Outcome {
        self.apply_request(stamp, None, command)
    }

    /// Applies one entry. If an earlier entry came with the same request, this one takes its number
    /// and changes nothing else: not even the clock sees its position, so that a repeat can neither be
    /// refused nor end a window. The first entry with a request counts whatever became of it.
    pub fn apply_request(
        &mut self,
        stamp: Stamp,
        request: Option<RequestId>,
        command: &Command<'_>,
    ) -> Outcome {
        let sequence = self.next;
        self.next = Sequence(sequence.0 + 1);
        if let Err(outcome) = self.note_ids(sequence, request, command) {
            return outcome;
        }
        let result = match (command, self.admit_stamp(stamp)) {
            // Its chain's clock may be behind the one so far.
            (Command::Escrow(_), _) | (_, Ok(())) => self.dispatch(sequence, stamp, command),
            (_, Err(refusal)) => Err(refusal),
        };
        match result {
            Ok(outcome) => outcome,
            Err(refusal) => {
                self.record_refused(sequence, stamp, command, refusal);
                Outcome::Refused(refusal)
            }
        }
    }

    /// Notes the ids of an entry that count once; what becomes of it when one was there before.
    fn note_ids(
        &mut self,
        sequence: Sequence,
        request: Option<RequestId>,
        command: &Command<'_>,
    ) -> Result<(), Outcome> {
        let seen = |seen| match seen {
            Seen::First => Ok(()),
            Seen::Before(first) => Err(Outcome::RepeatOf(first)),
            Seen::Full => Err(Outcome::Refused(Refusal::TooManyEntries)),
        };
        if let Some(RequestId(id)) = request {
            seen(self.requests.note(id, sequence))?;
        }
        if let Command::Fund { transfer, .. } | Command::TakeBack { transfer, .. } = command {
            seen(self.transfers.note(transfer.0, sequence))?;
        }
        Ok(())
    }

    /// The entry that came first with a request.
    pub fn find_request(&self, request: RequestId) -> Option<Sequence> {
        self.requests.find(request.0)
    }

    /// All requests with the entries that came first with them, in their order.
    pub fn requests(&self) -> impl Iterator<Item = (RequestId, Sequence)> + '_ {
        self.requests
            .iter()
            .map(|(id, first)| (RequestId(id), first))
    }

    /// Bytes of state that grow with the number of requests.
    pub fn request_bytes(&self) -> usize {
        self.requests.heap_bytes()
    }

    /// The entry that came first with a transfer.
    pub fn find_transfer(&self, transfer: TransferId) -> Option<Sequence> {
        self.transfers.find(transfer.0)
    }

    /// Takes the entry's position into the clock: what follows from time alone happens here.
    pub(crate) fn admit_stamp(&mut self, stamp: Stamp) -> Result<(), Refusal> {
        let latest = self
            .latest
            .get_mut(stamp.line.index())
            .ok_or(Refusal::UnknownCurrency)?;
        if stamp.position.after(self.terms.clock.tolerance) < *latest {
            return Err(Refusal::PositionWentBack);
        }
        let reached = Position::max(stamp.position, *latest);
        if reached != *latest {
            *latest = reached;
            self.end_pause_by_itself();
            self.expire();
        }
        Ok(())
    }

    fn dispatch(
        &mut self,
        sequence: Sequence,
        stamp: Stamp,
        command: &Command<'_>,
    ) -> Result<Outcome, Refusal> {
        match command {
            Command::Contribute(contribute) => return self.contribute(sequence, stamp, contribute),
            Command::Announce { terms_hash } => return self.announce(*terms_hash),
            _ if self.stage == Stage::Draft => return Err(Refusal::NotAnnounced),
            Command::Commit {
                investor,
                locked,
                commitment,
                funding,
                ..
            } => {
                let money = (*locked, *funding);
                return self.commit_bid(sequence, stamp, *investor, money, *commitment);
            }
            Command::Withdraw { contribution } => return self.withdraw(stamp, *contribution),
            Command::Return {
                contribution,
                amount,
                reason,
            } => {
                return self.return_money(*contribution, *amount, *reason);
            }
            Command::Settle => return self.settle(),
            Command::Admit(admit) => self.admit(admit),
            Command::Revoke { round, investor } => self.revoke(*round, *investor),
            Command::Rate { currency, rate } => self.record_rate(stamp, *currency, *rate),
            Command::Reveal {
                bid,
                amount,
                limit,
                salt,
            } => self.reveal_bid(stamp, *bid, *amount, *limit, salt),
            Command::Pause => self.pause(stamp),
            Command::Resume => self.resume(stamp),
            Command::Seed { round, seed, proof } => self.record_seed(stamp, *round, *seed, proof),
            Command::Document { hash, exit } => self.record_document(Document {
                sequence,
                stamp,
                hash: *hash,
                exit: *exit,
            }),
            Command::Close { round } => self.close_round(stamp, *round),
            Command::Cancel => self.cancel(),
            Command::Tick => Ok(()),
            Command::Publish { .. } => self.publish(),
            Command::Distribute { investor, tokens } => self.distribute(*investor, *tokens),
            Command::PayRefund { investor, currency } => self.pay_refund(*investor, *currency),
            Command::Vest { share, tokens } => self.vest(*share, *tokens),
            Command::Release { milestone } => self.release(*milestone),
            Command::Fund {
                investor,
                currency,
                amount,
                ..
            } => self.fund(*investor, *currency, *amount),
            Command::TakeBack {
                investor,
                currency,
                amount,
                ..
            } => self.take_back(*investor, *currency, *amount),
            Command::Escrow(address) => self.name_escrow(sequence, stamp, *address),
        }
        .map(|()| Outcome::Done)
    }

    /// Refuses what only a running offering may do.
    pub(crate) fn require_running(&self) -> Result<(), Refusal> {
        match self.stage {
            Stage::Running => Ok(()),
            Stage::Draft => Err(Refusal::NotAnnounced),
            Stage::Cancelled => Err(Refusal::OfferingCancelled),
            Stage::Expired => Err(Refusal::DeadlinePassed),
            Stage::Settled => Err(Refusal::OfferingSettled),
        }
    }

    pub(crate) fn round_index(&self, round: RoundIndex) -> Result<usize, Refusal> {
        if round.index() < self.rounds.len() {
            Ok(round.index())
        } else {
            Err(Refusal::UnknownRound)
        }
    }

    pub(crate) fn line_of(&self, currency: CurrencyIndex) -> LineIndex {
        self.terms
            .currencies
            .get(currency.index())
            .map_or(LineIndex(0), |known| known.line)
    }
}

/// An index of contributions; there are never more than 2^32 of them.
pub(crate) fn index_of(index: usize) -> ContributionIndex {
    ContributionIndex(u32::try_from(index).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use crate::{Command, Outcome, RequestId, fixture};

    #[test]
    fn requests_take_bytes_once() {
        let mut offering = fixture::announced();
        assert_eq!(offering.request_bytes(), 0);
        let stamp = offering.now_stamp();
        let ask = |offering: &mut crate::Offering, repeated: bool| {
            for number in 1..=100 {
                let request = Some(RequestId([number; 16]));
                let outcome = offering.apply_request(stamp, request, &Command::Tick);
                assert_eq!(matches!(outcome, Outcome::RepeatOf(_)), repeated);
            }
            offering.request_bytes()
        };
        let held = ask(&mut offering, false);
        assert!(held >= 1_600, "16 bytes of each id, and more: {held}");
        assert_eq!(ask(&mut offering, true), held, "a repeat is not held");
    }
}
