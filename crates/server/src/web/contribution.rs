//! One contribution: what happened, where the money is, what comes next and when, and what its owner can do.

use std::sync::Arc;

use alloy_primitives::Address;
use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;
use softcap_identity::PersonId;
use softcap_journal::OfferingLog;

use super::{
    amounts,
    form::{Form, once},
    language::Language,
    objections::{self, Said},
    page::{page, see_other},
    sealed_bid,
    state_words::{self, Told},
    times::When,
    visit::Visit,
    wallet::{fee_words, money_words},
};
use crate::{
    api::{
        OwnName, Service, free_money, of_database, own_contribution, own_name_of, take_back_own,
        withdraw_own,
    },
    contribution_state::{OnItsWay, ResultOnChain, State as Matter, facts_while},
    extract::{Path, Query},
    problem::{ApiError, ProblemCode},
    wallet_acts::{ActKind, GiveBack, NotPrepared, Seen, Stage, exits_of, look},
};

#[derive(Debug, Deserialize)]
pub(super) struct DoneQuery {
    #[serde(default)]
    done: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct OnceForm {
    #[serde(default)]
    once: String,
}

#[derive(Template)]
#[template(path = "contribution.html")]
struct ContributionPage {
    visit: Visit,
    name: String,
    title: String,
    sequence: u64,
    number: String,
    state: &'static str,
    told: Told,
    received: When,
    contributed: String,
    accepted: String,
    back: String,
    tokens: String,
    exit_until: Option<When>,
    /// Of a bid that is sealed still: whether it can be opened now, from when, and until when.
    sealed: Option<(bool, Option<When>, When)>,
    /// Free money in the account of the offering.
    free: Vec<String>,
    /// What a wallet can do now; `None` for money of a balance.
    wallet: Option<FromWallet>,
    once: String,
    done: Option<String>,
}

/// A contribution that came from a wallet, with its ways out as the contract says them now.
#[derive(Default)]
struct FromWallet {
    address: String,
    ways: Vec<WayView>,
    /// Whether the chain did not answer.
    is_unreachable: bool,
    /// What is on its way already.
    pending: Option<String>,
    /// Whether that is an objection, beside which other ways stay open.
    is_objecting: bool,
    /// Whether somebody could object to a release who has their tokens.
    claims_first: bool,
    /// Whether the chain said what can be taken.
    is_told: bool,
}

impl FromWallet {
    fn has(&self, kind: ActKind) -> bool {
        self.ways.iter().any(|way| way.kind == kind.code())
    }
}

/// A way out.
struct WayView {
    /// In its address.
    kind: &'static str,
    title: String,
    text: String,
    /// The first moment in which it is too late, where there is one.
    until: Option<When>,
    button: String,
    cost: String,
    /// Makes it count once.
    once: String,
    /// Whether nothing comes to the wallet by it.
    is_objection: bool,
}

impl WayView {
    /// Whether it brings what the state says is due, so that it stands beside that.
    fn is_due(&self) -> bool {
        [ActKind::Claim, ActKind::Refund]
            .iter()
            .any(|kind| kind.code() == self.kind)
    }
}

pub(super) async fn contribution(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path((name, sequence)): Path<(String, u64)>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    let person = visit.session()?.person;
    let own = own_name_of(&service, &log, person, sequence).await?;
    let done = match query.done.as_str() {
        "made" => Some(visit.say("contribution-made")),
        "withdrawn" => Some(visit.say("contribution-withdrawn")),
        "back" => Some(visit.say("contribution-money-back")),
        "given_back" => Some(visit.say("contribution-given-back")),
        "objected" => Some(visit.say("contribution-objected")),
        "sealed" => Some(visit.say("contribution-sealed")),
        "opened" => Some(visit.say("contribution-opened")),
        _ => None,
    };
    let wallet = match own {
        OwnName::Number(_) => None,
        OwnName::Wallet(wallet) => {
            Some(from_wallet(&service, visit.language, (&log, person), wallet).await?)
        }
    };
    page(&contribution_page(
        &service,
        visit,
        &log,
        (&own, wallet),
        (sequence, done),
    )?)
}

/// What the chain lets a wallet do now, and what is on its way.
async fn from_wallet(
    service: &Service,
    language: Language,
    (log, person): (&Arc<OfferingLog>, PersonId),
    wallet: Address,
) -> Result<FromWallet, ApiError> {
    let mut shown = FromWallet {
        address: wallet.to_checksum(None),
        ..FromWallet::default()
    };
    if let Some((place, kind)) = exit_on_its_way(service, (log, person), wallet).await? {
        shown.pending = Some(place);
        shown.is_objecting = kind.is_objection();
        if !shown.is_objecting {
            return Ok(shown);
        }
    }
    match exits_of(service, log, wallet).await {
        Ok(ways) => {
            shown.is_told = true;
            for way in ways {
                if way.kind.is_objection() && shown.is_objecting {
                    continue;
                }
                let kind = way.kind.code();
                let money = money_words(language, log, way.money);
                let said = match way.kind {
                    ActKind::Object => objections::of_root(service, language, log),
                    ActKind::ObjectRelease => objections::of_release(service, language, log),
                    ActKind::Contribute
                    | ActKind::Claim
                    | ActKind::Refund
                    | ActKind::Withdraw
                    | ActKind::GiveBack => Said {
                        text: way_words(language, log, (kind, &money, way.given)),
                        until: None,
                    },
                };
                shown.ways.push(WayView {
                    title: language.say(&format!("way-{kind}-title")),
                    text: said.text,
                    until: said.until,
                    is_objection: way.kind.is_objection(),
                    button: language.say(&format!("way-{kind}-button")),
                    cost: fee_words(language, service, way.cost.expected()),
                    once: once()?,
                    kind,
                });
            }
        }
        // Pages offer none of it.
        Err(NotPrepared::NoEscrow) => {}
        Err(NotPrepared::Api(error)) => return Err(error),
        Err(
            NotPrepared::Unreachable
            | NotPrepared::Refused(_)
            | NotPrepared::NoCoin
            | NotPrepared::NotAdmitted
            | NotPrepared::OtherWallet
            | NotPrepared::NoLimit
            | NotPrepared::LimitTooFine
            | NotPrepared::NoLeaf,
        ) => shown.is_unreachable = true,
    }
    // The contract weighs objections by what was claimed.
    shown.claims_first =
        shown.has(ActKind::Claim) && objections::is_release_announced(service, log);
    Ok(shown)
}

/// What a way out brings, and what is given for it.
fn way_words(
    language: Language,
    log: &OfferingLog,
    (kind, money, given): (&str, &str, Option<GiveBack>),
) -> String {
    let units = given.map_or(0, |given| given.tokens.saturating_to());
    let tokens = amounts::tokens(language, &log.terms, units).text;
    let values = [("amount", money.into()), ("tokens", (&tokens).into())];
    let text = language.tell(&format!("way-{kind}"), &values);
    match given {
        Some(given) if !given.is_allowed => {
            format!("{text} {}", language.say("way-give_back-twice"))
        }
        Some(_) | None => text,
    }
}

/// The page of what a wallet has sent for and the record does not have yet.
async fn exit_on_its_way(
    service: &Service,
    (log, person): (&OfferingLog, PersonId),
    wallet: Address,
) -> Result<Option<(String, ActKind)>, ApiError> {
    let acts = service.wallet_acts().of_person(person).await;
    let acts = acts.map_err(of_database)?.into_iter();
    let mut sent = acts.filter(|act| {
        act.offering == log.row.name
            && act.wallet == wallet
            && act.kind != ActKind::Contribute
            && act.stage == Stage::Sent
    });
    let Some(mut newest) = sent.next() else {
        return Ok(None);
    };
    let seen = look(service, log, &mut newest).await?;
    let is_open = match seen {
        Seen::Before { state, .. } => !matches!(state, Matter::Dropped | Matter::Failed),
        Seen::Entered(_) | Seen::Over => false,
    };
    Ok(is_open.then(|| (format!("/wallet/{}", newest.id), newest.kind)))
}

fn contribution_page(
    service: &Service,
    visit: Visit,
    log: &OfferingLog,
    (own, wallet): (&OwnName, Option<FromWallet>),
    (sequence, done): (u64, Option<String>),
) -> Result<ContributionPage, ApiError> {
    let language = visit.language;
    let terms = &log.terms;
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let index = own_contribution(offering, own.id(), sequence).ok_or(ProblemCode::NotFound)?;
    let result = ResultOnChain::of(service, &log.row.name, offering);
    let on_its_way = match &wallet {
        Some(wallet) if wallet.pending.is_some() && !wallet.is_objecting => OnItsWay::Exit,
        Some(wallet) if wallet.has(ActKind::Claim) => OnItsWay::Offered,
        // Nothing is left in the contract of what it pays back against the record.
        Some(wallet)
            if wallet.is_told
                && !wallet.has(ActKind::Refund)
                && matches!(result, ResultOnChain::Void(_)) =>
        {
            OnItsWay::PaidOut
        }
        Some(_) | None => OnItsWay::Nothing,
    };
    let facts = facts_while(offering, index, (result, on_its_way));
    let fee = wallet.as_ref().and_then(|wallet| {
        let mut ways = wallet.ways.iter();
        let claim = ways.find(|way| way.kind == ActKind::Claim.code())?;
        Some(claim.cost.as_str())
    });
    let row = &facts.row;
    let money = |units: u128| amounts::money(language, terms, row.currency.index(), units).text;
    let free = match own {
        OwnName::Number(number) => free_money(offering, number),
        OwnName::Wallet(_) => Vec::new(),
    };
    let free = free.into_iter().map(|free| {
        amounts::money(language, terms, usize::from(free.currency), free.amount.0).text
    });
    Ok(ContributionPage {
        name: log.row.name.to_string(),
        title: terms.name.clone(),
        sequence,
        number: amounts::count(language, u128::from(sequence)),
        state: facts.state.code(),
        told: state_words::told(language, offering, &facts, fee),
        received: When::at(language, row.position),
        contributed: money(row.contributed.0),
        accepted: money(facts.accepted().0),
        back: money(facts.back.0),
        tokens: amounts::tokens(language, terms, facts.tokens().0).text,
        exit_until: facts.exit_until.map(|until| When::at(language, until)),
        sealed: sealed_bid::Window::of(offering, row, service.now()).map(|window| {
            let from = window.from.map(|from| When::at(language, from));
            (window.is_open, from, When::at(language, window.until))
        }),
        free: free.collect(),
        wallet,
        once: once()?,
        done,
        visit,
    })
}

pub(super) async fn withdraw(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path((name, sequence)): Path<(String, u64)>,
    Form(form): Form<OnceForm>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    let person = visit.session()?.person;
    withdraw_own(&service, &log, person, (sequence, &form.once)).await?;
    see_other(&format!("/contributions/{name}/{sequence}?done=withdrawn"))
}

pub(super) async fn take_back(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    take_back_own(&service, &log, visit.session()?.person).await?;
    see_other("/portfolio?done=back")
}
