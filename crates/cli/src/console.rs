//! Where output goes: data to standard output, talk and progress to standard error.

use std::{
    fmt::Display,
    io::{IsTerminal as _, Write as _},
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::Failure;

/// The two ways out of the program.
#[derive(Debug)]
pub(crate) struct Console {
    format: Format,
}

/// Who reads the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// A person.
    Text,
    /// A machine.
    Json,
}

impl Console {
    /// `json` as the command line has it.
    pub(crate) fn new(json: bool) -> Self {
        Self {
            format: if json { Format::Json } else { Format::Text },
        }
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Prints data: the text for people, or the value for machines.
    pub(crate) fn data(&self, text: impl Display, value: &serde_json::Value) {
        let mut out = std::io::stdout().lock();
        // A reader that went away (`| head`) is no failure of the command.
        let _ = match self.format {
            Format::Text => writeln!(out, "{text}"),
            Format::Json => writeln!(out, "{value:#}"),
        };
    }

    /// Says something to a person, beside the data.
    pub(crate) fn say(&self, text: impl Display) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// A progress bar for long work; nothing where nobody would see it.
    pub(crate) fn progress(&self, work: &'static str, length: Option<u64>) -> ProgressBar {
        if self.format == Format::Json || !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let template = "{msg:12} {bar:40} {percent:>3} % {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.with_message(work)
    }

    /// Reports why a command failed.
    pub(crate) fn report(&self, failure: &Failure) {
        if let Failure::Terms { file, problems } = failure {
            for problem in problems {
                self.say(format_args!("{file}: {problem}"));
            }
        }
        if let Failure::Payments { file, problems } = failure {
            for problem in problems {
                self.say(format_args!("{file}: {problem}"));
            }
        }
        if let Failure::Unkept { file, reasons } = failure {
            for reason in reasons {
                self.say(format_args!("{file}: {reason}"));
            }
        }
        self.say(format_args!("error: {failure}"));
        if self.format == Format::Json {
            let _ = writeln!(std::io::stdout().lock(), "{:#}", failure.value());
        }
    }
}
