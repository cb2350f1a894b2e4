//! Contradictions between keys that are each right by themselves.

mod conflicts;
mod products;

use super::super::problem::TermsCode;
use super::super::{
    Allocation, Bound, Currency, Limit, Misfit, PauseEnd, Pricing, Rail, RateTerm, Round,
    RoundingScope, Sealing, Supply, Terms, Window,
};
use super::reader::Reader;
use super::token::{check_share_names, split_sum};
use crate::pairs::{self, AllocationKind, PricingKind};
use crate::{BasisPoints, RoundingMode, Span};

pub(super) fn contradictions(reader: &mut Reader<'_>, terms: &Terms) {
    supply(reader, terms);
    check_share_names(reader, terms);
    caps(reader, terms);
    milestones(reader, terms);
    objections(reader, terms);
    root(reader, terms);
    refund_deadline(reader, terms);
    for (number, round) in terms.rounds.iter().enumerate() {
        let site = RoundSite {
            key: format!("round[{number}]"),
            terms,
            round,
        };
        site.pair(reader);
        site.room(reader);
        site.pricing(reader);
        site.schedule(reader);
        site.rounding(reader);
        site.misfits(reader);
        site.limits(reader);
        site.products(reader);
        site.conflicts(reader);
    }
}

fn supply(reader: &mut Reader<'_>, terms: &Terms) {
    let Supply::Fixed {
        total,
        for_sale,
        shares,
    } = &terms.token.supply
    else {
        return;
    };
    let sum = split_sum(*for_sale, shares);
    if sum != Some(*total) {
        let sum = sum.map_or_else(
            || "more than 128 bits hold".to_owned(),
            |sum| sum.to_string(),
        );
        let message = format!(
            "the parts do not add up: for sale and shares are {sum} smallest units, the total {total}"
        );
        let hint = "`total` must be `for_sale` plus every `[[token.share]]`";
        reader.report_at(TermsCode::SupplySplit, "token.supply.total", message, hint);
    }
}

fn caps(reader: &mut Reader<'_>, terms: &Terms) {
    let hint = "lower the soft cap: as it stands the sale must fail and refund everybody";
    match (terms.soft_cap, terms.hard_cap) {
        (Some(Bound::Value(soft)), Some(Bound::Value(hard))) if soft > hard => {
            let message = "the soft cap is above the hard cap";
            reader.report_at(TermsCode::SoftCapTooHigh, "soft_cap", message, hint);
        }
        (Some(Bound::Tokens(soft)), Some(Bound::Tokens(hard))) if soft > hard => {
            let message = "the soft cap is above the hard cap";
            reader.report_at(TermsCode::SoftCapTooHigh, "soft_cap", message, hint);
        }
        (_, _) => {}
    }
    if let (Some(Bound::Tokens(soft)), Some(supply)) =
        (terms.soft_cap, terms.token.supply.most_for_sale())
        && soft > supply
    {
        let message = "the soft cap is more tokens than are for sale";
        reader.report_at(TermsCode::SoftCapTooHigh, "soft_cap", message, hint);
    }
}

fn milestones(reader: &mut Reader<'_>, terms: &Terms) {
    if terms.milestones.is_empty() {
        return;
    }
    let parts = terms
        .milestones
        .iter()
        .map(|milestone| u64::from(milestone.part.0));
    let sum: u64 = parts.sum();
    if sum != u64::from(BasisPoints::WHOLE.0) {
        let message = format!(
            "the milestones release {}.{:02} % of the money",
            sum / 100,
            sum % 100
        );
        let hint = "their parts must add up to exactly 100 %";
        reader.report_at(TermsCode::MilestoneSum, "milestone", message, hint);
    }
}

/// A right to object to steps needs steps, and a contract that counts the objections.
fn objections(reader: &mut Reader<'_>, terms: &Terms) {
    let Some(right) = terms.objections else {
        return;
    };
    if terms.milestones.is_empty() {
        let message = "there is no milestone that anybody could object to";
        let hint = "add `[[milestone]]`, or leave `[objections]` out";
        reader.report_at(TermsCode::ObjectionsUseless, "objections", message, hint);
    }
    let mut rails = terms.currencies.iter().map(|currency| currency.rail);
    if !rails.any(|rail| rail == Rail::Evm) {
        let message = "nobody counts objections where no contract holds the money";
        let hint = "take the money on the rail `evm`, or leave `[objections]` out";
        reader.report_at(TermsCode::ObjectionsUseless, "objections", message, hint);
    }
    // Steps come one after the other, each not before its time and after the objections to it.
    let last = terms.milestones.iter().fold(Span(0), |time, milestone| {
        let from = time.max(milestone.after);
        Span(from.0.saturating_add(right.span.0))
    });
    if right.deadline <= last {
        let message = "the last milestone cannot be released before the deadline";
        let hint = "the deadline is after all `after` and the `span` of each milestone";
        let key = "objections.deadline";
        reader.report_at(TermsCode::ReleaseDeadlineTooEarly, key, message, hint);
    }
}

/// A root is for a contract, which takes bids up to a price.
fn root(reader: &mut Reader<'_>, terms: &Terms) {
    let Some(root) = terms.root else {
        return;
    };
    let mut pricings = terms.rounds.iter().map(|round| &round.pricing);
    if root.bids.is_none() && pricings.any(|pricing| matches!(pricing, Pricing::Bids { .. })) {
        let message = "`ceiling` is missing: nothing says how high a bid may go";
        let (money, token) = (&terms.numeraire.symbol, &terms.token.symbol);
        let hint = format!("add `ceiling = \"0.01 {money} per {token}\"`");
        reader.report_at(TermsCode::MissingKey, "root.ceiling", message, hint);
    }
    let mut rails = terms.currencies.iter().map(|currency| currency.rail);
    if !rails.any(|rail| rail == Rail::Evm) {
        let message = "nobody takes a root where no contract holds the money";
        let hint = "take the money on the rail `evm`, or leave `[root]` out";
        reader.report_at(TermsCode::RootUseless, "root", message, hint);
    }
}

/// The sale can be settled once windows, draws, reveals and withdrawal rights are over.
fn refund_deadline(reader: &mut Reader<'_>, terms: &Terms) {
    let Some(deadline) = terms.refund_deadline else {
        return;
    };
    let span = terms.withdrawal.map_or(Span(0), |right| match right.until {
        Some(_) => Span(0),
        None => right.span,
    });
    let windows = terms
        .rounds
        .iter()
        .flat_map(|round| round.windows.iter().flatten());
    let moved = terms.pause.map_or(Span(0), |pause| match pause.end {
        PauseEnd::Moves => {
            let longest = pause.longest.0.checked_mul(u64::from(pause.count));
            Span(longest.unwrap_or(u64::MAX))
        }
        PauseEnd::Fixed => Span(0),
    });
    let ends = windows.map(|window| window.end_exclusive().after(moved).after(span));
    let draws = terms
        .rounds
        .iter()
        .filter_map(|round| match round.allocation {
            Allocation::Lottery { instant, .. } => Some(instant),
            Allocation::FirstCome
            | Allocation::ProRata
            | Allocation::ProRataCapped { .. }
            | Allocation::WaterFilling
            | Allocation::Guaranteed { .. } => None,
        });
    let reveals = terms.rounds.iter().filter_map(|round| match round.pricing {
        Pricing::Bids {
            sealing: Sealing::Sealed { reveal_until, .. },
            ..
        } => Some(reveal_until),
        Pricing::Fixed { .. }
        | Pricing::Steps { .. }
        | Pricing::Linear { .. }
        | Pricing::Tiers { .. }
        | Pricing::Dutch { .. }
        | Pricing::Bids { .. } => None,
    });
    let right_until = terms.withdrawal.and_then(|right| right.until);
    let ready = ends.chain(draws).chain(reveals).chain(right_until).max();
    if ready.is_some_and(|ready| deadline < ready) {
        let message = "the refund deadline comes before the sale can be settled: windows \
                       with all pauses, draws, reveals and withdrawal rights must be over first";
        let hint = "set a later `refund_deadline`";
        reader.report_at(
            TermsCode::DeadlineTooEarly,
            "refund_deadline",
            message,
            hint,
        );
    }
}

/// One round and where it stands.
struct RoundSite<'t> {
    key: String,
    terms: &'t Terms,
    round: &'t Round,
}

/// Allocations that are decided when the round is over.
fn is_batch(pricing: PricingKind, allocation: AllocationKind) -> bool {
    let shared_out = match allocation {
        AllocationKind::ProRata
        | AllocationKind::ProRataCapped
        | AllocationKind::WaterFilling
        | AllocationKind::Lottery => true,
        AllocationKind::FirstCome | AllocationKind::Guaranteed => false,
    };
    shared_out || pricing == PricingKind::Bids
}

impl RoundSite<'_> {
    fn report(
        &self,
        reader: &mut Reader<'_>,
        code: TermsCode,
        key: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let key = format!("{}.{key}", self.key);
        reader.report_at(code, &key, message, hint);
    }

    fn currencies(&self) -> impl Iterator<Item = &Currency> {
        self.round
            .currencies
            .iter()
            .filter_map(|index| self.terms.currencies.get(index.index()))
    }

    /// The window of the round's only line; positions inside pricing and allocation count there.
    fn window(&self) -> Option<Window> {
        self.round.windows.iter().flatten().copied().next()
    }

    fn counts_in_tokens(&self) -> bool {
        self.terms.numeraire.symbol == self.terms.token.symbol
    }

    fn pair(&self, reader: &mut Reader<'_>) {
        let (pricing, allocation) = (self.round.pricing.kind(), self.round.allocation.kind());
        if let Err(refusal) = pairs::check(pricing, allocation) {
            let message = format!(
                "`{}` with `{}`: {refusal}",
                pricing.name(),
                allocation.name()
            );
            self.report(
                reader,
                TermsCode::PairRefused,
                "allocation",
                message,
                refusal.remedy(),
            );
        }
    }

    /// Batches, Dutch prices and bids share out something that must be stated.
    fn room(&self, reader: &mut Reader<'_>) {
        let (pricing, allocation) = (self.round.pricing.kind(), self.round.allocation.kind());
        let by_price = matches!(pricing, PricingKind::Dutch | PricingKind::Bids);
        if by_price && self.round.supply.is_none() {
            let message = format!(
                "`{}` clears a supply, and the round states none",
                pricing.name()
            );
            let hint = "add `supply` to the round";
            self.report(reader, TermsCode::RoomMissing, "supply", message, hint);
        } else if is_batch(pricing, allocation)
            && self.round.cap.is_none()
            && self.round.supply.is_none()
        {
            let message = format!(
                "`{}` shares out a cap or a supply, and the round has neither",
                allocation.name()
            );
            let hint = "add `cap` or `supply` to the round";
            self.report(reader, TermsCode::RoomMissing, "allocation", message, hint);
        }
        if let (Some(own), Some(all)) = (self.round.supply, self.terms.token.supply.most_for_sale())
            && own > all
        {
            let message = "the round sells more tokens than are for sale at all";
            let hint = "lower the round's `supply`, or raise what the token has for sale";
            self.report(reader, TermsCode::SupplySplit, "supply", message, hint);
        }
    }

    fn pricing(&self, reader: &mut Reader<'_>) {
        match &self.round.pricing {
            Pricing::Fixed { .. } | Pricing::Linear { .. } => {}
            Pricing::Steps { steps } => {
                let sorted = steps.windows(2).all(|pair| match pair {
                    [one, next] => one.from < next.from,
                    _ => true,
                });
                let first = steps.first().map(|step| step.from);
                let covered = first
                    .zip(self.window())
                    .is_some_and(|(first, window)| first <= window.from);
                if !sorted || !covered {
                    let message = if sorted {
                        "the first step begins after the window opens"
                    } else {
                        "a step does not begin after the one before it"
                    };
                    let hint = "order the steps by `from`, the first not later than the window's";
                    self.report(reader, TermsCode::StepOrder, "pricing.steps", message, hint);
                }
            }
            Pricing::Tiers { tiers, .. } => self.tiers(reader, tiers),
            Pricing::Dutch { start, end, .. } => {
                self.needs_money(reader);
                if start <= end {
                    let message = "the price does not fall: `start` is not above `end`";
                    let hint = "both are money per token; `start` is the higher one";
                    self.report(
                        reader,
                        TermsCode::DutchOrder,
                        "pricing.start",
                        message,
                        hint,
                    );
                }
            }
            Pricing::Bids { .. } => {
                self.needs_money(reader);
                self.bid_currency(reader);
            }
        }
    }

    fn tiers(&self, reader: &mut Reader<'_>, tiers: &[super::super::Tier]) {
        let Some((last, before)) = tiers.split_last() else {
            let message = "there is no tier";
            self.report(
                reader,
                TermsCode::TierOrder,
                "pricing.tiers",
                message,
                "add one",
            );
            return;
        };
        let bounds: Option<Vec<_>> = before.iter().map(|tier| tier.up_to).collect();
        let ascending = bounds.is_some_and(|mut bounds| {
            bounds.extend(last.up_to);
            bounds.windows(2).all(|pair| match pair {
                [one, next] => one < next,
                _ => true,
            })
        });
        if !ascending {
            let message = "a tier does not end above the one before it";
            let hint = "order tiers by `up_to`; only the last one may leave it out";
            self.report(reader, TermsCode::TierOrder, "pricing.tiers", message, hint);
        }
    }

    fn needs_money(&self, reader: &mut Reader<'_>) {
        if self.counts_in_tokens() {
            let name = self.round.pricing.kind().name();
            let message =
                format!("`{name}` finds a price in money, and the numeraire is the token");
            let hint = "choose a currency or a unit such as USD as numeraire";
            self.report(
                reader,
                TermsCode::NumeraireIsToken,
                "pricing",
                message,
                hint,
            );
        }
    }

    fn bid_currency(&self, reader: &mut Reader<'_>) {
        let symbols: Vec<&str> = self
            .currencies()
            .map(|currency| currency.symbol.as_str())
            .collect();
        if symbols != [self.terms.numeraire.symbol.as_str()] && !self.counts_in_tokens() {
            let message = "bids need exactly one currency, and it must be the numeraire";
            let hint = "name that currency in `currencies` and in `numeraire`";
            self.report(reader, TermsCode::BidCurrency, "pricing", message, hint);
        }
    }

    fn schedule(&self, reader: &mut Reader<'_>) {
        let Some(window) = self.window() else { return };
        match self.round.allocation {
            Allocation::Lottery { instant, .. } if instant < window.end_exclusive() => {
                let message = "the seed would be public while people can still take part";
                let hint = "draw it after the window's end";
                self.report(
                    reader,
                    TermsCode::LotteryTooEarly,
                    "allocation.instant",
                    message,
                    hint,
                );
            }
            Allocation::Guaranteed { until } if !window.contains(until) => {
                let message = "the reservation ends outside the round's window";
                let hint = "`until` must lie after `from` and before the window's end";
                self.report(
                    reader,
                    TermsCode::ReservationEnd,
                    "allocation.until",
                    message,
                    hint,
                );
            }
            Allocation::FirstCome
            | Allocation::ProRata
            | Allocation::ProRataCapped { .. }
            | Allocation::WaterFilling
            | Allocation::Lottery { .. }
            | Allocation::Guaranteed { .. } => {}
        }
        if let Pricing::Bids {
            sealing: Sealing::Sealed { reveal_until, .. },
            ..
        } = self.round.pricing
            && reveal_until <= window.end_exclusive()
        {
            let message = "bids must be revealed before they may be";
            let hint = "reveals count from the window's end; let `reveal_until` be later";
            let key = "pricing.sealed.reveal_until";
            self.report(reader, TermsCode::RevealTooEarly, key, message, hint);
        }
    }

    fn rounding(&self, reader: &mut Reader<'_>) {
        let (pricing, allocation) = (self.round.pricing.kind(), self.round.allocation.kind());
        let cleared = matches!(
            pricing,
            PricingKind::Tiers | PricingKind::Dutch | PricingKind::Bids
        );
        let limited = self.round.supply.is_some()
            || self.terms.token.supply.most_for_sale().is_some()
            || matches!(self.terms.hard_cap, Some(Bound::Tokens(_)));
        for currency in self.currencies() {
            let key = format!("currency.{}.rounding", currency.symbol);
            let per_investor = currency.rounding.per == RoundingScope::Investor;
            if per_investor && cleared {
                let message = format!(
                    "round `{}` has the price `{}`, which cannot be rounded once per investor",
                    self.round.name,
                    pricing.name()
                );
                let hint = "use `per = \"contribution\"`";
                reader.report_at(TermsCode::RoundingScope, &key, message, hint);
            }
            if per_investor && matches!(currency.rate, RateTerm::Recorded { .. }) {
                let message = "contributions at changing rates have no common sum to round";
                let hint = "use `per = \"contribution\"`, or a fixed rate";
                reader.report_at(TermsCode::RecordedRatePerInvestor, &key, message, hint);
            }
            let up = currency.rounding.mode != RoundingMode::Down;
            if up && limited && is_batch(pricing, allocation) {
                let message = format!(
                    "round `{}` shares out a limited supply; rounding up could give out more",
                    self.round.name
                );
                let hint = "use `mode = \"down\"`; the `dust` rule gives out what is left over";
                reader.report_at(TermsCode::RoundingUpInBatch, &key, message, hint);
            }
        }
    }

    fn misfits(&self, reader: &mut Reader<'_>) {
        let evm = self.currencies().any(|currency| currency.rail == Rail::Evm);
        let kept = [
            ("over_cap", self.round.over_cap),
            ("over_limit", self.round.over_limit),
        ];
        for (key, misfit) in kept {
            if misfit == Misfit::Kept && evm {
                let message = "an escrow contract always returns what does not fit";
                let hint = "use `\"partial\"` or `\"refuse\"`";
                self.report(reader, TermsCode::KeptOnEvm, key, message, hint);
            }
        }
    }

    fn limits(&self, reader: &mut Reader<'_>) {
        let crossed = self.round.contribution_min.iter().any(|least| {
            self.round
                .contribution_max
                .iter()
                .any(|most| match (*least, *most) {
                    (Limit::Value(least), Limit::Value(most)) => least > most,
                    (Limit::Tokens(least), Limit::Tokens(most)) => least > most,
                    (Limit::Money(one, least), Limit::Money(other, most)) => {
                        one == other && least > most
                    }
                    (
                        Limit::Value(_) | Limit::Tokens(_) | Limit::Money(_, _),
                        Limit::Value(_) | Limit::Tokens(_) | Limit::Money(_, _),
                    ) => false,
                })
        });
        let hint = "nobody could take part; lower the minimum";
        if crossed {
            let message = "the smallest contribution is above the largest one";
            self.report(
                reader,
                TermsCode::MinimumAboveMaximum,
                "contribution.min",
                message,
                hint,
            );
        }
        if let (Some(least), Some(Bound::Value(most))) =
            (self.round.investor_min, self.round.investor_max)
            && least > most
        {
            let message = "an investor's least is above the most";
            self.report(
                reader,
                TermsCode::MinimumAboveMaximum,
                "investor.min",
                message,
                hint,
            );
        }
    }
}
