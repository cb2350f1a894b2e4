//! Parsed rows of one block.

use std::{borrow::Cow, sync::Arc};

use softcap_offering::{
    Amount, Contribute, CurrencyIndex, Funding, InvestorId, LimitPrice, LineIndex, Position, Stamp,
};

use super::{columns::Columns, line};

/// The rows of a block, with the text that they borrow from.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(super) text: String,
    pub(super) rows: Vec<ParsedRow>,
    /// Few rows have a limit price, so these stand apart.
    pub(super) limits: Vec<LimitPrice>,
    pub(super) columns: Option<Arc<Columns>>,
}

/// A range of a block's text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    begin: u32,
    bytes: u32,
}

/// Who contributed.
#[derive(Clone, Copy, Debug)]
pub(super) enum ParsedInvestor {
    /// An EVM address.
    Address([u8; 20]),
    /// Any other id, where it stands.
    Opaque(Span),
}

/// One row in little memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct ParsedRow {
    pub(super) amount: Amount,
    pub(super) position: Position,
    pub(super) id_hash: u64,
    pub(super) line: u64,
    pub(super) investor: ParsedInvestor,
    pub(super) id: Span,
    pub(super) source: Option<Span>,
    /// Place in [`Batch::limits`].
    pub(super) limit: Option<u32>,
    /// The row itself, for its annotations.
    pub(super) whole: Span,
    pub(super) currency: CurrencyIndex,
    pub(super) clock_line: LineIndex,
}

impl Span {
    /// The range; a block is far smaller than 4 GiB.
    pub(super) fn new(range: std::ops::Range<usize>) -> Self {
        let narrow = |place| u32::try_from(place).unwrap_or(u32::MAX);
        Self {
            begin: narrow(range.start),
            bytes: narrow(range.len()),
        }
    }

    pub(super) fn of(self, text: &str) -> &str {
        let wide = |place| usize::try_from(place).unwrap_or(usize::MAX);
        let begin = wide(self.begin);
        &text[begin..begin + wide(self.bytes)]
    }
}

/// One contribution.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'b> {
    /// Line of the file, from 1.
    pub(crate) line: u64,
    /// Where in the schedule it was received, on the clock line of its currency.
    pub(crate) stamp: Stamp,
    /// The command.
    pub(crate) contribute: Contribute<'b>,
    whole: &'b str,
    columns: Option<&'b Columns>,
}

impl Batch {
    /// The rows in order.
    pub(crate) fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> + Clone {
        self.rows.iter().map(|row| self.row(row))
    }

    /// How much of the file it is.
    pub(crate) fn bytes(&self) -> u64 {
        u64::try_from(self.text.len()).unwrap_or(u64::MAX)
    }

    fn row(&self, row: &ParsedRow) -> Row<'_> {
        let place = |place: u32| usize::try_from(place).unwrap_or(usize::MAX);
        let contribute = Contribute {
            investor: match row.investor {
                ParsedInvestor::Address(address) => InvestorId::Address(address),
                ParsedInvestor::Opaque(span) => InvestorId::Opaque(span.of(&self.text)),
            },
            currency: row.currency,
            amount: row.amount,
            limit: row.limit.map(|limit| self.limits[place(limit)]),
            reference: row.id.of(&self.text),
            source: row.source.map(|source| source.of(&self.text)),
            funding: Funding::Arrived,
        };
        Row {
            line: row.line,
            stamp: Stamp {
                line: row.clock_line,
                position: row.position,
            },
            contribute,
            whole: row.whole.of(&self.text),
            columns: self.columns.as_deref(),
        }
    }
}

impl<'b> Row<'b> {
    /// The annotations: name of the column (with its `x_`) and text, in the order of the file.
    pub(crate) fn annotations(&self) -> Vec<(&'b str, Cow<'b, str>)> {
        let Some(columns) = self
            .columns
            .filter(|columns| !columns.annotations.is_empty())
        else {
            return Vec::new();
        };
        // Annotations are rarely wanted, so a row is split again where they are. It was split
        // before without a fault.
        let mut fields = Vec::new();
        if line::split(self.whole, &mut fields).is_err() {
            return Vec::new();
        }
        let whole = self.whole;
        let text = |place: &usize| (&*columns.names[*place], fields[*place].text(whole));
        columns.annotations.iter().map(text).collect()
    }
}
