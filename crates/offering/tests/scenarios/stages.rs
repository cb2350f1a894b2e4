//! An offering in each stage and with something in each part of its state.

use softcap_offering::{Phase, RoundIndex};

/// A name, the phase in which the table ends, and the table.
pub(crate) const STAGES: [(&str, Phase, &str); 11] = [
    ("draft", Phase::Draft, DRAFT),
    ("paused", Phase::Paused, PAUSED),
    ("sealed bids", Phase::Open(RoundIndex(0)), SEALED),
    ("waiting list", Phase::Open(RoundIndex(0)), WAITING),
    ("lottery seeded", Phase::Closed, SEEDED),
    ("refunding", Phase::Refunding, REFUNDING),
    ("distributing", Phase::Distributing, DISTRIBUTING),
    ("cancelled", Phase::Cancelled, CANCELLED),
    ("expired", Phase::Expired, EXPIRED),
    ("accounts", Phase::Open(RoundIndex(0)), ACCOUNTS),
    ("accounts given up", Phase::Cancelled, ACCOUNTS_GIVEN_UP),
];

const DRAFT: &str = r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
---
draft
alice     pays        5 EUR at 1         refused not_announced (109)
"#;

const PAUSED: &str = r#"
[clock]
kind = "block"
tolerance = "50 blocks"
[withdrawal]
span = "20 blocks"
who = "everyone"
[pause]
longest = "30 blocks"
count = 3
end = "moves"
[currency.EUR]
decimals = 2
rail = "balance"
[[round]]
name = "public"
from = 100
until = 200
end = "inclusive"
price = "10 TOK per 1 EUR"
---
clock     reaches     110                done
issuer    pauses      -                  done
clock     reaches     120                done
issuer    resumes     -                  done
alice     pays        5 EUR              accepted 5 EUR, 50 TOK
alice     pays        6.5 EUR at 109     accepted 6.5 EUR, 65 TOK
alice     withdraws   alice              back 5 EUR
issuer    documents   exit until 300     done
issuer    documents   exit until 250     done
issuer    pauses      -                  done
bob       pays        5 EUR              refused paused (104)
"#;

const SEALED: &str = r#"
[[round]]
name = "auction"
from = 100
until = 200
end = "exclusive"
supply = "10 TOK"
[round.pricing]
kind = "bids"
min_proceeds = "10 EUR"
sealed = { lock_step = "5 EUR", reveal_until = 250, bond = "10 %" }
---
alice     locks       15 EUR for 12 EUR limit 3 EUR per 1 TOK at 100   accepted 0 EUR, waiting 15 EUR
bob       locks       25 EUR for 20 EUR limit 2 EUR per 1 TOK          accepted 0 EUR, waiting 25 EUR
carol     locks       10 EUR for 9 EUR limit 2 EUR per 1 TOK           accepted 0 EUR, waiting 10 EUR
"#;

const WAITING: &str = r#"
freed_room = "waiting_list"
investor_max = "90 EUR"
[withdrawal]
span = "50 blocks"
who = "everyone"
[[round]]
name = "first"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
cap = "10 EUR"
[[round]]
name = "second"
from = 150
until = 250
end = "exclusive"
price = "5 TOK per 1 EUR"
access = "admitted"
---
issuer    admits      alice to first limit 7 EUR                       done
issuer    admits      alice to second limit 5 EUR until 190 marked     done
issuer    admits      bob to second                                    done
issuer    revokes     bob from second                                  done
alice     pays        7 EUR at 100       accepted 7 EUR, 70 TOK
bob       pays        7 EUR              accepted 3 EUR, waiting 4 EUR, 30 TOK (round_cap_reached)
carol     pays        8 EUR              accepted 0 EUR, waiting 8 EUR (round_cap_reached)
issuer    returns     alice 1 EUR over_limit    back 1 EUR, promoted 1
"#;

const SEEDED: &str = r#"
[[round]]
name = "draw"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
allocation = { kind = "lottery", source = "drand:quicknet", instant = 210, marginal = "partial" }
cap = "5 EUR"
---
alice     pays        4 EUR at 100       accepted 4 EUR, 40 TOK
bob       pays        4 EUR              accepted 4 EUR, 40 TOK
clock     reaches     210                done
issuer    seeds       draw               done
"#;

const REFUNDING: &str = r#"
soft_cap = "100 EUR"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
---
alice     pays        4 EUR at 100       accepted 4 EUR, 40 TOK
bob       pays        4 EUR              accepted 4 EUR, 40 TOK
clock     reaches     200                done
issuer    settles     -                  failed, raised 0 EUR, sold 0 TOK
issuer    publishes   -                  done
issuer    refunds     alice EUR          done
"#;

const DISTRIBUTING: &str = r#"
[token]
name = "Token"
symbol = "TOK"
decimals = 2
sale_vesting = { cliff = "10 blocks", duration = "100 blocks" }
[token.supply]
kind = "minted"
[[token.share]]
holder = "team"
of_sold = "1/2"
vesting = { cliff = "10 blocks", duration = "100 blocks" }
[[milestone]]
name = "first"
part = "50 %"
after = "10 blocks"
[[milestone]]
name = "second"
part = "50 %"
after = "90 blocks"
[[round]]
name = "auction"
from = 100
until = 200
end = "exclusive"
supply = "10 TOK"
[round.pricing]
kind = "bids"
min_proceeds = "10 EUR"
sealed = { lock_step = "5 EUR", reveal_until = 250, bond = "10 %" }
---
alice     locks       15 EUR for 12 EUR limit 3 EUR per 1 TOK at 100   accepted 0 EUR, waiting 15 EUR
bob       locks       25 EUR for 20 EUR limit 2 EUR per 1 TOK          accepted 0 EUR, waiting 25 EUR
carol     locks       10 EUR for 9 EUR limit 2 EUR per 1 TOK           accepted 0 EUR, waiting 10 EUR
clock     reaches     200                done
alice     reveals     alice              done
bob       reveals     bob                done
clock     reaches     250                done
issuer    settles     -                  succeeded, raised 20 EUR, sold 10 TOK
carol     is          -                  accepted 0 EUR, refunded 9 EUR, kept 1 EUR (not_revealed)
clock     reaches     270                done
issuer    publishes   -                  done
issuer    hands       bob 0.5 TOK        done
issuer    vests       0 1 TOK            done
issuer    refunds     bob EUR            done
issuer    refunds     carol EUR          done
issuer    releases    0                  done
"#;

const CANCELLED: &str = r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
---
alice     pays        4 EUR at 100       accepted 4 EUR, 40 TOK
issuer    cancels     -                  done
"#;

const EXPIRED: &str = r#"
refund_deadline = 250
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
---
alice     pays        4 EUR at 100       accepted 4 EUR, 40 TOK
clock     reaches     251                done
"#;

const ACCOUNTS: &str = r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
investor = { max = "6 EUR" }
---
issuer    funds        alice 10 EUR as 1              done
issuer    funds        bob 300 EUR as 2               done
clock     reaches      100                            done
alice     draws        5 EUR under 3                  accepted 5 EUR, 50 TOK
alice     draws        5 EUR under 3                  repeats 4
bob       draws        9 EUR under 4                  accepted 6 EUR, refunded 3 EUR, 60 TOK (investor_limit)
issuer    takes back   bob 294 EUR as 5               done
issuer    takes back   bob 294 EUR as 5               repeats 7
carol     pays         5 EUR under 6                  accepted 5 EUR, 50 TOK
"#;

const ACCOUNTS_GIVEN_UP: &str = r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
---
issuer    funds        alice 10 EUR                   done
alice     draws        8 EUR at 100                   accepted 8 EUR, 80 TOK
issuer    cancels      -                              done
issuer    takes back   alice 9 EUR                    done
"#;
