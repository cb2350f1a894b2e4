//! Erasing people, and the clock by which what they said and showed is destroyed.
//!
//! Who is erased is first written beside the keys of people ([`crate::PersonKeys`]), which no backup of everything else holds:
//! a stop in the middle goes on with the next start, and a person whom an old backup brings back is erased
//! again at the next start. What the law asks to keep is kept until its time, and then its key is destroyed first.

mod erase;
mod error;
mod retention;

pub use erase::{Erasure, Privacy};
pub use error::PrivacyError;
pub use retention::RetentionPolicy;
