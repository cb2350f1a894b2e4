//! A command becomes an entry, and its receipt the answer.

use std::borrow::Cow;

use axum::http::StatusCode;
use softcap_journal::{
    Answer, BATCH_TIME, Intake, JournalError, Machine as _, OfferingLog, OfferingMachine,
    Submission,
};
use softcap_offering::{Command, InvestorId, LineIndex, RequestId, Sequence, Stamp};
use softcap_proof::{
    entry::{Entry, encode_command},
    hex,
    receipt::Receipt,
};

use super::{
    Service,
    call_note::begin_change,
    caller::{Caller, IdempotencyKey},
    entry_view::{EntryView, OutcomeView, ReceiptJson},
    refusal_limit::{Admitted, Became, Person, Undecided},
};
use crate::{
    problem::{ApiError, ProblemCode},
    system::CodeText,
};

/// Appends a command and answers with its entry; a repeat of the request gets the first answer.
pub(super) async fn submit(
    service: &Service,
    log: &OfferingLog,
    caller: &Caller,
    key: &IdempotencyKey,
    command: &Command<'_>,
) -> Result<EntryView, ApiError> {
    submit_at(service, log, caller, key, (at_batch_time(), command)).await
}

/// The place of an entry whose time is that of its batch.
pub(super) fn at_batch_time() -> Stamp {
    Stamp {
        line: LineIndex(0),
        position: BATCH_TIME,
    }
}

/// As [`submit`], of what moves money or rights: who does it is written down first.
pub(super) async fn submit_noted(
    service: &Service,
    log: &OfferingLog,
    caller: &Caller,
    key: &IdempotencyKey,
    command: &Command<'_>,
) -> Result<EntryView, ApiError> {
    let request = caller.request(&service.requests, key);
    let subject = format!("offering:{}", log.row.name);
    begin_change(service, &caller.who(), (&subject, &name_of(request))).await?;
    submit(service, log, caller, key, command).await
}

/// The request of an entry, as the audit names it before there is one.
pub(super) fn name_of(request: RequestId) -> String {
    format!("request {}", hex(&request.0))
}

/// As [`submit`], at a position of its own.
pub(super) async fn submit_at(
    service: &Service,
    log: &OfferingLog,
    caller: &Caller,
    key: &IdempotencyKey,
    entry: (Stamp, &Command<'_>),
) -> Result<EntryView, ApiError> {
    let request = caller.request(&service.requests, key);
    submit_as(service, log, request, entry).await
}

/// Room for an entry as most are.
const ENTRY_BYTES: usize = 192;

/// As [`submit_at`], under a request of another origin.
pub(crate) async fn submit_as(
    service: &Service,
    log: &OfferingLog,
    request: RequestId,
    entry: (Stamp, &Command<'_>),
) -> Result<EntryView, ApiError> {
    let ready = prepare(service, log, request, entry)?;
    enter(service, log, ready).await
}

/// What is to be appended, with nothing of the request that it came with: who waits for the disk keeps little memory,
/// which is cold when it is used again, and other threads free it.
#[derive(Debug)]
pub(super) struct Ready {
    submission: Submission,
    request: RequestId,
    /// Who brings money.
    contributor: Option<Person>,
}

/// The first half of [`submit_as`].
pub(super) fn prepare(
    service: &Service,
    log: &OfferingLog,
    request: RequestId,
    (stamp, command): (Stamp, &Command<'_>),
) -> Result<Ready, ApiError> {
    // A contract that takes the outcome as a root waits for the settlement of the record.
    let waits = *command == Command::Settle && log.terms.root.is_some();
    if is_decided_on_chain(command)
        && !waits
        && log.sequencer.read().machine().offering().escrow().is_some()
    {
        return Err(conflict(ON_CHAIN, String::new()));
    }
    let mut body = Vec::with_capacity(ENTRY_BYTES);
    let entry = Entry {
        sequence: Sequence(0),
        stamp,
        request: Some(request),
        command: command.clone(),
    };
    encode_command(&entry, &mut body).map_err(|error| of_journal(error.into()))?;
    let contributor = contributor(command);
    let submission = Submission {
        intake: contributor.map_or(Intake::Other, |_| Intake::Contribution),
        request: Some(request),
        body,
    };
    let person = |investor| service.refusals.person(&log.row.name, investor);
    Ok(Ready {
        submission,
        request,
        contributor: contributor.map(person),
    })
}

/// The second half of [`submit_as`]: returns when it is on disk.
pub(super) async fn enter(
    service: &Service,
    log: &OfferingLog,
    ready: Ready,
) -> Result<EntryView, ApiError> {
    let Ready {
        submission,
        request,
        contributor,
    } = ready;
    let undecided = match contributor {
        Some(person) => admit(service, log, person, request).await?,
        None => None,
    };
    let answer = log.sequencer.submit(submission).await;
    let is_new = matches!(answer, Ok(Answer::Entered { .. }));
    let entry = match answer {
        Ok(answer) => answered(log, answer).await,
        Err(error) => Err(of_journal(error)),
    };
    if let Some(undecided) = undecided {
        undecided.decide(match &entry {
            Ok(entry) if is_new && matches!(entry.outcome, OutcomeView::Refused { .. }) => {
                Became::Refused
            }
            Ok(_) | Err(_) => Became::NotRefused,
        });
    }
    entry
}

/// Whether a contract decides this where it holds the money, and the record only says it again.
fn is_decided_on_chain(command: &Command<'_>) -> bool {
    match command {
        Command::Admit(_)
        | Command::Revoke { .. }
        | Command::Withdraw { .. }
        | Command::Return { .. }
        | Command::Pause
        | Command::Resume
        | Command::Close { .. }
        | Command::Cancel
        | Command::Settle
        | Command::Distribute { .. }
        | Command::PayRefund { .. }
        | Command::Release { .. } => true,
        // A contribution that does not come from the contract is an entry that refuses it.
        Command::Contribute(_)
        | Command::Commit { .. }
        | Command::Announce { .. }
        | Command::Rate { .. }
        | Command::Reveal { .. }
        | Command::Seed { .. }
        | Command::Document { .. }
        | Command::Tick
        | Command::Publish { .. }
        | Command::Vest { .. }
        | Command::Fund { .. }
        | Command::TakeBack { .. }
        | Command::Escrow(_) => false,
    }
}

/// Who brings money with a command.
fn contributor<'a>(command: &Command<'a>) -> Option<InvestorId<'a>> {
    if let Command::Contribute(contribute) = command {
        Some(contribute.investor)
    } else if let Command::Commit { investor, .. } = command {
        Some(*investor)
    } else {
        None
    }
}

/// Waits until a contribution may be entered. A request that is known makes no entry, so that it is
/// always let through, and counts as nothing.
async fn admit<'s>(
    service: &'s Service,
    log: &OfferingLog,
    person: Person,
    request: RequestId,
) -> Result<Option<Undecided<'s>>, ApiError> {
    let limit = &service.refusals;
    loop {
        // Before the question, so that no outcome falls between the two.
        let decided = limit.decided().notified();
        let now = service.clock.monotonic();
        match limit.admit(person, now) {
            Admitted::Yes(undecided) => return Ok(Some(undecided)),
            Admitted::Later | Admitted::UsedUp { .. } if is_known(log, request) => return Ok(None),
            Admitted::Later => decided.await,
            Admitted::UsedUp { seconds } => {
                return Err(ApiError::retry(ProblemCode::TooManyRefusals, seconds));
            }
        }
    }
}

fn is_known(log: &OfferingLog, request: RequestId) -> bool {
    let state = log.sequencer.read();
    state.machine().find_request(request).is_some()
}

async fn answered(log: &OfferingLog, answer: Answer) -> Result<EntryView, ApiError> {
    match answer {
        Answer::Entered { batch, index } => {
            let receipt = batch.receipt_json(index).map_err(JournalError::from);
            let leaf = batch.leaf(index).unwrap_or_default();
            new_view(log, leaf, ReceiptJson(receipt.map_err(of_journal)?))
        }
        Answer::Known { first, body } => {
            // Apart: a repeat is rare, and each contribution would carry room for reading its receipt.
            let receipt = Box::pin(log.reader.receipt(first)).await;
            let receipt = receipt.map_err(of_journal)?;
            if !OfferingMachine::is_same_command(receipt.leaf(), &body) {
                return Err(ApiError::new(
                    ProblemCode::KeyReused,
                    format!("entry {first} came with this key and another content"),
                ));
            }
            view(log, &receipt)
        }
    }
}

/// An entry as JSON, from its receipt.
pub(super) fn view(log: &OfferingLog, receipt: &Receipt) -> Result<EntryView, ApiError> {
    new_view(log, receipt.leaf(), ReceiptJson::of(&receipt.to_string()))
}

fn new_view(log: &OfferingLog, leaf: &[u8], receipt: ReceiptJson) -> Result<EntryView, ApiError> {
    EntryView::new(&log.row.name, &log.terms, leaf, receipt)
        .map_err(|error| ApiError::internal(&error))
}

const STOPPED: CodeText = CodeText {
    code: Cow::Borrowed("J202"),
    title: Cow::Borrowed("Contributions are stopped for now."),
    remedy: Cow::Borrowed(
        "Withdrawals and all else go on. Repeat with the same Idempotency-Key later.",
    ),
};

const HELD: CodeText = CodeText {
    code: Cow::Borrowed("J205"),
    title: Cow::Borrowed("Nothing is entered into this log."),
    remedy: Cow::Borrowed("Reads go on. An operator must put the right database back."),
};

const OTHER_TRANSFER: CodeText = CodeText {
    code: Cow::Borrowed("J206"),
    title: Cow::Borrowed("Another transfer has this name."),
    remedy: Cow::Borrowed(
        "Draw a new one for a new transfer; repeat the first one unchanged to get its answer.",
    ),
};

const ON_CHAIN: CodeText = CodeText {
    code: Cow::Borrowed("J209"),
    title: Cow::Borrowed("The escrow contract decides this."),
    remedy: Cow::Borrowed("Call the contract; the record follows it."),
};

const HAS_MONEY: CodeText = CodeText {
    code: Cow::Borrowed("J208"),
    title: Cow::Borrowed("Money of this person is in an offering or on its way."),
    remedy: Cow::Borrowed("Take it back first, or wait for the end of the offering."),
};

const UNCLEAR_TRANSFER: CodeText = CodeText {
    code: Cow::Borrowed("J403"),
    title: Cow::Borrowed("The offering has this transfer for another investor."),
    remedy: Cow::Borrowed(
        "If the person was forgotten, nothing is open. Else an operator must look.",
    ),
};

/// The record's own problems, for their pages.
pub(super) fn codes() -> impl Iterator<Item = CodeText> {
    [
        STOPPED,
        HELD,
        OTHER_TRANSFER,
        HAS_MONEY,
        ON_CHAIN,
        UNCLEAR_TRANSFER,
    ]
    .into_iter()
}

fn unavailable(text: CodeText, error: &JournalError) -> ApiError {
    domain(StatusCode::SERVICE_UNAVAILABLE, text, error.to_string())
}

fn conflict(text: CodeText, detail: String) -> ApiError {
    domain(StatusCode::CONFLICT, text, detail)
}

pub(super) fn domain(status: StatusCode, text: CodeText, detail: String) -> ApiError {
    ApiError::Domain {
        status,
        code: text.code,
        title: text.title,
        detail,
        remedy: text.remedy,
    }
}

/// What the record says, as a problem.
pub(crate) fn of_journal(error: JournalError) -> ApiError {
    match &error {
        JournalError::Busy => ApiError::retry(ProblemCode::Busy, 1),
        JournalError::Stopping => ProblemCode::Stopping.into(),
        JournalError::NoSuchLog(_) | JournalError::NoSuchEntry { .. } => {
            ApiError::not_found(error.to_string())
        }
        JournalError::Stopped(_) => unavailable(STOPPED, &error),
        JournalError::Held(_) => unavailable(HELD, &error),
        JournalError::OtherTransfer => conflict(OTHER_TRANSFER, String::new()),
        JournalError::HasMoney => conflict(HAS_MONEY, String::new()),
        JournalError::UnclearTransfer { .. } => conflict(UNCLEAR_TRANSFER, error.to_string()),
        JournalError::LogExists(_) | JournalError::OriginTaken(_) => {
            ApiError::new(ProblemCode::Conflict, error.to_string())
        }
        JournalError::UnknownWitness => ApiError::new(ProblemCode::NotAllowed, error.to_string()),
        JournalError::LogName
        | JournalError::ForeignClock
        | JournalError::Terms { .. }
        | JournalError::NotOnBalance(_) => ApiError::new(ProblemCode::Invalid, error.to_string()),
        JournalError::Proof(proof) => ApiError::new(ProblemCode::Invalid, proof.to_string()),
        JournalError::Database(database) if database.is_passing() => {
            ApiError::caused(ProblemCode::NoRoom, &error)
        }
        JournalError::OtherContent { .. } => ProblemCode::KeyReused.into(),
        JournalError::Database(_)
        | JournalError::InUse(_)
        | JournalError::File { .. }
        | JournalError::NoRecord(_)
        | JournalError::NotEmpty(_)
        | JournalError::NoBackup(_)
        | JournalError::Derived { .. }
        | JournalError::Damaged { .. } => ApiError::internal(&error),
    }
}
