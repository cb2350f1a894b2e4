//! A sale that is rehearsed goes its whole way on a chain, and ends as its terms say.

use std::sync::Arc;

use softcap_evm::{Demand, NotRehearsed, RehearsalStep, RehearsedSale, rehearse_sale};
use softcap_offering::{Value, Verdict, terms::Terms};

use crate::announcing_after_sale::AFTER_SALE;
use crate::comparison::COIN;
use crate::fixture::{WITHDRAWAL_RIGHT, terms};
use crate::root::by_root;
use crate::rounds::ROUNDS;

async fn rehearsed(terms: &Terms, demand: Demand) -> RehearsedSale {
    let mut steps = Vec::new();
    let terms = Arc::new(terms.clone());
    let mut step = |step| steps.push(step);
    let sale = rehearse_sale(&terms, demand, &mut step).await.unwrap();
    let all = [
        RehearsalStep::Announced,
        RehearsalStep::Paid,
        RehearsalStep::Ended,
        RehearsalStep::Compared,
    ];
    assert_eq!(steps, all);
    assert_eq!(sale.findings, Vec::<String>::new());
    sale
}

/// 200 coins come where 100 fit, and less than the 10 that are needed.
#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_sale_succeeds_with_a_crowd_and_pays_back_without_one() {
    let erc20 = [
        ("decimals = 18\nrail", "decimals = 6\nrail"),
        ("decimals = 18\n[token", "decimals = 6\n[token"),
    ];
    let paused = [(
        "[currency.ETH]",
        "[pause]\nlongest = \"1 hour\"\ncount = 1\nend = \"fixed\"\n[currency.ETH]",
    )];
    let open = [("access = \"admitted\"\n", "")];
    let shared = [
        (
            "hard_cap = \"100 ETH\"",
            "hard_cap = \"100 ETH\"\ndust = \"unassigned\"",
        ),
        (
            "allocation = \"first_come\"",
            "allocation = \"pro_rata\"\ncap = \"100 ETH\"",
        ),
    ];
    for (what, sale) in [
        ("at a price", terms(&[])),
        ("open to everybody", terms(&open)),
        ("in an ERC-20", terms(&erc20)),
        ("with a pause", terms(&paused)),
        ("taken back", terms(&[WITHDRAWAL_RIGHT])),
        ("with milestones and a share", terms(&AFTER_SALE)),
        ("shared out", terms(&shared)),
        ("by root", by_root()),
        ("in two rounds", terms(&ROUNDS)),
    ] {
        let unit = 10_u128.pow(u32::from(sale.currencies[0].decimals));
        let crowd = rehearsed(&sale, Demand::InAll(200 * unit)).await;
        assert_eq!(crowd.verdict, Some(Verdict::Succeeded), "{what}: {crowd:?}");
        assert!(crowd.could_succeed, "{what}");
        assert!(crowd.raised.0 >= 10 * unit, "{what}: {crowd:?}");
        assert!(crowd.paid_out > 2, "{what}: {crowd:?}");
        let thin = rehearsed(&sale, Demand::LessThan(10 * unit)).await;
        assert_eq!(thin.verdict, Some(Verdict::Failed), "{what}: {thin:?}");
        assert!(!thin.could_succeed, "{what}: {thin:?}");
        assert_eq!(
            (thin.refused, thin.raised),
            (0, Value(0)),
            "{what}: {thin:?}"
        );
        assert!(thin.paid_out > 2, "{what}: {thin:?}");
        assert_eq!(thin.withdrawn > 0, what == "taken back", "{thin:?}");
        assert_eq!(thin.paid_out + thin.withdrawn, thin.wallets, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_terms_have_the_same_rehearsal() {
    let terms = terms(&[]);
    let once = rehearsed(&terms, Demand::InAll(150 * COIN)).await;
    assert_eq!(once, rehearsed(&terms, Demand::InAll(150 * COIN)).await);
    assert_eq!(once.raised, Value(100 * COIN));
    assert!(once.refused > 0, "what came when it was full");
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_that_no_contract_keeps_are_not_rehearsed_and_each_reason_is_named() {
    let bids = terms(&[
        ("hard_cap = \"100 ETH\"\n", ""),
        ("per = \"investor\"", "per = \"contribution\""),
        (
            "price = \"0.0007 ETH per HBR\"\nallocation = \"first_come\"\n",
            "supply = \"200_000 HBR\"\npricing = { kind = \"bids\" }\n",
        ),
    ]);
    let error = rehearse_sale(&Arc::new(bids), Demand::InAll(COIN), &mut |_| {}).await;
    let Err(NotRehearsed::Unkept(reasons)) = error else {
        panic!("{error:?}")
    };
    assert!(
        reasons.iter().any(|reason| reason.code.as_str() == "R110"),
        "{reasons:?}"
    );
}
