//! Traces say what the engine does: compared with it over random sales of every shape.

use std::sync::Arc;

use proptest::prelude::*;
use ruint::aliases::U512;

use super::*;
use crate::{
    Admit, Funding, InvestorId, LimitPrice, LineIndex, Reason, RoundingMode, Verdict,
    WithdrawalMark,
    ratio::Factor,
    terms::{Bound, RoundingScope, Terms},
};

const OPENS: u64 = 1_772_323_200_000; // 2026-03-01T00:00:00Z
const HEAD: &str = r#"
rules = 1
name = "Traces"
origin = "softcap.example/traces"
numeraire = "EUR"
refund_deadline = "2027-01-01T00:00:00Z"
[clock]
kind = "time"
[token]
name = "Token"
symbol = "TOK"
decimals = 3
[token.supply]
kind = "minted"
max = "5_000 TOK"
[currency.EUR]
decimals = 2
rail = "balance"
[currency.ETH]
decimals = 6
rail = "balance"
rate = "7 EUR per 3 ETH"
"#;
const ROUND: &str = r#"
[[round]]
name = "only"
from = "2026-03-01T00:00:00Z"
until = "2026-03-02T00:00:00Z"
end = "exclusive"
"#;

/// Keys of the offering and of its round: one of each shape.
const SALES: &[(&str, &str)] = &[
    ("", "price = \"3 TOK per EUR\"\ncap = \"300 EUR\""),
    (
        "hard_cap = \"200 EUR\"\ninvestor_max = \"90 EUR\"",
        "price = \"3 TOK per 7 EUR\"",
    ),
    (
        "hard_cap = \"900 TOK\"\nsoft_cap = \"100 EUR\"",
        "price = \"3 TOK per EUR\"\nover_cap = \"kept\"",
    ),
    (
        "freed_room = \"waiting_list\"",
        "price = \"3 TOK per EUR\"\nsupply = \"500 TOK\"",
    ),
    (
        "",
        "price = \"1 TOK per EUR\"\ncontribution = { min = \"5 EUR\", max = \"70 EUR\" }\n\
         investor = { max = \"80 TOK\" }\nover_limit = \"refuse\"",
    ),
    (
        "",
        "[round.pricing]\nkind = \"tiers\"\ncrossing = \"split\"\ntiers = [\n\
         { up_to = \"50 EUR\", price = \"7 TOK per 3 EUR\" },\n\
         { up_to = \"120 EUR\", price = \"2 TOK per EUR\" },\n\
         { up_to = \"400 EUR\", price = \"1 TOK per EUR\" } ]",
    ),
    (
        "",
        "[round.pricing]\nkind = \"tiers\"\ncrossing = \"before\"\ntiers = [\n\
         { up_to = \"50 EUR\", price = \"7 TOK per 3 EUR\" }, { price = \"2 TOK per EUR\" } ]",
    ),
    (
        "",
        "[round.pricing]\nkind = \"linear\"\nbase = \"2 TOK per EUR\"\nbonus = \"10 %\"\n\
         per = \"7 hours\"\nuntil = \"2026-03-02T00:00:00Z\"\ngranularity = \"1 second\"",
    ),
    (
        "",
        "supply = \"400 TOK\"\n[round.pricing]\nkind = \"dutch\"\nstart = \"2 EUR per TOK\"\n\
         end = \"0.5 EUR per TOK\"\ngranularity = \"1 hour\"",
    ),
    (
        "",
        "price = \"3 TOK per EUR\"\ncap = \"150 EUR\"\nallocation = \"pro_rata\"",
    ),
    (
        "",
        "price = \"3 TOK per EUR\"\ncap = \"150 EUR\"\nallocation = \"water_filling\"",
    ),
    (
        "dust = \"unassigned\"",
        "price = \"3 TOK per 7 EUR\"\nsupply = \"60 TOK\"\n\
         allocation = { kind = \"pro_rata_capped\", cap = \"40 EUR\" }",
    ),
    (
        "",
        "price = \"3 TOK per EUR\"\ncap = \"150 EUR\"\nallocation = { kind = \"lottery\", \
         source = \"drand:quicknet\", instant = \"2026-03-03T00:00:00Z\", marginal = \"partial\" }",
    ),
    (
        "",
        "supply = \"90 TOK\"\nallocation = \"pro_rata\"\n[round.pricing]\nkind = \"linear\"\n\
         base = \"2 TOK per EUR\"\nbonus = \"10 %\"\nper = \"7 hours\"\n\
         until = \"2026-03-02T00:00:00Z\"\ngranularity = \"1 second\"",
    ),
    (
        "",
        "price = \"3 TOK per EUR\"\ncap = \"150 EUR\"\n\
         allocation = { kind = \"guaranteed\", until = \"2026-03-01T12:00:00Z\" }",
    ),
];

fn offering(sale: usize) -> Offering {
    let (top, round) = SALES[sale % SALES.len()];
    let text = HEAD.replacen("[clock]", &format!("{top}\n[clock]"), 1) + ROUND + round;
    let terms = Terms::parse(&text).unwrap_or_else(|problems| panic!("{text}\n{problems:#?}"));
    let mut offering = Offering::new(Arc::new(terms));
    let terms_hash = offering.terms_hash();
    offering.apply(at(0), &Command::Announce { terms_hash });
    let admit = Admit {
        round: RoundIndex(0),
        investor: InvestorId::parse("person-1").unwrap(),
        limit: Some(Value(6_000)),
        expires: None,
        guaranteed: Value(if top.is_empty() && round.contains("guaranteed") {
            4_000
        } else {
            0
        }),
        withdrawal: WithdrawalMark::Unmarked,
    };
    offering.apply(at(0), &Command::Admit(admit));
    offering
}

fn at(after: u64) -> Stamp {
    Stamp {
        line: LineIndex(0),
        position: Position(OPENS + after),
    }
}

/// (person, currency, units, milliseconds after the one before)
type Payment = (u8, u8, u128, u64);

fn payments() -> impl Strategy<Value = Vec<Payment>> {
    let units = prop_oneof![0_u128..12_000, 0_u128..30_000_000];
    prop::collection::vec((0_u8..4, 0_u8..2, units, 0_u64..9_000_000), 1..14)
}

/// Applies the payments; after each one the trace is compared with the outcome.
fn run(offering: &mut Offering, payments: &[Payment]) -> Result<Vec<Trace>, TestCaseError> {
    let mut plain = offering.clone();
    let mut traces = Vec::new();
    let mut after = 0;
    for &(person, currency, units, later) in payments {
        after += later;
        let id = format!("person-{person}");
        let contribute = Contribute {
            investor: InvestorId::parse(&id).unwrap(),
            currency: CurrencyIndex(currency),
            amount: Amount(if currency == 0 { units % 20_000 } else { units }),
            limit: None,
            reference: "",
            source: None,
            funding: Funding::Arrived,
        };
        let command = Command::Contribute(contribute);
        let (trace, outcome) = offering.apply_traced(at(after), &command);
        prop_assert_eq!(
            &outcome,
            &plain.apply(at(after), &command),
            "a trace changes nothing"
        );
        let trace = trace.unwrap();
        check(offering, &trace, &outcome)?;
        traces.push(trace);
    }
    Ok(traces)
}

fn check(offering: &Offering, trace: &Trace, outcome: &Outcome) -> Result<(), TestCaseError> {
    let taken = trace.offer.as_ref().and_then(|offer| offer.taken);
    match outcome {
        Outcome::Contributed(done) => {
            let taken = taken.unwrap();
            prop_assert_eq!(trace.refusal, None);
            prop_assert_eq!(taken.accepted, done.accepted);
            prop_assert_eq!(taken.refunded, done.refunded);
            prop_assert_eq!(taken.waiting, done.waiting);
            prop_assert_eq!(taken.kept, done.kept);
            prop_assert_eq!(taken.tokens, done.tokens);
            prop_assert_eq!(taken.reason, done.reason);
            let last = trace.rounds.last().unwrap();
            prop_assert_eq!(last.round, done.round);
            prop_assert!(matches!(last.standing, RoundStanding::Takes(_)));
        }
        Outcome::Refused(refusal) => {
            prop_assert_eq!(trace.refusal, Some(*refusal));
            prop_assert_eq!(taken, None);
        }
        Outcome::Done
        | Outcome::Refunded { .. }
        | Outcome::RefundedAndPromoted { .. }
        | Outcome::Settled(_)
        | Outcome::RepeatOf(_) => prop_assert!(false, "{:?}", outcome),
    }
    let Some(offer) = &trace.offer else {
        return Ok(());
    };
    let mut fits = trace.amount.0;
    for limit in &offer.limits {
        fits = fits.min(limit.fits.0);
    }
    for cap in &offer.caps {
        let used: u128 = cap.uses.iter().map(|part| part.1).sum();
        let (most, room) = match (cap.most, cap.room) {
            (Bound::Value(most), Bound::Value(room)) => (most.0, room.0),
            (Bound::Tokens(most), Bound::Tokens(room)) => (most.0, room.0),
            mixed => return Err(TestCaseError::fail(format!("{mixed:?}"))),
        };
        prop_assert_eq!(room, most.saturating_sub(used), "{:?}", cap);
        fits = fits.min(cap.fits.0);
    }
    if let Some(taken) = taken {
        prop_assert_eq!(
            fits,
            taken.accepted.0,
            "the smallest room decides: {:?}",
            trace
        );
    }
    check_price(offering, offer)
}

/// Tokens from the price as it is traced, in wide fractions.
fn check_price(offering: &Offering, offer: &OfferTrace) -> Result<(), TestCaseError> {
    let Some(taken) = offer.taken.filter(|taken| !taken.accepted.is_zero()) else {
        return Ok(());
    };
    let rate = offer.rate;
    let whole = |price: Ratio| {
        let num = U512::from(taken.accepted.0) * U512::from(rate.num()) * U512::from(price.num());
        num / (U512::from(rate.den()) * U512::from(price.den()))
    };
    let tokens = match &offer.price {
        PriceTrace::Fixed { price } | PriceTrace::Step { price, .. } => whole(*price),
        PriceTrace::Linear {
            base,
            bonus,
            per,
            counted,
            price,
            ..
        } => {
            let unit = U512::from(10_000_u128) * U512::from(per.0);
            let bonus = U512::from(bonus.0) * U512::from(counted.0);
            prop_assert_eq!(
                U512::from(price.num()) * U512::from(base.den()) * unit,
                U512::from(price.den()) * U512::from(base.num()) * (unit + bonus)
            );
            whole(*price)
        }
        PriceTrace::Tiers { parts, .. } => {
            let den = parts
                .iter()
                .fold(U512::from(1), |den, p| den * U512::from(p.price.den()));
            let num = parts.iter().fold(U512::ZERO, |num, part| {
                let value = U512::from(part.value) * U512::from(part.price.num());
                num + value * (den / U512::from(part.price.den()))
            });
            num / (den * U512::from(rate.den()))
        }
        PriceTrace::Dutch { .. } | PriceTrace::Bid { .. } => U512::ZERO,
    };
    prop_assert_eq!(
        tokens,
        U512::from(taken.tokens.0),
        "{:?}",
        offering.terms().rounds
    );
    Ok(())
}

/// Settles with the traces taken right before and after, and compares them with the rows.
fn settle(offering: &mut Offering) -> Result<(), TestCaseError> {
    let day = 86_400_000;
    offering.apply(at(2 * day), &Command::Tick);
    let seed = Command::Seed {
        round: RoundIndex(0),
        seed: [7; 32],
        proof: &[],
    };
    offering.apply(at(2 * day), &seed);
    let count = offering.contribution_count();
    let all = (0..count).map(|at| {
        let index = crate::offering::index_of(at);
        (
            index,
            offering.trace_settlement(index).unwrap(),
            offering.row(index),
        )
    });
    let before: Vec<_> = all.collect();
    let outcome = offering.apply(at(3 * day), &Command::Settle);
    prop_assert!(matches!(outcome, Outcome::Settled(_)), "{outcome:?}");
    let verdict = offering.settlement().unwrap().settled.verdict;
    for (index, trace, row) in before {
        let end = offering.final_trace(index).unwrap();
        prop_assert_eq!(end.row, offering.row(index));
        let back = Some(Reason::Refused(Refusal::BuysNothing));
        if let Some(for_nothing) = &trace.for_nothing {
            check_for_nothing(for_nothing, &trace, &end)?;
        } else if verdict == Verdict::Succeeded {
            prop_assert_eq!(trace.allotted, end.row.accepted);
            prop_assert!(trace.allotted.is_zero() || end.row.reason != back);
        }
        if let Some(soft_cap) = trace.soft_cap {
            let Bound::Value(cap) = soft_cap.cap else {
                unreachable!("no such sale")
            };
            prop_assert_eq!(soft_cap.has >= cap.0, verdict == Verdict::Succeeded);
        }
        if let Some(batch) = trace.batch {
            check_batch(&batch, row.sequence, (row.accepted, trace.allotted), &end)?;
        }
        if let (Some(dutch), false) = (end.dutch, end.row.accepted.is_zero()) {
            let clearing = end.clearing.unwrap();
            let by_raised = dutch.raised >= dutch.lot && !dutch.raised.is_zero();
            let (money, lot) = if by_raised {
                (dutch.raised.0, dutch.supply.0)
            } else {
                (dutch.last.num(), dutch.last.den())
            };
            prop_assert_eq!(
                Ratio::new(money, lot),
                Ratio::new(clearing.money, clearing.tokens)
            );
            let tokens = Factor::share(clearing.tokens, clearing.money).unwrap();
            prop_assert_eq!(tokens.floor(end.value.0), Some(end.row.tokens.0));
        }
    }
    Ok(())
}

fn check_batch(
    batch: &BatchTrace,
    sequence: Sequence,
    (held, allotted): (Amount, Amount),
    end: &FinalTrace,
) -> Result<(), TestCaseError> {
    let share = |part: u128, of: u128, whole: u128| {
        Factor::share(part, whole)
            .map_or(Some(0), |share| share.floor(of))
            .unwrap()
    };
    let (asked, part) = (batch.person_asked.0, batch.person_part.0);
    let least = match &batch.rule {
        BatchRule::ProRata if batch.asked <= batch.capacity => asked,
        BatchRule::ProRata => share(batch.capacity.0, asked, batch.asked.0),
        BatchRule::ProRataCapped {
            counted,
            counted_by_all,
            ..
        } => share(
            batch.capacity.0.min(counted_by_all.0),
            counted.0,
            counted_by_all.0,
        ),
        BatchRule::WaterFilling { level, .. } => level.map_or(asked, |level| asked.min(level.0)),
        BatchRule::Lottery {
            ticket, threshold, ..
        } => {
            prop_assert_eq!(part > 0, threshold.is_some_and(|last| *ticket <= last));
            part
        }
    };
    prop_assert!(
        part == least || part == least + 1,
        "{part} is {least} and perhaps dust"
    );
    let place = batch
        .asks
        .iter()
        .position(|ask| ask.sequence == sequence)
        .unwrap();
    let ask = batch.asks[place];
    prop_assert_eq!(ask.money, held);
    let accepted = if batch.scaled {
        if part == asked {
            held.0
        } else {
            share(part, held.0, asked)
        }
    } else {
        let before: u128 = batch.asks[..place].iter().map(|ask| ask.value.0).sum();
        let value = share(part, before + ask.value.0, asked) - share(part, before, asked);
        if value == ask.value.0 {
            held.0
        } else {
            let rate = end.rate.unwrap();
            share(rate.den(), value, rate.num()).min(held.0)
        }
    };
    prop_assert_eq!(accepted, allotted.0, "{:?}", batch);
    Ok(())
}

/// Money that went back had come to no token, and the numbers of the trace say so.
fn check_for_nothing(
    nothing: &ForNothingTrace,
    trace: &SettlementTrace,
    end: &FinalTrace,
) -> Result<(), TestCaseError> {
    prop_assert!(!trace.allotted.is_zero() && end.row.accepted.is_zero());
    prop_assert_eq!(end.row.reason, Some(Reason::Refused(Refusal::BuysNothing)));
    let own = end
        .rate
        .unwrap()
        .times(trace.allotted.0, RoundingMode::Down);
    prop_assert_eq!(own, Some(nothing.value.0));
    let once = end.rounding.per == RoundingScope::Investor;
    prop_assert_eq!(once, !nothing.together.is_empty());
    for part in &nothing.together {
        let (money, unit) = (part.money.0, end.rounding.unit.0);
        let tokens = part.per_money.times_to_unit(money, unit, end.rounding.mode);
        prop_assert_eq!((tokens, part.added), (Some(0), Tokens::ZERO));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]
    #[test]
    fn a_trace_says_what_the_engine_does(sale in 0..SALES.len(), payments in payments()) {
        let mut offering = offering(sale);
        run(&mut offering, &payments)?;
        settle(&mut offering)?;
    }
}

#[test]
fn every_sale_of_the_tests_takes_something_and_refuses_or_cuts_something() {
    for sale in 0..SALES.len() {
        let mut offering = offering(sale);
        let payments: Vec<Payment> = (0..12)
            .map(|n: u8| (n % 4, 0, if n == 11 { 0 } else { 4_000 }, 3_600_000))
            .collect();
        let traces = run(&mut offering, &payments).unwrap();
        settle(&mut offering).unwrap();
        let accepted = offering
            .rows()
            .filter(|row| !row.accepted.is_zero())
            .count();
        assert!(accepted > 0, "sale {sale} took nothing");
        assert!(
            offering.rows().any(|row| row.accepted < row.contributed),
            "sale {sale} fits all"
        );
        let refusal = if sale == 4 {
            Refusal::BelowMinimum
        } else {
            Refusal::Zero
        };
        assert_eq!(traces[11].refusal, Some(refusal), "sale {sale}");
    }
}

#[test]
fn a_bid_is_placed_among_the_others() {
    let round = "supply = \"100 TOK\"\ncurrencies = [\"EUR\"]\nallocation = \"pro_rata\"\n[round.pricing]\nkind = \"bids\"\n\
                 min_proceeds = \"10 EUR\"";
    let text = HEAD.to_owned() + ROUND + round;
    let mut offering = Offering::new(Arc::new(Terms::parse(&text).unwrap()));
    let terms_hash = offering.terms_hash();
    offering.apply(at(0), &Command::Announce { terms_hash });
    // Money and limit: cents for a thousand smallest units of the token, which is one token.
    for (place, (money, limit)) in [(3_000, 80), (6_000, 60), (2_000, 60), (1_000, 20)]
        .iter()
        .enumerate()
    {
        let id = format!("person-{place}");
        let command = Command::Contribute(Contribute {
            investor: InvestorId::parse(&id).unwrap(),
            currency: CurrencyIndex(0),
            amount: Amount(*money),
            limit: Some(LimitPrice {
                money: *limit,
                tokens: 1_000,
            }),
            reference: "",
            source: None,
            funding: Funding::Arrived,
        });
        let (trace, _) = offering.apply_traced(at(1), &command);
        let price = trace.unwrap().offer.unwrap().price;
        assert_eq!(
            price,
            PriceTrace::Bid {
                limit: LimitPrice {
                    money: *limit,
                    tokens: 1_000
                }
            }
        );
    }
    offering.apply(at(86_400_000), &Command::Tick);
    let bid = |place| {
        let index = crate::offering::index_of(place);
        offering.trace_settlement(index).unwrap().bid.unwrap()
    };
    // (bids above, their money, bids level, their money)
    let table = [
        (0, 0, 1, 3_000),
        (1, 3_000, 2, 8_000),
        (1, 3_000, 2, 8_000),
        (3, 11_000, 1, 1_000),
    ];
    for (place, (higher, higher_money, equal, equal_money)) in table.into_iter().enumerate() {
        let bid = bid(place);
        assert_eq!(
            (bid.bids, bid.supply, bid.min_proceeds),
            (4, Tokens(100_000), Value(1_000))
        );
        assert_eq!(
            (bid.higher, bid.higher_money),
            (higher, Value(higher_money)),
            "bid {place}"
        );
        assert_eq!(
            (bid.equal, bid.equal_money),
            (equal, Value(equal_money)),
            "bid {place}"
        );
    }
    offering.apply(at(86_400_000), &Command::Settle);
    let end = offering.final_trace(crate::offering::index_of(1)).unwrap();
    assert_eq!(
        end.clearing,
        Some(LimitPrice {
            money: 60,
            tokens: 1_000
        })
    );
    assert_eq!(end.row.accepted, Amount(2_250));
}

#[test]
fn a_window_is_traced_at_its_edges() {
    // (position, standing, refusal)
    let table = [
        (100, RoundStanding::Takes(AdmissionTrace::Open), None),
        (199, RoundStanding::Takes(AdmissionTrace::Open), None),
        (200, RoundStanding::Over, Some(Refusal::WindowOver)),
    ];
    for (position, standing, refusal) in table {
        let mut offering = crate::fixture::open();
        let stamp = Stamp {
            line: LineIndex(0),
            position: Position(position),
        };
        let contribute = Contribute {
            investor: InvestorId::Opaque("ben"),
            currency: CurrencyIndex(0),
            amount: Amount(100),
            limit: None,
            reference: "c",
            source: None,
            funding: Funding::Arrived,
        };
        let (trace, _) = offering.apply_traced(stamp, &Command::Contribute(contribute));
        let trace = trace.unwrap();
        assert_eq!(trace.rounds[0].standing, standing, "at {position}");
        assert_eq!(trace.refusal, refusal, "at {position}");
    }
}
