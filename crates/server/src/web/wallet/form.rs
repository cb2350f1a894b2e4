//! Contributing from a wallet: which wallet and how much, everything once more, and then the wallet is asked.

use std::sync::Arc;

use alloy_primitives::Address;
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use softcap_identity::PersonId;
use softcap_journal::OfferingLog;
use softcap_offering::{Amount, terms::Rail};

use super::chain_words::{ChainWords, cost_words};
use crate::{
    api::{OwnName, Service, of_database, own_name_of, require_budget},
    extract::{Path, Query},
    problem::{ApiError, ProblemCode},
    wallet_acts::{
        ActId, ActKind, EscrowPlace, GiveBack, NotPrepared, Prepared, Stage, WalletAct, client_of,
        prepare,
    },
    web::{
        amounts::{self, Shown},
        assets::Asset,
        bids::{Bidding, read_limit},
        contribute::{mark, over_budget, price_now, would_take},
        form::{Errors, Form, once},
        page::{page, page_with, see_other},
        raise::open_round,
        state_words::{Told, needs_check},
        terms_words,
        visit::Visit,
    },
};

/// What is typed, and what the page of answers sends.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    wallet: String,
    #[serde(default)]
    amount: String,
    /// Of a bid, the most that is paid for one token.
    #[serde(default)]
    limit: String,
    /// Makes it count once, also when somebody goes back and sends it again.
    #[serde(default)]
    once: String,
    /// What the offering looked like.
    #[serde(default)]
    seen: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct OnceForm {
    #[serde(default)]
    once: String,
}

#[derive(Template)]
#[template(path = "wallet/form.html")]
struct FormPage {
    visit: Visit,
    errors: Errors,
    name: String,
    title: String,
    price: Option<String>,
    exit: String,
    wallet: String,
    amount: String,
    /// What was typed as the highest price; `None` where nobody bids.
    limit: Option<String>,
    token: String,
    symbol: String,
    once: String,
    is_open: bool,
    /// Why the chain cannot be asked, or pages cannot pay into the contract.
    trouble: Option<String>,
    chain: Option<ChainWords>,
    script: &'static str,
}

#[derive(Template)]
#[template(path = "wallet/check.html")]
struct CheckPage {
    visit: Visit,
    name: String,
    title: String,
    wish: Wish,
    amount: Shown,
    price: Option<String>,
    /// What would be got for it now; none where all bids are decided together.
    tokens: Option<String>,
    limit: Option<Shown>,
    back: Option<String>,
    /// What the network takes; absent where a token must be approved first.
    cost: Option<String>,
    is_in_two_steps: bool,
    exit: String,
    custody: String,
    wallet: String,
    contract: String,
    chain: ChainWords,
    once: String,
    seen: String,
}

/// Who is not let in, or not with this wallet: no field is wrong, and there is a way.
#[derive(Template)]
#[template(path = "wallet/not_now.html")]
struct NotNowPage {
    visit: Visit,
    name: String,
    title: String,
    heading: String,
    why: String,
    /// What is needed first, of who is not checked.
    needs: Option<Told>,
    /// The contract's own words.
    reason: Option<String>,
    /// The page where it can be mended, and what that is called.
    way: Option<(String, String)>,
    again: String,
}

/// The currency of the offering that the contract takes.
fn currency(log: &OfferingLog) -> Option<(usize, u8, String)> {
    let mut all = log.terms.currencies.iter().enumerate();
    let (place, known) = all.find(|(_, known)| known.rail == Rail::Evm)?;
    Some((place, known.decimals, known.symbol.clone()))
}

pub(super) async fn form(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    visit.session()?;
    page(&form_page(&service, visit, &log, &wish, Errors::default()).await?)
}

async fn form_page(
    service: &Service,
    visit: Visit,
    log: &OfferingLog,
    wish: &Wish,
    errors: Errors,
) -> Result<FormPage, ApiError> {
    let language = visit.language;
    let place = EscrowPlace::of(service, log).await;
    let chain = place.as_ref().ok().map(|place| place.named.chain_id);
    let trouble = match place {
        Ok(_) => None,
        Err(NotPrepared::NoEscrow) => Some(visit.say("wallet-no-contract")),
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
        ) => Some(visit.say("wallet-unreachable")),
    };
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    Ok(FormPage {
        errors,
        name: log.row.name.to_string(),
        title: log.terms.name.clone(),
        price: price_now(language, offering),
        exit: terms_words::withdrawal(language, &log.terms),
        wallet: wish.wallet.clone(),
        amount: wish.amount.clone(),
        limit: (Bidding::of(&log.terms) != Bidding::None).then(|| wish.limit.clone()),
        token: log.terms.token.symbol.clone(),
        symbol: currency(log).map_or_else(String::new, |(.., symbol)| symbol),
        once: kept_once(wish)?,
        is_open: open_round(offering).is_some(),
        trouble,
        chain: chain.map(|id| ChainWords::of(language, service, id)),
        script: Asset::Wallet.path(),
        visit,
    })
}

/// The value of the form that is filled in, or a new one.
fn kept_once(wish: &Wish) -> Result<String, ApiError> {
    if wish.once.is_empty() {
        once()
    } else {
        Ok(wish.once.clone())
    }
}

/// What was typed, as an act that is not noted yet.
fn read(
    service: &Service,
    visit: &Visit,
    log: &OfferingLog,
    wish: &Wish,
) -> Result<(WalletAct, usize), Errors> {
    let mut errors = Errors::default();
    let Ok(wallet) = wish.wallet.trim().parse::<Address>() else {
        errors.add("wallet", visit.say("wallet-address-wrong"));
        return Err(errors);
    };
    let (Some((place, decimals, _)), Ok(session)) = (currency(log), visit.session()) else {
        errors.add("amount", visit.say("wallet-no-contract"));
        return Err(errors);
    };
    let amount = match amounts::parse(visit.language, &wish.amount, decimals) {
        Ok(units) => Amount(units),
        Err(fault) => {
            errors.add("amount", visit.say(fault.key()));
            return Err(errors);
        }
    };
    let Ok(id) = wish.once.parse::<ActId>() else {
        errors.add("amount", visit.say("wallet-form-old"));
        return Err(errors);
    };
    let limit = read_limit(visit, &log.terms, &wish.limit, decimals)?;
    let mut act = new_act(
        service,
        log,
        (session.person, id),
        (ActKind::Contribute, wallet, amount),
    );
    act.limit = limit;
    Ok((act, place))
}

fn new_act(
    service: &Service,
    log: &OfferingLog,
    (person, id): (PersonId, ActId),
    (kind, wallet, amount): (ActKind, Address, Amount),
) -> WalletAct {
    WalletAct {
        id,
        person,
        offering: log.row.name.clone(),
        kind,
        wallet,
        amount,
        limit: None,
        stage: Stage::Draft,
        after: log.reader.size(),
        made_at: service.now(),
        sent: None,
        entry: None,
    }
}

pub(super) async fn check(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Query(mut wish): Query<Wish>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    let person = visit.session()?.person;
    wish.once = kept_once(&wish)?;
    // Who goes back to a page whose form was sent sees what came of it.
    if let Some(id) = made_before(&service, person, &wish.once).await? {
        return see_other(&format!("/wallet/{id}"));
    }
    let (act, place) = match read(&service, &visit, &log, &wish) {
        Ok(read) => read,
        Err(errors) => {
            let answer = form_page(&service, visit, &log, &wish, errors).await?;
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer);
        }
    };
    if let Some(errors) = over_budget(&service, &visit, &log, (place, act.amount)).await? {
        let answer = form_page(&service, visit, &log, &wish, errors).await?;
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer);
    }
    match prepare(&service, &log, &act).await {
        Ok(prepared) => {
            let answer = check_page(&service, visit, &log, wish, (&act, place, &prepared)).await?;
            page(&answer)
        }
        Err(not) => not_now(visit, &log, &wish, not),
    }
}

async fn made_before(
    service: &Service,
    person: PersonId,
    once: &str,
) -> Result<Option<ActId>, ApiError> {
    let Ok(id) = once.parse::<ActId>() else {
        return Ok(None);
    };
    let found = service.wallet_acts().find(person, &id).await;
    Ok(found.map_err(of_database)?.map(|act| act.id))
}

async fn check_page(
    service: &Service,
    visit: Visit,
    log: &Arc<OfferingLog>,
    wish: Wish,
    (act, place, prepared): (&WalletAct, usize, &Prepared),
) -> Result<CheckPage, ApiError> {
    let language = visit.language;
    let (price, seen) = {
        let state = log.sequencer.read();
        let offering = state.machine().offering();
        (price_now(language, offering), mark(offering))
    };
    let currency = u8::try_from(place).unwrap_or(0);
    let taken = would_take(log, (currency, act.amount)).await?;
    let money = |units: u128| amounts::money(language, &log.terms, place, units);
    let escrow = log.sequencer.read().machine().offering().escrow();
    let contract = escrow.map(|escrow| Address::from(escrow.contract).to_checksum(None));
    Ok(CheckPage {
        name: log.row.name.to_string(),
        title: log.terms.name.clone(),
        amount: money(act.amount.0),
        limit: act.limit.map(|limit| money(limit.0)),
        tokens: (act.limit.is_none())
            .then(|| amounts::tokens(language, &log.terms, taken.tokens.0).text),
        back: (taken.back.0 > 0 && act.limit.is_none()).then(|| money(taken.back.0).text),
        cost: prepared
            .cost
            .map(|cost| cost_words(language, service, &cost)),
        is_in_two_steps: prepared.approval.is_some(),
        exit: terms_words::withdrawal(language, &log.terms),
        custody: terms_words::custody(language, Rail::Evm),
        wallet: act.wallet.to_checksum(None),
        contract: contract.unwrap_or_default(),
        chain: ChainWords::of(language, service, prepared.chain_id),
        once: wish.once.clone(),
        price,
        seen,
        wish,
        visit,
    })
}

fn again(log: &OfferingLog, wish: &Wish) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("wallet", &wish.wallet);
    pairs.append_pair("amount", &wish.amount);
    if !wish.limit.is_empty() {
        pairs.append_pair("limit", &wish.limit);
    }
    format!("/offerings/{}/wallet?{}", log.row.name, pairs.finish())
}

/// Why it cannot be sent now, and the way on.
fn not_now(
    visit: Visit,
    log: &OfferingLog,
    wish: &Wish,
    not: NotPrepared,
) -> Result<Response, ApiError> {
    let back = again(log, wish);
    let verification = || {
        let place = super::super::visit::with_next("/account/verification", &back);
        Some((place, visit.say("button-finish-check")))
    };
    let mut needs = None;
    let (key, reason, way) = match not {
        NotPrepared::Api(error) => return Err(error),
        NotPrepared::NoEscrow => ("wallet-no-contract", None, None),
        NotPrepared::Unreachable => ("wallet-unreachable", None, None),
        NotPrepared::NoCoin => ("wallet-no-coin", None, None),
        NotPrepared::Refused(reason) => ("wallet-would-refuse", Some(reason), None),
        NotPrepared::NotAdmitted => {
            needs = Some(needs_check(visit.language));
            ("wallet-not-admitted", None, verification())
        }
        NotPrepared::OtherWallet => ("wallet-other-verified", None, verification()),
        NotPrepared::NoLimit => ("wallet-limit-missing", None, None),
        NotPrepared::LimitTooFine => ("wallet-limit-too-fine", None, None),
        NotPrepared::NoLeaf => ("wallet-no-leaf", None, None),
    };
    let answer = NotNowPage {
        name: log.row.name.to_string(),
        title: log.terms.name.clone(),
        heading: visit.say("wallet-not-now"),
        why: visit.say(key),
        needs,
        reason,
        way,
        again: back,
        visit,
    };
    page_with(StatusCode::CONFLICT, &answer)
}

pub(super) async fn begin(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Form(wish): Form<Wish>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    if visit.session().is_err() {
        // Somebody whose session is over goes on after logging in, with what they typed.
        return see_other(&super::super::visit::with_next(
            "/log-in",
            &again(&log, &wish),
        ));
    }
    let person = visit.session()?.person;
    if let Some(id) = made_before(&service, person, &wish.once).await? {
        return see_other(&format!("/wallet/{id}"));
    }
    let (act, place) = match read(&service, &visit, &log, &wish) {
        Ok(read) => read,
        Err(errors) => {
            let answer = form_page(&service, visit, &log, &wish, errors).await?;
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer);
        }
    };
    if wish.seen != mark(log.sequencer.read().machine().offering()) {
        let answer = NotNowPage {
            name: log.row.name.to_string(),
            title: log.terms.name.clone(),
            heading: visit.say("problem-conflict"),
            why: visit.say("changed-lead"),
            needs: None,
            reason: None,
            way: None,
            again: again(&log, &wish),
            visit,
        };
        return page_with(StatusCode::CONFLICT, &answer);
    }
    require_budget(&service, &log, person, (place, act.amount)).await?;
    add(&service, &act).await
}

async fn add(service: &Service, act: &WalletAct) -> Result<Response, ApiError> {
    let added = service.wallet_acts().add(act).await;
    added.map_err(of_database)?;
    // The wallet is asked at once: this was the click.
    see_other(&format!("/wallet/{}?ask=1", act.id))
}

/// The way out that a contribution's page offers, from the wallet that it came from.
pub(super) async fn begin_exit(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path((name, sequence, what)): Path<(String, u64, String)>,
    Form(form): Form<OnceForm>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    let person = visit.session()?.person;
    let kind = ActKind::of_code(&what).filter(|kind| *kind != ActKind::Contribute);
    let kind = kind.ok_or(ProblemCode::NotFound)?;
    let OwnName::Wallet(wallet) = own_name_of(&service, &log, person, sequence).await? else {
        return Err(ProblemCode::NotFound.into());
    };
    let id = form.once.parse::<ActId>();
    let id = id.map_err(|()| ApiError::invalid("once", "the value of the form"))?;
    let amount = match kind {
        ActKind::GiveBack => returnable(&service, &log, wallet).await?,
        ActKind::Contribute
        | ActKind::Claim
        | ActKind::Refund
        | ActKind::Withdraw
        | ActKind::Object
        | ActKind::ObjectRelease => Amount::ZERO,
    };
    let act = new_act(&service, &log, (person, id), (kind, wallet, amount));
    add(&service, &act).await
}

/// Tokens that a wallet can give back now: all of them are asked for.
async fn returnable(
    service: &Service,
    log: &OfferingLog,
    wallet: Address,
) -> Result<Amount, ApiError> {
    let known = async {
        let place = EscrowPlace::of(service, log).await?;
        let client = client_of(service)?;
        GiveBack::of(service, log, (&place, &client), wallet).await
    };
    match known.await {
        Ok(Some(given)) => Ok(Amount(given.tokens.saturating_to())),
        Err(NotPrepared::Api(error)) => Err(error),
        Ok(None) | Err(_) => Err(ProblemCode::Conflict.into()),
    }
}
