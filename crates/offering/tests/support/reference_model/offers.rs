//! Sealed bids, reserve prices, and the falling price of a Dutch auction.

use num_bigint::BigInt;
use sha2::{Digest, Sha256};
use softcap_offering::{
    Funding, LimitPrice, Stamp, Value,
    terms::{Pricing, Sealing},
};

use super::super::fraction::{Fraction, big};
use super::{Answer, Model, Payment, Piece};

impl Model {
    pub(super) fn commit(
        &mut self,
        sequence: u64,
        stamp: Stamp,
        (who, locked, funding): (String, BigInt, Funding),
        commitment: [u8; 32],
    ) -> Option<Answer> {
        self.require_running()?;
        let currency = self.sealed_currency(stamp);
        if self.is_paused(stamp) || !self.sum_fits(currency, &locked) {
            return None;
        }
        let round = self.open_round(stamp, currency, &who)?;
        let Pricing::Bids {
            sealing: Sealing::Sealed { lock_step, .. },
            ..
        } = self.terms.rounds[round].pricing
        else {
            return None;
        };
        let live = self
            .payments
            .iter()
            .any(|paid| paid.who == who && paid.round == Some(round) && paid.sealed.is_some());
        if locked == big(0) || &locked % big(lock_step.0) != big(0) || live {
            return None;
        }
        if funding == Funding::Account && self.draws_too_much(&who, currency, &locked) {
            return None;
        }
        self.payments.push(Payment {
            sequence,
            who,
            currency,
            amount: locked.clone(),
            funding,
            position: stamp.position.0,
            right_from: stamp.position.0,
            round: Some(round),
            rate: Fraction::new(big(1), big(1)),
            limit: None,
            sealed: Some(commitment),
            pieces: Vec::new(),
            waiting: big(0),
            kept: big(0),
            given: None,
            over_limit: false,
            reasoned: true,
        });
        Some(Answer::Taken {
            round,
            accepted: big(0),
            refunded: big(0),
            waiting: locked,
            kept: big(0),
            tokens: big(0),
        })
    }

    pub(super) fn reveal(
        &mut self,
        stamp: Stamp,
        bid: u64,
        amount: BigInt,
        limit: LimitPrice,
        salt: &[u8; 32],
    ) -> Option<()> {
        self.require_running()?;
        let place = self.find(bid)?;
        let paid = &self.payments[place];
        let (commitment, round) = (paid.sealed?, paid.round?);
        let Pricing::Bids {
            min_proceeds,
            sealing: Sealing::Sealed { reveal_until, .. },
        } = self.terms.rounds[round].pricing
        else {
            return None;
        };
        let opens = self.commitment(&paid.who, &amount, limit, salt) == commitment;
        let in_time = self.is_over(round) && stamp.position < reveal_until;
        if !opens || !in_time || amount == big(0) || amount > paid.amount {
            return None;
        }
        self.reserve_is_met(round, min_proceeds, limit)?;
        let conditions = self.conditions(paid)?;
        self.minimum_is_met(&conditions, &paid.who, &amount)?;
        let (accepted, kept) = self.within_limits(&conditions, &paid.who, &amount)?;
        let (at, now) = (
            self.next - 1,
            self.latest(self.currency(paid.currency).line.index()),
        );
        let paid = &mut self.payments[place];
        paid.sealed = None;
        paid.limit = Some(limit);
        paid.right_from = now;
        paid.kept = kept;
        paid.reasoned = accepted < amount;
        paid.pieces.push(Piece::Taken {
            money: accepted,
            raised: conditions.raised,
            at,
        });
        Some(())
    }

    /// The hash of a sealed bid, from its description.
    fn commitment(
        &self,
        who: &str,
        amount: &BigInt,
        limit: LimitPrice,
        salt: &[u8; 32],
    ) -> [u8; 32] {
        let mut text = b"softcap/sealed-bid/v1\0".to_vec();
        text.extend(self.hash);
        text.extend(u16::try_from(who.len()).unwrap().to_be_bytes());
        text.extend(who.as_bytes());
        for number in [
            u128::try_from(amount.clone()).unwrap(),
            limit.money,
            limit.tokens,
        ] {
            text.extend(number.to_be_bytes());
        }
        text.extend(salt);
        Sha256::digest(text).into()
    }

    /// A bid's limit must be a price, and at least what the lot must bring.
    pub(super) fn reserve_is_met(
        &self,
        round: usize,
        min_proceeds: Value,
        limit: LimitPrice,
    ) -> Option<()> {
        if limit.money == 0 || limit.tokens == 0 {
            return None;
        }
        let supply = self.terms.rounds[round].supply?;
        let reserve = Fraction::new(big(min_proceeds.0), big(supply.0));
        reserve
            .at_most(&Fraction::new(big(limit.money), big(limit.tokens)))
            .then_some(())
    }

    /// The currency in which sealed bids lock money at a position; the first one where no round with
    /// sealed bids is open.
    pub(super) fn sealed_currency(&self, stamp: Stamp) -> usize {
        let sealed = self.terms.rounds.iter().enumerate().filter(|(_, terms)| {
            matches!(
                terms.pricing,
                Pricing::Bids {
                    sealing: Sealing::Sealed { .. },
                    ..
                }
            )
        });
        let mut open = sealed.filter(|(round, _)| {
            let window = self.window(*round, stamp.line.index());
            window.is_some_and(|(from, end)| (from..end).contains(&stamp.position.0))
        });
        open.next()
            .map_or(0, |(_, terms)| terms.currencies[0].index())
    }

    pub(super) fn reveals_are_open(&self) -> bool {
        let waits = self.payments.iter().any(|paid| paid.sealed.is_some());
        waits
            && self.terms.rounds.iter().any(|terms| match terms.pricing {
                Pricing::Bids {
                    sealing: Sealing::Sealed { reveal_until, .. },
                    ..
                } => self.latest(0) < reveal_until.0,
                _ => false,
            })
    }

    /// Money per token at a position: on the line from start to end of the announced window, in
    /// steps of the granularity; the end price from the stated end on.
    pub(super) fn dutch_price(&self, round: usize, at: u64) -> Fraction {
        let terms = &self.terms.rounds[round];
        let Pricing::Dutch {
            start,
            end,
            granularity,
        } = &terms.pricing
        else {
            panic!("round {round} is no Dutch auction");
        };
        let window = terms.windows.iter().flatten().next().unwrap();
        let total = window.until.0 - window.from.0;
        let (start, end) = (Fraction::of(*start), Fraction::of(*end));
        if at >= window.until.0 {
            return end;
        }
        let elapsed = at.saturating_sub(window.from.0) / granularity.0 * granularity.0;
        let part = Fraction::new(big(elapsed.into()), big(total.into()));
        start.minus(&start.minus(&end).times(&part))
    }
}
