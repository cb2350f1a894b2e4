//! Where an escrow that computes its outcome stands, and where an investor stands in an escrow of either kind.

use alloy_primitives::{Address, U256};

use crate::bindings::{
    escrow::IEscrow,
    root_escrow::IRootEscrow::{Account, accountCall},
};
use crate::client::ChainClient;
use crate::comparison::Refunds;
use crate::error::EvmError;
use crate::escrow_terms::EscrowKind;
use crate::exits::{EscrowPhase, phase_from};
use crate::root_acts::root_refunds_open;
use crate::root_standing::RootStanding;
use crate::sale_terms::sale_terms_at;

/// What an escrow says of the sale. Money is smallest units, times are unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EscrowStanding {
    /// Where the sale stands.
    pub phase: EscrowPhase,
    /// Accepted money less what was returned.
    pub raised: u128,
    /// First second after the latest pause; `None` where there was none.
    pub paused_until: Option<u64>,
    /// Whether everybody's money is due back.
    pub refunds: Refunds,
}

impl EscrowStanding {
    /// Now, by one node.
    ///
    /// # Errors
    /// The node does not answer, or there is no such escrow.
    pub async fn read_from(client: &ChainClient, escrow: Address) -> Result<Self, EvmError> {
        let totals = client.call(escrow, &IEscrow::totalsCall {}).await?;
        let open = client.call(escrow, &IEscrow::refundsOpenCall {}).await?;
        Ok(Self {
            phase: phase_from(escrow, totals.phase)?,
            raised: totals.raised.to(),
            paused_until: Some(u64::from(totals.pausedUntil)).filter(|until| *until != 0),
            refunds: Refunds::from_answer(open),
        })
    }
}

/// How far an investor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Never seen, or paid and forgotten.
    Unknown,
    /// May contribute.
    Admitted,
    /// May not contribute any more.
    Revoked,
    /// The issuer gave the money back, and it waits to be taken out.
    Returned,
    /// Has the tokens, or the leaf is proved.
    Served,
    /// A return was taken out.
    Refunded,
}

impl Standing {
    /// By its number, which is the same in both kinds of escrows.
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        [
            Self::Unknown,
            Self::Admitted,
            Self::Revoked,
            Self::Returned,
            Self::Served,
            Self::Refunded,
        ]
        .get(usize::from(code))
        .copied()
    }

    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Admitted => "admitted",
            Self::Revoked => "revoked",
            Self::Returned => "returned",
            Self::Served => "served",
            Self::Refunded => "refunded",
        }
    }
}

/// What an escrow says of an investor, in smallest units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvestorStanding {
    /// How far they are.
    pub standing: Standing,
    /// Money of theirs in the sale.
    pub money: U256,
    /// Money that they could take out now.
    pub money_due: U256,
}

impl InvestorStanding {
    /// Now, by one node.
    ///
    /// # Errors
    /// The node does not answer, or there is no such escrow.
    pub async fn read_from(
        client: &ChainClient,
        (escrow, kind): (Address, EscrowKind),
        investor: Address,
    ) -> Result<Self, EvmError> {
        let known = |code: u8| {
            Standing::from_code(code).ok_or_else(|| EvmError::NotOurs {
                address: escrow,
                expected: "escrow",
                problem: format!("an investor has the standing {code}"),
            })
        };
        match kind {
            EscrowKind::Plain
            | EscrowKind::Withdrawable
            | EscrowKind::Rounds
            | EscrowKind::WithdrawableRounds => {
                let call = IEscrow::accountCall { investor };
                let account = client.call(escrow, &call).await?;
                let due = client.call(escrow, &IEscrow::dueCall { investor }).await?;
                Ok(Self {
                    standing: known(account.standing)?,
                    money: U256::from(account.accepted),
                    money_due: due.money,
                })
            }
            EscrowKind::Root => {
                let account = client.call(escrow, &accountCall { investor }).await?;
                let open = root_refunds_open(client, escrow).await?;
                let proved = RootStanding::read_from(client, escrow).await?.accepted;
                let terms = sale_terms_at(client, escrow).await?;
                let reached = U256::from(proved) >= terms.soft_cap();
                let standing = known(account.standing)?;
                let fate = RootFate::new(Refunds::from_answer(open), reached);
                Ok(Self {
                    standing,
                    money: U256::from(account.contributed),
                    money_due: due_of_root(&account, standing, fate),
                })
            }
        }
    }
}

/// What becomes of the money of a sale by root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootFate {
    /// Leaves can be proved, or there is no root yet.
    Open,
    /// No leaf can be proved any more: who proved none takes all money back.
    Refunds,
    /// The same, and too little was proved: what leaves accepted goes back as well.
    Failed,
}

impl RootFate {
    /// By whether refunds are open, and whether proved leaves have accepted the soft cap.
    #[must_use]
    pub fn new(refunds: Refunds, reached: bool) -> Self {
        match (refunds, reached) {
            (Refunds::Closed, _) => Self::Open,
            (Refunds::Open, true) => Self::Refunds,
            (Refunds::Open, false) => Self::Failed,
        }
    }
}

/// What the escrow would pay this account back now.
#[must_use]
pub fn due_of_root(account: &Account, standing: Standing, fate: RootFate) -> U256 {
    let contributed = U256::from(account.contributed);
    match standing {
        Standing::Returned => contributed,
        // What a proved leaf accepted stands in the field of the cap from then on.
        Standing::Served if fate == RootFate::Failed => contributed + U256::from(account.cap),
        Standing::Served => contributed,
        Standing::Admitted | Standing::Revoked if fate != RootFate::Open => contributed,
        Standing::Unknown | Standing::Admitted | Standing::Revoked | Standing::Refunded => {
            U256::ZERO
        }
    }
}
