//! Prices and allocations that are decided at the end, and what the issuer may do.

use super::*;

const DUTCH: &str = r#"
supply = "100 TOK"
[round.pricing]
kind = "dutch"
start = "10 EUR per TOK"
end = "4 EUR per TOK"
granularity = "1 hour"
"#;
const BIDS: &str = r#"
supply = "100 TOK"
allocation = "pro_rata"
[round.pricing]
kind = "bids"
min_proceeds = "0 EUR"
"#;
const TIERS: &str = r#"
[round.pricing]
kind = "tiers"
crossing = "split"
tiers = [
  { up_to = "100 EUR", price = "4 TOK per EUR" },
  { price = "3 TOK per EUR" },
]
"#;

#[test]
fn a_dutch_auction_shows_the_falling_price_and_the_one_that_cleared_it() {
    let mut sale = Sale::open(&one_round("", DUTCH));
    sale.pay((0, MARCH), "ada", 0, 100);
    sale.pay((0, MARCH + 12 * HOUR), "bob", 0, 900);
    let data = sale.settle();
    let PriceView::OverPosition {
        label,
        points,
        summary,
        ..
    } = &data.price
    else {
        panic!("{:?}", data.price);
    };
    assert_eq!(label, "EUR per TOK");
    assert_eq!(points.len(), 13, "one for each hour");
    assert_eq!(
        summary,
        "1 TOK = 10 EUR at first, 1 TOK = 7 EUR at last. Everybody pays the clearing price: 1 TOK = \
         7 EUR."
    );
    assert_eq!(
        data.rounds[0].result,
        // 14 and 85 tokens: what rounding leaves over stays unsold.
        "700 EUR accepted, 99 TOK sold. Clearing price: 1 TOK = 7 EUR."
    );
    assert_eq!(
        (data.raised.text.as_str(), data.refusals[0].in_part),
        ("700", 1)
    );
}

#[test]
fn an_auction_of_bids_has_one_price_and_no_chart_of_it() {
    let mut sale = Sale::open(&one_round("", BIDS));
    let limit = |money| Some(LimitPrice { money, tokens: 1 });
    sale.bid((0, MARCH), "ada", 0, 500, limit(8));
    sale.bid((0, MARCH + 1), "bob", 0, 300, limit(5));
    sale.bid((0, MARCH + 2), "carol", 0, 300, limit(1));
    let data = sale.settle();
    let PriceView::Single { summary } = &data.price else {
        panic!("{:?}", data.price)
    };
    assert_eq!(summary, "Everybody pays the clearing price: 1 TOK = 5 EUR.");
    assert_eq!(
        data.rounds[0].allocation,
        "The highest bids win; equal bids at the margin share in proportion."
    );
    // Asked until settlement, then what won: one more point where it stands.
    let last = data.raise.last().unwrap();
    assert_eq!((last.value, data.raised.value), (data.raised.value, 500));
    let empty = Sale::open(&one_round("", BIDS)).settle();
    assert!(matches!(&empty.price, PriceView::Single { summary } if summary == "No bid won."));
}

#[test]
fn tiers_show_the_price_that_the_raise_had_reached() {
    let right = "withdrawal = { span = \"1 day\", who = \"everyone\" }";
    let run = |withdraw: bool| {
        let mut sale = Sale::open(&one_round(right, TIERS));
        let first = sale.pay((0, MARCH), "ada", 0, 60);
        sale.pay((0, MARCH + HOUR), "bob", 0, 60);
        if withdraw {
            sale.apply(
                0,
                MARCH + 2 * HOUR,
                Command::Withdraw {
                    contribution: first,
                },
            );
        }
        sale.settle()
    };
    let words = "Up to 100 EUR raised 1 EUR = 4 TOK; beyond that 1 EUR = 3 TOK. Each part of a \
                 purchase that crosses a boundary pays its own price.";
    let data = run(false);
    assert_eq!(data.rounds[0].price, words);
    let PriceView::OverPosition { label, points, .. } = &data.price else {
        panic!("{:?}", data.price);
    };
    let seen: Vec<(u64, u128)> = points
        .iter()
        .map(|p| (u64::try_from(p.x).unwrap() - MARCH, p.value))
        .collect();
    assert_eq!(
        (label.as_str(), seen),
        ("TOK per EUR", vec![(0, 4), (HOUR, 3)])
    );
    // Tiers look at what was taken, which a raise that falls does not show.
    let data = run(true);
    assert!(matches!(&data.price, PriceView::Single { summary } if summary == words));
}

#[test]
fn a_pause_an_early_close_and_caps_in_tokens_are_told() {
    let top = r#"
soft_cap = "50 TOK"
hard_cap = "100 TOK"
early_close = "after_soft_cap"
pause = { longest = "1 hour", count = 2, end = "moves" }
milestone = [
  { name = "start", part = "40 %", after = "0 days" },
  { name = "launch", part = "60 %", after = "90 days" },
]
"#;
    let mut sale = Sale::open(&one_round(top, "price = \"1 TOK per EUR\""));
    sale.apply(0, MARCH, Command::Pause);
    sale.apply(0, MARCH + HOUR, Command::Resume);
    sale.pay((0, MARCH + 2 * HOUR), "ada", 0, 100);
    let closed = sale.apply(
        0,
        MARCH + 3 * HOUR,
        Command::Close {
            round: RoundIndex(0),
        },
    );
    assert_eq!(closed, Outcome::Done);
    let data = sale.settle();
    assert_eq!(
        data.rounds[0].window,
        "From 1 March 2026, 00:00 UTC up to but not including 2 March 2026, 00:00 UTC. A pause \
         moved it: from 1 March 2026, 00:00 UTC up to but not including 2 March 2026, 01:00 UTC. \
         The issuer closed it early, at 1 March 2026, 03:00 UTC."
    );
    assert_eq!(data.period.as_deref(), Some("1 March 2026"));
    assert_eq!(
        data.outcome_reason,
        "The hard cap of 100 TOK was reached: 100 EUR were accepted for 100 TOK."
    );
    assert!(data.soft_cap.is_none() && data.hard_cap.is_none());
    assert_eq!(
        (fact(&data, "Soft cap"), fact(&data, "Hard cap")),
        ("50 TOK", "100 TOK")
    );
    assert_eq!(
        fact(&data, "Pause"),
        "At most 2 pauses, 1 hour at most; windows move by as much; 1 was used"
    );
    assert_eq!(
        fact(&data, "Early close"),
        "Allowed once the soft cap is reached"
    );
    assert_eq!(
        fact(&data, "Release of money"),
        "40\u{a0}% at settlement (start); 60\u{a0}% not before 90 days after settlement (launch)"
    );
}

#[test]
fn a_lottery_shows_its_seed() {
    let round = r#"
price = "1 TOK per EUR"
cap = "10 EUR"
[round.allocation]
kind = "lottery"
source = "drand:quicknet"
instant = "2026-03-03T00:00:00Z"
marginal = "skip"
"#;
    let mut sale = Sale::open(&one_round("", round));
    sale.pay((0, MARCH), "ada", 0, 10);
    sale.pay((0, MARCH), "bob", 0, 10);
    let seed = Command::Seed {
        round: RoundIndex(0),
        seed: [0xab; 32],
        proof: &[],
    };
    assert_eq!(sale.apply(0, MARCH + 2 * DAY, seed), Outcome::Done);
    let data = sale.settle();
    assert_eq!(
        data.rounds[0].allocation,
        "Drawn by lottery with the public seed of drand:quicknet at 3 March 2026, 00:00 UTC; a \
         winner for whom not all is left gets nothing."
    );
    assert_eq!(fact(&data, "Seed of only"), "ab".repeat(32));
    assert_eq!(fact(&data, "Ties"), "Equal claims share in proportion");
    assert_eq!((data.refusals[0].code, data.raised.value), (211, 10));
}
