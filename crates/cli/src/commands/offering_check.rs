//! `softcap offering check`: errors, and what investors should be warned of.

use std::{fmt::Write as _, path::Path, process::ExitCode};

use serde_json::json;
use softcap_evm::{Unkept, takes_evm, unkept};
use softcap_offering::terms::{ClockKind, Severity, Terms, TermsProblem, inspect};

use crate::{console::Console, failure::Failure, terms_file};

pub(crate) fn run(path: &Path, console: &Console) -> Result<ExitCode, Failure> {
    let file = path.display().to_string();
    let text = terms_file::read_text(path)?;
    let inspection = inspect(&text);
    let errors = inspection
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .count();
    let warnings = inspection.problems.len() - errors;
    let mut report = String::new();
    for problem in &inspection.problems {
        // Writing to a string cannot fail.
        let _ = writeln!(report, "{file}: {problem}");
    }
    let server = inspection.terms.as_ref().map(on_a_server);
    if let Some(ServerAnswer::Refuses(why)) = server {
        let _ = writeln!(report, "{file}: note: {why}");
    }
    let hash = inspection
        .terms
        .as_ref()
        .map(|terms| terms.hash().to_string());
    let contract = inspection.terms.as_ref().filter(|terms| takes_evm(terms));
    let contract = contract.map(unkept);
    for reason in contract.iter().flatten() {
        let _ = writeln!(report, "{file}: no contract keeps these terms: {reason}");
    }
    let _ = match &hash {
        Some(hash) => write!(
            report,
            "{file}: valid, {warnings} warnings, terms hash {hash}"
        ),
        None => write!(report, "{file}: {errors} errors"),
    };
    let value = json!({
        "file": file,
        "valid": hash.is_some(),
        "terms_hash": hash,
        "server": server.map(ServerAnswer::json),
        "contract": contract.as_deref().map(contract_json),
        "problems": inspection.problems.iter().map(problem_json).collect::<Vec<_>>(),
    });
    console.data(report, &value);
    Ok(if hash.is_none() {
        ExitCode::from(2)
    } else if warnings > 0 || contract.is_some_and(|reasons| !reasons.is_empty()) {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

/// What `softcap serve` does with terms that are right.
#[derive(Clone, Copy)]
enum ServerAnswer {
    Announces,
    /// Why not. `settle` takes them all the same.
    Refuses(&'static str),
}

impl ServerAnswer {
    fn json(self) -> serde_json::Value {
        match self {
            Self::Announces => json!({ "announces": true }),
            Self::Refuses(why) => json!({ "announces": false, "reason": why }),
        }
    }
}

fn on_a_server(terms: &Terms) -> ServerAnswer {
    match terms.clock.kind {
        ClockKind::Time => ServerAnswer::Announces,
        ClockKind::Block => ServerAnswer::Refuses(
            "the clock counts blocks: softcap settle takes these terms, a server stamps time and does \
             not announce them",
        ),
    }
}

/// Whether an escrow keeps the terms, and everything it does not keep.
fn contract_json(reasons: &[Unkept]) -> serde_json::Value {
    json!({
        "keeps": reasons.is_empty(),
        "reasons": reasons.iter().map(reason_json).collect::<Vec<_>>(),
    })
}

/// A reason why no contract keeps terms, for machines.
pub(crate) fn reason_json(reason: &Unkept) -> serde_json::Value {
    json!({
        "code": reason.code.as_str(),
        "key": reason.key,
        "message": reason.message,
        "remedy": reason.remedy,
    })
}

/// A finding about terms, for machines.
pub(crate) fn problem_json(problem: &TermsProblem) -> serde_json::Value {
    json!({
        "code": problem.code.as_str(),
        "severity": problem.severity.to_string(),
        "key": problem.key,
        "line": problem.place.map(|place| place.line),
        "column": problem.place.map(|place| place.column),
        "message": problem.message,
        "hint": problem.hint,
    })
}
