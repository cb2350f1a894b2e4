//! What follows a sale is the same on both sides after every step: the money in steps, the objections, each investor's part, the share.

use alloy_primitives::{Address, U256};
use softcap_evm::bindings::{milestones::Milestones, vesting::Vesting};

use crate::acts::INVESTORS;
use crate::after_chain::{Denied, Said};
use crate::chain::{STRANGER, investor};
use crate::engine::Money;
use crate::follow::same;
use crate::play::Table;
use crate::sale::{BENEFICIARY, TEAM};

impl Table<'_> {
    /// Whether the escrow keeps accounts that have claimed, for those who may object.
    pub(crate) fn keeps_accounts(&self) -> bool {
        self.chain.made.milestones.is_some()
    }

    pub(crate) fn compare_after(&mut self) -> Result<(), String> {
        if let Some(milestones) = self.chain.made.milestones {
            self.compare_steps(milestones)
                .map_err(|why| format!("milestones: {why}"))?;
            for who in 0..INVESTORS {
                self.compare_part(milestones, who)
                    .map_err(|why| format!("investor {who} after the sale: {why}"))?;
            }
        }
        match self.chain.made.vesting {
            Some(vesting) => self
                .compare_share_of_team(vesting)
                .map_err(|why| format!("vesting: {why}")),
            None => Ok(()),
        }
    }

    fn compare_steps(&mut self, milestones: Address) -> Result<(), String> {
        let steps = self.following.steps.clone().ok_or("no steps")?;
        let there = self.chain.look_at(milestones, &Milestones::progressCall {});
        same(&steps.progress(), &there)?;
        let left = self.chain.look_at(milestones, &Milestones::leftCall {});
        same(&U256::from(steps.left()), &left)?;
        let begun = self.chain.look_at(milestones, &Milestones::begunAtCall {});
        same(&U256::from(steps.begun.unwrap_or(0)), &begun)?;
        let open = self
            .chain
            .look_at(milestones, &Milestones::refundsOpenCall {});
        same(&steps.goes_back(self.chain.now), &open)?;
        if open {
            self.met.note("what is left goes back");
        }
        let back: u128 = steps.got.iter().sum();
        let held = match self.engine.money {
            Money::Held => U256::ZERO,
            Money::Drawn => U256::from(self.drawable() - steps.released - back),
        };
        same(&held, &self.chain.money(milestones)).map_err(|why| format!("money: {why}"))?;
        let issuer = self.chain.money(BENEFICIARY);
        same(&U256::from(steps.released), &issuer).map_err(|why| format!("released: {why}"))
    }

    /// What an investor weighs, and would get who gave everything back now.
    fn compare_part(&mut self, milestones: Address, who: usize) -> Result<(), String> {
        let investor = investor(who);
        let call = Milestones::stakeOfCall { investor };
        let there = self.chain.look_at(milestones, &call);
        let stake = self.stake(who);
        let (weight, bought) = stake.map_or((0, 0), |stake| (stake.weight, stake.bought));
        same(&U256::from(weight), &there.accepted)?;
        same(&U256::from(bought), &there.tokens)?;
        let call = Milestones::givenBackCall { investor };
        let given = self.chain.look_at(milestones, &call);
        same(&U256::from(self.following.given_back(who)), &given)?;
        let most = self.held(who).min(bought - self.following.given_back(who));
        let expected = self.given_back(who, most)?.map(|(_, said)| vec![said]);
        let call = Milestones::refundCall {
            tokens: U256::from(most),
        };
        let answer = self.chain.try_after(investor, milestones, &call);
        same(&expected, &answer)
    }

    fn compare_share_of_team(&mut self, vesting: Address) -> Result<(), String> {
        let share = self.following.share.clone().ok_or("no share")?;
        let given = self.chain.look_at(vesting, &Vesting::releasedCall {});
        same(&U256::from(share.given), &given)?;
        same(&given, &self.chain.tokens(TEAM))?;
        let kept = U256::from(share.whole - share.given);
        same(&kept, &self.chain.tokens(vesting))?;
        let expected = share.clone().vest(self.chain.now);
        let expected = expected
            .map(|tokens| {
                let tokens = U256::from(tokens);
                vec![Said::Vesting(Vesting::VestingEvents::Released(
                    Vesting::Released { tokens },
                ))]
            })
            .map_err(Denied::Vesting);
        let answer = self
            .chain
            .try_after(STRANGER, vesting, &Vesting::releaseCall {});
        same(&expected, &answer)
    }
}
