//! Everything that can go wrong in the automation itself, each with a stable code and a remedy.
//!
//! A failing test or lint is not in here by itself: it arrives as [`XtaskError::StepFailed`].

use std::path::PathBuf;
use std::time::Duration;

use crate::budget::{Part, minutes_and_seconds};

/// One failure of a step or of the automation. The code (`X001` ...) never changes its meaning.
#[derive(Debug, thiserror::Error)]
pub(crate) enum XtaskError {
    /// The binary was started by hand, so it does not know which workspace it belongs to.
    #[error("X001: the workspace cannot be found; start this program as `cargo xtask ...`")]
    NoWorkspace,

    /// A program could not be started at all.
    #[error("X002: `{program}` could not be started ({source}); {remedy}")]
    CannotStart {
        program: String,
        source: std::io::Error,
        remedy: &'static str,
    },

    /// A program ran and said no.
    #[error("X003: `{command}` failed with {status}; its own message stands above")]
    StepFailed { command: String, status: String },

    /// A part reached its limit, or the whole run its own, and was killed together with everything it had started.
    #[error(
        "X004: `{command}` was killed: part \"{}\" reached its limit of {} or that of the whole run; \
         find what became slow (the budgets stand in xtask/src/budget.rs)",
        part.name(),
        minutes_and_seconds(*limit)
    )]
    OverBudget {
        command: String,
        part: Part,
        limit: Duration,
    },

    /// A file could not be read or written.
    #[error("X005: {path}: {source}; check that it exists and that you may use it")]
    File {
        path: PathBuf,
        source: std::io::Error,
    },

    /// A program printed something that this automation cannot read.
    #[error("X006: the output of `{command}` has an unknown form ({detail}); was it updated?")]
    UnreadableOutput { command: String, detail: String },

    /// House rules are broken; the findings were printed.
    #[error("X007: {count} finding(s) against the house rules of CONTRIBUTING.md, listed above")]
    Tidy { count: usize },

    /// A crate depends on one it must not know, or the lock file holds too many crates.
    #[error("X008: {count} finding(s) about dependencies, listed above")]
    Direction { count: usize },

    /// The test run ended well without running a test.
    #[error("X009: cargo test ran no test; a run that proves nothing does not pass")]
    NoTests,

    /// More mutants survived than the bar allows.
    #[error(
        "X010: {survivors} of {judged} mutants survived, the bar is {bar_percent} %; add the \
             tests that would have caught the ones listed above"
    )]
    Survivors {
        survivors: usize,
        judged: usize,
        bar_percent: usize,
    },

    /// The handler that ends started programs on Ctrl-C could not be installed.
    #[error("X011: Ctrl-C cannot be handled ({0}); start it from an ordinary shell")]
    Interrupt(#[from] ctrlc::Error),

    /// The pinned PostgreSQL is not built for this machine.
    #[error(
        "X012: no PostgreSQL is pinned for {system} on {processor}; install PostgreSQL 13 or later \
         and name the folder that holds its bin/postgres in SOFTCAP_POSTGRES"
    )]
    NoPostgres {
        system: &'static str,
        processor: &'static str,
    },

    /// The pinned forge is not built for this machine.
    #[error(
        "X014: no forge is pinned for {system} on {processor}, so the contracts cannot be tested \
         here; use Linux or macOS on x86_64 or aarch64"
    )]
    NoForge {
        system: &'static str,
        processor: &'static str,
    },

    /// The pinned anvil is not built for this machine.
    #[error(
        "X015: no anvil is pinned for {system} on {processor}; install anvil 1.7 and viem, and name in \
         SOFTCAP_ANVIL the folder that holds bin/anvil and node_modules/viem"
    )]
    NoAnvil {
        system: &'static str,
        processor: &'static str,
    },

    /// No browser is pinned for this machine.
    #[error(
        "X016: no browser is pinned for {system} on {processor}; name in SOFTCAP_BROWSER a folder that holds \
         bin/chromium and node_modules/playwright-core"
    )]
    NoBrowser {
        system: &'static str,
        processor: &'static str,
    },

    /// The disk would fill up in the middle of the run.
    #[error(
        "X013: {folder} has {free_megabytes} MB free and this run may need {needed_megabytes} MB; \
         make room, or name a folder on another disk in CARGO_TARGET_DIR or TMPDIR"
    )]
    NoRoom {
        folder: PathBuf,
        free_megabytes: u64,
        needed_megabytes: u64,
    },
}
