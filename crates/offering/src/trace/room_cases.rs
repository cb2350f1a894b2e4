//! Traces of limits, caps and prices, each number worked out by hand.

use super::cases::{announced, announced_with, at, pays};
use crate::{
    Admit, Amount, BasisPoints, Command, CurrencyIndex, InvestorId, Offering, Position, Ratio,
    Refusal, RoundIndex, Span, Tokens, Value, WithdrawalMark,
    terms::{Bound, Crossing, Limit},
    trace::{
        AdmissionTrace, CapKind, CapTrace, CapUse, LimitKind, LimitTrace, OfferTrace, PriceTrace,
        RoundStanding, TierPart, Trace, WholeNumber,
    },
};

fn trace(offering: &mut Offering, position: u64, command: &Command<'_>) -> Trace {
    offering.apply_traced(at(position), command).0.unwrap()
}

fn offer(offering: &mut Offering, position: u64, command: &Command<'_>) -> OfferTrace {
    trace(offering, position, command).offer.unwrap()
}

fn admit(id: &'static str, limit: Option<u128>, guaranteed: u128) -> Command<'static> {
    Command::Admit(Admit {
        round: RoundIndex(0),
        investor: InvestorId::Opaque(id),
        limit: limit.map(Value),
        expires: None,
        guaranteed: Value(guaranteed),
        withdrawal: WithdrawalMark::Unmarked,
    })
}

fn limit(kind: LimitKind, most: Limit, used: u128, fits: u128, refusal: Refusal) -> LimitTrace {
    LimitTrace {
        kind,
        most,
        used,
        fits: Amount(fits),
        refusal,
    }
}

fn cap(
    kind: CapKind,
    (most, room): (Bound, Bound),
    uses: &[(CapUse, u128)],
    fits: u128,
    refusal: Refusal,
) -> CapTrace {
    CapTrace {
        kind,
        most,
        uses: uses.to_vec(),
        room,
        fits: Amount(fits),
        refusal,
    }
}

const fn value(most: u128, room: u128) -> (Bound, Bound) {
    (Bound::Value(Value(most)), Bound::Value(Value(room)))
}

const fn tokens(most: u128, room: u128) -> (Bound, Bound) {
    (Bound::Tokens(Tokens(most)), Bound::Tokens(Tokens(room)))
}

const TWO_ROUNDS: &str = r#"
[[round]]
name = "open"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 2 EUR"
cap = "80 EUR"
supply = "45 TOK"
allocation = { kind = "guaranteed", until = 150 }
contribution = { max = ["30 EUR", "20 ETH"] }
investor = { max = "40 EUR" }
[[round]]
name = "shared"
from = 200
until = 300
end = "exclusive"
price = "1 TOK per 1 EUR"
allocation = "pro_rata"
cap = "10 EUR"
"#;

#[test]
fn limits_and_caps_say_what_counts_against_them() {
    let top = "investor_max = \"50 EUR\"\nhard_cap = \"100 EUR\"";
    let mut offering = announced(top, "", TWO_ROUNDS);
    offering.apply(at(90), &admit("ada", Some(3_500), 0));
    offering.apply(at(90), &admit("ben", None, 600));
    offering.apply(at(100), &pays("ada", 0, 500));

    let traced = trace(&mut offering, 101, &pays("ada", 0, 4_000));
    let admitted = AdmissionTrace::Admitted {
        limit: Some(Value(3_500)),
        guaranteed: Value(0),
    };
    assert_eq!(traced.rounds.len(), 1);
    assert_eq!(traced.rounds[0].standing, RoundStanding::Takes(admitted));
    let second = traced.offer.unwrap();
    let contribution = |currency, most, fits| {
        let most = Limit::Money(CurrencyIndex(currency), Amount(most));
        limit(
            LimitKind::Contribution,
            most,
            0,
            fits,
            Refusal::AboveMaximum,
        )
    };
    let worth = |most| Limit::Value(Value(most));
    let personal = Refusal::InvestorLimit;
    let expected = [
        contribution(0, 3_000, 3_000),
        limit(
            LimitKind::InvestorInRound,
            worth(4_000),
            500,
            3_500,
            personal,
        ),
        limit(
            LimitKind::InvestorOverall,
            worth(5_000),
            500,
            4_000,
            personal,
        ),
        limit(
            LimitKind::Admission,
            worth(3_500),
            500,
            3_000,
            Refusal::AdmissionLimit,
        ),
    ];
    assert_eq!(second.limits, expected);
    // 5 EUR bought 2 TOK, and 6 EUR of ben's are worth 3.
    let round = |used, guaranteed| [(CapUse::Round, used), (CapUse::Guarantees, guaranteed)];
    let all = |used| [(CapUse::AllRounds, used), (CapUse::Batches, 1_000)];
    let expected = [
        cap(
            CapKind::RoundCap,
            value(8_000, 6_900),
            &round(500, 600),
            3_000,
            Refusal::RoundCapReached,
        ),
        cap(
            CapKind::RoundSupply,
            tokens(45, 40),
            &round(2, 3),
            3_000,
            Refusal::SoldOut,
        ),
        cap(
            CapKind::HardCap,
            value(10_000, 8_500),
            &all(500),
            3_000,
            Refusal::HardCapReached,
        ),
    ];
    assert_eq!(second.caps, expected);

    // Nothing is reserved from 150 on; ben's own guarantee was never in his own way.
    let third = offer(&mut offering, 150, &pays("cyd", 1, 2_500));
    assert_eq!(third.limits[0], contribution(1, 2_000, 2_000));
    assert_eq!(third.limits.len(), 3);
    let expected = [
        cap(
            CapKind::RoundCap,
            value(8_000, 4_500),
            &[(CapUse::Round, 3_500)],
            2_000,
            Refusal::RoundCapReached,
        ),
        cap(
            CapKind::RoundSupply,
            tokens(45, 28),
            &[(CapUse::Round, 17)],
            2_000,
            Refusal::SoldOut,
        ),
        cap(
            CapKind::HardCap,
            value(10_000, 5_500),
            &all(3_500),
            2_000,
            Refusal::HardCapReached,
        ),
    ];
    assert_eq!(third.caps, expected);
    // What is shared out at the end meets its caps then.
    let shared = offer(&mut offering, 200, &pays("cyd", 0, 100));
    assert_eq!((shared.batch, shared.caps), (true, Vec::new()));
}

#[test]
fn a_guarantee_is_in_the_way_of_others_only() {
    let mut offering = announced("", "", TWO_ROUNDS);
    offering.apply(at(90), &admit("ben", None, 600));
    for (id, uses, room) in [
        ("ben", vec![(CapUse::Round, 0)], 8_000),
        (
            "ada",
            vec![(CapUse::Round, 200), (CapUse::Guarantees, 400)],
            7_400,
        ),
    ] {
        let traced = offer(&mut offering, 149, &pays(id, 0, 200));
        assert_eq!(traced.caps[0].uses, uses, "{id}");
        assert_eq!(traced.caps[0].room, Bound::Value(Value(room)), "{id}");
    }
}

const TIERS: &str = r#"
[[round]]
name = "tiers"
from = 100
until = 200
end = "exclusive"
[round.pricing]
kind = "tiers"
crossing = "CROSSING"
tiers = [{ up_to = "20 EUR", price = "2 TOK per EUR" }, { up_to = "60 EUR", price = "1 TOK per EUR" }]
"#;

#[test]
fn tiers_are_traced_with_what_falls_into_each() {
    let price = |tokens| Ratio::new(tokens, 100).unwrap();
    let part = |number: usize, money: u128| TierPart {
        number,
        up_to: Some(Value([2_000, 6_000][number - 1])),
        price: price([2, 1][number - 1]),
        value: WholeNumber::from(money),
        den: 1,
    };
    // (id, currency, hundredths, raised before, parts)
    let split = vec![
        ("ada", 0, 1_500, 0, vec![part(1, 1_500)]),
        ("ben", 1, 1_000, 1_500, vec![part(1, 500), part(2, 1_500)]),
        ("cyd", 0, 3_000, 3_500, vec![part(2, 2_500)]),
    ];
    let exact = vec![
        ("ada", 0, 2_000, 0, vec![part(1, 2_000)]),
        ("ben", 0, 100, 2_000, vec![part(2, 100)]),
    ];
    let before = vec![
        ("ada", 0, 1_500, 0, vec![part(1, 1_500)]),
        ("ben", 0, 1_000, 1_500, vec![part(1, 1_000)]),
        ("cyd", 0, 100, 2_500, vec![part(2, 100)]),
    ];
    for (crossing, word, rows) in [
        (Crossing::Split, "split", split),
        (Crossing::Split, "split", exact),
        (Crossing::Before, "before", before),
    ] {
        let mut offering = announced("", "", &TIERS.replace("CROSSING", word));
        for (id, currency, amount, raised, parts) in rows {
            let traced = offer(&mut offering, 100, &pays(id, currency, amount));
            let expected = PriceTrace::Tiers {
                raised: Value(raised),
                crossing,
                parts,
            };
            assert_eq!(traced.price, expected, "{id}, {word}");
            assert_eq!(traced.per_money, None);
            let last = traced.caps.last().unwrap();
            assert_eq!(last.kind, CapKind::LastTier);
            assert_eq!(last.uses, [(CapUse::Round, raised)]);
            assert_eq!(last.room, Bound::Value(Value(6_000 - raised)));
        }
    }
}

#[test]
fn caps_in_tokens_count_all_rounds() {
    let mut offering = announced_with(
        "max = \"50 TOK\"",
        "hard_cap = \"48 TOK\"",
        "",
        &TIERS.replace("CROSSING", "split"),
    );
    offering.apply(at(100), &pays("ada", 0, 1_500));
    let traced = offer(&mut offering, 100, &pays("ben", 0, 3_000));
    let all = [(CapUse::AllRounds, 30)];
    // 5 EUR at 2 and 8 EUR at 1 are 18 TOK; what would not reach the next one stays with the buyer.
    let expected = [
        cap(
            CapKind::HardCap,
            tokens(48, 18),
            &all,
            1_300,
            Refusal::HardCapReached,
        ),
        cap(
            CapKind::ForSale,
            tokens(50, 20),
            &all,
            1_500,
            Refusal::SoldOut,
        ),
        cap(
            CapKind::LastTier,
            value(6_000, 4_500),
            &[(CapUse::Round, 1_500)],
            3_000,
            Refusal::SoldOut,
        ),
    ];
    assert_eq!(traced.caps, expected);
}

fn priced(pricing: &str) -> Offering {
    let round = "[[round]]\nname = \"only\"\nfrom = 100\nuntil = 200\nend = \"exclusive\"\n";
    announced("", "", &format!("{round}{pricing}"))
}

#[test]
fn steps_and_a_falling_bonus_are_traced_at_their_edges() {
    let ratio = |num, den| Ratio::new(num, den).unwrap();
    let steps = "pricing = { kind = \"steps\", steps = [{ from = 90, price = \"2 TOK per EUR\" }, \
                 { from = 110, price = \"1 TOK per EUR\" }] }";
    let step = |number, from, until: Option<u64>, price| PriceTrace::Step {
        number,
        count: 2,
        from: Position(from),
        until: until.map(Position),
        price,
    };
    let linear = "pricing = { kind = \"linear\", base = \"1 TOK per EUR\", bonus = \"10 %\", per = \
                  \"10 blocks\", until = 150, granularity = \"4 blocks\" }";
    let falling = |distance, counted, price| PriceTrace::Linear {
        base: ratio(1, 100),
        bonus: BasisPoints(1_000),
        per: Span(10),
        until: Position(150),
        distance: Span(distance),
        granularity: Span(4),
        counted: Span(counted),
        price,
    };
    // 48 blocks are 48 % more, 4 are 4 %.
    let table = [
        (steps, 100, step(1, 90, Some(110), ratio(1, 50))),
        (steps, 109, step(1, 90, Some(110), ratio(1, 50))),
        (steps, 110, step(2, 110, None, ratio(1, 100))),
        (linear, 100, falling(50, 48, ratio(148, 10_000))),
        (linear, 146, falling(4, 4, ratio(104, 10_000))),
        (linear, 147, falling(3, 0, ratio(1, 100))),
        (linear, 150, falling(0, 0, ratio(1, 100))),
        (linear, 151, falling(0, 0, ratio(1, 100))),
    ];
    for (pricing, position, expected) in table {
        let mut offering = priced(pricing);
        let traced = offer(&mut offering, position, &pays("ada", 1, 100));
        assert_eq!(traced.price, expected, "at {position}");
        assert_eq!((traced.rate, traced.value), (ratio(2, 1), Value(200)));
        assert_eq!(traced.rate_recorded, None);
    }
}

#[test]
fn a_falling_price_is_traced_with_what_the_supply_costs() {
    let dutch = "supply = \"10 TOK\"\npricing = { kind = \"dutch\", start = \"10 EUR per TOK\", end = \
                 \"1 EUR per TOK\", granularity = \"10 blocks\" }";
    let mut offering = priced(dutch);
    // (id, position, cents, cents for a token, raised before)
    for (id, position, amount, price, raised) in [
        ("ada", 100, 4_000, 1_000, 0),
        ("ben", 139, 2_000, 730, 4_000),
        ("cyd", 140, 100, 640, 6_000),
    ] {
        let traced = offer(&mut offering, position, &pays(id, 0, amount));
        let now = Ratio::new(price, 1).unwrap();
        assert_eq!(traced.price, PriceTrace::Dutch { now }, "{id}");
        let lot = cap(
            CapKind::DutchLot,
            value(10 * price, 10 * price - raised),
            &[(CapUse::Round, raised)],
            amount,
            Refusal::SoldOut,
        );
        assert_eq!(traced.caps.last(), Some(&lot), "{id}");
    }
}
