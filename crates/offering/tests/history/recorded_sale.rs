//! Reading recorded sales, and playing them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use softcap_offering::{
    Amount, Command, Contribute, CurrencyIndex, Funding, InvestorId, LimitPrice, LineIndex,
    Offering, Outcome, Position, ReturnReason, Row, Sequence, Stamp,
    terms::{ClockKind, Terms},
};

/// The text of a file of the folder of sales, or `None` if it is not there and need not be.
#[expect(clippy::disallowed_methods, reason = "a test of recorded data")]
pub(crate) fn file(name: &str) -> Option<String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let sales = std::env::var_os("SOFTCAP_SALES").map_or("../shared/sales".into(), PathBuf::from);
    let path = workspace.join(sales).join(name);
    if !path.exists() {
        let required = std::env::var_os("SOFTCAP_SALES_REQUIRED").is_some_and(|value| value == "1");
        assert!(!required, "{} is missing", path.display());
        println!("not checked: the sale {name} (no such file; set SOFTCAP_SALES)");
        return None;
    }
    Some(std::fs::read_to_string(&path).unwrap())
}

/// The rows of a CSV text, with access by column.
pub(crate) struct Records {
    header: csv::StringRecord,
    pub(crate) rows: Vec<csv::StringRecord>,
}

impl Records {
    pub(crate) fn of(text: &str) -> Self {
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        Self {
            header,
            rows: reader.records().map(Result::unwrap).collect(),
        }
    }

    pub(crate) fn get<'r>(&self, row: &'r csv::StringRecord, column: &str) -> &'r str {
        let place = self.header.iter().position(|name| name == column);
        &row[place.unwrap_or_else(|| panic!("no column {column}"))]
    }
}

/// A decimal number as a count of units with so many places; more places than that must be zero.
pub(crate) fn units(text: &str, decimals: u8) -> u128 {
    let places = usize::from(decimals);
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let (part, rest) = part.split_at(part.len().min(places));
    assert!(
        rest.bytes().all(|digit| digit == b'0'),
        "{text} has more than {decimals} decimals"
    );
    format!("{whole}{part:0<places$}").parse().unwrap()
}

/// An offering on its way, with the number of each contribution.
pub(crate) struct Played {
    pub(crate) offering: Offering,
    pub(crate) outcomes: Vec<Outcome>,
    ids: Vec<(String, Sequence, LineIndex)>,
}

impl Played {
    /// Announced at the beginning of the first window.
    pub(crate) fn announced(terms: &str) -> Self {
        let terms = Terms::parse(terms).unwrap_or_else(|problems| panic!("{problems:?}"));
        let mut offering = Offering::new(Arc::new(terms));
        let terms_hash = offering.terms_hash();
        let from = offering.terms().rounds[0].windows[0].unwrap().from;
        let stamp = Stamp {
            position: from,
            ..offering.now_stamp()
        };
        let outcome = offering.apply(stamp, &Command::Announce { terms_hash });
        assert_eq!(outcome, Outcome::Done);
        Self {
            offering,
            outcomes: Vec::new(),
            ids: Vec::new(),
        }
    }

    /// Contributes every row of a `contributions.csv`.
    pub(crate) fn contribute_all(&mut self, rows: &Records) {
        for row in &rows.rows {
            let terms = self.offering.terms();
            let symbol = rows.get(row, "currency");
            let place = terms
                .currencies
                .iter()
                .position(|each| each.symbol == symbol)
                .unwrap();
            let (line, decimals) = (
                terms.currencies[place].line,
                terms.currencies[place].decimals,
            );
            let position = match terms.clock.kind {
                ClockKind::Block => rows.get(row, "block_height").parse().unwrap(),
                ClockKind::Time => {
                    let time: jiff::Timestamp = rows.get(row, "received_at").parse().unwrap();
                    u64::try_from(time.as_millisecond()).unwrap()
                }
            };
            let stamp = Stamp {
                line,
                position: Position(position),
            };
            let amount = units(rows.get(row, "amount"), decimals);
            let currency = CurrencyIndex(u8::try_from(place).unwrap());
            let (id, who) = (rows.get(row, "contribution_id"), rows.get(row, "investor"));
            self.contribute(stamp, (id, who), currency, amount, None);
        }
    }

    pub(crate) fn contribute(
        &mut self,
        stamp: Stamp,
        (id, who): (&str, &str),
        currency: CurrencyIndex,
        amount: u128,
        limit: Option<LimitPrice>,
    ) {
        self.ids
            .push((id.to_owned(), self.offering.next_sequence(), stamp.line));
        let outcome = self.offering.apply(
            stamp,
            &Command::Contribute(Contribute {
                investor: InvestorId::parse(who).unwrap(),
                currency,
                amount: Amount(amount),
                limit,
                reference: id,
                source: None,
                funding: Funding::Arrived,
            }),
        );
        self.outcomes.push(outcome);
    }

    /// The issuer returns a part of a contribution now.
    pub(crate) fn give_back(&mut self, id: &str, amount: u128, reason: ReturnReason) {
        let (_, contribution, line) = self.ids.iter().find(|known| known.0 == id).unwrap().clone();
        let stamp = Stamp {
            line,
            position: self.offering.latest(line),
        };
        let amount = Amount(amount);
        let command = Command::Return {
            contribution,
            amount,
            reason,
        };
        let outcome = self.offering.apply(stamp, &command);
        assert_eq!(outcome, Outcome::Refunded { amount });
    }

    /// Lets time pass and settles.
    pub(crate) fn settle(&mut self) {
        for stamp in self.offering.settlement_stamps() {
            self.offering.apply(stamp, &Command::Tick);
        }
        let outcome = self
            .offering
            .apply(self.offering.now_stamp(), &Command::Settle);
        assert!(matches!(outcome, Outcome::Settled(_)), "{outcome:?}");
        self.offering.check_invariants().unwrap();
    }

    /// The row of a contribution.
    pub(crate) fn row(&self, id: &str) -> Row {
        let known = self.ids.iter().find(|known| known.0 == id).unwrap();
        self.offering
            .row(self.offering.contribution_at(known.1).unwrap())
    }
}
