//! `softcap-addresses.json`: where an offering stands, signed by the issuer.
//!
//! A page that was changed by somebody else sends money to somebody else. What is signed here is made offline with
//! the issuer's key, so a changed address is found by whoever knows the issuer's public key.
//!
//! The file is JSON for programs; what counts is its `note`, a signed note of these lines:
//!
//! ```text
//! softcap addresses/v1
//! example.org/harbour          origin
//! 3f8a...                      terms hash
//! 31337                        chain id
//! 0x5FC8...                    escrow
//! 0x8464...                    token
//! 0xe7f1...                    factory
//! 0x91b2...                    hash of the escrow's code
//! ```
//!
//! Where something comes after the sale, a line for each of its contracts follows ([`SignedAfterSale`]).

use alloy_primitives::{Address, B256, keccak256};
use serde_json::{Value, json};
use softcap_proof::{ProofError, SignedText, SigningKey, VerifierKey, from_hex, hex};

use crate::announce::Place;
use crate::bindings::factory::EscrowFactory;
use crate::client::ChainClient;
use crate::error::EvmError;
use crate::own_code::OwnCode;
use crate::sale_terms::sale_terms_at;
use crate::signed_after_sale::SignedAfterSale;

/// What the note is.
const FIRST_LINE: &str = "softcap addresses/v1";

/// Where an offering stands on a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Of the terms.
    pub origin: String,
    /// SHA-256 of the terms' canonical JSON.
    pub terms_hash: [u8; 32],
    /// Number of the chain.
    pub chain_id: u64,
    /// Factory, escrow, token.
    pub place: Place,
    /// Keccak-256 of the escrow's code.
    pub code_hash: B256,
    /// What was made together with the escrow.
    pub after_sale: SignedAfterSale,
}

impl Addresses {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            FIRST_LINE.to_owned(),
            self.origin.clone(),
            hex(&self.terms_hash),
            self.chain_id.to_string(),
            self.place.escrow.to_string(),
            self.place.token.to_string(),
            self.place.factory.to_string(),
            self.code_hash.to_string(),
        ];
        lines.extend(self.after_sale.lines());
        lines
    }

    fn from_lines(lines: &[&str]) -> Option<Self> {
        let [
            FIRST_LINE,
            origin,
            terms_hash,
            chain_id,
            escrow,
            token,
            factory,
            code_hash,
            after_sale @ ..,
        ] = lines
        else {
            return None;
        };
        let read = Self {
            origin: (*origin).to_owned(),
            terms_hash: from_hex(terms_hash)?.try_into().ok()?,
            chain_id: chain_id.parse().ok()?,
            place: Place {
                escrow: escrow.parse().ok()?,
                token: token.parse().ok()?,
                factory: factory.parse().ok()?,
            },
            code_hash: code_hash.parse().ok()?,
            after_sale: SignedAfterSale::from_lines(after_sale)?,
        };
        // One spelling of each value.
        (read.lines() == *lines).then_some(read)
    }

    /// The file, signed.
    ///
    /// # Errors
    /// An origin that is no line.
    pub fn sign(&self, issuer: &SigningKey) -> Result<Value, ProofError> {
        let note = SignedText::sign(&self.lines(), issuer)?;
        Ok(self.json(&note))
    }

    fn json(&self, note: &SignedText) -> Value {
        let mut value = json!({
            "origin": self.origin,
            "terms_hash": hex(&self.terms_hash),
            "chain_id": self.chain_id,
            "escrow": self.place.escrow.to_string(),
            "token": self.place.token.to_string(),
            "factory": self.place.factory.to_string(),
            "code_hash": self.code_hash.to_string(),
            "note": note.to_string(),
        });
        for (name, member) in self.after_sale.members() {
            value[name] = member;
        }
        value
    }

    /// Reads a file and believes it only if `issuer` signed it and every field is that of the note.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn verify(file: &[u8], issuer: &VerifierKey) -> Result<Self, ManifestError> {
        let value: Value = serde_json::from_slice(file).map_err(|_| ManifestError::NoManifest)?;
        Self::verify_value(&value, issuer)
    }

    pub(crate) fn verify_value(value: &Value, issuer: &VerifierKey) -> Result<Self, ManifestError> {
        let note = value["note"].as_str().ok_or(ManifestError::NoManifest)?;
        let note = SignedText::parse(note.as_bytes())
            .map_err(|problem| ManifestError::Signature { problem })?;
        note.verify(issuer)
            .map_err(|problem| ManifestError::Signature { problem })?;
        let lines: Vec<&str> = note.lines().collect();
        let addresses = Self::from_lines(&lines).ok_or(ManifestError::NoManifest)?;
        if addresses.json(&note) == *value {
            Ok(addresses)
        } else {
            Err(ManifestError::FieldsDiffer)
        }
    }

    /// Compares the chain with what was signed; every difference.
    ///
    /// # Errors
    /// The node does not answer, or there is no escrow at all.
    pub async fn differences(&self, client: &ChainClient) -> Result<Vec<String>, EvmError> {
        let mut differences = Vec::new();
        let chain_id = client.chain_id().await?;
        if chain_id != self.chain_id {
            differences.push(format!(
                "the node is of chain {chain_id}, signed was {}",
                self.chain_id
            ));
            return Ok(differences);
        }
        let (escrow, factory) = (self.place.escrow, self.place.factory);
        let code = keccak256(client.code(escrow).await?);
        let mut same = |what: &str, there: &str, signed: &str| {
            if there != signed {
                differences.push(format!("{what} is {there}, signed was {signed}"));
            }
        };
        same(
            "the hash of the escrow's code",
            &code.to_string(),
            &self.code_hash.to_string(),
        );
        if code != self.code_hash {
            // Whatever stands there has nothing that could be asked.
            return Ok(differences);
        }
        let terms = sale_terms_at(client, escrow).await?;
        let signed = B256::from(self.terms_hash).to_string();
        same(
            "the escrow's terms hash",
            &terms.terms_hash().to_string(),
            &signed,
        );
        same(
            "the escrow's token",
            &terms.token().to_string(),
            &self.place.token.to_string(),
        );
        let recorded = client
            .call(factory, &EscrowFactory::termsHashOfCall { escrow })
            .await?;
        same("the factory's terms hash", &recorded.to_string(), &signed);
        let (there, own) = (
            OwnCode::of_factory(client, factory).await?,
            OwnCode::compute(terms.kind()).await?,
        );
        same(
            "the code behind the escrow",
            &there.escrow.to_string(),
            &own.escrow.to_string(),
        );
        same(
            "the code behind the token",
            &there.token.to_string(),
            &own.token.to_string(),
        );
        differences.extend(self.after_sale.differences(client, escrow).await?);
        Ok(differences)
    }

    /// Every address that a page of this offering may show.
    pub fn all(&self) -> Vec<Address> {
        let Place {
            factory,
            escrow,
            token,
        } = self.place;
        let mut all = vec![escrow, token, factory];
        all.extend(self.after_sale.place().all());
        all
    }
}

/// Why a file is not believed.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is something else.
    #[error("R221: it is no softcap-addresses.json; look at what is served there")]
    NoManifest,
    /// It is not the issuer's.
    #[error("R222: the issuer did not sign it ({}: {problem}); send no money to an address of that page", .problem.code())]
    Signature {
        /// What is wrong with the signature.
        problem: ProofError,
    },
    /// Its fields are not those that were signed.
    #[error(
        "R223: its fields are not those that the issuer signed; send no money to an address of that page"
    )]
    FieldsDiffer,
    /// Nobody is named who could have signed it.
    #[error("R222: no issuer is known who could have signed it")]
    NoIssuer,
    /// Two entries of a list are about one offering.
    #[error(
        "R227: two entries are about {origin}; send no money to an address of that page before its operator says which one is meant"
    )]
    Repeated {
        /// Of the offering.
        origin: String,
    },
}
