//! For each code the smallest change of clean terms that triggers it.

use softcap_offering::terms::TermsCode;

/// A change of the base: what stands there, and what is put in its place.
pub(super) type Change = (&'static str, &'static str);

pub(super) const PRICE: &str = "price = \"0.50 USD per HBR\"";
pub(super) const RATE: &str = "rate = \"1.25 USD per EUR\"";
pub(super) const DEADLINE: &str = "refund_deadline = \"2026-06-01T00:00:00Z\"";
pub(super) const MINIMUM: &str = "contribution = { min = \"1 EUR\" }";
pub(super) const RAIL: &str = "rail = \"balance\"";
/// A currency whose money an escrow holds.
pub(super) const ON_CHAIN: &str =
    "rail = \"evm\"\nrounding = { mode = \"down\", per = \"investor\" }";
const COARSE_UNIT: &str = "rate = \"1.25 USD per EUR\"\nrounding = { unit = \"10 HBR\" }";

pub(super) const SYNTAX: &[(TermsCode, &[Change])] = &[
    (TermsCode::Syntax, &[("rules = 1", "rules 1")]),
    (
        TermsCode::UnknownKey,
        &[("name = \"public\"", "name = \"public\"\nnmae = \"x\"")],
    ),
    (TermsCode::MissingKey, &[("end = \"exclusive\"", "")]),
    (TermsCode::WrongType, &[("name = \"Base\"", "name = 5")]),
    (
        TermsCode::UnknownWord,
        &[("end = \"exclusive\"", "end = \"exclusiv\"")],
    ),
    (
        TermsCode::TooMany,
        &[(
            PRICE,
            "currencies = [\"EUR\", \"EUR\"]\nprice = \"0.50 USD per HBR\"",
        )],
    ),
    (
        TermsCode::BadName,
        &[("example.org/base", "https://example.org/base")],
    ),
    (
        TermsCode::Duplicate,
        &[("symbol = \"USD\"", "symbol = \"EUR\"")],
    ),
    (TermsCode::UnknownRules, &[("rules = 1", "rules = 2")]),
    (
        TermsCode::KeyConflict,
        &[(
            PRICE,
            "price = \"0.50 USD per HBR\"\npricing = { kind = \"fixed\" }",
        )],
    ),
    (TermsCode::BareNumber, &[("\"100 USD\"", "100")]),
    (TermsCode::BareNumber, &[("\"100 USD\"", "100.0")]),
    (TermsCode::BadNumber, &[("\"100 USD\"", "\"1,000 USD\"")]),
    (TermsCode::BadNumber, &[("\"100 USD\"", "\"1e3 USD\"")]),
    (
        TermsCode::TooManyDigits,
        &[(
            "\"100 USD\"",
            "\"1000000000000000000000000000000000000000 USD\"",
        )],
    ),
    (
        TermsCode::TooManyDecimals,
        &[("\"100 USD\"", "\"100.001 USD\"")],
    ),
    (TermsCode::Negative, &[("\"100 USD\"", "\"-100 USD\"")]),
    (TermsCode::WrongUnit, &[("\"100 USD\"", "\"100 EUR\"")]),
    (TermsCode::WrongUnit, &[("\"100 USD\"", "\"100\"")]),
    (TermsCode::BadPrice, &[("0.50 USD per HBR", "0.50 USD/HBR")]),
    (
        TermsCode::BadPercent,
        &[(
            "[[round]]",
            "[[milestone]]\nname = \"a\"\npart = \"100\"\n[[round]]",
        )],
    ),
    (
        TermsCode::BadRatio,
        &[
            (
                "kind = \"fixed\"\ntotal = \"3_000 HBR\"\nfor_sale = \"2_000 HBR\"",
                "kind = \"minted\"",
            ),
            ("amount = \"1_000 HBR\"", "of_sold = \"1/0\""),
        ],
    ),
    (TermsCode::Zero, &[("\"100 USD\"", "\"0 USD\"")]),
    (TermsCode::Zero, &[("0.50 USD per HBR", "0 USD per HBR")]),
    (
        TermsCode::DoesNotFit,
        &[
            (
                "\"100 USD\"",
                "\"9999999999999999999999999999999999999 USD\"",
            ),
            (
                "symbol = \"USD\"\ndecimals = 2",
                "symbol = \"USD\"\ndecimals = 6",
            ),
        ],
    ),
    (
        TermsCode::BadDate,
        &[("2026-06-01T00:00:00Z", "2026-06-31T00:00:00Z")],
    ),
    (
        TermsCode::BadDate,
        &[("2026-06-01T00:00:00Z", "1 June 2026")],
    ),
    (
        TermsCode::DateWithoutZone,
        &[("2026-06-01T00:00:00Z", "2026-06-01T00:00:00")],
    ),
    (
        TermsCode::NumberForDate,
        &[("\"2026-06-01T00:00:00Z\"", "1780272000000")],
    ),
    (
        TermsCode::NumberForDate,
        &[("\"2026-06-01T00:00:00Z\"", "1780272000")],
    ),
    (
        TermsCode::NumberForDate,
        &[("\"2026-06-01T00:00:00Z\"", "\"1780272000000\"")],
    ),
    (TermsCode::BadSpan, &[("\"14 days\"", "\"1 month\"")]),
    (
        TermsCode::DateOutOfRange,
        &[("2026-06-01T00:00:00Z", "2206-06-01T00:00:00Z")],
    ),
    (
        TermsCode::DateOutOfRange,
        &[("2026-03-01T12:00:00Z", "2006-03-01T12:00:00Z")],
    ),
];

/// Rows on a block clock.
pub(super) const BLOCK: &[Change] = &[
    ("kind = \"time\"", "kind = \"block\""),
    (DEADLINE, "refund_deadline = 3000"),
    ("\"365 days\"", "\"100 blocks\""),
    ("\"1461 days\"", "\"200 blocks\""),
    ("\"14 days\"", "\"20 blocks\""),
    ("\"2026-03-01T12:00:00Z\"", "1000"),
    ("\"2026-03-31T12:00:00Z\"", "2000"),
    (RAIL, "rail = \"bitcoin\""),
];
pub(super) const BLOCK_ROWS: &[(TermsCode, &[Change])] = &[
    (TermsCode::BadHeight, &[("from = 1000", "from = \"1000\"")]),
    (TermsCode::BadHeight, &[("from = 1000", "from = -1")]),
    (TermsCode::BadSpan, &[("\"20 blocks\"", "\"14 days\"")]),
    // The deadline of a real sale was in milliseconds and was read as a later unit of time.
    (
        TermsCode::DateOutOfRange,
        &[("until = 2000", "until = 1407064860000")],
    ),
    (
        TermsCode::SeveralLines,
        &[
            (
                "[withdrawal]",
                "[currency.ETH]\ndecimals = 18\nrail = \"bitcoin\"\nrate = \"9 USD per ETH\"\n[withdrawal]",
            ),
            (
                PRICE,
                "currencies = [\"EUR\"]\nprice = \"0.50 USD per HBR\"",
            ),
        ],
    ),
];

pub(super) const CONTRADICTIONS: &[(TermsCode, &[Change])] = &[
    (
        TermsCode::WindowReversed,
        &[("2026-03-31T12:00:00Z", "2026-03-01T12:00:00Z")],
    ),
    (
        TermsCode::PairRefused,
        &[(
            PRICE,
            "cap = \"500 USD\"\nallocation = \"pro_rata\"\npricing = { kind = \"tiers\", crossing = \"split\", \
             tiers = [{ price = \"2 HBR per USD\" }] }",
        )],
    ),
    (
        TermsCode::SupplySplit,
        &[("\"3_000 HBR\"", "\"4_000 HBR\"")],
    ),
    (
        TermsCode::SupplySplit,
        &[(
            PRICE,
            "supply = \"2_001 HBR\"\nprice = \"0.50 USD per HBR\"",
        )],
    ),
    (
        TermsCode::RoundingScope,
        &[
            (
                RATE,
                "rate = \"1.25 USD per EUR\"\nrounding = { per = \"investor\" }",
            ),
            (
                PRICE,
                "pricing = { kind = \"tiers\", crossing = \"split\", tiers = [{ price = \"2 HBR per USD\" }] }",
            ),
        ],
    ),
    (
        TermsCode::RoundingUpInBatch,
        &[
            (
                RATE,
                "rate = \"1.25 USD per EUR\"\nrounding = { mode = \"half_up\" }",
            ),
            (
                PRICE,
                "price = \"0.50 USD per HBR\"\nsupply = \"2_000 HBR\"\nallocation = \"pro_rata\"",
            ),
        ],
    ),
    (
        TermsCode::RoomMissing,
        &[(
            PRICE,
            "price = \"0.50 USD per HBR\"\nallocation = \"water_filling\"",
        )],
    ),
    (
        TermsCode::RoomMissing,
        &[(
            PRICE,
            "cap = \"9 USD\"\npricing = { kind = \"dutch\", start = \"2 USD per HBR\", \
             end = \"1 USD per HBR\", granularity = \"1 hour\" }",
        )],
    ),
    (
        TermsCode::KeptOnEvm,
        &[
            (RAIL, "rail = \"evm\""),
            (PRICE, "price = \"0.50 USD per HBR\"\nover_cap = \"kept\""),
        ],
    ),
    (
        TermsCode::SoftCapTooHigh,
        &[("\"100 USD\"", "\"1_000.01 USD\"")],
    ),
    (
        TermsCode::SoftCapTooHigh,
        &[("\"100 USD\"", "\"2_001 HBR\"")],
    ),
    (
        TermsCode::MilestoneSum,
        &[(
            "[[round]]",
            "[[milestone]]\nname = \"a\"\npart = \"99.99 %\"\n[[round]]",
        )],
    ),
    (
        TermsCode::BidCurrency,
        &[
            ("\"1_000 USD\"", "\"1_000 HBR\""),
            (
                PRICE,
                "supply = \"10 HBR\"\npricing = { kind = \"bids\", sealed = { lock_step = \"1 EUR\", \
                 reveal_until = \"2026-04-30T12:00:00Z\" } }",
            ),
        ],
    ),
    (
        TermsCode::NumeraireIsToken,
        &[
            ("[numeraire]\nsymbol = \"USD\"\ndecimals = 2", ""),
            ("rules = 1", "rules = 1\nnumeraire = \"HBR\""),
            ("\"100 USD\"", "\"100 HBR\""),
            ("\"1_000 USD\"", "\"1_000 HBR\""),
            (RATE, "rate = \"1.25 HBR per EUR\""),
            (PRICE, "supply = \"10 HBR\"\npricing = { kind = \"bids\" }"),
        ],
    ),
    (
        TermsCode::LotteryTooEarly,
        &[(
            PRICE,
            "price = \"0.50 USD per HBR\"\ncap = \"100 USD\"\nallocation = { kind = \"lottery\", \
             source = \"drand:quicknet\", instant = \"2026-03-31T11:59:59Z\", marginal = \"skip\" }",
        )],
    ),
    (
        TermsCode::RevealTooEarly,
        &[
            ("[numeraire]\nsymbol = \"USD\"\ndecimals = 2", ""),
            ("\"100 USD\"", "\"100 EUR\""),
            ("\"1_000 USD\"", "\"1_000 HBR\""),
            (RATE, ""),
            (
                PRICE,
                "supply = \"10 HBR\"\npricing = { kind = \"bids\", sealed = { lock_step = \"1 EUR\", \
                 reveal_until = \"2026-03-31T12:00:00Z\" } }",
            ),
        ],
    ),
    (
        // The first price fits, the second does not together with the rounding unit.
        TermsCode::ProductTooLarge,
        &[
            (RATE, COARSE_UNIT),
            (
                PRICE,
                "pricing = { kind = \"steps\", steps = [\
                 { from = \"2026-03-01T12:00:00Z\", price = \"2 HBR per USD\" }, \
                 { from = \"2026-03-02T12:00:00Z\", \
                 price = \"0.123456789012345678901234567890123451 HBR per USD\" }] }",
            ),
        ],
    ),
    (
        TermsCode::ProductTooLarge,
        &[
            (RATE, COARSE_UNIT),
            (
                PRICE,
                "pricing = { kind = \"tiers\", crossing = \"split\", tiers = [\
                 { up_to = \"5 USD\", price = \"2 HBR per USD\" }, \
                 { price = \"0.123456789012345678901234567890123451 HBR per USD\" }] }",
            ),
        ],
    ),
    (
        TermsCode::ProductTooLarge,
        &[
            (RATE, "rate = \"0.1234567890123456789 USD per EUR\""),
            (
                PRICE,
                "price = \"0.123456789012345678901234567891 HBR per USD\"",
            ),
            (MINIMUM, ""),
        ],
    ),
    (
        TermsCode::RecordedRatePerInvestor,
        &[(
            RATE,
            "rate = { source = \"ecb:EURUSD\", max_age = \"1 hour\", max_step = \"5 %\" }\n\
             rounding = { per = \"investor\" }",
        )],
    ),
    (
        TermsCode::StepOrder,
        &[(
            PRICE,
            "pricing = { kind = \"steps\", steps = [{ from = \"2026-03-01T12:00:01Z\", price = \"2 HBR per USD\" }] }",
        )],
    ),
    (
        TermsCode::TierOrder,
        &[(
            PRICE,
            "pricing = { kind = \"tiers\", crossing = \"before\", \
             tiers = [{ up_to = \"5 USD\", price = \"2 HBR per USD\" }, { up_to = \"5 USD\", price = \"1 HBR per USD\" }] }",
        )],
    ),
    (
        TermsCode::DutchOrder,
        &[(
            PRICE,
            "supply = \"10 HBR\"\npricing = { kind = \"dutch\", start = \"1 USD per HBR\", \
             end = \"1 USD per HBR\", granularity = \"1 hour\" }",
        )],
    ),
    (
        TermsCode::ReservationEnd,
        &[(
            PRICE,
            "price = \"0.50 USD per HBR\"\ncap = \"900 USD\"\n\
             allocation = { kind = \"guaranteed\", until = \"2026-03-31T12:00:00Z\" }",
        )],
    ),
    (
        TermsCode::DeadlineTooEarly,
        &[(
            "[withdrawal]",
            "[pause]\nlongest = \"7 days\"\ncount = 7\nend = \"moves\"\n[withdrawal]",
        )],
    ),
    (
        TermsCode::DeadlineTooEarly,
        &[("2026-06-01T00:00:00Z", "2026-03-31T11:59:59Z")],
    ),
    (
        TermsCode::DeadlineTooEarly,
        &[("2026-06-01T00:00:00Z", "2026-04-14T11:59:59Z")],
    ),
    (
        TermsCode::ProductTooLarge,
        &[(
            PRICE,
            "pricing = { kind = \"linear\", bonus = \"1 %\", per = \"1 week\", \
             base = \"0.123456789012345678901234567891 HBR per USD\", until = \"2026-03-31T12:00:00Z\" }",
        )],
    ),
    (
        TermsCode::ProductTooLarge,
        &[(
            PRICE,
            "supply = \"10 HBR\"\npricing = { kind = \"dutch\", granularity = \"1 hour\", \
             start = \"0.123456789012345678901234567891 USD per HBR\", end = \"0.1 USD per HBR\" }",
        )],
    ),
    (TermsCode::RateMismatch, &[(RATE, "")]),
    (
        TermsCode::MinimumAboveMaximum,
        &[(
            MINIMUM,
            "contribution = { min = \"2 EUR\", max = \"1.99 EUR\" }",
        )],
    ),
    (
        TermsCode::MinimumAboveMaximum,
        &[("\"365 days\"", "\"1462 days\"")],
    ),
    (
        TermsCode::PartAboveWhole,
        &[(
            "[[round]]",
            "[[milestone]]\nname = \"a\"\npart = \"100.01 %\"\n[[round]]",
        )],
    ),
    (
        TermsCode::ObjectionsUseless,
        &[(
            "[[round]]",
            "[[milestone]]\nname = \"a\"\npart = \"100 %\"\n[objections]\nshare = \"20 %\"\n\
             span = \"7 days\"\ndeadline = \"8 days\"\n[[round]]",
        )],
    ),
    (
        TermsCode::ObjectionsUseless,
        &[
            (RAIL, ON_CHAIN),
            (
                "[[round]]",
                "[objections]\nshare = \"20 %\"\nspan = \"7 days\"\ndeadline = \"8 days\"\n[[round]]",
            ),
        ],
    ),
    (
        TermsCode::ReleaseDeadlineTooEarly,
        &[
            (RAIL, ON_CHAIN),
            (
                "[[round]]",
                "[[milestone]]\nname = \"a\"\npart = \"50 %\"\nafter = \"30 days\"\n\
                 [[milestone]]\nname = \"b\"\npart = \"50 %\"\nafter = \"10 days\"\n\
                 [objections]\nshare = \"20 %\"\nspan = \"7 days\"\ndeadline = \"44 days\"\n[[round]]",
            ),
        ],
    ),
    (
        TermsCode::RootUseless,
        &[(
            "[[round]]",
            "[root]\nceiling = \"1 USD per HBR\"\nshare = \"20 %\"\nchallenge = \"7 days\"\n\
             claims = \"90 days\"\n[[round]]",
        )],
    ),
];

pub(super) const WARNINGS: &[(TermsCode, &[Change])] = &[
    (
        TermsCode::TeamShare,
        &[
            ("\"3_000 HBR\"", "\"4_001 HBR\""),
            ("amount = \"1_000 HBR\"", "amount = \"2_001 HBR\""),
            (
                "vesting = { cliff = \"365 days\", duration = \"1461 days\" }",
                "",
            ),
        ],
    ),
    (
        TermsCode::BuysNothing,
        &[
            ("decimals = 6", "decimals = 0"),
            ("min = \"1 EUR\"", "min = \"0.39 EUR\""),
        ],
    ),
    (
        TermsCode::CapUnreachable,
        &[("\"1_000 USD\"", "\"1_000.02 USD\"")],
    ),
    (
        TermsCode::CapUnreachable,
        &[("\"1_000 USD\"", "\"2_001 HBR\"")],
    ),
    (
        TermsCode::CapUnreachable,
        &[(
            PRICE,
            "pricing = { kind = \"tiers\", crossing = \"split\", tiers = [{ up_to = \"999 USD\", price = \"2 HBR per USD\" }] }",
        )],
    ),
    (TermsCode::NoRefundDeadline, &[(DEADLINE, "")]),
    (
        TermsCode::KeepsMoney,
        &[(PRICE, "price = \"0.50 USD per HBR\"\nover_limit = \"kept\"")],
    ),
    (
        TermsCode::NoWithdrawalRight,
        &[("[withdrawal]\nspan = \"14 days\"\nwho = \"everyone\"", "")],
    ),
    (
        TermsCode::RailCannotEnforce,
        &[
            (RAIL, "rail = \"evm\""),
            ("1.25 USD per EUR", "1.23456789 USD per EUR"),
        ],
    ),
    (
        TermsCode::RailCannotEnforce,
        &[
            (RAIL, "rail = \"evm\""),
            (
                PRICE,
                "price = \"0.50 USD per HBR\"\ncap = \"1_000 USD\"\nallocation = \"water_filling\"",
            ),
        ],
    ),
    (
        TermsCode::CeilingKeepsMoney,
        &[(
            "rules = 1",
            "rules = 1\ntoken_ceiling_per_investor = { amount = \"10 HBR\", who = \"returned_over_limit\" }",
        )],
    ),
    (
        TermsCode::CeilingKeepsMoney,
        &[(
            "rules = 1",
            "rules = 1\ntoken_ceiling_per_investor = \"10 HBR\"",
        )],
    ),
    (
        TermsCode::TwoRails,
        &[
            (
                "[withdrawal]",
                "[currency.BTC]\ndecimals = 8\nrail = \"bitcoin\"\nrate = \"100 USD per BTC\"\n[withdrawal]",
            ),
            (MINIMUM, "contribution = { min = \"1 USD\" }"),
        ],
    ),
    (
        TermsCode::EarlyClose,
        &[("rules = 1", "rules = 1\nearly_close = \"allowed\"")],
    ),
    (
        TermsCode::HugeBonus,
        &[(
            PRICE,
            "pricing = { kind = \"linear\", base = \"0.50 USD per HBR\", bonus = \"24 %\", \
                 per = \"1 week\", until = \"2026-03-31T12:00:00Z\" }",
        )],
    ),
    (TermsCode::NoSoftCap, &[("soft_cap = \"100 USD\"", "")]),
    (
        TermsCode::Unbounded,
        &[
            ("hard_cap = \"1_000 USD\"", ""),
            (
                "kind = \"fixed\"\ntotal = \"3_000 HBR\"\nfor_sale = \"2_000 HBR\"",
                "kind = \"minted\"",
            ),
            ("amount = \"1_000 HBR\"", "of_sold = \"1/2\""),
        ],
    ),
    (
        TermsCode::TieById,
        &[
            ("rules = 1", "rules = 1\ntie = \"by_id\""),
            ("[numeraire]\nsymbol = \"USD\"\ndecimals = 2", ""),
            ("\"100 USD\"", "\"100 EUR\""),
            ("\"1_000 USD\"", "\"1_000 HBR\""),
            (RATE, ""),
            (
                PRICE,
                "supply = \"1_000 HBR\"\npricing = { kind = \"bids\" }",
            ),
        ],
    ),
    (
        TermsCode::LongPause,
        &[(
            "[withdrawal]",
            "[pause]\nlongest = \"31 days\"\ncount = 1\nend = \"fixed\"\n[withdrawal]",
        )],
    ),
    (
        TermsCode::ShortWithdrawalRight,
        &[("\"14 days\"", "\"13 days 23 hours\"")],
    ),
    (
        TermsCode::LooseRate,
        &[(
            RATE,
            "rate = { source = \"ecb:EURUSD\", max_age = \"25 hours\", max_step = \"5 %\" }",
        )],
    ),
];
