//! What follows a sale, on the chain first, then by the promises of the terms, and in the journal where it has an entry for it.

use alloy_primitives::{Address, U256, uint};
use softcap_evm::bindings::{
    escrow::IEscrow::IEscrowEvents,
    milestones::Milestones::{self, MilestonesErrors, MilestonesEvents as Event},
    vesting::Vesting::{self, VestingErrors, VestingEvents},
};
use softcap_offering::terms::Terms;
use softcap_offering::{Command, Outcome, Refusal};

use crate::acts::{AfterAct, Caller, Follows, INVESTORS, Purse, Tokens};
use crate::after_chain::{AfterAnswer, Denied, Said};
use crate::chain::{Failed, STRANGER, investor};
use crate::engine::{self, Money};
use crate::follow::same;
use crate::play::Table;
use crate::promises::{Objection, Share, Stake, Steps};
use crate::sale::{BENEFICIARY, ISSUER};
use crate::script::part;

/// The only share of these terms.
const SHARE: u8 = 0;

/// What follows the sale, as the terms promise it.
#[derive(Clone, Debug)]
pub(crate) struct Following {
    pub(crate) steps: Option<Steps>,
    pub(crate) share: Option<Share>,
    /// Tokens that investors had of each other, and gave each other.
    taken: [u128; INVESTORS],
    passed: [u128; INVESTORS],
}

impl Following {
    /// Nothing of it has begun. `whole` is the share, which is a contract's only where it vests.
    pub(crate) fn new(terms: &Terms, whole: Option<u128>) -> Self {
        let supply = &terms.token.supply;
        let share = whole.and_then(|whole| Some(Share::new(supply.share_vesting(0)?, whole)));
        Self {
            steps: Steps::of(terms),
            share,
            taken: [0; INVESTORS],
            passed: [0; INVESTORS],
        }
    }

    pub(crate) fn given_back(&self, who: usize) -> u128 {
        self.steps.as_ref().map_or(0, |steps| steps.given_back[who])
    }

    /// Money that came for tokens.
    pub(crate) fn got(&self, who: usize) -> u128 {
        self.steps.as_ref().map_or(0, |steps| steps.got[who])
    }
}

impl Table<'_> {
    pub(crate) fn after(&mut self, act: AfterAct) -> Result<(), String> {
        match act {
            AfterAct::Begin(which) => self.begin(which),
            AfterAct::SettleAll => self.settle_all(),
            AfterAct::Announce(caller) => self.announce(caller),
            AfterAct::Object(who) => self.object(who),
            AfterAct::Release => self.release(),
            AfterAct::GiveBack(who, tokens) => self.give_back(who, tokens),
            AfterAct::Pass(from, to, tokens) => {
                let tokens = self.tokens_of(from, tokens).min(self.held(from));
                self.chain.pass(from, to, tokens);
                self.following.passed[from] += tokens;
                self.following.taken[to] += tokens;
                Ok(())
            }
            AfterAct::Vest => self.vest(),
            AfterAct::PayIn => self.pay_in(),
            AfterAct::Bind(which) => self.bind(which),
        }
    }

    fn contract(&self, which: Follows) -> Result<Address, String> {
        match which {
            Follows::Milestones => self.chain.made.milestones,
            Follows::Vesting => self.chain.made.vesting,
        }
        .ok_or_else(|| format!("no contract of {which:?}"))
    }

    fn begun(&self, which: Follows) -> Option<u64> {
        match which {
            Follows::Milestones => self.following.steps.as_ref()?.begun,
            Follows::Vesting => self.following.share.as_ref()?.begun,
        }
    }

    /// Tokens that an investor has.
    pub(crate) fn held(&self, who: usize) -> u128 {
        let Following { taken, passed, .. } = &self.following;
        let all = self.engine.given[who] + taken[who];
        all - passed[who] - self.following.given_back(who)
    }

    /// What the settlement says of an investor who has claimed.
    pub(crate) fn stake(&self, who: usize) -> Option<Stake> {
        let bought = self.engine.given[who];
        // Where all got the same part of what they asked for, an ask weighs as much as the part of it.
        let weight = match &self.asks {
            Some(asks) => asks.of[who],
            None => engine::accepted(&self.engine.offering, who),
        };
        (bought > 0).then_some(Stake { weight, bought })
    }

    fn tokens_of(&self, who: usize, tokens: Tokens) -> u128 {
        match tokens {
            Tokens::All => self.held(who),
            Tokens::Part(parts) => part(self.held(who), parts),
            Tokens::Units(units) => units,
            Tokens::Bought => self.engine.given[who] - self.following.given_back(who),
            Tokens::TooMany => self.engine.given[who] - self.following.given_back(who) + 1,
        }
    }

    fn steps(&mut self) -> Result<&mut Steps, String> {
        self.following.steps.as_mut().ok_or("no steps".to_owned())
    }

    fn begin(&mut self, which: Follows) -> Result<(), String> {
        let contract = self.contract(which)?;
        let call = Vesting::beginCall {};
        let answer = self.chain.after(STRANGER, contract, U256::ZERO, &call);
        let answer = self.noted_after(answer);
        if self.begun(which).is_some() {
            return match answer {
                Err(Denied::Milestones(MilestonesErrors::AlreadyBegun(_)))
                | Err(Denied::Vesting(VestingErrors::AlreadyBegun(_))) => Ok(()),
                answer => Err(format!("begun already, the contract says {answer:?}")),
            };
        }
        if self.succeeded() && answer.is_err() {
            return Err(format!("settled, and does not begin: {answer:?}"));
        }
        self.started(answer, &[which])
    }

    fn settle_all(&mut self) -> Result<(), String> {
        let answer = self.chain.settle_all();
        let answer = self.noted_after(answer);
        let mut all = Vec::new();
        if self.chain.made.milestones.is_some() {
            all.push(Follows::Milestones);
        }
        if self.chain.made.vesting.is_some() {
            all.push(Follows::Vesting);
        }
        self.started(answer, &all)
    }

    /// The sale is settled if nobody did, and time counts for these from now on; or nothing of it.
    fn started(&mut self, answer: AfterAnswer, which: &[Follows]) -> Result<(), String> {
        let said = match answer {
            Ok(said) => said,
            Err(Denied::Escrow(error)) => {
                return self.settle_answered(&Err(Failed::Refused(error)));
            }
            Err(denied) => return Err(format!("does not begin: {denied:?}")),
        };
        let (mut drawn, mut begun) = (None, 0);
        for one in said {
            match one {
                Said::Escrow(settled @ IEscrowEvents::Settled(_)) => {
                    self.settle_answered(&Ok(vec![settled]))?;
                }
                Said::Escrow(IEscrowEvents::Drawn(said)) => drawn = Some(said.amount),
                Said::Milestones(Event::Begun(_)) | Said::Vesting(VestingEvents::Begun(_)) => {
                    begun += 1;
                }
                other => return Err(format!("at the beginning: {other:?}")),
            }
        }
        same(&begun, &which.len())?;
        if !self.succeeded() {
            return Err("begun without a settlement".to_owned());
        }
        let drawable = self.drawable();
        let weight = self.asks.as_ref().map_or(drawable, |asks| asks.sum.to());
        let now = self.chain.now;
        for one in which {
            match one {
                Follows::Milestones => {
                    let draws = self.engine.money == Money::Held;
                    same(&draws.then_some(U256::from(drawable)), &drawn)?;
                    self.engine.money = Money::Drawn;
                    self.steps()?.begin(now, drawable, weight);
                }
                Follows::Vesting => {
                    let share = self.following.share.as_mut();
                    share.ok_or("no share")?.begun = Some(now);
                }
            }
        }
        if self.settled_second() != Some(now) {
            self.met.note("begun after the settlement");
        }
        Ok(())
    }

    fn settled_second(&self) -> Option<u64> {
        let settlement = self.engine.offering.settlement()?;
        Some(settlement.at.position.0 / 1_000)
    }

    /// Whether the journal counts from the same second as a contract. Where it does not, it is ahead.
    fn counts_alike(&self, which: Follows) -> bool {
        self.begun(which).is_some() && self.begun(which) == self.settled_second()
    }

    fn ask_milestones(
        &mut self,
        from: Address,
        call: &impl alloy_sol_types::SolCall,
    ) -> Result<AfterAnswer, String> {
        let contract = self.contract(Follows::Milestones)?;
        let answer = self.chain.after(from, contract, U256::ZERO, call);
        Ok(self.noted_after(answer))
    }

    fn announce(&mut self, caller: Caller) -> Result<(), String> {
        let from = match caller {
            Caller::Issuer => ISSUER,
            Caller::Stranger => STRANGER,
        };
        let answer = self.ask_milestones(from, &Milestones::announceCall {})?;
        let now = self.chain.now;
        let expected = match caller {
            Caller::Issuer => self.steps()?.announce(now),
            Caller::Stranger => Err(MilestonesErrors::NotIssuer(Milestones::NotIssuer {})),
        };
        if let Err(MilestonesErrors::TooEarly(_)) = expected
            && self.counts_alike(Follows::Milestones)
        {
            let outcome = self.released_in_record();
            same(&outcome, &Outcome::Refused(Refusal::MilestoneTooEarly))?;
        }
        let expected = expected.map(|(step, until)| {
            vec![Event::MilestoneAnnounced(Milestones::MilestoneAnnounced {
                milestone: U256::from(step),
                objectionsUntil: U256::from(until),
            })]
        });
        same_of_milestones(expected, answer)
    }

    /// What the journal would say of the next release.
    fn released_in_record(&self) -> Outcome {
        let done = self.following.steps.as_ref().map_or(0, Steps::done);
        let milestone = u8::try_from(done).unwrap();
        let mut would = self.engine.clone();
        would.apply(self.chain.now, &Command::Release { milestone })
    }

    fn object(&mut self, who: usize) -> Result<(), String> {
        let answer = self.ask_milestones(investor(who), &Milestones::objectCall {})?;
        let (now, stake) = (self.chain.now, self.stake(who));
        let expected = self.steps()?.object(now, who, stake);
        let expected = expected.map(|objection| objection_events(who, objection));
        same_of_milestones(expected, answer)
    }

    fn release(&mut self) -> Result<(), String> {
        let before = self.chain.money(BENEFICIARY);
        let answer = self.ask_milestones(STRANGER, &Milestones::releaseCall {})?;
        let now = self.chain.now;
        let expected = self.steps()?.release(now);
        if let Ok((step, amount)) = expected {
            let milestone = u8::try_from(step).unwrap();
            let outcome = self.engine.apply(now, &Command::Release { milestone });
            same(&outcome, &Outcome::Done)?;
            // The part of the money that the journal says is released by now.
            let part = U256::from(self.engine.offering.released().0);
            let raised = U256::from(self.engine.offering.raised().0);
            let all = raised * part / uint!(10_000_U256);
            self.compare_released(all)?;
            same(
                &(self.chain.money(BENEFICIARY) - before),
                &U256::from(amount),
            )?;
        } else if let Err(MilestonesErrors::AllReleased(_)) = expected {
            let outcome = self.released_in_record();
            same(&outcome, &Outcome::Refused(Refusal::UnknownMilestone))?;
        }
        let expected = expected.map(|(step, amount)| {
            vec![Event::MilestoneReleased(Milestones::MilestoneReleased {
                milestone: U256::from(step),
                amount: U256::from(amount),
            })]
        });
        same_of_milestones(expected, answer)
    }

    /// The journal says what the parts are that everybody bought for; the contract has the least that they can come to.
    fn compare_released(&mut self, all: U256) -> Result<(), String> {
        let released = U256::from(self.steps()?.released);
        let Some(asks) = &self.asks else {
            return same(&all, &released);
        };
        self.met.note("shared out, released in steps");
        if released > all || all - released > U256::from(asks.count()) {
            return Err(format!("released {released}, in the journal {all}"));
        }
        Ok(())
    }

    fn give_back(&mut self, who: usize, tokens: Tokens) -> Result<(), String> {
        let tokens = self.tokens_of(who, tokens);
        let call = Milestones::refundCall {
            tokens: U256::from(tokens),
        };
        let expected = self.given_back(who, tokens)?;
        let answer = self.ask_milestones(investor(who), &call)?;
        if let Ok((after, _)) = &expected {
            if tokens < self.engine.given[who] {
                self.met.note("some of the tokens given back");
            }
            self.following.steps = Some(after.clone());
        }
        same(&answer, &expected.map(|(_, said)| vec![said]))
    }

    /// What comes of it when an investor gives tokens back, and what the contract says of it.
    pub(crate) fn given_back(
        &mut self,
        who: usize,
        tokens: u128,
    ) -> Result<Result<(Steps, Said), Denied>, String> {
        let (now, stake, held) = (self.chain.now, self.stake(who), self.held(who));
        let closed = self.chain.is_coin() && self.purses[who] == Purse::Refuses;
        let mut after = self.steps()?.clone();
        let amount = match after.give_back(now, who, tokens, stake) {
            Ok(amount) => amount,
            Err(error) => return Ok(Err(Denied::Milestones(error))),
        };
        if tokens > held {
            return Ok(Err(Denied::Token));
        }
        if closed {
            let error = MilestonesErrors::PaymentFailed(Milestones::PaymentFailed {});
            return Ok(Err(Denied::Milestones(error)));
        }
        let said = Event::Refunded(Milestones::Refunded {
            investor: investor(who),
            tokens: U256::from(tokens),
            amount: U256::from(amount),
        });
        Ok(Ok((after, Said::Milestones(said))))
    }

    fn vest(&mut self) -> Result<(), String> {
        let contract = self.contract(Follows::Vesting)?;
        let call = Vesting::releaseCall {};
        let answer = self.chain.after(STRANGER, contract, U256::ZERO, &call);
        let answer = self.noted_after(answer);
        let now = self.chain.now;
        let share = self.following.share.as_mut().ok_or("no share")?;
        let expected = share.vest(now);
        if let Ok(tokens) = expected {
            let outcome = self.engine.vest(now, SHARE, tokens);
            same(&outcome, &Outcome::Done)?;
        }
        if self.counts_alike(Follows::Vesting) {
            // The journal has no unit more free than the contract.
            let outcome = self.engine.clone().vest(now, SHARE, 1);
            let refused = [Refusal::NotVested, Refusal::NothingToClaim].map(Outcome::Refused);
            if !refused.contains(&outcome) {
                return Err(format!("one unit more vests in the journal: {outcome:?}"));
            }
        }
        let expected = expected
            .map(|tokens| {
                let tokens = U256::from(tokens);
                vec![Said::Vesting(VestingEvents::Released(Vesting::Released {
                    tokens,
                }))]
            })
            .map_err(Denied::Vesting);
        same(&answer, &expected)
    }

    fn pay_in(&mut self) -> Result<(), String> {
        let contract = self.contract(Follows::Milestones)?;
        let answer = self.chain.send_coin(contract);
        match self.noted_after(answer) {
            Err(Denied::Milestones(MilestonesErrors::NotEscrow(_))) => Ok(()),
            answer => Err(format!("paid in by a stranger: {answer:?}")),
        }
    }

    fn bind(&mut self, which: Follows) -> Result<(), String> {
        let contract = self.contract(which)?;
        let call = Vesting::bindCall { escrow_: STRANGER };
        let answer = self.chain.after(STRANGER, contract, U256::ZERO, &call);
        match self.noted_after(answer) {
            Err(Denied::Milestones(MilestonesErrors::AlreadyBound(_)))
            | Err(Denied::Vesting(VestingErrors::AlreadyBound(_))) => Ok(()),
            answer => Err(format!("bound to another escrow: {answer:?}")),
        }
    }

    /// Notes what came of a transaction after the sale.
    fn noted_after(&mut self, answer: AfterAnswer) -> AfterAnswer {
        let name = |text: String| {
            let words: Vec<&str> = text.split(['(', ' ', '{']).take(2).collect();
            words.join(" ")
        };
        match &answer {
            Ok(said) => {
                for one in said {
                    self.met.note(format!("after {}", name(format!("{one:?}"))));
                }
            }
            Err(denied) => self
                .met
                .note(format!("denied {}", name(format!("{denied:?}")))),
        }
        answer
    }
}

fn objection_events(who: usize, objection: Objection) -> Vec<Event> {
    let milestone = U256::from(objection.step);
    let mut events = vec![Event::Objected(Milestones::Objected {
        investor: investor(who),
        milestone,
        accepted: U256::from(objection.weight),
    })];
    if let Some(objections) = objection.stopped {
        events.push(Event::Stopped(Milestones::Stopped {
            milestone,
            objections: U256::from(objections),
        }));
    }
    events
}

fn same_of_milestones(
    expected: Result<Vec<Event>, MilestonesErrors>,
    answer: AfterAnswer,
) -> Result<(), String> {
    let expected = expected
        .map(|events| events.into_iter().map(Said::Milestones).collect::<Vec<_>>())
        .map_err(Denied::Milestones);
    same(&expected, &answer)
}
