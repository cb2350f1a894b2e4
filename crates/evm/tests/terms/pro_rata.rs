//! The state machine gives what the formula of `contracts/src/Shares.sol` gives, to the unit.

use std::sync::Arc;

use alloy_primitives::U256;
use softcap_evm::{EscrowTerms, announcement};
use softcap_offering::{
    Amount, Command, Contribute, CurrencyIndex, EscrowAddress, Funding, InvestorId, LineIndex,
    Offering, Outcome, Position, Stamp, Verdict, terms::Terms,
};

use crate::base::{changed, parties};

const SALES: u64 = 300;
const INVESTORS: usize = 5;
const OPENS: u64 = 1_772_366_400;
const CLOSES: u64 = 1_774_958_400;

/// SplitMix64: the same numbers in each run.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// An amount of any size up to 2 coins.
    fn amount(&mut self) -> u128 {
        let digits = 10_u64.pow(u32::try_from(self.next() % 19).unwrap());
        u128::from(self.next() % (2 * digits)) + 1
    }

    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        let count = u64::try_from(texts.len()).unwrap();
        texts[usize::try_from(self.next() % count).unwrap()]
    }
}

fn drawn_terms(draw: &mut Draw) -> Terms {
    let cap = draw.of(&[
        "0.6 ETH",
        "1 ETH",
        "3 ETH",
        "2.000000000000000001 ETH",
        "90 ETH",
    ]);
    let allocation = format!("allocation = \"pro_rata\"\ncap = \"{cap}\"");
    let price = draw.of(&["0.0007 ETH per HBR", "0.3 ETH per HBR", "1 ETH per HBR"]);
    let supply = draw.of(&[
        "total = \"100_003 HBR\"\nfor_sale = \"3 HBR\"",
        "total = \"105_000.5 HBR\"\nfor_sale = \"5_000.5 HBR\"",
    ]);
    changed(&[
        (
            "soft_cap = \"10 ETH\"",
            "soft_cap = \"0.001 ETH\"\ndust = \"unassigned\"",
        ),
        (
            "total = \"300_000 HBR\"\nfor_sale = \"200_000 HBR\"",
            supply,
        ),
        ("unsold = \"burned\"", "unsold = \"treasury\""),
        ("access = \"admitted\"\n", ""),
        ("0.0007 ETH per HBR", price),
        ("allocation = \"first_come\"", &allocation),
        (
            "contribution = { min = \"0.1 ETH\", max = \"20 ETH\" }\n",
            "",
        ),
    ])
}

fn stamp(second: u64) -> Stamp {
    Stamp {
        line: LineIndex(0),
        position: Position(second * 1_000),
    }
}

fn id<'a>(who: usize) -> InvestorId<'a> {
    InvestorId::Address([u8::try_from(who).unwrap() + 1; 20])
}

/// What each asked for, entry by entry, and the offering after its settlement.
fn played(draw: &mut Draw, terms: Terms) -> ([u128; INVESTORS], Offering, Verdict) {
    let mut offering = Offering::new(Arc::new(terms));
    let terms_hash = offering.terms_hash();
    offering.apply(stamp(1), &Command::Announce { terms_hash });
    let escrow = EscrowAddress {
        chain_id: 1,
        contract: [9; 20],
        currency: CurrencyIndex(0),
    };
    assert_eq!(
        offering.apply(stamp(1), &Command::Escrow(escrow)),
        Outcome::Done
    );
    let mut asked = [0; INVESTORS];
    for _ in 0..draw.next() % 20 + 1 {
        let who = usize::try_from(draw.next() % 5).unwrap();
        let amount = Amount(draw.amount());
        let contribute = Command::Contribute(Contribute {
            investor: id(who),
            currency: CurrencyIndex(0),
            amount,
            limit: None,
            reference: "",
            source: None,
            funding: Funding::Chain { accepted: amount },
        });
        let outcome = offering.apply(stamp(OPENS + 7), &contribute);
        let Outcome::Contributed(taken) = outcome else {
            panic!("{amount:?} of {who}: {outcome:?}");
        };
        assert_eq!(taken.accepted, amount, "no cap cuts what is shared out");
        asked[who] += amount.0;
    }
    let outcome = offering.apply(stamp(CLOSES), &Command::Settle);
    let Outcome::Settled(settled) = outcome else {
        panic!("{outcome:?}");
    };
    (asked, offering, settled.verdict)
}

/// `Shares.capacity`.
fn capacity(told: &EscrowTerms) -> U256 {
    let room = told.for_sale * told.price_denominator / told.price_numerator;
    room.min(told.hard_cap)
}

#[test]
fn parts_and_tokens_are_those_of_the_state_machine() {
    let mut draw = Draw(5);
    let (mut cut, mut missed, mut whole) = (0, 0, 0);
    for sale in 0..SALES {
        let terms = drawn_terms(&mut draw);
        let mut with = parties();
        (with.verifier, with.treasury) = (None, Some(with.beneficiary));
        let told = announcement(&terms, &with).unwrap().terms;
        let (asked, offering, verdict) = played(&mut draw, terms);
        let sum: U256 = asked.iter().map(|ask| U256::from(*ask)).sum();
        if sum < told.soft_cap {
            missed += 1;
            assert_eq!(verdict, Verdict::Failed, "sale {sale}");
            continue;
        }
        let capacity = capacity(&told);
        let mut raised = U256::ZERO;
        for (who, ask) in asked.into_iter().enumerate() {
            let ask = U256::from(ask);
            let part = if sum <= capacity {
                ask
            } else {
                ask * capacity / sum
            };
            let tokens = part * told.price_numerator / told.price_denominator;
            assert_eq!(
                given(&offering, who),
                (part, tokens),
                "sale {sale}, investor {who}"
            );
            raised += part;
        }
        assert_eq!(verdict, Verdict::Succeeded, "sale {sale}");
        if sum <= capacity {
            whole += 1;
        } else {
            cut += 1;
            // What the beneficiary of an escrow gets is the capacity less one unit for each, and never too much.
            assert!(raised <= capacity && capacity - raised < U256::from(INVESTORS));
        }
    }
    assert!(
        cut > 50 && missed > 20 && whole > 20,
        "{cut} {missed} {whole}"
    );
}

/// Money and tokens of an investor after the settlement.
fn given(offering: &Offering, who: usize) -> (U256, U256) {
    let Some(index) = offering.find_investor(id(who)) else {
        return (U256::ZERO, U256::ZERO);
    };
    let rows = offering.rows().filter(|row| row.investor == index);
    rows.fold((U256::ZERO, U256::ZERO), |(money, tokens), row| {
        let more = (U256::from(row.accepted.0), U256::from(row.tokens.0));
        (money + more.0, tokens + more.1)
    })
}
