//! `softcap selftest`: whether an installation keeps what it promises, and which test proves what cannot be asked of it.

mod installation;
mod items;
mod live;

use std::{collections::BTreeMap, process::ExitCode};

use serde_json::{Value, json};
use softcap_server::Config;

use self::{
    installation::Installation,
    items::{Check, ITEMS, Item},
    live::Live,
};
use super::serve::block_on;
use crate::{arguments::SelftestArguments, console::Console, failure::Failure};

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    /// As it should be; what was seen.
    Passed(String),
    /// Not as it should be; what was seen, and what to do.
    Failed(String),
    /// It could not be asked, and why.
    NotAsked(String),
}

impl Outcome {
    fn of(is_right: bool, seen: impl Into<String>) -> Self {
        if is_right {
            Self::Passed(seen.into())
        } else {
            Self::Failed(seen.into())
        }
    }

    const fn word(&self) -> &'static str {
        match self {
            Self::Passed(_) => "pass",
            Self::Failed(_) => "FAIL",
            Self::NotAsked(_) => "not asked",
        }
    }

    fn seen(&self) -> &str {
        match self {
            Self::Passed(seen) | Self::Failed(seen) | Self::NotAsked(seen) => seen,
        }
    }
}

impl Check {
    const ALL: [Self; 13] = [
        Self::Configuration,
        Self::SecretFiles,
        Self::AuditLog,
        Self::Cookies,
        Self::OnlyTls,
        Self::ForeignOrigin,
        Self::Policy,
        Self::CrossSite,
        Self::ForgedAddress,
        Self::Smuggling,
        Self::UnknownField,
        Self::NotSignedIn,
        Self::KeyInQuery,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::SecretFiles => "secret files",
            Self::AuditLog => "audit log",
            Self::Cookies => "cookies",
            Self::OnlyTls => "TLS and HSTS",
            Self::ForeignOrigin => "foreign origin",
            Self::Policy => "content policy",
            Self::CrossSite => "change from another site",
            Self::ForgedAddress => "forged address",
            Self::Smuggling => "two lengths",
            Self::UnknownField => "unknown field",
            Self::NotSignedIn => "not signed in",
            Self::KeyInQuery => "key in the query",
        }
    }
}

pub(crate) fn run(arguments: &SelftestArguments, console: &Console) -> Result<ExitCode, Failure> {
    let config = Config::load(arguments.config.as_deref())?;
    let data = arguments.data.clone().or_else(|| {
        arguments
            .config
            .as_ref()
            .map(|_| config.server.data.clone())
    });
    let installation = Installation::new(&config, data.as_deref())?;
    let live = arguments.url.as_deref().map(Live::new).transpose()?;
    let outcomes = block_on(async {
        let mut outcomes = BTreeMap::new();
        for check in Check::ALL {
            let outcome = ask(check, &installation, live.as_ref()).await;
            outcomes.insert(check.name(), outcome);
        }
        Ok(outcomes)
    })?;
    let failed = outcomes
        .values()
        .filter(|outcome| matches!(outcome, Outcome::Failed(_)));
    let failed = failed.count();
    let text = if arguments.asvs {
        asvs_text(&outcomes)
    } else {
        text(&outcomes)
    };
    let unproven = ITEMS.iter().filter(|item| item.tests.is_empty()).count();
    let (asked, all) = (
        outcomes
            .values()
            .filter(|outcome| !matches!(outcome, Outcome::NotAsked(_)))
            .count(),
        outcomes.len(),
    );
    console.data(
        format_args!(
            "{text}\n{asked} of {all} checks asked, {failed} failed; {} of {} ASVS items have a test",
            ITEMS.len() - unproven,
            ITEMS.len()
        ),
        &value(&outcomes, failed == 0),
    );
    Ok(ExitCode::from(u8::from(failed > 0)))
}

async fn ask(check: Check, installation: &Installation, live: Option<&Live>) -> Outcome {
    match check {
        Check::Configuration => installation.configuration(),
        Check::SecretFiles => installation.secret_files(),
        Check::AuditLog => installation.audit_log().await,
        Check::Cookies
        | Check::OnlyTls
        | Check::ForeignOrigin
        | Check::Policy
        | Check::CrossSite
        | Check::ForgedAddress
        | Check::Smuggling
        | Check::UnknownField
        | Check::NotSignedIn
        | Check::KeyInQuery => {
            let Some(live) = live else {
                return Outcome::NotAsked("give --url, where the server answers".to_owned());
            };
            let asked = live.ask(check, installation).await;
            asked.unwrap_or_else(Outcome::NotAsked)
        }
    }
}

fn text(outcomes: &BTreeMap<&'static str, Outcome>) -> String {
    let lines = Check::ALL.iter().filter_map(|check| {
        let outcome = outcomes.get(check.name())?;
        Some(format!(
            "{:<9} {:<24} {}\n",
            outcome.word(),
            check.name(),
            outcome.seen()
        ))
    });
    lines.collect()
}

fn asvs_text(outcomes: &BTreeMap<&'static str, Outcome>) -> String {
    let mut text = String::new();
    for item in ITEMS {
        text += &format!("{} (level {}): {}\n", item.id, item.level, item.what);
        for check in item.checks {
            if let Some(outcome) = outcomes.get(check.name()) {
                let (word, name, seen) = (outcome.word(), check.name(), outcome.seen());
                text += &format!("    {word}: {name}: {seen}\n");
            }
        }
        for (file, name) in item.tests {
            text += &format!("    test: {file}: {name}\n");
        }
        if item.tests.is_empty() {
            text += "    not yet\n";
        }
    }
    text
}

fn value(outcomes: &BTreeMap<&'static str, Outcome>, is_right: bool) -> Value {
    let checked = |check: &Check| {
        let outcome = outcomes.get(check.name())?;
        Some(json!({ "check": check.name(), "result": outcome.word(), "seen": outcome.seen() }))
    };
    let item = |item: &Item| {
        let tests = item
            .tests
            .iter()
            .map(|(file, name)| json!({ "file": file, "name": name }));
        json!({
            "id": item.id,
            "level": item.level,
            "what": item.what,
            "checks": item.checks.iter().filter_map(checked).collect::<Vec<_>>(),
            "tests": tests.collect::<Vec<_>>(),
        })
    };
    json!({
        "passed": is_right,
        "checks": Check::ALL.iter().filter_map(checked).collect::<Vec<_>>(),
        "asvs": ITEMS.iter().map(item).collect::<Vec<_>>(),
    })
}
