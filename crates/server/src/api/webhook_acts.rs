//! What is done with webhooks, by programs and by pages: each asks first whether the caller may.

use softcap_identity::{UnixMillis, Verb};
use softcap_proof::hex;

use super::{
    Service,
    call_note::begin_change,
    caller::{Caller, IdempotencyKey},
    keys::time_text,
    webhook_message::{KINDS, of_test},
    webhooks::{NewWebhook, of_database},
};
use crate::{
    problem::{ApiError, ProblemCode},
    webhooks::{Endpoint, EndpointSecret, EndpointState, EndpointUrl, NewEndpoint, TestCall},
};

/// Endpoints of one offering at most: each message is stored once for each of them.
const ENDPOINTS_MOST: usize = 20;

/// Names of an offering and of a webhook of it.
type Place<'a> = (&'a str, &'a str);

/// The endpoint of this offering, if the caller may.
pub(crate) async fn endpoint_of(
    service: &Service,
    caller: &Caller,
    verb: Verb,
    (offering, webhook): Place<'_>,
) -> Result<Endpoint, ApiError> {
    service.offering(offering)?;
    caller.require(verb, offering)?;
    let found = service.webhooks.endpoint(webhook).await;
    found
        .map_err(of_database)?
        .filter(|endpoint| endpoint.offering == offering)
        .ok_or_else(|| ApiError::not_found("the offering has no webhook with this id"))
}

/// The endpoints of an offering, oldest first.
pub(crate) async fn webhooks_of(
    service: &Service,
    caller: &Caller,
    offering: &str,
) -> Result<Vec<Endpoint>, ApiError> {
    service.offering(offering)?;
    caller.require(Verb::WebhooksRead, offering)?;
    let found = service.webhooks.endpoints(offering).await;
    found.map_err(of_database)
}

fn chosen_kinds(mut kinds: Vec<String>) -> Result<Vec<String>, ApiError> {
    kinds.sort_unstable();
    kinds.dedup();
    match kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
        None => Ok(kinds),
        Some(_) => Err(ApiError::invalid(
            "kinds",
            &format!("there are {}", KINDS.join(", ")),
        )),
    }
}

/// Registers an address; a repeat of the request gives the same endpoint and secret.
pub(crate) async fn register_webhook(
    service: &Service,
    caller: &Caller,
    (offering, key): (&str, &IdempotencyKey),
    new: NewWebhook,
) -> Result<(Endpoint, EndpointSecret), ApiError> {
    service.offering(offering)?;
    caller.require(Verb::WebhooksWrite, offering)?;
    let webhooks = &service.webhooks;
    let url = EndpointUrl::parse(&new.url, webhooks.rules())
        .map_err(|refused| ApiError::invalid("url", &refused.to_string()))?;
    let kinds = chosen_kinds(new.kinds)?;
    let request = caller.request(&service.requests, key);
    let id = format!("ep_{}", hex(&request.0));
    let others = webhooks.endpoints(offering).await.map_err(of_database)?;
    if others.len() >= ENDPOINTS_MOST && others.iter().all(|other| other.id != id) {
        return Err(ApiError::new(
            ProblemCode::Conflict,
            format!("an offering has {ENDPOINTS_MOST} webhooks at most: delete one"),
        ));
    }
    let endpoint = NewEndpoint {
        offering: offering.to_owned(),
        owner: caller.owner(),
        url,
        kinds,
    };
    begin(service, caller, (offering, &id), "register").await?;
    let registered = webhooks
        .register_as(&id, endpoint, UnixMillis::now().get())
        .await;
    let registered = registered.map_err(of_database)?;
    registered.ok_or_else(|| ProblemCode::KeyReused.into())
}

/// Writes down who is about to do what to an address.
async fn begin(
    service: &Service,
    caller: &Caller,
    (offering, webhook): Place<'_>,
    act: &str,
) -> Result<(), ApiError> {
    let (subject, what) = (
        format!("offering:{offering}"),
        format!("webhook {webhook} {act}"),
    );
    begin_change(service, &caller.who(), (&subject, &what)).await
}

/// Switches an address on or off, and gives it as it is then.
pub(crate) async fn switch_webhook(
    service: &Service,
    caller: &Caller,
    place: Place<'_>,
    is_on: bool,
) -> Result<Endpoint, ApiError> {
    endpoint_of(service, caller, Verb::WebhooksWrite, place).await?;
    begin(
        service,
        caller,
        place,
        if is_on { "switch on" } else { "switch off" },
    )
    .await?;
    let switched = service.webhooks.switch(place.1, is_on).await;
    switched.map_err(of_database)?;
    endpoint_of(service, caller, Verb::WebhooksWrite, place).await
}

/// Forgets an address and all its deliveries.
pub(crate) async fn remove_webhook(
    service: &Service,
    caller: &Caller,
    place: Place<'_>,
) -> Result<(), ApiError> {
    endpoint_of(service, caller, Verb::WebhooksWrite, place).await?;
    begin(service, caller, place, "remove").await?;
    let removed = service.webhooks.remove(place.1).await;
    removed.map(drop).map_err(of_database)
}

/// A new secret, which signs from the next call on.
pub(crate) async fn renew_webhook(
    service: &Service,
    caller: &Caller,
    place: Place<'_>,
) -> Result<(Endpoint, EndpointSecret), ApiError> {
    let endpoint = endpoint_of(service, caller, Verb::WebhooksWrite, place).await?;
    begin(service, caller, place, "renew").await?;
    let renewed = service.webhooks.renew_secret(place.1).await;
    let secret = renewed.map_err(of_database)?.ok_or(ProblemCode::NotFound)?;
    Ok((endpoint, secret))
}

/// Sends a message again, with all attempts.
pub(crate) async fn replay_delivery(
    service: &Service,
    caller: &Caller,
    place: Place<'_>,
    message: &str,
) -> Result<(), ApiError> {
    let endpoint = endpoint_of(service, caller, Verb::WebhooksWrite, place).await?;
    if endpoint.state != EndpointState::Active {
        let why = "the webhook is switched off: switch it on first";
        return Err(ApiError::new(ProblemCode::Conflict, why));
    }
    begin(service, caller, place, "replay").await?;
    let now = UnixMillis::now().get();
    let found = service.webhooks.replay(place.1, message, now).await;
    if found.map_err(of_database)? {
        Ok(())
    } else {
        Err(ApiError::not_found("this webhook has no such message"))
    }
}

/// Calls an address once with a message about nothing.
pub(crate) async fn test_webhook(
    service: &Service,
    caller: &Caller,
    place: Place<'_>,
) -> Result<TestCall, ApiError> {
    let endpoint = endpoint_of(service, caller, Verb::WebhooksWrite, place).await?;
    let now = UnixMillis::now();
    let name = uuid::Uuid::new_v4().simple().to_string();
    let message = of_test(place.0, &name, &time_text(now));
    let called = service.webhooks.test(&endpoint, message, now.get()).await;
    called.map_err(of_database)
}
