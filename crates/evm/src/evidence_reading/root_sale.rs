//! A sale that is settled by a root, at a block.

use std::collections::BTreeMap;

use alloy_primitives::{Address, Bytes};
use alloy_sol_types::SolCall as _;

use super::{
    Asked, EvidenceReader, INVESTORS_AT_ONCE, ReadingProgress, investors, not_ours, returned,
};
use crate::{
    after_sale_place::AfterSalePlace,
    bindings::root_escrow::IRootEscrow::{Account, accountCall, refundsOpenCall},
    comparison::{Announced, Refunds, RootSaleEvidence},
    error::EvmError,
    root_standing::RootStanding,
    sale_terms::SaleTerms,
};

impl EvidenceReader {
    /// Everything that happened in a sale by root up to the block, and how it stands there.
    ///
    /// # Errors
    /// [`EvmError::Source`], [`EvmError::NotOurs`].
    pub async fn root_sale(
        &self,
        announced: &Announced,
        asked: Asked,
        progress: &mut (dyn FnMut(ReadingProgress) + Send),
    ) -> Result<RootSaleEvidence, EvmError> {
        let escrow = self.escrow();
        let expected = "escrow that takes a root";
        let SaleTerms::Root(terms) = &announced.terms else {
            return Err(not_ours(escrow, expected, "it computes its outcome"));
        };
        let alone = AfterSalePlace::default();
        let logs = self.logs(announced.block, &alone, progress).await?;
        let investors = investors(&logs, asked);
        let standing = RootStanding::read(&self.endpoints, escrow, self.at.number).await?;
        let evidence = RootSaleEvidence {
            at: self.at,
            escrow: self.named.at,
            terms: (**terms).clone(),
            standing: standing
                .ok_or_else(|| not_ours(escrow, expected, "it does not say where it stands"))?,
            refunds: self.refunds().await?,
            accounts: self.root_accounts(&investors, progress).await?,
            holdings: self.holdings(announced).await?,
            logs,
        };
        self.require_same_chain().await?;
        Ok(evidence)
    }

    async fn refunds(&self) -> Result<Refunds, EvmError> {
        let escrow = self.escrow();
        let call = [(escrow, refundsOpenCall {}.abi_encode().into())];
        let answers = self.endpoints.calls(&call, self.at.number).await?;
        let open = returned::<refundsOpenCall>(escrow, &answers, 0)?;
        Ok(Refunds::from_answer(open))
    }

    async fn root_accounts(
        &self,
        investors: &[Address],
        progress: &mut (dyn FnMut(ReadingProgress) + Send),
    ) -> Result<BTreeMap<Address, Account>, EvmError> {
        let escrow = self.escrow();
        let mut accounts = BTreeMap::new();
        for some in investors.chunks(INVESTORS_AT_ONCE) {
            let calls = some.iter().map(|investor| {
                let investor = *investor;
                (escrow, accountCall { investor }.abi_encode().into())
            });
            let calls: Vec<(Address, Bytes)> = calls.collect();
            let answers = self.endpoints.calls(&calls, self.at.number).await?;
            for (place, investor) in some.iter().enumerate() {
                let account = returned::<accountCall>(escrow, &answers, place)?;
                accounts.insert(*investor, account);
            }
            progress(ReadingProgress::Investors(accounts.len(), investors.len()));
        }
        Ok(accounts)
    }
}
