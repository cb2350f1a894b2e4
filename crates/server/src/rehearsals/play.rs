//! The sales of a rehearsal, one after the other: first on the engine, then on a chain.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use softcap_evm::{Demand, NotRehearsed, RehearsedSale, rehearse_sale};
use softcap_offering::{Verdict, terms::Terms};

use super::{
    engine,
    plan::{CHAIN_STEPS, Plan},
    report::{Crowd, Fault, SaleEnding, SaleReport, Venue},
};

/// Plays everything, and counts the steps that are done. It takes seconds, and a thread of its own.
pub(super) fn play(terms: &Arc<Terms>, plan: Plan, done: &AtomicU32) -> Vec<SaleReport> {
    let crowds = [
        (Crowd::Many, plan.whole.saturating_mul(2)),
        (Crowd::TooFew, plan.soft.unwrap_or(0)),
    ];
    let crowds = crowds
        .iter()
        .filter(|(crowd, _)| *crowd == Crowd::Many || plan.soft.is_some());
    let mut reports = Vec::new();
    for (crowd, sum) in crowds.clone() {
        let demand = match crowd {
            Crowd::Many => *sum,
            Crowd::TooFew => sum / 2,
        };
        reports.push(engine::sale(terms, demand, *crowd));
        done.fetch_add(1, Ordering::Relaxed);
    }
    if !plan.on_chain {
        return reports;
    }
    for (crowd, sum) in crowds {
        let demand = match crowd {
            Crowd::Many => Demand::InAll(*sum),
            Crowd::TooFew => Demand::LessThan(*sum),
        };
        let before = done.load(Ordering::Relaxed);
        reports.push(on_chain(terms, (*crowd, demand), done));
        done.store(before + CHAIN_STEPS, Ordering::Relaxed);
    }
    reports
}

fn on_chain(terms: &Arc<Terms>, (crowd, demand): (Crowd, Demand), done: &AtomicU32) -> SaleReport {
    let place = (Venue::Chain, crowd);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return SaleReport::stopped(place, Fault::Chain(error.to_string())),
    };
    let mut step = |_| {
        done.fetch_add(1, Ordering::Relaxed);
    };
    match runtime.block_on(rehearse_sale(terms, demand, &mut step)) {
        Ok(sale) => report(crowd, &sale),
        Err(error) => SaleReport::stopped(place, fault_of(error)),
    }
}

fn fault_of(error: NotRehearsed) -> Fault {
    match error {
        NotRehearsed::Unkept(reasons) => {
            Fault::NoContract(reasons.iter().map(ToString::to_string).collect())
        }
        NotRehearsed::Chain(error) => Fault::Chain(error.to_string()),
        NotRehearsed::Record(difference) => Fault::Differs(vec![difference]),
    }
}

fn report(crowd: Crowd, sale: &RehearsedSale) -> SaleReport {
    let mut faults = Vec::new();
    if !sale.findings.is_empty() {
        faults.push(Fault::Differs(sale.findings.clone()));
    }
    match (sale.verdict, sale.wallets) {
        // Where one contribution is more than half of the soft cap nobody comes.
        (None, 0) => {}
        (None, _) => faults.push(Fault::NotSettled),
        (Some(verdict), _) => {
            // More wallets than are played would be needed; that enough people reach it was played on the engine.
            let is_short = crowd == Crowd::Many && !sale.could_succeed;
            let expected = if is_short {
                Verdict::Failed
            } else {
                crowd.expected()
            };
            if verdict != expected {
                faults.push(Fault::OtherEnding);
            }
        }
    }
    SaleReport {
        venue: Venue::Chain,
        crowd,
        ending: sale
            .verdict
            .map_or(SaleEnding::NotSettled, SaleEnding::from),
        people: sale.wallets,
        contributions: sale.taken + sale.refused,
        cut: sale.refused,
        withdrawn: sale.withdrawn,
        raised: sale.raised.0.to_string(),
        sold: sale.sold.0.to_string(),
        entries: sale.entries,
        transactions: Some(sale.transactions),
        faults,
    }
}
