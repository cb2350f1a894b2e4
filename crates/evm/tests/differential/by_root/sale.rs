//! Random terms whose outcome comes as a root, as the text of an `offering.toml`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use softcap_evm::{PaidIn, Parties, RootAnnouncement, root_announcement};
use softcap_offering::terms::Terms;

use super::acts::{Scope, Step, Times, random};
use crate::chain::{CURRENCY, SIGNING_CONTRACT, verifier};
use crate::sale::{
    BENEFICIARY, DRAWS, ISSUER, TREASURY, decimal, instant, parsed, sized, tokens_for,
};
use crate::script::part;
use crate::seeded::Seeded;

/// How the outcome comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// People name limits; the highest win.
    Bids,
    /// Everybody the same amount.
    Equal,
    /// Everybody the same part, and the last units to the largest remainders.
    Parts,
    /// In the order of contributions.
    First,
    /// The same, at a price by time.
    FirstBySteps,
}

impl Outcome {
    /// Whether the record decides at each contribution what there is room for.
    pub(crate) fn is_by_order(self) -> bool {
        matches!(self, Self::First | Self::FirstBySteps)
    }
}

/// One random sale.
#[derive(Clone)]
pub(crate) struct Sale {
    pub(crate) text: String,
    pub(crate) terms: Arc<Terms>,
    pub(crate) told: RootAnnouncement,
    pub(crate) outcome: Outcome,
    pub(crate) most: u128,
    pub(crate) steps: Vec<Step>,
}

impl Sale {
    pub(crate) fn random(seed: u64) -> Result<Self, String> {
        let mut rng = Seeded::new(seed);
        let mut problems = String::new();
        for _ in 0..DRAWS {
            match Draft::new(Seeded::new(rng.next())).sale(&mut rng) {
                Ok(sale) => return Ok(sale),
                Err(found) => problems = found,
            }
        }
        Err(format!(
            "seed {seed} draws no terms that a contract keeps:\n{problems}"
        ))
    }

    /// Whether a permit is asked for.
    pub(crate) fn is_public(&self) -> bool {
        self.told.terms.verifier.is_zero()
    }
}

/// What random terms are made of.
struct Draft {
    rng: Seeded,
    outcome: Outcome,
    coin: bool,
    decimals: u32,
    token_decimals: u32,
    most: u128,
    /// Token units for units of money; of bids, one whole token for units of money at most.
    price: (u128, u128),
    for_sale: u128,
    times: Times,
    admitted: bool,
    treasury: bool,
}

impl Draft {
    fn new(mut rng: Seeded) -> Self {
        let outcome = *rng.pick(&[
            Outcome::Bids,
            Outcome::Bids,
            Outcome::Equal,
            Outcome::Parts,
            Outcome::First,
            Outcome::FirstBySteps,
        ]);
        let coin = rng.chance(60);
        let decimals = if coin { 18 } else { *rng.pick(&[0, 2, 6, 18]) };
        let token_decimals = *rng.pick(&[0, 1, 6, 18]);
        let bits = *rng.pick(&[8, 16, 30, 60, 60, 70, 79]);
        let most = sized(&mut rng, bits);
        let price = if outcome == Outcome::Bids {
            let bits = u32::try_from(rng.between(1, 66)).unwrap();
            (10_u128.pow(token_decimals), sized(&mut rng, bits))
        } else {
            let bits = *rng.pick(&[1, 4, 20, 40]);
            (sized(&mut rng, bits), sized(&mut rng, bits))
        };
        let tokens = tokens_for(most, price);
        let for_sale = match rng.below(3) {
            0 => tokens,
            1 => tokens.saturating_mul(2),
            _ => part(tokens, rng.between(20_000, 65_536)),
        };
        let opens = crate::sale::DAY + 1_000;
        let closes = opens + rng.between(1, 600);
        Self {
            outcome,
            coin,
            decimals,
            token_decimals,
            most,
            price,
            for_sale: for_sale.max(1),
            times: Times {
                opens,
                closes,
                deadline: closes + rng.between(2, 200_000),
                challenge: 86_400 + rng.below(100_000),
                claims: 86_400 + rng.below(100_000),
            },
            admitted: rng.chance(60),
            treasury: rng.chance(30),
            rng,
        }
    }

    fn sale(mut self, rng: &mut Seeded) -> Result<Sale, String> {
        let text = format!("{}{}{}", self.head(), self.tables(), self.round());
        let terms = parsed(&text)?;
        let signs = if self.rng.chance(25) {
            SIGNING_CONTRACT
        } else {
            verifier()
        };
        let parties = Parties {
            issuer: ISSUER,
            beneficiary: BENEFICIARY,
            verifier: self.admitted.then_some(signs),
            paid_in: if self.coin {
                PaidIn::Coin
            } else {
                PaidIn::Token(*CURRENCY)
            },
            treasury: self.treasury.then_some(TREASURY),
            holders: BTreeMap::new(),
        };
        let root = terms.root.ok_or("no root")?;
        let told = root_announcement(&terms, root, &parties)
            .map_err(|found| format!("{text}\n{found:#?}"))?;
        // The contract counts to the first second at which no root is taken.
        let times = Times {
            deadline: told.terms.rootDeadline.to(),
            ..self.times
        };
        let scope = Scope {
            admitted: self.admitted,
            most: self.most,
        };
        Ok(Sale {
            text,
            terms: Arc::new(terms),
            told,
            outcome: self.outcome,
            most: self.most,
            steps: random(times, scope, rng),
        })
    }

    fn head(&mut self) -> String {
        let mut text =
            "rules = 1\nname = \"Random\"\norigin = \"example.org/random\"\nnumeraire = \"CUR\"\n"
                .to_owned();
        if self.rng.chance(70) {
            let soft = self.share_of_most(1, 1 << 15);
            let _ = writeln!(text, "soft_cap = {}", self.money(soft));
        }
        if self.outcome != Outcome::Bids {
            let _ = writeln!(text, "hard_cap = {}", self.money(self.most));
        }
        if self.rng.chance(30) {
            let most = self.share_of_most(10_000, 40_000);
            let _ = writeln!(text, "investor_max = {}", self.money(most));
        }
        let deadline = instant(self.times.deadline);
        let unsold = if self.treasury { "treasury" } else { "burned" };
        text + &format!(
            "refund_deadline = {deadline}\nunsold = \"{unsold}\"\n[clock]\nkind = \"time\"\n"
        )
    }

    fn tables(&mut self) -> String {
        let for_sale = self.tokens(self.for_sale);
        let by_time = matches!(self.outcome, Outcome::Bids | Outcome::FirstBySteps);
        let per = if by_time || self.rng.chance(40) {
            "contribution"
        } else {
            "investor"
        };
        let mut text = format!(
            "[token]\nname = \"Token\"\nsymbol = \"TOK\"\ndecimals = {}\n[token.supply]\nkind = \"fixed\"\ntotal = {for_sale}\n\
             for_sale = {for_sale}\n[currency.CUR]\ndecimals = {}\nrail = \"evm\"\nrounding = {{ mode = \"down\", per = \"{per}\" }}\n",
            self.token_decimals, self.decimals
        );
        let share = self.rng.between(100, 5_000);
        let Times {
            challenge, claims, ..
        } = self.times;
        let _ = writeln!(
            text,
            "[root]\nshare = \"{}.{:02} %\"\nchallenge = \"{challenge} seconds\"\nclaims = \"{claims} seconds\"",
            share / 100,
            share % 100
        );
        if self.outcome == Outcome::Bids {
            let most = decimal(self.price.1, self.decimals);
            let _ = writeln!(text, "ceiling = \"{most} CUR per TOK\"");
        }
        text
    }

    fn round(&mut self) -> String {
        let Times { opens, closes, .. } = self.times;
        let mut text = format!(
            "[[round]]\nname = \"only\"\nfrom = {}\nuntil = {}\nend = \"exclusive\"\nover_limit = \"refuse\"\n",
            instant(opens),
            instant(closes)
        );
        if self.admitted {
            text += "access = \"admitted\"\n";
        }
        if self.rng.chance(50) {
            let least = self.share_of_most(1, 600);
            let most = self.share_of_most(8_000, 40_000);
            let (least, most) = (self.money(least), self.money(most));
            let _ = writeln!(text, "contribution = {{ min = {least}, max = {most} }}");
        }
        if self.outcome.is_by_order() {
            let word = *self.rng.pick(&["partial", "partial", "refuse"]);
            let _ = writeln!(text, "over_cap = \"{word}\"");
        }
        let supply = self.tokens(self.for_sale);
        let cap = self.share_of_most(20_000, 65_536);
        let cap = self.money(cap);
        text + &match self.outcome {
            Outcome::Bids => format!("supply = {supply}\npricing = {{ kind = \"bids\" }}\n"),
            Outcome::Equal => format!(
                "allocation = \"water_filling\"\ncap = {cap}\n{}",
                self.price()
            ),
            Outcome::Parts => format!("allocation = \"pro_rata\"\ncap = {cap}\n{}", self.price()),
            Outcome::First => format!("allocation = \"first_come\"\ncap = {cap}\n{}", self.price()),
            Outcome::FirstBySteps => {
                format!("allocation = \"first_come\"\ncap = {cap}\n{}", self.steps())
            }
        }
    }

    fn price(&self) -> String {
        format!("price = {}\n", self.price_text(self.price))
    }

    fn steps(&mut self) -> String {
        let Times { opens, closes, .. } = self.times;
        let mut from = opens - self.rng.below(3);
        let mut steps = Vec::new();
        for _ in 0..self.rng.between(1, 4) {
            let parts = self.rng.between(20_000, 65_536);
            let price = (part(self.price.0, parts).max(1), self.price.1);
            let price = self.price_text(price);
            steps.push(format!("{{ from = {}, price = {price} }}", instant(from)));
            from += self.rng.between(1, (closes - opens).max(2));
        }
        let steps = steps.join(", ");
        format!("pricing = {{ kind = \"steps\", steps = [ {steps} ] }}\n")
    }

    fn price_text(&self, (tokens, money): (u128, u128)) -> String {
        let tokens = decimal(tokens, self.token_decimals);
        format!("\"{tokens} TOK per {} CUR\"", decimal(money, self.decimals))
    }

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
