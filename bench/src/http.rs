//! Contributions over HTTP, each on disk before its answer and answered with a receipt, beside two
//! servers that store nothing. Everything runs on one machine in one go: the servers take turns, so
//! that what else the machine does meets them all.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use softcap_database::{DatabaseUrl, temporary::TemporaryPostgres};
use tempfile::TempDir;

use crate::{
    failure::BenchFailure,
    http_load::{Seen, Turns, Until, post, run as load_run},
    http_server::{Installation, OFFERING, RunningServer, verify},
    measure::{load, middle, percentile},
    settle,
};

const TERMS: &str = include_str!("../terms/engine.toml");
/// Who contributes again and again.
const INVESTORS: u64 = 10_000;
/// More than the machine can do: the limit of a key is not what is measured.
const PER_SECOND: u32 = 500_000;
const CONNECTIONS: [usize; 2] = [64, 256];
/// Before each server is measured the first time.
const WARM_UP: Duration = Duration::from_millis(500);

/// What is measured, and for how long.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seconds: f64,
    pub(crate) runs: usize,
    pub(crate) postgres: bool,
    pub(crate) naive: bool,
    /// Names of the rows to measure; all when empty.
    pub(crate) only: Vec<String>,
    /// The server's program; without it, it is built.
    pub(crate) program: Option<PathBuf>,
}

/// A server with the load that it gets.
struct Row {
    name: &'static str,
    what: &'static str,
    server: Arc<RunningServer>,
    next: Arc<AtomicU64>,
    turns: Arc<dyn Turns>,
    /// Whose receipts are verified.
    key: Option<softcap_proof::VerifierKey>,
    seen: Vec<Seen>,
    /// Processor time of the server for an answer, run by run, in seconds.
    processor: Vec<f64>,
    verified: usize,
}

pub(crate) fn run(plan: &Plan) -> Result<(), BenchFailure> {
    let program = settle::program(plan.program.as_deref())?;
    let folder = tempfile::tempdir()?;
    let postgres = (plan.postgres || plan.naive)
        .then(TemporaryPostgres::start)
        .transpose()?;
    for connections in CONNECTIONS {
        let mut rows = rows(plan, &program, &folder, connections, postgres.as_ref())?;
        if !plan.only.is_empty() {
            rows.retain(|row| plan.only.iter().any(|name| name == row.name));
        }
        for row in &mut rows {
            row.measure(connections, WARM_UP)?;
            row.seen.clear();
            row.processor.clear();
        }
        for _ in 0..plan.runs {
            for row in &mut rows {
                row.measure(connections, Duration::from_secs_f64(plan.seconds))?;
            }
        }
        print(&mut rows, connections, plan);
    }
    Ok(())
}

impl Row {
    fn measure(&mut self, connections: usize, time: Duration) -> Result<(), BenchFailure> {
        let until = Until::Elapsed(time);
        let then = self.server.processor();
        let mut seen = load_run(
            self.server.address,
            connections,
            until,
            &self.next,
            &self.turns,
        )?;
        let took = self.server.processor() - then;
        self.processor.push(took / seen.times.len().max(1) as f64);
        if let Some(key) = &self.key {
            self.verified += verify(&std::mem::take(&mut seen.samples), key)?;
        }
        self.seen.push(seen);
        Ok(())
    }

    fn rate(&self) -> f64 {
        middle(self.seen.iter().map(Seen::rate).collect())
    }

    fn millis(&mut self, percent: f64) -> f64 {
        let of = |seen: &mut Seen| percentile(&mut seen.times, percent).as_secs_f64() * 1e3;
        middle(self.seen.iter_mut().map(of).collect())
    }
}

fn print(rows: &mut [Row], connections: usize, plan: &Plan) {
    println!(
        "{connections} connections, median of {} runs of {} s in turn; load {}",
        plan.runs,
        plan.seconds,
        load()
    );
    let base = |rows: &[Row], name| {
        let found = rows.iter().find(|row| row.name == name);
        found.map_or(f64::NAN, Row::rate)
    };
    let (bare, checked) = (base(rows, "B"), base(rows, "A"));
    let (stored, naive) = (base(rows, "S"), base(rows, "N"));
    // Both cores are busy in all runs, so that the time of a request is what it takes of the machine.
    let check = (1.0 / checked - 1.0 / base(rows, "F")) * stored;
    for row in rows {
        let (p50, p99) = (row.millis(50.0), row.millis(99.0));
        println!(
            "{:<3} {:>8.0}/s  p50 {p50:>7.2} ms  p99 {p99:>7.2} ms  cpu {:>5.1} us  {:>5.3} x A  {:>5.3} x B  {}{}",
            row.name,
            row.rate(),
            middle(row.processor.clone()) * 1e6,
            row.rate() / checked,
            row.rate() / bare,
            row.what,
            if row.verified > 0 {
                format!("; {} receipts verified", row.verified)
            } else {
                String::new()
            },
        );
    }
    println!("A / B {:.3}, S / A {:.3}", checked / bare, stored / checked);
    println!("the check of the key is {:.1} % of S", check * 100.0);
    if plan.naive {
        println!("S / N {:.1}", stored / naive);
    }
}

fn rows(
    plan: &Plan,
    program: &Path,
    folder: &TempDir,
    connections: usize,
    postgres: Option<&TemporaryPostgres>,
) -> Result<Vec<Row>, BenchFailure> {
    let sqlite = folder.path().join(format!("sqlite-{connections}"));
    let data = sqlite.display().to_string();
    let real = Installation::create(program, data, &sqlite, PER_SECOND)?;
    let mut stored = stored_rows(&real, ["S", "S'"])?;
    let answer = answer_length(&stored)?;
    let keys = folder.path().join(format!("checked-{connections}"));
    let data = keys.display().to_string();
    let checked = Installation::create(program, data.clone(), &keys, PER_SECOND)?;
    let own = std::env::current_exe()?;
    let length = answer.to_string();
    let bare = start(&own, &["serve-bare", "--answer", &length], folder.path())?;
    let fixed = ["serve-checked", "--answer", &length, "--data", &data];
    let fixed = start(&own, &fixed, &keys)?;
    let open = folder.path().join(format!("open-{connections}"));
    let data = open.display().to_string();
    Installation::create(program, data.clone(), &open, PER_SECOND)?;
    let free = [
        "serve-checked",
        "--answer",
        &length,
        "--data",
        &data,
        "--keys",
        "ignored",
    ];
    let free = start(&own, &free, &open)?;
    let mut rows = vec![
        row("B", "bare axum, the same body out", bare, ""),
        row(
            "A",
            "our frame, key and body checked, nothing stored",
            fixed,
            &checked.key,
        ),
        row(
            "F",
            "the same, but the key is not looked at",
            free,
            &checked.key,
        ),
    ];
    rows.append(&mut stored);
    if let (true, Some(postgres)) = (plan.postgres, postgres) {
        let node = folder.path().join(format!("postgres-{connections}"));
        let url = database(postgres, &format!("softcap_{}", word(connections)))?;
        let real = Installation::create(program, url, &node, PER_SECOND)?;
        rows.append(&mut stored_rows(&real, ["P", "P'"])?);
    }
    if let (true, Some(postgres)) = (plan.naive, postgres) {
        let url = database(postgres, &format!("naive_{}", word(connections)))?;
        let investors = INVESTORS.to_string();
        let naive = ["serve-naive", "--url", &url, "--investors", &investors];
        let naive = start(&own, &naive, folder.path())?;
        rows.push(row(
            "N",
            "the obvious way: a transaction for each, PostgreSQL",
            naive,
            &checked.key,
        ));
    }
    Ok(rows)
}

/// Names of databases have letters only.
fn word(connections: usize) -> &'static str {
    if connections < 100 { "few" } else { "many" }
}

/// The address of a new database.
pub(crate) fn database(postgres: &TemporaryPostgres, name: &str) -> Result<String, BenchFailure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match runtime.block_on(postgres.database(name))? {
        DatabaseUrl::Postgres(url) => Ok(url),
        DatabaseUrl::Folder(_) => Err(BenchFailure("a folder is no PostgreSQL".into())),
    }
}

fn start(program: &Path, arguments: &[&str], folder: &Path) -> Result<RunningServer, BenchFailure> {
    RunningServer::start(Command::new(program).args(arguments), folder)
}

fn row(name: &'static str, what: &'static str, server: RunningServer, key: &str) -> Row {
    Row {
        name,
        what,
        server: Arc::new(server),
        next: Arc::default(),
        turns: Arc::new(Contribute {
            key: key.to_owned(),
            kind: Kind::Plain,
            looks: Looks::Status,
        }),
        key: None,
        seen: Vec::new(),
        processor: Vec::new(),
        verified: 0,
    }
}

/// Contributions of money that arrived otherwise, so that nobody needs a funding.
pub(crate) fn contributing(key: &str) -> Arc<dyn Turns> {
    Arc::new(Contribute {
        key: key.to_owned(),
        kind: Kind::Arrived,
        looks: Looks::Contributed,
    })
}

/// Two loads on one real server: from funded accounts, and with a transfer before each contribution.
fn stored_rows(real: &Installation, names: [&'static str; 2]) -> Result<Vec<Row>, BenchFailure> {
    let server = Arc::new(real.serve(0)?);
    real.announce(&server, TERMS)?;
    let turns = |kind, looks| -> Arc<dyn Turns> {
        Arc::new(Contribute {
            key: real.key.clone(),
            kind,
            looks,
        })
    };
    let next = Arc::new(AtomicU64::new(0));
    let fund = turns(Kind::Fund, Looks::Status);
    load_run(server.address, 64, Until::Turn(INVESTORS), &next, &fund)?;
    let next = Arc::new(AtomicU64::new(INVESTORS));
    let key = real.log_key()?;
    let kinds = [
        (Kind::Plain, "receipts, from funded accounts"),
        (Kind::FundFirst, "the same, each after a funding of its own"),
    ];
    let rows = kinds.into_iter().zip(names);
    Ok(rows
        .map(|((kind, what), name)| Row {
            name,
            what,
            server: Arc::clone(&server),
            next: Arc::clone(&next),
            turns: turns(kind, Looks::Contributed),
            key: Some(key.clone()),
            seen: Vec::new(),
            processor: Vec::new(),
            verified: 0,
        })
        .collect())
}

/// How long an answer of the real server is.
fn answer_length(rows: &[Row]) -> Result<usize, BenchFailure> {
    let row = rows
        .first()
        .ok_or_else(|| BenchFailure("no server".into()))?;
    let until = Until::Elapsed(Duration::from_millis(50));
    let seen = load_run(row.server.address, 64, until, &row.next, &row.turns)?;
    let lengths = seen.samples.iter().map(Vec::len);
    lengths
        .max()
        .ok_or_else(|| BenchFailure("no answer".into()))
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// A contribution.
    Plain,
    /// A transfer of its amount, then a contribution.
    FundFirst,
    /// A transfer that lasts for all contributions of an investor.
    Fund,
    /// A contribution of money that is in no account.
    Arrived,
}

/// What a right answer is.
#[derive(Clone, Copy, Debug)]
enum Looks {
    Status,
    Contributed,
}

struct Contribute {
    key: String,
    kind: Kind,
    looks: Looks,
}

impl Contribute {
    fn fund(&self, number: u64, amount: &str, out: &mut Vec<u8>) {
        let investor = 100_000 + number % INVESTORS;
        let path = format!("/v1/offerings/{OFFERING}/accounts/{investor}/fundings");
        let transfer = number + 1;
        let body = format!(
            "{{\"transfer\":\"{transfer:032x}\",\"currency\":\"ETH\",\"amount\":\"{amount}\"}}"
        );
        post(&path, &self.key, &format!("f-{number}"), &body, out);
    }
}

impl Turns for Contribute {
    fn steps(&self) -> usize {
        match self.kind {
            Kind::FundFirst => 2,
            Kind::Plain | Kind::Fund | Kind::Arrived => 1,
        }
    }

    fn write(&self, number: u64, step: usize, out: &mut Vec<u8>) {
        match (self.kind, step) {
            (Kind::Fund, _) => self.fund(number, "900000000000000000000", out),
            (Kind::FundFirst, 0) => self.fund(number, "1000000000000000", out),
            (Kind::Plain | Kind::FundFirst | Kind::Arrived, _) => {
                let investor = 100_000 + number % INVESTORS;
                let funding = match self.kind {
                    Kind::Arrived => ",\"funding\":\"arrived\"",
                    Kind::Plain | Kind::FundFirst | Kind::Fund => "",
                };
                let body = format!(
                    "{{\"investor\":\"{investor}\",\"currency\":\"ETH\",\
                     \"amount\":\"1000000000000000\",\"reference\":\"r-{number}\"{funding}}}"
                );
                let path = format!("/v1/offerings/{OFFERING}/contributions");
                post(&path, &self.key, &format!("c-{number}"), &body, out);
            }
        }
    }

    fn is_right(&self, body: &[u8]) -> bool {
        match self.looks {
            Looks::Status => true,
            // The first step of a turn answers `done`.
            Looks::Contributed => {
                memchr::memmem::find(body, b"\"kind\":\"contributed\"").is_some()
                    || memchr::memmem::find(body, b"\"kind\":\"done\"").is_some()
            }
        }
    }
}
