//! Objections of those who paid: to the root of a settlement, and to the release of a milestone. What has come so far, what it
//! takes, and until when.

use softcap_journal::OfferingLog;
use softcap_offering::BasisPoints;

use super::{amounts, language::Language, times::When};
use crate::api::Service;

/// Whether a milestone is announced, and objections to it may come.
pub(super) fn is_release_announced(service: &Service, log: &OfferingLog) -> bool {
    let known = service.rails().status(&log.row.name).unwrap_or_default();
    let releases = known.releases;
    releases.is_some_and(|releases| releases.objections_until.is_some())
}

/// What stands beside a button of a wallet.
pub(super) struct Said {
    /// What it would do, and how much of the money objects so far.
    pub(super) text: String,
    /// The first moment in which it is too late.
    pub(super) until: Option<When>,
}

/// To the root.
pub(super) fn of_root(service: &Service, language: Language, log: &OfferingLog) -> Said {
    let known = service.rails().status(&log.row.name).unwrap_or_default();
    let root = known.root;
    let share = log.terms.root.map_or(BasisPoints::WHOLE, |root| root.share);
    let sums = root.map_or((0, 0), |root| (root.objections, root.contributed));
    let (now, share) = parts(language, sums, share);
    let values = [("now", (&now).into()), ("share", (&share).into())];
    Said {
        text: language.tell("way-objection", &values),
        until: until(language, root.and_then(|root| root.challenge_until)),
    }
}

/// To the release of the milestone that is announced.
pub(super) fn of_release(service: &Service, language: Language, log: &OfferingLog) -> Said {
    let known = service.rails().status(&log.row.name).unwrap_or_default();
    let (releases, terms) = (known.releases, &log.terms);
    let rule = terms.objections;
    let share = rule.map_or(BasisPoints::WHOLE, |rule| rule.share);
    let sums = releases.map_or((0, 0), |releases| (releases.objections, releases.total));
    let (now, share) = parts(language, sums, share);
    let next = releases.map_or(0, |releases| usize::from(releases.released));
    let milestone = terms.milestones.get(next);
    let milestone = milestone.map_or("", |milestone| milestone.name.as_str());
    let values = [
        ("now", (&now).into()),
        ("share", (&share).into()),
        ("milestone", milestone.into()),
    ];
    Said {
        text: language.tell("way-release_objection", &values),
        until: until(
            language,
            releases.and_then(|releases| releases.objections_until),
        ),
    }
}

/// How much of the money objects, and how much it takes.
fn parts(language: Language, (part, whole): (u128, u128), share: BasisPoints) -> (String, String) {
    let percent = |part, whole| amounts::percent(language, part, whole).unwrap_or_default();
    let all = u128::from(BasisPoints::WHOLE.0);
    (
        percent(part, whole.max(1)),
        percent(u128::from(share.0), all),
    )
}

fn until(language: Language, second: Option<u64>) -> Option<When> {
    second.map(|second| When::new(language, second.saturating_mul(1_000)))
}
