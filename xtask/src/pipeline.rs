//! `cargo xtask test`: the steps in their order, each within the budget of its part.
//!
//! A failing step does not stop the later ones, so that one run shows everything that is wrong.
//! The exceptions are a disk without room and a failing build, after which every later message would
//! only repeat it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::budget::{Counts, Ledger, Part, minutes_and_seconds};
use crate::error::XtaskError;
use crate::process::{self, Limit, Output};
use crate::results::TestCount;
use crate::tools::CARGO_DENY;
use crate::workspace::Workspace;
use crate::{anvil, api, browser, contracts, direction, oauth, postgres, room, sales, tidy};

/// Set for the tests by `--full`: property tests draw their full number of cases.
const FULL_VARIABLE: &str = "SOFTCAP_FULL";

/// The steps in their order. Cheap and local first, except that formatting needs no build at all.
const STEPS: [Step; 19] = [
    Step {
        name: "room",
        part: Part::Tools,
        work: Work::Room,
    },
    Step {
        name: "fmt",
        part: Part::LintsAndDocs,
        work: Work::Cargo(&["fmt", "--all", "--check"]),
    },
    // Before the build: what the tools are built from is gone again when the workspace needs the room.
    Step {
        name: "install tools",
        part: Part::Tools,
        work: Work::Tools,
    },
    Step {
        name: "build",
        part: Part::Build,
        work: Work::Cargo(&api::BUILD),
    },
    Step {
        name: "clippy",
        part: Part::LintsAndDocs,
        work: Work::Cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--test=faults",
            "--test=anvil",
            "--test=browser",
            "--test=oauth_clients",
            "--locked",
            "--",
            "--deny=warnings",
        ]),
    },
    Step {
        name: "clippy, core",
        part: Part::LintsAndDocs,
        // Stricter where money is decided. Not in a crate's own lints: a crate that inherits the
        // workspace's lints cannot add to them.
        work: Work::Cargo(&[
            "clippy",
            "--package=softcap-offering",
            "--lib",
            "--locked",
            "--",
            "--deny=warnings",
            "--deny=clippy::float_arithmetic",
            "--deny=clippy::cast_possible_truncation",
            "--deny=clippy::cast_possible_wrap",
            "--deny=clippy::cast_sign_loss",
            "--deny=clippy::print_stdout",
            "--deny=clippy::print_stderr",
        ]),
    },
    Step {
        name: "deny",
        part: Part::LintsAndDocs,
        work: Work::Deny,
    },
    Step {
        name: "doc",
        part: Part::LintsAndDocs,
        work: Work::Doc,
    },
    Step {
        name: "test",
        part: Part::UnitAndProperty,
        work: Work::Test(&["--workspace"]),
    },
    Step {
        name: "faults",
        part: Part::Faults,
        // Always the whole workspace: another selection would build the dependencies with other features.
        work: Work::Test(&["--workspace", "--test=faults"]),
    },
    Step {
        name: "api",
        part: Part::Faults,
        work: Work::Api,
    },
    Step {
        name: "contracts",
        part: Part::Chain,
        work: Work::Contracts,
    },
    Step {
        name: "slither",
        part: Part::Chain,
        work: Work::Slither,
    },
    Step {
        name: "prove",
        part: Part::Chain,
        work: Work::Prove,
    },
    Step {
        name: "anvil",
        part: Part::Chain,
        work: Work::Test(&["--workspace", "--test=anvil"]),
    },
    Step {
        name: "browser",
        part: Part::Browser,
        work: Work::Test(&["--workspace", "--test=browser"]),
    },
    Step {
        name: "oauth",
        part: Part::Browser,
        work: Work::Test(&["--workspace", "--test=oauth_clients"]),
    },
    Step {
        name: "tidy",
        part: Part::LintsAndDocs,
        work: Work::Tidy,
    },
    Step {
        name: "direction",
        part: Part::LintsAndDocs,
        work: Work::Direction,
    },
];

#[derive(Debug, Clone, Copy)]
struct Step {
    name: &'static str,
    part: Part,
    work: Work,
}

impl Step {
    fn is_needed_by_all(self) -> bool {
        matches!(self.work, Work::Room) || self.part == Part::Build
    }
}

#[derive(Debug, Clone, Copy)]
enum Work {
    Room,
    Cargo(&'static [&'static str]),
    Tools,
    Deny,
    Doc,
    /// `cargo test` of these targets.
    Test(&'static [&'static str]),
    /// Requests drawn from the OpenAPI document.
    Api,
    /// The escrow contracts, compared with what is committed and tested.
    Contracts,
    /// The same, searched for known mistakes.
    Slither,
    /// What is proved of them for all values.
    Prove,
    Tidy,
    Direction,
}

/// What became of a step.
#[derive(Debug)]
struct Outcome {
    name: &'static str,
    time: Duration,
    result: Result<(), XtaskError>,
}

/// Runs all steps and prints the report. Returns whether everything passed.
pub(crate) fn run(workspace: &Workspace, counts: Counts) -> bool {
    let mut run = Run {
        workspace,
        counts,
        ledger: Ledger::new(counts),
        tests: TestCount::default(),
        postgres: None,
        anvil: None,
        browser: None,
        oauth: None,
    };
    let mut outcomes = Vec::new();
    for step in STEPS {
        println!("\n==> {}", step.name);
        let started = Instant::now();
        let result = run.execute(step);
        let time = started.elapsed();
        run.ledger.charge(step.part, time);
        if let Err(error) = &result {
            println!("error: {error}");
        }
        let give_up = result.is_err() && step.is_needed_by_all();
        outcomes.push(Outcome {
            name: step.name,
            time,
            result,
        });
        if give_up {
            break;
        }
    }
    print!("\n{}", report(&outcomes, &run.ledger));
    println!("{}\n", sales::sentence(&sales::folder(workspace)));
    // The last line, alone and plain: other programs read it.
    println!("{}", run.tests);
    outcomes.len() == STEPS.len() && outcomes.iter().all(|outcome| outcome.result.is_ok())
}

struct Run<'a> {
    workspace: &'a Workspace,
    counts: Counts,
    ledger: Ledger,
    tests: TestCount,
    /// Where the tests find PostgreSQL; nothing when it could not be installed, which has failed by
    /// then, and the tests that need it say so too.
    postgres: Option<PathBuf>,
    /// The same for the EVM node and client.
    anvil: Option<PathBuf>,
    /// The same for the browser.
    browser: Option<PathBuf>,
    /// The same for clients of OAuth.
    oauth: Option<PathBuf>,
}

impl Run<'_> {
    fn execute(&mut self, step: Step) -> Result<(), XtaskError> {
        let limit = Some(Limit {
            part: step.part,
            whole: step.part.limit(self.counts),
            left: self.ledger.remaining(step.part),
        });
        match step.work {
            Work::Room => room::check(self.workspace),
            Work::Cargo(arguments) => {
                let command = self.workspace.cargo(arguments);
                process::run_to_success(command, Output::Shown, limit).map(drop)
            }
            Work::Tools => {
                self.postgres = Some(postgres::ensure(self.workspace, limit)?);
                self.anvil = Some(anvil::ensure(self.workspace, limit)?);
                self.browser = Some(browser::ensure(self.workspace, limit)?);
                self.oauth = Some(oauth::ensure(self.workspace, limit)?);
                api::ensure(self.workspace, limit)?;
                contracts::install(self.workspace, limit)?;
                CARGO_DENY.ensure(self.workspace, limit).map(drop)
            }
            Work::Deny => {
                let deny = CARGO_DENY.ensure(self.workspace, limit)?;
                let arguments = ["--locked", "check", "licenses", "bans", "sources"];
                let command = self.workspace.command(&deny.to_string_lossy(), &arguments);
                process::run_to_success(command, Output::Shown, limit).map(drop)
            }
            Work::Doc => {
                let mut command =
                    self.workspace
                        .cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
                command.env("RUSTDOCFLAGS", "--deny=warnings");
                process::run_to_success(command, Output::Shown, limit).map(drop)
            }
            Work::Test(targets) => self.test(targets, limit),
            Work::Api => api::check(self.workspace, limit),
            Work::Contracts => contracts::run(self.workspace, contracts::Task::Check, limit),
            Work::Slither => contracts::run(self.workspace, contracts::Task::Slither, limit),
            Work::Prove => contracts::run(self.workspace, contracts::Task::Prove, limit),
            Work::Tidy => tidy::check(self.workspace),
            Work::Direction => direction::check(self.workspace, limit),
        }
    }

    fn test(&mut self, targets: &[&str], limit: Option<Limit>) -> Result<(), XtaskError> {
        // All binaries run even when one fails: one run shows every failing test.
        let arguments = ["test", "--locked", "--no-fail-fast"];
        let mut command = self.workspace.cargo(&arguments);
        command.args(targets);
        command.env(sales::FOLDER_VARIABLE, sales::folder(self.workspace));
        if let Some(folder) = &self.postgres {
            command.env(postgres::FOLDER_VARIABLE, folder);
        }
        if let Some(folder) = &self.anvil {
            command.env(anvil::FOLDER_VARIABLE, folder);
        }
        if let Some(folder) = &self.browser {
            command.env(browser::FOLDER_VARIABLE, folder);
        }
        if let Some(folder) = &self.oauth {
            command.env(oauth::FOLDER_VARIABLE, folder);
        }
        match self.counts {
            Counts::Small => command.env_remove(FULL_VARIABLE),
            Counts::Full => command.env(FULL_VARIABLE, "1"),
        };
        let line = process::command_line(&command);
        let ended = process::run(command, Output::ShownAndKept, limit)?;
        let tests = TestCount::from_output(&ended.stdout);
        self.tests.add(tests);
        if !ended.status.success() {
            return Err(XtaskError::StepFailed {
                command: line,
                status: ended.status.to_string(),
            });
        }
        if tests.is_empty() {
            Err(XtaskError::NoTests)
        } else {
            Ok(())
        }
    }
}

/// The step table, the budget table, and the failures once more, because the output is long.
fn report(outcomes: &[Outcome], ledger: &Ledger) -> String {
    let mut report = format!("{:<18} {:>13}  {}\n", "step", "time", "result");
    for step in STEPS {
        let row = match outcomes.iter().find(|outcome| outcome.name == step.name) {
            Some(outcome) => {
                let result = if outcome.result.is_ok() {
                    "ok"
                } else {
                    "FAILED"
                };
                format!(
                    "{:<18} {:>13}  {result}",
                    step.name,
                    minutes_and_seconds(outcome.time)
                )
            }
            None => format!("{:<18} {:>13}  not run", step.name, "-"),
        };
        report.push_str(&row);
        report.push('\n');
    }
    report.push('\n');
    report.push_str(&ledger.table());
    report.push('\n');
    for outcome in outcomes {
        if let Err(error) = &outcome.result {
            report.push_str(&format!("FAILED {}: {error}\n", outcome.name));
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a line, whatever the width of its columns.
    fn words(line: &str) -> String {
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn steps_have_different_names() {
        for (place, step) in STEPS.iter().enumerate() {
            assert!(
                STEPS[..place].iter().all(|other| other.name != step.name),
                "{}",
                step.name
            );
        }
    }

    #[test]
    fn the_report_names_what_failed_and_what_was_not_reached() {
        let outcomes = [
            Outcome {
                name: "fmt",
                time: Duration::from_secs(2),
                result: Ok(()),
            },
            Outcome {
                name: "build",
                time: Duration::from_secs(61),
                result: Err(XtaskError::NoTests),
            },
        ];
        let report = report(&outcomes, &Ledger::new(Counts::Small));
        for row in [
            "fmt 0 min 02 s ok",
            "build 1 min 01 s FAILED",
            "clippy - not run",
            "FAILED build: X009: cargo test ran no test",
        ] {
            assert!(
                report.lines().any(|line| words(line).starts_with(row)),
                "{row} is not in:\n{report}"
            );
        }
    }
}
