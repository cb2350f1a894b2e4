//! Runs a scenario.
//!
//! | who | what | with what | answer |
//! |---|---|---|---|
//! | `clock` | `reaches` | a position | `done` |
//! | a person | `pays` | `5 EUR [limit 2 EUR per 1 TOK] [at 95]` | what became of it |
//! | a person | `locks` | `10 EUR for 7 EUR limit 2 EUR per 1 TOK` | what became of it |
//! | a person | `reveals` | `alice [7 EUR limit ...] [at 95]` | `done` or a refusal |
//! | a person | `withdraws` | a payment | `back 5 EUR[, promoted 1]` |
//! | `issuer` | `returns` | `alice 3 EUR sanctions` | the same |
//! | a person | `draws` | as `pays`, from the account | what became of it |
//! | a person | `account` | a currency | what the account has |
//! | `issuer` | `funds`, `takes back` | `alice 5 EUR [as 7]`, 7 the transfer | |
//! | `issuer` | `admits` | `bob to public [limit 5 EUR] [guaranteed 5 EUR] [until 150] [marked]` | |
//! | `issuer` | `revokes`, `closes`, `seeds` | `bob from public`, a round | |
//! | `issuer` | `follows` | the escrow of a currency: `ETH [at 95]` | |
//! | `issuer` | `announces`, `pauses`, `resumes`, `cancels`, `settles`, `publishes` | `-` | |
//! | `issuer` | `documents` | `-`, or `exit until 150` | |
//! | `issuer` | `rates` | `3 EUR per 1 ETH [at 95]` | |
//! | `issuer` | `hands`, `refunds`, `vests`, `releases` | `alice 5 TOK`, `alice EUR`, `0 5 TOK`, `0` | |
//! | a payment | `is` | `-` | `accepted 5 EUR, 50 TOK[ (reason)]` |
//! | a person | `has` | `-` | tokens, and what goes back |
//! | `phase` | `is` | `-` | a phase |
//!
//! `pays` takes `accepted 4 EUR` at its end, what an escrow accepted. `locks` takes `from account` after the money; every entry takes `under 3` at its end, a request.
//! A payment has the name of the person, and from the second on a number: `alice`, `alice#2`. The
//! offering is announced at position 1 unless the first row does it.

mod account_rows;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use softcap_offering::{
    Admit, Amount, Command, Contribute, CurrencyIndex, DocumentExit, Funding, InvestorId,
    LimitPrice, LineIndex, Offering, Outcome, Phase, Position, Ratio, Reason, Refusal, RequestId,
    ReturnReason, RoundIndex, Row, Sequence, Stamp, Tokens, Value, WithdrawalMark,
    sealed_bid_commitment, terms::Terms,
};

const HEAD: &str = "rules = 1\nname = \"Scenario\"\norigin = \"example.org/scenario\"\n";
const TABLES: [(&str, &str); 4] = [
    ("[clock]", "[clock]\nkind = \"block\"\n"),
    (
        "[token]",
        "[token]\nname = \"Token\"\nsymbol = \"TOK\"\ndecimals = 2\n",
    ),
    ("[token.supply]", "[token.supply]\nkind = \"minted\"\n"),
    (
        "[currency.",
        "[currency.EUR]\ndecimals = 2\nrail = \"balance\"\n",
    ),
];
const SALT: [u8; 32] = [9; 32];

/// Runs a script; all refusals that it met, also those that rows give as reasons.
pub(crate) fn run(script: &str) -> Result<BTreeSet<Refusal>, String> {
    play(script, |_| ()).map(|scene| scene.refusals)
}

/// Runs a script and does something after each row; how everything stands at the end.
pub(crate) fn play(script: &str, mut after: impl FnMut(&mut Offering)) -> Result<Scene, String> {
    let (own, rows) = script.split_once("\n---\n").ok_or("no line `---`")?;
    let mut text = format!("{HEAD}{own}\n");
    for (sign, usual) in TABLES {
        if !own.contains(sign) {
            text += usual;
        }
    }
    let terms = Terms::parse(&text).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })?;
    let mut stage = Scene {
        offering: Offering::new(Arc::new(terms)),
        now: BTreeMap::new(),
        payments: BTreeMap::new(),
        refusals: BTreeSet::new(),
        request: None,
    };
    if !rows.trim_start().starts_with("draft") {
        let terms_hash = stage.offering.terms_hash();
        stage.apply(0, None, &Command::Announce { terms_hash });
    }
    for row in rows
        .lines()
        .filter(|row| !row.trim().is_empty() && !row.starts_with("draft"))
    {
        let columns: Vec<&str> = row
            .split("  ")
            .map(str::trim)
            .filter(|column| !column.is_empty())
            .collect();
        let [who, what, with, expected] = columns[..] else {
            return Err(format!("not four columns: {row}"));
        };
        let answer = stage.answer(who, what, with);
        if answer != expected {
            return Err(format!("{row}\n    answers: {answer}"));
        }
        stage
            .offering
            .check_invariants()
            .map_err(|broken| format!("{row}\n    {broken}"))?;
        after(&mut stage.offering);
    }
    for row in stage.offering.rows() {
        if let Some(Reason::Refused(refusal)) = row.reason {
            stage.refusals.insert(refusal);
        }
    }
    Ok(stage)
}

pub(crate) struct Scene {
    pub(crate) offering: Offering,
    /// Newest position by clock line.
    now: BTreeMap<u8, u64>,
    payments: BTreeMap<String, (Sequence, Option<SecretBid>)>,
    /// Of the row at hand.
    request: Option<RequestId>,
    pub(crate) refusals: BTreeSet<Refusal>,
}

#[derive(Clone, Copy)]
struct SecretBid {
    amount: Amount,
    limit: LimitPrice,
}

/// The words of a cell, taken one by one.
struct Words<'a>(std::iter::Peekable<std::str::SplitAsciiWhitespace<'a>>);

impl<'a> Words<'a> {
    fn next(&mut self) -> &'a str {
        self.0.next().unwrap_or_else(|| panic!("a word is missing"))
    }

    /// Whether the next word is this one; takes it.
    fn takes(&mut self, word: &str) -> bool {
        self.0.next_if(|next| *next == word).is_some()
    }

    fn number<T: std::str::FromStr>(&mut self) -> T {
        let word = self.next();
        word.parse()
            .unwrap_or_else(|_| panic!("{word} is no number"))
    }
}

impl Scene {
    fn answer(&mut self, who: &str, what: &str, with: &str) -> String {
        let (with, request) = with.split_once(" under ").unwrap_or((with, ""));
        self.request = request.parse().ok().map(|id| RequestId([id; 16]));
        let mut words = Words(with.split_ascii_whitespace().peekable());
        match (who, what) {
            (person, "account") => return self.account(person, with),
            ("issuer", "funds" | "takes back") => return self.transfer(what, &mut words),
            ("phase", "is") => return self.phase(),
            ("issuer", "has") => return format!("{} bp", self.offering.released().0),
            (payment, "is") => return self.payment(payment),
            (person, "has") => return self.person(person),
            ("clock", "reaches") => {
                let position = words.number();
                let line = if words.takes("on") { words.number() } else { 0 };
                return self.apply(line, Some(position), &Command::Tick);
            }
            ("issuer", _) => return self.issuer(what, words),
            _ => {}
        }
        let investor = InvestorId::parse(who).unwrap();
        match what {
            "pays" | "draws" => {
                let (currency, amount) = self.money(&mut words);
                let limit = words.takes("limit").then(|| self.limit(&mut words));
                let at = words.takes("at").then(|| words.number());
                self.name(who, None);
                let known = self.offering.terms().currencies.get(currency.index());
                let line = known.map_or(0, |known| known.line.0);
                let line = if words.takes("on") {
                    words.number()
                } else {
                    line
                };
                let reference = who;
                let contribute = Contribute {
                    investor,
                    currency,
                    amount,
                    limit,
                    reference,
                    source: None,
                    funding: match what {
                        "draws" => Funding::Account,
                        _ if words.takes("accepted") => Funding::Chain {
                            accepted: self.money(&mut words).1,
                        },
                        _ => Funding::Arrived,
                    },
                };
                self.apply(line, at, &Command::Contribute(contribute))
            }
            "locks" => {
                let (_, locked) = self.money(&mut words);
                let funding = if words.takes("from") && words.takes("account") {
                    Funding::Account
                } else {
                    Funding::Arrived
                };
                assert!(words.takes("for"), "lock money for something");
                let bid = self.secret(&mut words);
                let at = words.takes("at").then(|| words.number());
                self.name(who, Some(bid));
                let hash = self.offering.terms_hash();
                let commitment =
                    sealed_bid_commitment(&hash, investor, bid.amount, bid.limit, &SALT);
                let reference = who;
                self.apply(
                    0,
                    at,
                    &Command::Commit {
                        investor,
                        locked,
                        commitment,
                        reference,
                        funding,
                    },
                )
            }
            "reveals" => {
                let (bid, secret) = self.payments[words.next()];
                let named = words.0.peek().is_some_and(|word| *word != "at");
                let secret = if named {
                    self.secret(&mut words)
                } else {
                    secret.unwrap_or(SecretBid {
                        amount: Amount(1),
                        limit: LimitPrice {
                            money: 1,
                            tokens: 1,
                        },
                    })
                };
                let at = words.takes("at").then(|| words.number());
                let SecretBid { amount, limit } = secret;
                self.apply(
                    0,
                    at,
                    &Command::Reveal {
                        bid,
                        amount,
                        limit,
                        salt: SALT,
                    },
                )
            }
            "withdraws" => {
                let contribution = self.sequence(words.next());
                self.apply(0, None, &Command::Withdraw { contribution })
            }
            other => panic!("nobody {other}"),
        }
    }

    fn issuer(&mut self, what: &str, mut words: Words<'_>) -> String {
        match what {
            "admits" => self.admit(&mut words),
            "revokes" => {
                let investor = InvestorId::parse(words.next()).unwrap();
                assert!(words.takes("from"), "revoked from a round");
                let round = self.round(words.next());
                self.apply(0, None, &Command::Revoke { round, investor })
            }
            "rates" => {
                let (unit, money) = self.units(&mut words);
                assert!(words.takes("per"), "money per money");
                let (currency, amount) = self.money(&mut words);
                assert!(
                    unit == self.offering.terms().numeraire.symbol,
                    "rated in the numeraire"
                );
                let at = words.takes("at").then(|| words.number());
                let line = self.offering.terms().currencies.get(currency.index());
                let line = line.map_or(0, |known| known.line.0);
                let line = if words.takes("on") {
                    words.number()
                } else {
                    line
                };
                let rate = Ratio::new(money, amount.0).unwrap();
                self.apply(line, at, &Command::Rate { currency, rate })
            }
            "returns" => {
                let contribution = self.sequence(words.next());
                let (_, amount) = self.money(&mut words);
                let reason = ReturnReason::from_name(words.next()).unwrap();
                self.apply(
                    0,
                    None,
                    &Command::Return {
                        contribution,
                        amount,
                        reason,
                    },
                )
            }
            "documents" => {
                let exit = if words.takes("exit") {
                    assert!(words.takes("until"), "an exit ends");
                    DocumentExit::WithdrawalUntil(Position(words.number()))
                } else {
                    DocumentExit::None
                };
                self.apply(
                    0,
                    None,
                    &Command::Document {
                        hash: [5; 32],
                        exit,
                    },
                )
            }
            "seeds" => {
                let round = self.round(words.next());
                let proof = vec![
                    1;
                    if words.takes("proof") {
                        words.number()
                    } else {
                        0
                    }
                ];
                let at = words.takes("at").then(|| words.number());
                self.apply(
                    0,
                    at,
                    &Command::Seed {
                        round,
                        seed: [3; 32],
                        proof: &proof,
                    },
                )
            }
            "closes" => {
                let round = self.round(words.next());
                self.apply(0, None, &Command::Close { round })
            }
            "announces" => {
                let own = self.offering.terms_hash();
                let terms_hash = if words.takes("others") { [0; 32] } else { own };
                self.apply(0, None, &Command::Announce { terms_hash })
            }
            "follows" => self.follow(&mut words),
            "pauses" => self.apply(0, None, &Command::Pause),
            "resumes" => self.apply(0, None, &Command::Resume),
            "cancels" => self.apply(0, None, &Command::Cancel),
            "settles" => {
                let line = if words.takes("on") { words.number() } else { 0 };
                self.apply(line, None, &Command::Settle)
            }
            "publishes" => self.apply(
                0,
                None,
                &Command::Publish {
                    settlement_root: [4; 32],
                },
            ),
            _ => self.hand_over(what, &mut words),
        }
    }

    fn hand_over(&mut self, what: &str, words: &mut Words<'_>) -> String {
        match what {
            "hands" => {
                let investor = InvestorId::parse(words.next()).unwrap();
                let tokens = Tokens(self.units(words).1);
                self.apply(0, None, &Command::Distribute { investor, tokens })
            }
            "refunds" => {
                let investor = InvestorId::parse(words.next()).unwrap();
                let currency = self.currency(words.next());
                self.apply(0, None, &Command::PayRefund { investor, currency })
            }
            "vests" => {
                let share = words.number();
                let tokens = Tokens(self.units(words).1);
                self.apply(0, None, &Command::Vest { share, tokens })
            }
            "releases" => {
                let milestone = words.number();
                self.apply(0, None, &Command::Release { milestone })
            }
            other => panic!("no issuer {other}"),
        }
    }

    fn admit(&mut self, words: &mut Words<'_>) -> String {
        let investor = InvestorId::parse(words.next()).unwrap();
        assert!(words.takes("to"), "admitted to a round");
        let round = self.round(words.next());
        let limit = words.takes("limit").then(|| Value(self.units(words).1));
        let guaranteed = if words.takes("guaranteed") {
            Value(self.units(words).1)
        } else {
            Value(0)
        };
        let expires = words.takes("until").then(|| Position(words.number()));
        let withdrawal = if words.takes("marked") {
            WithdrawalMark::Marked
        } else {
            WithdrawalMark::Unmarked
        };
        let admit = Admit {
            round,
            investor,
            limit,
            expires,
            guaranteed,
            withdrawal,
        };
        self.apply(0, None, &Command::Admit(admit))
    }

    /// Applies a command at the newest position of a line, or at one that the row names.
    fn apply(&mut self, line: u8, at: Option<u64>, command: &Command<'_>) -> String {
        let newest = self.now.get(&line).map_or(1, |newest| *newest);
        let position = Position(at.unwrap_or(newest));
        let before: Vec<Row> = self.offering.rows().collect();
        let stamp = Stamp {
            line: LineIndex(line),
            position,
        };
        let outcome = self.offering.apply_request(stamp, self.request, command);
        if !matches!(outcome, Outcome::RepeatOf(_)) {
            self.now.insert(line, position.0.max(newest));
        }
        if let Outcome::Refused(refusal) = &outcome {
            self.refusals.insert(*refusal);
            let after: Vec<Row> = self.offering.rows().take(before.len()).collect();
            assert_eq!(before, after, "{refusal:?} changed something");
        }
        self.show(&outcome)
    }

    fn show(&self, outcome: &Outcome) -> String {
        let money = |amount: Amount| {
            let row = self.offering.rows().last();
            let place = row.map_or(CurrencyIndex(0), |row| row.currency);
            self.amount(place, amount)
        };
        match outcome {
            Outcome::Done => "done".to_owned(),
            Outcome::Refused(refusal) => {
                format!("refused {} ({})", refusal.name(), refusal.code())
            }
            Outcome::Contributed(taken) => {
                let mut parts = vec![format!("accepted {}", money(taken.accepted))];
                for (what, amount) in [
                    ("refunded", taken.refunded),
                    ("waiting", taken.waiting),
                    ("kept", taken.kept),
                ] {
                    if !amount.is_zero() {
                        parts.push(format!("{what} {}", money(amount)));
                    }
                }
                if !taken.tokens.is_zero() {
                    parts.push(self.tokens(taken.tokens));
                }
                let reason = taken.reason.map(|refusal| format!(" ({})", refusal.name()));
                parts.join(", ") + &reason.unwrap_or_default()
            }
            Outcome::Refunded { amount } => format!("back {}", money(*amount)),
            Outcome::RefundedAndPromoted { amount, promoted } => {
                format!("back {}, promoted {promoted}", money(*amount))
            }
            Outcome::RepeatOf(first) => format!("repeats {}", first.0),
            Outcome::Settled(settled) => {
                let numeraire = &self.offering.terms().numeraire;
                let raised = decimal(settled.raised.0, numeraire.decimals);
                let verdict = settled.verdict.name();
                let sold = self.tokens(settled.sold);
                format!(
                    "{verdict}, raised {raised} {}, sold {sold}",
                    numeraire.symbol
                )
            }
        }
    }

    /// A row: what is accepted, kept and bought, and why not more.
    fn payment(&self, name: &str) -> String {
        let row = self
            .offering
            .row(self.offering.contribution_at(self.sequence(name)).unwrap());
        let mut text = format!("accepted {}", self.amount(row.currency, row.accepted));
        for (what, amount) in [("refunded", row.refunded), ("kept", row.kept)] {
            if !amount.is_zero() {
                text += &format!(", {what} {}", self.amount(row.currency, amount));
            }
        }
        if !row.tokens.is_zero() {
            text += &format!(", {}", self.tokens(row.tokens));
        }
        row.reason
            .map_or(text.clone(), |reason| format!("{text} ({})", reason.name()))
    }

    /// An investor after settlement: tokens, then what goes back.
    fn person(&self, who: &str) -> String {
        let mut rows = self.offering.investor_rows();
        while let Some(row) = rows.next() {
            if row.id.to_string() == who {
                let mut text = self.tokens(row.tokens);
                for (place, total) in (0..).zip(row.totals) {
                    if !total.refunded.is_zero() {
                        let back = self.amount(CurrencyIndex(place), total.refunded);
                        text += &format!(", back {back}");
                    }
                }
                return text;
            }
        }
        "unknown".to_owned()
    }

    fn phase(&self) -> String {
        match self.offering.phase() {
            Phase::Open(round) => {
                format!("open {}", self.offering.terms().rounds[round.index()].name)
            }
            Phase::Draft
            | Phase::Announced
            | Phase::Paused
            | Phase::BetweenRounds
            | Phase::Closed
            | Phase::Cancelled
            | Phase::Expired
            | Phase::Distributing
            | Phase::Refunding
            | Phase::Finished => format!("{:?}", self.offering.phase()).to_lowercase(),
        }
    }

    fn name(&mut self, who: &str, bid: Option<SecretBid>) {
        let names = (1_u32..).map(|number| match number {
            1 => who.to_owned(),
            _ => format!("{who}#{number}"),
        });
        let free = names
            .into_iter()
            .find(|name| !self.payments.contains_key(name))
            .unwrap();
        self.payments
            .insert(free, (self.offering.next_sequence(), bid));
    }

    fn sequence(&self, name: &str) -> Sequence {
        self.payments
            .get(name)
            .map_or(Sequence(u64::MAX), |known| known.0)
    }

    fn round(&self, name: &str) -> RoundIndex {
        let place = self
            .offering
            .terms()
            .rounds
            .iter()
            .position(|round| round.name == name);
        RoundIndex(place.map_or(63, |place| u8::try_from(place).unwrap()))
    }

    fn currency(&self, symbol: &str) -> CurrencyIndex {
        let place = self
            .offering
            .terms()
            .currencies
            .iter()
            .position(|own| own.symbol == symbol);
        CurrencyIndex(place.map_or(31, |place| u8::try_from(place).unwrap()))
    }

    /// A decimal number and its unit, as a count of smallest units.
    fn units(&self, words: &mut Words<'_>) -> (String, u128) {
        let (number, symbol) = (words.next(), words.next());
        let terms = self.offering.terms();
        let known = terms.currencies.iter().find(|own| own.symbol == symbol);
        let decimals = match symbol {
            _ if symbol == terms.token.symbol => terms.token.decimals,
            _ if symbol == terms.numeraire.symbol => terms.numeraire.decimals,
            _ => known.map_or(0, |own| own.decimals),
        };
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let width = usize::from(decimals);
        (
            symbol.to_owned(),
            format!("{whole}{part:0<width$}").parse().unwrap(),
        )
    }

    fn money(&self, words: &mut Words<'_>) -> (CurrencyIndex, Amount) {
        let (symbol, units) = self.units(words);
        (self.currency(&symbol), Amount(units))
    }

    fn limit(&self, words: &mut Words<'_>) -> LimitPrice {
        let money = self.units(words).1;
        assert!(words.takes("per"), "a limit is money per tokens");
        LimitPrice {
            money,
            tokens: self.units(words).1,
        }
    }

    fn secret(&self, words: &mut Words<'_>) -> SecretBid {
        let amount = self.money(words).1;
        assert!(words.takes("limit"), "a bid has a limit");
        SecretBid {
            amount,
            limit: self.limit(words),
        }
    }

    fn amount(&self, currency: CurrencyIndex, amount: Amount) -> String {
        let known = &self.offering.terms().currencies[currency.index()];
        format!("{} {}", decimal(amount.0, known.decimals), known.symbol)
    }

    fn tokens(&self, tokens: Tokens) -> String {
        let token = &self.offering.terms().token;
        format!("{} {}", decimal(tokens.0, token.decimals), token.symbol)
    }
}

/// Units as a decimal number without needless zeros.
fn decimal(units: u128, decimals: u8) -> String {
    let one = 10_u128.pow(decimals.into());
    let (whole, part) = (units / one, units % one);
    if part == 0 {
        return whole.to_string();
    }
    let width = usize::from(decimals);
    format!("{whole}.{part:0width$}")
        .trim_end_matches('0')
        .to_owned()
}
