//! The hash of terms follows their meaning: the same for every spelling, another one for every
//! change of anything that is promised.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of tests fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use softcap_offering::terms::{
    Access, Allocation, Bound, CeilingScope, ClockKind, Crossing, DustRule, EarlyClose, FreedRoom,
    Holder, Limit, MarginalWinner, Milestone, Misfit, PauseEnd, PauseTerms, Pricing, Rail,
    RateTerm, RoundingScope, Sealing, Share, ShareOfSold, Supply, Terms, TieRule, Unsold,
    WindowEnd, WithdrawalHolder, WithdrawalRight,
};
use softcap_offering::{
    Amount, BasisPoints, CurrencyIndex, LineIndex, Position, Ratio, RoundingMode, Span, Tokens,
    Value,
};

/// Terms that use every kind of pricing and allocation.
const RICH: &str = r#"
rules = 1
name = "Rich"
origin = "example.org/rich"
soft_cap = "100 EUR"
hard_cap = "1_000 HBR"
refund_deadline = "2027-06-01T00:00:00Z"
numeraire = "EUR"
investor_max = "90 EUR"
token_ceiling_per_investor = "900 HBR"
[clock]
kind = "time"
tolerance = "1 hour"
[token]
name = "Harbour"
symbol = "HBR"
decimals = 6
sale_vesting = { cliff = "1 day", duration = "2 days" }
[token.supply]
kind = "fixed"
total = "3_000 HBR"
for_sale = "2_000 HBR"
[[token.share]]
holder = "team"
amount = "1_000 HBR"
vesting = { cliff = "365 days", duration = "1461 days" }
[currency.EUR]
decimals = 2
rail = "balance"
[currency.ETH]
decimals = 18
rail = "balance"
rate = { source = "kraken:ETHEUR", max_age = "10 minutes", max_step = "20 %" }
credit = "0.001 ETH"
[pause]
longest = "1 day"
count = 1
end = "fixed"
[withdrawal]
span = "14 days"
until = "2027-05-01T00:00:00Z"
who = "everyone"
[[milestone]]
name = "half"
part = "50 %"
after = "10 days"
[[milestone]]
name = "rest"
part = "50 %"
after = "20 days"
[[round]]
name = "fixed"
from = "2026-03-01T12:00:00Z"
until = "2026-03-31T12:00:00Z"
end = "exclusive"
price = "2 HBR per EUR"
allocation = { kind = "lottery", source = "drand:quicknet", instant = "2026-04-01T00:00:00Z", marginal = "skip" }
cap = "10 EUR"
supply = "30 HBR"
currencies = ["EUR"]
contribution = { min = ["1 EUR", "2 HBR"], max = "9 EUR" }
investor = { min = "2 EUR", max = "8 EUR" }
[[round]]
name = "steps"
from = "2026-03-01T12:00:00Z"
until = "2026-03-31T12:00:00Z"
end = "exclusive"
pricing = { kind = "steps", steps = [{ from = "2026-03-01T12:00:00Z", price = "2 HBR per EUR" }] }
allocation = { kind = "guaranteed", until = "2026-03-02T12:00:00Z" }
cap = "7 EUR"
[[round]]
name = "linear"
from = "2026-03-01T12:00:00Z"
until = "2026-03-31T12:00:00Z"
end = "exclusive"
pricing = { kind = "linear", base = "2 HBR per EUR", bonus = "10 %", per = "1 week", until = "2026-03-31T12:00:00Z" }
[[round]]
name = "tiers"
from = "2026-03-01T12:00:00Z"
until = "2026-03-31T12:00:00Z"
end = "exclusive"
pricing = { kind = "tiers", crossing = "split", tiers = [{ up_to = "5 EUR", price = "3 HBR per EUR" }, { price = "2 HBR per EUR" }] }
[[round]]
name = "dutch"
from = "2026-03-01T12:00:00Z"
until = "2026-03-31T12:00:00Z"
end = "exclusive"
supply = "30 HBR"
currencies = ["EUR"]
pricing = { kind = "dutch", start = "2 EUR per HBR", end = "1 EUR per HBR", granularity = "1 hour" }
[[round]]
name = "bids"
from = "2026-03-01T12:00:00Z"
until = "2026-03-31T12:00:00Z"
end = "exclusive"
supply = "30 HBR"
currencies = ["EUR"]
pricing = { kind = "bids", min_proceeds = "5 EUR", sealed = { lock_step = "1 EUR", reveal_until = "2026-04-30T12:00:00Z", bond = "5 %" } }
[[round]]
name = "capped"
from = "2026-03-01T12:00:00Z"
until = "2026-03-31T12:00:00Z"
end = "exclusive"
price = "2 HBR per EUR"
allocation = { kind = "pro_rata_capped", cap = "3 EUR" }
cap = "20 EUR"
currencies = ["EUR"]
"#;

fn parse(text: &str) -> Terms {
    Terms::parse(text).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn pricing(terms: &mut Terms, round: usize) -> &mut Pricing {
    &mut terms.rounds[round].pricing
}

type Row = (&'static str, fn(&mut Terms));

/// One change each of everything that is promised.
fn rows() -> Vec<Row> {
    let mut rows = offering_rows();
    rows.extend(currency_rows());
    rows.extend(round_rows());
    rows.extend(pricing_rows());
    rows
}

fn offering_rows() -> Vec<Row> {
    vec![
        ("rules", |terms| terms.rules = 2),
        ("name", |terms| terms.name.push('x')),
        ("origin", |terms| terms.origin.push('x')),
        ("token.name", |terms| terms.token.name.push('x')),
        ("token.symbol", |terms| terms.token.symbol.push('x')),
        ("token.decimals", |terms| terms.token.decimals = 7),
        ("token.sale_vesting.cliff", |terms| {
            terms.token.sale_vesting.cliff = Span(7)
        }),
        ("token.sale_vesting.duration", |terms| {
            terms.token.sale_vesting.duration = Span(7)
        }),
        ("token.supply.total", |terms| {
            let Supply::Fixed { total, .. } = &mut terms.token.supply else {
                panic!()
            };
            total.0 += 1;
        }),
        ("token.supply.for_sale", |terms| {
            let Supply::Fixed { for_sale, .. } = &mut terms.token.supply else {
                panic!()
            };
            for_sale.0 += 1;
        }),
        ("token.share.name", |terms| {
            first_share(terms).name.push('x')
        }),
        ("token.share.holder", |terms| {
            first_share(terms).holder = Holder::Advisers
        }),
        ("token.share.holder other", |terms| {
            first_share(terms).holder = Holder::Other
        }),
        ("token.share.holder treasury", |terms| {
            first_share(terms).holder = Holder::Treasury
        }),
        ("token.share.amount", |terms| first_share(terms).size.0 += 1),
        ("token.share.vesting.cliff", |terms| {
            first_share(terms).vesting.cliff = Span(7)
        }),
        ("token.share.vesting.duration", |terms| {
            first_share(terms).vesting.duration = Span(7)
        }),
        ("minted", |terms| {
            terms.token.supply = minted(None, 1, RoundingMode::Down)
        }),
        ("minted.max", |terms| {
            terms.token.supply = minted(Some(Tokens(9)), 1, RoundingMode::Down);
        }),
        ("minted.of_sold", |terms| {
            terms.token.supply = minted(None, 2, RoundingMode::Down)
        }),
        ("minted.rounding", |terms| {
            terms.token.supply = minted(None, 1, RoundingMode::HalfUp)
        }),
        ("minted.half_even", |terms| {
            terms.token.supply = minted(None, 1, RoundingMode::HalfEven)
        }),
        ("numeraire.symbol", |terms| terms.numeraire.symbol.push('x')),
        ("numeraire.decimals", |terms| terms.numeraire.decimals = 7),
        ("clock.kind", |terms| terms.clock.kind = ClockKind::Block),
        ("clock.lines", |terms| {
            terms.clock.lines[0] = "bitcoin".into()
        }),
        ("clock.tolerance", |terms| terms.clock.tolerance = Span(7)),
        ("soft_cap", |terms| {
            terms.soft_cap = Some(Bound::Value(Value(7)))
        }),
        ("soft_cap in tokens", |terms| {
            terms.soft_cap = Some(Bound::Tokens(Tokens(7)))
        }),
        ("no soft_cap", |terms| terms.soft_cap = None),
        ("hard_cap", |terms| {
            terms.hard_cap = Some(Bound::Tokens(Tokens(7)))
        }),
        ("hard_cap in money", |terms| {
            terms.hard_cap = Some(Bound::Value(Value(7)))
        }),
        ("tie", |terms| terms.tie = TieRule::ById),
        ("dust", |terms| terms.dust = DustRule::Unassigned),
        ("token_ceiling", |terms| {
            terms.token_ceiling = Some(Tokens(7))
        }),
        ("token_ceiling.who", |terms| {
            terms.token_ceiling_scope = CeilingScope::ReturnedOverLimit;
        }),
        ("investor_max", |terms| terms.investor_max = Some(Value(7))),
        ("pause", |terms| terms.pause = None),
        ("pause.longest", |terms| {
            terms.pause = pause(7, 1, PauseEnd::Fixed)
        }),
        ("pause.count", |terms| {
            terms.pause = pause(86_400_000, 7, PauseEnd::Fixed)
        }),
        ("pause.end", |terms| {
            terms.pause = pause(86_400_000, 1, PauseEnd::Moves)
        }),
        ("withdrawal", |terms| terms.withdrawal = None),
        ("withdrawal.span", |terms| right(terms).span = Span(7)),
        ("withdrawal.until", |terms| {
            right(terms).until = Some(Position(7))
        }),
        ("withdrawal.who", |terms| {
            right(terms).who = WithdrawalHolder::Marked
        }),
        ("freed_room", |terms| {
            terms.freed_room = FreedRoom::WaitingList
        }),
        ("freed_room closed", |terms| {
            terms.freed_room = FreedRoom::Closed
        }),
        ("early_close", |terms| {
            terms.early_close = EarlyClose::Allowed
        }),
        ("early_close after", |terms| {
            terms.early_close = EarlyClose::AfterSoftCap
        }),
        ("refund_deadline", |terms| {
            terms.refund_deadline = Some(Position(7))
        }),
        ("unsold", |terms| terms.unsold = Unsold::Treasury),
        ("milestone.name", |terms| terms.milestones[0].name.push('x')),
        ("milestone.part", |terms| {
            terms.milestones[0].part = BasisPoints(7)
        }),
        ("milestone.after", |terms| {
            terms.milestones[0].after = Span(7)
        }),
        ("milestone order", |terms| terms.milestones.swap(0, 1)),
        ("milestone more", |terms| {
            let part = BasisPoints(0);
            terms.milestones.push(Milestone {
                name: "x".into(),
                part,
                after: Span(0),
            });
        }),
    ]
}

fn first_share(terms: &mut Terms) -> &mut Share<Tokens> {
    match &mut terms.token.supply {
        Supply::Fixed { shares, .. } => &mut shares[0],
        Supply::Minted { .. } => panic!("the supply is fixed"),
    }
}

fn minted(max: Option<Tokens>, num: u128, rounding: RoundingMode) -> Supply {
    let ratio = Ratio::new(num, 4).unwrap();
    let size = ShareOfSold { ratio, rounding };
    let (name, holder) = ("team".to_owned(), Holder::Team);
    let share = Share {
        name,
        holder,
        size,
        vesting: Default::default(),
    };
    Supply::Minted {
        max,
        shares: vec![share],
    }
}

fn pause(longest: u64, count: u32, end: PauseEnd) -> Option<PauseTerms> {
    Some(PauseTerms {
        longest: Span(longest),
        count,
        end,
    })
}

fn right(terms: &mut Terms) -> &mut WithdrawalRight {
    terms.withdrawal.as_mut().unwrap()
}

fn currency_rows() -> Vec<Row> {
    fn rate(terms: &mut Terms, source: &str, age: u64, step: u32) {
        terms.currencies[1].rate = RateTerm::Recorded {
            source: source.into(),
            max_age: Span(age),
            max_step: BasisPoints(step),
        };
    }
    vec![
        ("currency order", |terms| terms.currencies.swap(0, 1)),
        ("currency.symbol", |terms| {
            terms.currencies[0].symbol.push('x')
        }),
        ("currency.decimals", |terms| {
            terms.currencies[0].decimals = 7
        }),
        ("currency.rail", |terms| {
            terms.currencies[0].rail = Rail::Evm
        }),
        ("currency.rail bitcoin", |terms| {
            terms.currencies[0].rail = Rail::Bitcoin
        }),
        ("currency.line", |terms| {
            terms.currencies[0].line = LineIndex(7)
        }),
        ("currency.rate", |terms| {
            terms.currencies[0].rate = RateTerm::Fixed(Ratio::new(7, 3).unwrap());
        }),
        ("currency.rate.source", |terms| {
            rate(terms, "x", 600_000, 2_000)
        }),
        ("currency.rate.max_age", |terms| {
            rate(terms, "kraken:ETHEUR", 7, 2_000)
        }),
        ("currency.rate.max_step", |terms| {
            rate(terms, "kraken:ETHEUR", 600_000, 7)
        }),
        ("currency.rounding.mode", |terms| {
            terms.currencies[0].rounding.mode = RoundingMode::HalfUp;
        }),
        ("currency.rounding.mode even", |terms| {
            terms.currencies[0].rounding.mode = RoundingMode::HalfEven;
        }),
        ("currency.rounding.unit", |terms| {
            terms.currencies[0].rounding.unit = Tokens(7)
        }),
        ("currency.rounding.per", |terms| {
            terms.currencies[0].rounding.per = RoundingScope::Investor;
        }),
        ("currency.credit", |terms| {
            terms.currencies[0].credit = Amount(7)
        }),
    ]
}

fn round_rows() -> Vec<Row> {
    vec![
        ("round order", |terms| terms.rounds.swap(0, 1)),
        ("round.name", |terms| terms.rounds[0].name.push('x')),
        ("round.from", |terms| {
            terms.rounds[0].windows[0].as_mut().unwrap().from = Position(7)
        }),
        ("round.until", |terms| {
            terms.rounds[0].windows[0].as_mut().unwrap().until = Position(7)
        }),
        ("round.end", |terms| {
            terms.rounds[0].windows[0].as_mut().unwrap().end = WindowEnd::Inclusive;
        }),
        ("round.window", |terms| terms.rounds[0].windows[0] = None),
        ("round.cap", |terms| terms.rounds[0].cap = Some(Value(7))),
        ("round.supply", |terms| {
            terms.rounds[0].supply = Some(Tokens(7))
        }),
        ("round.contribution.min", |terms| {
            terms.rounds[0].contribution_min[0] = Limit::Money(CurrencyIndex(0), Amount(7));
        }),
        ("round.contribution.min currency", |terms| {
            terms.rounds[0].contribution_min[0] = Limit::Money(CurrencyIndex(1), Amount(100));
        }),
        ("round.contribution.min value", |terms| {
            terms.rounds[0].contribution_min[0] = Limit::Value(Value(100));
        }),
        ("round.contribution.max", |terms| {
            terms.rounds[0].contribution_max[0] = Limit::Tokens(Tokens(7));
        }),
        ("round.contribution.max value", |terms| {
            terms.rounds[0].contribution_max[0] = Limit::Value(Value(7));
        }),
        ("round.investor.min", |terms| {
            terms.rounds[0].investor_min = Some(Value(7))
        }),
        ("round.investor.max", |terms| {
            terms.rounds[0].investor_max = Some(Bound::Value(Value(7)))
        }),
        ("round.investor.max tokens", |terms| {
            terms.rounds[0].investor_max = Some(Bound::Tokens(Tokens(800)));
        }),
        ("round.access", |terms| {
            terms.rounds[0].access = Access::Admitted
        }),
        ("round.over_cap", |terms| {
            terms.rounds[0].over_cap = Misfit::Refuse
        }),
        ("round.over_cap kept", |terms| {
            terms.rounds[0].over_cap = Misfit::Kept
        }),
        ("round.over_limit", |terms| {
            terms.rounds[0].over_limit = Misfit::Refuse
        }),
        ("round.currencies", |terms| {
            terms.rounds[0].currencies = vec![CurrencyIndex(1)]
        }),
        ("first_come", |terms| {
            terms.rounds[0].allocation = Allocation::FirstCome
        }),
        ("pro_rata", |terms| {
            terms.rounds[0].allocation = Allocation::ProRata
        }),
        ("water_filling", |terms| {
            terms.rounds[0].allocation = Allocation::WaterFilling
        }),
        ("lottery.source", |terms| {
            let Allocation::Lottery { source, .. } = &mut terms.rounds[0].allocation else {
                panic!()
            };
            source.push('x');
        }),
        ("lottery.instant", |terms| {
            let Allocation::Lottery { instant, .. } = &mut terms.rounds[0].allocation else {
                panic!()
            };
            *instant = Position(7);
        }),
        ("lottery.marginal", |terms| {
            let Allocation::Lottery { marginal, .. } = &mut terms.rounds[0].allocation else {
                panic!()
            };
            *marginal = MarginalWinner::Partial;
        }),
        ("guaranteed.until", |terms| {
            terms.rounds[1].allocation = Allocation::Guaranteed { until: Position(7) };
        }),
        ("pro_rata_capped.cap", |terms| {
            terms.rounds[6].allocation = Allocation::ProRataCapped { cap: Value(7) };
        }),
    ]
}

fn pricing_rows() -> Vec<Row> {
    vec![
        ("fixed.price", |terms| {
            let Pricing::Fixed { price } = pricing(terms, 0) else {
                panic!()
            };
            *price = Ratio::new(7, 3).unwrap();
        }),
        ("steps.from", |terms| {
            let Pricing::Steps { steps } = pricing(terms, 1) else {
                panic!()
            };
            steps[0].from = Position(7);
        }),
        ("steps.price", |terms| {
            let Pricing::Steps { steps } = pricing(terms, 1) else {
                panic!()
            };
            steps[0].price = Ratio::new(7, 3).unwrap();
        }),
        ("linear.base", |terms| {
            let Pricing::Linear { base, .. } = pricing(terms, 2) else {
                panic!()
            };
            *base = Ratio::new(7, 3).unwrap();
        }),
        ("linear.bonus", |terms| {
            let Pricing::Linear { bonus, .. } = pricing(terms, 2) else {
                panic!()
            };
            *bonus = BasisPoints(7);
        }),
        ("linear.per", |terms| {
            let Pricing::Linear { per, .. } = pricing(terms, 2) else {
                panic!()
            };
            *per = Span(7);
        }),
        ("linear.until", |terms| {
            let Pricing::Linear { until, .. } = pricing(terms, 2) else {
                panic!()
            };
            *until = Position(7);
        }),
        ("linear.granularity", |terms| {
            let Pricing::Linear { granularity, .. } = pricing(terms, 2) else {
                panic!()
            };
            *granularity = Span(7);
        }),
        ("tiers.up_to", |terms| {
            let Pricing::Tiers { tiers, .. } = pricing(terms, 3) else {
                panic!()
            };
            tiers[0].up_to = Some(Value(7));
        }),
        ("tiers.price", |terms| {
            let Pricing::Tiers { tiers, .. } = pricing(terms, 3) else {
                panic!()
            };
            tiers[0].price = Ratio::new(7, 3).unwrap();
        }),
        ("tiers.crossing", |terms| {
            let Pricing::Tiers { crossing, .. } = pricing(terms, 3) else {
                panic!()
            };
            *crossing = Crossing::Before;
        }),
        ("dutch.start", |terms| {
            let Pricing::Dutch { start, .. } = pricing(terms, 4) else {
                panic!()
            };
            *start = Ratio::new(7, 3).unwrap();
        }),
        ("dutch.end", |terms| {
            let Pricing::Dutch { end, .. } = pricing(terms, 4) else {
                panic!()
            };
            *end = Ratio::new(7, 3).unwrap();
        }),
        ("dutch.granularity", |terms| {
            let Pricing::Dutch { granularity, .. } = pricing(terms, 4) else {
                panic!()
            };
            *granularity = Span(7);
        }),
        ("bids.min_proceeds", |terms| {
            let Pricing::Bids { min_proceeds, .. } = pricing(terms, 5) else {
                panic!()
            };
            *min_proceeds = Value(7);
        }),
        ("bids.open", |terms| {
            let Pricing::Bids { sealing, .. } = pricing(terms, 5) else {
                panic!()
            };
            *sealing = Sealing::Open;
        }),
        ("bids.lock_step", |terms| {
            seal(terms, 7, 1_777_550_400_000, 500)
        }),
        ("bids.reveal_until", |terms| seal(terms, 100, 7, 500)),
        ("bids.bond", |terms| seal(terms, 100, 1_777_550_400_000, 7)),
        ("other pricing", |terms| {
            *pricing(terms, 1) = Pricing::Fixed { price: Ratio::ONE };
        }),
    ]
}

fn seal(terms: &mut Terms, lock_step: u128, reveal_until: u64, bond: u32) {
    let Pricing::Bids { sealing, .. } = pricing(terms, 5) else {
        panic!()
    };
    *sealing = Sealing::Sealed {
        lock_step: Amount(lock_step),
        reveal_until: Position(reveal_until),
        bond: BasisPoints(bond),
    };
}

/// Every leaf by its path.
fn leaves(json: &Json, path: &str, found: &mut BTreeMap<String, String>) {
    match json {
        Json::Object(entries) => {
            for (key, value) in entries {
                leaves(value, &format!("{path}/{key}"), found);
            }
        }
        Json::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                leaves(item, &format!("{path}/{number}"), found);
            }
        }
        Json::String(text) => {
            found.insert(path.to_owned(), text.clone());
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => panic!("{path} is not a string: {json}"),
    }
}

fn canonical_leaves(terms: &Terms) -> BTreeMap<String, String> {
    let json: Json = serde_json::from_str(&terms.canonical_json()).unwrap();
    let mut found = BTreeMap::new();
    leaves(&json, "", &mut found);
    found
}

/// A path without the places of lists: `/rounds/*/cap`.
fn shape(path: &str) -> String {
    let parts = path.split('/').map(|part| {
        if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
            "*"
        } else {
            part
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn every_change_of_a_promise_changes_the_hash_and_every_leaf_is_changed_by_a_row() {
    let base = parse(RICH);
    let before = canonical_leaves(&base);
    let mut hashes = BTreeMap::from([(base.hash(), "the base")]);
    let mut shapes: BTreeSet<String> = before.keys().map(|path| shape(path)).collect();
    let mut moved = BTreeSet::new();
    for (name, change) in rows() {
        let mut terms = base.clone();
        change(&mut terms);
        assert_ne!(terms, base, "{name} changes nothing");
        if let Some(other) = hashes.insert(terms.hash(), name) {
            panic!("`{name}` has the hash of `{other}`");
        }
        let after = canonical_leaves(&terms);
        shapes.extend(after.keys().map(|path| shape(path)));
        for (path, value) in &after {
            if before.get(path) != Some(value) {
                moved.insert(shape(path));
            }
        }
    }
    let untested: Vec<&String> = shapes.difference(&moved).collect();
    assert_eq!(
        untested,
        Vec::<&String>::new(),
        "leaves that no row changes"
    );
}

#[test]
fn spelling_order_and_comments_do_not_change_the_hash() {
    let spellings: [(&str, &str); 12] = [
        ("\"1_000 HBR\"\nrefund", "\"1000.000000 HBR\"\nrefund"),
        ("\"100 EUR\"", "\"  00100.00   EUR\""),
        ("rules = 1", "# a comment\nrules = 1 # another one"),
        (
            "name = \"Rich\"\norigin = \"example.org/rich\"",
            "origin = 'example.org/rich'\nname = \"\\u0052ich\"",
        ),
        (
            "refund_deadline = \"2027-06-01T00:00:00Z\"",
            "refund_deadline = 2027-06-01T02:00:00.000+02:00",
        ),
        ("\"14 days\"", "\"2 weeks\""),
        ("\"1 hour\"\n", "\"30 minutes 1800 seconds\"\n"),
        (
            "numeraire = \"EUR\"\n",
            "tie = \"pro_rata\"\nunsold = \"burned\"\nnumeraire = \"EUR\"\n",
        ),
        (
            "price = \"2 HBR per EUR\"\nallocation = { kind = \"lottery\"",
            "price = \"0.5 EUR per HBR\"\nallocation = { kind = \"lottery\"",
        ),
        (
            "price = \"2 HBR per EUR\"\nallocation = { kind = \"pro_rata_capped\"",
            "pricing = { price = \"4 HBR per 2 EUR\", kind = \"fixed\" }\nallocation = { kind = \"pro_rata_capped\"",
        ),
        ("max_step = \"20 %\"", "max_step = \"20.00%\""),
        (
            "per = \"1 week\", until",
            "granularity = \"1 second\", per = \"7 days\", until",
        ),
    ];
    let base = parse(RICH);
    for (from, to) in spellings {
        assert_eq!(RICH.matches(from).count(), 1, "{from}");
        let other = parse(&RICH.replacen(from, to, 1));
        assert_eq!(other.canonical_json(), base.canonical_json(), "{to}");
        assert_eq!(other.hash(), base.hash());
    }
    assert_eq!(
        parse(&RICH.replace('\n', "\r\n")).hash(),
        base.hash(),
        "line ends"
    );
    assert_eq!(
        parse(&format!("\u{feff}{RICH}")).hash(),
        base.hash(),
        "a byte order mark"
    );
}

#[test]
fn the_form_is_that_of_rfc_8785() {
    let mut terms = parse(RICH);
    terms.name = "a\"\\\u{8}\t\n\u{c}\r\u{1}\u{7f}é€😀/".into();
    let json = terms.canonical_json();
    assert!(json.contains(r#""name":"a\"\\\b\t\n\f\r\u0001"#), "{json}");
    assert!(json.contains("\u{7f}é€😀/\""), "{json}");
    let read: Json = serde_json::from_str(&json).unwrap();
    assert_eq!(
        read.get("name").and_then(Json::as_str),
        Some(terms.name.as_str())
    );
    // serde_json sorts keys and writes no spaces, so writing what was read must give the same.
    assert_eq!(serde_json::to_string(&sorted(read)).unwrap(), json);
}

/// The same value with sorted keys, whatever map serde_json was built with.
fn sorted(json: Json) -> Json {
    match json {
        Json::Object(entries) => {
            let entries: BTreeMap<String, Json> = entries.into_iter().collect();
            Json::Object(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, sorted(value)))
                    .collect(),
            )
        }
        Json::Array(items) => Json::Array(items.into_iter().map(sorted).collect()),
        leaf @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) => leaf,
    }
}

/// A hash that must never change while the rules are version 1: old records carry such hashes.
#[test]
fn the_hash_of_known_terms_is_what_it_was() {
    let hash = "f10e033bce645c67626e3b92aed026ac6246062ac5d6d73a63ce37f490401867";
    assert_eq!(parse(RICH).hash().to_string(), hash);
}
