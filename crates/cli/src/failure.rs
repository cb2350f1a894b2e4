//! Why a command could not do its work, and the exit code that says so.

use softcap_offering::terms::TermsProblem;
use softcap_proof::{ProofError, verify::VerifyError};

use crate::{input_error::InputError, out_dir::OutDirError, report::ReportError};

/// What ends a command early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file of contributions or entries.
    #[error("{0}")]
    Input(#[from] InputError),
    /// Terms with errors; each has its place.
    #[error("{file}: {} in the terms", count(.problems.len()))]
    Terms {
        /// The file as the caller named it.
        file: String,
        /// The errors.
        problems: Vec<TermsProblem>,
    },
    /// A file that cannot be read.
    #[error("C304: {file} cannot be read ({source}); allowed: a file that this user may read")]
    Unreadable {
        /// The file as the caller named it.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file that cannot be written.
    #[error("C305: {file} cannot be written ({source}); allowed: a new file in a folder that this user may write")]
    Unwritable {
        /// The file as the caller named it.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The folder for the result.
    #[error("{0}")]
    OutDir(#[from] OutDirError),
    /// Journal, trees, checkpoint.
    #[error("{code}: {error}; {remedy}", code = .0.code(), error = .0, remedy = .0.remedy())]
    Proof(#[from] ProofError),
    /// A bundle that does not hold together.
    #[error("{code}: {error}; {remedy}", code = .0.code(), error = .0, remedy = .0.remedy())]
    Verify(#[from] VerifyError),
    /// The report page.
    #[error("{0}")]
    Report(#[from] ReportError),
    /// An argument that the parser of the command line cannot judge.
    #[error("C301: --{flag}: {problem}; allowed: {allowed}")]
    Argument {
        /// Name of the flag.
        flag: &'static str,
        /// What is wrong.
        problem: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// Something asked for is not there.
    #[error("C302: {what} {name} is not in {place}; {remedy}")]
    NotThere {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
        /// Where it was looked for.
        place: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The engine refuses to settle.
    #[error("C303: the offering cannot be settled ({code}): {sentence} {remedy}")]
    NotSettleable {
        /// Number of the refusal.
        code: u16,
        /// What happened.
        sentence: &'static str,
        /// What to do.
        remedy: &'static str,
    },
}

fn count(problems: usize) -> String {
    if problems == 1 { "1 error".into() } else { format!("{problems} errors") }
}

impl Failure {
    /// 2 for bad input of any kind.
    pub(crate) fn exit_code(&self) -> u8 {
        2
    }
}
