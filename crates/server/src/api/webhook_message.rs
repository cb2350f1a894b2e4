//! What webhooks say about an entry of the record. Receivers rely on kinds and fields: both only grow.

use serde::Serialize;
use softcap_journal::LogName;
use softcap_offering::{
    Command, Outcome,
    terms::{ClockKind, Terms},
};
use softcap_proof::{ProofError, entry::decode};

use super::{
    amount::Money,
    entry_view::{OutcomeView, position_text},
};
use crate::webhooks::NewMessage;

const ACCEPTED: &str = "contribution.accepted";
const REFUSED: &str = "contribution.refused";
const WITHDRAWN: &str = "contribution.withdrawn";
const RETURNED: &str = "contribution.returned";
const PHASE_CHANGED: &str = "offering.phase_changed";
const SETTLED: &str = "offering.settled";
/// Of a call that somebody asked for; nobody registers for it.
const TEST: &str = "webhook.test";

/// Every kind of message there is.
pub(crate) const KINDS: [&str; 6] = [
    ACCEPTED,
    REFUSED,
    WITHDRAWN,
    RETURNED,
    PHASE_CHANGED,
    SETTLED,
];

/// The body of a call.
#[derive(Debug, Serialize)]
struct Body<'a, D> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// When it happened; absent where the clock of the offering counts blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<&'a str>,
    data: D,
}

#[derive(Debug, Serialize)]
struct EntryData<'a> {
    offering: &'a str,
    sequence: u64,
    position: &'a str,
    /// The contribution it is about, where that is another entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    contribution: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    investor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contributed: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    outcome: OutcomeView,
}

#[derive(Debug, Serialize)]
struct PhaseData<'a> {
    offering: &'a str,
    /// Entries of the log when it was seen.
    entries: u64,
    position: &'a str,
    phase: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    round: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct TestData<'a> {
    offering: &'a str,
}

/// A message about nothing, by a name of its own.
pub(super) fn of_test(offering: &str, name: &str, timestamp: &str) -> NewMessage {
    let body = Body {
        kind: TEST,
        timestamp: Some(timestamp),
        data: TestData { offering },
    };
    NewMessage {
        id: format!("msg_test_{name}"),
        kind: TEST,
        body: serde_json::to_string(&body).unwrap_or_default(),
    }
}

/// The message about an entry; `None` for entries that nobody is told of.
pub(super) fn of_leaf(
    name: &LogName,
    terms: &Terms,
    leaf: &[u8],
) -> Result<Option<NewMessage>, ProofError> {
    let (entry, outcome) = decode(leaf)?;
    let Some(kind) = kind(&entry.command, &outcome) else {
        return Ok(None);
    };
    let sequence = entry.sequence.0;
    let position = position_text(terms, entry.stamp.position.0);
    let mut data = EntryData {
        offering: name.as_str(),
        sequence,
        position: &position,
        contribution: None,
        investor: None,
        contributed: None,
        reference: None,
        outcome: OutcomeView::new(terms, &entry.command, &outcome),
    };
    if let Command::Contribute(contribute) = &entry.command {
        let currency = contribute.currency.index();
        data.investor = Some(contribute.investor.to_string());
        data.contributed = Some(Money::of_currency(terms, currency, contribute.amount));
        data.reference = Some(contribute.reference);
    } else if let Command::Commit {
        investor,
        reference,
        ..
    } = &entry.command
    {
        data.investor = Some(investor.to_string());
        data.reference = Some(reference);
    } else if let Command::Withdraw { contribution } | Command::Return { contribution, .. } =
        &entry.command
    {
        data.contribution = Some(contribution.0);
    }
    let id = format!("msg_{name}_{sequence}");
    Ok(Some(message(id, kind, terms, &position, data)))
}

fn kind(command: &Command<'_>, outcome: &Outcome) -> Option<&'static str> {
    let brings_money = matches!(command, Command::Contribute(_) | Command::Commit { .. });
    match outcome {
        Outcome::Contributed(_) => Some(ACCEPTED),
        Outcome::Done => brings_money.then_some(ACCEPTED),
        Outcome::Refused(_) => brings_money.then_some(REFUSED),
        Outcome::Refunded { .. } | Outcome::RefundedAndPromoted { .. } => {
            if matches!(command, Command::Withdraw { .. }) {
                Some(WITHDRAWN)
            } else {
                matches!(command, Command::Return { .. }).then_some(RETURNED)
            }
        }
        Outcome::Settled(_) => Some(SETTLED),
        Outcome::RepeatOf(_) => None,
    }
}

/// The message about a phase that was seen after `entries` entries.
pub(super) fn of_phase(
    name: &LogName,
    terms: &Terms,
    entries: u64,
    position: &str,
    (phase, round): (&str, Option<&str>),
) -> NewMessage {
    let data = PhaseData {
        offering: name.as_str(),
        entries,
        position,
        phase,
        round,
    };
    let id = format!("msg_{name}_{entries}_{phase}");
    message(id, PHASE_CHANGED, terms, position, data)
}

fn message(
    id: String,
    kind: &'static str,
    terms: &Terms,
    position: &str,
    data: impl Serialize,
) -> NewMessage {
    let is_time = terms.clock.kind == ClockKind::Time;
    let body = Body {
        kind,
        timestamp: is_time.then_some(position),
        data,
    };
    NewMessage {
        id,
        kind,
        // Only maps whose keys are no texts cannot be written, and there are none.
        body: serde_json::to_string(&body).unwrap_or_default(),
    }
}
