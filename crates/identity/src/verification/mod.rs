//! Verification of people: how far somebody is verified, who decides it, and what it lets them do.
//!
//! The life of a case is a pure function (`state.rs`). What a person says is sealed with a key of their own
//! ([`crate::PersonKeys`]); every decision is a row of the audit in its own transaction; above a limit two people decide, by
//! the proposals of [`crate::Roles`]. Time is an argument. What an approval grants is here an [`Admission`] with a state;
//! whoever knows offerings makes one entry of each.

mod admission;
mod admitting;
mod book;
mod case;
mod desk;
mod error;
mod fields;
mod level;
mod media;
mod own;
mod policy;
mod prepared;
mod reason;
mod screening;
mod state;
mod uploads;
mod verifications;

pub use admission::{
    Admission, AdmissionId, AdmissionLimit, AdmissionState, RoundGrant, WantedRound,
};
pub use admitting::Claimed;
pub(crate) use book::prepared;
pub use case::Case;
pub(crate) use desk::approved;
pub use desk::{Approval, ApprovalError, Approved};
pub use error::VerificationError;
pub use fields::{PersonalField, UploadKind};
pub use level::{Need, VerificationLevel};
pub use media::MediaType;
pub use own::Filling;
pub use policy::VerificationPolicy;
pub use prepared::DecisionId;
pub(crate) use prepared::{
    APPROVE_CASE, CANCEL_PROPOSED, END_PROPOSED, GRANT_PROPOSED, PreparedApproval, approve,
};
pub use reason::{Reason, reasons_of};
pub use screening::{ByHand, Screening, Submission};
pub use state::{CaseState, StateKind};
pub(crate) use state::{Step, after};
pub use uploads::{Receiving, Showing, Upload, UploadId, UploadSettings};
pub use verifications::{CaseOverview, OpenValues, Verifications};
