//! What the public log of an offering must be like, whatever happened to its server.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::{StreamExt as _, stream};
use hyper::body::Bytes;
use softcap_journal::bundle_leaves;
use softcap_offering::{Command, Offering, Outcome, terms::Terms};
use softcap_proof::{
    CheckpointNote, LeafHash, VerifierKey, entry::decode, journal_tree::root, receipt::Receipt,
};

use crate::client::{Client, OFFERING};

/// Requests on their way while thousands of entries are read.
const AT_ONCE: usize = 32;
/// Leaves of a full tile.
const TILE: u64 = 256;

/// An answer that a client keeps.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// The Idempotency-Key; the reference of the contribution, too.
    pub(crate) key: String,
    /// Number of its entry.
    pub(crate) sequence: u64,
    /// The whole body of the 201.
    pub(crate) body: Bytes,
}

impl Held {
    /// Its receipt.
    pub(crate) fn receipt(&self) -> Receipt {
        let json: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        Receipt::parse(json["receipt"].as_str().unwrap().as_bytes()).unwrap()
    }
}

/// The public log as anybody may download it.
pub(crate) struct Record {
    pub(crate) terms: String,
    pub(crate) leaves: Vec<Vec<u8>>,
    pub(crate) checkpoint: CheckpointNote,
}

impl Record {
    /// Downloads terms, checkpoint and entries.
    pub(crate) async fn fetch(client: &Client) -> Self {
        let note = client.get(&format!("{OFFERING}/log/checkpoint")).await;
        assert_eq!(note.status, 200, "{note:?}");
        let checkpoint = CheckpointNote::parse(&note.body).unwrap();
        let size = checkpoint.unverified().size();
        let mut leaves = Vec::new();
        for place in 0..size.div_ceil(TILE) {
            let width = (size - place * TILE).min(TILE);
            let part = if width == TILE {
                String::new()
            } else {
                format!(".p/{width}")
            };
            let path = format!("{OFFERING}/log/tile/entries/{place:03}{part}");
            let answer = client.get(&path).await;
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
            leaves.extend(bundle_leaves(&answer.body).map(<[u8]>::to_vec));
        }
        let terms = client.get(&format!("{OFFERING}/terms")).await.text();
        Self {
            terms,
            leaves,
            checkpoint,
        }
    }

    /// Computes everything again: signature, tree, each outcome; each receipt proves the entry that
    /// stands at its number, and each request is one contribution. Gives the offering at the end.
    pub(crate) fn check(&self, key: &VerifierKey, held: &[Held]) -> Result<Offering, String> {
        let checkpoint = self.checkpoint.verify(key).map_err(|e| e.to_string())?;
        if checkpoint.size() != self.leaves.len() as u64 {
            return Err(format!("{} leaves", self.leaves.len()));
        }
        let hashes: Vec<_> = self.leaves.iter().map(|leaf| LeafHash::of(leaf)).collect();
        if root(&hashes) != checkpoint.root() {
            return Err("the root is another one".to_owned());
        }
        let terms = Terms::parse(&self.terms).unwrap();
        let mut offering = Offering::new(Arc::new(terms));
        let mut requests: BTreeMap<String, u64> = BTreeMap::new();
        for (number, leaf) in (0..).zip(&self.leaves) {
            let (entry, outcome) = decode(leaf).map_err(|error| error.to_string())?;
            let computed = offering.apply_request(entry.stamp, entry.request, &entry.command);
            if entry.sequence.0 != number || computed != outcome {
                return Err(format!("entry {number} did {computed:?}, not {outcome:?}"));
            }
            let Command::Contribute(contribute) = &entry.command else {
                continue;
            };
            if matches!(outcome, Outcome::RepeatOf(_)) {
                continue;
            }
            // Of a chain the transaction, too: after a reorganisation another one may stand at the same place.
            let key = contribute.reference.to_owned() + contribute.source.unwrap_or_default();
            if let Some(first) = requests.insert(key, number) {
                let key = contribute.reference;
                return Err(format!("{key} is entry {first} and entry {number}"));
            }
        }
        for one in held {
            let receipt = one.receipt();
            let proved = receipt.verify(key).map_err(|error| error.to_string())?;
            let number = proved.entry.sequence.0;
            let place = usize::try_from(number).unwrap();
            if number != one.sequence || self.leaves.get(place).is_none_or(|l| l != receipt.leaf())
            {
                return Err(format!("{} is not entry {number} of the log", one.key));
            }
            if requests.get(&one.key) != Some(&number) {
                return Err(format!("{} is not at {number} alone", one.key));
            }
        }
        Ok(offering)
    }
}

/// Whether the server gives the same bytes for each entry as it did in its first answer.
pub(crate) async fn same_bytes(client: &Client, held: &[Held]) {
    let asked = stream::iter(held).for_each_concurrent(AT_ONCE, async |one| {
        let path = format!("{OFFERING}/log/entries/{}", one.sequence);
        let answer = client.get(&path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.body, one.body, "{}", one.key);
    });
    asked.await;
}
