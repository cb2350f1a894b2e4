//! An entry as JSON: what it did, and its receipt.

use serde::{Serialize, Serializer, ser::Error as _};
use smol_str::SmolStr;
use softcap_journal::LogName;
use softcap_offering::{
    Amount, Command, Outcome, Refusal,
    terms::{ClockKind, Terms},
};
use softcap_proof::{ProofError, entry::decode};
use utoipa::ToSchema;

use super::amount::Money;

/// An entry of an offering's log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EntryView {
    /// The offering.
    #[schema(value_type = String)]
    pub offering: SmolStr,
    /// Its number in the order, from 0; also the id of a contribution.
    pub sequence: u64,
    /// Where in the schedule it stands: RFC 3339, or a block height.
    pub position: String,
    /// What it did.
    pub outcome: OutcomeView,
    /// The receipt: a C2SP tlog-proof of the entry, to be kept. `softcap verify` and any C2SP tool
    /// read it.
    #[schema(value_type = String)]
    pub receipt: ReceiptJson,
}

/// A receipt as a JSON string, quotes and all: what stands here is written into answers unread ([`EntryView::to_json`]).
#[derive(Clone, Debug)]
pub(crate) struct ReceiptJson(pub(super) String);

impl ReceiptJson {
    /// Of a receipt's text.
    pub(super) fn of(text: &str) -> Self {
        Self(serde_json::Value::from(text).to_string())
    }
}

impl Serialize for ReceiptJson {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let text: String = serde_json::from_str(&self.0).map_err(S::Error::custom)?;
        out.serialize_str(&text)
    }
}

/// What an answer says before its receipt.
#[derive(Serialize)]
struct BeforeReceipt<'a> {
    offering: &'a str,
    sequence: u64,
    position: &'a str,
    outcome: &'a OutcomeView,
}

/// Room for it: grown bit by bit it would be copied five times.
const BEFORE_RECEIPT: usize = 1024;

/// What an entry did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "one value per answer, and nearly all are the large one"
)]
pub(crate) enum OutcomeView {
    /// A contribution was taken, in whole or in part.
    Contributed {
        /// The name of the round.
        #[schema(value_type = String)]
        round: SmolStr,
        /// What the round took; in a batch round it is decided at settlement.
        accepted: Money,
        /// What goes back at once.
        refunded: Money,
        /// What waits for freed room.
        waiting: Money,
        /// What is kept and counts as nothing.
        kept: Money,
        /// Tokens, as far as they are known now.
        tokens: Money,
        /// Why less than all was taken.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<RefusalView>,
    },
    /// A rule refused it. Money that came with it goes back whole.
    Refused {
        /// Which rule.
        refusal: RefusalView,
    },
    /// It is done.
    Done,
    /// Money went back.
    Refunded {
        /// Smallest units of the contribution's currency.
        units: String,
        /// Waiting contributions that took the freed room.
        promoted: u32,
    },
    /// The offering is settled.
    Settled {
        /// `succeeded`, `failed`, `cancelled` or `expired`.
        verdict: String,
        /// Accepted value.
        raised: Money,
        /// Tokens sold.
        sold: Money,
    },
    /// The same request or transfer came before, as this entry.
    RepeatOf {
        /// Its number.
        sequence: u64,
    },
}

/// A refusal by the rules of the offering.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RefusalView {
    /// The stable code.
    #[schema(example = 203)]
    pub code: u16,
    /// Its name.
    pub name: String,
    /// What happened.
    pub sentence: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl From<Refusal> for RefusalView {
    fn from(refusal: Refusal) -> Self {
        Self {
            code: refusal.code(),
            name: refusal.name(),
            sentence: refusal.sentence(),
            remedy: refusal.remedy(),
        }
    }
}

impl EntryView {
    /// From a leaf and its receipt as a JSON string; the same receipt gives the same bytes.
    pub(super) fn new(
        name: &LogName,
        terms: &Terms,
        leaf: &[u8],
        receipt: ReceiptJson,
    ) -> Result<Self, ProofError> {
        let (entry, outcome) = decode(leaf)?;
        Ok(Self {
            offering: name.as_str().into(),
            sequence: entry.sequence.0,
            position: position_text(terms, entry.stamp.position.0),
            outcome: OutcomeView::new(terms, &entry.command, &outcome),
            receipt,
        })
    }

    /// The bytes that [`serde_json::to_vec`] gives, without reading and escaping the receipt once more.
    ///
    /// # Errors
    /// Never so far: what an outcome says can always be written.
    pub(super) fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        const RECEIPT: &[u8] = b",\"receipt\":";
        let receipt = self.receipt.0.as_bytes();
        let mut json = Vec::with_capacity(BEFORE_RECEIPT + receipt.len());
        let before = BeforeReceipt {
            offering: &self.offering,
            sequence: self.sequence,
            position: &self.position,
            outcome: &self.outcome,
        };
        serde_json::to_writer(&mut json, &before)?;
        // The receipt goes before the brace.
        json.pop();
        json.extend_from_slice(RECEIPT);
        json.extend_from_slice(receipt);
        json.push(b'}');
        Ok(json)
    }
}

impl OutcomeView {
    /// Of a command and what it did.
    pub(super) fn new(terms: &Terms, command: &Command<'_>, outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Contributed(taken) => {
                let currency = if let Command::Contribute(contribute) = command {
                    contribute.currency.index()
                } else {
                    0
                };
                let money = |amount: Amount| Money::of_currency(terms, currency, amount);
                let round = terms.rounds.get(taken.round.index());
                Self::Contributed {
                    round: round.map_or_else(SmolStr::default, |round| round.name.as_str().into()),
                    accepted: money(taken.accepted),
                    refunded: money(taken.refunded),
                    waiting: money(taken.waiting),
                    kept: money(taken.kept),
                    tokens: Money::of_tokens(terms, taken.tokens.0),
                    reason: taken.reason.map(RefusalView::from),
                }
            }
            Outcome::Refused(refusal) => Self::Refused {
                refusal: (*refusal).into(),
            },
            Outcome::Done => Self::Done,
            Outcome::Refunded { amount } => Self::Refunded {
                units: amount.0.to_string(),
                promoted: 0,
            },
            Outcome::RefundedAndPromoted { amount, promoted } => Self::Refunded {
                units: amount.0.to_string(),
                promoted: *promoted,
            },
            Outcome::Settled(settled) => Self::Settled {
                verdict: settled.verdict.name().to_owned(),
                raised: Money::of_value(terms, settled.raised.0),
                sold: Money::of_tokens(terms, settled.sold.0),
            },
            Outcome::RepeatOf(sequence) => Self::RepeatOf {
                sequence: sequence.0,
            },
        }
    }
}

/// RFC 3339 on a clock of time, else the height.
pub(super) fn position_text(terms: &Terms, position: u64) -> String {
    match terms.clock.kind {
        ClockKind::Time => i64::try_from(position)
            .ok()
            .and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok())
            .map_or_else(|| position.to_string(), |time| time.to_string()),
        ClockKind::Block => position.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_what_a_serializer_gives() {
        let money = || Money::new(1_500, 3, "E\"UR");
        let contributed = OutcomeView::Contributed {
            round: "early \\ birds".into(),
            accepted: money(),
            refunded: money(),
            waiting: money(),
            kept: money(),
            tokens: money(),
            reason: None,
        };
        let receipt = "c2sp.org/tlog-proof@v1\nindex 7\n\n\"shop\" — shop sig\n";
        for outcome in [contributed, OutcomeView::Done] {
            let entry = EntryView {
                offering: "harbour".into(),
                sequence: 7,
                position: "2026-11-30T12:00:00Z".to_owned(),
                outcome,
                receipt: ReceiptJson::of(receipt),
            };
            let json = entry.to_json().unwrap();
            assert_eq!(json, serde_json::to_vec(&entry).unwrap());
            let read: serde_json::Value = serde_json::from_slice(&json).unwrap();
            assert_eq!(read["receipt"], receipt);
        }
    }
}
