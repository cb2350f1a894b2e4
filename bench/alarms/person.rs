//! One person: what they do on a day, and what never has anything to do with an attack.

use softcap_identity::signals::{EventLine, Happening, Way};

use super::{
    random::Random,
    world::{COINS, DAY, Kind, MINUTE, PAIRS, PROGRAMS, START, address, agent, money, sale_on},
};
use softcap_identity::UnixMillis;

/// Who they are; what they do on a day follows from it, the day and the seed.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) number: u64,
    seed: u64,
    home: (u64, u64),
    has_fixed_address: bool,
    work: Option<(u64, u64)>,
    mobile: Option<u64>,
    uses_vpn: bool,
    laptop: u64,
    phone: u64,
    /// Days on which they buy another telephone or computer.
    new_phone: i64,
    new_laptop: i64,
    /// First day and length of journeys, and where.
    journeys: Vec<(i64, i64, u64)>,
    /// Minute of the day around which they are there.
    noon: i64,
    spread: i64,
    /// Logins a day, in millionths.
    logins: u64,
    /// The logarithm of a usual amount, in 256ths of a bit.
    pub(super) amount: i64,
    buys: u64,
    pays: u64,
    new_target: i64,
    key: Option<Robot>,
}

/// A program that uses a key of theirs.
#[derive(Clone, Debug)]
struct Robot {
    network: u64,
    machine: u64,
    moves_on: i64,
    program: u64,
    new_program: i64,
    uses: i64,
}

/// Where somebody is, and with what.
pub(super) struct Spot {
    pub(super) address: std::net::IpAddr,
    pub(super) agent: String,
}

impl Person {
    pub(super) fn new(seed: u64, number: u64) -> Self {
        let mut random = Random::of(&[seed, number]);
        let draw = &mut random;
        let journeys = (0..draw.below(5))
            .map(|_| {
                (
                    draw.between(0, 364),
                    draw.between(2, 14),
                    Kind::Far.draw(draw),
                )
            })
            .collect();
        Self {
            number,
            seed,
            home: (Kind::Home.draw(draw), draw.below(65_536)),
            has_fixed_address: draw.chance(400_000),
            work: draw
                .chance(500_000)
                .then(|| (Kind::Work.draw(draw), draw.below(4))),
            mobile: draw.chance(650_000).then(|| Kind::Mobile.draw(draw)),
            uses_vpn: draw.chance(60_000),
            laptop: draw.popular(PROGRAMS),
            phone: draw.popular(PROGRAMS),
            new_phone: draw.between(0, 500),
            new_laptop: draw.between(0, 1_200),
            journeys,
            noon: draw.between(9 * 60, 21 * 60),
            spread: draw.between(180, 500),
            logins: draw.below(1_500_000) + 150_000,
            amount: draw.between(20 * 256, 32 * 256),
            buys: draw.below(300_000),
            pays: draw.below(250_000) + 10_000,
            new_target: draw.between(30, 700),
            key: draw.chance(200_000).then(|| Robot {
                network: Kind::Hosting.draw(draw),
                machine: draw.below(65_536),
                moves_on: draw.between(0, 1_100),
                program: draw.below(6),
                new_program: draw.between(0, 200),
                uses: draw.between(1, 12),
            }),
        }
    }

    pub(super) fn id(&self) -> String {
        format!("p{}", self.number)
    }

    pub(super) fn key_id(&self) -> Option<String> {
        self.key.as_ref().map(|_| format!("k{}", self.number))
    }

    /// All that they do on a day.
    pub(super) fn day(&self, day: i64, out: &mut Vec<EventLine>) {
        let place = u64::try_from(day).unwrap_or_default();
        let mut random = Random::of(&[self.seed, self.number, place, 1]);
        let draw = &mut random;
        if let Some((sale, hour)) = sale_on(day)
            && draw.chance(250_000)
        {
            let at = self.moment(day, hour * 60 + draw.between(0, 59));
            self.log_in(at, day, draw, out);
            self.move_money(
                at + 4 * MINUTE,
                (format!("sale-{sale}"), Way::In),
                256,
                draw,
                out,
            );
        }
        for _ in 0..2 {
            if draw.chance(self.logins / 2) {
                let minute = self.minute(day, draw);
                self.log_in(self.moment(day, minute), day, draw, out);
            }
        }
        if draw.chance(self.buys) {
            let at = self.moment(day, self.minute(day, draw));
            let pair = format!("pair-{}", self.pair(draw));
            self.move_money(at, (pair, Way::In), 0, draw, out);
        }
        if draw.chance(self.pays) {
            let at = self.moment(day, self.minute(day, draw));
            // Once or twice in a lifetime of the account: a house.
            let more = if draw.chance(8_000) { 4 * 256 } else { 0 };
            self.move_money(at, (self.own_target(day, draw), Way::Out), more, draw, out);
        }
        if let Some(robot) = &self.key {
            self.run_robot(robot, day, draw, out);
        }
        if self.number.is_multiple_of(50) && draw.chance(2_700) {
            self.add(self.moment(day, 600), None, Happening::RoleGiven, out);
        }
    }

    /// A moment of a day of the year.
    fn moment(&self, day: i64, minute: i64) -> i64 {
        let second = i64::try_from(self.number % 60).unwrap_or_default();
        START + day * DAY + minute * MINUTE + second * 1_000
    }

    /// When they are there; on a journey some hours off.
    pub(super) fn minute(&self, day: i64, draw: &mut Random) -> i64 {
        let off = match self.journey(day) {
            Some(network) => i64::try_from(network % 9).unwrap_or_default() * 60 - 240,
            None => 0,
        };
        (draw.around(self.noon, self.spread) + off).rem_euclid(1_410)
    }

    fn journey(&self, day: i64) -> Option<u64> {
        let journeys = self.journeys.iter();
        let mut now = journeys.filter(|(first, length, _)| (*first..first + length).contains(&day));
        now.next().map(|(.., network)| *network)
    }

    /// Where they are.
    pub(super) fn spot(&self, day: i64, draw: &mut Random) -> Spot {
        let on_phone = draw.chance(450_000);
        let program = if on_phone {
            self.phone + u64::from(day >= self.new_phone) * 5
        } else {
            self.laptop + u64::from(day >= self.new_laptop) * 3
        };
        // On a computer that is not theirs.
        let program = if draw.chance(3_000) {
            draw.popular(PROGRAMS)
        } else {
            program
        };
        Spot {
            address: self.address(day, on_phone, draw),
            agent: agent(program % PROGRAMS, day),
        }
    }

    fn address(&self, day: i64, on_phone: bool, draw: &mut Random) -> std::net::IpAddr {
        if self.uses_vpn && draw.chance(250_000) {
            return address(Kind::Hosting, 200 + draw.below(6), draw.below(400));
        }
        if let Some(network) = self.journey(day) {
            // A hotel, then the mobile network of the country.
            return address(Kind::Far, network + draw.below(2), draw.below(65_536));
        }
        if draw.chance(8_000) {
            return address(Kind::Home, Kind::Home.draw(draw), draw.below(65_536));
        }
        match (self.mobile, self.work) {
            (Some(network), _) if on_phone && draw.chance(600_000) => {
                address(Kind::Mobile, network, draw.below(65_536))
            }
            (_, Some((network, machine))) if draw.chance(350_000) => {
                address(Kind::Work, network, machine)
            }
            _ => self.home_address(day),
        }
    }

    /// Most providers give another address every two weeks.
    pub(super) fn home_address(&self, day: i64) -> std::net::IpAddr {
        let (network, machine) = self.home;
        let lease = if self.has_fixed_address {
            0
        } else {
            u64::try_from(day / 14).unwrap_or_default()
        };
        address(Kind::Home, network, machine + lease * 977)
    }

    fn log_in(&self, at: i64, day: i64, draw: &mut Random, out: &mut Vec<EventLine>) {
        let spot = self.spot(day, draw);
        let mut at = at;
        let failures = match draw.below(1_000) {
            0..4 => draw.between(4, 7),
            4..64 => draw.between(1, 3),
            _ => 0,
        };
        for _ in 0..failures {
            self.add(at, Some(&spot), Happening::Login { ok: false }, out);
            at += 20_000;
        }
        let forgot = if failures > 2 { 300_000 } else { 400 };
        if draw.chance(forgot) {
            at += 2 * MINUTE;
            self.add(at, Some(&spot), Happening::Recovered, out);
            at += MINUTE;
        }
        self.add(at, Some(&spot), Happening::Login { ok: true }, out);
        // A new telephone is a new passkey; a password is changed once a year.
        let is_new = (self.new_phone..self.new_phone + 2).contains(&day);
        if draw.chance(if is_new { 400_000 } else { 3_000 }) {
            self.add(at + 3 * MINUTE, Some(&spot), Happening::SensitiveAct, out);
        }
        let session = format!("s{}-{}", self.number, at / 1_000);
        let use_session = |at, spot: &Spot, out: &mut Vec<EventLine>| {
            let session = session.clone();
            self.add(at, Some(spot), Happening::Session { session }, out);
        };
        for turn in 0..draw.below(3) {
            let turn = i64::try_from(turn).unwrap_or_default();
            use_session(at + (1 + turn * 7) * MINUTE, &spot, out);
        }
        if draw.chance(30_000) {
            // The telephone leaves for the mobile network or the net of a café, and comes back now and then.
            let (kind, network) = match self.mobile {
                Some(network) if draw.chance(700_000) => (Kind::Mobile, network),
                _ => (Kind::Home, Kind::Home.draw(draw)),
            };
            let moved = Spot {
                address: address(kind, network, draw.below(65_536)),
                agent: spot.agent.clone(),
            };
            use_session(at + 20 * MINUTE, &moved, out);
            if draw.chance(300_000) {
                use_session(at + 24 * MINUTE, &spot, out);
            }
        }
    }

    fn pair(&self, draw: &mut Random) -> u64 {
        // Each has some favourites, and rarely tries another.
        if draw.chance(20_000) {
            draw.below(PAIRS)
        } else {
            (self.number + draw.popular(3)) % PAIRS
        }
    }

    fn own_target(&self, day: i64, draw: &mut Random) -> String {
        let own = draw.popular(2) + u64::from(day >= self.new_target);
        format!("out-{}-{own}", self.number)
    }

    /// Few people, each a few times a year, trade a coin that hardly anybody knows.
    pub(super) fn coin(&self) -> Option<String> {
        (self.number % 17 == 3).then(|| format!("coin-{}", self.number / 17 % COINS))
    }

    /// What they take out on a mean day.
    pub(super) fn daily_outflow(&self) -> u128 {
        let usual = Random::of(&[self.number]).amount(self.amount, 0);
        usual * u128::from(self.pays) / 1_000_000
    }

    fn move_money(
        &self,
        at: i64,
        (target, way): (String, Way),
        more: i64,
        draw: &mut Random,
        out: &mut Vec<EventLine>,
    ) {
        let target = match self.coin() {
            Some(coin) if way == Way::In && draw.chance(150_000) => coin,
            _ => target,
        };
        let amount = draw.amount(self.amount + more, 500);
        self.add(at, None, money(target, way, amount), out);
    }

    fn run_robot(&self, robot: &Robot, day: i64, draw: &mut Random, out: &mut Vec<EventLine>) {
        let spot = robot.spot(day);
        // Busy days: ten times as much to do.
        let uses = robot.uses * if draw.chance(20_000) { 10 } else { 1 };
        for turn in 0..uses {
            let at = START + day * DAY + turn * DAY / uses + draw.between(0, 600_000);
            let key = format!("k{}", self.number);
            let verb = match draw.below(40) {
                0 => "accounts:read",
                1..10 => "contributions:write",
                _ => "contributions:read",
            };
            let verb = verb.to_owned();
            self.add(at, Some(&spot), Happening::Key { key, verb }, out);
        }
    }

    fn add(&self, at: i64, spot: Option<&Spot>, what: Happening, out: &mut Vec<EventLine>) {
        out.push(EventLine {
            at: UnixMillis::new(at),
            person: self.id(),
            address: spot.map(|spot| spot.address),
            agent: spot.map_or_else(String::new, |spot| spot.agent.clone()),
            what,
            attack: None,
        });
    }

    /// Where the program with their key runs, and what it says of itself.
    pub(super) fn robot_spot(&self, day: i64) -> Option<Spot> {
        self.key.as_ref().map(|robot| robot.spot(day))
    }
}

impl Robot {
    fn spot(&self, day: i64) -> Spot {
        let moved = u64::from(day >= self.moves_on);
        let version = u64::from(day >= self.new_program);
        Spot {
            address: address(Kind::Hosting, self.network + moved * 3, self.machine),
            agent: robot_agent(self.program + version * 6),
        }
    }
}

/// Programs name themselves freely, so another version is another name.
pub(super) fn robot_agent(program: u64) -> String {
    let names = [
        "python-requests",
        "okhttp",
        "axios",
        "go-http-client",
        "reqwest",
        "curl",
    ];
    let name = names.get(usize::try_from(program % 6).unwrap_or_default());
    let letter = char::from(b'a' + u8::try_from(program / 6 % 26).unwrap_or_default());
    format!(
        "{}-{letter}/2.{program}",
        name.unwrap_or(&"python-requests")
    )
}
