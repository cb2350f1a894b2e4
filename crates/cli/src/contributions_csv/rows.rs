//! Blocks into batches: the header, then lines, their faults and their rows.

use std::{hash::BuildHasher, io::Read, ops::Range, sync::Arc};

use softcap_offering::{InvestorId, terms::Terms};

use super::{
    batch::{Batch, ParsedInvestor, ParsedRow, Span},
    blocks::Blocks,
    columns::{self, Columns},
    fields::{self, FieldReader},
    line::{self, Field, LineFault},
    text::{self, Controls, TextFault},
};
use crate::input_error::{InputError, InputFault, Place, Shown, Spot};

/// A fault of a line whose number is known elsewhere.
type Fault = Box<(Spot, InputFault)>;

/// Reads batches from a stream whose header is read.
pub(super) struct RowReader<'s, R, S> {
    name: &'s str,
    blocks: Blocks<R>,
    columns: Arc<Columns>,
    /// The block that holds the header.
    first: Option<OpenBlock>,
    /// Lines read.
    lines: u64,
    parser: LineParser<'s, S>,
}

/// A block whose rows are not read yet.
struct OpenBlock {
    block: Vec<u8>,
    /// Where its rows begin: after the header, if it holds that.
    rows: usize,
    /// Lines of the file before the block.
    lines_before: u64,
}

/// What it takes to parse a line.
struct LineParser<'s, S> {
    hasher: &'s S,
    reader: FieldReader,
    fields: Vec<Field>,
}

impl<'s, R: Read, S: BuildHasher> RowReader<'s, R, S> {
    /// Reads the header: the first line that is not empty.
    pub(super) fn begin(
        mut blocks: Blocks<R>,
        name: &'s str,
        terms: &Terms,
        hasher: &'s S,
    ) -> Result<Self, InputError> {
        let wanted = || columns::required(terms.clock.kind);
        let mut block = read_block(&mut blocks, Vec::new(), name)?;
        if block.starts_with(b"\xEF\xBB\xBF") {
            block.drain(..3);
        }
        let mut lines = 0;
        while !block.is_empty() {
            let (mut begin, lines_before) = (0, lines);
            while let Some((range, next)) = text::next_line(&block, begin) {
                lines += 1;
                begin = next;
                let named = |fault| named(name, lines, None, fault);
                // Only this line: what is wrong further on is named with its column.
                let header = text::text_of(block[range].to_vec()).map_err(named)?;
                text::check_line(&header, Controls::Present).map_err(named)?;
                if header.is_empty() {
                    continue;
                }
                let columns =
                    read_header(&header, terms).map_err(|fault| at(name, lines, *fault))?;
                let parser = LineParser {
                    hasher,
                    reader: FieldReader::new(terms),
                    fields: Vec::with_capacity(columns.names.len()),
                };
                let first = Some(OpenBlock {
                    block,
                    rows: begin,
                    lines_before,
                });
                let columns = Arc::new(columns);
                return Ok(Self {
                    name,
                    blocks,
                    columns,
                    first,
                    lines,
                    parser,
                });
            }
            block = read_block(&mut blocks, block, name)?;
        }
        Err(InputError::of_file(
            name,
            InputFault::Empty { wanted: wanted() },
        ))
    }

    /// The rows of the next block, in the memory of `spare`; `None` at the end.
    pub(super) fn next_batch(&mut self, spare: Option<Batch>) -> Result<Option<Batch>, InputError> {
        let mut batch = spare.unwrap_or_default();
        batch.rows.clear();
        batch.limits.clear();
        batch.columns = Some(Arc::clone(&self.columns));
        let first = self.first.take();
        let OpenBlock {
            block,
            rows: mut begin,
            lines_before,
        } = match first {
            Some(first) => first,
            None => {
                let buffer = std::mem::take(&mut batch.text).into_bytes();
                let block = read_block(&mut self.blocks, buffer, self.name)?;
                OpenBlock {
                    block,
                    rows: 0,
                    lines_before: self.lines,
                }
            }
        };
        if block.is_empty() {
            return Ok(None);
        }
        batch.text = text::text_of(block)
            .map_err(|fault| named(self.name, lines_before + 1, Some(&self.columns), fault))?;
        let controls = text::controls_of(&batch.text);
        while let Some((range, next)) = text::next_line(batch.text.as_bytes(), begin) {
            self.lines += 1;
            begin = next;
            text::check_line(&batch.text[range.clone()], controls)
                .map_err(|fault| named(self.name, self.lines, Some(&self.columns), fault))?;
            // As with the csv crate, a line without anything is no row.
            if !range.is_empty() {
                self.parser
                    .parse(&mut batch, &self.columns, range, self.lines)
                    .map_err(|fault| at(self.name, self.lines, *fault))?;
            }
        }
        Ok(Some(batch))
    }
}

fn read_block<R: Read>(
    blocks: &mut Blocks<R>,
    buffer: Vec<u8>,
    name: &str,
) -> Result<Vec<u8>, InputError> {
    let unreadable = |error| InputError::of_file(name, InputFault::Unreadable(error));
    blocks.next_block(buffer).map_err(unreadable)
}

fn read_header(header: &str, terms: &Terms) -> Result<Columns, Fault> {
    let mut fields = Vec::new();
    line::split(header, &mut fields)
        .map_err(|fault| Box::new((Spot::Line, grammar_fault(fault, header))))?;
    Columns::read(header, &fields, terms).map_err(Box::new)
}

/// A fault on a line.
fn at(file: &str, line: u64, (spot, fault): (Spot, InputFault)) -> InputError {
    InputError::new(
        Place {
            file: file.to_owned(),
            line: Some(line),
            spot,
        },
        fault,
    )
}

/// A fault of a text that begins on a line, with the name of its column if that is known.
fn named(file: &str, line: u64, columns: Option<&Columns>, fault: TextFault) -> InputError {
    let column = columns.and_then(|columns| columns.names.get(fault.column));
    let spot = column.map_or(Spot::Line, |name| Spot::Column(name.clone()));
    at(file, line + fault.lines, (spot, fault.fault))
}

fn grammar_fault(fault: LineFault, line: &str) -> InputFault {
    match fault {
        LineFault::Open => InputFault::QuotedNewline,
        LineFault::Stray { begin, end } => InputFault::StrayQuote {
            found: Shown::new(&line[begin..end]),
        },
    }
}

impl<S: BuildHasher> LineParser<'_, S> {
    /// Splits a line into as many fields as the header has.
    fn split(&mut self, text: &str, expected: usize) -> Result<(), Fault> {
        let fault = match line::split(text, &mut self.fields) {
            Ok(()) if self.fields.len() == expected => return Ok(()),
            Ok(()) => InputFault::FieldCount {
                found: self.fields.len(),
                expected,
            },
            Err(fault) => grammar_fault(fault, text),
        };
        Err(Box::new((Spot::Line, fault)))
    }

    /// Parses a line of a batch's text and adds its row.
    fn parse(
        &mut self,
        batch: &mut Batch,
        columns: &Columns,
        range: Range<usize>,
        line: u64,
    ) -> Result<(), Fault> {
        let text = &batch.text[range.clone()];
        self.split(text, columns.names.len())?;
        let fields = &self.fields;
        let field = |place: usize| fields[place].raw(text);
        let span = |place: usize| {
            let inner = fields[place].range();
            Span::new(range.start + inner.start..range.start + inner.end)
        };
        let named = |place: usize| {
            move |fault| Box::new((Spot::Column(columns.names[place].clone()), fault))
        };

        let id = field(columns.id);
        fields::check_id(id).map_err(named(columns.id))?;
        let investor = match fields::investor(field(columns.investor)) {
            Ok(InvestorId::Address(address)) => ParsedInvestor::Address(address),
            Ok(InvestorId::Opaque(_)) => ParsedInvestor::Opaque(span(columns.investor)),
            Err(fault) => return Err(named(columns.investor)(fault)),
        };
        let position = self
            .reader
            .position(field(columns.position))
            .map_err(named(columns.position))?;
        let currency = self
            .reader
            .currency(field(columns.currency))
            .map_err(named(columns.currency))?;
        let money = self
            .reader
            .money(currency, field(columns.amount))
            .map_err(named(columns.amount))?;
        let mut source = None;
        if let Some(place) = columns.source {
            fields::check_source(field(place)).map_err(named(place))?;
            source = (!field(place).is_empty()).then(|| span(place));
        }
        let mut limit = None;
        if let Some(place) = columns.limit
            && let Some(price) = self.reader.limit(field(place)).map_err(named(place))?
        {
            limit = u32::try_from(batch.limits.len()).ok();
            batch.limits.push(price);
        }
        let row = ParsedRow {
            amount: money.amount,
            position,
            id_hash: self.hasher.hash_one(id.as_bytes()),
            line,
            investor,
            id: span(columns.id),
            source,
            limit,
            whole: Span::new(range.clone()),
            currency,
            clock_line: money.line,
        };
        batch.rows.push(row);
        Ok(())
    }
}
