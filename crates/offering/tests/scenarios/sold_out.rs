//! Sold out, or nearly: what the last buyers pay, on both sides of each edge. Nobody pays for nothing,
//! and at a cap in tokens nobody pays more than the tokens that are left cost.

use super::Table;

pub(crate) const TABLES: &[Table] = &[
    (
        "the last buyer of a tiered sale pays for what is left, and nobody pays for nothing",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
supply = "5 TOK"
[round.pricing]
kind = "tiers"
crossing = "split"
tiers = [{ up_to = "4 EUR", price = "1 TOK per 1 EUR" }, { price = "1 TOK per 2 EUR" }]
---
clock     reaches     100                  done
alice     pays        3.99 EUR             accepted 3.99 EUR, 3 TOK
bob       pays        0.01 EUR             refused buys_nothing (208)
bob       pays        1.98 EUR             refused buys_nothing (208)
bob       pays        1.99 EUR             accepted 1.99 EUR, 1 TOK
carol     pays        1.99 EUR             refused buys_nothing (208)
carol     pays        9 EUR                accepted 2 EUR, refunded 7 EUR, 1 TOK (sold_out)
dora      pays        9 EUR                refused sold_out (207)
dora      pays        0.99 EUR             refused buys_nothing (208)
clock     reaches     200                  done
issuer    settles     -                    succeeded, raised 7.98 EUR, sold 5 TOK
"#,
    ),
    (
        "a supply that ends with a tier",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
supply = "4 TOK"
[round.pricing]
kind = "tiers"
crossing = "split"
tiers = [{ up_to = "4 EUR", price = "1 TOK per 1 EUR" }, { price = "1 TOK per 2 EUR" }]
---
clock     reaches     100                  done
alice     pays        3 EUR                accepted 3 EUR, 3 TOK
bob       pays        9 EUR                accepted 1 EUR, refunded 8 EUR, 1 TOK (sold_out)
"#,
    ),
    (
        "a supply that ends one token after a tier",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
supply = "5 TOK"
[round.pricing]
kind = "tiers"
crossing = "split"
tiers = [{ up_to = "4 EUR", price = "1 TOK per 1 EUR" }, { price = "1 TOK per 2 EUR" }]
---
clock     reaches     100                  done
alice     pays        3 EUR                accepted 3 EUR, 3 TOK
bob       pays        9 EUR                accepted 3 EUR, refunded 6 EUR, 2 TOK (sold_out)
"#,
    ),
    (
        "a supply that ends within a token before a tier does",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
supply = "3.5 TOK"
[round.pricing]
kind = "tiers"
crossing = "split"
tiers = [{ up_to = "4 EUR", price = "1 TOK per 1 EUR" }, { price = "1 TOK per 2 EUR" }]
---
clock     reaches     100                  done
alice     pays        3 EUR                accepted 3 EUR, 3 TOK
bob       pays        9 EUR                refused sold_out (207)
"#,
    ),
    (
        "a supply that ends within a token after a tier",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
supply = "4.5 TOK"
[round.pricing]
kind = "tiers"
crossing = "split"
tiers = [{ up_to = "4 EUR", price = "1 TOK per 1 EUR" }, { price = "1 TOK per 2 EUR" }]
---
clock     reaches     100                  done
alice     pays        3 EUR                accepted 3 EUR, 3 TOK
bob       pays        9 EUR                accepted 1 EUR, refunded 8 EUR, 1 TOK (sold_out)
"#,
    ),
    (
        "a purchase wholly at the price before pays no more than the tokens left cost",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
supply = "6 TOK"
[round.pricing]
kind = "tiers"
crossing = "before"
tiers = [{ up_to = "4 EUR", price = "1 TOK per 1 EUR" }, { price = "1 TOK per 2 EUR" }]
---
clock     reaches     100                  done
alice     pays        3.50 EUR             accepted 3.5 EUR, 3 TOK
bob       pays        2.99 EUR             accepted 2.99 EUR, 2 TOK
carol     pays        1.99 EUR             refused buys_nothing (208)
carol     pays        5 EUR                accepted 2 EUR, refunded 3 EUR, 1 TOK (sold_out)
dora      pays        5 EUR                refused sold_out (207)
"#,
    ),
    (
        "tiers under a hard cap in tokens and a limit per person",
        r#"
hard_cap = "6 TOK"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
investor = { max = "3 TOK" }
[round.pricing]
kind = "tiers"
crossing = "split"
tiers = [{ up_to = "4 EUR", price = "1 TOK per 1 EUR" }, { price = "1 TOK per 2 EUR" }]
---
clock     reaches     100                  done
alice     pays        9 EUR                accepted 3 EUR, refunded 6 EUR, 3 TOK (investor_limit)
alice     pays        9 EUR                refused investor_limit (204)
bob       pays        9 EUR                accepted 5 EUR, refunded 4 EUR, 3 TOK (investor_limit)
carol     pays        9 EUR                refused hard_cap_reached (206)
"#,
    ),
    (
        "rounding half_up: the last token costs what rounds up to it",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "half_up", unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 1 EUR"
supply = "5 TOK"
---
clock     reaches     100                  done
alice     pays        4.49 EUR             accepted 4.49 EUR, 4 TOK
bob       pays        0.49 EUR             refused buys_nothing (208)
bob       pays        9 EUR                accepted 0.5 EUR, refunded 8.5 EUR, 1 TOK (sold_out)
carol     pays        9 EUR                refused sold_out (207)
"#,
    ),
    (
        "tiers that round half_up",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "half_up", unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
supply = "5 TOK"
[round.pricing]
kind = "tiers"
crossing = "split"
tiers = [{ up_to = "4 EUR", price = "1 TOK per 1 EUR" }, { price = "1 TOK per 2 EUR" }]
---
clock     reaches     100                  done
alice     pays        4.49 EUR             accepted 4.49 EUR, 4 TOK
bob       pays        9 EUR                accepted 1 EUR, refunded 8 EUR, 1 TOK (sold_out)
"#,
    ),
    (
        "rounding half_even: the last token costs what rounds up to it",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "half_even", unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 1 EUR"
supply = "5 TOK"
---
clock     reaches     100                  done
alice     pays        4.49 EUR             accepted 4.49 EUR, 4 TOK
bob       pays        0.50 EUR             refused buys_nothing (208)
bob       pays        9 EUR                accepted 0.51 EUR, refunded 8.49 EUR, 1 TOK (sold_out)
carol     pays        9 EUR                refused sold_out (207)
"#,
    ),
    (
        "tiers that round half_even",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "half_even", unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
supply = "5 TOK"
[round.pricing]
kind = "tiers"
crossing = "split"
tiers = [{ up_to = "4 EUR", price = "1 TOK per 1 EUR" }, { price = "1 TOK per 2 EUR" }]
---
clock     reaches     100                  done
alice     pays        4.49 EUR             accepted 4.49 EUR, 4 TOK
bob       pays        9 EUR                accepted 1.01 EUR, refunded 7.99 EUR, 1 TOK (sold_out)
"#,
    ),
    (
        "a room of money that buys no token takes none",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 1 EUR"
cap = "2.50 EUR"
---
clock     reaches     100                  done
alice     pays        1.10 EUR             accepted 1.1 EUR, 1 TOK
bob       pays        9 EUR                accepted 1.4 EUR, refunded 7.6 EUR, 1 TOK (round_cap_reached)
carol     pays        9 EUR                refused round_cap_reached (205)
"#,
    ),
    (
        "what is left of a cap and buys no token stays free",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 1 EUR"
cap = "1.50 EUR"
---
clock     reaches     100                  done
alice     pays        1 EUR                accepted 1 EUR, 1 TOK
bob       pays        1 EUR                refused round_cap_reached (205)
clock     reaches     200                  done
issuer    settles     -                    succeeded, raised 1 EUR, sold 1 TOK
"#,
    ),
    (
        "a limit of money that buys no token lets nobody in",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 1 EUR"
contribution = { max = ["0.99 EUR"] }
---
clock     reaches     100                  done
alice     pays        0.99 EUR             refused buys_nothing (208)
alice     pays        1 EUR                refused above_maximum (202)
"#,
    ),
    (
        "a minimum of zero takes money for nothing, because the terms say so",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 1 EUR"
contribution = { min = "0 EUR" }
---
clock     reaches     100                  done
alice     pays        0.99 EUR             accepted 0.99 EUR
bob       pays        1 EUR                accepted 1 EUR, 1 TOK
"#,
    ),
    (
        "a credit is no sale by itself: the last token costs the smallest money there is",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK" }
credit = "2 EUR"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 1 EUR"
supply = "5 TOK"
---
clock     reaches     100                  done
alice     pays        1.50 EUR             accepted 1.5 EUR, 3 TOK
bob       pays        9 EUR                accepted 0.01 EUR, refunded 8.99 EUR, 2 TOK (sold_out)
"#,
    ),
    (
        "a credit that buys more than is left buys nothing",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK" }
credit = "2 EUR"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 1 EUR"
supply = "4 TOK"
---
clock     reaches     100                  done
alice     pays        1.50 EUR             accepted 1.5 EUR, 3 TOK
bob       pays        9 EUR                refused sold_out (207)
"#,
    ),
    (
        "shared out, what is left of a contribution and buys no token goes back",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 1 EUR"
cap = "2 EUR"
allocation = "pro_rata"
---
clock     reaches     100                  done
alice     pays        3 EUR                accepted 3 EUR, 3 TOK
bob       pays        1 EUR                accepted 1 EUR, 1 TOK
carol     pays        0.99 EUR             refused buys_nothing (208)
clock     reaches     200                  done
issuer    settles     -                    succeeded, raised 1.5 EUR, sold 1 TOK
alice     is          -                    accepted 1.5 EUR, refunded 1.5 EUR, 1 TOK (oversubscribed)
bob       is          -                    accepted 0 EUR, refunded 1 EUR (oversubscribed)
"#,
    ),
    (
        "who waits is not taken for nothing",
        r#"
freed_room = "waiting_list"
[withdrawal]
span = "50 blocks"
who = "everyone"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 1 EUR"
cap = "5 EUR"
---
alice     pays        4 EUR at 100         accepted 4 EUR, 4 TOK
bob       pays        1.50 EUR             accepted 1 EUR, waiting 0.5 EUR, 1 TOK (round_cap_reached)
alice     withdraws   alice                back 4 EUR
bob       is          -                    accepted 1 EUR, refunded 0.5 EUR, 1 TOK (round_cap_reached)
"#,
    ),
    (
        "who waits for a later tier is not taken for nothing either",
        r#"
freed_room = "waiting_list"
[withdrawal]
span = "50 blocks"
who = "everyone"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
cap = "6 EUR"
[round.pricing]
kind = "tiers"
crossing = "split"
tiers = [{ up_to = "4 EUR", price = "1 TOK per 1 EUR" }, { price = "1 TOK per 2 EUR" }]
---
alice     pays        3 EUR at 100         accepted 3 EUR, 3 TOK
bob       pays        9 EUR                accepted 3 EUR, waiting 6 EUR, 2 TOK (round_cap_reached)
carol     pays        1.99 EUR             refused buys_nothing (208)
alice     withdraws   alice                back 3 EUR, promoted 1
bob       is          -                    accepted 6 EUR, refunded 3 EUR, 3 TOK (round_cap_reached)
"#,
    ),
];
