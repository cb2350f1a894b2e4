//! Benchmarks, each beside a baseline measured in the same run.
//!
//! Wall time says nothing on a machine that does something else: every figure here comes with the
//! time of a baseline on the same cores a moment before or after, and the load of the machine is
//! printed with it.

mod engine;
mod failure;
mod measure;
mod random_sales;
mod settle;
mod settlement_tree;
mod snapshot;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::BenchFailure;

/// Measures Softcap against baselines.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench")]
struct Arguments {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Debug, Subcommand)]
enum Benchmark {
    /// The state machine alone, one core, with 1 and with 10 million investors.
    Engine,
    /// CSV to settled, rooted and written, then verified; the real program.
    Settle {
        /// Contributions.
        #[arg(long, default_value_t = 1_000_000)]
        rows: u64,
        /// How often; the median counts.
        #[arg(long, default_value_t = 3)]
        runs: usize,
    },
    /// Random sales of every allowed pair of pricing and allocation, each compared with the naive
    /// reference model, and batches with contributions exchanged.
    Sales {
        /// Sales per pair.
        #[arg(long, default_value_t = 10_000)]
        count: u64,
        /// The first seed.
        #[arg(long, default_value_t = 0)]
        first: u64,
    },
    /// The state of an offering written to bytes and read again, against replaying its commands.
    Snapshot {
        /// Contributions.
        #[arg(long, default_value_t = 10_000_000)]
        contributions: u64,
        /// Who makes them.
        #[arg(long, default_value_t = 1_000_000)]
        investors: u64,
        /// How often it is written and read; the median counts.
        #[arg(long, default_value_t = 3)]
        runs: usize,
    },
    /// The settlement tree against the npm package that defines it.
    Tree {
        /// Leaves.
        #[arg(long, default_value_t = 1_000_000)]
        leaves: usize,
    },
}

fn main() -> ExitCode {
    println!("load: {}", measure::load());
    match run(Arguments::parse().benchmark) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(benchmark: Benchmark) -> Result<(), BenchFailure> {
    match benchmark {
        Benchmark::Engine => engine::run(),
        Benchmark::Settle { rows, runs } => settle::run(rows, runs),
        Benchmark::Sales { count, first } => random_sales::run_all(first..first + count),
        Benchmark::Snapshot {
            contributions,
            investors,
            runs,
        } => snapshot::run(investors, contributions, runs),
        Benchmark::Tree { leaves } => settlement_tree::run(leaves),
    }
}
