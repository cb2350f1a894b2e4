//! `softcap-addresses.json` of a server with many offerings: `{"offerings": [...]}`, where each entry is what the file of a
//! server with one offering is as a whole ([`Addresses`]), with a signature of its own.
//!
//! The list has none. Whoever can change the file can leave an entry out, which a watcher that was told the origin notices; no
//! entry can be changed, or be put beside another one of its origin.

use serde_json::{Value, json};
use softcap_proof::VerifierKey;

use crate::manifest::{Addresses, ManifestError};

/// The only member of a list.
const OFFERINGS: &str = "offerings";

/// Where the offerings of a server stand, each as its issuer signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressList(Vec<Addresses>);

impl AddressList {
    /// Reads a file of one offering or of many, and believes it only if one of the `issuers` signed each entry.
    ///
    /// # Errors
    /// [`ManifestError`] of the first entry that is not believed.
    pub fn verify(file: &[u8], issuers: &[VerifierKey]) -> Result<Self, ManifestError> {
        let value: Value = serde_json::from_slice(file).map_err(|_| ManifestError::NoManifest)?;
        let mut all: Vec<Addresses> = Vec::new();
        for entry in entries(&value)? {
            let addresses = signed_by_one(entry, issuers)?;
            if all.iter().any(|other| other.origin == addresses.origin) {
                return Err(ManifestError::Repeated {
                    origin: addresses.origin,
                });
            }
            all.push(addresses);
        }
        Ok(Self(all))
    }

    /// One file of several, each of one offering or of many; nothing is believed yet.
    ///
    /// # Errors
    /// [`ManifestError::NoManifest`].
    pub fn join(files: &[Vec<u8>]) -> Result<Vec<u8>, ManifestError> {
        let mut all = Vec::new();
        for file in files {
            let value: Value =
                serde_json::from_slice(file).map_err(|_| ManifestError::NoManifest)?;
            all.extend(entries(&value)?.iter().cloned());
        }
        Ok(format!("{:#}\n", json!({ OFFERINGS: all })).into_bytes())
    }

    /// The entries, in the order of the file.
    pub fn entries(&self) -> &[Addresses] {
        &self.0
    }
}

fn entries(value: &Value) -> Result<&[Value], ManifestError> {
    let Some(list) = value.get(OFFERINGS) else {
        return Ok(std::slice::from_ref(value));
    };
    // Anything beside the list is signed by nobody.
    let is_only = value.as_object().is_some_and(|members| members.len() == 1);
    let list = list.as_array().filter(|_| is_only);
    list.map(Vec::as_slice).ok_or(ManifestError::NoManifest)
}

fn signed_by_one(entry: &Value, issuers: &[VerifierKey]) -> Result<Addresses, ManifestError> {
    let mut last = ManifestError::NoIssuer;
    for issuer in issuers {
        match Addresses::verify_value(entry, issuer) {
            Ok(addresses) => return Ok(addresses),
            // Of a key that did not sign, only the others can tell.
            Err(problem @ ManifestError::Signature { .. }) => last = problem,
            Err(problem) => return Err(problem),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

    use alloy_primitives::{Address, B256};
    use softcap_proof::SigningKey;

    use super::*;
    use crate::{announce::Place, signed_after_sale::SignedAfterSale};

    fn issuer(seed: u8) -> SigningKey {
        SigningKey::from_entropy("example.org/issuer", &[seed; 32]).unwrap()
    }

    fn file(origin: &str, seed: u8) -> Vec<u8> {
        let addresses = Addresses {
            origin: origin.to_owned(),
            terms_hash: [7; 32],
            chain_id: 1,
            place: Place {
                factory: Address::repeat_byte(1),
                escrow: Address::repeat_byte(2),
                token: Address::repeat_byte(3),
            },
            code_hash: B256::repeat_byte(4),
            after_sale: SignedAfterSale::default(),
        };
        addresses
            .sign(&issuer(seed))
            .unwrap()
            .to_string()
            .into_bytes()
    }

    fn keys(seeds: &[u8]) -> Vec<VerifierKey> {
        let keys = seeds.iter();
        keys.map(|seed| issuer(*seed).verifier_key().clone())
            .collect()
    }

    fn origins(file: &[u8], seeds: &[u8]) -> Result<Vec<String>, ManifestError> {
        let list = AddressList::verify(file, &keys(seeds))?;
        let entries = list.entries().iter();
        Ok(entries.map(|entry| entry.origin.clone()).collect())
    }

    #[test]
    fn one_offering_and_many_are_read_each_by_the_key_that_signed_it() {
        let (harbour, pier) = (file("example.org/harbour", 1), file("example.org/pier", 2));
        assert_eq!(origins(&harbour, &[1]).unwrap(), ["example.org/harbour"]);
        let both = AddressList::join(&[harbour, pier]).unwrap();
        let found = origins(&both, &[1, 2]).unwrap();
        assert_eq!(found, ["example.org/harbour", "example.org/pier"]);
        // A list of lists is one list.
        let more = AddressList::join(&[both, file("example.org/quay", 1)]).unwrap();
        assert_eq!(origins(&more, &[2, 1]).unwrap().len(), 3);
    }

    #[test]
    fn an_entry_that_is_not_the_issuers_spoils_the_list() {
        let (harbour, pier) = (file("example.org/harbour", 1), file("example.org/pier", 2));
        let both = AddressList::join(&[harbour.clone(), pier]).unwrap();
        let code = |file: &[u8], seeds: &[u8]| {
            let found = origins(file, seeds).unwrap_err().to_string();
            found.split(':').next().unwrap().to_owned()
        };
        assert_eq!(code(&both, &[1]), "R222");
        assert_eq!(code(&both, &[]), "R222");
        let twice = AddressList::join(&[harbour, file("example.org/harbour", 1)]).unwrap();
        assert_eq!(code(&twice, &[1]), "R227");
        for nothing in ["{}", "[]", "{\"offerings\": {}}", "{\"offerings\": [{}]}"] {
            assert_eq!(code(nothing.as_bytes(), &[1]), "R221", "{nothing}");
        }
        let mut beside: Value = serde_json::from_slice(&both).unwrap();
        beside["escrow"] = json!("0x01");
        assert_eq!(code(beside.to_string().as_bytes(), &[1, 2]), "R221");
    }
}
