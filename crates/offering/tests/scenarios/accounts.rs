//! Accounts: money that a platform moved in, contributions that draw on it, and entries that count
//! once.

use super::Table;

pub(crate) const TABLES: &[Table] = &[
    ("money moves in, is drawn on, and its rest moves out", MOVES),
    ("change and what comes back are free at once", FREE_AT_ONCE),
    ("an exit never closes", EXITS),
    ("only money that arrived is refunded by hand", MIXED),
    ("a missed soft cap frees everything", MISSED),
    ("an expired offering frees everything", LATE),
    ("what waits is held", WAITS),
    ("locked money is held until the bid is opened", LOCKED),
    ("money from an account is drawn like any other", DRAWN),
    ("what is kept never comes back", KEPT),
    ("an account belongs to a currency with balances", RAILS),
    ("a request counts once", REQUESTS),
    ("nothing is drawn where there is no account", NOTHING),
    ("all accounts of a currency fit one number", ALL_TOGETHER),
];

const MOVES: &str = r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
---
issuer    funds        alice 10 EUR as 1       done
alice     draws        5 EUR                   refused not_yet_open (101)
clock     reaches      100                     done
bob       draws        5 EUR                   refused insufficient_funds (214)
alice     draws        10.01 EUR               refused insufficient_funds (214)
alice     draws        6 EUR                   accepted 6 EUR, 60 TOK
alice     account      EUR                     funded 10 EUR, held 6 EUR, free 4 EUR
alice     draws        4.01 EUR                refused insufficient_funds (214)
issuer    takes back   alice 4.01 EUR          refused insufficient_funds (214)
issuer    takes back   alice 3 EUR as 2        done
issuer    takes back   alice 3 EUR as 2        repeats 9
issuer    funds        alice 10 EUR as 1       repeats 1
issuer    funds        alice 10 EUR as 2       repeats 9
issuer    takes back   alice 0 EUR             refused zero (209)
issuer    funds        alice 0 EUR as 3        refused zero (209)
issuer    funds        alice 5 EUR as 3        repeats 14
issuer    takes back   carol 1 EUR             refused unknown_investor (804)
issuer    takes back   alice 1 XYZ             refused unknown_currency (407)
issuer    funds        alice 1 XYZ             refused unknown_currency (407)
alice     account      EUR                     funded 10 EUR, back 3 EUR, held 6 EUR, free 1 EUR
clock     reaches      200                     done
issuer    settles      -                       succeeded, raised 6 EUR, sold 60 TOK
alice     account      EUR                     funded 10 EUR, back 3 EUR, spent 6 EUR, free 1 EUR
issuer    takes back   alice 1 EUR             done
alice     account      EUR                     funded 10 EUR, back 4 EUR, spent 6 EUR
issuer    funds        alice 1 EUR             refused offering_settled (107)
issuer    refunds      alice EUR               refused nothing_to_claim (802)
issuer    hands        alice 60 TOK            done
phase     is           -                       finished
"#;

const NOTHING: &str = r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
contribution = { min = "0 EUR" }
---
clock     reaches      100                     done
alice     pays         1 EUR                   accepted 1 EUR, 10 TOK
alice     draws        0 EUR                   refused insufficient_funds (214)
issuer    funds        alice 1 EUR             done
alice     draws        0 EUR                   accepted 0 EUR
clock     reaches      200                     done
issuer    settles      -                       succeeded, raised 1 EUR, sold 10 TOK
"#;

const FREE_AT_ONCE: &str = r#"
[withdrawal]
span = "50 blocks"
who = "everyone"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
investor = { max = "6 EUR" }
over_limit = "partial"
---
issuer    funds        alice 10 EUR            done
clock     reaches      100                     done
alice     draws        10 EUR                  accepted 6 EUR, refunded 4 EUR, 60 TOK (investor_limit)
alice     account      EUR                     funded 10 EUR, held 6 EUR, free 4 EUR
alice     withdraws    alice                   back 6 EUR
alice     account      EUR                     funded 10 EUR, free 10 EUR
alice     draws        5 EUR                   accepted 5 EUR, 50 TOK
issuer    returns      alice#2 2 EUR sanctions  back 2 EUR
alice     account      EUR                     funded 10 EUR, held 3 EUR, free 7 EUR
issuer    takes back   alice 7 EUR             done
alice     account      EUR                     funded 10 EUR, back 7 EUR, held 3 EUR
"#;

const EXITS: &str = r#"
[pause]
longest = "30 blocks"
count = 3
end = "moves"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
---
issuer    funds        alice 10 EUR            done
clock     reaches      100                     done
alice     draws        4 EUR                   accepted 4 EUR, 40 TOK
issuer    pauses       -                       done
alice     draws        1 EUR                   refused paused (104)
issuer    funds        alice 1 EUR             done
issuer    takes back   alice 2 EUR             done
issuer    resumes      -                       done
issuer    cancels      -                       done
alice     account      EUR                     funded 11 EUR, back 2 EUR, free 9 EUR
issuer    funds        alice 1 EUR             refused offering_cancelled (106)
issuer    takes back   alice 8 EUR             done
alice     draws        1 EUR                   refused offering_cancelled (106)
issuer    settles      -                       cancelled, raised 0 EUR, sold 0 TOK
alice     account      EUR                     funded 11 EUR, back 10 EUR, free 1 EUR
phase     is           -                       finished
issuer    takes back   alice 1 EUR             done
issuer    takes back   alice 0.01 EUR          refused insufficient_funds (214)
"#;

const MIXED: &str = r#"
soft_cap = "100 EUR"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
---
issuer    funds        alice 10 EUR            done
clock     reaches      100                     done
alice     draws        4 EUR                   accepted 4 EUR, 40 TOK
alice     pays         3 EUR                   accepted 3 EUR, 30 TOK
bob       pays         2 EUR                   accepted 2 EUR, 20 TOK
alice     account      EUR                     funded 10 EUR, held 4 EUR, free 6 EUR
clock     reaches      200                     done
issuer    settles      -                       failed, raised 0 EUR, sold 0 TOK
alice     has          -                       0 TOK, back 7 EUR
alice     account      EUR                     funded 10 EUR, free 10 EUR
phase     is           -                       refunding
issuer    refunds      alice EUR               done
issuer    refunds      alice EUR               refused nothing_to_claim (802)
phase     is           -                       refunding
issuer    refunds      bob EUR                 done
phase     is           -                       finished
"#;

const MISSED: &str = r#"
soft_cap = "100 EUR"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
---
issuer    funds        alice 10 EUR            done
clock     reaches      100                     done
alice     draws        10 EUR                  accepted 10 EUR, 100 TOK
clock     reaches      200                     done
issuer    takes back   alice 1 EUR             refused insufficient_funds (214)
issuer    settles      -                       failed, raised 0 EUR, sold 0 TOK
phase     is           -                       finished
issuer    takes back   alice 10 EUR            done
alice     account      EUR                     funded 10 EUR, back 10 EUR
"#;

const LATE: &str = r#"
refund_deadline = 300
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
---
issuer    funds        alice 10 EUR            done
clock     reaches      100                     done
alice     draws        10 EUR                  accepted 10 EUR, 100 TOK
clock     reaches      301                     done
phase     is           -                       expired
alice     account      EUR                     funded 10 EUR, free 10 EUR
issuer    funds        alice 1 EUR             refused deadline_passed (112)
issuer    takes back   alice 4 EUR             done
issuer    settles      -                       expired, raised 0 EUR, sold 0 TOK
alice     account      EUR                     funded 10 EUR, back 4 EUR, free 6 EUR
phase     is           -                       finished
"#;

const WAITS: &str = r#"
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
cap = "10 EUR"
---
issuer    funds        alice 10 EUR            done
issuer    funds        bob 10 EUR              done
clock     reaches      100                     done
alice     draws        8 EUR                   accepted 8 EUR, 80 TOK
bob       draws        6 EUR                   accepted 2 EUR, waiting 4 EUR, 20 TOK (round_cap_reached)
bob       account      EUR                     funded 10 EUR, held 6 EUR, free 4 EUR
alice     withdraws    alice                   back 8 EUR, promoted 1
alice     account      EUR                     funded 10 EUR, free 10 EUR
bob       account      EUR                     funded 10 EUR, held 6 EUR, free 4 EUR
alice     draws        6 EUR                   accepted 4 EUR, waiting 2 EUR, 40 TOK (round_cap_reached)
alice     account      EUR                     funded 10 EUR, held 6 EUR, free 4 EUR
clock     reaches      250                     done
issuer    settles      -                       succeeded, raised 10 EUR, sold 100 TOK
alice     account      EUR                     funded 10 EUR, spent 4 EUR, free 6 EUR
"#;

const LOCKED: &str = r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
supply = "10 TOK"
[round.pricing]
kind = "bids"
min_proceeds = "5 EUR"
sealed = { lock_step = "1 EUR", reveal_until = 250, bond = "10 %" }
---
issuer    funds        alice 10 EUR            done
issuer    funds        bob 10 EUR              done
clock     reaches      100                     done
carol     locks        5 EUR from account for 5 EUR limit 1 EUR per 1 TOK    refused insufficient_funds (214)
alice     locks        11 EUR from account for 7 EUR limit 2 EUR per 1 TOK   refused insufficient_funds (214)
alice     locks        10 EUR from account for 7 EUR limit 2 EUR per 1 TOK   accepted 0 EUR, waiting 10 EUR
bob       locks        10 EUR from account for 5 EUR limit 1 EUR per 1 TOK   accepted 0 EUR, waiting 10 EUR
alice     account      EUR                     funded 10 EUR, held 10 EUR
clock     reaches      200                     done
alice     reveals      alice#2                 done
alice     account      EUR                     funded 10 EUR, held 7 EUR, free 3 EUR
issuer    takes back   alice 3 EUR             done
clock     reaches      250                     done
issuer    settles      -                       succeeded, raised 7 EUR, sold 10 TOK
alice     account      EUR                     funded 10 EUR, back 3 EUR, spent 7 EUR
bob       account      EUR                     funded 10 EUR, spent 1 EUR, free 9 EUR
"#;

const DRAWN: &str = r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
cap = "10 EUR"
allocation = "pro_rata"
---
issuer    funds        alice 20 EUR            done
clock     reaches      100                     done
alice     draws        15 EUR                  accepted 15 EUR, 150 TOK
bob       pays         5 EUR                   accepted 5 EUR, 50 TOK
clock     reaches      200                     done
issuer    settles      -                       succeeded, raised 10 EUR, sold 100 TOK
alice     is           -                       accepted 7.5 EUR, refunded 7.5 EUR, 75 TOK (oversubscribed)
alice     account      EUR                     funded 20 EUR, spent 7.5 EUR, free 12.5 EUR
issuer    refunds      alice EUR               refused nothing_to_claim (802)
issuer    hands        alice 75 TOK            done
issuer    hands        bob 25 TOK              done
phase     is           -                       distributing
issuer    refunds      bob EUR                 done
phase     is           -                       finished
"#;

const KEPT: &str = r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
investor = { max = "6 EUR" }
over_limit = "kept"
---
issuer    funds        alice 10 EUR            done
clock     reaches      100                     done
alice     draws        8 EUR                   accepted 6 EUR, kept 2 EUR, 60 TOK (investor_limit)
alice     account      EUR                     funded 10 EUR, held 6 EUR, spent 2 EUR, free 2 EUR
issuer    cancels      -                       done
alice     account      EUR                     funded 10 EUR, spent 2 EUR, free 8 EUR
issuer    settles      -                       cancelled, raised 0 EUR, sold 0 TOK
alice     account      EUR                     funded 10 EUR, spent 2 EUR, free 8 EUR
"#;

const RAILS: &str = r#"
[currency.BTC]
decimals = 8
rail = "bitcoin"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 BTC"
---
issuer    funds        alice 10 BTC            refused no_accounts (408)
clock     reaches      100                     done
alice     pays         1 BTC                   accepted 1 BTC, 10 TOK
alice     draws        1 BTC                   refused insufficient_funds (214)
"#;

const REQUESTS: &str = r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
---
alice     pays         5 EUR under 1           refused not_yet_open (101)
clock     reaches      100                     done
alice     pays         5 EUR under 1           repeats 1
alice     pays         5 EUR under 2           accepted 5 EUR, 50 TOK
alice     pays         6 EUR under 2           repeats 4
clock     reaches      500 under 2             repeats 4
phase     is           -                       open public
issuer    cancels      - under 2               repeats 4
issuer    funds        bob 5 EUR as 7 under 3  done
issuer    funds        bob 5 EUR as 7 under 3  repeats 8
issuer    funds        bob 5 EUR as 7 under 4  repeats 8
bob       draws        5 EUR under 4           repeats 10
bob       account      EUR                     funded 5 EUR, free 5 EUR
alice     pays         1 EUR                   accepted 1 EUR, 10 TOK
"#;

const ALL_TOGETHER: &str = r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
---
issuer    funds        alice 3402823669209384634633746074317682113.55 EUR as 1    done
issuer    funds        bob 1.01 EUR as 2                                          refused amount_too_large (901)
issuer    funds        bob 1 EUR as 3                                             done
issuer    funds        carol 0.01 EUR as 4                                        refused amount_too_large (901)
"#;
