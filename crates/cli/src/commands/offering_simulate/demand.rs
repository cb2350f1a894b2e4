//! The people of a scenario and what they pay, drawn to fit a sale.

use softcap_offering::{Amount, CurrencyIndex, LimitPrice, LineIndex, Position, RoundIndex, Value};

use super::{
    draws::{Draws, LEAST_WEIGHT},
    kind::Kind,
    sale::{Purse, Sale, SaleRound, amount_of},
    scenario::Scenario,
    share::{part, three_digits},
};

/// Places inside a window are drawn as so many parts of it.
const PLACES: u64 = 1 << 32;
/// The length of a stampede on a clock of time, in milliseconds.
const MINUTE: u64 = 60_000;
/// Part of a round's demand that whales ask for, in per cent.
const WHALES: u128 = 20;
/// Part of all that is asked that the one whale asks for, in per cent.
const ONE_WHALE: u128 = 60;
/// How often somebody pays who pays repeatedly.
const REPEATS: u64 = 3;
/// On average people pay at least this many times the minimum, or there are fewer people.
const TIMES_MINIMUM: u128 = 3;

/// Everybody who takes part, and what they pay.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Demand {
    pub(super) people: Vec<Person>,
    /// Payments of one person follow each other.
    pub(super) payments: Vec<Payment>,
    /// What all of them are worth at the rates of the beginning, in numeraire units.
    pub(super) asked: u128,
}

/// Somebody.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) kind: Kind,
    pub(super) round: RoundIndex,
    /// Drawn, so that ids say nothing about who came first.
    pub(super) name: u32,
    /// Reserved before the round.
    pub(super) guaranteed: Value,
}

/// Money that comes in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Payment {
    /// Place in the list of people.
    pub(super) person: u32,
    pub(super) currency: CurrencyIndex,
    pub(super) amount: Amount,
    pub(super) limit: Option<LimitPrice>,
    pub(super) line: LineIndex,
    pub(super) position: Position,
    /// Order of payments at one position, which is a whole block on a clock of blocks.
    pub(super) place: u64,
}

/// What is drawn: `money` numeraire units by at most `investors` people.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) scenario: Scenario,
    pub(super) money: u128,
    pub(super) investors: u32,
}

/// Draws the people of a wish.
pub(super) fn draw(sale: &Sale, wish: Wish, draws: &mut Draws) -> Demand {
    let mut demand = Demand::default();
    let open = || sale.rounds.iter().filter(|round| !round.purses.is_empty());
    let total = open().fold(0_u128, |sum, round| sum.saturating_add(round.size));
    let whale_round = if wish.scenario == Scenario::OneWhale {
        sale.largest_round()
    } else {
        None
    };
    let of_others = if whale_round.is_some() {
        100 - ONE_WHALE
    } else {
        100
    };
    let money_of_others = part(wish.money, of_others, 100);
    for round in open() {
        let money = part(money_of_others, round.size, total);
        let people = u64::try_from(part(u128::from(wish.investors), round.size, total));
        let people = people.unwrap_or(0).clamp(1, most_people(round, money));
        let mut crowd = Crowd {
            sale,
            round,
            wish,
            draws,
            demand: &mut demand,
        };
        crowd.draw(people, money);
    }
    if let Some(round) = open().find(|round| Some(round.index) == whale_round) {
        // Limits may have kept the others below their part.
        let value = part(demand.asked, ONE_WHALE, 100 - ONE_WHALE);
        Crowd {
            sale,
            round,
            wish,
            draws,
            demand: &mut demand,
        }
        .add(Kind::Whale, value);
    }
    demand
}

/// So many people at most share the money with a multiple of the minimum each.
fn most_people(round: &SaleRound, money: u128) -> u64 {
    let least = round.purses.iter().filter_map(|purse| {
        purse
            .rate
            .times(purse.least, softcap_offering::RoundingMode::Down)
    });
    let least = least.max().unwrap_or(0).max(1);
    u64::try_from(money / least.saturating_mul(TIMES_MINIMUM))
        .unwrap_or(u64::MAX)
        .max(1)
}

/// The people of one round.
struct Crowd<'a> {
    sale: &'a Sale,
    round: &'a SaleRound,
    wish: Wish,
    draws: &'a mut Draws,
    demand: &'a mut Demand,
}

impl Crowd<'_> {
    fn draw(&mut self, people: u64, money: u128) {
        let Some(terms) = self.sale.terms.rounds.get(self.round.index.index()) else {
            return;
        };
        let has_minimum = self.round.purses.iter().any(|purse| purse.has_minimum);
        let mut counts = Kind::counts(&self.sale.terms, terms, has_minimum, people);
        if self.wish.scenario == Scenario::OneWhale {
            counts.retain(|(kind, _)| *kind != Kind::Whale);
        }
        let weights: Vec<(Kind, Vec<u128>)> = counts
            .into_iter()
            .map(|(kind, count)| (kind, (0..count).map(|_| self.weight(kind)).collect()))
            .collect();
        let sum = |wanted: fn(Kind) -> bool| -> u128 {
            weights
                .iter()
                .filter(|(kind, _)| wanted(*kind))
                .flat_map(|(_, all)| all)
                .sum()
        };
        let whales = sum(|kind| kind == Kind::Whale);
        let others = sum(|kind| kind != Kind::Whale && !kind.comes_on_top());
        let for_whales = match (whales, others) {
            (0, _) => 0,
            (_, 0) => money,
            _ => part(money, WHALES, 100),
        };
        for (kind, all) in weights {
            for weight in all {
                let value = if kind == Kind::Whale {
                    part(for_whales, weight, whales)
                } else {
                    part(money - for_whales, weight, others.max(LEAST_WEIGHT))
                };
                self.add(kind, value);
            }
        }
    }

    fn weight(&mut self, kind: Kind) -> u128 {
        match kind {
            Kind::Small => LEAST_WEIGHT / 4,
            Kind::Early
            | Kind::Typical
            | Kind::Late
            | Kind::Whale
            | Kind::Repeated
            | Kind::Withdrawing
            | Kind::TooSmall
            | Kind::NotAdmitted
            | Kind::Guaranteed
            | Kind::BiddingLow
            | Kind::BiddingHigh
            | Kind::Silent => self.draws.heavy_tail(),
        }
    }

    /// Adds a person who asks for so much in numeraire units.
    fn add(&mut self, kind: Kind, value: u128) {
        let purses = self.round.purses.len() as u64;
        let choice = usize::try_from(self.draws.below(purses)).unwrap_or(0);
        let Some(purse) = self.round.purses.get(choice).copied() else {
            return;
        };
        let person = u32::try_from(self.demand.people.len()).unwrap_or(u32::MAX);
        let name = u32::try_from(self.draws.below(1 << 32)).unwrap_or(0);
        let times = if kind == Kind::Repeated { REPEATS } else { 1 };
        let mut places: Vec<u64> = (0..times).map(|_| self.place(kind)).collect();
        places.sort_unstable();
        let mut asked = 0_u128;
        for place in places {
            let amount = amount(kind, purse, value / u128::from(times));
            let worth = purse
                .rate
                .times(amount, softcap_offering::RoundingMode::Down);
            asked = asked.saturating_add(worth.unwrap_or(0));
            let limit = self.limit(kind);
            self.demand.payments.push(Payment {
                person,
                currency: purse.currency,
                amount: Amount(amount),
                limit,
                line: purse.line,
                position: self.position(purse, place),
                place,
            });
        }
        self.demand.asked = self.demand.asked.saturating_add(asked);
        let guaranteed = Value(if kind == Kind::Guaranteed { asked } else { 0 });
        self.demand.people.push(Person {
            kind,
            round: self.round.index,
            name,
            guaranteed,
        });
    }

    /// When somebody comes, in parts of the window.
    fn place(&mut self, kind: Kind) -> u64 {
        match kind {
            Kind::Early => self.draws.below(PLACES / 10),
            Kind::Late | Kind::Guaranteed => self.draws.between(PLACES / 10 * 9, PLACES),
            Kind::Typical
            | Kind::Small
            | Kind::Whale
            | Kind::Repeated
            | Kind::Withdrawing
            | Kind::TooSmall
            | Kind::NotAdmitted
            | Kind::BiddingLow
            | Kind::BiddingHigh
            | Kind::Silent => self.draws.below(PLACES),
        }
    }

    fn position(&self, purse: Purse, place: u64) -> Position {
        use softcap_offering::terms::{Allocation, ClockKind};
        let from = purse.window.from.0;
        let mut length = purse.window.end_exclusive().0.saturating_sub(from);
        let round = self.sale.terms.rounds.get(self.round.index.index());
        // Reserved amounts are free for all from `until` on; everybody's time counts up to it.
        if let Some(Allocation::Guaranteed { until }) = round.map(|round| &round.allocation) {
            length = length.min(until.0.saturating_sub(from));
        }
        if self.wish.scenario == Scenario::Stampede {
            length = length.min(match self.sale.terms.clock.kind {
                ClockKind::Time => MINUTE,
                ClockKind::Block => 1,
            });
        }
        let offset = u128::from(length) * u128::from(place) / u128::from(PLACES);
        Position(from.saturating_add(u64::try_from(offset).unwrap_or(0)))
    }

    fn limit(&mut self, kind: Kind) -> Option<LimitPrice> {
        let usual = self.round.usual_bid?;
        let per_cent = match kind {
            Kind::BiddingLow => self.draws.between(70, 100),
            Kind::BiddingHigh => self.draws.between(200, 300),
            Kind::Early
            | Kind::Typical
            | Kind::Late
            | Kind::Small
            | Kind::Whale
            | Kind::Repeated
            | Kind::Withdrawing
            | Kind::TooSmall
            | Kind::NotAdmitted
            | Kind::Guaranteed
            | Kind::Silent => self.draws.between(100, 150),
        };
        let money = part(usual.money, u128::from(per_cent), 100).max(1);
        Some(LimitPrice { money, ..usual })
    }
}

/// The amount that somebody pays who asks for `value`.
fn amount(kind: Kind, purse: Purse, value: u128) -> u128 {
    if kind == Kind::TooSmall {
        return if purse.has_minimum {
            purse.least / 2
        } else {
            purse.least
        };
    }
    let wanted = three_digits(amount_of(value, purse.rate));
    let wanted = wanted - wanted % purse.step;
    let wanted = wanted.max(purse.least);
    match purse.most {
        Some(most) if kind.minds_limits() => wanted.min(most - most % purse.step).max(purse.least),
        _ => wanted,
    }
}
