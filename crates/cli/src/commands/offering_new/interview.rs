//! Asking: one question after the other, each answer judged at once.

use std::io::{BufRead, Read as _, Write};

use softcap_offering::terms::{Severity, TermsProblem, inspect};

use super::{answers::Answers, file, question::Question};

/// Longest line that is read as an answer, in bytes.
const LONGEST_LINE: u64 = 4_096;

/// Takes an answer if it is one, and if the terms are still valid with it.
///
/// # Errors
/// Why it is not taken, as a sentence.
pub(super) fn take(answers: &Answers, question: Question, text: &str) -> Result<Answers, String> {
    let Some(answer) = question.read(text) else {
        return Err(format!("{:?} is no answer to this", text.trim()));
    };
    let answers = answers.with(question, answer);
    if !answers.lets_anybody_in() {
        return Err(
            "nobody could take part: the least of one contribution is above the most of one \
                    investor"
                .to_owned(),
        );
    }
    // With the defaults of what is still open, the terms are complete: their own check is the judge.
    match obstacles(&answers).into_iter().next() {
        None => Ok(answers),
        Some(problem) => Err(format!(
            "{}: {}; {}",
            problem.code.as_str(),
            problem.message,
            problem.hint
        )),
    }
}

/// What keeps the terms from being written: errors and red warnings.
pub(super) fn obstacles(answers: &Answers) -> Vec<TermsProblem> {
    let mut problems = inspect(&file::text(answers)).problems;
    problems.retain(|problem| match problem.severity {
        Severity::Error | Severity::Red => true,
        Severity::Warning => false,
    });
    problems
}

/// Asks what was not answered yet, until there is an answer to each.
///
/// # Errors
/// When the answers end early or nothing can be shown.
pub(super) fn ask(
    mut answers: Answers,
    answered: &[Question],
    input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> std::io::Result<Answers> {
    for question in Question::ALL {
        if answered.contains(&question) || !answers.is_asked(question) {
            continue;
        }
        writeln!(output, "\n{}", question.meaning())?;
        answers = ask_one(answers, question, input, output)?;
    }
    Ok(answers)
}

fn ask_one(
    answers: Answers,
    question: Question,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> std::io::Result<Answers> {
    loop {
        let unit = answers
            .unit(question)
            .map_or_else(String::new, |unit| format!(", in {unit}"));
        let (prompt, default) = (question.prompt(), answers.get(question));
        write!(output, "{prompt}{unit} [{default}]: ")?;
        output.flush()?;
        let mut line = String::new();
        if input.take(LONGEST_LINE).read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let text = line.trim();
        match take(
            &answers,
            question,
            if text.is_empty() { &default } else { text },
        ) {
            Ok(answers) => return Ok(answers),
            Err(reason) => writeln!(output, "{reason}. Allowed: {}.", question.allowed())?,
        }
    }
}
