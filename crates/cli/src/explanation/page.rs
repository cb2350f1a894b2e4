//! The page of an explanation: steps of sentences and calculations, and how they are set.

use serde_json::{Value, json};

use super::calculation::Calculation;

/// Columns of a terminal.
const WIDTH: usize = 80;

/// An explanation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) title: String,
    pub(crate) steps: Vec<Step>,
    /// The final row: name, amount, unit.
    pub(crate) row: Vec<(String, String, String)>,
    /// What the row and the numbers around it are for a machine.
    pub(crate) facts: serde_json::Map<String, Value>,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    heading: String,
    lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "a page has some dozen lines")]
enum Line {
    Sentence(String),
    /// A sentence that belongs to the line before.
    Detail(String),
    Calculation(Calculation, Depth),
}

/// Whether a calculation stands by itself or belongs to the sentence before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    Own,
    Detail,
}

impl Step {
    pub(crate) fn new(heading: &str) -> Self {
        Self {
            heading: heading.to_owned(),
            lines: Vec::new(),
        }
    }

    pub(crate) fn say(&mut self, sentence: impl Into<String>) {
        self.lines.push(Line::Sentence(sentence.into()));
    }

    pub(crate) fn detail(&mut self, sentence: impl Into<String>) {
        self.lines.push(Line::Detail(sentence.into()));
    }

    pub(crate) fn calculate(&mut self, calculation: Option<Calculation>) {
        self.lines
            .extend(calculation.map(|made| Line::Calculation(made, Depth::Own)));
    }

    pub(crate) fn calculate_detail(&mut self, calculation: Calculation) {
        self.lines
            .push(Line::Calculation(calculation, Depth::Detail));
    }
}

impl Page {
    /// Adds a step unless it says nothing.
    pub(crate) fn add(&mut self, step: Step) {
        if !step.lines.is_empty() {
            self.steps.push(step);
        }
    }

    fn calculations(&self) -> impl Iterator<Item = &Calculation> {
        self.steps
            .iter()
            .flat_map(|step| &step.lines)
            .filter_map(|line| match line {
                Line::Calculation(calculation, _) => Some(calculation),
                Line::Sentence(_) | Line::Detail(_) => None,
            })
    }

    /// How many calculations there are, and how many do not give the engine's number.
    pub(crate) fn checked(&self) -> (usize, usize) {
        let wrong = self
            .calculations()
            .filter(|calculation| !calculation.holds());
        (self.calculations().count(), wrong.count())
    }

    pub(crate) fn text(&self) -> String {
        let mut out = format!(
            "{}\n{}\n",
            self.title,
            "=".repeat(self.title.chars().count())
        );
        for (place, step) in self.steps.iter().enumerate() {
            out.push_str(&format!("\n{}. {}\n", place + 1, step.heading));
            for line in &step.lines {
                match line {
                    Line::Sentence(text) => wrap(&mut out, text, 3, 5),
                    Line::Detail(text) => wrap(&mut out, text, 5, 7),
                    Line::Calculation(calculation, depth) => {
                        let indent = if *depth == Depth::Own { 3 } else { 5 };
                        set(&mut out, &calculation.parts(), indent);
                    }
                }
            }
        }
        self.write_row(&mut out);
        let (all, wrong) = self.checked();
        out.push_str(&match wrong {
            0 => {
                format!("\nAll {all} calculations above were computed again from what they print.")
            }
            _ => format!("\n{wrong} of {all} calculations above do NOT give the recorded number."),
        });
        out
    }

    fn write_row(&self, out: &mut String) {
        let longest = |part: fn(&(String, String, String)) -> &String| {
            self.row
                .iter()
                .map(|row| part(row).chars().count())
                .max()
                .unwrap_or(0)
        };
        let (names, units) = (longest(|row| &row.0), longest(|row| &row.2));
        // Points stand below each other.
        let before = |number: &str| number.find('.').unwrap_or(number.len());
        let wholes = self.row.iter().map(|row| before(&row.1)).max().unwrap_or(0);
        let after = |number: &str| number.len() - before(number);
        let fractions = self.row.iter().map(|row| after(&row.1)).max().unwrap_or(0);
        let rule = "-".repeat(names + wholes + fractions + units + 3);
        out.push_str(&format!("\n   {rule}\n"));
        for (name, number, unit) in &self.row {
            let left = " ".repeat(wholes - before(number));
            let right = " ".repeat(fractions - after(number));
            let line = format!("   {name:<names$}  {left}{number}{right} {unit}");
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out.push_str(&format!("   {rule}\n"));
    }

    pub(crate) fn json(&self) -> Value {
        let line = |line: &Line| match line {
            Line::Sentence(text) | Line::Detail(text) => json!({ "text": text }),
            Line::Calculation(calculation, _) => calculation.json(),
        };
        let step = |step: &Step| {
            json!({
                "heading": step.heading,
                "lines": step.lines.iter().map(line).collect::<Vec<_>>(),
            })
        };
        let (calculations, wrong) = self.checked();
        let mut value = self.facts.clone();
        value.insert("steps".into(), self.steps.iter().map(step).collect());
        value.insert("calculations".into(), calculations.into());
        value.insert("calculations_that_differ".into(), wrong.into());
        Value::Object(value)
    }
}

/// Sets a calculation in one line, or each part in its own.
fn set(out: &mut String, parts: &[String], indent: usize) {
    let line = parts.join(" ");
    if parts.len() <= 2 && line.chars().count() + indent <= WIDTH {
        wrap(out, &line, indent, indent + 2);
        return;
    }
    for (place, part) in parts.iter().enumerate() {
        let first = if place == 0 { indent } else { indent + 2 };
        wrap(out, part, first, indent + 4);
    }
}

/// Appends a text in lines of at most [`WIDTH`] columns, broken at blanks; a word that is longer
/// stands alone.
fn wrap(out: &mut String, text: &str, first: usize, further: usize) {
    let mut column = first;
    out.push_str(&" ".repeat(first));
    let mut begun = false;
    for word in text.split(' ') {
        let length = word.chars().count();
        if begun && column + 1 + length > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(further));
            column = further;
        } else if begun {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
        begun = true;
    }
    out.push('\n');
}
