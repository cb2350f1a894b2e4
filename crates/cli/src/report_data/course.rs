//! The price over the sale.

use softcap_offering::{
    LineIndex, Offering, Position, RoundIndex, Settlement, Value, Verdict,
    terms::{Access, Pricing, Round},
};

use crate::report::{PositionAxis, PriceView, SeriesPoint};

use super::{
    price::{Direction, Price},
    rounds::{clearing_words, direction, numeraire_pair, price},
    words::{Words, sentence},
};

/// Points at which a price is drawn that changes all the time.
const SAMPLES: u64 = 240;

/// The price from the first to the last contribution; a sentence where no chart can show it.
///
/// `raise` is the series of the page, on `axis`.
pub(super) fn price_view(
    offering: &Offering,
    settlement: &Settlement,
    axis: &PositionAxis,
    raise: &[SeriesPoint],
) -> PriceView {
    let words = Words {
        terms: offering.terms(),
    };
    let direction = direction(words.terms);
    let clearing = clearing(words, direction, settlement);
    let points = match axis {
        // Heights of several chains are no position of one round's schedule.
        PositionAxis::RowOrder => Vec::new(),
        PositionAxis::UnixMillis | PositionAxis::BlockHeight { .. } => {
            drawn(offering, raise).unwrap_or_default()
        }
    };
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return PriceView::Single {
            summary: clearing.unwrap_or_else(|| listed(words, direction)),
        };
    };
    let pair = numeraire_pair(words.terms);
    let told = |price: Price| pair.words(price, direction);
    let course = if points.iter().all(|(_, price)| *price == first.1) {
        format!("{} from the first to the last contribution.", told(first.1))
    } else {
        format!("{} at first, {} at last.", told(first.1), told(last.1))
    };
    let decimals = points
        .iter()
        .map(|(_, price)| price.decimals(direction))
        .max()
        .unwrap_or(0);
    PriceView::OverPosition {
        label: pair.label(direction),
        decimals,
        points: points
            .iter()
            .map(|(x, price)| SeriesPoint {
                x: *x,
                value: price.drawn(direction, decimals),
            })
            .collect(),
        summary: match clearing {
            Some(clearing) => format!("{course} {clearing}"),
            None => course,
        },
    }
}

/// Every clearing price in a sentence; `None` where there is none to tell.
fn clearing(words: Words<'_>, direction: Direction, settlement: &Settlement) -> Option<String> {
    if settlement.settled.verdict != Verdict::Succeeded {
        return None;
    }
    let rounds = words.terms.rounds.iter().zip(&settlement.rounds);
    let told: Vec<String> = rounds
        .filter_map(|(round, result)| {
            let at_the_end = matches!(round.pricing, Pricing::Dutch { .. } | Pricing::Bids { .. });
            let name = name(words, round);
            if !at_the_end {
                return None;
            }
            Some(match result.clearing {
                None => format!("No bid won{name}."),
                Some(price) => match clearing_words(words, direction, price) {
                    Some(price) => format!("Everybody pays the clearing price{name}: {price}."),
                    None => format!("The clearing price{name} is nothing."),
                },
            })
        })
        .collect();
    (!told.is_empty()).then(|| told.join(" "))
}

/// The prices of the terms, for a sale that no chart of prices can show.
fn listed(words: Words<'_>, direction: Direction) -> String {
    let told = words.terms.rounds.iter().map(|round| {
        let text = price(words, direction, round);
        let text = text.trim_end_matches('.');
        match words.terms.rounds.len() {
            1 => sentence(text),
            _ => sentence(&format!("{}: {text}", round.name)),
        }
    });
    told.collect::<Vec<_>>().join(" ")
}

fn name(words: Words<'_>, round: &Round) -> String {
    match words.terms.rounds.len() {
        1 => String::new(),
        _ => format!(" in the round {}", round.name),
    }
}

/// Positions and prices, each where it changes; `None` where a round has no price by position.
fn drawn(offering: &Offering, raise: &[SeriesPoint]) -> Option<Vec<(i64, Price)>> {
    let terms = offering.terms();
    if (Words { terms }).counts_in_tokens() {
        return None;
    }
    let at = |point: &SeriesPoint| u64::try_from(point.x).ok();
    let span = (
        raise.iter().filter_map(at).min()?,
        raise.iter().filter_map(at).max()?,
    );
    if terms
        .rounds
        .iter()
        .any(|round| matches!(round.pricing, Pricing::Tiers { .. }))
    {
        return by_amount(offering, raise);
    }
    let pair = numeraire_pair(terms);
    let mut points: Vec<(i64, Price)> = Vec::new();
    for position in positions(offering, span) {
        let Some(round) = in_force(offering, Position(position)) else {
            continue;
        };
        let Some(ratio) = offering.quoted_price(round, Position(position)) else {
            continue;
        };
        note(
            &mut points,
            i64::try_from(position).ok()?,
            pair.price(ratio),
        );
    }
    Some(points)
}

/// Adds a point where the price differs from the one before, which holds until then.
fn note(points: &mut Vec<(i64, Price)>, x: i64, price: Price) {
    if points.last().is_none_or(|(_, before)| *before != price) {
        points.push((x, price));
    }
}

/// Positions between the first and the last contribution at which a price may change, in order.
fn positions(offering: &Offering, (from, to): (u64, u64)) -> Vec<u64> {
    let mut positions = vec![from, to];
    for (place, round) in (0_u8..).map(RoundIndex).zip(&offering.terms().rounds) {
        let Some(window) = offering.round_window(place, LineIndex(0)) else {
            continue;
        };
        let end = window.end_exclusive().0;
        positions.extend([window.from.0, end]);
        match &round.pricing {
            Pricing::Steps { steps } => positions.extend(steps.iter().map(|step| step.from.0)),
            Pricing::Linear { .. } | Pricing::Dutch { .. } => {
                let (first, last) = (window.from.0.max(from), end.min(to));
                let length = last.saturating_sub(first);
                let part = |n: u64| u128::from(length) * u128::from(n) / u128::from(SAMPLES);
                let offsets = (0..=SAMPLES).filter_map(|n| u64::try_from(part(n)).ok());
                positions.extend(offsets.filter_map(|offset| first.checked_add(offset)));
            }
            Pricing::Fixed { .. } | Pricing::Tiers { .. } | Pricing::Bids { .. } => {}
        }
    }
    positions.retain(|position| (from..=to).contains(position));
    positions.sort_unstable();
    positions.dedup();
    positions
}

/// The round whose price a page shows at a position: the first public one that is open, or else the
/// first.
fn in_force(offering: &Offering, position: Position) -> Option<RoundIndex> {
    let open = |public: bool| {
        (0_u8..)
            .map(RoundIndex)
            .zip(&offering.terms().rounds)
            .find_map(|(place, round)| {
                let window = offering.round_window(place, LineIndex(0))?;
                let closed = offering
                    .closed_early(place)
                    .is_some_and(|at| at.position <= position);
                let shown = round.access == Access::Public || !public;
                (shown && !closed && window.contains(position)).then_some(place)
            })
    };
    open(true).or_else(|| open(false))
}

/// Tiers: the price that the raise had reached, which the series shows as long as there is one round
/// and nothing went back (tiers look at what was taken, the series at what is left).
fn by_amount(offering: &Offering, raise: &[SeriesPoint]) -> Option<Vec<(i64, Price)>> {
    let terms = offering.terms();
    let [round] = terms.rounds.as_slice() else {
        return None;
    };
    let Pricing::Tiers { tiers, .. } = &round.pricing else {
        return None;
    };
    let taken = offering.gross_raised(RoundIndex(0))?;
    let rising = raise.is_sorted_by_key(|point| point.value);
    if !rising || raise.last().map(|point| Value(point.value)) != Some(taken) {
        return None;
    }
    let pair = numeraire_pair(terms);
    let mut points = Vec::new();
    // The first contribution itself paid the first price.
    let begin = raise.first().map(|point| SeriesPoint {
        x: point.x,
        value: 0,
    });
    for point in begin.iter().chain(raise) {
        let next = tiers
            .iter()
            .find(|tier| tier.up_to.is_none_or(|end| point.value < end.0));
        if let Some(tier) = next {
            note(&mut points, point.x, pair.price(tier.price));
        }
    }
    Some(points)
}
