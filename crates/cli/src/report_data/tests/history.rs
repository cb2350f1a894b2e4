//! Terms of real sales.

use super::*;

const COSMOS: &str = include_str!("../../../../../examples/history/cosmos-2017/offering.toml");
const MASTERCOIN: &str =
    include_str!("../../../../../examples/history/mastercoin-2013/offering.toml");
const ETHEREUM: &str = include_str!("../../../../../examples/history/ethereum-2014/offering.toml");

#[test]
fn a_sale_on_two_chains_counts_in_the_order_of_contributions() {
    let mut sale = Sale::open(COSMOS);
    sale.pay((0, 460_654), "ada", 0, 100_000_000);
    sale.pay((1, 3_484_385), "bob", 1, 10_u128.pow(18));
    let data = sale.settle();
    assert_eq!(
        data.raise.iter().map(|point| point.x).collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(data.numeraire.symbol, "ATOM");
    assert_eq!(
        data.outcome_reason,
        "The terms have no soft cap: 12,087 ATOM were sold."
    );
    assert_eq!(
        data.period.as_deref(),
        Some("blocks 460,654 to 460,661 of bitcoin and blocks 3,484,385 to 3,487,524 of ethereum")
    );
    let prices = "1 BTC = 11,635 ATOM; 1 ATOM = 0.002210921954455007 ETH";
    assert_eq!(data.rounds[0].price, prices);
    assert!(
        matches!(&data.price, PriceView::Single { summary } if *summary == format!("{prices}."))
    );
    assert_eq!(
        data.rounds[0].window,
        "From block 460,654 of bitcoin up to and including block 460,661 of bitcoin. \
         From block 3,484,385 of ethereum up to and including block 3,487,524 of ethereum."
    );
    assert_eq!(
        fact(&data, "Rounding, BTC"),
        "To the nearest multiple, halves up, of 0.01 ATOM, once for each investor"
    );
    assert_eq!(
        fact(&data, "Token ceiling"),
        "At most 10,000,000 ATOM for each investor to whom the issuer returned money as over a \
         limit; money accepted for more stays accepted"
    );
    assert_eq!(data.warnings.len(), 1);
}

#[test]
fn the_history_of_prices_reads_as_it_was_announced() {
    let begin = 1_406_066_400_000; // 2014-07-22T22:00:00Z
    let mut sale = Sale::open(ETHEREUM);
    sale.pay((0, begin), "ada", 0, 100_000_000);
    sale.pay((0, begin + 40 * DAY), "bob", 0, 100_000_000);
    let data = sale.settle();
    assert_eq!(
        data.rounds[0].price,
        "In 24 steps: from 22 July 2014, 22:00 UTC 1 BTC = 2,000 ETH; from 5 August 2014, \
         22:00 UTC 1 BTC = 1,970 ETH; and so on, at last from 27 August 2014, 22:00 UTC 1 BTC = \
         1,337 ETH."
    );
    let PriceView::OverPosition {
        points, summary, ..
    } = &data.price
    else {
        panic!("{:?}", data.price);
    };
    let values: Vec<u128> = points.iter().map(|point| point.value).collect();
    assert_eq!(values[..3], [2_000, 1_970, 1_940]);
    assert_eq!((values.len(), values.last()), (24, Some(&1_337)));
    assert_eq!(
        summary,
        "1 BTC = 2,000 ETH at first, 1 BTC = 1,337 ETH at last."
    );
    assert_eq!(data.supply[1].label, "endowment");
    assert_eq!(
        fact(&data, "Credit, BTC"),
        "0.0003 BTC added to each payment when tokens are computed"
    );
    let data = Sale::open(MASTERCOIN).settle();
    assert_eq!(
        data.rounds[0].price,
        "1 BTC = 100 MSC, and 10\u{a0}% more tokens for each 7 days before 1 September 2013, 00:00 \
         UTC, in proportion, counted in whole multiples of 1 second."
    );
    assert!(data.raise.is_empty());
    assert!(matches!(data.price, PriceView::Single { .. }));
}
