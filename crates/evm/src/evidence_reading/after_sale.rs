//! What was made together with an escrow, at a block.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall as _, SolEvent as _};

use super::{EvidenceReader, not_ours, returned};
use crate::{
    after_sale_place::AfterSalePlace,
    bindings::{
        milestones::Milestones, offering_factory::OfferingFactory, token::SaleToken,
        vesting::Vesting,
    },
    comparison::{
        AfterSaleContract, AfterSaleEvidence, AfterSaleRole, Announced, MilestonesView, VestingView,
    },
    error::EvmError,
    own_code::{AfterSaleCode, implementation},
    releases::Releases,
};

impl EvidenceReader {
    /// Whom the escrow pays, and what a log of its announcement's block says that it holds a share. Anybody can make such a
    /// log, so nothing is asked of a contract whose code is not ours.
    pub(super) async fn after_sale_contracts(
        &self,
        announced: &Announced,
        own: AfterSaleCode,
    ) -> Result<Vec<AfterSaleContract>, EvmError> {
        let mut contracts = Vec::new();
        let paid = announced.terms.beneficiary();
        let milestones = self
            .after_sale_contract(paid, AfterSaleRole::Milestones, own)
            .await?;
        // A wallet is nothing of the kind.
        if !milestones.code.is_empty() {
            contracts.push(milestones);
        }
        let topics = [
            Some(OfferingFactory::VestingMade::SIGNATURE_HASH),
            Some(self.escrow().into_word()),
        ];
        let block = (announced.block, announced.block);
        let mut seen = BTreeSet::new();
        for log in self.endpoints.logs_about(&topics, block).await? {
            let made = OfferingFactory::VestingMade::decode_raw_log(log.topics.clone(), &log.data);
            let Some((made, share)) = made
                .ok()
                .and_then(|made| u8::try_from(made.share).ok().map(|share| (made, share)))
            else {
                continue;
            };
            if !seen.insert((made.vesting, share, log.address)) {
                continue;
            }
            let role = AfterSaleRole::Vesting {
                share,
                said_by: log.address,
                held: U256::ZERO,
                given: U256::ZERO,
            };
            let contract = self.after_sale_contract(made.vesting, role, own).await?;
            contracts.push(self.with_tokens(contract, announced.token, own).await?);
        }
        Ok(contracts)
    }

    async fn after_sale_contract(
        &self,
        address: Address,
        role: AfterSaleRole,
        own: AfterSaleCode,
    ) -> Result<AfterSaleContract, EvmError> {
        let code: Bytes = self.code(address).await?;
        let behind = match implementation(&code) {
            Some(implementation) => Some(keccak256(self.code(implementation).await?)),
            None => None,
        };
        let is_ours = behind.is_some_and(|hash| hash == own.milestones || hash == own.vesting);
        let escrow = if is_ours {
            let call = [(address, Vesting::escrowCall {}.abi_encode().into())];
            let answers = self.endpoints.calls(&call, self.at.number).await?;
            Some(returned::<Vesting::escrowCall>(address, &answers, 0)?)
        } else {
            None
        };
        Ok(AfterSaleContract {
            address,
            role,
            code,
            behind,
            escrow: escrow.filter(|escrow| *escrow != Address::ZERO),
        })
    }

    /// With what a contract holds of a share and gave of it.
    async fn with_tokens(
        &self,
        contract: AfterSaleContract,
        token: Address,
        own: AfterSaleCode,
    ) -> Result<AfterSaleContract, EvmError> {
        let AfterSaleRole::Vesting { share, said_by, .. } = contract.role else {
            return Ok(contract);
        };
        if contract.behind != Some(own.vesting) {
            return Ok(contract);
        }
        let view = self.vesting(contract.address, token).await?;
        let role = AfterSaleRole::Vesting {
            share,
            said_by,
            held: view.held,
            given: view.given,
        };
        Ok(AfterSaleContract { role, ..contract })
    }

    /// How all of it stands.
    pub(super) async fn after_sale(
        &self,
        announced: &Announced,
        place: &AfterSalePlace,
    ) -> Result<AfterSaleEvidence, EvmError> {
        let milestones = match place.milestones {
            Some(contract) => Some(
                self.milestones(contract, announced.terms.currency())
                    .await?,
            ),
            None => None,
        };
        let mut vestings = BTreeMap::new();
        for (share, contract) in &place.vestings {
            vestings.insert(*share, self.vesting(*contract, announced.token).await?);
        }
        Ok(AfterSaleEvidence {
            milestones,
            vestings,
        })
    }

    async fn milestones(
        &self,
        contract: Address,
        currency: Address,
    ) -> Result<MilestonesView, EvmError> {
        let block = self.at.number;
        let call = [(contract, Milestones::begunAtCall {}.abi_encode().into())];
        let answers = self.endpoints.calls(&call, block).await?;
        let begun = returned::<Milestones::begunAtCall>(contract, &answers, 0)?;
        let releases = Releases::read(&self.endpoints, contract, block).await?;
        let out_of_range = || not_ours(contract, "milestone contract", "a number is out of range");
        Ok(MilestonesView {
            contract,
            begun: u64::try_from(begun).map_err(|_| out_of_range())?,
            releases: releases.ok_or_else(out_of_range)?,
            held: self.money_of(contract, currency).await?,
        })
    }

    async fn vesting(&self, contract: Address, token: Address) -> Result<VestingView, EvmError> {
        let balance = SaleToken::balanceOfCall { account: contract };
        let calls = [
            (contract, Vesting::begunAtCall {}.abi_encode().into()),
            (contract, Vesting::releasedCall {}.abi_encode().into()),
            (token, balance.abi_encode().into()),
        ];
        let answers = self.endpoints.calls(&calls, self.at.number).await?;
        let begun = returned::<Vesting::begunAtCall>(contract, &answers, 0)?;
        Ok(VestingView {
            contract,
            begun: u64::try_from(begun)
                .map_err(|_| not_ours(contract, "vesting contract", "a second is out of range"))?,
            given: returned::<Vesting::releasedCall>(contract, &answers, 1)?,
            held: returned::<SaleToken::balanceOfCall>(token, &answers, 2)?,
        })
    }
}
