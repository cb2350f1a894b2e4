//! The state of a large offering as bytes: written and read again, against replaying the commands that
//! led to it.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use softcap_offering::Offering;

use crate::{
    engine::{Payments, announced, pay_all, terms},
    failure::BenchFailure,
    measure::ratio,
};

pub(crate) fn run(investors: u64, contributions: u64, runs: usize) -> Result<(), BenchFailure> {
    let terms = terms()?;
    let mut offering = announced(terms.clone());
    let start = Instant::now();
    pay_all(
        &mut offering,
        Payments::new(investors, contributions),
        |_| (),
    )?;
    let replay = start.elapsed();

    let (mut writes, mut hashes, mut reads) = (Vec::new(), Vec::new(), Vec::new());
    let mut bytes = Vec::new();
    for _ in 0..runs {
        let start = Instant::now();
        let mut count = Count(0);
        let hash = offering.write_state(&mut count)?;
        writes.push(start.elapsed());

        let start = Instant::now();
        let same = offering.state_hash() == hash;
        hashes.push(start.elapsed());

        // To read from memory, as from a file that the machine has read ahead.
        bytes.clear();
        offering.write_state(&mut bytes)?;
        let start = Instant::now();
        let copy = Offering::read_state(terms.clone(), 0x5eed, bytes.as_slice())
            .map_err(|wrong| BenchFailure(wrong.to_string()))?;
        reads.push(start.elapsed());
        if !same || copy.state_hash() != hash || count.0 != bytes.len() {
            return Err(BenchFailure("what was read is another state".into()));
        }
    }
    println!(
        "{contributions} contributions by {investors} investors, replayed in {:.2} s",
        replay.as_secs_f64()
    );
    println!(
        "{} bytes, {:.1} for each contribution",
        bytes.len(),
        bytes.len() as f64 / contributions as f64
    );
    for (what, times) in [("write", writes), ("hash", hashes), ("read", reads)] {
        let time = median(times);
        println!(
            "{what:>6} {:>6.2} s, {:.3} of replaying",
            time.as_secs_f64(),
            ratio(time, replay)
        );
    }
    Ok(())
}

/// Counts what is written to it, so that writing is measured and not the growth of a vector.
struct Count(usize);

impl Write for Count {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.0 += piece.len();
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
