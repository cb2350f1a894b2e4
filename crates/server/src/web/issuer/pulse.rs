//! How fast contributions come, and which rules refuse them: by the newest entries of the log, so that it costs the same
//! for a sale of millions.

use std::collections::BTreeMap;

use softcap_journal::OfferingLog;
use softcap_offering::{Command, Outcome, Refusal};
use softcap_proof::entry::decode;

use super::super::{amounts, entry_words::rule_words, language::Language, log_pages::leaves};
use crate::problem::ApiError;

/// Entries that are looked at.
const LOOKED_AT: u64 = 512;
const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

/// A rule that refused or cut contributions.
#[derive(Clone, Debug)]
pub(super) struct RefusedBy {
    pub(super) rule: String,
    pub(super) whole: String,
    pub(super) cut: String,
}

/// The newest entries in numbers.
#[derive(Clone, Debug)]
pub(super) struct Pulse {
    /// Contributions of the last minute and hour that were taken at least in part.
    pub(super) minute: String,
    pub(super) hour: String,
    /// How many entries were looked at.
    pub(super) looked_at: String,
    pub(super) refused: Vec<RefusedBy>,
}

#[derive(Default)]
struct Counts {
    minute: u64,
    hour: u64,
    /// Refused as a whole, and taken in part.
    by_rule: BTreeMap<u16, (u64, u64)>,
}

impl Counts {
    fn add(&mut self, age: u64, command: &Command<'_>, outcome: &Outcome) {
        if !matches!(command, Command::Contribute(_) | Command::Commit { .. }) {
            return;
        }
        let reason = match outcome {
            Outcome::Refused(refusal) => {
                self.by_rule.entry(refusal.code()).or_default().0 += 1;
                return;
            }
            Outcome::Contributed(taken) => taken.reason,
            Outcome::Done
            | Outcome::Refunded { .. }
            | Outcome::RefundedAndPromoted { .. }
            | Outcome::Settled(_) => None,
            Outcome::RepeatOf(_) => return,
        };
        if let Some(refusal) = reason {
            self.by_rule.entry(refusal.code()).or_default().1 += 1;
        }
        self.minute += u64::from(age < MINUTE);
        self.hour += u64::from(age < HOUR);
    }
}

/// Looks at the newest entries.
pub(super) async fn pulse(
    language: Language,
    log: &OfferingLog,
    now: u64,
) -> Result<Pulse, ApiError> {
    let size = log.sequencer.read().size();
    let begin = size.saturating_sub(LOOKED_AT);
    let mut counts = Counts::default();
    let mut oldest = 0;
    for leaf in leaves(log, begin, size).await? {
        let (entry, outcome) = decode(&leaf).map_err(|error| ApiError::internal(&error))?;
        let age = now.saturating_sub(entry.stamp.position.0);
        oldest = oldest.max(age);
        counts.add(age, &entry.command, &outcome);
    }
    let number = |count: u64| amounts::count(language, u128::from(count));
    // Where the oldest one is younger than the stretch there were more than these.
    let at_least = |count: u64, stretch: u64| {
        if begin > 0 && oldest < stretch {
            language.tell("pulse-more", &[("count", (&number(count)).into())])
        } else {
            number(count)
        }
    };
    let rules = counts.by_rule.iter().filter_map(|(code, (whole, cut))| {
        Some(RefusedBy {
            rule: rule_words(language, Refusal::from_code(*code)?),
            whole: number(*whole),
            cut: number(*cut),
        })
    });
    Ok(Pulse {
        minute: at_least(counts.minute, MINUTE),
        hour: at_least(counts.hour, HOUR),
        looked_at: number(size - begin),
        refused: rules.collect(),
    })
}
