//! `softcap witness`: follow a log, or be told of it; cosign what continues it, raise the alarm when it
//! contradicts itself.

mod alarm;
mod client;
mod keeper;
mod push;
mod served;
mod state;

use std::{process::ExitCode, sync::Arc, time::Duration};

use serde_json::json;
use softcap_proof::{Checkpoint, CheckpointNote, SignedCheckpoint, VerifierKey};
use tokio::{sync::mpsc, time::sleep};

use self::{
    alarm::Alarm,
    client::LogClient,
    keeper::{Cosigned, Decided, Keeper},
    served::Event,
};
use super::{serve::block_on, settle::read_key};
use crate::{arguments::WitnessArguments, console::Console, failure::Failure};

/// What was pushed and waits to be shown.
const EVENTS: usize = 64;

pub(crate) fn run(arguments: &WitnessArguments, console: &Console) -> Result<ExitCode, Failure> {
    let log_key = VerifierKey::parse(&arguments.log_key).map_err(|error| Failure::Argument {
        flag: "log-key",
        problem: error.to_string(),
        allowed: "the log's public key, NAME+ID+KEY, in quotes, from a source you trust",
    })?;
    let key = read_key(&arguments.key)?;
    let origin = arguments.origin.clone();
    let keeper = Arc::new(Keeper::open(&arguments.state, log_key, origin, key)?);
    console.say(format_args!("this witness: {}", keeper.public()));
    if arguments.url.is_none() && keeper.origin()?.is_none() {
        return Err(Failure::Argument {
            flag: "origin",
            problem: "nothing says which log of this key is meant".to_owned(),
            allowed: "the first line of the log's checkpoints",
        });
    }
    block_on(async {
        let (events, mut told) = mpsc::channel(EVENTS);
        if let Some(address) = arguments.listen {
            served::start(address, Arc::clone(&keeper), events.clone(), console).await?;
        }
        let follow = async {
            match &arguments.url {
                Some(url) => {
                    let watch = Watch {
                        client: LogClient::new(url)?,
                        keeper: &keeper,
                        arguments,
                    };
                    watch.follow(console).await
                }
                None => std::future::pending().await,
            }
        };
        let mut follow = std::pin::pin!(follow);
        loop {
            tokio::select! {
                ended = &mut follow => return match ended? {
                    None => Ok(ExitCode::SUCCESS),
                    Some(alarm) => raise(&keeper, &alarm, console),
                },
                // There is always a sender: the one above.
                Some(event) = told.recv() => match event {
                    Event::Cosigned(cosigned) => show(&cosigned, console),
                    Event::Alarm(alarm) => return raise(&keeper, &alarm, console),
                    Event::Failed(failure) => console.say(format_args!("error: {failure}")),
                },
            }
        }
    })
}

/// Looks at a log now and then.
struct Watch<'a> {
    client: LogClient,
    keeper: &'a Keeper,
    arguments: &'a WitnessArguments,
}

/// What one look at the log gave.
struct Look {
    decided: Decided,
    /// Whether the log itself shows this witness's line.
    is_shown: bool,
}

impl Watch<'_> {
    /// Looks until the log contradicts itself, or once.
    async fn follow(&self, console: &Console) -> Result<Option<Alarm>, Failure> {
        let is_once = self.arguments.once;
        loop {
            let done = match self.look().await {
                Ok(look) => match look.decided {
                    Decided::Alarm(alarm) => return Ok(Some(alarm)),
                    // Somebody pushed meanwhile: look again at what is newer now.
                    Decided::Moved { .. } => continue,
                    Decided::Cosigned(cosigned) => {
                        if cosigned.is_new || is_once {
                            show(&cosigned, console);
                        }
                        self.hand_over(&cosigned.note, look.is_shown).await
                    }
                },
                Err(failure) => Err(failure),
            };
            match done {
                Ok(()) if is_once => return Ok(None),
                Ok(()) => {}
                Err(failure) if is_once || !failure.may_pass() => return Err(failure),
                Err(failure) => console.say(format_args!("error: {failure}")),
            }
            sleep(Duration::from_secs(u64::from(self.arguments.every))).await;
        }
    }

    async fn look(&self) -> Result<Look, Failure> {
        let known = self.keeper.newest()?;
        let old = known.map_or(0, |known| known.unverified().size());
        let seen = self.fetch(old).await?;
        let new = seen.unverified().size();
        let proof = if 0 < old && old < new {
            self.client.consistency(old, new).await?
        } else {
            Vec::new()
        };
        let is_shown = seen.cosigned(self.keeper.public()).is_ok();
        let decided = self.keeper.decide(seen, old, &proof)?;
        Ok(Look { decided, is_shown })
    }

    /// Gives the log the line that it does not show yet.
    async fn hand_over(&self, note: &SignedCheckpoint, is_shown: bool) -> Result<(), Failure> {
        if self.arguments.post && !is_shown {
            let line = self.keeper.line(note);
            self.client.post(note.unverified().size(), line).await?;
        }
        Ok(())
    }

    /// The checkpoint of now, signed by the log. One that is shorter than what is known is asked for
    /// again for a while: a log on several servers may show one that is a moment behind.
    async fn fetch(&self, least: u64) -> Result<SignedCheckpoint, Failure> {
        let mut patience = self.arguments.patience;
        loop {
            let text = self.client.checkpoint().await?;
            let note = CheckpointNote::parse(&text)?;
            note.verify(self.keeper.log_key())?;
            let CheckpointNote::Signed(seen) = note else {
                return Err(self
                    .client
                    .failure("its checkpoint is not signed".to_owned()));
            };
            self.require_origin(seen.unverified())?;
            if seen.unverified().size() >= least || patience == 0 {
                return Ok(seen);
            }
            patience -= 1;
            sleep(Duration::from_secs(1)).await;
        }
    }

    /// A log that has another name than was said was never this witness's.
    fn require_origin(&self, seen: &Checkpoint) -> Result<(), Failure> {
        match &self.arguments.origin {
            Some(origin) if *origin != seen.origin() => Err(self
                .client
                .failure(format!("its origin is `{}`, not `{origin}`", seen.origin()))),
            Some(_) | None => Ok(()),
        }
    }
}

/// Keeps and shows the evidence.
fn raise(keeper: &Keeper, alarm: &Alarm, console: &Console) -> Result<ExitCode, Failure> {
    let (known, seen) = (alarm.known.to_string(), alarm.seen.to_string());
    let sentence = alarm.sentence();
    let file = keeper.keep_evidence(alarm)?;
    console.say(format_args!("ALARM: {sentence}; nothing was cosigned"));
    console.say(format_args!("both checkpoints are in {}", file.display()));
    console.data(
        format_args!("cosigned before:\n\n{known}\nseen now:\n\n{seen}"),
        &json!({
            "alarm": alarm.code(),
            "message": sentence,
            "known": known,
            "seen": seen,
            "file": file.display().to_string(),
        }),
    );
    Ok(ExitCode::from(1))
}

fn show(cosigned: &Cosigned, console: &Console) {
    let (text, head) = (cosigned.note.to_string(), cosigned.note.unverified());
    if cosigned.is_first {
        console.say(format_args!(
            "first sight of `{}` with {} entries: what was before, this witness cannot know",
            head.origin(),
            head.size()
        ));
    }
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
