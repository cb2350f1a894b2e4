//! Random steps for a sale.

use softcap_offering::ReturnReason;

use crate::acts::{Act, Caller, FIRST_CONTRACT, INVESTORS, IssuerAct, Pay, Permit, Probe, Purse};
use crate::acts::{Seal, Size, Step};
use crate::schedule::Schedule;
use crate::seeded::Seeded;

/// Steps of one sale.
const STEPS: usize = 50;

/// What the terms say about who may contribute, and how much there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    /// A permit is asked for.
    pub(crate) admitted: bool,
    /// The hard cap in money, or what stands for it.
    pub(crate) most: u128,
}

/// Steps in the order of their seconds.
pub(crate) fn random(schedule: &Schedule, scope: Scope, rng: &mut Seeded) -> Vec<Step> {
    // Few sales end before their time.
    let cancels = rng.chance(6);
    let seconds = seconds(schedule, rng);
    let mut steps = Vec::with_capacity(STEPS);
    for second in seconds {
        let may_be_open = if schedule.moves > 0 { 50 } else { 8 };
        let act = if second < schedule.closes || rng.chance(may_be_open) {
            during(scope, cancels, rng)
        } else {
            after(scope, rng)
        };
        steps.push(Step { second, act });
    }
    if schedule.moves > 0 {
        pause_early(schedule, &mut steps, rng);
    }
    steps
}

/// Most pauses would come too late, or be ended at once, for anything to come in behind the window of the terms.
fn pause_early(schedule: &Schedule, steps: &mut [Step], rng: &mut Seeded) {
    let open = steps
        .iter()
        .take_while(|step| step.second < schedule.closes);
    let open = open.count() as u64;
    if open == 0 {
        return;
    }
    let place = rng.below(open) as usize;
    steps[place].act = Act::Issuer(Caller::Issuer, IssuerAct::Pause);
}

/// Most of them in the window, many where something changes by itself.
fn seconds(schedule: &Schedule, rng: &mut Seeded) -> Vec<u64> {
    let after = rng.between(8, 20) as usize;
    // The refund deadline ends everything, so that most sales should be handed over before.
    let expires = rng.chance(35);
    let last = schedule.deadline + if expires { 3 } else { 0 };
    let marks = schedule.marks();
    let mut seconds: Vec<u64> = (0..STEPS)
        .map(|place| {
            let late = place < after;
            if rng.chance(30) {
                let near = rng.pick(&marks) + rng.below(3) - 1;
                if (near >= schedule.closes) == late && near <= last {
                    return near;
                }
            }
            if late && expires && rng.chance(50) {
                rng.between(schedule.deadline - 1, last)
            } else if late {
                rng.between(schedule.closes, last)
            } else {
                rng.between(schedule.opens, schedule.closes - 1)
            }
        })
        .collect();
    seconds.sort_unstable();
    seconds
}

fn during(scope: Scope, cancels: bool, rng: &mut Seeded) -> Act {
    let who = investor(rng);
    match rng.below(100) {
        0..=70 => Act::Contribute(pay(who, scope, rng)),
        71..=75 => Act::Withdraw(who),
        76..=77 => issuer(IssuerAct::Pause, rng),
        78..=79 => issuer(IssuerAct::Resume, rng),
        80 => issuer(IssuerAct::Revoke(who), rng),
        81..=83 => issuer(IssuerAct::Return(who, reason(rng)), rng),
        84 if cancels => issuer(IssuerAct::Cancel, rng),
        84..=85 => Act::Refund(who),
        86 => Act::RefundMany(list(rng)),
        87 => Act::Claim(who),
        88 => Act::Settle,
        89 => Act::Draw,
        90 => Act::Distribute(list(rng)),
        91..=93 => purse(rng),
        _ => Act::Probe(probe(scope, rng)),
    }
}

fn after(scope: Scope, rng: &mut Seeded) -> Act {
    let who = investor(rng);
    match rng.below(100) {
        0..=16 => Act::Settle,
        17..=19 => Act::Withdraw(who),
        20..=27 => Act::Draw,
        28..=47 => Act::Claim(who),
        48..=62 => Act::Refund(who),
        63..=70 => Act::Distribute(list(rng)),
        71..=78 => Act::RefundMany(list(rng)),
        79..=82 => issuer(IssuerAct::Return(who, reason(rng)), rng),
        83 => issuer(IssuerAct::Revoke(who), rng),
        84 => issuer(IssuerAct::Cancel, rng),
        85 => issuer(IssuerAct::Pause, rng),
        86 => issuer(IssuerAct::Resume, rng),
        87..=88 => Act::Contribute(pay(who, scope, rng)),
        89..=94 => purse(rng),
        _ => Act::Probe(probe(scope, rng)),
    }
}

pub(crate) fn investor(rng: &mut Seeded) -> usize {
    rng.below(INVESTORS as u64) as usize
}

pub(crate) fn list(rng: &mut Seeded) -> Vec<usize> {
    (0..rng.below(8)).map(|_| investor(rng)).collect()
}

fn issuer(act: IssuerAct, rng: &mut Seeded) -> Act {
    let caller = if rng.chance(6) {
        Caller::Stranger
    } else {
        Caller::Issuer
    };
    Act::Issuer(caller, act)
}

fn reason(rng: &mut Seeded) -> ReturnReason {
    rng.pick(&ReturnReason::ALL).0
}

pub(crate) fn purse(rng: &mut Seeded) -> Act {
    let who = rng.between(FIRST_CONTRACT as u64, INVESTORS as u64 - 1) as usize;
    Act::Purse(
        who,
        *rng.pick(&[Purse::Takes, Purse::Refuses, Purse::Refuses]),
    )
}

fn probe(scope: Scope, rng: &mut Seeded) -> Probe {
    let who = investor(rng);
    match rng.below(5) {
        0 => Probe::WrongCurrency(who),
        1 => Probe::Enormous(who),
        2 => Probe::Hollow(pay(who, scope, rng)),
        3 => Probe::TokensGone,
        _ => Probe::Thrifty((0..INVESTORS).collect()),
    }
}

fn pay(who: usize, scope: Scope, rng: &mut Seeded) -> Pay {
    let shows = if scope.admitted { 75 } else { 5 };
    let permit = rng.chance(shows).then(|| permit(scope, rng));
    Pay {
        who,
        size: size(rng),
        permit,
    }
}

fn permit(scope: Scope, rng: &mut Seeded) -> Permit {
    let max = match rng.below(8) {
        0 => u128::from(rng.below(4)),
        1 => (1 << 80) - 1,
        2 => 1 << rng.below(80),
        _ => part(scope.most, rng.below(1 << 16)).min((1 << 80) - 1),
    };
    let seal = match rng.below(14) {
        0 => Seal::Expired,
        1 => Seal::Forged,
        _ => Seal::Good,
    };
    Permit { max, seal }
}

/// So many 65,536ths.
pub(crate) fn part(of: u128, parts: u64) -> u128 {
    (of >> 16) * u128::from(parts) + (((of & 0xffff) * u128::from(parts)) >> 16)
}

fn size(rng: &mut Seeded) -> Size {
    let near = i64::try_from(rng.below(5)).unwrap() - 2;
    match rng.below(26) {
        0 => Size::Units(u128::from(rng.below(2))),
        1 => Size::Units(u128::from(rng.between(1, 12))),
        2 => Size::Units(1 << rng.below(81)),
        3 => Size::Minimum(near),
        4 => Size::Maximum(near),
        5 => Size::InvestorMinimum(near),
        6 => Size::InvestorRoom(near),
        7 => Size::PermitRoom(near),
        8 => Size::HardCapRoom(near),
        9 => Size::SaleRoom(near),
        10 => Size::OneToken(near),
        11 => Size::SoftCap(near),
        12..=14 => Size::Part(rng.below(1 << 16)),
        _ => Size::Part(rng.below(1 << 13)),
    }
}
