//! Money in an escrow contract: the record computes again what the contract decided.

use super::Table;

pub(crate) const TABLES: &[Table] = &[
    (
        "from the escrow on the clock is the chain's, also where it is behind; money has one way in",
        r#"
numeraire = "ETH"
[clock]
kind = "time"
[currency.ETH]
decimals = 2
rail = "evm"
[currency.EUR]
decimals = 2
rail = "balance"
rate = "1 ETH per 1 EUR"
[[round]]
name = "public"
from = 2020-01-01T00:00:00Z
until = 2020-01-02T00:00:00Z
end = "exclusive"
price = "10 TOK per 1 ETH"
cap = "10 ETH"
---
clock    reaches        1577836800500          done
alice    pays           5 ETH accepted 5 ETH   refused no_escrow (409)
issuer   follows        EUR                    refused no_escrow (409)
issuer   follows        ETH                    refused escrow_is_fixed (412)
"#,
    ),
    (
        "the clock may go back once, to the chain's",
        r#"
[currency.ETH]
decimals = 2
rail = "evm"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 ETH"
cap = "10 ETH"
---
clock    reaches        500                    done
issuer   follows        ETH at 90              done
issuer   follows        ETH at 90              refused escrow_is_fixed (412)
alice    pays           1 ETH accepted 1 ETH   refused not_yet_open (101)
clock    reaches        100                    done
alice    pays           5 ETH                  refused only_through_escrow (410)
alice    pays           5 ETH accepted 4 ETH   refused escrow_differs (411)
alice    pays           5 ETH accepted 5 ETH   accepted 5 ETH, 50 TOK
"#,
    ),
    (
        "a return is paid before the settlement, and change is paid at once",
        r#"
soft_cap = "3 ETH"
[currency.ETH]
decimals = 2
rail = "evm"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 ETH"
cap = "10 ETH"
---
issuer   follows        ETH at 90              done
clock    reaches        100                    done
alice    pays           6 ETH accepted 6 ETH   accepted 6 ETH, 60 TOK
bob      pays           7 ETH accepted 4 ETH   accepted 4 ETH, refunded 3 ETH, 40 TOK (round_cap_reached)
issuer   refunds        alice ETH              refused not_settled (706)
issuer   refunds        carol ETH              refused unknown_investor (804)
issuer   admits         bob to public          done
issuer   revokes        bob from public        done
issuer   returns        bob 4 ETH discretion   back 4 ETH
issuer   refunds        bob ETH                done
issuer   refunds        bob ETH                refused nothing_to_claim (802)
clock    reaches        200                    done
issuer   settles        -                      succeeded, raised 6 ETH, sold 60 TOK
issuer   refunds        bob ETH                refused nothing_to_claim (802)
issuer   hands          alice 60 TOK           done
phase    is             -                      distributing
issuer   releases       1                      refused unknown_milestone (806)
issuer   releases       0                      done
issuer   releases       0                      refused milestone_order (807)
phase    is             -                      finished
"#,
    ),
    (
        "a contract that takes a root keeps what the caps leave out until the end",
        r#"
[currency.ETH]
decimals = 2
rail = "evm"
[root]
share = "20 %"
challenge = "5 blocks"
claims = "5 blocks"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 ETH"
cap = "10 ETH"
investor = { max = "8 ETH" }
over_limit = "refuse"
---
issuer   follows        ETH at 90              done
clock    reaches        100                    done
alice    pays           6 ETH accepted 6 ETH   accepted 6 ETH, 60 TOK
dave     pays           7 ETH accepted 4 ETH   refused escrow_differs (411)
dave     pays           9 ETH accepted 9 ETH   refused investor_limit (204)
bob      pays           7 ETH accepted 7 ETH   accepted 4 ETH, refunded 3 ETH, 40 TOK (round_cap_reached)
carol    pays           1 ETH accepted 1 ETH   refused round_cap_reached (205)
clock    reaches        200                    done
issuer   settles        -                      succeeded, raised 10 ETH, sold 100 TOK
issuer   refunds        alice ETH              refused nothing_to_claim (802)
issuer   refunds        bob ETH                done
issuer   refunds        carol ETH              done
issuer   refunds        carol ETH              refused nothing_to_claim (802)
"#,
    ),
    (
        "change of a sale that failed is not paid twice",
        r#"
soft_cap = "9 ETH"
[currency.ETH]
decimals = 2
rail = "evm"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 ETH"
investor = { max = "5 ETH" }
---
issuer   follows        ETH at 100             done
alice    pays           6 ETH accepted 5 ETH   accepted 5 ETH, refunded 1 ETH, 50 TOK (investor_limit)
clock    reaches        200                    done
issuer   settles        -                      failed, raised 0 ETH, sold 0 TOK
phase    is             -                      refunding
issuer   refunds        alice ETH              done
phase    is             -                      finished
"#,
    ),
];
