//! One thread of low priority that hashes passwords, one after the other, with a bounded queue before it.
//!
//! A hash takes 19 MiB and some ten milliseconds of a processor on purpose. Whoever sends many logins at once waits in
//! this queue, or is told to come again; what the rest of the server does with its processors goes before it.

use std::{
    fmt,
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread,
    time::Duration,
};

use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::{
    PersonError,
    password::{HashMemory, Password, of_nobody},
};

/// Passwords that wait. At some 30 milliseconds each the last one is answered within two seconds.
const QUEUE: usize = 32;
/// When to come again if the queue is full: by then it is worked off.
const COME_AGAIN: Duration = Duration::from_secs(2);

/// The memory of a hash goes back to the system when nobody has come for so long.
const MEMORY_KEPT: Duration = Duration::from_secs(5);

enum Job {
    /// Judge a password for these words of its context, and make the text to be kept.
    Make {
        password: Password,
        context: Vec<String>,
        answer: oneshot::Sender<Result<Zeroizing<String>, PersonError>>,
    },
    /// Compare with a kept text.
    Compare {
        password: Password,
        kept: Zeroizing<String>,
        answer: oneshot::Sender<Result<bool, PersonError>>,
    },
}

impl Job {
    fn run(self, memory: &mut HashMemory) {
        // Whoever asked may be gone; then nobody is told.
        match self {
            Self::Make { answer, .. } if answer.is_closed() => {}
            Self::Compare { answer, .. } if answer.is_closed() => {}
            Self::Make {
                password,
                context,
                answer,
            } => {
                let made = password
                    .judge(&context)
                    .and_then(|()| password.hash(memory));
                let _ = answer.send(made);
            }
            Self::Compare {
                password,
                kept,
                answer,
            } => {
                let _ = answer.send(password.is(&kept, memory));
            }
        }
    }
}

/// The thread, from outside. It ends when this is dropped.
pub(crate) struct Hasher {
    queue: SyncSender<Job>,
    /// What is kept of nobody's password, so that an unknown person costs what a known one does.
    nobody: Zeroizing<String>,
}

impl Hasher {
    /// Starts the thread.
    pub(crate) fn start() -> Result<Self, PersonError> {
        let (queue, jobs) = sync_channel(QUEUE);
        let nobody = of_nobody()?;
        let thread = thread::Builder::new().name("passwords".to_owned());
        thread
            .spawn(move || work(&jobs))
            .map_err(|_| PersonError::Hash)?;
        Ok(Self { queue, nobody })
    }

    /// Judges a password and makes what is kept of it.
    pub(crate) async fn make(
        &self,
        password: &Password,
        context: Vec<String>,
    ) -> Result<Zeroizing<String>, PersonError> {
        let (answer, made) = oneshot::channel();
        self.send(Job::Make {
            password: password.clone(),
            context,
            answer,
        })?;
        made.await.map_err(|_| PersonError::Hash)?
    }

    /// Whether the password is the one of which this was kept; where nothing was, it is not, at the same cost.
    pub(crate) async fn compare(
        &self,
        password: &Password,
        kept: Option<Zeroizing<String>>,
    ) -> Result<bool, PersonError> {
        let is_kept = kept.is_some();
        let (answer, compared) = oneshot::channel();
        self.send(Job::Compare {
            password: password.clone(),
            kept: kept.unwrap_or_else(|| self.nobody.clone()),
            answer,
        })?;
        let is_it = compared.await.map_err(|_| PersonError::Hash)??;
        Ok(is_it && is_kept)
    }

    fn send(&self, job: Job) -> Result<(), PersonError> {
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => PersonError::Busy { wait: COME_AGAIN },
            TrySendError::Disconnected(_) => PersonError::Hash,
        })
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Hasher")
    }
}

fn work(jobs: &Receiver<Job>) {
    stand_back();
    while let Ok(job) = jobs.recv() {
        let mut memory = HashMemory::default();
        job.run(&mut memory);
        while let Ok(job) = jobs.recv_timeout(MEMORY_KEPT) {
            job.run(&mut memory);
        }
    }
}

/// Leaves the processors to every other thread that wants one (`SCHED_IDLE`, sched(7)). A nice value alone would
/// not do: a thread that wakes up may have to wait for the end of a nice one's slice, but never for an idle one.
#[cfg(target_os = "linux")]
fn stand_back() {
    use thread_priority::{
        NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
        set_thread_priority_and_policy, thread_native_id,
    };

    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    if let Err(error) =
        set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle)
    {
        tracing::warn!(
            ?error,
            "passwords are hashed at the priority of everything else"
        );
    }
}

/// Elsewhere a thread cannot stand back further than its lowest priority.
#[cfg(not(target_os = "linux"))]
fn stand_back() {
    if let Err(error) =
        thread_priority::set_current_thread_priority(thread_priority::ThreadPriority::Min)
    {
        tracing::warn!(
            ?error,
            "passwords are hashed at the priority of everything else"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_thread_takes_only_what_nobody_else_wants() {
        use thread_priority::{
            NormalThreadSchedulePolicy, ThreadSchedulePolicy, thread_native_id,
            thread_schedule_policy_param,
        };

        let thread = thread::spawn(|| {
            stand_back();
            thread_schedule_policy_param(thread_native_id()).map(|(policy, _)| policy)
        });
        let policy = thread.join().unwrap().unwrap();
        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        assert_eq!(policy, idle);
    }

    #[tokio::test]
    async fn who_comes_while_the_queue_is_full_is_told_when_to_come_again() {
        let hasher = Hasher::start().unwrap();
        let password = Password::new("tidal lantern ochre mule".to_owned()).unwrap();
        let kept = hasher.make(&password, Vec::new()).await.unwrap();
        // All are asked before the first one can be answered: nothing here gives the processor away.
        let mut answers: Vec<_> = (0..3 * QUEUE)
            .map(|_| {
                let (answer, compared) = oneshot::channel();
                let job = Job::Compare {
                    password: password.clone(),
                    kept: kept.clone(),
                    answer,
                };
                hasher.send(job).map(|()| compared)
            })
            .collect();
        let refused = answers.extract_if(.., |answer| answer.is_err());
        let refused: Vec<_> = refused.filter_map(Result::err).collect();
        assert!(refused.len() >= QUEUE, "{} were refused", refused.len());
        for error in refused {
            let wait = COME_AGAIN;
            assert!(matches!(error, PersonError::Busy { wait: told } if told == wait));
        }
        // Nobody who was let in is lost, and the thread goes on.
        for answer in answers {
            assert!(answer.unwrap().await.unwrap().unwrap());
        }
        assert!(hasher.compare(&password, Some(kept)).await.unwrap());
    }

    #[tokio::test]
    async fn a_password_of_nobody_is_never_right() {
        let hasher = Hasher::start().unwrap();
        let password = Password::new("tidal lantern ochre mule".to_owned()).unwrap();
        assert!(!hasher.compare(&password, None).await.unwrap());
    }
}
