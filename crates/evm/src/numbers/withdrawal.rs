//! The right to take a contribution back: for a span from each contribution, or to a date for all.

use alloy_primitives::U256;
use softcap_offering::terms::{WithdrawalHolder, WithdrawalRight};

use super::Reasons;
use super::release::ReleaseNumbers;
use super::schedule::{second, seconds};
use super::supply::ShareNumbers;
use crate::unkept::UnkeptCode;

/// One of both, or neither where there is no such right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WithdrawalNumbers {
    pub(crate) span: U256,
    pub(crate) until: U256,
}

/// No such right.
const NONE: WithdrawalNumbers = WithdrawalNumbers {
    span: U256::ZERO,
    until: U256::ZERO,
};

/// Terms that were parsed have a refund deadline after the last right, as the factory wants it.
pub(super) fn read(
    reasons: &mut Reasons,
    right: Option<&WithdrawalRight>,
) -> Option<WithdrawalNumbers> {
    let Some(WithdrawalRight { span, until, who }) = right else {
        return Some(NONE);
    };
    match who {
        WithdrawalHolder::Everyone => {}
        WithdrawalHolder::Marked => reasons.add(
            UnkeptCode::Withdrawal,
            "withdrawal.who",
            "a permit does not say who is marked, so that the escrow gives the right to everybody or to nobody",
            "use `who = \"everyone\"`",
        ),
    }
    Some(match until {
        Some(until) => WithdrawalNumbers {
            until: U256::from(second(reasons, "withdrawal.until", *until)?),
            ..NONE
        },
        None => WithdrawalNumbers {
            span: U256::from(seconds(reasons, "withdrawal.span", *span)?),
            ..NONE
        },
    })
}

/// No factory makes both an escrow with this right and what comes after a sale.
pub(super) fn beside_after_sale(
    reasons: &mut Reasons,
    right: &WithdrawalNumbers,
    (release, shares): (Option<&ReleaseNumbers>, &[ShareNumbers]),
) {
    let vests = shares.iter().any(|share| share.vesting.is_some());
    if !(right.span | right.until).is_zero() && (release.is_some() || vests) {
        reasons.add(
            UnkeptCode::Withdrawal,
            "withdrawal",
            "no factory makes an escrow with this right together with milestones or vesting",
            "leave one of them out",
        );
    }
}
