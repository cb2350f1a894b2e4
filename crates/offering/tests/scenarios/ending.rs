//! How an offering ends: the soft cap, a cancellation, the deadline.

use super::Table;

pub(crate) const TABLES: &[Table] = &[
    (
        "below the soft cap everybody is refunded",
        r#"
soft_cap = "10 EUR"
[withdrawal]
span = "30 blocks"
who = "everyone"
[[round]]
name = "public"
from = 100
until = 110
end = "exclusive"
price = "10 TOK per 1 EUR"
---
alice     pays        6 EUR at 100         accepted 6 EUR, 60 TOK
bob       pays        4 EUR                accepted 4 EUR, 40 TOK
bob       withdraws   bob                  back 4 EUR
clock     reaches     130                  done
issuer    hands       alice 10 TOK         refused not_settled (706)
issuer    settles     -                    failed, raised 0 EUR, sold 0 TOK
alice     is          -                    accepted 0 EUR, refunded 6 EUR (soft_cap_missed)
phase     is          -                    refunding
issuer    hands       alice 10 TOK         refused not_succeeded (801)
issuer    releases    0                    refused not_succeeded (801)
issuer    refunds     alice EUR            done
issuer    refunds     alice EUR            refused nothing_to_claim (802)
issuer    refunds     zoe EUR              refused unknown_investor (804)
issuer    refunds     alice XXX            refused unknown_currency (407)
phase     is          -                    refunding
issuer    refunds     bob EUR              done
phase     is          -                    finished
"#,
    ),
    (
        "exactly the soft cap is enough",
        r#"
soft_cap = "10 EUR"
[[round]]
name = "public"
from = 100
until = 110
end = "exclusive"
price = "10 TOK per 1 EUR"
---
alice     pays        10 EUR at 100        accepted 10 EUR, 100 TOK
clock     reaches     110                  done
issuer    settles     -                    succeeded, raised 10 EUR, sold 100 TOK
issuer    settles     -                    refused offering_settled (107)
bob       pays        1 EUR                refused offering_settled (107)
bob       has         -                    unknown
issuer    pauses      -                    refused offering_settled (107)
"#,
    ),
    (
        "the issuer cancels, and everybody is refunded",
        r#"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
---
alice     pays        6 EUR at 100         accepted 6 EUR, 60 TOK
issuer    cancels     -                    done
phase     is          -                    cancelled
bob       pays        1 EUR                refused offering_cancelled (106)
issuer    settles     -                    cancelled, raised 0 EUR, sold 0 TOK
alice     is          -                    accepted 0 EUR, refunded 6 EUR (cancelled)
bob       has         -                    0 TOK, back 1 EUR
issuer    refunds     alice EUR            done
issuer    refunds     bob EUR              done
phase     is          -                    finished
"#,
    ),
    (
        "after the deadline nobody needs the issuer",
        r#"
refund_deadline = 150
[[round]]
name = "public"
from = 100
until = 110
end = "exclusive"
price = "10 TOK per 1 EUR"
---
alice     pays        6 EUR at 100         accepted 6 EUR, 60 TOK
clock     reaches     150                  done
phase     is          -                    closed
clock     reaches     151                  done
phase     is          -                    expired
bob       pays        1 EUR                refused deadline_passed (112)
anybody   withdraws   alice                refused deadline_passed (112)
issuer    settles     -                    expired, raised 0 EUR, sold 0 TOK
alice     is          -                    accepted 0 EUR, refunded 6 EUR (expired)
"#,
    ),
];
