//! The durable, totally ordered record: one log per offering, one of the platform's balances, and one of the audit.
//!
//! - [`Store`]: the rows of the record, in SQLite or PostgreSQL.
//! - [`Machine`]: what the entries of a log mean; pure.
//! - [`Log`]: a machine, its tree and what of both is not in the database yet.
//! - [`Sequencer`]: the one writer of a log: takes what is queued, appends it, applies it, answers.
//! - [`Tiles`], `snapshot_file`: derived from the record, written behind it, rebuilt from it.
//! - [`Transfers`]: money between the platform's log and those of offerings, once, whatever stops.
//! - [`BundleArchive`]: what an auditor takes home of a settled offering.
//! - [`Cosignatures`]: what witnesses said of the checkpoints.
//! - [`Journal`]: all of it for one data folder or database.

mod applying;
mod audit;
mod backup;
mod bundle;
mod companions;
mod company;
mod cosignatures;
mod error;
mod gathering;
mod investor_numbers;
mod journal;
mod kept_checkpoint;
mod locks;
mod log;
mod log_name;
mod log_reader;
mod machine;
mod platform;
mod private_log;
mod publisher;
mod rebuild;
mod record_check;
mod record_reading;
mod restore;
mod running_snapshot;
mod scrub;
mod sealed_batch;
mod sequencer;
mod shared;
mod snapshot_file;
mod store;
mod stored_batch;
mod tile_edge;
mod tiles;
mod time_guard;
mod transfers;
mod tree_head;
mod work;
mod writer;

pub use audit::{AuditLog, AuditMachine, AuditReading, AuditState};
pub use backup::{BackedUp, back_up, back_up_person_keys};
pub use bundle::{BundleArchive, write_bundle};
pub use cosignatures::{Cosignatures, Cosigned};
pub use error::JournalError;
pub use investor_numbers::InvestorNumbers;
pub use journal::{Journal, JournalConfig, OfferingLog, encode_at_batch_time};
pub use kept_checkpoint::Hold;
pub use log::Log;
pub use log_name::LogName;
pub use log_reader::{LogReader, bundle_leaves};
pub use machine::{BATCH_TIME, Leaves, Machine, OfferingMachine, StateFailure};
pub use platform::{PlatformLog, PlatformMachine};
pub use private_log::PrivateLog;
pub use rebuild::{Rebuilt, rebuild};
pub use record_check::{CheckedLog, LogCheck, check_record};
pub use record_reading::{ReadOffering, read_offerings};
pub use restore::{Restored, Restoring, restore};
pub use sealed_batch::{SealedBatch, UnsignedBatch};
pub use sequencer::{Answer, Intake, Sequencer, SequencerConfig, Submission};
pub use store::{
    Appended, BatchId, BatchRow, Follower, IssuerSignature, LogKind, LogRow, NewBatch, Store,
};
pub use tile_edge::TileEdge;
pub use tiles::Tiles;
pub use time_guard::{Clock, SystemClock, TimeGuard};
pub use transfers::{Moved, Movement, Recovered, Transfers};
pub use tree_head::TreeHead;
