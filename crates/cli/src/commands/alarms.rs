//! `softcap alarms replay`: what the rules of alerts say to a file of events.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, BufRead, BufReader},
    process::ExitCode,
};

use serde_json::{Value, json};
use softcap_identity::{
    UnixMillis,
    signals::{EventError, EventLine, NetworkMap, RaisedAlarm, Replay, Tally},
};

use crate::{
    arguments::{AlarmsCommand, ReplayArguments},
    console::{Console, Format},
    failure::Failure,
    text_file,
};

/// Bytes of a file of networks: a whole table of the internet's routes is smaller.
const LARGEST_NETWORKS: u64 = 64 << 20;

pub(crate) fn run(command: &AlarmsCommand, console: &Console) -> Result<ExitCode, Failure> {
    let AlarmsCommand::Replay(arguments) = command;
    replay(arguments, console)
}

fn replay(arguments: &ReplayArguments, console: &Console) -> Result<ExitCode, Failure> {
    let networks = match &arguments.networks {
        None => NetworkMap::default(),
        Some(file) => {
            let text = text_file::read(file, LARGEST_NETWORKS)?;
            NetworkMap::parse(&text).map_err(|error| Failure::Events {
                file: file.display().to_string(),
                error: error.to_string(),
            })?
        }
    };
    let (mut replay, mut tally) = (Replay::new(networks), Tally::default());
    let mut list = List::default();
    read(arguments, |event| {
        let alarms = replay.next(event);
        tally.add(event, &alarms);
        if arguments.list {
            list.add(&alarms, console.format());
        }
    })?;
    let text = format!("{}{tally}", list.text);
    console.data(text.trim_end(), &as_json(&tally, list.values));
    Ok(ExitCode::SUCCESS)
}

/// Gives each event, in the order of the file.
fn read(arguments: &ReplayArguments, mut act: impl FnMut(&EventLine)) -> Result<(), Failure> {
    let name = arguments.file.display().to_string();
    let unreadable = |source| Failure::Unreadable {
        file: name.clone(),
        source,
    };
    let wrong = |error: EventError| Failure::Events {
        file: name.clone(),
        error: error.to_string(),
    };
    let mut text: Box<dyn BufRead> = if arguments.file.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(
            File::open(&arguments.file).map_err(unreadable)?,
        ))
    };
    let (mut line, mut number, mut last) = (String::new(), 0, None);
    loop {
        line.clear();
        if text.read_line(&mut line).map_err(unreadable)? == 0 {
            return Ok(());
        }
        number += 1;
        if line.trim().is_empty() {
            continue;
        }
        let event = EventLine::parse(line.trim(), number).map_err(wrong)?;
        if last.is_some_and(|last| event.at < last) {
            return Err(wrong(EventError::Order { line: number }));
        }
        last = Some(event.at);
        act(&event);
    }
}

/// Alarms one by one, for whoever wants to see each.
#[derive(Default)]
struct List {
    text: String,
    values: Vec<Value>,
}

impl List {
    fn add(&mut self, alarms: &[RaisedAlarm], format: Format) {
        for alarm in alarms.iter().filter(|alarm| alarm.is_told) {
            let at = time_text(alarm.at);
            let (kind, subject) = (alarm.kind.as_code(), &alarm.subject);
            let signals: Vec<&str> = alarm
                .signals
                .iter()
                .map(|signal| signal.as_code())
                .collect();
            match format {
                Format::Text => {
                    let why = signals.join(" ");
                    let attack = alarm.attack.as_deref().unwrap_or("-");
                    // Writing into a string does not fail.
                    let _ = writeln!(self.text, "{at} {kind} {subject} {attack} {why}");
                }
                Format::Json => self.values.push(json!({
                    "at": at,
                    "kind": kind,
                    "subject": subject,
                    "signals": signals,
                    "attack": alarm.attack,
                })),
            }
        }
    }
}

fn time_text(at: UnixMillis) -> String {
    jiff::Timestamp::from_millisecond(at.get())
        .map_or_else(|_| at.get().to_string(), |time| time.to_string())
}

fn as_json(tally: &Tally, alarms: Vec<Value>) -> Value {
    json!({
        "events": tally.events(),
        "people": tally.people(),
        "attacks": tally.attacks(),
        "rules": tally.rules(),
        "noticed_per_ten_thousand": tally.noticed(),
        "false_alarms": tally.false_alarms(),
        "false_alarms_per_million_person_months": tally.false_alarms_of_person_month(),
        "alarms": alarms,
    })
}
