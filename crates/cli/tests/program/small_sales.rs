//! Small sales with rules that matter, and sales drawn from them.

use std::fmt::Write as _;

/// First come, first served, at a price that falls by steps, with rounding that matters.
pub(crate) const STEPS: &str = r#"
rules = 1
name = "Steps"
origin = "softcap.example/steps"
numeraire = "EUR"
hard_cap = "500 EUR"
soft_cap = "20 EUR"
investor_max = "300 EUR"

[clock]
kind = "time"

[token]
name = "Step"
symbol = "STP"
decimals = 4

[token.supply]
kind = "minted"
max = "3_000 STP"

[[token.share]]
name = "founders"
holder = "team"
of_sold = "1/7"
rounding = "half_even"

[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "half_even", unit = "0.01 STP", per = "contribution" }

[currency.USD]
decimals = 2
rail = "balance"
rate = "0.93 EUR per USD"
rounding = { mode = "half_up", unit = "0.1 STP", per = "contribution" }

[[round]]
name = "only"
from = "2026-03-01T00:00:00Z"
until = "2026-03-03T00:00:00Z"
over_cap = "partial"
over_limit = "partial"
end = "exclusive"
allocation = "first_come"
contribution = { min = ["1 EUR", "2 USD"], max = "200 EUR" }

[round.pricing]
kind = "steps"
steps = [
  { from = "2026-03-01T00:00:00Z", price = "7.77 STP per EUR" },
  { from = "2026-03-02T00:00:00Z", price = "0.3 EUR per STP", change = "+0.07 EUR per STP", every = "6 hours", until = "2026-03-03T00:00:00Z" },
]
"#;

/// A round at a fixed price first come, then one that is shared out in proportion.
pub(crate) const SHARED: &str = r#"
rules = 1
name = "Shared"
origin = "softcap.example/shared"
numeraire = "EUR"
soft_cap = "50 EUR"
hard_cap = "400 EUR"
tie = "pro_rata"
dust = "largest_remainder"
freed_room = "reopen"

[clock]
kind = "time"

[token]
name = "Share"
symbol = "SHR"
decimals = 3

[token.supply]
kind = "fixed"
total = "2_000 SHR"
for_sale = "1_000 SHR"

[[token.share]]
name = "treasury"
holder = "treasury"
amount = "1_000 SHR"

[currency.EUR]
decimals = 2
rail = "balance"
rounding = { mode = "down", unit = "0.001 SHR", per = "contribution" }

[currency.USD]
decimals = 2
rail = "balance"
rate = "0.93 EUR per USD"

[withdrawal]
span = "12 hours"
who = "everyone"

[[round]]
name = "early"
from = "2026-03-01T00:00:00Z"
until = "2026-03-02T00:00:00Z"
end = "exclusive"
price = "3 SHR per EUR"
cap = "90 EUR"
over_cap = "partial"
investor = { max = "60 EUR" }

[[round]]
name = "shared"
from = "2026-03-02T00:00:00Z"
until = "2026-03-03T00:00:00Z"
end = "exclusive"
price = "2 SHR per EUR"
cap = "201 EUR"
supply = "350 SHR"
allocation = "pro_rata"
"#;

/// Contributions for [`STEPS`].
pub(crate) const STEPS_ROWS: &str = "\
contribution_id,investor,received_at,currency,amount
c-1,ann,2026-03-01T08:00:00Z,EUR,50.05
c-2,0xeb68aa2764b4a9a943658b2e61db4c902b2ebf85,2026-03-01T09:00:00Z,USD,33.33
c-3,cid,2026-03-02T01:00:00Z,EUR,0.5
c-4,cid,2026-03-02T05:59:59.999Z,EUR,120
c-5,ann,2026-03-02T06:00:00Z,EUR,250
c-6,dot,2026-03-02T13:00:00Z,USD,200
c-7,eve,2026-03-03T00:00:00Z,EUR,10
";

/// Contributions for [`SHARED`].
pub(crate) const SHARED_ROWS: &str = "\
contribution_id,investor,received_at,currency,amount
c-1,ann,2026-03-01T08:00:00Z,EUR,70
c-2,ben,2026-03-01T09:00:00Z,USD,45.67
c-3,ann,2026-03-02T01:00:00Z,EUR,100
c-4,cid,2026-03-02T02:00:00Z,EUR,33.33
c-5,cid,2026-03-02T02:00:00Z,USD,77.77
c-6,dot,2026-03-02T03:00:00Z,EUR,59.11
c-7,eve,2026-03-02T04:00:00Z,EUR,7
";

/// A sequence that is the same in each run.
pub(crate) struct Draws(pub(crate) u64);

impl Draws {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn one_of<'t>(&mut self, choices: &[&'t str]) -> &'t str {
        choices[self.below(choices.len())]
    }
}

/// Terms with other rules drawn, and contributions for them.
pub(crate) fn random_sale(draws: &mut Draws) -> (String, String) {
    let mut terms = [STEPS, SHARED][draws.below(2)].to_owned();
    let mut swap = |old: &str, choices: &[&str]| {
        let new = draws.one_of(choices);
        terms = terms.replace(old, new);
    };
    let policies = [
        "over_cap = \"partial\"",
        "over_cap = \"refuse\"",
        "over_cap = \"kept\"",
    ];
    swap(policies[0], &policies);
    swap(
        "over_limit = \"partial\"",
        &[
            "over_limit = \"partial\"",
            "over_limit = \"refuse\"",
            "over_limit = \"kept\"",
        ],
    );
    swap(
        "mode = \"half_even\"",
        &[
            "mode = \"half_even\"",
            "mode = \"down\"",
            "mode = \"half_up\"",
        ],
    );
    swap(
        "soft_cap = \"50 EUR\"",
        &[
            "soft_cap = \"50 EUR\"",
            "soft_cap = \"380 EUR\"",
            "soft_cap = \"700 SHR\"",
        ],
    );
    swap(
        "hard_cap = \"500 EUR\"",
        &["hard_cap = \"500 EUR\"", "hard_cap = \"2_000 STP\""],
    );
    swap("largest_remainder", &["largest_remainder", "unassigned"]);
    swap(
        "unit = \"0.001 SHR\", per = \"contribution\"",
        &[
            "unit = \"0.001 SHR\", per = \"contribution\"",
            "unit = \"1 SHR\", per = \"investor\"",
        ],
    );
    swap("cap = \"201 EUR\"\n", &["cap = \"201 EUR\"\n", ""]);
    swap(
        "supply = \"350 SHR\"",
        &["supply = \"350 SHR\"", "supply = \"402 SHR\""],
    );
    swap(
        "max = \"60 EUR\"",
        &[
            "max = \"60 EUR\"",
            "max = \"100 SHR\"",
            "min = \"30 EUR\", max = \"60 EUR\"",
        ],
    );
    let mut rows = "contribution_id,investor,received_at,currency,amount\n".to_owned();
    let (count, mut minutes) = (6 + draws.below(40), draws.below(600));
    for number in 0..count {
        minutes += draws.below(2 * 3_000 / count);
        let (day, hour, minute) = (1 + minutes / 1_440, minutes / 60 % 24, minutes % 60);
        let (person, cents) = (draws.below(9), draws.below(9_000));
        let currency = draws.one_of(&["EUR", "USD"]);
        writeln!(
            rows,
            "c-{number},p{person},2026-03-{day:02}T{hour:02}:{minute:02}:00Z,{currency},{}.{:02}",
            cents / 100,
            cents % 100
        )
        .unwrap();
    }
    (terms, rows)
}
