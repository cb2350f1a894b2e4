//! Windows: their ends, the time between them, the order of positions, who is let in.

use super::Table;

pub(crate) const TABLES: &[Table] = &[
    (
        "an exclusive end is outside, an inclusive one inside",
        r#"
[[round]]
name = "early"
from = 100
until = 110
end = "exclusive"
price = "10 TOK per 1 EUR"
[[round]]
name = "late"
from = 120
until = 130
end = "inclusive"
price = "5 TOK per 1 EUR"
---
phase     is          -                    announced
alice     pays        1 EUR at 99          refused not_yet_open (101)
alice     pays        1 EUR at 100         accepted 1 EUR, 10 TOK
phase     is          -                    open early
alice     pays        1 EUR at 109         accepted 1 EUR, 10 TOK
alice     pays        1 EUR at 110         refused between_rounds (103)
phase     is          -                    betweenrounds
alice     pays        1 EUR at 119         refused between_rounds (103)
alice     pays        1 EUR at 120         accepted 1 EUR, 5 TOK
alice     pays        1 EUR at 130         accepted 1 EUR, 5 TOK
alice     pays        1 EUR at 131         refused window_over (102)
phase     is          -                    closed
alice     withdraws   alice                refused no_withdrawal_right (601)
issuer    settles     -                    succeeded, raised 4 EUR, sold 30 TOK
alice     has         -                    30 TOK, back 4 EUR
alice#6   is          -                    accepted 1 EUR, 5 TOK
alice#8   is          -                    accepted 0 EUR, refunded 1 EUR (window_over)
"#,
    ),
    (
        "positions may go back as far as the terms tolerate",
        r#"
[clock]
kind = "block"
tolerance = "3 blocks"
[[round]]
name = "public"
from = 100
until = 110
end = "exclusive"
[round.pricing]
kind = "steps"
steps = [{ from = 100, price = "20 TOK per 1 EUR" }, { from = 105, price = "10 TOK per 1 EUR" }]
---
alice     pays        1 EUR at 106         accepted 1 EUR, 10 TOK
bob       pays        1 EUR at 104         accepted 1 EUR, 20 TOK
carol     pays        1 EUR at 103         accepted 1 EUR, 20 TOK
dora      pays        1 EUR at 102         refused position_went_back (108)
clock     reaches     112                  done
emil      pays        1 EUR at 109         accepted 1 EUR, 10 TOK
emil      pays        1 EUR at 108         refused position_went_back (108)
"#,
    ),
    (
        "nothing happens before the terms are announced",
        r#"
[[round]]
name = "public"
from = 100
until = 110
end = "exclusive"
price = "10 TOK per 1 EUR"
---
draft
phase     is          -                    draft
alice     pays        1 EUR at 100         refused not_announced (109)
issuer    pauses      -                    refused not_announced (109)
issuer    announces   others               refused wrong_terms (111)
issuer    announces   own                  done
issuer    announces   own                  refused already_announced (110)
alice     pays        1 EUR                accepted 1 EUR, 10 TOK
clock     reaches     110                  done
issuer    settles     -                    succeeded, raised 1 EUR, sold 10 TOK
alice     has         -                    10 TOK, back 1 EUR
"#,
    ),
    (
        "who is admitted comes in, until when and up to what the admission says",
        r#"
[[round]]
name = "private"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
access = "admitted"
---
clock     reaches     100                              done
alice     pays        1 EUR                            refused not_admitted (301)
issuer    admits      alice to private limit 5 EUR     done
alice     pays        4 EUR                            accepted 4 EUR, 40 TOK
alice     pays        4 EUR                            accepted 1 EUR, refunded 3 EUR, 10 TOK (admission_limit)
alice     pays        1 EUR                            refused admission_limit (303)
issuer    admits      alice to private limit 7 EUR     done
alice     pays        4 EUR                            accepted 2 EUR, refunded 2 EUR, 20 TOK (admission_limit)
issuer    admits      bob to private until 150         done
bob       pays        1 EUR at 149                     accepted 1 EUR, 10 TOK
bob       pays        1 EUR at 150                     refused admission_expired (302)
issuer    revokes     alice from private               done
alice     pays        1 EUR                            refused admission_revoked (304)
alice#2   is          -                                accepted 4 EUR, 40 TOK
issuer    revokes     carol from private               refused not_admitted (301)
issuer    revokes     bob from nowhere                 refused unknown_round (305)
issuer    admits      bob to nowhere                   refused unknown_round (305)
issuer    admits      bob to private guaranteed 1 EUR  refused guarantee_not_offered (306)
"#,
    ),
    (
        "the first round that lets a person in takes the money",
        r#"
numeraire = "EUR"
[currency.EUR]
decimals = 2
rail = "balance"
[currency.CHF]
decimals = 2
rail = "balance"
chain = "eur"
rate = "2 EUR per 1 CHF"
[[round]]
name = "friends"
from = 100
until = 200
end = "exclusive"
price = "20 TOK per 1 EUR"
access = "admitted"
currencies = ["EUR"]
[[round]]
name = "public"
from = 100
until = 150
end = "exclusive"
price = "10 TOK per 1 EUR"
currencies = ["EUR"]
---
issuer    admits      alice to friends     done
alice     pays        1 EUR at 100         accepted 1 EUR, 20 TOK
bob       pays        1 EUR                accepted 1 EUR, 10 TOK
bob       pays        1 CHF                refused currency_not_taken (401)
bob       pays        1 XXX                refused unknown_currency (407)
bob       pays        1 EUR at 150         refused not_admitted (301)
alice     pays        1 EUR                accepted 1 EUR, 20 TOK
"#,
    ),
    (
        "a round is closed early where the terms allow it",
        r#"
early_close = "after_soft_cap"
soft_cap = "5 EUR"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
---
clock     reaches     99                   done
issuer    closes      public               refused early_close_not_in_terms (708)
alice     pays        5 EUR at 100         accepted 5 EUR, 50 TOK
issuer    closes      nowhere              refused unknown_round (305)
issuer    closes      public               done
issuer    closes      public               refused round_not_open (713)
alice     pays        1 EUR at 101         refused round_closed (105)
phase     is          -                    closed
issuer    settles     -                    succeeded, raised 5 EUR, sold 50 TOK
"#,
    ),
    (
        "a round that has not begun cannot be closed",
        r#"
early_close = "allowed"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
---
issuer    closes      public               refused round_not_open (713)
clock     reaches     100                  done
issuer    closes      public               done
"#,
    ),
    (
        "two chains have a window each",
        r#"
numeraire = "EUR"
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
from = 7
until = 9
end = "exclusive"
---
alice     pays        1 XBT at 6           refused not_yet_open (101)
alice     pays        1 XBT at 8           accepted 1 XBT, 40 TOK
alice     pays        1 EUR at 150         accepted 1 EUR, 10 TOK
alice     pays        1 XBT at 9           refused window_over (102)
alice     pays        1 EUR at 9 on 1      refused unknown_currency (407)
issuer    settles     -                    refused too_early_to_settle (705)
clock     reaches     200                  done
issuer    settles     -                    succeeded, raised 5 EUR, sold 50 TOK
"#,
    ),
];
