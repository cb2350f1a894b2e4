//! What a wallet is asked for, and what became of it: one page that is true whenever it is opened again.

use std::sync::Arc;

use alloy_primitives::{B256, U256};
use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::json;
use softcap_evm::Draft;
use softcap_journal::OfferingLog;

use super::chain_words::{ChainWords, cost_words, fee_words, money_words};
use crate::{
    api::{Service, of_database, require_budget_of_act},
    contribution_state::State as Matter,
    extract::{Path, Query},
    problem::{ApiError, ProblemCode},
    wallet_acts::{
        ActId, ActKind, NotPrepared, Seen, Stage, WalletAct, look, prepare, tell_hash, to,
    },
    web::{
        amounts,
        assets::Asset,
        form::{Errors, Form},
        language::{Language, Value},
        page::{page, page_with, see_other},
        state_words::{Told, tell},
        times::When,
        visit::Visit,
    },
};

#[derive(Debug, Deserialize)]
pub(super) struct AskQuery {
    #[serde(default)]
    ask: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct HashForm {
    #[serde(default)]
    hash: String,
    /// Of the transaction, as the wallet says it: `0x` and hexadecimal digits.
    #[serde(default)]
    nonce: String,
}

/// A transaction for a wallet, all of it in the form in which wallets take it.
struct Asked {
    /// `contribute`, `approve` and the like: what is asked for now.
    what: &'static str,
    to: String,
    value: String,
    data: String,
    button: String,
}

#[derive(Template)]
#[template(path = "wallet/act.html")]
struct ActPage {
    visit: Visit,
    errors: Errors,
    id: String,
    name: String,
    title: String,
    heading: String,
    state: &'static str,
    told: Told,
    /// What goes, and how much of it; absent where the contract knows that.
    amount: Option<(String, String)>,
    /// Of a bid.
    limit: Option<String>,
    wallet: String,
    chain: ChainWords,
    cost: Option<String>,
    asked: Option<Asked>,
    /// Why the wallet is not asked.
    trouble: Option<String>,
    /// Whether nothing was sent, so that it can be put away.
    can_stop: bool,
    stop: String,
    /// The transaction, and where it can be looked at.
    hash: Option<String>,
    view: Option<String>,
    /// Where to begin anew.
    anew: Option<(String, String)>,
    is_waiting: bool,
    /// How to make it faster, where it waits for a block.
    speed_up: bool,
    hash_typed: String,
    /// Whether the wallet is asked as soon as the page is there.
    ask_now: bool,
    script: &'static str,
}

/// An act of the visitor, and its offering.
async fn own_act(
    service: &Service,
    visit: &Visit,
    id: &str,
) -> Result<(WalletAct, Arc<OfferingLog>), ApiError> {
    let person = visit.session()?.person;
    let id: ActId = id.parse().map_err(|()| ProblemCode::NotFound)?;
    let found = service.wallet_acts().find(person, &id).await;
    let act = found.map_err(of_database)?.ok_or(ProblemCode::NotFound)?;
    let log = service.journal().offering(&act.offering);
    Ok((act, log.ok_or(ProblemCode::NotFound)?))
}

pub(super) async fn act(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(id): Path<String>,
    Query(query): Query<AskQuery>,
) -> Result<Response, ApiError> {
    let (mut act, log) = own_act(&service, &visit, &id).await?;
    match look(&service, &log, &mut act).await? {
        Seen::Entered(entry) => {
            let done = match act.kind {
                ActKind::Contribute => "?done=made",
                ActKind::Object | ActKind::ObjectRelease => "?done=objected",
                ActKind::GiveBack => "?done=given_back",
                ActKind::Claim | ActKind::Refund | ActKind::Withdraw => "",
            };
            see_other(&format!("/contributions/{}/{entry}{done}", log.row.name))
        }
        Seen::Over => see_other("/portfolio"),
        seen @ Seen::Before { .. } => {
            let mut shown = act_page(&service, visit, (&act, &log), &seen).await?;
            shown.ask_now = !query.ask.is_empty() && shown.asked.is_some();
            page(&shown)
        }
    }
}

async fn act_page(
    service: &Service,
    visit: Visit,
    (act, log): (&WalletAct, &Arc<OfferingLog>),
    seen: &Seen,
) -> Result<ActPage, ApiError> {
    let language = visit.language;
    let can_stop = matches!(act.stage, Stage::Draft | Stage::Asked | Stage::Declined);
    let (mut asked, mut cost, mut trouble, mut needs_approval) = (None, None, None, false);
    if can_stop {
        match prepare(service, log, act).await {
            Ok(prepared) => {
                needs_approval = prepared.approval.is_some();
                cost = prepared
                    .cost
                    .map(|cost| cost_words(language, service, &cost));
                asked = Some(asked_of(language, act, needs_approval, prepared.next()));
            }
            Err(not) => trouble = Some(trouble_words(&visit, not)?),
        }
    }
    let state = state_of(seen, needs_approval);
    let named = log.sequencer.read().machine().offering().escrow();
    let chain_id = named.map_or(0, |named| named.chain_id);
    let chain = ChainWords::of(language, service, chain_id);
    let hash = act.sent.map(|sent| sent.hash.to_string());
    let kind = act.kind.code();
    let is_over = matches!(state, Matter::Dropped | Matter::Failed);
    Ok(ActPage {
        errors: Errors::default(),
        id: act.id.to_string(),
        name: log.row.name.to_string(),
        title: log.terms.name.clone(),
        heading: visit.say(&format!("act-{kind}")),
        state: state.code(),
        told: told(language, service, (act, log), (seen, state)),
        limit: act.limit.map(|limit| money_words(language, log, limit)),
        amount: gives(language, act.kind).map(|what| (what, amount_words(language, log, act))),
        wallet: act.wallet.to_checksum(None),
        cost,
        asked,
        trouble,
        can_stop,
        stop: visit.say(if state == Matter::NeedsApproval {
            "button-cancel"
        } else if state == Matter::WaitingSignature {
            "button-stop"
        } else {
            "button-discard"
        }),
        view: hash.as_deref().and_then(|hash| chain.transaction(hash)),
        hash,
        anew: is_over.then(|| anew(&visit, log, act, state)),
        is_waiting: matches!(act.stage, Stage::Asked | Stage::Sent) && !is_over || needs_approval,
        speed_up: state == Matter::Sent,
        hash_typed: String::new(),
        ask_now: false,
        script: Asset::Wallet.path(),
        chain,
        visit,
    })
}

fn state_of(seen: &Seen, needs_approval: bool) -> Matter {
    match seen {
        Seen::Before {
            state: Matter::Draft,
            ..
        } if needs_approval => Matter::NeedsApproval,
        Seen::Before { state, .. } => *state,
        Seen::Entered(_) | Seen::Over => Matter::Unknown,
    }
}

fn asked_of(language: Language, act: &WalletAct, needs_approval: bool, draft: &Draft) -> Asked {
    let (what, button) = if needs_approval {
        ("approve", "button-approve")
    } else {
        let button = match act.stage {
            Stage::Asked => "button-ask-again",
            Stage::Declined => "button-try-again",
            Stage::Draft | Stage::Sent | Stage::Done => "button-continue",
        };
        (act.kind.code(), button)
    };
    Asked {
        what,
        to: to(draft).to_checksum(None),
        value: format!("{:#x}", draft.value),
        data: draft.data.to_string(),
        button: language.say(button),
    }
}

fn trouble_words(visit: &Visit, not: NotPrepared) -> Result<String, ApiError> {
    Ok(match not {
        NotPrepared::Api(error) => return Err(error),
        NotPrepared::NoEscrow => visit.say("wallet-no-contract"),
        NotPrepared::Unreachable => visit.say("wallet-unreachable"),
        NotPrepared::NoCoin => visit.say("wallet-no-coin"),
        NotPrepared::NotAdmitted => visit.say("wallet-not-admitted"),
        NotPrepared::OtherWallet => visit.say("wallet-other-verified"),
        NotPrepared::NoLimit => visit.say("wallet-limit-missing"),
        NotPrepared::LimitTooFine => visit.say("wallet-limit-too-fine"),
        NotPrepared::NoLeaf => visit.say("wallet-no-leaf"),
        NotPrepared::Refused(reason) => {
            let words = visit.say("wallet-would-refuse");
            format!("{words} ({reason})")
        }
    })
}

/// The state in its sentence. What is taken out of a contract was never in the wallet, so that two of them say it otherwise.
fn told(
    language: Language,
    service: &Service,
    (act, log): (&WalletAct, &OfferingLog),
    (seen, state): (&Seen, Matter),
) -> Told {
    let (depth, fee) = match seen {
        Seen::Before { depth, fee, .. } => (*depth, *fee),
        Seen::Entered(_) | Seen::Over => (None, None),
    };
    let (got, asked) = depth.unwrap_or((0, 0));
    let number = |number: u64| amounts::count(language, u128::from(number));
    let at = act.sent.map_or(act.made_at, |sent| sent.at);
    let texts = [
        ("amount", amount_words(language, log, act)),
        ("got", number(got)),
        ("asked", number(asked)),
        ("seen", When::of(language, at).text),
        ("usual", language.say("wallet-usual")),
        ("source", language.say("wallet-source")),
        ("rule", language.say("wallet-reverted")),
        (
            "hash",
            act.sent.map_or_else(String::new, |sent| short(sent.hash)),
        ),
        (
            "fee",
            fee_words(language, service, fee.unwrap_or(U256::ZERO)),
        ),
    ];
    let values: Vec<(&str, Value<'_>)> = texts
        .iter()
        .map(|(name, text)| (*name, text.into()))
        .collect();
    let mut told = tell(language, state, &values, None);
    if act.kind != ActKind::Contribute && state == Matter::Dropped {
        told.sentence = language.tell("state-dropped-exit", &values);
    } else if act.kind != ActKind::Contribute && state == Matter::Failed {
        told.sentence = language.tell("state-failed-exit", &values);
    }
    told
}

/// How the page calls what goes to the contract, where the wallet gives something.
fn gives(language: Language, kind: ActKind) -> Option<String> {
    match kind {
        ActKind::Contribute => Some(language.say("check-pay")),
        ActKind::GiveBack => Some(language.say("act-gives")),
        ActKind::Claim
        | ActKind::Refund
        | ActKind::Withdraw
        | ActKind::Object
        | ActKind::ObjectRelease => None,
    }
}

fn amount_words(language: Language, log: &OfferingLog, act: &WalletAct) -> String {
    if act.kind == ActKind::GiveBack {
        amounts::tokens(language, &log.terms, act.amount.0).text
    } else {
        money_words(language, log, act.amount)
    }
}

/// A hash in a sentence; all of it stands below.
fn short(hash: B256) -> String {
    let text = hash.to_string();
    let (first, last) = (text.get(..8), text.get(text.len().saturating_sub(4)..));
    format!("{}…{}", first.unwrap_or_default(), last.unwrap_or_default())
}

/// Where to begin anew after what will never be in a block.
fn anew(visit: &Visit, log: &OfferingLog, act: &WalletAct, state: Matter) -> (String, String) {
    let words = visit.say(if state == Matter::Dropped {
        "button-start-again"
    } else {
        "button-try-again"
    });
    if act.kind != ActKind::Contribute {
        return ("/portfolio".to_owned(), words);
    }
    let mut all = log.terms.currencies.iter();
    let known = all.find(|known| known.rail == softcap_offering::terms::Rail::Evm);
    let decimals = known.map_or(0, |known| known.decimals);
    let amount = amounts::plain(act.amount.0, decimals);
    let limit = act.limit.map(|limit| amounts::plain(limit.0, decimals));
    let limit = limit.map_or_else(String::new, |limit| format!("&limit={limit}"));
    let place = format!(
        "/offerings/{}/wallet/check?wallet={}&amount={amount}{limit}",
        log.row.name, act.wallet
    );
    (place, words)
}

/// What the page asks while it is open: one word that changes when the page is to be loaded again.
pub(super) async fn state(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let (mut act, log) = own_act(&service, &visit, &id).await?;
    let word = match look(&service, &log, &mut act).await? {
        Seen::Entered(entry) => format!("entry {entry}"),
        Seen::Over => "over".to_owned(),
        seen @ Seen::Before { .. } => {
            let needs_approval = act.stage == Stage::Draft
                && matches!(prepare(&service, &log, &act).await,
                    Ok(prepared) if prepared.approval.is_some());
            let shown = told(
                visit.language,
                &service,
                (&act, &log),
                (&seen, state_of(&seen, needs_approval)),
            );
            let state = state_of(&seen, needs_approval).code();
            format!("{state} {}", shown.sentence)
        }
    };
    Ok(axum::Json(json!({ "state": word })).into_response())
}

pub(super) async fn asked(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let (act, log) = own_act(&service, &visit, &id).await?;
    if act.kind == ActKind::Contribute {
        // Another one may have been sent since the form.
        require_budget_of_act(&service, &log, &act).await?;
    }
    move_on(&service, &visit, &id, Stage::Asked).await
}

pub(super) async fn declined(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    move_on(&service, &visit, &id, Stage::Declined).await
}

async fn move_on(
    service: &Service,
    visit: &Visit,
    id: &str,
    stage: Stage,
) -> Result<Response, ApiError> {
    let (act, _) = own_act(service, visit, id).await?;
    let moved = service.wallet_acts().move_on(&act, stage).await;
    moved.map_err(of_database)?;
    see_other(&format!("/wallet/{id}"))
}

pub(super) async fn discard(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let (act, log) = own_act(&service, &visit, &id).await?;
    let gone = service.wallet_acts().discard(&act).await;
    gone.map_err(of_database)?;
    see_other(&format!("/offerings/{}", log.row.name))
}

pub(super) async fn sent(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<HashForm>,
) -> Result<Response, ApiError> {
    let (mut act, log) = own_act(&service, &visit, &id).await?;
    let typed = form.hash.trim();
    let nonce = form.nonce.strip_prefix("0x");
    let nonce = nonce.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let told = match typed.parse::<B256>() {
        Ok(hash) => tell_hash(&service, &log, &act, (hash, nonce)).await,
        Err(_) => Err(ApiError::invalid("hash", "0x and 64 hexadecimal digits")),
    };
    match told {
        Ok(()) => see_other(&format!("/wallet/{id}")),
        Err(ApiError::Own {
            code: ProblemCode::Invalid,
            ..
        }) => {
            let seen = look(&service, &log, &mut act).await?;
            let mut shown = act_page(&service, visit, (&act, &log), &seen).await?;
            let words = shown.visit.say("wallet-hash-wrong");
            shown.errors.add("hash", words);
            typed.clone_into(&mut shown.hash_typed);
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown)
        }
        Err(error) => Err(error),
    }
}
