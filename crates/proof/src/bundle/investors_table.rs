//! `investors.csv` and the settlement tree's leaves: one row and one leaf per investor, in the order
//! of their first entries.

use std::io::{self, Write};

use softcap_offering::{InvestorId, InvestorIndex, InvestorRow, Offering};

use super::contributions_table::{PIECE, push_investor};
use super::push_decimal;
use crate::settlement_leaf::{LeafEncoding, LeafId, LeafIdKind, SettlementLeaf};

/// The header line for the currencies of the terms.
pub(super) fn header(offering: &Offering) -> String {
    let mut header = "investor,tokens".to_owned();
    for currency in &offering.terms().currencies {
        for part in ["contributed", "accepted", "refunded", "kept"] {
            header.push_str(&format!(",{part}_{}", currency.symbol));
        }
    }
    header.push('\n');
    header
}

/// Writes the table.
pub(super) fn write(offering: &Offering, out: &mut impl Write) -> io::Result<()> {
    let terms = offering.terms();
    let mut piece = Vec::with_capacity(PIECE + 1024);
    piece.extend_from_slice(header(offering).as_bytes());
    let mut rows = offering.investor_rows();
    while let Some(row) = rows.next() {
        push_investor(row.id, &mut piece);
        piece.push(b',');
        push_decimal(row.tokens.0, terms.token.decimals, &mut piece);
        for (totals, currency) in row.totals.iter().zip(&terms.currencies) {
            for amount in [
                totals.contributed,
                totals.accepted,
                totals.refunded,
                totals.kept,
            ] {
                piece.push(b',');
                push_decimal(amount.0, currency.decimals, &mut piece);
            }
        }
        piece.push(b'\n');
        if piece.len() >= PIECE {
            out.write_all(&piece)?;
            piece.clear();
        }
    }
    out.write_all(&piece)
}

/// How the leaves of this settlement are encoded: as addresses when every investor is one, else all
/// as hashes of their ids. Then tokens, and accepted and refunded per currency.
pub(crate) fn leaf_encoding(offering: &Offering) -> LeafEncoding {
    let count = u32::try_from(offering.investor_count()).unwrap_or(u32::MAX);
    let all_addresses = (0..count).all(|index| {
        matches!(
            offering.investor(InvestorIndex(index)),
            InvestorId::Address(_)
        )
    });
    let id = if all_addresses {
        LeafIdKind::Address
    } else {
        LeafIdKind::Opaque
    };
    LeafEncoding {
        id,
        amounts: 1 + 2 * offering.terms().currencies.len(),
    }
}

/// The first value of an investor's leaf.
pub(crate) fn leaf_id(id: InvestorId<'_>, kind: LeafIdKind) -> LeafId {
    match (kind, id) {
        (LeafIdKind::Address, InvestorId::Address(address)) => LeafId::Address(address),
        (LeafIdKind::Address | LeafIdKind::Opaque, InvestorId::Opaque(text)) => {
            LeafId::opaque(text)
        }
        (LeafIdKind::Opaque, InvestorId::Address(_)) => LeafId::opaque(&id.to_string()),
    }
}

/// The amounts of an investor's leaf, appended to a buffer.
pub(crate) fn push_leaf_amounts(row: &InvestorRow<'_>, amounts: &mut Vec<u128>) {
    amounts.push(row.tokens.0);
    for totals in row.totals {
        amounts.extend_from_slice(&[totals.accepted.0, totals.refunded.0]);
    }
}

/// The leaf of one investor by their place in the order.
pub(super) fn leaf(offering: &Offering, kind: LeafIdKind, place: usize) -> SettlementLeaf {
    let mut rows = offering.investor_rows_from(place, place + 1);
    let mut amounts = Vec::new();
    let id = match rows.next() {
        Some(row) => {
            push_leaf_amounts(&row, &mut amounts);
            row.id
        }
        // The tree asks for places below the number of investors of a settled offering only.
        None => InvestorId::Opaque(""),
    };
    SettlementLeaf::new(&leaf_id(id, kind), &amounts)
}
