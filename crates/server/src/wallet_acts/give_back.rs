//! Tokens that a wallet can give back for their part of the money, where no more of it is released.

use alloy_primitives::{Address, U256};
use softcap_evm::{
    AfterSaleAct, ChainClient, Draft, ReturnableTokens, allow_draft, money_for_tokens, refunds_open,
};
use softcap_journal::OfferingLog;

use super::prepare::{EscrowPlace, NotPrepared};
use crate::api::Service;

/// What the contract of the milestones would take of a wallet now, and pay for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GiveBack {
    milestones: Address,
    token: Address,
    /// All that were bought with the wallet, are not given back yet, and are still in it.
    pub(crate) tokens: U256,
    /// What comes back for them.
    pub(crate) money: U256,
    /// Whether the contract may take them already.
    pub(crate) is_allowed: bool,
}

impl GiveBack {
    /// As the chain says it; `None` where nothing is to be had for tokens.
    pub(crate) async fn of(
        service: &Service,
        log: &OfferingLog,
        (place, client): (&EscrowPlace, &ChainClient),
        wallet: Address,
    ) -> Result<Option<Self>, NotPrepared> {
        let known = service.rails().status(&log.row.name);
        let Some(milestones) = known.and_then(|known| known.milestones) else {
            return Ok(None);
        };
        if !refunds_open(client, milestones).await? {
            return Ok(None);
        }
        let (token, escrow) = (place.token(), place.contract());
        let known = ReturnableTokens::read(client, (milestones, token), wallet).await?;
        let tokens = known.most;
        let money = money_for_tokens(client, (milestones, escrow), wallet, tokens).await?;
        Ok((!money.is_zero()).then_some(Self {
            milestones,
            token,
            tokens,
            money,
            is_allowed: known.allowed >= tokens,
        }))
    }

    /// What the wallet is asked for next.
    pub(super) fn next(&self, wallet: Address) -> Draft {
        if self.is_allowed {
            AfterSaleAct::GiveBack(self.tokens).draft(self.milestones, wallet)
        } else {
            allow_draft(self.token, self.milestones, self.tokens, wallet)
        }
    }
}
