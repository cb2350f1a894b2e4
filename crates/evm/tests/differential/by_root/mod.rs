//! Random sales whose outcome comes as a root, on the state machine and on the contracts.
//!
//! What follows from the record's leaves is compared after every step before a root: posted and proved, they give everybody what the
//! record says, to the unit. Then a root is posted, the record's or a false one, and every call ends as `rules.rs` says: who is paid what,
//! who can make the root void, and what everybody gets back. As many sales as of the others.

mod acts;
mod chain;
mod compare;
mod issuing;
mod leaves;
mod paying;
mod rules;
mod sale;
mod table;

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use softcap_evm::bindings::root_escrow::IRootEscrow::IRootEscrowErrors;

use crate::play::Met;
use crate::{SALES, seeds, survey};
use sale::Sale;
use table::Table;

/// What the sales must come to, or their agreement says little.
const MUST_MEET: [&str; 36] = [
    "event Contributed",
    "event Revoked",
    "event Returned",
    "event Cancelled",
    "event Posted",
    "event Objected",
    "event Voided",
    "event Claimed",
    "event RefundKept",
    "event Refunded",
    "event Drawn",
    "event Unsold",
    "event Skipped",
    "verdict succeeded",
    "verdict failed",
    "verdict cancelled",
    "posted, Bids",
    "posted, Equal",
    "posted, Parts",
    "posted, First",
    "posted, FirstBySteps",
    "posted, Nothing",
    "posted, Swapped",
    "posted, Elsewhere",
    "posted, Tokens",
    "posted, Money",
    "void by objections",
    "void by a leaf",
    "proved in a list",
    "kept refund taken",
    "accepted money back",
    "all leaves proved",
    "in part, for lack of room",
    "no room",
    "what was left out counts for limits",
    "returned after the settlement",
];

/// Plays the sale of a seed.
///
/// # Errors
/// What differs, with the terms and the shortest list of steps that was found to show it.
fn run(seed: u64, met: &mut Met) -> Result<(), String> {
    let mut sale = Sale::random(seed)?;
    let Err(mut why) = played(&sale, met) else {
        return Ok(());
    };
    for place in (0..sale.steps.len()).rev() {
        let mut shorter = sale.clone();
        shorter.steps.remove(place);
        if let Err(still) = played(&shorter, &mut Met::default()) {
            (sale, why) = (shorter, still);
        }
    }
    Err(report(seed, &sale, &why))
}

fn played(sale: &Sale, met: &mut Met) -> Result<(), String> {
    let play = || -> Result<(), String> {
        let mut table = Table::new(sale, met);
        for (place, step) in sale.steps.iter().enumerate() {
            table.step(step).map_err(|why| {
                format!("at step {place}, {}: {:?}: {why}", step.second, step.act)
            })?;
        }
        Ok(())
    };
    catch_unwind(AssertUnwindSafe(play)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("panic: {}", text.unwrap_or_default()))
    })
}

fn report(seed: u64, sale: &Sale, why: &str) -> String {
    let (text, terms) = (&sale.text, &sale.told.terms);
    let mut report = format!("seed {seed}: {why}\n\n{text}\n{terms:?}\n");
    for (place, step) in sale.steps.iter().enumerate() {
        let _ = writeln!(report, "{place:3}  {}  {:?}", step.second, step.act);
    }
    let _ = writeln!(
        report,
        "\nAgain: SOFTCAP_SEED={seed} SOFTCAP_COUNT=1 cargo test -p softcap-evm --test differential by_root"
    );
    report
}

/// Every error of the contract's ABI was reached, and everything that sales come to.
fn check(met: &Met) {
    let errors = IRootEscrowErrors::VARIANT_NAMES.iter();
    let errors = errors.map(|error| format!("error {error}"));
    let all = errors.chain(MUST_MEET.iter().map(|what| (*what).to_owned()));
    let missing: Vec<String> = all.filter(|what| met.count(what) == 0).collect();
    assert!(missing.is_empty(), "never: {missing:#?}\n{met:#?}");
}

#[test]
fn a_settlement_by_root_gives_what_the_record_says() {
    let seeds = seeds();
    let met = survey(&seeds, run).unwrap_or_else(|failure| panic!("{failure}"));
    if seeds.end - seeds.start >= SALES {
        check(&met);
    }
}
