//! What this site asks of an authenticator, and what it accepts (WebAuthn level 3, by `webauthn-rs`).
//!
//! A passkey is always discoverable, so that nobody types an address to log in, and always verifies its
//! user (fingerprint, face, PIN), so that it is two factors at once: something one has, and something
//! one is or knows. Attestation is not asked for: which model somebody bought is not our business.

use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;
use webauthn_rs::prelude::{
    CredentialID, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};
use webauthn_rs_proto::ResidentKeyRequirement;
use zeroize::Zeroizing;

use super::{CEREMONY, FactorError};

/// Why the answer of an authenticator was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PasskeyFault {
    /// The browser was on another site.
    #[error("{}: this passkey was used on another address than this site's", self.code())]
    Origin,
    /// The authenticator signed for another site.
    #[error("{}: this passkey belongs to another site", self.code())]
    Site,
    /// Another challenge than the one of this ceremony.
    #[error("{}: this answer belongs to another challenge: begin again", self.code())]
    Challenge,
    /// The counter went back, or stood still.
    #[error(
        "{}: the counter of this passkey went back: there may be a copy of it; remove it and add another",
        self.code()
    )]
    Counter,
    /// Nobody proved to be there by fingerprint, face or PIN.
    #[error("{}: the passkey did not verify you: use fingerprint, face or PIN", self.code())]
    NotVerified,
    /// No passkey of anybody here, or of another person.
    #[error("{}: this passkey is not known here: use another one", self.code())]
    Unknown,
    /// Not readable, or not signed by the passkey.
    #[error("{}: the answer of the passkey cannot be read, or its signature is wrong", self.code())]
    Malformed,
    /// The authenticator holds a passkey of this person already.
    #[error("{}: this passkey is registered already", self.code())]
    Known,
}

impl PasskeyFault {
    /// Every one there is.
    pub const ALL: [Self; 8] = [
        Self::Origin,
        Self::Site,
        Self::Challenge,
        Self::Counter,
        Self::NotVerified,
        Self::Unknown,
        Self::Malformed,
        Self::Known,
    ];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Origin => "A521",
            Self::Site => "A522",
            Self::Challenge => "A523",
            Self::Counter => "A524",
            Self::NotVerified => "A525",
            Self::Unknown => "A526",
            Self::Malformed => "A527",
            Self::Known => "A528",
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's enum may grow; what is not named cannot be read or is signed wrongly"
)]
impl From<WebauthnError> for PasskeyFault {
    fn from(error: WebauthnError) -> Self {
        match error {
            WebauthnError::InvalidRPOrigin | WebauthnError::CredentialCrossOrigin => Self::Origin,
            WebauthnError::InvalidRPIDHash => Self::Site,
            WebauthnError::MismatchedChallenge => Self::Challenge,
            WebauthnError::CredentialPossibleCompromise => Self::Counter,
            WebauthnError::UserNotVerified => Self::NotVerified,
            WebauthnError::CredentialNotFound | WebauthnError::InvalidUserUniqueId => Self::Unknown,
            // So the library calls a credential that was to be another one than those that are known. It is also its
            // word for a key of a kind that was not asked for, which no browser makes.
            WebauthnError::CredentialAlteredAlgFromRequest
            | WebauthnError::CredentialExcludedFromRequest => Self::Known,
            _ => Self::Malformed,
        }
    }
}

/// A site that passkeys can belong to.
#[derive(Debug, Clone)]
pub(super) struct RelyingParty(Webauthn);

/// What a browser is asked, as JSON for `PublicKeyCredential.parse…OptionsFromJSON`, and what must be
/// known to judge the answer.
pub(super) struct Asked {
    pub(super) options: serde_json::Value,
    pub(super) state: Zeroizing<Vec<u8>>,
}

/// An accepted assertion.
pub(super) struct Accepted {
    pub(super) passkey: Passkey,
    pub(super) counter: u32,
}

impl RelyingParty {
    /// The site at an origin such as `https://sale.example`: passkeys are bound to its whole host name,
    /// and answers are taken from this origin alone.
    ///
    /// # Errors
    /// [`FactorError::NoSite`] when it is no origin, or its host is an address instead of a name.
    pub(super) fn new(origin: &str) -> Result<Self, FactorError> {
        let url = Url::parse(origin).map_err(|_| FactorError::NoSite)?;
        let host = url.domain().ok_or(FactorError::NoSite)?.to_owned();
        let builder = WebauthnBuilder::new(&host, &url).map_err(|_| FactorError::NoSite)?;
        let site = builder.rp_name(&host).timeout(CEREMONY).build();
        site.map(Self).map_err(|_| FactorError::NoSite)
    }

    /// Asks for a new passkey of a person, none of those they have.
    pub(super) fn ask_to_register(
        &self,
        person: [u8; 16],
        name: &str,
        known: Vec<CredentialID>,
    ) -> Result<Asked, FactorError> {
        let person = Uuid::from_bytes(person);
        let asked = self
            .0
            .start_passkey_registration(person, name, name, Some(known));
        let (mut challenge, state) = asked.map_err(PasskeyFault::from)?;
        // The library leaves it to the authenticator whether a passkey can be found without an address.
        let selection = &mut challenge.public_key.authenticator_selection;
        let selection = selection.get_or_insert_default();
        selection.resident_key = Some(ResidentKeyRequirement::Required);
        selection.require_resident_key = true;
        asked_as_json(&challenge.public_key, &state)
    }

    /// The passkey of an answer.
    pub(super) fn register(
        &self,
        answer: serde_json::Value,
        state: &[u8],
    ) -> Result<Passkey, FactorError> {
        let answer: RegisterPublicKeyCredential = read_answer(answer)?;
        let state: PasskeyRegistration = read_state(state)?;
        let passkey = self.0.finish_passkey_registration(&answer, &state);
        Ok(passkey.map_err(PasskeyFault::from)?)
    }

    /// Asks for any passkey of this site.
    pub(super) fn ask_to_authenticate(&self) -> Result<Asked, FactorError> {
        let asked = self.0.start_discoverable_authentication();
        let (challenge, state) = asked.map_err(PasskeyFault::from)?;
        asked_as_json(&challenge.public_key, &state)
    }

    /// Who says to answer, and with which credential.
    pub(super) fn identify(&self, answer: serde_json::Value) -> Result<Assertion, FactorError> {
        let answer: PublicKeyCredential = read_answer(answer)?;
        let identified = self.0.identify_discoverable_authentication(&answer);
        let (person, _) = identified.map_err(PasskeyFault::from)?;
        let person = person.into_bytes();
        Ok(Assertion { person, answer })
    }

    /// Judges an answer by the passkey that it names.
    pub(super) fn authenticate(
        &self,
        assertion: &Assertion,
        state: &[u8],
        mut passkey: Passkey,
    ) -> Result<Accepted, FactorError> {
        let state: DiscoverableAuthentication = read_state(state)?;
        let result = self
            .0
            .finish_discoverable_authentication_v2(&assertion.answer, state, &passkey)
            .map_err(PasskeyFault::from)?;
        if !result.user_verified() {
            return Err(PasskeyFault::NotVerified.into());
        }
        passkey.update_credential(&result);
        let counter = result.counter();
        Ok(Accepted { passkey, counter })
    }
}

/// An answer that names a person and a credential, and has proved neither.
pub(super) struct Assertion {
    pub(super) person: [u8; 16],
    answer: PublicKeyCredential,
}

impl Assertion {
    pub(super) fn credential_id(&self) -> &[u8] {
        self.answer.get_credential_id()
    }
}

fn asked_as_json(options: &impl Serialize, state: &impl Serialize) -> Result<Asked, FactorError> {
    let options = serde_json::to_value(options).map_err(|_| FactorError::Row("a challenge"))?;
    let state = serde_json::to_vec(state).map_err(|_| FactorError::Row("a challenge"))?;
    let state = Zeroizing::new(state);
    Ok(Asked { options, state })
}

fn read_answer<T: DeserializeOwned>(answer: serde_json::Value) -> Result<T, FactorError> {
    serde_json::from_value(answer).map_err(|_| PasskeyFault::Malformed.into())
}

fn read_state<T: DeserializeOwned>(state: &[u8]) -> Result<T, FactorError> {
    serde_json::from_slice(state).map_err(|_| FactorError::Row("the state of a ceremony"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_has_a_host_name() {
        for origin in ["https://sale.example", "http://localhost:8080"] {
            assert!(RelyingParty::new(origin).is_ok(), "{origin}");
        }
        for origin in ["", "sale.example", "http://127.0.0.1:8080", "https://[::1]"] {
            let error = RelyingParty::new(origin).unwrap_err();
            assert!(matches!(error, FactorError::NoSite), "{origin}: {error}");
        }
    }

    #[test]
    fn a_new_passkey_is_discoverable_and_verifies_its_user() {
        let site = RelyingParty::new("https://sale.example").unwrap();
        let asked = site
            .ask_to_register(
                [7; 16],
                "ada@example.org",
                vec![CredentialID::from(vec![1, 2, 3])],
            )
            .unwrap();
        let selection = &asked.options["authenticatorSelection"];
        assert_eq!(selection["residentKey"], "required");
        assert_eq!(selection["requireResidentKey"], true);
        assert_eq!(selection["userVerification"], "required");
        assert_eq!(asked.options["rp"]["id"], "sale.example");
        assert_eq!(asked.options["attestation"], "none");
        assert_eq!(asked.options["excludeCredentials"][0]["id"], "AQID");
        // The handle that comes back at a login: the person's id and nothing of them.
        assert_eq!(asked.options["user"]["id"], "BwcHBwcHBwcHBwcHBwcHBw");
        let asked = site.ask_to_authenticate().unwrap();
        assert_eq!(asked.options["userVerification"], "required");
        assert_eq!(asked.options["rpId"], "sale.example");
        assert_eq!(asked.options["allowCredentials"], serde_json::json!([]));
    }
}
