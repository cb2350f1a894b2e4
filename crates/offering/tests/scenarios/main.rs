//! Scenarios: tables in the language of the domain. Every row is executed, and the table is the
//! whole test; a person who does not program can review it.
//!
//! A table is terms (what is usual is filled in), a line `---`, and rows of four columns with two
//! blanks or more between them: who, what, with what, and the expected answer. `script.rs` lists
//! what can stand there.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first row that is not as it must be"
)]

mod accounts;
mod after_sale;
mod auctions;
mod bounds;
mod ending;
mod escrow;
mod for_nothing;
mod lotteries;
mod money_back;
mod pauses;
mod rates;
mod rooms;
mod script;
mod sold_out;
mod stages;
mod states;
mod two_chains;
mod windows;

use std::collections::BTreeSet;

use softcap_offering::Refusal;

/// A name and a script.
type Table = (&'static str, &'static str);

const ALL: [&[Table]; 15] = [
    windows::TABLES,
    two_chains::TABLES,
    pauses::TABLES,
    rooms::TABLES,
    bounds::TABLES,
    money_back::TABLES,
    rates::TABLES,
    lotteries::TABLES,
    auctions::TABLES,
    ending::TABLES,
    after_sale::TABLES,
    accounts::TABLES,
    escrow::TABLES,
    sold_out::TABLES,
    for_nothing::TABLES,
];

/// Refusals that no table reaches, and why.
const NOT_REACHED: [(Refusal, &str); 2] = [
    (Refusal::TooManyEntries, "it takes 2^32 contributions"),
    (Refusal::Inconsistent, "it says that the engine is wrong"),
];

fn run(tables: &[Table]) -> BTreeSet<Refusal> {
    let mut reached = BTreeSet::new();
    for (name, table) in tables {
        match script::run(table) {
            Ok(refusals) => reached.extend(refusals),
            Err(why) => panic!("{name}: {why}"),
        }
    }
    reached
}

#[test]
fn windows() {
    run(windows::TABLES);
}

#[test]
fn two_chains() {
    run(two_chains::TABLES);
}

#[test]
fn sold_out() {
    run(sold_out::TABLES);
}

#[test]
fn for_nothing() {
    run(for_nothing::TABLES);
}

#[test]
fn pauses() {
    run(pauses::TABLES);
}

#[test]
fn rooms() {
    run(rooms::TABLES);
}

#[test]
fn bounds() {
    run(bounds::TABLES);
}

#[test]
fn money_back() {
    run(money_back::TABLES);
}

#[test]
fn rates() {
    run(rates::TABLES);
}

#[test]
fn lotteries() {
    run(lotteries::TABLES);
}

#[test]
fn auctions() {
    run(auctions::TABLES);
}

#[test]
fn ending() {
    run(ending::TABLES);
}

#[test]
fn after_sale() {
    run(after_sale::TABLES);
}

#[test]
fn accounts() {
    run(accounts::TABLES);
}

#[test]
fn escrow() {
    run(escrow::TABLES);
}

#[test]
fn every_refusal_is_reached_by_a_table() {
    let reached: BTreeSet<Refusal> = ALL.into_iter().flat_map(run).collect();
    let excepted = NOT_REACHED.map(|(refusal, _)| refusal);
    let missing: Vec<_> = Refusal::ALL
        .iter()
        .filter(|refusal| !reached.contains(refusal) && !excepted.contains(refusal))
        .collect();
    assert!(missing.is_empty(), "no table reaches {missing:?}");
    let needless: Vec<_> = excepted
        .iter()
        .filter(|refusal| reached.contains(refusal))
        .collect();
    assert!(
        needless.is_empty(),
        "a table reaches {needless:?}; take them off the list"
    );
}

#[test]
fn a_wrong_answer_in_a_table_is_noticed() {
    let table = "
[[round]]
name = \"public\"
from = 100
until = 200
end = \"exclusive\"
price = \"10 TOK per 1 EUR\"
---
clock    reaches        100            done
alice    pays           5 EUR          accepted 4 EUR, 50 TOK
";
    let why = script::run(table).unwrap_err();
    assert!(why.contains("accepted 5 EUR, 50 TOK"), "{why}");
}
