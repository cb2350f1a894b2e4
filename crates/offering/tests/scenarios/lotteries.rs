//! Lotteries: when the seed comes, and what is shut from then on.

use super::Table;

pub(crate) const TABLES: &[Table] = &[(
    "the seed comes after the window and once, and nobody acts on it",
    r#"
[clock]
kind = "block"
tolerance = "50 blocks"
[withdrawal]
span = "150 blocks"
who = "everyone"
[[round]]
name = "draw"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
allocation = { kind = "lottery", source = "drand:quicknet", instant = 210, marginal = "partial" }
cap = "5 EUR"
[[round]]
name = "plain"
from = 100
until = 120
end = "exclusive"
price = "1 TOK per 1 EUR"
---
alice     pays        4 EUR at 100         accepted 4 EUR, 40 TOK
bob       pays        4 EUR                accepted 4 EUR, 40 TOK
carol     pays        4 EUR                accepted 4 EUR, 40 TOK
issuer    seeds       plain                refused no_lottery (709)
issuer    seeds       nowhere              refused unknown_round (305)
clock     reaches     205                  done
dora      pays        4 EUR at 199         accepted 4 EUR, 40 TOK
issuer    seeds       draw                 refused seed_too_early (710)
issuer    settles     -                    refused too_early_to_settle (705)
clock     reaches     210                  done
emil      pays        4 EUR at 199         refused round_closed (105)
issuer    seeds       draw at 209          refused seed_too_early (710)
issuer    seeds       draw proof 1025      refused seed_proof_too_long (714)
issuer    returns     alice 1 EUR order    back 1 EUR
clock     reaches     349                  done
issuer    settles     -                    refused seed_missing (707)
issuer    seeds       draw proof 1024      done
issuer    seeds       draw                 refused seed_twice (711)
issuer    returns     alice 1 EUR order    refused not_between_seed_and_settlement (607)
issuer    settles     -                    succeeded, raised 5 EUR, sold 50 TOK
alice     is          -                    accepted 0 EUR, refunded 4 EUR (not_drawn)
bob       is          -                    accepted 0 EUR, refunded 4 EUR (not_drawn)
carol     is          -                    accepted 4 EUR, 40 TOK
dora      is          -                    accepted 1 EUR, refunded 3 EUR, 10 TOK (oversubscribed)
"#,
)];
