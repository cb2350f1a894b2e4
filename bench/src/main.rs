//! Benchmarks, each beside a baseline measured in the same run.
//!
//! Wall time says nothing on a machine that does something else: every figure here comes with the
//! time of a baseline on the same cores a moment before or after, and the load of the machine is
//! printed with it.

mod access;
#[path = "../alarms/mod.rs"]
mod alarms;
mod durable;
mod engine;
mod failure;
mod floor;
mod http;
mod http_load;
mod http_server;
mod live;
mod measure;
mod naive;
mod nodes;
mod paced;
mod pages;
mod proofs;
mod random_sales;
mod settle;
mod settlement_tree;
mod snapshot;
mod stampede;
mod startup;
mod watch;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};

use crate::{alarms::AlarmPlan, failure::BenchFailure, floor::KeyCheck, http::Plan};

/// The one of the program that is measured: baselines are no slower for another reason.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    /// A year of people and of attacks on them: what is noticed, and how often there is an alarm for nothing.
    Alarms(AlarmPlan),
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
    /// Contributions over HTTP, each on disk before its answer, against servers that store nothing.
    Http {
        /// Seconds of a run.
        #[arg(long, default_value_t = 3.0)]
        seconds: f64,
        /// How often; the median counts.
        #[arg(long, default_value_t = 5)]
        runs: usize,
        /// Also with PostgreSQL, whose folder is in SOFTCAP_POSTGRES.
        #[arg(long)]
        postgres: bool,
        /// Only rows of these names, for example `--only A --only S`.
        #[arg(long)]
        only: Vec<String>,
        /// The program to measure; without it, it is built.
        #[arg(long)]
        program: Option<PathBuf>,
    },
    /// The same load on the obvious way: a transaction for each contribution, on PostgreSQL.
    Naive {
        /// Seconds of a run.
        #[arg(long, default_value_t = 3.0)]
        seconds: f64,
        /// How often; the median counts.
        #[arg(long, default_value_t = 5)]
        runs: usize,
        /// The program to measure; without it, it is built.
        #[arg(long)]
        program: Option<PathBuf>,
    },
    /// Two nodes on one PostgreSQL against one, with one offering and with ten.
    Nodes {
        /// Seconds of a run.
        #[arg(long, default_value_t = 3.0)]
        seconds: f64,
        /// How often; the median counts.
        #[arg(long, default_value_t = 5)]
        runs: usize,
        /// The program to measure; without it, it is built.
        #[arg(long)]
        program: Option<PathBuf>,
    },
    /// Keys that are revoked on one node and tried on another one, and passwords that are guessed, while contributions come.
    Access {
        /// Keys.
        #[arg(long, default_value_t = 1_000)]
        keys: usize,
        /// Seconds of a run.
        #[arg(long, default_value_t = 3.0)]
        seconds: f64,
        /// How often passwords are guessed and not; the median counts.
        #[arg(long, default_value_t = 5)]
        runs: usize,
        /// The program to measure; without it, it is built.
        #[arg(long)]
        program: Option<PathBuf>,
    },
    /// The first byte of public pages, a hundred of them a second, beside contributions.
    Pages {
        /// Seconds of a run.
        #[arg(long, default_value_t = 20.0)]
        seconds: f64,
        /// The program to measure; without it, it is built.
        #[arg(long)]
        program: Option<PathBuf>,
    },
    /// The totals of an offering as many people see them at once, while contributions come.
    Live {
        /// How many people.
        #[arg(long, default_value_t = 10_000)]
        listeners: usize,
        /// Seconds of a run.
        #[arg(long, default_value_t = 10.0)]
        seconds: f64,
        /// The program to measure; without it, it is built.
        #[arg(long)]
        program: Option<PathBuf>,
    },
    /// A server of `http`.
    #[command(hide = true)]
    ServeBare {
        #[arg(long)]
        answer: usize,
    },
    /// A server of `http`.
    #[command(hide = true)]
    ServeChecked {
        #[arg(long)]
        answer: usize,
        #[arg(long)]
        data: PathBuf,
        #[arg(long, default_value = "asked")]
        keys: KeyCheck,
    },
    /// The server of `naive`.
    #[command(hide = true)]
    ServeNaive {
        #[arg(long)]
        url: String,
        #[arg(long)]
        investors: i64,
    },
    /// The record inside the process: engine, tree and SQLite commit together, batch by batch, against
    /// the same bytes written to a file and synced.
    Durable {
        /// Who contributes; everybody once before it is measured.
        #[arg(long, default_value_t = 1_000_000)]
        investors: u64,
        /// Contributions that are measured.
        #[arg(long, default_value_t = 2_000_000)]
        entries: u64,
        /// Contributions of a batch.
        #[arg(long, default_value_t = 1_000)]
        batch: usize,
    },
    /// A log that grows, and the start of the server with it: time, memory, disk, longest pause.
    Startup {
        /// Contributions.
        #[arg(long, default_value_t = 1_000_000)]
        count: u64,
        /// Who makes them.
        #[arg(long, default_value_t = 1_000_000)]
        investors: u64,
        /// The program to measure; without it, it is built.
        #[arg(long)]
        program: Option<PathBuf>,
    },
    /// Many admitted investors in a minute through one key, the server killed in the middle.
    Stampede {
        /// How many.
        #[arg(long, default_value_t = 100_000)]
        investors: u64,
        /// In which time.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// The program to measure; without it, it is built.
        #[arg(long)]
        program: Option<PathBuf>,
    },
    /// A server that follows an escrow with many contributions, from the first event to the last one in its record.
    Watch {
        /// Contributions.
        #[arg(long, default_value_t = 100_000)]
        events: u64,
        /// Contributions of a block.
        #[arg(long, default_value_t = 100)]
        per_block: u64,
        /// The program to measure; without it, it is built.
        #[arg(long)]
        program: Option<PathBuf>,
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
        Benchmark::Alarms(plan) => alarms::run(&plan),
        Benchmark::Settle { rows, runs } => settle::run(rows, runs),
        Benchmark::Sales { count, first } => random_sales::run_all(first..first + count),
        Benchmark::Snapshot {
            contributions,
            investors,
            runs,
        } => snapshot::run(investors, contributions, runs),
        Benchmark::Http {
            seconds,
            runs,
            postgres,
            only,
            program,
        } => http::run(&Plan {
            seconds,
            runs,
            postgres,
            naive: false,
            only,
            program,
        }),
        Benchmark::Naive {
            seconds,
            runs,
            program,
        } => http::run(&Plan {
            seconds,
            runs,
            postgres: false,
            naive: true,
            only: Vec::new(),
            program,
        }),
        Benchmark::Nodes {
            seconds,
            runs,
            program,
        } => nodes::run(Duration::from_secs_f64(seconds), runs, program.as_deref()),
        Benchmark::Access {
            keys,
            seconds,
            runs,
            program,
        } => access::run(&access::Plan {
            keys,
            time: Duration::from_secs_f64(seconds),
            runs,
            program: program.as_deref(),
        }),
        Benchmark::Pages { seconds, program } => {
            pages::run(Duration::from_secs_f64(seconds), program.as_deref())
        }
        Benchmark::Live {
            listeners,
            seconds,
            program,
        } => live::run(&live::Plan {
            listeners,
            time: Duration::from_secs_f64(seconds),
            program: program.as_deref(),
        }),
        Benchmark::Startup {
            count,
            investors,
            program,
        } => startup::run(count, investors, program.as_deref()),
        Benchmark::Stampede {
            investors,
            seconds,
            program,
        } => stampede::run(investors, seconds, program.as_deref()),
        Benchmark::ServeBare { answer } => floor::bare(answer),
        Benchmark::ServeChecked { answer, data, keys } => floor::checked(&data, answer, keys),
        Benchmark::ServeNaive { url, investors } => naive::serve(&url, investors),
        Benchmark::Durable {
            investors,
            entries,
            batch,
        } => durable::run(investors, entries, batch),
        Benchmark::Watch {
            events,
            per_block,
            program,
        } => watch::run(&watch::Plan {
            events,
            per_block,
            program: program.as_deref(),
        }),
        Benchmark::Tree { leaves } => settlement_tree::run(leaves),
    }
}
