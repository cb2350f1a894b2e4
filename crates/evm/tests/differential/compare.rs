//! Both sides are the same after every step: every investor, the totals, and what it would all come to.

use alloy_primitives::{Address, U256};
use softcap_evm::bindings::escrow::IEscrow::{
    self, IEscrowErrors as Error, IEscrowEvents as Event,
};
use softcap_offering::{Offering, Verdict};

use crate::acts::{INVESTORS, Purse};
use crate::chain::{Chain, FIRST_PURSE, Failed, investor};
use crate::engine::{Money, accepted, tokens};
use crate::follow::same;
use crate::play::Table;
use crate::shares::{Asks, is_shared};

/// More gas than anything takes.
const PLENTY: u64 = 30_000_000;

/// `IEscrow.Standing` by number.
const RETURNED: u8 = 3;
const CLAIMED: u8 = 4;
const REFUNDED: u8 = 5;

impl Table<'_> {
    pub(crate) fn compare(&mut self) -> Result<(), String> {
        let settled = self.engine.settled_at(self.chain.now);
        let open = self.chain.look(&IEscrow::refundsOpenCall {});
        let back = settled.filter(|(_, verdict)| *verdict != Verdict::Succeeded);
        if open != back.is_some() {
            return Err(format!(
                "refunds open {open}, the engine says {:?}",
                back.map(|back| back.1)
            ));
        }
        if let Some((_, verdict)) = &back {
            self.note_shared(verdict.name());
        }
        let offering = back.map_or_else(|| self.engine.offering.clone(), |(offering, _)| offering);
        let mut held = U256::ZERO;
        for who in 0..INVESTORS {
            held += self
                .compare_investor(&offering, who, open)
                .map_err(|why| format!("investor {who}: {why}"))?;
        }
        if self.engine.money == Money::Drawn {
            held -= U256::from(self.drawable());
        }
        let escrow = self.chain.money(self.chain.escrow);
        same(&held, &escrow).map_err(|why| format!("money in the escrow: {why}"))?;
        self.compare_tokens()?;
        self.compare_after()?;
        if open {
            return Ok(());
        }
        let totals = self.chain.totals();
        // Of a sale that is shared out the contract keeps what was asked for.
        let raised = match &self.asks {
            Some(asks) => asks.sum,
            None => U256::from(self.engine.offering.raised().0),
        };
        same(&raised, &U256::from(totals.raised)).map_err(|why| format!("raised: {why}"))?;
        if raised == self.sale.told.terms.hard_cap {
            self.met.note("hard cap filled");
        }
        if is_shared(&self.sale.told.terms) {
            self.compare_askers(totals.slack)?;
        } else if totals.slack != 0 {
            self.met.note("slack");
        }
        if self.engine.offering.settlement().is_none() {
            self.compare_end()
                .map_err(|why| format!("if it ended now: {why}"))?;
        }
        Ok(())
    }

    /// In a sale that is shared out the contract counts who has money in it.
    fn compare_askers(&self, counted: u32) -> Result<(), String> {
        let now = Asks::before(&self.sale.told.terms, &self.engine);
        let asks = self.asks.as_ref().or(now.as_ref()).ok_or("no asks")?;
        same(&u32::try_from(asks.count()).unwrap(), &counted)
            .map_err(|why| format!("how many ask: {why}"))
    }

    /// Where all tokens are: with investors, still in the escrow, with the treasury, or burned.
    fn compare_tokens(&mut self) -> Result<(), String> {
        let (mut in_escrow, mut unsold) = (self.sale.told.terms.for_sale, U256::ZERO);
        if let Some(settlement) = self.engine.offering.settlement()
            && settlement.settled.verdict == Verdict::Succeeded
        {
            // What the roundings of a sale that is shared out leave stays in the escrow.
            let sold = match &self.asks {
                Some(asks) => asks.sold(),
                None => U256::from(settlement.settled.sold.0),
            };
            unsold = in_escrow - sold;
            let given: u128 = self.engine.given.iter().sum();
            in_escrow = sold - U256::from(given);
        }
        let escrow = self.chain.tokens(self.chain.escrow);
        same(&in_escrow, &escrow).map_err(|why| format!("tokens in the escrow: {why}"))?;
        let treasury = self.sale.told.terms.treasury;
        let burned = if treasury == Address::ZERO {
            unsold
        } else {
            let has = self.chain.tokens(treasury);
            same(&unsold, &has).map_err(|why| format!("tokens of the treasury: {why}"))?;
            U256::ZERO
        };
        let shares: U256 = self
            .sale
            .told
            .token
            .shares
            .iter()
            .map(|share| share.amount)
            .sum();
        let back: u128 = (0..INVESTORS)
            .map(|who| self.following.given_back(who))
            .sum();
        let all = self.sale.told.terms.for_sale + shares - burned - U256::from(back);
        same(&all, &self.chain.supply()).map_err(|why| format!("all tokens: {why}"))
    }

    /// What an investor has, on the chain and in the journal; what of it the escrow holds.
    fn compare_investor(
        &mut self,
        offering: &Offering,
        who: usize,
        open: bool,
    ) -> Result<U256, String> {
        let account = self.chain.account(who);
        let standing = account.standing;
        let brought = U256::from(account.accepted);
        let purse = self.chain.money(investor(who));
        let tokens_there = self.chain.tokens(investor(who));
        // Where milestones follow, an account stays.
        let stays = standing == CLAIMED;
        let claimed = !self.keeps_accounts() && !tokens_there.is_zero();
        same(
            &stays,
            &(self.keeps_accounts() && self.engine.given[who] > 0),
        )
        .map_err(|why| format!("claimed: {why}"))?;
        if claimed {
            same(&U256::ZERO, &brought).map_err(|why| format!("emptied: {why}"))?;
        }
        let nothing_bought = self.succeeded() && tokens(offering, who) == 0;
        let (has, due) = match standing {
            RETURNED => (U256::ZERO, brought),
            REFUNDED => (U256::ZERO, U256::ZERO),
            // The account does not say it any more; what the purse lacks does.
            _ if claimed => (U256::from(FIRST_PURSE) - purse, U256::ZERO),
            // The account has what was asked for; a claim gave the rest back.
            CLAIMED => (self.part_of(who, brought), U256::ZERO),
            _ if open || nothing_bought => (U256::ZERO, brought),
            _ => {
                let part = self.part_of(who, brought);
                (part, brought - part)
            }
        };
        let owed = U256::from(self.money_due(who)?);
        same(&U256::from(accepted(offering, who)), &has)
            .map_err(|why| format!("accepted: {why}"))?;
        same(&owed, &due).map_err(|why| format!("due back: {why}"))?;
        let there = self.chain.look(&IEscrow::dueCall {
            investor: investor(who),
        });
        same(&U256::from(self.tokens_due(who)), &there.tokens)
            .and_then(|()| same(&owed, &there.money))
            .map_err(|why| format!("due, by the contract's word: {why}"))?;
        let got = U256::from(self.following.got(who));
        same(&(U256::from(FIRST_PURSE) - has - due + got), &purse)
            .map_err(|why| format!("purse: {why}"))?;
        let held = U256::from(self.held(who));
        same(&held, &tokens_there).map_err(|why| format!("tokens: {why}"))?;
        self.try_exits(who)?;
        self.compare_right(who)?;
        Ok(has + due)
    }

    /// What the investor would get who asked now, by the contract's own word.
    fn try_exits(&mut self, who: usize) -> Result<(), String> {
        let owed = U256::from(self.refund_due(who)?);
        let closed = self.chain.is_coin() && self.purses[who] == Purse::Refuses;
        let refund = self
            .chain
            .try_out(investor(who), &IEscrow::refundCall {}, PLENTY);
        let agree = match &refund {
            Ok(events) => {
                matches!(events.as_slice(), [Event::Refunded(said)] if said.amount == owed && !closed)
            }
            Err(Failed::Refused(Error::NothingDue(_))) => owed.is_zero(),
            Err(Failed::Refused(Error::PaymentFailed(_))) => closed && !owed.is_zero(),
            Err(_) => false,
        };
        if !agree {
            return Err(format!("{owed} due back, a refund would say {refund:?}"));
        }
        let free = U256::from(self.tokens_due(who));
        let change = U256::from(self.change_due(who)?);
        let claim = self
            .chain
            .try_out(investor(who), &IEscrow::claimCall {}, PLENTY);
        let agree = match &claim {
            Ok(events) => gives(events, free, change) && (!closed || change.is_zero()),
            Err(Failed::Refused(Error::NothingDue(_))) => self.succeeded() && free.is_zero(),
            Err(Failed::Refused(Error::PaymentFailed(_))) => closed && !change.is_zero(),
            Err(Failed::Refused(Error::WrongPhase(_))) => !self.succeeded(),
            Err(_) => false,
        };
        if agree {
            Ok(())
        } else {
            Err(format!("{free} tokens due, a claim would say {claim:?}"))
        }
    }

    /// The sale is not over; both sides say what it would come to if nothing more happened in it.
    fn compare_end(&mut self) -> Result<(), String> {
        let second = self.end_of_sale()?;
        let Some((offering, verdict)) = self.engine.settled_at(second) else {
            return Err("the engine cannot be settled".to_owned());
        };
        let mut chain = self.chain.fork();
        chain.at(second);
        let answer = chain.send(Address::ZERO, U256::ZERO, &IEscrow::settleCall {});
        match answer {
            Err(Failed::Refused(Error::SoftCapMissed(_))) if verdict == Verdict::Failed => Ok(()),
            Ok(events) if verdict == Verdict::Succeeded => {
                let [Event::Settled(said)] = events.as_slice() else {
                    return Err(format!("not one settlement: {events:?}"));
                };
                let asks = Asks::before(&self.sale.told.terms, &self.engine);
                self.compare_settled(&offering, asks.as_ref(), said)?;
                (0..INVESTORS).try_for_each(|who| self.compare_share(&mut chain, &offering, who))
            }
            answer => Err(format!(
                "the engine says {}, the contract {answer:?}",
                verdict.name()
            )),
        }
    }

    /// The first second at which the engine can be settled. A second before it the contract cannot be, either.
    fn end_of_sale(&mut self) -> Result<u64, String> {
        let closes = self.sale.told.terms.closes.to::<u64>();
        let stamps = self.engine.offering.settlement_stamps();
        // Blocks have whole seconds.
        let second = stamps.first().ok_or("no clock")?.position.0.div_ceil(1_000);
        if second < closes {
            return Err(format!("the engine can be settled at {second} already"));
        }
        if second > closes && second > self.chain.now {
            self.met.note("waits for the last right");
            let mut chain = self.chain.fork();
            chain.at(second - 1);
            let answer = chain.send(Address::ZERO, U256::ZERO, &IEscrow::settleCall {});
            let Err(Failed::Refused(Error::StillOpen(said))) = answer else {
                return Err(format!("a second before the last right ends: {answer:?}"));
            };
            same(&U256::from(second), &said.closes)?;
        }
        Ok(second)
    }

    /// What an investor would get of that settlement.
    fn compare_share(
        &mut self,
        chain: &mut Chain,
        offering: &Offering,
        who: usize,
    ) -> Result<(), String> {
        let bought = U256::from(tokens(offering, who));
        let before = accepted(&self.engine.offering, who);
        // Where nothing is bought all of it goes back with a refund.
        let change = U256::from(before - accepted(offering, who));
        let closed = self.chain.is_coin() && self.purses[who] == Purse::Refuses;
        let claim = chain.try_out(investor(who), &IEscrow::claimCall {}, PLENTY);
        let agree = match &claim {
            Ok(events) => gives(events, bought, change),
            Err(Failed::Refused(Error::NothingDue(_))) => bought.is_zero(),
            Err(Failed::Refused(Error::PaymentFailed(_))) => closed && !change.is_zero(),
            Err(_) => false,
        };
        if !agree {
            return Err(format!(
                "investor {who} buys {bought}, a claim would say {claim:?}"
            ));
        }
        if bought.is_zero() && before > 0 {
            self.note_shared("a part of nothing");
            self.met.note("money for no token");
        }
        Ok(())
    }

    /// What of an account's money is accepted, in a sale that succeeded.
    fn part_of(&self, who: usize, brought: U256) -> U256 {
        self.asks.as_ref().map_or(brought, |asks| asks.part(who))
    }

    /// A settlement on the chain, and in the journal: the same, or what the formula says where a sale is shared out.
    pub(crate) fn compare_settled(
        &self,
        offering: &Offering,
        asks: Option<&Asks>,
        said: &IEscrow::Settled,
    ) -> Result<(), String> {
        let settled = offering.settlement().ok_or("no settlement")?.settled;
        let (raised, sold) = match asks {
            Some(asks) => {
                asks.compare(offering)?;
                (asks.certain(), asks.sold())
            }
            None => (U256::from(settled.raised.0), U256::from(settled.sold.0)),
        };
        same(&raised, &said.raised).map_err(|why| format!("raised: {why}"))?;
        same(&sold, &said.sold).map_err(|why| format!("sold: {why}"))?;
        let rounding = sold - U256::from(settled.sold.0);
        self.same_unsold(offering, said.unsold + rounding)
            .map_err(|why| format!("unsold: {why}"))
    }

    /// The journal's unsold tokens are those of the whole supply; the escrow never holds what the round cannot
    /// sell.
    fn same_unsold(&self, offering: &Offering, unsold: U256) -> Result<(), String> {
        let settlement = offering.settlement().ok_or("no settlement")?;
        let most = self
            .sale
            .terms
            .token
            .supply
            .most_for_sale()
            .ok_or("no supply")?;
        let never = U256::from(most.0) - self.sale.told.terms.for_sale;
        same(&U256::from(settlement.unsold.0), &(unsold + never))
    }
}

/// Whether a claim gives so many tokens, and so much money back.
fn gives(events: &[Event], tokens: U256, change: U256) -> bool {
    match events {
        [Event::Claimed(said)] => said.tokens == tokens && change.is_zero(),
        [Event::Claimed(said), Event::Refunded(back)] => {
            said.tokens == tokens && back.amount == change && !change.is_zero()
        }
        _ => false,
    }
}
