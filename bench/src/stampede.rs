//! A stampede on the real server: many admitted investors in a minute through one key, the server
//! killed in the middle of it, and clients that repeat until they are answered. Then the record is
//! read: everybody is in, nobody twice, and the sums are exact.

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::time::{sleep, sleep_until, timeout};

use crate::{
    failure::BenchFailure,
    http_load::{Client, Turns, Until, post, run as load_run},
    http_server::{Installation, OFFERING, RunningServer, verify},
    measure::{load, percentile},
    settle,
};

const TERMS: &str = include_str!("../terms/stampede.toml");
const CONNECTIONS: u64 = 512;
/// Requests a second of the platform's key: less than comes in the first seconds.
const PER_SECOND: u32 = 4_000;
/// The rest that a client takes where the server asked for it.
const REST: Duration = Duration::from_secs(1);
/// And where nobody answers.
const SHORT_REST: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn run(
    investors: u64,
    seconds: u64,
    program: Option<&Path>,
) -> Result<(), BenchFailure> {
    let program = settle::program(program)?;
    let folder = tempfile::tempdir()?;
    let data = folder.path().display().to_string();
    let issuer = Installation::create(&program, data.clone(), folder.path(), 500_000)?;
    let platform = Installation::create(&program, data, folder.path(), PER_SECOND)?;
    let mut server = issuer.serve(0)?;
    issuer.announce(&server, TERMS)?;
    let admit: Arc<dyn Turns> = Arc::new(Admit {
        key: issuer.key.clone(),
    });
    let until = Until::Turn(investors);
    load_run(server.address, 64, until, &Arc::default(), &admit)?;
    println!(
        "{investors} investors admitted; now they come; load {}",
        load()
    );

    let crowd = Arc::new(Crowd {
        investors,
        time: Duration::from_secs(seconds),
        address: server.address,
        key: platform.key.clone(),
        next: AtomicU64::new(0),
        limited: AtomicU64::new(0),
        broken: AtomicU64::new(0),
    });
    let port = server.address.port();
    let stampede = {
        let crowd = Arc::clone(&crowd);
        std::thread::spawn(move || crowd.run())
    };
    std::thread::sleep(Duration::from_secs(seconds) / 2);
    server.kill()?;
    let killed = Instant::now();
    server = issuer.serve(port)?;
    let down = killed.elapsed();
    let (mut answers, elapsed) = stampede
        .join()
        .map_err(|_| BenchFailure("the clients panicked".into()))??;

    let receipts = check_answers(&answers, &issuer)?;
    check_record(&issuer, &server, &answers)?;
    let mut times: Vec<_> = answers.iter_mut().map(|answer| answer.time).collect();
    println!(
        "all {investors} in, none twice, totals exact, {receipts} receipts verified: {:.1} s; \
         killed in the middle, {:.2} s down; {} times asked to wait, {} times no answer; from the \
         first try to the answer p50 {:.1} ms, p99 {:.1} ms, worst {:.1} ms; load {}",
        elapsed.as_secs_f64(),
        down.as_secs_f64(),
        crowd.limited.load(Ordering::Relaxed),
        crowd.broken.load(Ordering::Relaxed),
        percentile(&mut times, 50.0).as_secs_f64() * 1e3,
        percentile(&mut times, 99.0).as_secs_f64() * 1e3,
        percentile(&mut times, 100.0).as_secs_f64() * 1e3,
        load(),
    );
    Ok(())
}

/// Wei; different for each, so that a sum shows who is missing.
fn amount(investor: u64) -> u128 {
    1_000_000_000_000_000 + u128::from(investor) * u128::from(investor)
}

fn name(investor: u64) -> String {
    (1_000_000 + investor).to_string()
}

/// Lets everybody in.
struct Admit {
    key: String,
}

impl Turns for Admit {
    fn write(&self, number: u64, _: usize, out: &mut Vec<u8>) {
        let path = format!("/v1/offerings/{OFFERING}/operations");
        let investor = name(number);
        let body =
            format!("{{\"kind\":\"admit\",\"round\":\"public\",\"investor\":\"{investor}\"}}");
        post(&path, &self.key, &format!("admit-{number}"), &body, out);
    }

    fn is_right(&self, body: &[u8]) -> bool {
        memchr::memmem::find(body, b"\"kind\":\"done\"").is_some()
    }
}

struct Crowd {
    investors: u64,
    time: Duration,
    address: SocketAddr,
    key: String,
    next: AtomicU64,
    /// Answers that asked to wait.
    limited: AtomicU64,
    /// Requests without an answer.
    broken: AtomicU64,
}

/// What one investor got in the end.
struct Answered {
    investor: u64,
    body: Vec<u8>,
    /// From the first try on.
    time: Duration,
}

impl Crowd {
    fn run(self: Arc<Self>) -> Result<(Vec<Answered>, Duration), BenchFailure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let start = Instant::now();
        let answers = runtime.block_on(async {
            let tasks: Vec<_> = (0..CONNECTIONS)
                .map(|_| tokio::spawn(Arc::clone(&self).connection(start)))
                .collect();
            let mut answers = Vec::new();
            for task in tasks {
                answers.append(&mut task.await??);
            }
            Ok::<_, BenchFailure>(answers)
        })?;
        Ok((answers, start.elapsed()))
    }

    /// More come at the beginning than later.
    fn arrival(&self, investor: u64) -> Duration {
        let part = investor as f64 / self.investors as f64;
        self.time.mul_f64(part.powf(1.5))
    }

    async fn connection(self: Arc<Self>, start: Instant) -> Result<Vec<Answered>, BenchFailure> {
        let mut answers = Vec::new();
        let mut client = None;
        loop {
            let investor = self.next.fetch_add(1, Ordering::Relaxed);
            if investor >= self.investors {
                return Ok(answers);
            }
            sleep_until((start + self.arrival(investor)).into()).await;
            let begin = Instant::now();
            let body = self.contribute(&mut client, investor).await?;
            answers.push(Answered {
                investor,
                body,
                time: begin.elapsed(),
            });
        }
    }

    /// Repeats the same request with the same key until it is answered.
    async fn contribute(
        &self,
        client: &mut Option<Client>,
        investor: u64,
    ) -> Result<Vec<u8>, BenchFailure> {
        let mut request = Vec::new();
        let body = format!(
            "{{\"investor\":\"{}\",\"currency\":\"ETH\",\"amount\":\"{}\",\
             \"reference\":\"s-{investor}\",\"funding\":\"arrived\"}}",
            name(investor),
            amount(investor)
        );
        let path = format!("/v1/offerings/{OFFERING}/contributions");
        post(
            &path,
            &self.key,
            &format!("s-{investor}"),
            &body,
            &mut request,
        );
        loop {
            let rest = match self.ask_once(client, &request).await {
                Ok((201, body)) => return Ok(body),
                Ok((429 | 503, _)) => {
                    self.limited.fetch_add(1, Ordering::Relaxed);
                    REST
                }
                Ok((status, body)) => {
                    let said = String::from_utf8_lossy(&body);
                    return Err(BenchFailure(format!("{investor}: {status}: {said}")));
                }
                Err(_) => {
                    self.broken.fetch_add(1, Ordering::Relaxed);
                    *client = None;
                    SHORT_REST
                }
            };
            sleep(rest).await;
        }
    }

    async fn ask_once(
        &self,
        client: &mut Option<Client>,
        request: &[u8],
    ) -> Result<(u16, Vec<u8>), BenchFailure> {
        let client = match client {
            Some(client) => client,
            none => none.insert(Client::connect(self.address).await?),
        };
        let answer = timeout(PATIENCE, client.ask(request)).await??;
        Ok((answer.status, answer.body.to_vec()))
    }
}

/// Every answer is a contribution taken whole, with a receipt that verifies.
fn check_answers(answers: &[Answered], issuer: &Installation) -> Result<usize, BenchFailure> {
    for answer in answers {
        let body: Value = serde_json::from_slice(&answer.body)?;
        let accepted = &body["outcome"]["accepted"]["units"];
        if accepted.as_str() != Some(&amount(answer.investor).to_string()) {
            return Err(BenchFailure(format!("{}: {body}", answer.investor)));
        }
    }
    let bodies: Vec<_> = answers.iter().map(|answer| answer.body.clone()).collect();
    verify(&bodies, &issuer.log_key()?)
}

/// The record has everybody once, at the number of the answer, with the amount that was sent.
fn check_record(
    issuer: &Installation,
    server: &RunningServer,
    answers: &[Answered],
) -> Result<(), BenchFailure> {
    let mut promised = HashMap::new();
    let mut total = 0;
    for answer in answers {
        let body: Value = serde_json::from_slice(&answer.body)?;
        let sequence = body["sequence"].as_u64().unwrap_or(u64::MAX);
        promised.insert(sequence, answer.investor);
        total += amount(answer.investor);
    }
    let path = format!("/v1/offerings/{OFFERING}/contributions?limit=1000");
    let mut place = path.clone();
    let mut count = 0;
    loop {
        let page = issuer.read(server, &place)?;
        let rows = page["contributions"].as_array();
        for row in rows.into_iter().flatten() {
            let sequence = row["sequence"].as_u64().unwrap_or(u64::MAX);
            let investor = promised.remove(&sequence).ok_or_else(|| {
                BenchFailure(format!("a contribution that nobody was told of: {row}"))
            })?;
            let amount = amount(investor).to_string();
            let right = row["investor"].as_str() == Some(&name(investor))
                && row["accepted"]["units"].as_str() == Some(&amount);
            if !right {
                return Err(BenchFailure(format!("{investor} has {row}")));
            }
            count += 1;
        }
        let Some(after) = page["next"].as_u64() else {
            break;
        };
        place = format!("{path}&after={after}");
    }
    let offering = issuer.read(server, &format!("/v1/offerings/{OFFERING}"))?;
    let raised = offering["raised"]["units"].as_str() == Some(&total.to_string());
    if count == answers.len() && promised.is_empty() && raised {
        Ok(())
    } else {
        Err(BenchFailure(format!(
            "{} answers, {count} contributions, {} answers without one; {total} sent; {offering}",
            answers.len(),
            promised.len()
        )))
    }
}
