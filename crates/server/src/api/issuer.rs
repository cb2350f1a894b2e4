//! The issuer's signature that comes with an announcement.

use serde::Serialize;
use softcap_journal::IssuerSignature;
use softcap_offering::terms::Terms;
use softcap_proof::{ProofError, SignedTerms, VerifierKey};
use utoipa::ToSchema;

use crate::problem::ApiError;

/// Longest note in bytes; one with ten signatures has a tenth of it.
const LONGEST_NOTE: usize = 16_384;

/// What an announcement says of who signed its terms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signing<'a> {
    /// The signed note, as `softcap offering sign` wrote it.
    pub(crate) note: Option<&'a str>,
    /// The issuer's public key.
    pub(crate) key: Option<&'a str>,
}

/// Whether an issuer signed the terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TermsSignature {
    /// Nobody did.
    Unsigned,
    /// With `issuer_key`.
    Signed,
}

/// The signature, verified, of terms that are to be announced; `None` when there is none and `known`
/// names nobody who must sign.
pub(super) fn verified(
    known: &[VerifierKey],
    terms: &Terms,
    signing: Signing<'_>,
) -> Result<Option<IssuerSignature>, ApiError> {
    let named = signing.key.map(VerifierKey::parse).transpose();
    let named = named.map_err(|error| invalid("issuer_key", &error))?;
    let Some(text) = signing.note else {
        return match (known, named) {
            ([], None) => Ok(None),
            ([], Some(_)) => Err(ApiError::invalid("signature", "it is missing")),
            ([_, ..], _) => Err(ApiError::invalid(
                "signature",
                "this server announces only terms that an issuer it knows signed: \
                 softcap offering sign",
            )),
        };
    };
    if text.len() > LONGEST_NOTE {
        return Err(ApiError::invalid("signature", "at most 16384 bytes"));
    }
    let note = SignedTerms::parse(text.as_bytes()).map_err(|error| invalid("signature", &error))?;
    let about = note.require(&terms.origin, terms.hash().0);
    about.map_err(|error| invalid("signature", &error))?;
    let key = signer(known, named, &note)?;
    Ok(Some(IssuerSignature {
        key: key.to_string(),
        note: note.to_string(),
    }))
}

/// The key that signed: the named one, which must be known if any is; else one of those known.
fn signer(
    known: &[VerifierKey],
    named: Option<VerifierKey>,
    note: &SignedTerms,
) -> Result<VerifierKey, ApiError> {
    if let Some(key) = named {
        if !known.is_empty() && !known.contains(&key) {
            let why = "it is none of the issuers that this server knows";
            return Err(ApiError::invalid("issuer_key", why));
        }
        note.verify(&key)
            .map_err(|error| invalid("signature", &error))?;
        return Ok(key);
    }
    if known.is_empty() {
        let why = "name the key with which the signature is verified";
        return Err(ApiError::invalid("issuer_key", why));
    }
    let found = known.iter().find(|key| note.verify(key).is_ok());
    found.cloned().ok_or_else(|| {
        let why = "it is by none of the issuers that this server knows";
        ApiError::invalid("signature", why)
    })
}

fn invalid(field: &str, error: &ProofError) -> ApiError {
    let (code, remedy) = (error.code(), error.remedy());
    ApiError::invalid(field, &format!("{code}: {error}. {remedy}"))
}
