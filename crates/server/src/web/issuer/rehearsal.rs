//! The rehearsal of a draft: the whole sale with people who do not exist, before anything is announced.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use softcap_identity::Verb;
use softcap_offering::terms::Terms;

use super::{
    super::{
        amounts,
        language::{Language, Value},
        page::{page, see_other},
        times::When,
        visit::Visit,
    },
    Member,
    findings::Checked,
};
use crate::{
    api::{Service, begin_rehearsal, draft_of, rehearsal_of, reports},
    drafts::{KeptRehearsal, RehearsalState},
    extract::Path,
    problem::ApiError,
    rehearsals::{Crowd, Fault, Plan, SaleEnding, SaleReport, Venue},
};

/// A sale that was rehearsed, in words.
struct SaleView {
    title: String,
    ending: String,
    tone: &'static str,
    facts: Vec<(String, String)>,
    faults: Vec<FaultView>,
}

/// What went wrong, with what the engine or the chain says of it, which is English.
struct FaultView {
    words: String,
    details: Vec<String>,
}

/// What is known of a rehearsal of these terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// These terms cannot be played: sealed bids.
    Impossible,
    /// Nobody rehearsed them.
    Nothing,
    /// It is on its way.
    Running,
    /// It passed.
    Passed,
    /// Something went wrong.
    Failed,
    /// Whoever worked at it stopped in the middle.
    BrokenOff,
}

impl Known {
    /// Whether these terms can be announced, as far as a rehearsal goes.
    pub(super) fn is_enough(self) -> bool {
        match self {
            Self::Impossible | Self::Passed => true,
            Self::Nothing | Self::Running | Self::Failed | Self::BrokenOff => false,
        }
    }

    /// What a page says of it.
    pub(super) fn words(self, language: Language) -> String {
        language.say(match self {
            Self::Impossible => "rehearsal-impossible",
            Self::Nothing => "rehearsal-nothing",
            Self::Running => "rehearsal-running",
            Self::Passed => "rehearsal-passed",
            Self::Failed => "rehearsal-failed",
            Self::BrokenOff => "rehearsal-broken-off",
        })
    }
}

/// How far it is.
struct Progress {
    step: u32,
    steps: u32,
    words: String,
}

#[derive(Template)]
#[template(path = "issuer/rehearsal.html")]
struct RehearsalPage {
    visit: Visit,
    name: String,
    title: String,
    known: Known,
    known_words: String,
    done: Option<When>,
    progress: Option<Progress>,
    sales: Vec<SaleView>,
    on_chain: bool,
    may_write: bool,
}

/// What is known of a rehearsal of exactly these terms.
pub(super) async fn known(
    service: &Service,
    terms: &Terms,
) -> Result<(Known, Option<KeptRehearsal>), ApiError> {
    if Plan::of(terms).is_none() {
        return Ok((Known::Impossible, None));
    }
    let kept = rehearsal_of(service, terms).await?;
    let known = match kept.as_ref().map(|kept| kept.state) {
        None => Known::Nothing,
        Some(RehearsalState::Running) => Known::Running,
        Some(RehearsalState::Passed) => Known::Passed,
        Some(RehearsalState::Failed) => Known::Failed,
        Some(RehearsalState::BrokenOff) => Known::BrokenOff,
    };
    Ok((known, kept))
}

pub(super) async fn rehearsal(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Member(caller): Member,
) -> Result<Response, ApiError> {
    let draft = draft_of(&service, &caller, Verb::OfferingsRead, &name).await?;
    let Some(terms) = Checked::new(visit.language, &draft.terms).terms else {
        return see_other(&format!("/issuer/drafts/{name}"));
    };
    let (known, kept) = known(&service, &terms).await?;
    let language = visit.language;
    let is_over = matches!(known, Known::Passed | Known::Failed);
    let sales = kept.as_ref().map(reports).unwrap_or_default();
    page(&RehearsalPage {
        title: terms.name.clone(),
        known,
        known_words: known.words(language),
        done: kept
            .as_ref()
            .filter(|_| is_over)
            .map(|kept| When::new(language, u64::try_from(kept.heard_ms).unwrap_or(0))),
        progress: kept
            .filter(|_| known == Known::Running)
            .map(|kept| progress(language, &kept)),
        sales: sales
            .iter()
            .map(|sale| view(language, &terms, sale))
            .collect(),
        on_chain: softcap_evm::takes_evm(&terms),
        may_write: caller.require(Verb::OfferingsWrite, &name).is_ok(),
        name,
        visit,
    })
}

pub(super) async fn rehearse_now(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Member(caller): Member,
) -> Result<Response, ApiError> {
    let draft = draft_of(&service, &caller, Verb::OfferingsWrite, &name).await?;
    let Some(terms) = Checked::new(visit.language, &draft.terms).terms else {
        return see_other(&format!("/issuer/drafts/{name}"));
    };
    begin_rehearsal(&service, &caller, &Arc::new(terms)).await?;
    see_other(&format!("/issuer/drafts/{name}/rehearsal"))
}

fn progress(language: Language, kept: &KeptRehearsal) -> Progress {
    let count = |number: u32| amounts::count(language, u128::from(number));
    Progress {
        step: kept.step,
        steps: kept.steps,
        words: format!("{} / {}", count(kept.step), count(kept.steps)),
    }
}

fn view(language: Language, terms: &Terms, sale: &SaleReport) -> SaleView {
    let (ending, tone) = match sale.ending {
        SaleEnding::Succeeded => ("verdict-succeeded", "good"),
        SaleEnding::Failed => ("verdict-failed", "info"),
        SaleEnding::Cancelled => ("verdict-cancelled", "info"),
        SaleEnding::Expired => ("verdict-expired", "info"),
        SaleEnding::NotSettled if sale.people == 0 && sale.faults.is_empty() => {
            ("rehearsal-nobody", "info")
        }
        SaleEnding::NotSettled => ("rehearsal-stopped", "stop"),
    };
    let title = match (sale.venue, sale.crowd) {
        (Venue::Engine, Crowd::Many) => "rehearsal-crowd",
        (Venue::Engine, Crowd::TooFew) => "rehearsal-thin",
        (Venue::Chain, Crowd::Many) => "rehearsal-chain-crowd",
        (Venue::Chain, Crowd::TooFew) => "rehearsal-chain-thin",
    };
    SaleView {
        title: language.say(title),
        ending: language.say(ending),
        tone,
        facts: if sale.people == 0 {
            Vec::new()
        } else {
            facts(language, terms, sale)
        },
        faults: sale
            .faults
            .iter()
            .map(|fault| words(language, fault))
            .collect(),
    }
}

fn facts(language: Language, terms: &Terms, sale: &SaleReport) -> Vec<(String, String)> {
    let count =
        |number: usize| amounts::count(language, u128::try_from(number).unwrap_or(u128::MAX));
    let units = |text: &str| text.parse::<u128>().unwrap_or(0);
    let (people, cut) = match sale.venue {
        Venue::Engine => ("rehearsal-people", "trial-cut"),
        Venue::Chain => ("rehearsal-wallets", "rehearsal-refused"),
    };
    let mut facts = vec![
        (language.say(people), count(sale.people)),
        (
            language.say("desk-contributions"),
            count(sale.contributions),
        ),
        (language.say(cut), count(sale.cut)),
        (language.say("rehearsal-withdrawn"), count(sale.withdrawn)),
        (
            language.say("raise-raised"),
            amounts::value(language, terms, units(&sale.raised)).text,
        ),
        (
            language.say("trial-sold"),
            amounts::tokens(language, terms, units(&sale.sold)).text,
        ),
        (language.say("rehearsal-entries"), count(sale.entries)),
    ];
    if let Some(transactions) = sale.transactions {
        facts.push((language.say("rehearsal-transactions"), count(transactions)));
    }
    facts
}

fn words(language: Language, fault: &Fault) -> FaultView {
    let (key, details) = match fault {
        Fault::Invariant(what) => ("rehearsal-invariant", vec![what.clone()]),
        Fault::NotSettled => ("rehearsal-not-settled", Vec::new()),
        Fault::OtherEnding => ("rehearsal-other-ending", Vec::new()),
        Fault::MoneyMissing => ("rehearsal-money-missing", Vec::new()),
        Fault::Unfinished(phase) => {
            let phase = language.say(&format!("phase-{phase}"));
            let words = language.tell("rehearsal-unfinished", &[("phase", Value::Text(&phase))]);
            return FaultView {
                words,
                details: Vec::new(),
            };
        }
        Fault::OtherReplay => ("rehearsal-other-replay", Vec::new()),
        Fault::NoContract(reasons) => ("rehearsal-no-contract", reasons.clone()),
        Fault::Chain(what) => ("rehearsal-chain-stopped", vec![what.clone()]),
        Fault::Differs(differences) => ("rehearsal-differs", differences.clone()),
    };
    FaultView {
        words: language.say(key),
        details,
    }
}
