//! What the record says of the logs of an escrow.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use softcap_evm::{AfterSaleEvent, ChainEntries, ChainEntry, EscrowEvent, EscrowLog, LogPlace};
use softcap_offering::{
    Amount, Command, CurrencyIndex, EscrowAddress, InvestorId, LineIndex, Offering, Outcome, Phase,
    Position, ReturnReason, Stamp, Tokens, Value, terms::Terms,
};

const TERMS: &str = r#"
rules = 1
name = "On a chain"
origin = "softcap.example/chain"
soft_cap = "5 ETH"
[clock]
kind = "time"
[token]
name = "Token"
symbol = "TOK"
decimals = 2
[token.supply]
kind = "minted"
[pause]
longest = "1 hour"
count = 1
end = "fixed"
[currency.ETH]
decimals = 2
rail = "evm"
[[round]]
name = "public"
from = "2030-01-01T00:00:00Z"
until = "2030-01-02T00:00:00Z"
end = "exclusive"
price = "10 TOK per 1 ETH"
cap = "10 ETH"
access = "admitted"
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

fn offering() -> Offering {
    offering_of(TERMS)
}

fn offering_of(terms: &str) -> Offering {
    named(Offering::new(Arc::new(Terms::parse(terms).unwrap())))
}

/// Announced, with its escrow.
fn named(mut offering: Offering) -> Offering {
    let terms_hash = offering.terms_hash();
    let stamp = Stamp {
        line: LineIndex(0),
        position: Position((OPENS - 100) * 1_000),
    };
    offering.apply(stamp, &Command::Announce { terms_hash });
    assert_eq!(
        offering.apply(stamp, &Command::Escrow(ESCROW)),
        Outcome::Done
    );
    offering
}

/// A log in a block of this second; `index` makes it another one.
fn log(timestamp: u64, index: u64, event: EscrowEvent) -> EscrowLog {
    EscrowLog {
        place: LogPlace {
            block: timestamp + 7 - OPENS,
            timestamp,
            transaction: B256::repeat_byte(u8::try_from(index).unwrap()),
            index,
            contract: ESCROW.contract.into(),
            nth: 0,
        },
        event,
    }
}

fn paid(investor: Address, cap: u128, amount: u128, accepted: u128) -> EscrowEvent {
    EscrowEvent::Contributed {
        investor,
        cap: Value(cap),
        amount: Amount(amount),
        accepted: Amount(accepted),
    }
}

fn returned(investor: Address, amount: u128) -> EscrowEvent {
    EscrowEvent::Returned {
        investor,
        amount: Amount(amount),
        reason: ReturnReason::Sanctions,
    }
}

fn apply(offering: &mut Offering, entry: &ChainEntry) -> Outcome {
    offering.apply_request(entry.stamp(), Some(entry.request), &entry.command())
}

/// A whole sale that succeeds.
fn sale() -> Vec<EscrowLog> {
    vec![
        log(OPENS, 1, paid(ADA, 500, 300, 300)),
        log(OPENS, 2, paid(ADA, 500, 100, 100)),
        log(OPENS + 5, 3, EscrowEvent::PausedUntil(OPENS + 5 + 3_600)),
        log(OPENS + 9, 4, EscrowEvent::PausedUntil(OPENS + 9)),
        log(OPENS + 9, 5, paid(BEN, 900, 900, 600)),
        log(OPENS + 10, 6, EscrowEvent::Revoked(BEN)),
        log(OPENS + 10, 7, returned(BEN, 600)),
        log(OPENS + 11, 8, EscrowEvent::Refunded(BEN, Amount(600))),
        log(OPENS + 12, 9, paid(ADA, 800, 200, 200)),
        log(
            CLOSES,
            10,
            EscrowEvent::Settled {
                raised: Value(600),
                sold: Tokens(6_000),
            },
        ),
        log(CLOSES, 11, EscrowEvent::Claimed(ADA, Tokens(6_000))),
        log(CLOSES, 12, EscrowEvent::Skipped),
        log(CLOSES + 1, 13, EscrowEvent::Drawn(Amount(600))),
    ]
}

#[test]
fn a_sale_is_entered_and_computed_to_the_same() {
    let mut offering = offering();
    let mut entries = ChainEntries::new(ESCROW);
    let mut kinds = Vec::new();
    for log in sale() {
        for entry in entries.of(&log, &offering) {
            let outcome = apply(&mut offering, &entry);
            assert_eq!(entry.check(&outcome, &offering), Ok(()), "{log:?}");
            let kind = format!("{:?}", entry.what);
            kinds.push(kind.split(['(', ' ']).next().unwrap().to_owned());
        }
    }
    let expected = "Admit Contribute Contribute Pause Resume Admit Contribute Revoke Return PayRefund \
                    Admit Contribute Settle Distribute Release";
    assert_eq!(kinds.join(" "), expected);
    assert_eq!(offering.phase(), Phase::Finished);
    let source = offering
        .rows()
        .map(|row| row.accepted.0)
        .collect::<Vec<_>>();
    assert_eq!(source, [300, 100, 0, 200]);

    // Whoever begins again, anywhere, changes nothing.
    let state = offering.state_hash();
    for begin in 0..sale().len() {
        let mut again = ChainEntries::new(ESCROW);
        for log in &sale()[begin..] {
            for entry in again.of(log, &offering) {
                assert!(offering.find_request(entry.request).is_some(), "{log:?}");
            }
        }
    }
    assert_eq!(offering.state_hash(), state);
}

#[test]
fn an_entry_says_where_it_was_seen() {
    let mut entries = ChainEntries::new(ESCROW);
    let log = log(OPENS + 3, 7, paid(ADA, 500, 300, 250));
    let made = entries.of(&log, &offering());
    let Command::Contribute(contribute) = made[1].command() else {
        panic!("{:?}", made[1])
    };
    assert_eq!(contribute.reference, "10-7");
    let transaction = format!("0x{}:7", "07".repeat(32));
    assert_eq!(contribute.source, Some(transaction.as_str()));
    assert_eq!(contribute.investor, InvestorId::Address(ADA.into()));
    assert_eq!(made[1].stamp().position, Position((OPENS + 3) * 1_000));
    // Worked out with Python's hashlib from docs/evm.md.
    let first = made[1].request.0.map(|byte| format!("{byte:02x}")).concat();
    assert_eq!(first, REQUEST);
}

const REQUEST: &str = "6ea435713cc8e8e9559c0cd9c04ac522";

/// After a reorganisation the transaction stands in another block and behind another one.
#[test]
fn a_transaction_that_moved_is_the_same_entry_and_what_it_says_must_be_the_same() {
    let mut offering = offering();
    let before = log(OPENS + 3, 7, paid(ADA, 500, 300, 300));
    let first = ChainEntries::new(ESCROW).of(&before, &offering);
    for entry in &first {
        let outcome = apply(&mut offering, entry);
        assert_eq!(entry.check(&outcome, &offering), Ok(()));
    }
    let elsewhere = |event: EscrowEvent| EscrowLog {
        place: LogPlace {
            block: before.place.block + 4,
            index: 2,
            timestamp: OPENS + 50,
            ..before.place
        },
        event,
    };
    let known = first[1].command();
    let mut again = ChainEntries::new(ESCROW);
    let moved = again.of(&elsewhere(before.event.clone()), &offering);
    assert_eq!(moved.len(), 1);
    assert_eq!(moved[0].request, first[1].request);
    let mut alone = self::offering();
    let became = first.iter().map(|entry| apply(&mut alone, entry)).last();
    let became = became.unwrap();
    assert_eq!(moved[0].check_known(&known, &became, &offering), Ok(()));
    // A second log of the same transaction is another entry.
    let mut second = elsewhere(before.event.clone());
    second.place.nth = 1;
    assert_ne!(again.of(&second, &offering)[0].request, first[1].request);

    let others = [
        paid(ADA, 500, 300, 200),
        paid(ADA, 500, 299, 299),
        paid(BEN, 500, 300, 300),
        EscrowEvent::Cancelled,
    ];
    for event in others {
        let other = again.of(&elsewhere(event.clone()), &offering);
        let other = other.last().unwrap();
        let difference = other.check_known(&known, &became, &offering).unwrap_err();
        assert!(
            difference.to_string().starts_with("E652: log 2 of block"),
            "{event:?}"
        );
    }
}

#[test]
fn places_are_in_the_order_of_the_chain_whatever_their_transactions_are() {
    let place = |block, index, transaction| LogPlace {
        block,
        index,
        timestamp: OPENS,
        transaction: B256::repeat_byte(transaction),
        contract: ESCROW.contract.into(),
        nth: 0,
    };
    assert!(place(5, 0, 0xff) < place(5, 1, 0x01));
    assert!(place(5, 9, 0xff) < place(6, 0, 0x01));
}

#[test]
fn a_sale_that_missed_its_soft_cap_is_settled_by_its_first_refund() {
    let mut offering = offering();
    let mut entries = ChainEntries::new(ESCROW);
    let logs = [
        log(OPENS, 1, paid(ADA, 500, 300, 300)),
        log(OPENS, 2, paid(BEN, 500, 100, 100)),
        log(CLOSES, 3, EscrowEvent::Refunded(ADA, Amount(300))),
        log(CLOSES, 4, EscrowEvent::Refunded(BEN, Amount(100))),
    ];
    for log in logs {
        for entry in entries.of(&log, &offering) {
            let outcome = apply(&mut offering, &entry);
            assert_eq!(entry.check(&outcome, &offering), Ok(()), "{log:?}");
        }
    }
    assert_eq!(offering.phase(), Phase::Finished);
}

/// The terms with a right to take contributions back.
fn with_right(right: &str) -> String {
    let right = format!("[withdrawal]\n{right}\nwho = \"everyone\"\n[pause]");
    TERMS.replacen("[pause]", &right, 1)
}

fn withdrawn(investor: Address, amount: u128) -> EscrowEvent {
    EscrowEvent::Withdrawn(investor, Amount(amount))
}

/// Enters logs; the kinds of the entries, and what of each contribution is accepted in the end.
fn entered(offering: &mut Offering, logs: &[EscrowLog]) -> (String, Vec<u128>) {
    let mut entries = ChainEntries::new(ESCROW);
    let mut kinds = Vec::new();
    for log in logs {
        for entry in entries.of(log, offering) {
            let outcome = apply(offering, &entry);
            assert_eq!(entry.check(&outcome, offering), Ok(()), "{log:?}");
            let kind = format!("{:?}", entry.what);
            kinds.push(kind.split(['(', ' ']).next().unwrap().to_owned());
        }
    }
    let accepted = offering.rows().map(|row| row.accepted.0);
    (kinds.join(" "), accepted.collect())
}

/// Whoever begins again, anywhere, changes nothing.
fn changes_nothing_again(offering: &mut Offering, logs: &[EscrowLog]) {
    let accepted =
        |offering: &Offering| offering.rows().map(|row| row.accepted).collect::<Vec<_>>();
    let before = accepted(offering);
    for begin in 0..logs.len() {
        let mut again = ChainEntries::new(ESCROW);
        for log in &logs[begin..] {
            for entry in again.of(log, offering) {
                assert!(offering.find_request(entry.request).is_some(), "{log:?}");
                apply(offering, &entry);
            }
        }
    }
    assert_eq!(accepted(offering), before);
}

/// An hour from each contribution. Ben got 300 back at once and 600 by withdrawing; neither is due again, so that the
/// sale is finished when Ada has her tokens and the issuer the money.
#[test]
fn what_is_taken_back_is_the_latest_contribution_and_was_paid_with_it() {
    let logs = [
        log(OPENS, 1, paid(ADA, 500, 300, 300)),
        log(OPENS + 3_500, 2, paid(ADA, 500, 100, 100)),
        log(OPENS + 3_590, 3, paid(BEN, 900, 900, 600)),
        log(OPENS + 3_600, 4, withdrawn(ADA, 100)),
        log(OPENS + 3_600, 5, withdrawn(BEN, 600)),
        log(OPENS + 3_700, 6, paid(ADA, 500, 200, 200)),
        log(
            CLOSES,
            7,
            EscrowEvent::Settled {
                raised: Value(500),
                sold: Tokens(5_000),
            },
        ),
        log(CLOSES, 8, EscrowEvent::Claimed(ADA, Tokens(5_000))),
        log(CLOSES, 9, EscrowEvent::Drawn(Amount(500))),
    ];
    let mut offering = offering_of(&with_right("span = \"1 hour\""));
    let (kinds, accepted) = entered(&mut offering, &logs);
    let expected = "Admit Contribute Contribute Admit Contribute Withdraw Withdraw Contribute \
                    Settle Distribute Release";
    assert_eq!(kinds, expected);
    assert_eq!(accepted, [300, 0, 0, 200]);
    assert_eq!(offering.phase(), Phase::Finished);
    changes_nothing_again(&mut offering, &logs);
}

/// Everything to the day after the window: one log takes back two contributions, and a later one stays.
#[test]
fn where_the_right_ends_for_all_one_log_takes_back_everything() {
    let logs = [
        log(OPENS, 1, paid(ADA, 900, 300, 300)),
        log(OPENS, 2, paid(BEN, 900, 50, 50)),
        log(OPENS + 1, 3, paid(ADA, 900, 100, 100)),
        log(OPENS + 2, 4, withdrawn(ADA, 400)),
        log(OPENS + 3, 5, paid(ADA, 900, 900, 900)),
    ];
    let mut offering = offering_of(&with_right("until = \"2030-01-03T00:00:00Z\""));
    let (kinds, accepted) = entered(&mut offering, &logs);
    let expected = "Admit Contribute Admit Contribute Contribute Withdraw Withdraw Contribute";
    assert_eq!(kinds, expected);
    assert_eq!(accepted, [0, 50, 0, 900]);
    changes_nothing_again(&mut offering, &logs);
}

#[test]
fn a_withdrawal_that_the_record_does_not_know_is_an_alarm() {
    let hour = "span = \"1 hour\"";
    let day = "until = \"2030-01-03T00:00:00Z\"";
    for (right, second, event) in [
        (hour, OPENS + 3_600, withdrawn(ADA, 300)),
        (hour, OPENS + 3_599, withdrawn(ADA, 99)),
        (hour, OPENS + 3_599, withdrawn(ADA, 101)),
        (day, OPENS + 9, withdrawn(ADA, 399)),
        (day, OPENS + 9, withdrawn(ADA, 401)),
        (day, OPENS + 9, withdrawn(BEN, 1)),
        (day, CLOSES + 86_400, withdrawn(ADA, 400)),
    ] {
        let mut offering = offering_of(&with_right(right));
        let paid_in = [
            log(OPENS, 1, paid(ADA, 900, 300, 300)),
            log(OPENS, 2, paid(ADA, 900, 100, 100)),
        ];
        entered(&mut offering, &paid_in);
        let log = log(second, 3, event);
        let made = ChainEntries::new(ESCROW).of(&log, &offering);
        let differs = made.iter().any(|entry| {
            let outcome = apply(&mut offering, entry);
            entry.check(&outcome, &offering).is_err()
        });
        assert!(differs, "{right}, {log:?}");
    }
}

/// The contract takes a revocation at any time, and a cancellation while nobody settled: neither moves anything
/// then, and neither is an alarm.
#[test]
fn what_the_issuer_does_after_the_end_is_refused_without_an_alarm() {
    let missed = vec![
        log(OPENS, 1, paid(ADA, 500, 300, 300)),
        log(CLOSES, 2, EscrowEvent::Refunded(ADA, Amount(300))),
    ];
    let late = |index| {
        [
            log(CLOSES + 9, index, EscrowEvent::Revoked(ADA)),
            log(CLOSES + 9, index + 1, EscrowEvent::Revoked(BEN)),
            log(CLOSES + 9, index + 2, EscrowEvent::PausedUntil(CLOSES)),
        ]
    };
    let cancelled = log(CLOSES + 9, 60, EscrowEvent::Cancelled);
    for (logs, after) in [
        (sale(), late(50).to_vec()),
        (missed, late(50).into_iter().chain([cancelled]).collect()),
    ] {
        let mut offering = offering();
        let mut entries = ChainEntries::new(ESCROW);
        for log in &logs {
            for entry in entries.of(log, &offering) {
                apply(&mut offering, &entry);
            }
        }
        assert!(offering.settlement().is_some());
        let state = |offering: &Offering| {
            let accepted = offering.rows().map(|row| row.accepted);
            (offering.phase(), accepted.collect::<Vec<_>>())
        };
        let ended = state(&offering);
        for log in &after {
            for entry in entries.of(log, &offering) {
                let outcome = apply(&mut offering, &entry);
                assert!(
                    matches!(outcome, Outcome::Refused(_)),
                    "{log:?}: {outcome:?}"
                );
                assert_eq!(entry.check(&outcome, &offering), Ok(()), "{log:?}");
            }
        }
        assert_eq!(state(&offering), ended);
    }
}

#[test]
fn what_the_contract_says_otherwise_is_named_with_its_log() {
    let table = [
        log(OPENS, 1, paid(ADA, 500, 300, 299)),
        log(OPENS - 1, 1, paid(ADA, 500, 300, 300)),
        log(OPENS, 1, paid(ADA, 500, 600, 600)),
        log(OPENS, 1, EscrowEvent::Claimed(ADA, Tokens(1))),
        log(OPENS, 1, EscrowEvent::Drawn(Amount(1))),
        log(OPENS, 1, EscrowEvent::PausedUntil(OPENS)),
        log(
            CLOSES,
            1,
            EscrowEvent::Settled {
                raised: Value(1),
                sold: Tokens(10),
            },
        ),
    ];
    for log in table {
        let mut offering = offering();
        let mut entries = ChainEntries::new(ESCROW);
        let made = entries.of(&log, &offering);
        let checked = made.iter().map(|entry| {
            let outcome = apply(&mut offering, entry);
            entry.check(&outcome, &offering)
        });
        let difference = checked.collect::<Vec<_>>().pop().unwrap().unwrap_err();
        assert_eq!(difference.place, log.place);
        assert!(difference.to_string().starts_with("E652: log 1 of block"));
    }
}

/// The same terms, with steps of the release and a share that vests.
const AFTER_SALE: [(&str, &str); 2] = [
    (
        "kind = \"minted\"",
        "kind = \"fixed\"\ntotal = \"300 TOK\"\nfor_sale = \"200 TOK\"\n[[token.share]]\nholder = \"team\"\n\
         amount = \"100 TOK\"\nvesting = { cliff = \"100 seconds\", duration = \"300 seconds\" }",
    ),
    (
        "[[round]]",
        "[[milestone]]\nname = \"a\"\npart = \"33.33 %\"\n\
         [[milestone]]\nname = \"b\"\npart = \"66.67 %\"\nafter = \"50 seconds\"\n\
         [objections]\nshare = \"20 %\"\nspan = \"10 seconds\"\ndeadline = \"1 day\"\n[[round]]",
    ),
];

fn released(milestone: u8, amount: u128) -> EscrowEvent {
    let amount = Amount(amount);
    EscrowEvent::AfterSale(AfterSaleEvent::Released { milestone, amount })
}

fn vested(tokens: u128) -> EscrowEvent {
    let tokens = Tokens(tokens);
    EscrowEvent::AfterSale(AfterSaleEvent::Vested { share: 0, tokens })
}

/// A sale with milestones that was settled at `CLOSES` with 7.01 ETH, and the maker of entries that saw it.
fn settled() -> (Offering, ChainEntries) {
    let mut text = TERMS.to_owned();
    for (from, to) in AFTER_SALE {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let mut offering = named(Offering::new(Arc::new(Terms::parse(&text).unwrap())));
    let mut entries = ChainEntries::new(ESCROW);
    let logs = [
        log(OPENS, 1, paid(ADA, 900, 701, 701)),
        log(
            CLOSES,
            2,
            EscrowEvent::Settled {
                raised: Value(701),
                sold: Tokens(7_010),
            },
        ),
        // To the contract that releases it: nothing of it is the issuer's yet.
        log(CLOSES, 3, EscrowEvent::Drawn(Amount(701))),
        log(CLOSES, 4, EscrowEvent::AfterSale(AfterSaleEvent::Begun)),
    ];
    for log in &logs {
        for entry in entries.of(log, &offering) {
            let outcome = apply(&mut offering, &entry);
            entry.check(&outcome, &offering).unwrap();
        }
    }
    assert_eq!(offering.released().0, 0);
    (offering, entries)
}

/// The outcome of the only entry of a log, and whether the contract did the same.
fn follow(offering: &mut Offering, entries: &mut ChainEntries, log: &EscrowLog) -> (Outcome, bool) {
    let made = entries.of(log, offering);
    let [entry] = &made[..] else {
        panic!("{made:?}");
    };
    let outcome = apply(offering, entry);
    let agrees = entry.check(&outcome, offering).is_ok();
    (outcome, agrees)
}

#[test]
fn each_part_that_is_released_is_the_records_to_the_unit() {
    let (mut offering, mut entries) = settled();
    // floor(701 x 33.33 %) = 233, and what is left of 701.
    for (at, milestone, amount, points) in [(20, 0, 233, 3_333), (60, 1, 468, 10_000)] {
        let log = log(
            CLOSES + at,
            5 + u64::from(milestone),
            released(milestone, amount),
        );
        let followed = follow(&mut offering, &mut entries, &log);
        assert_eq!(followed, (Outcome::Done, true));
        assert_eq!(offering.released().0, points);
    }
}

#[test]
fn a_release_that_the_terms_do_not_give_is_a_difference() {
    for (at, milestone, amount) in [
        // One unit too much, before its time, out of turn, and one that the terms do not have.
        (20, 0, 234),
        (49, 1, 468),
        (60, 1, 468),
        (60, 2, 0),
    ] {
        let (mut offering, mut entries) = settled();
        if at == 49 {
            let first = log(CLOSES + 1, 5, released(0, 233));
            assert!(follow(&mut offering, &mut entries, &first).1);
        }
        let log = log(CLOSES + at, 6, released(milestone, amount));
        let (outcome, agrees) = follow(&mut offering, &mut entries, &log);
        assert!(!agrees, "{milestone} at {at}: {outcome:?}");
    }
}

#[test]
fn a_share_vests_as_the_terms_say_and_not_earlier() {
    let (mut offering, mut entries) = settled();
    // 10,000 x 150 / 300, and not a unit more; the rest at the end.
    for (at, index, tokens, agrees) in [
        (99, 5, 1, false),
        (150, 6, 5_001, false),
        (150, 7, 5_000, true),
        (300, 8, 5_000, true),
        (301, 9, 1, false),
    ] {
        let log = log(CLOSES + at, index, vested(tokens));
        let (outcome, same) = follow(&mut offering, &mut entries, &log);
        assert_eq!(same, agrees, "{tokens} at {at}: {outcome:?}");
    }
}

#[test]
fn objections_a_stop_and_tokens_given_back_make_no_entry() {
    let (offering, mut entries) = settled();
    let (milestone, amount) = (0, Amount(100));
    for event in [
        AfterSaleEvent::Announced {
            milestone,
            objections_until: CLOSES + 30,
        },
        AfterSaleEvent::Objected {
            investor: ADA,
            milestone,
            accepted: amount,
        },
        AfterSaleEvent::Stopped {
            milestone,
            objections: amount,
        },
        AfterSaleEvent::GivenBack {
            investor: ADA,
            tokens: Tokens(1_000),
            amount,
        },
    ] {
        let log = log(CLOSES + 20, 5, EscrowEvent::AfterSale(event));
        assert!(!entries.needs_the_record(&log.event));
        assert_eq!(entries.of(&log, &offering), []);
    }
}
