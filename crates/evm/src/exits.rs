//! What takes money and tokens out of an escrow, as transactions that anybody can sign.

use alloy_primitives::{Address, TxKind, U256};
use alloy_rpc_types_eth::TransactionReceipt;
use alloy_sol_types::{SolCall, SolEventInterface as _};

use crate::bindings::escrow::IEscrow::{self, IEscrowEvents};
use crate::bindings::withdrawal::IWithdrawal::{IWithdrawalEvents, withdrawCall};
use crate::client::{ChainClient, Draft};
use crate::error::EvmError;
use crate::root_event::{RootEvent, of_root_escrow};

/// Entries of a list in one transaction: each may use 100,000 gas, and a block of Ethereum holds some 36 million.
pub const MOST_OF_A_LIST: usize = 200;

/// One way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The sender gets their tokens.
    Claim,
    /// The sender gets their money back.
    Refund,
    /// The sender takes back what the withdrawal right covers, at most 500 contributions.
    Withdraw,
    /// These get their tokens; who cannot be paid is skipped.
    Distribute(Vec<Address>),
    /// These get their money back; who cannot be paid is skipped.
    RefundMany(Vec<Address>),
    /// The sale is settled.
    Settle,
    /// The beneficiary gets the accepted money.
    Draw,
}

impl Exit {
    /// The transaction, sent by anybody to the escrow.
    pub fn draft(self, escrow: Address, from: Address) -> Draft {
        let (what, data) = match self {
            Self::Claim => ("the claim", IEscrow::claimCall {}.abi_encode()),
            Self::Refund => ("the refund", IEscrow::refundCall {}.abi_encode()),
            Self::Withdraw => ("the withdrawal", withdrawCall {}.abi_encode()),
            Self::Distribute(investors) => (
                "the distribution",
                IEscrow::distributeCall { investors }.abi_encode(),
            ),
            Self::RefundMany(investors) => (
                "the refunds",
                IEscrow::refundManyCall { investors }.abi_encode(),
            ),
            Self::Settle => ("the settlement", IEscrow::settleCall {}.abi_encode()),
            Self::Draw => (
                "the payment to the beneficiary",
                IEscrow::drawCall {}.abi_encode(),
            ),
        };
        Draft {
            what,
            from,
            to: TxKind::Call(escrow),
            value: U256::ZERO,
            data: data.into(),
        }
    }
}

/// Where a sale stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EscrowPhase {
    /// Before, in and after the window.
    Sale,
    /// The issuer ended it.
    Cancelled,
    /// It succeeded.
    Settled,
    /// The beneficiary was paid.
    Drawn,
}

impl EscrowPhase {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Cancelled => "cancelled",
            Self::Settled => "settled",
            Self::Drawn => "drawn",
        }
    }
}

/// Where the sale of an escrow stands.
///
/// # Errors
/// [`EvmError::NotOurs`] when the contract names none of the phases.
pub async fn phase_of(client: &ChainClient, escrow: Address) -> Result<EscrowPhase, EvmError> {
    let totals = client.call(escrow, &IEscrow::totalsCall {}).await?;
    phase_from(escrow, totals.phase)
}

/// The phase by its number in the contract.
pub(crate) fn phase_from(escrow: Address, phase: u8) -> Result<EscrowPhase, EvmError> {
    match phase {
        0 => Ok(EscrowPhase::Sale),
        1 => Ok(EscrowPhase::Cancelled),
        2 => Ok(EscrowPhase::Settled),
        3 => Ok(EscrowPhase::Drawn),
        other => Err(EvmError::NotOurs {
            address: escrow,
            expected: "escrow",
            problem: format!("it is in phase {other}"),
        }),
    }
}

/// What somebody got, in smallest units. A claim of a sale that was shared out gives both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaidOut {
    /// Tokens.
    Tokens(U256),
    /// Money back.
    Money(U256),
}

impl PaidOut {
    /// How many smallest units.
    pub fn amount(self) -> U256 {
        match self {
            Self::Tokens(amount) | Self::Money(amount) => amount,
        }
    }

    /// `tokens` or `money`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tokens(_) => "tokens",
            Self::Money(_) => "money",
        }
    }
}

/// Who was paid, and who was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListOutcome {
    /// Each payment.
    pub paid: Vec<(Address, PaidOut)>,
    /// Not due, or did not take it; nothing changed for them.
    pub skipped: Vec<Address>,
}

impl ListOutcome {
    /// Adds what a receipt says of an escrow.
    pub fn add(&mut self, escrow: Address, receipt: &TransactionReceipt) {
        let logs = receipt.logs().iter().filter(|log| log.address() == escrow);
        for log in logs {
            match IEscrowEvents::decode_log(&log.inner).map(|log| log.data) {
                Ok(IEscrowEvents::Claimed(event)) => {
                    self.paid
                        .push((event.investor, PaidOut::Tokens(event.tokens)));
                }
                Ok(IEscrowEvents::Refunded(event)) => {
                    self.paid
                        .push((event.investor, PaidOut::Money(event.amount)));
                }
                Ok(IEscrowEvents::Skipped(event)) => self.skipped.push(event.investor),
                // What else an escrow says is about no exit.
                Ok(_) => {}
                Err(_) => {
                    if let Ok(IWithdrawalEvents::Withdrawn(event)) =
                        IWithdrawalEvents::decode_log(&log.inner).map(|log| log.data)
                    {
                        self.paid
                            .push((event.investor, PaidOut::Money(event.amount)));
                    }
                    let data = &log.inner.data;
                    if let Some(event) = of_root_escrow(data.topics(), &data.data) {
                        self.add_of_root(event);
                    }
                }
            }
        }
    }

    fn add_of_root(&mut self, event: RootEvent) {
        match event {
            RootEvent::Proved {
                investor,
                tokens,
                refunded,
                ..
            } => {
                let tokens = PaidOut::Tokens(U256::from(tokens.0));
                let money = PaidOut::Money(U256::from(refunded.0));
                let paid = [tokens, money].map(|out| (investor, out));
                let paid = paid.into_iter().filter(|(_, out)| !out.amount().is_zero());
                self.paid.extend(paid);
            }
            // It was named as paid just before.
            RootEvent::RefundKept(investor, amount) => {
                let kept = (investor, PaidOut::Money(U256::from(amount.0)));
                self.paid.retain(|paid| *paid != kept);
            }
            RootEvent::Bid { .. }
            | RootEvent::Posted(_)
            | RootEvent::Objected(..)
            | RootEvent::Voided
            | RootEvent::Unsold(_) => {}
        }
    }
}
