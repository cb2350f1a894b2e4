//! After a success: tokens as they vest, refunds, milestones, until nothing is left.

use super::Table;

pub(crate) const TABLES: &[Table] = &[
    (
        "tokens, shares and money are handed over as the terms say, once",
        r#"
[token]
name = "Token"
symbol = "TOK"
decimals = 2
[token.sale_vesting]
cliff = "10 blocks"
duration = "40 blocks"
[token.supply]
kind = "minted"
[[token.share]]
holder = "team"
of_sold = "1/2"
vesting = { cliff = "20 blocks", duration = "100 blocks" }
[[milestone]]
name = "start"
part = "40 %"
[[milestone]]
name = "product"
part = "60 %"
after = "50 blocks"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
investor = { max = "10 EUR" }
---
alice     pays        12 EUR at 100        accepted 10 EUR, refunded 2 EUR, 100 TOK (investor_limit)
issuer    publishes   -                    refused not_settled (706)
issuer    vests       0 1 TOK              refused not_settled (706)
clock     reaches     200                  done
issuer    settles     -                    succeeded, raised 10 EUR, sold 100 TOK
phase     is          -                    distributing
issuer    publishes   -                    done
issuer    publishes   -                    refused already_published (712)
issuer    hands       alice 1 TOK          refused not_vested (803)
issuer    hands       zoe 1 TOK            refused unknown_investor (804)
clock     reaches     210                  done
issuer    hands       alice 25.01 TOK      refused not_vested (803)
issuer    hands       alice 25 TOK         done
issuer    hands       alice 0.01 TOK       refused not_vested (803)
issuer    hands       alice 0 TOK          refused nothing_to_claim (802)
clock     reaches     219                  done
issuer    vests       0 1 TOK              refused not_vested (803)
issuer    vests       7 1 TOK              refused unknown_share (805)
clock     reaches     220                  done
issuer    vests       0 10 TOK             done
issuer    vests       0 0.01 TOK           refused not_vested (803)
issuer    releases    1                    refused milestone_order (807)
issuer    releases    9                    refused unknown_milestone (806)
issuer    has         -                    0 bp
issuer    releases    0                    done
issuer    has         -                    4000 bp
issuer    releases    0                    refused milestone_order (807)
issuer    releases    1                    refused milestone_too_early (808)
clock     reaches     250                  done
issuer    releases    1                    done
issuer    hands       alice 75 TOK         done
issuer    hands       alice 1 TOK          refused nothing_to_claim (802)
issuer    refunds     alice EUR            done
phase     is          -                    distributing
clock     reaches     300                  done
issuer    vests       0 40 TOK             done
issuer    vests       0 1 TOK              refused nothing_to_claim (802)
phase     is          -                    finished
"#,
    ),
    (
        "with two chains, spans after settlement are blocks of the first one",
        r#"
numeraire = "EUR"
[clock]
kind = "block"
tolerance = "5 blocks"
[currency.EUR]
decimals = 2
rail = "balance"
[currency.XBT]
decimals = 2
rail = "bitcoin"
rate = "4 EUR per 1 XBT"
[token]
name = "Token"
symbol = "TOK"
decimals = 2
sale_vesting = { cliff = "10 blocks", duration = "10 blocks" }
[token.supply]
kind = "minted"
[[milestone]]
name = "product"
part = "100 %"
after = "50 blocks"
[[round]]
name = "public"
price = "10 TOK per 1 EUR"
[round.window.eur]
from = 100
until = 200
end = "exclusive"
[round.window.xbt]
from = 7
until = 9
end = "exclusive"
---
alice     pays        1 EUR at 150         accepted 1 EUR, 10 TOK
clock     reaches     210                  done
clock     reaches     9 on 1               done
issuer    settles     on 1                 succeeded, raised 1 EUR, sold 10 TOK
clock     reaches     900 on 1             done
issuer    hands       alice 10 TOK         refused not_vested (803)
issuer    releases    0                    refused milestone_too_early (808)
clock     reaches     220                  done
clock     reaches     217                  done
issuer    hands       alice 10 TOK         done
clock     reaches     259                  done
issuer    releases    0                    refused milestone_too_early (808)
clock     reaches     260                  done
issuer    releases    0                    done
phase     is          -                    finished
"#,
    ),
];
