//! Why a command could not do its work, and the exit code that says so.

use std::{fmt, io};

use serde_json::json;
use softcap_chain::ChainError;
use softcap_evm::{EvmError, Unkept};
use softcap_journal::JournalError;
use softcap_offering::{Refusal, terms::TermsProblem};
use softcap_proof::{ProofError, verify::VerifyError};
use softcap_rails::balance::PaymentProblem;
use softcap_server::{ConfigError, ServerError};

use crate::{
    commands::{problem_json, reason_json},
    input_error::{InputError, Shown},
    out_dir::OutDirError,
    report::ReportError,
};

/// What ends a command early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file of contributions or entries.
    #[error("{0}")]
    Input(#[from] InputError),
    /// Terms with errors; each has its place.
    #[error("C306: {file}: {} in the terms", count(.problems.len()))]
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
        source: io::Error,
    },
    /// No folder to verify, prove or explain from.
    #[error(
        "C307: {folder} is no result folder ({source}); allowed: the folder that softcap settle wrote"
    )]
    NoBundle {
        /// The folder as the caller named it.
        folder: String,
        /// What the system says.
        source: io::Error,
    },
    /// A file that cannot be written.
    #[error(
        "C305: {file} cannot be written ({source}); allowed: a new file in a folder that this user may write"
    )]
    Unwritable {
        /// The file as the caller named it.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// The folder for the result.
    #[error("{0}")]
    OutDir(#[from] OutDirError),
    /// A file that should hold a key.
    #[error("{code}: {file}: {error}; {remedy}", code = .error.code(), remedy = .error.remedy())]
    KeyFile {
        /// The file as the caller named it.
        file: String,
        /// What is wrong; the key itself is never repeated.
        error: ProofError,
    },
    /// Journal, trees, checkpoint.
    #[error("{code}: {error}; {remedy}", code = .0.code(), error = Causes(.0), remedy = .0.remedy())]
    Proof(ProofError),
    /// A bundle that does not hold together.
    #[error("{code}: {error}; {remedy}", code = .0.code(), error = Causes(.0), remedy = .0.remedy())]
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
    #[error("C302: {what} {} is not in {place}; {remedy}", Shown::new(.name))]
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
    /// The server.
    #[error("{0}")]
    Server(#[from] ServerError),
    /// Roles of people.
    #[error("{0}")]
    Role(softcap_identity::RoleError),
    /// The record of a server.
    #[error("{0}")]
    Record(#[from] JournalError),
    /// A backup that cannot be decrypted.
    #[error(
        "C309: {file} cannot be decrypted ({problem}); give the backup and an identity of one of its recipients"
    )]
    Sealed {
        /// The file as the caller named it.
        file: String,
        /// What is wrong; the identity itself is never repeated.
        problem: String,
    },
    /// A log that could not be read.
    #[error("C310: {url}: {problem}; try again, and compare the address with a source you trust")]
    LogUnread {
        /// The address of the offering.
        url: String,
        /// What happened.
        problem: String,
    },
    /// The folder of a witness is of another log, or damaged.
    #[error(
        "C311: {file} is no checkpoint of this log ({problem}); give each log a folder of its own"
    )]
    WitnessState {
        /// The file.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// A table of payments with wrong rows.
    #[error("C312: {file}: {} in the table, and nothing was sent; correct them", count(.problems.len()))]
    Payments {
        /// The file as the caller named it.
        file: String,
        /// The errors.
        problems: Vec<PaymentProblem>,
    },
    /// A server that did not answer in the middle of an import.
    #[error(
        "C313: {url}: {problem}; {through} of {rows} rows are through: import the same file again, rows count once"
    )]
    ImportStopped {
        /// The address of the server.
        url: String,
        /// What happened.
        problem: String,
        /// Rows that were answered.
        through: u64,
        /// Rows of the table.
        rows: usize,
    },
    /// A file of events or networks with a line that is none.
    #[error("{error} (in {file})")]
    Events {
        /// The file as the caller named it.
        file: String,
        /// What is wrong, with its code first.
        error: String,
    },
    /// The embedded chain.
    #[error("{0}")]
    Chain(#[from] ChainError),
    /// A public chain, or one like it.
    #[error("{0}")]
    Evm(#[from] EvmError),
    /// Terms that a contract cannot keep; each reason has its remedy.
    #[error("C314: {file}: {} why no contract keeps these terms; nothing was sent", reasons_count(.reasons.len()))]
    Unkept {
        /// The file as the caller named it.
        file: String,
        /// Why.
        reasons: Vec<Unkept>,
    },
    /// Terms whose rehearsal did not pass.
    #[error(
        "C316: {file}: the rehearsal of these terms did not pass: {}; nothing was sent, correct the terms (`softcap offering rehearse`)", .faults.join("; ")
    )]
    NotRehearsed {
        /// The file as the caller named it.
        file: String,
        /// What went wrong.
        faults: Vec<String>,
    },
    /// A record without an escrow.
    #[error(
        "C315: the record names no escrow, so there is nothing on a chain to compare it with; verify it without --chain"
    )]
    NoEscrow,
    /// The configuration.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// The system refused something that a server cannot do without.
    #[error("C308: {0}; read what the system says, and try again")]
    Runtime(io::Error),
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
    if problems == 1 {
        "1 error".into()
    } else {
        format!("{problems} errors")
    }
}

fn reasons_count(reasons: usize) -> String {
    if reasons == 1 {
        "1 reason".into()
    } else {
        format!("{reasons} reasons")
    }
}

impl Failure {
    /// The engine's refusal to settle.
    pub(crate) fn not_settleable(refusal: Refusal) -> Self {
        Self::NotSettleable {
            code: refusal.code(),
            sentence: refusal.sentence(),
            remedy: refusal.remedy(),
        }
    }

    /// The failure of the result's folder where there is one in it, else that of the writer.
    fn of_writing(error: io::Error, writer: impl FnOnce(io::Error) -> ProofError) -> Self {
        match error.downcast::<OutDirError>() {
            Ok(ours) => Self::OutDir(ours),
            Err(error) => Self::Proof(writer(error)),
        }
    }

    /// Whether the same may work later without anybody doing anything: a log that did not answer.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::LogUnread { .. } | Self::Proof(_))
    }

    /// 1 for a bundle, record or chain that does not hold together and for a contract that refuses, 2 for bad input of
    /// any kind.
    pub(crate) fn exit_code(&self) -> u8 {
        let is_finding = matches!(
            self,
            Self::Verify(_)
                | Self::Record(JournalError::Damaged { .. } | JournalError::Derived { .. })
                | Self::Chain(ChainError::Damaged { .. } | ChainError::Replay { .. })
        ) || matches!(self, Self::Evm(error) if error.is_finding())
            || matches!(self, Self::NotRehearsed { .. });
        if is_finding { 1 } else { 2 }
    }

    /// For machines: the stable code, the message, and the problems of terms one by one.
    pub(crate) fn value(&self) -> serde_json::Value {
        let message = self.to_string();
        // Every message begins with its code.
        let code = message.split(':').next();
        let mut value = json!({ "code": code, "message": message });
        if let (Self::Terms { problems, .. }, Some(object)) = (self, value.as_object_mut()) {
            let problems = problems.iter().map(problem_json).collect();
            object.insert("problems".into(), serde_json::Value::Array(problems));
        }
        if let (Self::Payments { problems, .. }, Some(object)) = (self, value.as_object_mut()) {
            let problems = problems.iter().map(|problem| {
                json!({
                    "line": problem.line,
                    "field": problem.field.name(),
                    "message": problem.problem,
                })
            });
            object.insert("problems".into(), problems.collect());
        }
        if let (Self::Unkept { reasons, .. }, Some(object)) = (self, value.as_object_mut()) {
            let reasons = reasons.iter().map(reason_json).collect();
            object.insert("reasons".into(), serde_json::Value::Array(reasons));
        }
        json!({ "error": value })
    }
}

impl From<ProofError> for Failure {
    /// What kept the folder of the result from being written says more than that a file of the
    /// bundle was not.
    fn from(error: ProofError) -> Self {
        if let ProofError::BundleIo { file, source } = error {
            return Self::of_writing(source, |source| ProofError::BundleIo { file, source });
        }
        if let ProofError::JournalIo { action, source } = error {
            return Self::of_writing(source, |source| ProofError::JournalIo { action, source });
        }
        if let ProofError::TreeFileIo { action, source } = error {
            return Self::of_writing(source, |source| ProofError::TreeFileIo { action, source });
        }
        Self::Proof(error)
    }
}

/// An error and what caused it, in one line: what the system said is what people can act on.
pub(crate) struct Causes<'e>(pub(crate) &'e (dyn std::error::Error + 'static));

impl fmt::Display for Causes<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        out.write_str(&said)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Some errors show their cause themselves.
            if !said.contains(&text) {
                write!(out, ": {text}")?;
                said = text;
            }
            cause = error.source();
        }
        Ok(())
    }
}
