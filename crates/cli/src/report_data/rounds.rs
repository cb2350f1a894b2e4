//! The rounds in words: window, price, allocation, limits, and how each ended.

use softcap_offering::{
    CurrencyIndex, LimitPrice, LineIndex, Offering, Ratio, RoundIndex, RoundSettlement, Settlement,
    Span, Tokens, Value, Verdict,
    terms::{
        Access, Allocation, Bound, Crossing, FreedRoom, Limit, MarginalWinner, Misfit, PriceStep,
        Pricing, RateTerm, Round, Sealing, Terms, TieRule, Tier, Window, WindowEnd,
    },
};

use crate::report::{RoundTerms, grouped};

use super::{
    price::{Direction, Pair, Price},
    words::{Words, listed, percent, sentence},
};

/// Most steps that a page lists one by one.
const LISTED_STEPS: usize = 6;

/// Token and numeraire.
pub(super) fn numeraire_pair(terms: &Terms) -> Pair<'_> {
    Pair {
        token: &terms.token.symbol,
        token_decimals: terms.token.decimals,
        money: &terms.numeraire.symbol,
        money_decimals: terms.numeraire.decimals,
    }
}

/// The direction in which the page tells prices in the numeraire.
pub(super) fn direction(terms: &Terms) -> Direction {
    let pair = numeraire_pair(terms);
    let mut prices = Vec::new();
    for round in &terms.rounds {
        match &round.pricing {
            Pricing::Fixed { price } | Pricing::Linear { base: price, .. } => {
                prices.push(pair.price(*price));
            }
            Pricing::Steps { steps } => {
                prices.extend(
                    steps
                        .iter()
                        .take(LISTED_STEPS)
                        .map(|step| pair.price(step.price)),
                );
                prices.extend(steps.last().map(|step| pair.price(step.price)));
            }
            Pricing::Tiers { tiers, .. } => {
                prices.extend(tiers.iter().map(|tier| pair.price(tier.price)));
            }
            Pricing::Dutch { start, end, .. } => {
                prices.extend(
                    [*start, *end]
                        .into_iter()
                        .filter_map(|p| pair.money_price(p)),
                );
            }
            // Who bids names money for a token.
            Pricing::Bids { .. } => {}
        }
    }
    if prices.is_empty() {
        Direction::MoneyPerToken
    } else {
        Pair::direction(&prices)
    }
}

/// All rounds in the order of the terms.
pub(super) fn rounds(offering: &Offering, settlement: &Settlement) -> Vec<RoundTerms> {
    let terms = offering.terms();
    let words = Words { terms };
    let direction = direction(terms);
    let places = (0_u8..).map(RoundIndex);
    places
        .zip(terms.rounds.iter().zip(&settlement.rounds))
        .map(|(index, (round, result))| RoundTerms {
            name: round.name.clone(),
            window: window(offering, index, round),
            price: price(words, direction, round),
            allocation: allocation(words, round),
            limits: limits(words, round),
            result: ended(words, direction, settlement, result),
        })
        .collect()
}

/// From when to when, as the terms state it, and what pauses and the issuer made of it.
fn window(offering: &Offering, index: RoundIndex, round: &Round) -> String {
    let words = Words {
        terms: offering.terms(),
    };
    let mut parts = Vec::new();
    for (line, stated) in (0_u8..).map(LineIndex).zip(&round.windows) {
        let Some(stated) = stated else { continue };
        parts.push(sentence(&stretch(words, line, *stated)));
        if let Some(now) = offering
            .round_window(index, line)
            .filter(|now| now != stated)
        {
            parts.push(format!("A pause moved it: {}.", stretch(words, line, now)));
        }
    }
    if let Some(closed) = offering.closed_early(index) {
        let at = words.position(closed.line, closed.position);
        parts.push(format!("The issuer closed it early, at {at}."));
    }
    parts.join(" ")
}

fn stretch(words: Words<'_>, line: LineIndex, window: Window) -> String {
    let end = match window.end {
        WindowEnd::Inclusive => "up to and including",
        WindowEnd::Exclusive => "up to but not including",
    };
    let (from, until) = (
        words.position(line, window.from),
        words.position(line, window.until),
    );
    format!("from {from} {end} {until}")
}

/// How many tokens a unit of money buys.
pub(super) fn price(words: Words<'_>, direction: Direction, round: &Round) -> String {
    let terms = words.terms;
    let pair = numeraire_pair(terms);
    let told = |ratio: Ratio| pair.words(pair.price(ratio), direction);
    match &round.pricing {
        Pricing::Fixed { price } if words.counts_in_tokens() => by_rates(terms, *price, round),
        Pricing::Fixed { price } => told(*price),
        Pricing::Steps { steps } => steps_words(words, first_line(round), steps, told),
        Pricing::Linear {
            base,
            bonus,
            per,
            until,
            granularity,
        } => format!(
            "{}, and {} more tokens for each {} before {}{}.",
            told(*base),
            percent(*bonus),
            words.span(*per),
            words.position(first_line(round), *until),
            counting(words, *granularity)
        ),
        Pricing::Tiers { tiers, crossing } => tiers_words(words, tiers, *crossing, told),
        Pricing::Dutch {
            start,
            end,
            granularity,
        } => {
            let money = |ratio: Ratio| {
                pair.money_price(ratio)
                    .map_or_else(String::new, |p| pair.words(p, direction))
            };
            format!(
                "The price falls from {} to {} at the end of the window, each {}. Everybody pays \
                 the clearing price.",
                money(*start),
                money(*end),
                words.span(*granularity)
            )
        }
        Pricing::Bids {
            min_proceeds,
            sealing,
        } => bids(words, round, *min_proceeds, *sealing),
    }
}

/// The prices of all steps, or of some where there are many.
fn steps_words(
    words: Words<'_>,
    line: LineIndex,
    steps: &[PriceStep],
    told: impl Fn(Ratio) -> String,
) -> String {
    let step = |step: &PriceStep| {
        format!(
            "from {} {}",
            words.position(line, step.from),
            told(step.price)
        )
    };
    match steps {
        [first, second, .., last] if steps.len() > LISTED_STEPS => sentence(&format!(
            "in {} steps: {}; {}; and so on, at last {}",
            grouped(steps.len() as u128),
            step(first),
            step(second),
            step(last)
        )),
        all => sentence(&all.iter().map(step).collect::<Vec<_>>().join("; ")),
    }
}

/// A distance that counts in whole multiples of more than the smallest unit says so.
fn counting(words: Words<'_>, granularity: Span) -> String {
    if granularity.0 <= 1 {
        return ", in proportion".to_owned();
    }
    format!(
        ", in proportion, counted in whole multiples of {}",
        words.span(granularity)
    )
}

/// Prices of a round whose numeraire is the token: the rates are the prices.
fn by_rates(terms: &Terms, price: Ratio, round: &Round) -> String {
    let told = round.currencies.iter().filter_map(|index| {
        let currency = terms.currencies.get(index.index())?;
        let RateTerm::Fixed(rate) = currency.rate else {
            return Some(format!("{} at the recorded rate", currency.symbol));
        };
        let pair = Pair {
            token: &terms.token.symbol,
            token_decimals: terms.token.decimals,
            money: &currency.symbol,
            money_decimals: currency.decimals,
        };
        let price = pair.price(price.checked_mul(rate)?);
        Some(pair.words(price, Pair::direction(&[price])))
    });
    told.collect::<Vec<_>>().join("; ")
}

fn tiers_words(
    words: Words<'_>,
    tiers: &[Tier],
    crossing: Crossing,
    told: impl Fn(Ratio) -> String,
) -> String {
    let parts = tiers
        .iter()
        .enumerate()
        .map(|(place, tier)| match (tier.up_to, place) {
            (Some(end), _) => format!("up to {} raised {}", words.value(end), told(tier.price)),
            (None, 0) => told(tier.price),
            (None, _) => format!("beyond that {}", told(tier.price)),
        });
    let crossing = match crossing {
        Crossing::Split => "Each part of a purchase that crosses a boundary pays its own price.",
        Crossing::Before => "A purchase that crosses a boundary wholly pays the price before it.",
    };
    format!(
        "{} {crossing}",
        sentence(&parts.collect::<Vec<_>>().join("; "))
    )
}

fn bids(words: Words<'_>, round: &Round, least: Value, sealing: Sealing) -> String {
    let least = if least.is_zero() {
        String::new()
    } else {
        format!(
            " The whole supply goes for {} at least.",
            words.value(least)
        )
    };
    let sealed = match sealing {
        Sealing::Open => "Bids are open.".to_owned(),
        Sealing::Sealed {
            lock_step,
            reveal_until,
            bond,
        } => {
            let currency = round
                .currencies
                .first()
                .copied()
                .unwrap_or(CurrencyIndex(0));
            let bond = if bond.0 == 0 {
                "goes back".to_owned()
            } else {
                format!("goes back less {} that is kept", percent(bond))
            };
            format!(
                "Bids are sealed: money is locked in steps of {}, and what is not revealed before \
                 {} {bond}.",
                words.amount(currency, lock_step),
                words.position(first_line(round), reveal_until)
            )
        }
    };
    format!("Bids; all who win pay one clearing price.{least} {sealed}")
}

/// The first clock line on which the round has a window.
fn first_line(round: &Round) -> LineIndex {
    let place = round.windows.iter().position(Option::is_some).unwrap_or(0);
    LineIndex(u8::try_from(place).unwrap_or(0))
}

/// Who gets how much when more is asked than is on sale.
fn allocation(words: Words<'_>, round: &Round) -> String {
    if matches!(round.pricing, Pricing::Bids { .. }) {
        let equal = match words.terms.tie {
            TieRule::ProRata => "equal bids at the margin share in proportion",
            TieRule::ById => "of equal bids the smaller one, then the smaller id, comes first",
        };
        return format!("The highest bids win; {equal}.");
    }
    match &round.allocation {
        Allocation::FirstCome => "First come, first served.".to_owned(),
        Allocation::ProRata => {
            "If more is asked than is on sale, everybody gets the same part of it.".to_owned()
        }
        Allocation::ProRataCapped { cap } => format!(
            "If more is asked than is on sale, everybody gets the same part of what they asked, \
             counted up to {}.",
            words.value(*cap)
        ),
        Allocation::WaterFilling => "If more is asked than is on sale, everybody gets the same \
                                     amount, up to what they asked."
            .to_owned(),
        Allocation::Lottery {
            source,
            instant,
            marginal,
        } => {
            let last = match marginal {
                MarginalWinner::Partial => "the last winner may be filled in part",
                MarginalWinner::Skip => "a winner for whom not all is left gets nothing",
            };
            let at = words.position(first_line(round), *instant);
            format!("Drawn by lottery with the public seed of {source} at {at}; {last}.")
        }
        Allocation::Guaranteed { until } => format!(
            "Guaranteed amounts are reserved until {}; the rest is first come, first served.",
            words.position(first_line(round), *until)
        ),
    }
}

/// Caps, bounds and who may take part, one sentence each.
fn limits(words: Words<'_>, round: &Round) -> Vec<String> {
    let terms = words.terms;
    let mut limits = Vec::new();
    if round.access == Access::Admitted {
        limits.push("Only for investors whom the issuer admitted.".to_owned());
    }
    if round.currencies.len() < terms.currencies.len() {
        let taken = round
            .currencies
            .iter()
            .filter_map(|index| words.currency(*index));
        let taken: Vec<String> = taken.map(|currency| currency.symbol.clone()).collect();
        limits.push(format!("Takes only {}.", listed(&taken)));
    }
    limits.extend(
        round
            .cap
            .map(|cap| format!("At most {} in the round.", words.value(cap))),
    );
    let supply = round.supply.map(|supply| words.tokens(supply));
    limits.extend(supply.map(|supply| format!("At most {supply} are sold in the round.")));
    limits.extend(round.contribution_min.iter().map(|limit| {
        if is_zero(*limit) {
            return "A contribution of nothing is accepted.".to_owned();
        }
        format!("At least {} per contribution.", limit_words(words, *limit))
    }));
    let most = round
        .contribution_max
        .iter()
        .map(|limit| limit_words(words, *limit));
    limits.extend(most.map(|most| format!("At most {most} per contribution.")));
    let least = round.investor_min.map(|least| words.value(least));
    limits.extend(least.map(|least| format!("At least {least} per investor in the round.")));
    let most = round.investor_max.map(|most| words.bound(most));
    limits.extend(most.map(|most| format!("At most {most} per investor in the round.")));
    limits.extend(misfits(words, round));
    limits
}

fn is_zero(limit: Limit) -> bool {
    match limit {
        Limit::Value(value) => value.is_zero(),
        Limit::Tokens(tokens) => tokens.is_zero(),
        Limit::Money(_, amount) => amount.is_zero(),
    }
}

fn limit_words(words: Words<'_>, limit: Limit) -> String {
    match limit {
        Limit::Value(value) => words.value(value),
        Limit::Tokens(tokens) => words.tokens(tokens),
        Limit::Money(currency, amount) => words.amount(currency, amount),
    }
}

/// What happens to what does not fit, where there is something to fit under.
fn misfits(words: Words<'_>, round: &Round) -> Vec<String> {
    let terms = words.terms;
    let capped = round.cap.is_some()
        || round.supply.is_some()
        || terms.hard_cap.is_some()
        || terms.token.supply.most_for_sale().is_some();
    let limited = !round.contribution_max.is_empty()
        || round.investor_max.is_some()
        || terms.investor_max.is_some()
        || round.access == Access::Admitted;
    let waits = terms.freed_room == FreedRoom::WaitingList && round.over_cap != Misfit::Kept;
    let mut sentences = Vec::new();
    if capped && waits {
        sentences.push("What does not fit under a cap waits for freed room.".to_owned());
    }
    match (capped && !waits, limited) {
        (true, true) if round.over_cap == round.over_limit => {
            sentences.push(misfit(round.over_cap, "a cap or a limit"));
        }
        (caps, limits) => {
            if caps {
                sentences.push(misfit(round.over_cap, "a cap"));
            }
            if limits {
                sentences.push(misfit(round.over_limit, "a limit"));
            }
        }
    }
    sentences
}

fn misfit(misfit: Misfit, bound: &str) -> String {
    match misfit {
        Misfit::Partial => format!("What exceeds {bound} goes back; the rest is accepted."),
        Misfit::Refuse => format!("What does not fit whole under {bound} is refused."),
        Misfit::Kept => format!("What exceeds {bound} is kept and buys nothing."),
    }
}

/// What the round took and sold; empty unless the offering succeeded.
fn ended(
    words: Words<'_>,
    direction: Direction,
    settlement: &Settlement,
    result: &RoundSettlement,
) -> String {
    if settlement.settled.verdict != Verdict::Succeeded {
        return String::new();
    }
    let RoundSettlement {
        accepted,
        sold,
        clearing,
        ..
    } = *result;
    let sum = if words.counts_in_tokens() {
        sold_words(words, sold)
    } else {
        format!(
            "{} accepted, {}",
            words.value(accepted),
            sold_words(words, sold)
        )
    };
    match clearing.and_then(|price| clearing_words(words, direction, price)) {
        Some(price) => format!("{sum}. Clearing price: {price}."),
        None => format!("{sum}."),
    }
}

fn sold_words(words: Words<'_>, sold: Tokens) -> String {
    format!("{} sold", words.tokens(sold))
}

/// A clearing price in words; `None` where it is nothing.
pub(super) fn clearing_words(
    words: Words<'_>,
    direction: Direction,
    price: LimitPrice,
) -> Option<String> {
    let pair = numeraire_pair(words.terms);
    let price: Price = pair.clearing(price)?;
    Some(pair.words(price, direction))
}

/// Whether a bound of the offering counts money.
pub(super) fn money_cap(bound: Option<Bound>) -> Option<Value> {
    match bound {
        Some(Bound::Value(value)) => Some(value),
        Some(Bound::Tokens(_)) | None => None,
    }
}
