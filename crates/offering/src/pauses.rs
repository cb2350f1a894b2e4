//! Pauses: the issuer stops contributions, within the bounds of the terms. Exits never close.

use crate::{
    LineIndex, Offering, Position, Refusal, Span, Stamp,
    rounds::RoundState,
    terms::{PauseEnd, Window},
};

/// The pauses so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pauses {
    pub(crate) count: u32,
    pub(crate) current: Option<Pause>,
    /// Earlier ones, each with its real end; the terms bound their number.
    pub(crate) past: Vec<Pause>,
}

/// A pause that goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause {
    pub(crate) from: Stamp,
    pub(crate) ends: Position,
}

impl Offering {
    pub(crate) fn pause(&mut self, stamp: Stamp) -> Result<(), Refusal> {
        self.require_running()?;
        let bounds = self.terms.pause.ok_or(Refusal::PauseNotInTerms)?;
        if self.pauses.current.is_some() {
            return Err(Refusal::AlreadyPaused);
        }
        if self.pauses.count >= bounds.count {
            return Err(Refusal::PausesUsedUp);
        }
        // From the newest position on, so that a stamp behind it cannot lengthen the pause.
        let from = Stamp {
            line: stamp.line,
            position: self.latest(stamp.line),
        };
        self.pauses.count += 1;
        self.pauses.current = Some(Pause {
            from,
            ends: from.position.after(bounds.longest),
        });
        Ok(())
    }

    pub(crate) fn resume(&mut self, stamp: Stamp) -> Result<(), Refusal> {
        self.require_running()?;
        let pause = self.pauses.current.ok_or(Refusal::NotPaused)?;
        let until = if stamp.line == pause.from.line {
            self.latest(stamp.line).min(pause.ends)
        } else {
            self.latest(pause.from.line)
        };
        self.end_pause(pause, until);
        Ok(())
    }

    pub(crate) fn end_pause_by_itself(&mut self) {
        if let Some(pause) = self.pauses.current
            && self.latest(pause.from.line) >= pause.ends
        {
            self.end_pause(pause, pause.ends);
        }
    }

    /// Whether contributions are stopped at a position. One that happened before the pause began
    /// and arrives late is not; one that happened during a pause and arrives after it is.
    pub(crate) fn is_paused_at(&self, stamp: Stamp) -> bool {
        let now = self.pauses.current.is_some_and(|pause| {
            stamp.line != pause.from.line || stamp.position >= pause.from.position
        });
        now || self.pauses.past.iter().any(|pause| {
            stamp.line == pause.from.line
                && (pause.from.position..pause.ends).contains(&stamp.position)
        })
    }

    /// The line and the longest move of the pause that goes on, if it will move the end of a round's
    /// window.
    pub(crate) fn pause_to_move(&self, state: &RoundState) -> Option<(LineIndex, Span)> {
        let pause = self.pauses.current?;
        if self.terms.pause?.end == PauseEnd::Fixed {
            return None;
        }
        let window = state.window(pause.from.line)?;
        let longest = Span(pause.ends.0 - pause.from.position.0);
        (window.end_exclusive() > pause.from.position).then_some((pause.from.line, longest))
    }

    fn end_pause(&mut self, pause: Pause, until: Position) {
        self.pauses.current = None;
        self.pauses.past.push(Pause {
            ends: until,
            ..pause
        });
        if self
            .terms
            .pause
            .is_none_or(|bounds| bounds.end == PauseEnd::Fixed)
        {
            return;
        }
        let length = Span(until.0 - pause.from.position.0.min(until.0));
        let moved = |window: Window| {
            let from = if window.from > pause.from.position {
                window.from.after(length)
            } else {
                window.from
            };
            Window {
                from,
                until: window.until.after(length),
                end: window.end,
            }
        };
        let line = LineIndex::index(pause.from.line);
        for state in &mut self.rounds {
            if let Some(Some(window)) = state.windows.get_mut(line)
                && window.end_exclusive() > pause.from.position
            {
                *window = moved(*window);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, RoundIndex, terms::PauseTerms};
    use std::sync::Arc;

    /// The window of the small offering is open from 100 up to 200.
    #[test]
    fn a_pause_moves_what_lies_after_its_beginning() {
        // (begins, ends, when the pause moves ends: the window after it)
        let table = [
            (99, 104, (105, 205)),
            (100, 105, (100, 205)),
            (101, 101, (100, 200)),
            (150, 160, (100, 210)),
            (150, 170, (100, 210)),
            (199, 203, (100, 204)),
            (200, 205, (100, 200)),
        ];
        for (begins, ends, (from, until)) in table {
            for (end, expected) in [
                (PauseEnd::Moves, (from, until)),
                (PauseEnd::Fixed, (100, 200)),
            ] {
                let mut offering = crate::fixture::announced();
                Arc::make_mut(&mut offering.terms).pause = Some(PauseTerms {
                    longest: Span(10),
                    count: 1,
                    end,
                });
                let at = |position| Stamp {
                    line: LineIndex(0),
                    position: Position(position),
                };
                offering.apply(at(begins), &Command::Pause);
                let during = offering.round_window(RoundIndex(0), LineIndex(0)).unwrap();
                assert_eq!((during.from.0, during.until.0), (100, 200));
                offering.apply(at(ends), &Command::Resume);
                let window = offering.round_window(RoundIndex(0), LineIndex(0)).unwrap();
                let found = (window.from.0, window.until.0);
                assert_eq!(found, expected, "from {begins} to {ends}, {end:?}");
            }
        }
    }
}
