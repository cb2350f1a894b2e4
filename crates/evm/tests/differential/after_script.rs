//! Random steps of the time after a sale.

use crate::acts::{Act, AfterAct, Caller, Follows, INVESTORS, Step, Tokens};
use crate::after_draft::AfterDraft;
use crate::schedule::Schedule;
use crate::script;
use crate::seeded::Seeded;

/// Steps after the sale, beside those of the sale.
const STEPS: usize = 40;

/// Which contracts follow.
#[derive(Clone, Copy, Debug)]
struct Made {
    milestones: bool,
    vesting: bool,
}

/// Whether those who paid are content with the issuer. Most releases would be stopped, or none, if it changed with each step.
#[derive(Clone, Copy, Debug)]
enum Mood {
    Content,
    Angry,
}

/// Puts what follows into the steps of a sale: most sales are settled in time, most investors have their tokens.
pub(crate) fn follow(
    schedule: &Schedule,
    draft: &AfterDraft,
    steps: &mut Vec<Step>,
    rng: &mut Seeded,
) {
    let made = Made {
        milestones: draft.has_steps(),
        vesting: draft.vesting.is_some(),
    };
    let mood = if rng.chance(50) {
        Mood::Content
    } else {
        Mood::Angry
    };
    let first = schedule.closes + schedule.moves;
    let settled = rng.between(first, schedule.deadline.max(first + 1) - 1);
    let mut more = beginning(made, rng);
    more.push(Act::Distribute((0..INVESTORS).collect()));
    let mut more: Vec<Step> = more
        .into_iter()
        .filter(|_| rng.chance(90))
        .map(|act| Step {
            second: settled,
            act,
        })
        .collect();
    // Some of it comes when nothing changes by itself any more.
    let last = settled + draft.horizon() * 3 / 2 + 5;
    let marks = draft.marks();
    let mut seconds: Vec<u64> = (0..STEPS)
        .map(|_| {
            if rng.chance(35) {
                settled + rng.pick(&marks) + rng.below(3) - 1
            } else {
                rng.between(settled, last)
            }
        })
        .collect();
    seconds.sort_unstable();
    for second in seconds {
        let act = act(made, mood, rng);
        let announced = matches!(act, Act::After(AfterAct::Announce(_)));
        more.push(Step { second, act });
        if announced {
            more.extend(answers(second, mood, rng));
            more.push(Step {
                second: second + draft.span() + rng.below(3) - 1,
                act: Act::After(AfterAct::Release),
            });
        }
    }
    steps.extend(more);
    // What is of one second stays in its order.
    steps.sort_by_key(|step| step.second);
}

/// Mostly all in one transaction, else one by one.
fn beginning(made: Made, rng: &mut Seeded) -> Vec<Act> {
    let mut acts = Vec::new();
    match rng.below(10) {
        0..=6 => acts.push(AfterAct::SettleAll),
        7 => return vec![Act::Settle],
        _ => {}
    }
    // They come to nothing where all was settled at once; where somebody settled the sale before, they are needed.
    if made.milestones {
        acts.push(AfterAct::Begin(Follows::Milestones));
    }
    if made.vesting {
        acts.push(AfterAct::Begin(Follows::Vesting));
    }
    acts.into_iter().map(Act::After).collect()
}

fn which(made: Made, rng: &mut Seeded) -> Follows {
    if made.milestones && (!made.vesting || rng.chance(60)) {
        Follows::Milestones
    } else {
        Follows::Vesting
    }
}

fn act(made: Made, mood: Mood, rng: &mut Seeded) -> Act {
    let who = script::investor(rng);
    match rng.below(100) {
        0..=5 => Act::After(AfterAct::Begin(which(made, rng))),
        6 => Act::After(AfterAct::SettleAll),
        7 => Act::After(AfterAct::Bind(which(made, rng))),
        8..=10 => Act::Claim(who),
        11 => Act::Distribute(script::list(rng)),
        12..=14 => script::purse(rng),
        15 => Act::Draw,
        16 => Act::Refund(who),
        _ if !made.milestones => Act::After(AfterAct::Vest),
        17..=24 if made.vesting => Act::After(AfterAct::Vest),
        _ => Act::After(of_milestones(who, mood, rng)),
    }
}

fn of_milestones(who: usize, mood: Mood, rng: &mut Seeded) -> AfterAct {
    let objections = match mood {
        Mood::Content => 4,
        Mood::Angry => 12,
    };
    if rng.chance(objections) {
        return AfterAct::Object(who);
    }
    match rng.below(20) {
        0..=5 => AfterAct::Announce(caller(rng)),
        6..=9 => AfterAct::Release,
        10..=15 => AfterAct::GiveBack(who, tokens(rng)),
        16..=18 => AfterAct::Pass(who, script::investor(rng), tokens(rng)),
        _ => AfterAct::PayIn,
    }
}

/// Who is angry objects at once: the time for it is short.
fn answers(second: u64, mood: Mood, rng: &mut Seeded) -> Vec<Step> {
    let count = match mood {
        Mood::Content => 0,
        Mood::Angry => rng.below(5),
    };
    let mut answers = Vec::new();
    for _ in 0..count {
        let who = script::investor(rng);
        // Some object once more.
        let times = if rng.chance(25) { 2 } else { 1 };
        answers.extend((0..times).map(|_| Step {
            second,
            act: Act::After(AfterAct::Object(who)),
        }));
    }
    answers
}

fn caller(rng: &mut Seeded) -> Caller {
    if rng.chance(5) {
        Caller::Stranger
    } else {
        Caller::Issuer
    }
}

fn tokens(rng: &mut Seeded) -> Tokens {
    match rng.below(8) {
        0..=2 => Tokens::All,
        3 => Tokens::Units(u128::from(rng.below(3))),
        4 => Tokens::TooMany,
        5 | 6 => Tokens::Bought,
        _ => Tokens::Part(rng.below(1 << 16)),
    }
}
