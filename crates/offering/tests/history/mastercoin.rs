//! Mastercoin 2013: a bonus that falls second by second, rounded half up.

use super::recorded_sale::{Played, Records, file, units};

const TERMS: &str = include_str!("../../../../examples/history/mastercoin-2013/offering.toml");

/// Rows from all over the sale: one a second earlier than the block before it, and the last six,
/// which paid no bonus.
const FACTS: &str = "\
contribution_id,investor,received_at,currency,amount,tokens
msc-249498-001,1PA8qhEzW7to6EeqBAdhVZYGbVj2MfmN2n,2013-07-31T21:32:31Z,BTC,16.00000000,2310.91243386
msc-249498-002,1JvXUatqyiBs1gsp2vYopyc9QnStfVn2F1,2013-07-31T21:32:31Z,BTC,5.00000000,722.16013558
msc-252139-002,1PY5X3hbcy6timNa9CQJzzwLeJgvDJ4Dik,2013-08-14T15:42:40Z,BTC,0.02000000,2.49558201
msc-253853-001,1Kqy5J4KdYCYG9N7rWRQdq1wfBGmQiPG1n,2013-08-23T17:21:05Z,BTC,0.25000000,27.95608052
msc-254619-001,1VP9VM2Kk9SNLRDTJzsEe3WtoKLwWfnmc,2013-08-28T08:23:23Z,BTC,2.00000000,210.42979497
msc-255202-005,142p4ML8aXvMAnVjEZMBzyP1c6nauhtufi,2013-08-31T07:36:57Z,BTC,0.09990000,10.08742728
msc-255328-010,14REHKxxXicArkZuvfA7DkXeoqgWXZ2pzo,2013-08-31T20:44:00Z,BTC,1.00000000,100.19444444
msc-255329-001,1KA9SV5pyqpW3sqZbfAWhSRiVeeN552BXQ,2013-08-31T20:43:59Z,BTC,0.82000000,82.15945800
msc-255334-011,14MUti4hZhpnqeqswfHxLWFbYQ1GqezJEY,2013-08-31T21:18:47Z,BTC,0.80800000,80.92922923
msc-255361-004,13X7yRvpDf1NKLhzsYHaghfNJQ8JpXTa7N,2013-08-31T23:47:47Z,BTC,8.99200000,899.30898042
msc-255362-001,18cSnNojZK11mLRk9ND3iosxrvZ9VBXtBh,2013-09-01T00:00:00Z,BTC,1.00000000,100.00000000
msc-255362-002,16WsVPMRUCdMiT1rMxM9CEspdn7JYD2U5j,2013-09-01T00:00:00Z,BTC,2.99950000,299.95000000
msc-255365-001,1Bqp4VEweM1S8FKGHWYviRRtSxv5tMAVih,2013-09-01T00:00:00Z,BTC,11.99950000,1199.95000000
msc-255365-003,1Bqp4VEweM1S8FKGHWYviRRtSxv5tMAVih,2013-09-01T00:00:00Z,BTC,15.60000000,1560.00000000
";

fn check(contributions: &Records, expected: &Records) -> Played {
    let mut sale = Played::announced(TERMS);
    sale.contribute_all(contributions);
    sale.settle();
    for row in &expected.rows {
        let id = expected.get(row, "contribution_id");
        let own = sale.row(id);
        assert_eq!(own.tokens.0, units(expected.get(row, "tokens"), 8), "{id}");
        assert_eq!(own.accepted, own.contributed, "{id}");
        assert_eq!(own.reason, None, "{id}");
    }
    sale
}

#[test]
fn rows_of_the_sale_that_hold_on_any_machine() {
    let facts = Records::of(FACTS);
    check(&facts, &facts);
}

#[test]
fn every_row_of_the_sale() {
    let Some(contributions) = file("mastercoin-2013/contributions.csv") else {
        return;
    };
    let Some(expected) = file("mastercoin-2013/expected.csv") else {
        return;
    };
    let expected = Records::of(&expected);
    assert_eq!(expected.rows.len(), 526);
    let sale = check(&Records::of(&contributions), &expected);
    let settlement = sale.offering.settlement().unwrap();
    assert_eq!(sale.offering.contribution_count(), 526);
    assert_eq!(sale.offering.investor_count(), 338);
    assert_eq!(settlement.settled.sold.0, units("563162.35762218", 8));
    assert_eq!(settlement.settled.raised.0, units("4726.88317033", 8));
}
