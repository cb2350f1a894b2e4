//! What an application asks of a person's browser, read and judged before anybody sees a page.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{AppScopes, Client, Fault, GrantKind, OauthError, Params};
use crate::{FRESH, Level, Session, UnixMillis};

const LONGEST_STATE: usize = 2_000;
/// `acr` of a session that has shown a password alone.
const ONE_FACTOR: &str = "urn:softcap:acr:one-factor";
/// `acr` of a session that has shown two factors, or a passkey.
const TWO_FACTORS: &str = "urn:softcap:acr:two-factors";

/// The `acr` of a level.
#[must_use]
pub const fn acr(level: Level) -> &'static str {
    match level {
        Level::One => ONE_FACTOR,
        Level::Two => TWO_FACTORS,
    }
}

/// What is done about pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prompt {
    /// Those that are needed.
    Needed,
    /// None: where one is needed, the answer is an error.
    None,
    /// The person logs in again.
    Login,
    /// The person agrees again.
    Consent,
    /// Both.
    LoginAndConsent,
}

/// A request that is good: its client, its redirect address and its scopes have been looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Whose.
    pub client: String,
    /// Where the answer goes, as it was asked for.
    pub redirect: String,
    /// Given back as it came.
    pub state: Option<String>,
    /// What is asked for.
    pub scope: String,
    /// The S256 challenge (RFC 7636).
    pub challenge: String,
    /// For the id token.
    pub nonce: Option<String>,
    /// What is done about pages.
    pub prompt: Prompt,
    /// Seconds since the person last showed a factor, at most.
    pub max_age: Option<u32>,
    /// Whether two factors must have been shown.
    pub needs_two_factors: bool,
    /// The thumbprint of the key that the code is bound to (RFC 9449, section 10).
    pub key: Option<String>,
    /// When it came.
    pub made_at: i64,
}

/// Why a request is refused, and whether its redirect address may be told.
#[derive(Debug)]
pub enum BadRequest {
    /// Nobody knows where to send the answer: the person sees a page.
    Shown(OauthError),
    /// The application is told.
    Told(Box<ToldError>),
}

/// An error that goes to an application.
#[derive(Debug)]
pub struct ToldError {
    /// Where to.
    pub redirect: String,
    /// Given back as it came.
    pub state: Option<String>,
    /// What.
    pub error: OauthError,
}

impl AuthorizationRequest {
    /// Reads a request of a known client.
    ///
    /// # Errors
    /// [`BadRequest`].
    pub fn read(
        params: &Params,
        client: &Client,
        resource: &str,
        now: UnixMillis,
    ) -> Result<Self, BadRequest> {
        let redirect = redirect(params, client).map_err(BadRequest::Shown)?;
        let read = Self::read_rest(params, client, resource, &redirect, now);
        read.map_err(|error| {
            let state = params.one("state").ok().flatten().map(str::to_owned);
            BadRequest::Told(Box::new(ToldError {
                redirect,
                state: state.filter(|state| state.len() <= LONGEST_STATE),
                error,
            }))
        })
    }

    fn read_rest(
        params: &Params,
        client: &Client,
        resource: &str,
        redirect: &str,
        now: UnixMillis,
    ) -> Result<Self, OauthError> {
        if params.one("request")?.is_some() {
            let why = "requests are pushed, not signed: see RFC 9126";
            return Err(OauthError::new(Fault::RequestNotSupported, why));
        }
        client.require(GrantKind::Code)?;
        if params.need("response_type")? != "code" {
            let why = "response_type is code";
            return Err(OauthError::new(Fault::UnsupportedResponseType, why));
        }
        if params
            .one("response_mode")?
            .is_some_and(|mode| mode != "query")
        {
            return Err(OauthError::request("response_mode is query"));
        }
        let state = params.one("state")?.map(str::to_owned);
        if state
            .as_ref()
            .is_some_and(|state| state.len() > LONGEST_STATE)
        {
            return Err(OauthError::request("state has at most 2,000 bytes"));
        }
        require_resource(params, resource)?;
        let scope = client.asks(params.one("scope")?)?;
        let nonce = params.one("nonce")?.map(str::to_owned);
        if nonce
            .as_ref()
            .is_some_and(|nonce| nonce.len() > LONGEST_STATE)
        {
            return Err(OauthError::request("nonce has at most 2,000 bytes"));
        }
        Ok(Self {
            client: client.id.to_string(),
            redirect: redirect.to_owned(),
            state,
            scope: scope.to_string(),
            challenge: challenge(params)?,
            nonce,
            prompt: prompt(params)?,
            max_age: max_age(params)?,
            needs_two_factors: needs_two_factors(params)?,
            key: dpop_key(params)?,
            made_at: now.get(),
        })
    }

    /// What is asked for.
    ///
    /// # Errors
    /// None in practice: it was read when it came.
    pub fn scopes(&self) -> Result<AppScopes, OauthError> {
        self.scope.parse()
    }

    /// Whether a session has shown what is asked for: the factors, as late as is wanted, and after this request where the
    /// person is to log in again.
    #[must_use]
    pub fn is_met_by(&self, session: &Session, now: UnixMillis) -> bool {
        let after = match self.prompt {
            Prompt::Login | Prompt::LoginAndConsent => self.made_at,
            Prompt::Needed | Prompt::None | Prompt::Consent => i64::MIN,
        };
        // Who showed a factor since this request came need not do so again while they decide.
        let oldest = self.max_age.map_or(i64::MIN, |seconds| {
            let wanted = now.minus(Duration::from_secs(seconds.into()));
            wanted.get().min(self.made_at)
        });
        let is_enough = !self.needs_two_factors || session.level == Level::Two;
        session.fresh_at.get() >= after.max(oldest) && is_enough
    }
}

/// One of those that are registered, as it is asked for.
fn redirect(params: &Params, client: &Client) -> Result<String, OauthError> {
    let given = params.need("redirect_uri")?;
    let mut known = client.about.redirects.iter();
    if known.any(|uri| uri.matches(given)) {
        return Ok(given.to_owned());
    }
    let why = "redirect_uri is not one of those that this client registered, letter by letter";
    Err(OauthError::request(why))
}

/// PKCE with S256, which nobody can leave out (OAuth 2.1, section 4.1.1).
fn challenge(params: &Params) -> Result<String, OauthError> {
    let challenge = params.need("code_challenge")?;
    if params.one("code_challenge_method")? != Some("S256") {
        return Err(OauthError::request("code_challenge_method is S256"));
    }
    let is_digest = challenge.len() == 43 && challenge.bytes().all(is_url_safe);
    is_digest.then(|| challenge.to_owned()).ok_or_else(|| {
        OauthError::request("code_challenge is a SHA-256 in base64url: 43 characters")
    })
}

fn is_url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// What tokens are for: the interface of this site, which is what is meant where nothing is said (RFC 8707).
pub(super) fn require_resource(params: &Params, resource: &str) -> Result<(), OauthError> {
    if params.all("resource").all(|given| given == resource) {
        return Ok(());
    }
    let why = format!("resource is {resource}, and nothing else");
    Err(OauthError::new(Fault::InvalidTarget, why))
}

fn prompt(params: &Params) -> Result<Prompt, OauthError> {
    let mut words: Vec<_> = params
        .one("prompt")?
        .unwrap_or_default()
        .split(' ')
        .collect();
    words.retain(|word| !word.is_empty() && *word != "select_account");
    words.sort_unstable();
    words.dedup();
    match words.as_slice() {
        [] => Ok(Prompt::Needed),
        ["none"] => Ok(Prompt::None),
        ["login"] => Ok(Prompt::Login),
        ["consent"] => Ok(Prompt::Consent),
        ["consent", "login"] => Ok(Prompt::LoginAndConsent),
        _ => Err(OauthError::request("prompt is none, or login and consent")),
    }
}

fn max_age(params: &Params) -> Result<Option<u32>, OauthError> {
    let read = |text: &str| {
        text.parse()
            .map_err(|_| OauthError::request("max_age is a number of seconds"))
    };
    params.one("max_age")?.map(read).transpose()
}

/// Two factors when no lower one would do. What is unknown is a wish, and nothing more (OpenID Connect Core, section
/// 3.1.2.1).
fn needs_two_factors(params: &Params) -> Result<bool, OauthError> {
    let values = params.one("acr_values")?.unwrap_or_default();
    let mut values = values.split(' ').filter(|value| !value.is_empty());
    Ok(values.next() == Some(TWO_FACTORS))
}

fn dpop_key(params: &Params) -> Result<Option<String>, OauthError> {
    let key = params.one("dpop_jkt")?;
    if key.is_some_and(|key| key.len() != 43 || !key.bytes().all(is_url_safe)) {
        return Err(OauthError::request(
            "dpop_jkt is a thumbprint in base64url: 43 characters",
        ));
    }
    Ok(key.map(str::to_owned))
}

/// Seconds for which a factor counts as shown just now: `max_age` of a challenge (RFC 9470).
#[must_use]
pub const fn fresh_seconds() -> u64 {
    FRESH.as_secs()
}
