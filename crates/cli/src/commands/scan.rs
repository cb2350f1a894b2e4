//! `softcap scan`: keys that stand where none should.

use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Read},
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde_json::{Value, json};
use softcap_identity::{Finding, Leak, Scanner};

use crate::{arguments::ScanArguments, console::Console, failure::Failure};

/// A longer line is read in pieces: a key is far shorter, so that at most one at a seam is missed.
const LONGEST_LINE: u64 = 1 << 20;
/// A zero byte so early makes a file one that people do not read.
const LOOKED_AT: usize = 8192;
/// Where git keeps what it compressed; `git log -p` shows it as text.
const GIT: &str = ".git";

/// What was looked at, and what was found.
#[derive(Default)]
struct Report {
    files: u64,
    findings: Vec<(String, u64, Finding)>,
}

pub(crate) fn run(arguments: &ScanArguments, console: &Console) -> Result<ExitCode, Failure> {
    let mut report = Report::default();
    for path in &arguments.paths {
        if path.as_os_str() == "-" {
            report.files += 1;
            let text = Box::new(io::stdin().lock());
            scan("standard input", text, &mut report).map_err(|source| unreadable(path, source))?;
        } else {
            walk(path, &mut report)?;
        }
    }
    print(&report, console);
    Ok(if report.findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn unreadable(path: &Path, source: io::Error) -> Failure {
    Failure::Unreadable {
        file: path.display().to_string(),
        source,
    }
}

/// Files in the order of their names. What a symbolic link leads to is elsewhere, and not read.
fn walk(path: &Path, report: &mut Report) -> Result<(), Failure> {
    let failed = |source| unreadable(path, source);
    let kind = fs::symlink_metadata(path).map_err(failed)?.file_type();
    if kind.is_file() {
        return scan_file(path, report).map_err(failed);
    }
    if !kind.is_dir() {
        return Ok(());
    }
    let mut inside = Vec::<PathBuf>::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name() != GIT {
            inside.push(entry.path());
        }
    }
    inside.sort();
    inside.iter().try_for_each(|path| walk(path, report))
}

fn scan_file(path: &Path, report: &mut Report) -> io::Result<()> {
    let mut file = File::open(path)?;
    let mut start = Vec::with_capacity(LOOKED_AT);
    file.by_ref()
        .take(LOOKED_AT as u64)
        .read_to_end(&mut start)?;
    if start.contains(&0) {
        return Ok(());
    }
    report.files += 1;
    let whole = Box::new(io::Cursor::new(start).chain(file));
    scan(&path.display().to_string(), whole, report)
}

fn scan(name: &str, text: Box<dyn Read + '_>, report: &mut Report) -> io::Result<()> {
    let mut text = BufReader::new(text);
    let mut scanner = Scanner::default();
    let (mut number, mut line) = (1, Vec::new());
    loop {
        line.clear();
        let read = text
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        let found = scanner.line(&line).into_iter();
        report
            .findings
            .extend(found.map(|finding| (name.to_owned(), number, finding)));
        if line.ends_with(b"\n") {
            number += 1;
        }
    }
}

fn print(report: &Report, console: &Console) {
    let findings: Vec<Value> = report.findings.iter().map(as_json).collect();
    let mut text: String = report
        .findings
        .iter()
        .map(|(file, line, finding)| {
            let (what, remedy) = words(&finding.leak);
            let (column, shown) = (finding.column, &finding.shown);
            format!("{file}:{line}:{column}: {what} ({shown}…); {remedy}\n")
        })
        .collect();
    let (count, files) = (report.findings.len(), report.files);
    text += &match count {
        0 => format!("nothing found in {files} files"),
        1 => format!("1 finding in {files} files"),
        _ => format!("{count} findings in {files} files"),
    };
    console.data(text, &json!({ "files": files, "findings": findings }));
}

fn as_json((file, line, finding): &(String, u64, Finding)) -> Value {
    let (what, remedy) = words(&finding.leak);
    let kind = match &finding.leak {
        Leak::Softcap { .. } => "softcap_key",
        Leak::Exchange(_) => "exchange_key",
        Leak::PrivateKey => "private_key",
    };
    json!({
        "file": file,
        "line": line,
        "column": finding.column,
        "kind": kind,
        "what": what,
        "shown": finding.shown,
        "remedy": remedy,
    })
}

fn words(leak: &Leak) -> (String, &'static str) {
    match leak {
        Leak::Softcap { environment, .. } => (
            format!("a key of Softcap ({})", environment.as_code()),
            "revoke it: softcap api-key revoke ID, or report it to its server, which revokes it",
        ),
        Leak::Exchange(exchange) => (
            format!("what looks like a key of {}", exchange.name()),
            "delete it at the exchange and make another one",
        ),
        Leak::PrivateKey => (
            "a private key".to_owned(),
            "replace it wherever its public half is trusted",
        ),
    }
}
