//! `softcap witness`: follow a log, cosign what continues it, raise the alarm when it contradicts itself.

mod client;
mod served;
mod state;

use std::{
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::json;
use softcap_proof::{
    Checkpoint, CheckpointNote, Cosignature, SignedCheckpoint, SigningKey, VerifierKey, WitnessKey,
    cosignature::{Contradiction, witness},
};
use tokio::time::sleep;

use self::{client::LogClient, served::Served, state::State};
use super::{serve::block_on, settle::read_key};
use crate::{arguments::WitnessArguments, console::Console, failure::Failure};

pub(crate) fn run(arguments: &WitnessArguments, console: &Console) -> Result<ExitCode, Failure> {
    let log_key = VerifierKey::parse(&arguments.log_key).map_err(|error| Failure::Argument {
        flag: "log-key",
        problem: error.to_string(),
        allowed: "the log's public key, NAME+ID+KEY, in quotes, from a source you trust",
    })?;
    let key = read_key(&arguments.key)?;
    let public = WitnessKey::of(&key);
    let watch = Watch {
        client: LogClient::new(&arguments.url)?,
        state: State::open(&arguments.state, &log_key)?,
        log_key,
        key,
        public,
        patience: arguments.patience,
        post: arguments.post,
    };
    console.say(format_args!("this witness: {}", watch.public));
    block_on(async {
        let served = match arguments.listen {
            Some(address) => Some(Served::start(address, console).await?),
            None => None,
        };
        watch.run(arguments, console, served.as_ref()).await
    })
}

/// What a witness knows and works with.
struct Watch {
    client: LogClient,
    state: State,
    log_key: VerifierKey,
    key: SigningKey,
    public: WitnessKey,
    /// Seconds in which a log that looks too short may still show the rest.
    patience: u32,
    post: bool,
}

/// What one look at the log gave.
enum Look {
    /// It is or continues what was seen before, and is cosigned on disk.
    Cosigned(Cosigned),
    /// It contradicts what was seen before.
    Alarm(Alarm),
}

/// A checkpoint with the log's line and that of this witness.
struct Cosigned {
    note: SignedCheckpoint,
    /// Whether it was cosigned just now.
    is_new: bool,
    /// Whether the log itself shows this witness's line.
    is_shown: bool,
}

/// Two checkpoints that the log signed and that do not go together.
struct Alarm {
    kind: Contradiction,
    known: SignedCheckpoint,
    seen: SignedCheckpoint,
}

impl Watch {
    async fn run(
        &self,
        arguments: &WitnessArguments,
        console: &Console,
        served: Option<&Served>,
    ) -> Result<ExitCode, Failure> {
        if let (Some(served), Some(known)) = (served, self.state.newest()?) {
            served.show(&known);
        }
        loop {
            let done = match self.look(console).await {
                Ok(Look::Alarm(alarm)) => return self.raise(&alarm, console),
                Ok(Look::Cosigned(cosigned)) => {
                    if cosigned.is_new || arguments.once {
                        show(&cosigned.note, console, served);
                    }
                    self.hand_over(&cosigned).await
                }
                Err(failure) => Err(failure),
            };
            match done {
                Ok(()) if arguments.once => return Ok(ExitCode::SUCCESS),
                Ok(()) => {}
                Err(failure) if arguments.once || !failure.may_pass() => return Err(failure),
                Err(failure) => console.say(format_args!("error: {failure}")),
            }
            sleep(Duration::from_secs(u64::from(arguments.every))).await;
        }
    }

    async fn look(&self, console: &Console) -> Result<Look, Failure> {
        let known = self.state.newest()?;
        let seen = self.fetch(known.as_ref()).await?;
        let before = known.as_ref().map(SignedCheckpoint::unverified);
        let proof = match before {
            Some(before) if 0 < before.size() && before.size() < seen.unverified().size() => {
                let (old, new) = (before.size(), seen.unverified().size());
                self.client.consistency(old, new).await?
            }
            Some(_) | None => Vec::new(),
        };
        let decided = witness(before, seen.unverified(), &proof);
        let is_shown = seen.cosigned(&self.public).is_ok();
        Ok(match (decided, known) {
            (Err(kind), Some(known)) => Look::Alarm(Alarm { kind, known, seen }),
            (Ok(()), Some(note)) if self.has_cosigned(&note, &seen) => Look::Cosigned(Cosigned {
                note,
                is_new: false,
                is_shown,
            }),
            (Ok(()) | Err(_), known) => {
                if known.is_none() {
                    say_first_sight(seen.unverified(), console);
                }
                let note = self.cosign(&seen, known.as_ref())?;
                // Nobody sees the signature before it is certain that no later start forgets it.
                self.state.keep(&note)?;
                Look::Cosigned(Cosigned {
                    note,
                    is_new: true,
                    is_shown,
                })
            }
        })
    }

    /// Whether what is known is what is seen, and this witness has said so already: its key may be
    /// another one than at the last start.
    fn has_cosigned(&self, known: &SignedCheckpoint, seen: &SignedCheckpoint) -> bool {
        known.unverified() == seen.unverified() && known.cosigned(&self.public).is_ok()
    }

    /// Gives the log the line that it does not show yet.
    async fn hand_over(&self, cosigned: &Cosigned) -> Result<(), Failure> {
        if self.post && !cosigned.is_shown {
            self.client.post(&cosigned.note, &self.public).await?;
        }
        Ok(())
    }

    /// The checkpoint of now, signed by the log. One that is shorter than what is known is asked for
    /// again for a while: a log on several servers may show one that is a moment behind.
    async fn fetch(&self, known: Option<&SignedCheckpoint>) -> Result<SignedCheckpoint, Failure> {
        let least = known.map_or(0, |known| known.unverified().size());
        let mut patience = self.patience;
        loop {
            let text = self.client.checkpoint().await?;
            let note = CheckpointNote::parse(&text)?;
            note.verify(&self.log_key)?;
            let CheckpointNote::Signed(seen) = note else {
                return Err(self
                    .client
                    .failure("its checkpoint is not signed".to_owned()));
            };
            if seen.unverified().size() >= least || patience == 0 {
                return Ok(seen);
            }
            patience -= 1;
            sleep(Duration::from_secs(1)).await;
        }
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

    /// Keeps and shows the evidence.
    fn raise(&self, alarm: &Alarm, console: &Console) -> Result<ExitCode, Failure> {
        let (known, seen) = (alarm.known.to_string(), alarm.seen.to_string());
        let sentence = sentence(alarm);
        let file = self
            .state
            .keep_evidence(&sentence, &alarm.known, &alarm.seen)?;
        console.say(format_args!("ALARM: {sentence}; nothing was cosigned"));
        console.say(format_args!("both checkpoints are in {}", file.display()));
        console.data(
            format_args!("cosigned before:\n\n{known}\nseen now:\n\n{seen}"),
            &json!({
                "alarm": code(alarm.kind),
                "message": sentence,
                "known": known,
                "seen": seen,
                "file": file.display().to_string(),
            }),
        );
        Ok(ExitCode::from(1))
    }
}

fn code(kind: Contradiction) -> &'static str {
    match kind {
        Contradiction::OtherOrigin => "other_origin",
        Contradiction::Shrunk => "shrunk",
        Contradiction::Forked => "forked",
        Contradiction::NotContinued => "not_continued",
    }
}

fn sentence(alarm: &Alarm) -> String {
    let (known, seen) = (alarm.known.unverified(), alarm.seen.unverified());
    match alarm.kind {
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

fn say_first_sight(seen: &Checkpoint, console: &Console) {
    console.say(format_args!(
        "first sight of `{}` with {} entries: what was before, this witness cannot know",
        seen.origin(),
        seen.size()
    ));
}

fn show(note: &SignedCheckpoint, console: &Console, served: Option<&Served>) {
    if let Some(served) = served {
        served.show(note);
    }
    let (text, head) = (note.to_string(), note.unverified());
    console.data(
        &text,
        &json!({
            "origin": head.origin(),
            "size": head.size(),
            "root": head.root().to_string(),
            "checkpoint": text,
        }),
    );
}
