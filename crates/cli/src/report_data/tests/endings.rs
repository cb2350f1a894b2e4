//! Sales that did not succeed, and sales that keep money.

use super::*;

const COUNTERPARTY: &str =
    include_str!("../../../../../examples/history/counterparty-2014/offering.toml");

#[test]
fn a_sale_without_success_shows_what_goes_back_and_why() {
    let noon = MARCH + 8 * DAY + DAY / 2;
    let paid = || {
        let mut sale = Sale::open(STARTER);
        sale.pay((0, noon), "ada", 0, 300_000);
        sale
    };
    let failed = paid().settle();
    let mut cancelled = paid();
    cancelled.apply(0, noon + 1, Command::Cancel);
    let cancelled = cancelled.settle();
    let mut expired = paid();
    expired.apply(0, MARCH + 100 * DAY, Command::Tick);
    let expired = expired.settle();
    let table = [
        (
            &failed,
            Shown::Failed,
            "The soft cap of 10,000 EUR was missed: 3,000 EUR were accepted; everybody is refunded.",
            "soft_cap_missed",
        ),
        (
            &cancelled,
            Shown::Cancelled,
            "The issuer cancelled the offering before settlement; everybody is refunded.",
            "cancelled",
        ),
        (
            &expired,
            Shown::Expired,
            "Nothing was settled by the deadline of 1 June 2026, 00:00 UTC; everybody is refunded.",
            "expired",
        ),
    ];
    for (data, outcome, reason, code) in table {
        assert_eq!(
            (data.outcome, data.outcome_reason.as_str()),
            (outcome, reason)
        );
        assert_eq!(
            (data.raised.text.as_str(), data.tokens_sold.as_str()),
            ("3,000", "0")
        );
        assert_eq!(data.raise.last().unwrap().value, 300_000, "{code}");
        assert_eq!(
            texts(&data.currencies)[0],
            ["EUR", "3,000", "0", "3,000", "-"]
        );
        assert_eq!(data.returns[0].code, code);
        assert_eq!(data.returns[0].amounts, ["3,000 EUR"]);
        assert!(data.supply.is_empty() && data.refusals.is_empty());
        assert_eq!(
            (data.holdings.holders, data.refused, data.investors),
            (0, 0, 1)
        );
        assert!(data.rounds.iter().all(|round| round.result.is_empty()));
        assert!(render(data).unwrap().contains("All of it goes back."));
    }
}

#[test]
fn a_sale_that_keeps_money_says_so_also_when_it_is_cancelled() {
    let paid = || {
        let mut sale = Sale::open(COUNTERPARTY);
        sale.pay((0, 278_310), "ada", 0, 300_000_000); // 1 BTC counts, 2 are kept
        sale.pay((0, 281_060), "bob", 0, 50_000_000);
        sale.pay((0, 283_810), "carol", 0, 50_000_000);
        sale
    };
    let data = paid().settle();
    assert_eq!(
        data.outcome_reason,
        "The terms have no soft cap: 2 BTC were accepted for 2,625 XCP."
    );
    assert_eq!(texts(&data.currencies), [["BTC", "4", "2", "0", "2"]]);
    assert_eq!(
        data.warnings,
        ["Money that does not fit is kept: it buys nothing and does not come back."]
    );
    assert_eq!(
        data.period.as_deref(),
        Some("blocks 278,310 to 283,810 of bitcoin")
    );
    let right = data.cancel_right.as_deref().unwrap();
    assert!(right.ends_with("but not what these terms keep."), "{right}");
    let round = &data.rounds[0];
    assert_eq!(
        round.window,
        "From block 278,310 up to and including block 283,810."
    );
    assert_eq!(
        round.price,
        "1 BTC = 1,000 XCP, and 50\u{a0}% more tokens for each 5,500 blocks before block 283,810, \
         in proportion."
    );
    assert_eq!(
        round.limits,
        [
            "At most 1 BTC per investor in the round.",
            "What exceeds a limit is kept and buys nothing."
        ]
    );
    let PriceView::OverPosition {
        label,
        decimals,
        points,
        summary,
    } = &data.price
    else {
        panic!("{:?}", data.price);
    };
    assert_eq!(label, "XCP per BTC");
    assert_eq!(
        summary,
        "1 BTC = 1,500 XCP at first, 1 BTC = 1,000 XCP at last."
    );
    let shown = |x| {
        points
            .iter()
            .find(|point| point.x == x)
            .map(|point| point.value)
    };
    let scale = 10_u128.pow(u32::from(*decimals));
    assert_eq!(shown(278_310), Some(1_500 * scale));
    assert_eq!(shown(281_060), Some(1_250 * scale));
    assert_eq!(shown(283_810), Some(1_000 * scale));

    let mut cancelled = paid();
    cancelled.apply(0, 283_810, Command::Cancel);
    let data = cancelled.settle();
    assert_eq!(
        data.outcome_reason,
        "The issuer cancelled the offering before settlement; what was accepted goes back, while \
         the terms keep 2 BTC."
    );
    assert_eq!(texts(&data.currencies), [["BTC", "4", "0", "2", "2"]]);
    let page = render(&data).unwrap();
    assert!(page.contains("All of it goes back, but not what the terms keep: 2 BTC."));
}
