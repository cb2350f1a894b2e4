//! Drafts: terms of offerings that are still being written. They are private, can be replaced and
//! deleted, and end when they are announced.

mod rehearsals;
mod store;

pub use rehearsals::{KeptRehearsal, RehearsalState, SILENCE_MS};
pub use store::{Added, Draft, DraftName, Drafts, MOST_DRAFTS, Replaced};
