//! Window, pauses, deadline: positions of the terms are unix milliseconds, those of the contract seconds.

use alloy_primitives::U256;
use softcap_offering::terms::{Clock, ClockKind, PauseEnd, PauseTerms, Round, WindowEnd};
use softcap_offering::{Position, Span};

use super::Reasons;
use crate::escrow_terms::PauseEnding;
use crate::unkept::UnkeptCode;

/// The contract keeps a second of a pause's end in 32 bits.
const LAST_SECOND: u64 = u32::MAX as u64;
/// `366 days` of the factory.
const LONGEST_PAUSE: u64 = 366 * 86_400;

/// `36_500 days` of the factory.
const LONGEST_SPAN: u64 = 36_500 * 86_400;

/// First second inside, and first second after.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WindowNumbers {
    pub(crate) opens: U256,
    pub(crate) closes: U256,
}

/// Length in seconds, number, and what a pause does to the window. Terms that were parsed have a refund deadline after the
/// window's end with all pauses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PauseNumbers {
    pub(crate) end: PauseEnding,
    pub(crate) longest: U256,
    pub(crate) count: U256,
}

pub(super) fn clock(reasons: &mut Reasons, clock: &Clock) {
    let Clock {
        kind,
        lines: _,
        // The chain's own clock never runs back, so nothing ever lies behind.
        tolerance: _,
    } = clock;
    match kind {
        ClockKind::Time => {}
        ClockKind::Block => reasons.add(
            UnkeptCode::BlockClock,
            "clock.kind",
            "the escrow counts seconds, and these terms count blocks",
            "use `clock.kind = \"time\"`",
        ),
    }
}

/// A position in seconds.
pub(super) fn second(reasons: &mut Reasons, key: &str, position: Position) -> Option<u64> {
    let second = whole(reasons, key, position.0)?;
    if second > LAST_SECOND {
        reasons.add(
            UnkeptCode::TooLate,
            key,
            "the escrow's clock ends with the year 2105",
            "use an earlier date",
        );
        return None;
    }
    Some(second)
}

/// A span in seconds.
pub(super) fn seconds(reasons: &mut Reasons, key: &str, span: Span) -> Option<u64> {
    whole(reasons, key, span.0)
}

/// A span from settlement on, in seconds; `code` stands for one that is too long.
pub(super) fn span_after_sale(
    reasons: &mut Reasons,
    code: UnkeptCode,
    key: &str,
    span: Span,
) -> Option<U256> {
    let seconds = seconds(reasons, key, span)?;
    if seconds > LONGEST_SPAN {
        reasons.add(
            code,
            key,
            "what follows the sale is counted for 36,500 days at most",
            "make it shorter",
        );
        return None;
    }
    Some(U256::from(seconds))
}

fn whole(reasons: &mut Reasons, key: &str, milliseconds: u64) -> Option<u64> {
    if milliseconds.is_multiple_of(1_000) {
        return Some(milliseconds / 1_000);
    }
    reasons.add(
        UnkeptCode::PartOfSecond,
        key,
        "blocks have whole seconds, and this has a part of one",
        "round it to a whole second",
    );
    None
}

pub(super) fn window(reasons: &mut Reasons, round: &Round) -> Option<WindowNumbers> {
    let window = round.windows.iter().flatten().next()?;
    let opens = second(reasons, "round[0].from", window.from);
    let until = second(reasons, "round[0].until", window.until);
    let after = match window.end {
        WindowEnd::Inclusive => 1,
        WindowEnd::Exclusive => 0,
    };
    Some(WindowNumbers {
        opens: U256::from(opens?),
        closes: U256::from(until?) + U256::from(after),
    })
}

pub(super) fn refund_deadline(
    reasons: &mut Reasons,
    deadline: Option<Position>,
    window: Option<&WindowNumbers>,
) -> Option<U256> {
    let Some(deadline) = deadline else {
        reasons.add(
            UnkeptCode::NoRefundDeadline,
            "refund_deadline",
            "the escrow opens refunds at this date if nobody settles",
            "set `refund_deadline` a few weeks after the window",
        );
        return None;
    };
    // At the deadline itself the sale can still be settled (docs/rules.md); the contract holds the first second at
    // which it cannot.
    let past = deadline.after(Span(1_000));
    let deadline = U256::from(second(reasons, "refund_deadline", past)?);
    if window.is_some_and(|window| deadline <= window.closes) {
        reasons.add(
            UnkeptCode::EarlyRefundDeadline,
            "refund_deadline",
            "the window is not over by then, so nobody could settle",
            "set `refund_deadline` a few weeks after the window",
        );
    }
    Some(deadline)
}

pub(super) fn pause(
    reasons: &mut Reasons,
    pause: Option<&PauseTerms>,
    refund_deadline: Option<U256>,
) -> Option<PauseNumbers> {
    let Some(PauseTerms {
        longest,
        count,
        end,
    }) = pause
    else {
        return Some(PauseNumbers {
            end: PauseEnding::Fixed,
            longest: U256::ZERO,
            count: U256::ZERO,
        });
    };
    let end = match end {
        PauseEnd::Fixed => PauseEnding::Fixed,
        PauseEnd::Moves => PauseEnding::Moves,
    };
    let longest = seconds(reasons, "pause.longest", *longest)?;
    let ends_late = refund_deadline
        .is_some_and(|deadline| deadline + U256::from(longest) > U256::from(LAST_SECOND));
    if longest > LONGEST_PAUSE || ends_late {
        reasons.add(
            UnkeptCode::LongPause,
            "pause.longest",
            "a pause of the escrow lasts 366 days at most and ends before the year 2106",
            "make it shorter",
        );
    }
    Some(PauseNumbers {
        end,
        longest: U256::from(longest),
        count: U256::from(*count),
    })
}
