//! The end of the counter that a contract has for one investor, which is one for all rounds. Random amounts come there once in a thousand
//! sales, and seldom in two rounds.

use std::collections::BTreeMap;

use softcap_evm::{PaidIn, Parties};
use softcap_offering::terms::Access;

use crate::acts::{Act, Pay, Permit, Seal, Size, Step};
use crate::chain::{CURRENCY, verifier};
use crate::play::{Met, played};
use crate::sale::{BENEFICIARY, ISSUER, Sale, parsed};

/// What the counter holds.
const MOST: u128 = (1 << 80) - 1;
/// The two rounds begin here, and a minute later.
const EARLY: u64 = 1_772_323_260;
const LATER: u64 = EARLY + 60;

/// As much as the counter holds, because terms with more would let one investor bring more. Early birds need a permit.
fn terms(over_limit: &str, later: Access) -> String {
    let most = MOST;
    let round = |name: &str, access: Access, from: u64| {
        let until = from + 1;
        let access = match access {
            Access::Admitted => "admitted",
            Access::Public => "public",
        };
        format!(
            "[[round]]\nname = \"{name}\"\nfrom = \"2026-03-01T00:{from:02}:00Z\"\nuntil = \"2026-03-01T00:{until:02}:00Z\"\n\
             end = \"exclusive\"\nallocation = \"first_come\"\naccess = \"{access}\"\nover_cap = \"partial\"\n\
             over_limit = \"{over_limit}\"\nprice = \"1 TOK per 1 CUR\"\n"
        )
    };
    format!(
        "rules = 1\nname = \"Counter\"\norigin = \"example.org/counter\"\nnumeraire = \"CUR\"\nhard_cap = \"{most} CUR\"\n\
         refund_deadline = \"2026-03-01T01:00:00Z\"\nunsold = \"burned\"\n[clock]\nkind = \"time\"\n\
         [token]\nname = \"Token\"\nsymbol = \"TOK\"\ndecimals = 0\n\
         [token.supply]\nkind = \"fixed\"\ntotal = \"{most} TOK\"\nfor_sale = \"{most} TOK\"\n\
         [currency.CUR]\ndecimals = 0\nrail = \"evm\"\nrounding = {{ mode = \"down\", per = \"contribution\" }}\n{}{}",
        round("early", Access::Admitted, 1),
        round("later", later, 2),
    )
}

/// A second, what is paid then, and what the permit is for.
type Payment = (u64, u128, Option<u128>);

fn sale(over_limit: &str, payments: &[Payment]) -> Sale {
    let later = match payments {
        [_, (_, _, None), ..] => Access::Public,
        _ => Access::Admitted,
    };
    let text = terms(over_limit, later);
    let parties = Parties {
        issuer: ISSUER,
        beneficiary: BENEFICIARY,
        verifier: Some(verifier()),
        paid_in: PaidIn::Token(*CURRENCY),
        treasury: None,
        holders: BTreeMap::new(),
    };
    let mut sale = Sale::of(text.clone(), parsed(&text).unwrap(), &parties).unwrap();
    sale.steps = payments
        .iter()
        .map(|(second, amount, max)| Step {
            second: *second,
            act: Act::Contribute(Pay {
                who: 0,
                size: Size::Units(*amount),
                permit: max.map(|max| Permit {
                    max,
                    seal: Seal::Good,
                }),
            }),
        })
        .collect();
    sale
}

fn met(over_limit: &str, payments: &[Payment]) -> Met {
    let mut met = Met::default();
    played(&sale(over_limit, payments), &mut met).unwrap();
    met
}

/// What the later round accepts, and why it refuses what comes then, are the same on both sides.
#[test]
fn a_later_round_has_the_room_that_the_counter_leaves() {
    for permit in [Some(MOST), None] {
        let early = (EARLY, 1 << 79, Some(MOST));
        let met = met(
            "partial",
            &[early, (LATER, MOST, permit), (LATER, 5, permit)],
        );
        assert_eq!(met.count("event Contributed"), 2);
        assert_eq!(met.count("change given back"), 1);
        assert_eq!(met.count("error AdmissionLimit"), 1);
    }
}

#[test]
fn a_later_round_refuses_what_the_counter_has_no_room_for() {
    for permit in [Some(MOST), None] {
        let early = (EARLY, 1 << 79, Some(MOST));
        let met = met("refuse", &[early, (LATER, 1 << 79, permit)]);
        assert_eq!(met.count("event Contributed"), 1);
        assert_eq!(met.count("error AdmissionLimit"), 1);
    }
}

/// A permit for less than the counter holds never comes to its end, whatever came before.
#[test]
fn a_permit_for_less_is_cut_one_below() {
    let early = (EARLY, 1 << 79, Some(MOST));
    let less = (LATER, MOST, Some(MOST - 1));
    let met = met("partial", &[early, less, (LATER, 5, Some(MOST))]);
    assert_eq!(met.count("event Contributed"), 3);
    assert_eq!(met.count("change given back"), 2);
}
