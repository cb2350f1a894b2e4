//! What docs/evm.md promises of a settlement by root, as a model: who has what in the sale, what each call does, and the error it ends with.
//! Leaves are judged by the rules of the crate, which commands use as well.

use alloy_primitives::U256;
use softcap_evm::bindings::root_escrow::IRootEscrow::{Account, Leaf};
use softcap_evm::{LeafFlaw, LeafRules, RootTerms};

use crate::acts::INVESTORS;
use crate::chain::who;

/// Basis points of the whole.
const WHOLE: u128 = 10_000;

/// The name of an error.
pub(crate) type Refused = &'static str;

/// Where the sale stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Sale,
    Cancelled,
    /// In a second.
    Posted(u64),
    Void,
}

/// Where an investor stands, by the contract's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    #[default]
    Unknown,
    Admitted,
    Revoked,
    Returned,
    Proved,
    Refunded,
}

/// What the contract has of an investor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Person {
    /// The limit of the permit; of a proved leaf the accepted money.
    pub(crate) cap: u128,
    /// Contributed; of a proved leaf what is still to be paid back.
    pub(crate) money: u128,
    pub(crate) limit: u128,
    pub(crate) count: u16,
    pub(crate) standing: Standing,
}

impl Person {
    fn is_in(&self) -> bool {
        matches!(self.standing, Standing::Admitted | Standing::Revoked)
    }

    /// Money of the investor that is not with the investor.
    pub(crate) fn inside(&self) -> u128 {
        match self.standing {
            Standing::Proved => self.cap + self.money,
            Standing::Refunded => 0,
            _ => self.money,
        }
    }

    /// As the contract should show it.
    pub(crate) fn account(&self) -> Account {
        Account {
            cap: self.cap.try_into().unwrap(),
            contributed: self.money.try_into().unwrap(),
            limit: self.limit.try_into().unwrap(),
            count: self.count,
            standing: self.standing as u8,
        }
    }
}

/// The whole sale.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) terms: RootTerms,
    pub(crate) phase: Phase,
    pub(crate) people: [Person; INVESTORS],
    pub(crate) tokens: [U256; INVESTORS],
    objected: [bool; INVESTORS],
    pub(crate) contributed: u128,
    pub(crate) objections: u128,
    /// Of proved leaves.
    pub(crate) sold: U256,
    pub(crate) accepted: U256,
    pub(crate) drawn: U256,
    /// Tokens that nobody bought, once somebody took them out.
    pub(crate) unsold_taken: Option<U256>,
    leaves: LeafRules,
}

impl Rules {
    pub(crate) fn new(terms: RootTerms) -> Self {
        Self {
            leaves: LeafRules::new(terms.clone()),
            terms,
            phase: Phase::Sale,
            people: [Person::default(); INVESTORS],
            tokens: [U256::ZERO; INVESTORS],
            objected: [false; INVESTORS],
            contributed: 0,
            objections: 0,
            sold: U256::ZERO,
            accepted: U256::ZERO,
            drawn: U256::ZERO,
            unsold_taken: None,
        }
    }

    fn seconds(&self) -> [u64; 3] {
        let terms = &self.terms;
        [terms.closes, terms.rootDeadline, terms.challengePeriod].map(|number| number.to())
    }

    fn soft_cap(&self) -> U256 {
        self.terms.softCap
    }

    /// From when on no leaf is proved.
    pub(crate) fn claims_until(&self, posted: u64) -> u64 {
        posted + self.seconds()[2] + self.terms.claimPeriod.to::<u64>()
    }

    pub(crate) fn refunds_open(&self, now: u64) -> bool {
        let [closes, deadline, _] = self.seconds();
        match self.phase {
            Phase::Cancelled | Phase::Void => true,
            Phase::Posted(at) => now >= self.claims_until(at),
            Phase::Sale => {
                let missed = U256::from(self.contributed) < self.soft_cap();
                now >= closes && (now >= deadline || missed)
            }
        }
    }

    /// The lowest limit of a contribution, and whether it stands for every other: the terms say the price of that second.
    pub(crate) fn least_limit(&self, prices: &[(u64, U256)], now: u64) -> (U256, bool) {
        let mut before = prices.iter().rev().filter(|(from, _)| *from <= now);
        match (before.next(), prices.first()) {
            (Some((_, limit)), _) | (None, Some((_, limit))) => (*limit, true),
            (None, None) => (self.terms.floor, false),
        }
    }

    pub(crate) fn contributed(&mut self, who: usize, cap: u128, amount: u128, limit: u128) {
        let person = &mut self.people[who];
        if person.standing == Standing::Unknown {
            person.standing = Standing::Admitted;
        }
        person.cap = cap;
        person.money += amount;
        person.limit = person.limit.max(limit);
        person.count += 1;
        self.contributed += amount;
    }

    fn in_sale(&self) -> Result<(), Refused> {
        match self.phase {
            Phase::Sale => Ok(()),
            _ => Err("WrongPhase"),
        }
    }

    pub(crate) fn revoke(&mut self, who: usize) -> Result<(), Refused> {
        let person = &mut self.people[who];
        if person.standing > Standing::Admitted {
            return Err("NotAllowed");
        }
        person.standing = Standing::Revoked;
        Ok(())
    }

    pub(crate) fn give_back(
        &mut self,
        now: u64,
        who: usize,
        by_choice: bool,
    ) -> Result<(), Refused> {
        self.in_sale()?;
        if by_choice && now >= self.seconds()[0] {
            return Err("ReasonTooLate");
        }
        let mut after = self.clone();
        if after.people[who].standing != Standing::Revoked {
            after.revoke(who)?;
        }
        let money = after.people[who].money;
        if money == 0 {
            return Err("NothingDue");
        }
        after.people[who].standing = Standing::Returned;
        after.contributed -= money;
        *self = after;
        Ok(())
    }

    pub(crate) fn cancel(&mut self) -> Result<(), Refused> {
        self.in_sale()?;
        self.phase = Phase::Cancelled;
        Ok(())
    }

    pub(crate) fn post(&mut self, now: u64, is_zero: bool) -> Result<(), Refused> {
        let [closes, deadline, _] = self.seconds();
        self.in_sale()?;
        if now < closes {
            return Err("StillOpen");
        }
        if now >= deadline {
            return Err("Expired");
        }
        if U256::from(self.contributed) < self.soft_cap() {
            return Err("SoftCapMissed");
        }
        if is_zero {
            return Err("NoRoot");
        }
        self.phase = Phase::Posted(now);
        Ok(())
    }

    fn posted(&self) -> Result<u64, Refused> {
        match self.phase {
            Phase::Posted(at) => Ok(at),
            _ => Err("WrongPhase"),
        }
    }

    pub(crate) fn object(&mut self, now: u64, who: usize) -> Result<(), Refused> {
        if now >= self.posted()? + self.seconds()[2] {
            return Err("ChallengeOver");
        }
        let person = self.people[who];
        if !person.is_in() || person.money == 0 {
            return Err("NotAContributor");
        }
        if self.objected[who] {
            return Err("AlreadyObjected");
        }
        self.objected[who] = true;
        self.objections += person.money;
        let share: u128 = self.terms.challengeShare.to();
        let needed = U256::from(self.contributed) * U256::from(share);
        if U256::from(self.objections) * U256::from(WHOLE) >= needed {
            self.phase = Phase::Void;
        }
        Ok(())
    }

    pub(crate) fn refute(&mut self, now: u64, leaf: &Leaf, known: bool) -> Result<(), Refused> {
        if now >= self.claims_until(self.posted()?) {
            return Err("ClaimsOver");
        }
        if !known {
            return Err("WrongProof");
        }
        let account = self.people[who(leaf.investor)].account();
        if self.leaves.refutation(leaf, &account).is_none() {
            return Err("SoundLeaf");
        }
        self.phase = Phase::Void;
        Ok(())
    }

    pub(crate) fn claims_open(&self, now: u64) -> Result<(), Refused> {
        let posted = self.posted()?;
        if now < posted + self.seconds()[2] {
            return Err("ChallengeOpen");
        }
        if now >= self.claims_until(posted) {
            return Err("ClaimsOver");
        }
        Ok(())
    }

    /// A leaf is proved; whether its refund stays due because the investor does not take it.
    pub(crate) fn prove(
        &mut self,
        leaf: &Leaf,
        known: bool,
        refuses: bool,
    ) -> Result<bool, Refused> {
        let place = who(leaf.investor);
        let person = self.people[place];
        if !person.is_in() {
            return Err("NotAllowed");
        }
        if person.money == 0 {
            return Err("NothingDue");
        }
        if !known {
            return Err("WrongProof");
        }
        match self.leaves.clone().flaw_of(leaf, &person.account()) {
            None => {}
            Some(LeafFlaw::Sum | LeafFlaw::Price | LeafFlaw::Supply | LeafFlaw::HardCap) => {
                return Err("BrokenLeaf");
            }
        }
        self.leaves.flaw_of(leaf, &person.account());
        self.sold += leaf.tokens;
        self.accepted += leaf.accepted;
        self.tokens[place] += leaf.tokens;
        let keeps = refuses && !leaf.refunded.is_zero();
        let (accepted, refunded): (u128, u128) = (leaf.accepted.to(), leaf.refunded.to());
        self.people[place] = if accepted == 0 && !keeps {
            Person::default()
        } else {
            Person {
                cap: accepted,
                money: if keeps { refunded } else { 0 },
                standing: Standing::Proved,
                ..person
            }
        };
        Ok(keeps)
    }

    /// What goes back to somebody who asks now.
    pub(crate) fn refund(&mut self, now: u64, who: usize) -> Result<u128, Refused> {
        let open = self.refunds_open(now);
        let failed = open && self.accepted < self.soft_cap();
        let person = &mut self.people[who];
        let amount = match person.standing {
            Standing::Proved => {
                let back = if failed { person.cap } else { 0 };
                let amount = person.money + back;
                (person.money, person.cap) = (0, person.cap - back);
                if person.cap == 0 && amount > 0 {
                    *person = Person::default();
                }
                amount
            }
            Standing::Returned => {
                let amount = person.money;
                person.standing = Standing::Refunded;
                amount
            }
            Standing::Admitted | Standing::Revoked if open && person.money > 0 => {
                std::mem::take(person).money
            }
            _ => 0,
        };
        if amount == 0 {
            return Err("NothingDue");
        }
        Ok(amount)
    }

    pub(crate) fn draw(&mut self) -> Result<U256, Refused> {
        if self.accepted < self.soft_cap() {
            return Err("SoftCapMissed");
        }
        let amount = self.accepted - self.drawn;
        if amount.is_zero() {
            return Err("NothingDue");
        }
        self.drawn = self.accepted;
        Ok(amount)
    }
}
