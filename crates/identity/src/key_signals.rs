//! Weak signals of keys: from where, with what program, for what and how often.
//!
//! A request only counts; what is usual is read, judged and written with the other notes of keys, every ten seconds.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    net::IpAddr,
    time::Duration,
};

use sha2::{Digest as _, Sha256};

use crate::{
    KeyId, Keys, Principal, UnixMillis,
    records::Notes,
    signals::{Finding, KeyHabits, KeyUse, Mark, Origin},
};

/// Uses from one place are noted once in this time.
const NOTE_EVERY: Duration = Duration::from_secs(60);

impl Keys {
    /// Notes from where and with what program a key came that was let in, so that it is judged with the next notes
    /// whether that is usual. Costs a hash and no lock, unless it came from elsewhere than before or a minute is over.
    pub fn note_origin(&self, principal: &Principal, peer: IpAddr, agent: &str, now: UnixMillis) {
        let key = principal.key();
        let mut hasher = DefaultHasher::new();
        (peer.to_canonical(), agent).hash(&mut hasher);
        let Some(times) = key.uses_due(hasher.finish(), now, NOTE_EVERY) else {
            return;
        };
        let hash = |parts: &[&[u8]]| Sha256::digest(parts.concat()).into();
        let origin = Origin::new(peer, agent, &self.settings().networks, hash);
        let uses = KeyUse {
            network: Some(origin.network),
            agent: Some(origin.agent),
            verb: None,
            times,
        };
        self.notebook().came(principal.key_id(), uses, now);
    }
}

/// What is to be judged of each key: where it came from, and what it was used for.
pub(crate) fn key_uses(notes: &Notes) -> BTreeMap<KeyId, Vec<(UnixMillis, KeyUse)>> {
    let mut all: BTreeMap<KeyId, Vec<(UnixMillis, KeyUse)>> = notes.came.iter().cloned().collect();
    for (id, verbs) in &notes.verbs {
        let uses = verbs.split(' ').map(|verb| KeyUse {
            network: None,
            agent: None,
            verb: Some(Mark::of(&Sha256::digest(verb).into())),
            times: 0,
        });
        let of_key = all.entry(*id).or_default();
        of_key.extend(uses.map(|uses| (notes.at, uses)));
    }
    all
}

/// What is usual for a key from now on, and the first thing that is not. What is damaged is learned anew.
pub(crate) fn judge_key(
    stored: Option<Vec<u8>>,
    uses: &[(UnixMillis, KeyUse)],
) -> (Vec<u8>, Option<Finding>) {
    let read = |bytes: Vec<u8>| serde_json::from_slice::<KeyHabits>(&bytes).ok();
    let mut habits = stored.and_then(read).unwrap_or_default();
    let mut found = None;
    for (at, uses) in uses {
        let next = habits.used(uses, *at);
        found = found.or(next);
    }
    // A structure of numbers is always JSON.
    (serde_json::to_vec(&habits).unwrap_or_default(), found)
}
