//! `cargo xtask mutants`: would a test notice if the core were wrong?
//!
//! cargo-mutants changes the code in one small place at a time and runs the tests of the crate. A
//! change that no test notices survives. A random sample with a noted seed is enough to judge the
//! tests, and the same seed draws the same sample from the same code.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::error::XtaskError;
use crate::process::{self, Output};
use crate::sales;
use crate::tools::CARGO_MUTANTS;
use crate::workspace::Workspace;

/// The package whose tests are judged.
const ENGINE: &str = "softcap-offering";

/// Survivors allowed, in percent of the mutants that a test could have caught.
const BAR_PERCENT: usize = 5;

/// Random sales per pair in the second look.
const FEW_SALES: &str = "8";

/// The tests that notice most changes of the engine, in the order of a look at all of them. Said to cargo and not after
/// `--`, so that no other test is built either.
const QUICK_TESTS: [&str; 6] = [
    "--cargo-arg=--lib",
    "--cargo-arg=--test=scenarios",
    "--cargo-arg=--test=terms_problems",
    "--",
    "--",
    // Whether every table goes on from bytes takes longer than all the tables.
    "--skip=states::",
];

/// How closely mutants are looked at. What survives a look is tried again in the next one, so that
/// only few mutants cost the time of all tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// With the tests that notice most.
    Quick,
    /// With all tests, and few random sales.
    FewSales,
    /// As `cargo test` does.
    Whole,
}

/// Least seconds until the tests of a mutant count as hung. They take about ten, and a machine that
/// does something else must not make a survivor look like one that hangs.
const TIMEOUT_SECONDS: u32 = 120;

/// Which mutants to try.
#[derive(Debug, clap::Args)]
pub(crate) struct Sample {
    /// How many mutants to draw.
    #[arg(long, default_value_t = 300)]
    count: usize,
    /// Draws another sample; note it beside the result.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The package whose code is changed and whose tests must notice.
    #[arg(long, default_value = ENGINE)]
    package: String,
    /// Mutants tried at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
}

/// What became of how many mutants.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Totals {
    missed: usize,
    caught: usize,
    timeout: usize,
    unviable: usize,
}

/// What cargo-mutants leaves in `outcomes.json`.
#[derive(Deserialize)]
struct Outcomes {
    outcomes: Vec<Outcome>,
}

#[derive(Deserialize)]
struct Outcome {
    scenario: Scenario,
    summary: Summary,
}

#[derive(Deserialize)]
enum Scenario {
    Baseline,
    Mutant { name: String },
}

#[derive(Deserialize)]
enum Summary {
    Success,
    CaughtMutant,
    MissedMutant,
    Timeout,
    Unviable,
    Failure,
}

impl Totals {
    /// Mutants that compiled. One that made the tests hang was noticed.
    const fn judged(self) -> usize {
        self.missed + self.caught + self.timeout
    }

    /// With what a second look at the survivors found.
    const fn with_second_look(self, again: Self) -> Self {
        Self {
            missed: again.missed,
            caught: self.caught + again.caught,
            timeout: self.timeout + again.timeout,
            unviable: self.unviable,
        }
    }

    const fn is_within_bar(self) -> bool {
        self.missed * 100 <= self.judged() * BAR_PERCENT
    }
}

/// Draws the sample, tries it, prints the survivors and the figure.
///
/// # Errors
/// `X010` when more survive than the bar allows; those of the programs it starts.
pub(crate) fn run(workspace: &Workspace, sample: &Sample) -> Result<(), XtaskError> {
    let program = CARGO_MUTANTS.ensure(workspace, None)?;
    let program = program.to_string_lossy();
    let package = format!("--package={}", sample.package);
    let list = workspace.command(&program, &["mutants", "--list", &package]);
    let names = process::run_to_success(list, Output::Kept, None)?;
    let drawn = draw(names.lines(), sample.seed, sample.count);
    println!(
        "{} of {} mutants of {}, seed {}",
        drawn.len(),
        names.lines().count(),
        sample.package,
        sample.seed
    );

    let mut found = try_out(workspace, &program, sample, &drawn, Look::Quick)?;
    for look in [Look::FewSales, Look::Whole] {
        if found.totals.missed == 0 {
            break;
        }
        println!("{} of them once more: {look:?}", found.totals.missed);
        let left: Vec<&str> = found.survivors.iter().map(String::as_str).collect();
        let again = try_out(workspace, &program, sample, &left, look)?;
        found = Found {
            totals: found.totals.with_second_look(again.totals),
            survivors: again.survivors,
        };
    }
    let Found { totals, survivors } = found;
    print!("{}", verdict(sample, totals, &survivors.join("\n")));
    if totals.is_within_bar() {
        Ok(())
    } else {
        Err(XtaskError::Survivors {
            survivors: totals.missed,
            judged: totals.judged(),
            bar_percent: BAR_PERCENT,
        })
    }
}

/// What a pass over some mutants found.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    totals: Totals,
    /// Their names.
    survivors: Vec<String>,
}

/// Tries mutants with tests of their package.
fn try_out(
    workspace: &Workspace,
    program: &str,
    sample: &Sample,
    names: &[&str],
    look: Look,
) -> Result<Found, XtaskError> {
    let folder = workspace.target().join("mutants");
    let config = folder.join("sample.toml");
    write(&config, &config_text(names))?;
    let package = format!("--package={}", sample.package);
    let jobs = format!("--jobs={}", sample.jobs);
    // In random order, so that what a run has tried when it is cut short is a sample too.
    let mut command = workspace.command(program, &["mutants", &package, &jobs, "--shuffle"]);
    command
        .arg("--config")
        .arg(&config)
        .arg("--output")
        .arg(&folder);
    // Hundreds of builds and test runs: the quickest build of the crate, and the libraries that its
    // tests wait for optimised once.
    command.arg("--cargo-arg=--config=profile.dev.package.\"*\".opt-level=2");
    command.env("CARGO_PROFILE_DEV_OPT_LEVEL", "0");
    command.env("CARGO_PROFILE_DEV_DEBUG", "0");
    // A mutant differs from the one before in two functions.
    command.env("CARGO_INCREMENTAL", "1");
    // Each job builds in its own copy. In one folder for all of them, a job would run the tests that
    // another one built, and judge its mutant by those.
    command.env_remove("CARGO_TARGET_DIR");
    match look {
        Look::Quick if sample.package == ENGINE => {
            command.args(QUICK_TESTS);
        }
        Look::Quick | Look::FewSales => {
            command.env("SOFTCAP_COUNT", FEW_SALES);
        }
        Look::Whole => {}
    }
    // The tests run in a copy of the tree, beside which no recorded sales lie.
    command.env(sales::FOLDER_VARIABLE, sales::folder(workspace));
    let line = process::command_line(&command);
    let ended = process::run(command, Output::Shown, None)?;

    // 2 and 3 are its verdicts "some were missed" and "some timed out"; all else is no verdict.
    if !matches!(ended.status.code(), Some(0 | 2 | 3)) {
        return Err(XtaskError::StepFailed {
            command: line,
            status: ended.status.to_string(),
        });
    }
    found(&read(&folder.join("mutants.out/outcomes.json"))?, names)
}

/// The mutants with the smallest hashes of seed and name, in the order of the list: a sample that
/// depends on nothing but the seed and the names.
fn draw<'a>(names: impl Iterator<Item = &'a str>, seed: u64, count: usize) -> Vec<&'a str> {
    let mut ranked: Vec<([u8; 32], usize, &str)> = names
        .enumerate()
        .map(|(place, name)| {
            let hash = Sha256::new()
                .chain_update(seed.to_be_bytes())
                .chain_update(name)
                .finalize();
            (hash.into(), place, name)
        })
        .collect();
    ranked.sort_unstable();
    ranked.truncate(count);
    ranked.sort_unstable_by_key(|(_, place, _)| *place);
    ranked.into_iter().map(|(_, _, name)| name).collect()
}

/// A cargo-mutants configuration that matches exactly the drawn names.
fn config_text(drawn: &[&str]) -> String {
    let mut text = format!("minimum_test_timeout = {TIMEOUT_SECONDS}\nexamine_re = [\n");
    for name in drawn {
        let pattern = serde_json::Value::from(format!("^{}$", escape(name)));
        // A JSON string is a TOML string too.
        text.push_str(&format!("    {pattern},\n"));
    }
    text.push_str("]\n");
    text
}

/// The regular expression that matches this text only.
fn escape(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// What became of the mutants with these names. The tool tries some more: its filters do not apply to
/// mutants that leave out a field.
fn found(json: &str, names: &[&str]) -> Result<Found, XtaskError> {
    let outcomes: Outcomes =
        serde_json::from_str(json).map_err(|error| XtaskError::UnreadableOutput {
            command: "cargo mutants".to_owned(),
            detail: error.to_string(),
        })?;
    let mut totals = Totals::default();
    let mut survivors = Vec::new();
    for outcome in outcomes.outcomes {
        let Scenario::Mutant { name } = outcome.scenario else {
            continue;
        };
        if !names.contains(&name.as_str()) {
            continue;
        }
        match outcome.summary {
            Summary::CaughtMutant => totals.caught += 1,
            Summary::Timeout => totals.timeout += 1,
            Summary::Unviable | Summary::Failure => totals.unviable += 1,
            Summary::MissedMutant | Summary::Success => {
                totals.missed += 1;
                survivors.push(name);
            }
        }
    }
    Ok(Found { totals, survivors })
}

fn verdict(sample: &Sample, totals: Totals, survivors: &str) -> String {
    let judged = totals.judged();
    // Tenths of a percent, in integers.
    let tenths = (totals.missed * 1000).checked_div(judged).unwrap_or(0);
    format!(
        "\nsurvivors:\n{survivors}\n{} of {judged} survived ({}.{} %), {} caught, {} hung, {} did \
         not compile; {} drawn from {} with seed {}\n",
        totals.missed,
        tenths / 10,
        tenths % 10,
        totals.caught,
        totals.timeout,
        totals.unviable,
        sample.count,
        sample.package,
        sample.seed,
    )
}

fn write(path: &Path, text: &str) -> Result<(), XtaskError> {
    let failed = |source| XtaskError::File {
        path: PathBuf::from(path),
        source,
    };
    path.parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .map_err(failed)?;
    std::fs::write(path, text).map_err(failed)
}

fn read(path: &Path) -> Result<String, XtaskError> {
    std::fs::read_to_string(path).map_err(|source| XtaskError::File {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = [
        "a.rs:1:2: x",
        "a.rs:9:2: y",
        "b.rs:1:1: z",
        "b.rs:3:1: z",
        "c.rs: w",
    ];

    #[test]
    fn a_seed_draws_the_same_sample_and_another_seed_another() {
        let samples: Vec<_> = (0..20)
            .map(|seed| draw(NAMES.into_iter(), seed, 2))
            .collect();
        assert_eq!(samples[7], draw(NAMES.into_iter(), 7, 2));
        assert!(samples.iter().all(|sample| sample.len() == 2));
        assert!(samples.iter().any(|sample| *sample != samples[0]));
    }

    #[test]
    fn a_sample_keeps_the_order_of_the_list_and_may_be_the_whole_list() {
        assert_eq!(draw(NAMES.into_iter(), 3, 300), NAMES);
    }

    #[test]
    fn names_become_patterns_that_match_only_themselves() {
        let text = config_text(&["a.rs:1:2: replace Money::sum -> Option<[u8; 2]> with \"x\\\""]);
        let expected = "minimum_test_timeout = 120\nexamine_re = [\n    \"^a\\\\.rs:1:2: replace Money::sum \\\\-> \
                        Option<\\\\[u8; 2\\\\]> with \\\"x\\\\\\\\\\\"$\",\n]\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_bar_is_five_percent_of_what_compiled() {
        for (missed, caught, timeout, within) in [
            (0, 0, 0, true),
            (5, 95, 0, true),
            (5, 90, 5, true),
            (6, 94, 0, false),
            (1, 0, 0, false),
        ] {
            let totals = Totals {
                missed,
                caught,
                timeout,
                unviable: 50,
            };
            assert_eq!(totals.is_within_bar(), within, "{totals:?}");
        }
    }

    #[test]
    fn a_second_look_may_only_catch_survivors() {
        let totals = |missed, caught, timeout, unviable| Totals {
            missed,
            caught,
            timeout,
            unviable,
        };
        let first = totals(20, 200, 5, 30);
        let both = first.with_second_look(totals(12, 7, 1, 0));
        assert_eq!(both, totals(12, 207, 6, 30));
        assert_eq!(both.judged(), first.judged());
    }

    #[test]
    fn what_was_drawn_is_judged_and_nothing_else() {
        let json = r#"{"outcomes": [
            {"scenario": "Baseline", "summary": "Success", "log_path": "baseline.log"},
            {"scenario": {"Mutant": {"name": "a", "package": "p"}}, "summary": "MissedMutant"},
            {"scenario": {"Mutant": {"name": "b"}}, "summary": "CaughtMutant"},
            {"scenario": {"Mutant": {"name": "c"}}, "summary": "Timeout"},
            {"scenario": {"Mutant": {"name": "d"}}, "summary": "Unviable"},
            {"scenario": {"Mutant": {"name": "not drawn"}}, "summary": "MissedMutant"}
        ], "total_mutants": 5}"#;
        let expected = Found {
            totals: Totals {
                missed: 1,
                caught: 1,
                timeout: 1,
                unviable: 1,
            },
            survivors: vec!["a".to_owned()],
        };
        assert_eq!(found(json, &["a", "b", "c", "d"]).unwrap(), expected);
        assert!(
            found("{}", &[])
                .unwrap_err()
                .to_string()
                .starts_with("X006")
        );
    }
}
