//! Random terms that an escrow keeps, as the text of an `offering.toml`.
//!
//! Numbers are of every size from one unit to the ends of the counters, and uneven on purpose.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use alloy_primitives::{Address, address};
use softcap_evm::{Announcement, EscrowTerms, PaidIn, Parties, announcement, round_at};
use softcap_offering::terms::{Access, Terms};

use crate::acts::Step;
use crate::after_draft::AfterDraft;
use crate::after_sale::Following;
use crate::after_script;
use crate::chain::{CURRENCY, Chain, SIGNING_CONTRACT, verifier};
use crate::schedule::{Pause, Right, Schedule, windows};
use crate::script::{self, Scope, part};
use crate::seeded::Seeded;

pub(crate) const ISSUER: Address = address!("00000000000000000000000000000000000000a1");
pub(crate) const BENEFICIARY: Address = address!("00000000000000000000000000000000000000a2");
pub(crate) const TREASURY: Address = address!("00000000000000000000000000000000000000a4");
pub(crate) const TEAM: Address = address!("00000000000000000000000000000000000000a5");

/// 2026-03-01T00:00:00Z, the day of every random sale.
pub(crate) const DAY: u64 = 1_772_323_200;
/// How often a seed may draw terms that contradict themselves, or that no contract keeps.
pub(crate) const DRAWS: usize = 60;

/// One random sale.
#[derive(Clone)]
pub(crate) struct Sale {
    pub(crate) text: String,
    pub(crate) terms: Arc<Terms>,
    pub(crate) told: Announcement,
    pub(crate) steps: Vec<Step>,
}

impl Sale {
    pub(crate) fn random(seed: u64) -> Result<Self, String> {
        let mut rng = Seeded::new(seed);
        let mut problems = String::new();
        for _ in 0..DRAWS {
            let draft = Draft::new(Seeded::new(rng.next()));
            match draft.sale(&mut rng) {
                Ok(sale) => return Ok(sale),
                Err(found) => problems = found,
            }
        }
        Err(format!(
            "seed {seed} draws no terms that a contract keeps:\n{problems}"
        ))
    }

    /// A sale in which nothing happens yet.
    pub(crate) fn of(text: String, terms: Terms, parties: &Parties) -> Result<Self, String> {
        let told = announcement(&terms, parties).map_err(|found| format!("{text}\n{found:#?}"))?;
        Ok(Self {
            text,
            terms: Arc::new(terms),
            told,
            steps: Vec::new(),
        })
    }

    /// Whether the round that contributions at a second go to asks for no permit.
    pub(crate) fn is_public(&self, second: u64) -> bool {
        let round = round_at(&self.terms, second).index();
        self.terms.rounds[round].access == Access::Public
    }

    /// The terms on the chain, with the bounds of one contribution and one investor in the round of a second.
    pub(crate) fn terms_at(&self, second: u64) -> EscrowTerms {
        let all = self.told.terms.clone();
        let place = round_at(&self.terms, second).index();
        let mut begins = self.told.rounds.iter().filter(|round| !round.continued);
        match begins.nth(place) {
            Some(round) => EscrowTerms {
                contribution_min: round.contributionMin,
                contribution_max: round.contributionMax,
                investor_min: round.investorMin,
                investor_max: round.investorMax,
                ..all
            },
            None => all,
        }
    }

    /// What the terms promise of the time after the sale.
    pub(crate) fn following(&self) -> Following {
        let whole = self.told.token.shares.first();
        Following::new(&self.terms, whole.map(|share| share.amount.to()))
    }

    /// The chain with the sale announced on it.
    pub(crate) fn chain(&self) -> Chain {
        Chain::announced(&self.told)
    }
}

/// The terms that a text holds, or what is wrong with it.
pub(crate) fn parsed(text: &str) -> Result<Terms, String> {
    Terms::parse(text).map_err(|found| {
        let list = found.iter().fold(String::new(), |list, problem| {
            list + &format!("{problem}\n")
        });
        format!("{text}\n{list}")
    })
}

/// What random terms are made of.
struct Draft {
    rng: Seeded,
    coin: bool,
    decimals: u32,
    token_decimals: u32,
    /// Most money, in smallest units.
    most: u128,
    /// Token units for units of money.
    price: (u128, u128),
    for_sale: u128,
    /// Whether what is above the caps is shared out.
    shared: bool,
    schedule: Schedule,
    pause: Option<Pause>,
    treasury: bool,
    admitted: bool,
    share: Option<u128>,
    after: Option<AfterDraft>,
    /// Windows of the rounds where there are several.
    windows: Vec<(u64, u64)>,
}

impl Draft {
    fn new(mut rng: Seeded) -> Self {
        let coin = rng.chance(60);
        let decimals = if coin { 18 } else { *rng.pick(&[0, 2, 6, 18]) };
        let token_decimals = *rng.pick(&[0, 1, 6, 18]);
        let shared = rng.chance(30);
        let bits = if shared {
            // Its contract has room for the roundings of 2^32 people.
            *rng.pick(&[40, 50, 60, 70, 79, 80])
        } else {
            *rng.pick(&[4, 8, 16, 16, 30, 60, 60, 70, 79, 80, 88])
        };
        let most = sized(&mut rng, bits);
        let price = price(&mut rng, shared);
        let tokens = tokens_for(most, price);
        let for_sale = match rng.below(4) {
            0 => tokens,
            1 => tokens.saturating_mul(2),
            _ => part(tokens, rng.between(10_000, 70_000)),
        };
        let opens = DAY + 1_000 + rng.below(50);
        let length = *rng.pick(&[1, 2, 5, 60, 200, 600]);
        let closes = opens + rng.between(1, length);
        let mut windows = windows(&mut rng, opens, closes);
        if shared {
            windows.clear();
        }
        let right = match rng.below(4) {
            // Shorter than the window, so that some of an investor's rights end before others begin.
            0 => Some(Right::Span(rng.between(1, length / 3 + 2))),
            1 => Some(Right::Until(rng.between(opens + 1, closes + 60))),
            _ => None,
        };
        let ready = match right {
            Some(Right::Span(span)) => closes + span,
            Some(Right::Until(until)) => closes.max(until),
            None => closes,
        };
        let pause = Pause::random(&mut rng, windows.len());
        let moving = pause.filter(|pause| pause.moves);
        let moves = moving.map_or(0, |pause| pause.longest * pause.count);
        let deadline = ready + moves + rng.between(2, 200);
        // No terms have a withdrawal right beside what follows a sale.
        let follows = right.is_none() && rng.chance(50);
        let after = follows.then(|| AfterDraft::random(&mut rng));
        let vests = after.as_ref().is_some_and(|after| after.vesting.is_some());
        let share = (vests || rng.chance(40)).then(|| sized(&mut rng, bits));
        Self {
            coin,
            decimals,
            token_decimals,
            most,
            price,
            for_sale: for_sale.max(1),
            shared,
            schedule: Schedule {
                opens,
                closes,
                deadline,
                prices: windows.iter().flat_map(|(from, to)| [*from, *to]).collect(),
                right,
                moves,
            },
            pause,
            treasury: rng.chance(30),
            admitted: rng.chance(60),
            share,
            after,
            windows,
            rng,
        }
    }

    fn sale(mut self, rng: &mut Seeded) -> Result<Sale, String> {
        let rounds = self.rounds();
        let text = format!("{}{}{rounds}", self.head(), self.tables());
        let terms = parsed(&text)?;
        // One in four verifiers is a contract that says yes to every signature.
        let signs = if self.rng.chance(25) {
            SIGNING_CONTRACT
        } else {
            verifier()
        };
        let mut rounds = terms.rounds.iter();
        let admitted = rounds.any(|round| round.access == Access::Admitted);
        let parties = Parties {
            issuer: ISSUER,
            beneficiary: BENEFICIARY,
            verifier: admitted.then_some(signs),
            paid_in: if self.coin {
                PaidIn::Coin
            } else {
                PaidIn::Token(*CURRENCY)
            },
            treasury: self.treasury.then_some(TREASURY),
            holders: match self.share {
                Some(_) => BTreeMap::from([("team".to_owned(), TEAM)]),
                None => BTreeMap::new(),
            },
        };
        let mut sale = Sale::of(text, terms, &parties)?;
        let scope = Scope {
            admitted,
            most: self.most,
        };
        sale.steps = script::random(&self.schedule, scope, rng);
        if let Some(after) = &self.after {
            after_script::follow(&self.schedule, after, &mut sale.steps, rng);
        }
        Ok(sale)
    }

    fn head(&mut self) -> String {
        let mut text =
            "rules = 1\nname = \"Random\"\norigin = \"example.org/random\"\nnumeraire = \"CUR\"\n"
                .to_owned();
        let soft = match self.rng.below(5) {
            0 => None,
            // Less than can be had by more than any rounding comes to.
            _ if self.shared => Some(self.share_of_most(1, 16_000)),
            // Most sales must succeed for anything to follow.
            _ if self.after.is_some() => Some(self.share_of_most(1, 1 << 10)),
            1 => Some(self.most),
            _ => Some(self.share_of_most(1, 1 << 15)),
        };
        if let Some(soft) = soft {
            let _ = writeln!(text, "soft_cap = {}", self.money(soft));
        }
        let _ = writeln!(text, "hard_cap = {}", self.money(self.most));
        if self.rng.chance(35) {
            let most = self.share_of_most(1_000, 40_000);
            let _ = writeln!(text, "investor_max = {}", self.money(most));
        }
        let deadline = instant(self.schedule.deadline);
        let unsold = if self.treasury { "treasury" } else { "burned" };
        let _ = writeln!(text, "refund_deadline = {deadline}\nunsold = \"{unsold}\"");
        if self.shared {
            text += "dust = \"unassigned\"\n";
        }
        text + "[clock]\nkind = \"time\"\n"
    }

    fn tables(&mut self) -> String {
        let (for_sale, share) = (self.for_sale, self.share.unwrap_or(0));
        let mut text = format!(
            "[token]\nname = \"Token\"\nsymbol = \"TOK\"\ndecimals = {}\n[token.supply]\nkind = \"fixed\"\n\
             total = {}\nfor_sale = {}\n",
            self.token_decimals,
            self.tokens(for_sale.saturating_add(share)),
            self.tokens(for_sale),
        );
        if let Some(share) = self.share {
            let amount = self.tokens(share);
            let _ = writeln!(
                text,
                "[[token.share]]\nname = \"team\"\nholder = \"team\"\namount = {amount}"
            );
            text += &self
                .after
                .as_ref()
                .map_or_else(String::new, AfterDraft::vesting_line);
        }
        let by_time = !self.schedule.prices.is_empty();
        let per = if by_time || (self.price.1 == 1 && self.rng.chance(50)) {
            "contribution"
        } else {
            "investor"
        };
        let _ = writeln!(
            text,
            "[currency.CUR]\ndecimals = {}\nrail = \"evm\"\nrounding = {{ mode = \"down\", per = \"{per}\" }}",
            self.decimals
        );
        let right = match self.schedule.right {
            Some(Right::Span(span)) => format!("span = \"{span} seconds\""),
            Some(Right::Until(until)) => format!("until = {}", instant(until)),
            None => String::new(),
        };
        if !right.is_empty() {
            let _ = writeln!(text, "[withdrawal]\n{right}\nwho = \"everyone\"");
        }
        if let Some(pause) = self.pause {
            let end = if pause.moves { "moves" } else { "fixed" };
            let (longest, count) = (pause.longest, pause.count);
            let _ = writeln!(
                text,
                "[pause]\nlongest = \"{longest} seconds\"\ncount = {count}\nend = \"{end}\""
            );
        }
        if let Some(after) = &self.after {
            text += &after.tables();
        }
        text
    }

    fn rounds(&mut self) -> String {
        if self.windows.is_empty() {
            let Schedule { opens, closes, .. } = self.schedule;
            let admitted = self.admitted;
            return self.round("only", (opens, closes), admitted);
        }
        let windows = self.windows.clone();
        let places = windows.into_iter().enumerate();
        places.fold(String::new(), |text, (place, window)| {
            let admitted = self.admitted && self.rng.chance(65);
            text + &self.round(&format!("round {place}"), window, admitted)
        })
    }

    fn round(&mut self, name: &str, (opens, closes): (u64, u64), admitted: bool) -> String {
        let inclusive = self.rng.chance(40);
        let (until, end) = if inclusive {
            (closes - 1, "inclusive")
        } else {
            (closes, "exclusive")
        };
        let kinds = ["first_come", "pro_rata"];
        let allocation = kinds[usize::from(self.shared)];
        let mut text = format!(
            "[[round]]\nname = \"{name}\"\nfrom = {}\nuntil = {}\nend = \"{end}\"\nallocation = \"{allocation}\"\n",
            instant(opens),
            instant(until)
        );
        if admitted {
            text += "access = \"admitted\"\n";
        }
        for (key, percent) in [("contribution", 45), ("investor", 35)] {
            if !self.rng.chance(percent) {
                continue;
            }
            let least = self.share_of_most(1, 600);
            let most = self.share_of_most(2_000, 30_000);
            let (least, most) = (self.money(least), self.money(most));
            let bounds = match self.rng.below(3) {
                0 => format!("min = {least}"),
                1 => format!("max = {most}"),
                _ => format!("min = {least}, max = {most}"),
            };
            let _ = writeln!(text, "{key} = {{ {bounds} }}");
        }
        for key in ["over_cap", "over_limit"] {
            let word = *self.rng.pick(&["partial", "partial", "refuse"]);
            let _ = writeln!(text, "{key} = \"{word}\"");
        }
        let several = !self.windows.is_empty();
        // What is shared out is what such a round has.
        if self.shared || self.rng.chance(if several { 60 } else { 20 }) {
            let cap = self.share_of_most(if several { 8_000 } else { 30_000 }, 65_536);
            let _ = writeln!(text, "cap = {}", self.money(cap));
        }
        if !self.treasury && self.rng.chance(if several { 40 } else { 15 }) {
            let least = if several { 8_000 } else { 20_000 };
            let supply = part(self.for_sale, self.rng.between(least, 65_536)).max(1);
            let _ = writeln!(text, "supply = {}", self.tokens(supply));
        }
        text + &self.price_table((opens, closes))
    }

    fn price_table(&mut self, (opens, closes): (u64, u64)) -> String {
        let several = !self.windows.is_empty();
        let mut price = self.price;
        if several {
            price.0 = part(price.0, self.rng.between(20_000, 65_536)).max(1);
        }
        let base = self.price_text(price);
        match self.rng.below(10) {
            _ if self.shared => format!("price = {base}\n"),
            0..=5 => format!("price = {base}\n"),
            6 | 7 => self.steps((opens, closes)),
            _ => {
                let until = self.rng.between(opens + 1, closes + 20);
                let granularity = self.rng.between(1, 40);
                let falls = (1..5).map(|back| until.saturating_sub(back * granularity));
                self.schedule.prices.extend(falls);
                let (whole, part) = (self.rng.below(90), self.rng.below(100));
                let per = self.rng.between(1, 300);
                format!(
                    "[round.pricing]\nkind = \"linear\"\nbase = {base}\nbonus = \"{whole}.{part:02} %\"\n\
                     per = \"{per} seconds\"\nuntil = {}\ngranularity = \"{granularity} seconds\"\n",
                    instant(until)
                )
            }
        }
    }

    fn steps(&mut self, (opens, closes): (u64, u64)) -> String {
        let mut from = opens - self.rng.below(3);
        let mut text = "[round.pricing]\nkind = \"steps\"\nsteps = [\n".to_owned();
        for _ in 0..self.rng.between(1, 5) {
            let price = (
                part(self.price.0, self.rng.between(20_000, 65_536)).max(1),
                self.price.1,
            );
            let _ = writeln!(
                text,
                "{{ from = {}, price = {} }},",
                instant(from),
                self.price_text(price)
            );
            self.schedule.prices.push(from);
            from += self.rng.between(1, (closes - opens).max(2));
        }
        text + "]\n"
    }

    fn price_text(&self, (tokens, money): (u128, u128)) -> String {
        let tokens = decimal(tokens, self.token_decimals);
        format!("\"{tokens} TOK per {} CUR\"", decimal(money, self.decimals))
    }

    /// A random part of the hard cap, at least one unit.
    fn share_of_most(&mut self, low: u64, high: u64) -> u128 {
        part(self.most, self.rng.between(low, high)).max(1)
    }

    fn money(&self, units: u128) -> String {
        format!("\"{} CUR\"", decimal(units, self.decimals))
    }

    fn tokens(&self, units: u128) -> String {
        format!("\"{} TOK\"", decimal(units, self.token_decimals))
    }
}

/// Token units for units of money.
fn price(rng: &mut Seeded, shared: bool) -> (u128, u128) {
    let price = match rng.below(6) {
        0 => (rng.between(1, 12), rng.between(1, 12)),
        1 => (rng.between(1, 1_000_000), 1),
        2 => (1, rng.between(1, 1_000)),
        3 => (rng.between(1, 1 << 40), rng.between(1, 1 << 40)),
        4 => (rng.between(1, 1_000), rng.between(1, 1_000)),
        _ => (1, 1),
    };
    let price = (u128::from(price.0), u128::from(price.1));
    if shared {
        // No part is for nothing.
        return (price.0.max(price.1), price.0.min(price.1));
    }
    price
}

/// A number with so many bits.
pub(crate) fn sized(rng: &mut Seeded, bits: u32) -> u128 {
    let random = (u128::from(rng.next()) << 64) | u128::from(rng.next());
    (random | (1 << 127)) >> (128 - bits)
}

pub(crate) fn tokens_for(money: u128, (numerator, denominator): (u128, u128)) -> u128 {
    let rest = (money % denominator).saturating_mul(numerator) / denominator;
    (money / denominator)
        .saturating_mul(numerator)
        .saturating_add(rest)
}

/// Units as a decimal.
pub(crate) fn decimal(units: u128, decimals: u32) -> String {
    let one = 10_u128.pow(decimals);
    let (whole, part) = (units / one, units % one);
    if part == 0 {
        return whole.to_string();
    }
    format!("{whole}.{part:0width$}", width = decimals as usize)
}

pub(crate) fn instant(second: u64) -> String {
    let tick = second - DAY;
    let (day, hour) = (tick / 86_400 + 1, tick / 3_600 % 24);
    let (minute, second) = (tick / 60 % 60, tick % 60);
    format!("\"2026-03-{day:02}T{hour:02}:{minute:02}:{second:02}Z\"")
}
