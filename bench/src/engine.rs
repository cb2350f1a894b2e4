//! The state machine alone: contributions applied per second on one core.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use softcap_offering::{
    Amount, Command, Contribute, CurrencyIndex, Funding, InvestorId, LineIndex, Offering, Outcome,
    Position, Stamp, terms::Terms,
};

use crate::{failure::BenchFailure, measure::ratio};

const TERMS: &str = include_str!("../terms/engine.toml");

/// First position inside the window of the terms.
pub(crate) const OPEN: u64 = 1_772_409_600_000;

/// Commands that arrive together, as in a batch of the journal.
const GROUP: usize = 64;

/// A slice of commands whose slowest one counts.
const SLICE: u64 = 10_000;

pub(crate) fn run() -> Result<(), BenchFailure> {
    println!("investors   commands  per second  worst 10,000  bytes/investor  bare map  ratio");
    for (investors, commands) in [(1_000_000, 5_000_000), (10_000_000, 15_000_000)] {
        measure(investors, commands)?;
    }
    Ok(())
}

fn measure(investors: u64, commands: u64) -> Result<(), BenchFailure> {
    let mut offering = announced(terms()?);
    let payments = || Payments::new(investors, commands);

    let mut worst = Duration::ZERO;
    let start = Instant::now();
    let mut slice = start;
    pay_all(&mut offering, payments(), |number| {
        if number % SLICE == 0 {
            worst = worst.max(slice.elapsed());
            slice = Instant::now();
        }
    })?;
    let engine = start.elapsed();

    // The least that any book-keeping must do: find the person and add the amount.
    let start = Instant::now();
    let mut map: HashMap<[u8; 20], u128> = HashMap::new();
    for (address, amount) in payments() {
        *map.entry(address).or_default() += amount;
    }
    let bare = start.elapsed();
    if map.len() != offering.investor_count() {
        return Err(BenchFailure(
            "the engine and the bare map count different investors".into(),
        ));
    }
    println!(
        "{investors:>9} {commands:>10} {:>11.0} {:>10.1} ms {:>15} {:>8.2} s {:>6.2}",
        commands as f64 / engine.as_secs_f64(),
        worst.as_secs_f64() * 1e3,
        offering.investor_bytes() as u64 / investors,
        bare.as_secs_f64(),
        ratio(engine, bare),
    );
    Ok(())
}

/// The terms of the benchmarks.
pub(crate) fn terms() -> Result<Arc<Terms>, BenchFailure> {
    Terms::parse(TERMS).map(Arc::new).map_err(|problems| {
        let lines = problems.iter().map(|problem| format!("{problem}\n"));
        BenchFailure(lines.collect())
    })
}

/// An offering under these terms that has begun.
pub(crate) fn announced(terms: Arc<Terms>) -> Offering {
    let mut offering = Offering::with_hash_seed(terms, 0x5eed);
    let terms_hash = offering.terms_hash();
    offering.apply(at(OPEN), &Command::Announce { terms_hash });
    offering
}

/// Applies payments in groups; says after each how many there were.
pub(crate) fn pay_all(
    offering: &mut Offering,
    mut payments: Payments,
    mut done: impl FnMut(u64),
) -> Result<(), BenchFailure> {
    let mut number = 0;
    loop {
        let group: Vec<_> = payments.by_ref().take(GROUP).collect();
        if group.is_empty() {
            return Ok(());
        }
        let investors = group.iter().map(|payment| InvestorId::Address(payment.0));
        offering.prepare(investors, std::iter::empty());
        for (address, amount) in group {
            apply(offering, number, address, amount)?;
            number += 1;
            done(number);
        }
    }
}

fn apply(
    offering: &mut Offering,
    number: u64,
    address: [u8; 20],
    amount: u128,
) -> Result<(), BenchFailure> {
    let contribute = Contribute {
        investor: InvestorId::Address(address),
        currency: CurrencyIndex(0),
        amount: Amount(amount),
        limit: None,
        reference: "c",
        source: None,
        funding: Funding::Arrived,
    };
    let outcome = offering.apply(at(OPEN + number), &Command::Contribute(contribute));
    if matches!(outcome, Outcome::Contributed(_)) {
        Ok(())
    } else {
        Err(BenchFailure(format!(
            "command {number} was not accepted: {outcome:?}"
        )))
    }
}

fn at(position: u64) -> Stamp {
    Stamp {
        line: LineIndex(0),
        position: Position(position),
    }
}

/// Everybody pays once, then people chosen at random pay again.
pub(crate) struct Payments {
    next: u64,
    commands: u64,
    investors: u64,
    state: u64,
}

impl Payments {
    pub(crate) fn new(investors: u64, commands: u64) -> Self {
        Self {
            next: 0,
            commands,
            investors,
            state: 0x9e37_79b9_7f4a_7c15,
        }
    }
}

impl Iterator for Payments {
    type Item = ([u8; 20], u128);

    fn next(&mut self) -> Option<Self::Item> {
        if self.next == self.commands {
            return None;
        }
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let person = if self.next < self.investors {
            self.next
        } else {
            self.state % self.investors
        };
        self.next += 1;
        let mut address = [0; 20];
        let scattered = person.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        address[..8].copy_from_slice(&scattered.to_le_bytes());
        address[8..16].copy_from_slice(&person.to_le_bytes());
        let amount = 1_000_000_000_000_000 + u128::from(self.state % 1_000_000_007) * 1_000_000;
        Some((address, amount))
    }
}
