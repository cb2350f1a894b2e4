//! Plays random sales on the engine and on the reference model, and compares everything.

mod after_sale;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use softcap_offering::{
    Command, CurrencyIndex, Funding, Offering, Outcome, Phase, Position, RequestId, RoundIndex,
    Row, Sequence, Stamp, Tokens, Verdict,
    pairs::{AllocationKind, PricingKind},
    terms::{Allocation, Limit, RoundingScope, Terms},
};

use super::fraction::{Fraction, big};
use super::moves::{Labels, Move, Step, person};
use super::no_token;
use super::random_commands::Script;
use super::random_terms::{Pair, RandomTerms};
use super::reference_model::{Answer, Model};
use super::seeded::Seeded;

/// How often a seed may draw terms that contradict themselves before that is a failure.
const DRAWS: usize = 40;

/// One random sale.
#[derive(Clone)]
struct Sale {
    text: String,
    terms: Arc<Terms>,
    steps: Vec<Step>,
}

/// What a sale came to, for comparing two plays of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Played {
    outcomes: Vec<Outcome>,
    rows: Vec<Row>,
    people: BTreeMap<String, (Tokens, Vec<u128>)>,
    /// Hash of the engine's state when everything was handed over.
    state_hash: [u8; 32],
}

/// Plays one sale for each seed and compares it with the reference model.
///
/// # Errors
/// What differs, with the terms and the shortest list of commands that was found to show it.
pub(crate) fn run(pair: Pair, seeds: Range<u64>) -> Result<(), String> {
    for seed in seeds {
        let sale = Sale::random(pair, seed)?;
        let Err(why) = played_twice(&sale) else {
            continue;
        };
        let (sale, why) = shortest(sale, why, played_twice);
        return Err(report(pair, seed, &sale, &why));
    }
    Ok(())
}

/// Plays sales twice, the second time with neighbouring contributions of one position exchanged: a
/// batch must not see the difference.
///
/// # Errors
/// As [`run`].
pub(crate) fn orders(pair: Pair, seeds: Range<u64>) -> Result<(), String> {
    for seed in seeds {
        let sale = Sale::random(pair, seed)?.for_one_batch();
        let exchange = |sale: &Sale| exchanged(sale, seed);
        let Err(why) = exchange(&sale) else { continue };
        let (sale, why) = shortest(sale, why, exchange);
        return Err(report(pair, seed, &sale, &why));
    }
    Ok(())
}

/// How often something happens in random sales: refusals and verdicts by name, and what else a sale
/// can come to.
///
/// # Errors
/// As [`run`].
pub(crate) fn survey(pair: Pair, seeds: Range<u64>) -> Result<BTreeMap<String, u32>, String> {
    let mut counts = BTreeMap::new();
    for seed in seeds {
        let sale = Sale::random(pair, seed)?;
        let played =
            played(&sale, 0, Store::Never).map_err(|why| report(pair, seed, &sale, &why))?;
        for outcome in &played.outcomes {
            let what = match outcome {
                Outcome::Refused(refusal) => refusal.name(),
                Outcome::Contributed(taken) if taken.waiting.0 > 0 => "waits".to_owned(),
                Outcome::Contributed(taken) if taken.kept.0 > 0 => "kept".to_owned(),
                Outcome::Contributed(taken) if taken.refunded.0 > 0 => "partly accepted".to_owned(),
                Outcome::Contributed(_) => "accepted".to_owned(),
                Outcome::Done => "done".to_owned(),
                Outcome::Refunded { .. } => "refunded".to_owned(),
                Outcome::RefundedAndPromoted { .. } => "promoted".to_owned(),
                Outcome::Settled(settled) => settled.verdict.name().to_owned(),
                Outcome::RepeatOf(_) => "repeated".to_owned(),
            };
            *counts.entry(what).or_insert(0) += 1;
        }
        for row in &played.rows {
            let Some(reason) = row.reason else { continue };
            // A contribution that was refused reached no round.
            let what = match row.round {
                Some(_) => format!("row {}", reason.name()),
                None => format!("refused row {}", reason.name()),
            };
            *counts.entry(what).or_insert(0) += 1;
        }
    }
    Ok(counts)
}

/// The same sale twice, the second time with another seed of the hash tables and with an engine that
/// is written and read again every few commands: nothing differs.
fn played_twice(sale: &Sale) -> Result<(), String> {
    let one = played(sale, 0, Store::Never)?;
    let other = played(sale, u64::MAX, Store::Every(1 + sale.steps.len() % 5))?;
    if one == other {
        Ok(())
    } else {
        Err("two plays of one journal differ".to_owned())
    }
}

fn exchanged(sale: &Sale, seed: u64) -> Result<(), String> {
    let one = played(sale, 0, Store::Never)?;
    let mut rng = Seeded::new(seed ^ 0x5eed);
    let mut other = sale.clone();
    for place in (1..other.steps.len()).rev() {
        let group = other.steps[..place]
            .iter()
            .rev()
            .take_while(|step| {
                step.stamp == other.steps[place].stamp
                    && matches!(step.command, Move::Contribute { .. })
            })
            .count();
        if group > 0 && matches!(other.steps[place].command, Move::Contribute { .. }) {
            let back = usize::try_from(rng.below(group as u64 + 1)).unwrap();
            other.steps.swap(place, place - back);
        }
    }
    let other = played(&other, 0, Store::Never)?;
    if one.people == other.people {
        return Ok(());
    }
    Err(format!(
        "in another order: {:?} instead of {:?}",
        other.people, one.people
    ))
}

impl Sale {
    fn random(pair: Pair, seed: u64) -> Result<Self, String> {
        let mut rng = Seeded::new(seed);
        let mut problems = String::new();
        for _ in 0..DRAWS {
            let draft = RandomTerms::new(pair, &mut rng);
            match Terms::parse(&draft.text) {
                Ok(terms) => {
                    let steps = Script::random(&terms, draft.ticks, &mut rng);
                    return Ok(Self {
                        text: draft.text,
                        terms: Arc::new(terms),
                        steps,
                    });
                }
                Err(found) => {
                    problems = draft.text;
                    for problem in found {
                        let _ = writeln!(problems, "{problem}");
                    }
                }
            }
        }
        Err(format!(
            "seed {seed} draws no valid terms for {pair:?}:\n{problems}"
        ))
    }

    /// One batch round without limits that depend on what a person did before, contributions in
    /// groups of one position, and nothing else.
    fn for_one_batch(mut self) -> Self {
        let mut terms = Terms::clone(&self.terms);
        terms
            .rounds
            .retain(|round| round.allocation.kind() != AllocationKind::FirstCome);
        terms.rounds.truncate(1);
        terms.investor_max = None;
        for round in &mut terms.rounds {
            round.investor_max = None;
            round.investor_min = None;
        }
        // What is too large for the sum of its column depends on what came before it.
        self.steps.retain(|step| match step.command {
            Move::Contribute { amount, .. } => amount >> 96 == 0,
            Move::Plain(Command::Announce { .. } | Command::Rate { .. }) => true,
            _ => false,
        });
        // Nor do accounts and requests belong here: who comes first has the money, or the request.
        for step in &mut self.steps {
            step.request = None;
            if let Move::Contribute { funding, .. } = &mut step.command {
                *funding = Funding::Arrived;
            }
        }
        let mut at = None;
        for (place, step) in self.steps.iter_mut().enumerate() {
            if let Move::Contribute { .. } = step.command {
                // Five at a time, at the position of the first.
                let stamp = *at.get_or_insert(step.stamp);
                step.stamp = stamp;
                if place % 5 == 0 {
                    at = None;
                }
            }
        }
        self.steps.sort_by_key(|step| step.stamp.position);
        let hash = terms.hash().0;
        for step in &mut self.steps {
            if let Move::Plain(Command::Announce { terms_hash }) = &mut step.command {
                *terms_hash = hash;
                step.stamp.position = Position(0);
            }
        }
        self.steps.sort_by_key(|step| step.stamp.position);
        self.terms = Arc::new(terms);
        self
    }
}

/// When the engine is written to bytes and goes on as what is read from them.
#[derive(Clone, Copy)]
enum Store {
    Never,
    /// After so many commands, and again after as many.
    Every(usize),
}

/// Engine and model at one table.
struct Table {
    engine: Offering,
    terms: Arc<Terms>,
    hash_seed: u64,
    store: Store,
    model: Model,
    labels: BTreeMap<usize, Sequence>,
    outcomes: Vec<Outcome>,
}

impl Labels for Table {
    fn sequence(&self, label: usize) -> Sequence {
        self.labels
            .get(&label)
            .copied()
            .unwrap_or(Sequence(u64::MAX))
    }

    fn accepted(&self, label: usize) -> u128 {
        let index = self.engine.contribution_at(self.sequence(label));
        index.map_or(0, |index| self.engine.row(index).accepted.0)
    }

    fn available(&self, who: usize, currency: u8) -> u128 {
        let known = self.engine.find_investor(person(who));
        let currency = CurrencyIndex(currency);
        known.map_or(0, |index| self.engine.account(index, currency).available.0)
    }

    fn terms_hash(&self) -> [u8; 32] {
        self.engine.terms_hash()
    }
}

/// Plays a sale; a panic of the engine is an error like any other.
fn played(sale: &Sale, hash_seed: u64, store: Store) -> Result<Played, String> {
    let play = || -> Result<Played, String> {
        let terms = Arc::clone(&sale.terms);
        let mut table = Table {
            engine: Offering::with_hash_seed(Arc::clone(&terms), hash_seed),
            terms: Arc::clone(&terms),
            hash_seed,
            store,
            model: Model::new(terms),
            labels: BTreeMap::new(),
            outcomes: Vec::new(),
        };
        for (place, step) in sale.steps.iter().enumerate() {
            table
                .step(step)
                .map_err(|why| format!("at step {place}, {step:?}: {why}"))?;
        }
        table.model.compare_rows(&table.engine)?;
        table.compare_accounts()?;
        table.settle()?;
        table.compare_settlement()?;
        table.compare_accounts()?;
        no_token::check(&table.engine)?;
        let (rows, people) = (table.engine.rows().collect(), table.people());
        table.hand_over()?;
        Ok(Played {
            outcomes: table.outcomes,
            rows,
            people,
            state_hash: table.engine.state_hash(),
        })
    };
    catch_unwind(AssertUnwindSafe(play)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("panic: {}", text.unwrap_or_default()))
    })
}

impl Table {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        // What happens after settlement is checked at the end.
        let after_sale = matches!(
            step.command,
            Move::Plain(Command::Publish { .. } | Command::Distribute { .. })
        );
        if after_sale && self.engine.settlement().is_some() {
            return Ok(());
        }
        if let Move::Contribute { label, .. } | Move::Commit { label, .. } = step.command {
            let next = self.engine.next_sequence();
            self.labels.entry(label).or_insert(next);
        }
        let command = step.command.command(self);
        self.request(step.stamp, step.request, &command)
    }

    fn apply(&mut self, stamp: Stamp, command: &Command<'_>) -> Result<(), String> {
        self.request(stamp, None, command)
    }

    fn request(
        &mut self,
        stamp: Stamp,
        request: Option<RequestId>,
        command: &Command<'_>,
    ) -> Result<(), String> {
        let before: Vec<Row> = self.engine.rows().collect();
        let outcome = self.engine.apply_request(stamp, request, command);
        let answer = self.model.apply(stamp, request, command, &outcome);
        if Answer::of(&outcome) != answer {
            return Err(format!("engine {outcome:?}, model {answer:?}"));
        }
        self.engine
            .check_invariants()
            .map_err(|broken| broken.to_string())?;
        if let Outcome::Contributed(taken) = outcome
            && taken.accepted.0 > 0
            && taken.tokens.0 == 0
            && self.promises_tokens(taken.round, command)
        {
            return Err(format!("takes money for no token: {taken:?}"));
        }
        if matches!(outcome, Outcome::Refused(_) | Outcome::RepeatOf(_)) {
            let after: Vec<Row> = self.engine.rows().take(before.len()).collect();
            let more = usize::from(matches!(outcome, Outcome::Refused(_)));
            if before != after || self.engine.contribution_count() > before.len() + more {
                return Err(format!("refused as {outcome:?}, and something changed"));
            }
        }
        self.outcomes.push(outcome);
        match self.store {
            Store::Every(some) if self.outcomes.len().is_multiple_of(some) => self.read_again(),
            Store::Every(_) | Store::Never => Ok(()),
        }
    }

    /// Whether each contribution that a round takes must buy a token at once: the price is known, it is
    /// rounded by itself, and no minimum of zero lets in what buys nothing.
    fn promises_tokens(&self, round: RoundIndex, command: &Command<'_>) -> bool {
        let Command::Contribute(paid) = command else {
            return false;
        };
        let terms = &self.terms.rounds[round.index()];
        let later = matches!(terms.pricing.kind(), PricingKind::Dutch | PricingKind::Bids);
        let per = self.terms.currencies[paid.currency.index()].rounding.per;
        let zero = terms.contribution_min.iter().any(|least| match least {
            Limit::Value(least) => least.0 == 0,
            Limit::Tokens(least) => least.0 == 0,
            Limit::Money(_, least) => least.0 == 0,
        });
        !later && !zero && per == RoundingScope::Contribution
    }

    /// Goes on with what the engine's bytes say.
    fn read_again(&mut self) -> Result<(), String> {
        let mut bytes = Vec::new();
        let hash = self.engine.write_state(&mut bytes).unwrap();
        let read = Offering::read_state(Arc::clone(&self.terms), self.hash_seed, bytes.as_slice());
        self.engine = read.map_err(|wrong| format!("cannot read its own state: {wrong}"))?;
        if self.engine.state_hash() == hash {
            Ok(())
        } else {
            Err("a state that was read is another one".to_owned())
        }
    }

    /// Lets time pass as far as settlement needs, records the seeds, and settles.
    fn settle(&mut self) -> Result<(), String> {
        if self.engine.settlement().is_some() {
            return Ok(());
        }
        if self.engine.phase() == Phase::Draft {
            let terms_hash = self.engine.terms_hash();
            let now = self.engine.now_stamp();
            self.apply(now, &Command::Announce { terms_hash })?;
        }
        for _ in 0..8 {
            for stamp in self.engine.settlement_stamps() {
                if stamp.position > self.engine.latest(stamp.line) {
                    self.apply(stamp, &Command::Tick)?;
                }
            }
        }
        let rounds = self.engine.terms().rounds.clone();
        for (place, round) in (0..).zip(&rounds) {
            if let Allocation::Lottery { instant, .. } = round.allocation {
                let position = instant.max(self.engine.now_stamp().position);
                let stamp = Stamp {
                    position,
                    ..self.engine.now_stamp()
                };
                let seed = [place; 32];
                self.apply(
                    stamp,
                    &Command::Seed {
                        round: RoundIndex(place),
                        seed,
                        proof: &[1],
                    },
                )?;
            }
        }
        self.apply(self.engine.now_stamp(), &Command::Settle)?;
        match self.outcomes.last() {
            Some(Outcome::Settled(_)) => Ok(()),
            other => Err(format!(
                "time has passed, and it cannot be settled: {other:?}"
            )),
        }
    }

    fn people(&self) -> BTreeMap<String, (Tokens, Vec<u128>)> {
        let mut people = BTreeMap::new();
        let mut rows = self.engine.investor_rows();
        while let Some(row) = rows.next() {
            let money = row.totals.iter().flat_map(|total| {
                [
                    total.contributed.0,
                    total.accepted.0,
                    total.refunded.0,
                    total.kept.0,
                ]
            });
            people.insert(row.id.to_string(), (row.tokens, money.collect()));
        }
        people
    }

    fn compare_settlement(&self) -> Result<(), String> {
        self.model.compare_rows(&self.engine)?;
        let settlement = self.engine.settlement().ok_or("no settlement")?;
        for (who, (tokens, money)) in self.people() {
            let own: Vec<_> = self
                .model
                .payments
                .iter()
                .filter(|paid| paid.who == who)
                .collect();
            let sum: num_bigint::BigInt =
                own.iter().map(|paid| self.model.final_tokens(paid)).sum();
            let mut parts = vec![big(0); money.len()];
            for paid in own {
                let first = 4 * paid.currency;
                parts[first] += &paid.amount;
                parts[first + 1] += paid.accepted();
                parts[first + 2] += &paid.amount - paid.accepted() - &paid.kept;
                parts[first + 3] += &paid.kept;
            }
            let money: Vec<_> = money.into_iter().map(big).collect();
            if big(tokens.0) != sum || money != parts {
                return Err(format!(
                    "{who}: engine {tokens} {money:?}, model {sum} {parts:?}"
                ));
            }
        }
        if settlement.settled.verdict != Verdict::Succeeded {
            return Ok(());
        }
        let split = self.model.split();
        let shares: Vec<_> = settlement.shares.iter().map(|share| big(share.0)).collect();
        if (shares, big(settlement.unsold.0), big(settlement.minted.0))
            != (
                split.shares.clone(),
                split.unsold.clone(),
                split.minted.clone(),
            )
        {
            return Err(format!("supply: engine {settlement:?}, model {split:?}"));
        }
        for (place, (round, price)) in settlement
            .rounds
            .iter()
            .zip(&self.model.clearing)
            .enumerate()
        {
            let own = round
                .clearing
                .map(|own| Fraction::new(big(own.money), big(own.tokens)));
            let same = match (&own, price) {
                (None, None) => true,
                (Some(own), Some(price)) => own.equals(price),
                (None, Some(_)) | (Some(_), None) => false,
            };
            if !same {
                return Err(format!("round {place} clears at {own:?}, model {price:?}"));
            }
        }
        Ok(())
    }
}

/// Leaves out commands as long as something still differs.
fn shortest(
    mut sale: Sale,
    mut why: String,
    differs: impl Fn(&Sale) -> Result<(), String>,
) -> (Sale, String) {
    let mut place = sale.steps.len();
    while place > 0 {
        place -= 1;
        let mut shorter = sale.clone();
        shorter.steps.remove(place);
        if let Err(still) = differs(&shorter) {
            (sale, why) = (shorter, still);
            place = place.min(sale.steps.len());
        }
    }
    (sale, why)
}

fn report(pair: Pair, seed: u64, sale: &Sale, why: &str) -> String {
    let mut text = format!("{pair:?}, seed {seed}: {why}\n\n{}\n", sale.text);
    for (place, step) in sale.steps.iter().enumerate() {
        let Stamp { line, position } = step.stamp;
        let _ = writeln!(
            text,
            "{place:3}  line {line}  {position}  {:?}",
            step.command
        );
    }
    text
}
