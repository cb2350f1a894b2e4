//! What a reader trusts, and what verification says.

use std::fmt;

use softcap_offering::{Offering, Verdict};

use super::replay::Replayed;
use crate::bundle::Tables;
use crate::hex::hex;
use crate::journal_tree::Root;
use crate::note_key::VerifierKey;
use crate::settlement_tree::SettlementRoot;

/// What the reader has from a source they trust.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// The key that must have signed the checkpoint.
    pub key: Option<VerifierKey>,
    /// The hash that the terms must have.
    pub terms_hash: Option<[u8; 32]>,
    /// The key of the issuer that must have signed the terms.
    pub issuer_key: Option<VerifierKey>,
}

/// How far verification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is done now.
    pub stage: Stage,
    /// Entries that the stage is through with.
    pub done: u64,
    /// Entries in all, as the checkpoint says.
    pub total: u64,
}

/// A part of verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The journal is replayed.
    Replaying,
    /// The files are computed again and compared.
    Comparing,
}

/// On whose word the checkpoint rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureTrust {
    /// Nobody's: it is not signed.
    Unsigned,
    /// It is signed by a key that only the bundle names.
    FromBundle(VerifierKey),
    /// It is signed by the key that the reader gave.
    Given(VerifierKey),
}

/// On whose word it rests that these are the issuer's terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuerTrust {
    /// Nobody's: they are not signed.
    Unsigned,
    /// They carry signatures in these names, and the reader gave no key.
    Claimed(Vec<String>),
    /// They are signed by the key that the reader gave.
    Given(VerifierKey),
}

/// A bundle in which everything follows from its terms and its journal.
#[derive(Clone, Debug)]
pub struct Verified {
    /// How the offering ended.
    pub verdict: Verdict,
    /// Entries of the journal.
    pub entries: u64,
    /// Contributions, refused ones included.
    pub contributions: u64,
    /// Investors.
    pub investors: u64,
    /// Hash of the terms.
    pub terms_hash: [u8; 32],
    /// Whether the reader gave this hash.
    pub terms_hash_given: bool,
    /// Root of the journal.
    pub journal_root: Root,
    /// Root of the settlement, if anybody took part.
    pub settlement_root: Option<SettlementRoot>,
    /// On whose word the checkpoint rests.
    pub signature: SignatureTrust,
    /// On whose word it rests that these are the issuer's terms.
    pub issuer: IssuerTrust,
}

impl Verified {
    pub(super) fn new(
        offering: &Offering,
        replayed: &Replayed,
        tables: &Tables,
        (signature, issuer): (SignatureTrust, IssuerTrust),
        trust: &Trust,
    ) -> Self {
        let verdict = offering
            .settlement()
            .map(|settlement| settlement.settled.verdict);
        Self {
            // The tables were written, which needs a settlement.
            verdict: verdict.unwrap_or(Verdict::Failed),
            entries: replayed.size,
            contributions: offering.contribution_count() as u64,
            investors: offering.investor_count() as u64,
            terms_hash: offering.terms_hash(),
            terms_hash_given: trust.terms_hash.is_some(),
            journal_root: replayed.root,
            settlement_root: tables.root,
            signature,
            issuer,
        }
    }
}

/// The sentence that says what was found and on what it rests.
impl fmt::Display for Verified {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let terms = hex(&self.terms_hash);
        write!(out, "consistent; ")?;
        match (&self.signature, self.terms_hash_given) {
            (SignatureTrust::Unsigned, false) => write!(
                out,
                "unsigned: nobody vouches for it; compare the terms hash {terms} with a source you \
                 trust"
            ),
            (SignatureTrust::Unsigned, true) => write!(
                out,
                "unsigned: nobody vouches for the journal; the terms have the hash you gave, {terms}"
            ),
            (SignatureTrust::FromBundle(key), false) => write!(
                out,
                "signed by {key}; compare this key and the terms hash {terms} with a source you trust"
            ),
            (SignatureTrust::FromBundle(key), true) => write!(
                out,
                "signed by {key}; compare this key with a source you trust; the terms have the hash \
                 you gave, {terms}"
            ),
            (SignatureTrust::Given(key), false) => write!(
                out,
                "signed by the key you gave, {key}; compare the terms hash {terms} with a source you \
                 trust"
            ),
            (SignatureTrust::Given(key), true) => write!(
                out,
                "signed by the key you gave, {key}; the terms have the hash you gave, {terms}"
            ),
        }?;
        match &self.issuer {
            IssuerTrust::Unsigned => Ok(()),
            IssuerTrust::Claimed(names) => write!(
                out,
                "; the terms carry a signature in the name of {}, which only the issuer's key can \
                 check",
                names.join(", ")
            ),
            IssuerTrust::Given(key) => {
                write!(
                    out,
                    "; the terms are signed by the issuer's key you gave, {key}"
                )
            }
        }
    }
}
