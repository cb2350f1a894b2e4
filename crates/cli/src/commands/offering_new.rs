//! `softcap offering new`: a few questions, and commented terms that are valid.

mod answers;
mod file;
mod interview;
mod question;
#[cfg(test)]
mod tests;

use std::{
    fmt::Write as _,
    fs::OpenOptions,
    io::{IsTerminal as _, Write as _},
    path::Path,
    process::ExitCode,
};

use jiff::Timestamp;
use serde_json::json;
use softcap_offering::terms::{Terms, lint};

use self::{answers::Answers, question::Question};
use crate::{
    arguments::NewArguments,
    console::{Console, Format},
    failure::Failure,
};

pub(crate) fn run(arguments: &NewArguments, console: &Console) -> Result<ExitCode, Failure> {
    refuse_existing(&arguments.out)?;
    let (mut answers, answered) = given(arguments, Timestamp::now())?;
    let person = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if person && !arguments.defaults && console.format() == Format::Text {
        console.say("Enter takes the answer in brackets.");
        let (mut input, mut output) = (std::io::stdin().lock(), std::io::stderr().lock());
        answers =
            interview::ask(answers, &answered, &mut input, &mut output).map_err(|source| {
                Failure::Unreadable {
                    file: "standard input".into(),
                    source,
                }
            })?;
    }
    let written = finish(&arguments.out, &answers)?;
    console.data(&written.text, &written.value);
    Ok(ExitCode::SUCCESS)
}

/// Answers of the command line, each checked as if it had been typed.
fn given(arguments: &NewArguments, today: Timestamp) -> Result<(Answers, Vec<Question>), Failure> {
    let mut answers = Answers::new(today);
    let mut answered = Vec::new();
    for question in Question::ALL {
        let (Some(flag), Some(text)) = (question.flag(), flag_of(arguments, question)) else {
            continue;
        };
        answers =
            interview::take(&answers, question, text).map_err(|problem| Failure::Argument {
                flag,
                problem,
                allowed: question.allowed(),
            })?;
        answered.push(question);
    }
    Ok((answers, answered))
}

fn flag_of(arguments: &NewArguments, question: Question) -> Option<&str> {
    match question {
        Question::Name => arguments.name.as_deref(),
        Question::Symbol => arguments.symbol.as_deref(),
        Question::Currency => arguments.currency.as_deref(),
        Question::Price => arguments.price.as_deref(),
        Question::SoftCap => arguments.soft_cap.as_deref(),
        Question::HardCap => arguments.hard_cap.as_deref(),
        Question::From => arguments.from.as_deref(),
        Question::Until => arguments.until.as_deref(),
        Question::Origin
        | Question::Decimals
        | Question::Rail
        | Question::Total
        | Question::Team
        | Question::TeamCliff
        | Question::TeamVesting
        | Question::Treasury
        | Question::Minimum
        | Question::InvestorMax
        | Question::Allocation
        | Question::Withdrawal => None,
    }
}

/// What is said after the file is written.
struct Written {
    text: String,
    value: serde_json::Value,
}

fn finish(out: &Path, answers: &Answers) -> Result<Written, Failure> {
    let file = out.display().to_string();
    let text = file::text(answers);
    let terms = Terms::parse(&text).map_err(|problems| Failure::Terms {
        file: file.clone(),
        problems,
    })?;
    write_new(out, &text)?;
    let hash = terms.hash().to_string();
    let warnings = lint(&terms);
    let mut said = format!("wrote {file}, terms hash {hash}\n");
    for warning in &warnings {
        // Writing to a string cannot fail.
        let _ = writeln!(said, "{warning}");
    }
    let _ = write!(
        said,
        "Next:\n  softcap offering check {file}\n  softcap offering simulate {file}"
    );
    let codes: Vec<&str> = warnings
        .iter()
        .map(|warning| warning.code.as_str())
        .collect();
    let value = json!({ "file": file, "terms_hash": hash, "warnings": codes });
    Ok(Written { text: said, value })
}

/// A file is never replaced, and long work should not end in that message.
pub(super) fn refuse_existing(file: &Path) -> Result<(), Failure> {
    if file.symlink_metadata().is_err() {
        return Ok(());
    }
    let source = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
    Err(Failure::Unwritable {
        file: file.display().to_string(),
        source,
    })
}

/// Writes a file that must not exist.
pub(super) fn write_new(file: &Path, text: &str) -> Result<(), Failure> {
    let unwritable = |source| Failure::Unwritable {
        file: file.display().to_string(),
        source,
    };
    let mut out = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .map_err(unwritable)?;
    out.write_all(text.as_bytes())
        .and_then(|()| out.sync_all())
        .map_err(unwritable)
}
