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

use crate::{api::Service, evm::RailStatus};

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

/// Of an escrow that is followed.
type RailNumber = (&'static str, &'static str, fn(&RailStatus) -> u64);

const RAIL_NUMBERS: [RailNumber; 4] = [
    (
        "softcap_rail_head_block",
        "Newest block of the chain",
        |status| status.head,
    ),
    (
        "softcap_rail_followed_block",
        "Block up to which everything is in the record",
        |status| status.followed,
    ),
    (
        "softcap_rail_waiting",
        "Logs of the escrow that wait for confirmations",
        |status| status.waiting,
    ),
    (
        "softcap_rail_alarm",
        "1 while the rail is stopped until an operator confirms",
        |status| u64::from(status.alarm.is_some()),
    ),
];

fn encode_rails(
    service: &Service,
    logs: &[Arc<OfferingLog>],
    encoder: &mut DescriptorEncoder<'_>,
) -> Result<(), fmt::Error> {
    for (name, help, read) in RAIL_NUMBERS {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for log in logs {
            if let Some(status) = service.rails().status(&log.row.name) {
                let labels = [("offering", log.row.name.as_str())];
                ConstGauge::new(read(&status)).encode(metric.encode_family(&labels)?)?;
            }
        }
    }
    let mut metric = encoder.encode_descriptor(
        "softcap_rail_endpoint_left_out",
        "1 while a node of the chain failed, lagged or said something else than the others",
        None,
        MetricType::Gauge,
    )?;
    for (endpoint, fault) in service.rails().endpoints() {
        let labels = [("endpoint", endpoint.as_str())];
        let left_out = u64::from(fault.is_some());
        ConstGauge::new(left_out).encode(metric.encode_family(&labels)?)?;
    }
    Ok(())
}

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
        encode_rails(&service, &logs, &mut encoder)?;
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
