//! What fits, against trying every amount there is.

use std::{cell::Cell, sync::Arc};

use proptest::prelude::*;

use crate::{
    CurrencyIndex, Ratio, Refusal, RoundingMode, Tokens, Value,
    quote::{Quote, QuotePrice},
    terms::{Bound, Crossing, Pricing, Rounding, RoundingScope, Terms, Tier},
};

/// Terms of one round, priced by tiers.
fn tiered(crossing: Crossing, tiers: Vec<Tier>) -> Arc<Terms> {
    let mut terms = Terms::clone(crate::fixture::announced().terms());
    terms.rounds[0].pricing = Pricing::Tiers { tiers, crossing };
    Arc::new(terms)
}

fn ratio() -> impl Strategy<Value = Ratio> {
    (1_u128..12, 1_u128..12).prop_map(|(num, den)| Ratio::new(num, den).unwrap())
}

fn price() -> impl Strategy<Value = QuotePrice> {
    let tiers = (
        proptest::collection::vec((1_u128..80, ratio()), 0..4),
        ratio(),
        prop_oneof![Just(Crossing::Split), Just(Crossing::Before)],
        0_u128..200,
    );
    let tiers = tiers.prop_map(|(steps, last, crossing, raised)| {
        let mut end = 0;
        let mut tiers: Vec<Tier> = Vec::new();
        for (width, price) in steps {
            end += width;
            let up_to = Some(Value(end));
            tiers.push(Tier { up_to, price });
        }
        tiers.push(Tier {
            up_to: None,
            price: last,
        });
        QuotePrice::Tiers {
            terms: tiered(crossing, tiers),
            round: 0,
            raised,
        }
    });
    prop_oneof![
        ratio().prop_map(|price| QuotePrice::Known(price.factor())),
        tiers,
    ]
}

fn quotes() -> impl Strategy<Value = Quote> {
    let modes = prop_oneof![
        Just(RoundingMode::Down),
        Just(RoundingMode::HalfUp),
        Just(RoundingMode::HalfEven),
    ];
    let credit = prop_oneof![Just(0_u128), 0_u128..40];
    let unit = prop_oneof![Just(1_u128), 1_u128..12];
    (price(), ratio(), modes, unit, credit).prop_map(|(price, rate, mode, unit, credit)| Quote {
        currency: CurrencyIndex(0),
        rate_index: 0,
        rounding: Rounding {
            mode,
            unit: Tokens(unit),
            per: RoundingScope::Contribution,
        },
        credit,
        rate: rate.factor(),
        price,
        last: Cell::new(None),
    })
}

/// The same currency, rounded once per investor.
fn once(quote: &Quote) -> Quote {
    let mut quote = quote.clone();
    quote.rounding.per = RoundingScope::Investor;
    quote.last.set(None);
    quote
}

/// As many tokens as fit for the least money, by trying every amount.
fn tried(quote: &Quote, amount: u128, room: u128) -> u128 {
    let tokens = |money: &u128| quote.tokens(*money).unwrap();
    if tokens(&amount) <= room {
        return amount;
    }
    let inside = (0..=amount).filter(|money| tokens(money) <= room);
    let most = inside.map(|money| tokens(&money)).max().unwrap();
    (0..=amount).find(|money| tokens(money) == most).unwrap()
}

proptest! {
    #[test]
    fn under_tokens_the_least_money_for_as_many_as_fit(
        quote in quotes(),
        amount in 0_u128..300,
        room in 0_u128..400,
    ) {
        let fits = quote.more_within(0, amount, Bound::Tokens(Tokens(room)));
        prop_assert_eq!(fits, Ok(tried(&quote, amount, room)));
    }

    #[test]
    fn a_part_more_of_a_contribution_counts_with_what_was_taken(
        quote in quotes(),
        before in 0_u128..100,
        more in 0_u128..200,
        room in 0_u128..300,
    ) {
        let fits = quote.more_within(before, more, Bound::Tokens(Tokens(room))).unwrap();
        if quote.is_tiered() {
            prop_assert_eq!(fits, tried(&quote, more, room));
        } else {
            let most = quote.tokens(before).unwrap() + room;
            prop_assert_eq!(fits, tried(&quote, before + more, most).saturating_sub(before));
        }
        prop_assert!(fits == more || fits == 0 || !quote.adds_nothing(before, fits));
    }

    #[test]
    fn under_money_all_that_goes_in_unless_it_buys_nothing(
        quote in quotes(),
        amount in 0_u128..300,
        room in 0_u128..100,
    ) {
        let fits = quote.more_within(0, amount, Bound::Value(Value(room))).unwrap();
        if quote.value(amount).unwrap() <= room {
            prop_assert_eq!(fits, amount);
        } else {
            // Exact value: what rounding down would hide may not be taken.
            let inside = |money: u128| money * quote.rate.num() <= room * quote.rate.den();
            let most = (0..=amount).rev().find(|&money| inside(money)).unwrap();
            let bought = quote.tokens(most).unwrap();
            prop_assert_eq!(fits, if bought == 0 { 0 } else { most });
        }
    }

    #[test]
    fn where_fractions_add_up_the_most_money_whose_exact_tokens_fit(
        quote in quotes(),
        amount in 0_u128..300,
        room in 0_u128..400,
    ) {
        let quote = once(&quote);
        let Some(factor) = quote.factor() else { return Ok(()) };
        let fits = quote.more_within(0, amount, Bound::Tokens(Tokens(room))).unwrap();
        let whole = room - room % quote.unit();
        let inside = |money: &u128| {
            *money == 0 || (money + quote.credit) * factor.num() <= whole * factor.den()
        };
        let most = (0..=amount).rev().find(inside).unwrap();
        prop_assert_eq!(fits, most);
    }
}

#[test]
fn nothing_is_said_to_be_bought_where_the_price_comes_later_or_fractions_add_up() {
    let quote = Quote {
        currency: CurrencyIndex(0),
        rate_index: 0,
        rounding: Rounding {
            mode: RoundingMode::Down,
            unit: Tokens(10),
            per: RoundingScope::Contribution,
        },
        credit: 0,
        rate: Ratio::ONE.factor(),
        price: QuotePrice::Known(Ratio::ONE.factor()),
        last: Cell::new(None),
    };
    assert!(quote.buys_nothing(9));
    assert!(!quote.buys_nothing(10));
    assert!(quote.adds_nothing(10, 9));
    assert!(!quote.adds_nothing(11, 9));
    assert_eq!(quote.worth_taking(9), 0);
    assert!(!once(&quote).buys_nothing(9));
    let later = Quote {
        price: QuotePrice::Later,
        ..quote
    };
    assert!(!later.buys_nothing(9));
    let room = Bound::Tokens(Tokens(0));
    assert_eq!(later.more_within(0, 9, room), Ok(9));
    let too_much = later.more_within(u128::MAX, 1, room);
    assert_eq!(too_much, Err(Refusal::AmountTooLarge));
}
