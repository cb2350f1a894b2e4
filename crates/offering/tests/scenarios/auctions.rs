//! Auctions: open bids, sealed bids, and the falling price.

use super::Table;

pub(crate) const TABLES: &[Table] = &[
    (
        "open bids have a limit, all winners pay one price",
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
---
clock     reaches     100                            done
alice     pays        9 EUR                          refused limit_price_missing (501)
alice     pays        9 EUR limit 0.99 EUR per 1 TOK      refused below_reserve (503)
alice     locks       9 EUR for 9 EUR limit 2 EUR per 1 TOK     refused bids_are_open (512)
alice     pays        12 EUR limit 3 EUR per 1 TOK   accepted 12 EUR
bob       pays        12 EUR limit 2 EUR per 1 TOK   accepted 12 EUR
carol     pays        12 EUR limit 1 EUR per 1 TOK   accepted 12 EUR
clock     reaches     200                            done
issuer    settles     -                              succeeded, raised 20 EUR, sold 10 TOK
alice#4   is          -                              accepted 12 EUR, 6 TOK
bob       is          -                              accepted 8 EUR, refunded 4 EUR, 4 TOK (oversubscribed)
carol     is          -                              accepted 0 EUR, refunded 12 EUR (outbid)
"#,
    ),
    (
        "sealed bids lock money, are opened in time, and cost a bond otherwise",
        r#"
[clock]
kind = "block"
tolerance = "30 blocks"
[withdrawal]
span = "20 blocks"
who = "everyone"
[[round]]
name = "auction"
from = 100
until = 200
end = "exclusive"
supply = "10 TOK"
investor = { max = "15 EUR" }
[round.pricing]
kind = "bids"
min_proceeds = "10 EUR"
sealed = { lock_step = "5 EUR", reveal_until = 250, bond = "10 %" }
---
clock     reaches     100                                             done
alice     pays        9 EUR limit 2 EUR per 1 TOK                     refused bids_are_sealed (511)
alice     locks       12 EUR for 9 EUR limit 2 EUR per 1 TOK          refused lock_step (505)
alice     locks       0 EUR for 9 EUR limit 2 EUR per 1 TOK           refused zero (209)
alice     locks       15 EUR for 12 EUR limit 3 EUR per 1 TOK         accepted 0 EUR, waiting 15 EUR
alice     locks       15 EUR for 12 EUR limit 3 EUR per 1 TOK         refused sealed_bid_live (504)
bob       locks       25 EUR for 20 EUR limit 2 EUR per 1 TOK         accepted 0 EUR, waiting 25 EUR
carol     locks       10 EUR for 12 EUR limit 2 EUR per 1 TOK         accepted 0 EUR, waiting 10 EUR
dora      locks       10 EUR for 9 EUR limit 0.5 EUR per 1 TOK        accepted 0 EUR, waiting 10 EUR
emil      locks       5 EUR for 5 EUR limit 2 EUR per 1 TOK           accepted 0 EUR, waiting 5 EUR
alice     withdraws   alice#4                                         refused sealed_bid_stays (609)
issuer    returns     alice#4 1 EUR order                             refused sealed_bid_stays (609)
alice     reveals     alice#4                                         refused reveal_too_early (507)
issuer    settles     -                                               refused too_early_to_settle (705)
clock     reaches     200                                             done
late      locks       5 EUR for 5 EUR limit 2 EUR per 1 TOK at 199    refused round_closed (105)
alice     reveals     alice#4 13 EUR limit 3 EUR per 1 TOK            refused reveal_mismatch (506)
alice     reveals     alice#4                                         done
alice     reveals     alice#4                                         refused already_revealed (509)
alice     reveals     alice                                           refused not_sealed (510)
bob       reveals     bob                                             done
bob       is          -                                               accepted 15 EUR, refunded 10 EUR (investor_limit)
carol     reveals     carol                                           refused reveal_above_lock (514)
dora      reveals     dora                                            refused below_reserve (503)
issuer    settles     -                                               refused too_early_to_settle (705)
clock     reaches     219                                             done
bob       withdraws   bob                                             back 15 EUR
clock     reaches     250                                             done
emil      reveals     emil                                            refused reveal_too_late (508)
issuer    settles     -                                               succeeded, raised 12 EUR, sold 10 TOK
alice#4   is          -                                               accepted 12 EUR, refunded 3 EUR, 10 TOK
carol     is          -                                               accepted 0 EUR, refunded 9 EUR, kept 1 EUR (not_revealed)
emil      has         -                                               0 TOK, back 4.5 EUR
"#,
    ),
    (
        "a falling price ends where the money pays for the supply",
        r#"
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
alice     pays        40 EUR at 100        accepted 40 EUR
bob       pays        20 EUR at 139        accepted 20 EUR
carol     pays        20 EUR at 145        accepted 4 EUR, refunded 16 EUR (sold_out)
dora      pays        1 EUR at 199         refused sold_out (207)
clock     reaches     200                  done
issuer    settles     -                    succeeded, raised 64 EUR, sold 9.99 TOK
alice     is          -                    accepted 40 EUR, 6.25 TOK
bob       is          -                    accepted 20 EUR, 3.12 TOK
carol     is          -                    accepted 4 EUR, refunded 16 EUR, 0.62 TOK (sold_out)
"#,
    ),
];
