//! Small sales of each shape, with their journals.

use std::{io::Cursor, sync::Arc};

use softcap_offering::{
    Admit, Amount, Command, Contribute, CurrencyIndex, EscrowAddress, Funding, InvestorId,
    LimitPrice, LineIndex, Offering, Outcome, Position, ReturnReason, RoundIndex, Sequence, Stamp,
    Value, WithdrawalMark, sealed_bid_commitment, terms::Terms,
};
use softcap_proof::{entry::Entry, journal::JournalWriter};

const OPENS: u64 = 1_772_323_200_000; // 2026-03-01T00:00:00Z
const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
/// Units of one ETH of these sales.
const ETH: u128 = 1_000_000;

const HEAD: &str = r#"
rules = 1
name = "Harbour"
origin = "softcap.example/harbour"
numeraire = "EUR"
refund_deadline = "2027-01-01T00:00:00Z"
TOP
[clock]
kind = "time"
[token]
name = "Harbour"
symbol = "HBR"
decimals = 3
[token.supply]
kind = "minted"
[currency.EUR]
decimals = 2
rail = "balance"
EUR
[currency.ETH]
decimals = 6
rail = "balance"
rate = "2_500 EUR per ETH"
ETH
[[round]]
name = "public"
from = "2026-03-01T00:00:00Z"
until = "2026-03-02T00:00:00Z"
end = "exclusive"
ROUND
"#;

/// Name, and keys of the offering and of its round.
pub(super) const SALES: &[(&str, [&str; 3])] = &[
    (
        "caps",
        [
            "hard_cap = \"5_000 EUR\"\ninvestor_max = \"4_000 EUR\"",
            "",
            "price = \"0.10 EUR per HBR\"\ncontribution = { min = \"10 EUR\" }",
        ],
    ),
    (
        "linear",
        [
            "",
            "",
            "[round.pricing]\nkind = \"linear\"\nbase = \"100 HBR per EUR\"\nbonus = \"10 %\"\n\
             per = \"1 week\"\nuntil = \"2026-03-02T00:00:00Z\"\ngranularity = \"1 second\"",
        ],
    ),
    (
        "tiers",
        [
            "",
            "",
            "[round.pricing]\nkind = \"tiers\"\ncrossing = \"split\"\ntiers = [\n\
             { up_to = \"1_000 EUR\", price = \"0.08 EUR per HBR\" },\n\
             { up_to = \"2_000 EUR\", price = \"0.09 EUR per HBR\" },\n\
             { up_to = \"9_000 EUR\", price = \"0.10 EUR per HBR\" } ]",
        ],
    ),
    (
        "pro_rata",
        [
            "",
            "",
            "price = \"0.07 EUR per HBR\"\ncap = \"3_000 EUR\"\nallocation = \"pro_rata\"",
        ],
    ),
    (
        "capped",
        [
            "dust = \"unassigned\"",
            "",
            "price = \"3 HBR per 7 EUR\"\nsupply = \"700 HBR\"\n\
             allocation = { kind = \"pro_rata_capped\", cap = \"900 EUR\" }",
        ],
    ),
    (
        "scaled",
        [
            "",
            "",
            "supply = \"900 HBR\"\nallocation = \"pro_rata\"\n[round.pricing]\nkind = \"linear\"\n\
             base = \"2 HBR per EUR\"\nbonus = \"10 %\"\nper = \"7 hours\"\n\
             until = \"2026-03-02T00:00:00Z\"\ngranularity = \"1 second\"",
        ],
    ),
    (
        "per_investor",
        [
            "",
            "rounding = { mode = \"half_up\", unit = \"0.01 HBR\", per = \"investor\" }",
            "price = \"3 HBR per 7 EUR\"\ncap = \"9_000 EUR\"",
        ],
    ),
    (
        "per_investor_for_nothing",
        [
            "soft_cap = \"2_000 EUR\"",
            "rounding = { mode = \"down\", unit = \"1 HBR\", per = \"investor\" }",
            "price = \"1 HBR per 1_000 EUR\"",
        ],
    ),
    (
        "dutch_for_nothing",
        [
            "",
            "rounding = { unit = \"100 HBR\" }",
            "supply = \"1_000 HBR\"\n[round.pricing]\nkind = \"dutch\"\n\
             start = \"50 EUR per HBR\"\nend = \"10 EUR per HBR\"\ngranularity = \"1 hour\"",
        ],
    ),
    (
        "returned_for_nothing",
        [
            "",
            "rounding = { unit = \"1_000 HBR\" }",
            "price = \"0.90 EUR per HBR\"",
        ],
    ),
    (
        "lottery",
        [
            "",
            "",
            "price = \"0.10 EUR per HBR\"\ncap = \"3_000 EUR\"\nallocation = { kind = \"lottery\", \
             source = \"drand:quicknet\", instant = \"2026-03-03T00:00:00Z\", marginal = \"partial\" }",
        ],
    ),
    (
        "water",
        [
            "",
            "",
            "price = \"0.10 EUR per HBR\"\ncap = \"3_000 EUR\"\nallocation = \"water_filling\"",
        ],
    ),
    (
        "dutch",
        [
            "",
            "",
            "supply = \"1_000 HBR\"\n[round.pricing]\nkind = \"dutch\"\nstart = \"5 EUR per HBR\"\n\
             end = \"1 EUR per HBR\"\ngranularity = \"1 hour\"",
        ],
    ),
    (
        "bids",
        [
            "",
            "",
            "supply = \"10_000 HBR\"\nallocation = \"pro_rata\"\ncurrencies = [\"EUR\"]\n\
             [round.pricing]\nkind = \"bids\"\nmin_proceeds = \"100 EUR\"",
        ],
    ),
    (
        "sealed",
        [
            "",
            "",
            "supply = \"10_000 HBR\"\nallocation = \"pro_rata\"\ncurrencies = [\"EUR\"]\n\
             [round.pricing]\nkind = \"bids\"\nmin_proceeds = \"100 EUR\"\n\
             sealed = { lock_step = \"100 EUR\", reveal_until = \"2026-03-03T00:00:00Z\", \
             bond = \"5 %\" }",
        ],
    ),
    (
        "waiting",
        [
            "freed_room = \"waiting_list\"\nwithdrawal = { span = \"1 day\", who = \"everyone\" }",
            "",
            "price = \"0.10 EUR per HBR\"\ncap = \"3_000 EUR\"",
        ],
    ),
    (
        "missed",
        [
            "soft_cap = \"9_000 EUR\"",
            "",
            "price = \"0.10 EUR per HBR\"\ncap = \"20_000 EUR\"",
        ],
    ),
    (
        "credit",
        [
            "token_ceiling_per_investor = \"20_000 HBR\"",
            "credit = \"0.30 EUR\"\nrounding = { mode = \"half_even\", unit = \"0.01 HBR\", per = \"contribution\" }",
            "supply = \"60_000 HBR\"\n[round.pricing]\nkind = \"steps\"\nsteps = [\n\
             { from = \"2026-03-01T00:00:00Z\", price = \"20 HBR per EUR\" },\n\
             { from = \"2026-03-01T02:00:00Z\", price = \"1000 HBR per 57 EUR\" } ]",
        ],
    ),
    (
        "two_rounds",
        [
            "",
            "rounding = { mode = \"half_up\", unit = \"0.01 HBR\", per = \"investor\" }",
            "price = \"3 HBR per 7 EUR\"\ncap = \"9_000 EUR\"\n[[round]]\nname = \"second\"\n\
             from = \"2026-03-02T00:00:00Z\"\nuntil = \"2026-03-03T00:00:00Z\"\nend = \"exclusive\"\n\
             price = \"2 HBR per 7 EUR\"\ncap = \"9_000 EUR\"",
        ],
    ),
    (
        "two_batches",
        [
            "hard_cap = \"3_500 EUR\"\nsoft_cap = \"3_200 EUR\"",
            "",
            "price = \"0.07 EUR per HBR\"\ncap = \"3_000 EUR\"\nallocation = \"pro_rata\"\n\
             [[round]]\nname = \"second\"\nfrom = \"2026-03-02T00:00:00Z\"\n\
             until = \"2026-03-03T00:00:00Z\"\nend = \"exclusive\"\nprice = \"0.08 EUR per HBR\"\n\
             cap = \"3_000 EUR\"\nallocation = \"water_filling\"",
        ],
    ),
    (
        "escrow",
        [
            "hard_cap = \"1_200 EUR\"",
            "",
            "price = \"0.10 EUR per HBR\"",
        ],
    ),
    (
        "kept",
        [
            "",
            "",
            "price = \"0.10 EUR per HBR\"\ncap = \"3_000 EUR\"\nover_cap = \"kept\"",
        ],
    ),
];

/// A settled sale: its terms and journal.
pub(super) struct Sale {
    pub(super) text: String,
    journal: Vec<u8>,
    references: Vec<String>,
}

impl Sale {
    pub(super) fn terms(&self) -> Terms {
        Terms::parse(&self.text).unwrap()
    }

    pub(super) fn journal(&self) -> Cursor<&[u8]> {
        Cursor::new(&self.journal)
    }

    pub(super) fn references(&self) -> Vec<String> {
        self.references.clone()
    }
}

struct Recorder {
    text: String,
    offering: Offering,
    journal: JournalWriter<Vec<u8>, Vec<u8>>,
    references: Vec<String>,
}

impl Recorder {
    fn new(name: &str) -> Self {
        let (_, [top, eur, round]) = SALES.iter().find(|sale| sale.0 == name).unwrap();
        let eth = if name == "credit" {
            "credit = \"0.0001 ETH\""
        } else {
            ""
        };
        let text = HEAD
            .replace("TOP", top)
            .replace("\nEUR\n", &format!("\n{eur}\n"))
            .replace("\nETH\n", &format!("\n{eth}\n"))
            .replace("ROUND", round);
        let rail = if name == "escrow" { "evm" } else { "balance" };
        let text = text.replacen("rail = \"balance\"", &format!("rail = \"{rail}\""), 1);
        let terms = Terms::parse(&text).unwrap_or_else(|problems| panic!("{text}\n{problems:#?}"));
        let offering = Offering::new(Arc::new(terms));
        let journal = JournalWriter::new(Vec::new(), Vec::new());
        let mut recorder = Self {
            text,
            offering,
            journal,
            references: Vec::new(),
        };
        let terms_hash = recorder.offering.terms_hash();
        recorder.record(0, Command::Announce { terms_hash });
        recorder
    }

    fn record(&mut self, after: u64, command: Command<'_>) -> Outcome {
        let stamp = Stamp {
            line: LineIndex(0),
            position: Position(OPENS + after),
        };
        let sequence = self.offering.next_sequence();
        let outcome = self.offering.apply(stamp, &command);
        self.journal
            .append(
                &Entry {
                    sequence,
                    stamp,
                    request: None,
                    command,
                },
                &outcome,
            )
            .unwrap();
        outcome
    }

    fn pay(&mut self, after: u64, person: &str, currency: u8, amount: u128, limit: Option<u128>) {
        let contribute = Contribute {
            investor: InvestorId::parse(person).unwrap(),
            currency: CurrencyIndex(currency),
            amount: Amount(amount),
            limit: limit.map(|money| LimitPrice {
                money,
                tokens: 1_000,
            }),
            reference: "",
            source: None,
            funding: Funding::Arrived,
        };
        self.bring(after, contribute);
    }

    /// Money that came through an escrow contract, and what the contract accepted of it.
    fn pay_contract(&mut self, after: u64, person: &str, amount: u128, accepted: u128) {
        let contribute = Contribute {
            investor: InvestorId::parse(person).unwrap(),
            currency: CurrencyIndex(0),
            amount: Amount(amount),
            limit: None,
            reference: "",
            source: Some("transaction 7 log 2"),
            funding: Funding::Chain {
                accepted: Amount(accepted),
            },
        };
        self.bring(after, contribute);
    }

    fn bring(&mut self, after: u64, contribute: Contribute<'_>) {
        let reference = format!("c-{}", self.references.len() + 1);
        let command = Command::Contribute(Contribute {
            reference: &reference,
            ..contribute
        });
        self.record(after, command);
        self.references.push(reference);
    }

    fn commit(&mut self, after: u64, person: &str, locked: u128, hidden: (u128, u128)) {
        let reference = format!("c-{}", self.references.len() + 1);
        let investor = InvestorId::parse(person).unwrap();
        let limit = LimitPrice {
            money: hidden.1,
            tokens: 1_000,
        };
        let hash = self.offering.terms_hash();
        let commitment = sealed_bid_commitment(&hash, investor, Amount(hidden.0), limit, &[1; 32]);
        let locked = Amount(locked);
        self.record(
            after,
            Command::Commit {
                investor,
                locked,
                commitment,
                reference: &reference,
                funding: Funding::Arrived,
            },
        );
        self.references.push(reference);
    }

    fn end(mut self) -> Sale {
        self.record(2 * DAY, Command::Tick);
        self.record(
            2 * DAY,
            Command::Seed {
                round: RoundIndex(0),
                seed: [7; 32],
                proof: &[],
            },
        );
        let outcome = self.record(4 * DAY, Command::Settle);
        assert!(matches!(outcome, Outcome::Settled(_)), "{outcome:?}");
        let journal = self.journal.finish().unwrap().journal;
        Sale {
            text: self.text,
            journal,
            references: self.references,
        }
    }
}

/// The sale of a name as the snapshots show it.
pub(super) fn sale(name: &str) -> Sale {
    let mut sale = Recorder::new(name);
    let limits = |cents| (name == "bids").then_some(cents);
    match name {
        "caps" => {
            sale.pay(HOUR, "ada", 0, 50_000, None);
            sale.pay(2 * HOUR, "ben", 1, ETH / 3, None);
            sale.pay(3 * HOUR, "cyn", 0, 999, None);
            sale.pay(4 * HOUR, "ada", 0, 400_000, None);
            sale.pay(5 * HOUR, "dan", 1, 3 * ETH / 2, None);
            sale.pay(6 * HOUR, "eve", 0, 1_000, None);
        }
        "escrow" => {
            let escrow = EscrowAddress {
                chain_id: 31_337,
                contract: [9; 20],
                currency: CurrencyIndex(0),
            };
            sale.record(0, Command::Escrow(escrow));
            sale.pay_contract(HOUR, "ada", 100_000, 100_000);
            sale.pay_contract(2 * HOUR, "ben", 50_000, 40_000);
            sale.pay_contract(3 * HOUR, "cyn", 50_000, 20_000);
        }
        "sealed" => {
            sale.commit(HOUR, "ada", 100_000, (90_000, 20));
            sale.commit(2 * HOUR, "ben", 50_000, (50_000, 10));
            let limit = LimitPrice {
                money: 20,
                tokens: 1_000,
            };
            let (bid, amount) = (Sequence(1), Amount(90_000));
            sale.record(
                DAY + HOUR,
                Command::Reveal {
                    bid,
                    amount,
                    limit,
                    salt: [1; 32],
                },
            );
        }
        _ => {
            sale.pay(HOUR + 1_500, "ada", 0, 70_001, limits(12));
            sale.pay(2 * HOUR, "ben", 0, 249_999, limits(9));
            sale.pay(
                3 * HOUR,
                "ada",
                u8::from(!name.starts_with("per_investor") && name != "bids"),
                140_000,
                limits(9),
            );
            sale.pay(4 * HOUR, "cyn", 0, 90_000, limits(5));
        }
    }
    if name.starts_with("two_") {
        sale.pay(DAY + HOUR, "ada", 0, 70_003, None);
        sale.pay(DAY + 2 * HOUR, "ben", 1, ETH / 7, None);
        sale.pay(DAY + 3 * HOUR, "ada", 0, 70_004, None);
    }
    match name {
        "waiting" => {
            let contribution = Sequence(1);
            sale.record(5 * HOUR, Command::Withdraw { contribution });
        }
        "returned_for_nothing" => {
            let (contribution, amount) = (Sequence(4), Amount(1));
            let reason = ReturnReason::Discretion;
            sale.record(
                5 * HOUR,
                Command::Return {
                    contribution,
                    amount,
                    reason,
                },
            );
        }
        "tiers" => {
            let (contribution, amount) = (Sequence(1), Amount(20_000));
            let reason = ReturnReason::Discretion;
            sale.record(
                5 * HOUR,
                Command::Return {
                    contribution,
                    amount,
                    reason,
                },
            );
        }
        _ => {}
    }
    sale.end()
}

/// A sale with payments of (person, currency, units, milliseconds after the one before).
pub(super) fn random(name: &str, payments: &[(u8, u8, u128, u64)]) -> Sale {
    let mut sale = Recorder::new(name);
    let mut after = 0;
    let admit = Admit {
        round: RoundIndex(0),
        investor: InvestorId::parse("person-1").unwrap(),
        limit: Some(Value(150_000)),
        expires: None,
        guaranteed: Value(0),
        withdrawal: WithdrawalMark::Unmarked,
    };
    sale.record(0, Command::Admit(admit));
    for (place, &(person, currency, units, later)) in payments.iter().enumerate() {
        // Sales of two rounds last twice as long.
        after += if name.starts_with("two_") {
            2 * later
        } else {
            later
        };
        let person = format!("person-{person}");
        if name == "sealed" && place % 3 < 2 {
            sale.commit(
                after,
                &person,
                units - units % 10_000,
                (units, 1 + units % 30),
            );
        } else {
            let limit = (name == "bids").then_some(1 + units % 30);
            let units = if currency == 1 { units * 4 } else { units };
            sale.pay(after, &person, currency, units, limit);
        }
        if place % 4 == 3 {
            let contribution = Sequence(2 + place as u64 / 2);
            let (amount, reason) = (Amount(1 + units / 3), ReturnReason::OverLimit);
            sale.record(
                after,
                Command::Return {
                    contribution,
                    amount,
                    reason,
                },
            );
            sale.record(
                after,
                Command::Withdraw {
                    contribution: Sequence(2),
                },
            );
        }
    }
    sale.end()
}
