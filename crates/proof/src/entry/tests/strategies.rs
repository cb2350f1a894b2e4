//! Random entries. Commands borrow, so that their texts need an owner: [`OwnedCommand`].

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use softcap_offering::{
    Admit, Amount, Command, Contribute, Contributed, CurrencyIndex, DocumentExit, EscrowAddress,
    Funding, InvestorId, LimitPrice, LineIndex, Outcome, Position, Ratio, Refusal, RequestId,
    ReturnReason, RoundIndex, Sequence, Settled, Stamp, Tokens, TransferId, Value, Verdict,
    WithdrawalMark,
};

use super::Entry;

#[derive(Clone, Debug)]
pub(super) struct OwnedEntry {
    pub(super) sequence: Sequence,
    pub(super) stamp: Stamp,
    pub(super) request: Option<RequestId>,
    pub(super) command: OwnedCommand,
}

impl OwnedEntry {
    pub(super) fn borrowed(&self) -> Entry<'_> {
        Entry {
            sequence: self.sequence,
            stamp: self.stamp,
            request: self.request,
            command: self.command.borrowed(),
        }
    }
}

/// Raw material of any command: which one, and values for every kind of field.
#[derive(Clone, Debug)]
pub(super) struct OwnedCommand {
    which: u8,
    investor: String,
    reference: String,
    source: Option<String>,
    proof: Vec<u8>,
    hash: [u8; 32],
    amounts: [u128; 3],
    limit: Option<LimitPrice>,
    positions: (u64, Option<u64>),
    small: u8,
    reason: ReturnReason,
}

/// Small and large amounts alike, so that every length of encoding occurs.
fn amount() -> impl Strategy<Value = u128> {
    (any::<u128>(), 0_u32..=127).prop_map(|(value, shift)| value >> shift)
}

fn investor() -> impl Strategy<Value = String> {
    prop_oneof!["[0-9a-zA-Z._:@+/=-]{1,100}", "0x[0-9a-fA-F]{40}"]
}

fn limit() -> impl Strategy<Value = LimitPrice> {
    (amount(), amount()).prop_map(|(money, tokens)| LimitPrice {
        money,
        tokens: tokens.max(1),
    })
}

fn command() -> impl Strategy<Value = OwnedCommand> {
    let texts = (
        investor(),
        "[ !#-+\\--~]{0,255}",
        option::of("[ -!#-+\\--~]{0,80}"),
    );
    let numbers = ([amount(), amount(), amount()], option::of(limit()));
    let reason = prop::sample::select(ReturnReason::ALL.map(|row| row.0).to_vec());
    let rest = (
        any::<[u8; 32]>(),
        any::<(u64, Option<u64>)>(),
        any::<u8>(),
        reason,
    );
    (0_u8..25, texts, vec(any::<u8>(), 0..300), numbers, rest).prop_map(
        |(which, texts, proof, (amounts, limit), (hash, positions, small, reason))| {
            let (investor, reference, source) = texts;
            OwnedCommand {
                which,
                investor,
                reference,
                source,
                proof,
                hash,
                amounts,
                limit,
                positions,
                small,
                reason,
            }
        },
    )
}

pub(super) fn entry() -> impl Strategy<Value = OwnedEntry> {
    let request = option::of(any::<[u8; 16]>().prop_filter("zero", |id| *id != [0; 16]));
    let numbers = any::<(u64, u8, u64)>();
    (numbers, request, command()).prop_map(|((sequence, line, position), request, command)| {
        let stamp = Stamp {
            line: LineIndex(line),
            position: Position(position),
        };
        OwnedEntry {
            sequence: Sequence(sequence),
            stamp,
            request: request.map(RequestId),
            command,
        }
    })
}

pub(super) fn outcome() -> impl Strategy<Value = Outcome> {
    let refusal = || prop::sample::select(Refusal::ALL.to_vec());
    let verdicts = [
        Verdict::Succeeded,
        Verdict::Failed,
        Verdict::Cancelled,
        Verdict::Expired,
    ];
    let amounts = [amount(), amount(), amount(), amount(), amount()];
    let contributed = (any::<u8>(), amounts, option::of(refusal())).prop_map(
        |(round, [accepted, refunded, waiting, kept, tokens], reason)| {
            Outcome::Contributed(Contributed {
                round: RoundIndex(round),
                accepted: Amount(accepted),
                refunded: Amount(refunded),
                waiting: Amount(waiting),
                kept: Amount(kept),
                tokens: Tokens(tokens),
                reason,
            })
        },
    );
    let settled = (prop::sample::select(verdicts.to_vec()), amount(), amount()).prop_map(
        |(verdict, raised, sold)| {
            Outcome::Settled(Settled {
                verdict,
                raised: Value(raised),
                sold: Tokens(sold),
            })
        },
    );
    prop_oneof![
        contributed,
        refusal().prop_map(Outcome::Refused),
        Just(Outcome::Done),
        amount().prop_map(|amount| Outcome::Refunded {
            amount: Amount(amount)
        }),
        (amount(), any::<u32>()).prop_map(|(amount, promoted)| {
            Outcome::RefundedAndPromoted {
                amount: Amount(amount),
                promoted,
            }
        }),
        settled,
        any::<u64>().prop_map(|first| Outcome::RepeatOf(Sequence(first))),
    ]
}

impl OwnedCommand {
    pub(super) fn borrowed(&self) -> Command<'_> {
        let investor = InvestorId::parse(&self.investor).unwrap();
        let [first, second, _] = self.amounts;
        let sequence = Sequence(self.positions.0);
        let (round, currency) = (RoundIndex(self.small), CurrencyIndex(self.small));
        let expires = self.positions.1.map(Position);
        let hash = self.hash;
        match self.which {
            0 => Command::Announce { terms_hash: hash },
            1 => Command::Admit(self.admit(investor)),
            2 => Command::Revoke { round, investor },
            3 => Command::Rate {
                currency,
                rate: Ratio::new(first, second.max(1)).unwrap(),
            },
            4 => Command::Contribute(Contribute {
                investor,
                currency,
                amount: Amount(first),
                limit: self.limit,
                reference: &self.reference,
                source: self.source.as_deref(),
                funding: self.funding(),
            }),
            5 => Command::Commit {
                investor,
                locked: Amount(first),
                commitment: hash,
                reference: &self.reference,
                funding: self.funding(),
            },
            6 => Command::Reveal {
                bid: sequence,
                amount: Amount(first),
                limit: self.limit.unwrap_or(LimitPrice {
                    money: second,
                    tokens: 1,
                }),
                salt: hash,
            },
            7 => Command::Withdraw {
                contribution: sequence,
            },
            8 => Command::Return {
                contribution: sequence,
                amount: Amount(first),
                reason: self.reason,
            },
            9 => Command::Pause,
            10 => Command::Resume,
            11 => Command::Seed {
                round,
                seed: hash,
                proof: &self.proof,
            },
            12 => Command::Document {
                hash,
                exit: expires.map_or(DocumentExit::None, DocumentExit::WithdrawalUntil),
            },
            13 => Command::Close { round },
            14 => Command::Cancel,
            15 => Command::Tick,
            16 => Command::Settle,
            17 => Command::Publish {
                settlement_root: hash,
            },
            18 => Command::Distribute {
                investor,
                tokens: Tokens(first),
            },
            19 => Command::PayRefund { investor, currency },
            20 => Command::Vest {
                share: self.small,
                tokens: Tokens(first),
            },
            21 => Command::Release {
                milestone: self.small,
            },
            22 => Command::Fund {
                transfer: self.transfer(),
                investor,
                currency,
                amount: Amount(first),
            },
            23 => Command::TakeBack {
                transfer: self.transfer(),
                investor,
                currency,
                amount: Amount(first),
            },
            _ => Command::Escrow(EscrowAddress {
                chain_id: sequence.0,
                contract: *self.hash.first_chunk().unwrap(),
                currency,
            }),
        }
    }

    fn funding(&self) -> Funding {
        if self.which == 4 && self.small > 200 {
            let accepted = Amount(self.amounts[1]);
            Funding::Chain { accepted }
        } else if self.small.is_multiple_of(2) {
            Funding::Arrived
        } else {
            Funding::Account
        }
    }

    fn transfer(&self) -> TransferId {
        TransferId(*self.hash.first_chunk().unwrap())
    }

    fn admit<'a>(&self, investor: InvestorId<'a>) -> Admit<'a> {
        Admit {
            round: RoundIndex(self.small),
            investor,
            limit: self.limit.map(|limit| Value(limit.money)),
            expires: self.positions.1.map(Position),
            guaranteed: Value(self.amounts[2]),
            withdrawal: if self.positions.0.is_multiple_of(2) {
                WithdrawalMark::Unmarked
            } else {
                WithdrawalMark::Marked
            },
        }
    }
}
