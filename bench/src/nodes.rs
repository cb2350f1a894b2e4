//! Two nodes on one PostgreSQL against one: with one offering, whose order both write, and with ten.
//! Everything shares the machine, the database too. After the load both nodes must say the same: as
//! much raised as was answered, under the same checkpoint.

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use softcap_database::temporary::TemporaryPostgres;

use crate::{
    failure::BenchFailure,
    http::database,
    http_load::{Client, Turns, Until, get, post, run as load_run},
    http_server::{Installation, RunningServer},
    measure::{Cores, load, middle},
    settle,
};

const TERMS: &str = include_str!("../terms/engine.toml");
const ORIGIN: &str = "softcap.example/benchmark";
const CONNECTIONS: usize = 64;
const OFFERINGS: u64 = 10;
const INVESTORS: u64 = 10_000;
/// Wei.
const AMOUNT: u128 = 1_000_000_000_000_000;
/// More than the machine can do.
const PER_SECOND: u32 = 500_000;
/// Between two looks whether the other node has caught up, and how many of them.
const REST: Duration = Duration::from_millis(50);
const LOOKS: u32 = 600;

pub(crate) fn run(time: Duration, runs: usize, program: Option<&Path>) -> Result<(), BenchFailure> {
    let program = settle::program(program)?;
    let folder = tempfile::tempdir()?;
    let postgres = TemporaryPostgres::start()?;
    for (offerings, name) in [(1, "one"), (OFFERINGS, "ten")] {
        let place = folder.path().join(name);
        let url = database(&postgres, &format!("softcap_{name}"))?;
        let first = Installation::create(&program, url, &place.join("first"), PER_SECOND)?;
        let server = first.serve(0)?;
        let second = first.another_node(&place.join("second"))?;
        let servers = [server, second.serve(0)?];
        let cluster = Cluster {
            installation: first,
            servers,
            offerings,
            next: Arc::default(),
        };
        cluster.announce()?;
        cluster.measure(time, runs)?;
    }
    Ok(())
}

/// What was measured, run by run.
#[derive(Default)]
struct Rates {
    /// Answers a second.
    rates: Vec<f64>,
    /// How busy the machine was, in percent: where it is all, more nodes on it cannot do more.
    busy: Vec<f64>,
}

impl std::fmt::Display for Rates {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (rate, busy) = (middle(self.rates.clone()), middle(self.busy.clone()));
        write!(out, "{rate:.0}/s (cores {busy:.0} % busy)")
    }
}

/// Two nodes and their offerings.
struct Cluster {
    installation: Installation,
    servers: [RunningServer; 2],
    offerings: u64,
    next: Arc<AtomicU64>,
}

fn name(offering: u64) -> String {
    format!("bench-{offering}")
}

impl Cluster {
    fn announce(&self) -> Result<(), BenchFailure> {
        let [first, _] = &self.servers;
        for offering in 0..self.offerings {
            let origin = format!("{ORIGIN}-{offering}");
            let terms = TERMS.replace(ORIGIN, &origin);
            self.installation
                .announce_as(first, &name(offering), &terms)?;
        }
        self.agree(0)
    }

    /// One node and two in turn, so that what else the machine does meets both.
    fn measure(&self, time: Duration, runs: usize) -> Result<(), BenchFailure> {
        let [first, _] = &self.servers;
        let (mut answered, mut one, mut two) = (0, Rates::default(), Rates::default());
        for _ in 0..runs {
            for (rates, nodes) in [
                (&mut one, std::slice::from_ref(first)),
                (&mut two, &self.servers[..]),
            ] {
                let then = Cores::now();
                let (count, rate) = self.load(nodes, time)?;
                answered += count;
                rates.rates.push(rate);
                rates.busy.push(Cores::busy_since(then));
            }
        }
        self.agree(answered)?;
        let ratio = middle(two.rates.clone()) / middle(one.rates.clone());
        println!(
            "{} offering(s), {CONNECTIONS} connections: one node {one}, two nodes {two}, {ratio:.2} x; \
             {answered} answered, raised on both nodes, same checkpoints; load {}",
            self.offerings,
            load()
        );
        Ok(())
    }

    /// Contributions over so many connections in all: how many were answered, and in a second.
    fn load(&self, nodes: &[RunningServer], time: Duration) -> Result<(u64, f64), BenchFailure> {
        let turns: Arc<dyn Turns> = Arc::new(Contribute {
            key: self.installation.key.clone(),
            offerings: self.offerings,
        });
        let each = CONNECTIONS / nodes.len();
        let clients: Vec<_> = nodes
            .iter()
            .map(|node| {
                let (address, next) = (node.address, Arc::clone(&self.next));
                let turns = Arc::clone(&turns);
                let until = Until::Elapsed(time);
                std::thread::spawn(move || load_run(address, each, until, &next, &turns))
            })
            .collect();
        let (mut count, mut rate) = (0, 0.0);
        for client in clients {
            let seen = client
                .join()
                .map_err(|_| BenchFailure("the clients panicked".into()))??;
            count += seen.times.len() as u64;
            rate += seen.rate();
        }
        Ok((count, rate))
    }

    /// Waits until both nodes have everything; then they must say the same.
    fn agree(&self, answered: u64) -> Result<(), BenchFailure> {
        let expected = u128::from(answered) * AMOUNT;
        for node in &self.servers {
            let mut looks = 0;
            while self.raised(node).ok() != Some(expected) {
                looks += 1;
                if looks > LOOKS {
                    let raised = self.raised(node)?;
                    return Err(BenchFailure(format!(
                        "{raised} raised, {expected} answered"
                    )));
                }
                std::thread::sleep(REST);
            }
        }
        for offering in 0..self.offerings {
            let path = format!("/v1/offerings/{}/log/checkpoint", name(offering));
            let [one, other] = &self.servers;
            let (one, other) = (self.text(one, &path)?, self.text(other, &path)?);
            if one != other {
                return Err(BenchFailure(format!("{path}: {one} here, {other} there")));
            }
        }
        Ok(())
    }

    fn raised(&self, node: &RunningServer) -> Result<u128, BenchFailure> {
        let mut sum = 0;
        for offering in 0..self.offerings {
            let path = format!("/v1/offerings/{}", name(offering));
            let read = self.installation.read(node, &path)?;
            let units = read["raised"]["units"].as_str().unwrap_or_default();
            sum += units.parse::<u128>()?;
        }
        Ok(sum)
    }

    fn text(&self, node: &RunningServer, path: &str) -> Result<String, BenchFailure> {
        let request = get(path, &self.installation.key);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let mut client = Client::connect(node.address).await?;
            let answer = client.ask(&request).await?;
            Ok(String::from_utf8_lossy(answer.body).into_owned())
        })
    }
}

struct Contribute {
    key: String,
    offerings: u64,
}

impl Turns for Contribute {
    fn write(&self, number: u64, _: usize, out: &mut Vec<u8>) {
        let (investor, offering) = (100_000 + number % INVESTORS, number % self.offerings);
        let body = format!(
            "{{\"investor\":\"{investor}\",\"currency\":\"ETH\",\"amount\":\"{AMOUNT}\",\
             \"reference\":\"r-{number}\",\"funding\":\"arrived\"}}"
        );
        let path = format!("/v1/offerings/{}/contributions", name(offering));
        post(&path, &self.key, &format!("c-{number}"), &body, out);
    }

    fn is_right(&self, body: &[u8]) -> bool {
        memchr::memmem::find(body, b"\"kind\":\"contributed\"").is_some()
    }
}
