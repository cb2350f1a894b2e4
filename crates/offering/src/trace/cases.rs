//! Traces of single contributions, each number worked out by hand.

use std::sync::Arc;

use crate::{
    Amount, Command, Contribute, ContributionIndex, CurrencyIndex, Funding, InvestorId, LineIndex,
    Offering, Outcome, Position, Ratio, Refusal, RoundIndex, Sequence, Stamp, Tokens, Value,
    terms::{Bound, Limit, Terms},
    trace::{ForNothingTrace, MinimumTrace, RoundStanding, RunningPart, SoftCapTrace},
};

const HEAD: &str = r#"
rules = 1
name = "Cases"
origin = "softcap.example/cases"
numeraire = "EUR"
TOP
[clock]
kind = "block"
[token]
name = "Token"
symbol = "TOK"
decimals = 0
[token.supply]
kind = "minted"
MAX
[currency.EUR]
decimals = 2
rail = "balance"
chain = "main"
ROUNDING
[currency.ETH]
decimals = 2
rail = "balance"
chain = "main"
rate = "2 EUR per ETH"
ROUNDING
"#;

pub(super) const fn at(position: u64) -> Stamp {
    Stamp {
        line: LineIndex(0),
        position: Position(position),
    }
}

pub(super) fn announced(top: &str, rounding: &str, rounds: &str) -> Offering {
    announced_with("", top, rounding, rounds)
}

pub(super) fn announced_with(max: &str, top: &str, rounding: &str, rounds: &str) -> Offering {
    let head = HEAD.replace("MAX", max).replace("TOP", top);
    let text = head.replace("ROUNDING", rounding) + rounds;
    let terms = Terms::parse(&text).unwrap_or_else(|problems| panic!("{text}\n{problems:#?}"));
    let mut offering = Offering::new(Arc::new(terms));
    let terms_hash = offering.terms_hash();
    offering.apply(at(1), &Command::Announce { terms_hash });
    offering
}

pub(super) fn pays(id: &'static str, currency: u8, amount: u128) -> Command<'static> {
    Command::Contribute(Contribute {
        investor: InvestorId::Opaque(id),
        currency: CurrencyIndex(currency),
        amount: Amount(amount),
        limit: None,
        reference: "",
        source: None,
        funding: Funding::Arrived,
    })
}

const ROUNDS: &str = r#"
[[round]]
name = "first"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 2 EUR"
[[round]]
name = "second"
from = 200
until = 300
end = "exclusive"
price = "1 TOK per 2 EUR"
"#;

#[test]
fn a_running_sum_has_one_currency_and_one_round() {
    let mut offering = announced("", "rounding = { per = \"investor\" }", ROUNDS);
    // (id, position, currency, hundredths); each buys a half, one or one and a half tokens.
    let payments = [
        ("ada", 100, 0, 100),
        ("ada", 101, 1, 50),
        ("ben", 102, 0, 100),
        ("ada", 103, 0, 300),
        ("ada", 104, 1, 150),
        ("ada", 200, 0, 100),
        ("ada", 201, 0, 100),
    ];
    for (id, position, currency, amount) in payments {
        offering.apply(at(position), &pays(id, currency, amount));
    }
    offering.apply(at(300), &Command::Tick);
    let eur = Ratio::new(1, 200).unwrap();
    let eth = Ratio::new(1, 100).unwrap();
    let part = |sequence, money, per_money, added| RunningPart {
        sequence: Sequence(sequence),
        money: Amount(money),
        per_money,
        added: Tokens(added),
    };
    // The announcement has the number 0.
    for index in 0..7 {
        let trace = offering.trace_settlement(ContributionIndex(index)).unwrap();
        let for_nothing = ForNothingTrace {
            value: Value(100),
            together: vec![part(3, 100, eur, 0)],
        };
        let expected = (index == 2).then_some(for_nothing);
        assert_eq!(trace.for_nothing, expected, "contribution {index}");
    }
    offering.apply(at(300), &Command::Settle);
    let table = [
        (0, vec![part(1, 100, eur, 0)]),
        (1, vec![part(2, 50, eth, 0)]),
        // Rounded to nothing: it went back.
        (2, Vec::new()),
        (3, vec![part(1, 100, eur, 0), part(4, 300, eur, 2)]),
        (4, vec![part(2, 50, eth, 0), part(5, 150, eth, 2)]),
        (5, vec![part(6, 100, eur, 0)]),
        (6, vec![part(6, 100, eur, 0), part(7, 100, eur, 1)]),
    ];
    for (index, running) in table {
        let end = offering.final_trace(ContributionIndex(index)).unwrap();
        assert_eq!(end.running, running, "contribution {index}");
    }
}

#[test]
fn a_ceiling_is_traced_with_the_tokens_of_earlier_contributions() {
    let mut offering = announced("token_ceiling_per_investor = \"5 TOK\"", "", ROUNDS);
    // Three, one and three tokens for ada, one for ben.
    for (id, position, amount) in [
        ("ada", 100, 600),
        ("ben", 101, 200),
        ("ada", 102, 200),
        ("ada", 103, 600),
    ] {
        offering.apply(at(position), &pays(id, 0, amount));
    }
    offering.apply(at(300), &Command::Settle);
    let table = [
        (0, 3, Some((Tokens(5), Tokens(0)))),
        (1, 1, Some((Tokens(5), Tokens(0)))),
        (2, 1, Some((Tokens(5), Tokens(3)))),
        (3, 1, Some((Tokens(5), Tokens(4)))),
    ];
    for (index, tokens, ceiling) in table {
        let end = offering.final_trace(ContributionIndex(index)).unwrap();
        assert_eq!(
            (end.row.tokens, end.ceiling),
            (Tokens(tokens), ceiling),
            "contribution {index}"
        );
    }
}

#[test]
fn the_soft_cap_is_traced_for_whoever_asks() {
    for (cap, bound, has) in [
        ("4 EUR", Bound::Value(Value(400)), 500),
        ("3 TOK", Bound::Tokens(Tokens(3)), 2),
    ] {
        let mut offering = announced(&format!("soft_cap = \"{cap}\""), "", ROUNDS);
        offering.apply(at(100), &pays("ada", 0, 300));
        offering.apply(at(200), &pays("ben", 0, 200));
        offering.apply(at(300), &pays("cyd", 0, 700));
        let soft_cap = Some(SoftCapTrace { cap: bound, has });
        for (index, allotted) in [(0, 300), (1, 200), (2, 0)] {
            let trace = offering.trace_settlement(ContributionIndex(index)).unwrap();
            assert_eq!(trace.allotted, Amount(allotted), "contribution {index}");
            assert_eq!(trace.soft_cap, soft_cap, "contribution {index}");
            assert_eq!((trace.batch, trace.bid), (None, None));
        }
    }
}

#[test]
fn a_sealed_bid_is_traced_up_to_its_round_with_the_rule_that_refuses_it() {
    let round = r#"
[[round]]
name = "auction"
from = 100
until = 200
end = "exclusive"
currencies = ["EUR"]
supply = "10 TOK"
[round.pricing]
kind = "bids"
sealed = { lock_step = "5 EUR", reveal_until = 250 }
"#;
    let mut offering = announced("", "", round);
    // (position, locked, refusal)
    let table = [
        (99, 500, Some(Refusal::NotYetOpen)),
        (100, 501, Some(Refusal::LockStep)),
        (100, 0, Some(Refusal::Zero)),
        (100, 500, None),
        (100, 500, Some(Refusal::SealedBidLive)),
    ];
    for (number, (position, locked, refusal)) in (1..).zip(table) {
        let commit = Command::Commit {
            investor: InvestorId::Opaque("ada"),
            locked: Amount(locked),
            commitment: [7; 32],
            reference: "",
            funding: Funding::Arrived,
        };
        let (trace, outcome) = offering.apply_traced(at(position), &commit);
        let trace = trace.unwrap();
        assert_eq!(trace.refusal, refusal, "{locked} at {position}");
        assert_eq!(
            matches!(outcome, Outcome::Refused(_)),
            refusal.is_some(),
            "{outcome:?}"
        );
        assert_eq!(trace.sequence, Sequence(number));
        assert_eq!(
            (trace.currency, trace.amount),
            (CurrencyIndex(0), Amount(locked))
        );
        assert_eq!(trace.offer, None);
        assert_eq!(trace.rounds[0].round, RoundIndex(0));
        let ahead = trace.rounds[0].standing == RoundStanding::Ahead;
        assert_eq!(ahead, position < 100);
    }
}

#[test]
fn only_minimums_that_count_for_the_currency_are_traced() {
    let round = r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 2 EUR"
contribution = { min = ["2 EUR", "1 ETH", "1 TOK"] }
investor = { min = "3 EUR" }
"#;
    let mut offering = announced("", "", round);
    let money = |currency, least| Limit::Money(CurrencyIndex(currency), Amount(least));
    let own = |before, has| (Limit::Value(Value(300)), before, has);
    let tokens = |has| (Limit::Tokens(Tokens(1)), 0, has);
    // (currency, hundredths, least, what was there before, what is compared)
    let table = [
        (
            0,
            399,
            vec![(money(0, 200), 0, 399), tokens(1), own(0, 399)],
        ),
        (
            1,
            250,
            vec![(money(1, 100), 0, 250), tokens(2), own(399, 899)],
        ),
        (
            0,
            100,
            vec![(money(0, 200), 0, 100), tokens(0), own(899, 999)],
        ),
    ];
    for (currency, amount, minimums) in table {
        let (trace, _) = offering.apply_traced(at(100), &pays("ada", currency, amount));
        let expected: Vec<MinimumTrace> = minimums
            .into_iter()
            .map(|(least, before, has)| MinimumTrace {
                least,
                before: Value(before),
                has,
            })
            .collect();
        let offer = trace.unwrap().offer.unwrap();
        assert_eq!(offer.minimums, expected, "{amount} of currency {currency}");
    }
}
