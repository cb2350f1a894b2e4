//! Cosmos 2017: two currencies on two chains, two ways to round, and one return by hand.

use softcap_offering::{Amount, InvestorId, Reason, ReturnReason};

use super::recorded_sale::{Played, Records, file, units};

const TERMS: &str = include_str!("../../../../examples/history/cosmos-2017/offering.toml");

/// All payments of ten investors: one in both currencies, sums in BTC that are rounded once, and
/// the one that was capped.
const FACTS: &str = "\
contribution_id,investor,block_height,currency,amount
btc-460654-77,7308c268d2c4378f0bcd37530edc973b0563171b,460654,BTC,20.26786435
btc-460654-78,8463f621fa8cd672b92e124712e677e584f4d262,460654,BTC,52.49861198
btc-460654-79,b25b536a9fecc3051dd73b5638950fe1840e79cd,460654,BTC,1.79919998
btc-460654-80,9026037900f226728de484b899cfab3d27449734,460654,BTC,0.39919998
btc-460654-181,c4f0fdf9b22d06613e07245e434c8dad852dbd0e,460654,BTC,0.19919998
btc-460654-227,3c71b260f2b1b09e6a7f61741418f608a6c6b888,460654,BTC,69.99919998
btc-460654-229,cd373922add0023b7617f3390cf6e8b29031cab1,460654,BTC,0.84919998
btc-460656-294,cd373922add0023b7617f3390cf6e8b29031cab1,460656,BTC,0.32019998
btc-460657-77,cd373922add0023b7617f3390cf6e8b29031cab1,460657,BTC,0.85119998
btc-460657-176,3c71b260f2b1b09e6a7f61741418f608a6c6b888,460657,BTC,9.13827639
btc-460658-75,3c71b260f2b1b09e6a7f61741418f608a6c6b888,460658,BTC,11.65577012
eth-3484777-11,557e7d4cb32851a0a8770f0f4f60fd76cdb16333,3484777,ETH,0.2
eth-3484871-36,557e7d4cb32851a0a8770f0f4f60fd76cdb16333,3484871,ETH,0.2
eth-3487407-1,fcfd771676a8c792745ce3d3cbea2b2e946249ad,3487407,ETH,23.0
eth-3487408-0,aff9f5a716cdd701304eae6fc7f42c80fdeea584,3487408,ETH,20000.0
eth-3487418-12,c4f0fdf9b22d06613e07245e434c8dad852dbd0e,3487418,ETH,8.9
eth-3487424-4,fcfd771676a8c792745ce3d3cbea2b2e946249ad,3487424,ETH,5.0
eth-3487504-1,aff9f5a716cdd701304eae6fc7f42c80fdeea584,3487504,ETH,20000.0
";

const FACTS_EXPECTED: &str = "\
investor,tokens,accepted_BTC,accepted_ETH,refunded_ETH
7308c268d2c4378f0bcd37530edc973b0563171b,235816.60,20.26786435,0,0
8463f621fa8cd672b92e124712e677e584f4d262,610821.35,52.49861198,0,0
b25b536a9fecc3051dd73b5638950fe1840e79cd,20933.69,1.79919998,0,0
9026037900f226728de484b899cfab3d27449734,4644.69,0.39919998,0,0
c4f0fdf9b22d06613e07245e434c8dad852dbd0e,6342.69,0.19919998,8.9,0
3c71b260f2b1b09e6a7f61741418f608a6c6b888,1056379.42,90.79324649,0,0
cd373922add0023b7617f3390cf6e8b29031cab1,23509.68,2.02059994,0,0
557e7d4cb32851a0a8770f0f4f60fd76cdb16333,180.00,0,0.4,0
fcfd771676a8c792745ce3d3cbea2b2e946249ad,12663.00,0,28,0
aff9f5a716cdd701304eae6fc7f42c80fdeea584,10000000.00,0,22110,17890
";

/// What the issuer returned by hand.
const RETURNS: &str = "\
contribution_id,currency,returned
eth-3487504-1,ETH,17890
";

fn check(contributions: &Records, returns: &Records, expected: &Records) -> Played {
    let mut sale = Played::announced(TERMS);
    sale.contribute_all(contributions);
    for row in &returns.rows {
        let amount = units(returns.get(row, "returned"), 18);
        let id = returns.get(row, "contribution_id");
        sale.give_back(id, amount, ReturnReason::OverLimit);
        assert_eq!(
            sale.row(id).reason,
            Some(Reason::Returned(ReturnReason::OverLimit))
        );
    }
    sale.settle();
    let mut found = 0;
    let mut rows = sale.offering.investor_rows();
    while let Some(row) = rows.next() {
        let id = row.id.to_string();
        let fact = expected
            .rows
            .iter()
            .find(|fact| expected.get(fact, "investor") == id);
        let fact = fact.unwrap_or_else(|| panic!("{id} is not expected"));
        let amount = |column, decimals| Amount(units(expected.get(fact, column), decimals));
        assert_eq!(row.tokens.0, units(expected.get(fact, "tokens"), 6), "{id}");
        assert_eq!(row.totals[0].accepted, amount("accepted_BTC", 8), "{id}");
        assert_eq!(row.totals[0].refunded, Amount(0), "{id}");
        assert_eq!(row.totals[1].accepted, amount("accepted_ETH", 18), "{id}");
        assert_eq!(row.totals[1].refunded, amount("refunded_ETH", 18), "{id}");
        found += 1;
    }
    assert_eq!(found, expected.rows.len());
    sale
}

#[test]
fn investors_of_the_sale_that_hold_on_any_machine() {
    check(
        &Records::of(FACTS),
        &Records::of(RETURNS),
        &Records::of(FACTS_EXPECTED),
    );
}

#[test]
fn every_investor_of_the_sale() {
    let Some(contributions) = file("cosmos-2017/contributions.csv") else {
        return;
    };
    let Some(returns) = file("cosmos-2017/returns.csv") else {
        return;
    };
    let Some(expected) = file("cosmos-2017/expected_investors.csv") else {
        return;
    };
    let expected = Records::of(&expected);
    assert_eq!(expected.rows.len(), 864);
    let sale = check(
        &Records::of(&contributions),
        &Records::of(&returns),
        &expected,
    );
    assert_eq!(sale.offering.contribution_count(), 1_069);
    let sold = sale.offering.settlement().unwrap().settled.sold;
    assert_eq!(sold.0, units("160292499.62", 6));
    // Without the ceiling the money that stayed accepted would have bought more.
    let capped = sale
        .offering
        .find_investor(InvestorId::parse("aff9f5a716cdd701304eae6fc7f42c80fdeea584").unwrap());
    let own = sale.offering.contributions_of(capped.unwrap());
    let tokens: Vec<u128> = own.map(|index| sale.offering.row(index).tokens.0).collect();
    assert_eq!(tokens.iter().sum::<u128>(), units("10000000", 6));
}
