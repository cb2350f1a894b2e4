//! Contributions and entries in one order.

use std::collections::{HashMap, VecDeque};

use softcap_offering::{Command, CurrencyIndex, Position, Sequence, Stamp};

use super::{Action, Anchor, Entries, Money, PlannedEntry};
use crate::{
    contributions_csv::Row,
    input_error::{InputError, InputFault, Place, Shown, Spot},
};

/// Takes entries in their order; gives back the sequence number that each one got.
///
/// An entry of the file with several investors is taken once for each.
pub(crate) trait EntrySink {
    /// Why taking an entry failed.
    type Error: From<InputError>;

    /// Takes one entry.
    fn append(&mut self, stamp: Stamp, command: &Command<'_>) -> Result<Sequence, Self::Error>;
}

/// Merges the entries of a file into a stream of contributions.
///
/// Call [`Merge::start`] once, [`Merge::contribution`] for each row in order, [`Merge::finish`] once.
pub(crate) struct Merge<'e> {
    entries: &'e Entries,
    /// The contributions that entries name. Only looked up, so its order decides nothing.
    names: HashMap<&'e str, Name>,
    /// Entries at positions, for each clock line sorted by position, then by their order in the
    /// file.
    waiting: Vec<VecDeque<(Position, usize)>>,
    /// Newest position of each line.
    latest: Vec<Option<Position>>,
    /// Stamp of the newest entry, on its line's newest position.
    end: Stamp,
    placed: Vec<bool>,
}

/// What is known about a contribution that entries name.
#[derive(Default)]
struct Name {
    seen: Option<Seen>,
    /// Entries that stand after it, in the order of the file.
    after: Vec<usize>,
    /// The entry that makes it, for a sealed bid.
    sealed_by: Option<usize>,
}

#[derive(Clone, Copy)]
struct Seen {
    sequence: Sequence,
    currency: CurrencyIndex,
}

impl<'e> Merge<'e> {
    /// Prepares a merge. `begin` is the stamp of entries that stand at the start, and at the end of
    /// a sale without contributions.
    pub(crate) fn new(entries: &'e Entries, begin: Stamp) -> Self {
        let mut names: HashMap<&str, Name> = HashMap::new();
        let mut at: Vec<(Stamp, usize)> = Vec::new();
        for (place, entry) in entries.list.iter().enumerate() {
            if let Anchor::After(name) = &entry.anchor {
                names.entry(name).or_default().after.push(place);
            } else if let Anchor::At(stamp) = entry.anchor {
                at.push((stamp, place));
            }
            if let Some(name) = entry.action.needs() {
                names.entry(name).or_default();
            }
            if let Action::Commit(bid) = &entry.action {
                names.entry(&bid.reference).or_default().sealed_by = Some(place);
            }
        }
        at.sort_by_key(|(stamp, place)| (stamp.line, stamp.position, *place));
        let mut waiting = Vec::new();
        for (stamp, place) in at {
            let line = stamp.line.index();
            if waiting.len() <= line {
                waiting.resize_with(line + 1, VecDeque::new);
            }
            waiting[line].push_back((stamp.position, place));
        }
        let placed = vec![false; entries.list.len()];
        Self {
            entries,
            names,
            waiting,
            latest: Vec::new(),
            end: begin,
            placed,
        }
    }

    /// Adds the entries that stand at the start.
    pub(crate) fn start<S: EntrySink>(&mut self, sink: &mut S) -> Result<(), S::Error> {
        self.add_all(&Anchor::Start, sink)
    }

    /// Adds what stands before a contribution, the contribution, and what stands after it.
    pub(crate) fn contribution<S: EntrySink>(
        &mut self,
        row: &Row<'_>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let line = row.stamp.line;
        while let Some((position, place)) = self.next_at(line.index(), row.stamp.position) {
            self.add(place, Stamp { line, position }, sink)?;
        }
        let sequence = sink.append(row.stamp, &Command::Contribute(row.contribute))?;
        self.note(row.stamp);
        if self.names.is_empty() {
            return Ok(());
        }
        let Some(name) = self.names.get_mut(row.contribute.reference) else {
            return Ok(());
        };
        if let Some(sealed_by) = name.sealed_by {
            return Err(self.doubled(sealed_by, row).into());
        }
        name.seen = Some(Seen {
            sequence,
            currency: row.contribute.currency,
        });
        let after = std::mem::take(&mut name.after);
        for place in after {
            self.add(place, row.stamp, sink)?;
        }
        Ok(())
    }

    /// Adds what is left: entries at later positions, then those at the end.
    ///
    /// # Errors
    /// C171 for the first entry whose `after` never came.
    pub(crate) fn finish<S: EntrySink>(&mut self, sink: &mut S) -> Result<(), S::Error> {
        loop {
            // Positions of two lines do not compare, so the order of the file decides between them.
            let heads = self.waiting.iter().enumerate();
            let heads = heads.filter_map(|(line, queue)| queue.front().map(|head| (head.1, line)));
            let Some((place, line)) = heads.min() else {
                break;
            };
            self.waiting[line].pop_front();
            let Anchor::At(stamp) = self.entries.list[place].anchor else {
                break;
            };
            self.add(place, stamp, sink)?;
        }
        self.add_all(&Anchor::End, sink)?;
        let Some(lost) = self.placed.iter().position(|placed| !placed) else {
            return Ok(());
        };
        let entry = &self.entries.list[lost];
        let Anchor::After(name) = &entry.anchor else {
            return Ok(());
        };
        let fault = InputFault::NoSuchAnchor {
            found: Shown::new(name),
        };
        Err(self.error(entry, "after", fault).into())
    }

    /// The next entry at a position up to this one.
    fn next_at(&mut self, line: usize, position: Position) -> Option<(Position, usize)> {
        let queue = self.waiting.get_mut(line)?;
        let due = queue.front().is_some_and(|(at, _)| *at <= position);
        if due { queue.pop_front() } else { None }
    }

    fn add_all<S: EntrySink>(&mut self, anchor: &Anchor, sink: &mut S) -> Result<(), S::Error> {
        let entries = self.entries;
        for (place, entry) in entries.list.iter().enumerate() {
            if entry.anchor == *anchor {
                self.add(place, self.end, sink)?;
            }
        }
        Ok(())
    }

    /// Adds an entry, and what stands after it if it is a sealed bid.
    fn add<S: EntrySink>(
        &mut self,
        place: usize,
        stamp: Stamp,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        // A list of what is still to add, not recursion: bids after bids may make a long chain.
        let mut open = vec![place];
        while let Some(place) = open.pop() {
            let entry = &self.entries.list[place];
            let sequence = self.append(entry, stamp, sink)?;
            self.placed[place] = true;
            self.note(stamp);
            let Action::Commit(bid) = &entry.action else {
                continue;
            };
            let Some(name) = self.names.get_mut(&*bid.reference) else {
                continue;
            };
            name.seen = sequence.map(|sequence| Seen {
                sequence,
                currency: bid.locked.currency,
            });
            open.extend(std::mem::take(&mut name.after).into_iter().rev());
        }
        Ok(())
    }

    fn note(&mut self, stamp: Stamp) {
        let line = stamp.line.index();
        if self.latest.len() <= line {
            self.latest.resize(line + 1, None);
        }
        let latest = self.latest[line].map_or(stamp.position, |latest| latest.max(stamp.position));
        self.latest[line] = Some(latest);
        self.end = Stamp {
            line: stamp.line,
            position: latest,
        };
    }

    /// Hands the commands of an entry to the sink; gives the last sequence number.
    fn append<S: EntrySink>(
        &self,
        entry: &PlannedEntry,
        stamp: Stamp,
        sink: &mut S,
    ) -> Result<Option<Sequence>, S::Error> {
        let mut one = |command: Command<'_>| sink.append(stamp, &command).map(Some);
        match &entry.action {
            Action::Admit(admission, investors) => {
                let mut commands = investors.iter().map(|who| admission.command(who.id()));
                commands.try_fold(None, |_, command| one(command))
            }
            Action::Revoke(round, investors) => {
                let mut commands = investors.iter().map(|who| Command::Revoke {
                    round: *round,
                    investor: who.id(),
                });
                commands.try_fold(None, |_, command| one(command))
            }
            Action::Rate { currency, rate } => one(Command::Rate {
                currency: *currency,
                rate: *rate,
            }),
            Action::Commit(bid) => one(bid.command()),
            Action::Reveal {
                bid,
                money,
                limit,
                salt,
            } => {
                let bid = self.seen(entry, "bid", bid, Some(*money))?;
                one(Command::Reveal {
                    bid,
                    amount: money.amount,
                    limit: *limit,
                    salt: *salt,
                })
            }
            Action::Withdraw { contribution } => {
                let contribution = self.seen(entry, "contribution", contribution, None)?;
                one(Command::Withdraw { contribution })
            }
            Action::Return {
                contribution,
                money,
                reason,
            } => {
                let contribution = self.seen(entry, "contribution", contribution, Some(*money))?;
                one(Command::Return {
                    contribution,
                    amount: money.amount,
                    reason: *reason,
                })
            }
            Action::Seed { round, seed, proof } => one(Command::Seed {
                round: *round,
                seed: *seed,
                proof,
            }),
            Action::Document { hash, exit } => one(Command::Document {
                hash: *hash,
                exit: *exit,
            }),
            Action::Close(round) => one(Command::Close { round: *round }),
            Action::Pause => one(Command::Pause),
            Action::Resume => one(Command::Resume),
            Action::Cancel => one(Command::Cancel),
            Action::Tick => one(Command::Tick),
        }
    }

    /// The sequence number of a contribution that stands before, in the currency of the amount.
    fn seen(
        &self,
        entry: &PlannedEntry,
        key: &'static str,
        name: &str,
        money: Option<Money>,
    ) -> Result<Sequence, InputError> {
        let Some(seen) = self.names.get(name).and_then(|name| name.seen) else {
            let fault = InputFault::NotYetThere {
                found: Shown::new(name),
            };
            return Err(self.error(entry, key, fault));
        };
        match money.filter(|money| money.currency != seen.currency) {
            None => Ok(seen.sequence),
            Some(money) => {
                let symbol = |currency: CurrencyIndex| {
                    self.entries
                        .symbols
                        .get(currency.index())
                        .cloned()
                        .unwrap_or_default()
                };
                let (found, expected) = (symbol(money.currency), symbol(seen.currency));
                let fault = InputFault::OtherCurrency { found, expected };
                Err(self.error(entry, "amount", fault))
            }
        }
    }

    fn doubled(&self, sealed_by: usize, row: &Row<'_>) -> InputError {
        let entry = &self.entries.list[sealed_by];
        let found = Shown::new(row.contribute.reference);
        let first = format!("on line {} of the contributions", row.line);
        self.error(
            entry,
            "contribution_id",
            InputFault::Doubled { found, first },
        )
    }

    fn error(&self, entry: &PlannedEntry, key: &str, fault: InputFault) -> InputError {
        let spot = Spot::Key {
            key: key.to_owned(),
            column: None,
        };
        let place = Place {
            file: self.entries.file.clone(),
            line: Some(entry.line),
            spot,
        };
        InputError::new(place, fault)
    }
}
