//! Whether what releases the money, and what holds shares, is what the terms promise.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolValue as _;

use super::{
    evidence::{AfterSaleContract, AfterSaleRole, Announced, ContractEvidence},
    finding::{Finding, FindingCode},
};
use crate::{
    after_sale_place::AfterSalePlace,
    announcement::Announcement,
    bindings::{
        offering_factory::{AfterSaleFactory::VestingPlan, IMilestones},
        vesting::Vesting,
    },
    own_code::{AfterSaleCode, clone_code, implementation},
};

/// Finds the contracts of an escrow, and everything in which they differ from what the factory must have been told.
pub(super) fn compare_after_sale(
    (escrow, told): (Address, &Announcement),
    announced: &Announced,
    evidence: &ContractEvidence,
    own: AfterSaleCode,
) -> (AfterSalePlace, Vec<Finding>) {
    let mut place = AfterSalePlace::default();
    let mut findings = Vec::new();
    let contracts = &evidence.after_sale;
    if let Some(plan) = &told.after_sale.release {
        let mut paid = contracts.iter();
        match paid.find(|contract| contract.role == AfterSaleRole::Milestones) {
            Some(contract) => {
                place.milestones = Some(contract.address);
                findings.extend(of_milestones(contract, plan, (escrow, own)));
            }
            None => findings.push(Finding::new(
                FindingCode::NoAfterSale,
                "what releases the money in steps",
                format!("{} milestones", plan.milestones.len()),
                "that the escrow pays no contract",
            )),
        }
    }
    for plan in &told.after_sale.vestings {
        let share = usize::try_from(plan.share).ok();
        let amount = share.and_then(|share| told.token.shares.get(share));
        let share = u8::try_from(plan.share).ok();
        let (Some(share), Some(amount)) = (share, amount.map(|share| share.amount)) else {
            continue;
        };
        let promised = Promised {
            share,
            amount,
            plan,
        };
        match of_share(contracts, &promised, (escrow, announced.factory), own) {
            Ok(contract) => {
                place.vestings.insert(share, contract);
            }
            Err(found) => findings.extend(found),
        }
    }
    (place, findings)
}

/// A share that vests.
struct Promised<'a> {
    share: u8,
    amount: U256,
    plan: &'a VestingPlan,
}

/// The contract that holds a share. Anybody can say in a log that one does, so one that keeps the terms counts, whoever said
/// it; where none does, that of the factory is the one whose differences matter.
fn of_share(
    contracts: &[AfterSaleContract],
    promised: &Promised<'_>,
    (escrow, factory): (Address, Address),
    own: AfterSaleCode,
) -> Result<Address, Vec<Finding>> {
    let mut worst = None;
    for contract in contracts {
        let AfterSaleRole::Vesting { share, said_by, .. } = contract.role else {
            continue;
        };
        if share != promised.share {
            continue;
        }
        let found = of_vesting(contract, promised, (escrow, own));
        if found.is_empty() {
            return Ok(contract.address);
        }
        if worst.is_none() || said_by == factory {
            worst = Some(found);
        }
    }
    Err(worst.unwrap_or_else(|| {
        let record = format!("share {} with {} tokens", promised.share, promised.amount);
        let about = "what holds a share that vests";
        let chain = "that no contract holds it";
        vec![Finding::new(FindingCode::NoAfterSale, about, record, chain)]
    }))
}

fn of_milestones(
    contract: &AfterSaleContract,
    plan: &IMilestones::Plan,
    (escrow, own): (Address, AfterSaleCode),
) -> Vec<Finding> {
    if contract.behind != Some(own.milestones) {
        let about = "the hash of the code behind the milestone contract";
        return vec![other_code(contract, about, own.milestones)];
    }
    let mut findings = Vec::new();
    let arguments = arguments(contract);
    match arguments.and_then(|arguments| IMilestones::Plan::abi_decode(arguments).ok()) {
        Some(there) => findings.extend(plan_of_milestones(plan, &there)),
        None => findings.push(Finding::new(
            FindingCode::OtherPlan,
            "the plan of the milestones",
            "one",
            format!("none in the code of {}", contract.address),
        )),
    }
    findings.extend(other_escrow(contract, escrow));
    findings
}

/// Who gets what is released is in no record: that is what signed addresses are for.
fn plan_of_milestones(told: &IMilestones::Plan, there: &IMilestones::Plan) -> Vec<Finding> {
    let list = |of: &dyn Fn(&IMilestones::Milestone) -> U256, plan: &IMilestones::Plan| {
        let all: Vec<String> = plan
            .milestones
            .iter()
            .map(|one| of(one).to_string())
            .collect();
        all.join(", ")
    };
    let compared = [
        (
            "parts of the milestones in basis points",
            list(&|one| one.part, told),
            list(&|one| one.part, there),
        ),
        (
            "earliest seconds of the milestones",
            list(&|one| one.earliest, told),
            list(&|one| one.earliest, there),
        ),
        (
            "objections that stop, in basis points",
            told.stopShare.to_string(),
            there.stopShare.to_string(),
        ),
        (
            "seconds for objections",
            told.objectionWindow.to_string(),
            there.objectionWindow.to_string(),
        ),
        (
            "deadline of the milestones in seconds",
            told.deadline.to_string(),
            there.deadline.to_string(),
        ),
    ];
    let other = compared
        .into_iter()
        .filter(|(_, told, there)| told != there);
    other
        .map(|(about, told, there)| Finding::new(FindingCode::OtherPlan, about, told, there))
        .collect()
}

fn of_vesting(
    contract: &AfterSaleContract,
    promised: &Promised<'_>,
    (escrow, own): (Address, AfterSaleCode),
) -> Vec<Finding> {
    if contract.behind != Some(own.vesting) {
        let about = "the hash of the code behind the vesting contract";
        return vec![other_code(contract, about, own.vesting)];
    }
    let plan = arguments(contract).and_then(|plan| Vesting::Plan::abi_decode(plan).ok());
    let Some(plan) = plan else {
        let chain = format!("none in the code of {}", contract.address);
        let about = "the plan of a share that vests";
        return vec![Finding::new(FindingCode::OtherPlan, about, "one", chain)];
    };
    let compared = [
        ("tokens of a share that vests", promised.amount, plan.whole),
        (
            "cliff of a share in seconds",
            promised.plan.cliff,
            plan.cliff,
        ),
        (
            "duration of a share in seconds",
            promised.plan.duration,
            plan.duration,
        ),
    ];
    let other = compared
        .into_iter()
        .filter(|(_, told, there)| told != there);
    let mut findings: Vec<Finding> = other
        .map(|(about, told, there)| Finding::new(FindingCode::OtherPlan, about, told, there))
        .collect();
    findings.extend(other_escrow(contract, escrow));
    if let AfterSaleRole::Vesting { held, given, .. } = contract.role {
        let owed = promised.amount.saturating_sub(given);
        if held < owed {
            let about = "tokens of a vesting contract";
            findings.push(Finding::new(FindingCode::TooLittle, about, owed, held));
        }
    }
    findings
}

/// What stands behind a clone in its code.
fn arguments(contract: &AfterSaleContract) -> Option<&[u8]> {
    let implementation = implementation(&contract.code)?;
    contract
        .code
        .strip_prefix(&clone_code(implementation, &[])[..])
}

fn other_code(
    contract: &AfterSaleContract,
    about: &'static str,
    own: alloy_primitives::B256,
) -> Finding {
    let address = contract.address;
    let there = match contract.behind {
        Some(hash) => format!("{hash} of {address}"),
        None => format!("that {address} is no clone"),
    };
    Finding::new(FindingCode::OtherCode, about, own, there)
}

fn other_escrow(contract: &AfterSaleContract, escrow: Address) -> Option<Finding> {
    let there = match contract.escrow {
        Some(told) if told == escrow => return None,
        Some(told) => format!("that {} belongs to {told}", contract.address),
        None => format!("that {} belongs to none", contract.address),
    };
    let about = "escrow of what comes after the sale";
    Some(Finding::new(FindingCode::NoAfterSale, about, escrow, there))
}
