//! Rules that are each allowed and cannot be kept together.

use super::super::super::problem::TermsCode;
use super::super::super::{Allocation, Bound, Limit, PauseEnd, Pricing, Sealing};
use super::super::reader::Reader;
use super::{RoundSite, is_batch};
use crate::pairs::{AllocationKind, PricingKind};

impl RoundSite<'_> {
    pub(super) fn conflicts(&self, reader: &mut Reader<'_>) {
        self.money_caps_of_bids(reader);
        self.credits(reader);
        self.guarantees(reader);
        self.moving_ends(reader);
        self.token_limits(reader);
        self.supply_above_hard_cap(reader);
        self.one_falling_price(reader);
    }

    fn is_cleared(&self) -> bool {
        matches!(
            self.round.pricing.kind(),
            PricingKind::Dutch | PricingKind::Bids
        )
    }

    /// An auction finds the money for its supply; money that is bounded besides would have no price.
    fn money_caps_of_bids(&self, reader: &mut Reader<'_>) {
        if self.round.pricing.kind() != PricingKind::Bids || self.counts_in_tokens() {
            return;
        }
        let hint = "bound the auction by `supply`, or the offering by a hard cap in tokens";
        if self.round.cap.is_some() {
            let message =
                "bids clear a supply; a cap in money would leave a part of it without a price";
            self.report(reader, TermsCode::KeyConflict, "cap", message, hint);
        }
        if matches!(self.terms.hard_cap, Some(Bound::Value(_))) {
            let message = format!(
                "round `{}` takes bids, which clear a supply whatever money it brings",
                self.round.name
            );
            reader.report_at(TermsCode::KeyConflict, "hard_cap", message, hint);
        }
    }

    /// A credit buys tokens that no share of a batch and no clearing price accounts for.
    fn credits(&self, reader: &mut Reader<'_>) {
        let batch = is_batch(self.round.pricing.kind(), self.round.allocation.kind());
        if !batch && !self.is_cleared() {
            return;
        }
        for currency in self
            .currencies()
            .filter(|currency| !currency.credit.is_zero())
        {
            let key = format!("currency.{}.credit", currency.symbol);
            let message = format!(
                "round `{}` does not know at once what money buys",
                self.round.name
            );
            let hint = "credits go with prices that hold at once and with the order of the journal";
            reader.report_at(TermsCode::KeyConflict, &key, message, hint);
        }
    }

    /// A guarantee is room that is held back from others, so there must be room of the round's own.
    fn guarantees(&self, reader: &mut Reader<'_>) {
        let guaranteed = self.round.allocation.kind() == AllocationKind::Guaranteed;
        if guaranteed && self.round.cap.is_none() {
            let message = "guarantees are reserved under the round's cap, and the round has none";
            let hint = "add `cap` to the round";
            self.report(reader, TermsCode::RoomMissing, "cap", message, hint);
        }
    }

    /// A seed has its instant and reveals have their end, whatever a pause does to the window.
    fn moving_ends(&self, reader: &mut Reader<'_>) {
        if self
            .terms
            .pause
            .is_none_or(|pause| pause.end == PauseEnd::Fixed)
        {
            return;
        }
        let lottery = matches!(self.round.allocation, Allocation::Lottery { .. });
        let sealed = matches!(
            self.round.pricing,
            Pricing::Bids {
                sealing: Sealing::Sealed { .. },
                ..
            }
        );
        if lottery || sealed {
            let message = format!(
                "a pause would move the end of round `{}` towards its seed or its reveals, which \
                 cannot move",
                self.round.name
            );
            let hint = "use `end = \"fixed\"`";
            reader.report_at(TermsCode::KeyConflict, "pause.end", message, hint);
        }
    }

    /// Limits in tokens need a price when money comes in.
    fn token_limits(&self, reader: &mut Reader<'_>) {
        if !self.is_cleared() {
            return;
        }
        let tokens =
            |limits: &[Limit]| limits.iter().any(|limit| matches!(limit, Limit::Tokens(_)));
        let found = [
            ("contribution.min", tokens(&self.round.contribution_min)),
            ("contribution.max", tokens(&self.round.contribution_max)),
            (
                "investor.max",
                matches!(self.round.investor_max, Some(Bound::Tokens(_))),
            ),
        ];
        for (key, _) in found.into_iter().filter(|(_, found)| *found) {
            let message =
                "what money buys is known when the round is over, and this bound is in tokens";
            let hint = "state it in money";
            self.report(reader, TermsCode::KeyConflict, key, message, hint);
        }
    }

    fn one_falling_price(&self, reader: &mut Reader<'_>) {
        let lines = self.round.windows.iter().flatten().count();
        if self.round.pricing.kind() == PricingKind::Dutch && lines > 1 {
            let message =
                "the price falls along one clock, and the round takes money of several chains";
            let hint = "make one round for each chain, or use `clock.kind = \"time\"`";
            self.report(reader, TermsCode::SeveralLines, "pricing", message, hint);
        }
    }

    fn supply_above_hard_cap(&self, reader: &mut Reader<'_>) {
        if let (Some(own), Some(Bound::Tokens(all))) = (self.round.supply, self.terms.hard_cap)
            && own > all
        {
            let message = "the round sells more tokens than the hard cap";
            let hint = "lower the round's `supply`, or raise the hard cap";
            self.report(reader, TermsCode::SupplySplit, "supply", message, hint);
        }
    }
}
