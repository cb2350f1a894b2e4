//! Bancor 2017: one price, two rounds, a cap that refuses whole payments, the project's equal share.

use softcap_offering::{Outcome, Reason, Refusal};

use super::recorded_sale::{Played, Records, file, units};

const TERMS: &str = include_str!("../../../../examples/history/bancor-2017/offering.toml");
const TERMS_250K: &str =
    include_str!("../../../../examples/history/bancor-2017/offering-250k.toml");

/// The partner's two payments, two of one second, one of nothing, and some of the rush.
const FACTS: &str = "\
contribution_id,investor,received_at,currency,amount,tokens
3851355-31,0xeb68aa2764b4a9a943658b2e61db4c902b2ebf85,2017-06-10T16:58:43Z,ETH,0.01,1
3860991-65,0xeb68aa2764b4a9a943658b2e61db4c902b2ebf85,2017-06-12T12:59:04Z,ETH,19999.99,1999999
3861203-67,0x5dacbdd20b9eafaaa30bfad3b2af1793036d65f3,2017-06-12T14:00:17Z,ETH,2,200
3861203-68,0xc1137d2f9272f339f6fc6b8e249483f78a1e0ea3,2017-06-12T14:00:17Z,ETH,2.19,219
3861232-62,0xfca57e441df0de0806393974054752a0ad16b0a2,2017-06-12T14:07:03Z,ETH,0,0
3861441-8,0x2b6f401f54863d36a2e9015c793dc9b2ceb5b5ce,2017-06-12T15:04:04Z,ETH,1.41065281,141.065281
3861575-22,0x9e8f3a70516780f6551bd3fca510735f559ca6ae,2017-06-12T15:36:45Z,ETH,0.994,99.4
3861688-20,0xa913937edd918e33d6c57795a1c7403be73023bd,2017-06-12T16:05:26Z,ETH,3,300
3861767-28,0x6890f2d0699d9c8631a8913cf66c790bc79817ef,2017-06-12T16:25:20Z,ETH,0.9755,97.55
3861767-61,0x2453ef94e60edaa3c643c445828369e8ee8a4d39,2017-06-12T16:25:20Z,ETH,0.3,30
";

fn check(contributions: &Records, expected: &Records) -> Played {
    let mut sale = Played::announced(TERMS);
    sale.contribute_all(contributions);
    sale.settle();
    for (place, row) in (0_u32..).zip(&expected.rows) {
        let id = expected.get(row, "contribution_id");
        let own = sale
            .offering
            .row(softcap_offering::ContributionIndex(place));
        assert_eq!(own.tokens.0, units(expected.get(row, "tokens"), 18), "{id}");
        assert_eq!(own.accepted, own.contributed, "{id}");
        assert_eq!(
            (own.refunded.0, own.kept.0, own.reason),
            (0, 0, None),
            "{id}"
        );
    }
    sale
}

#[test]
fn rows_of_the_sale_that_hold_on_any_machine() {
    let facts = Records::of(FACTS);
    let sale = check(&facts, &facts);
    let settlement = sale.offering.settlement().unwrap();
    assert_eq!(
        settlement.shares,
        [settlement.settled.sold],
        "the project gets as much again"
    );
}

#[test]
fn every_row_of_the_sale() {
    let Some(contributions) = file("bancor-2017/contributions.csv") else {
        return;
    };
    let Some(expected) = file("bancor-2017/expected.csv") else {
        return;
    };
    let (contributions, expected) = (Records::of(&contributions), Records::of(&expected));
    let ids = |records: &Records| -> Vec<String> {
        let id = |row| records.get(row, "contribution_id").to_owned();
        records.rows.iter().map(id).collect()
    };
    assert_eq!(ids(&contributions), ids(&expected));
    let sale = check(&contributions, &expected);
    assert_eq!(sale.offering.contribution_count(), 13_373);
    assert_eq!(sale.offering.investor_count(), 10_887);
    let settlement = sale.offering.settlement().unwrap();
    assert_eq!(
        settlement.settled.raised.0,
        units("396619.891803711283883108", 18)
    );
    assert_eq!(settlement.shares, [settlement.settled.sold]);
    assert_eq!(settlement.minted.0, 2 * settlement.settled.sold.0);
}

#[test]
fn with_the_cap_that_was_meant_1138_payments_are_refused() {
    let Some(contributions) = file("bancor-2017/contributions.csv") else {
        return;
    };
    let contributions = Records::of(&contributions);
    let mut sale = Played::announced(TERMS_250K);
    sale.contribute_all(&contributions);
    let refused: Vec<usize> = (0..sale.outcomes.len())
        .filter(|&at| sale.outcomes[at] == Outcome::Refused(Refusal::HardCapReached))
        .collect();
    assert_eq!(refused.len(), 1_138);
    let others = sale
        .outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Outcome::Refused(_)));
    assert_eq!(
        others.count(),
        1_138,
        "nothing is refused for another reason"
    );
    let crossing = &contributions.rows[refused[0]];
    assert_eq!(
        units(contributions.get(crossing, "amount"), 18),
        units("69099.92288822", 18)
    );
    sale.settle();
    let id = contributions.get(crossing, "contribution_id");
    let row = sale.row(id);
    assert_eq!((row.accepted.0, row.refunded), (0, row.contributed));
    assert_eq!(row.reason, Some(Reason::Refused(Refusal::HardCapReached)));
    let cap = units("250000", 18);
    assert!(sale.offering.settlement().unwrap().settled.raised.0 <= cap);
}
