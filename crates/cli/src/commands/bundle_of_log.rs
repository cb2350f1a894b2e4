//! The audit bundle of a running offering: what `softcap settle` writes, from the log of a server.

use std::{io::Write as _, path::Path};

use softcap_journal::{OfferingLog, bundle_leaves};
use softcap_offering::Command;
use softcap_proof::{
    SigningKey,
    bundle::{BundleWriter, OpaqueFile},
    entry::decode,
};

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
    let size = log.reader.size();
    let mut bundles = Vec::new();
    for place in 0..size.div_ceil(256) {
        let bundle = log.reader.tile(-1, place).await;
        bundles.push(bundle.map_err(|error| Failure::Server(error.into()))?);
    }
    let folder = OutDir::create(out)?;
    let summary = write_into(log, key, &folder, &bundles, out)?;
    folder.finish()?;
    Ok(summary)
}

fn write_into(
    log: &OfferingLog,
    key: &SigningKey,
    folder: &OutDir,
    bundles: &[Vec<u8>],
    out: &Path,
) -> Result<Summary, Failure> {
    let mut leaves = bundles.iter().flat_map(|bundle| bundle_leaves(bundle));
    let first = leaves.next().unwrap_or_default();
    let (announce, _) = decode(first)?;
    let text = log.row.document.as_bytes();
    let mut bundle = BundleWriter::new(text, log.terms.clone(), announce.stamp, folder)?;
    let mut raise = RaiseSeries::new(&log.terms);
    let mut unrecorded = UnrecordedRefusals::default();
    let mut rows = 0;
    for leaf in leaves {
        let (entry, _) = decode(leaf)?;
        let (_, outcome) = bundle.record_request(entry.stamp, entry.request, &entry.command)?;
        unrecorded.observe(&entry.command, &outcome);
        let raised = bundle.offering().raised();
        if matches!(
            entry.command,
            Command::Contribute(_) | Command::Commit { .. }
        ) {
            rows += 1;
            raise.observe(entry.stamp, raised);
        } else {
            raise.observe_change(entry.stamp, raised);
        }
    }
    let mut bundle = bundle.finish_recorded(Some(key))?;
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
    Ok(summary)
}
