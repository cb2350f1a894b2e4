//! People who have the page of an offering open: how soon each of them sees what was contributed, while contributions come
//! at a quarter of what the server can do.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use memchr::memmem;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{
    failure::BenchFailure,
    http::contributing,
    http_load::{Turns, Until, run as load_run},
    http_server::{Installation, OFFERING, RunningServer},
    measure::{load, percentile},
    paced::Paced,
    settle,
};

const TERMS: &str = include_str!("../terms/engine.toml");
const PER_SECOND: u32 = 500_000;
/// How long the server is measured with nobody looking.
const ALONE: Duration = Duration::from_secs(3);
/// What is left of the greatest rate.
const PART: f64 = 0.25;
/// Those who are compared with.
const FEW: usize = 10;
/// A listener that is told nothing for so long while contributions come was forgotten.
const SILENCE: Duration = Duration::from_secs(10);
/// More entries than any run makes.
const ENTRIES: usize = 4_000_000;

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) listeners: usize,
    pub(crate) time: Duration,
    pub(crate) program: Option<&'a Path>,
}

pub(crate) fn run(plan: &Plan<'_>) -> Result<(), BenchFailure> {
    let program = settle::program(plan.program)?;
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data").display().to_string();
    let real = Installation::create(&program, data, folder.path(), PER_SECOND)?;
    // Listeners come from addresses of their own, as people do: each address has a limit.
    let server = real.serve_with(&[("SOFTCAP_PROXIES", "127.0.0.1/32")])?;
    real.announce(&server, TERMS)?;
    let (turns, next) = (contributing(&real.key), Arc::new(AtomicU64::new(0)));
    let most = load_run(server.address, 64, Until::Elapsed(ALONE), &next, &turns)?.rate();
    println!("{most:.0} contributions a second with nobody looking");
    for listeners in [FEW, plan.listeners] {
        measure(&server, listeners, most * PART, (&turns, &next), plan.time)?;
    }
    Ok(())
}

fn measure(
    server: &RunningServer,
    listeners: usize,
    per_second: f64,
    (turns, next): (&Arc<dyn Turns>, &Arc<AtomicU64>),
    time: Duration,
) -> Result<(), BenchFailure> {
    let answered = Arc::new(Answered::new());
    let crowd = Crowd::start(server.address, listeners, &answered);
    crowd.wait_until_all_listen()?;
    let times = Arc::clone(&answered);
    // Turns of the runs before are not used again.
    let first = next.fetch_add(ENTRIES as u64, Ordering::Relaxed);
    let beside = Paced::start(
        server.address,
        Arc::clone(turns),
        first,
        per_second,
        move |sequence| times.note(sequence),
    );
    thread::sleep(time);
    let memory = server.memory();
    let told = crowd.end()?;
    let rate = beside.end()?;
    let mut lags = told.lags;
    let millis = |lags: &mut [Duration], percent| percentile(lags, percent).as_secs_f64() * 1e3;
    println!(
        "{listeners} listeners, each told {:.1} times a second, {rate:.0} contributions a second: from the answer to a \
         contribution until a listener has a total with it: p50 {:.0} ms, p99 {:.0} ms, worst {:.0} ms; server {:.0} MB; load {}",
        lags.len() as f64 / listeners as f64 / time.as_secs_f64(),
        millis(&mut lags, 50.0),
        millis(&mut lags, 99.0),
        millis(&mut lags, 100.0),
        memory as f64 / 1e6,
        load()
    );
    Ok(())
}

/// When each entry was answered.
struct Answered {
    start: Instant,
    /// Microseconds since the start, by number of the entry; 0: not yet.
    at: Vec<AtomicU64>,
}

impl Answered {
    fn new() -> Self {
        let mut at = Vec::new();
        at.resize_with(ENTRIES, AtomicU64::default);
        Self {
            start: Instant::now(),
            at,
        }
    }

    fn note(&self, sequence: u64) {
        let micros = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        if let Some(at) = usize::try_from(sequence)
            .ok()
            .and_then(|place| self.at.get(place))
        {
            at.store(micros.max(1), Ordering::Relaxed);
        }
    }

    /// How long ago an entry was answered; nothing where it was not yet.
    fn since(&self, sequence: u64) -> Duration {
        let place = usize::try_from(sequence).ok();
        let at = place.and_then(|place| self.at.get(place));
        match at.map_or(0, |at| at.load(Ordering::Relaxed)) {
            0 => Duration::ZERO,
            micros => self
                .start
                .elapsed()
                .saturating_sub(Duration::from_micros(micros)),
        }
    }
}

/// What listeners saw.
#[derive(Default)]
struct Seen {
    /// For each total: how long ago the oldest entry was answered that the total before did not have.
    lags: Vec<Duration>,
}

struct Crowd {
    listening: Arc<AtomicU64>,
    count: u64,
    stop: Arc<AtomicBool>,
    listeners: JoinHandle<Result<Seen, BenchFailure>>,
}

impl Crowd {
    fn start(address: SocketAddr, count: usize, answered: &Arc<Answered>) -> Self {
        let (listening, stop) = (
            Arc::new(AtomicU64::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let listener = Listener {
            address,
            answered: Arc::clone(answered),
            listening: Arc::clone(&listening),
            over: Arc::clone(&stop),
        };
        let listeners = thread::spawn(move || listener.all(count));
        Self {
            listening,
            count: count as u64,
            stop,
            listeners,
        }
    }

    fn wait_until_all_listen(&self) -> Result<(), BenchFailure> {
        while self.listening.load(Ordering::Relaxed) < self.count {
            if self.listeners.is_finished() {
                return Err(BenchFailure("not everybody can listen".into()));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn end(self) -> Result<Seen, BenchFailure> {
        self.stop.store(true, Ordering::Relaxed);
        let ended = self.listeners.join();
        ended.map_err(|_| BenchFailure("a thread panicked".into()))?
    }
}

#[derive(Clone)]
struct Listener {
    address: SocketAddr,
    answered: Arc<Answered>,
    listening: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Listener {
    fn all(self, count: usize) -> Result<Seen, BenchFailure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let mut tasks = Vec::with_capacity(count);
            for place in 0..count {
                tasks.push(tokio::spawn(self.clone().listen(place)));
                // As fast as they can be let in, and not all in one moment.
                if place % 64 == 0 {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
            let mut all = Seen::default();
            for task in tasks {
                all.lags.append(&mut task.await??.lags);
            }
            Ok(all)
        })
    }

    async fn listen(self, place: usize) -> Result<Seen, BenchFailure> {
        let mut stream = TcpStream::connect(self.address).await?;
        let (high, low) = (place / 256, place % 256);
        let request = format!(
            "GET /offerings/{OFFERING}/live HTTP/1.1\r\nhost: bench\r\naccept: text/event-stream\r\n\
             x-forwarded-for: 10.7.{high}.{low}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let (mut seen, mut received) = (Seen::default(), Vec::with_capacity(2_048));
        let mut before = None;
        while !self.over.load(Ordering::Relaxed) {
            match timeout(SILENCE, stream.read_buf(&mut received)).await {
                Ok(Ok(0)) => return Err(BenchFailure("a stream ended".into())),
                Ok(read) => read?,
                // Nobody contributes while others still come.
                Err(_) if seen.lags.is_empty() => continue,
                Err(_) => return Err(BenchFailure("a listener was forgotten".into())),
            };
            while let Some(end) = memmem::find(&received, b"\n\n") {
                let size = size(received.get(..end).unwrap_or_default());
                received.drain(..end + 2);
                // What is no total is a comment that keeps the connection.
                let Some(size) = size else { continue };
                match before.replace(size) {
                    None => {
                        self.listening.fetch_add(1, Ordering::Relaxed);
                    }
                    Some(before) => seen.lags.push(self.answered.since(before)),
                }
            }
        }
        Ok(seen)
    }
}

/// The number of entries that an event was made of: its id.
fn size(event: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"\nid: ";
    let rest = event.get(memmem::find(event, NAME)? + NAME.len()..)?;
    let end = rest.iter().position(|byte| !byte.is_ascii_digit());
    let digits = rest.get(..end.unwrap_or(rest.len()))?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_an_event_is_its_size() {
        assert_eq!(size(b"event: totals\nid: 12\ndata: {}"), Some(12));
        assert_eq!(size(b": "), None);
    }
}
