//! What docs/terms.md and docs/evm.md promise of the time after a sale, computed here from the terms and the record alone: money that is
//! released in steps, objections that stop it, what goes back for tokens, and a share that becomes free.

use alloy_primitives::{U256, U512};
use softcap_evm::bindings::milestones::{
    IMilestones::Progress,
    Milestones::{self, MilestonesErrors as Denied},
};
use softcap_evm::bindings::vesting::Vesting::{self, VestingErrors};
use softcap_offering::terms::Terms;

use crate::acts::INVESTORS;

/// Basis points of the whole.
const WHOLE: u128 = 10_000;

/// What a settled sale says of one investor who has the tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stake {
    /// The accepted money; where all got the same part of what they asked for, the ask.
    pub(crate) weight: u128,
    pub(crate) bought: u128,
}

/// Whether steps are released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Releases {
    Possible,
    Stopped,
}

/// What an objection comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Objection {
    pub(crate) step: usize,
    pub(crate) weight: u128,
    /// All objections to this step, where they stop the releases.
    pub(crate) stopped: Option<u128>,
}

/// The accepted money, released in steps.
#[derive(Clone, Debug)]
pub(crate) struct Steps {
    /// Basis points of each, and seconds before which it is not announced.
    steps: Vec<(u128, u64)>,
    /// Basis points of the accepted money that stop.
    share: u128,
    /// Seconds for objections.
    span: u64,
    /// Seconds from which on what is left goes back.
    deadline: u64,
    pub(crate) begun: Option<u64>,
    /// What the sale brought; nothing before the beginning.
    raised: u128,
    /// What all stakes weigh together.
    weight: u128,
    next: usize,
    /// First second without objections to the next one, if it is announced.
    until: Option<u64>,
    objections: u128,
    /// The latest step that each investor objected to.
    objected: [Option<usize>; INVESTORS],
    releases: Releases,
    pub(crate) released: u128,
    /// Tokens that each gave back, and the money that came for them.
    pub(crate) given_back: [u128; INVESTORS],
    pub(crate) got: [u128; INVESTORS],
}

impl Steps {
    /// `None` where the issuer gets all of the money at once.
    pub(crate) fn of(terms: &Terms) -> Option<Self> {
        let objections = terms.objections?;
        let mut earliest = 0;
        let steps = terms.milestones.iter().map(|step| {
            // One after the other, so none comes before one that it follows.
            earliest = earliest.max(step.after.0 / 1_000);
            (u128::from(step.part.0), earliest)
        });
        Some(Self {
            steps: steps.collect(),
            share: objections.share.0.into(),
            span: objections.span.0 / 1_000,
            deadline: objections.deadline.0 / 1_000,
            begun: None,
            raised: 0,
            weight: 0,
            next: 0,
            until: None,
            objections: 0,
            objected: [None; INVESTORS],
            releases: Releases::Possible,
            released: 0,
            given_back: [0; INVESTORS],
            got: [0; INVESTORS],
        })
    }

    pub(crate) fn begin(&mut self, now: u64, raised: u128, weight: u128) {
        (self.begun, self.raised, self.weight) = (Some(now), raised, weight);
    }

    pub(crate) fn left(&self) -> u128 {
        self.raised - self.released
    }

    /// How many steps are released.
    pub(crate) fn done(&self) -> usize {
        self.next
    }

    /// Whether what is left goes back for tokens.
    pub(crate) fn goes_back(&self, now: u64) -> bool {
        let late = self.begun.is_some_and(|begun| now - begun >= self.deadline);
        self.releases == Releases::Stopped || (late && self.next < self.steps.len())
    }

    /// Since when time counts, where a step is still to come.
    fn running(&self, now: u64) -> Result<u64, Denied> {
        let begun = self.begun.ok_or_else(not_begun)?;
        if self.next == self.steps.len() {
            return Err(Denied::AllReleased(Milestones::AllReleased {}));
        }
        if self.goes_back(now) {
            return Err(Denied::RefundsOpen(Milestones::RefundsOpen {}));
        }
        Ok(begun)
    }

    /// The issuer says that the next step is reached; the step, and the end of objections.
    pub(crate) fn announce(&mut self, now: u64) -> Result<(usize, u64), Denied> {
        let begun = self.running(now)?;
        if let Some(until) = self.until {
            return Err(Denied::AlreadyAnnounced(Milestones::AlreadyAnnounced {
                objectionsUntil: U256::from(until),
            }));
        }
        let earliest = begun + self.steps[self.next].1;
        if now < earliest {
            let earliest = U256::from(earliest);
            return Err(Denied::TooEarly(Milestones::TooEarly { earliest }));
        }
        let (until, deadline) = (now + self.span, begun + self.deadline);
        if until >= deadline {
            let deadline = U256::from(deadline);
            return Err(Denied::TooLate(Milestones::TooLate { deadline }));
        }
        (self.until, self.objections) = (Some(until), 0);
        Ok((self.next, until))
    }

    fn announced(&self) -> Result<u64, Denied> {
        self.until
            .ok_or(Denied::NotAnnounced(Milestones::NotAnnounced {}))
    }

    pub(crate) fn object(
        &mut self,
        now: u64,
        who: usize,
        stake: Option<Stake>,
    ) -> Result<Objection, Denied> {
        self.running(now)?;
        let until = self.announced()?;
        if now >= until {
            return Err(Denied::ObjectionsOver(Milestones::ObjectionsOver {
                objectionsUntil: U256::from(until),
            }));
        }
        let weight = stake.ok_or_else(no_contributor)?.weight;
        if self.objected[who] == Some(self.next) {
            return Err(Denied::AlreadyObjected(Milestones::AlreadyObjected {}));
        }
        self.objected[who] = Some(self.next);
        self.objections += weight;
        let reached = self.objections * WHOLE >= self.weight * self.share;
        if reached {
            self.releases = Releases::Stopped;
        }
        Ok(Objection {
            step: self.next,
            weight,
            stopped: reached.then_some(self.objections),
        })
    }

    /// The step that is released, and what the issuer gets: the parts so far are rounded down together.
    pub(crate) fn release(&mut self, now: u64) -> Result<(usize, u128), Denied> {
        self.running(now)?;
        let until = self.announced()?;
        if now < until {
            return Err(Denied::ObjectionsOpen(Milestones::ObjectionsOpen {
                objectionsUntil: U256::from(until),
            }));
        }
        let step = self.next;
        let parts: u128 = self.steps[..=step].iter().map(|(part, _)| part).sum();
        let amount = self.raised * parts / WHOLE - self.released;
        self.released += amount;
        (self.next, self.until) = (step + 1, None);
        Ok((step, amount))
    }

    /// Money for tokens that are given back: all of it is rounded down together.
    pub(crate) fn give_back(
        &mut self,
        now: u64,
        who: usize,
        tokens: u128,
        stake: Option<Stake>,
    ) -> Result<u128, Denied> {
        if !self.goes_back(now) {
            return Err(Denied::RefundsNotOpen(Milestones::RefundsNotOpen {}));
        }
        let stake = stake.ok_or_else(no_contributor)?;
        let most = stake.bought - self.given_back[who];
        if tokens > most {
            let most = U256::from(most);
            return Err(Denied::TooManyTokens(Milestones::TooManyTokens { most }));
        }
        let given = self.given_back[who] + tokens;
        let whole = U512::from(self.left()) * U512::from(stake.weight) * U512::from(given)
            / (U512::from(self.weight) * U512::from(stake.bought));
        let amount = whole.to::<u128>() - self.got[who];
        if amount == 0 {
            return Err(Denied::NothingDue(Milestones::NothingDue {}));
        }
        (self.given_back[who], self.got[who]) = (given, self.got[who] + amount);
        Ok(amount)
    }

    /// As the contract should say it.
    pub(crate) fn progress(&self) -> Progress {
        Progress {
            next: u8::try_from(self.next).unwrap(),
            releases: u8::from(self.releases == Releases::Stopped),
            objectionsUntil: alloy_primitives::Uint::from(self.until.unwrap_or(0)),
            objections: alloy_primitives::Uint::from(self.objections),
            total: alloy_primitives::Uint::from(self.raised),
        }
    }
}

/// A share of the supply that becomes free over time.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    cliff: u64,
    duration: u64,
    pub(crate) whole: u128,
    pub(crate) begun: Option<u64>,
    pub(crate) given: u128,
}

impl Share {
    pub(crate) fn new(vesting: softcap_offering::terms::Vesting, whole: u128) -> Self {
        Self {
            cliff: vesting.cliff.0 / 1_000,
            duration: vesting.duration.0 / 1_000,
            whole,
            begun: None,
            given: 0,
        }
    }

    /// What the holder gets who asks now.
    pub(crate) fn vest(&mut self, now: u64) -> Result<u128, VestingErrors> {
        let begun = self
            .begun
            .ok_or(VestingErrors::NotBegun(Vesting::NotBegun {}))?;
        let elapsed = now - begun;
        let free = if elapsed < self.cliff {
            0
        } else if elapsed >= self.duration {
            self.whole
        } else {
            let part = U256::from(self.whole) * U256::from(elapsed) / U256::from(self.duration);
            part.to()
        };
        let tokens = free - self.given;
        if tokens == 0 {
            return Err(VestingErrors::NothingFree(Vesting::NothingFree {}));
        }
        self.given = free;
        Ok(tokens)
    }
}

fn not_begun() -> Denied {
    Denied::NotBegun(Milestones::NotBegun {})
}

fn no_contributor() -> Denied {
    Denied::NotAContributor(Milestones::NotAContributor {})
}
