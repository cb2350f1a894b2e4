//! The durable, totally ordered record of an offering.
