//! What a witness cosigns: one decision after the other, each on disk before anybody hears of it.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use softcap_proof::{
    Cosignature, NodeHash, SignedCheckpoint, SigningKey, VerifierKey, WitnessKey,
    cosignature::witness,
};

use super::{alarm::Alarm, state::State};
use crate::failure::Failure;

/// The state of a witness and its keys.
pub(super) struct Keeper {
    /// Held while it is read, compared and written: of two who ask at the same time, the second one is
    /// judged by what the first one left.
    state: Mutex<State>,
    log_key: VerifierKey,
    /// First line of the log's checkpoints, if somebody said it.
    origin: Option<String>,
    key: SigningKey,
    public: WitnessKey,
}

/// What becomes of a checkpoint that the log signed.
pub(super) enum Decided {
    /// It is or continues what was cosigned before, and is cosigned on disk.
    Cosigned(Cosigned),
    /// What was cosigned last has another size than the proof begins at.
    Moved {
        /// That size.
        size: u64,
    },
    /// It contradicts what was cosigned before.
    Alarm(Alarm),
}

/// A checkpoint with the log's line and that of this witness.
pub(super) struct Cosigned {
    pub(super) note: SignedCheckpoint,
    /// Whether it was cosigned just now.
    pub(super) is_new: bool,
    /// Whether nothing of the log was cosigned before.
    pub(super) is_first: bool,
}

impl Keeper {
    /// Opens the folder of the witness with this key for one log.
    pub(super) fn open(
        folder: &Path,
        log_key: VerifierKey,
        origin: Option<String>,
        key: SigningKey,
    ) -> Result<Self, Failure> {
        let state = State::open(folder, &log_key)?;
        Ok(Self {
            state: Mutex::new(state),
            log_key,
            origin,
            public: WitnessKey::of(&key),
            key,
        })
    }

    pub(super) fn public(&self) -> &WitnessKey {
        &self.public
    }

    pub(super) fn log_key(&self) -> &VerifierKey {
        &self.log_key
    }

    /// The largest checkpoint that was cosigned.
    pub(super) fn newest(&self) -> Result<Option<SignedCheckpoint>, Failure> {
        self.with_state(State::newest)
    }

    /// First line of the log's checkpoints: as it was said, or as in what was cosigned.
    pub(super) fn origin(&self) -> Result<Option<String>, Failure> {
        match &self.origin {
            Some(origin) => Ok(Some(origin.clone())),
            None => {
                let newest = self.newest()?;
                Ok(newest.map(|note| note.unverified().origin().to_owned()))
            }
        }
    }

    /// Keeps the evidence.
    pub(super) fn keep_evidence(&self, alarm: &Alarm) -> Result<std::path::PathBuf, Failure> {
        let sentence = alarm.sentence();
        self.with_state(|state| state.keep_evidence(&sentence, &alarm.known, &alarm.seen))
    }

    /// Decides about a checkpoint that the log's key signed. `proof` shows that it continues the tree of
    /// `old` entries, which was cosigned last.
    pub(super) fn decide(
        &self,
        seen: SignedCheckpoint,
        old: u64,
        proof: &[NodeHash],
    ) -> Result<Decided, Failure> {
        self.with_state(|state| {
            let known = state.newest()?;
            let size = known.as_ref().map_or(0, |known| known.unverified().size());
            if size != old {
                return Ok(Decided::Moved { size });
            }
            let before = known.as_ref().map(SignedCheckpoint::unverified);
            match (witness(before, seen.unverified(), proof), known) {
                (Err(kind), Some(known)) => Ok(Decided::Alarm(Alarm { kind, known, seen })),
                (Ok(()), Some(note)) if self.has_cosigned(&note, &seen) => {
                    Ok(Decided::Cosigned(Cosigned {
                        note,
                        is_new: false,
                        is_first: false,
                    }))
                }
                (Ok(()) | Err(_), known) => {
                    let note = self.cosign(&seen, known.as_ref())?;
                    // Nobody sees the signature before it is certain that no later start forgets it.
                    state.keep(&note)?;
                    Ok(Decided::Cosigned(Cosigned {
                        note,
                        is_new: true,
                        is_first: known.is_none(),
                    }))
                }
            }
        })
    }

    /// The line of this witness under a checkpoint that it cosigned.
    pub(super) fn line(&self, note: &SignedCheckpoint) -> String {
        let text = note.to_string();
        let mut lines = text.lines().filter(|line| {
            Cosignature::parse(line).is_ok_and(|cosignature| cosignature.names(&self.public))
        });
        lines.next().unwrap_or_default().to_owned() + "\n"
    }

    fn with_state<T>(&self, run: impl FnOnce(&State) -> Result<T, Failure>) -> Result<T, Failure> {
        // What a holder who panicked wrote is whole or not there.
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        run(&state)
    }

    /// Whether what is known is what is seen, and this witness has said so already: its key may be
    /// another one than at the last start.
    fn has_cosigned(&self, known: &SignedCheckpoint, seen: &SignedCheckpoint) -> bool {
        known.unverified() == seen.unverified() && known.cosigned(&self.public).is_ok()
    }

    /// The checkpoint with the log's line and that of this witness, and no others.
    fn cosign(
        &self,
        seen: &SignedCheckpoint,
        known: Option<&SignedCheckpoint>,
    ) -> Result<SignedCheckpoint, Failure> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |since| since.as_secs());
        // At an earlier time it said that the tree before was the largest: a clock that was put back
        // must not make that a lie.
        let before = known.and_then(|known| known.cosigned(&self.public).ok());
        let now = now.max(before.unwrap_or(0));
        let mut note = seen.only_by(&self.log_key);
        note.put_cosignature(&Cosignature::sign(seen.unverified(), &self.key, now)?);
        Ok(note)
    }
}
