//! A line of arithmetic: a formula of printed numbers, what it is exactly, and how it is rounded.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::exact::{Exact, Way};

/// A formula.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "most parts of a formula are numbers, and few formulas live at a time"
)]
pub(crate) enum Formula {
    /// A number and its unit, for example `EUR per ETH`; empty: none.
    Number(Exact, String),
    /// All of them multiplied.
    Product(Vec<Formula>),
    /// The first divided by the second.
    Quotient(Box<Formula>, Box<Formula>),
    /// All of them added.
    Sum(Vec<Formula>),
    /// The others subtracted from the first.
    Difference(Vec<Formula>),
    /// The smallest of them.
    Least(Vec<Formula>),
}

/// For whom a formula is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    Person,
    Machine,
}

impl Formula {
    pub(crate) fn number(value: Exact, unit: &str) -> Self {
        Self::Number(value, unit.to_owned())
    }

    pub(crate) fn over(self, other: Self) -> Self {
        Self::Quotient(Box::new(self), Box::new(other))
    }

    pub(crate) fn times(self, other: Self) -> Self {
        match self {
            Self::Product(mut parts) => {
                parts.push(other);
                Self::Product(parts)
            }
            Self::Number(..)
            | Self::Quotient(..)
            | Self::Sum(_)
            | Self::Difference(_)
            | Self::Least(_) => Self::Product(vec![self, other]),
        }
    }

    /// What it is; `None` when it does not fit, is below zero, or divides by zero.
    pub(crate) fn value(&self) -> Option<Exact> {
        let fold = |parts: &[Self], with: fn(Exact, Exact) -> Option<Exact>| {
            let (first, rest) = parts.split_first()?;
            rest.iter()
                .try_fold(first.value()?, |sum, part| with(sum, part.value()?))
        };
        match self {
            Self::Number(value, _) => Some(*value),
            Self::Product(parts) => fold(parts, Exact::times),
            Self::Quotient(a, b) => a.value()?.over(b.value()?),
            Self::Sum(parts) => fold(parts, Exact::plus),
            Self::Difference(parts) => fold(parts, Exact::minus),
            Self::Least(parts) => fold(parts, |a, b| {
                Some(if a.compare(b)?.is_gt() { b } else { a })
            }),
        }
    }

    fn is_atom(&self) -> bool {
        matches!(self, Self::Number(..) | Self::Least(_))
    }

    fn write(&self, out: &mut String, reader: Reader) {
        let list = |parts: &[Self], sign: &str, out: &mut String| {
            for (place, part) in parts.iter().enumerate() {
                if place > 0 {
                    out.push_str(sign);
                }
                part.write_inner(out, reader);
            }
        };
        match self {
            Self::Number(value, unit) => {
                let fraction = reader == Reader::Machine && !value.is_decimal();
                // Writing to a string cannot fail.
                let _ = if fraction {
                    write!(out, "({value})")
                } else {
                    write!(out, "{value}")
                };
                if reader == Reader::Person && !unit.is_empty() {
                    let _ = write!(out, " {unit}");
                }
            }
            Self::Product(parts) => {
                list(
                    parts,
                    if reader == Reader::Person {
                        " x "
                    } else {
                        " * "
                    },
                    out,
                );
            }
            Self::Quotient(a, b) => {
                a.write_dividend(out, reader);
                out.push_str(" / ");
                b.write_inner(out, reader);
            }
            Self::Sum(parts) => list(parts, " + ", out),
            Self::Difference(parts) => list(parts, " - ", out),
            Self::Least(parts) => {
                out.push_str(if reader == Reader::Person {
                    "the least of "
                } else {
                    "min("
                });
                for (place, part) in parts.iter().enumerate() {
                    if place > 0 {
                        out.push_str(if reader == Reader::Person {
                            " and "
                        } else {
                            ", "
                        });
                    }
                    part.write(out, reader);
                }
                if reader == Reader::Machine {
                    out.push(')');
                }
            }
        }
    }

    /// In brackets unless it is a number.
    fn write_inner(&self, out: &mut String, reader: Reader) {
        if self.is_atom() {
            self.write(out, reader);
        } else {
            out.push('(');
            self.write(out, reader);
            out.push(')');
        }
    }

    /// A product before a division needs no brackets.
    fn write_dividend(&self, out: &mut String, reader: Reader) {
        if matches!(self, Self::Product(_)) {
            self.write(out, reader);
        } else {
            self.write_inner(out, reader);
        }
    }

    fn text(&self, reader: Reader) -> String {
        let mut out = String::new();
        self.write(&mut out, reader);
        out
    }
}

/// A formula, its rounding, and the number that the engine has for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Calculation {
    /// What is computed.
    pub(crate) what: String,
    /// From which numbers.
    pub(crate) formula: Formula,
    /// Which way to which multiple; `None` when nothing is rounded.
    pub(crate) rounding: Option<(Way, Exact)>,
    /// The engine's number.
    pub(crate) result: Exact,
    /// The unit of the result.
    pub(crate) unit: String,
}

impl Calculation {
    /// Whether the formula, computed again, is the engine's number.
    pub(crate) fn holds(&self) -> bool {
        self.computed() == Some(self.result)
    }

    fn computed(&self) -> Option<Exact> {
        let exact = self.formula.value()?;
        match self.rounding {
            Some((way, step)) => exact.rounded(way, step),
            None => Some(exact),
        }
    }

    /// For a person: the parts that follow each other, to be joined in one line or several.
    pub(crate) fn parts(&self) -> Vec<String> {
        let unit = if self.unit.is_empty() {
            String::new()
        } else {
            format!(" {}", self.unit)
        };
        let mut parts = vec![format!(
            "{} = {}",
            self.what,
            self.formula.text(Reader::Person)
        )];
        let exact = self.formula.value();
        if let (Some(exact), false) = (exact, matches!(self.formula, Formula::Number(..))) {
            parts.push(format!("= {exact}{unit}"));
            if let Some(begun) = exact.begun() {
                parts.push(format!("= {begun}{unit}"));
            }
        }
        if let Some((way, step)) = self.rounding
            && exact != Some(self.result)
        {
            let way = way_words(way);
            parts.push(format!(
                "{way} to a multiple of {step}{unit}: {}{unit}",
                self.result
            ));
        }
        if !self.holds() {
            parts.push(format!("DIFFERS: the record has {}{unit}", self.result));
        }
        parts
    }

    /// For a machine.
    pub(crate) fn json(&self) -> Value {
        json!({
            "what": self.what,
            "formula": self.formula.text(Reader::Machine),
            "exact": self.formula.value().map(|exact| exact.to_string()),
            "rounding": self.rounding.map(|(way, step)| json!({
                "mode": way_name(way),
                "multiple_of": step.to_string(),
            })),
            "result": self.result.to_string(),
            "unit": self.unit,
            "holds": self.holds(),
        })
    }
}

fn way_name(way: Way) -> &'static str {
    match way {
        Way::Down => "down",
        Way::Up => "up",
        Way::HalfUp => "half_up",
        Way::HalfEven => "half_even",
    }
}

fn way_words(way: Way) -> &'static str {
    match way {
        Way::Down => "rounded down",
        Way::Up => "rounded up",
        Way::HalfUp => "rounded to the nearest (a half goes up)",
        Way::HalfEven => "rounded to the nearest (a half goes to the even one)",
    }
}
