//! Which contributions of the record an investor took back with a log.

use alloy_primitives::Address;
use softcap_offering::{Amount, EscrowAddress, Offering, Sequence};

use crate::chain_entries::{FIRST_RETURN, accepted_of, request, rows_of};
use crate::escrow_event::LogPlace;

/// The latest contributions that come to what the log says, each with its part. What the record's do not come to is
/// left to the last one, or to none that there is, so that the engine says something else than the contract.
pub(crate) fn taken_back(
    escrow: &EscrowAddress,
    place: &LogPlace,
    offering: &Offering,
    (investor, amount): (Address, Amount),
) -> Vec<(Sequence, Amount)> {
    let is_in_record = |sequence: &Sequence| {
        let request = request(escrow, place, FIRST_RETURN + sequence.0);
        offering.find_request(request).is_some()
    };
    let known: Vec<_> = rows_of(offering, investor)
        .map(|row| row.sequence)
        .filter(is_in_record)
        .collect();
    match known[..] {
        [] => {}
        // Compared once more: it may have been entered just before a stop.
        [sequence] => return vec![(sequence, amount)],
        // What of the amount each of them had is not in the record any more.
        [..] => return Vec::new(),
    }
    let accepted: Vec<_> = accepted_of(offering, investor).collect();
    let mut missing = amount;
    let mut list = Vec::new();
    for (sequence, held) in accepted.into_iter().rev() {
        if missing.is_zero() {
            break;
        }
        let part = held.min(missing);
        missing = Amount(missing.0 - part.0);
        list.push((sequence, part));
    }
    if !missing.is_zero() {
        list.push((offering.next_sequence(), missing));
    }
    list
}
