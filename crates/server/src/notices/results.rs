//! Tells everybody who took part how an offering ended, some investors in each step.

use softcap_identity::Telling;
use softcap_journal::{LogName, OfferingLog};
use softcap_offering::{InvestorIndex, Verdict};

use super::{
    NoticeKind,
    feed::{FeedError, owned, person_of},
    texts::{notice, of_investor},
};
use crate::api::Service;

/// Where telling begins: at the first investor.
pub(super) const BEGIN: &str = "0";
const END: &str = "end";
/// Investors in one step.
const STEP: usize = 200;

/// What the result of an offering is called in the table of places.
pub(super) fn result_of(name: &LogName) -> String {
    format!("{name}/result")
}

/// Goes on where telling of the result has begun.
pub(super) async fn tell(service: &Service, log: &OfferingLog) -> Result<(), FeedError> {
    let settled = |log: &OfferingLog| {
        let state = log.sequencer.read();
        let offering = state.machine().offering();
        let verdict = offering.settlement()?.settled.verdict;
        Some((verdict, offering.investor_count()))
    };
    let Some((verdict, count)) = settled(log) else {
        return Ok(());
    };
    let what = result_of(&log.row.name);
    loop {
        let from = service.people().told(&what).await?;
        let Ok(first) = from.parse::<usize>() else {
            return Ok(());
        };
        let end = first.saturating_add(STEP).min(count);
        let mut notices = Vec::new();
        for place in first..end {
            let Ok(place) = u32::try_from(place) else {
                break;
            };
            let whose = {
                let state = log.sequencer.read();
                owned(state.machine().offering().investor(InvestorIndex(place)))
            };
            let Some(person) = person_of(service, log, &whose).await? else {
                continue;
            };
            let words =
                |language| of_investor(service, log, whose.id(), (language, subject(verdict)));
            notices.extend(notice(service, log, (person, NoticeKind::Result), words).await?);
        }
        let to = if end == count {
            END.to_owned()
        } else {
            end.to_string()
        };
        let step = Telling {
            what: &what,
            from: &from,
            to: &to,
            begins: None,
        };
        let now = service.now();
        service.people().tell(&step, &notices, now).await?;
    }
}

/// What stands in the subject.
const fn subject(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Succeeded => "mail-succeeded",
        Verdict::Failed => "mail-failed",
        Verdict::Cancelled => "mail-cancelled",
        Verdict::Expired => "mail-expired",
    }
}
