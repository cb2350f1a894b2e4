//! Explanations of small sales: as a person reads them, and computed again from what they print.

mod evaluate;
mod sale;

use std::path::Path;

use indicatif::ProgressBar;
use proptest::prelude::*;

use super::{Page, explain, replay};
use sale::{SALES, Sale, sale};

fn page(sale: &Sale, reference: &str) -> Page {
    let terms = sale.terms();
    let replayed = replay(terms, sale.journal(), reference, &ProgressBar::hidden()).unwrap();
    let found = replayed
        .found
        .unwrap_or_else(|| panic!("{reference} is not in the journal"));
    explain(&replayed.offering, &found)
}

/// Compares with a file beside the tests; `SOFTCAP_UPDATE_SNAPSHOTS=1` writes it anew.
fn compare(name: &str, text: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/explain");
    let file = folder.join(format!("{name}.txt"));
    if std::env::var_os("SOFTCAP_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&file, format!("{text}\n")).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap();
    assert_eq!(format!("{text}\n"), expected, "{}", file.display());
}

#[test]
fn pages_as_a_person_reads_them() {
    // (file, sale, contribution)
    let table = [
        ("plain_acceptance", "caps", "c-1"),
        ("other_currency", "caps", "c-2"),
        ("refusal", "caps", "c-3"),
        ("partial_fill_at_a_cap", "caps", "c-5"),
        ("linear_bonus", "linear", "c-1"),
        ("tier_crossing", "tiers", "c-2"),
        ("pro_rata", "pro_rata", "c-2"),
        ("pro_rata_of_two", "pro_rata", "c-1"),
        ("rounding_per_investor", "per_investor", "c-3"),
        ("lottery_won", "lottery", "c-2"),
        ("lottery_lost", "lottery", "c-1"),
        ("water_level", "water", "c-2"),
        ("dutch_clearing_price", "dutch", "c-2"),
        ("marginal_bid", "bids", "c-2"),
        ("bond_of_a_sealed_bid", "sealed", "c-2"),
        ("promoted_from_the_waiting_list", "waiting", "c-2"),
        ("returned_in_part", "tiers", "c-1"),
        ("soft_cap_missed", "missed", "c-1"),
        ("scaled_pro_rata", "scaled", "c-3"),
        ("step_credit_and_ceiling", "credit", "c-2"),
        ("kept_above_a_cap", "kept", "c-3"),
        ("rounding_in_a_second_round", "two_rounds", "c-7"),
        ("rounded_to_nothing", "per_investor_for_nothing", "c-4"),
        ("auctioned_for_nothing", "dutch_for_nothing", "c-4"),
        ("left_for_nothing", "returned_for_nothing", "c-4"),
        ("second_batch_round", "two_batches", "c-6"),
        ("accepted_by_a_contract", "escrow", "c-1"),
        ("contract_that_differs", "escrow", "c-2"),
        ("change_from_a_contract", "escrow", "c-3"),
    ];
    for (file, name, reference) in table {
        compare(file, &page(&sale(name), reference).text());
    }
}

#[test]
fn every_line_of_every_page_is_right() {
    let mut calculations = 0;
    for (name, _) in SALES {
        let sale = sale(name);
        for reference in sale.references() {
            calculations += check(&page(&sale, &reference), &format!("{name} {reference}"));
        }
    }
    assert!(calculations > 300, "{calculations}");
}

/// Evaluates each printed formula apart from the code that wrote it; how many there were.
fn check(page: &Page, what: &str) -> usize {
    let (text, json) = (page.text(), page.json());
    assert!(!text.contains("DIFFERS"), "{what}\n{text}");
    for line in text.lines() {
        let columns = line.chars().count();
        assert!(
            columns <= 80 || !line.trim().contains(' '),
            "{what}: {columns} columns: {line}"
        );
    }
    let mut count = 0;
    let mut tokens = None;
    for step in json["steps"].as_array().unwrap() {
        for line in step["lines"].as_array().unwrap() {
            if line["formula"].is_null() {
                continue;
            }
            count += 1;
            evaluate::check(line, what);
            if line["what"] == "tokens" || line["what"] == "tokens left" {
                tokens = Some(line["result"].as_str().unwrap().to_owned());
            }
        }
    }
    let (_, final_tokens, _) = page.row.last().unwrap();
    if final_tokens != "0" && !text.contains("At the price tier of that moment") {
        assert_eq!(tokens.as_ref(), Some(final_tokens), "{what}\n{text}");
    }
    count
}

#[test]
fn a_wrong_number_is_seen_and_said() {
    let sale = sale("caps");
    let replayed = replay(sale.terms(), sale.journal(), "c-2", &ProgressBar::hidden()).unwrap();
    let mut found = replayed.found.unwrap();
    found.end.row.accepted.0 -= 1;
    let page = explain(&replayed.offering, &found);
    assert!(page.checked().1 > 0);
    assert!(page.text().contains("DIFFERS: the record has"));
    assert!(page.text().contains("do NOT give the recorded number"));
}

#[test]
fn an_unknown_id_finds_nothing_and_names_what_is_there() {
    let sale = sale("caps");
    let replayed = replay(sale.terms(), sale.journal(), "c", &ProgressBar::hidden()).unwrap();
    assert!(replayed.found.is_none());
    assert_eq!(
        replayed.references,
        Some(("c-1".to_owned(), "c-6".to_owned()))
    );
}

#[test]
fn a_journal_whose_outcomes_do_not_follow_is_not_explained() {
    let sale = sale("caps");
    let other = sale
        .text
        .replace("hard_cap = \"5_000 EUR\"", "hard_cap = \"5_001 EUR\"");
    let terms = softcap_offering::terms::Terms::parse(&other).unwrap();
    let failure = replay(terms, sale.journal(), "c-1", &ProgressBar::hidden())
        .err()
        .unwrap();
    assert!(failure.to_string().starts_with("V107"), "{failure}");
}

proptest! {
    #[test]
    fn every_line_of_random_sales_is_right(
        place in 0..SALES.len(),
        payments in prop::collection::vec((0_u8..4, 0_u8..2, 0_u128..400_000, 0_u64..7_200_000), 1..10),
    ) {
        let sale = sale::random(SALES[place].0, &payments);
        for reference in sale.references() {
            check(&page(&sale, &reference), &format!("{} {reference} {payments:?}", SALES[place].0));
        }
    }
}
