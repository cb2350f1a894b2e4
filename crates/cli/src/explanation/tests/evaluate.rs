//! Evaluates printed formulas: digits, one point, `+ - * /`, brackets and `min(a, b)`.

use ruint::Uint;
use serde_json::Value;

type Whole = Uint<2048, 32>;
type Fraction = (Whole, Whole);

/// Formula, exact number, rounding and result of a line agree.
pub(super) fn check(line: &Value, what: &str) {
    let number = |text: &Value| evaluate(text.as_str().unwrap());
    let exact = number(&line["formula"]);
    assert!(
        same(exact, number(&line["exact"])),
        "{what}: exact {line:#}"
    );
    let rounding = &line["rounding"];
    let rounded = if rounding.is_null() {
        exact
    } else {
        round(
            exact,
            number(&rounding["multiple_of"]),
            rounding["mode"].as_str().unwrap(),
        )
    };
    assert!(
        same(rounded, number(&line["result"])),
        "{what}: result {line:#}"
    );
    assert_eq!(line["holds"], true, "{what}");
}

fn same(a: Fraction, b: Fraction) -> bool {
    a.0 * b.1 == b.0 * a.1
}

fn round(number: Fraction, step: Fraction, mode: &str) -> Fraction {
    let (num, den) = (number.0 * step.1, number.1 * step.0);
    let two = Whole::from(2);
    let down = num / den;
    let rest = num % den;
    let count = match mode {
        "down" => down,
        "up" => down + Whole::from(u8::from(!rest.is_zero())),
        "half_up" => (num * two + den) / (den * two),
        "half_even" if rest * two == den => down + down % two,
        "half_even" => (num * two + den) / (den * two),
        other => panic!("no rounding mode {other}"),
    };
    (count * step.0, step.1)
}

fn evaluate(text: &str) -> Fraction {
    let mut parser = Parser { rest: text };
    let value = parser.sum();
    assert_eq!(parser.rest, "", "of {text}");
    value
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn take(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start();
        let found = rest.strip_prefix(token);
        if let Some(rest) = found {
            self.rest = rest.trim_start();
        }
        found.is_some()
    }

    fn sum(&mut self) -> Fraction {
        let mut sum = self.product();
        loop {
            if self.take("+") {
                let (num, den) = self.product();
                sum = (sum.0 * den + num * sum.1, sum.1 * den);
            } else if self.take("-") {
                let (num, den) = self.product();
                sum = (sum.0 * den - num * sum.1, sum.1 * den);
            } else {
                return sum;
            }
        }
    }

    fn product(&mut self) -> Fraction {
        let mut product = self.atom();
        loop {
            if self.take("*") {
                let (num, den) = self.atom();
                product = (product.0 * num, product.1 * den);
            } else if self.take("/") {
                let (num, den) = self.atom();
                product = (product.0 * den, product.1 * num);
            } else {
                return product;
            }
        }
    }

    fn atom(&mut self) -> Fraction {
        if self.take("min(") {
            let mut least = self.sum();
            while self.take(",") {
                let other = self.sum();
                if other.0 * least.1 < least.0 * other.1 {
                    least = other;
                }
            }
            assert!(self.take(")"));
            return least;
        }
        if self.take("(") {
            let inner = self.sum();
            assert!(self.take(")"));
            return inner;
        }
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
        let ten = (0..decimals.len()).fold(Whole::from(1), |power, _| power * Whole::from(10));
        (format!("{whole}{decimals}").parse().unwrap(), ten)
    }
}

#[test]
fn the_evaluator_knows_arithmetic() {
    let table = [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3 - 0.5", "8.5"),
        ("2 * 3 / 4", "1.5"),
        ("min(3, 2 + 0.5) * (1/3)", "5/6"),
        ("10 - 2 - 3", "5"),
    ];
    for (formula, value) in table {
        assert!(same(evaluate(formula), evaluate(value)), "{formula}");
    }
    let round = |number, mode| round(evaluate(number), evaluate("0.5"), mode);
    for (number, mode, value) in [
        ("0.75", "half_up", "1"),
        ("1.25", "half_even", "1"),
        ("0.6", "up", "1"),
        ("0.9", "down", "0.5"),
    ] {
        assert!(
            same(round(number, mode), evaluate(value)),
            "{number} {mode}"
        );
    }
}
