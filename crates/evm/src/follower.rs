//! Follows a chain: which blocks are deep enough to be entered, and when a chain has gone back on one that
//! was.
//!
//! Pure: blocks go in, in whatever order somebody could fetch them, and those that are `confirmations` deep
//! come out, each once and in order. What is not deep enough yet waits, and waiting blocks go when the chain
//! drops them; nothing that came out is ever taken back, because a receipt of a place in the order must
//! not be. A chain that drops what came out stops the rail ([`Stop::Deeper`]).

use std::collections::VecDeque;

use alloy_primitives::B256;

/// What links a block to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// The hash of the block before it.
    pub parent: B256,
    /// Unix seconds.
    pub timestamp: u64,
}

/// A block with what is wanted of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block<L> {
    /// Its header.
    pub header: Header,
    /// What happened in it, in order.
    pub logs: Vec<L>,
}

/// Why nothing is followed any more until a person has looked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// A block is gone whose entries are in the record.
    #[error(
        "E650: block {number} was {known} and is now {now}: the chain was reorganised deeper than the \
         confirmations that are waited for; entries of the old block are in the record. Compare the record \
         with the chain before anything is paid out"
    )]
    Deeper {
        /// Its height.
        number: u64,
        /// The hash it had.
        known: B256,
        /// The hash that the chain has there now.
        now: B256,
    },
}

/// What a block did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It follows on the newest one.
    Extended,
    /// It is known already.
    Known,
    /// So many waiting blocks are not the chain's any more; the next one is wanted again.
    Dropped(u64),
    /// Blocks before it are missing.
    Ahead,
}

/// The end of a chain as far as it is known: the newest block that came out, and those that wait.
#[derive(Clone, Debug)]
pub struct Follower<L> {
    confirmations: u64,
    /// The newest block that came out, or the one before the first that is wanted.
    anchor: Header,
    waiting: VecDeque<Block<L>>,
}

impl<L> Follower<L> {
    /// Begins behind a block.
    #[must_use]
    pub fn new(anchor: Header, confirmations: u64) -> Self {
        Self {
            confirmations,
            anchor,
            waiting: VecDeque::new(),
        }
    }

    /// The newest block that is known.
    #[must_use]
    pub fn tip(&self) -> Header {
        self.waiting
            .back()
            .map_or(self.anchor, |block| block.header)
    }

    /// The newest block that came out.
    #[must_use]
    pub fn anchor(&self) -> Header {
        self.anchor
    }

    /// The height of the block that is wanted next.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.tip().number + 1
    }

    /// What waits for confirmations, oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = &Block<L>> {
        self.waiting.iter()
    }

    /// How many blocks can be taken at once because they are deep enough, when the chain has this head:
    /// nothing waits, and the blocks up to the returned height are `confirmations` deep.
    #[must_use]
    pub fn deep_enough_up_to(&self, head: u64) -> Option<u64> {
        let deep = head.checked_sub(self.confirmations)?;
        (self.waiting.is_empty() && deep > self.anchor.number).then_some(deep)
    }

    /// Jumps to a block that is deep enough; what happened up to it was taken by the caller, who has
    /// compared the anchor with the chain ([`Follower::take`] of the block at its height).
    pub fn jump(&mut self, anchor: Header) {
        self.anchor = anchor;
        self.waiting.clear();
    }

    /// Takes what the chain has at a height now.
    ///
    /// # Errors
    /// [`Stop::Deeper`] when a block is gone that came out.
    pub fn take(&mut self, block: Block<L>) -> Result<Taken, Stop> {
        let header = block.header;
        if header.number > self.next() {
            return Ok(Taken::Ahead);
        }
        if header.number == self.next() {
            return self.follow_on(block);
        }
        if let Some(place) = self.place(header.number) {
            let same = self.waiting.get(place).map(|held| held.header.hash) == Some(header.hash);
            return Ok(if same {
                Taken::Known
            } else {
                self.drop_from(place)
            });
        }
        if header.number == self.anchor.number && header.hash != self.anchor.hash {
            return Err(self.deeper(header.hash));
        }
        Ok(Taken::Known)
    }

    fn follow_on(&mut self, block: Block<L>) -> Result<Taken, Stop> {
        if block.header.parent == self.tip().hash {
            self.waiting.push_back(block);
            return Ok(Taken::Extended);
        }
        match self.waiting.len().checked_sub(1) {
            Some(newest) => Ok(self.drop_from(newest)),
            None => Err(self.deeper(block.header.parent)),
        }
    }

    fn drop_from(&mut self, place: usize) -> Taken {
        let dropped = self.waiting.len().saturating_sub(place);
        self.waiting.truncate(place);
        Taken::Dropped(dropped as u64)
    }

    fn deeper(&self, now: B256) -> Stop {
        Stop::Deeper {
            number: self.anchor.number,
            known: self.anchor.hash,
            now,
        }
    }

    /// The place of a waiting block by its height.
    fn place(&self, number: u64) -> Option<usize> {
        let place = number.checked_sub(self.anchor.number + 1)?;
        usize::try_from(place)
            .ok()
            .filter(|place| *place < self.waiting.len())
    }

    /// The blocks that are deep enough below the newest known one, oldest first. They are never wanted
    /// again.
    pub fn confirmed(&mut self) -> Vec<Block<L>> {
        let tip = self.tip().number;
        let mut deep = Vec::new();
        while let Some(block) = self.waiting.front()
            && tip - block.header.number >= self.confirmations
            && let Some(block) = self.waiting.pop_front()
        {
            self.anchor = block.header;
            deep.push(block);
        }
        deep
    }
}
