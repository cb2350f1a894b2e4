//! Pages while contributions come: how soon their first byte is there, beside the same pages of a server that has nothing
//! else to do. Both come at fixed moments, whatever the answers take, as people do.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::sleep_until,
};

use crate::{
    failure::BenchFailure,
    http::contributing,
    http_load::{Until, run as load_run},
    http_server::{Installation, OFFERING},
    measure::{load, percentile},
    paced::Paced,
    settle,
};

const TERMS: &str = include_str!("../terms/engine.toml");
const PER_SECOND: u32 = 500_000;
/// Contributions that are in the record before anything is measured.
const BEFORE: u64 = 20_000;
/// Pages in a second.
const PAGES: u32 = 100;
/// Contributions in a second meanwhile.
const CONTRIBUTIONS: f64 = 1_700.0;

/// What strangers read; `{offering}` is the name of one.
const PATHS: [&str; 7] = [
    "/",
    "/offerings/{offering}",
    "/offerings/{offering}/calculator",
    "/offerings/{offering}/log",
    "/offerings/{offering}/log/10000",
    "/verification",
    "/sign-up",
];

/// Measures each page alone and then beside contributions, for so long.
pub(crate) fn run(time: Duration, program: Option<&Path>) -> Result<(), BenchFailure> {
    let program = settle::program(program)?;
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data").display().to_string();
    let real = Installation::create(&program, data, folder.path(), PER_SECOND)?;
    let server = real.serve(0)?;
    real.announce(&server, TERMS)?;
    let (turns, next) = (contributing(&real.key), Arc::new(AtomicU64::new(0)));
    load_run(server.address, 64, Until::Turn(BEFORE), &next, &turns)?;

    let mut alone = read_pages(server.address, time)?;
    let beside = Paced::start(server.address, turns, BEFORE, CONTRIBUTIONS, |_| ());
    let mut together = read_pages(server.address, time)?;
    let rate = beside.end()?;
    let millis = |times: &mut [Duration], percent| percentile(times, percent).as_secs_f64() * 1e3;
    println!(
        "{PAGES} pages a second, a connection each, first byte: p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms beside {rate:.0} \
         contributions a second; p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms alone; load {}",
        millis(&mut together, 50.0),
        millis(&mut together, 95.0),
        millis(&mut together, 99.0),
        millis(&mut alone, 50.0),
        millis(&mut alone, 95.0),
        millis(&mut alone, 99.0),
        load()
    );
    Ok(())
}

/// Times from the moment a page was to be asked for to its first byte, the connection included.
fn read_pages(address: SocketAddr, time: Duration) -> Result<Vec<Duration>, BenchFailure> {
    let count = (time.as_secs_f64() * f64::from(PAGES)) as u32;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let start = Instant::now();
        let mut readers = Vec::new();
        for number in 0..count {
            let due = start + Duration::from_secs(1) / PAGES * number;
            sleep_until(due.into()).await;
            let path = PATHS[number as usize % PATHS.len()].replace("{offering}", OFFERING);
            readers.push(tokio::spawn(read_page(address, path, due)));
        }
        let mut times = Vec::with_capacity(readers.len());
        for reader in readers {
            times.push(reader.await??);
        }
        Ok(times)
    })
}

async fn read_page(
    address: SocketAddr,
    path: String,
    due: Instant,
) -> Result<Duration, BenchFailure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: bench\r\naccept: text/html\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::with_capacity(64 * 1024);
    stream.read_buf(&mut answer).await?;
    let first = due.elapsed();
    stream.read_to_end(&mut answer).await?;
    if answer.starts_with(b"HTTP/1.1 200") {
        Ok(first)
    } else {
        let said = String::from_utf8_lossy(answer.get(..200).unwrap_or(&answer)).into_owned();
        Err(BenchFailure(format!("{path}: {said}")))
    }
}
