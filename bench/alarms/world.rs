//! What surrounds the people: networks, programs, things to buy.

use std::net::{IpAddr, Ipv4Addr};

use softcap_identity::signals::{Happening, Way};

use super::random::Random;

/// The first moment of the year: 2025-01-01T00:00:00Z.
pub(super) const START: i64 = 1_735_689_600_000;
pub(super) const MINUTE: i64 = 60_000;
pub(super) const DAY: i64 = 86_400_000;

/// Providers at home, the larger ones first.
const HOME_NETWORKS: u64 = 40;
const MOBILE_NETWORKS: u64 = 4;
const WORK_NETWORKS: u64 = 200;
const FAR_NETWORKS: u64 = 300;
const HOSTING_NETWORKS: u64 = 30;

/// A kind of network; each has its own range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Home,
    Mobile,
    Work,
    Far,
    Hosting,
}

impl Kind {
    const fn first_byte(self) -> u8 {
        match self {
            Self::Home => 24,
            Self::Mobile => 32,
            Self::Work => 40,
            Self::Far => 60,
            Self::Hosting => 120,
        }
    }

    /// One of the networks of this kind.
    pub(super) fn draw(self, random: &mut Random) -> u64 {
        match self {
            Self::Home => random.popular(HOME_NETWORKS),
            Self::Mobile => random.popular(MOBILE_NETWORKS),
            Self::Work => random.below(WORK_NETWORKS),
            Self::Far => random.below(FAR_NETWORKS),
            Self::Hosting => random.popular(HOSTING_NETWORKS),
        }
    }
}

/// An address in a network (of 16 bits) by the number of its machine.
pub(super) fn address(kind: Kind, network: u64, machine: u64) -> IpAddr {
    let byte = |number: u64| u8::try_from(number % 256).unwrap_or_default();
    let first = kind.first_byte() + byte(network / 256);
    let [high, low] = [byte(machine / 256), byte(machine)];
    IpAddr::V4(Ipv4Addr::new(first, byte(network), high, low))
}

/// A program on a day: it is updated each month.
pub(super) fn agent(program: u64, day: i64) -> String {
    let version = 120 + day / 30;
    let system = match program % 7 {
        0 => "Windows NT 10.0; Win64; x64",
        1 => "Macintosh; Intel Mac OS X 10_15_7",
        2 => "Linux; Android 14; Pixel",
        3 => "iPhone; CPU iPhone OS 17_0 like Mac OS X",
        4 => "Linux; Android 14; SM-S",
        5 => "X11; Linux x86_64",
        _ => "iPad; CPU OS 17_0 like Mac OS X",
    };
    let browser = match program / 7 % 3 {
        0 => "Chrome",
        1 => "Firefox",
        _ => "Safari",
    };
    format!("Mozilla/5.0 ({system}) {browser}/{version}.0")
}

/// Programs that people use, the more common ones first.
pub(super) const PROGRAMS: u64 = 21;

/// Pairs that many trade, coins that few do.
pub(super) const PAIRS: u64 = 12;
pub(super) const COINS: u64 = 20;

/// Days on which a sale opens, and the hour.
pub(super) fn sale_on(day: i64) -> Option<(i64, i64)> {
    (day % 35 == 20).then_some((day / 35, 14))
}

/// Money that moves, in the one currency there is.
pub(super) fn money(target: String, way: Way, amount: u128) -> Happening {
    Happening::Money {
        target,
        way,
        amount,
        currency: String::new(),
    }
}
