//! Objections of those who paid: to the root of a settlement, and to the release of a milestone. What has come so far, what it
//! takes, and until when.

use softcap_journal::OfferingLog;
use softcap_offering::BasisPoints;

use super::{amounts, language::Language, times::When};
use crate::api::Service;

/// To the root: what it would do, in a sentence or two.
pub(super) fn of_root(service: &Service, language: Language, log: &OfferingLog) -> String {
    let known = service.rails().status(&log.row.name).unwrap_or_default();
    let root = known.root;
    let share = log.terms.root.map_or(BasisPoints::WHOLE, |root| root.share);
    let until = root.and_then(|root| root.challenge_until);
    let (part, whole) = root.map_or((0, 0), |root| (root.objections, root.contributed));
    let texts = texts(language, until, (part, whole), share);
    language.tell("way-objection", &values(&texts))
}

/// To the release of the milestone that is announced.
pub(super) fn of_release(service: &Service, language: Language, log: &OfferingLog) -> String {
    let known = service.rails().status(&log.row.name).unwrap_or_default();
    let releases = known.releases;
    let terms = &log.terms;
    let share = terms
        .objections
        .map_or(BasisPoints::WHOLE, |objections| objections.share);
    let until = releases.and_then(|releases| releases.objections_until);
    let sums = releases.map_or((0, 0), |releases| (releases.objections, releases.total));
    let mut texts = texts(language, until, sums, share).to_vec();
    let next = releases.map_or(0, |releases| usize::from(releases.released));
    let milestone = terms.milestones.get(next);
    texts.push((
        "milestone",
        milestone.map_or_else(String::new, |milestone| milestone.name.clone()),
    ));
    language.tell("way-release_objection", &values(&texts))
}

fn texts(
    language: Language,
    until: Option<u64>,
    (part, whole): (u128, u128),
    share: BasisPoints,
) -> [(&'static str, String); 3] {
    let percent = |part, whole| amounts::percent(language, part, whole).unwrap_or_default();
    let until = until.map(|until| When::new(language, until.saturating_mul(1_000)).text);
    [
        ("until", until.unwrap_or_default()),
        ("now", percent(part, whole.max(1))),
        (
            "share",
            percent(u128::from(share.0), u128::from(BasisPoints::WHOLE.0)),
        ),
    ]
}

fn values<'a>(
    texts: &'a [(&'static str, String)],
) -> Vec<(&'static str, super::language::Value<'a>)> {
    let values = texts.iter();
    values.map(|(name, text)| (*name, text.into())).collect()
}
