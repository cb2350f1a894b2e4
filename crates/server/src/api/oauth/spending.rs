//! Contributions of applications, held to what their people allow, and what of it is used.

use std::collections::BTreeSet;

use softcap_identity::{
    AppGrant, AppSpend, Bearer, BearerOwner, GrantId, InRecord, OauthError, Spent,
};
use softcap_journal::{LogName, Machine as _};
use softcap_offering::{RequestId, Sequence, terms::Rail};

use super::problem::of_oauth;
use crate::{api::Service, problem::ApiError};

/// Currencies of the offerings in which a balance can contribute, with the places of their units.
pub(super) fn offered_currencies(service: &Service) -> BTreeSet<(String, u8)> {
    let mut all = BTreeSet::new();
    for log in service.journal().offerings() {
        let known = log.terms.currencies.iter();
        let known = known.filter(|known| matches!(known.rail, Rail::Balance));
        all.extend(known.map(|known| (known.symbol.clone(), known.decimals)));
    }
    all
}

/// What the record says of a contribution: how much of it is inside.
fn in_record(service: &Service, spend: &AppSpend) -> InRecord {
    let name: Option<LogName> = spend.offering.parse().ok();
    let Some(log) = name.and_then(|name| service.journal().offering(&name)) else {
        return InRecord::Unknown;
    };
    let state = log.sequencer.read();
    let machine = state.machine();
    let Some(sequence) = machine.find_request(RequestId(spend.request)) else {
        return InRecord::Unknown;
    };
    let offering = machine.offering();
    let row = offering.contribution_at(Sequence(sequence));
    let inside = row.map_or(0, |index| {
        let row = offering.row(index);
        let known = log.terms.currencies.get(row.currency.index());
        // The entry of this name may be another contribution than the one that was written down.
        let is_of_unit = known
            .is_some_and(|known| known.symbol == spend.symbol && known.decimals == spend.decimals);
        if is_of_unit {
            row.contributed.0.saturating_sub(row.refunded.0)
        } else {
            0
        }
    });
    InRecord::Inside(inside)
}

/// What is used of the limits of a grant.
pub(super) async fn spent(service: &Service, grant: &AppGrant) -> Result<Vec<Spent>, OauthError> {
    if grant.limits.is_empty() {
        return Ok(Vec::new());
    }
    let look = |spend: &AppSpend| in_record(service, spend);
    let (oauth, now) = (service.oauth(), service.now());
    oauth.spent(grant.id, &look, now).await
}

/// A contribution of an application out of the balance of its person, held to what they allow.
#[derive(Clone, Copy, Debug)]
pub(in crate::api) struct Allowance {
    grant: GrantId,
}

impl Allowance {
    /// Of the token of an application, if amounts are limited.
    pub(super) fn of(bearer: &Bearer) -> Option<Self> {
        match &bearer.owner {
            BearerOwner::Person { grant, .. } if !bearer.limits.is_empty() => {
                Some(Self { grant: *grant })
            }
            BearerOwner::Person { .. } | BearerOwner::Client => None,
        }
    }

    /// Refuses what is beyond the limits now; nothing is written. Asked before money is moved.
    pub(in crate::api) async fn require(
        self,
        service: &Service,
        spend: &AppSpend,
    ) -> Result<(), ApiError> {
        let look = |spend: &AppSpend| in_record(service, spend);
        let (oauth, now) = (service.oauth(), service.now());
        let allowed = oauth.require_spend(self.grant, spend, &look, now).await;
        allowed.map_err(of_oauth)
    }

    /// Writes down a contribution that is about to be entered, where it is within the limits.
    pub(in crate::api) async fn take(
        self,
        service: &Service,
        spend: &AppSpend,
    ) -> Result<(), ApiError> {
        let look = |spend: &AppSpend| in_record(service, spend);
        let (oauth, now) = (service.oauth(), service.now());
        let noted = oauth.note_spend(self.grant, spend, &look, now).await;
        noted.map_err(of_oauth)
    }
}
