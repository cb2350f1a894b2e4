//! Wallets of people: signing up and logging in with one (EIP-4361), and the list of one's own.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use serde::{Deserialize, Serialize};
use softcap_identity::{
    ContractQuestion, Device, Examined, ProvenWallet, SignedMessage, WalletError, WalletPurpose,
};
use utoipa::ToSchema;

use super::{
    Service,
    keys::time_text,
    sessions::LoggedInView,
    sign_up::NewPersonView,
    signed_in::{SignedIn, Visitor, no_store, session_secret, set_cookie},
    wallet_problem::of_wallet,
};
use crate::{
    extract::{Json, Path},
    origin::refuse_other_pages,
    problem::ApiError,
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(ask, log_in, step_up, confirm_sign_up, ask_own, list, add, remove))]
pub(crate) struct WalletPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/wallet-messages", post(ask))
        .route("/v1/sessions/wallet", post(log_in))
        .route("/v1/sessions/current/step-up/wallet", post(step_up))
        .route("/v1/sign-up/confirmation/wallet", post(confirm_sign_up))
        .route("/v1/me/wallets", get(list).post(add))
        .route("/v1/me/wallets/messages", post(ask_own))
        .route("/v1/me/wallets/{id}", delete(remove))
        .layer(map_response(no_store))
}

/// Which wallet is to sign, and to get in how.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageBody {
    /// The wallet's address.
    #[schema(example = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2")]
    address: String,
    /// The chain that it is set to. For a wallet that is a contract it is the one that the site follows.
    #[schema(example = 1)]
    chain_id: u64,
    /// What for; it stands in the message.
    purpose: EntrancePurpose,
}

/// The same within a session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnMessageBody {
    /// The wallet's address.
    #[schema(example = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2")]
    address: String,
    /// The chain that it is set to. For a wallet that is a contract it is the one that the site follows.
    #[schema(example = 1)]
    chain_id: u64,
    /// What for; it stands in the message.
    purpose: OwnPurpose,
}

/// What a wallet is to sign for by who is not logged in.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum EntrancePurpose {
    /// Logging in.
    LogIn,
    /// Signing up.
    SignUp,
}

/// What a wallet is to sign for in a session.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OwnPurpose {
    /// Logging in with it from now on.
    Add,
    /// Showing it again.
    StepUp,
}

/// A message to be signed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MessageView {
    /// The text (EIP-4361), for `personal_sign`. Send it back unchanged.
    message: String,
    /// Until when it is taken.
    until: String,
}

/// A message that a wallet signed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignedBody {
    /// The text as it was given out.
    message: String,
    /// What the wallet gave: hexadecimal after `0x`.
    #[schema(value_type = String)]
    signature: Bytes,
}

/// The proof of an address of mail, and a wallet to log in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WalletSignUpBody {
    /// The code of the mail: it works once.
    code: String,
    /// The text as it was given out for `sign_up`.
    message: String,
    /// What the wallet gave: hexadecimal after `0x`.
    #[schema(value_type = String)]
    signature: Bytes,
}

/// A wallet with which its owner logs in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WalletEntry {
    /// Its name here.
    id: String,
    /// Its address.
    address: String,
    /// When it was added.
    added_at: String,
    /// When it was used last.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_at: Option<String>,
}

/// The wallets of a person, in the order they were added.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WalletList {
    /// The wallets.
    wallets: Vec<WalletEntry>,
}

/// A wallet that was added.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WalletAddedView {
    /// Its name here.
    id: String,
}

/// Ask for a message that a wallet signs to log in or to sign up.
#[utoipa::path(
    post,
    path = "/v1/wallet-messages",
    tag = "people",
    request_body = MessageBody,
    responses((status = 201, description = "The message", body = MessageView)),
)]
async fn ask(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    visitor: Visitor,
    Json(body): Json<MessageBody>,
) -> Result<Response, ApiError> {
    refuse_other_pages(&headers, &service.origin)?;
    let purpose = match body.purpose {
        EntrancePurpose::LogIn => WalletPurpose::LogIn,
        EntrancePurpose::SignUp => WalletPurpose::SignUp,
    };
    message(
        &service,
        (&body.address, body.chain_id),
        purpose,
        &visitor.0,
    )
    .await
}

/// Ask for a message that a wallet signs to be added to the account, or to be shown again.
#[utoipa::path(
    post,
    path = "/v1/me/wallets/messages",
    tag = "people",
    security(("session" = [])),
    request_body = OwnMessageBody,
    responses((status = 201, description = "The message", body = MessageView)),
)]
async fn ask_own(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
    visitor: Visitor,
    Json(body): Json<OwnMessageBody>,
) -> Result<Response, ApiError> {
    let purpose = match body.purpose {
        OwnPurpose::Add => WalletPurpose::Add(session.person),
        OwnPurpose::StepUp => WalletPurpose::StepUp(session.person),
    };
    message(
        &service,
        (&body.address, body.chain_id),
        purpose,
        &visitor.0,
    )
    .await
}

async fn message(
    service: &Service,
    (address, chain_id): (&str, u64),
    purpose: WalletPurpose,
    device: &Device,
) -> Result<Response, ApiError> {
    let address = address.parse().map_err(of_wallet)?;
    let (wallets, now) = (&service.wallets, service.now());
    let given = wallets.ask((address, chain_id), purpose, device.address, now);
    let given = given.await.map_err(of_wallet)?;
    let view = MessageView {
        message: given.message,
        until: time_text(given.ends_at),
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Log in with a wallet. It is one factor, as a password is: a second one is asked for next by who has it. The answer
/// sets the cookie of a new session; the one that the browser had ends.
#[utoipa::path(
    post,
    path = "/v1/sessions/wallet",
    tag = "people",
    request_body = SignedBody,
    responses((status = 201, description = "Logged in", body = LoggedInView)),
)]
async fn log_in(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    visitor: Visitor,
    Json(body): Json<SignedBody>,
) -> Result<Response, ApiError> {
    refuse_other_pages(&headers, &service.origin)?;
    let before = session_secret(&headers);
    let signed = (body.message.as_str(), &body.signature);
    let proven = prove(&service, signed, WalletPurpose::LogIn).await?;
    let (wallets, device) = (&service.wallets, (&visitor.0, before.as_ref()));
    let logged_in = wallets.log_in(proven, device, service.now()).await;
    let logged_in = logged_in.map_err(of_wallet)?;
    let view = LoggedInView::new(&logged_in);
    let cookie = [(header::SET_COOKIE, set_cookie(&logged_in.secret)?)];
    Ok((StatusCode::CREATED, cookie, Json(view)).into_response())
}

/// Show a wallet of the account again, so that acts are done for ten minutes which need that. The answer sets the cookie
/// anew; the secret of before is dead.
#[utoipa::path(
    post,
    path = "/v1/sessions/current/step-up/wallet",
    tag = "people",
    security(("session" = [])),
    request_body = SignedBody,
    responses((status = 204, description = "The session is fresh")),
)]
async fn step_up(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
    Json(body): Json<SignedBody>,
) -> Result<Response, ApiError> {
    let purpose = WalletPurpose::StepUp(session.person);
    let signed = (body.message.as_str(), &body.signature);
    let proven = prove(&service, signed, purpose).await?;
    let secret = service.wallets.step_up(&session, proven, service.now());
    let secret = secret.await.map_err(of_wallet)?;
    let cookie = [(header::SET_COOKIE, set_cookie(&secret)?)];
    Ok((StatusCode::NO_CONTENT, cookie).into_response())
}

/// Sign up with a wallet instead of a password: prove the address of mail with the code of `POST /v1/sign-up`. Then log in.
#[utoipa::path(
    post,
    path = "/v1/sign-up/confirmation/wallet",
    tag = "people",
    request_body = WalletSignUpBody,
    responses((status = 201, description = "Signed up", body = NewPersonView)),
)]
async fn confirm_sign_up(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Json(body): Json<WalletSignUpBody>,
) -> Result<Response, ApiError> {
    refuse_other_pages(&headers, &service.origin)?;
    let signed = (body.message.as_str(), &body.signature);
    let proven = prove(&service, signed, WalletPurpose::SignUp).await?;
    let wallets = &service.wallets;
    let person = wallets.confirm_sign_up(&body.code, proven, service.now());
    let view = NewPersonView::new(person.await.map_err(of_wallet)?);
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// The wallets with which the asking person logs in.
#[utoipa::path(
    get,
    path = "/v1/me/wallets",
    tag = "people",
    security(("session" = [])),
    responses((status = 200, description = "In the order they were added", body = WalletList)),
)]
async fn list(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
) -> Result<Json<WalletList>, ApiError> {
    let wallets = service.wallets.list(session.person).await;
    let wallets = wallets.map_err(of_wallet)?.into_iter();
    Ok(Json(WalletList {
        wallets: wallets
            .map(|wallet| WalletEntry {
                id: wallet.id.to_string(),
                address: wallet.address.to_string(),
                added_at: time_text(wallet.made_at),
                used_at: wallet.used_at.map(time_text),
            })
            .collect(),
    }))
}

/// Add a wallet to log in with. It needs a factor that was shown in the last ten minutes, and a mail says it.
#[utoipa::path(
    post,
    path = "/v1/me/wallets",
    tag = "people",
    security(("session" = [])),
    request_body = SignedBody,
    responses((status = 201, description = "It logs you in from now on", body = WalletAddedView)),
)]
async fn add(
    State(service): State<Arc<Service>>,
    current: SignedIn,
    Json(body): Json<SignedBody>,
) -> Result<Response, ApiError> {
    current.require_fresh(&service)?;
    let purpose = WalletPurpose::Add(current.0.person);
    let signed = (body.message.as_str(), &body.signature);
    let proven = prove(&service, signed, purpose).await?;
    let id = service.wallets.add(&current.0, proven, service.now()).await;
    let view = WalletAddedView {
        id: id.map_err(of_wallet)?.to_string(),
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Remove a wallet: it logs nobody in any more. It needs a factor that was shown in the last ten minutes.
#[utoipa::path(
    delete,
    path = "/v1/me/wallets/{id}",
    tag = "people",
    security(("session" = [])),
    params(("id" = String, Path, description = "The wallet's name in the list")),
    responses((status = 204, description = "It is gone")),
)]
async fn remove(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    current: SignedIn,
) -> Result<StatusCode, ApiError> {
    current.require_fresh(&service)?;
    let id = id.parse().map_err(of_wallet)?;
    let removed = service.wallets.remove(&current.0, id, service.now()).await;
    removed.map_err(of_wallet)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whose wallet signed a message of this site, asking the chain where it may be a contract.
async fn prove(
    service: &Service,
    (message, signature): (&str, &Bytes),
    purpose: WalletPurpose,
) -> Result<ProvenWallet, ApiError> {
    let signed = SignedMessage { message, signature };
    let examined = service.wallets.examine(signed, purpose, service.now());
    let question = match examined.await.map_err(of_wallet)? {
        Examined::ByKey(proven) => return Ok(proven),
        Examined::ByContract(question) => question,
    };
    let is_accepted = is_accepted(service, &question, signature.clone()).await;
    match is_accepted.map_err(of_wallet)? {
        Accepted::Yes => Ok(question.accepted()),
        Accepted::No => {
            let refused = service.wallets.refuse_contract(&question, service.now());
            Err(of_wallet(refused.await))
        }
    }
}

/// What a contract said.
enum Accepted {
    Yes,
    No,
}

async fn is_accepted(
    service: &Service,
    question: &ContractQuestion,
    signature: Bytes,
) -> Result<Accepted, WalletError> {
    // Without a chain there are no contracts, and it was a wrong signature of a key.
    let Some(chain) = service.rails.chain() else {
        return Ok(Accepted::No);
    };
    let asked = async {
        if chain.chain_id().await? != question.chain_id {
            return Ok(false);
        }
        let wallet = Address::from(question.address().to_bytes());
        chain
            .accepts_signature(wallet, B256::from(question.hash), signature)
            .await
    };
    match asked.await {
        Ok(true) => Ok(Accepted::Yes),
        Ok(false) => Ok(Accepted::No),
        Err(error) => {
            tracing::warn!(%error, "a wallet that may be a contract cannot be asked");
            Err(WalletError::Unreachable)
        }
    }
}
