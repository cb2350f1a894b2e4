//! Time, memory, and how busy the machine is.

use std::{
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::failure::BenchFailure;

/// The machine's load over the last minute, as it says.
pub(crate) fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}

/// What the machine's cores did since it started, in ticks of its clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cores {
    busy: u64,
    all: u64,
}

impl Cores {
    pub(crate) fn now() -> Self {
        let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        let ticks: Vec<u64> = line
            .split_whitespace()
            .skip(1)
            .filter_map(|ticks| ticks.parse().ok())
            .collect();
        // The fourth and fifth figures are idle, the latter with a disk to wait for.
        let idle: u64 = ticks.iter().skip(3).take(2).sum();
        let all: u64 = ticks.iter().sum();
        Self {
            busy: all - idle,
            all,
        }
    }

    /// The part of the time from then to now in which the cores were busy, in percent.
    pub(crate) fn busy_since(then: Self) -> f64 {
        let now = Self::now();
        let all = now.all.saturating_sub(then.all).max(1);
        100.0 * now.busy.saturating_sub(then.busy) as f64 / all as f64
    }
}

/// What a program took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    /// Largest resident memory that was seen, in bytes.
    pub(crate) memory: u64,
}

/// Runs a program to its end and watches it.
pub(crate) fn program(command: &mut Command) -> Result<Cost, BenchFailure> {
    let start = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()?;
    let mut memory = 0;
    let status = loop {
        memory = memory.max(peak_memory(&child));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        thread::sleep(Duration::from_millis(2));
    };
    let wall = start.elapsed();
    if status.success() {
        Ok(Cost { wall, memory })
    } else {
        Err(BenchFailure(format!("{command:?} ended with {status}")))
    }
}

/// The high-water mark that the kernel keeps, so that nothing is missed between two looks.
fn peak_memory(child: &Child) -> u64 {
    memory(child, "VmHWM:")
}

/// A figure of the kernel about the memory of a process, in bytes.
pub(crate) fn memory(child: &Child, figure: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(figure))
        .unwrap_or_default();
    let kib = line
        .trim()
        .trim_end_matches(" kB")
        .parse::<u64>()
        .unwrap_or(0);
    kib * 1024
}

/// The kernel's ticks in a second (`USER_HZ`): what `/proc` counts processor time in on every Linux of today.
const TICKS: f64 = 100.0;

/// The processor time that a process took so far, in seconds. Unlike a rate it does not change with what
/// else the machine does.
pub(crate) fn processor(child: &Child) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
    // The name of the program stands in parentheses and may have spaces; user and system time are the
    // twelfth and thirteenth figures after it.
    let figures = text.rsplit(')').next().unwrap_or_default();
    let ticks = figures.split_whitespace().skip(11).take(2);
    ticks.filter_map(|one| one.parse::<f64>().ok()).sum::<f64>() / TICKS
}

/// The middle one.
pub(crate) fn median(mut costs: Vec<Cost>) -> Option<Cost> {
    costs.sort_by_key(|cost| cost.wall);
    costs.get(costs.len() / 2).copied()
}

/// A ratio of two durations as a factor.
pub(crate) fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64().max(1e-9)
}

/// The time that so many of a hundred stay below. Sorts them.
pub(crate) fn percentile(times: &mut [Duration], percent: f64) -> Duration {
    times.sort_unstable();
    let place = (times.len() as f64 * percent / 100.0).ceil() as usize;
    let place = place.clamp(1, times.len().max(1)) - 1;
    times.get(place).copied().unwrap_or_default()
}

/// The middle one of some figures.
pub(crate) fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
