//! The page as a whole: escaping, determinism, sales of every size.

use super::*;

const ETHER: u128 = 1_000_000_000_000_000_000;

fn amount(value: u128) -> Amount {
    Amount {
        text: share::grouped(value),
        value,
    }
}

/// A sale of three contributions that met both sides of every section.
fn sale() -> ReportData {
    let raise = [(0, 400), (60_000, 900), (3_600_000, 1_500)];
    ReportData {
        offering: "Example sale".to_owned(),
        token_name: "Example".to_owned(),
        token_symbol: "EXA".to_owned(),
        outcome: Outcome::Succeeded,
        outcome_reason: "The soft cap of 1,000 DAI was reached.".to_owned(),
        period: Some("1 March 2026".to_owned()),
        warnings: vec!["The terms keep money.".to_owned()],
        cancel_right: Some("The issuer may cancel before settlement.".to_owned()),
        numeraire: Unit {
            symbol: "DAI".to_owned(),
            decimals: 0,
        },
        raised: amount(1_500),
        soft_cap: Some(amount(1_000)),
        hard_cap: Some(amount(2_000)),
        currencies: vec![CurrencyTotals {
            symbol: "DAI".to_owned(),
            contributed: "1,600.25".to_owned(),
            accepted: "1,500".to_owned(),
            refunded: "100".to_owned(),
            kept: Some("0.25".to_owned()),
        }],
        tokens_sold: "15,000".to_owned(),
        contributions: 5,
        investors: 4,
        refused: 2,
        rounds: vec![RoundTerms {
            name: "Public".to_owned(),
            window: "1 March 2026, 00:00 to 02:00 UTC".to_owned(),
            price: "10 EXA per DAI".to_owned(),
            allocation: String::new(),
            limits: vec![
                "At most 600 DAI per investor".to_owned(),
                "At least 1 DAI".to_owned(),
            ],
            result: "1,500 DAI accepted.".to_owned(),
        }],
        terms: vec![Fact {
            label: "Rounding".to_owned(),
            text: "down".to_owned(),
        }],
        axis: PositionAxis::UnixMillis,
        raise: raise
            .map(|(after, value)| SeriesPoint {
                x: 1_772_323_200_000 + after,
                value,
            })
            .to_vec(),
        price: PriceView::OverPosition {
            label: "EXA per DAI".to_owned(),
            decimals: 0,
            points: vec![SeriesPoint {
                x: 1_772_323_200_000,
                value: 10,
            }],
            summary: "10 EXA per DAI throughout.".to_owned(),
        },
        holdings: Holdings::of(vec![4_000, 5_000, 6_000], 0),
        refusals: vec![RefusalCount {
            code: 104,
            sentence: "The hard cap is reached.".to_owned(),
            count: 2,
            in_part: 1,
        }],
        returns: vec![ReturnTotal {
            code: "eligibility".to_owned(),
            sentence: "Not eligible.".to_owned(),
            count: 1,
            amounts: vec!["100 DAI".to_owned()],
        }],
        supply: [
            (SupplyKind::Sale, 15_000),
            (SupplyKind::Team, 3_000),
            (SupplyKind::Treasury, 1_000),
            (SupplyKind::Advisers, 500),
            (SupplyKind::Unsold, 400),
            (SupplyKind::Other, 100),
        ]
        .map(|(kind, value)| SupplyShare {
            kind,
            label: format!("{kind:?}"),
            tokens: amount(value),
            vesting: (kind == SupplyKind::Team).then(|| "36 months".to_owned()),
        })
        .to_vec(),
        commitments: Commitments {
            terms_hash: "aa11".to_owned(),
            journal_root: "bb22".to_owned(),
            journal_size: 1_234,
            signer: Some("example+0a0b+AAAA".to_owned()),
            settlement_root: "0xcc33".to_owned(),
        },
        verify: VerifyGuide {
            bundle: "example".to_owned(),
            program: "softcap 0.1.0".to_owned(),
        },
    }
}

/// The same sale with nobody in it.
fn empty_sale() -> ReportData {
    ReportData {
        outcome: Outcome::Failed,
        raised: amount(0),
        raise: Vec::new(),
        holdings: Holdings::of(Vec::new(), 0),
        refusals: Vec::new(),
        returns: Vec::new(),
        supply: Vec::new(),
        rounds: Vec::new(),
        terms: Vec::new(),
        warnings: Vec::new(),
        cancel_right: None,
        contributions: 0,
        ..sale()
    }
}

fn page(data: &ReportData) -> String {
    render(data).unwrap()
}

#[track_caller]
fn assert_shows(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "the page lacks: {text}");
    }
}

#[test]
fn every_part_of_the_data_is_on_the_page() {
    assert_shows(
        &page(&sale()),
        &[
            "<h1>Example sale</h1>",
            "<p class=\"outcome\">Succeeded</p>",
            "The soft cap of 1,000 DAI was reached.",
            "1 March 2026",
            "The terms keep money.",
            "The issuer may cancel before settlement.",
            "75.00\u{a0}% of it raised",
            "1,600<wbr><span class=\"decimals\">.25</span>",
            "contributed = accepted + refunded + kept",
            "10 EXA per DAI throughout.",
            "At most 600 DAI per investor",
            "Soft cap 1k DAI",
            "Hard cap 2k DAI",
            "Half of it was in by 1 Mar 2026, 00:01 UTC.",
            // (2 * (4 + 10 + 18) - 4 * 15) / (3 * 15) = 4 / 45
            "0.0889",
            "889 basis points",
            "The hard cap is reached.",
            "1 of them accepted in part.",
            "1,500 DAI accepted.",
            "eligibility",
            "36 months",
            "aa11",
            "bb22",
            "1,234 entries",
            "0xcc33",
            "softcap verify example --key example+0a0b+AAAA --terms-hash aa11",
            "softcap proof example --investor YOUR-ID",
            "softcap explain example --contribution CONTRIBUTION-ID",
        ],
    );
}

#[test]
fn the_outcome_is_a_word_and_a_class() {
    for (outcome, word, class) in [
        (Outcome::Succeeded, "Succeeded", "banner succeeded"),
        (Outcome::Failed, "Failed", "banner failed"),
        (Outcome::Cancelled, "Cancelled", "banner cancelled"),
        (Outcome::Expired, "Expired", "banner expired"),
    ] {
        let page = page(&ReportData { outcome, ..sale() });
        assert_shows(&page, &[&format!("<p class=\"outcome\">{word}</p>"), class]);
        let goes_back =
            page.contains("All of it goes back, but not what the terms keep: 0.25 DAI.");
        assert_eq!(goes_back, outcome != Outcome::Succeeded, "{word}");
    }
}

#[test]
fn a_sale_that_keeps_nothing_gives_all_of_it_back() {
    for kept in [None, Some("0".to_owned())] {
        let mut data = ReportData {
            outcome: Outcome::Expired,
            ..sale()
        };
        data.currencies[0].kept = kept;
        assert_shows(&page(&data), &["All of it goes back."]);
        data.raise.truncate(1);
        assert_shows(&page(&data), &["UTC. All of it goes back."]);
    }
}

/// A sale in which every text is `text`.
fn sale_of(text: &str) -> ReportData {
    let text = || text.to_owned();
    let lines = || vec![text(), text()];
    let plain = sale();
    ReportData {
        offering: text(),
        token_name: text(),
        token_symbol: text(),
        outcome_reason: text(),
        period: Some(text()),
        warnings: lines(),
        cancel_right: Some(text()),
        numeraire: Unit {
            symbol: text(),
            decimals: 0,
        },
        raised: Amount {
            text: text(),
            value: 1_500,
        },
        soft_cap: Some(Amount {
            text: text(),
            value: 1_000,
        }),
        currencies: vec![CurrencyTotals {
            symbol: text(),
            contributed: text(),
            accepted: text(),
            refunded: text(),
            kept: Some(text()),
        }],
        tokens_sold: text(),
        rounds: vec![RoundTerms {
            name: text(),
            window: text(),
            price: text(),
            allocation: text(),
            limits: lines(),
            result: text(),
        }],
        terms: vec![Fact {
            label: text(),
            text: text(),
        }],
        axis: PositionAxis::BlockHeight { chain: text() },
        price: PriceView::OverPosition {
            label: text(),
            decimals: 0,
            points: plain.raise.clone(),
            summary: text(),
        },
        refusals: vec![RefusalCount {
            code: 1,
            sentence: text(),
            count: 1,
            in_part: 1,
        }],
        returns: vec![ReturnTotal {
            code: text(),
            sentence: text(),
            count: 1,
            amounts: lines(),
        }],
        supply: vec![SupplyShare {
            kind: SupplyKind::Sale,
            label: text(),
            tokens: Amount {
                text: text(),
                value: 1,
            },
            vesting: Some(text()),
        }],
        commitments: Commitments {
            terms_hash: text(),
            journal_root: text(),
            journal_size: 1,
            signer: Some(text()),
            settlement_root: text(),
        },
        verify: VerifyGuide {
            bundle: text(),
            program: text(),
        },
        ..plain
    }
}

#[test]
fn an_enemy_in_every_text_stays_text() {
    let enemy = "</title></style></svg><script>alert(1)</script>\"' onload='x' &amp;";
    let harmless: String = enemy
        .chars()
        .map(|c| if "<>\"'&/=();".contains(c) { 'x' } else { c })
        .collect();
    let (attacked, plain) = (page(&sale_of(enemy)), page(&sale_of(&harmless)));
    assert!(
        attacked.matches("&lt;script&gt;").count() > 40,
        "the enemy was not everywhere"
    );
    assert!(!attacked.contains("<script"));
    // As many tags and attributes as with harmless texts of the same shape: nothing was opened or
    // closed.
    for mark in ["<", ">", "=\""] {
        assert_eq!(
            attacked.matches(mark).count(),
            plain.matches(mark).count(),
            "{mark}"
        );
    }
}

#[test]
fn the_same_data_gives_the_same_bytes() {
    assert_eq!(page(&sale()), page(&sale()));
    assert_ne!(
        page(&sale()),
        page(&ReportData {
            contributions: 6,
            ..sale()
        })
    );
}

#[test]
fn the_page_loads_nothing_and_runs_nothing() {
    let page = page(&sale());
    for forbidden in [
        "http://", "https://", "<script", "<link", "<img", "src=", "url(", "@import", "<iframe",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("default-src 'none'"));
    // The stand-in colours of the charts have all become classes.
    assert!(!page.contains("#F15E"));
}

#[test]
fn identifiers_are_unique_and_every_reference_has_one() {
    let page = page(&sale());
    let values = |attribute: &str| -> Vec<String> {
        page.split(&format!(" {attribute}=\""))
            .skip(1)
            .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
            .collect()
    };
    let mut ids = values("id");
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "an identifier occurs twice");
    let links = values("href")
        .into_iter()
        .map(|link| link.trim_start_matches('#').to_owned());
    let labels = values("aria-labelledby");
    let labels = labels
        .iter()
        .flat_map(|ids| ids.split(' ').map(str::to_owned));
    let references: Vec<String> = links.chain(labels).collect();
    assert!(references.len() > 20, "{references:?}");
    for reference in references {
        assert!(
            ids.contains(&reference),
            "nothing has the identifier {reference}"
        );
    }
}

#[test]
fn a_sale_without_contributions_says_so() {
    let page = page(&empty_sale());
    assert_shows(
        &page,
        &[
            "No contribution was accepted, so there is no curve to draw.",
            "Nobody received tokens, so there is no distribution.",
            "No token was issued.",
            "No contribution was refused.",
            "Nothing was returned for a reason of its own",
        ],
    );
    assert!(!page.contains("<svg class=\"chart"), "a chart of nothing");
}

#[test]
fn a_sale_of_one_contribution_has_a_point_and_a_sentence() {
    let data = ReportData {
        raise: vec![SeriesPoint { x: 7, value: 1_500 }],
        axis: PositionAxis::RowOrder,
        price: PriceView::Single {
            summary: "Everybody pays 0.25.".to_owned(),
        },
        holdings: Holdings::of(vec![15_000], 0),
        ..sale()
    };
    assert_shows(
        &page(&data),
        &[
            "1,500 DAI were accepted at contribution 7.",
            "<circle ",
            "Everybody pays 0.25.",
            "0.0000",
        ],
    );
}

#[test]
fn the_largest_numbers_do_not_break_the_page() {
    let huge = || amount(u128::MAX);
    let points: Vec<SeriesPoint> = [i64::MIN, -1, i64::MAX]
        .into_iter()
        .map(|x| SeriesPoint {
            x,
            value: u128::MAX,
        })
        .collect();
    for axis in [PositionAxis::UnixMillis, PositionAxis::RowOrder] {
        for decimals in [0, 18, u8::MAX] {
            let data = ReportData {
                numeraire: Unit {
                    symbol: "DAI".to_owned(),
                    decimals,
                },
                raised: huge(),
                soft_cap: Some(huge()),
                hard_cap: Some(huge()),
                contributions: u64::MAX,
                axis: axis.clone(),
                raise: points.clone(),
                price: PriceView::OverPosition {
                    label: "EXA per DAI".to_owned(),
                    decimals,
                    points: points.clone(),
                    summary: "huge".to_owned(),
                },
                holdings: Holdings::of(vec![u128::MAX, u128::MAX, 1], decimals),
                refusals: vec![RefusalCount {
                    code: u16::MAX,
                    sentence: String::new(),
                    count: u64::MAX,
                    in_part: u64::MAX,
                }],
                supply: sale()
                    .supply
                    .into_iter()
                    .map(|part| SupplyShare {
                        tokens: huge(),
                        ..part
                    })
                    .collect(),
                ..sale()
            };
            let page = page(&data);
            assert_shows(&page, &["18,446,744,073,709,551,615", "455"]);
            for broken in ["NaN", ">inf", "2147483647"] {
                assert!(!page.contains(broken), "{broken} with {decimals} decimals");
            }
        }
    }
}

#[test]
fn a_far_hard_cap_is_named_but_does_not_flatten_the_curve() {
    let near = page(&sale());
    let far = page(&ReportData {
        hard_cap: Some(amount(1_000_000)),
        ..sale()
    });
    assert_shows(
        &near,
        &["Hard cap 2k DAI\n", "line-hard-cap\" stroke-width"],
    );
    assert_shows(&far, &["Hard cap 1M DAI ↑"]);
    assert!(
        !far.contains("line-hard-cap\" stroke-width"),
        "a line outside the picture"
    );
}

#[test]
fn an_unsigned_record_says_so_and_its_command_has_no_key() {
    let mut data = sale();
    data.commitments.signer = None;
    let page = page(&data);
    assert_shows(
        &page,
        &["Unsigned.", "softcap verify example --terms-hash aa11"],
    );
    assert!(!page.contains("--key"));
}

#[test]
fn a_long_series_makes_a_page_of_modest_size() {
    let raise = (0..200_000_i64)
        .map(|x| SeriesPoint {
            x,
            value: u128::from(x.unsigned_abs()).pow(2) * ETHER / 7,
        })
        .collect();
    let price = PriceView::OverPosition {
        label: "EXA per DAI".to_owned(),
        decimals: 3,
        points: (0..200_000_i64)
            .map(|x| SeriesPoint {
                x,
                value: u128::from((x * 7_919 % 1_009).unsigned_abs()),
            })
            .collect(),
        summary: "wild".to_owned(),
    };
    let data = ReportData {
        raise,
        price,
        axis: PositionAxis::RowOrder,
        ..sale()
    };
    let size = page(&data).len();
    assert!(size < 150_000, "{size} bytes");
}
