//! The record inside the process: each batch appended to SQLite with one sync, applied to the engine,
//! put into the tree and signed while the next one is on its way to the disk, as the writer of a log does
//! it; beside it, the same bytes written to a file and synced, batch by batch in turn.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use softcap_database::{Database, DatabaseUrl};
use softcap_journal::{
    Appended, BatchRow, Log, LogKind, LogName, LogRow, NewBatch, OfferingMachine, Store,
    encode_at_batch_time,
};
use softcap_offering::{
    Amount, Command, Contribute, CurrencyIndex, Funding, InvestorId, RequestId,
};
use softcap_proof::SigningKey;
use tokio::runtime::Runtime;

use crate::{
    engine::{self, OPEN, Payments},
    failure::BenchFailure,
    measure::{load, percentile, ratio},
};

pub(crate) fn run(investors: u64, entries: u64, batch: usize) -> Result<(), BenchFailure> {
    if batch == 0 || entries == 0 {
        return Err(BenchFailure("no entries".into()));
    }
    let folder = tempfile::tempdir()?;
    let mut record = Record::create(folder.path())?;
    let mut floor = File::create(folder.path().join("floor"))?;
    let mut submitted = Submitted::new(Payments::new(investors, investors + entries));

    // Everybody comes once before anything is measured.
    let mut batches = investors.div_ceil(batch as u64);
    while batches > 0 {
        let (count, body) = submitted.batch(batch)?;
        record.append(count, body)?;
        batches -= 1;
    }
    record.finish()?;
    let (mut steps, mut times, mut floors) = (Vec::new(), Vec::new(), Vec::new());
    let (mut finishing, mut measured) = (Duration::ZERO, 0);
    loop {
        let (count, body) = submitted.batch(batch)?;
        if count == 0 {
            break;
        }
        let start = Instant::now();
        floor.write_all(&body)?;
        floor.sync_data()?;
        floors.push(start.elapsed());
        let step = record.append(count, body)?;
        // The batch before is finished in this step, and waited through the one before that.
        times.extend(steps.last().map(|before| *before + step.finishing));
        steps.push(step.whole);
        finishing += step.finishing;
        measured += count;
    }
    let last = record.finish()?;
    times.extend(steps.last().map(|before| *before + last));
    steps.push(last);
    let (whole, bare): (Duration, _) = (steps.iter().sum(), floors.iter().sum());
    print(
        "durable",
        measured,
        whole,
        &mut times,
        "append, apply, tree, signature",
    );
    print(
        "floor",
        measured,
        bare,
        &mut floors,
        "the same bytes written and synced",
    );
    println!(
        "durable / floor: {:.2} x the time; engine, tree and signature {:.0} % of it; {investors} \
         investors, {} entries; load {}",
        ratio(whole, bare),
        100.0 * (finishing + last).as_secs_f64() / whole.as_secs_f64(),
        record.log.size(),
        load(),
    );
    Ok(())
}

fn print(name: &str, count: u64, whole: Duration, times: &mut [Duration], what: &str) {
    println!(
        "{name:<8} {:>9.0} entries/s, batch p50 {:>7.3} ms, p99 {:>7.3} ms, worst {:>7.3} ms  ({what})",
        count as f64 / whole.as_secs_f64(),
        millis(percentile(times, 50.0)),
        millis(percentile(times, 99.0)),
        millis(percentile(times, 100.0)),
    );
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Contributions as they come from those who submit them, each with a request of its own.
pub(crate) struct Submitted {
    payments: Payments,
    number: u64,
}

impl Submitted {
    pub(crate) fn new(payments: Payments) -> Self {
        Self {
            payments,
            number: 0,
        }
    }

    /// The next entry, encoded, and its request.
    pub(crate) fn next(&mut self) -> Option<Result<(RequestId, Vec<u8>), BenchFailure>> {
        let (address, amount) = self.payments.next()?;
        self.number += 1;
        let request = request(self.number);
        let command = Command::Contribute(Contribute {
            investor: InvestorId::Address(address),
            currency: CurrencyIndex(0),
            amount: Amount(amount),
            limit: None,
            reference: "c",
            source: None,
            funding: Funding::Arrived,
        });
        let body = encode_at_batch_time(&command, Some(request));
        Some(body.map(|body| (request, body)).map_err(BenchFailure::from))
    }

    /// The next ones, one after the other; none at the end.
    fn batch(&mut self, most: usize) -> Result<(u64, Vec<u8>), BenchFailure> {
        let (mut count, mut bodies) = (0, Vec::new());
        while count < most as u64 {
            let Some(next) = self.next() else { break };
            bodies.extend(next?.1);
            count += 1;
        }
        Ok((count, bodies))
    }
}

/// As scattered as the keyed hashes that requests are.
fn request(number: u64) -> RequestId {
    let mut id = [0; 16];
    let mut half = |range: std::ops::Range<usize>, salt: u64| {
        let mut mixed = number
            .wrapping_add(salt)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        id[range].copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes());
    };
    half(0..8, 0);
    half(8..16, 0x5eed);
    RequestId(id)
}

/// A log with what its writer has at hand.
struct Record {
    runtime: Runtime,
    store: Store,
    name: LogName,
    origin: String,
    log: Log<OfferingMachine>,
    key: SigningKey,
    /// On disk, and no more.
    stored: Option<BatchRow>,
}

/// What it took to append a batch, and of that to finish the one before.
struct Step {
    finishing: Duration,
    whole: Duration,
}

impl Record {
    fn create(folder: &Path) -> Result<Self, BenchFailure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let terms = engine::terms()?;
        let name: LogName = "benchmark".parse()?;
        let row = LogRow {
            name: name.clone(),
            kind: LogKind::Offering,
            origin: terms.origin.clone(),
            document: String::new(),
            issuer: None,
            created: OPEN,
        };
        let store = runtime.block_on(async {
            let url = DatabaseUrl::Folder(folder.to_owned());
            let database = Database::open(&url, "journal").await?;
            let store = Store::open(database).await?;
            store.create(&row).await?;
            Ok::<_, BenchFailure>(store)
        })?;
        let terms_hash = terms.hash().0;
        let mut record = Self {
            log: Log::new(name.clone(), OfferingMachine::new(terms, 0x5eed)),
            key: SigningKey::from_entropy("softcap.example/benchmark", &[7; 32])?,
            origin: row.origin,
            name,
            runtime,
            store,
            stored: None,
        };
        let announce = encode_at_batch_time(&Command::Announce { terms_hash }, None)?;
        record.append(1, announce)?;
        record.finish()?;
        Ok(record)
    }

    fn append(&mut self, count: u64, body: Vec<u8>) -> Result<Step, BenchFailure> {
        let start = Instant::now();
        let tree_before = self.log.head();
        let stored = self.stored.as_ref();
        let first = stored.map_or(tree_before.size, |row| row.first + row.count);
        let mut id = [0; 16];
        id[..8].copy_from_slice(&first.to_le_bytes());
        let new = NewBatch {
            first,
            count,
            id,
            after: stored.map(|row| row.id),
            unread: 0,
            time: OPEN + first,
            tree_before,
            body,
        };
        let (store, name) = (self.store.clone(), self.name.clone());
        let append = store.append(&name, &new);
        let runtime = self.runtime.handle().clone();
        let meanwhile = async { self.finish() };
        let (appended, finished) =
            runtime.block_on(async { tokio::join!(biased; append, meanwhile) });
        let Appended::At { time, .. } = appended? else {
            return Err(BenchFailure("somebody else appends".into()));
        };
        self.stored = Some(BatchRow {
            first,
            count,
            id,
            time,
            tree_before,
            body: new.body,
        });
        Ok(Step {
            finishing: finished?,
            whole: start.elapsed(),
        })
    }

    /// Applies and signs what is on disk; says how long it took.
    fn finish(&mut self) -> Result<Duration, BenchFailure> {
        let start = Instant::now();
        let Some(row) = self.stored.take() else {
            return Ok(Duration::ZERO);
        };
        let sealed = self.log.apply(&row)?.sign(&self.origin, &self.key)?;
        // A companion of the writer puts them into the database of what can be made again.
        self.log.written(self.log.unwritten_count());
        if sealed.size() != row.first + row.count {
            return Err(BenchFailure("entries are missing".into()));
        }
        Ok(start.elapsed())
    }
}
