//! Read-only views for pages: what was raised so far, the price in force, where windows are now.
//!
//! Nothing here decides anything. A view that has no answer is `None`, never a guess.

use crate::{
    Amount, ContributionIndex, InvestorIndex, LineIndex, Offering, Position, Ratio, RoundIndex,
    Span, Stamp, Tokens, Value, contribution::Status, offering::Stage, pricing,
    rows::CurrencyTotals, terms::Window,
};

impl Offering {
    /// What is accepted now, in the numeraire's smallest unit, over all rounds. In a batch round
    /// this is what was asked until settlement decides; after a settlement that did not succeed it
    /// is nothing.
    ///
    /// Costs one addition per round, so that it may be asked after each contribution. A sum beyond
    /// 128 bits shows as the largest number: [`Command::Settle`](crate::Command::Settle) refuses
    /// such an offering, so no settlement ever shows it.
    pub fn raised(&self) -> Value {
        let sum = self
            .rounds
            .iter()
            .map(|round| round.net_value)
            .fold(0, u128::saturating_add);
        Value(sum)
    }

    /// What a contribution counts for now, in the numeraire's smallest unit at its own rate: over all contributions this
    /// comes to [`Self::raised`]. Of one that went back because the sale did not succeed it is what came in, so that it can
    /// still be seen how far the sale was.
    pub fn counted_value(&self, index: ContributionIndex) -> Value {
        let value = self.contributions.get(index.index()).and_then(|held| {
            let amount = match held.status {
                Status::Voided => held.amount,
                Status::Whole
                | Status::Cut(_)
                | Status::Sealed
                | Status::Withdrawn
                | Status::Returned(_) => held.accepted,
            };
            let rate = self.rates.all.get(usize::try_from(held.rate).ok()?)?;
            rate.factor().floor(amount)
        });
        Value(value.unwrap_or(0))
    }

    /// What a round has taken, in the numeraire's smallest unit, without subtracting what was
    /// withdrawn or returned later: the amount at which price tiers look.
    pub fn gross_raised(&self, round: RoundIndex) -> Option<Value> {
        self.rounds
            .get(round.index())
            .map(|state| Value(state.gross_value))
    }

    /// The price of a round at a position of its first clock line, in token units per numeraire
    /// unit: for tiers that of the next unit of money at what is raised now, for a Dutch auction the
    /// falling price.
    ///
    /// `None` where there is no such price: for bids, before the first step, after the last tier, or
    /// when the exact ratio does not fit 128 bits. Whether the round is open is not looked at.
    pub fn quoted_price(&self, round: RoundIndex, position: Position) -> Option<Ratio> {
        let terms = self.terms.rounds.get(round.index())?;
        let state = self.rounds.get(round.index())?;
        // As the engine does it: pauses move the end of a window, never the line of a Dutch price.
        let window = terms.windows.iter().copied().flatten().next()?;
        let price = pricing::quoted_price(&terms.pricing, window, position, state.gross_value)?;
        Ratio::new(price.num(), price.den())
    }

    /// The window of a round on a clock line as pauses have moved it; `None` where it has none.
    pub fn round_window(&self, round: RoundIndex, line: LineIndex) -> Option<Window> {
        self.rounds.get(round.index())?.window(line)
    }

    /// Where the issuer closed a round before its window ended, if so.
    pub fn closed_early(&self, round: RoundIndex) -> Option<Stamp> {
        self.rounds.get(round.index())?.closed
    }

    /// The seed of a round's lottery, once it is recorded.
    pub fn lottery_seed(&self, round: RoundIndex) -> Option<[u8; 32]> {
        self.rounds.get(round.index())?.seed
    }

    /// What of a contribution waits for freed room.
    pub fn waiting_of(&self, index: ContributionIndex) -> Amount {
        Amount(self.waiting_amount(index))
    }

    /// The first position at which what is accepted of a contribution cannot be taken back any more; `None` when it
    /// cannot now.
    pub fn withdrawable_until(&self, index: ContributionIndex) -> Option<Position> {
        if self.stage != Stage::Running {
            return None;
        }
        let held = self.contributions.get(index.index())?;
        if held.accepted == 0 || held.status == Status::Sealed {
            return None;
        }
        let exits = self.document_exits.iter();
        let exits = exits.filter(|(before, _)| held.sequence < *before);
        let exit = exits.map(|(_, until)| until.after(Span(1))).max();
        let now = self.latest(self.line_of(held.currency));
        let right = self.right_end(index).ok();
        exit.max(right).filter(|until| now < *until)
    }

    /// Tokens that an investor gets by the settlement; none before.
    pub fn tokens_of(&self, investor: InvestorIndex) -> Tokens {
        let mut totals = vec![CurrencyTotals::default(); self.terms.currencies.len()];
        self.investor_totals(investor, &mut totals)
    }

    /// Tokens that were handed over to an investor.
    pub fn handed_over(&self, investor: InvestorIndex) -> Tokens {
        let given = self.settlement.as_ref().and_then(|held| {
            let all = &held.after.distributed;
            all.get(investor.index()).copied()
        });
        Tokens(given.unwrap_or(0))
    }

    /// Tokens that were handed over to all investors.
    pub fn handed_over_in_all(&self) -> Tokens {
        let settlement = self.settlement.as_ref();
        Tokens(settlement.map_or(0, |held| held.after.distributed_total))
    }

    /// Tokens of a share of the terms, by its place there, that were handed over.
    pub fn share_handed_over(&self, share: usize) -> Tokens {
        let settlement = self.settlement.as_ref();
        let given = settlement.and_then(|held| held.after.vested.get(share).copied());
        Tokens(given.unwrap_or(0))
    }

    /// How many pauses the issuer has begun.
    pub fn pause_count(&self) -> u32 {
        self.pauses.count
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        Command, Contribute, CurrencyIndex, Funding, InvestorId, Outcome, Sequence, terms::Terms,
    };

    const OPENS: u64 = 1_772_323_200_000; // 2026-03-01T00:00:00Z
    const DAY: u64 = 86_400_000;

    /// A running offering of one day with the given keys of its round.
    fn offering(top: &str, round: &str) -> Offering {
        let text = format!(
            r#"
rules = 1
name = "Views"
origin = "softcap.example/views"
{top}
[clock]
kind = "time"
[token]
name = "Token"
symbol = "TOK"
decimals = 0
[token.supply]
kind = "minted"
[currency.EUR]
decimals = 0
rail = "balance"
[pause]
longest = "1 hour"
count = 1
end = "moves"
[[round]]
name = "only"
from = "2026-03-01T00:00:00Z"
until = "2026-03-02T00:00:00Z"
end = "exclusive"
{round}
"#
        );
        let mut offering = Offering::new(Arc::new(Terms::parse(&text).unwrap()));
        let terms_hash = offering.terms_hash();
        assert_eq!(
            run(&mut offering, 0, Command::Announce { terms_hash }),
            Outcome::Done
        );
        offering
    }

    fn run(offering: &mut Offering, after: u64, command: Command<'_>) -> Outcome {
        let stamp = Stamp {
            line: LineIndex(0),
            position: Position(OPENS + after),
        };
        offering.apply(stamp, &command)
    }

    fn pay(offering: &mut Offering, after: u64, amount: u128) {
        let contribute = Contribute {
            investor: InvestorId::parse("ada").unwrap(),
            currency: CurrencyIndex(0),
            amount: Amount(amount),
            limit: None,
            reference: "",
            source: None,
            funding: Funding::Arrived,
        };
        let outcome = run(offering, after, Command::Contribute(contribute));
        assert!(matches!(outcome, Outcome::Contributed(_)), "{outcome:?}");
    }

    const TIERS: &str = r#"
[round.pricing]
kind = "tiers"
crossing = "split"
tiers = [
  { up_to = "100 EUR", price = "4 TOK per EUR" },
  { price = "3 TOK per EUR" },
]
"#;
    const STEPS: &str = r#"
[round.pricing]
kind = "steps"
steps = [
  { from = "2026-03-01T00:00:00Z", price = "7 TOK per EUR" },
  { from = "2026-03-01T12:00:00Z", price = "5 TOK per EUR" },
]
"#;
    const DUTCH: &str = r#"
supply = "100 TOK"
[round.pricing]
kind = "dutch"
start = "10 EUR per TOK"
end = "4 EUR per TOK"
granularity = "1 hour"
"#;
    const LINEAR: &str = r#"
[round.pricing]
kind = "linear"
base = "10 TOK per EUR"
bonus = "10 %"
per = "12 hours"
until = "2026-03-02T00:00:00Z"
granularity = "1 hour"
"#;

    #[test]
    fn raised_is_what_is_accepted_now_and_gross_does_not_fall() {
        let mut offering = offering(
            "withdrawal = { span = \"1 day\", who = \"everyone\" }",
            TIERS,
        );
        let seen = |offering: &Offering| {
            let gross = offering.gross_raised(RoundIndex(0)).unwrap();
            (offering.raised().0, gross.0)
        };
        assert_eq!(seen(&offering), (0, 0));
        pay(&mut offering, 1, 60);
        pay(&mut offering, 2, 50);
        assert_eq!(seen(&offering), (110, 110));
        run(
            &mut offering,
            3,
            Command::Withdraw {
                contribution: Sequence(1),
            },
        );
        assert_eq!(seen(&offering), (50, 110));
        let counted =
            |offering: &Offering| [0, 1].map(|at| offering.counted_value(ContributionIndex(at)).0);
        assert_eq!(counted(&offering), [0, 50]);
        run(&mut offering, 4, Command::Cancel);
        run(&mut offering, 5, Command::Settle);
        assert_eq!(seen(&offering).0, 0, "everything went back");
        assert_eq!(counted(&offering), [0, 50], "and one sees what came in");
        assert_eq!(offering.counted_value(ContributionIndex(2)).0, 0);
        assert_eq!(offering.gross_raised(RoundIndex(1)), None);
    }

    #[test]
    fn a_right_of_withdrawal_is_seen_until_it_ends() {
        let right = "withdrawal = { span = \"1 hour\", who = \"everyone\" }";
        let mut offering = offering(right, "price = \"1 TOK per EUR\"");
        pay(&mut offering, 1, 60);
        let index = offering.contribution_at(Sequence(1)).unwrap();
        let end = Position(OPENS + 1 + 3_600_000);
        assert_eq!(offering.withdrawable_until(index), Some(end));
        run(&mut offering, 3_600_000, Command::Tick);
        assert_eq!(offering.withdrawable_until(index), Some(end));
        run(&mut offering, 3_600_001, Command::Tick);
        assert_eq!(offering.withdrawable_until(index), None);
        let contribution = Sequence(1);
        let late = run(&mut offering, 3_600_001, Command::Withdraw { contribution });
        assert!(matches!(late, Outcome::Refused(_)), "{late:?}");
        assert_eq!(offering.waiting_of(index), Amount(0));
    }

    #[test]
    fn the_quoted_price_follows_the_pricing() {
        // (round, raised before, hours after the begin, token units and numeraire units)
        let table = [
            ("price = \"3 TOK per EUR\"", 0, 5, Some((3, 1))),
            (STEPS, 0, 11, Some((7, 1))),
            (STEPS, 0, 12, Some((5, 1))),
            (TIERS, 99, 1, Some((4, 1))),
            (TIERS, 100, 1, Some((3, 1))),
            (LINEAR, 0, 12, Some((11, 1))),
            (LINEAR, 0, 24, Some((10, 1))),
            (DUTCH, 0, 0, Some((1, 10))),
            (DUTCH, 0, 12, Some((1, 7))),
            (DUTCH, 0, 24, Some((1, 4))),
        ];
        for (round, raised, hours, expected) in table {
            let mut offering = offering("", round);
            if raised > 0 {
                pay(&mut offering, 1, raised);
            }
            let position = Position(OPENS + hours * 3_600_000);
            let price = offering.quoted_price(RoundIndex(0), position);
            let expected = expected.and_then(|(tokens, money)| Ratio::new(tokens, money));
            assert_eq!(price, expected, "{round} after {raised}, hour {hours}");
        }
        let early = Position(OPENS - 1);
        assert_eq!(offering("", STEPS).quoted_price(RoundIndex(0), early), None);
        assert_eq!(offering("", STEPS).quoted_price(RoundIndex(1), early), None);
    }

    #[test]
    fn a_pause_moves_the_window_that_is_seen_and_an_early_close_shows() {
        let mut offering = offering("early_close = \"allowed\"", "price = \"1 TOK per EUR\"");
        let (round, line) = (RoundIndex(0), LineIndex(0));
        let until = |offering: &Offering| offering.round_window(round, line).unwrap().until.0;
        assert_eq!((until(&offering), offering.pause_count()), (OPENS + DAY, 0));
        run(&mut offering, 1_000, Command::Pause);
        run(&mut offering, 61_000, Command::Resume);
        assert_eq!(
            (until(&offering), offering.pause_count()),
            (OPENS + DAY + 60_000, 1)
        );
        assert_eq!(offering.round_window(round, LineIndex(1)), None);
        assert_eq!(offering.closed_early(round), None);
        run(&mut offering, 70_000, Command::Close { round });
        let closed = offering.closed_early(round).unwrap();
        assert_eq!(closed.position, Position(OPENS + 70_000));
        assert_eq!(offering.lottery_seed(round), None);
    }
}
