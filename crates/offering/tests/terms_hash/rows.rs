//! One row for each promise of the terms: what it is, and how it is changed.

use softcap_offering::terms::{
    Access, Allocation, BidLimits, Bound, CeilingScope, ClockKind, Crossing, DustRule, EarlyClose,
    FreedRoom, Holder, Limit, MarginalWinner, Milestone, Misfit, Objections, PauseEnd, PauseTerms,
    Pricing, Rail, RateTerm, RootSettlement, RoundingScope, Sealing, Share, ShareOfSold, Supply,
    Terms, TieRule, Unsold, WindowEnd, WithdrawalHolder, WithdrawalRight,
};
use softcap_offering::{
    Amount, BasisPoints, CurrencyIndex, LineIndex, Position, Ratio, RoundingMode, Span, Tokens,
    Value,
};

/// Terms that use every kind of pricing and allocation.
pub(super) fn pricing(terms: &mut Terms, round: usize) -> &mut Pricing {
    &mut terms.rounds[round].pricing
}

pub(super) type Row = (&'static str, fn(&mut Terms));

/// One change each of everything that is promised.
pub(super) fn rows() -> Vec<Row> {
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
        ("objections", |terms| terms.objections = Some(objections())),
        ("objections.share", |terms| {
            terms.objections = Some(Objections {
                share: BasisPoints(7),
                ..objections()
            });
        }),
        ("objections.span", |terms| {
            terms.objections = Some(Objections {
                span: Span(7),
                ..objections()
            });
        }),
        ("objections.deadline", |terms| {
            terms.objections = Some(Objections {
                deadline: Span(7),
                ..objections()
            });
        }),
        ("root", |terms| terms.root = Some(root())),
        ("root.ceiling", |terms| {
            terms.root = Some(RootSettlement {
                bids: Some(BidLimits {
                    ceiling: Ratio::new(1, 101).unwrap(),
                    ..bid_limits()
                }),
                ..root()
            });
        }),
        ("root.price_unit", |terms| {
            terms.root = Some(RootSettlement {
                bids: Some(BidLimits {
                    price_unit: Tokens(7),
                    ..bid_limits()
                }),
                ..root()
            });
        }),
        ("root without ceiling", |terms| {
            terms.root = Some(RootSettlement {
                bids: None,
                ..root()
            });
        }),
        ("root.share", |terms| {
            terms.root = Some(RootSettlement {
                share: BasisPoints(7),
                ..root()
            });
        }),
        ("root.challenge", |terms| {
            terms.root = Some(RootSettlement {
                challenge: Span(7),
                ..root()
            });
        }),
        ("root.claims", |terms| {
            terms.root = Some(RootSettlement {
                claims: Span(7),
                ..root()
            });
        }),
    ]
}

fn root() -> RootSettlement {
    RootSettlement {
        bids: Some(bid_limits()),
        share: BasisPoints(2_000),
        challenge: Span(604_800_000),
        claims: Span(7_776_000_000),
    }
}

fn bid_limits() -> BidLimits {
    BidLimits {
        ceiling: Ratio::new(1, 100).unwrap(),
        price_unit: Tokens(1_000),
    }
}

fn objections() -> Objections {
    Objections {
        share: BasisPoints(2_000),
        span: Span(86_400_000),
        deadline: Span(864_000_000),
    }
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
