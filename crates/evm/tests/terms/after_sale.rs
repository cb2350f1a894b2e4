//! What comes after the sale, number by number.

use alloy_primitives::{Address, U256};
use softcap_evm::announcement;
use softcap_evm::bindings::offering_factory::{AfterSaleFactory::VestingPlan, IMilestones};

use crate::base::{BENEFICIARY, changed, parties};

const DAY: u64 = 86_400;

/// The second step may come before the first one is due, which no step can.
const STEPS: (&str, &str) = (
    "[[round]]",
    "[[milestone]]\nname = \"first\"\npart = \"40 %\"\nafter = \"30 days\"\n\
     [[milestone]]\nname = \"second\"\npart = \"35.5 %\"\nafter = \"10 days\"\n\
     [[milestone]]\nname = \"third\"\npart = \"24.5 %\"\nafter = \"90 days\"\n\
     [objections]\nshare = \"12.34 %\"\nspan = \"14 days\"\ndeadline = \"200 days\"\n[[round]]",
);
const VESTS: (&str, &str) = (
    "amount = \"100_000 HBR\"",
    "amount = \"60_000 HBR\"\n[[token.share]]\nname = \"advisers\"\nholder = \"advisers\"\n\
     amount = \"40_000 HBR\"\nvesting = { cliff = \"90 days\", duration = \"365 days\" }",
);

fn number(value: u64) -> U256 {
    U256::from(value)
}

#[test]
fn steps_of_the_release_are_basis_points_and_seconds() {
    let told = announcement(&changed(&[STEPS]), &parties()).unwrap();
    let step = |part, days: u64| IMilestones::Milestone {
        part: number(part),
        earliest: number(days * DAY),
    };
    assert_eq!(
        told.after_sale.release,
        Some(IMilestones::Plan {
            beneficiary: BENEFICIARY,
            stopShare: number(1_234),
            objectionWindow: number(14 * DAY),
            deadline: number(200 * DAY),
            milestones: vec![step(4_000, 30), step(3_550, 30), step(2_450, 90)],
        })
    );
    assert!(told.after_sale.vestings.is_empty());
}

/// The beneficiary's word of the terms in the code, before the address of the beneficiary.
#[test]
fn the_code_says_whether_accounts_stay_after_their_claim() {
    let mut with_advisers = parties();
    with_advisers
        .holders
        .insert("advisers".to_owned(), Address::repeat_byte(0xad));
    for (change, parties, stays) in [(STEPS, parties(), 1), (VESTS, with_advisers, 0)] {
        let told = announcement(&changed(&[change]), &parties).unwrap();
        let code = told.code_arguments(Address::ZERO);
        let (before, beneficiary) = code[10 * 32..11 * 32].split_at(12);
        assert_eq!(before, [&[0; 11][..], &[stays]].concat());
        assert_eq!(beneficiary, BENEFICIARY.as_slice());
    }
}

#[test]
fn a_share_that_vests_is_named_by_its_place() {
    let mut parties = parties();
    let advisers = Address::repeat_byte(0xad);
    parties.holders.insert("advisers".to_owned(), advisers);
    let told = announcement(&changed(&[VESTS]), &parties).unwrap();
    assert_eq!(told.after_sale.release, None);
    assert_eq!(
        told.after_sale.vestings,
        [VestingPlan {
            share: number(1),
            cliff: number(90 * DAY),
            duration: number(365 * DAY),
        }]
    );
    assert_eq!(told.token.shares[1].holder, advisers);
}
