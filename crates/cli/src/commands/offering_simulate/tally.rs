//! What each kind of person got, counted over a settled scenario.

use std::collections::BTreeMap;

use softcap_offering::{
    CurrencyTotals, InvestorId, LimitPrice, Reason, Refusal, RoundingMode, Settled, Verdict,
};

use super::{
    demand::Demand,
    kind::Kind,
    play::{Played, investor_id},
    scenario::Scenario,
    share::basis_points,
};

/// A scenario and its result.
#[derive(Debug)]
pub(super) struct ScenarioResult {
    pub(super) scenario: Scenario,
    /// Whether the demand could be brought to where the scenario's name says.
    pub(super) on_target: bool,
    pub(super) settled: Settled,
    /// Taken before the verdict, in numeraire units.
    pub(super) taken: u128,
    pub(super) people: u64,
    /// All that was asked, in numeraire units.
    pub(super) asked: u128,
    /// Money by currency, exactly.
    pub(super) totals: Vec<CurrencyTotals>,
    /// The clearing price of each round that has one.
    pub(super) clearing: Vec<Option<LimitPrice>>,
    /// Kinds that took part, in the order of tables.
    pub(super) kinds: Vec<KindResult>,
}

impl ScenarioResult {
    /// The result of a kind, if there was anybody of it.
    pub(super) fn kind(&self, kind: Kind) -> Option<&KindResult> {
        self.kinds.iter().find(|result| result.kind == kind)
    }

    pub(super) fn succeeded(&self) -> bool {
        self.settled.verdict == Verdict::Succeeded
    }
}

/// What a kind of person got. Money in numeraire units, each payment at the rate at which it came,
/// rounded down.
#[derive(Debug)]
pub(super) struct KindResult {
    pub(super) kind: Kind,
    pub(super) people: u64,
    pub(super) payments: u64,
    pub(super) asked: u128,
    pub(super) accepted: u128,
    pub(super) refunded: u128,
    pub(super) kept: u128,
    pub(super) tokens: u128,
    /// Of the people in order of their tokens, those of the one in the middle (the lower of two).
    pub(super) tokens_median: u128,
    /// Payments of which less than all was taken, by reason.
    pub(super) reasons: BTreeMap<Reason, u64>,
}

impl KindResult {
    /// Accepted of what was asked, in basis points, rounded down.
    pub(super) fn filled(&self) -> u128 {
        basis_points(self.accepted, self.asked)
    }

    /// How many payments were not taken whole.
    pub(super) fn refused(&self) -> u64 {
        self.reasons.values().sum()
    }

    /// The most frequent reason; of equally frequent ones the first by its number.
    pub(super) fn main_reason(&self) -> Option<Reason> {
        let first = |reason: &Reason| std::cmp::Reverse(*reason);
        self.reasons
            .iter()
            .max_by_key(|(reason, count)| (**count, first(reason)))
            .map(|(r, _)| *r)
    }
}

/// Counts a scenario.
pub(super) fn count(
    scenario: Scenario,
    on_target: bool,
    demand: &Demand,
    played: &Played,
) -> ScenarioResult {
    let mut kinds: Vec<KindResult> = Kind::ALL.into_iter().map(KindResult::new).collect();
    count_payments(&mut kinds, demand, played);
    count_people(&mut kinds, demand, played);
    kinds.retain(|result| result.people > 0);
    let settlement = played.offering.settlement();
    ScenarioResult {
        scenario,
        on_target,
        settled: played.settled,
        taken: played.taken_value,
        people: demand.people.len() as u64,
        asked: kinds
            .iter()
            .map(|result| result.asked)
            .fold(0, u128::saturating_add),
        totals: settlement
            .map(|settlement| settlement.totals.clone())
            .unwrap_or_default(),
        clearing: settlement.map_or_else(Vec::new, |settlement| {
            let rounds = settlement.rounds.iter();
            rounds.map(|round| round.clearing).collect()
        }),
        kinds,
    }
}

/// The place of a kind in the table.
fn place(kind: Kind) -> usize {
    let found = Kind::ALL.iter().position(|other| *other == kind);
    found.unwrap_or(0)
}

fn count_payments(kinds: &mut [KindResult], demand: &Demand, played: &Played) {
    for (number, payment) in demand.payments.iter().enumerate() {
        let person = usize::try_from(payment.person)
            .ok()
            .and_then(|at| demand.people.get(at));
        let (Some(person), Some((sequence, rate))) =
            (person, played.payments.get(number).copied().flatten())
        else {
            continue;
        };
        let Some(result) = kinds.get_mut(place(person.kind)) else {
            continue;
        };
        let worth = |amount: u128| rate.times(amount, RoundingMode::Down).unwrap_or(u128::MAX);
        let row = played
            .offering
            .contribution_at(sequence)
            .map(|at| played.offering.row(at));
        let (accepted, kept, reason) = match row {
            Some(row) => (worth(row.accepted.0), worth(row.kept.0), row.reason),
            // The engine keeps no row of money whose sum it could not hold; it goes back whole.
            None => (0, 0, Some(Reason::Refused(Refusal::AmountTooLarge))),
        };
        result.payments += 1;
        result.add(worth(payment.amount.0), accepted, kept, reason);
    }
}

fn count_people(kinds: &mut [KindResult], demand: &Demand, played: &Played) {
    let mut tokens: Vec<Vec<u128>> = vec![Vec::new(); kinds.len()];
    for (number, person) in demand.people.iter().enumerate() {
        let held = investor_id(demand, number).map_or(0, |id| tokens_of(played, &id));
        if let Some(list) = tokens.get_mut(place(person.kind)) {
            list.push(held);
        }
    }
    for (result, list) in kinds.iter_mut().zip(tokens) {
        result.add_people(list);
    }
}

fn tokens_of(played: &Played, id: &str) -> u128 {
    let investor = played.offering.find_investor(InvestorId::Opaque(id));
    investor.map_or(0, |investor| {
        let rows = played.offering.contributions_of(investor);
        rows.map(|at| played.offering.row(at).tokens.0)
            .fold(0, u128::saturating_add)
    })
}

impl KindResult {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            people: 0,
            payments: 0,
            asked: 0,
            accepted: 0,
            refunded: 0,
            kept: 0,
            tokens: 0,
            tokens_median: 0,
            reasons: BTreeMap::new(),
        }
    }

    fn add(&mut self, asked: u128, accepted: u128, kept: u128, reason: Option<Reason>) {
        self.asked = self.asked.saturating_add(asked);
        self.accepted = self.accepted.saturating_add(accepted);
        self.kept = self.kept.saturating_add(kept);
        let back = asked.saturating_sub(accepted).saturating_sub(kept);
        self.refunded = self.refunded.saturating_add(back);
        if let Some(reason) = reason {
            *self.reasons.entry(reason).or_default() += 1;
        }
    }

    fn add_people(&mut self, mut tokens: Vec<u128>) {
        self.people = tokens.len() as u64;
        self.tokens = tokens.iter().fold(0, |sum, held| sum.saturating_add(*held));
        tokens.sort_unstable();
        let middle = tokens.len().saturating_sub(1) / 2;
        self.tokens_median = tokens.get(middle).copied().unwrap_or(0);
    }
}
