//! stub
use super::{Terms, TermsProblem};
/// x
pub fn lint(_terms: &Terms) -> Vec<TermsProblem> {
    Vec::new()
}
