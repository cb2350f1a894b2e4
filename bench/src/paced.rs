//! Contributions at fixed moments, whatever the answers take.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use memchr::memmem;
use tokio::time::sleep_until;

use crate::{
    failure::BenchFailure,
    http_load::{Client, Turns},
};

/// Over so many connections.
const CONNECTIONS: u32 = 64;

/// Contributions that come until they are ended.
pub(crate) struct Paced {
    stop: Arc<AtomicBool>,
    clients: JoinHandle<Result<f64, BenchFailure>>,
}

impl Paced {
    /// Starts them with turn `first`, so many a second; `answered` is told the number of each entry as its answer comes.
    pub(crate) fn start(
        address: SocketAddr,
        turns: Arc<dyn Turns>,
        first: u64,
        per_second: f64,
        answered: impl Fn(u64) + Send + Sync + 'static,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let pace = Arc::new(Pace {
            address,
            turns,
            first,
            per_second,
            answered: Box::new(answered),
            over: Arc::clone(&stop),
        });
        let clients = thread::spawn(move || pace.keep());
        Self { stop, clients }
    }

    /// Ends them; how many a second were answered.
    pub(crate) fn end(self) -> Result<f64, BenchFailure> {
        self.stop.store(true, Ordering::Relaxed);
        let ended = self.clients.join();
        ended.map_err(|_| BenchFailure("a thread panicked".into()))?
    }
}

struct Pace {
    address: SocketAddr,
    turns: Arc<dyn Turns>,
    first: u64,
    per_second: f64,
    answered: Box<dyn Fn(u64) + Send + Sync>,
    over: Arc<AtomicBool>,
}

impl Pace {
    fn keep(self: Arc<Self>) -> Result<f64, BenchFailure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let start = Instant::now();
            let clients: Vec<_> = (0..CONNECTIONS)
                .map(|place| tokio::spawn(Arc::clone(&self).connection(start, place)))
                .collect();
            let mut count = 0.0;
            for client in clients {
                count += f64::from(client.await??);
            }
            Ok(count / start.elapsed().as_secs_f64())
        })
    }

    /// Every so many turns are those of one connection.
    async fn connection(self: Arc<Self>, start: Instant, place: u32) -> Result<u32, BenchFailure> {
        let mut client = Client::connect(self.address).await?;
        let (mut request, mut count) = (Vec::new(), 0);
        while !self.over.load(Ordering::Relaxed) {
            let turn = count * CONNECTIONS + place;
            let due = Duration::from_secs_f64(f64::from(turn) / self.per_second);
            sleep_until((start + due).into()).await;
            request.clear();
            self.turns
                .write(self.first + u64::from(turn), 0, &mut request);
            let answer = client.ask(&request).await?;
            let sequence = sequence(answer.body).filter(|_| answer.status == 201);
            let Some(sequence) = sequence else {
                let said = String::from_utf8_lossy(answer.body);
                let status = answer.status;
                return Err(BenchFailure(format!(
                    "turn {turn} was answered {status}: {said}"
                )));
            };
            (self.answered)(sequence);
            count += 1;
        }
        Ok(count)
    }
}

/// The number of the entry in an answer.
fn sequence(body: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"\"sequence\":";
    let rest = body.get(memmem::find(body, NAME)? + NAME.len()..)?;
    let end = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_an_entry_is_found_in_an_answer() {
        assert_eq!(sequence(br#"{"sequence":1207,"outcome":{}}"#), Some(1_207));
        assert_eq!(sequence(br#"{"sequence":"x"}"#), None);
        assert_eq!(sequence(br#"{"other":1}"#), None);
    }
}
