//! Small sales, settled by the engine, and each figure of their pages.

mod endings;
mod history;
mod mechanisms;

use std::sync::Arc;

use softcap_offering::{
    Admit, Amount, Command, Contribute, CurrencyIndex, Funding, InvestorId, LimitPrice, LineIndex,
    Outcome, Position, ReturnReason, RoundIndex, Sequence, Stamp, WithdrawalMark,
};

use super::*;
use crate::report::{Outcome as Shown, PriceView, SeriesPoint, SupplyKind, render};

const STARTER: &str = include_str!("../../../../examples/starter/offering.toml");

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
/// 2026-03-01T00:00:00Z.
const MARCH: u64 = 1_772_323_200_000;

/// A running sale, and the series that its settlement collects.
struct Sale {
    offering: Offering,
    raise: RaiseSeries,
    unrecorded: UnrecordedRefusals,
}

impl Sale {
    fn open(text: &str) -> Self {
        let terms = Arc::new(Terms::parse(text).unwrap());
        let raise = RaiseSeries::new(&terms);
        let mut sale = Self {
            offering: Offering::new(terms),
            raise,
            unrecorded: UnrecordedRefusals::default(),
        };
        let terms_hash = sale.offering.terms_hash();
        assert_eq!(
            sale.apply(0, 0, Command::Announce { terms_hash }),
            Outcome::Done
        );
        sale
    }

    fn apply(&mut self, line: u8, position: u64, command: Command<'_>) -> Outcome {
        let stamp = Stamp {
            line: LineIndex(line),
            position: Position(position),
        };
        let outcome = self.offering.apply(stamp, &command);
        self.unrecorded.observe(&command, &outcome);
        let raised = self.offering.raised();
        if matches!(command, Command::Contribute(_)) {
            self.raise.observe(stamp, raised);
        } else {
            self.raise.observe_change(stamp, raised);
        }
        outcome
    }

    /// Pays in the currency of that place, on the line of the same place; the entry's number.
    fn pay(&mut self, (line, at): (u8, u64), who: &str, currency: u8, amount: u128) -> Sequence {
        self.bid((line, at), who, currency, amount, None)
    }

    fn bid(
        &mut self,
        (line, at): (u8, u64),
        who: &str,
        currency: u8,
        amount: u128,
        limit: Option<LimitPrice>,
    ) -> Sequence {
        let number = self.offering.next_sequence();
        let contribute = Contribute {
            investor: InvestorId::parse(who).unwrap(),
            currency: CurrencyIndex(currency),
            amount: Amount(amount),
            limit,
            reference: "",
            source: None,
            funding: Funding::Arrived,
        };
        self.apply(line, at, Command::Contribute(contribute));
        number
    }

    fn admit(&mut self, at: u64, who: &str) {
        let admit = Admit {
            round: RoundIndex(0),
            investor: InvestorId::parse(who).unwrap(),
            limit: None,
            expires: None,
            guaranteed: softcap_offering::Value(0),
            withdrawal: WithdrawalMark::Unmarked,
        };
        assert_eq!(self.apply(0, at, Command::Admit(admit)), Outcome::Done);
    }

    fn settle(mut self) -> ReportData {
        for stamp in self.offering.settlement_stamps() {
            self.offering.apply(stamp, &Command::Tick);
        }
        let outcome = self
            .offering
            .apply(self.offering.now_stamp(), &Command::Settle);
        assert!(matches!(outcome, Outcome::Settled(_)), "{outcome:?}");
        self.data()
    }

    fn data(&self) -> ReportData {
        report_data(
            &self.offering,
            &self.raise,
            &self.unrecorded,
            commitments(),
            "bundle",
        )
        .unwrap()
    }
}

fn commitments() -> Commitments {
    Commitments {
        terms_hash: "aa".to_owned(),
        journal_root: "bb".to_owned(),
        journal_size: 9,
        signer: None,
        settlement_root: "cc".to_owned(),
    }
}

/// Terms of one round over the first day of March 2026, in whole euros and tokens.
fn one_round(top: &str, round: &str) -> String {
    format!(
        r#"
rules = 1
name = "One"
origin = "softcap.example/one"
{top}
[clock]
kind = "time"
[token]
name = "Token"
symbol = "TOK"
decimals = 0
[token.supply]
kind = "minted"
[currency.EUR]
decimals = 0
rail = "balance"
[[round]]
name = "only"
from = "2026-03-01T00:00:00Z"
until = "2026-03-02T00:00:00Z"
end = "exclusive"
{round}
"#
    )
}

/// The starter with a refusal, a cut, a withdrawal and a return.
fn harbour() -> Sale {
    let noon = MARCH + DAY + DAY / 2; // the early bird opens on 2 March at noon
    let public = noon + 7 * DAY;
    let mut sale = Sale::open(STARTER);
    sale.admit(noon, "ada");
    sale.admit(noon, "only-admitted");
    sale.pay((0, noon + HOUR), "ada", 0, 100_000);
    sale.pay((0, noon + 2 * HOUR), "bob", 0, 20_000); // not admitted
    sale.pay((0, public), "carol", 1, 2 * 10_u128.pow(18));
    sale.pay((0, public + HOUR), "dora", 0, 600_000);
    sale.pay((0, public + 2 * HOUR), "dora", 0, 10_000); // nothing left of the limit
    sale.pay((0, public + 3 * HOUR), "ed", 0, 700_000); // 6,000 of 7,000 EUR fit
    let fay = sale.pay((0, public + 4 * HOUR), "fay", 0, 50_000);
    let gil = sale.pay((0, public + 4 * HOUR), "gil", 0, 30_000);
    sale.apply(
        0,
        public + 5 * HOUR,
        Command::Withdraw { contribution: fay },
    );
    let back = Command::Return {
        contribution: gil,
        amount: Amount(30_000),
        reason: ReturnReason::Sanctions,
    };
    sale.apply(0, public + 6 * HOUR, back);
    sale
}

/// None of their money moved, so that they have no row; they were refused all the same.
#[test]
fn refused_contributions_from_accounts_are_counted() {
    let rows = harbour().settle();
    let mut sale = harbour();
    let late = MARCH + 30 * DAY;
    for (who, funding) in [("hal", Funding::Account), ("ida", Funding::Arrived)] {
        let contribute = Contribute {
            investor: InvestorId::parse(who).unwrap(),
            currency: CurrencyIndex(0),
            amount: Amount(50_000),
            limit: None,
            reference: "",
            source: None,
            funding,
        };
        let outcome = sale.apply(0, late, Command::Contribute(contribute));
        assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
    }
    let data = sale.settle();
    assert_eq!(data.contributions, rows.contributions + 2);
    assert_eq!(data.refused, rows.refused + 2);
    let count = |data: &ReportData| -> u64 { data.refusals.iter().map(|one| one.count).sum() };
    assert_eq!(count(&data), count(&rows) + 2);
}

fn texts(amounts: &[CurrencyTotals]) -> Vec<[&str; 5]> {
    amounts
        .iter()
        .map(|row| {
            let kept = row.kept.as_deref().unwrap_or("-");
            [
                row.symbol.as_str(),
                &row.contributed,
                &row.accepted,
                &row.refunded,
                kept,
            ]
        })
        .collect()
}

fn fact<'a>(data: &'a ReportData, label: &str) -> &'a str {
    let found = data.terms.iter().find(|fact| fact.label == label);
    found.map_or("(no such fact)", |fact| fact.text.as_str())
}

#[test]
fn every_figure_of_a_settled_sale_is_the_engines() {
    let data = harbour().settle();
    assert_eq!(
        (data.offering.as_str(), data.token_symbol.as_str()),
        ("Harbour", "HBR")
    );
    assert_eq!(data.outcome, Shown::Succeeded);
    assert_eq!(
        data.outcome_reason,
        "The soft cap of 10,000 EUR was reached: 18,000 EUR were accepted for 182,500 HBR."
    );
    assert_eq!(
        data.period.as_deref(),
        Some("2 March 2026 to 23 March 2026")
    );
    assert_eq!(data.warnings, Vec::<String>::new());
    assert_eq!(
        (data.raised.text.as_str(), data.raised.value),
        ("18,000", 1_800_000)
    );
    let caps = [&data.soft_cap, &data.hard_cap].map(|cap| cap.clone().unwrap().text);
    assert_eq!(caps, ["10,000", "25,000"]);
    assert_eq!(
        texts(&data.currencies),
        [
            ["EUR", "15,100", "13,000", "2,100", "-"],
            ["ETH", "2", "2", "0", "-"]
        ]
    );
    assert_eq!(data.tokens_sold, "182,500");
    // The second admission never contributed.
    assert_eq!(
        (data.contributions, data.investors, data.refused),
        (8, 7, 2)
    );
    let refusals: Vec<(u16, u64, u64)> = data
        .refusals
        .iter()
        .map(|row| (row.code, row.count, row.in_part))
        .collect();
    assert_eq!(refusals, [(204, 2, 1), (301, 1, 0)]);
    let returns: Vec<(&str, u64, Vec<String>)> = data
        .returns
        .iter()
        .map(|row| (row.code.as_str(), row.count, row.amounts.clone()))
        .collect();
    let sum = |text: &str| vec![text.to_owned()];
    assert_eq!(
        returns,
        [
            ("withdrawn", 1, sum("500 EUR")),
            ("returned_sanctions", 1, sum("300 EUR"))
        ]
    );
    let held = [12_500, 0, 50_000, 60_000, 60_000].map(|tokens| tokens * 1_000_000);
    assert_eq!(data.holdings, Holdings::of(held.to_vec(), 6));
    let supply: Vec<(SupplyKind, &str, &str, Option<&str>)> = data
        .supply
        .iter()
        .map(|part| {
            (
                part.kind,
                part.label.as_str(),
                part.tokens.text.as_str(),
                part.vesting.as_deref(),
            )
        })
        .collect();
    let vesting = "nothing for 365 days, then little by little, all after 1,461 days";
    assert_eq!(
        supply,
        [
            (SupplyKind::Sale, "Sold to investors", "182,500", None),
            (SupplyKind::Team, "Team", "200,000", Some(vesting)),
            (SupplyKind::Treasury, "Treasury", "200,000", None),
            (
                SupplyKind::Unsold,
                "Not sold: burned or never created",
                "417,500",
                None
            ),
        ]
    );
    assert_eq!(
        data.cancel_right.as_deref(),
        Some(
            "The issuer may cancel the offering at any time before settlement; then everybody is \
             refunded."
        )
    );
    assert_eq!(data.verify.bundle, "bundle");
    assert!(data.verify.program.starts_with("softcap "));
}

#[test]
fn the_terms_are_told_in_words() {
    let data = harbour().settle();
    let [early, public] = data.rounds.as_slice() else {
        panic!("two rounds")
    };
    assert_eq!(early.name, "early bird");
    assert_eq!(
        early.window,
        "From 2 March 2026, 12:00 UTC up to but not including 9 March 2026, 12:00 UTC."
    );
    assert_eq!(
        (early.price.as_str(), public.price.as_str()),
        ("1 HBR = 0.08 EUR", "1 HBR = 0.1 EUR")
    );
    assert_eq!(early.allocation, "First come, first served.");
    assert_eq!(
        early.limits,
        [
            "Only for investors whom the issuer admitted.",
            "At most 8,000 EUR in the round.",
            "At least 100 EUR per contribution.",
            "What exceeds a cap or a limit goes back; the rest is accepted.",
        ]
    );
    assert_eq!(early.result, "1,000 EUR accepted, 12,500 HBR sold.");
    assert_eq!(public.result, "17,000 EUR accepted, 170,000 HBR sold.");
    let table = [
        // The last contribution stays withdrawable for 14 days, but the window ends later.
        ("Settled", "23 March 2026, 16:00 UTC"),
        ("Money", "EUR (rail balance) and ETH (rail balance)"),
        ("Most per investor", "6,000 EUR over all rounds"),
        ("Rate of ETH", "1 ETH = 2,500 EUR, for the whole sale"),
        ("Rate of EUR", "(no such fact)"),
        (
            "Rounding, EUR",
            "Down to a multiple of 0.000001 HBR, for each contribution",
        ),
        (
            "Rounding, ETH",
            "Down to a multiple of 0.01 HBR, for each contribution",
        ),
        (
            "Withdrawal right",
            "Everybody may take a contribution back within 14 days",
        ),
        (
            "Freed room",
            "Room that a withdrawal or a return frees is for whoever comes next",
        ),
        (
            "Refund deadline",
            "1 June 2026, 00:00 UTC; if nothing was settled by then, everybody may take the money back",
        ),
        (
            "Pause",
            "At most 1 pause, 1 day at most; windows move by as much; none was used",
        ),
        ("Early close", "Not allowed"),
        (
            "Unsold tokens",
            "Burned or never created; 417,500 HBR were not sold",
        ),
        ("Ties", "(no such fact)"),
    ];
    for (label, text) in table {
        assert_eq!(fact(&data, label), text, "{label}");
    }
}

#[test]
fn raise_and_price_follow_the_sale() {
    let data = harbour().settle();
    let values: Vec<u128> = data.raise.iter().map(|point| point.value / 100).collect();
    assert_eq!(
        values,
        [
            1_000, 1_000, 6_000, 12_000, 12_000, 18_000, 18_500, 18_800, 18_300, 18_000
        ]
    );
    let first = MARCH + DAY + DAY / 2 + HOUR;
    let public = MARCH + 8 * DAY + DAY / 2;
    let at = |position: u64| i64::try_from(position).unwrap();
    assert_eq!(data.raise[0].x, at(first));
    let PriceView::OverPosition {
        label,
        decimals,
        points,
        summary,
    } = &data.price
    else {
        panic!("{:?}", data.price);
    };
    assert_eq!((label.as_str(), *decimals), ("EUR per HBR", 2));
    assert_eq!(
        points.as_slice(),
        [
            SeriesPoint {
                x: at(first),
                value: 8
            },
            SeriesPoint {
                x: at(public),
                value: 10
            }
        ]
    );
    assert_eq!(
        summary,
        "1 HBR = 0.08 EUR at first, 1 HBR = 0.1 EUR at last."
    );
}

#[test]
fn the_same_sale_gives_the_same_page() {
    let page = |sale: Sale| render(&sale.settle()).unwrap();
    let first = page(harbour());
    assert_eq!(first, page(harbour()));
    assert!(first.contains("1 of them accepted in part."));
}

#[test]
fn nothing_is_shown_before_settlement() {
    let sale = harbour();
    let nothing = report_data(
        &sale.offering,
        &sale.raise,
        &sale.unrecorded,
        commitments(),
        "bundle",
    );
    assert!(nothing.is_none());
}
