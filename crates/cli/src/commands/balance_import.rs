//! `softcap balance import`: deposits and withdrawals of a table, each once, whatever stops in between.

use std::{fmt::Write as _, path::Path, process::ExitCode};

use serde::Deserialize;
use serde_json::json;
use softcap_rails::balance::{PAYMENTS_HEADER, Payment, read_payments};

use super::serve::block_on;
use crate::{
    arguments::BalanceImportArguments, console::Console, failure::Failure,
    server_client::ServerClient, text_file,
};

/// Largest table in bytes.
const LARGEST: u64 = 1 << 28;
/// Largest file of a key in bytes; a key is a line.
const LARGEST_KEY: u64 = 1 << 16;
/// Rows of one request: a second or so of a server's work.
const ROWS: usize = 200;

/// What a server says became of the rows of a request.
#[derive(Debug, Deserialize)]
struct Imported {
    rows: Vec<ImportedRow>,
}

/// What a server says became of a row.
#[derive(Debug, Deserialize)]
struct ImportedRow {
    id: String,
    outcome: RowOutcome,
    #[serde(default)]
    code: Option<String>,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RowOutcome {
    Recorded,
    Known,
    New,
    Refused,
    OtherContent,
}

/// How many rows became what, and the lines that nothing came of.
#[derive(Debug, Default)]
struct Tally {
    recorded: u64,
    known: u64,
    new: u64,
    failed: Vec<(u64, ImportedRow)>,
}

impl Tally {
    fn add(&mut self, line: u64, row: ImportedRow) {
        match row.outcome {
            RowOutcome::Recorded => self.recorded += 1,
            RowOutcome::Known => self.known += 1,
            RowOutcome::New => self.new += 1,
            RowOutcome::Refused | RowOutcome::OtherContent => self.failed.push((line, row)),
        }
    }

    fn through(&self) -> u64 {
        self.recorded + self.known + self.new + self.failed.len() as u64
    }
}

impl ImportedRow {
    fn why(&self) -> &str {
        match self.outcome {
            RowOutcome::OtherContent => "the id came before with another content",
            RowOutcome::Recorded | RowOutcome::Known | RowOutcome::New | RowOutcome::Refused => {
                self.code.as_deref().unwrap_or("refused")
            }
        }
    }
}

pub(crate) fn run(
    arguments: &BalanceImportArguments,
    console: &Console,
) -> Result<ExitCode, Failure> {
    let file = arguments.file.display().to_string();
    let key = read_key(&arguments.key_file)?;
    let text = text_file::read(&arguments.file, LARGEST)?;
    let payments = read_payments(&text).map_err(|problems| Failure::Payments {
        file: file.clone(),
        problems,
    })?;
    let server = ServerClient::new(&arguments.server, key)?;
    let lines: Vec<&str> = text.lines().collect();
    let bar = console.progress("importing", Some(payments.len() as u64));
    let path = if arguments.dry_run {
        "v1/platform/imports?dry_run=true"
    } else {
        "v1/platform/imports"
    };
    let mut tally = Tally::default();
    block_on(async {
        for rows in payments.chunks(ROWS) {
            let sent = server.post_csv(path, table(&lines, rows)).await;
            let answer = sent.and_then(|answer| matching(&answer, rows));
            let answer = answer.map_err(|problem| Failure::ImportStopped {
                url: arguments.server.clone(),
                problem,
                through: tally.through(),
                rows: payments.len(),
            })?;
            for (payment, row) in rows.iter().zip(answer) {
                tally.add(payment.line, row);
            }
            bar.inc(rows.len() as u64);
        }
        Ok(())
    })?;
    bar.finish_and_clear();
    say(&file, &tally, console);
    Ok(if tally.failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// The key is what `softcap api-key new` printed: its first line.
fn read_key(path: &Path) -> Result<String, Failure> {
    let text = text_file::read(path, LARGEST_KEY)?;
    let key = text.lines().next().unwrap_or_default().trim();
    if key.starts_with("sc_") {
        return Ok(key.to_owned());
    }
    Err(Failure::Argument {
        flag: "key-file",
        problem: format!("{} does not begin with an API key", path.display()),
        allowed: "a file whose first line softcap api-key new printed: sc_live_...",
    })
}

/// Some rows as a table of their own, as they stand in the file.
fn table(lines: &[&str], rows: &[Payment<'_>]) -> String {
    let mut text = format!("{PAYMENTS_HEADER}\n");
    for row in rows {
        let place = usize::try_from(row.line - 1).unwrap_or(usize::MAX);
        text += lines.get(place).copied().unwrap_or_default();
        text.push('\n');
    }
    text
}

/// The rows of an answer, which must be about those that were sent.
fn matching(answer: &[u8], rows: &[Payment<'_>]) -> Result<Vec<ImportedRow>, String> {
    let imported: Imported =
        serde_json::from_slice(answer).map_err(|error| format!("an unknown answer: {error}"))?;
    let same = imported.rows.len() == rows.len()
        && imported.rows.iter().zip(rows).all(|(a, b)| a.id == b.id);
    if same {
        Ok(imported.rows)
    } else {
        Err("the answer is about other rows".to_owned())
    }
}

fn say(file: &str, tally: &Tally, console: &Console) {
    let mut text = String::new();
    for (line, row) in &tally.failed {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{file}: line {line}, id {}: {}", row.id, row.why());
    }
    let Tally {
        recorded,
        known,
        new,
        failed,
    } = tally;
    let count = failed.len();
    let _ = write!(
        text,
        "{file}: {recorded} recorded, {known} known before, {new} would be new, {count} not taken"
    );
    let failed: Vec<serde_json::Value> = failed
        .iter()
        .map(|(line, row)| json!({ "line": line, "id": row.id, "problem": row.why() }))
        .collect();
    console.data(
        text,
        &json!({
            "file": file,
            "recorded": recorded,
            "known": known,
            "new": new,
            "not_taken": failed,
        }),
    );
}
