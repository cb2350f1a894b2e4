//! Contributions and entries become a journal: one pass, then the settlement.

use std::{io, sync::Arc};

use softcap_offering::{
    Command, LineIndex, Outcome, Position, Refusal, Sequence, Stamp, terms::Terms,
};
use softcap_proof::{
    ProofError, SignedTerms, SigningKey,
    bundle::{BundleFile, BundleSink, BundleWriter, SettledBundle},
};

use crate::{
    annotations::Annotations,
    contributions_csv::{Batch, Row},
    entries_toml::{Entries, EntrySink, Merge},
    failure::Failure,
    report_data::RaiseSeries,
};

/// The files do not say when the terms were announced; 0 stands for "not recorded".
const BEGIN: Stamp = Stamp {
    line: LineIndex(0),
    position: Position(0),
};

/// Ticks move windows at most once for each pause that ends; more rounds than this is a defect.
const TICK_ROUNDS: usize = 64;

/// Contributions whose investors are looked up together.
const AHEAD: usize = 64;

/// How many refused entries are listed one by one.
const LISTED: usize = 20;

/// A journal that grows.
pub(crate) struct Recording<'a, S: BundleSink> {
    merge: Merge<'a>,
    sink: Recorder<'a, S>,
    annotations: Option<Annotations>,
}

/// A settled journal and what was seen on the way.
pub(crate) struct Recorded<'a, S> {
    pub(crate) bundle: SettledBundle<'a, S>,
    pub(crate) raise: RaiseSeries,
    /// Entries of the issuer, investors or time that had no effect, one sentence each.
    pub(crate) refused_entries: Vec<String>,
    /// The content of `annotations.csv`, if it is wanted.
    pub(crate) annotations: Option<Vec<u8>>,
}

/// Takes entries in their order.
struct Recorder<'a, S: BundleSink> {
    bundle: BundleWriter<'a, S>,
    raise: RaiseSeries,
    refused: Vec<(Sequence, Refusal)>,
    refused_count: usize,
}

impl<S: BundleSink> EntrySink for Recorder<'_, S>
where
    S::File: 'static,
{
    type Error = Failure;

    fn append(&mut self, stamp: Stamp, command: &Command<'_>) -> Result<Sequence, Failure> {
        let (sequence, outcome) = self.bundle.record(stamp, command)?;
        let raised = self.bundle.offering().raised();
        if matches!(command, Command::Contribute(_) | Command::Commit { .. }) {
            self.raise.observe(stamp, raised);
            return Ok(sequence);
        }
        self.raise.observe_change(stamp, raised);
        if let Outcome::Refused(refusal) = outcome {
            self.refused_count += 1;
            if self.refused.len() < LISTED {
                self.refused.push((sequence, refusal));
            }
        }
        Ok(sequence)
    }
}

impl<'a, S: BundleSink> Recording<'a, S>
where
    S::File: 'static,
{
    /// Announces the terms and adds the entries that stand at the start.
    pub(crate) fn new(
        text: &str,
        terms: &Arc<Terms>,
        entries: &'a Entries,
        sink: &'a S,
    ) -> Result<Self, Failure> {
        let mut merge = Merge::new(entries, BEGIN);
        let mut sink = Recorder {
            bundle: BundleWriter::new(text.as_bytes(), Arc::clone(terms), BEGIN, sink)?,
            raise: RaiseSeries::new(terms),
            refused: Vec::new(),
            refused_count: 0,
        };
        merge.start(&mut sink)?;
        Ok(Self {
            merge,
            sink,
            annotations: None,
        })
    }

    /// Puts the issuer's signature beside the terms.
    pub(crate) fn sign_terms(&mut self, signed: &SignedTerms) -> Result<(), Failure> {
        Ok(self.sink.bundle.add_signature(signed)?)
    }

    /// Also collects the `x_` columns.
    pub(crate) fn keep_annotations(&mut self) {
        self.annotations = Some(Annotations::default());
    }

    /// Adds the contributions of a batch, and the entries around them.
    pub(crate) fn contributions(&mut self, batch: &Batch) -> Result<(), Failure> {
        let mut ahead = batch.rows();
        for (place, row) in batch.rows().enumerate() {
            if place % AHEAD == 0 {
                let offering = self.sink.bundle.offering();
                let group = ahead.clone().take(AHEAD);
                offering.prepare(group.map(|row| row.contribute.investor), std::iter::empty());
                ahead.nth(AHEAD - 1);
            }
            self.contribution(&row)?;
        }
        Ok(())
    }

    fn contribution(&mut self, row: &Row<'_>) -> Result<(), Failure> {
        if let Some(annotations) = &mut self.annotations {
            annotations.add(row);
        }
        self.merge.contribution(row, &mut self.sink)
    }

    /// Adds the entries at the end, lets the time pass that settlement waits for, and settles.
    pub(crate) fn settle(mut self, key: Option<&SigningKey>) -> Result<Recorded<'a, S>, Failure> {
        self.merge.finish(&mut self.sink)?;
        for _ in 0..TICK_ROUNDS {
            let due: Vec<Stamp> = self.due_ticks().collect();
            if due.is_empty() {
                break;
            }
            for stamp in due {
                self.sink.append(stamp, &Command::Tick)?;
            }
        }
        let Recorder {
            bundle,
            raise,
            refused,
            refused_count,
        } = self.sink;
        let stamp = bundle.offering().now_stamp();
        let bundle = bundle.settle(stamp, key).map_err(|error| {
            if let ProofError::SettleRefused { refusal } = error {
                Failure::not_settleable(refusal)
            } else {
                error.into()
            }
        })?;
        let mut refused_entries: Vec<String> = refused
            .iter()
            .map(|(sequence, refusal)| {
                let (code, sentence) = (refusal.code(), refusal.sentence());
                format!(
                    "entry {sequence} had no effect ({code}): {sentence} {}",
                    refusal.remedy()
                )
            })
            .collect();
        if refused_count > refused.len() {
            refused_entries.push(format!("{} more had none", refused_count - refused.len()));
        }
        let annotations = self.annotations.map(Annotations::into_csv);
        Ok(Recorded {
            bundle,
            raise,
            refused_entries,
            annotations,
        })
    }

    /// Positions that time must still reach, where it is not there yet.
    fn due_ticks(&self) -> impl Iterator<Item = Stamp> + '_ {
        let offering = self.sink.bundle.offering();
        let stamps = offering.settlement_stamps();
        stamps
            .into_iter()
            .filter(|stamp| stamp.position > offering.latest(stamp.line))
    }
}

/// A place where no file goes: a dry run computes everything and writes nothing.
#[derive(Debug)]
pub(crate) struct NoFiles;

impl BundleSink for NoFiles {
    type File = io::Sink;

    fn create(&self, _: BundleFile) -> io::Result<io::Sink> {
        Ok(io::sink())
    }

    fn close(&self, _: BundleFile, _: io::Sink) -> io::Result<()> {
        Ok(())
    }
}
