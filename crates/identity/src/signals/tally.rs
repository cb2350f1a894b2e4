//! How good the alarms of a replay were: what was noticed, and how often for nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::Serialize;

use super::{EventLine, RaisedAlarm};
use crate::UnixMillis;

const DAY: i64 = 86_400_000;
/// A month of the figures, in days.
const MONTH: i64 = 30;

/// How one type of attack went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AttackTally {
    /// Attacks.
    pub attacks: usize,
    /// Of which at least one event raised an alarm.
    pub noticed: usize,
    /// Half of the noticed ones were within so many seconds of their first event.
    pub median_seconds: i64,
    /// Rules that noticed them, and how many attacks each.
    pub rules: BTreeMap<&'static str, usize>,
    /// False alarms of these rules in the whole file.
    pub false_alarms: u64,
}

/// How one rule went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RuleTally {
    /// Alarms that were told, once for each subject and day.
    pub told: u64,
    /// Of which no attack raised.
    pub false_alarms: u64,
}

/// What a replay came to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    events: u64,
    first_at: Option<UnixMillis>,
    last_at: Option<UnixMillis>,
    people: BTreeSet<String>,
    /// By name: when it began, and what noticed it first and when.
    attacks: BTreeMap<String, (UnixMillis, BTreeMap<&'static str, UnixMillis>)>,
    rules: BTreeMap<&'static str, RuleTally>,
}

impl Tally {
    /// Counts an event and its alarms.
    pub fn add(&mut self, event: &EventLine, alarms: &[RaisedAlarm]) {
        self.events += 1;
        self.first_at.get_or_insert(event.at);
        self.last_at = Some(event.at);
        let is_person = event.attack.is_none() && !event.person.is_empty();
        if is_person && !self.people.contains(&event.person) {
            self.people.insert(event.person.clone());
        }
        if let Some(attack) = &event.attack {
            let (_, noticed) = self
                .attacks
                .entry(attack.clone())
                .or_insert_with(|| (event.at, BTreeMap::new()));
            // An alarm that is told already, for the same subject on the same day, counts: somebody is looking there.
            for alarm in alarms {
                noticed.entry(alarm.kind.as_code()).or_insert(event.at);
            }
        }
        for alarm in alarms.iter().filter(|alarm| alarm.is_told) {
            let rule = self.rules.entry(alarm.kind.as_code()).or_default();
            rule.told += 1;
            rule.false_alarms += u64::from(event.attack.is_none());
        }
    }

    /// Events.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// People who did something that is part of no attack.
    #[must_use]
    pub fn people(&self) -> usize {
        self.people.len()
    }

    /// By rule.
    #[must_use]
    pub const fn rules(&self) -> &BTreeMap<&'static str, RuleTally> {
        &self.rules
    }

    /// By type of attack: what stands before the `#` of its name.
    #[must_use]
    pub fn attacks(&self) -> BTreeMap<String, AttackTally> {
        let mut types: BTreeMap<String, (AttackTally, Vec<i64>)> = BTreeMap::new();
        for (name, (began, noticed)) in &self.attacks {
            let kind = name.split('#').next().unwrap_or_default();
            let (tally, waits) = types.entry(kind.to_owned()).or_default();
            tally.attacks += 1;
            if let Some(first) = noticed.values().min() {
                tally.noticed += 1;
                waits.push((first.get() - began.get()) / 1_000);
            }
            for rule in noticed.keys() {
                *tally.rules.entry(rule).or_default() += 1;
            }
        }
        let finished = types.into_iter().map(|(kind, (mut tally, mut waits))| {
            waits.sort_unstable();
            tally.median_seconds = waits.get(waits.len() / 2).copied().unwrap_or_default();
            let rules = tally.rules.keys();
            let of = |rule: &&'static str| self.rules.get(rule).map_or(0, |rule| rule.false_alarms);
            tally.false_alarms = rules.map(of).sum();
            (kind, tally)
        });
        finished.collect()
    }

    /// Alarms that no attack raised.
    #[must_use]
    pub fn false_alarms(&self) -> u64 {
        self.rules.values().map(|rule| rule.false_alarms).sum()
    }

    /// False alarms of a person and month of 30 days, in millionths. `None` where there is nobody, or no time.
    #[must_use]
    pub fn false_alarms_of_person_month(&self) -> Option<u64> {
        let span = self.last_at?.get() - self.first_at?.get();
        let people = u128::try_from(self.people()).ok()?;
        let person_time = people.checked_mul(u128::try_from(span).ok()?)?;
        let month = u128::try_from(MONTH * DAY).ok()?;
        let rate =
            (u128::from(self.false_alarms()) * month * 1_000_000).checked_div(person_time)?;
        u64::try_from(rate).ok()
    }

    /// Of all attacks, how many were noticed, in ten-thousandths. `None` where there was none.
    #[must_use]
    pub fn noticed(&self) -> Option<usize> {
        let noticed = self.attacks.values().filter(|(_, rules)| !rules.is_empty());
        (noticed.count() * 10_000).checked_div(self.attacks.len())
    }
}

/// A table for people.
impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (events, people) = (self.events, self.people.len());
        writeln!(out, "{events} events of {people} people")?;
        let attacks = self.attacks();
        if !attacks.is_empty() {
            writeln!(
                out,
                "\nattack               noticed   after s   false alarms of its rules"
            )?;
        }
        for (kind, tally) in &attacks {
            let (noticed, count) = (tally.noticed, tally.attacks);
            let (after, wrong) = (tally.median_seconds, tally.false_alarms);
            writeln!(
                out,
                "{kind:<20} {noticed:>3}/{count:<3} {after:>10}   {wrong}"
            )?;
        }
        if !self.rules.is_empty() {
            writeln!(out, "\nrule                    told   of which false")?;
        }
        for (rule, tally) in &self.rules {
            writeln!(out, "{rule:<20} {:>7}   {}", tally.told, tally.false_alarms)?;
        }
        if let Some(noticed) = self.noticed() {
            writeln!(out, "\nnoticed: {}.{:02} %", noticed / 100, noticed % 100)?;
        }
        if let Some(rate) = self.false_alarms_of_person_month() {
            let (whole, rest) = (rate / 1_000_000, rate % 1_000_000 / 100);
            writeln!(out, "false alarms of a person and month: {whole}.{rest:04}")?;
        }
        Ok(())
    }
}
