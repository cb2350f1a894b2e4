//! Tables that become lists of cards on a phone. The roles are written out, because some browsers
//! forget that a table is one when its cells are not laid out as a table.

use maud::{Markup, html};

/// A column: its heading, and how its cells are set.
pub(super) struct Column {
    heading: &'static str,
    cells: Cells,
}

/// How the cells of a column are set.
#[derive(Clone, Copy)]
enum Cells {
    /// A few words.
    Words,
    /// A sentence that explains itself: on a phone it stands without the heading.
    Prose,
    /// At the right, digits below digits.
    Numbers,
}

impl Column {
    /// A column of a few words per cell.
    pub(super) fn words(heading: &'static str) -> Self {
        Self {
            heading,
            cells: Cells::Words,
        }
    }

    /// A column of sentences.
    pub(super) fn prose(heading: &'static str) -> Self {
        Self {
            heading,
            cells: Cells::Prose,
        }
    }

    /// A column of numbers.
    pub(super) fn numbers(heading: &'static str) -> Self {
        Self {
            heading,
            cells: Cells::Numbers,
        }
    }

    fn class(&self) -> Option<&'static str> {
        match self.cells {
            Cells::Words => None,
            Cells::Prose => Some("prose"),
            Cells::Numbers => Some("number"),
        }
    }
}

/// A table with a caption; the first cell of a row is its heading.
pub(super) fn table(caption: &Markup, columns: &[Column], rows: &[Vec<Markup>]) -> Markup {
    html! {
        table role="table" {
            caption { (caption) }
            thead role="rowgroup" {
                tr role="row" {
                    @for column in columns {
                        th role="columnheader" scope="col" class=[column.class()] {
                            (column.heading)
                        }
                    }
                }
            }
            tbody role="rowgroup" {
                @for row in rows {
                    tr role="row" {
                        @for (place, (column, cell)) in columns.iter().zip(row).enumerate() {
                            @if place == 0 {
                                th role="rowheader" scope="row" { (cell) }
                            } @else {
                                td role="cell" class=[column.class()] {
                                    span class="label" aria-hidden="true" { (column.heading) }
                                    span class="value" { (cell) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
