//! `settlement.csv`: one row per contribution, in the order of the journal.

use std::io::{self, Write};

use softcap_offering::{CurrencyIndex, InvestorId, Offering, Reason};

use super::{References, push_decimal};
use crate::hex::push_hex;

pub(super) const HEADER: &str =
    "contribution_id,investor,currency,contributed,accepted,refunded,kept,tokens,reason\n";
/// Bytes that are formatted before they are passed on.
pub(super) const PIECE: usize = 1 << 16;

/// Writes the table. `references` are those of the offering's contributions.
pub(super) fn write(
    offering: &Offering,
    references: &References,
    out: &mut impl Write,
) -> io::Result<()> {
    let terms = offering.terms();
    let mut reasons = ReasonNames::default();
    let mut piece = Vec::with_capacity(PIECE + 1024);
    piece.extend_from_slice(HEADER.as_bytes());
    for (row, reference) in offering.rows().zip(references.iter()) {
        piece.extend_from_slice(reference.as_bytes());
        piece.push(b',');
        push_investor(offering.investor(row.investor), &mut piece);
        piece.push(b',');
        let (symbol, decimals) = currency(offering, row.currency);
        piece.extend_from_slice(symbol.as_bytes());
        for amount in [row.contributed, row.accepted, row.refunded, row.kept] {
            piece.push(b',');
            push_decimal(amount.0, decimals, &mut piece);
        }
        piece.push(b',');
        push_decimal(row.tokens.0, terms.token.decimals, &mut piece);
        piece.push(b',');
        if let Some(reason) = row.reason {
            piece.extend_from_slice(reasons.name(reason).as_bytes());
        }
        piece.push(b'\n');
        if piece.len() >= PIECE {
            out.write_all(&piece)?;
            piece.clear();
        }
    }
    out.write_all(&piece)
}

/// Symbol and decimals; the engine records only currencies of the terms.
fn currency(offering: &Offering, index: CurrencyIndex) -> (&str, u8) {
    let currency = offering.terms().currencies.get(index.index());
    currency.map_or(("", 0), |currency| {
        (currency.symbol.as_str(), currency.decimals)
    })
}

/// As [`InvestorId`] displays itself; the tables hold millions of them.
pub(super) fn push_investor(id: InvestorId<'_>, out: &mut Vec<u8>) {
    match id {
        InvestorId::Address(address) => {
            out.extend_from_slice(b"0x");
            push_hex(&address, out);
        }
        InvestorId::Opaque(text) => out.extend_from_slice(text.as_bytes()),
    }
}

/// The names of the reasons seen so far: there are few, and making one allocates.
#[derive(Default)]
struct ReasonNames(Vec<(Reason, String)>);

impl ReasonNames {
    fn name(&mut self, reason: Reason) -> &str {
        let place = self
            .0
            .iter()
            .position(|(known, _)| *known == reason)
            .unwrap_or_else(|| {
                self.0.push((reason, reason.name()));
                self.0.len() - 1
            });
        &self.0[place].1
    }
}
