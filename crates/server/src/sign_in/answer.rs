//! Sending somebody to another site, and what it says when they come back.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use openidconnect::{
    AccessToken, AsyncHttpClient, AuthType, AuthenticationFlow, AuthorizationCode,
    ClaimsVerificationError, CsrfToken, EndUserEmail, HttpRequest, HttpResponse, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    Scope, SignatureVerificationError, SubjectIdentifier, TokenResponse as _,
    core::{
        CoreAuthPrompt, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenClaims,
        CoreIdTokenVerifier, CoreJwsSigningAlgorithm, CoreResponseType, CoreUserInfoClaims,
    },
};
use softcap_identity::{
    Attempt, BegunAttempt, EmailAddress, OutsideIdentity, OutsideMail, SignInError, UnixMillis,
};
use tokio::time::timeout;
use url::Url;

use super::{OtherSite, description::Description};
use crate::{outside::call, webhooks::GuardedClient};

/// All calls of one answer, so that the person is told in time.
const ANSWER_TIME: Duration = Duration::from_secs(20);
/// The clock of another site may go so wrong.
const SKEW: Duration = Duration::from_secs(60);
/// An id token is written when the code is shown, and not before.
const OLDEST_TOKEN: Duration = Duration::from_secs(10 * 60);
/// What an id token may be signed with: keys that the other site alone has, of three kinds. `none` and shared secrets are not
/// among them.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 3] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Through what, and when.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) client: &'a GuardedClient,
    pub(crate) now: UnixMillis,
}

/// What the address says with which somebody comes back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answered<'a> {
    pub(crate) code: &'a str,
    /// Which site says that it answers.
    pub(crate) iss: Option<&'a str>,
}

/// Who somebody is there.
pub(crate) struct Vouched {
    pub(crate) identity: OutsideIdentity,
    mail: Option<OutsideMail>,
    access: AccessToken,
    description: Arc<Description>,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NotReached(String);

/// Our client as the library calls one.
struct Guarded<'a>(&'a GuardedClient);

impl<'c> AsyncHttpClient<'c> for Guarded<'_> {
    type Error = NotReached;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, NotReached>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = call(self.0, request.map(Bytes::from)).await;
            let answer = answer.map_err(NotReached)?;
            Ok(answer.map(|body| body.to_vec()))
        })
    }
}

impl OtherSite {
    /// Where somebody is sent: with `again` the other site asks them even if it knows them still.
    pub(crate) async fn address_to_ask(
        &self,
        asking: Asking<'_>,
        (begun, again): (&BegunAttempt, bool),
    ) -> Result<Url, SignInError> {
        let description = self.describe(asking).await?;
        let client = CoreClient::from_provider_metadata(
            description.metadata.clone(),
            self.client_id(),
            None,
        );
        let client = client.set_redirect_uri(self.redirect_address()?);
        let state = CsrfToken::new(begun.state.reveal().to_owned());
        let nonce = Nonce::new(begun.nonce.reveal().to_owned());
        let verifier = PkceCodeVerifier::new(begun.verifier.reveal().to_owned());
        let scopes = self.scopes().iter().filter(|scope| *scope != "openid");
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let mut request = client
            .authorize_url(flow, move || state, move || nonce)
            .add_scopes(scopes.cloned().map(Scope::new))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        if again {
            request = request
                .add_prompt(CoreAuthPrompt::Login)
                .set_max_age(Duration::ZERO);
        }
        Ok(request.url().0)
    }

    /// Whether the site that says that it answers is this one (RFC 9207). One that says of itself that it names itself must.
    pub(crate) async fn check_who_answers(
        &self,
        asking: Asking<'_>,
        iss: Option<&str>,
    ) -> Result<(), SignInError> {
        let must = self.describe(asking).await?.names_itself;
        match iss {
            Some(iss) if iss == self.issuer() => Ok(()),
            None if !must => Ok(()),
            Some(_) | None => Err(SignInError::OtherSite),
        }
    }

    /// Who somebody is, of the code with which they came back.
    pub(crate) async fn who_is(
        &self,
        asking: Asking<'_>,
        attempt: &Attempt,
        answered: Answered<'_>,
    ) -> Result<Vouched, SignInError> {
        let vouched = async {
            self.check_who_answers(asking, answered.iss).await?;
            self.redeem(asking, attempt, answered.code).await
        };
        let vouched = timeout(ANSWER_TIME, vouched).await;
        vouched.unwrap_or(Err(SignInError::Unreachable))
    }

    async fn redeem(
        &self,
        asking: Asking<'_>,
        attempt: &Attempt,
        code: &str,
    ) -> Result<Vouched, SignInError> {
        let mut description = self.describe(asking).await?;
        let client = CoreClient::from_provider_metadata(
            description.metadata.clone(),
            self.client_id(),
            self.secret(),
        );
        let client = client
            .set_redirect_uri(self.redirect_address()?)
            .set_auth_type(auth_type(&description));
        let verifier = PkceCodeVerifier::new(attempt.verifier.reveal().to_owned());
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| SignInError::Unreachable)?
            .set_pkce_verifier(verifier);
        let tokens = request.request_async(&Guarded(asking.client)).await;
        let tokens = tokens.map_err(|error| match error {
            RequestTokenError::Request(_) => SignInError::Unreachable,
            RequestTokenError::ServerResponse(_)
            | RequestTokenError::Parse(..)
            | RequestTokenError::Other(_) => SignInError::Exchange,
        })?;
        let token = tokens.id_token().ok_or(SignInError::Exchange)?;
        let mut claims = self.verify(&description, token, attempt, asking.now);
        if let Err(ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey,
        )) = claims
        {
            let described = &self.described;
            description = described
                .with_new_keys(asking.client, &description, asking.now)
                .await;
            claims = self.verify(&description, token, attempt, asking.now);
        }
        let claims = claims.map_err(|error| refused(&error))?;
        Ok(Vouched {
            identity: self.identity(claims)?,
            mail: mail_of(claims.email(), claims.email_verified()),
            access: tokens.access_token().clone(),
            description,
        })
    }

    /// The address of mail of somebody: in the id token, or where the site tells it.
    pub(crate) async fn mail_of(
        &self,
        asking: Asking<'_>,
        vouched: Vouched,
    ) -> Option<OutsideMail> {
        if vouched.mail.is_some() {
            return vouched.mail;
        }
        let client = CoreClient::from_provider_metadata(
            vouched.description.metadata.clone(),
            self.client_id(),
            None,
        );
        let subject = SubjectIdentifier::new(vouched.identity.subject().to_owned());
        let request = client.user_info(vouched.access, Some(subject)).ok()?;
        let guarded = Guarded(asking.client);
        let about = timeout(ANSWER_TIME, request.request_async(&guarded)).await;
        // Without an address the person types one, and it is proved by a code.
        let about: CoreUserInfoClaims = about.ok()?.ok()?;
        mail_of(about.email(), about.email_verified())
    }

    async fn describe(&self, asking: Asking<'_>) -> Result<Arc<Description>, SignInError> {
        let described = &self.described;
        described
            .get(asking.client, self.issuer(), asking.now)
            .await
    }

    fn redirect_address(&self) -> Result<RedirectUrl, SignInError> {
        let address = RedirectUrl::new(self.return_address.clone());
        address.map_err(|_| SignInError::Unreachable)
    }

    /// The claims of an id token, if this site wrote it now, for this program and this login (OpenID Connect Core, section
    /// 3.1.3.7).
    fn verify<'t>(
        &self,
        description: &Description,
        token: &'t CoreIdToken,
        attempt: &Attempt,
        now: UnixMillis,
    ) -> Result<&'t CoreIdTokenClaims, ClaimsVerificationError> {
        let metadata = &description.metadata;
        let verifier = CoreIdTokenVerifier::new_public_client(
            self.client_id(),
            metadata.issuer().clone(),
            metadata.jwks().clone(),
        );
        let at = moment(now);
        let verifier = verifier
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || at.into())
            .set_issue_time_verifier_fn(move |issued| {
                let issued = SystemTime::from(issued);
                let is_of_now = issued <= at + SKEW && issued + OLDEST_TOKEN >= at;
                is_of_now.then_some(()).ok_or("not of now".to_owned())
            });
        let nonce = Nonce::new(attempt.nonce.reveal().to_owned());
        let claims = token.claims(&verifier, &nonce)?;
        // The library leaves this one to its caller.
        match claims.authorized_party() {
            Some(party) if *party != self.client_id() => Err(
                ClaimsVerificationError::InvalidAudience("azp is another".to_owned()),
            ),
            Some(_) | None => Ok(claims),
        }
    }

    fn identity(&self, claims: &CoreIdTokenClaims) -> Result<OutsideIdentity, SignInError> {
        let shown_at = claims.auth_time().and_then(|at| {
            let at = SystemTime::from(at).duration_since(UNIX_EPOCH).ok()?;
            i64::try_from(at.as_millis()).ok().map(UnixMillis::new)
        });
        OutsideIdentity::new(self.issuer(), claims.subject().as_str(), shown_at)
    }
}

fn moment(at: UnixMillis) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(at.get()).unwrap_or(0))
}

/// How a site wants to see a secret: in the header, which is usual, or in the body, if it takes nothing else.
fn auth_type(description: &Description) -> AuthType {
    let methods = description.metadata.token_endpoint_auth_methods_supported();
    let has = |method| methods.is_some_and(|all| all.contains(&method));
    let wants_body = has(CoreClientAuthMethod::ClientSecretPost)
        && !has(CoreClientAuthMethod::ClientSecretBasic);
    if wants_body {
        AuthType::RequestBody
    } else {
        AuthType::BasicAuth
    }
}

fn mail_of(address: Option<&EndUserEmail>, is_verified: Option<bool>) -> Option<OutsideMail> {
    let address: EmailAddress = address?.as_str().parse().ok()?;
    Some(OutsideMail {
        address,
        is_verified: is_verified == Some(true),
    })
}

fn refused(error: &ClaimsVerificationError) -> SignInError {
    match error {
        ClaimsVerificationError::Expired(_) => SignInError::Expired,
        ClaimsVerificationError::InvalidAudience(_) => SignInError::Audience,
        ClaimsVerificationError::InvalidIssuer(_) => SignInError::TokenIssuer,
        ClaimsVerificationError::InvalidNonce(_) => SignInError::Nonce,
        ClaimsVerificationError::InvalidAuthTime(_) => SignInError::NotAgain,
        // Whatever else is wrong with it: nothing shows that the site wrote it.
        ClaimsVerificationError::InvalidAuthContext(_)
        | ClaimsVerificationError::InvalidSubject(_)
        | ClaimsVerificationError::Other(_)
        | ClaimsVerificationError::SignatureVerification(_)
        | ClaimsVerificationError::Unsupported(_)
        | _ => SignInError::Signature,
    }
}
