//! `softcap verify --data`: replay every log of a server from its first entry; with `--chain` beside its escrow.

use std::process::ExitCode;

use serde_json::{Value, json};
use softcap_database::DatabaseUrl;
use softcap_evm::comparison::ChainRecord;
use softcap_journal::{CheckedLog, LogCheck, LogName, ReadOffering, check_record, read_offerings};
use softcap_proof::{entry::decode, hex};
use softcap_server::{AuditComparison, AuditFinding, compare_audit};

use super::{
    record_folder,
    serve::block_on,
    verify_chain::{self, OnChain, Plan},
};
use crate::{console::Console, failure::Failure};

/// An offering of a record beside its escrow.
enum Beside {
    NoEscrow,
    Compared(Box<OnChain>),
}

pub(super) fn run(data: &str, plan: Option<&Plan>, console: &Console) -> Result<ExitCode, Failure> {
    let (url, folder) = record_folder::place(data)?;
    let bar = console.progress("replaying", None);
    let checks = block_on(async {
        let mut progress = |name: &LogName, entries| {
            bar.set_message(name.to_string());
            bar.set_position(entries);
        };
        Ok(check_record(&url, &folder, &mut progress).await?)
    });
    bar.finish_and_clear();
    let checks = checks?;
    let found = checks.iter().filter(|check| check.result.is_err()).count();
    let mut lines: Vec<String> = checks.iter().map(line).collect();
    let beside = match plan {
        // What does not hold together cannot be compared with anything.
        Some(plan) if found == 0 => block_on(beside_the_chain(&url, plan, console))?,
        Some(_) | None => Vec::new(),
    };
    lines.extend(beside.iter().map(line_beside));
    // As above.
    let audit = match found {
        0 => block_on(async { Ok(compare_audit(&url).await?) })?,
        _ => AuditComparison::default(),
    };
    lines.extend(audit_lines(&audit));
    let (mut differences, mut escrows) = (0, 0);
    for (_, beside) in &beside {
        match beside {
            Beside::NoEscrow => {}
            Beside::Compared(on_chain) => {
                differences += on_chain.differences();
                escrows += 1;
            }
        }
    }
    if plan.is_some() && found == 0 && escrows == 0 {
        return Err(Failure::NoEscrow);
    }
    let verdict = match (checks.len(), found) {
        (0, _) => "verified: the record has no log".to_owned(),
        (_, 0) if differences > 0 => {
            format!("not verified: {differences} difference(s) between record and chain")
        }
        (_, 0) if audit.differences > 0 => {
            let count = audit.differences;
            format!("not verified: {count} difference(s) between the audit and its log")
        }
        (_, 0) => format!(
            "verified: {} log(s), each replayed from entry 0",
            checks.len()
        ),
        (all, found) => format!("not verified: {found} of {all} log(s) do not hold together"),
    };
    let is_right = found + differences == 0 && audit.differences == 0;
    console.data(
        lines
            .into_iter()
            .chain([verdict])
            .collect::<Vec<_>>()
            .join("\n"),
        &json!({
            "verified": is_right,
            "logs": checks.iter().map(value).collect::<Vec<_>>(),
            "on_chain": beside.iter().map(value_beside).collect::<Vec<_>>(),
            "audit": audit_value(&audit),
        }),
    );
    Ok(ExitCode::from(u8::from(!is_right)))
}

/// Every offering of the record that names an escrow.
async fn beside_the_chain(
    url: &DatabaseUrl,
    plan: &Plan,
    console: &Console,
) -> Result<Vec<(LogName, Beside)>, Failure> {
    let mut record = ChainRecord::default();
    let mut read = Vec::new();
    let mut wrong = None;
    read_offerings(url, &mut |name, what| match what {
        ReadOffering::Leaf(leaf) => match decode(leaf) {
            Ok((entry, outcome)) => record.push(&entry, &outcome),
            Err(error) => wrong = Some(error),
        },
        ReadOffering::End(offering) => {
            read.push((name.clone(), std::mem::take(&mut record), offering.clone()));
        }
    })
    .await?;
    if let Some(error) = wrong {
        return Err(error.into());
    }
    let mut beside = Vec::new();
    for (name, record, offering) in read {
        let one = if record.escrow().is_none() {
            Beside::NoEscrow
        } else {
            let on_chain = verify_chain::compare(plan, &record, &offering, console).await?;
            Beside::Compared(Box::new(on_chain))
        };
        beside.push((name, one));
    }
    Ok(beside)
}

/// Nothing where there is no audit.
fn audit_lines(audit: &AuditComparison) -> Vec<String> {
    let mut lines: Vec<String> = audit.findings.iter().map(ToString::to_string).collect();
    if audit.rows + audit.waiting > 0 && audit.differences == 0 {
        let (rows, waiting) = (audit.rows, audit.waiting);
        lines.push(format!(
            "audit: {rows} row(s) of the table are what was entered; {waiting} more are not entered yet"
        ));
    }
    lines
}

fn audit_value(audit: &AuditComparison) -> Value {
    let finding = |finding: &AuditFinding| {
        json!({
            "code": finding.code(),
            "row": finding.number(),
            "problem": finding.to_string(),
        })
    };
    json!({
        "rows": audit.rows,
        "waiting": audit.waiting,
        "differences": audit.differences,
        "findings": audit.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

fn line_beside((name, beside): &(LogName, Beside)) -> String {
    match beside {
        Beside::Compared(on_chain) => {
            let lines = on_chain.to_string();
            let lines: Vec<String> = lines
                .lines()
                .map(|line| format!("{name}: {line}"))
                .collect();
            lines.join("\n")
        }
        Beside::NoEscrow => format!("{name}: no escrow"),
    }
}

fn value_beside((name, beside): &(LogName, Beside)) -> Value {
    let comparison = match beside {
        Beside::NoEscrow => None,
        Beside::Compared(on_chain) => Some(on_chain.value()),
    };
    json!({ "log": name.as_str(), "comparison": comparison })
}

fn line(check: &LogCheck) -> String {
    match &check.result {
        Ok(log) => format!(
            "{}: {} entries, root {}, state {}; {} tiles and {} snapshot(s) agree",
            check.name,
            log.entries,
            log.root,
            hex(&log.state_hash),
            log.tiles,
            log.snapshots
        ),
        Err(error) => error.to_string(),
    }
}

fn value(check: &LogCheck) -> Value {
    match &check.result {
        Ok(log) => whole(check, log),
        Err(error) => json!({
            "log": check.name.as_str(),
            "verified": false,
            "entry": error.entry(),
            "problem": error.to_string(),
        }),
    }
}

fn whole(check: &LogCheck, log: &CheckedLog) -> Value {
    json!({
        "log": check.name.as_str(),
        "verified": true,
        "origin": log.origin,
        "entries": log.entries,
        "root": log.root.to_string(),
        "state_hash": hex(&log.state_hash),
        "tiles": log.tiles,
        "snapshots": log.snapshots,
    })
}
