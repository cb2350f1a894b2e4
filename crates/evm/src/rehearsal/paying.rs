//! The window: wallets contribute from its first second to its last, some take back what they put in, and the sale is paused
//! once.

use alloy_primitives::U256;
use softcap_offering::{Position, terms::Access};

use super::{
    NotRehearsed,
    crowd::Crowd,
    stage::{FIRST_WALLET, ISSUER, Sale, Stage, VERIFIER},
};
use crate::{
    allowance::allow_draft,
    client::Draft,
    contribution::{ShownPermit, contribution_draft, taken_in},
    error::EvmError,
    exits::Exit,
    issuer_acts::IssuerAct,
    parties::PaidIn,
    permit::{Permit, PermitDomain},
    root_acts::bid_draft,
};

/// Every so many contributions one is taken back, where the terms allow it.
const TAKEN_BACK: usize = 9;
/// Bits of the contract's counter of one investor's money.
const INVESTOR_BITS: usize = 80;

/// What became of the window.
#[derive(Clone, Debug, Default)]
pub(super) struct Came {
    /// Accounts that have money in the sale at its end.
    pub(super) inside: Vec<usize>,
    pub(super) taken: usize,
    pub(super) refused: usize,
    pub(super) withdrawn: usize,
}

impl Stage {
    /// Everybody comes, in their order.
    pub(super) async fn pay(&mut self, crowd: &Crowd) -> Result<Came, NotRehearsed> {
        let (opens, closes) = self.window;
        let mut came = Came::default();
        let count = crowd.amounts.len();
        for (number, amount) in crowd.amounts.iter().enumerate() {
            self.at(moment((opens, closes), (number, count))).await?;
            if number == count / 2 {
                self.pause().await?;
            }
            let account = FIRST_WALLET + number;
            match self.contribute(account, U256::from(*amount)).await {
                Ok(accepted) if accepted.is_zero() => came.refused += 1,
                Ok(_) => {
                    came.taken += 1;
                    let comes_back = self.terms.withdrawal.is_some()
                        && matches!(self.sale, Sale::Formula(_))
                        && number % TAKEN_BACK == TAKEN_BACK - 1;
                    if comes_back {
                        let draft = Exit::Withdraw.draft(self.place.escrow, self.address(account)?);
                        self.run(account, &draft).await?;
                        came.withdrawn += 1;
                    } else {
                        came.inside.push(account);
                    }
                }
                Err(NotRehearsed::Chain(EvmError::Refused { .. })) => came.refused += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(came)
    }

    /// What the contract accepted of it.
    async fn contribute(&mut self, account: usize, amount: U256) -> Result<U256, NotRehearsed> {
        let escrow = self.place.escrow;
        let from = self.address(account)?;
        if let PaidIn::Token(token) = self.paid_in {
            self.run(account, &allow_draft(token, escrow, amount, from))
                .await?;
        }
        let permit = self.permit(account).await?;
        let draft = self.contribution(account, amount, permit.as_ref())?;
        let receipt = self.run(account, &draft).await?;
        let taken = taken_in(escrow, &receipt);
        Ok(taken.map_or(U256::ZERO, |taken| taken.accepted))
    }

    fn contribution(
        &self,
        account: usize,
        amount: U256,
        permit: Option<&ShownPermit>,
    ) -> Result<Draft, EvmError> {
        let (escrow, from) = (self.place.escrow, self.address(account)?);
        Ok(match &self.sale {
            Sale::Formula(_) => contribution_draft(escrow, from, self.paid_in, amount, permit),
            Sale::Root(told) => {
                let limit = told.terms.ceiling;
                bid_draft((escrow, from), self.paid_in, (amount, limit), permit)
            }
        })
    }

    /// The permit of the verifier, where the round that is open wants one.
    async fn permit(&self, account: usize) -> Result<Option<ShownPermit>, EvmError> {
        let now = Position(self.now().await?.saturating_mul(1_000));
        let mut rounds = self.terms.rounds.iter().enumerate();
        let open = rounds.find(|(_, round)| {
            let mut windows = round.windows.iter().flatten();
            windows.any(|window| window.contains(now))
        });
        let admitted = open.filter(|(_, round)| round.access == Access::Admitted);
        let Some((place, _)) = admitted else {
            return Ok(None);
        };
        let domain = PermitDomain {
            chain_id: self.client.chain_id().await?,
            escrow: self.place.escrow,
            round: U256::from(place),
            terms_hash: self.terms.hash().0.into(),
        };
        let permit = Permit {
            investor: self.address(account)?,
            max: (U256::from(1) << INVESTOR_BITS) - U256::from(1),
            expiry: U256::from(self.window.1),
        };
        let signature = permit.sign(&domain, self.signer(VERIFIER)?).await?;
        Ok(Some(ShownPermit { permit, signature }))
    }

    /// A pause of a second, where the terms have pauses and a contract keeps them.
    async fn pause(&mut self) -> Result<(), NotRehearsed> {
        let has_pauses = self.terms.pause.is_some_and(|pause| pause.count > 0);
        if !has_pauses || matches!(self.sale, Sale::Root(_)) {
            return Ok(());
        }
        let (escrow, issuer) = (self.place.escrow, self.address(ISSUER)?);
        self.run(ISSUER, &IssuerAct::Pause.draft(escrow, issuer))
            .await?;
        self.run(ISSUER, &IssuerAct::Resume.draft(escrow, issuer))
            .await?;
        Ok(())
    }
}

/// The windows are divided evenly.
fn moment((opens, closes): (u64, u64), (number, count): (usize, usize)) -> u64 {
    let length = u128::from(closes.saturating_sub(opens));
    let (number, count) = (number as u128, count.max(1) as u128);
    let after = u64::try_from(length * number / count).unwrap_or(0);
    opens.saturating_add(after)
}
