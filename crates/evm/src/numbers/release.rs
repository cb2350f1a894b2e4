//! In which steps the accepted money is released, as the milestone contract counts them.

use alloy_primitives::U256;
use softcap_offering::Span;
use softcap_offering::terms::{Milestone, Objections};

use super::{Reasons, schedule};
use crate::unkept::UnkeptCode;

/// Basis points of the accepted money of which a minority can stop the release.
const MINORITY: u32 = 5_000;

/// What releases the money.
#[derive(Clone, Debug)]
pub(crate) struct ReleaseNumbers {
    /// Basis points of the accepted money.
    pub(crate) stop_share: U256,
    /// Seconds.
    pub(crate) objection_window: U256,
    /// Seconds from settlement.
    pub(crate) deadline: U256,
    /// Basis points, and seconds from settlement at the earliest.
    pub(crate) milestones: Vec<(U256, U256)>,
}

/// `None` where the terms have no steps, or one of the reasons why no contract keeps them was added.
pub(super) fn read(
    reasons: &mut Reasons,
    milestones: &[Milestone],
    objections: Option<Objections>,
) -> Option<ReleaseNumbers> {
    if milestones.is_empty() {
        return None;
    }
    let Some(objections) = objections else {
        reasons.add(
            UnkeptCode::Milestones,
            "milestone",
            "the contract releases a step only after contributors could object, and these terms do not say how",
            "add `[objections]`, or leave milestones out",
        );
        return None;
    };
    if objections.share.0 > MINORITY {
        reasons.add(
            UnkeptCode::StopShare,
            "objections.share",
            "the contract lets at most half of the accepted money be needed to stop the release",
            "write at most `50 %`",
        );
    }
    let window = seconds(reasons, "objections.span", objections.span);
    let deadline = seconds(reasons, "objections.deadline", objections.deadline);
    let mut earliest = U256::ZERO;
    let mut steps = Vec::with_capacity(milestones.len());
    for (place, milestone) in milestones.iter().enumerate() {
        let Milestone {
            name: _,
            part,
            after,
        } = milestone;
        let key = format!("milestone[{place}]");
        if part.0 == 0 {
            reasons.add(
                UnkeptCode::EmptyMilestone,
                format!("{key}.part"),
                "the contract has no step that releases nothing",
                "leave the milestone out",
            );
        }
        let after = seconds(reasons, &format!("{key}.after"), *after);
        // A step waits for the one before it, so one that could come earlier cannot.
        earliest = earliest.max(after.unwrap_or_default());
        steps.push((U256::from(part.0), earliest));
    }
    Some(ReleaseNumbers {
        stop_share: U256::from(objections.share.0),
        objection_window: window?,
        deadline: deadline?,
        milestones: steps,
    })
}

fn seconds(reasons: &mut Reasons, key: &str, span: Span) -> Option<U256> {
    schedule::span_after_sale(reasons, UnkeptCode::LongSpan, key, span)
}
