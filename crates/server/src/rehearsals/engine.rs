//! A whole sale with people who do not exist: announced, opened, contributed to from the first moment to the last, paused,
//! settled, handed over and released, through the engine of the real sale. Once a crowd comes, once too few do.
//!
//! What happens follows from the terms alone, so that the same terms always have the same rehearsal.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use softcap_offering::{
    Admit, Amount, Command, Contribute, CurrencyIndex, Funding, InvestorId, InvestorIndex,
    LimitPrice, LineIndex, Offering, Outcome, Phase, Position, Ratio, Reason, RoundIndex,
    RoundingMode, Sequence, Span, Stamp, TransferId, Value, Verdict, WithdrawalMark,
    terms::{Access, Allocation, Bound, Currency, Pricing, Rail, RateTerm, Supply, Terms},
};
use softcap_proof::entry::{Entry, decode, encode};

use super::report::{Crowd, Fault, SaleReport, Venue};
use crate::api::{Ending, phase_name};

/// People who come, at least.
const PEOPLE: u128 = 120;
/// And at most, where a limit makes each of them bring little.
const MOST_PEOPLE: u128 = 2_000;
/// Every so many contributions are taken back, where the terms allow it.
const TAKEN_BACK: usize = 9;
/// Time has to go on more than once where a pause moves windows; more often than this is a defect.
const TICK_ROUNDS: usize = 64;

/// Plays a sale to which so much would come in full, in the numeraire.
pub(super) fn sale(terms: &Arc<Terms>, demand: u128, crowd: Crowd) -> SaleReport {
    let expected = crowd.expected();
    let people = people(terms, demand);
    let mut stage = Stage::new(terms, people);
    let mut events = events(terms, people);
    events.sort_by_key(|(at, _)| *at);
    stage.open(
        terms,
        people,
        events.first().map_or(Position(0), |(at, _)| *at),
    );
    let each = demand.div_ceil(people).max(1);
    for (at, event) in events {
        match event {
            Event::Pause => {
                stage.act(at, &Command::Pause);
            }
            Event::Resume => {
                stage.act(at, &Command::Resume);
            }
            Event::Contribute(person) => stage.contribute(terms, (at, person), each),
        }
    }
    stage.check();
    stage.settle(terms);
    stage.check();
    let ending = stage.ending();
    if ending == Ending::NotYetKnown {
        stage.faults.push(Fault::NotSettled);
    } else if ending != Ending::Settled(expected) {
        stage.faults.push(Fault::OtherEnding);
    }
    stage.end(terms);
    stage.check();
    stage.replay(terms);
    stage.result(crowd, usize::try_from(people).unwrap_or(usize::MAX))
}

/// So many that no limit of one person keeps the demand from coming.
fn people(terms: &Terms, demand: u128) -> u128 {
    let of_rounds = terms
        .rounds
        .iter()
        .filter_map(|round| match round.investor_max {
            Some(Bound::Value(most)) => Some(most.0),
            Some(Bound::Tokens(_)) | None => None,
        });
    let most = of_rounds.chain(terms.investor_max.map(|most| most.0)).min();
    let needed = most.map_or(0, |most| demand.div_ceil(most.max(1)));
    PEOPLE.max(needed).min(MOST_PEOPLE)
}

#[derive(Clone, Copy)]
enum Event {
    Contribute(u128),
    Pause,
    Resume,
}

/// When each comes: spread over the windows of all rounds, one after the other.
fn events(terms: &Terms, people: u128) -> Vec<(Position, Event)> {
    let windows: Vec<(u64, u64)> = terms
        .rounds
        .iter()
        .filter_map(|round| round.windows.iter().flatten().next())
        .map(|window| (window.from.0, window.end_exclusive().0))
        .collect();
    let Some((from, until)) = windows.first().copied() else {
        return Vec::new();
    };
    let mut all = Vec::new();
    let rounds = windows.len().max(1);
    for person in 0..people {
        let place = usize::try_from(person).unwrap_or(0) % rounds;
        let Some((from, until)) = windows.get(place) else {
            continue;
        };
        let length = u128::from(until.saturating_sub(*from));
        let after = u64::try_from(length * person / people).unwrap_or(0);
        all.push((Position(from + after), Event::Contribute(person)));
    }
    if let Some(pause) = terms.pause {
        let middle = from + until.saturating_sub(from) / 2;
        let length = (until.saturating_sub(from) / 100)
            .min(pause.longest.0)
            .max(1);
        all.push((Position(middle), Event::Pause));
        all.push((Position(middle + length), Event::Resume));
    }
    all
}

/// The sale, and its record.
struct Stage {
    offering: Offering,
    leaves: Vec<Vec<u8>>,
    faults: Vec<Fault>,
    seed: [u8; 32],
    /// The currencies by their place.
    money: Vec<Money>,
    people: u128,
    contributed: usize,
    withdrawn: usize,
}

/// A currency, as people bring it.
#[derive(Clone, Copy)]
struct Money {
    currency: CurrencyIndex,
    rail: Rail,
    /// Numeraire units of a unit: the terms' own, or a unit of each.
    rate: Ratio,
    /// Where it is recorded: how old it may be.
    max_age: Option<Span>,
    recorded: Option<Position>,
}

impl Money {
    fn of(terms: &Terms, place: u8, known: &Currency) -> Option<Self> {
        let (rate, max_age) = match known.rate {
            RateTerm::Fixed(rate) => (rate, None),
            RateTerm::Recorded { max_age, .. } => {
                let unit = |decimals: u8| 10_u128.checked_pow(u32::from(decimals));
                let rate = Ratio::new(unit(terms.numeraire.decimals)?, unit(known.decimals)?)?;
                (rate, Some(max_age))
            }
        };
        Some(Self {
            currency: CurrencyIndex(place),
            rail: known.rail,
            rate,
            max_age,
            recorded: None,
        })
    }
}

impl Stage {
    fn new(terms: &Arc<Terms>, people: u128) -> Self {
        let all = (0_u8..).zip(&terms.currencies);
        let money = all.filter_map(|(place, known)| Money::of(terms, place, known));
        Self {
            money: money.collect(),
            seed: Sha256::digest(terms.hash().0).into(),
            offering: Offering::new(Arc::clone(terms)),
            leaves: Vec::new(),
            faults: Vec::new(),
            people,
            contributed: 0,
            withdrawn: 0,
        }
    }

    /// Applies a command and keeps its entry.
    fn act(&mut self, at: Position, command: &Command<'_>) -> Outcome {
        let stamp = Stamp {
            line: LineIndex(0),
            position: at.max(self.offering.now_stamp().position),
        };
        let entry = Entry {
            sequence: self.offering.next_sequence(),
            stamp,
            request: None,
            command: command.clone(),
        };
        let outcome = self.offering.apply(stamp, command);
        let mut leaf = Vec::new();
        if encode(&entry, &outcome, &mut leaf).is_err() {
            self.faults.push(Fault::OtherReplay);
        }
        self.leaves.push(leaf);
        outcome
    }

    /// A number from 0 up to `below`, which follows from the terms and from what it is for.
    fn draw(&self, what: u128, below: u128) -> u128 {
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(what.to_be_bytes());
        let bytes: [u8; 32] = hash.finalize().into();
        let drawn = bytes
            .iter()
            .take(8)
            .fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
        drawn % below.max(1)
    }

    /// Announces, and lets everybody into every round that asks for it.
    fn open(&mut self, terms: &Terms, people: u128, at: Position) {
        let terms_hash = self.offering.terms_hash();
        self.act(Position(0), &Command::Announce { terms_hash });
        for (place, round) in (0_u8..).zip(&terms.rounds) {
            if round.access != Access::Admitted {
                continue;
            }
            for person in 0..people {
                let name = name(person);
                let admit = Admit {
                    round: RoundIndex(place),
                    investor: InvestorId::Opaque(&name),
                    limit: None,
                    expires: None,
                    guaranteed: Value(0),
                    withdrawal: WithdrawalMark::Marked,
                };
                self.act(Position(at.0.saturating_sub(1)), &Command::Admit(admit));
            }
        }
    }

    /// Somebody brings between half and half as much again as everybody on average.
    fn contribute(&mut self, terms: &Terms, (at, person): (Position, u128), each: u128) {
        let place = usize::try_from(person).unwrap_or(0) % self.money.len().max(1);
        let Some(money) = self.money.get(place).copied() else {
            return;
        };
        self.record_rate(at, place);
        let value = (each / 2).saturating_add(self.draw(person, each)).max(1);
        let units = money
            .rate
            .inverse()
            .and_then(|rate| rate.times(value, RoundingMode::Down))
            .unwrap_or(0)
            .max(1);
        let name = name(person);
        let investor = InvestorId::Opaque(&name);
        let (currency, amount) = (money.currency, Amount(units));
        let funding = match money.rail {
            Rail::Balance => Funding::Account,
            Rail::Evm | Rail::Bitcoin => Funding::Arrived,
        };
        if funding == Funding::Account {
            let fund = Command::Fund {
                transfer: TransferId(person.saturating_add(1).to_be_bytes()),
                investor,
                currency,
                amount,
            };
            self.act(at, &fund);
        }
        let sequence = self.offering.next_sequence();
        let command = Command::Contribute(Contribute {
            investor,
            currency,
            amount,
            limit: self.limit(terms, at, each),
            reference: "",
            source: None,
            funding,
        });
        let outcome = self.act(at, &command);
        self.contributed += 1;
        let is_taken = matches!(outcome, Outcome::Contributed(_));
        if is_taken && terms.withdrawal.is_some() && self.contributed.is_multiple_of(TAKEN_BACK) {
            self.take_back(at, sequence);
        }
    }

    /// A rate that is recorded is recorded before it is too old. What it is in truth nobody knows beforehand.
    fn record_rate(&mut self, at: Position, place: usize) {
        let Some(money) = self.money.get(place).copied() else {
            return;
        };
        let Some(max_age) = money.max_age else {
            return;
        };
        let is_new = money
            .recorded
            .is_some_and(|last| at.0.saturating_sub(last.0) < max_age.0 / 2);
        if is_new {
            return;
        }
        let rate = Command::Rate {
            currency: money.currency,
            rate: money.rate,
        };
        self.act(at, &rate);
        if let Some(money) = self.money.get_mut(place) {
            money.recorded = Some(at);
        }
    }

    /// What a bid gives at most: up to a quarter more or less than what everybody brings, spread over all that is sold.
    fn limit(&self, terms: &Terms, at: Position, each: u128) -> Option<LimitPrice> {
        let mut open = terms.rounds.iter().filter(|round| {
            let mut windows = round.windows.iter().flatten();
            windows.any(|window| window.contains(at))
        });
        let round = open.next()?;
        if !matches!(round.pricing, Pricing::Bids { .. }) {
            return None;
        }
        if let Some(bids) = terms.root.and_then(|root| root.bids) {
            let tokens = bids.price_unit.0;
            let money = bids.ceiling.times(tokens, RoundingMode::Down)?;
            return Some(LimitPrice { money, tokens });
        }
        let tokens = match (&terms.token.supply, round.supply) {
            (_, Some(supply)) => supply.0,
            (Supply::Fixed { for_sale, .. }, None) => for_sale.0,
            (Supply::Minted { max, .. }, None) => max.map_or(each, |max| max.0),
        };
        let all = each.saturating_mul(self.people);
        let part = 75 + self.draw(u128::from(at.0), 50);
        Some(LimitPrice {
            money: (all / 100).saturating_mul(part).max(1),
            tokens: tokens.max(1),
        })
    }

    fn take_back(&mut self, at: Position, contribution: Sequence) {
        let outcome = self.act(at, &Command::Withdraw { contribution });
        let is_back = matches!(
            outcome,
            Outcome::Refunded { .. } | Outcome::RefundedAndPromoted { .. }
        );
        self.withdrawn += usize::from(is_back);
    }

    fn check(&mut self) {
        if let Err(violation) = self.offering.check_invariants() {
            self.faults.push(Fault::Invariant(violation.to_string()));
        }
    }

    /// Lets the time pass that settlement waits for, draws what is drawn by lot, and settles.
    fn settle(&mut self, terms: &Terms) {
        for _ in 0..TICK_ROUNDS {
            let mut due = self.offering.settlement_stamps();
            due.retain(|stamp| stamp.position > self.offering.latest(stamp.line));
            let Some(last) = due.iter().map(|stamp| stamp.position).max() else {
                break;
            };
            self.act(last, &Command::Tick);
        }
        let now = self.offering.now_stamp().position;
        for (place, round) in (0_u8..).zip(&terms.rounds) {
            if matches!(round.allocation, Allocation::Lottery { .. }) {
                let seed = Sha256::digest(self.seed).into();
                let command = Command::Seed {
                    round: RoundIndex(place),
                    seed,
                    proof: b"rehearsal",
                };
                self.act(now, &command);
            }
        }
        self.act(now, &Command::Settle);
    }

    fn ending(&self) -> Ending {
        self.offering
            .settlement()
            .map_or(Ending::NotYetKnown, |held| {
                Ending::Settled(held.settled.verdict)
            })
    }

    /// When everything is vested: hands over, pays back, releases. Nothing is left to do then.
    fn end(&mut self, terms: &Terms) {
        let Some(held) = self.offering.settlement() else {
            return;
        };
        let (at, shares, totals) = (held.at.position, held.shares.clone(), held.totals.clone());
        let is_missing = held.settled.verdict != Verdict::Succeeded
            && totals.iter().any(|total| {
                total.accepted.0 > 0 || total.refunded.0 + total.kept.0 != total.contributed.0
            });
        if is_missing {
            self.faults.push(Fault::MoneyMissing);
        }
        let later = at.after(self.longest(terms));
        self.act(later, &Command::Tick);
        let investors = (0_u32..)
            .take(self.offering.investor_count())
            .map(InvestorIndex);
        for index in investors.collect::<Vec<_>>() {
            let name = self.offering.investor(index).to_string();
            let investor = InvestorId::Opaque(&name);
            let tokens = self.offering.tokens_of(index);
            if !tokens.is_zero() {
                self.act(later, &Command::Distribute { investor, tokens });
            }
            for (currency, _) in (0_u8..).zip(&terms.currencies) {
                let currency = CurrencyIndex(currency);
                self.act(later, &Command::PayRefund { investor, currency });
            }
        }
        for (share, tokens) in (0_u8..).zip(shares) {
            if !tokens.is_zero() {
                self.act(later, &Command::Vest { share, tokens });
            }
        }
        for (milestone, _) in (0_u8..).zip(&terms.milestones) {
            self.act(later, &Command::Release { milestone });
        }
        let phase = self.offering.phase();
        if phase != Phase::Finished {
            self.faults
                .push(Fault::Unfinished(phase_name(phase).to_owned()));
        }
    }

    /// How long after the settlement the last thing becomes free.
    fn longest(&self, terms: &Terms) -> Span {
        let supply = &terms.token.supply;
        let shares = (0..supply.share_count()).filter_map(|share| supply.share_vesting(share));
        let vestings = shares.chain([terms.token.sale_vesting]);
        let spans = vestings.map(|vesting| vesting.duration.max(vesting.cliff));
        let steps = terms.milestones.iter().map(|step| step.after);
        spans.chain(steps).max().unwrap_or(Span(0))
    }

    /// The record once more, read from its bytes: every outcome must be the same.
    fn replay(&mut self, terms: &Arc<Terms>) {
        let mut again = Offering::new(Arc::clone(terms));
        let is_same = self.leaves.iter().all(|leaf| match decode(leaf) {
            Ok((entry, outcome)) => again.apply(entry.stamp, &entry.command) == outcome,
            Err(_) => false,
        });
        let result = |offering: &Offering| offering.settlement().map(|held| held.settled);
        if !is_same || result(&again) != result(&self.offering) {
            self.faults.push(Fault::OtherReplay);
        }
    }

    fn result(self, crowd: Crowd, people: usize) -> SaleReport {
        let settled = self.offering.settlement().map(|held| held.settled);
        let is_cut = |reason: Option<Reason>| matches!(reason, Some(Reason::Refused(_)));
        let cut = self
            .offering
            .rows()
            .filter(|row| is_cut(row.reason))
            .count();
        // What was refused at once has no row where the money stayed in the account.
        let without_row = self
            .contributed
            .saturating_sub(self.offering.contribution_count());
        SaleReport {
            venue: Venue::Engine,
            crowd,
            ending: self.ending().into(),
            people,
            contributions: self.contributed,
            cut: cut + without_row,
            withdrawn: self.withdrawn,
            raised: settled.map_or(0, |settled| settled.raised.0).to_string(),
            sold: settled.map_or(0, |settled| settled.sold.0).to_string(),
            entries: self.leaves.len(),
            transactions: None,
            faults: self.faults,
        }
    }
}

fn name(person: u128) -> String {
    format!("r-{person}")
}

#[cfg(test)]
mod tests {
    use super::{super::report::SaleEnding, *};

    const STARTER: &str = include_str!("../../../../examples/starter/offering.toml");

    const BIDS: &str = r#"
rules = 1
name = "Bids"
origin = "example.org/bids"
numeraire = "EUR"
soft_cap = "10_000 EUR"
refund_deadline = "2027-06-01T00:00:00Z"
[clock]
kind = "time"
[token]
name = "Bids"
symbol = "BID"
decimals = 6
[token.supply]
kind = "fixed"
total = "600_000 BID"
for_sale = "600_000 BID"
[currency.EUR]
decimals = 2
rail = "balance"
[[round]]
name = "bids"
from = "2027-02-01T09:00:00Z"
until = "2027-03-01T09:00:00Z"
end = "exclusive"
access = "public"
supply = "600_000 BID"
pricing = { kind = "bids" }
"#;

    fn rehearsed(text: &str) -> Vec<SaleReport> {
        let terms = Arc::new(Terms::parse(text).unwrap());
        vec![
            sale(&terms, 5_000_000, Crowd::Many),
            sale(&terms, 500_000, Crowd::TooFew),
        ]
    }

    #[test]
    fn a_sale_that_keeps_its_rules_passes_and_the_same_terms_give_the_same_rehearsal() {
        let all = rehearsed(STARTER);
        assert_eq!(all.len(), 2);
        for one in &all {
            assert_eq!(one.faults, [], "{one:?}");
            assert!(one.withdrawn > 0, "{one:?}");
        }
        assert_eq!(all[0].ending, SaleEnding::Succeeded);
        let raised: u128 = all[0].raised.parse().unwrap();
        assert!(raised >= 2_400_000, "{:?}", all[0]);
        assert!(all[0].cut > 0);
        assert_eq!(all[1].ending, SaleEnding::Failed);
        assert_eq!(all, rehearsed(STARTER));
    }

    #[test]
    fn batches_and_steps_are_rehearsed_to_their_end() {
        let steps = "\n[[milestone]]\nname = \"a\"\npart = \"40 %\"\n[[milestone]]\nname = \"b\"\npart = \"60 %\"\nafter = \"90 days\"\n";
        let pro_rata = STARTER.replace(
            "price = \"0.10 EUR per HBR\"\nallocation = \"first_come\"",
            "price = \"0.10 EUR per HBR\"\nallocation = \"pro_rata\"\ncap = \"20_000 EUR\"",
        );
        assert_ne!(pro_rata, STARTER);
        for text in [format!("{STARTER}{steps}"), pro_rata] {
            for one in rehearsed(&text) {
                assert_eq!(one.faults, [], "{text}\n{one:?}");
            }
        }
    }

    #[test]
    fn open_bids_and_rates_that_are_recorded_are_rehearsed_too() {
        let recorded = STARTER.replace(
            "[currency.EUR]",
            "[currency.USD]\ndecimals = 2\nrail = \"balance\"\nrate = { source = \"kraken:USDEUR\", max_age = \"1 day\", max_step = \"10 %\" }\n[currency.EUR]",
        );
        assert_ne!(recorded, STARTER);
        for text in [recorded, BIDS.to_owned()] {
            let terms = Arc::new(Terms::parse(&text).unwrap());
            let plan = super::super::Plan::of(&terms).unwrap();
            for (crowd, demand) in [
                (Crowd::Many, plan.whole * 2),
                (Crowd::TooFew, plan.soft.unwrap() / 2),
            ] {
                let one = sale(&terms, demand, crowd);
                assert_eq!(one.faults, [], "{text}\n{one:?}");
                assert!(one.contributions >= 120, "{one:?}");
            }
        }
    }

    #[test]
    fn terms_under_which_a_crowd_cannot_reach_the_soft_cap_do_not_pass() {
        let text = STARTER.replace("investor_max = \"6_000 EUR\"", "investor_max = \"1 EUR\"");
        let all = rehearsed(
            &text
                .replace("contribution = { min = \"100 EUR\" }", "")
                .replace("contribution = { min = \"10 EUR\" }", ""),
        );
        assert!(all[0].faults.contains(&Fault::OtherEnding), "{:?}", all[0]);
    }
}
