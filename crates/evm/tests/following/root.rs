//! What the record says of an escrow that takes the outcome as a root.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use softcap_evm::{
    ChainCommand, ChainEntries, ChainEntry, EscrowEvent, EscrowLog, LogPlace, RootEvent,
};
use softcap_offering::{
    Amount, Command, CurrencyIndex, EscrowAddress, Funding, InvestorId, LimitPrice, LineIndex,
    Offering, Outcome, Position, Stamp, Tokens, Value, terms::Terms,
};

const TERMS: &str = r#"
rules = 1
name = "Bids on a chain"
origin = "softcap.example/bids"
soft_cap = "1 ETH"
[clock]
kind = "time"
[token]
name = "Token"
symbol = "TOK"
decimals = 2
[token.supply]
kind = "minted"
[currency.ETH]
decimals = 2
rail = "evm"
[root]
ceiling = "1 ETH per TOK"
price_unit = "2 TOK"
share = "20 %"
challenge = "7 days"
claims = "90 days"
[[round]]
name = "public"
from = "2030-01-01T00:00:00Z"
until = "2030-01-02T00:00:00Z"
end = "exclusive"
supply = "10 TOK"
pricing = { kind = "bids" }
over_limit = "refuse"
"#;
/// 2030-01-01T00:00:00Z.
const OPENS: u64 = 1_893_456_000;
const CLOSES: u64 = OPENS + 86_400;
const ADA: Address = Address::repeat_byte(0xad);
const BEN: Address = Address::repeat_byte(0xbe);
const ESCROW: EscrowAddress = EscrowAddress {
    chain_id: 31_337,
    contract: [9; 20],
    currency: CurrencyIndex(0),
};

fn at(second: u64) -> Stamp {
    Stamp {
        line: LineIndex(0),
        position: Position(second * 1_000),
    }
}

fn offering() -> Offering {
    offering_of(TERMS)
}

fn offering_of(terms: &str) -> Offering {
    let mut offering = Offering::new(Arc::new(Terms::parse(terms).unwrap()));
    let terms_hash = offering.terms_hash();
    offering.apply(at(OPENS - 100), &Command::Announce { terms_hash });
    let named = offering.apply(at(OPENS - 100), &Command::Escrow(ESCROW));
    assert_eq!(named, Outcome::Done);
    offering
}

fn log(timestamp: u64, (transaction, index): (u8, u64), event: EscrowEvent) -> EscrowLog {
    EscrowLog {
        place: LogPlace {
            block: timestamp + 7 - OPENS,
            timestamp,
            transaction: B256::repeat_byte(transaction),
            index,
            contract: ESCROW.contract.into(),
            nth: index,
        },
        event,
    }
}

fn bid(investor: Address, amount: u128, limit: u128) -> EscrowEvent {
    EscrowEvent::Root(RootEvent::Bid {
        investor,
        cap: Value((1 << 80) - 1),
        amount: Amount(amount),
        limit: Amount(limit),
    })
}

/// Applies the entries of these logs, each compared; all of them.
fn enter(
    entries: &mut ChainEntries,
    offering: &mut Offering,
    logs: &[EscrowLog],
) -> Vec<ChainEntry> {
    entries.look_ahead(logs);
    let mut made = Vec::new();
    for log in logs {
        for entry in entries.of(log, offering) {
            let request = Some(entry.request);
            let outcome = offering.apply_request(entry.stamp(), request, &entry.command());
            assert_eq!(entry.check(&outcome, offering), Ok(()), "{log:?}");
            made.push(entry);
        }
    }
    made
}

/// 6 ETH at 0.5, 3 at 0.3: ten tokens cost 5 at 0.5, all of them Ada's; a sixth part of her money and all of Ben's go back.
fn settled() -> (ChainEntries, Offering) {
    let (mut entries, mut offering) = (ChainEntries::new(ESCROW), offering());
    let bids = [
        log(OPENS, (1, 0), bid(ADA, 600, 100)),
        log(OPENS, (2, 1), bid(BEN, 300, 60)),
    ];
    enter(&mut entries, &mut offering, &bids);
    offering.apply(at(CLOSES), &Command::Tick);
    let outcome = offering.apply(at(CLOSES), &Command::Settle);
    assert!(matches!(outcome, Outcome::Settled(_)), "{outcome:?}");
    (entries, offering)
}

#[test]
fn a_bid_has_its_limit_for_the_price_unit_of_the_terms() {
    let (mut entries, mut offering) = (ChainEntries::new(ESCROW), offering());
    let first = log(OPENS, (1, 0), bid(ADA, 600, 100));
    let made = enter(&mut entries, &mut offering, std::slice::from_ref(&first));
    // 1 ETH for 2 TOK, both with two decimals.
    let limit = LimitPrice {
        money: 100,
        tokens: 200,
    };
    let Command::Contribute(said) = made[1].command() else {
        panic!("{made:?}");
    };
    assert_eq!((said.amount, said.limit), (Amount(600), Some(limit)));
    assert_eq!(
        said.funding,
        Funding::Chain {
            accepted: Amount(600)
        }
    );
    assert!(matches!(
        made[0].what,
        ChainCommand::Admit(_, ADA, Value(_))
    ));
    // A second one needs no admission, and the first one again is a repeat.
    let second = log(OPENS + 1, (2, 1), bid(ADA, 100, 150));
    assert_eq!(enter(&mut entries, &mut offering, &[second]).len(), 1);
    let again = ChainEntries::new(ESCROW).of(&first, &offering);
    let repeat = offering.apply_request(
        again[0].stamp(),
        Some(again[0].request),
        &again[0].command(),
    );
    assert!(matches!(repeat, Outcome::RepeatOf(_)), "{repeat:?}");
    assert_eq!(offering.contribution_count(), 2);
}

/// The contract knows one limit there, and the record none: what came in is a contribution, all of it taken.
#[test]
fn at_a_price_of_the_terms_it_is_a_contribution() {
    let terms = TERMS
        .replace("ceiling = \"1 ETH per TOK\"\nprice_unit = \"2 TOK\"\n", "")
        .replace(
            "pricing = { kind = \"bids\" }",
            "price = \"1 ETH per TOK\"\nallocation = \"water_filling\"",
        );
    let (mut entries, mut offering) = (ChainEntries::new(ESCROW), offering_of(&terms));
    let logs = [
        log(OPENS, (1, 0), bid(ADA, 900, 1)),
        log(OPENS, (2, 1), bid(BEN, 300, 1)),
    ];
    let made = enter(&mut entries, &mut offering, &logs);
    let (investor, amount) = (ADA, Amount(900));
    let accepted = amount;
    let contributed = ChainCommand::Contribute {
        investor,
        amount,
        accepted,
    };
    assert_eq!(made[1].what, contributed);
    let Command::Contribute(said) = made[1].command() else {
        panic!("{made:?}");
    };
    assert_eq!(
        (said.limit, said.funding),
        (None, Funding::Chain { accepted })
    );
    // Ten tokens at 1 ETH: three for Ben, seven for Ada, and 2 ETH of hers go back.
    offering.apply(at(CLOSES), &Command::Tick);
    offering.apply(at(CLOSES), &Command::Settle);
    let proved = log(CLOSES + 9, (3, 0), proved(ADA, [700, 700, 200]));
    let made = enter(&mut entries, &mut offering, &[proved]);
    let what: Vec<ChainCommand> = made.iter().map(|entry| entry.what).collect();
    assert_eq!(
        what,
        [
            ChainCommand::Distribute(ADA, Tokens(700)),
            ChainCommand::PayRefund(ADA, Amount(200)),
        ]
    );
}

/// What the contract took and the record refuses is a difference, and so is another limit after a reorganisation.
#[test]
fn a_bid_that_the_record_refuses_is_a_difference() {
    let (mut entries, mut offering) = (ChainEntries::new(ESCROW), offering());
    let late = log(CLOSES, (1, 0), bid(ADA, 600, 100));
    let entry = entries.of(&late, &offering).pop().unwrap();
    let outcome = offering.apply_request(entry.stamp(), Some(entry.request), &entry.command());
    assert!(entry.check(&outcome, &offering).is_err(), "{outcome:?}");

    let mut offering = self::offering();
    let log_of = |limit| log(OPENS, (1, 0), bid(ADA, 600, limit));
    let before = ChainEntries::new(ESCROW)
        .of(&log_of(100), &offering)
        .pop()
        .unwrap();
    let now = ChainEntries::new(ESCROW)
        .of(&log_of(101), &offering)
        .pop()
        .unwrap();
    let outcome = offering.apply_request(before.stamp(), Some(before.request), &before.command());
    assert_eq!(
        before.check_known(&before.command(), &outcome, &offering),
        Ok(())
    );
    assert!(
        now.check_known(&before.command(), &outcome, &offering)
            .is_err()
    );
}

fn proved(investor: Address, [tokens, accepted, refunded]: [u128; 3]) -> EscrowEvent {
    EscrowEvent::Root(RootEvent::Proved {
        investor,
        tokens: Tokens(tokens),
        accepted: Amount(accepted),
        refunded: Amount(refunded),
    })
}

#[test]
fn a_proved_leaf_is_tokens_and_a_refund() {
    let (mut entries, mut offering) = settled();
    let logs = [
        log(CLOSES + 9, (3, 0), proved(ADA, [1_000, 500, 100])),
        log(CLOSES + 9, (3, 1), proved(BEN, [0, 0, 300])),
        log(CLOSES + 9, (4, 2), EscrowEvent::Drawn(Amount(500))),
        log(
            CLOSES + 9,
            (5, 3),
            EscrowEvent::Root(RootEvent::Unsold(Tokens(1))),
        ),
    ];
    let made: Vec<ChainCommand> = enter(&mut entries, &mut offering, &logs)
        .iter()
        .map(|entry| entry.what)
        .collect();
    let expected = [
        ChainCommand::Distribute(ADA, Tokens(1_000)),
        ChainCommand::PayRefund(ADA, Amount(100)),
        ChainCommand::PayRefund(BEN, Amount(300)),
    ];
    assert_eq!(made, expected);
}

/// The refund that an investor did not take stands behind the leaf, here behind something else of the transaction.
#[test]
fn a_refund_that_was_not_taken_is_paid_later() {
    let (mut entries, mut offering) = settled();
    let kept = EscrowEvent::Root(RootEvent::RefundKept(ADA, Amount(100)));
    let logs = [
        log(CLOSES + 9, (3, 0), proved(ADA, [1_000, 500, 100])),
        log(CLOSES + 9, (3, 1), EscrowEvent::Drawn(Amount(500))),
        log(CLOSES + 9, (3, 2), kept),
    ];
    assert_eq!(enter(&mut entries, &mut offering, &logs).len(), 1);
    let id = InvestorId::Address(ADA.into());
    assert_eq!(offering.refund_paid(id, CurrencyIndex(0)), None);
    let refund = EscrowEvent::Refunded(ADA, Amount(100));
    let later = log(CLOSES + 20, (4, 0), refund);
    assert_eq!(enter(&mut entries, &mut offering, &[later]).len(), 1);
    assert_eq!(
        offering.refund_paid(id, CurrencyIndex(0)),
        Some(Amount(100))
    );
}

/// Everything back is not what the settlement says, and the record has no entry that says so.
#[test]
fn a_refund_beyond_the_settlement_makes_no_entry() {
    let (mut entries, mut offering) = settled();
    let logs = [
        log(CLOSES + 9, (3, 0), EscrowEvent::Refunded(ADA, Amount(600))),
        log(CLOSES + 9, (4, 1), EscrowEvent::Refunded(BEN, Amount(300))),
    ];
    let made = enter(&mut entries, &mut offering, &logs);
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].what, ChainCommand::PayRefund(BEN, Amount(300)));
}
