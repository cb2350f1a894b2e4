//! Roles: what a person may do in the organisation, on every offering or on one.
//!
//! What a role may do stands in one table ([`Right`]), and [`Standing::authorize`] is the only place that reads it. What no
//! single person may do (releases of funds, changes of roles) is proposed by one and approved by another ([`Roles::propose`],
//! [`Roles::decide`]).

mod book;
mod error;
mod grants;
mod proposal;
mod reset_reason;
mod right;
mod role;
mod standing;

pub use error::RoleError;
pub use grants::{Grant, Roles};
pub use proposal::{Decision, Proposal, ProposalId, ProposalState, ProposedAct, RoleChange};
pub use reset_reason::ResetReason;
pub use right::{Demand, Right};
pub use role::Role;
pub use standing::{Refused, Shown, Standing};
