//! The simulation as tables and a chart for a terminal.

use std::{
    fmt::Write as _,
    io::{IsTerminal as _, stdout},
};

use softcap_offering::{
    LimitPrice,
    terms::{RateTerm, Terms},
};

use super::{
    Simulation,
    kind::Kind,
    rates::FIRST_RATE,
    scenario::Scenario,
    tally::{KindResult, ScenarioResult},
};
use crate::{
    decimal::{InUnits, power_of_ten},
    report::grouped,
};

/// Characters of a bar.
const BAR: u128 = 8;
/// Characters of the names before the bars: with seven bars of eight a line has 78 characters.
const NAMES: usize = 15;

/// What bars are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bars {
    /// Blocks of an eighth of a character.
    Blocks,
    /// Plain characters, for files and for terminals that have nothing else.
    Plain,
}

impl Bars {
    /// Blocks where a person looks at a terminal that can show them.
    pub(super) fn of_standard_output() -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let plain = std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
        if stdout().is_terminal() && !dumb && !plain {
            Self::Blocks
        } else {
            Self::Plain
        }
    }

    /// A bar of so many basis points. Something is never shown as nothing, nor a part as all.
    fn bar(self, basis_points: u128) -> String {
        let steps = match self {
            Self::Blocks => BAR * 8,
            Self::Plain => BAR,
        };
        let mut filled = (basis_points * steps + 5_000) / 10_000;
        if basis_points > 0 {
            filled = filled.max(1);
        }
        if basis_points < 10_000 {
            filled = filled.min(steps - 1);
        }
        let count = |number: u128| usize::try_from(number).unwrap_or(0);
        match self {
            Self::Plain => "#".repeat(count(filled)) + &".".repeat(count(steps - filled)),
            Self::Blocks => {
                const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
                let part = PARTS.get(count(filled % 8)).copied().unwrap_or("");
                let mut bar = "█".repeat(count(filled / 8)) + part;
                while (bar.chars().count() as u128) < BAR {
                    bar.push('·');
                }
                bar
            }
        }
    }
}

/// An amount for people: grouped, and cut to decimals that say something, always as many.
#[derive(Clone, Copy, Debug)]
struct Shown {
    decimals: u8,
    shown: u8,
}

impl Shown {
    /// Decimals that give the largest amount five digits, and two where there are as many.
    fn new(decimals: u8, largest: u128) -> Self {
        let digits = largest.checked_ilog10().map_or(0, |digits| digits + 1);
        // Digits before the point, or as a negative number the zeros after it.
        let whole = i64::from(digits) - i64::from(decimals);
        let shown = u8::try_from((5 - whole).max(2)).unwrap_or(u8::MAX);
        Self {
            decimals,
            shown: shown.min(decimals),
        }
    }

    fn text(self, units: u128) -> String {
        if units == 0 {
            return "0".to_owned();
        }
        let cut = power_of_ten(u32::from(self.decimals - self.shown)).unwrap_or(1);
        let text = InUnits {
            units: units / cut,
            decimals: self.shown,
        }
        .to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let whole = whole.parse().map_or_else(|_| whole.to_owned(), grouped);
        let width = usize::from(self.shown);
        if width == 0 {
            whole
        } else {
            format!("{whole}.{fraction:0<width$}")
        }
    }
}

/// The whole report.
pub(super) fn report(simulation: &Simulation, bars: Bars) -> String {
    let mut out = String::new();
    introduction(&mut out, simulation);
    for result in &simulation.results {
        scenario(&mut out, &simulation.sale.terms, result);
    }
    chart(&mut out, &simulation.results, bars);
    legend(&mut out, &simulation.results);
    out.truncate(out.trim_end().len());
    out
}

// Writing to a string cannot fail, so the results of `writeln!` are dropped below.

fn introduction(out: &mut String, simulation: &Simulation) {
    let (sale, terms) = (&simulation.sale, &simulation.sale.terms);
    let unit = &terms.numeraire.symbol;
    let shown = Shown::new(terms.numeraire.decimals, sale.capacity);
    let capacity = shown.text(sale.capacity);
    let _ = writeln!(out, "{}: what each kind of investor would get", terms.name);
    let _ = match sale.bounded {
        true => writeln!(
            out,
            "There is room for about {capacity} {unit}. Seed {}.",
            simulation.seed
        ),
        false => writeln!(
            out,
            "Nothing bounds this sale; demand is drawn as if there were room for {capacity} \
             {unit}. Seed {}.",
            simulation.seed
        ),
    };
    for currency in &terms.currencies {
        if let RateTerm::Recorded { .. } = currency.rate {
            let _ = writeln!(
                out,
                "Rates of {} are assumed: about {} {unit} per {}.",
                currency.symbol,
                grouped(FIRST_RATE),
                currency.symbol
            );
        }
    }
    for scenario in Scenario::ALL {
        if !scenario.applies(terms.soft_cap.is_some()) {
            let _ = writeln!(
                out,
                "Without a soft cap there is no {:?} scenario.",
                scenario.label()
            );
        }
    }
}

fn scenario(out: &mut String, terms: &Terms, result: &ScenarioResult) {
    let (unit, token) = (&terms.numeraire.symbol, &terms.token.symbol);
    let money = Shown::new(terms.numeraire.decimals, result.asked);
    let tokens = Shown::new(terms.token.decimals, result.settled.sold.0);
    let scenario = result.scenario;
    let _ = writeln!(
        out,
        "\n{}: {}",
        scenario.label().to_uppercase(),
        scenario.meaning()
    );
    let _ = writeln!(
        out,
        "{} people ask for {} {unit}.",
        grouped(u128::from(result.people)),
        money.text(result.asked)
    );
    let verdict = result.settled.verdict.name();
    let _ = if result.succeeded() {
        let raised = money.text(result.settled.raised.0);
        let sold = tokens.text(result.settled.sold.0);
        writeln!(
            out,
            "The sale {verdict}: {raised} {unit} raised, {sold} {token} sold."
        )
    } else {
        let taken = money.text(result.taken);
        writeln!(
            out,
            "The sale {verdict}: {taken} {unit} taken, and everybody is refunded."
        )
    };
    for (round, clearing) in terms.rounds.iter().zip(&result.clearing) {
        if let (Some(price), true) = (clearing, result.succeeded()) {
            let per_token = clearing_price(terms, *price);
            let _ = writeln!(out, "Everybody in {:?} pays {per_token}.", round.name);
        }
    }
    if !result.on_target {
        let _ = writeln!(
            out,
            "Caps, minimums and limits per person do not let any demand end where this scenario \
             should."
        );
    }
    let _ = writeln!(out);
    table(out, &rows(result, money, tokens));
}

/// A clearing price as money for a whole token, cut to the digits that say something.
fn clearing_price(terms: &Terms, price: LimitPrice) -> String {
    /// A token may cost a fraction of the smallest unit of money.
    const FINER: u8 = 6;
    let one = power_of_ten(u32::from(terms.token.decimals) + u32::from(FINER)).unwrap_or(1);
    let money = super::share::part(one, price.money, price.tokens);
    let shown = Shown::new(terms.numeraire.decimals + FINER, money);
    format!(
        "{} {} per {}",
        shown.text(money),
        terms.numeraire.symbol,
        terms.token.symbol
    )
}

fn rows(result: &ScenarioResult, money: Shown, tokens: Shown) -> Vec<Vec<String>> {
    let kept = result.kinds.iter().any(|kind| kind.kept > 0);
    let mut heads = vec!["kind", "people", "asked", "accepted", "refunded"];
    heads.extend(kept.then_some("kept"));
    heads.extend(["median tokens", "filled", "not whole", "mostly because"]);
    let mut rows = vec![heads.into_iter().map(str::to_owned).collect()];
    for kind in &result.kinds {
        rows.push(row(kind, kept, money, tokens));
    }
    rows
}

fn row(kind: &KindResult, kept: bool, money: Shown, tokens: Shown) -> Vec<String> {
    let mut cells = vec![
        kind.kind.label().to_owned(),
        grouped(u128::from(kind.people)),
        money.text(kind.asked),
        money.text(kind.accepted),
        money.text(kind.refunded),
    ];
    if kept {
        cells.push(money.text(kind.kept));
    }
    let tokens = Shown::new(tokens.decimals, kind.tokens_median.max(1)).text(kind.tokens_median);
    cells.push(tokens);
    cells.push(percent(kind.filled()));
    cells.push(grouped(u128::from(kind.refused())));
    cells.push(
        kind.main_reason()
            .map(|reason| reason.name())
            .unwrap_or_default(),
    );
    cells
}

/// Basis points as per cent.
pub(super) fn percent(basis_points: u128) -> String {
    format!("{}.{:02} %", basis_points / 100, basis_points % 100)
}

/// Columns as wide as their widest cell; the first and the last stand left, numbers right.
fn table(out: &mut String, rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..columns)
        .map(|column| width(column).unwrap_or(0))
        .collect();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let left = column == 0 || column + 1 == columns;
            let _ = match left {
                true => write!(line, "  {cell:<width$}"),
                false => write!(line, "  {cell:>width$}"),
            };
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

fn chart(out: &mut String, results: &[ScenarioResult], bars: Bars) {
    let _ = writeln!(
        out,
        "\nSHARE OF DEMAND FILLED (a full bar: everything that was asked)\n"
    );
    let mut heads = format!("{:NAMES$}", "");
    let mut verdicts = heads.clone();
    for result in results {
        let verdict = if result.succeeded() {
            "sold"
        } else {
            "refunded"
        };
        let _ = write!(heads, " {:8}", result.scenario.short());
        let _ = write!(verdicts, " {verdict:8}");
    }
    let _ = writeln!(out, "{}\n{}", heads.trim_end(), verdicts.trim_end());
    for kind in present(results) {
        let mut line = format!("  {:width$}", kind.label(), width = NAMES - 2);
        for result in results {
            let bar = result.kind(kind).map(|kind| bars.bar(kind.filled()));
            let _ = write!(line, " {:8}", bar.as_deref().unwrap_or("-"));
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// Kinds that took part in any scenario.
pub(super) fn present(results: &[ScenarioResult]) -> impl Iterator<Item = Kind> {
    Kind::ALL
        .into_iter()
        .filter(|kind| results.iter().any(|result| result.kind(*kind).is_some()))
}

fn legend(out: &mut String, results: &[ScenarioResult]) {
    let _ = writeln!(out, "\nWHO IS WHO\n");
    for kind in present(results) {
        let _ = writeln!(out, "  {:13}  {}", kind.label(), kind.meaning());
    }
    let _ = writeln!(
        out,
        "\nAmounts are cut to a few decimals; --json has all of them. \"Median tokens\" are those \
         of the\nperson in the middle. \"Not whole\" counts payments that were cut, refused, \
         withdrawn or refunded."
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_show_that_something_is_something_and_a_part_is_no_whole() {
        for (basis_points, plain, blocks) in [
            (0, "........", "········"),
            (1, "#.......", "▏·······"),
            (5_000, "####....", "████····"),
            (5_100, "####....", "████▏···"),
            (9_999, "#######.", "███████▉"),
            (10_000, "########", "████████"),
        ] {
            assert_eq!(Bars::Plain.bar(basis_points), plain, "{basis_points}");
            assert_eq!(Bars::Blocks.bar(basis_points), blocks, "{basis_points}");
        }
    }

    #[test]
    fn amounts_are_grouped_and_cut_to_digits_that_say_something() {
        for (decimals, largest, units, expected) in [
            (2, 2_500_000, 1_234_567, "12,345.67"),
            (
                18,
                5 * 10_u128.pow(21),
                1_234_567_890_123_456_789_012,
                "1,234.56",
            ),
            (18, 10_u128.pow(16), 1_234_567_890_123_456, "0.001234"),
            (0, 9, 7, "7"),
            (8, 0, 0, "0"),
            (8, 1_000_000_000, 1, "0.000"),
        ] {
            assert_eq!(Shown::new(decimals, largest).text(units), expected);
        }
    }
}
