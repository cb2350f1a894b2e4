//! A year of people who do nothing wrong and of attacks on them, and how good the alarms are.
//!
//! Everything follows from one seed. The events are those of `docs/alerts.md`; the same ones, written to a file, are
//! read by `softcap alarms replay`. `bench/README.md` says which seeds were used to choose the thresholds, and which one
//! to judge them.

mod attack;
mod person;
mod random;
mod world;

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::PathBuf,
};

use softcap_identity::signals::{EventLine, NetworkMap, Replay, Tally};

use self::{
    attack::{Attack, Script},
    person::Person,
    world::{DAY, START},
};
use crate::failure::BenchFailure;

/// How large a year is.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct AlarmPlan {
    /// What everything follows from.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// People.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) people: u64,
    /// Days.
    #[arg(long, default_value_t = 365)]
    pub(crate) days: i64,
    /// Attacks of each of the eight types.
    #[arg(long, default_value_t = 25)]
    pub(crate) attacks: u64,
    /// Write the events to this file as well.
    #[arg(long)]
    pub(crate) write: Option<PathBuf>,
}

/// Plays a year, and prints what was noticed.
///
/// # Errors
/// What the disk says.
pub(crate) fn run(plan: &AlarmPlan) -> Result<(), BenchFailure> {
    let failed = |error: std::io::Error| BenchFailure(error.to_string());
    let mut file = plan
        .write
        .as_ref()
        .map(File::create)
        .transpose()
        .map_err(failed)?;
    let mut file = file.as_mut().map(BufWriter::new);
    let (mut replay, mut tally) = (Replay::new(NetworkMap::default()), Tally::default());
    for_each_event(plan, |event| {
        if let Some(file) = &mut file {
            writeln!(file, "{}", event.to_line()).map_err(failed)?;
        }
        let alarms = replay.next(event);
        tally.add(event, &alarms);
        Ok(())
    })?;
    if let Some(mut file) = file {
        file.flush().map_err(failed)?;
    }
    print!("seed {}\n{tally}", plan.seed);
    Ok(())
}

/// The events of a year in the order of time.
fn for_each_event(
    plan: &AlarmPlan,
    mut act: impl FnMut(&EventLine) -> Result<(), BenchFailure>,
) -> Result<(), BenchFailure> {
    let people: Vec<Person> = (0..plan.people)
        .map(|number| Person::new(plan.seed, number))
        .collect();
    let mut attacks: Vec<EventLine> = Script::ALL
        .into_iter()
        .flat_map(|script| (0..plan.attacks).map(move |number| (script, number)))
        .flat_map(|(script, number)| Attack::play(script, number, plan.seed, &people, plan.days))
        .collect();
    attacks.sort_by_key(|event| std::cmp::Reverse(event.at));
    let mut today = Vec::new();
    for day in 0..plan.days {
        let end = START + (day + 1) * DAY;
        people.iter().for_each(|person| person.day(day, &mut today));
        while attacks.last().is_some_and(|event| event.at.get() < end) {
            today.extend(attacks.pop());
        }
        today.sort_by_key(|event| event.at);
        // What lasts beyond midnight is of tomorrow.
        let of_today = today.partition_point(|event| event.at.get() < end);
        for event in today.drain(..of_today) {
            act(&event)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frozen with the thresholds: a change of either shows here, and the figures of `bench/README.md` are to be made anew.
    #[test]
    fn a_small_year_is_noticed_and_does_not_cry_wolf() {
        let plan = AlarmPlan {
            seed: 7,
            people: 120,
            days: 120,
            attacks: 3,
            write: None,
        };
        let (mut replay, mut tally) = (Replay::new(NetworkMap::default()), Tally::default());
        let (mut last, mut again) = (i64::MIN, Replay::new(NetworkMap::default()));
        for_each_event(&plan, |event| {
            assert!(last <= event.at.get());
            last = event.at.get();
            let alarms = replay.next(event);
            // What is written to a file gives the same alarms, but for what a line does not say.
            let read = EventLine::parse(&event.to_line(), 1).unwrap();
            assert_eq!(again.next(&read), alarms);
            tally.add(event, &alarms);
            Ok(())
        })
        .unwrap();
        assert_eq!(tally.attacks().len(), Script::ALL.len());
        assert!(tally.noticed().unwrap() >= 9_000, "{tally}");
        assert!(
            tally.false_alarms_of_person_month().unwrap() < 1_000_000,
            "{tally}"
        );
    }
}
