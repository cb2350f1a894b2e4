//! softcap
fn main() {}
