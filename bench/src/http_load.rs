//! The load: so many connections that are kept open; each sends its next request when it has the
//! answer to the last one. One thread, and as little work for a request as can be: the servers that
//! are compared share the machine with it.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use memchr::memmem;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::failure::BenchFailure;

/// Every so many answers of a connection one is kept.
const SAMPLE: u64 = 256;

/// What clients send. A turn is one request, or some that follow each other.
pub(crate) trait Turns: Send + Sync + 'static {
    /// Requests of a turn.
    fn steps(&self) -> usize {
        1
    }

    /// Writes request `step` of turn `number`, head and body.
    fn write(&self, number: u64, step: usize, out: &mut Vec<u8>);

    /// Whether the body of a 201 is what was to be answered.
    fn is_right(&self, body: &[u8]) -> bool;
}

/// When clients stop.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// After this time.
    Elapsed(Duration),
    /// Before this turn.
    Turn(u64),
}

/// What clients saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Time from the first byte of a turn to its last, one for each turn.
    pub(crate) times: Vec<Duration>,
    /// Bodies of some answers.
    pub(crate) samples: Vec<Vec<u8>>,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
}

impl Seen {
    /// Turns in a second.
    pub(crate) fn rate(&self) -> f64 {
        self.times.len() as f64 / self.elapsed.as_secs_f64()
    }
}

/// Sends turns over `connections`, numbered by `next`, which goes on from run to run.
pub(crate) fn run(
    address: SocketAddr,
    connections: usize,
    until: Until,
    next: &Arc<AtomicU64>,
    turns: &Arc<dyn Turns>,
) -> Result<Seen, BenchFailure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut clients = Vec::new();
        for _ in 0..connections {
            clients.push(Client::connect(address).await?);
        }
        let start = Instant::now();
        let tasks: Vec<_> = clients
            .into_iter()
            .map(|client| {
                let (next, turns) = (Arc::clone(next), Arc::clone(turns));
                tokio::spawn(async move { client.go_on(start, until, &next, &*turns).await })
            })
            .collect();
        let mut all = Seen::default();
        for task in tasks {
            let seen = task.await??;
            all.times.extend(seen.times);
            all.samples.extend(seen.samples);
        }
        all.elapsed = start.elapsed();
        Ok(all)
    })
}

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    received: Vec<u8>,
}

/// An answer, as far as anybody here cares.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self, BenchFailure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            received: Vec::with_capacity(16 * 1024),
        })
    }

    async fn go_on(
        mut self,
        start: Instant,
        until: Until,
        next: &AtomicU64,
        turns: &dyn Turns,
    ) -> Result<Seen, BenchFailure> {
        let mut seen = Seen::default();
        let mut request = Vec::with_capacity(1024);
        let mut count = 0;
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let begin = Instant::now();
            let over = match until {
                Until::Elapsed(time) => begin - start >= time,
                Until::Turn(end) => number >= end,
            };
            if over {
                return Ok(seen);
            }
            for step in 0..turns.steps() {
                request.clear();
                turns.write(number, step, &mut request);
                let answer = self.ask(&request).await?;
                if answer.status != 201 || !turns.is_right(answer.body) {
                    return Err(BenchFailure(format!(
                        "turn {number} was answered {}: {}",
                        answer.status,
                        String::from_utf8_lossy(answer.body)
                    )));
                }
                if count % SAMPLE == 0 && step + 1 == turns.steps() {
                    seen.samples.push(answer.body.to_vec());
                }
            }
            count += 1;
            seen.times.push(begin.elapsed());
        }
    }

    /// Sends a request and waits for its whole answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<Answer<'_>, BenchFailure> {
        self.stream.write_all(request).await?;
        self.received.clear();
        let (status, begin, end) = loop {
            if let Some(found) = frame(&self.received)?
                && self.received.len() >= found.2
            {
                break found;
            }
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(BenchFailure("the server closed the connection".into()));
            }
        };
        let body = self.received.get(begin..end).unwrap_or_default();
        Ok(Answer { status, body })
    }
}

/// Status, and where the body begins and ends, once the head is there.
fn frame(received: &[u8]) -> Result<Option<(u16, usize, usize)>, BenchFailure> {
    let Some(end_of_head) = memmem::find(received, b"\r\n\r\n") else {
        return Ok(None);
    };
    let malformed = || BenchFailure("an answer without status or length".into());
    let head = received.get(..end_of_head).ok_or_else(malformed)?;
    let status = number(head.get(9..12)).ok_or_else(malformed)?;
    const LENGTH: &[u8] = b"content-length: ";
    let length = match memmem::find(head, LENGTH) {
        Some(at) => {
            let digits = head.get(at + LENGTH.len()..).unwrap_or_default();
            let end = digits.iter().position(|byte| !byte.is_ascii_digit());
            number(digits.get(..end.unwrap_or(digits.len()))).ok_or_else(malformed)?
        }
        None if status == 204 => 0,
        None => return Err(malformed()),
    };
    let begin = end_of_head + 4;
    let status = u16::try_from(status).map_err(|_| malformed())?;
    Ok(Some((status, begin, begin + length)))
}

fn number(digits: Option<&[u8]>) -> Option<usize> {
    std::str::from_utf8(digits?).ok()?.parse().ok()
}

/// A POST of JSON with a key and an Idempotency-Key.
pub(crate) fn post(path: &str, key: &str, idempotency_key: &str, body: &str, out: &mut Vec<u8>) {
    for part in [
        "POST ",
        path,
        " HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ",
        key,
        "\r\ncontent-type: application/json\r\nidempotency-key: ",
        idempotency_key,
        "\r\ncontent-length: ",
        &body.len().to_string(),
        "\r\n\r\n",
        body,
    ] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// A GET with a key.
pub(crate) fn get(path: &str, key: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\n\r\n")
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let text = b"HTTP/1.1 201 Created\r\ncontent-length: 3\r\nx: y\r\n\r\nabc";
        let whole = frame(text).unwrap();
        assert_eq!(whole, Some((201, text.len() - 3, text.len())));
        for cut in 0..text.len() - 3 {
            assert_eq!(frame(&text[..cut]).unwrap(), None, "{cut}");
        }
        assert!(frame(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
