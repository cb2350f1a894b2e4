//! Plays a random sale on both sides, and finds the shortest list of steps that shows a difference.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use softcap_evm::bindings::escrow::IEscrow::IEscrowErrors;
use softcap_evm::bindings::milestones::Milestones::MilestonesErrors;
use softcap_evm::bindings::vesting::Vesting::VestingErrors;
use softcap_offering::Command;

use crate::acts::{Act, INVESTORS, Purse, Step};
use crate::after_sale::Following;
use crate::chain::{Answer, Chain};
use crate::engine::Engine;
use crate::refusals;
use crate::sale::Sale;
use crate::shares::Asks;

/// How often something happened.
#[derive(Debug, Default)]
pub(crate) struct Met {
    counts: BTreeMap<String, u64>,
}

/// Errors that no sale reaches, with the reason.
const NEVER_REACHED: [(&str, &str); 3] = [
    (
        "denied Milestones SafeCastOverflowedUintDowncast",
        "the sums fit their fields; what casts says so all the same",
    ),
    (
        "denied Milestones SafeERC20FailedOperation",
        "the token is ours, and says yes or reverts",
    ),
    (
        "denied Vesting SafeERC20FailedOperation",
        "the token is ours, and says yes or reverts",
    ),
];

/// What else the sales must come to, or their agreement says little.
const MUST_MEET: [&str; 55] = [
    "event Contributed",
    "event Revoked",
    "event Returned",
    "event PausedUntil",
    "event Cancelled",
    "event Settled",
    "event Drawn",
    "event Claimed",
    "event Refunded",
    "event Skipped",
    "withdrawn, right of a span",
    "withdrawn, right to a date",
    "withdrawn in part",
    "withdrawn, of an earlier round",
    "nothing within the right",
    "waits for the last right",
    "verdict failed",
    "verdict cancelled",
    "verdict expired",
    "verdict succeeded",
    "change given back",
    "money for no token",
    "hard cap filled",
    "everything sold",
    "unsold tokens",
    "slack",
    "in another round before",
    "after a pause moved the end",
    "settled, of several rounds",
    "begun after the settlement",
    "what is left goes back",
    "some of the tokens given back",
    "after Milestones Begun",
    "after Milestones MilestoneAnnounced",
    "after Milestones Objected",
    "after Milestones Stopped",
    "after Milestones MilestoneReleased",
    "after Milestones Refunded",
    "after Vesting Begun",
    "after Vesting Released",
    "after Escrow Settled",
    "after Escrow Drawn",
    "denied Token",
    "shared out, settled and cut",
    "shared out, settled whole",
    "shared out, failed",
    "shared out, cancelled",
    "shared out, expired",
    "shared out, taken back",
    "shared out, returned",
    "shared out, with a permit",
    "shared out, claimed with change",
    "shared out, distributed with change",
    "shared out, a part of nothing",
    "shared out, released in steps",
];

impl Met {
    pub(crate) fn note(&mut self, what: impl Into<String>) {
        *self.counts.entry(what.into()).or_insert(0) += 1;
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (what, count) in other.counts {
            *self.counts.entry(what).or_insert(0) += count;
        }
    }

    pub(crate) fn count(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or(0)
    }

    /// Every error of the contracts' ABIs was reached, and everything that sales come to.
    pub(crate) fn check(&self) {
        let mut missing: Vec<String> = Vec::new();
        let escrow = IEscrowErrors::VARIANT_NAMES.iter();
        let milestones = MilestonesErrors::VARIANT_NAMES.iter();
        let vesting = VestingErrors::VARIANT_NAMES.iter();
        let errors = escrow
            .map(|error| format!("error {error}"))
            .chain(milestones.map(|error| format!("denied Milestones {error}")))
            .chain(vesting.map(|error| format!("denied Vesting {error}")));
        for error in errors {
            let reached = self.counts.contains_key(&error);
            let listed = NEVER_REACHED.iter().any(|(name, _)| *name == error);
            if reached == listed {
                missing.push(format!(
                    "{error}: reached {reached}, listed as never reached {listed}"
                ));
            }
        }
        let unmet = MUST_MEET
            .iter()
            .filter(|what| !self.counts.contains_key(**what));
        missing.extend(unmet.map(|what| format!("never: {what}")));
        assert!(missing.is_empty(), "{missing:#?}\n{:#?}", self.counts);
    }
}

/// Both sides of one sale.
pub(crate) struct Table<'a> {
    pub(crate) sale: &'a Sale,
    pub(crate) chain: Chain,
    pub(crate) engine: Engine,
    pub(crate) purses: [Purse; INVESTORS],
    pub(crate) following: Following,
    /// What was asked for in a settled sale that is shared out.
    pub(crate) asks: Option<Asks>,
    pub(crate) met: &'a mut Met,
}

/// Plays the sale of a seed.
///
/// # Errors
/// What differs, with the terms and the shortest list of steps that was found to show it.
pub(crate) fn run(seed: u64, met: &mut Met) -> Result<(), String> {
    let sale = Sale::random(seed)?;
    let Err(why) = played(&sale, met) else {
        return Ok(());
    };
    let (sale, why) = shortest(sale, why);
    Err(report(seed, &sale, &why))
}

/// Plays the steps of a sale.
///
/// # Errors
/// What differs.
pub(crate) fn played(sale: &Sale, met: &mut Met) -> Result<(), String> {
    let play = || -> Result<(), String> {
        let mut table = Table {
            sale,
            chain: sale.chain(),
            engine: Engine::announced(Arc::clone(&sale.terms)),
            purses: [Purse::Takes; INVESTORS],
            following: sale.following(),
            asks: None,
            met,
        };
        for (place, step) in sale.steps.iter().enumerate() {
            table.step(step).map_err(|why| {
                format!("at step {place}, {}: {:?}: {why}", step.second, step.act)
            })?;
        }
        Ok(())
    };
    catch_unwind(AssertUnwindSafe(play)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("panic: {}", text.unwrap_or_default()))
    })
}

/// Leaves out steps as long as something still differs.
fn shortest(mut sale: Sale, mut why: String) -> (Sale, String) {
    let mut place = sale.steps.len();
    while place > 0 {
        place -= 1;
        let mut shorter = sale.clone();
        shorter.steps.remove(place);
        if let Err(still) = played(&shorter, &mut Met::default()) {
            (sale, why) = (shorter, still);
            place = place.min(sale.steps.len());
        }
    }
    (sale, why)
}

fn report(seed: u64, sale: &Sale, why: &str) -> String {
    let mut text = format!(
        "seed {seed}: {why}\n\n{}\n{:#?}\n",
        sale.text, sale.told.terms
    );
    for (place, step) in sale.steps.iter().enumerate() {
        let _ = writeln!(text, "{place:3}  {}  {:?}", step.second, step.act);
    }
    let _ = writeln!(
        text,
        "\nAgain: SOFTCAP_SEED={seed} SOFTCAP_COUNT=1 cargo test -p softcap-evm --test differential"
    );
    text
}

impl Table<'_> {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        self.chain.at(step.second);
        self.engine.apply(step.second, &Command::Tick);
        match &step.act {
            Act::Contribute(pay) => self.contribute(pay)?,
            Act::Issuer(caller, act) => self.issuer(*caller, *act)?,
            Act::Settle => self.settle()?,
            Act::Draw => self.draw()?,
            Act::Claim(who) => self.claim(*who)?,
            Act::Refund(who) => self.refund(*who)?,
            Act::Withdraw(who) => self.withdraw(*who)?,
            Act::Distribute(list) => self.distribute(list)?,
            Act::RefundMany(list) => self.refund_many(list)?,
            Act::Purse(who, purse) => {
                self.purses[*who] = *purse;
                self.chain.set_purse(*who, *purse);
            }
            Act::Probe(probe) => self.probe(probe)?,
            Act::After(act) => self.after(*act)?,
        }
        self.engine
            .offering
            .check_invariants()
            .map_err(|broken| broken.to_string())?;
        self.compare()
    }

    /// Notes what came of a transaction.
    pub(crate) fn noted(&mut self, answer: Answer) -> Answer {
        match &answer {
            Ok(events) => {
                for event in events {
                    let text = format!("{event:?}");
                    let name = text.split('(').next().unwrap_or_default();
                    self.met.note(format!("event {name}"));
                }
            }
            Err(failed) => self.met.note(format!("error {}", refusals::name(failed))),
        }
        answer
    }
}
