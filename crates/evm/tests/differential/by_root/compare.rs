//! Both sides are the same after every step: every investor, the sums, and what it would all come to.

use alloy_primitives::U256;
use softcap_evm::bindings::root_escrow::IRootEscrow::{self, IRootEscrowEvents as Event};
use softcap_offering::{Command, Offering, Verdict};

use super::leaves::Leaves;
use super::rules::{Phase, Standing};
use super::table::{Table, agree, refunded};
use crate::acts::INVESTORS;
use crate::chain::{Chain, FIRST_PURSE, STRANGER, investor, who};
use crate::engine::accepted;
use crate::follow::same;
use crate::sale::ISSUER;

impl Table<'_> {
    pub(crate) fn compare(&mut self) -> Result<(), String> {
        let now = self.chain.now;
        let open = self.chain.look(&IRootEscrow::refundsOpenCall {});
        same(&self.rules.refunds_open(now), &open).map_err(|why| format!("refunds open: {why}"))?;
        let (mut held, mut given) = (U256::ZERO, U256::ZERO);
        for who in 0..INVESTORS {
            self.compare_investor(who)
                .map_err(|why| format!("investor {who}: {why}"))?;
            held += U256::from(self.rules.people[who].inside());
            given += self.rules.tokens[who];
        }
        let drawn = self.drawn();
        same(&self.rules.drawn, &drawn).map_err(|why| format!("drawn: {why}"))?;
        let escrow = self.chain.money(self.chain.escrow);
        same(&(held - drawn), &escrow).map_err(|why| format!("money in the escrow: {why}"))?;
        let unsold = self.rules.unsold_taken.unwrap_or_default();
        let tokens = self.chain.tokens(self.chain.escrow);
        same(&(self.rules.terms.forSale - given - unsold), &tokens)
            .map_err(|why| format!("tokens in the escrow: {why}"))?;
        self.compare_sums()?;
        if self.rules.phase == Phase::Sale && !self.returned_late {
            self.compare_end()
                .map_err(|why| format!("if it ended now: {why}"))?;
        }
        Ok(())
    }

    fn compare_investor(&mut self, who: usize) -> Result<(), String> {
        let person = self.rules.people[who];
        let call = IRootEscrow::accountCall {
            investor: investor(who),
        };
        same(&person.account(), &self.chain.look(&call))?;
        let purse = self.chain.money(investor(who));
        same(&U256::from(FIRST_PURSE - person.inside()), &purse)
            .map_err(|why| format!("purse: {why}"))?;
        let tokens = self.chain.tokens(investor(who));
        same(&self.rules.tokens[who], &tokens).map_err(|why| format!("tokens: {why}"))?;
        // In the record is what came in; what there was no room for is only in the contract.
        let recorded = accepted(&self.engine.offering, who);
        let running = self.engine.offering.settlement().is_none();
        let is_in = matches!(person.standing, Standing::Admitted | Standing::Revoked);
        if running && is_in && self.rules.phase == Phase::Sale {
            let agrees = if self.sale.outcome.is_by_order() {
                recorded <= person.money
            } else {
                recorded == person.money
            };
            if !agrees {
                return Err(format!(
                    "{} came in, the record has {recorded}",
                    person.money
                ));
            }
        }
        let answer = self.would_refund(who);
        let closed = self.refuses(who);
        match self.rules.clone().refund(self.chain.now, who) {
            Ok(_) if closed => agree(&answer, Err("PaymentFailed")),
            Ok(amount) => same(&answer, &Ok(vec![refunded(who, amount)])),
            Err(error) => agree(&answer, Err(error)),
        }
    }

    fn compare_sums(&mut self) -> Result<(), String> {
        let totals = self.chain.look(&IRootEscrow::totalsCall {});
        let sums = [totals.contributed, totals.objections].map(|sum| sum.to::<u128>());
        same(&[self.rules.contributed, self.rules.objections], &sums)
            .map_err(|why| format!("contributed and objections: {why}"))?;
        let outcome = self.chain.look(&IRootEscrow::outcomeCall {});
        let there = [U256::from(outcome.tokens), U256::from(outcome.accepted)];
        same(&[self.rules.sold, self.rules.accepted], &there)
            .map_err(|why| format!("proved: {why}"))?;
        let (phase, posted) = match self.rules.phase {
            Phase::Sale => (0, None),
            Phase::Cancelled => (1, None),
            Phase::Posted(at) => (2, Some(U256::from(at))),
            Phase::Void => (3, None),
        };
        same(&phase, &outcome.phase).map_err(|why| format!("phase: {why}"))?;
        posted.map_or(Ok(()), |at| same(&at, &U256::from(outcome.postedAt)))
    }

    /// No root yet. If the record were settled now and its root posted, everybody would have what the record says, to the unit.
    fn compare_end(&mut self) -> Result<(), String> {
        let closes = self.rules.terms.closes.to::<u64>();
        let second = self.chain.now.max(closes);
        let mut record = self.engine.clone();
        record.apply(second, &Command::Tick);
        record.apply(second, &Command::Settle);
        let Some(settlement) = record.offering.settlement() else {
            return Err("the record cannot be settled".to_owned());
        };
        let verdict = settlement.settled.verdict;
        if verdict != Verdict::Succeeded || second >= self.rules.terms.rootDeadline.to() {
            return Ok(());
        }
        let Some(leaves) = Leaves::of_record(&record) else {
            return Ok(());
        };
        let raised = U256::from(settlement.settled.raised.0);
        let mut chain = self.chain.fork();
        chain.at(second);
        let root_ = leaves.root();
        let posted = chain.ask(ISSUER, U256::ZERO, &IRootEscrow::postCall { root_ });
        agree(&posted, Ok(()))?;
        chain.at(second + self.rules.terms.challengePeriod.to::<u64>());
        let proofs = (0..leaves.all.len()).map(|place| leaves.path(place));
        let call = IRootEscrow::distributeCall {
            leaves: leaves.all.clone(),
            proofs: proofs.collect(),
        };
        let answer = chain.ask(STRANGER, U256::ZERO, &call)?;
        self.compare_all_leaves(&leaves, &answer)?;
        for leaf in &leaves.all {
            self.compare_leaf(&mut chain, &record.offering, leaf)
                .map_err(|why| format!("investor {}: {why}", who(leaf.investor)))?;
        }
        self.met.note("all leaves proved");
        self.compare_draw(&mut chain, raised)
    }

    /// Whoever has money in the sale is paid, and nobody else.
    fn compare_all_leaves(&self, leaves: &Leaves, events: &[Event]) -> Result<(), String> {
        let claimed = |event: &&Event| matches!(event, Event::Claimed(_));
        let paid = events.iter().filter(claimed).count();
        let is_paid = |leaf: &&IRootEscrow::Leaf| {
            let person = self.rules.people[who(leaf.investor)];
            let is_in = matches!(person.standing, Standing::Admitted | Standing::Revoked);
            is_in && person.money > 0
        };
        same(&leaves.all.iter().filter(is_paid).count(), &paid)
            .map_err(|why| format!("paid: {why}"))
    }

    fn compare_leaf(
        &self,
        chain: &mut Chain,
        settled: &Offering,
        leaf: &IRootEscrow::Leaf,
    ) -> Result<(), String> {
        let place = who(leaf.investor);
        let person = self.rules.people[place];
        same(&leaf.tokens, &chain.tokens(leaf.investor)).map_err(|why| format!("tokens: {why}"))?;
        let is_out = matches!(person.standing, Standing::Returned | Standing::Refunded);
        if is_out {
            return same(&leaf.accepted, &U256::ZERO);
        }
        same(&U256::from(accepted(settled, place)), &leaf.accepted)?;
        let kept = if self.refuses(place) {
            leaf.refunded
        } else {
            U256::ZERO
        };
        let purse = U256::from(FIRST_PURSE) - leaf.accepted - kept;
        same(&purse, &chain.money(leaf.investor)).map_err(|why| format!("purse: {why}"))
    }

    fn compare_draw(&self, chain: &mut Chain, raised: U256) -> Result<(), String> {
        let answer = chain.ask(STRANGER, U256::ZERO, &IRootEscrow::drawCall {});
        if raised.is_zero() {
            return agree(&answer, Err("NothingDue"));
        }
        let amount = raised;
        same(
            &answer,
            &Ok(vec![Event::Drawn(IRootEscrow::Drawn { amount })]),
        )
    }
}
