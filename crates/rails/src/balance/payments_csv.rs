//! Deposits and withdrawals as a table: one row each, with an id under which it counts once.
//!
//! ```text
//! id,kind,person,currency,amount,reference
//! bank-2027-01-15-1,deposit,7d1f0c5a9b3e48d2a6c4f1e0b8d7935a,EUR,125000,statement 7
//! ```
//!
//! No field is quoted: none can have a comma or a quotation mark. Every row that is wrong is found, not
//! only the first.

use std::{collections::BTreeMap, fmt};

use softcap_offering::Amount;
use softcap_proof::from_hex;

use super::{BalanceCommand, PersonId};

/// The first line.
pub const PAYMENTS_HEADER: &str = "id,kind,person,currency,amount,reference";
/// Longest id and reference in bytes.
const LONGEST_TEXT: usize = 255;
/// Longest symbol of a currency.
const LONGEST_SYMBOL: usize = 16;

/// A deposit or withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment<'a> {
    /// Line of the table, from 1; the header is one.
    pub line: u64,
    /// Under which it counts once.
    pub id: &'a str,
    /// Which way the money goes.
    pub kind: PaymentKind,
    /// Whose.
    pub person: PersonId,
    /// Its symbol.
    pub currency: &'a str,
    /// How much, in smallest units.
    pub amount: Amount,
    /// How the operator finds the payment.
    pub reference: &'a str,
}

/// Which way the money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentKind {
    /// In.
    Deposit,
    /// Out.
    Withdrawal,
}

/// A field of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentField {
    /// All of them.
    Row,
    /// `id`.
    Id,
    /// `kind`.
    Kind,
    /// `person`.
    Person,
    /// `currency`.
    Currency,
    /// `amount`.
    Amount,
    /// `reference`.
    Reference,
}

impl PaymentField {
    /// Its name in the header.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Row => "row",
            Self::Id => "id",
            Self::Kind => "kind",
            Self::Person => "person",
            Self::Currency => "currency",
            Self::Amount => "amount",
            Self::Reference => "reference",
        }
    }
}

/// What is wrong with a row. The text of the row is not repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentProblem {
    /// Line of the table, from 1.
    pub line: u64,
    /// Where in it.
    pub field: PaymentField,
    /// What is wrong, and what is allowed.
    pub problem: String,
}

impl fmt::Display for PaymentProblem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            field,
            problem,
        } = self;
        write!(out, "line {line}, {}: {problem}", field.name())
    }
}

impl<'a> Payment<'a> {
    /// What it is in the log.
    #[must_use]
    pub fn command(&self) -> BalanceCommand<'a> {
        let Self {
            person,
            currency,
            amount,
            reference,
            ..
        } = *self;
        match self.kind {
            PaymentKind::Deposit => BalanceCommand::Deposit {
                person,
                currency,
                amount,
                reference,
            },
            PaymentKind::Withdrawal => BalanceCommand::Withdraw {
                person,
                currency,
                amount,
                reference,
            },
        }
    }
}

/// Reads a table. Lines end with a line feed, or with a carriage return before it.
///
/// # Errors
/// All that is wrong, in the order of the lines.
pub fn read_payments(text: &str) -> Result<Vec<Payment<'_>>, Vec<PaymentProblem>> {
    let mut lines = (1..).zip(text.lines());
    if lines.next().map(|(_, line)| line) != Some(PAYMENTS_HEADER) {
        return Err(vec![PaymentProblem {
            line: 1,
            field: PaymentField::Row,
            problem: format!("the first line is `{PAYMENTS_HEADER}`"),
        }]);
    }
    let mut payments = Vec::new();
    let mut problems = Vec::new();
    let mut seen = BTreeMap::new();
    for (line, row) in lines {
        let read = payment(line, row).and_then(|payment| match seen.insert(payment.id, line) {
            None => Ok(payment),
            Some(first) => {
                let why = format!("line {first} has the same id");
                Err(problem(line, PaymentField::Id, why))
            }
        });
        match read {
            Ok(payment) => payments.push(payment),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(payments)
    } else {
        Err(problems)
    }
}

fn problem(line: u64, field: PaymentField, problem: impl Into<String>) -> PaymentProblem {
    PaymentProblem {
        line,
        field,
        problem: problem.into(),
    }
}

fn payment(line: u64, row: &str) -> Result<Payment<'_>, PaymentProblem> {
    let wrong = |field, why: &str| problem(line, field, why);
    let fields: Vec<&str> = row.split(',').collect();
    let count = fields.len();
    let [id, kind, person, currency, amount, reference] =
        <[&str; 6]>::try_from(fields).map_err(|_| {
            let why = format!("it has {count} fields and not 6; no field has a comma");
            problem(line, PaymentField::Row, why)
        })?;
    let texts = [
        (PaymentField::Id, id, 1, LONGEST_TEXT),
        (PaymentField::Currency, currency, 1, LONGEST_SYMBOL),
        (PaymentField::Reference, reference, 0, LONGEST_TEXT),
    ];
    for (field, text, least, most) in texts {
        let allowed = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"';
        if !(least..=most).contains(&text.len()) || !text.bytes().all(allowed) {
            let why = format!(
                "{least} to {most} printable ASCII characters without comma and quotation mark"
            );
            return Err(problem(line, field, why));
        }
    }
    let kind = match kind {
        "deposit" => PaymentKind::Deposit,
        "withdrawal" => PaymentKind::Withdrawal,
        _ => return Err(wrong(PaymentField::Kind, "`deposit` or `withdrawal`")),
    };
    let person = from_hex(person).and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
    let person = person.filter(|person| *person != [0; 16]);
    let person = person.ok_or_else(|| {
        let why = "32 lower-case hexadecimal digits, not all of them zero";
        wrong(PaymentField::Person, why)
    })?;
    Ok(Payment {
        line,
        id,
        kind,
        person: PersonId(person),
        currency,
        amount: units(amount).map_err(|why| wrong(PaymentField::Amount, why))?,
        reference,
    })
}

fn units(text: &str) -> Result<Amount, &'static str> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || text.starts_with('0') {
        return Err("smallest units above zero, digits alone, as in 125000");
    }
    text.parse().map(Amount).map_err(|_| "it is 2^128 or more")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSON: &str = "7d1f0c5a9b3e48d2a6c4f1e0b8d7935a";

    fn table(rows: &[&str]) -> String {
        let rows: Vec<String> = rows.iter().map(|row| row.replace('P', PERSON)).collect();
        format!("{PAYMENTS_HEADER}\n{}\n", rows.join("\n"))
    }

    #[test]
    fn rows_are_read_in_their_order_with_any_line_ends() {
        let text = table(&[
            "a 1,deposit,P,EUR,125000,statement 7",
            "b,withdrawal,P,X-1.0,1,",
        ]);
        for text in [
            text.clone(),
            text.replace('\n', "\r\n"),
            text.trim_end().to_owned(),
        ] {
            let rows = read_payments(&text).unwrap();
            let [first, second] = rows.as_slice() else {
                panic!("{rows:?}");
            };
            assert_eq!(
                (first.line, first.id, first.kind),
                (2, "a 1", PaymentKind::Deposit)
            );
            assert_eq!(first.person.to_string(), PERSON);
            let BalanceCommand::Deposit {
                currency,
                amount,
                reference,
                ..
            } = first.command()
            else {
                panic!("{first:?}");
            };
            assert_eq!(
                (currency, amount, reference),
                ("EUR", Amount(125_000), "statement 7")
            );
            assert_eq!(
                (second.line, second.currency, second.reference),
                (3, "X-1.0", "")
            );
            assert!(matches!(second.command(), BalanceCommand::Withdraw { .. }));
        }
        assert_eq!(
            read_payments(&format!("{PAYMENTS_HEADER}\n")),
            Ok(Vec::new())
        );
    }

    #[test]
    fn every_wrong_row_is_named_with_line_and_field() {
        let long = format!("{},deposit,P,EUR,1,", "x".repeat(256));
        let rows = [
            ("", "row"),
            ("a,deposit,P,EUR,1", "row"),
            ("b,deposit,P,EUR,1,a,b", "row"),
            (",deposit,P,EUR,1,", "id"),
            ("ok,deposit,P,EUR,1,", ""),
            ("ok,deposit,P,EUR,2,", "id"),
            (long.as_str(), "id"),
            ("c\",deposit,P,EUR,1,", "id"),
            ("d,Deposit,P,EUR,1,", "kind"),
            ("e,deposit,P0,EUR,1,", "person"),
            (
                "f,deposit,00000000000000000000000000000000,EUR,1,",
                "person",
            ),
            ("g,deposit,P,,1,", "currency"),
            ("h,deposit,P,ABCDEFGHIJKLMNOQR,1,", "currency"),
            ("i,deposit,P,EUR,0,", "amount"),
            ("j,deposit,P,EUR,01,", "amount"),
            ("k,deposit,P,EUR,1.5,", "amount"),
            ("l,deposit,P,EUR,-1,", "amount"),
            (
                "m,deposit,P,EUR,340282366920938463463374607431768211456,",
                "amount",
            ),
            (
                "n,deposit,P,EUR,340282366920938463463374607431768211455,",
                "",
            ),
            ("o,deposit,P,EUR,1,caf\u{e9}", "reference"),
        ];
        let texts: Vec<&str> = rows.iter().map(|row| row.0).collect();
        let found = read_payments(&table(&texts)).unwrap_err();
        let found: Vec<(u64, &str)> = found
            .iter()
            .map(|problem| (problem.line, problem.field.name()))
            .collect();
        let expected = (2..).zip(&rows).filter(|(_, row)| !row.1.is_empty());
        let expected: Vec<(u64, &str)> = expected.map(|(line, row)| (line, row.1)).collect();
        assert_eq!(found, expected);
        for wrong in ["", "id,kind\n", "id,kind,person,currency,amount\n"] {
            assert_eq!(read_payments(wrong).unwrap_err()[0].line, 1);
        }
    }
}
