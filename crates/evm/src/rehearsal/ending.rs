//! Everything after the window: settlement, tokens, money, milestones, shares; or the money goes back.

use std::io::Cursor;

use alloy_primitives::{Address, B256};
use softcap_offering::{InvestorId, Outcome, Verdict, terms::Supply};
use softcap_proof::{TreeFile, bundle::settlement_tree, investor_proof::InvestorProof};

use super::{
    NotRehearsed,
    paying::Came,
    record::Record,
    stage::{ISSUER, STRANGER, Sale, Stage, seconds, span},
};
use crate::{
    after_sale_acts::{AfterSaleAct, settle_all_draft},
    client::Draft,
    error::EvmError,
    exits::{Exit, MOST_OF_A_LIST},
    root_acts::{MOST_LEAVES, RootAct},
    root_leaves::ProvedLeaf,
};

/// Time has to go on more than once where a pause moves windows; more often than this is a defect.
const TICK_ROUNDS: usize = 64;

impl Stage {
    /// Plays it to its end; how many wallets got something.
    pub(super) async fn end(
        &mut self,
        record: &mut Record,
        came: &Came,
    ) -> Result<usize, NotRehearsed> {
        let is_by_root = matches!(self.sale, Sale::Root(_));
        let succeeded = if is_by_root {
            self.end_by_root(record, came).await?
        } else {
            self.end_by_formula(came).await?
        };
        if !succeeded {
            self.pay_back(is_by_root, came).await?;
        }
        Ok(came.inside.len())
    }

    /// Whether the contract settled it. Below the soft cap it does not.
    async fn end_by_formula(&mut self, came: &Came) -> Result<bool, NotRehearsed> {
        self.at(self.last_right()).await?;
        let (escrow, stranger) = (self.place.escrow, self.address(STRANGER)?);
        let settle = if self.after_sale.is_empty() {
            Exit::Settle.draft(escrow, stranger)
        } else {
            settle_all_draft(self.place.factory, escrow, self.after_sale.all(), stranger)
        };
        match self.run(STRANGER, &settle).await {
            Ok(_) => {}
            Err(EvmError::Refused { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        let settled = self.now().await?;
        let (alone, together) = came.inside.split_at(came.inside.len() / 2);
        for account in alone {
            let draft = Exit::Claim.draft(escrow, self.address(*account)?);
            self.run(*account, &draft).await?;
        }
        for list in self.lists(together, MOST_OF_A_LIST)? {
            let draft = Exit::Distribute(list).draft(escrow, stranger);
            self.run(STRANGER, &draft).await?;
        }
        if self.after_sale.milestones.is_none() {
            let draft = Exit::Draw.draft(escrow, stranger);
            self.run(STRANGER, &draft).await?;
        }
        self.release(settled).await?;
        self.vest(settled).await?;
        Ok(true)
    }

    /// The end of the window, and of the last right to take a contribution back.
    fn last_right(&self) -> u64 {
        let closes = self.window.1;
        let right = self.terms.withdrawal.map_or(closes, |right| {
            right.until.map_or_else(
                || closes.saturating_add(span(right.span)).saturating_add(1),
                seconds,
            )
        });
        closes.max(right)
    }

    /// Each milestone is announced as early as it may be, and released when nobody objected.
    async fn release(&mut self, settled: u64) -> Result<(), NotRehearsed> {
        let Some(milestones) = self.after_sale.milestones else {
            return Ok(());
        };
        let objections = self.terms.objections;
        let wait = objections.map_or(0, |objections| span(objections.span));
        let stranger = self.address(STRANGER)?;
        let issuer = self.address(ISSUER)?;
        for milestone in self.terms.milestones.clone() {
            self.at(settled.saturating_add(span(milestone.after)))
                .await?;
            let announce = AfterSaleAct::Announce.draft(milestones, issuer);
            self.run(ISSUER, &announce).await?;
            self.at(self.now().await?.saturating_add(wait)).await?;
            let release = AfterSaleAct::Release.draft(milestones, stranger);
            self.run(STRANGER, &release).await?;
        }
        Ok(())
    }

    /// When all shares are free, their holders get them.
    async fn vest(&mut self, settled: u64) -> Result<(), NotRehearsed> {
        let contracts: Vec<Address> = self.after_sale.vestings.values().copied().collect();
        let Supply::Fixed { shares, .. } = &self.terms.token.supply else {
            return Ok(());
        };
        let spans = shares.iter().map(|share| {
            let vesting = share.vesting;
            span(vesting.duration.max(vesting.cliff))
        });
        let longest = spans.max().unwrap_or(0);
        if contracts.is_empty() {
            return Ok(());
        }
        self.at(settled.saturating_add(longest)).await?;
        let stranger = self.address(STRANGER)?;
        for contract in contracts {
            let draft = AfterSaleAct::Vest.draft(contract, stranger);
            self.run(STRANGER, &draft).await?;
        }
        Ok(())
    }

    /// The record is settled, and the contract takes its root.
    async fn end_by_root(
        &mut self,
        record: &mut Record,
        came: &Came,
    ) -> Result<bool, NotRehearsed> {
        self.at(self.window.1).await?;
        record.follow().await?;
        for _ in 0..TICK_ROUNDS {
            let Some(due) = record.due() else { break };
            self.at(seconds(due)).await?;
            record.tick(self.now().await?);
        }
        let Outcome::Settled(settled) = record.settle(self.now().await?) else {
            return Ok(false);
        };
        if settled.verdict != Verdict::Succeeded {
            return Ok(false);
        }
        let (escrow, issuer) = (self.place.escrow, self.address(ISSUER)?);
        let leaves = proved(record, &self.addresses(&came.inside)?)?;
        let post = RootAct::Post(leaves.root).draft(escrow, issuer);
        self.run(ISSUER, &post).await?;
        let challenge = self.terms.root.map_or(0, |root| span(root.challenge));
        self.at(self.now().await?.saturating_add(challenge)).await?;
        record.follow().await?;
        self.claim(&came.inside, leaves.each).await?;
        let draw = Exit::Draw.draft(escrow, self.address(STRANGER)?);
        self.run(STRANGER, &draw).await?;
        Ok(true)
    }

    async fn claim(
        &mut self,
        accounts: &[usize],
        mut leaves: Vec<ProvedLeaf>,
    ) -> Result<(), NotRehearsed> {
        let (escrow, stranger) = (self.place.escrow, self.address(STRANGER)?);
        let together = leaves.split_off(leaves.len() / 2);
        for (account, leaf) in accounts.iter().zip(leaves) {
            let draft = RootAct::Claim(leaf).draft(escrow, self.address(*account)?);
            self.run(*account, &draft).await?;
        }
        for list in together.chunks(MOST_LEAVES) {
            let draft = RootAct::Distribute(list.to_vec()).draft(escrow, stranger);
            self.run(STRANGER, &draft).await?;
        }
        Ok(())
    }

    /// Everybody takes the money out again: half of them alone, the others by somebody's list.
    async fn pay_back(&mut self, is_by_root: bool, came: &Came) -> Result<(), NotRehearsed> {
        // A contract that waits for a root gives money back when none came in time.
        if is_by_root && let Some(deadline) = self.terms.refund_deadline {
            self.at(seconds(deadline).saturating_add(1)).await?;
        }
        let (escrow, stranger) = (self.place.escrow, self.address(STRANGER)?);
        let (alone, together) = came.inside.split_at(came.inside.len() / 2);
        for account in alone {
            let draft: Draft = Exit::Refund.draft(escrow, self.address(*account)?);
            self.run(*account, &draft).await?;
        }
        for list in self.lists(together, MOST_OF_A_LIST)? {
            let draft = Exit::RefundMany(list).draft(escrow, stranger);
            self.run(STRANGER, &draft).await?;
        }
        Ok(())
    }

    fn addresses(&self, accounts: &[usize]) -> Result<Vec<Address>, EvmError> {
        accounts
            .iter()
            .map(|account| self.address(*account))
            .collect()
    }

    fn lists(&self, accounts: &[usize], most: usize) -> Result<Vec<Vec<Address>>, EvmError> {
        let all = self.addresses(accounts)?;
        Ok(all.chunks(most).map(<[Address]>::to_vec).collect())
    }
}

/// A root, and the leaves of some investors with their proofs.
struct Leaves {
    root: B256,
    each: Vec<ProvedLeaf>,
}

fn proved(record: &Record, investors: &[Address]) -> Result<Leaves, NotRehearsed> {
    let broken = |error: &dyn std::fmt::Display| NotRehearsed::Record(error.to_string());
    let tree = settlement_tree(&record.offering).map_err(|error| broken(&error))?;
    let tree = tree.ok_or_else(|| broken(&"the settlement has no investors"))?;
    let mut file = Cursor::new(Vec::new());
    tree.write_to(&mut file).map_err(|error| broken(&error))?;
    file.set_position(0);
    let mut file = TreeFile::open(file).map_err(|error| broken(&error))?;
    let mut each = Vec::with_capacity(investors.len());
    for investor in investors {
        let investor = InvestorId::Address((*investor).into());
        let proof = InvestorProof::new(&record.offering, investor, &mut file);
        let proof = proof.map_err(|error| broken(&error))?;
        each.push(
            ProvedLeaf::new(&proof).ok_or_else(|| broken(&"a leaf has no form of the chain"))?,
        );
    }
    Ok(Leaves {
        root: B256::from(tree.root().0),
        each,
    })
}
