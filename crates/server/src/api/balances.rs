//! Money that people have on the platform: what came in, what went out, and what there is.
//!
//! A person is 16 random bytes and not a part of any offering, so that these routes ask for a scope on
//! `*`. Who the person is stands with whoever calls.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use softcap_identity::Verb;
use softcap_offering::{Amount, Sequence};
use softcap_rails::balance::{
    Balance, BalanceCommand, BalanceOutcome, BalanceRefusal, Balances, PersonId,
};
use utoipa::ToSchema;

use super::{
    Service,
    amount::{Money, parse_units},
    call_note::begin_change,
    caller::{Caller, IdempotencyKey},
    random_id::parse_id,
    submit::{name_of, of_journal},
};
use crate::{
    extract::{Json, Path},
    problem::{ApiError, ProblemCode},
    system::CodeText,
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(add_currency, currencies, confirm, new_person, read, deposit, withdraw))]
pub(crate) struct BalancePaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route(
            "/v1/platform/currencies",
            get(currencies).post(add_currency),
        )
        .route("/v1/platform/confirmation", post(confirm))
        .route("/v1/people", post(new_person))
        .route("/v1/people/{person}/balances", get(read))
        .route("/v1/people/{person}/deposits", post(deposit))
        .route("/v1/people/{person}/withdrawals", post(withdraw))
}

/// A currency that people can have money in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCurrencyBody {
    /// As in the terms of offerings: 1 to 16 letters, digits, hyphens and full stops.
    #[schema(example = "EUR")]
    symbol: String,
    /// Places of the smallest unit, 0 to 30. They never change.
    #[schema(example = 2)]
    decimals: u8,
}

/// A currency that was added.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewCurrencyView {
    /// Number of the entry in the platform's log.
    sequence: u64,
    /// Its symbol.
    symbol: String,
    /// Places of the smallest unit.
    decimals: u8,
}

/// The currencies of the platform.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PlatformCurrencies {
    /// In the order in which they were added.
    currencies: Vec<PlatformCurrencyView>,
}

/// A currency of the platform, and the balances of all people in it together.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PlatformCurrencyView {
    /// Places of the smallest unit.
    decimals: u8,
    /// The sums.
    #[serde(flatten)]
    sums: BalanceView,
}

/// Money in one currency: deposited is withdrawn, available and in offerings together.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BalanceView {
    /// Its symbol.
    currency: String,
    /// All that ever came in.
    deposited: Money,
    /// All that was ever paid out.
    withdrawn: Money,
    /// To be moved or paid out.
    available: Money,
    /// Moved, or on its way, to offerings and not back. What a sale took stays here.
    in_offerings: Money,
}

/// Somebody who can have money on the platform.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PersonView {
    /// 32 hexadecimal digits.
    #[schema(example = "7d1f0c5a9b3e48d2a6c4f1e0b8d7935a")]
    person: String,
}

/// What a person has.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PersonBalances {
    /// Whose.
    person: String,
    /// One for each currency in which there ever was money of the person.
    balances: Vec<BalanceView>,
}

/// Money that came in or is paid out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PaymentBody {
    /// Symbol of a currency of the platform.
    #[schema(example = "EUR")]
    currency: String,
    /// Smallest units.
    #[schema(example = "125000")]
    amount: String,
    /// How you find the payment: at most 255 printable ASCII characters without comma and quotation
    /// mark. It can never be erased: no names.
    #[serde(default)]
    reference: String,
}

/// A deposit or withdrawal that was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PaymentView {
    /// Number of the entry in the platform's log.
    sequence: u64,
    /// Whose.
    person: String,
    /// How much.
    amount: Money,
    /// How you find the payment.
    reference: String,
}

/// Reads a person's id.
pub(super) fn person_id(text: &str) -> Result<PersonId, ApiError> {
    parse_id("person", text).map(PersonId)
}

/// An amount of a currency of the platform.
pub(super) fn money(balances: &Balances, currency: &str, amount: Amount) -> Money {
    let mut known = balances.currencies();
    let unit = known.find(|unit| unit.symbol == currency);
    Money::new(amount.0, unit.map_or(0, |unit| unit.decimals), currency)
}

/// A refusal by the platform, and what is special about it this time.
pub(super) fn refused(refusal: BalanceRefusal, detail: String) -> ApiError {
    let status = match refusal {
        BalanceRefusal::NotACurrency | BalanceRefusal::Zero => StatusCode::UNPROCESSABLE_ENTITY,
        BalanceRefusal::UnknownCurrency
        | BalanceRefusal::CurrencyExists
        | BalanceRefusal::TooManyCurrencies
        | BalanceRefusal::InsufficientBalance
        | BalanceRefusal::AmountTooLarge
        | BalanceRefusal::NotInOffering
        | BalanceRefusal::NoSuchTransfer
        | BalanceRefusal::TransferFinished
        | BalanceRefusal::TransferCancelled
        | BalanceRefusal::TooManyOfferings => StatusCode::CONFLICT,
    };
    ApiError::Domain {
        status,
        code: refusal.name().into(),
        title: refusal.sentence().into(),
        detail,
        remedy: refusal.remedy().into(),
    }
}

/// The refusals, for their pages.
pub(super) fn refusal_texts() -> impl Iterator<Item = CodeText> {
    BalanceRefusal::ALL.iter().map(|refusal| CodeText {
        code: refusal.name().into(),
        title: refusal.sentence().into(),
        remedy: refusal.remedy().into(),
    })
}

impl BalanceView {
    pub(super) fn new(currency: &str, decimals: u8, balance: Balance) -> Self {
        let money = |amount: Amount| Money::new(amount.0, decimals, currency);
        Self {
            currency: currency.to_owned(),
            deposited: money(balance.deposited),
            withdrawn: money(balance.withdrawn),
            available: money(balance.available),
            in_offerings: money(balance.in_offerings),
        }
    }
}

/// Records an entry of the platform once for an Idempotency-Key. Who does it is written down first.
async fn record(
    service: &Service,
    caller: &Caller,
    key: &IdempotencyKey,
    (subject, command): (&str, &BalanceCommand<'_>),
) -> Result<Sequence, ApiError> {
    let platform = service.journal.open_platform().await.map_err(of_journal)?;
    let request = caller.request(&service.requests, key);
    begin_change(service, &caller.who(), (subject, &name_of(request))).await?;
    let recorded = platform.record(Some(request), command).await;
    match recorded.map_err(of_journal)? {
        (sequence, BalanceOutcome::Done) => Ok(sequence),
        (sequence, BalanceOutcome::Refused(refusal)) => {
            let detail = format!(
                "entry {} of the platform says so for good: another try needs another Idempotency-Key",
                sequence.0
            );
            Err(refused(refusal, detail))
        }
        // Another node entered the same request at the same time. The next try gets that answer.
        (_, BalanceOutcome::RepeatOf(_)) => Err(ApiError::retry(ProblemCode::TooSlow, 1)),
    }
}

/// Add a currency to the platform, for good.
#[utoipa::path(
    post,
    path = "/v1/platform/currencies",
    tag = "balances",
    security(("key" = [])),
    params(("Idempotency-Key" = String, Header, description = "A value of your own; repeat it on a retry")),
    request_body = NewCurrencyBody,
    responses((status = 201, description = "It is there", body = NewCurrencyView)),
)]
async fn add_currency(
    State(service): State<Arc<Service>>,
    caller: Caller,
    key: IdempotencyKey,
    Json(body): Json<NewCurrencyBody>,
) -> Result<Response, ApiError> {
    caller.require_on_all(Verb::AccountsWrite)?;
    let command = BalanceCommand::AddCurrency {
        symbol: &body.symbol,
        decimals: body.decimals,
    };
    let sequence = record(&service, &caller, &key, ("-", &command)).await?.0;
    let view = NewCurrencyView {
        sequence,
        symbol: body.symbol,
        decimals: body.decimals,
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// The currencies of the platform, with all money in them.
#[utoipa::path(
    get,
    path = "/v1/platform/currencies",
    tag = "balances",
    security(("key" = [])),
    responses((status = 200, description = "Now", body = PlatformCurrencies)),
)]
async fn currencies(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<PlatformCurrencies>, ApiError> {
    caller.require_on_all(Verb::AccountsRead)?;
    // Nobody had money here yet when there is no log.
    let platform = service.journal.find_platform().await.map_err(of_journal)?;
    let currencies = platform.map_or_else(Vec::new, |platform| {
        let state = platform.sequencer.read();
        let balances = state.machine().balances();
        let known = balances.currencies().map(|unit| PlatformCurrencyView {
            decimals: unit.decimals,
            sums: BalanceView::new(unit.symbol, unit.decimals, balances.total(unit.symbol)),
        });
        known.collect()
    });
    Ok(Json(PlatformCurrencies { currencies }))
}

/// Say that the server's clock is right after it jumped. Until then the entries of the platform have
/// the last time that was trusted; none is refused for it.
#[utoipa::path(
    post,
    path = "/v1/platform/confirmation",
    tag = "balances",
    security(("key" = [])),
    responses((status = 204, description = "Entries have the server's time again")),
)]
async fn confirm(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<StatusCode, ApiError> {
    caller.require_on_all(Verb::ServerWrite)?;
    let platform = service.journal.find_platform().await.map_err(of_journal)?;
    let platform = platform.ok_or_else(|| ApiError::not_found("nobody had money here yet"))?;
    platform.sequencer.confirm();
    Ok(StatusCode::NO_CONTENT)
}

/// Draw an id for a person. Nothing is stored: 16 random bytes of your own do as well.
#[utoipa::path(
    post,
    path = "/v1/people",
    tag = "balances",
    security(("key" = [])),
    responses((status = 201, description = "An id that nobody has", body = PersonView)),
)]
async fn new_person(caller: Caller) -> Result<Response, ApiError> {
    caller.require_on_all(Verb::AccountsWrite)?;
    let mut drawn = [0; 16];
    getrandom::fill(&mut drawn).map_err(|error| ApiError::internal(&error))?;
    let person = PersonId(drawn).to_string();
    Ok((StatusCode::CREATED, Json(PersonView { person })).into_response())
}

/// What a person has. Somebody who never had money has no balances.
#[utoipa::path(
    get,
    path = "/v1/people/{person}/balances",
    tag = "balances",
    security(("key" = [])),
    params(("person" = String, Path, description = "The person's id")),
    responses((status = 200, description = "Now", body = PersonBalances)),
)]
async fn read(
    State(service): State<Arc<Service>>,
    Path(who): Path<String>,
    caller: Caller,
) -> Result<Json<PersonBalances>, ApiError> {
    caller.require_on_all(Verb::AccountsRead)?;
    let person = person_id(&who)?;
    let platform = service.journal.find_platform().await.map_err(of_journal)?;
    let balances = platform.map_or_else(Vec::new, |platform| {
        let state = platform.sequencer.read();
        let own = state.machine().balances().balances(person);
        own.map(|(unit, balance)| BalanceView::new(unit.symbol, unit.decimals, balance))
            .collect()
    });
    Ok(Json(PersonBalances {
        person: who,
        balances,
    }))
}

/// Record money of a person that arrived.
#[utoipa::path(
    post,
    path = "/v1/people/{person}/deposits",
    tag = "balances",
    security(("key" = [])),
    params(
        ("person" = String, Path, description = "The person's id"),
        ("Idempotency-Key" = String, Header, description = "A value of your own; repeat it on a retry"),
    ),
    request_body = PaymentBody,
    responses((status = 201, description = "It is recorded", body = PaymentView)),
)]
async fn deposit(
    State(service): State<Arc<Service>>,
    Path(who): Path<String>,
    caller: Caller,
    key: IdempotencyKey,
    Json(body): Json<PaymentBody>,
) -> Result<Response, ApiError> {
    pay(&service, &caller, &key, &who, &body, Way::In).await
}

/// Record money that is paid out to a person. It is gone from the balance from now on: pay after the
/// answer, not before.
#[utoipa::path(
    post,
    path = "/v1/people/{person}/withdrawals",
    tag = "balances",
    security(("key" = [])),
    params(
        ("person" = String, Path, description = "The person's id"),
        ("Idempotency-Key" = String, Header, description = "A value of your own; repeat it on a retry"),
    ),
    request_body = PaymentBody,
    responses((status = 201, description = "It is recorded", body = PaymentView)),
)]
async fn withdraw(
    State(service): State<Arc<Service>>,
    Path(who): Path<String>,
    caller: Caller,
    key: IdempotencyKey,
    Json(body): Json<PaymentBody>,
) -> Result<Response, ApiError> {
    pay(&service, &caller, &key, &who, &body, Way::Out).await
}

/// Judges money that went out. It did already: what cannot be judged is only written to the log.
async fn note_payment(service: &Service, person: PersonId, currency: &str, amount: Amount) {
    let Ok(person) = person.to_string().parse() else {
        return;
    };
    let (people, now) = (&service.people, service.now());
    if let Err(error) = people.note_payment(person, currency, amount.0, now).await {
        tracing::warn!(%error, "a payment was not judged");
    }
}

/// Which way a payment goes.
#[derive(Clone, Copy)]
enum Way {
    In,
    Out,
}

async fn pay(
    service: &Service,
    caller: &Caller,
    key: &IdempotencyKey,
    who: &str,
    body: &PaymentBody,
    way: Way,
) -> Result<Response, ApiError> {
    caller.require_on_all(Verb::AccountsWrite)?;
    let person = person_id(who)?;
    let amount = Amount(parse_units("amount", &body.amount)?);
    let (currency, reference) = (body.currency.as_str(), body.reference.as_str());
    let command = match way {
        Way::In => BalanceCommand::Deposit {
            person,
            currency,
            amount,
            reference,
        },
        Way::Out => BalanceCommand::Withdraw {
            person,
            currency,
            amount,
            reference,
        },
    };
    let subject = format!("person:{person}");
    let sequence = record(service, caller, key, (&subject, &command)).await?.0;
    if matches!(way, Way::Out) {
        note_payment(service, person, currency, amount).await;
    }
    let platform = service.journal.platform().map_err(of_journal)?;
    let state = platform.sequencer.read();
    let view = PaymentView {
        sequence,
        person: who.to_owned(),
        amount: money(state.machine().balances(), currency, amount),
        reference: reference.to_owned(),
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}
