//! Ethereum 2014: a price that falls day by day, a credit for the network fee, and the endowment.

use softcap_offering::{CurrencyIndex, LineIndex, Outcome, Position, Refusal, Stamp};

use super::recorded_sale::{Played, Records, file, units};

const TERMS: &str = include_str!("../../../../examples/history/ethereum-2014/offering.toml");

/// 2014-07-22T22:00:00Z.
const START: u64 = 1_406_066_400;
const DAY: u64 = 86_400;
const BTC: CurrencyIndex = CurrencyIndex(0);

/// Seconds after the start, satoshi, and what the published schedule gives, by hand: satoshi and
/// 30,000 times the rate of the day, by 10^5, truncated, in thousandths of an ether.
const FACTS: [(u64, u128, u128); 16] = [
    (0, 100_000_000, 2_000_600),
    (1, 1_000_000, 20_600),
    (14 * DAY - 1, 100_000_000, 2_000_600),
    (14 * DAY, 100_000_000, 1_970_591),
    (15 * DAY - 1, 100_000_000, 1_970_591),
    (15 * DAY, 100_000_000, 1_940_582),
    (20 * DAY, 123_456_789, 2_210_413),
    (35 * DAY - 1, 100_000_000, 1_370_411),
    (35 * DAY, 100_000_000, 1_340_402),
    (36 * DAY - 1, 5_000_000_001, 67_000_402),
    (36 * DAY, 5_000_000_001, 66_850_401),
    (40 * DAY, 1_000_000, 13_771),
    (41 * DAY, 1_000_001, 13_771),
    (42 * DAY, 1_000_075, 13_772),
    (42 * DAY + 3_599, 100_000_000, 1_337_401),
    (42 * DAY + 3_599, 7_777_777, 104_389),
];

fn at(second: u64) -> Stamp {
    Stamp {
        line: LineIndex(0),
        position: Position((START + second) * 1_000),
    }
}

/// The published rule, as code of its own.
fn published(second: u64, satoshi: u128) -> u128 {
    let rate = if second < 14 * DAY {
        2_000
    } else if second < 36 * DAY {
        2_000 - 30 * ((second - 14 * DAY) / DAY + 1)
    } else {
        1_337
    };
    (satoshi + 30_000) * u128::from(rate) / 100_000
}

#[test]
fn payments_by_hand_that_hold_on_any_machine() {
    let mut sale = Played::announced(TERMS);
    for (place, (second, satoshi, _)) in FACTS.iter().enumerate() {
        let id = place.to_string();
        sale.contribute(at(*second), (&id, &id), BTC, *satoshi, None);
    }
    sale.settle();
    for (place, (second, satoshi, finney)) in FACTS.iter().enumerate() {
        let row = sale.row(&place.to_string());
        assert_eq!(
            row.tokens.0,
            finney * 10_u128.pow(15),
            "{satoshi} satoshi at {second} s"
        );
        assert_eq!(
            *finney,
            published(*second, *satoshi),
            "{satoshi} satoshi at {second} s"
        );
    }
}

#[test]
fn every_hour_of_the_schedule_has_its_published_price() {
    let mut sale = Played::announced(TERMS);
    let hours: Vec<u64> = (0..42 * 24 + 1).collect();
    for hour in &hours {
        // Both ends of the hour, and an amount that leaves a rest.
        for (second, satoshi) in [
            (hour * 3_600, 123_456_789),
            (hour * 3_600 + 3_599, 1_000_003),
        ] {
            let id = second.to_string();
            sale.contribute(at(second), (&id, "buyer"), BTC, satoshi, None);
            let row = sale.row(&id);
            assert_eq!(
                row.tokens.0,
                published(second, satoshi) * 10_u128.pow(15),
                "{second} s"
            );
        }
    }
    let end = 42 * DAY + 3_600;
    for (second, satoshi, why) in [
        (end, 100_000_000, Refusal::WindowOver),
        (end - 1, 969_999, Refusal::BelowMinimum),
    ] {
        sale.contribute(at(second), ("late", "late"), BTC, satoshi, None);
        assert_eq!(sale.outcomes.last(), Some(&Outcome::Refused(why)));
    }
}

#[test]
fn the_endowment_is_that_of_the_genesis_block() {
    let mut sale = Played::announced(TERMS);
    // One payment that buys what the whole sale sold.
    let satoshi = units("60108506.26", 3) * 100_000 / 2_000 - 30_000;
    sale.contribute(at(0), ("all", "all"), BTC, satoshi, None);
    sale.settle();
    let settlement = sale.offering.settlement().unwrap();
    assert_eq!(settlement.settled.sold.0, units("60108506.26", 18));
    assert_eq!(settlement.shares[0].0, units("11901484.23948", 18));
    assert_eq!(settlement.minted.0, units("72009990.49948", 18));
}

#[test]
fn every_account_of_the_genesis_block_and_the_endowment_to_the_wei() {
    let Some(expected) = file("ethereum-2014/expected_investors.csv") else {
        return;
    };
    let expected = Records::of(&expected);
    let mut sale = Played::announced(TERMS);
    let mut accounts = 0;
    let mut endowment = None;
    for row in &expected.rows {
        if expected.get(row, "role") == "endowment" {
            endowment = Some(units(expected.get(row, "genesis_eth"), 18));
            continue;
        }
        let finney = units(expected.get(row, "genesis_eth"), 3);
        accounts += 1;
        if finney == 0 {
            continue;
        }
        // Single payments are not public: the least that buys the balance at the last price.
        let satoshi = (finney * 100_000).div_ceil(1_337) - 30_000;
        let address = expected.get(row, "address");
        sale.contribute(at(40 * DAY), (address, address), BTC, satoshi, None);
        let outcome = sale.outcomes.last();
        assert!(
            matches!(outcome, Some(Outcome::Contributed(_))),
            "{address}: {outcome:?}"
        );
    }
    assert_eq!(accounts, 8_892);
    sale.settle();
    let mut rows = sale.offering.investor_rows();
    let mut facts = expected.rows.iter().filter(|row| {
        expected.get(row, "role") == "sale" && units(expected.get(row, "genesis_eth"), 3) > 0
    });
    while let Some(row) = rows.next() {
        let fact = facts.next().unwrap();
        assert_eq!(row.id.to_string(), expected.get(fact, "address"));
        assert_eq!(row.tokens.0, units(expected.get(fact, "genesis_eth"), 18));
    }
    let settlement = sale.offering.settlement().unwrap();
    assert_eq!(settlement.settled.sold.0, units("60108506.26", 18));
    assert_eq!(Some(settlement.shares[0].0), endowment);
}
