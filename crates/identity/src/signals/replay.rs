//! Events in, alarms out: what the running server keeps in its database, kept in memory.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use sha2::{Digest as _, Sha256};

use super::{
    Counts, EventLine, Failures, Finding, Happening, KeyHabits, KeyUse, Mark, Money, NetworkMap,
    Origin, PersonHabits, SessionPath, Signal, SiteFailures, thresholds::CROWD,
};
use crate::{
    AlertKind, UnixMillis,
    alerts::{MOST_ACCOUNTS, MOST_FAILED, SOURCE_WINDOW, WINDOW, day},
};

/// What somebody would be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaisedAlarm {
    /// When.
    pub at: UnixMillis,
    /// Which rule.
    pub kind: AlertKind,
    /// The person, key or source it is about; `-` for the site.
    pub subject: String,
    /// The signals, for rules that are made of such.
    pub signals: Vec<Signal>,
    /// The attack of the event that raised it.
    pub attack: Option<String>,
    /// Whether somebody is told: once for each rule, subject and day.
    pub is_told: bool,
}

/// All that is kept.
#[derive(Debug, Default)]
pub struct Replay {
    networks: NetworkMap,
    people: HashMap<String, PersonHabits>,
    keys: HashMap<String, KeyHabits>,
    sessions: HashMap<String, SessionPath>,
    logins: u64,
    counts: HashMap<Mark, u64>,
    failed_of_account: HashMap<String, VecDeque<i64>>,
    failed_of_source: HashMap<Mark, VecDeque<(i64, String)>>,
    site: SiteFailures,
    targets: HashMap<String, Target>,
    told: HashSet<(&'static str, String, i64)>,
}

#[derive(Debug)]
struct Target {
    since: UnixMillis,
    /// Who came for the first time, and when, within the last hour.
    strangers: VecDeque<(i64, String)>,
}

impl Replay {
    /// With the operator's names of networks.
    #[must_use]
    pub fn new(networks: NetworkMap) -> Self {
        Self {
            networks,
            ..Self::default()
        }
    }

    /// The next event: the alarms that it raises, told or not.
    pub fn next(&mut self, event: &EventLine) -> Vec<RaisedAlarm> {
        let origin = event.address.map(|address| {
            let hash = |parts: &[&[u8]]| Sha256::digest(parts.concat()).into();
            Origin::new(address, &event.agent, &self.networks, hash)
        });
        let at = event.at;
        let mut raised = Vec::new();
        match (&event.what, origin) {
            (Happening::Login { ok: true }, Some(origin)) => {
                let failures = self.failures(&event.person, origin.address, at);
                let counts = self.counts_of(&origin);
                let habits = self.people.entry(event.person.clone()).or_default();
                let found = habits.log_in(&origin, &counts, failures, at);
                self.count(&origin);
                raised.extend(
                    found.map(|found| (found.kind_of_login(), event.person.clone(), found)),
                );
            }
            (Happening::Login { ok: false }, Some(origin)) => {
                raised = self.failed(&event.person, &origin, at);
            }
            (Happening::Session { session }, Some(origin)) => {
                let path = self.sessions.entry(session.clone());
                let path = path.or_insert_with(|| SessionPath::new(&origin, at));
                if !path.is_at(&origin) {
                    let habits = self.people.entry(event.person.clone()).or_default();
                    let found = habits.use_session(path, &origin, at);
                    let person = event.person.clone();
                    raised.extend(found.map(|found| (AlertKind::SessionMoved, person, found)));
                }
            }
            (Happening::Key { key, verb }, Some(origin)) => {
                let uses = KeyUse {
                    network: Some(origin.network),
                    agent: Some(origin.agent),
                    verb: Some(Mark::of(&Sha256::digest(verb).into())),
                    times: 1,
                };
                let found = self.keys.entry(key.clone()).or_default().used(&uses, at);
                raised.extend(found.map(|found| (AlertKind::UnusualKeyUse, key.clone(), found)));
            }
            (
                Happening::Money {
                    target,
                    way,
                    amount,
                    currency,
                },
                _,
            ) => {
                let known = self.targets.get(target);
                let money = Money {
                    amount: *amount,
                    currency: Mark::of(&Sha256::digest(currency).into()),
                    way: *way,
                    target: Mark::of(&Sha256::digest(target).into()),
                    target_since: known.map(|known| known.since),
                };
                let found = self.money(&event.person, target, &money, at);
                let person = event.person.clone();
                raised.extend(found.map(|found| (AlertKind::UnusualMoney, person, found)));
            }
            (Happening::Recovered, _) => raised.extend(self.act(event, Signal::Recovered)),
            (Happening::SensitiveAct, _) => raised.extend(self.act(event, Signal::SensitiveAct)),
            (Happening::RoleGiven, _) => {
                raised.push((AlertKind::RightsWidened, event.person.clone(), no_signals()));
            }
            // `EventLine::parse` lets none of them through without an address.
            (Happening::Login { .. } | Happening::Session { .. } | Happening::Key { .. }, None) => {
            }
        }
        let told = raised
            .into_iter()
            .map(|(kind, subject, found)| RaisedAlarm {
                at,
                kind,
                is_told: self.told.insert((kind.as_code(), subject.clone(), day(at))),
                subject,
                signals: found.signals,
                attack: event.attack.clone(),
            });
        told.collect()
    }

    fn act(&mut self, event: &EventLine, signal: Signal) -> Option<(AlertKind, String, Finding)> {
        let habits = self.people.entry(event.person.clone()).or_default();
        let found = habits.act(signal, event.at)?;
        Some((AlertKind::Takeover, event.person.clone(), found))
    }

    fn counts_of(&self, origin: &Origin) -> Counts {
        let of = |mark: Mark| self.counts.get(&mark).copied().unwrap_or_default();
        Counts {
            total: self.logins,
            address: of(origin.address),
            network: of(origin.network),
            country: origin.country.map_or(0, of),
            agent: of(origin.agent),
        }
    }

    fn count(&mut self, origin: &Origin) {
        self.logins += 1;
        let marks = [origin.address, origin.network, origin.agent];
        for mark in marks.into_iter().chain(origin.country) {
            *self.counts.entry(mark).or_default() += 1;
        }
    }

    fn failures(&mut self, person: &str, source: Mark, at: UnixMillis) -> Failures {
        let since = at.minus(WINDOW).get();
        let of_account = self.failed_of_account.get(person);
        let of_account = of_account.map_or(0, |times| count_after(times.iter().copied(), since));
        Failures {
            of_account,
            accounts_of_source: self.accounts_failed_at(source, at.minus(SOURCE_WINDOW)),
        }
    }

    fn accounts_failed_at(&self, source: Mark, since: UnixMillis) -> u32 {
        let failed = self.failed_of_source.get(&source);
        let lately = failed
            .into_iter()
            .flatten()
            .filter(|(at, _)| *at > since.get());
        let accounts: BTreeSet<&str> = lately.map(|(_, who)| who.as_str()).collect();
        u32::try_from(accounts.len()).unwrap_or(u32::MAX)
    }

    fn failed(
        &mut self,
        person: &str,
        origin: &Origin,
        at: UnixMillis,
    ) -> Vec<(AlertKind, String, Finding)> {
        let (source, since) = (origin.address, at.minus(WINDOW).get());
        let known = self.people.get(person);
        let is_familiar = known.is_some_and(|habits| habits.knows_address(source));
        let is_known = known.is_some();
        let times = self.failed_of_account.entry(person.to_owned()).or_default();
        times.retain(|at| *at > since);
        times.push_back(at.get());
        let accounts = self.failed_of_source.entry(source).or_default();
        let kept = at.minus(SOURCE_WINDOW).get();
        accounts.retain(|(at, _)| *at > kept);
        accounts.push_back((at.get(), person.to_owned()));
        let failures = self.failures(person, source, at);
        let mut raised = Vec::new();
        if i64::from(failures.of_account) >= MOST_FAILED && is_known {
            raised.push((AlertKind::LoginsFailed, person.to_owned(), no_signals()));
        }
        let lately = self.accounts_failed_at(source, at.minus(WINDOW));
        if i64::from(lately) > MOST_ACCOUNTS {
            raised.push((AlertKind::Spraying, format!("{source:?}"), no_signals()));
        }
        let found = self.site.failed(is_familiar, at);
        raised.extend(found.map(|found| (AlertKind::SiteFailures, "-".to_owned(), found)));
        raised
    }

    fn money(
        &mut self,
        person: &str,
        target: &str,
        money: &Money,
        at: UnixMillis,
    ) -> Option<Finding> {
        let place = self.targets.entry(target.to_owned());
        let place = place.or_insert_with(|| Target {
            since: at,
            strangers: VecDeque::new(),
        });
        let habits = self.people.entry(person.to_owned()).or_default();
        let (found, is_strange) = habits.move_money(money, at);
        if !is_strange {
            return found;
        }
        let over = at.minus(WINDOW).get();
        place.strangers.retain(|(at, _)| *at > over);
        place.strangers.push_back((at.get(), person.to_owned()));
        let who: BTreeSet<&str> = place
            .strangers
            .iter()
            .map(|(_, who)| who.as_str())
            .collect();
        let crowd = (who.len() >= CROWD)
            .then(|| habits.is_in_crowd(at))
            .flatten();
        crowd.or(found)
    }
}

fn no_signals() -> Finding {
    Finding {
        signals: Vec::new(),
    }
}

fn count_after(times: impl Iterator<Item = i64>, since: i64) -> u32 {
    u32::try_from(times.filter(|at| *at > since).count()).unwrap_or(u32::MAX)
}
