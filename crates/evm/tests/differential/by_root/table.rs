//! Both sides of one sale that is settled by a root: the escrow on the chain, and the record with what the rules promise.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use softcap_evm::bindings::root_escrow::IRootEscrow::{self, IRootEscrowEvents as Event};
use softcap_offering::{Command, Outcome, Verdict};

use super::acts::{Act, Probe, Proof, Root, Step};
use super::chain::{Answer, name};
use super::leaves::Leaves;
use super::rules::{Phase, Refused, Rules};
use super::sale::Sale;
use crate::acts::{Caller, INVESTORS, Purse};
use crate::chain::{Chain, STRANGER, investor, who};
use crate::engine::Engine;
use crate::follow::same;
use crate::play::Met;
use crate::sale::{BENEFICIARY, ISSUER};

/// More gas than anything takes.
const PLENTY: u64 = 30_000_000;
/// Less than a leaf takes.
const LITTLE: u64 = 140_000;

/// Both sides of one sale.
pub(crate) struct Table<'a> {
    pub(crate) sale: &'a Sale,
    pub(crate) chain: Chain,
    pub(crate) engine: Engine,
    pub(crate) rules: Rules,
    /// The root that was posted, and whether it is the record's.
    leaves: Option<(Leaves, bool)>,
    /// Money went back that the settled record still gives out; the record refuses such an entry.
    pub(crate) returned_late: bool,
    pub(crate) purses: [Purse; INVESTORS],
    pub(crate) met: &'a mut Met,
}

impl<'a> Table<'a> {
    pub(crate) fn new(sale: &'a Sale, met: &'a mut Met) -> Self {
        let mut chain = Chain::by_root(&sale.told);
        let terms = chain.look(&IRootEscrow::termsCall {});
        Self {
            chain,
            engine: Engine::announced(sale.terms.clone()),
            rules: Rules::new(terms),
            leaves: None,
            returned_late: false,
            purses: [Purse::Takes; INVESTORS],
            sale,
            met,
        }
    }

    pub(crate) fn step(&mut self, step: &Step) -> Result<(), String> {
        self.chain.at(step.second);
        self.engine.apply(step.second, &Command::Tick);
        match &step.act {
            Act::Contribute(pay) => self.contribute(pay)?,
            Act::Issuer(caller, act) => self.issuer(*caller, *act)?,
            Act::Settle => self.settle(),
            Act::Post(caller, root) => self.post(*caller, *root)?,
            Act::Object(who) => self.object(*who)?,
            Act::Refute(who, proof) => self.refute(*who, *proof)?,
            Act::Claim(who, proof) => self.claim(*who, *proof)?,
            Act::Distribute(list) => self.distribute(list)?,
            Act::Refund(who) => self.refund(*who)?,
            Act::RefundMany(list) => self.refund_many(list)?,
            Act::Draw => self.draw()?,
            Act::TakeUnsold => self.take_unsold()?,
            Act::Purse(who, purse) => {
                self.purses[*who] = *purse;
                self.chain.set_purse(*who, *purse);
            }
            Act::Probe(probe) => self.probe(*probe)?,
        }
        self.engine
            .offering
            .check_invariants()
            .map_err(|broken| broken.to_string())?;
        self.compare()
    }

    pub(crate) fn now(&self) -> u64 {
        self.chain.now
    }

    /// Whether an investor does not take coin.
    pub(crate) fn refuses(&self, who: usize) -> bool {
        self.chain.is_coin() && self.purses[who] == Purse::Refuses
    }

    pub(crate) fn ask(&mut self, from: Address, call: &impl SolCall) -> Answer {
        let answer = self.chain.ask(from, U256::ZERO, call);
        self.noted(answer)
    }

    pub(crate) fn noted(&mut self, answer: Answer) -> Answer {
        match &answer {
            Ok(events) => {
                for event in events {
                    self.met.note(format!("event {}", name(event)));
                }
            }
            Err(error) => self.met.note(format!("error {error}")),
        }
        answer
    }

    fn settle(&mut self) {
        let now = self.now();
        if let Outcome::Settled(settled) = self.engine.apply(now, &Command::Settle) {
            let verdict = settled.verdict.name();
            self.met.note(format!("verdict {verdict}"));
        }
    }

    fn post(&mut self, caller: Caller, root: Root) -> Result<(), String> {
        let leaves = Leaves::posted(root, &self.engine, &self.rules);
        let root_ = match root {
            Root::Zero => B256::ZERO,
            _ => leaves.root(),
        };
        let answer = self.ask(sender(caller), &IRootEscrow::postCall { root_ });
        let expected = match caller {
            Caller::Stranger => Err("NotIssuer"),
            Caller::Issuer => self.rules.post(self.now(), root == Root::Zero),
        };
        agree(&answer, expected)?;
        if answer.is_ok() {
            let own = self.succeeded() && self.is_of_record(&leaves);
            self.met.note(if own {
                format!("posted, {:?}", self.sale.outcome)
            } else {
                format!("posted, {root:?}")
            });
            self.leaves = Some((leaves, own));
        }
        Ok(())
    }

    fn is_of_record(&self, leaves: &Leaves) -> bool {
        let record = Leaves::of_record(&self.engine);
        record.is_some_and(|record| record.root() == leaves.root())
    }

    fn succeeded(&self) -> bool {
        let settlement = self.engine.offering.settlement();
        settlement.is_some_and(|settlement| settlement.settled.verdict == Verdict::Succeeded)
    }

    fn object(&mut self, who: usize) -> Result<(), String> {
        let answer = self.ask(investor(who), &IRootEscrow::objectCall {});
        let expected = self.rules.object(self.now(), who);
        agree(&answer, expected)?;
        self.void("objections", &answer)
    }

    fn void(&mut self, why: &str, answer: &Answer) -> Result<(), String> {
        let said = answer.as_ref().is_ok_and(|events| {
            let voided = |event: &Event| matches!(event, Event::Voided(_));
            events.iter().any(voided)
        });
        if answer.is_ok() {
            same(&(self.rules.phase == Phase::Void), &said)?;
        }
        if said {
            self.met.note(format!("void by {why}"));
        }
        Ok(())
    }

    /// The leaf that an act names. Before a root there is none, so any will do.
    fn leaf(&self, who: usize, proof: Proof) -> (IRootEscrow::Leaf, Vec<B256>, bool) {
        match &self.leaves {
            Some((leaves, _)) => leaves.of_investor(who, proof),
            None => {
                let leaves = Leaves::posted(Root::Zero, &self.engine, &self.rules);
                leaves.of_investor(who, proof)
            }
        }
    }

    fn refute(&mut self, who: usize, proof: Proof) -> Result<(), String> {
        let (leaf, path, known) = self.leaf(who, proof);
        let call = IRootEscrow::refuteCall {
            leaf: leaf.clone(),
            proof: path,
        };
        let answer = self.ask(STRANGER, &call);
        let expected = self.rules.refute(self.now(), &leaf, known);
        agree(&answer, expected)?;
        self.void("a leaf", &answer)
    }

    fn claim(&mut self, of: usize, proof: Proof) -> Result<(), String> {
        let (leaf, path, known) = self.leaf(of, proof);
        let call = IRootEscrow::claimCall {
            leaf: leaf.clone(),
            proof: path,
        };
        let refuses = self.refuses(who(leaf.investor));
        let answer = self.ask(STRANGER, &call);
        let expected = self.rules.claims_open(self.now());
        let expected = expected.and_then(|()| self.rules.prove(&leaf, known, refuses));
        match (answer, expected) {
            (Ok(events), Ok(keeps)) => self.proved(&leaf, keeps, &events),
            (answer, expected) => agree(&answer, expected.map(drop)),
        }
    }

    /// A leaf was paid as it says, and so the record says.
    fn proved(
        &mut self,
        leaf: &IRootEscrow::Leaf,
        keeps: bool,
        events: &[Event],
    ) -> Result<(), String> {
        let claimed = Event::Claimed(IRootEscrow::Claimed {
            investor: leaf.investor,
            tokens: leaf.tokens,
            accepted: leaf.accepted,
            refunded: leaf.refunded,
        });
        let kept = Event::RefundKept(IRootEscrow::RefundKept {
            investor: leaf.investor,
            amount: leaf.refunded,
        });
        let expected = if keeps {
            vec![claimed, kept]
        } else {
            vec![claimed]
        };
        same(&events, &expected.as_slice())?;
        let (who, now) = (who(leaf.investor), self.now());
        if self.leaves.as_ref().is_some_and(|(_, own)| *own) {
            if !leaf.tokens.is_zero() {
                let outcome = self.engine.distribute(now, who, leaf.tokens.to());
                same(&outcome, &Outcome::Done)?;
            }
            if !leaf.refunded.is_zero() && !keeps {
                let outcome = self.engine.refunded(now, who, leaf.refunded.to());
                same(&outcome, &Outcome::Done)?;
            }
        }
        Ok(())
    }

    fn distribute(&mut self, list: &[usize]) -> Result<(), String> {
        let entries: Vec<_> = list.iter().map(|who| self.leaf(*who, Proof::Own)).collect();
        let call = IRootEscrow::distributeCall {
            leaves: entries.iter().map(|(leaf, ..)| leaf.clone()).collect(),
            proofs: entries.iter().map(|(_, path, _)| path.clone()).collect(),
        };
        let answer = self.ask(STRANGER, &call);
        let mut events = match (answer, self.rules.claims_open(self.now())) {
            (Ok(events), Ok(())) => events,
            (answer, expected) => return agree(&answer, expected),
        };
        for (leaf, ..) in entries {
            let refuses = self.refuses(who(leaf.investor));
            let Ok(keeps) = self.rules.prove(&leaf, true, refuses) else {
                let skipped = IRootEscrow::Skipped {
                    investor: leaf.investor,
                };
                let first = events.drain(..1.min(events.len()));
                same(&first.collect::<Vec<_>>(), &vec![Event::Skipped(skipped)])?;
                continue;
            };
            let count = (1 + usize::from(keeps)).min(events.len());
            let own: Vec<Event> = events.drain(..count).collect();
            self.met.note("proved in a list");
            self.proved(&leaf, keeps, &own)?;
        }
        same(&events.len(), &0)
    }

    fn refund(&mut self, who: usize) -> Result<(), String> {
        let answer = self.ask(investor(who), &IRootEscrow::refundCall {});
        let mut after = self.rules.clone();
        match after.refund(self.now(), who) {
            Ok(_) if self.refuses(who) => agree(&answer, Err("PaymentFailed")),
            Ok(amount) => {
                same(&answer, &Ok(vec![refunded(who, amount)]))?;
                self.refunded(who, amount, after)
            }
            Err(error) => agree(&answer, Err(error)),
        }
    }

    fn refund_many(&mut self, list: &[usize]) -> Result<(), String> {
        let investors = list.iter().map(|who| investor(*who)).collect();
        let answer = self.ask(STRANGER, &IRootEscrow::refundManyCall { investors });
        let mut expected = Vec::new();
        for who in list {
            let mut after = self.rules.clone();
            match after.refund(self.now(), *who) {
                Ok(amount) if !self.refuses(*who) => {
                    expected.push(refunded(*who, amount));
                    self.refunded(*who, amount, after)?;
                }
                _ => expected.push(Event::Skipped(IRootEscrow::Skipped {
                    investor: investor(*who),
                })),
            }
        }
        same(&answer, &Ok(expected))
    }

    /// A refund was paid. That of a proved leaf of the record's root is the record's, unless it takes accepted money along.
    fn refunded(&mut self, who: usize, amount: u128, after: Rules) -> Result<(), String> {
        let before = self.rules.people[who];
        self.rules = after;
        if before.standing == super::rules::Standing::Proved {
            if amount > before.money {
                self.met.note("accepted money back");
            } else if self.leaves.as_ref().is_some_and(|(_, own)| *own) {
                self.met.note("kept refund taken");
                let outcome = self.engine.refunded(self.now(), who, amount);
                same(&outcome, &Outcome::Done)?;
            }
        }
        Ok(())
    }

    fn draw(&mut self) -> Result<(), String> {
        let answer = self.ask(STRANGER, &IRootEscrow::drawCall {});
        match self.rules.draw() {
            Ok(amount) => {
                let drawn = Event::Drawn(IRootEscrow::Drawn { amount });
                same(&answer, &Ok(vec![drawn]))
            }
            Err(error) => agree(&answer, Err(error)),
        }
    }

    fn take_unsold(&mut self) -> Result<(), String> {
        let held = self.chain.tokens(self.chain.escrow);
        let answer = self.ask(STRANGER, &IRootEscrow::takeUnsoldCall {});
        if !self.rules.refunds_open(self.now()) {
            return agree(&answer, Err("WrongPhase"));
        }
        if held.is_zero() {
            return agree(&answer, Err("NothingDue"));
        }
        let unsold = Event::Unsold(IRootEscrow::Unsold { tokens: held });
        same(&answer, &Ok(vec![unsold]))?;
        same(&U256::ZERO, &self.chain.tokens(self.chain.escrow))?;
        self.rules.unsold_taken = Some(held);
        Ok(())
    }

    fn probe(&mut self, probe: Probe) -> Result<(), String> {
        let now = self.now();
        match probe {
            Probe::WrongCurrency(who) => {
                let (amount, limit) = (U256::from(1), self.rules.terms.ceiling);
                let call = IRootEscrow::contributeCall { amount, limit };
                // Coin beside a token, or less of it than is said.
                let value = U256::from(u8::from(!self.chain.is_coin()));
                let answer = self.chain.ask(investor(who), value, &call);
                self.must_fail(answer)
            }
            Probe::Hollow(who) => self.hollow(who),
            Probe::TokensGone => {
                if self.rules.terms.forSale == U256::from(1) {
                    return Ok(());
                }
                let mut chain = self.chain.fork();
                chain.at(now);
                chain.hollow_out(chain.token);
                let root_ = B256::repeat_byte(1);
                let answer = chain.ask(ISSUER, U256::ZERO, &IRootEscrow::postCall { root_ });
                self.must_fail(answer)
            }
            Probe::LittleGas => {
                let (leaf, proof, _) = self.leaf(0, Proof::Own);
                let call = IRootEscrow::claimCall { leaf, proof };
                let answer = self.chain.ask_with(STRANGER, &call, LITTLE);
                if answer.is_err() {
                    self.noted(answer).ok();
                }
                Ok(())
            }
            Probe::Lengths => {
                let (leaf, ..) = self.leaf(0, Proof::Own);
                let call = IRootEscrow::distributeCall {
                    leaves: vec![leaf],
                    proofs: Vec::new(),
                };
                let answer = self.ask(STRANGER, &call);
                let open = self.rules.claims_open(now);
                agree(&answer, open.and(Err("DifferentLengths")))
            }
        }
    }

    fn must_fail(&mut self, answer: Answer) -> Result<(), String> {
        match self.noted(answer) {
            Err(error) if !error.starts_with("otherwise") => Ok(()),
            answer => Err(format!("this must be refused: {answer:?}")),
        }
    }

    /// What each gets, by the contract's own word, who asks now.
    pub(crate) fn would_refund(&mut self, who: usize) -> Answer {
        let from = investor(who);
        self.chain
            .ask_with(from, &IRootEscrow::refundCall {}, PLENTY)
    }

    /// Money that the beneficiary has.
    pub(crate) fn drawn(&mut self) -> U256 {
        self.chain.money(BENEFICIARY)
    }
}

pub(crate) fn refunded(who: usize, amount: u128) -> Event {
    Event::Refunded(IRootEscrow::Refunded {
        investor: investor(who),
        amount: U256::from(amount),
    })
}

pub(crate) fn sender(caller: Caller) -> Address {
    match caller {
        Caller::Issuer => ISSUER,
        Caller::Stranger => STRANGER,
    }
}

/// The contract ends as the rules say.
pub(crate) fn agree(answer: &Answer, expected: Result<(), Refused>) -> Result<(), String> {
    let there = answer.as_ref().map(drop).map_err(String::as_str);
    if there == expected {
        Ok(())
    } else {
        Err(format!(
            "the rules say {expected:?}, the contract {answer:?}"
        ))
    }
}
