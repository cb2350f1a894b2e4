//! Random terms, as the text of an `offering.toml`, for one pair of pricing and allocation.
//!
//! Numbers are small and uneven on purpose: caps that are met, units that do not divide, prices that
//! round, windows that overlap.

use std::fmt::Write as _;

use softcap_offering::pairs::{AllocationKind, PricingKind};

use super::seeded::Seeded;

/// A pair of pricing and allocation.
pub(crate) type Pair = (PricingKind, AllocationKind);

/// First day of every random sale.
const DAY: &str = "2026-03-01";
/// 2026-03-01T00:00:00Z in unix milliseconds.
const DAY_MS: u64 = 1_772_323_200_000;
/// Height of tick 0.
const HEIGHT: u64 = 1_000;

/// A place in the schedule of a random sale: seconds of a day, or blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ticks {
    Time,
    Block,
}

impl Ticks {
    /// The position that terms write for a tick.
    pub(crate) fn position(self, tick: u64) -> u64 {
        match self {
            Self::Time => DAY_MS + tick * 1_000,
            Self::Block => HEIGHT + tick,
        }
    }

    fn text(self, tick: u64) -> String {
        match self {
            Self::Time => {
                let (hour, minute, second) = (tick / 3_600, tick / 60 % 60, tick % 60);
                format!("\"{DAY}T{hour:02}:{minute:02}:{second:02}Z\"")
            }
            Self::Block => self.position(tick).to_string(),
        }
    }

    fn span(self, ticks: u64) -> String {
        match self {
            Self::Time => format!("\"{ticks} seconds\""),
            Self::Block => format!("\"{ticks} blocks\""),
        }
    }
}

/// Writes the units of an amount as a decimal with its symbol.
fn amount(units: u128, decimals: u32, symbol: &str) -> String {
    let one = 10_u128.pow(decimals);
    let (whole, part) = (units / one, units % one);
    if part == 0 {
        return format!("\"{whole} {symbol}\"");
    }
    let width = usize::try_from(decimals).unwrap();
    format!("\"{whole}.{part:0width$} {symbol}\"")
}

/// What a random offering is made of.
struct Draft {
    rng: Seeded,
    ticks: Ticks,
    token_decimals: u32,
    /// Symbol, decimals, and whether it has a chain of its own.
    currencies: Vec<(&'static str, u32, bool)>,
    numeraire: (&'static str, u32),
    /// Some round is allocated when it is over.
    batch: bool,
    /// Some round has a price that no rounding per investor goes with.
    cleared: bool,
    /// Cap of the round that is being written.
    cap: Option<u128>,
    pair: Pair,
}

/// Random terms and the clock they count in.
pub(crate) struct RandomTerms {
    pub(crate) text: String,
    pub(crate) ticks: Ticks,
}

impl RandomTerms {
    pub(crate) fn new(pair: Pair, rng: &mut Seeded) -> Self {
        let draft = Draft::new(pair, Seeded::new(rng.next()));
        let ticks = draft.ticks;
        Self {
            text: draft.text(),
            ticks,
        }
    }
}

impl Draft {
    fn new(pair: Pair, mut rng: Seeded) -> Self {
        let ticks = if rng.chance(30) {
            Ticks::Block
        } else {
            Ticks::Time
        };
        let plain = pair.0 == PricingKind::Fixed
            && !matches!(pair.1, AllocationKind::Lottery | AllocationKind::Guaranteed);
        let own_chain = ticks == Ticks::Block && plain && rng.chance(50);
        let bids = pair.0 == PricingKind::Bids;
        let mut currencies = vec![("AAA", *rng.pick(&[0, 2, 8]), false)];
        if !bids && rng.chance(60) {
            currencies.push(("BBB", *rng.pick(&[0, 2, 18]), own_chain));
        }
        let token_decimals = *rng.pick(&[0, 1, 6, 18]);
        let numeraire = match rng.below(10) {
            _ if bids => (currencies[0].0, currencies[0].1),
            0 if plain => ("TOK", token_decimals),
            1..=3 => ("USD", 2),
            _ => (currencies[0].0, currencies[0].1),
        };
        let batch = bids
            || !matches!(
                pair.1,
                AllocationKind::FirstCome | AllocationKind::Guaranteed
            );
        let cleared = matches!(
            pair.0,
            PricingKind::Tiers | PricingKind::Dutch | PricingKind::Bids
        );
        Self {
            rng,
            ticks,
            token_decimals,
            currencies,
            numeraire,
            batch,
            cleared,
            cap: None,
            pair,
        }
    }

    /// Money of the numeraire: some whole units, often with an uneven rest.
    fn money(&mut self, low: u64, high: u64) -> u128 {
        let one = 10_u128.pow(self.numeraire.1);
        let whole = u128::from(self.rng.between(low, high)) * one;
        let rest = if self.rng.chance(40) {
            u128::from(self.rng.next()) % one
        } else {
            0
        };
        whole + rest
    }

    fn money_text(&mut self, low: u64, high: u64) -> String {
        let money = self.money(low, high);
        amount(money, self.numeraire.1, self.numeraire.0)
    }

    fn tokens_text(&mut self, low: u64, high: u64) -> String {
        let one = 10_u128.pow(self.token_decimals);
        let rest = if self.rng.chance(40) {
            u128::from(self.rng.next()) % one
        } else {
            0
        };
        let whole = u128::from(self.rng.between(low, high));
        amount(whole * one + rest, self.token_decimals, "TOK")
    }

    fn price_text(&mut self) -> String {
        let (tokens, money) = (self.rng.between(1, 30), self.rng.between(1, 12));
        format!("\"{tokens} TOK per {money} {}\"", self.numeraire.0)
    }

    fn text(mut self) -> String {
        let mut rounds = String::new();
        let count = 1 + usize::from(self.rng.chance(35)) + usize::from(self.rng.chance(15));
        let main = usize::try_from(self.rng.below(count as u64)).unwrap();
        let mut from = 100;
        let mut last = 0;
        for place in 0..count {
            let pair = if place == main {
                self.pair
            } else {
                self.other_pair()
            };
            self.batch |= pair.1 == AllocationKind::ProRata;
            self.cleared |= pair.0 == PricingKind::Tiers;
            let end = from + self.rng.between(30, 120);
            last = last.max(end);
            rounds += &self.round(place, pair, from, end);
            from = if self.rng.chance(50) {
                end + self.rng.below(30)
            } else {
                from + 20
            };
        }
        let head = self.head(last);
        let token = self.token();
        let currencies = self.currency_tables();
        format!("{head}{token}{currencies}{rounds}")
    }

    fn other_pair(&mut self) -> Pair {
        let order = (PricingKind::Fixed, AllocationKind::FirstCome);
        let batch = (PricingKind::Fixed, AllocationKind::ProRata);
        let tiers = (PricingKind::Tiers, AllocationKind::FirstCome);
        let several_lines = self.currencies.iter().any(|(_, _, own)| *own);
        if self.numeraire.0 == "TOK" || several_lines {
            return order;
        }
        *self.rng.pick(&[order, order, batch, tiers])
    }

    fn head(&mut self, last: u64) -> String {
        let mut text = "rules = 1\nname = \"Random\"\norigin = \"example.org/random\"\n".to_owned();
        let bids = self.pair.0 == PricingKind::Bids;
        if self.rng.chance(40) {
            let cap = self.money_text(20, 150);
            let _ = writeln!(text, "soft_cap = {cap}");
        }
        match self.rng.below(10) {
            0..=3 if !bids => {
                let cap = self.money_text(151, 900);
                let _ = writeln!(text, "hard_cap = {cap}");
            }
            4 if self.numeraire.0 != "TOK" => {
                // At least what one round sells by itself.
                let cap = self.tokens_text(601, 1_500);
                let _ = writeln!(text, "hard_cap = {cap}");
            }
            _ => {}
        }
        if self.rng.chance(20) {
            let most = self.money_text(30, 300);
            let _ = writeln!(text, "investor_max = {most}");
        }
        if self.rng.chance(15) {
            let most = self.tokens_text(30, 400);
            let most = match self.rng.below(3) {
                0 => format!("{{ amount = {most}, who = \"returned_over_limit\" }}"),
                1 => format!("{{ amount = {most}, who = \"everyone\" }}"),
                _ => most,
            };
            let _ = writeln!(text, "token_ceiling_per_investor = {most}");
        }
        if self.rng.chance(15) {
            let at = self.ticks.text(last + self.rng.between(1, 60));
            let _ = writeln!(text, "refund_deadline = {at}");
        }
        for (key, words) in [
            ("tie", ["pro_rata", "by_id", "pro_rata", "by_id"]),
            (
                "dust",
                [
                    "largest_remainder",
                    "unassigned",
                    "largest_remainder",
                    "largest_remainder",
                ],
            ),
            (
                "freed_room",
                ["reopen", "waiting_list", "closed", "waiting_list"],
            ),
            (
                "early_close",
                ["never", "never", "allowed", "after_soft_cap"],
            ),
            ("unsold", ["burned", "treasury", "burned", "burned"]),
        ] {
            let word = *self.rng.pick(&words);
            let _ = writeln!(text, "{key} = \"{word}\"");
        }
        match self.numeraire.0 {
            "USD" => text += "[numeraire]\nsymbol = \"USD\"\ndecimals = 2\n",
            symbol => text = format!("numeraire = \"{symbol}\"\n{text}"),
        }
        let kind = if self.ticks == Ticks::Time {
            "time"
        } else {
            "block"
        };
        let _ = writeln!(text, "[clock]\nkind = \"{kind}\"");
        if self.rng.chance(40) {
            let span = self.ticks.span(self.rng.between(1, 15));
            let _ = writeln!(text, "tolerance = {span}");
        }
        text + &self.rights(last)
    }

    fn rights(&mut self, last: u64) -> String {
        let mut text = String::new();
        // A pause must not move the end of a lottery beyond its seed, or of bids beyond reveals.
        let secret = self.pair.1 == AllocationKind::Lottery || self.pair.0 == PricingKind::Bids;
        if self.rng.chance(40) {
            let span = self.ticks.span(self.rng.between(3, 30));
            let end = if secret {
                "fixed"
            } else {
                *self.rng.pick(&["fixed", "moves"])
            };
            let count = self.rng.between(1, 3);
            let _ = writeln!(
                text,
                "[pause]\nlongest = {span}\ncount = {count}\nend = \"{end}\""
            );
        }
        let several_lines = self.currencies.iter().any(|(_, _, own)| *own);
        if self.rng.chance(60) {
            let who = *self.rng.pick(&["everyone", "everyone", "marked"]);
            let right = if self.rng.chance(25) && !several_lines {
                format!("until = {}", self.ticks.text(last + self.rng.below(60)))
            } else {
                format!("span = {}", self.ticks.span(self.rng.between(5, 90)))
            };
            let _ = writeln!(text, "[withdrawal]\n{right}\nwho = \"{who}\"");
        }
        if self.rng.chance(20) {
            let after = self.ticks.span(self.rng.between(1, 50));
            text += "[[milestone]]\nname = \"one\"\npart = \"30 %\"\n";
            let _ = writeln!(
                text,
                "[[milestone]]\nname = \"two\"\npart = \"70 %\"\nafter = {after}"
            );
        }
        text
    }

    fn token(&mut self) -> String {
        let decimals = self.token_decimals;
        let mut text =
            format!("[token]\nname = \"Token\"\nsymbol = \"TOK\"\ndecimals = {decimals}\n");
        let one = 10_u128.pow(decimals);
        if self.rng.chance(40) {
            // Never less than one round's own supply.
            let sale = u128::from(self.rng.between(900, 3_000)) * one;
            let team = u128::from(self.rng.between(1, 900)) * one + u128::from(self.rng.below(2));
            let (sale_text, total) = (
                amount(sale, decimals, "TOK"),
                amount(sale + team, decimals, "TOK"),
            );
            let team = amount(team, decimals, "TOK");
            let _ = writeln!(
                text,
                "[token.supply]\nkind = \"fixed\"\ntotal = {total}\nfor_sale = {sale_text}\n\
                 [[token.share]]\nholder = \"team\"\namount = {team}"
            );
        } else {
            text += "[token.supply]\nkind = \"minted\"\n";
            if self.rng.chance(30) {
                let most = self.tokens_text(900, 3_000);
                let _ = writeln!(text, "max = {most}");
            }
            if self.rng.chance(60) {
                let part = self.rng.between(1, 40);
                let rounding = *self.rng.pick(&["down", "half_up", "half_even"]);
                let _ = writeln!(
                    text,
                    "[[token.share]]\nholder = \"treasury\"\nof_sold = \"{part}/37\"\n\
                     rounding = \"{rounding}\""
                );
            }
        }
        text
    }

    fn currency_tables(&mut self) -> String {
        let mut text = String::new();
        for (symbol, decimals, own_chain) in self.currencies.clone() {
            let _ = writeln!(
                text,
                "[currency.{symbol}]\ndecimals = {decimals}\nrail = \"balance\""
            );
            if self.ticks == Ticks::Block {
                let chain = if own_chain { "other" } else { "chain" };
                let _ = writeln!(text, "chain = \"{chain}\"");
            }
            let mut recorded = false;
            if symbol != self.numeraire.0 {
                recorded = self.rng.chance(35);
                let unit = self.numeraire.0;
                if recorded {
                    let age = self.ticks.span(self.rng.between(20, 200));
                    let _ = writeln!(
                        text,
                        "rate = {{ source = \"test:{symbol}\", max_age = {age}, max_step = \"30 %\" }}"
                    );
                } else {
                    let (a, b) = (self.rng.between(1, 9), self.rng.between(1, 7));
                    let _ = writeln!(text, "rate = \"{a} {unit} per {b} {symbol}\"");
                }
            }
            let modes = if self.batch {
                &["down"][..]
            } else {
                &["down", "half_up", "half_even"]
            };
            let mode = *self.rng.pick(modes);
            let coarse = u128::from(*self.rng.pick(&[1_u64, 1, 1, 3, 10]));
            let unit = amount(coarse, self.token_decimals, "TOK");
            let once = !recorded && !self.cleared && self.rng.chance(25);
            let per = if once { "investor" } else { "contribution" };
            let _ = writeln!(
                text,
                "rounding = {{ mode = \"{mode}\", unit = {unit}, per = \"{per}\" }}"
            );
            if !self.batch && self.pair.0 != PricingKind::Dutch && self.rng.chance(15) {
                let credit = amount(u128::from(self.rng.between(1, 60)), decimals, symbol);
                let _ = writeln!(text, "credit = {credit}");
            }
        }
        text
    }

    fn round(&mut self, place: usize, pair: Pair, from: u64, end: u64) -> String {
        let mut text = format!("[[round]]\nname = \"round {place}\"\n");
        let closing = *self.rng.pick(&["exclusive", "inclusive"]);
        let needs_cap = pair.1 != AllocationKind::FirstCome;
        let by_price = matches!(pair.0, PricingKind::Dutch | PricingKind::Bids);
        self.cap = None;
        if pair.0 != PricingKind::Bids && self.rng.chance(if needs_cap { 100 } else { 60 }) {
            let cap = if self.rng.chance(50) {
                self.money(60, 200)
            } else {
                self.money(150, 700)
            };
            self.cap = Some(cap);
            let _ = writeln!(
                text,
                "cap = {}",
                amount(cap, self.numeraire.1, self.numeraire.0)
            );
        }
        if by_price || (self.numeraire.0 != "TOK" && self.rng.chance(40)) {
            let supply = self.tokens_text(30, 600);
            let _ = writeln!(text, "supply = {supply}");
        }
        if self.rng.chance(20) || pair.1 == AllocationKind::Guaranteed && self.rng.chance(30) {
            text += "access = \"admitted\"\n";
        }
        for key in ["over_cap", "over_limit"] {
            let word = *self.rng.pick(&["partial", "partial", "refuse", "kept"]);
            let _ = writeln!(text, "{key} = \"{word}\"");
        }
        if pair.0 == PricingKind::Bids || self.rng.chance(10) {
            text += "currencies = [\"AAA\"]\n";
        }
        text += &self.limits(pair);
        text += &self.allocation(pair.1, from, end);
        text += &self.window(&text.clone(), from, end, closing);
        text + &self.pricing(pair.0, from, end)
    }

    /// Windows: of every chain where the round takes money of two.
    fn window(&mut self, round: &str, from: u64, end: u64, closing: &str) -> String {
        let window = |ticks: Ticks| {
            format!(
                "from = {}\nuntil = {}\nend = \"{closing}\"\n",
                ticks.text(from),
                ticks.text(end)
            )
        };
        let several = self.currencies.iter().any(|(_, _, own)| *own);
        if several && !round.contains("currencies") {
            return format!(
                "[round.window.chain]\n{}[round.window.other]\n{}",
                window(self.ticks),
                window(self.ticks)
            );
        }
        window(self.ticks)
    }

    fn limits(&mut self, pair: Pair) -> String {
        let mut text = String::new();
        let known = !matches!(pair.0, PricingKind::Dutch | PricingKind::Bids);
        let tokens = known && self.numeraire.0 != "TOK";
        let mut parts = Vec::new();
        match self.rng.below(10) {
            0 => parts.push(format!("min = {}", self.money_text(1, 5))),
            1 => parts.push(format!("min = \"0 {}\"", self.numeraire.0)),
            2 if tokens => parts.push(format!("min = {}", self.tokens_text(1, 4))),
            _ => {}
        }
        match self.rng.below(10) {
            0 => parts.push(format!("max = {}", self.money_text(20, 60))),
            1 if tokens => parts.push(format!("max = {}", self.tokens_text(20, 60))),
            2 => {
                let (symbol, decimals, _) = self.currencies[0];
                let most = u128::from(self.rng.between(10, 60)) * 10_u128.pow(decimals);
                parts.push(format!("max = [{}]", amount(most, decimals, symbol)));
            }
            _ => {}
        }
        if !parts.is_empty() {
            let _ = writeln!(text, "contribution = {{ {} }}", parts.join(", "));
        }
        let mut parts = Vec::new();
        if self.rng.chance(10) {
            parts.push(format!("min = {}", self.money_text(1, 10)));
        }
        match self.rng.below(10) {
            0..=1 => parts.push(format!("max = {}", self.money_text(20, 150))),
            2 if tokens => parts.push(format!("max = {}", self.tokens_text(20, 200))),
            _ => {}
        }
        if !parts.is_empty() {
            let _ = writeln!(text, "investor = {{ {} }}", parts.join(", "));
        }
        text
    }

    fn allocation(&mut self, kind: AllocationKind, from: u64, end: u64) -> String {
        match kind {
            AllocationKind::FirstCome | AllocationKind::ProRata | AllocationKind::WaterFilling => {
                format!("allocation = \"{}\"\n", kind.name())
            }
            AllocationKind::ProRataCapped => {
                let cap = self.money_text(10, 90);
                format!("allocation = {{ kind = \"pro_rata_capped\", cap = {cap} }}\n")
            }
            AllocationKind::Lottery => {
                let instant = self.ticks.text(end + self.rng.between(1, 30));
                let marginal = *self.rng.pick(&["partial", "skip"]);
                format!(
                    "allocation = {{ kind = \"lottery\", source = \"drand:quicknet\", instant = \
                     {instant}, marginal = \"{marginal}\" }}\n"
                )
            }
            AllocationKind::Guaranteed => {
                let until = self.ticks.text(self.rng.between(from + 1, end - 1));
                format!("allocation = {{ kind = \"guaranteed\", until = {until} }}\n")
            }
        }
    }

    fn pricing(&mut self, kind: PricingKind, from: u64, end: u64) -> String {
        if self.numeraire.0 == "TOK" {
            return String::new();
        }
        let mut text = format!("[round.pricing]\nkind = \"{}\"\n", kind.name());
        match kind {
            PricingKind::Fixed => {
                let price = self.price_text();
                let _ = writeln!(text, "price = {price}");
            }
            PricingKind::Steps => {
                let mut steps = Vec::new();
                let mut at = from - self.rng.below(5);
                for _ in 0..self.rng.between(1, 4) {
                    let price = self.price_text();
                    steps.push(format!(
                        "{{ from = {}, price = {price} }}",
                        self.ticks.text(at)
                    ));
                    at += self.rng.between(1, 40);
                }
                let _ = writeln!(text, "steps = [{}]", steps.join(", "));
            }
            PricingKind::Linear => {
                let price = self.price_text();
                let bonus = self.rng.between(1, 60);
                let per = self.ticks.span(self.rng.between(5, 100));
                let until = self.ticks.text(self.rng.between(from, end));
                let grain = self.ticks.span(self.rng.between(1, 7));
                let _ = writeln!(
                    text,
                    "base = {price}\nbonus = \"{bonus} %\"\nper = {per}\nuntil = {until}\n\
                     granularity = {grain}"
                );
            }
            PricingKind::Tiers => {
                let crossing = *self.rng.pick(&["split", "before"]);
                let mut tiers = Vec::new();
                let mut up_to = 0;
                for _ in 0..self.rng.between(0, 3) {
                    up_to += self.money(5, 80).max(1);
                    let end = amount(up_to, self.numeraire.1, self.numeraire.0);
                    let price = self.price_text();
                    tiers.push(format!("{{ up_to = {end}, price = {price} }}"));
                }
                let price = self.price_text();
                let ends = self.cap.filter(|cap| *cap > up_to && self.rng.chance(50));
                tiers.push(if let Some(cap) = ends {
                    let end = amount(cap, self.numeraire.1, self.numeraire.0);
                    format!("{{ up_to = {end}, price = {price} }}")
                } else {
                    format!("{{ price = {price} }}")
                });
                let list = tiers.join(", ");
                let _ = writeln!(text, "crossing = \"{crossing}\"\ntiers = [{list}]");
            }
            PricingKind::Dutch => {
                let (low, high) = (self.rng.between(1, 5), self.rng.between(6, 30));
                let per = self.rng.between(1, 9);
                let unit = self.numeraire.0;
                let grain = self.ticks.span(self.rng.between(1, 20));
                let _ = writeln!(
                    text,
                    "start = \"{high} {unit} per {per} TOK\"\nend = \"{low} {unit} per {per} \
                     TOK\"\ngranularity = {grain}"
                );
            }
            PricingKind::Bids => {
                if self.rng.chance(50) {
                    let least = self.money_text(1, 200);
                    let _ = writeln!(text, "min_proceeds = {least}");
                }
                if self.rng.chance(50) {
                    let reveals = self.ticks.text(end + self.rng.between(10, 50));
                    let step = amount(
                        u128::from(self.rng.between(1, 5)) * 10_u128.pow(self.numeraire.1),
                        self.numeraire.1,
                        self.numeraire.0,
                    );
                    let bond = self.rng.below(30);
                    let bond = if bond == 0 {
                        String::new()
                    } else {
                        format!(", bond = \"{bond} %\"")
                    };
                    let _ = writeln!(
                        text,
                        "sealed = {{ lock_step = {step}, reveal_until = {reveals}{bond} }}"
                    );
                }
            }
        }
        text
    }
}
