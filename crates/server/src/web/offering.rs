//! The page of an offering: what it is for, how far it is, what a token costs, who may take part, and what can go wrong.

use std::sync::Arc;

use alloy_primitives::Address;
use askama::Template;
use axum::{extract::State, response::Response};
use softcap_journal::OfferingLog;
use softcap_offering::{
    DocumentExit, Offering, RoundIndex,
    terms::{self, Rail, Terms},
};
use softcap_proof::hex;

use super::{
    amounts,
    language::Language,
    offering_card::{Shelf, phase_words, tone, windows},
    page::page,
    raise::{Raise, open_round, price_at},
    raise_chart::{self, ChartView, Drawn},
    supply::SupplyView,
    terms_words::{self, Fact},
    times::When,
    visit::Visit,
};
use crate::{api::Service, extract::Path, problem::ApiError};

/// A round with its rules in words.
pub(super) struct RoundView {
    pub(super) name: String,
    pub(super) is_open: bool,
    pub(super) from: Option<When>,
    pub(super) until: Option<When>,
    pub(super) price: Option<String>,
    pub(super) rules: Vec<String>,
    pub(super) access: String,
}

/// A version of a document.
struct DocumentView {
    number: usize,
    entry: u64,
    hash: String,
    when: When,
    exit: Option<When>,
}

/// A currency that is taken, and who holds its money.
struct CurrencyView {
    symbol: String,
    custody: String,
}

#[derive(Template)]
#[template(path = "offering.html")]
struct OfferingPage {
    visit: Visit,
    name: String,
    title: String,
    token: String,
    supply_sentence: String,
    phase: String,
    tone: &'static str,
    raise: Raise,
    chart: Option<Box<ChartView>>,
    /// So much came in that it is added up first.
    chart_waits: bool,
    contributors: String,
    entries: String,
    rounds: Vec<RoundView>,
    facts: Vec<Fact>,
    currencies: Vec<CurrencyView>,
    supply: Option<SupplyView>,
    warnings: Vec<String>,
    documents: Vec<DocumentView>,
    terms_hash: String,
    issuer_key: Option<String>,
    /// The escrow contract that the log names, and its chain.
    contract: Option<(String, String)>,
    may_contribute: bool,
    is_open: bool,
    is_over: bool,
    has_calculator: bool,
    /// Why the server takes no contributions now, though the offering would.
    stopped: bool,
    /// Only the issuer's people see it: nothing is announced.
    is_preview: bool,
}

pub(super) async fn offering(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    let drawn = raise_chart::chart(&service, visit.language, &log);
    let mut seen = offering_page(visit, name, &log);
    seen.chart_waits = matches!(drawn, Drawn::Later);
    if let Drawn::Now(chart) = drawn {
        seen.chart = Some(chart);
    }
    page(&seen)
}

fn offering_page(visit: Visit, name: String, log: &OfferingLog) -> OfferingPage {
    let state = log.sequencer.read();
    let mut seen = offering_view(visit, name, state.machine().offering());
    seen.entries = amounts::count(seen.visit.language, u128::from(state.size()));
    seen.issuer_key = log.row.issuer.as_ref().map(|issuer| issuer.key.clone());
    seen.stopped = log.sequencer.stopped().is_some();
    seen
}

/// Terms that are not announced, as everybody would see them once they are.
pub(super) fn preview_page(
    visit: Visit,
    name: String,
    offering: &Offering,
) -> Result<Response, ApiError> {
    let mut seen = offering_view(visit, name, offering);
    seen.is_preview = true;
    page(&seen)
}

fn offering_view(visit: Visit, name: String, offering: &Offering) -> OfferingPage {
    let language = visit.language;
    let terms = offering.terms();
    let phase = offering.phase();
    let count =
        |number: usize| amounts::count(language, u128::try_from(number).unwrap_or(u128::MAX));
    let on_page = terms.currencies.iter().any(|known| match known.rail {
        Rail::Balance => true,
        Rail::Evm => offering.escrow().is_some(),
        Rail::Bitcoin => false,
    });
    let is_open = open_round(offering).is_some();
    let is_over = Shelf::of(phase) == Shelf::Ended;
    OfferingPage {
        visit,
        name,
        title: terms.name.clone(),
        token: format!("{} ({})", terms.token.name, terms.token.symbol),
        supply_sentence: terms_words::supply_words(language, terms),
        phase: phase_words(language, phase),
        tone: tone(phase),
        raise: Raise::new(language, offering),
        chart: None,
        chart_waits: false,
        contributors: count(offering.contribution_count()),
        entries: String::new(),
        rounds: rounds(language, offering),
        facts: terms_words::facts(language, terms),
        currencies: currencies(language, terms),
        supply: SupplyView::new(language, terms),
        warnings: terms::lint(terms).iter().map(ToString::to_string).collect(),
        documents: documents(language, offering),
        terms_hash: hex(&terms.hash().0),
        issuer_key: None,
        contract: offering.escrow().map(|escrow| {
            let address = Address::from(escrow.contract).to_checksum(None);
            (address, escrow.chain_id.to_string())
        }),
        may_contribute: is_open && on_page,
        is_open,
        is_over,
        has_calculator: !is_over,
        stopped: false,
        is_preview: false,
    }
}

pub(super) fn rounds(language: Language, offering: &Offering) -> Vec<RoundView> {
    let terms = offering.terms();
    let is_any_open = open_round(offering).is_some();
    let now = offering.now_stamp().position;
    let views = (0_u8..).zip(&terms.rounds).map(|(place, round)| {
        let window = windows(terms, offering).find(|(of, _)| *of == place);
        let window = window.map(|(_, window)| window);
        let is_open = is_any_open
            && offering.closed_early(RoundIndex(place)).is_none()
            && window.is_some_and(|window| window.contains(now));
        let price = window.and_then(|window| {
            let at = if is_open { now } else { window.from };
            price_at(language, offering, Some(RoundIndex(place)), at)
        });
        let mut rules = vec![
            terms_words::pricing(language, terms, round),
            terms_words::allocation(language, round),
        ];
        rules.extend(terms_words::limits(language, terms, round));
        if let Some(cap) = round.cap {
            let cap = amounts::value(language, terms, cap.0).text;
            rules.push(language.tell("round-cap", &[("cap", (&cap).into())]));
        }
        RoundView {
            name: round.name.clone(),
            is_open,
            from: window.map(|window| When::at(language, window.from)),
            until: window.map(|window| When::at(language, window.end_exclusive())),
            price,
            rules,
            access: terms_words::access(language, round),
        }
    });
    views.collect()
}

fn currencies(language: Language, terms: &Terms) -> Vec<CurrencyView> {
    let views = terms.currencies.iter().map(|known| CurrencyView {
        symbol: known.symbol.clone(),
        custody: terms_words::custody(language, known.rail),
    });
    views.collect()
}

fn documents(language: Language, offering: &Offering) -> Vec<DocumentView> {
    let views = (1..)
        .zip(offering.documents())
        .map(|(number, document)| DocumentView {
            number,
            entry: document.sequence.0,
            hash: hex(&document.hash),
            when: When::at(language, document.stamp.position),
            exit: match document.exit {
                DocumentExit::WithdrawalUntil(until) => Some(When::at(language, until)),
                DocumentExit::None => None,
            },
        });
    views.collect()
}
