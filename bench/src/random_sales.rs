//! Random sales, each compared with the reference model that the tests of `offering` use: 10,000 per
//! allowed pair of pricing and allocation.

use std::ops::Range;
use std::time::Instant;

use rayon::prelude::*;
use softcap_offering::pairs::{ALL_ALLOWED, AllocationKind, PricingKind};

use crate::failure::BenchFailure;

#[path = "../../crates/offering/tests/support/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "the tests also ask what random sales meet"
)]
mod support;

/// Plays random sales of every allowed pair, and says how many agreed.
///
/// # Errors
/// The first sale of a pair in which engine and model differ.
pub(crate) fn run_all(seeds: Range<u64>) -> Result<(), BenchFailure> {
    let started = Instant::now();
    ALL_ALLOWED.par_iter().try_for_each(|pair| {
        run(*pair, seeds.clone())
            .map(|()| {
                let (pricing, allocation) = (pair.0.name(), pair.1.name());
                let count = seeds.end - seeds.start;
                println!("{pricing:>7} {allocation:<16} {count} sales agree with the model");
            })
            .map_err(BenchFailure)
    })?;
    println!("{:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// Plays one random sale for each seed, twice, and compares every row and investor with the model;
/// batch allocations once more with contributions exchanged.
///
/// # Errors
/// What differs, with the seed, the terms and the shortest list of commands that was found to show
/// it.
fn run(pair: (PricingKind, AllocationKind), seeds: Range<u64>) -> Result<(), String> {
    support::run(pair, seeds.clone())?;
    match pair.1 {
        AllocationKind::FirstCome | AllocationKind::Guaranteed => Ok(()),
        AllocationKind::ProRata
        | AllocationKind::ProRataCapped
        | AllocationKind::WaterFilling
        | AllocationKind::Lottery => support::orders(pair, seeds),
    }
}
