//! `[pause]`, `[withdrawal]`, `[[milestone]]` and `[objections]`: what may happen during and after the sale.

use super::super::problem::TermsCode;
use super::super::{
    Milestone, Objections, PauseEnd, PauseTerms, WithdrawalHolder, WithdrawalRight,
};
use super::reader::{Reader, Section};
use super::schedule::Schedule;

/// Most milestones.
const MAX_MILESTONES: usize = 64;
/// Most pauses.
const MAX_PAUSES: u32 = 100;

pub(super) fn pause(
    reader: &mut Reader<'_>,
    root: &mut Section<'_>,
    schedule: &Schedule,
) -> Option<PauseTerms> {
    let mut section = root.section(reader, "pause")?;
    let longest = schedule.span_required(reader, &mut section, "longest");
    let count = section.require(reader, "count", "2");
    let count = count.and_then(|entry| {
        let count = entry.count(reader, MAX_PAUSES)?;
        if count == 0 {
            let hint = "leave `[pause]` out if there are none";
            entry.report(
                reader,
                TermsCode::Zero,
                "zero pauses make no sense here",
                hint,
            );
        }
        Some(count)
    });
    let ends = [("moves", PauseEnd::Moves), ("fixed", PauseEnd::Fixed)];
    let end = section.require(reader, "end", "\"moves\"");
    let end = end.and_then(|entry| entry.choice(reader, &ends));
    section.finish(reader);
    Some(PauseTerms {
        longest: longest?,
        count: count?,
        end: end?,
    })
}

pub(super) fn withdrawal(
    reader: &mut Reader<'_>,
    root: &mut Section<'_>,
    schedule: &Schedule,
) -> Option<WithdrawalRight> {
    let mut section = root.section(reader, "withdrawal")?;
    let until = schedule.common_position(reader, &mut section, "until");
    // A fixed date is enough by itself; otherwise the right needs a length.
    let span = if section.has("until") {
        Some(schedule.span_or_zero(reader, &mut section, "span"))
    } else {
        schedule.span_required(reader, &mut section, "span")
    };
    let holders = [
        ("everyone", WithdrawalHolder::Everyone),
        ("marked", WithdrawalHolder::Marked),
    ];
    let who = section.require(reader, "who", "\"everyone\"");
    let who = who.and_then(|entry| entry.choice(reader, &holders));
    section.finish(reader);
    Some(WithdrawalRight {
        span: span?,
        until,
        who: who?,
    })
}

pub(super) fn milestones(
    reader: &mut Reader<'_>,
    root: &mut Section<'_>,
    schedule: &Schedule,
) -> Vec<Milestone> {
    let sections = root.sections(reader, "milestone", MAX_MILESTONES);
    let read = sections.into_iter().filter_map(|mut section| {
        let name = section.require(reader, "name", "\"test network\"");
        let name = name.and_then(|entry| entry.name(reader));
        let part = section.require(reader, "part", "\"30 %\"");
        let part = part.and_then(|entry| entry.percent(reader, 100));
        let after = schedule.span_or_zero(reader, &mut section, "after");
        section.finish(reader);
        Some(Milestone {
            name: name?,
            part: part?,
            after,
        })
    });
    read.collect()
}

pub(super) fn objections(
    reader: &mut Reader<'_>,
    root: &mut Section<'_>,
    schedule: &Schedule,
) -> Option<Objections> {
    let mut section = root.section(reader, "objections")?;
    let share = section.require(reader, "share", "\"20 %\"");
    let share = share.and_then(|entry| {
        let share = entry.percent(reader, 100)?;
        if share.0 == 0 {
            let hint = "leave `[objections]` out if nobody may object";
            let message = "nobody would have to object for everything to stop";
            entry.report(reader, TermsCode::Zero, message, hint);
            return None;
        }
        Some(share)
    });
    let span = schedule.span_required(reader, &mut section, "span");
    let deadline = schedule.span_required(reader, &mut section, "deadline");
    section.finish(reader);
    Some(Objections {
        share: share?,
        span: span?,
        deadline: deadline?,
    })
}
