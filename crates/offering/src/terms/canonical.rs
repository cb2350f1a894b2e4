//! The canonical form of terms and its hash.
//!
//! RFC 8785 (JSON Canonicalization Scheme): keys sorted, no spaces, one way to escape a string.
//! Every leaf is a string: amounts are counts of the smallest unit, ratios `num/den` in lowest
//! terms, positions and spans counts. What was a comment, an order of keys or a way to write a
//! number in the text is gone, so two texts that mean the same have one hash. The order of
//! currencies, rounds, shares, steps, tiers, milestones and bounds is kept.
//!
//! Each struct is taken apart without `..`, so that a new field does not compile until it is here.

mod json;

use std::fmt;

use sha2::{Digest, Sha256};

use self::json::{Json, Table, list, text};
use super::{
    Access, Allocation, BidLimits, Bound, CeilingScope, Clock, ClockKind, Crossing, Currency,
    DustRule, EarlyClose, FreedRoom, Holder, Limit, MarginalWinner, Milestone, Misfit, Numeraire,
    Objections, PauseEnd, PauseTerms, PriceStep, Pricing, Rail, RateTerm, RootSettlement, Round,
    Rounding, RoundingScope, Sealing, Share, ShareOfSold, Supply, Terms, TieRule, Tier, Token,
    Unsold, Vesting, Window, WindowEnd, WithdrawalHolder, WithdrawalRight,
};
use crate::{Ratio, RoundingMode, Tokens};

/// SHA-256 of the canonical JSON of terms.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TermsHash(pub [u8; 32]);

impl fmt::Display for TermsHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for TermsHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "TermsHash({self})")
    }
}

impl Terms {
    /// The terms as RFC 8785 JSON; a key that is not set is left out.
    pub fn canonical_json(&self) -> String {
        let mut json = String::new();
        terms(self).write(&mut json);
        json
    }

    /// SHA-256 of [`canonical_json`](Self::canonical_json).
    pub fn hash(&self) -> TermsHash {
        TermsHash(Sha256::digest(self.canonical_json().as_bytes()).into())
    }
}

fn ratio(ratio: Ratio) -> Json {
    text(format_args!("{}/{}", ratio.num(), ratio.den()))
}

fn terms(terms: &Terms) -> Json {
    let Terms {
        rules,
        name,
        origin,
        token: token_terms,
        currencies,
        numeraire,
        clock: clock_terms,
        rounds,
        soft_cap,
        hard_cap,
        tie,
        dust,
        token_ceiling,
        token_ceiling_scope,
        investor_max,
        pause: pause_terms,
        withdrawal: withdrawal_right,
        freed_room,
        early_close,
        refund_deadline,
        unsold,
        milestones,
        objections: right_to_object,
        root: by_root,
    } = terms;
    let Numeraire { symbol, decimals } = numeraire;
    let numeraire = Table::default()
        .put("decimals", text(decimals))
        .put("symbol", text(symbol));
    Table::default()
        .put("rules", text(rules))
        .put("name", text(name))
        .put("origin", text(origin))
        .put("token", token(token_terms))
        .put("currencies", list(currencies, currency))
        .put("numeraire", numeraire.json())
        .put("clock", clock(clock_terms))
        .put("rounds", list(rounds, |each| round(each, clock_terms)))
        .put_some("soft_cap", soft_cap.map(bound))
        .put_some("hard_cap", hard_cap.map(bound))
        .put(
            "tie",
            text(match tie {
                TieRule::ProRata => "pro_rata",
                TieRule::ById => "by_id",
            }),
        )
        .put(
            "dust",
            text(match dust {
                DustRule::LargestRemainder => "largest_remainder",
                DustRule::Unassigned => "unassigned",
            }),
        )
        .put(
            "token_ceiling_scope",
            text(match token_ceiling_scope {
                CeilingScope::Everyone => "everyone",
                CeilingScope::ReturnedOverLimit => "returned_over_limit",
            }),
        )
        .put_some("token_ceiling_per_investor", token_ceiling.map(text))
        .put_some("investor_max", investor_max.map(text))
        .put_some("pause", pause_terms.map(pause))
        .put_some("withdrawal", withdrawal_right.map(withdrawal))
        .put(
            "freed_room",
            text(match freed_room {
                FreedRoom::Reopen => "reopen",
                FreedRoom::WaitingList => "waiting_list",
                FreedRoom::Closed => "closed",
            }),
        )
        .put(
            "early_close",
            text(match early_close {
                EarlyClose::Never => "never",
                EarlyClose::Allowed => "allowed",
                EarlyClose::AfterSoftCap => "after_soft_cap",
            }),
        )
        .put_some("refund_deadline", refund_deadline.map(text))
        .put(
            "unsold",
            text(match unsold {
                Unsold::Burned => "burned",
                Unsold::Treasury => "treasury",
            }),
        )
        .put("milestones", list(milestones, milestone))
        .put_some("objections", right_to_object.map(objections))
        .put_some("root", by_root.map(root_settlement))
        .json()
}

fn token(token: &Token) -> Json {
    let Token {
        name,
        symbol,
        decimals,
        supply,
        sale_vesting,
    } = token;
    let supply = match supply {
        Supply::Fixed {
            total,
            for_sale,
            shares,
        } => Table::kind("fixed")
            .put("total", text(total))
            .put("for_sale", text(for_sale))
            .put(
                "shares",
                list(shares, |each| share(each, |size: &Tokens| text(size))),
            ),
        Supply::Minted { max, shares } => Table::kind("minted")
            .put_some("max", max.map(text))
            .put("shares", list(shares, |each| share(each, share_of_sold))),
    };
    Table::default()
        .put("name", text(name))
        .put("symbol", text(symbol))
        .put("decimals", text(decimals))
        .put("supply", supply.json())
        .put("sale_vesting", vesting(*sale_vesting))
        .json()
}

fn share<Size>(share: &Share<Size>, size_json: impl Fn(&Size) -> Json) -> Json {
    let Share {
        name,
        holder,
        size,
        vesting: vesting_terms,
    } = share;
    let holder = match holder {
        Holder::Team => "team",
        Holder::Treasury => "treasury",
        Holder::Advisers => "advisers",
        Holder::Other => "other",
    };
    Table::default()
        .put("name", text(name))
        .put("holder", text(holder))
        .put("size", size_json(size))
        .put("vesting", vesting(*vesting_terms))
        .json()
}

fn share_of_sold(share: &ShareOfSold) -> Json {
    let ShareOfSold {
        ratio: of_sold,
        rounding,
    } = share;
    Table::default()
        .put("of_sold", ratio(*of_sold))
        .put("rounding", text(rounding_mode(*rounding)))
        .json()
}

fn vesting(vesting: Vesting) -> Json {
    let Vesting { cliff, duration } = vesting;
    Table::default()
        .put("cliff", text(cliff.0))
        .put("duration", text(duration.0))
        .json()
}

fn rounding_mode(mode: RoundingMode) -> &'static str {
    match mode {
        RoundingMode::Down => "down",
        RoundingMode::HalfUp => "half_up",
        RoundingMode::HalfEven => "half_even",
    }
}

fn currency(currency: &Currency) -> Json {
    let Currency {
        symbol,
        decimals,
        rail,
        line,
        rate,
        rounding,
        credit,
    } = currency;
    let rail = match rail {
        Rail::Evm => "evm",
        Rail::Bitcoin => "bitcoin",
        Rail::Balance => "balance",
    };
    let rate = match rate {
        RateTerm::Fixed(fixed) => Table::kind("fixed").put("rate", ratio(*fixed)),
        RateTerm::Recorded {
            source,
            max_age,
            max_step,
        } => Table::kind("recorded")
            .put("source", text(source))
            .put("max_age", text(max_age.0))
            .put("max_step", text(max_step.0)),
    };
    let Rounding { mode, unit, per } = rounding;
    let per = match per {
        RoundingScope::Contribution => "contribution",
        RoundingScope::Investor => "investor",
    };
    let rounding = Table::default()
        .put("mode", text(rounding_mode(*mode)))
        .put("unit", text(unit))
        .put("per", text(per));
    Table::default()
        .put("symbol", text(symbol))
        .put("decimals", text(decimals))
        .put("rail", text(rail))
        .put("line", text(line))
        .put("rate", rate.json())
        .put("rounding", rounding.json())
        .put("credit", text(credit))
        .json()
}

fn clock(clock: &Clock) -> Json {
    let Clock {
        kind,
        lines,
        tolerance,
    } = clock;
    let kind = match kind {
        ClockKind::Time => "time",
        ClockKind::Block => "block",
    };
    Table::kind(kind)
        .put("lines", list(lines, |line| text(line)))
        .put("tolerance", text(tolerance.0))
        .json()
}

fn round(round: &Round, clock: &Clock) -> Json {
    let Round {
        name,
        windows,
        pricing: pricing_terms,
        allocation: allocation_terms,
        cap,
        supply,
        contribution_min,
        contribution_max,
        investor_min,
        investor_max,
        access,
        over_cap,
        over_limit,
        currencies,
    } = round;
    let mut by_line = Table::default();
    for (line, stated) in clock.lines.iter().zip(windows) {
        by_line = by_line.put_some(line, stated.map(window));
    }
    let access = match access {
        Access::Public => "public",
        Access::Admitted => "admitted",
    };
    Table::default()
        .put("name", text(name))
        .put("windows", by_line.json())
        .put("pricing", pricing(pricing_terms))
        .put("allocation", allocation(allocation_terms))
        .put_some("cap", cap.map(text))
        .put_some("supply", supply.map(text))
        .put(
            "contribution_min",
            list(contribution_min, |each| limit(*each)),
        )
        .put(
            "contribution_max",
            list(contribution_max, |each| limit(*each)),
        )
        .put_some("investor_min", investor_min.map(text))
        .put_some("investor_max", investor_max.map(bound))
        .put("access", text(access))
        .put("over_cap", misfit(*over_cap))
        .put("over_limit", misfit(*over_limit))
        .put("currencies", list(currencies, |index| text(index)))
        .json()
}

fn window(window: Window) -> Json {
    let Window { from, until, end } = window;
    let end = match end {
        WindowEnd::Inclusive => "inclusive",
        WindowEnd::Exclusive => "exclusive",
    };
    Table::default()
        .put("from", text(from))
        .put("until", text(until))
        .put("end", text(end))
        .json()
}

fn bound(bound: Bound) -> Json {
    match bound {
        Bound::Value(value) => Table::kind("value").put("most", text(value)).json(),
        Bound::Tokens(tokens) => Table::kind("tokens").put("most", text(tokens)).json(),
    }
}

fn limit(limit: Limit) -> Json {
    match limit {
        Limit::Value(value) => Table::kind("value").put("amount", text(value)).json(),
        Limit::Tokens(tokens) => Table::kind("tokens").put("amount", text(tokens)).json(),
        Limit::Money(currency, amount) => Table::kind("money")
            .put("currency", text(currency))
            .put("amount", text(amount))
            .json(),
    }
}

fn misfit(misfit: Misfit) -> Json {
    text(match misfit {
        Misfit::Partial => "partial",
        Misfit::Refuse => "refuse",
        Misfit::Kept => "kept",
    })
}

fn pricing(pricing: &Pricing) -> Json {
    let table = Table::kind(pricing.kind().name());
    match pricing {
        Pricing::Fixed { price } => table.put("price", ratio(*price)),
        Pricing::Steps { steps } => table.put(
            "steps",
            list(steps, |step| {
                let PriceStep { from, price } = step;
                Table::default()
                    .put("from", text(from))
                    .put("price", ratio(*price))
                    .json()
            }),
        ),
        Pricing::Linear {
            base,
            bonus,
            per,
            until,
            granularity,
        } => table
            .put("base", ratio(*base))
            .put("bonus", text(bonus.0))
            .put("per", text(per.0))
            .put("until", text(until))
            .put("granularity", text(granularity.0)),
        Pricing::Tiers { tiers, crossing } => table
            .put(
                "tiers",
                list(tiers, |tier| {
                    let Tier { up_to, price } = tier;
                    let tier = Table::default().put_some("up_to", up_to.map(text));
                    tier.put("price", ratio(*price)).json()
                }),
            )
            .put(
                "crossing",
                text(match crossing {
                    Crossing::Split => "split",
                    Crossing::Before => "before",
                }),
            ),
        Pricing::Dutch {
            start,
            end,
            granularity,
        } => table
            .put("start", ratio(*start))
            .put("end", ratio(*end))
            .put("granularity", text(granularity.0)),
        Pricing::Bids {
            min_proceeds,
            sealing,
        } => {
            let sealed = match sealing {
                Sealing::Open => None,
                Sealing::Sealed {
                    lock_step,
                    reveal_until,
                    bond,
                } => Some(
                    Table::default()
                        .put("lock_step", text(lock_step))
                        .put("reveal_until", text(reveal_until))
                        .put("bond", text(bond.0))
                        .json(),
                ),
            };
            table
                .put("min_proceeds", text(min_proceeds))
                .put_some("sealed", sealed)
        }
    }
    .json()
}

fn allocation(allocation: &Allocation) -> Json {
    let table = Table::kind(allocation.kind().name());
    match allocation {
        Allocation::FirstCome | Allocation::ProRata | Allocation::WaterFilling => table,
        Allocation::ProRataCapped { cap } => table.put("cap", text(cap)),
        Allocation::Lottery {
            source,
            instant,
            marginal,
        } => {
            let marginal = match marginal {
                MarginalWinner::Partial => "partial",
                MarginalWinner::Skip => "skip",
            };
            table
                .put("source", text(source))
                .put("instant", text(instant))
                .put("marginal", text(marginal))
        }
        Allocation::Guaranteed { until } => table.put("until", text(until)),
    }
    .json()
}

fn pause(pause: PauseTerms) -> Json {
    let PauseTerms {
        longest,
        count,
        end,
    } = pause;
    let end = match end {
        PauseEnd::Fixed => "fixed",
        PauseEnd::Moves => "moves",
    };
    Table::default()
        .put("longest", text(longest.0))
        .put("count", text(count))
        .put("end", text(end))
        .json()
}

fn withdrawal(right: WithdrawalRight) -> Json {
    let WithdrawalRight { span, until, who } = right;
    let who = match who {
        WithdrawalHolder::Everyone => "everyone",
        WithdrawalHolder::Marked => "marked",
    };
    Table::default()
        .put("span", text(span.0))
        .put_some("until", until.map(text))
        .put("who", text(who))
        .json()
}

fn milestone(milestone: &Milestone) -> Json {
    let Milestone { name, part, after } = milestone;
    Table::default()
        .put("name", text(name))
        .put("part", text(part.0))
        .put("after", text(after.0))
        .json()
}

fn objections(right: Objections) -> Json {
    let Objections {
        share,
        span,
        deadline,
    } = right;
    Table::default()
        .put("share", text(share.0))
        .put("span", text(span.0))
        .put("deadline", text(deadline.0))
        .json()
}

fn root_settlement(root: RootSettlement) -> Json {
    let RootSettlement {
        bids,
        share,
        challenge,
        claims,
    } = root;
    let table = match bids {
        Some(BidLimits {
            ceiling,
            price_unit,
        }) => Table::default()
            .put("ceiling", ratio(ceiling))
            .put("price_unit", text(price_unit)),
        None => Table::default(),
    };
    table
        .put("share", text(share.0))
        .put("challenge", text(challenge.0))
        .put("claims", text(claims.0))
        .json()
}
