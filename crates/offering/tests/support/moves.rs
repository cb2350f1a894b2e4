//! What random sales are made of: commands that own their text and refer to money by labels.

use softcap_offering::{
    Admit, Amount, Command, Contribute, CurrencyIndex, Funding, InvestorId, LimitPrice, Position,
    RequestId, ReturnReason, RoundIndex, Sequence, Stamp, TransferId, Value, WithdrawalMark,
    sealed_bid_commitment,
};

/// People who take part; one of them by address.
pub(crate) const PEOPLE: [&str; 7] = [
    "anna",
    "ben",
    "1PA8qhEzW7to6EeqBAdhVZYGbVj2MfmN2n",
    "0xeb68aa2764b4a9a943658b2e61db4c902b2ebf85",
    "dora.with.an.id.that.is.longer.than.a.cache.line",
    "emil",
    "7",
];

/// A command that owns its text, and refers to money by the label of the entry that brought it: when
/// commands before it are left out, it still means the same money.
#[derive(Clone, Debug)]
pub(crate) enum Move {
    Contribute {
        label: usize,
        who: usize,
        currency: u8,
        amount: u128,
        limit: Option<LimitPrice>,
        funding: Funding,
    },
    Commit {
        label: usize,
        who: usize,
        locked: u128,
        bid: SecretBid,
        funding: Funding,
    },
    Reveal {
        of: usize,
        bid: SecretBid,
    },
    Withdraw {
        of: usize,
    },
    /// Returns so many tenths of what is accepted; 11 is more than that.
    Return {
        of: usize,
        tenths: u128,
        reason: ReturnReason,
    },
    /// Moves money into an account.
    Fund {
        transfer: u8,
        who: usize,
        currency: u8,
        amount: u128,
    },
    /// Takes so many tenths of what is free in an account out again; 11 is more than that.
    TakeBack {
        transfer: u8,
        who: usize,
        currency: u8,
        tenths: u128,
    },
    Admit {
        round: u8,
        who: usize,
        admission: Admission,
    },
    Revoke {
        round: u8,
        who: usize,
    },
    /// Anything without text or reference.
    Plain(Command<'static>),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct SecretBid {
    pub(crate) amount: u128,
    pub(crate) limit: LimitPrice,
    pub(crate) salt: [u8; 32],
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Admission {
    pub(crate) limit: Option<Value>,
    pub(crate) expires: Option<Position>,
    pub(crate) guaranteed: Value,
    pub(crate) withdrawal: WithdrawalMark,
}

/// A move and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) stamp: Stamp,
    pub(crate) request: Option<RequestId>,
    pub(crate) command: Move,
}

/// What a move needs from the state to become a command.
pub(crate) trait Labels {
    /// Number of the entry with a label.
    fn sequence(&self, label: usize) -> Sequence;
    /// What is accepted of it now.
    fn accepted(&self, label: usize) -> u128;
    /// What is free in an account now.
    fn available(&self, who: usize, currency: u8) -> u128;
    /// The hash of the terms.
    fn terms_hash(&self) -> [u8; 32];
}

pub(crate) fn transfer_id(transfer: u8) -> TransferId {
    TransferId([transfer + 1; 16])
}

pub(crate) fn person(who: usize) -> InvestorId<'static> {
    InvestorId::parse(PEOPLE[who]).unwrap()
}

impl Move {
    pub(crate) fn command(&self, labels: &impl Labels) -> Command<'static> {
        match *self {
            Self::Contribute {
                who,
                currency,
                amount,
                limit,
                funding,
                ..
            } => Command::Contribute(Contribute {
                investor: person(who),
                currency: CurrencyIndex(currency),
                amount: Amount(amount),
                limit,
                reference: "r",
                source: None,
                funding,
            }),
            Self::Commit {
                who,
                locked,
                bid,
                funding,
                ..
            } => Command::Commit {
                investor: person(who),
                locked: Amount(locked),
                commitment: sealed_bid_commitment(
                    &labels.terms_hash(),
                    person(who),
                    Amount(bid.amount),
                    bid.limit,
                    &bid.salt,
                ),
                reference: "r",
                funding,
            },
            Self::Reveal { of, bid } => Command::Reveal {
                bid: labels.sequence(of),
                amount: Amount(bid.amount),
                limit: bid.limit,
                salt: bid.salt,
            },
            Self::Withdraw { of } => Command::Withdraw {
                contribution: labels.sequence(of),
            },
            Self::Return { of, tenths, reason } => Command::Return {
                contribution: labels.sequence(of),
                amount: Amount(labels.accepted(of) / 10 * tenths + (tenths % 2)),
                reason,
            },
            Self::Fund {
                transfer,
                who,
                currency,
                amount,
            } => Command::Fund {
                transfer: transfer_id(transfer),
                investor: person(who),
                currency: CurrencyIndex(currency),
                amount: Amount(amount),
            },
            Self::TakeBack {
                transfer,
                who,
                currency,
                tenths,
            } => Command::TakeBack {
                transfer: transfer_id(transfer),
                investor: person(who),
                currency: CurrencyIndex(currency),
                amount: Amount(match (labels.available(who, currency), tenths) {
                    (free, 10) => free,
                    (free, 11) => free + 1,
                    (free, _) => free / 10 * tenths,
                }),
            },
            Self::Admit {
                round,
                who,
                admission,
            } => Command::Admit(Admit {
                round: RoundIndex(round),
                investor: person(who),
                limit: admission.limit,
                expires: admission.expires,
                guaranteed: admission.guaranteed,
                withdrawal: admission.withdrawal,
            }),
            Self::Revoke { round, who } => Command::Revoke {
                round: RoundIndex(round),
                investor: person(who),
            },
            Self::Plain(ref command) => command.clone(),
        }
    }
}
