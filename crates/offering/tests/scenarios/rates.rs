//! Recorded rates: their age, their steps, and what a contribution is worth.

use super::Table;

pub(crate) const TABLES: &[Table] = &[(
    "money is valued at the rate of its place in the order",
    r#"
numeraire = "EUR"
soft_cap = "20 EUR"
[currency.EUR]
decimals = 2
rail = "balance"
[currency.ETH]
decimals = 4
rail = "balance"
chain = "eur"
rate = { source = "kraken:ETHEUR", max_age = "10 blocks", max_step = "20 %" }
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
---
clock     reaches     95                         done
alice     pays        1 ETH at 100               refused no_rate (402)
issuer    rates       10 EUR per 1 ETH           done
alice     pays        1 ETH                      accepted 1 ETH, 100 TOK
issuer    rates       12 EUR per 1 ETH           done
issuer    rates       14.5 EUR per 1 ETH         refused rate_step (404)
issuer    rates       9.59 EUR per 1 ETH         refused rate_step (404)
issuer    rates       0 EUR per 1 ETH            refused rate_is_zero (406)
issuer    rates       1 EUR per 1 EUR            refused rate_is_fixed (405)
issuer    rates       1 EUR per 1 XXX            refused unknown_currency (407)
alice     pays        1 ETH at 110               accepted 1 ETH, 120 TOK
alice     pays        1 ETH at 111               refused rate_stale (403)
issuer    rates       9.6 EUR per 1 ETH          done
bob       pays        0.5 ETH                    accepted 0.5 ETH, 48 TOK
clock     reaches     200                        done
issuer    settles     -                          succeeded, raised 26.8 EUR, sold 268 TOK
"#,
)];
