//! Money that goes back before settlement: withdrawals, returns, the waiting list.

use super::Table;

pub(crate) const TABLES: &[Table] = &[
    (
        "everybody may withdraw for a while, and nothing is settled before",
        r#"
[withdrawal]
span = "20 blocks"
who = "everyone"
[[round]]
name = "public"
from = 100
until = 110
end = "exclusive"
price = "10 TOK per 1 EUR"
---
alice     pays        5 EUR at 105         accepted 5 EUR, 50 TOK
bob       pays        3 EUR at 106         accepted 3 EUR, 30 TOK
clock     reaches     124                  done
alice     withdraws   alice                back 5 EUR
alice     withdraws   alice                refused nothing_left (604)
alice     withdraws   carol                refused no_such_contribution (603)
clock     reaches     125                  done
issuer    settles     -                    refused too_early_to_settle (705)
clock     reaches     126                  done
bob       withdraws   bob                  refused withdrawal_over (602)
issuer    settles     -                    succeeded, raised 3 EUR, sold 30 TOK
alice     is          -                    accepted 0 EUR, refunded 5 EUR (withdrawn)
"#,
    ),
    (
        "the right may end for all at one date",
        r#"
[withdrawal]
until = 130
who = "everyone"
[[round]]
name = "public"
from = 100
until = 110
end = "exclusive"
price = "10 TOK per 1 EUR"
---
alice     pays        5 EUR at 100         accepted 5 EUR, 50 TOK
bob       pays        5 EUR at 109         accepted 5 EUR, 50 TOK
clock     reaches     129                  done
alice     withdraws   alice                back 5 EUR
clock     reaches     130                  done
bob       withdraws   bob                  refused withdrawal_over (602)
issuer    settles     -                    succeeded, raised 5 EUR, sold 50 TOK
"#,
    ),
    (
        "only who is marked has the right",
        r#"
[withdrawal]
span = "50 blocks"
who = "marked"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
---
issuer    admits      alice to public marked     done
issuer    admits      bob to public              done
alice     pays        5 EUR at 100               accepted 5 EUR, 50 TOK
bob       pays        5 EUR                      accepted 5 EUR, 50 TOK
carol     pays        5 EUR                      accepted 5 EUR, 50 TOK
bob       withdraws   bob                        refused not_marked_for_withdrawal (608)
carol     withdraws   carol                      refused not_marked_for_withdrawal (608)
issuer    revokes     alice from public          done
alice     withdraws   alice                      back 5 EUR
"#,
    ),
    (
        "a supplement opens an exit for those before it",
        r#"
[[round]]
name = "public"
from = 100
until = 110
end = "exclusive"
price = "10 TOK per 1 EUR"
---
alice     pays        5 EUR at 100         accepted 5 EUR, 50 TOK
issuer    documents   -                    done
alice     withdraws   alice                refused no_withdrawal_right (601)
issuer    documents   exit until 120       done
bob       pays        5 EUR at 105         accepted 5 EUR, 50 TOK
bob       withdraws   bob                  refused no_withdrawal_right (601)
issuer    documents   exit until 115       done
clock     reaches     115                  done
bob       withdraws   bob                  back 5 EUR
issuer    settles     -                    refused too_early_to_settle (705)
clock     reaches     120                  done
alice     withdraws   alice                back 5 EUR
clock     reaches     121                  done
issuer    settles     -                    succeeded, raised 0 EUR, sold 0 TOK
"#,
    ),
    (
        "an exit that is over is over, whatever another document opened before",
        r#"
[[round]]
name = "public"
from = 100
until = 110
end = "exclusive"
price = "10 TOK per 1 EUR"
---
alice     pays        5 EUR at 100         accepted 5 EUR, 50 TOK
issuer    documents   exit until 120       done
bob       pays        5 EUR                accepted 5 EUR, 50 TOK
issuer    documents   exit until 115       done
clock     reaches     116                  done
bob       withdraws   bob                  refused no_withdrawal_right (601)
alice     withdraws   alice                back 5 EUR
"#,
    ),
    (
        "returns at discretion end with the round, returns of law do not",
        r#"
[[round]]
name = "public"
from = 100
until = 110
end = "exclusive"
price = "10 TOK per 1 EUR"
---
alice     pays        5 EUR at 100         accepted 5 EUR, 50 TOK
bob       pays        5 EUR at 99          refused position_went_back (108)
issuer    returns     alice 2 EUR discretion         back 2 EUR
alice     is          -                              accepted 3 EUR, refunded 2 EUR, 30 TOK (returned_discretion)
issuer    returns     alice 4 EUR discretion         refused more_than_accepted (605)
issuer    returns     alice 0 EUR discretion         refused zero (209)
issuer    returns     bob 1 EUR discretion           refused nothing_left (604)
issuer    returns     carol 1 EUR discretion         refused no_such_contribution (603)
clock     reaches     110                            done
issuer    returns     alice 1 EUR over_limit         refused round_over_for_returns (606)
issuer    returns     alice 1 EUR sanctions          back 1 EUR
issuer    returns     alice 2 EUR wrongful_payment   back 2 EUR
issuer    returns     alice 1 EUR order              refused nothing_left (604)
issuer    settles     -                              succeeded, raised 0 EUR, sold 0 TOK
"#,
    ),
    (
        "freed room reopens",
        r#"
[withdrawal]
span = "50 blocks"
who = "everyone"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
cap = "5 EUR"
---
alice     pays        5 EUR at 100         accepted 5 EUR, 50 TOK
bob       pays        2 EUR                refused round_cap_reached (205)
alice     withdraws   alice                back 5 EUR
bob       pays        2 EUR                accepted 2 EUR, 20 TOK
"#,
    ),
    (
        "freed room stays closed where the terms say so",
        r#"
freed_room = "closed"
[withdrawal]
span = "50 blocks"
who = "everyone"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
cap = "5 EUR"
---
alice     pays        5 EUR at 100         accepted 5 EUR, 50 TOK
alice     withdraws   alice                back 5 EUR
bob       pays        2 EUR                refused round_cap_reached (205)
"#,
    ),
    (
        "freed room goes to the waiting list in order",
        r#"
freed_room = "waiting_list"
[withdrawal]
span = "50 blocks"
who = "everyone"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
cap = "5 EUR"
---
alice     pays        4 EUR at 100         accepted 4 EUR, 40 TOK
bob       pays        3 EUR                accepted 1 EUR, waiting 2 EUR, 10 TOK (round_cap_reached)
carol     pays        2 EUR                accepted 0 EUR, waiting 2 EUR (round_cap_reached)
dora      pays        2 EUR                accepted 0 EUR, waiting 2 EUR (round_cap_reached)
emil      pays        2 EUR                accepted 0 EUR, waiting 2 EUR (round_cap_reached)
dora      withdraws   dora                 back 2 EUR
alice     withdraws   alice                back 4 EUR, promoted 2
bob       is          -                    accepted 3 EUR, 30 TOK
carol     is          -                    accepted 2 EUR, 20 TOK
clock     reaches     300                  done
issuer    settles     -                    succeeded, raised 5 EUR, sold 50 TOK
emil      is          -                    accepted 0 EUR, refunded 2 EUR (waiting)
emil      has         -                    0 TOK, back 2 EUR
"#,
    ),
    (
        "a part that is promoted takes its own tokens from what is for sale, and no more",
        r#"
freed_room = "waiting_list"
[withdrawal]
span = "50 blocks"
who = "everyone"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
supply = "50 TOK"
---
alice     pays        4 EUR at 100         accepted 4 EUR, 40 TOK
bob       pays        3 EUR                accepted 1 EUR, waiting 2 EUR, 10 TOK (sold_out)
alice     withdraws   alice                back 4 EUR, promoted 1
bob       is          -                    accepted 3 EUR, 30 TOK
carol     pays        3 EUR                accepted 2 EUR, waiting 1 EUR, 20 TOK (sold_out)
"#,
    ),
    (
        "a part that is promoted is rounded together with the part before",
        r#"
freed_room = "waiting_list"
[withdrawal]
span = "50 blocks"
who = "everyone"
[token.supply]
kind = "fixed"
total = "6 TOK"
for_sale = "5 TOK"
[[token.share]]
holder = "team"
amount = "1 TOK"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "1 TOK" }
[[round]]
name = "friends"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 2 EUR"
access = "admitted"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 2 EUR"
cap = "6 EUR"
---
issuer    admits      dora to friends      done
alice     pays        3 EUR at 100         accepted 3 EUR, 1 TOK
bob       pays        6 EUR                accepted 3 EUR, waiting 3 EUR, 1 TOK (round_cap_reached)
dora      pays        6 EUR                accepted 6 EUR, 3 TOK
alice     withdraws   alice                back 3 EUR, promoted 1
bob       is          -                    accepted 4 EUR, refunded 2 EUR, 2 TOK (round_cap_reached)
"#,
    ),
    (
        "what waits is promoted whole or not at all where limits refuse",
        r#"
freed_room = "waiting_list"
[withdrawal]
span = "50 blocks"
who = "everyone"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
cap = "8 EUR"
investor = { max = "5 EUR" }
over_limit = "refuse"
---
alice     pays        5 EUR at 100         accepted 5 EUR, 50 TOK
bob       pays        4 EUR                accepted 3 EUR, waiting 1 EUR, 30 TOK (round_cap_reached)
bob       pays        2 EUR                accepted 0 EUR, waiting 2 EUR (round_cap_reached)
alice     withdraws   alice                back 5 EUR, promoted 1
bob       is          -                    accepted 4 EUR, 40 TOK
bob#2     is          -                    accepted 0 EUR, refunded 2 EUR (round_cap_reached)
"#,
    ),
    (
        "who only waits may leave without a right, and takes nothing else along",
        r#"
freed_room = "waiting_list"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
cap = "5 EUR"
---
alice     pays        7 EUR at 100         accepted 5 EUR, waiting 2 EUR, 50 TOK (round_cap_reached)
alice     withdraws   alice                back 2 EUR
alice     is          -                    accepted 5 EUR, refunded 2 EUR, 50 TOK (withdrawn)
alice     withdraws   alice                refused no_withdrawal_right (601)
"#,
    ),
    (
        "a returned contribution does not take the room it frees",
        r#"
freed_room = "waiting_list"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
cap = "5 EUR"
---
alice     pays        7 EUR at 100         accepted 5 EUR, waiting 2 EUR, 50 TOK (round_cap_reached)
bob       pays        1 EUR                accepted 0 EUR, waiting 1 EUR (round_cap_reached)
issuer    returns     alice 5 EUR sanctions          back 5 EUR, promoted 1
alice     is          -                    accepted 2 EUR, refunded 5 EUR, 20 TOK (returned_sanctions)
bob       is          -                    accepted 1 EUR, 10 TOK
"#,
    ),
    (
        "who waits stays under the limits",
        r#"
freed_room = "waiting_list"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
cap = "8 EUR"
investor = { max = "5 EUR" }
---
alice     pays        4 EUR at 100         accepted 4 EUR, 40 TOK
bob       pays        9 EUR                accepted 4 EUR, refunded 4 EUR, waiting 1 EUR, 40 TOK (round_cap_reached)
issuer    returns     alice 4 EUR discretion         back 4 EUR, promoted 1
bob       is          -                    accepted 5 EUR, refunded 4 EUR, 50 TOK (round_cap_reached)
"#,
    ),
];
