//! A log that contradicts itself.

use softcap_proof::{SignedCheckpoint, cosignature::Contradiction};

/// Two checkpoints that the log signed and that do not go together.
pub(super) struct Alarm {
    pub(super) kind: Contradiction,
    pub(super) known: SignedCheckpoint,
    pub(super) seen: SignedCheckpoint,
}

impl Alarm {
    pub(super) fn code(&self) -> &'static str {
        match self.kind {
            Contradiction::OtherOrigin => "other_origin",
            Contradiction::Shrunk => "shrunk",
            Contradiction::Forked => "forked",
            Contradiction::NotContinued => "not_continued",
        }
    }

    pub(super) fn sentence(&self) -> String {
        let (known, seen) = (self.known.unverified(), self.seen.unverified());
        match self.kind {
            Contradiction::OtherOrigin => format!(
                "the log was `{}` and is `{}` now",
                known.origin(),
                seen.origin()
            ),
            Contradiction::Shrunk => format!(
                "the log had {} entries and has {} now",
                known.size(),
                seen.size()
            ),
            Contradiction::Forked => format!(
                "the log signed two different trees of {} entries: this is proof of fraud",
                known.size()
            ),
            Contradiction::NotContinued => format!(
                "the log of {} entries has no proof that it continues the {} that it had",
                seen.size(),
                known.size()
            ),
        }
    }
}
