//! The life cycle: announced, rounds open and between, closed, settled or given up, finished.

use crate::{
    LineIndex, Offering, Phase, Position, Refusal, RoundIndex, Stamp, Verdict,
    offering::Stage,
    terms::{Allocation, Bound, EarlyClose, Pricing, Sealing},
};

/// Longest proof of a seed in bytes.
const LONGEST_PROOF: usize = 1_024;

impl Offering {
    pub(crate) fn announce(&mut self, terms_hash: [u8; 32]) -> Result<crate::Outcome, Refusal> {
        if self.stage != Stage::Draft {
            return Err(Refusal::AlreadyAnnounced);
        }
        if terms_hash != self.terms_hash {
            return Err(Refusal::WrongTerms);
        }
        self.stage = Stage::Running;
        // The deadline may lie behind already.
        self.expire();
        Ok(crate::Outcome::Done)
    }

    pub(crate) fn close_round(&mut self, stamp: Stamp, round: RoundIndex) -> Result<(), Refusal> {
        self.require_running()?;
        let index = self.round_index(round)?;
        let allowed = match self.terms.early_close {
            EarlyClose::Never => false,
            EarlyClose::Allowed => true,
            EarlyClose::AfterSoftCap => self.soft_cap_is_met(),
        };
        if !allowed {
            return Err(Refusal::EarlyCloseNotInTerms);
        }
        let begun = self.rounds[index]
            .windows
            .iter()
            .zip(&self.latest)
            .any(|(window, now)| window.is_some_and(|window| *now >= window.from));
        if !begun || self.round_is_over(index) {
            return Err(Refusal::RoundNotOpen);
        }
        // At the newest position: a stamp behind it would bring an earlier price back.
        let position = self.latest(stamp.line);
        self.rounds[index].closed = Some(Stamp { position, ..stamp });
        Ok(())
    }

    pub(crate) fn cancel(&mut self) -> Result<(), Refusal> {
        self.require_running()?;
        self.stage = Stage::Cancelled;
        Ok(())
    }

    /// Gives the money free once the deadline passed without a settlement.
    pub(crate) fn expire(&mut self) {
        if self.stage == Stage::Running
            && self
                .terms
                .refund_deadline
                .is_some_and(|deadline| self.now() > deadline)
        {
            self.stage = Stage::Expired;
        }
    }

    pub(crate) fn record_seed(
        &mut self,
        stamp: Stamp,
        round: RoundIndex,
        seed: [u8; 32],
        proof: &[u8],
    ) -> Result<(), Refusal> {
        self.require_running()?;
        let index = self.round_index(round)?;
        let Allocation::Lottery { instant, .. } = self.terms.rounds[index].allocation else {
            return Err(Refusal::NoLottery);
        };
        if proof.len() > LONGEST_PROOF {
            return Err(Refusal::SeedProofTooLong);
        }
        if stamp.position < instant || !self.round_is_over(index) {
            return Err(Refusal::SeedTooEarly);
        }
        if self.rounds[index].seed.is_some() {
            return Err(Refusal::SeedTwice);
        }
        self.rounds[index].seed = Some(seed);
        Ok(())
    }

    /// Whether what is accepted now reaches the soft cap; batch rounds count what was asked.
    pub(crate) fn soft_cap_is_met(&self) -> bool {
        let sum = |part: fn(&crate::rounds::RoundState) -> u128| {
            self.rounds
                .iter()
                .map(part)
                .fold(0_u128, u128::saturating_add)
        };
        match self.terms.soft_cap {
            None => true,
            Some(Bound::Value(cap)) => sum(|round| round.net_value) >= cap.0,
            Some(Bound::Tokens(cap)) => sum(|round| round.net_tokens) >= cap.0,
        }
    }

    /// Refuses while something that settlement waits for is still open.
    pub(crate) fn check_settleable(&self) -> Result<Verdict, Refusal> {
        match self.stage {
            Stage::Draft => return Err(Refusal::NotAnnounced),
            Stage::Settled => return Err(Refusal::OfferingSettled),
            Stage::Cancelled => return Ok(Verdict::Cancelled),
            Stage::Expired => return Ok(Verdict::Expired),
            Stage::Running => {}
        }
        let open = (0..self.rounds.len()).any(|round| !self.round_is_over(round));
        let rights = self
            .rights_end
            .iter()
            .zip(&self.latest)
            .any(|(end, now)| now < end);
        let exit = self
            .document_exits
            .iter()
            .any(|(_, until)| self.now() <= *until);
        if open || rights || exit || self.reveals_are_open() {
            return Err(Refusal::TooEarlyToSettle);
        }
        let unseeded = self
            .terms
            .rounds
            .iter()
            .zip(&self.rounds)
            .any(|(terms, state)| {
                matches!(terms.allocation, Allocation::Lottery { .. }) && state.seed.is_none()
            });
        if unseeded {
            return Err(Refusal::SeedMissing);
        }
        Ok(Verdict::Succeeded)
    }

    fn reveals_are_open(&self) -> bool {
        !self.bids.sealed.is_empty()
            && self.terms.rounds.iter().any(|round| {
                matches!(
                    round.pricing,
                    Pricing::Bids { sealing: Sealing::Sealed { reveal_until, .. }, .. }
                        if self.now() < reveal_until
                )
            })
    }

    /// The stamps that time still has to reach before [`Command::Settle`](crate::Command::Settle)
    /// is possible, one per clock line; a tick at each makes it so.
    pub fn settlement_stamps(&self) -> Vec<Stamp> {
        let mut stamps = self.latest.clone();
        if self.stage == Stage::Running {
            for (place, state) in self.rounds.iter().enumerate() {
                for (latest, window) in stamps.iter_mut().zip(&state.windows) {
                    if let (Some(window), None) = (window, state.closed) {
                        *latest = Position::max(*latest, window.end_exclusive());
                    }
                }
                if let (Some((line, longest)), None) = (self.pause_to_move(state), state.closed)
                    && let Some(latest) = stamps.get_mut(line.index())
                    && let Some(window) = state.window(line)
                {
                    *latest = Position::max(*latest, window.end_exclusive().after(longest));
                }
                if let Some(first) = stamps.first_mut() {
                    *first = Position::max(*first, self.waits_until(place));
                }
            }
            for (latest, end) in stamps.iter_mut().zip(&self.rights_end) {
                *latest = Position::max(*latest, *end);
            }
            if let (Some(first), Some((_, until))) =
                (stamps.first_mut(), self.document_exits.first())
            {
                *first = Position::max(*first, until.after(crate::Span(1)));
            }
        }
        (0..)
            .zip(stamps)
            .map(|(line, position)| Stamp {
                line: LineIndex(line),
                position,
            })
            .collect()
    }

    /// Up to where a round waits after its window: for its seed, or for reveals.
    fn waits_until(&self, round: usize) -> Position {
        match (
            &self.terms.rounds[round].allocation,
            &self.terms.rounds[round].pricing,
        ) {
            (Allocation::Lottery { instant, .. }, _) => *instant,
            (
                _,
                Pricing::Bids {
                    sealing: Sealing::Sealed { reveal_until, .. },
                    ..
                },
            ) => *reveal_until,
            _ => Position(0),
        }
    }

    /// Where in its life cycle the offering is, at the newest position.
    pub fn phase(&self) -> Phase {
        match self.stage {
            Stage::Draft => return Phase::Draft,
            Stage::Cancelled => return Phase::Cancelled,
            Stage::Expired => return Phase::Expired,
            Stage::Settled => return self.settled_phase(),
            Stage::Running => {}
        }
        if self.pauses.current.is_some() {
            return Phase::Paused;
        }
        let inside = |window: &Option<crate::terms::Window>, now: &Position| {
            window.is_some_and(|window| window.contains(*now))
        };
        let mut begun = false;
        let mut ahead = false;
        for (place, state) in self.rounds.iter().enumerate() {
            let mut lines = state.windows.iter().zip(&self.latest);
            if state.closed.is_none() && lines.any(|(window, now)| inside(window, now)) {
                return Phase::Open(RoundIndex(u8::try_from(place).unwrap_or(u8::MAX)));
            }
            if state.is_over(&self.latest) {
                begun = true;
            } else {
                ahead = true;
            }
        }
        match (begun, ahead) {
            (false, _) => Phase::Announced,
            (true, true) => Phase::BetweenRounds,
            (true, false) => Phase::Closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Command, DocumentExit, terms::Terms};

    const TERMS: &str = r#"
rules = 1
name = "Stamps"
origin = "softcap.example/stamps"
TOP
[clock]
kind = "block"
[token]
name = "Token"
symbol = "TOK"
decimals = 0
[token.supply]
kind = "minted"
[currency.EUR]
decimals = 2
rail = "balance"
[[round]]
name = "only"
from = 100
until = 200
end = "inclusive"
ROUND
"#;
    const FIXED: &str = "price = \"10 TOK per 1 EUR\"";
    const LOTTERY: &str = "price = \"10 TOK per 1 EUR\"\ncap = \"9 EUR\"\nallocation = { kind = \
                           \"lottery\", source = \"x\", instant = 250, marginal = \"skip\" }";
    const SEALED: &str = "supply = \"10 TOK\"\npricing = { kind = \"bids\", sealed = { lock_step = \
                          \"1 EUR\", reveal_until = 260 } }";
    const RIGHT: &str = "[withdrawal]\nuntil = 230\nwho = \"everyone\"";
    const MOVES: &str = "[pause]\nlongest = \"7 blocks\"\ncount = 2\nend = \"moves\"";
    const STAYS: &str = "[pause]\nlongest = \"7 blocks\"\ncount = 2\nend = \"fixed\"";

    fn announced(top: &str, round: &str) -> Offering {
        let text = TERMS.replace("TOP", top).replace("ROUND", round);
        let mut offering = Offering::new(Arc::new(Terms::parse(&text).unwrap()));
        let terms_hash = offering.terms_hash();
        offering.apply(at(1), &Command::Announce { terms_hash });
        offering
    }

    fn at(position: u64) -> Stamp {
        Stamp {
            line: LineIndex(0),
            position: Position(position),
        }
    }

    /// Terms, round, a position with a command there, and the position that is awaited then.
    type Wait<'a> = (&'static str, &'static str, Option<(u64, Command<'a>)>, u64);

    /// A tick at the last one makes the settlement possible as far as time is concerned, and one
    /// position before it does not.
    #[test]
    fn the_stamps_before_a_settlement_are_the_earliest_that_are_enough() {
        let contribute = crate::Contribute {
            investor: crate::InvestorId::Opaque("ada"),
            currency: crate::CurrencyIndex(0),
            amount: crate::Amount(100),
            limit: None,
            reference: "",
            source: None,
            funding: crate::Funding::Arrived,
        };
        let exit = Command::Document {
            hash: [1; 32],
            exit: DocumentExit::WithdrawalUntil(Position(240)),
        };
        let table: [Wait<'_>; 8] = [
            ("", FIXED, None, 201),
            ("", LOTTERY, None, 250),
            ("", SEALED, None, 260),
            (
                RIGHT,
                FIXED,
                Some((150, Command::Contribute(contribute))),
                230,
            ),
            ("", FIXED, Some((150, exit)), 241),
            (MOVES, FIXED, Some((150, Command::Pause)), 208),
            (STAYS, FIXED, Some((150, Command::Pause)), 201),
            (
                "early_close = \"allowed\"",
                FIXED,
                Some((
                    150,
                    Command::Close {
                        round: RoundIndex(0),
                    },
                )),
                150,
            ),
        ];
        for (row, (top, round, before, awaited)) in table.into_iter().enumerate() {
            let mut offering = announced(top, round);
            if let Some((position, command)) = before {
                let outcome = offering.apply(at(position), &command);
                assert!(
                    !matches!(outcome, crate::Outcome::Refused(_)),
                    "row {row}: {outcome:?}"
                );
            }
            assert_eq!(offering.settlement_stamps(), [at(awaited)], "row {row}");
            if awaited > 150 {
                let mut early = offering.clone();
                early.apply(at(awaited - 1), &Command::Tick);
                let refused = early.apply(at(awaited - 1), &Command::Settle);
                let expected =
                    [Refusal::TooEarlyToSettle, Refusal::SeedMissing].map(crate::Outcome::Refused);
                // A sale without a sealed bid waits for no reveal.
                assert!(
                    expected.contains(&refused) || row == 2,
                    "row {row}: {refused:?}"
                );
            }
            offering.apply(at(awaited), &Command::Tick);
            let seed = Command::Seed {
                round: RoundIndex(0),
                seed: [7; 32],
                proof: &[],
            };
            assert_eq!(offering.lottery_seed(RoundIndex(0)), None);
            offering.apply(at(awaited), &seed);
            let drawn = (round == LOTTERY).then_some([7; 32]);
            assert_eq!(offering.lottery_seed(RoundIndex(0)), drawn, "row {row}");
            let settled = offering.apply(at(awaited), &Command::Settle);
            assert!(
                matches!(settled, crate::Outcome::Settled(_)),
                "row {row}: {settled:?}"
            );
        }
    }

    /// A stamp behind the newest position would bring an earlier price back.
    #[test]
    fn a_round_is_closed_at_the_newest_position_of_its_line() {
        let mut offering = crate::fixture::announced();
        let terms = Arc::make_mut(&mut offering.terms);
        terms.early_close = EarlyClose::Allowed;
        terms.clock.tolerance = crate::Span(20);
        offering.apply(at(150), &Command::Tick);
        let round = RoundIndex(0);
        let outcome = offering.apply(at(140), &Command::Close { round });
        assert_eq!(outcome, crate::Outcome::Done);
        assert_eq!(offering.closed_early(round), Some(at(150)));
    }
}
