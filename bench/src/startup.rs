//! A log that grows and is started again: the longest pause of its writer on the way, then the real
//! server's start from the snapshot and without it, and what it needs of memory and disk.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use softcap_database::DatabaseUrl;
use softcap_journal::{
    Answer, Intake, Journal, JournalConfig, OfferingLog, Submission, SystemClock,
};
use softcap_proof::SigningKey;

use crate::{
    durable::Submitted,
    engine::Payments,
    failure::BenchFailure,
    http_server::{Installation, OFFERING, RunningServer},
    measure::load,
    settle,
};

const TERMS: &str = include_str!("../terms/engine.toml");
/// Who wait for an answer at the same time.
const AT_ONCE: usize = 4096;

pub(crate) fn run(count: u64, investors: u64, program: Option<&Path>) -> Result<(), BenchFailure> {
    let program = settle::program(program)?;
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let empty = folder.path().join("empty");
    let (_, idle) = started(&program, &empty)?;
    println!("idle server: {} MB", idle.memory() >> 20);
    drop(idle);

    grow(&data, count, investors)?;
    let record = std::fs::metadata(data.join("journal.db"))?.len();
    let disk: u64 = size_of(&data)?;
    println!(
        "disk: {:.0} bytes a contribution in the record, {:.0} in all",
        record as f64 / count as f64,
        disk as f64 / count as f64
    );
    let (time, server) = started(&program, &data)?;
    print("start from the snapshot", time, &server, count);
    check(&server, count)?;
    drop(server);
    std::fs::remove_dir_all(data.join("snapshots"))?;
    let (time, server) = started(&program, &data)?;
    print("start without a snapshot", time, &server, count);
    check(&server, count)?;
    println!("load {}", load());
    Ok(())
}

fn print(what: &str, time: Duration, server: &RunningServer, count: u64) {
    let (peak, now) = (server.peak_memory(), server.memory());
    println!(
        "{what:<25} {:>7.2} s  {:>5.0} ns an entry  {:>5} MB at most, {:>5} MB then \
         ({:.0} and {:.0} bytes a contribution)",
        time.as_secs_f64(),
        time.as_secs_f64() * 1e9 / count as f64,
        peak >> 20,
        now >> 20,
        peak as f64 / count as f64,
        now as f64 / count as f64,
    );
}

/// Starts the real server, until it listens.
fn started(program: &Path, data: &Path) -> Result<(Duration, RunningServer), BenchFailure> {
    let folder = data.display().to_string();
    let installation = Installation::create(program, folder, data, 1000)?;
    let start = Instant::now();
    let server = installation.serve(0)?;
    Ok((start.elapsed(), server))
}

/// Nothing is missing after a start.
fn check(server: &RunningServer, count: u64) -> Result<(), BenchFailure> {
    let path = format!("/v1/offerings/{OFFERING}");
    let found = crate::http_server::ask(server.address, &crate::http_load::get(&path, ""))?;
    if found["contributions"].as_u64() == Some(count) {
        Ok(())
    } else {
        Err(BenchFailure(format!(
            "{count} contributions became {found}"
        )))
    }
}

fn size_of(folder: &Path) -> Result<u64, BenchFailure> {
    let mut size = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        size += if metadata.is_dir() {
            size_of(&entry.path())?
        } else {
            metadata.len()
        };
    }
    Ok(size)
}

/// What all who submit share.
struct Crowd {
    submitted: Mutex<Submitted>,
    start: Instant,
    /// Nanoseconds from the start to the last answer.
    last: AtomicU64,
    /// The longest time without an answer.
    pause: AtomicU64,
}

impl Crowd {
    fn answered(&self) {
        let now = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let before = self.last.fetch_max(now, Ordering::Relaxed);
        self.pause
            .fetch_max(now.saturating_sub(before), Ordering::Relaxed);
    }

    async fn submit_all(&self, log: &OfferingLog) -> Result<(), BenchFailure> {
        loop {
            let next = {
                let mut held = self
                    .submitted
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                held.next()
            };
            let Some(next) = next else { return Ok(()) };
            let (request, body) = next?;
            let submission = Submission {
                intake: Intake::Contribution,
                request: Some(request),
                body,
            };
            match log.sequencer.submit(submission).await? {
                Answer::Entered { .. } => self.answered(),
                Answer::Known { first, .. } => {
                    return Err(BenchFailure(format!("entry {first} was there before")));
                }
            }
        }
    }
}

/// Fills a record through the writer of its log, in this process.
fn grow(data: &Path, count: u64, investors: u64) -> Result<(), BenchFailure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let config = JournalConfig {
            url: DatabaseUrl::Folder(data.to_owned()),
            folder: data.to_owned(),
            key: SigningKey::from_entropy("softcap.example/benchmark", &[7; 32])?,
        };
        let journal = Journal::open(config, Arc::new(SystemClock::default())).await?;
        let log = journal.announce(&OFFERING.parse()?, TERMS).await?;
        let crowd = Arc::new(Crowd {
            submitted: Mutex::new(Submitted::new(Payments::new(investors.min(count), count))),
            start: Instant::now(),
            last: AtomicU64::new(0),
            pause: AtomicU64::new(0),
        });
        let tasks: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (crowd, log) = (Arc::clone(&crowd), Arc::clone(&log));
                tokio::spawn(async move { crowd.submit_all(&log).await })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        let grown = crowd.start.elapsed();
        let start = Instant::now();
        journal.close().await?;
        println!(
            "grown to {count} contributions by {investors} investors: {:.0} a second, {AT_ONCE} at \
             once; longest time without an answer {:.1} ms; closed in {:.2} s; load {}",
            count as f64 / grown.as_secs_f64(),
            crowd.pause.load(Ordering::Relaxed) as f64 / 1e6,
            start.elapsed().as_secs_f64(),
            load(),
        );
        Ok(())
    })
}
