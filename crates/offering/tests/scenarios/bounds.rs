//! Bounds of each kind and currency, and sales that meet several of them.

use super::Table;

pub(crate) const TABLES: &[Table] = &[
    (
        "a minimum and a maximum for each currency count for that currency alone",
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
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
contribution = { min = ["2 EUR", "0.5 CHF"], max = ["4 EUR", "3 CHF"] }
---
clock     reaches     100                  done
alice     pays        1.99 EUR             refused below_minimum (201)
alice     pays        2 EUR                accepted 2 EUR, 20 TOK
alice     pays        4 EUR                accepted 4 EUR, 40 TOK
alice     pays        4.01 EUR             accepted 4 EUR, refunded 0.01 EUR, 40 TOK (above_maximum)
bob       pays        0.49 CHF             refused below_minimum (201)
bob       pays        0.5 CHF              accepted 0.5 CHF, 10 TOK
bob       pays        3 CHF                accepted 3 CHF, 60 TOK
bob       pays        3.01 CHF             accepted 3 CHF, refunded 0.01 CHF, 60 TOK (above_maximum)
bob       pays        0 CHF                refused below_minimum (201)
"#,
    ),
    (
        "nothing is taken where the minimum of its currency is nothing",
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
name = "one"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
contribution = { min = "0 CHF" }
[[round]]
name = "both"
from = 200
until = 300
end = "exclusive"
price = "10 TOK per 1 EUR"
contribution = { min = ["0 CHF", "0 EUR"] }
[[round]]
name = "neither"
from = 300
until = 400
end = "exclusive"
price = "10 TOK per 1 EUR"
contribution = { min = ["0.01 CHF", "0.01 EUR"] }
---
clock     reaches     100                  done
alice     pays        0 EUR                refused zero (209)
alice     pays        0 CHF                accepted 0 CHF
alice     pays        0.01 EUR             accepted 0.01 EUR, 0.1 TOK
alice     pays        0 EUR at 200         accepted 0 EUR
alice     pays        0 CHF                accepted 0 CHF
alice     pays        0 EUR at 300         refused below_minimum (201)
alice     pays        0 CHF                refused below_minimum (201)
alice     pays        0.01 CHF             accepted 0.01 CHF, 0.2 TOK
"#,
    ),
    (
        "an investor's minimum is reached together",
        r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
investor = { min = "3 EUR" }
---
clock     reaches     100                  done
alice     pays        2.99 EUR             refused below_investor_minimum (203)
alice     pays        3 EUR                accepted 3 EUR, 30 TOK
alice     pays        0.01 EUR             accepted 0.01 EUR, 0.1 TOK
"#,
    ),
    (
        "a maximum in tokens, of a contribution and of an investor",
        r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
contribution = { max = "30 TOK" }
investor = { max = "50 TOK" }
---
clock     reaches     100                  done
alice     pays        3 EUR                accepted 3 EUR, 30 TOK
alice     pays        1.99 EUR             accepted 1.99 EUR, 19.9 TOK
alice     pays        0.02 EUR             accepted 0.01 EUR, refunded 0.01 EUR, 0.1 TOK (investor_limit)
bob       pays        3.01 EUR             accepted 3 EUR, refunded 0.01 EUR, 30 TOK (above_maximum)
"#,
    ),
    (
        "what waits is promoted whole or not at all where caps refuse",
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
over_cap = "refuse"
---
alice     pays        4 EUR at 100         accepted 4 EUR, 40 TOK
bob       pays        3 EUR                accepted 0 EUR, waiting 3 EUR (round_cap_reached)
carol     pays        4 EUR                accepted 0 EUR, waiting 4 EUR (round_cap_reached)
dora      pays        2 EUR                accepted 0 EUR, waiting 2 EUR (round_cap_reached)
alice     withdraws   alice                back 4 EUR, promoted 2
bob       is          -                    accepted 3 EUR, 30 TOK
carol     is          -                    accepted 0 EUR, refunded 4 EUR (round_cap_reached)
dora      is          -                    accepted 2 EUR, 20 TOK
bob       withdraws   bob                  back 3 EUR
dora      withdraws   dora                 back 2 EUR, promoted 1
carol     is          -                    accepted 4 EUR, 40 TOK
"#,
    ),
    (
        "a limit that leaves less than the whole leaves nothing where caps refuse",
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
over_cap = "refuse"
over_limit = "partial"
---
alice     pays        4 EUR at 100                   accepted 4 EUR, 40 TOK
bob       pays        3 EUR                          accepted 0 EUR, waiting 3 EUR (round_cap_reached)
carol     pays        3 EUR                          accepted 0 EUR, waiting 3 EUR (round_cap_reached)
issuer    admits      bob to public limit 2.99 EUR   done
issuer    admits      carol to public limit 3 EUR    done
alice     withdraws   alice                          back 4 EUR, promoted 1
bob       is          -                              accepted 0 EUR, refunded 3 EUR (round_cap_reached)
carol     is          -                              accepted 3 EUR, 30 TOK
"#,
    ),
    (
        "a second batch is left what the first may come to when tokens are rounded once per person",
        r#"
[token]
name = "Token"
symbol = "TOK"
decimals = 0
[token.supply]
kind = "minted"
max = "10 TOK"
[currency.EUR]
decimals = 2
rail = "balance"
rounding = { per = "investor" }
[[round]]
name = "first"
from = 100
until = 200
end = "exclusive"
price = "1 TOK per 2 EUR"
allocation = "pro_rata"
cap = "9 EUR"
[[round]]
name = "second"
from = 200
until = 300
end = "exclusive"
price = "1 TOK per 1 EUR"
allocation = "pro_rata"
cap = "100 EUR"
---
alice     pays        1 EUR at 100         accepted 1 EUR
bob       pays        3 EUR at 100         accepted 3 EUR, 1 TOK
carol     pays        20 EUR at 200        accepted 20 EUR, 20 TOK
clock     reaches     300                  done
issuer    settles     -                    succeeded, raised 10 EUR, sold 8 TOK
alice     is          -                    accepted 0 EUR, refunded 1 EUR (buys_nothing)
bob       is          -                    accepted 3 EUR, 1 TOK
carol     is          -                    accepted 7 EUR, refunded 13 EUR, 7 TOK (oversubscribed)
"#,
    ),
    (
        "each auction clears its own bids",
        r#"
[[round]]
name = "morning"
from = 100
until = 200
end = "exclusive"
supply = "10 TOK"
[round.pricing]
kind = "bids"
[[round]]
name = "evening"
from = 200
until = 300
end = "exclusive"
supply = "10 TOK"
[round.pricing]
kind = "bids"
---
alice     pays        10 EUR limit 2 EUR per 1 TOK at 100    accepted 10 EUR
bob       pays        30 EUR limit 9 EUR per 1 TOK at 200    accepted 30 EUR
carol     pays        15 EUR limit 2 EUR per 1 TOK           accepted 15 EUR
clock     reaches     300                            done
issuer    settles     -                              succeeded, raised 40 EUR, sold 20 TOK
alice     is          -                              accepted 10 EUR, 10 TOK
bob       is          -                              accepted 30 EUR, 10 TOK
carol     is          -                              accepted 0 EUR, refunded 15 EUR (outbid)
"#,
    ),
    (
        "a bid that was taken back bids no more",
        r#"
[withdrawal]
span = "50 blocks"
who = "everyone"
[[round]]
name = "auction"
from = 100
until = 200
end = "exclusive"
supply = "10 TOK"
[round.pricing]
kind = "bids"
---
alice     pays        20 EUR limit 2 EUR per 1 TOK at 100    accepted 20 EUR
bob       pays        5 EUR limit 1 EUR per 1 TOK            accepted 5 EUR
alice     withdraws   alice                          back 20 EUR
clock     reaches     250                            done
issuer    settles     -                              succeeded, raised 5 EUR, sold 10 TOK
alice     is          -                              accepted 0 EUR, refunded 20 EUR (withdrawn)
bob       is          -                              accepted 5 EUR, 10 TOK
"#,
    ),
    (
        "a part that is promoted has had its credit",
        r#"
freed_room = "waiting_list"
[withdrawal]
span = "50 blocks"
who = "everyone"
[currency.EUR]
decimals = 2
rail = "balance"
credit = "0.5 EUR"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
cap = "5 EUR"
[round.pricing]
kind = "tiers"
crossing = "split"
tiers = [{ up_to = "5 EUR", price = "10 TOK per 1 EUR" }, { price = "5 TOK per 1 EUR" }]
---
alice     pays        4 EUR at 100         accepted 4 EUR, 45 TOK
bob       pays        3 EUR                accepted 1 EUR, waiting 2 EUR, 12.5 TOK (round_cap_reached)
alice     withdraws   alice                back 4 EUR, promoted 1
bob       is          -                    accepted 3 EUR, 22.5 TOK
"#,
    ),
    (
        "before the announcement not even the clock is looked at",
        r#"
[[round]]
name = "public"
from = 100
until = 110
end = "exclusive"
price = "10 TOK per 1 EUR"
---
draft
clock     reaches     50                   refused not_announced (109)
issuer    documents   -                    refused not_announced (109)
issuer    admits      alice to public      refused not_announced (109)
issuer    settles     -                    refused not_announced (109)
issuer    announces   own                  done
clock     reaches     50                   done
"#,
    ),
    (
        "a limit price has money and tokens in it",
        r#"
[[round]]
name = "auction"
from = 100
until = 200
end = "exclusive"
supply = "10 TOK"
[round.pricing]
kind = "bids"
---
clock     reaches     100                                 done
alice     pays        9 EUR limit 0 EUR per 1 TOK         refused limit_price_missing (501)
alice     pays        9 EUR limit 1 EUR per 0 TOK         refused limit_price_missing (501)
alice     pays        9 EUR limit 0.01 EUR per 1 TOK      accepted 9 EUR
"#,
    ),
    (
        "a sealed bid may be for all that it locked, not for more and not for nothing",
        r#"
[[round]]
name = "auction"
from = 100
until = 200
end = "exclusive"
supply = "10 TOK"
[round.pricing]
kind = "bids"
min_proceeds = "10 EUR"
sealed = { lock_step = "5 EUR", reveal_until = 250 }
---
alice     locks       10 EUR for 10 EUR limit 1 EUR per 1 TOK at 199     accepted 0 EUR, waiting 10 EUR
bob       locks       10 EUR for 10.01 EUR limit 1 EUR per 1 TOK         accepted 0 EUR, waiting 10 EUR
carol     locks       10 EUR for 0 EUR limit 1 EUR per 1 TOK             accepted 0 EUR, waiting 10 EUR
dora      locks       10 EUR for 9 EUR limit 0 EUR per 1 TOK             accepted 0 EUR, waiting 10 EUR
emil      locks       10 EUR for 1 EUR limit 1 EUR per 1 TOK             accepted 0 EUR, waiting 10 EUR
alice     reveals     alice                                              refused reveal_too_early (507)
clock     reaches     200                                                done
alice     reveals     alice                                              done
bob       reveals     bob                                                refused reveal_above_lock (514)
carol     reveals     carol                                              refused zero (209)
dora      reveals     dora                                               refused limit_price_missing (501)
clock     reaches     249                                                done
issuer    settles     -                                                  refused too_early_to_settle (705)
emil      reveals     emil                                               done
issuer    settles     -                                                  refused too_early_to_settle (705)
clock     reaches     250                                                done
issuer    settles     -                                                  succeeded, raised 10 EUR, sold 10 TOK
bob       is          -                                                  accepted 0 EUR, refunded 10 EUR (not_revealed)
"#,
    ),
    (
        "a guarantee may fill the cap, is used up, and ends with its admission",
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
clock     reaches     100                                 done
issuer    admits      alice to public guaranteed 6 EUR    done
issuer    admits      bob to public guaranteed 4 EUR      done
issuer    admits      bob to public guaranteed 4.01 EUR   refused guarantees_exceed_cap (307)
carol     pays        1 EUR                               refused round_cap_reached (205)
issuer    revokes     bob from public                     done
carol     pays        3 EUR                               accepted 3 EUR, 30 TOK
issuer    admits      bob to public guaranteed 1.01 EUR   refused guarantees_exceed_cap (307)
issuer    admits      bob to public guaranteed 1 EUR      done
alice     pays        5 EUR                               accepted 5 EUR, 50 TOK
carol     pays        1 EUR                               refused round_cap_reached (205)
alice     pays        2 EUR                               accepted 1 EUR, refunded 1 EUR, 10 TOK (round_cap_reached)
issuer    admits      alice to public                     done
issuer    admits      bob to public                       done
carol     pays        2 EUR                               accepted 1 EUR, refunded 1 EUR, 10 TOK (round_cap_reached)
"#,
    ),
    (
        "what was returned is at most what was accepted and what waits",
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
alice     pays        7 EUR at 100                 accepted 5 EUR, waiting 2 EUR, 50 TOK (round_cap_reached)
issuer    returns     alice 7.01 EUR discretion    refused more_than_accepted (605)
issuer    returns     alice 0 EUR discretion       refused zero (209)
issuer    returns     alice 1 EUR discretion       back 2 EUR
alice     is          -                            accepted 5 EUR, refunded 2 EUR, 50 TOK (returned_discretion)
issuer    returns     alice 5.01 EUR discretion    refused more_than_accepted (605)
issuer    returns     alice 5 EUR discretion       back 5 EUR
issuer    returns     alice 0.01 EUR discretion    refused nothing_left (604)
"#,
    ),
    (
        "a pause that was resumed early is over for late money too",
        r#"
[clock]
kind = "block"
tolerance = "20 blocks"
[pause]
longest = "10 blocks"
count = 1
end = "fixed"
[[round]]
name = "public"
from = 100
until = 150
end = "exclusive"
price = "10 TOK per 1 EUR"
---
clock     reaches     110                  done
issuer    pauses      -                    done
clock     reaches     113                  done
issuer    resumes     -                    done
clock     reaches     125                  done
alice     pays        1 EUR at 109         accepted 1 EUR, 10 TOK
alice     pays        1 EUR at 110         refused paused (104)
alice     pays        1 EUR at 112         refused paused (104)
alice     pays        1 EUR at 113         accepted 1 EUR, 10 TOK
alice     pays        1 EUR at 119         accepted 1 EUR, 10 TOK
"#,
    ),
];
