//! Everything that needs a look at each contribution, in one pass over them.

use std::collections::BTreeMap;

use softcap_offering::{Amount, CurrencyIndex, Offering, Reason, Refusal, ReturnReason, Row};

use crate::report::{RefusalCount, ReturnTotal};

use super::{unrecorded::UnrecordedRefusals, words::Words};

/// What the contributions add up to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Tokens by investor, in the order of their numbers.
    pub(super) tokens: Vec<u128>,
    /// Investors with a contribution.
    pub(super) investors: u64,
    /// Contributions of which nothing was taken.
    pub(super) refused: u64,
    refusals: BTreeMap<Refusal, Refused>,
    returns: BTreeMap<Reason, Returned>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Refused {
    whole: u64,
    in_part: u64,
}

#[derive(Clone, Debug)]
struct Returned {
    count: u64,
    /// By currency.
    money: Vec<u128>,
}

impl Tally {
    /// Looks at every contribution once, and adds those that have no row.
    pub(super) fn of(offering: &Offering, unrecorded: &UnrecordedRefusals) -> Self {
        let mut tally = Self {
            tokens: vec![0; offering.investor_count()],
            ..Self::default()
        };
        let mut contributed = vec![false; offering.investor_count()];
        let currencies = offering.terms().currencies.len();
        for row in offering.rows() {
            let place = row.investor.index();
            if let (Some(tokens), Some(seen)) =
                (tally.tokens.get_mut(place), contributed.get_mut(place))
            {
                // The settlement has checked that all tokens together fit.
                *tokens = tokens.saturating_add(row.tokens.0);
                *seen = true;
            }
            if let Some(reason) = row.reason {
                tally.count(reason, &row, currencies);
            }
        }
        for (refusal, count) in unrecorded.by_refusal() {
            tally.refusals.entry(refusal).or_default().whole += count;
            tally.refused += count;
        }
        tally.investors = contributed.iter().map(|seen| u64::from(*seen)).sum();
        tally
    }

    fn count(&mut self, reason: Reason, row: &Row, currencies: usize) {
        if let Reason::Refused(refusal) = reason {
            let refused = self.refusals.entry(refusal).or_default();
            if row.accepted.is_zero() {
                refused.whole += 1;
                self.refused += 1;
            } else {
                refused.in_part += 1;
            }
            return;
        }
        let returned = self.returns.entry(reason).or_insert_with(|| Returned {
            count: 0,
            money: vec![0; currencies],
        });
        returned.count += 1;
        if let Some(sum) = returned.money.get_mut(row.currency.index()) {
            // The settlement has checked that each currency's refunds fit.
            *sum = sum.saturating_add(row.refunded.0);
        }
    }

    /// Refusals, the most frequent first.
    pub(super) fn refusals(&self) -> Vec<RefusalCount> {
        let mut counts: Vec<RefusalCount> = self
            .refusals
            .iter()
            .map(|(refusal, refused)| RefusalCount {
                code: refusal.code(),
                sentence: refusal.sentence().to_owned(),
                count: refused.whole + refused.in_part,
                in_part: refused.in_part,
            })
            .collect();
        counts.sort_by_key(|refused| (std::cmp::Reverse(refused.count), refused.code));
        counts
    }

    /// What went back for other reasons, in the order of the reasons: all that was refunded of the
    /// contributions that ended with it.
    pub(super) fn returns(&self, words: Words<'_>) -> Vec<ReturnTotal> {
        let amounts = |returned: &Returned| {
            (0_u8..)
                .zip(&returned.money)
                .filter(|(_, money)| **money > 0)
                .map(|(place, money)| words.amount(CurrencyIndex(place), Amount(*money)))
                .collect()
        };
        self.returns
            .iter()
            .map(|(reason, returned)| ReturnTotal {
                code: reason.name(),
                sentence: meaning(*reason).to_owned(),
                count: returned.count,
                amounts: amounts(returned),
            })
            .collect()
    }
}

/// What a reason means, as a sentence.
fn meaning(reason: Reason) -> &'static str {
    match reason {
        Reason::Refused(refusal) => refusal.sentence(),
        Reason::Withdrawn => "The investor took the contribution back.",
        Reason::Returned(reason) => match reason {
            ReturnReason::Discretion => "The issuer returned it before the round closed.",
            ReturnReason::OverLimit => "It was over a limit that only a person could see.",
            ReturnReason::IdentityNotProved => "The person did not finish proving who they are.",
            ReturnReason::Sanctions => "A sanctions list names the person.",
            ReturnReason::Order => "A court or an authority ordered it.",
            ReturnReason::NotEligible => "The person may not hold the token by law.",
            ReturnReason::WrongfulPayment => "The money was stolen or sent in error.",
        },
        Reason::SoftCapMissed => "The soft cap was missed; what was accepted goes back.",
        Reason::Cancelled => "The issuer cancelled; what was accepted goes back.",
        Reason::Expired => "Nothing was settled by the deadline; what was accepted goes back.",
        Reason::Sealed => "The sealed bid was not opened.",
    }
}
