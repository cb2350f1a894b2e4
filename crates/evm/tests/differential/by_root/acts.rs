//! What happens in a random sale that is settled by a root, and when.

use softcap_offering::ReturnReason;

use crate::acts::{Caller, FIRST_CONTRACT, INVESTORS, IssuerAct, Permit, Purse, Seal};
use crate::script::{investor, list, part};
use crate::seeded::Seeded;

/// One step: a second, and what happens then.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) second: u64,
    pub(crate) act: Act,
}

#[derive(Clone, Debug)]
pub(crate) enum Act {
    Contribute(Pay),
    Issuer(Caller, IssuerAct),
    /// The record is settled.
    Settle,
    Post(Caller, Root),
    Object(usize),
    /// With a leaf of this investor.
    Refute(usize, Proof),
    Claim(usize, Proof),
    Distribute(Vec<usize>),
    Refund(usize),
    RefundMany(Vec<usize>),
    Draw,
    TakeUnsold,
    Purse(usize, Purse),
    Probe(Probe),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Pay {
    pub(crate) who: usize,
    pub(crate) size: Size,
    pub(crate) limit: Limit,
    pub(crate) permit: Option<Permit>,
}

/// How much, worked out when it happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Size {
    Units(u128),
    /// So many 65,536ths of the money that the sale is made for.
    Part(u64),
    Minimum(i64),
    Maximum(i64),
    InvestorRoom(i64),
    PermitRoom(i64),
}

/// Which price limit is named.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    Ceiling,
    /// So many 65,536ths of the way from the least one to the ceiling.
    Between(u64),
    Over,
    Under,
}

/// Which root is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// That of the record.
    Record,
    /// Tokens for nobody.
    Nothing,
    /// Two people get what the other one should.
    Swapped,
    /// Of a sale in which everybody paid one unit more.
    Elsewhere,
    /// More tokens than there are.
    Tokens,
    /// All money is accepted.
    Money,
    /// None.
    Zero,
}

/// Whether a leaf comes with its own proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    Own,
    Foreign,
}

/// What only a chain knows; nothing comes of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Probe {
    WrongCurrency(usize),
    /// A currency that moves nothing.
    Hollow(usize),
    TokensGone,
    LittleGas,
    Lengths,
}

/// Seconds at which something changes by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) opens: u64,
    pub(crate) closes: u64,
    pub(crate) deadline: u64,
    pub(crate) challenge: u64,
    pub(crate) claims: u64,
}

/// What the terms say about contributions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    pub(crate) admitted: bool,
    pub(crate) most: u128,
}

/// Steps in the order of their seconds.
pub(crate) fn random(times: Times, scope: Scope, rng: &mut Seeded) -> Vec<Step> {
    let mut steps = Vec::new();
    let cancels = rng.chance(12);
    window(times, scope, cancels, &mut steps, rng);
    let posted = end(times, cancels, &mut steps, rng);
    exits(times, posted, &mut steps, rng);
    // What is of one second stays in its order.
    steps.sort_by_key(|step| step.second);
    steps
}

/// While money comes in.
fn window(times: Times, scope: Scope, cancels: bool, steps: &mut Vec<Step>, rng: &mut Seeded) {
    let Times {
        opens,
        closes,
        deadline,
        ..
    } = times;
    for _ in 0..24 {
        let second = rng.between(opens, closes - 1);
        let act = during(scope, cancels, rng);
        steps.push(Step { second, act });
    }
    for _ in 0..3 {
        let second = rng.pick(&[opens, closes, closes, deadline]) + rng.below(3) - 1;
        let act = during(scope, cancels, rng);
        steps.push(Step { second, act });
    }
}

/// The record is settled and a root posted, mostly in time; the second of the root.
fn end(times: Times, cancels: bool, steps: &mut Vec<Step>, rng: &mut Seeded) -> u64 {
    let Times {
        closes, deadline, ..
    } = times;
    let mut add = |second: u64, act: Act| steps.push(Step { second, act });
    let settled = rng.between(closes, deadline - 1);
    if rng.chance(93) {
        add(settled, Act::Settle);
    }
    let posted = if rng.chance(90) {
        rng.between(settled, deadline - 1)
    } else {
        deadline + rng.below(3) - 1
    };
    if rng.chance(12) {
        let early = closes + rng.below(2);
        add(early, Act::Post(caller(rng), Root::Record));
    }
    for _ in 0..2 {
        add(settled, after(rng));
        let second = rng.between(settled, posted.max(settled));
        add(second, issuing(cancels, rng));
    }
    add(posted, Act::Post(caller(rng), root(rng)));
    // Once more, if that was none, or somebody else's.
    add(posted, Act::Post(Caller::Issuer, Root::Record));
    posted
}

/// Objections, then claims, then whatever goes back.
fn exits(times: Times, posted: u64, steps: &mut Vec<Step>, rng: &mut Seeded) {
    let from = posted + times.challenge;
    let until = from + times.claims;
    let mut add = |second: u64, act: Act| steps.push(Step { second, act });
    let angry = rng.chance(25);
    for _ in 0..6 {
        let second = if rng.chance(30) {
            from - rng.below(2)
        } else {
            rng.between(posted, from)
        };
        add(second, challenging(angry, rng));
    }
    for _ in 0..14 {
        let second = if rng.chance(20) {
            rng.pick(&[from, until]) - rng.below(2)
        } else {
            rng.between(from, until - 1)
        };
        add(second, after(rng));
    }
    // What somebody did not take is due to the last.
    for who in FIRST_CONTRACT..INVESTORS {
        add(until - 1, Act::Purse(who, Purse::Takes));
        add(until - 1, Act::Refund(who));
    }
    for _ in 0..6 {
        add(until + rng.below(3), after(rng));
    }
    add(until + 3, Act::RefundMany((0..INVESTORS).collect()));
}

fn during(scope: Scope, cancels: bool, rng: &mut Seeded) -> Act {
    let who = investor(rng);
    match rng.below(100) {
        0..=79 => Act::Contribute(pay(who, scope, rng)),
        80..=84 => issuing(cancels, rng),
        85..=86 => Act::Issuer(caller(rng), IssuerAct::Revoke(who)),
        87 => Act::Refund(who),
        88 => Act::RefundMany(list(rng)),
        89 => Act::Object(who),
        90 => Act::Draw,
        91 => Act::TakeUnsold,
        92..=94 => purse(rng),
        95 => Act::Probe(Probe::WrongCurrency(who)),
        96 => Act::Post(Caller::Issuer, Root::Record),
        _ => Act::Probe(Probe::Hollow(who)),
    }
}

fn issuing(cancels: bool, rng: &mut Seeded) -> Act {
    let who = investor(rng);
    let act = match rng.below(10) {
        0..=2 if cancels => IssuerAct::Cancel,
        0..=3 => IssuerAct::Revoke(who),
        _ => IssuerAct::Return(who, reason(rng)),
    };
    Act::Issuer(caller(rng), act)
}

fn challenging(angry: bool, rng: &mut Seeded) -> Act {
    let who = investor(rng);
    match rng.below(20) {
        0..=9 if angry => Act::Object(who),
        0 => Act::Object(who),
        1..=3 => Act::Refute(who, proof(rng)),
        4..=6 => Act::Claim(who, Proof::Own),
        7..=9 => Act::Refund(who),
        10 => Act::RefundMany(list(rng)),
        11 => Act::Draw,
        12 => Act::Distribute(list(rng)),
        13..=14 => Act::Issuer(caller(rng), IssuerAct::Revoke(who)),
        15 => Act::Issuer(caller(rng), IssuerAct::Return(who, reason(rng))),
        16 => Act::Probe(Probe::Lengths),
        17 => Act::TakeUnsold,
        _ => purse(rng),
    }
}

fn after(rng: &mut Seeded) -> Act {
    let who = investor(rng);
    match rng.below(40) {
        0..=13 => Act::Claim(who, proof(rng)),
        14..=17 => Act::Distribute(list(rng)),
        18..=20 => Act::Refund(who),
        // Those who can refuse.
        21..=23 => Act::Refund(who.max(FIRST_CONTRACT)),
        24..=25 => Act::RefundMany(list(rng)),
        26..=28 => Act::Draw,
        29..=30 => Act::TakeUnsold,
        31 => Act::Refute(who, proof(rng)),
        32 => Act::Object(who),
        33..=35 => purse(rng),
        36 => Act::Probe(Probe::TokensGone),
        37 => Act::Probe(Probe::Lengths),
        _ => Act::Probe(Probe::LittleGas),
    }
}

fn caller(rng: &mut Seeded) -> Caller {
    if rng.chance(6) {
        Caller::Stranger
    } else {
        Caller::Issuer
    }
}

fn reason(rng: &mut Seeded) -> ReturnReason {
    rng.pick(&ReturnReason::ALL).0
}

fn purse(rng: &mut Seeded) -> Act {
    let who = rng.between(FIRST_CONTRACT as u64, INVESTORS as u64 - 1) as usize;
    Act::Purse(who, *rng.pick(&[Purse::Takes, Purse::Refuses]))
}

fn proof(rng: &mut Seeded) -> Proof {
    if rng.chance(8) {
        Proof::Foreign
    } else {
        Proof::Own
    }
}

fn root(rng: &mut Seeded) -> Root {
    match rng.below(20) {
        0..=1 => Root::Nothing,
        2 => Root::Swapped,
        3 => Root::Elsewhere,
        4..=5 => Root::Tokens,
        6..=7 => Root::Money,
        8 => Root::Zero,
        _ => Root::Record,
    }
}

fn pay(who: usize, scope: Scope, rng: &mut Seeded) -> Pay {
    let shows = if scope.admitted { 75 } else { 4 };
    let permit = rng.chance(shows).then(|| permit(scope, rng));
    let near = i64::try_from(rng.below(5)).unwrap() - 2;
    let size = match rng.below(20) {
        0 => Size::Units(u128::from(rng.below(3))),
        1 => Size::Minimum(near),
        2 => Size::Maximum(near),
        3 => Size::InvestorRoom(near),
        4 => Size::PermitRoom(near),
        5..=7 => Size::Part(rng.below(1 << 16)),
        _ => Size::Part(rng.below(1 << 14)),
    };
    let limit = match rng.below(20) {
        0 => Limit::Over,
        1 => Limit::Under,
        2..=9 => Limit::Between(rng.below(1 << 16)),
        _ => Limit::Ceiling,
    };
    Pay {
        who,
        size,
        limit,
        permit,
    }
}

fn permit(scope: Scope, rng: &mut Seeded) -> Permit {
    let max = match rng.below(4) {
        0 => (1 << 80) - 1,
        _ => part(scope.most, rng.below(1 << 16)).min((1 << 80) - 1),
    };
    let seal = match rng.below(14) {
        0 => Seal::Expired,
        1 => Seal::Forged,
        _ => Seal::Good,
    };
    Permit { max, seal }
}
