//! The audit bundle of a running offering: what `softcap settle` writes, from the log of a server.

use std::{io::Write as _, path::Path, sync::Arc};

use softcap_journal::{JournalError, OfferingLog, write_bundle};
use softcap_offering::Command;
use softcap_proof::{SigningKey, bundle::OpaqueFile};

use super::settle::Summary;
use crate::{
    failure::Failure,
    out_dir::OutDir,
    report,
    report_data::{self, RaiseSeries, UnrecordedRefusals},
};

/// Writes the bundle of a settled offering into a new folder.
pub(super) async fn write(
    log: &OfferingLog,
    key: &SigningKey,
    out: &Path,
) -> Result<Summary, Failure> {
    let folder = OutDir::create(out)?;
    let mut raise = RaiseSeries::new(&log.terms);
    let mut unrecorded = UnrecordedRefusals::default();
    let mut rows = 0;
    let bundle = write_bundle(log, key, &folder, |entry, outcome, offering| {
        unrecorded.observe(&entry.command, outcome);
        if matches!(
            entry.command,
            Command::Contribute(_) | Command::Commit { .. }
        ) {
            rows += 1;
            raise.observe(entry.stamp, offering.raised());
        } else {
            raise.observe_change(entry.stamp, offering.raised());
        }
    });
    let mut bundle = bundle.await.map_err(of_record)?;
    let summary = Summary::new(&bundle, Some(key), rows);
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let data = report_data::report_data(
        bundle.offering(),
        &raise,
        &unrecorded,
        summary.report_commitments(),
        &name,
    );
    if let Some(data) = data {
        let page = report::render(&data)?;
        bundle.add_opaque(OpaqueFile::Report, |file| file.write_all(page.as_bytes()))?;
    }
    bundle.finish()?;
    folder.finish()?;
    Ok(summary)
}

/// What kept a file of the bundle from being written says more than that the record was read.
fn of_record(error: JournalError) -> Failure {
    let JournalError::Proof(proof) = error else {
        return Failure::Server(error.into());
    };
    match Arc::try_unwrap(proof) {
        Ok(proof) => proof.into(),
        Err(shared) => Failure::Server(JournalError::Proof(shared).into()),
    }
}
