//! Two chains, whose positions do not compare: pauses, rights and rates on each.

use super::Table;

pub(crate) const TABLES: &[Table] = &[
    (
        "a pause on one chain stops the other one for as long as it goes on",
        r#"
numeraire = "EUR"
[clock]
kind = "block"
tolerance = "50 blocks"
[pause]
longest = "10 blocks"
count = 3
end = "moves"
[currency.EUR]
decimals = 2
rail = "balance"
[currency.XBT]
decimals = 2
rail = "bitcoin"
rate = "4 EUR per 1 XBT"
[[round]]
name = "public"
price = "10 TOK per 1 EUR"
[round.window.eur]
from = 100
until = 200
end = "exclusive"
[round.window.xbt]
from = 10
until = 30
end = "exclusive"
---
clock     reaches     150                  done
clock     reaches     20 on 1              done
issuer    pauses      -                    done
alice     pays        1 EUR at 149         accepted 1 EUR, 10 TOK
alice     pays        1 EUR at 150         refused paused (104)
alice     pays        1 XBT at 12          refused paused (104)
alice     pays        1 XBT at 25          refused paused (104)
clock     reaches     159                  done
alice     pays        1 XBT at 25          refused paused (104)
clock     reaches     160                  done
alice     pays        1 XBT at 25          accepted 1 XBT, 40 TOK
alice     pays        1 EUR at 155         refused paused (104)
alice     pays        1 EUR at 149         accepted 1 EUR, 10 TOK
alice     pays        1 EUR at 160         accepted 1 EUR, 10 TOK
alice     pays        1 XBT at 30          refused window_over (102)
alice     pays        1 EUR at 209         accepted 1 EUR, 10 TOK
alice     pays        1 EUR at 210         refused window_over (102)
"#,
    ),
    (
        "a right to withdraw counts on the chain of its money",
        r#"
numeraire = "EUR"
[withdrawal]
span = "5 blocks"
who = "everyone"
[currency.EUR]
decimals = 2
rail = "balance"
[currency.XBT]
decimals = 2
rail = "bitcoin"
rate = "4 EUR per 1 XBT"
[[round]]
name = "public"
price = "10 TOK per 1 EUR"
[round.window.eur]
from = 100
until = 200
end = "exclusive"
[round.window.xbt]
from = 10
until = 30
end = "exclusive"
---
alice     pays        1 XBT at 29          accepted 1 XBT, 40 TOK
bob       pays        1 XBT                accepted 1 XBT, 40 TOK
clock     reaches     300                  done
clock     reaches     33 on 1              done
alice     withdraws   alice                back 1 XBT
issuer    settles     -                    refused too_early_to_settle (705)
clock     reaches     34 on 1              done
bob       withdraws   bob                  refused withdrawal_over (602)
issuer    settles     -                    succeeded, raised 4 EUR, sold 40 TOK
"#,
    ),
];
