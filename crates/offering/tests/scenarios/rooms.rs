//! Room: minimums, maximums, caps, the supply, guarantees, and what becomes of what does not fit.

use super::Table;

pub(crate) const TABLES: &[Table] = &[
    (
        "minimum and maximum of a contribution",
        r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
contribution = { min = "2 EUR", max = "5 EUR" }
---
clock     reaches     100                  done
alice     pays        1.99 EUR             refused below_minimum (201)
alice     pays        2 EUR                accepted 2 EUR, 20 TOK
alice     pays        5.01 EUR             accepted 5 EUR, refunded 0.01 EUR, 50 TOK (above_maximum)
alice     pays        0 EUR                refused below_minimum (201)
alice     pays        1 EUR limit 1 EUR per 1 TOK    refused limit_price_not_asked (502)
"#,
    ),
    (
        "a minimum in tokens",
        r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
contribution = { min = "20 TOK" }
---
clock     reaches     100                  done
alice     pays        1.99 EUR             refused below_minimum (201)
alice     pays        0 EUR                refused below_minimum (201)
alice     pays        2 EUR                accepted 2 EUR, 20 TOK
alice     pays        2.01 EUR             accepted 2.01 EUR, 20.1 TOK
"#,
    ),
    (
        "a minimum of nothing lets nothing in",
        r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
contribution = { min = "0 TOK" }
---
clock     reaches     100                  done
alice     pays        0 EUR                accepted 0 EUR
alice     pays        0.01 EUR             accepted 0.01 EUR, 0.1 TOK
"#,
    ),
    (
        "what is too much is refused whole where the terms say so",
        r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
contribution = { max = "5 EUR" }
cap = "8 EUR"
over_limit = "refuse"
over_cap = "refuse"
---
clock     reaches     100                  done
alice     pays        5.01 EUR             refused above_maximum (202)
alice     pays        5 EUR                accepted 5 EUR, 50 TOK
bob       pays        4 EUR                refused round_cap_reached (205)
carol     pays        3 EUR                accepted 3 EUR, 30 TOK
carol     pays        0.01 EUR             refused round_cap_reached (205)
"#,
    ),
    (
        "proof of burn keeps what does not fit",
        r#"
[[round]]
name = "burn"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
investor = { max = "5 EUR" }
over_limit = "kept"
---
clock     reaches     100                  done
alice     pays        4 EUR                accepted 4 EUR, 40 TOK
alice     pays        4 EUR                accepted 1 EUR, kept 3 EUR, 10 TOK (investor_limit)
alice     pays        4 EUR                accepted 0 EUR, kept 4 EUR (investor_limit)
clock     reaches     200                  done
issuer    settles     -                    succeeded, raised 5 EUR, sold 50 TOK
alice     has         -                    50 TOK
alice#2   is          -                    accepted 1 EUR, kept 3 EUR, 10 TOK (investor_limit)
"#,
    ),
    (
        "money over a limit is kept, money over a cap goes back",
        r#"
[[round]]
name = "burn"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
investor = { max = "5 EUR" }
over_limit = "kept"
cap = "3 EUR"
over_cap = "partial"
---
clock     reaches     100                  done
alice     pays        9 EUR                accepted 3 EUR, refunded 2 EUR, kept 4 EUR, 30 TOK (round_cap_reached)
bob       pays        9 EUR                refused round_cap_reached (205)
"#,
    ),
    (
        "an investor's limits count over contributions and rounds",
        r#"
investor_max = "9 EUR"
[[round]]
name = "first"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
investor = { min = "3 EUR", max = "6 EUR" }
[[round]]
name = "second"
from = 200
until = 300
end = "exclusive"
price = "5 TOK per 1 EUR"
---
clock     reaches     100                  done
alice     pays        2 EUR                refused below_investor_minimum (203)
alice     pays        3 EUR                accepted 3 EUR, 30 TOK
alice     pays        1 EUR                accepted 1 EUR, 10 TOK
alice     pays        9 EUR                accepted 2 EUR, refunded 7 EUR, 20 TOK (investor_limit)
alice     pays        3 EUR                refused investor_limit (204)
alice     pays        9 EUR at 200         accepted 3 EUR, refunded 6 EUR, 15 TOK (investor_limit)
"#,
    ),
    (
        "all tokens of a sale fit one number, also where the money would",
        r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
---
alice     pays        200000000000000000000000000000000000 EUR at 100   accepted 200000000000000000000000000000000000 EUR, 2000000000000000000000000000000000000 TOK
bob       pays        200000000000000000000000000000000000 EUR          refused amount_too_large (901)
bob       pays        1 EUR                                             accepted 1 EUR, 10 TOK
"#,
    ),
    (
        "the hard cap and the supply end the sale",
        r#"
hard_cap = "10 EUR"
[token.supply]
kind = "fixed"
total = "100 TOK"
for_sale = "60 TOK"
[[token.share]]
holder = "team"
amount = "40 TOK"
[[round]]
name = "first"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
supply = "50 TOK"
[[round]]
name = "second"
from = 200
until = 300
end = "exclusive"
price = "1 TOK per 1 EUR"
---
clock     reaches     100                  done
alice     pays        4 EUR                accepted 4 EUR, 40 TOK
alice     pays        4 EUR                accepted 1 EUR, refunded 3 EUR, 10 TOK (sold_out)
alice     pays        4 EUR                refused sold_out (207)
bob       pays        9 EUR at 200         accepted 5 EUR, refunded 4 EUR, 5 TOK (hard_cap_reached)
bob       pays        1 EUR                refused hard_cap_reached (206)
clock     reaches     300                  done
issuer    settles     -                    succeeded, raised 10 EUR, sold 55 TOK
"#,
    ),
    (
        "zero, and what is worth nothing",
        r#"
numeraire = "EUR"
[currency.EUR]
decimals = 2
rail = "balance"
[currency.WEI]
decimals = 6
rail = "balance"
chain = "eur"
rate = "1 EUR per 1 WEI"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
[[round]]
name = "free"
from = 200
until = 300
end = "exclusive"
price = "10 TOK per 1 EUR"
contribution = { min = "0 EUR" }
---
clock     reaches     100                  done
alice     pays        0 EUR                refused zero (209)
alice     pays        0.009999 WEI         refused buys_nothing (208)
alice     pays        0.01 WEI             accepted 0.01 WEI, 0.1 TOK
alice     pays        0 EUR at 200         accepted 0 EUR
alice     pays        340282366920938463463374607431768211455 WAI      refused unknown_currency (407)
bob       pays        3402823669209384634633746074317682114.55 EUR     refused amount_too_large (901)
"#,
    ),
    (
        "a credit is added to money, never to nothing",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
credit = "0.5 EUR"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
contribution = { min = "0 EUR" }
---
clock     reaches     100                  done
alice     pays        1 EUR                accepted 1 EUR, 15 TOK
alice     pays        0 EUR                accepted 0 EUR
"#,
    ),
    (
        "guarantees are reserved until their date",
        r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
cap = "10 EUR"
allocation = { kind = "guaranteed", until = 150 }
---
clock     reaches     100                              done
issuer    admits      alice to public guaranteed 6 EUR   done
issuer    admits      bob to public guaranteed 5 EUR   refused guarantees_exceed_cap (307)
issuer    admits      bob to public guaranteed 1 EUR   done
carol     pays        5 EUR                            accepted 3 EUR, refunded 2 EUR, 30 TOK (round_cap_reached)
alice     pays        2 EUR                            accepted 2 EUR, 20 TOK
carol     pays        1 EUR at 149                     refused round_cap_reached (205)
carol     pays        9 EUR at 150                     accepted 5 EUR, refunded 4 EUR, 50 TOK (round_cap_reached)
alice     pays        1 EUR                            refused round_cap_reached (205)
"#,
    ),
    (
        "tiers split a purchase at their boundary",
        r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
cap = "9 EUR"
[round.pricing]
kind = "tiers"
crossing = "split"
tiers = [{ up_to = "4 EUR", price = "10 TOK per 1 EUR" }, { up_to = "9 EUR", price = "5 TOK per 1 EUR" }]
---
clock     reaches     100                  done
alice     pays        3 EUR                accepted 3 EUR, 30 TOK
bob       pays        3 EUR                accepted 3 EUR, 20 TOK
carol     pays        9 EUR                accepted 3 EUR, refunded 6 EUR, 15 TOK (round_cap_reached)
"#,
    ),
    (
        "a purchase that begins in a tier may pay its price wholly, and the next begins at its end",
        r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
[round.pricing]
kind = "tiers"
crossing = "before"
tiers = [{ up_to = "4 EUR", price = "10 TOK per 1 EUR" }, { price = "5 TOK per 1 EUR" }]
---
clock     reaches     100                  done
alice     pays        3 EUR                accepted 3 EUR, 30 TOK
bob       pays        1 EUR                accepted 1 EUR, 10 TOK
carol     pays        1 EUR                accepted 1 EUR, 5 TOK
"#,
    ),
    (
        "a batch shares what is too little, whoever came first",
        r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
allocation = "pro_rata"
cap = "6 EUR"
---
clock     reaches     100                  done
alice     pays        6 EUR                accepted 6 EUR, 60 TOK
bob       pays        3 EUR                accepted 3 EUR, 30 TOK
clock     reaches     200                  done
issuer    settles     -                    succeeded, raised 6 EUR, sold 60 TOK
alice     is          -                    accepted 4 EUR, refunded 2 EUR, 40 TOK (oversubscribed)
bob       is          -                    accepted 2 EUR, refunded 1 EUR, 20 TOK (oversubscribed)
"#,
    ),
];
