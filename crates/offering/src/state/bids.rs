//! Bids: limit prices, and those that are sealed, opened and live.

use super::{coded::Coded, error::StateError, reader::Reader, writer::Writer};
use crate::bids::Bids;

impl Coded for Bids {
    fn write(&self, out: &mut Writer<'_>) {
        let Self {
            open,
            sealed,
            opened,
            live,
        } = self;
        open.write(out);
        sealed.write(out);
        opened.write(out);
        live.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        Ok(Self {
            open: Coded::read(input)?,
            sealed: Coded::read(input)?,
            opened: Coded::read(input)?,
            live: Coded::read(input)?,
        })
    }
}
