//! Numbers of the record, read when Prometheus asks.

use std::{
    fmt,
    sync::{Arc, Weak},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::{MetricType, gauge::ConstGauge},
};
use softcap_journal::OfferingLog;

use crate::api::Service;

/// Reads the logs; the numbers hold no log open that was closed.
#[derive(Debug)]
pub(crate) struct RecordNumbers(Weak<Service>);

/// Name, what it is, and how it is read.
type Number = (&'static str, &'static str, fn(&OfferingLog) -> u64);

const NUMBERS: [Number; 4] = [
    ("softcap_log_entries", "Entries of a log", |log| {
        log.reader.size()
    }),
    (
        "softcap_log_queue",
        "Entries that wait for the writer of a log",
        |log| log.sequencer.waiting() as u64,
    ),
    (
        "softcap_log_tiles_unwritten",
        "Full tiles of a log that are not in the database yet",
        |log| log.sequencer.read().unwritten_count() as u64,
    ),
    (
        "softcap_log_stopped",
        "1 while contributions to a log are stopped",
        |log| u64::from(log.sequencer.stopped().is_some()),
    ),
];

impl RecordNumbers {
    pub(crate) fn new(service: &Arc<Service>) -> Self {
        Self(Arc::downgrade(service))
    }
}

impl Collector for RecordNumbers {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some(service) = self.0.upgrade() else {
            return Ok(());
        };
        let logs = service.journal().offerings();
        for (name, help, read) in NUMBERS {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for log in &logs {
                let labels = [("offering", log.row.name.as_str())];
                ConstGauge::new(read(log)).encode(metric.encode_family(&labels)?)?;
            }
        }
        let metric = encoder.encode_descriptor(
            "softcap_webhooks_waiting",
            "Calls of webhooks that wait for their first or next attempt",
            None,
            MetricType::Gauge,
        )?;
        ConstGauge::new(service.webhooks().waiting()).encode(metric)?;
        let metric = encoder.encode_descriptor(
            "softcap_transfers_open",
            "Transfers between balances and offerings that are neither finished nor cancelled",
            None,
            MetricType::Gauge,
        )?;
        let open = service.journal().platform().map_or(0, |platform| {
            let state = platform.sequencer.read();
            state.machine().balances().open_transfers().count() as u64
        });
        ConstGauge::new(open).encode(metric)
    }
}
