//! `softcap offering simulate`: what each kind of investor would get, whatever happens.
//!
//! People and their money are drawn from a seed; everything after that is the real engine, entry by
//! entry, so a simulation cannot promise what the sale would not do. Nothing here decides anything
//! about a real sale.

mod chart;
mod demand;
mod draws;
mod json;
mod kind;
mod play;
mod rates;
mod sale;
mod scenario;
mod share;
mod tally;
#[cfg(test)]
mod tests;
mod text;

use std::{process::ExitCode, sync::Arc};

use indicatif::ProgressBar;
use softcap_offering::{Refusal, Value, Verdict, terms::Bound};

use self::{
    demand::{Demand, Wish},
    draws::Draws,
    play::Played,
    sale::Sale,
    scenario::{Scenario, Yardstick},
    tally::ScenarioResult,
};
use super::offering_new::{refuse_existing, write_new};
use crate::{arguments::SimulateArguments, console::Console, failure::Failure, terms_file};

/// How often the demand of a scenario is corrected before it is taken as it is.
const MOST_TRIES: u32 = 6;

/// Everything that is shown.
struct Simulation {
    sale: Sale,
    seed: u64,
    results: Vec<ScenarioResult>,
}

pub(crate) fn run(arguments: &SimulateArguments, console: &Console) -> Result<ExitCode, Failure> {
    if let Some(file) = &arguments.chart {
        refuse_existing(file)?;
    }
    let (terms, _) = terms_file::read(&arguments.terms)?;
    let steps = Scenario::ALL.len() as u64 * u64::from(arguments.investors);
    let bar = console.progress("simulating", Some(steps));
    let simulation = simulate(Arc::new(terms), arguments.seed, arguments.investors, &bar)?;
    bar.finish_and_clear();
    if let Some(file) = &arguments.chart {
        write_new(file, &chart::svg(&simulation)?)?;
        console.say(format_args!("chart: {}", file.display()));
    }
    console.data(
        text::report(&simulation, text::Bars::of_standard_output()),
        &json::value(&simulation),
    );
    Ok(ExitCode::SUCCESS)
}

/// Plays all scenarios that say something about the terms.
fn simulate(
    terms: Arc<softcap_offering::terms::Terms>,
    seed: u64,
    investors: u32,
    bar: &ProgressBar,
) -> Result<Simulation, Failure> {
    let has_soft_cap = terms.soft_cap.is_some();
    let sale = Sale::new(&terms, investors);
    let mut results = Vec::new();
    for (stream, scenario) in (0_u64..).zip(Scenario::ALL) {
        if scenario.applies(has_soft_cap) {
            let player = Player {
                sale: &sale,
                scenario,
                seed,
                stream,
                investors,
                bar,
            };
            results.push(player.play().map_err(Failure::not_settleable)?);
        }
        bar.set_position((stream + 1) * u64::from(investors));
    }
    Ok(Simulation {
        sale,
        seed,
        results,
    })
}

/// Plays one scenario, again with corrected demand until it is what its name says.
struct Player<'a> {
    sale: &'a Sale,
    scenario: Scenario,
    seed: u64,
    stream: u64,
    investors: u32,
    bar: &'a ProgressBar,
}

impl Player<'_> {
    fn play(&self) -> Result<ScenarioResult, Refusal> {
        let (cap, size) = self.yardstick();
        let mut money = share::part(size, u128::from(self.scenario.demand()), 10_000);
        let (mut demand, mut played) = self.attempt(money)?;
        for _ in 1..MOST_TRIES {
            if self.is_reached(&played, cap) {
                break;
            }
            let taken = played.taken(cap);
            money = self
                .scenario
                .corrected(money, taken, yardstick_units(cap))
                .max(1);
            (demand, played) = self.attempt(money)?;
        }
        let on_target = self.is_reached(&played, cap);
        Ok(tally::count(self.scenario, on_target, &demand, &played))
    }

    /// What demand is measured against, as a bound and as money in numeraire units.
    fn yardstick(&self) -> (Bound, u128) {
        let capacity = (Bound::Value(Value(self.sale.capacity)), self.sale.capacity);
        let soft_cap = self.sale.terms.soft_cap;
        match self.scenario.yardstick(soft_cap.is_some()) {
            Yardstick::Capacity => capacity,
            Yardstick::SoftCap => match (soft_cap, self.sale.soft_cap) {
                (Some(cap), Some(value)) => (cap, value),
                // Tokens without a price before the sale: the capacity is all there is to go by.
                (Some(cap), None) => (cap, self.sale.capacity),
                (None, _) => capacity,
            },
        }
    }

    fn is_reached(&self, played: &Played, cap: Bound) -> bool {
        let verdict = played.settled.verdict;
        let fits = match self.scenario {
            Scenario::JustMissed => verdict == Verdict::Failed,
            Scenario::JustEnough | Scenario::Full => verdict == Verdict::Succeeded,
            Scenario::Quiet
            | Scenario::Oversubscribed
            | Scenario::Stampede
            | Scenario::OneWhale => true,
        };
        fits && self
            .scenario
            .is_reached(played.taken(cap), yardstick_units(cap))
    }

    fn attempt(&self, money: u128) -> Result<(Demand, Played), Refusal> {
        // Every try draws the same people; only their money differs.
        let mut draws = Draws::new(self.seed, self.stream);
        let wish = Wish {
            scenario: self.scenario,
            money,
            investors: self.investors,
        };
        let demand = demand::draw(self.sale, wish, &mut draws);
        // How many entries and how many tries there will be is open; a scenario is a seventh.
        let end = (self.stream + 1) * u64::from(self.investors);
        let step = || {
            if self.bar.position() < end {
                self.bar.inc(1);
            }
        };
        let played = play::play(self.sale, &demand, &mut draws, step)?;
        Ok((demand, played))
    }
}

fn yardstick_units(cap: Bound) -> u128 {
    match cap {
        Bound::Value(value) => value.0,
        Bound::Tokens(tokens) => tokens.0,
    }
}
