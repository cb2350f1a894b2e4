//! Random sales on the state machine and on the escrow contracts, with the same commands.
//!
//! The contracts are the committed bytecode, run by revm in this process. After every step each investor has the
//! same money accepted, the same tokens and the same money due back on both sides, the totals agree, and what one
//! side refuses the other refuses for the same reason. What the sale would come to if it ended now is compared
//! after every step, too. Where milestones or shares that vest follow a sale, 40 more steps are played after it, and everybody's part is
//! what the terms promise, computed here from the record. Where too much is shared out, everybody's part is that of
//! the formula, computed here as well. Sales that are settled by a root are in `by_root`. 200 sales of 50 steps, 2,000 with `SOFTCAP_FULL=1`, any number with `SOFTCAP_COUNT`;
//! `SOFTCAP_SEED` names a first seed to look elsewhere.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "each question is about some answers; every other one is a difference"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it must be"
)]

mod acts;
mod after_chain;
mod after_compare;
mod after_draft;
mod after_sale;
mod after_script;
mod by_root;
mod chain;
mod compare;
mod counter;
mod engine;
mod follow;
mod issuing;
mod paying;
mod play;
mod probes;
mod promises;
mod refusals;
mod sale;
mod schedule;
mod script;
#[path = "../../../offering/tests/support/seeded.rs"]
#[allow(dead_code, reason = "the state machine's own tests use all of it")]
mod seeded;
mod shares;
mod sizes;
mod withdrawing;

use std::ops::Range;
use std::thread;

use play::{Met, run};

const SALES: u64 = 200;
const SALES_FULL: u64 = 2_000;

fn seeds() -> Range<u64> {
    let full = std::env::var_os("SOFTCAP_FULL").is_some_and(|value| value == "1");
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    let first = number("SOFTCAP_SEED").unwrap_or(0);
    let count = number("SOFTCAP_COUNT").unwrap_or(if full { SALES_FULL } else { SALES });
    first..first + count
}

/// Plays all sales on as many threads as there are cores.
fn survey(
    seeds: &Range<u64>,
    run: impl Fn(u64, &mut Met) -> Result<(), String> + Copy + Send,
) -> Result<Met, String> {
    let threads = thread::available_parallelism().map_or(1, |count| count.get() as u64);
    thread::scope(|scope| {
        let started: Vec<_> = (0..threads)
            .map(|place| {
                let mut own = (seeds.start + place..seeds.end).step_by(threads as usize);
                scope.spawn(move || {
                    let mut met = Met::default();
                    own.try_for_each(|seed| run(seed, &mut met))?;
                    Ok::<_, String>(met)
                })
            })
            .collect();
        let mut all = Met::default();
        for own in started {
            all.add(own.join().expect("panics are caught where they happen")?);
        }
        Ok(all)
    })
}

/// One pass over the sales: what they come to is asked for afterwards, or their agreement would say little.
#[test]
fn contracts_and_state_machine_agree_after_every_step() {
    let seeds = seeds();
    let met = survey(&seeds, run).unwrap_or_else(|failure| panic!("{failure}"));
    // Whoever asks for fewer sales looks for one difference, not for everything there is.
    if seeds.end - seeds.start >= SALES {
        met.check();
    }
}
