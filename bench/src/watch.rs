//! A server that follows an escrow: from the first event of a sale to the last one in its record, on disk. Beside it, the
//! same logs read over the same connection and entered nowhere.

use std::{
    io::{IsTerminal as _, Write as _},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718 as _;
use alloy_network::TxSignerSync as _;
use alloy_primitives::{Address, Bytes, TxKind, U256};
use serde_json::json;
use softcap_chain::{Blocks, Control, MOST_ACCOUNTS, Node, Origins, Server, Settings};
use softcap_evm::{
    ChainSource, Endpoint, Endpoints, Header, HttpTransport, PaidIn, Parties, RpcClient,
    announcement, bindings::factory::EscrowFactory,
};
use softcap_offering::terms::Terms;
use tokio::runtime::Runtime;

use crate::{
    failure::BenchFailure,
    http_load::post,
    http_server::{Installation, OFFERING, RunningServer, ask},
    measure::{load, ratio},
    settle,
};

const TERMS: &str = include_str!("../terms/watch.toml");
/// Blocks that must stand on a block.
const CONFIRMATIONS: u64 = 2;
/// Blocks of one question: the default of a server.
const BLOCKS_AT_ONCE: u64 = 2_000;
/// A hundredth of a coin.
const PAYMENT: u128 = 10_000_000_000_000_000;
/// More than a contribution needs.
const CONTRIBUTION_GAS: u64 = 150_000;
/// More than a factory needs.
const OFFICE_GAS: u64 = 15_000_000;
/// Between two looks how far the server is.
const PAUSE: Duration = Duration::from_millis(10);
/// A server that takes longer is not measured.
const LONGEST: Duration = Duration::from_secs(600);

/// What is measured.
#[derive(Debug)]
pub(crate) struct Plan<'p> {
    /// Contributions that are there before the server follows.
    pub(crate) events: u64,
    /// Contributions of a block.
    pub(crate) per_block: u64,
    /// The program.
    pub(crate) program: Option<&'p Path>,
}

pub(crate) fn run(plan: &Plan<'_>) -> Result<(), BenchFailure> {
    let program = settle::program(plan.program)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let mut chain = Chain::begin(&runtime)?;
    let start = Instant::now();
    chain.fill(plan.events, plan.per_block)?;
    println!(
        "chain: {} contributions in {} blocks, made in {:.1} s",
        plan.events,
        chain.node.height() - chain.announced.number,
        start.elapsed().as_secs_f64()
    );
    let url = chain.serve(&runtime)?;
    let read = read_alone(&runtime, &chain, &url, plan.events)?;
    print("logs read and entered nowhere", plan.events, read);
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let installation =
        Installation::create(&program, data.display().to_string(), folder.path(), 1_000)?;
    let server = installation.serve_with(&[
        ("SOFTCAP_EVM_ENDPOINTS", &url),
        ("SOFTCAP_EVM_CONFIRMATIONS", &CONFIRMATIONS.to_string()),
        ("SOFTCAP_EVM_POLL_MILLIS", "20"),
    ])?;
    installation.announce(&server, TERMS)?;
    let followed = follow(&installation, &server, &chain)?;
    check(&installation, &server, plan.events)?;
    print("back-fill into the record", plan.events, followed);
    println!(
        "back-fill / reading: {:.2} x the time; {} MB of memory at most; load {}",
        ratio(followed, read),
        server.peak_memory() >> 20,
        load()
    );
    Ok(())
}

fn print(what: &str, events: u64, time: Duration) {
    println!(
        "{what:<30} {:>8.0} events/s  {:>6.2} s",
        events as f64 / time.as_secs_f64(),
        time.as_secs_f64()
    );
}

/// From naming the escrow to the last event that is deep enough.
fn follow(
    installation: &Installation,
    server: &RunningServer,
    chain: &Chain,
) -> Result<Duration, BenchFailure> {
    let body = json!({ "contract": chain.escrow.to_string(), "block": chain.announced.number });
    let mut request = Vec::new();
    let path = format!("/v1/offerings/{OFFERING}/escrow");
    let start = Instant::now();
    post(
        &path,
        &installation.key,
        "escrow",
        &body.to_string(),
        &mut request,
    );
    ask(server.address, &request)?;
    let path = format!("/v1/offerings/{OFFERING}/rail");
    let end = chain.node.height() - CONFIRMATIONS;
    loop {
        let status = installation.read(server, &path)?;
        if !status["alarm"].is_null() || start.elapsed() > LONGEST {
            return Err(BenchFailure(format!("not followed: {status}")));
        }
        if status["followed"].as_u64() >= Some(end) {
            return Ok(start.elapsed());
        }
        std::thread::sleep(PAUSE);
    }
}

/// Nothing is missing.
fn check(
    installation: &Installation,
    server: &RunningServer,
    events: u64,
) -> Result<(), BenchFailure> {
    let found = installation.read(server, &format!("/v1/offerings/{OFFERING}"))?;
    if found["contributions"].as_u64() == Some(events) {
        Ok(())
    } else {
        Err(BenchFailure(format!("{events} events became {found}")))
    }
}

fn read_alone(
    runtime: &Runtime,
    chain: &Chain,
    url: &str,
    events: u64,
) -> Result<Duration, BenchFailure> {
    let endpoint = Endpoint {
        name: "the chain".to_owned(),
        client: RpcClient::new(HttpTransport::new(url)?, false),
    };
    let endpoints = Endpoints::new(vec![endpoint], 1);
    let (contract, behind) = (chain.escrow, chain.announced);
    let start = Instant::now();
    let mut source = ChainSource::new(endpoints, contract, behind, CONFIRMATIONS, BLOCKS_AT_ONCE);
    let mut read = 0;
    loop {
        let polled = runtime.block_on(source.poll())?;
        read += polled.logs.len() as u64;
        if !polled.more {
            break;
        }
    }
    if read == events {
        Ok(start.elapsed())
    } else {
        Err(BenchFailure(format!("{read} of {events} logs were read")))
    }
}

/// A chain with an escrow on it that everybody may pay into.
struct Chain {
    node: Arc<Node>,
    chain_id: u64,
    escrow: Address,
    announced: Header,
    nonces: Vec<u64>,
}

impl Chain {
    fn begin(runtime: &Runtime) -> Result<Self, BenchFailure> {
        let settings = Settings {
            accounts: Some(MOST_ACCOUNTS),
            blocks: Blocks::WhenTold,
            ..Settings::default()
        };
        let node = Arc::new(Node::in_memory(&settings)?);
        let mut chain = Self {
            chain_id: node.chain_id(),
            nonces: vec![0; node.accounts().len()],
            escrow: Address::ZERO,
            announced: Header {
                number: 0,
                hash: Default::default(),
                parent: Default::default(),
                timestamp: 0,
            },
            node,
        };
        let issuer = chain.address(0)?;
        let code = EscrowFactory::BYTECODE.clone();
        chain.send(0, TxKind::Create, (0, code), OFFICE_GAS)?;
        chain.node.mine()?;
        let terms = Terms::parse(TERMS)
            .map_err(|problems| BenchFailure(format!("the terms are wrong: {problems:?}")))?;
        let parties = Parties {
            issuer,
            beneficiary: issuer,
            verifier: None,
            paid_in: PaidIn::Coin,
            treasury: None,
            holders: std::collections::BTreeMap::default(),
        };
        let told = announcement(&terms, &parties)
            .map_err(|reasons| BenchFailure(format!("no contract keeps the terms: {reasons:?}")))?;
        let factory = TxKind::Call(issuer.create(0));
        chain.send(0, factory, (0, told.calldata()), OFFICE_GAS)?;
        chain.node.mine()?;
        let client = RpcClient::new(softcap_chain::InProcess::new(Arc::clone(&chain.node)), true);
        let name = "in process".to_owned();
        let endpoints = Endpoints::new(vec![Endpoint { name, client }], 1);
        let height = chain.node.height();
        runtime.block_on(async {
            chain.announced = endpoints.block(height).await?.header();
            let logs = endpoints.logs_about(&[], (height, height)).await?;
            let escrow = logs.iter().find_map(|log| {
                let topics = log.topics.as_slice();
                (topics.len() == 4).then(|| Address::from_word(topics[2]))
            });
            chain.escrow =
                escrow.ok_or_else(|| BenchFailure("nothing was announced".to_owned()))?;
            Ok::<_, BenchFailure>(())
        })?;
        Ok(chain)
    }

    fn address(&self, account: usize) -> Result<Address, BenchFailure> {
        let account = self.node.accounts().get(account);
        Ok(account
            .ok_or_else(|| BenchFailure("no account".to_owned()))?
            .address())
    }

    fn send(
        &mut self,
        account: usize,
        to: TxKind,
        (value, input): (u128, Bytes),
        gas_limit: u64,
    ) -> Result<(), BenchFailure> {
        let (held, nonce) = (
            self.node.accounts().get(account),
            self.nonces.get_mut(account),
        );
        let (Some(held), Some(nonce)) = (held, nonce) else {
            return Err(BenchFailure("no account".to_owned()));
        };
        let mut transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce: *nonce,
            gas_limit,
            max_fee_per_gas: 100_000_000_000,
            max_priority_fee_per_gas: 1,
            to,
            value: U256::from(value),
            input,
            ..TxEip1559::default()
        };
        let signature = held.signer().sign_transaction_sync(&mut transaction)?;
        let envelope = TxEnvelope::from(transaction.into_signed(signature));
        self.node.submit(&envelope.encoded_2718())?;
        *nonce += 1;
        Ok(())
    }

    /// So many contributions, everybody in turn; then the blocks that make the last one deep enough.
    fn fill(&mut self, events: u64, per_block: u64) -> Result<(), BenchFailure> {
        let to = TxKind::Call(self.escrow);
        let accounts = self.nonces.len() as u64;
        for event in 0..events {
            let account = usize::try_from(event % accounts)?;
            self.send(account, to, (PAYMENT, Bytes::new()), CONTRIBUTION_GAS)?;
            if (event + 1) % per_block.max(1) == 0 {
                self.node.mine()?;
                progress(event + 1, events);
            }
        }
        for _ in 0..=CONFIRMATIONS {
            self.node.mine()?;
        }
        progress(events, events);
        Ok(())
    }

    /// Answers on a port of its own from now on; its address.
    fn serve(&self, runtime: &Runtime) -> Result<String, BenchFailure> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (node, origins) = (Arc::clone(&self.node), Origins::Listed(Vec::new()));
        let server = runtime.block_on(Server::bind(node, address, Control::Withheld, origins))?;
        let url = format!("http://{}", server.address());
        runtime.spawn(server.serve(std::future::pending()));
        Ok(url)
    }
}

/// How far the chain is, for who waits for it.
fn progress(done: u64, all: u64) {
    let mut out = std::io::stderr();
    if out.is_terminal() {
        // Nobody looks where it cannot be written.
        let _ = write!(out, "\rfilling the chain: {:>3} %", 100 * done / all.max(1));
        if done == all {
            let _ = writeln!(out);
        }
    }
}
