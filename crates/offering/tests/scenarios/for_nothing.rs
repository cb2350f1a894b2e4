//! Money that comes to no token in the end goes back, unless the terms let it in for nothing.

use super::Table;

pub(crate) const TABLES: &[Table] = &[
    (
        "rounded once per investor, what adds up to no token goes back",
        r#"
[token.supply]
kind = "minted"
max = "4 TOK"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK", per = "investor" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "3 TOK per 10 EUR"
---
clock     reaches     100                  done
alice     pays        10 EUR               accepted 10 EUR, 3 TOK
bob       pays        9 EUR                accepted 3.33 EUR, refunded 5.67 EUR (sold_out)
clock     reaches     200                  done
issuer    settles     -                    succeeded, raised 10 EUR, sold 3 TOK
alice     is          -                    accepted 10 EUR, 3 TOK
bob       is          -                    accepted 0 EUR, refunded 9 EUR (buys_nothing)
"#,
    ),
    (
        "contributions that are rounded together stand or fall together",
        r#"
numeraire = "EUR"
[currency.EUR]
decimals = 2
rail = "balance"
chain = "one"
rounding = { mode = "down", unit = "1 TOK", per = "investor" }
[currency.USD]
decimals = 2
rail = "balance"
chain = "one"
rate = "1 EUR per 2 USD"
rounding = { mode = "half_up", unit = "1 TOK", per = "investor" }
[[round]]
name = "first"
from = 100
until = 150
end = "exclusive"
price = "1 TOK per 1 EUR"
[[round]]
name = "second"
from = 150
until = 200
end = "exclusive"
price = "1 TOK per 1 EUR"
---
clock     reaches     100                  done
alice     pays        0.40 EUR             accepted 0.4 EUR
alice     pays        0.59 EUR             accepted 0.59 EUR
bob       pays        0.40 EUR             accepted 0.4 EUR
bob       pays        0.60 EUR             accepted 0.6 EUR
carol     pays        0.99 USD             accepted 0.99 USD
carol     pays        1 EUR                accepted 1 EUR, 1 TOK
clock     reaches     150                  done
bob       pays        0.99 EUR             accepted 0.99 EUR
dora      pays        1 USD                accepted 1 USD, 1 TOK
clock     reaches     200                  done
issuer    settles     -                    succeeded, raised 2.5 EUR, sold 3 TOK
alice     is          -                    accepted 0 EUR, refunded 0.4 EUR (buys_nothing)
alice#2   is          -                    accepted 0 EUR, refunded 0.59 EUR (buys_nothing)
bob       is          -                    accepted 0.4 EUR
bob#2     is          -                    accepted 0.6 EUR, 1 TOK
bob#3     is          -                    accepted 0 EUR, refunded 0.99 EUR (buys_nothing)
carol     is          -                    accepted 0 USD, refunded 0.99 USD (buys_nothing)
carol#2   is          -                    accepted 1 EUR, 1 TOK
dora      is          -                    accepted 1 USD, 1 TOK
"#,
    ),
    (
        "a falling price at which money buys no unit of tokens gives it back, and stays what it was",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { unit = "1 TOK" }
[[round]]
name = "auction"
from = 100
until = 200
end = "exclusive"
supply = "10 TOK"
[round.pricing]
kind = "dutch"
start = "10 EUR per 1 TOK"
end = "1 EUR per 1 TOK"
granularity = "10 blocks"
---
alice     pays        57 EUR at 100        accepted 57 EUR
bob       pays        6.39 EUR at 139      accepted 6.39 EUR
carol     pays        20 EUR at 145        accepted 0.61 EUR, refunded 19.39 EUR (sold_out)
clock     reaches     200                  done
issuer    settles     -                    succeeded, raised 57 EUR, sold 8 TOK
alice     is          -                    accepted 57 EUR, 8 TOK
bob       is          -                    accepted 0 EUR, refunded 6.39 EUR (buys_nothing)
carol     is          -                    accepted 0 EUR, refunded 20 EUR (buys_nothing)
"#,
    ),
    (
        "a bid that wins no unit of tokens goes back",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { unit = "1 TOK" }
[[round]]
name = "auction"
from = 100
until = 200
end = "exclusive"
supply = "10 TOK"
[round.pricing]
kind = "bids"
min_proceeds = "10 EUR"
---
clock     reaches     100                               done
alice     pays        16 EUR limit 3 EUR per 1 TOK      accepted 16 EUR
bob       pays        1.99 EUR limit 2 EUR per 1 TOK    accepted 1.99 EUR
carol     pays        2 EUR limit 2 EUR per 1 TOK       accepted 2 EUR
dora      pays        1.99 EUR limit 1 EUR per 1 TOK    accepted 1.99 EUR
clock     reaches     200                            done
issuer    settles     -                              succeeded, raised 18 EUR, sold 9 TOK
alice     is          -                              accepted 16 EUR, 8 TOK
bob       is          -                              accepted 0 EUR, refunded 1.99 EUR (buys_nothing)
carol     is          -                              accepted 2 EUR, 1 TOK
dora      is          -                              accepted 0 EUR, refunded 1.99 EUR (outbid)
"#,
    ),
    (
        "what a return leaves and buys no token goes back as well",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 1 EUR"
---
clock     reaches     100                       done
alice     pays        2 EUR                     accepted 2 EUR, 2 TOK
bob       pays        2 EUR                     accepted 2 EUR, 2 TOK
issuer    returns     alice 1.50 EUR sanctions  back 1.5 EUR
alice     is          -                         accepted 0.5 EUR, refunded 1.5 EUR (returned_sanctions)
issuer    returns     bob 1 EUR sanctions       back 1 EUR
clock     reaches     200                       done
issuer    settles     -                         succeeded, raised 1 EUR, sold 1 TOK
alice     is          -                         accepted 0 EUR, refunded 2 EUR (buys_nothing)
bob       is          -                         accepted 1 EUR, refunded 1 EUR, 1 TOK (returned_sanctions)
"#,
    ),
    (
        "the soft cap counts what is left after it",
        r#"
soft_cap = "11 EUR"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK", per = "investor" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 1 EUR"
---
clock     reaches     100                  done
alice     pays        10.50 EUR            accepted 10.5 EUR, 10 TOK
bob       pays        0.50 EUR             accepted 0.5 EUR
clock     reaches     200                  done
issuer    settles     -                    failed, raised 0 EUR, sold 0 TOK
alice     is          -                    accepted 0 EUR, refunded 10.5 EUR (soft_cap_missed)
bob       is          -                    accepted 0 EUR, refunded 0.5 EUR (buys_nothing)
"#,
    ),
    (
        "money of an account that comes to no token is free again",
        r#"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK", per = "investor" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 1 EUR"
---
issuer    funds       alice 5 EUR          done
clock     reaches     100                  done
alice     draws       0.99 EUR             accepted 0.99 EUR
bob       pays        1 EUR                accepted 1 EUR, 1 TOK
clock     reaches     200                  done
issuer    settles     -                    succeeded, raised 1 EUR, sold 1 TOK
alice     account     EUR                  funded 5 EUR, free 5 EUR
"#,
    ),
    (
        "a minimum of zero keeps what adds up to no token",
        r#"
numeraire = "EUR"
[currency.EUR]
decimals = 2
rail = "balance"
chain = "one"
rounding = { mode = "down", unit = "1 TOK", per = "investor" }
[currency.USD]
decimals = 2
rail = "balance"
chain = "one"
rate = "1 EUR per 2 USD"
rounding = { mode = "down", unit = "1 TOK", per = "investor" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 1 EUR"
contribution = { min = ["0 EUR"] }
---
clock     reaches     100                  done
alice     pays        0.99 EUR             accepted 0.99 EUR
bob       pays        1.98 USD             accepted 1.98 USD
clock     reaches     200                  done
issuer    settles     -                    succeeded, raised 0.99 EUR, sold 0 TOK
alice     is          -                    accepted 0.99 EUR
bob       is          -                    accepted 0 USD, refunded 1.98 USD (buys_nothing)
"#,
    ),
    (
        "a ceiling takes tokens and keeps the money, as its terms say",
        r#"
token_ceiling_per_investor = "1 TOK"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { unit = "1 TOK" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 1 EUR"
---
clock     reaches     100                  done
alice     pays        1 EUR                accepted 1 EUR, 1 TOK
alice     pays        1 EUR                accepted 1 EUR, 1 TOK
clock     reaches     200                  done
issuer    settles     -                    succeeded, raised 2 EUR, sold 1 TOK
alice     is          -                    accepted 1 EUR, 1 TOK
alice#2   is          -                    accepted 1 EUR
"#,
    ),
];
