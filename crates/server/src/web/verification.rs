//! What a stranger can check, and the check of a receipt.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use softcap_journal::{JournalError, OfferingLog};
use softcap_proof::{LeafHash, Root, hex, receipt::Receipt};

use super::{
    amounts,
    entry_words::{command_words, outcome_words},
    form::{Errors, Form},
    page::{page, page_with},
    times::When,
    visit::Visit,
};
use crate::{
    api::{Service, of_journal},
    problem::ApiError,
};

/// An offering that can be checked.
struct CheckedOffering {
    name: String,
    title: String,
    entries: String,
    is_settled: bool,
    is_signed: bool,
}

#[derive(Template)]
#[template(path = "verification.html")]
struct VerificationPage {
    visit: Visit,
    errors: Errors,
    receipt: String,
    /// The key that signs the logs, as `softcap verify --key` takes it.
    key: String,
    offerings: Vec<CheckedOffering>,
    /// A name for the example of a command, and where it is.
    example: String,
    origin: String,
}

#[derive(Template)]
#[template(path = "receipt_result.html")]
struct ReceiptPage {
    visit: Visit,
    result: ReceiptResult,
}

/// What a receipt proves.
struct ReceiptResult {
    offering: String,
    title: String,
    number: String,
    when: When,
    command: String,
    outcome: String,
    leaf: String,
    root: String,
    size: String,
    /// Entries of the log now, whose tree begins with the receipt's.
    now: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct ReceiptForm {
    #[serde(default)]
    receipt: String,
}

pub(super) async fn verification(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    page(&verification_page(
        &service,
        visit,
        Errors::default(),
        String::new(),
    ))
}

fn verification_page(
    service: &Service,
    visit: Visit,
    errors: Errors,
    receipt: String,
) -> VerificationPage {
    let language = visit.language;
    let logs = service.journal().offerings();
    let offerings: Vec<CheckedOffering> = logs
        .iter()
        .map(|log| {
            let state = log.sequencer.read();
            CheckedOffering {
                name: log.row.name.to_string(),
                title: log.terms.name.clone(),
                entries: amounts::count(language, u128::from(state.size())),
                is_settled: state.machine().offering().settlement().is_some(),
                is_signed: log.row.issuer.is_some(),
            }
        })
        .collect();
    let example = offerings.first().map(|offering| offering.name.clone());
    VerificationPage {
        visit,
        errors,
        receipt,
        key: service.journal().key().verifier_key().to_string(),
        offerings,
        origin: service.origin().to_owned(),
        example: example.unwrap_or_else(|| "harbour".to_owned()),
    }
}

pub(super) async fn check_receipt(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Form(form): Form<ReceiptForm>,
) -> Result<Response, ApiError> {
    match checked(&service, &visit, &form.receipt).await? {
        Ok(result) => page(&ReceiptPage { visit, result }),
        Err(why) => {
            let mut errors = Errors::default();
            errors.add("receipt", why);
            let answer = verification_page(&service, visit, errors, form.receipt);
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer)
        }
    }
}

/// What a receipt proves, or what is wrong with it.
async fn checked(
    service: &Service,
    visit: &Visit,
    text: &str,
) -> Result<Result<ReceiptResult, String>, ApiError> {
    let language = visit.language;
    if text.trim().is_empty() {
        return Ok(Err(visit.say("receipt-empty")));
    }
    // Browsers send lines of forms with carriage returns, and a receipt has none.
    let text = text.replace("\r\n", "\n");
    let text = format!("{}\n", text.trim());
    let because = |key: &str, error: &dyn std::fmt::Display| {
        Ok(Err(
            language.tell(key, &[("why", (&error.to_string()).into())])
        ))
    };
    let receipt = match Receipt::parse(text.as_bytes()) {
        Ok(receipt) => receipt,
        Err(error) => return because("receipt-unreadable", &error),
    };
    let proved = match receipt.verify(service.journal().key().verifier_key()) {
        Ok(proved) => proved,
        Err(error) => return because("receipt-false", &error),
    };
    let origin = proved.checkpoint.origin();
    let logs = service.journal().offerings();
    let Some(log) = logs.iter().find(|log| log.terms.origin == origin) else {
        return Ok(Err(visit.say("receipt-foreign")));
    };
    let (sequence, size) = (proved.entry.sequence.0, proved.checkpoint.size());
    let root = proved.checkpoint.root();
    if let Some(why) = difference(log, &receipt, sequence, (size, root)).await? {
        return Ok(Err(visit.say(why)));
    }
    Ok(Ok(ReceiptResult {
        offering: log.row.name.to_string(),
        title: log.terms.name.clone(),
        number: sequence.to_string(),
        when: When::at(language, proved.entry.stamp.position),
        command: command_words(language, &log.terms, &proved.entry.command),
        outcome: outcome_words(language, &log.terms, &proved.entry.command, &proved.outcome),
        leaf: hex(&LeafHash::of(receipt.leaf()).0),
        root: hex(&root.0),
        size: amounts::count(language, u128::from(size)),
        now: amounts::count(language, u128::from(log.reader.size())),
    }))
}

/// Why the log of now is not a continuation of what the receipt says, which would be proof of fraud.
async fn difference(
    log: &OfferingLog,
    receipt: &Receipt,
    sequence: u64,
    (size, then): (u64, Root),
) -> Result<Option<&'static str>, ApiError> {
    let root = match log.reader.root_at(size).await {
        Ok(root) => root,
        Err(JournalError::NoSuchEntry { .. }) => return Ok(Some("receipt-longer")),
        Err(error) => return Err(of_journal(error)),
    };
    let leaf = log.reader.leaf(sequence).await.map_err(of_journal)?;
    let is_same = receipt.leaf() == leaf.as_slice() && then == root;
    Ok((!is_same).then_some("receipt-other"))
}
