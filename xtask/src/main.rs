//! `cargo xtask`: what CI runs is what a person runs.
//!
//! `test` is the whole verdict on a change. The other commands need something that a test run must
//! not depend on: a quiet machine (`bench`), a database from outside (`advisories`), or hours
//! (`mutants`). This program knows nothing of the crates it checks.

mod anvil;
mod api;
mod browser;
mod budget;
mod contracts;
mod direction;
mod error;
mod lighthouse;
mod mutants;
mod npm;
mod oauth;
mod pip;
mod pipeline;
mod postgres;
mod process;
mod results;
mod room;
mod sales;
mod tidy;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::budget::Counts;
use crate::error::XtaskError;
use crate::process::Output;
use crate::workspace::Workspace;

/// Builds, checks, measures.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Format, build, lints, licences, docs, all tests, house rules. What CI runs.
    Test {
        /// Draw the full number of random cases in the property tests (takes up to an hour).
        #[arg(long)]
        full: bool,
    },
    /// The benchmarks, e.g. `cargo xtask bench settle --rows 1000000`.
    Bench {
        /// Passed on to the benchmark program; `cargo xtask bench --help` prints its help.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Known vulnerabilities in the crates of the lock file. Needs a database from outside.
    Advisories,
    /// The house rules alone, in a second.
    Tidy,
    /// The direction of dependencies between the crates alone.
    Direction,
    /// Fetches the PostgreSQL that the tests start, and prints its folder (`test` does it by itself).
    Postgres,
    /// Fetches the EVM node and client that the tests start, and prints their folder (`test` does it by itself).
    Anvil,
    /// Fetches the browser that the tests start, and prints its folder (`test` does it by itself).
    Browser,
    /// Fetches the clients of OAuth that the tests run, and prints their folder (`test` does it by itself).
    Oauth,
    /// The public pages of a demo, judged by Lighthouse in the browser of the tests.
    Lighthouse {
        /// How often each page; the median counts.
        #[arg(long, default_value_t = 5)]
        runs: u32,
    },
    /// Requests drawn from the OpenAPI document, sent to the program (`test` does it, too).
    Api,
    /// The escrow contracts: compiled, compared, tested, measured.
    Contracts {
        #[command(subcommand)]
        task: contracts::Task,
    },
    /// Changes the core in many small ways and lists the changes that no test noticed.
    Mutants(mutants::Sample),
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the task came to a good end; its own report was printed.
fn run(arguments: Arguments) -> Result<bool, XtaskError> {
    let workspace = Workspace::find()?;
    process::end_children_on_interrupt()?;
    match arguments.command {
        Task::Test { full } => {
            let counts = if full { Counts::Full } else { Counts::Small };
            return Ok(pipeline::run(&workspace, counts));
        }
        Task::Bench { arguments } => bench(&workspace, &arguments)?,
        Task::Advisories => advisories(&workspace)?,
        Task::Tidy => tidy::check(&workspace)?,
        Task::Direction => direction::check(&workspace, None)?,
        Task::Postgres => println!("{}", postgres::ensure(&workspace, None)?.display()),
        Task::Anvil => println!("{}", anvil::ensure(&workspace, None)?.display()),
        Task::Browser => println!("{}", browser::ensure(&workspace, None)?.display()),
        Task::Oauth => println!("{}", oauth::ensure(&workspace, None)?.display()),
        Task::Lighthouse { runs } => lighthouse::run(&workspace, runs)?,
        Task::Api => api::build_and_check(&workspace)?,
        Task::Contracts { task } => contracts::run(&workspace, task, None)?,
        Task::Mutants(sample) => mutants::run(&workspace, &sample)?,
    }
    Ok(true)
}

fn bench(workspace: &Workspace, arguments: &[String]) -> Result<(), XtaskError> {
    let mut command = workspace.cargo(&[
        "run",
        "--release",
        "--locked",
        "--package",
        "softcap-bench",
        "--",
    ]);
    command.args(arguments);
    if arguments
        .iter()
        .any(|word| ["access", "naive", "nodes", "--postgres"].contains(&word.as_str()))
    {
        command.env(
            postgres::FOLDER_VARIABLE,
            postgres::ensure(workspace, None)?,
        );
    }
    process::run_to_success(command, Output::Shown, None).map(drop)
}

fn advisories(workspace: &Workspace) -> Result<(), XtaskError> {
    let deny = tools::CARGO_DENY.ensure(workspace, None)?;
    let command = workspace.command(
        &deny.to_string_lossy(),
        &["--locked", "check", "advisories"],
    );
    process::run_to_success(command, Output::Shown, None).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }

    #[test]
    fn everything_after_bench_is_passed_on() {
        let words = ["cargo xtask", "bench", "settle", "--rows", "10", "--help"];
        let arguments = Arguments::try_parse_from(words).unwrap();
        let Task::Bench { arguments } = arguments.command else {
            panic!("not bench")
        };
        assert_eq!(arguments, ["settle", "--rows", "10", "--help"]);
    }
}
