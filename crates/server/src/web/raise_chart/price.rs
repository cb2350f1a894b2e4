//! What a token costs over time, where that follows from the terms and the clock alone.

use softcap_offering::{
    LineIndex, Offering, Position, Ratio, RoundIndex, Span,
    terms::{Pricing, Window},
};

/// Points in which a price that falls bit by bit is drawn, for each round.
const MOST: u64 = 60;

/// A price from a position on; none: nothing is sold, or the price does not follow from time.
pub(super) type PricePoint = (Position, Option<Ratio>);

/// The prices of all rounds in the order of time; empty where there is one price and no other.
pub(super) fn price_path(offering: &Offering) -> Vec<PricePoint> {
    let mut path: Vec<PricePoint> = Vec::new();
    let rounds = (0_u8..).zip(&offering.terms().rounds);
    for (place, round) in rounds {
        let index = RoundIndex(place);
        let Some(window) = offering.round_window(index, LineIndex(0)) else {
            continue;
        };
        for at in changes(&round.pricing, window) {
            path.push((at, offering.quoted_price(index, at)));
        }
        path.push((window.end_exclusive(), None));
    }
    // Stable: where one round ends and the next begins, the price stands after the end.
    path.sort_by_key(|(at, price)| (*at, price.is_some()));
    let mut prices: Vec<Ratio> = path.iter().filter_map(|(_, price)| *price).collect();
    prices.dedup();
    if prices.len() < 2 {
        return Vec::new();
    }
    path
}

/// Where a price begins within a window.
fn changes(pricing: &Pricing, window: Window) -> Vec<Position> {
    match pricing {
        Pricing::Fixed { .. } => vec![window.from],
        Pricing::Steps { steps } => {
            let inside = steps.iter().map(|step| step.from);
            let inside = inside.filter(|from| *from > window.from && window.contains(*from));
            std::iter::once(window.from).chain(inside).collect()
        }
        Pricing::Linear { granularity, .. } | Pricing::Dutch { granularity, .. } => {
            bit_by_bit(window, *granularity)
        }
        // What was raised decides, or everybody by a bid.
        Pricing::Tiers { .. } | Pricing::Bids { .. } => Vec::new(),
    }
}

/// At whole multiples of the stretch in which the price stays, few enough to draw.
fn bit_by_bit(window: Window, granularity: Span) -> Vec<Position> {
    let stretch = granularity.0.max(1);
    let length = window.end_exclusive().0.saturating_sub(window.from.0);
    let stride = length.div_ceil(stretch).div_ceil(MOST).max(1);
    let step = stretch.saturating_mul(stride);
    let mut at = window.from;
    let mut all = Vec::new();
    while window.contains(at) {
        all.push(at);
        let next = at.after(Span(step));
        if next <= at {
            break;
        }
        at = next;
    }
    all
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use softcap_offering::terms::Terms;

    use super::*;

    const OPENS: u64 = 1_772_323_200_000; // 2026-03-01T00:00:00Z
    const HOUR: u64 = 3_600_000;

    /// A day with a round of this pricing, and an hour's break before a second one at 2 TOK per EUR.
    fn path(pricing: &str) -> Vec<(u64, Option<(u128, u128)>)> {
        let text = format!(
            "rules = 1\nname = \"P\"\norigin = \"softcap.example/p\"\n[clock]\nkind = \"time\"\n\
             [token]\nname = \"T\"\nsymbol = \"TOK\"\ndecimals = 0\n[token.supply]\nkind = \"minted\"\n\
             [currency.EUR]\ndecimals = 0\nrail = \"balance\"\n[[round]]\nname = \"one\"\n\
             from = \"2026-03-01T00:00:00Z\"\nuntil = \"2026-03-02T00:00:00Z\"\nend = \"exclusive\"\n{pricing}\n\
             [[round]]\nname = \"two\"\nfrom = \"2026-03-02T01:00:00Z\"\nuntil = \"2026-03-02T02:00:00Z\"\n\
             end = \"exclusive\"\nprice = \"2 TOK per EUR\"\n"
        );
        let terms = Terms::parse(&text).unwrap();
        let offering = Offering::new(Arc::new(terms));
        let path = price_path(&offering).into_iter();
        path.map(|(at, price)| {
            let price = price.map(|price| (price.num(), price.den()));
            ((at.0 - OPENS) / HOUR, price)
        })
        .collect()
    }

    #[test]
    fn a_price_that_never_changes_is_no_path() {
        assert_eq!(path("price = \"2 TOK per EUR\""), []);
    }

    #[test]
    fn each_round_and_each_step_begins_where_the_terms_say() {
        let fixed = path("price = \"3 TOK per EUR\"");
        let rest = [(24, None), (25, Some((2, 1))), (26, None)];
        assert_eq!(fixed, [&[(0, Some((3, 1)))][..], &rest].concat());
        let steps = "[round.pricing]\nkind = \"steps\"\nsteps = [\n\
            { from = \"2026-03-01T00:00:00Z\", price = \"7 TOK per EUR\" },\n\
            { from = \"2026-03-01T12:00:00Z\", price = \"5 TOK per EUR\" },\n]";
        let first = [(0, Some((7, 1))), (12, Some((5, 1)))];
        assert_eq!(path(steps), [&first[..], &rest].concat());
    }

    #[test]
    fn a_falling_price_is_drawn_where_it_falls_and_in_few_points() {
        let dutch = |granularity: &str| {
            path(&format!(
                "supply = \"100 TOK\"\n[round.pricing]\nkind = \"dutch\"\nstart = \"10 EUR per TOK\"\n\
                 end = \"4 EUR per TOK\"\ngranularity = \"{granularity}\""
            ))
        };
        let hourly = dutch("1 hour");
        assert_eq!(hourly.len(), 24 + 3);
        assert_eq!(hourly[12], (12, Some((1, 7))));
        let usual = usize::try_from(MOST).unwrap();
        assert!(dutch("1 second").len() <= usual + 3);
    }
}
