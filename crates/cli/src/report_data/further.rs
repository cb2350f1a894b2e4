//! Further terms in short: what holds beyond the rounds.

use softcap_offering::{
    LineIndex, Offering, Ratio, RoundIndex, RoundingMode, Settlement, Verdict,
    terms::{
        Allocation, Bound, CeilingScope, Currency, DustRule, EarlyClose, FreedRoom, Misfit,
        PauseEnd, Pricing, Rail, RateTerm, RoundingScope, Sealing, Supply, Terms, TieRule, Unsold,
        WithdrawalHolder,
    },
};

use crate::report::Fact;

use super::{
    price::{Direction, Pair},
    supply::vesting_words,
    words::{Words, counted, listed, percent, sentence},
};

/// The first clock line, on which terms without a line of their own count.
const FIRST: LineIndex = LineIndex(0);

/// All of them, in the order in which a reader would ask.
pub(super) fn facts(offering: &Offering, settlement: &Settlement) -> Vec<Fact> {
    let terms = offering.terms();
    let words = Words { terms };
    let mut facts = Facts { list: Vec::new() };
    facts.add(
        "Settled",
        words.position(settlement.at.line, settlement.at.position),
    );
    facts.add("Money", money(terms));
    for (label, cap) in [("Soft cap", terms.soft_cap), ("Hard cap", terms.hard_cap)] {
        // Caps in money are drawn and stand with the result.
        if let Some(Bound::Tokens(cap)) = cap {
            facts.add(label, words.tokens(cap));
        }
    }
    if let Some(most) = terms.investor_max {
        facts.add(
            "Most per investor",
            format!("{} over all rounds", words.value(most)),
        );
    }
    for currency in &terms.currencies {
        facts.currency(words, currency);
    }
    facts.exits(words);
    facts.issuer(words, offering);
    facts.tokens(words, settlement);
    facts.sharing(offering);
    if terms.clock.tolerance.0 > 0 {
        let late = words.span(terms.clock.tolerance);
        facts.add(
            "Order",
            format!("an entry may be up to {late} older than the one before it"),
        );
    }
    facts.list
}

/// Whether the terms can keep money that neither buys nor goes back.
pub(super) fn keep_money(terms: &Terms) -> bool {
    terms.rounds.iter().any(|round| {
        let bond = matches!(
            round.pricing,
            Pricing::Bids { sealing: Sealing::Sealed { bond, .. }, .. } if bond.0 > 0
        );
        bond || round.over_cap == Misfit::Kept || round.over_limit == Misfit::Kept
    })
}

fn money(terms: &Terms) -> String {
    let told = terms.currencies.iter().map(|currency| {
        let rail = match currency.rail {
            Rail::Evm => "evm",
            Rail::Bitcoin => "bitcoin",
            Rail::Balance => "balance",
        };
        format!("{} (rail {rail})", currency.symbol)
    });
    listed(&told.collect::<Vec<_>>())
}

struct Facts {
    list: Vec<Fact>,
}

impl Facts {
    fn add(&mut self, label: impl Into<String>, text: impl AsRef<str>) {
        let mut text = sentence(text.as_ref());
        // A date or an amount by itself is no sentence.
        text.pop();
        self.list.push(Fact {
            label: label.into(),
            text,
        });
    }

    fn currency(&mut self, words: Words<'_>, currency: &Currency) {
        let symbol = &currency.symbol;
        match &currency.rate {
            RateTerm::Fixed(rate) => {
                // One unit of the numeraire is worth one, and prices tell rates in tokens.
                if symbol != &words.terms.numeraire.symbol && !words.counts_in_tokens() {
                    let text =
                        format!("{}, for the whole sale", rate_words(words, currency, *rate));
                    self.add(format!("Rate of {symbol}"), text);
                }
            }
            RateTerm::Recorded {
                source,
                max_age,
                max_step,
            } => self.add(
                format!("Rate of {symbol}"),
                format!(
                    "recorded from {source}; at most {} old, at most {} from one to the next",
                    words.span(*max_age),
                    percent(*max_step)
                ),
            ),
        }
        let mode = match currency.rounding.mode {
            RoundingMode::Down => "down to a multiple of",
            RoundingMode::HalfUp => "to the nearest multiple, halves up, of",
            RoundingMode::HalfEven => "to the nearest multiple, halves to the even one, of",
        };
        let per = match currency.rounding.per {
            RoundingScope::Contribution => "for each contribution",
            RoundingScope::Investor => "once for each investor",
        };
        let unit = words.tokens(currency.rounding.unit);
        self.add(
            format!("Rounding, {symbol}"),
            format!("{mode} {unit}, {per}"),
        );
        if !currency.credit.is_zero() {
            let credit = super::words::whole_units(currency.credit.0, currency.decimals);
            let text = format!("{credit} {symbol} added to each payment when tokens are computed");
            self.add(format!("Credit, {symbol}"), text);
        }
    }

    /// How money gets out again.
    fn exits(&mut self, words: Words<'_>) {
        let terms = words.terms;
        let withdrawal = match terms.withdrawal {
            None => "none".to_owned(),
            Some(right) => {
                let who = match right.who {
                    WithdrawalHolder::Everyone => "everybody may take a contribution back",
                    WithdrawalHolder::Marked => {
                        "those whose admission says so may take a contribution back"
                    }
                };
                match right.until {
                    Some(until) => format!("{who} before {}", words.position(FIRST, until)),
                    None => format!("{who} within {}", words.span(right.span)),
                }
            }
        };
        self.add("Withdrawal right", withdrawal);
        let freed = match terms.freed_room {
            FreedRoom::Reopen => "is for whoever comes next",
            FreedRoom::WaitingList => "is for contributions that wait, in their order",
            FreedRoom::Closed => "stays empty",
        };
        self.add(
            "Freed room",
            format!("room that a withdrawal or a return frees {freed}"),
        );
        let deadline = match terms.refund_deadline {
            None => "none".to_owned(),
            Some(at) => format!(
                "{}; if nothing was settled by then, everybody may take the money back",
                words.position(FIRST, at)
            ),
        };
        self.add("Refund deadline", deadline);
    }

    /// What the issuer may do, and did.
    fn issuer(&mut self, words: Words<'_>, offering: &Offering) {
        let terms = words.terms;
        let pause = match terms.pause {
            None => "not allowed".to_owned(),
            Some(pause) => {
                let end = match pause.end {
                    PauseEnd::Fixed => "windows end when the terms say",
                    PauseEnd::Moves => "windows move by as much",
                };
                let used = match offering.pause_count() {
                    0 => "none was used".to_owned(),
                    1 => "1 was used".to_owned(),
                    many => format!("{many} were used"),
                };
                format!(
                    "at most {}, {} at most; {end}; {used}",
                    counted(pause.count.into(), "pause"),
                    words.span(pause.longest)
                )
            }
        };
        self.add("Pause", pause);
        let close = match terms.early_close {
            EarlyClose::Never => "not allowed",
            EarlyClose::Allowed => "allowed at any time",
            EarlyClose::AfterSoftCap => "allowed once the soft cap is reached",
        };
        self.add("Early close", close);
        if !terms.milestones.is_empty() {
            let steps = terms.milestones.iter().map(|step| {
                let part = percent(step.part);
                if step.after.0 == 0 {
                    return format!("{part} at settlement ({})", step.name);
                }
                format!(
                    "{part} not before {} after settlement ({})",
                    words.span(step.after),
                    step.name
                )
            });
            self.add("Release of money", steps.collect::<Vec<_>>().join("; "));
        }
        if let Some(right) = terms.objections {
            let (share, span) = (percent(right.share), words.span(right.span));
            let deadline = words.span(right.deadline);
            self.add(
                "Objections to a release",
                format!(
                    "for {span} from each announcement; {share} of the accepted money stops it and all \
                     later ones; what is not released {deadline} after settlement goes back"
                ),
            );
        }
        if let Some(root) = terms.root {
            let (challenge, claims) = (words.span(root.challenge), words.span(root.claims));
            let share = percent(root.share);
            self.add(
                "Settlement on the chain",
                format!(
                    "by a root; for {challenge} objections of {share} of the contributed money make it void; \
                     then claims for {claims}, and what is not claimed by then is refunded"
                ),
            );
        }
    }

    fn tokens(&mut self, words: Words<'_>, settlement: &Settlement) {
        let terms = words.terms;
        if let Some(vesting) = vesting_words(words, terms.token.sale_vesting) {
            self.add(
                "Vesting of sold tokens",
                format!("{vesting}, counted from settlement"),
            );
        }
        if let Some(ceiling) = terms.token_ceiling {
            let most = words.tokens(ceiling);
            let whom = match terms.token_ceiling_scope {
                CeilingScope::Everyone => "for each investor",
                CeilingScope::ReturnedOverLimit => {
                    "for each investor to whom the issuer returned money as over a limit"
                }
            };
            self.add(
                "Token ceiling",
                format!("at most {most} {whom}; money accepted for more stays accepted"),
            );
        }
        if terms.token.supply.most_for_sale().is_none() {
            return;
        }
        let fate = match (&terms.token.supply, terms.unsold) {
            (Supply::Minted { .. }, _) => "never created",
            (Supply::Fixed { .. }, Unsold::Burned) => "burned or never created",
            (Supply::Fixed { .. }, Unsold::Treasury) => "for the treasury",
        };
        let count = match settlement.settled.verdict {
            Verdict::Succeeded => format!("; {} were not sold", words.tokens(settlement.unsold)),
            Verdict::Failed | Verdict::Cancelled | Verdict::Expired => String::new(),
        };
        self.add("Unsold tokens", format!("{fate}{count}"));
    }

    /// Ties, dust and seeds, where a round decides at the end.
    fn sharing(&mut self, offering: &Offering) {
        let terms = offering.terms();
        let shares = terms.rounds.iter().any(|round| match round.allocation {
            Allocation::FirstCome | Allocation::Guaranteed { .. } => false,
            Allocation::ProRata
            | Allocation::ProRataCapped { .. }
            | Allocation::WaterFilling
            | Allocation::Lottery { .. } => true,
        });
        if shares {
            let tie = match terms.tie {
                TieRule::ProRata => "equal claims share in proportion",
                TieRule::ById => "the smaller request first, then the smaller id",
            };
            self.add("Ties", tie);
            let dust = match terms.dust {
                DustRule::LargestRemainder => {
                    "one unit each to the largest remainders, then by a hash of terms and id"
                }
                DustRule::Unassigned => "nobody gets what rounding leaves over",
            };
            self.add("Dust of rounding", dust);
        }
        for (place, round) in (0_u8..).zip(&terms.rounds) {
            if let Some(seed) = offering.lottery_seed(RoundIndex(place)) {
                let digits: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
                self.list.push(Fact {
                    label: format!("Seed of {}", round.name),
                    text: digits,
                });
            }
        }
    }
}

/// `1 ETH = 2,500 EUR`.
fn rate_words(words: Words<'_>, currency: &Currency, rate: Ratio) -> String {
    let numeraire = &words.terms.numeraire;
    let pair = Pair {
        token: &numeraire.symbol,
        token_decimals: numeraire.decimals,
        money: &currency.symbol,
        money_decimals: currency.decimals,
    };
    pair.words(pair.price(rate), Direction::TokensPerMoney)
}
