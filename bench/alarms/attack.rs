//! The eight scripts. An attacker knows what is public about networks and programs, and hides behind it.

use std::net::IpAddr;

use softcap_identity::{
    UnixMillis,
    signals::{EventLine, Happening, Way},
};

use super::{
    person::{Person, Spot, robot_agent},
    random::Random,
    world::{COINS, DAY, Kind, MINUTE, PROGRAMS, START, address, agent, money},
};

const HOUR: i64 = 60 * MINUTE;

/// A type of attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// Names and passwords of another site, tried over many sources.
    Stuffing,
    /// Few passwords at many accounts, from few sources.
    Spraying,
    /// A cookie that was copied is used elsewhere while its owner goes on.
    StolenCookie,
    /// A key that was copied is used from another network.
    StolenKey,
    /// A little goes out each day, from the victim's own machine.
    SlowDrain,
    /// Many accounts buy a coin that hardly anybody knows, as in 2022.
    PumpedCoin,
    /// A role is given to somebody who should not have it.
    RightsWidening,
    /// A password is set by mail by whoever reads the victim's mail, then control is taken.
    RecoveryTakeover,
}

impl Script {
    pub(super) const ALL: [Self; 8] = [
        Self::Stuffing,
        Self::Spraying,
        Self::StolenCookie,
        Self::StolenKey,
        Self::SlowDrain,
        Self::PumpedCoin,
        Self::RightsWidening,
        Self::RecoveryTakeover,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Stuffing => "stuffing",
            Self::Spraying => "spraying",
            Self::StolenCookie => "stolen_cookie",
            Self::StolenKey => "stolen_key",
            Self::SlowDrain => "slow_drain",
            Self::PumpedCoin => "pumped_coin",
            Self::RightsWidening => "rights_widening",
            Self::RecoveryTakeover => "recovery_takeover",
        }
    }
}

/// One attack, with its events.
pub(super) struct Attack<'a> {
    people: &'a [Person],
    label: String,
    day: i64,
    draw: Random,
    events: Vec<EventLine>,
}

impl<'a> Attack<'a> {
    /// Attack `number` of a script, on a day of the last part of the year.
    pub(super) fn play(
        script: Script,
        number: u64,
        seed: u64,
        people: &'a [Person],
        days: i64,
    ) -> Vec<EventLine> {
        let place = Script::ALL.iter().position(|other| *other == script);
        let place = u64::try_from(place.unwrap_or_default()).unwrap_or_default();
        let mut draw = Random::of(&[seed, 0xA77A_C4ED, place, number]);
        let mut attack = Attack {
            people,
            label: format!("{}#{number}", script.name()),
            day: draw.between(days / 4, days * 7 / 8),
            draw,
            events: Vec::new(),
        };
        match script {
            Script::Stuffing => attack.stuffing(),
            Script::Spraying => attack.spraying(),
            Script::StolenCookie => attack.stolen_cookie(),
            Script::StolenKey => attack.stolen_key(),
            Script::SlowDrain => attack.slow_drain(),
            Script::PumpedCoin => attack.pumped_coin(),
            Script::RightsWidening => attack.rights_widening(),
            Script::RecoveryTakeover => attack.recovery_takeover(),
        }
        attack.events
    }

    fn anybody(&mut self) -> &'a Person {
        let count = u64::try_from(self.people.len()).unwrap_or(1);
        let place = usize::try_from(self.draw.below(count)).unwrap_or_default();
        &self.people[place]
    }

    fn start(&mut self) -> i64 {
        START + self.day * DAY + self.draw.between(0, DAY - 1)
    }

    /// Bought addresses of homes, a rented machine, or a far country.
    fn attacker_address(&mut self) -> IpAddr {
        let kind = match self.draw.below(10) {
            0..5 => Kind::Home,
            5..8 => Kind::Hosting,
            _ => Kind::Far,
        };
        let network = kind.draw(&mut self.draw);
        address(kind, network, self.draw.below(65_536))
    }

    fn attacker(&mut self) -> Spot {
        let program = self.draw.popular(PROGRAMS);
        Spot {
            address: self.attacker_address(),
            agent: agent(program, self.day),
        }
    }

    fn add(&mut self, at: i64, person: &str, spot: Option<&Spot>, what: Happening) {
        self.events.push(EventLine {
            at: UnixMillis::new(at),
            person: person.to_owned(),
            address: spot.map(|spot| spot.address),
            agent: spot.map_or_else(String::new, |spot| spot.agent.clone()),
            what,
            attack: Some(self.label.clone()),
        });
    }

    fn stuffing(&mut self) {
        let tries = self.draw.between(100, 600);
        let (start, span) = (self.start(), self.draw.between(20, 720) * MINUTE);
        let each = self.draw.between(1, 6);
        let hits = self.draw.between(1, 4);
        let mut spot = self.attacker();
        for turn in 0..tries {
            if turn % each == 0 {
                spot = self.attacker();
            }
            let at = start + turn * span / tries;
            // Of a list of another site most have no account here.
            if self.draw.chance(700_000) {
                let nobody = format!("x{}", self.draw.below(1_000_000));
                self.add(at, &nobody, Some(&spot), Happening::Login { ok: false });
                continue;
            }
            let victim = self.anybody().id();
            let is_hit = (turn + 1) * hits / tries > turn * hits / tries;
            self.add(at, &victim, Some(&spot), Happening::Login { ok: is_hit });
        }
        let victim = self.anybody().id();
        self.add(
            start + span,
            &victim,
            Some(&spot),
            Happening::Login { ok: true },
        );
    }

    fn spraying(&mut self) {
        let victims = self.draw.between(60, 300);
        let (start, span) = (self.start(), self.draw.between(120, 4_320) * MINUTE);
        let sources: Vec<Spot> = (0..self.draw.between(1, 10))
            .map(|_| self.attacker())
            .collect();
        let count = u64::try_from(sources.len()).unwrap_or(1);
        for turn in 0..victims {
            let victim = self.anybody().id();
            let source = usize::try_from(self.draw.below(count)).unwrap_or_default();
            let at = start + turn * span / victims;
            self.add(
                at,
                &victim,
                sources.get(source),
                Happening::Login { ok: false },
            );
        }
        let victim = self.anybody().id();
        self.add(
            start + span,
            &victim,
            sources.first(),
            Happening::Login { ok: true },
        );
    }

    fn stolen_cookie(&mut self) {
        // A session that its owner uses.
        let (person, event) = loop {
            let victim = self.anybody();
            let mut events = Vec::new();
            victim.day(self.day, &mut events);
            let session = |event: &&EventLine| matches!(event.what, Happening::Session { .. });
            if let Some(event) = events.iter().find(session) {
                break (victim.id(), event.clone());
            }
        };
        let mut spot = self.attacker();
        if self.draw.chance(150_000) {
            // They copied what the browser says of itself too.
            spot.agent.clone_from(&event.agent);
        }
        let mut at = event.at.get() + self.draw.between(1, 15) * MINUTE;
        let own = Spot {
            address: event.address.unwrap_or(spot.address),
            agent: event.agent.clone(),
        };
        for _ in 0..self.draw.between(3, 12) {
            self.add(at, &person, Some(&spot), event.what.clone());
            at += self.draw.between(20, 240) * 1_000;
            if self.draw.chance(500_000) {
                // The owner, who knows nothing of it, goes on.
                self.add(at, &person, Some(&own), event.what.clone());
                at += self.draw.between(20, 120) * 1_000;
            }
        }
    }

    fn stolen_key(&mut self) {
        let (person, key, own) = loop {
            let victim = self.anybody();
            if let (Some(key), Some(spot)) = (victim.key_id(), victim.robot_spot(self.day)) {
                break (victim.id(), key, spot);
            }
        };
        let spot = Spot {
            address: self.attacker_address(),
            agent: match self.draw.chance(150_000) {
                true => own.agent,
                false => robot_agent(self.draw.below(60)),
            },
        };
        let (start, uses) = (self.start(), self.draw.between(3, 150));
        let span = self.draw.between(5, 1_500) * MINUTE;
        let looks_around = self.draw.chance(600_000);
        for turn in 0..uses {
            let verb = match (looks_around, turn % 3) {
                (true, 0) => "keys:read",
                (true, 1) => "accounts:write",
                _ => "contributions:read",
            };
            let (key, verb) = (key.clone(), verb.to_owned());
            let at = start + turn * span / uses;
            self.add(at, &person, Some(&spot), Happening::Key { key, verb });
        }
    }

    fn slow_drain(&mut self) {
        let victim = self.anybody();
        // What they take out on a mean day, times something.
        let daily = victim.daily_outflow().max(1);
        let percent = u128::try_from(self.draw.between(60, 200)).unwrap_or(100);
        let targets = if self.draw.chance(500_000) { 1 } else { 3 };
        self.day = self.day.min(300);
        for turn in 0..self.draw.between(28, 45) {
            let at = START + (self.day + turn) * DAY + self.draw.between(0, DAY - 1);
            let target = format!("thief-{}-{}", self.label, turn % targets);
            let amount = daily * percent / 100 + u128::from(self.draw.below(100));
            let way = Way::Out;
            self.add(at, &victim.id(), None, money(target, way, amount));
        }
    }

    fn pumped_coin(&mut self) {
        let (start, coin) = (self.start(), self.draw.below(COINS));
        let victims = self.draw.between(20, 80);
        let span = self.draw.between(20, 180) * MINUTE;
        for turn in 0..victims {
            let victim = self.anybody();
            let more = self.draw.between(256, 6 * 256);
            let amount = self.draw.amount(victim.amount + more, 300);
            let at = start + turn * span / victims;
            let (target, way) = (format!("coin-{coin}"), Way::In);
            self.add(at, &victim.id(), None, money(target, way, amount));
        }
    }

    fn rights_widening(&mut self) {
        let (victim, start) = (self.anybody(), self.start());
        let spot = match self.draw.chance(300_000) {
            true => victim.spot(self.day, &mut self.draw),
            false => self.attacker(),
        };
        self.add(
            start,
            &victim.id(),
            Some(&spot),
            Happening::Login { ok: true },
        );
        let friend = self.anybody().id();
        self.add(start + 5 * MINUTE, &friend, None, Happening::RoleGiven);
    }

    fn recovery_takeover(&mut self) {
        let (victim, start) = (self.anybody(), self.start());
        let person = victim.id();
        let mut spot = self.attacker();
        if self.draw.chance(400_000) {
            // From the same provider in the same town.
            spot.address = neighbour(victim.home_address(self.day), self.draw.below(65_536));
        }
        self.add(start, &person, Some(&spot), Happening::Recovered);
        self.add(
            start + MINUTE,
            &person,
            Some(&spot),
            Happening::Login { ok: true },
        );
        if self.draw.chance(700_000) {
            let at = start + self.draw.between(2, 50) * MINUTE;
            self.add(at, &person, Some(&spot), Happening::SensitiveAct);
        }
        if self.draw.chance(700_000) {
            let at = start + self.draw.between(10, 300) * MINUTE;
            let amount = self.draw.amount(victim.amount + 2 * 256, 300);
            let (target, way) = (format!("thief-{}", self.label), Way::Out);
            self.add(at, &person, None, money(target, way, amount));
        }
        // Whoever is in comes back.
        let at = start + self.draw.between(6, 40) * HOUR;
        self.add(at, &person, Some(&spot), Happening::Login { ok: true });
    }
}

/// Another machine of the same network.
fn neighbour(address: IpAddr, machine: u64) -> IpAddr {
    let [high, low] = [machine / 256 % 256, machine % 256];
    let byte = |number: u64| u8::try_from(number).unwrap_or_default();
    match address {
        IpAddr::V4(four) => {
            let [first, second, ..] = four.octets();
            IpAddr::from([first, second, byte(high), byte(low)])
        }
        IpAddr::V6(_) => address,
    }
}
