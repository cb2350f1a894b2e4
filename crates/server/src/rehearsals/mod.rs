//! Rehearsals: a whole sale with people who do not exist, before anything is announced.
//!
//! Reading order: [`Plan`] (what is played of some terms), `engine` (on the engine and record of the real sale), [`SaleReport`]
//! (what became of a sale that was played, as it is kept), [`play`] (both, one after the other), [`Rehearsals`] (runs beside
//! the service, and how far they are). Where a contract takes the money, the sale is played on a chain in this process as well
//! ([`softcap_evm::rehearse_sale`]).
//!
//! What happens follows from the terms alone, so that the same terms always have the same rehearsal. What is kept is bound to
//! their hash: other terms are not rehearsed by it.

mod engine;
mod plan;
mod play;
mod report;
mod run;
mod told;

pub(crate) use plan::Plan;
pub(crate) use report::{Crowd, Fault, SaleEnding, SaleReport, Venue};
pub(crate) use run::Rehearsals;
pub use told::{PlayedSale, rehearse};
