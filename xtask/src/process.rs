//! Starts programs, and ends them with all their descendants when their time is up.
//!
//! A program started here leads a process group of its own. Killing only the program would leave
//! the compilers and test binaries below it running, so the group is what gets killed: when the
//! budget is used up, and when the person at the keyboard presses Ctrl-C.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::budget::Part;
use crate::error::XtaskError;

/// The process group that runs now; zero when there is none.
static RUNNING_GROUP: AtomicU32 = AtomicU32::new(0);

/// Between two looks at a running program.
const POLL: Duration = Duration::from_millis(20);

/// Where the standard output of a program goes. Standard error always goes to ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// To ours, unread.
    Shown,
    /// To ours, and returned as well.
    ShownAndKept,
    /// Only returned.
    Kept,
}

/// The time a program may take, and the part it is booked on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    /// Named in the message when the time is up.
    pub(crate) part: Part,
    /// All that the part may take, for the message.
    pub(crate) whole: Duration,
    /// What is left of it.
    pub(crate) left: Duration,
}

/// A program that has ended by itself.
#[derive(Debug)]
pub(crate) struct Ended {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// Its standard output, unless it was only shown.
    pub(crate) stdout: String,
}

/// Makes Ctrl-C and a termination signal end the running group before this program ends.
pub(crate) fn end_children_on_interrupt() -> Result<(), XtaskError> {
    ctrlc::set_handler(|| {
        kill_group(RUNNING_GROUP.load(Ordering::SeqCst));
        // 130 is what a shell reports for a program ended by Ctrl-C.
        std::process::exit(130);
    })?;
    Ok(())
}

/// Runs a program to its end, whatever its exit status.
///
/// # Errors
/// `X002` when it cannot be started, `X004` when its time is up (the whole group is dead then).
pub(crate) fn run(
    mut command: Command,
    output: Output,
    limit: Option<Limit>,
) -> Result<Ended, XtaskError> {
    let line = command_line(&command);
    command.stdin(Stdio::null());
    if output != Output::Shown {
        command.stdout(Stdio::piped());
    }
    lead_own_group(&mut command);
    let started = Instant::now();
    let mut child = command.spawn().map_err(|source| XtaskError::CannotStart {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
        remedy: remedy_for(&command),
    })?;
    let group = child.id();
    RUNNING_GROUP.store(group, Ordering::SeqCst);
    let reader = child.stdout.take().map(|pipe| read_lines(pipe, output));

    let mut status = None;
    let ended_in_time = loop {
        if status.is_none() {
            status = child
                .try_wait()
                .map_err(|source| cannot_watch(&line, source))?;
        }
        // A descendant that outlives the program keeps the pipe open: it counts as running.
        if status.is_some() && reader.as_ref().is_none_or(JoinHandle::is_finished) {
            break true;
        }
        if limit.is_some_and(|limit| started.elapsed() >= limit.left) {
            kill_group(group);
            break false;
        }
        std::thread::sleep(POLL);
    };
    let status = match status {
        Some(status) => status,
        None => child.wait().map_err(|source| cannot_watch(&line, source))?,
    };
    RUNNING_GROUP.store(0, Ordering::SeqCst);
    let stdout = reader
        .and_then(|reader| reader.join().ok())
        .unwrap_or_default();
    match limit {
        Some(Limit { part, whole, .. }) if !ended_in_time => Err(XtaskError::OverBudget {
            command: line,
            part,
            limit: whole,
        }),
        _ => Ok(Ended { status, stdout }),
    }
}

/// Like [`run`], but a program that ends with another status than success is an error (`X003`).
pub(crate) fn run_to_success(
    command: Command,
    output: Output,
    limit: Option<Limit>,
) -> Result<String, XtaskError> {
    let line = command_line(&command);
    let ended = run(command, output, limit)?;
    if ended.status.success() {
        Ok(ended.stdout)
    } else {
        Err(XtaskError::StepFailed {
            command: line,
            status: ended.status.to_string(),
        })
    }
}

/// The program and its arguments as somebody would type them.
pub(crate) fn command_line(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let program = program.file_name().unwrap_or(command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

fn read_lines(pipe: impl std::io::Read + Send + 'static, output: Output) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut kept = Vec::new();
        let mut line = Vec::new();
        // A read error means the other side is gone, as the end of the file does.
        while pipe
            .read_until(b'\n', &mut line)
            .is_ok_and(|length| length > 0)
        {
            if output == Output::ShownAndKept {
                let mut ours = std::io::stdout().lock();
                // Nobody reads our output any more: the program is still to be waited for.
                let _ = ours.write_all(&line).and_then(|()| ours.flush());
            }
            kept.append(&mut line);
        }
        String::from_utf8_lossy(&kept).into_owned()
    })
}

fn cannot_watch(line: &str, source: std::io::Error) -> XtaskError {
    XtaskError::CannotStart {
        program: line.to_owned(),
        source,
        remedy: "the operating system refused to report on it; try again",
    }
}

/// The command that installs a missing program.
fn remedy_for(command: &Command) -> &'static str {
    match command.get_program().to_string_lossy().as_ref() {
        "git" => "install it, for example with `apt-get install git`",
        "python3" => "install it, for example with `apt-get install python3 python3-venv`",
        "node" | "npm" => "install it, for example with `apt-get install nodejs npm`",
        _ => "install Rust with its cargo from https://rustup.rs",
    }
}

#[cfg(unix)]
fn lead_own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
fn lead_own_group(_command: &mut Command) {}

#[cfg(unix)]
fn kill_group(group: u32) {
    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;
    // Group 0 would mean our own.
    if let Some(group) = i32::try_from(group).ok().filter(|group| *group > 0) {
        // The only failure left is that the group ended in this instant, which is what we want.
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
}

#[cfg(not(unix))]
fn kill_group(group: u32) {
    if group > 0 {
        let pid = group.to_string();
        // Without process groups the operating system's own tool walks the tree.
        let _ = Command::new("taskkill")
            .args(["/T", "/F", "/PID", pid.as_str()])
            .status();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn limit(left: Duration) -> Option<Limit> {
        Some(Limit {
            part: Part::Build,
            whole: Duration::from_secs(720),
            left,
        })
    }

    #[test]
    fn a_program_over_its_limit_dies_with_its_descendants() {
        let directory = tempfile::tempdir().unwrap();
        let marker = directory.path().join("survived");
        // `run` returns when the last holder of the pipe is gone. A descendant that survives holds
        // it until it has left its mark, so a mark that is missing proves that it was killed.
        let script = format!("(sleep 5; touch {}) & wait", marker.display());
        let error = run(shell(&script), Output::Kept, limit(Duration::ZERO)).unwrap_err();
        assert!(!marker.exists());
        let message = error.to_string();
        assert!(message.starts_with("X004: `sh -c (sleep 5;"), "{message}");
        assert!(
            message.contains("part \"build\" reached its limit of 12 min 00 s"),
            "{message}"
        );
    }

    #[test]
    fn a_descendant_left_behind_counts_as_running() {
        let directory = tempfile::tempdir().unwrap();
        let marker = directory.path().join("survived");
        let script = format!("(sleep 5; touch {}) & exit 0", marker.display());
        let left = Duration::from_millis(300);
        let error = run(shell(&script), Output::Kept, limit(left)).unwrap_err();
        assert!(matches!(error, XtaskError::OverBudget { .. }), "{error}");
        assert!(!marker.exists());
    }

    #[test]
    fn output_is_returned_and_a_failing_status_is_an_error() {
        let hour = limit(Duration::from_secs(3600));
        let text = run_to_success(shell("echo one; echo two"), Output::Kept, hour).unwrap();
        assert_eq!(text, "one\ntwo\n");
        let error = run_to_success(shell("exit 3"), Output::Kept, hour).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("`sh -c exit 3` failed with exit status: 3"),
            "{error}"
        );
    }

    #[test]
    fn a_missing_program_names_what_installs_it() {
        let mut command = Command::new("node");
        command.env("PATH", "/nonexistent");
        let error = run(command, Output::Kept, None).unwrap_err();
        assert!(
            error.to_string().contains("apt-get install nodejs npm"),
            "{error}"
        );
    }
}
