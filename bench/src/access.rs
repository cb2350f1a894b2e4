//! Who is let in while the machine is busy: how long a revoked key still works on another node, and what guessed passwords cost
//! those who contribute.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use softcap_database::temporary::TemporaryPostgres;

use crate::{
    failure::BenchFailure,
    http::{contributing, database},
    http_load::{Client, Seen, Turns, Until, get, post, run as load_run},
    http_server::{Installation, OFFERING, RunningServer, ask},
    measure::{load, middle, percentile},
    proofs, settle,
};

const TERMS: &str = include_str!("../terms/engine.toml");
const PER_SECOND: u32 = 500_000;
const CONNECTIONS: usize = 64;
/// Who revokes, each with a key at a time.
const REVOKERS: usize = 4;
/// Who guesses passwords, each from new addresses.
const GUESSERS: usize = 16;
/// A key that works so long after it was revoked is a failure of its own.
const FOR_EVER: Duration = Duration::from_secs(30);

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) keys: usize,
    pub(crate) time: Duration,
    pub(crate) runs: usize,
    pub(crate) program: Option<&'a Path>,
}

pub(crate) fn run(plan: &Plan<'_>) -> Result<(), BenchFailure> {
    let program = settle::program(plan.program)?;
    let folder = tempfile::tempdir()?;
    let place = |name: &str| folder.path().join(name);
    proofs::run(&program, &place("proofs"), (plan.time, plan.runs))?;
    logins(&program, &place("logins"), plan)?;
    revocation(&program, &place("keys"), plan.keys)
}

/// A thread that contributes until it is told to stop.
struct Busy {
    stop: Arc<AtomicBool>,
    clients: JoinHandle<Result<u64, BenchFailure>>,
}

impl Busy {
    fn start(server: &RunningServer, turns: &Arc<dyn Turns>) -> Self {
        let (address, turns) = (server.address, Arc::clone(turns));
        let stop = Arc::new(AtomicBool::new(false));
        let (over, next) = (Arc::clone(&stop), Arc::new(AtomicU64::new(0)));
        let clients = thread::spawn(move || {
            let mut count = 0;
            while !over.load(Ordering::Relaxed) {
                let until = Until::Elapsed(Duration::from_millis(200));
                count += load_run(address, CONNECTIONS, until, &next, &turns)?
                    .times
                    .len() as u64;
            }
            Ok(count)
        });
        Self { stop, clients }
    }

    fn end(self) -> Result<u64, BenchFailure> {
        self.stop.store(true, Ordering::Relaxed);
        joined(self.clients)
    }
}

fn joined<T>(thread: JoinHandle<Result<T, BenchFailure>>) -> Result<T, BenchFailure> {
    let ended = thread.join();
    ended.map_err(|_| BenchFailure("a thread panicked".into()))?
}

/// Keys revoked on one node of two, and tried on the other one at once, while that one takes contributions.
fn revocation(program: &Path, folder: &Path, count: usize) -> Result<(), BenchFailure> {
    let postgres = TemporaryPostgres::start()?;
    let url = database(&postgres, "softcap_keys")?;
    let first = Installation::create(program, url, &folder.join("first"), PER_SECOND)?;
    let here = first.serve(0)?;
    let there = first.another_node(&folder.join("second"))?.serve(0)?;
    first.announce(&here, TERMS)?;
    let mut made = Vec::with_capacity(count);
    for number in 0..count {
        let body = json!({ "label": format!("key {number}"), "scopes": ["offerings:read:*"] });
        let mut request = Vec::new();
        let name = format!("key-{number}");
        post(
            "/v1/keys",
            &first.key,
            &name,
            &body.to_string(),
            &mut request,
        );
        let key = ask(here.address, &request)?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        made.push((text(&key["key"]["id"]), text(&key["secret"])));
    }
    // All of them work there before any is revoked.
    let start = Instant::now();
    for (_, secret) in &made {
        until_status(&there, secret, 200, start)?;
    }
    let busy = Busy::start(&there, &contributing(&first.key));
    let next = AtomicUsize::new(0);
    let delays = Mutex::new(Vec::with_capacity(count));
    let revoked: Result<(), BenchFailure> = thread::scope(|scope| {
        let revokers: Vec<_> = (0..REVOKERS)
            .map(|_| scope.spawn(|| revoke((&here, &there), &first.key, (&next, &made), &delays)))
            .collect();
        for revoker in revokers {
            revoker
                .join()
                .map_err(|_| BenchFailure("a thread panicked".into()))??;
        }
        Ok(())
    });
    let contributions = busy.end()?;
    revoked?;
    let mut delays = delays.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!(
        "{count} keys revoked on one node and tried on the other one, which took {contributions} contributions meanwhile: \
         still let in after p50 {:.0} ms, p99 {:.0} ms, at most {:.0} ms; load {}",
        percentile(&mut delays, 50.0).as_secs_f64() * 1e3,
        percentile(&mut delays, 99.0).as_secs_f64() * 1e3,
        percentile(&mut delays, 100.0).as_secs_f64() * 1e3,
        load()
    );
    Ok(())
}

/// Revokes keys one after the other, and measures how long each is let in after the answer.
fn revoke(
    (here, there): (&RunningServer, &RunningServer),
    operator: &str,
    (next, made): (&AtomicUsize, &[(String, String)]),
    delays: &Mutex<Vec<Duration>>,
) -> Result<(), BenchFailure> {
    while let Some((id, secret)) = made.get(next.fetch_add(1, Ordering::Relaxed)) {
        let request = format!(
            "DELETE /v1/keys/{id} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {operator}\r\n\r\n"
        );
        let answer = status(here, request.as_bytes())?;
        if !(200..300).contains(&answer) {
            return Err(BenchFailure(format!("key {id} was not revoked: {answer}")));
        }
        let answered = Instant::now();
        until_status(there, secret, 401, answered)?;
        let mut held = delays.lock().unwrap_or_else(PoisonError::into_inner);
        held.push(answered.elapsed());
    }
    Ok(())
}

/// Asks with a key until it is answered so.
fn until_status(
    server: &RunningServer,
    key: &str,
    expected: u16,
    since: Instant,
) -> Result<(), BenchFailure> {
    let request = get(&format!("/v1/offerings/{OFFERING}/contributions"), key);
    loop {
        let found = status(server, &request)?;
        // Let in, but without the scope, is let in.
        let found = if found == 403 { 200 } else { found };
        if found == expected {
            return Ok(());
        }
        if since.elapsed() > FOR_EVER {
            return Err(BenchFailure(format!(
                "{found} for ever, and not {expected}"
            )));
        }
    }
}

fn status(server: &RunningServer, request: &[u8]) -> Result<u16, BenchFailure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut client = Client::connect(server.address).await?;
        Ok(client.ask(request).await?.status)
    })
}

/// Contributions without and with a crowd that guesses passwords, in turn.
fn logins(program: &Path, folder: &Path, plan: &Plan<'_>) -> Result<(), BenchFailure> {
    let data = folder.join("data").display().to_string();
    let real = Installation::create(program, data, folder, PER_SECOND)?;
    let server = real.serve_with(&[("SOFTCAP_PROXIES", "127.0.0.1/32")])?;
    real.announce(&server, TERMS)?;
    let (turns, next) = (contributing(&real.key), Arc::new(AtomicU64::new(0)));
    let contribute = || {
        let until = Until::Elapsed(plan.time);
        load_run(server.address, CONNECTIONS, until, &next, &turns)
    };
    contribute()?;
    let (mut quiet, mut attacked, mut answers) =
        (Times::default(), Times::default(), Tally::default());
    for _ in 0..plan.runs {
        quiet.add(contribute()?);
        let crowd = Crowd::start(&server);
        let seen = contribute()?;
        answers.add(&crowd.end()?);
        attacked.add(seen);
    }
    let ratio = middle(attacked.p99.clone()) / middle(quiet.p99.clone());
    println!(
        "contributions over {CONNECTIONS} connections: {quiet}; while {GUESSERS} guess passwords: {attacked}, p99 {ratio:.2} x; \
         of the guesses {} were looked at and {} told to wait; load {}",
        answers.looked_at,
        answers.told_to_wait,
        load()
    );
    Ok(())
}

/// What those who contribute saw, run by run.
#[derive(Default)]
struct Times {
    rates: Vec<f64>,
    p99: Vec<f64>,
}

impl Times {
    fn add(&mut self, mut seen: Seen) {
        self.rates.push(seen.rate());
        let p99 = percentile(&mut seen.times, 99.0);
        self.p99.push(p99.as_secs_f64() * 1e3);
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (rate, p99) = (middle(self.rates.clone()), middle(self.p99.clone()));
        write!(out, "{rate:.0}/s, p99 {p99:.1} ms")
    }
}

/// Answers to guesses.
#[derive(Debug, Default)]
struct Tally {
    looked_at: u64,
    told_to_wait: u64,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.looked_at += other.looked_at;
        self.told_to_wait += other.told_to_wait;
    }
}

/// Those who guess, until they are told to stop.
struct Crowd {
    stop: Arc<AtomicBool>,
    guessing: JoinHandle<Result<Tally, BenchFailure>>,
}

impl Crowd {
    fn start(server: &RunningServer) -> Self {
        let (address, stop) = (server.address, Arc::new(AtomicBool::new(false)));
        let over = Arc::clone(&stop);
        let guessing = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let guessers = (0..GUESSERS)
                    .map(|number| tokio::spawn(guess(address, number, Arc::clone(&over))));
                let mut all = Tally::default();
                for guesser in guessers.collect::<Vec<_>>() {
                    all.add(&guesser.await??);
                }
                Ok(all)
            })
        });
        Self { stop, guessing }
    }

    fn end(self) -> Result<Tally, BenchFailure> {
        self.stop.store(true, Ordering::Relaxed);
        joined(self.guessing)
    }
}

/// Guesses for another account from another network each time, so that only the bounded queue holds them up.
async fn guess(
    address: SocketAddr,
    guesser: usize,
    over: Arc<AtomicBool>,
) -> Result<Tally, BenchFailure> {
    let mut client = Client::connect(address).await?;
    let (mut tally, mut count) = (Tally::default(), 0_u64);
    while !over.load(Ordering::Relaxed) {
        count += 1;
        let body = format!(
            "{{\"email\":\"nobody.{guesser}.{count}@example.org\",\"password\":\"seven rusty anchors sing\"}}"
        );
        let request = format!(
            "POST /v1/sessions HTTP/1.1\r\nhost: bench\r\nx-forwarded-for: 2001:db8:{guesser:x}:{count:x}::1\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        match client.ask(request.as_bytes()).await?.status {
            401 => tally.looked_at += 1,
            429 => tally.told_to_wait += 1,
            other => return Err(BenchFailure(format!("a guess was answered {other}"))),
        }
    }
    Ok(tally)
}
