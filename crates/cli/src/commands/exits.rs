//! `softcap claim` and `refund`: what takes tokens and money out of an escrow.

use std::{path::Path, process::ExitCode};

use alloy_primitives::Address;
use serde_json::json;
use softcap_evm::{ChainClient, Exit, ListOutcome, MOST_OF_A_LIST, terms_at};

use super::on_chain::{Done, Sender, coin, run as send, sender};
use super::serve::block_on;
use crate::{arguments::ExitArguments, console::Console, failure::Failure, text_file};

/// Largest file of addresses in bytes: half a million of them.
const LARGEST_LIST: u64 = 24 << 20;

/// What an investor takes out.
#[derive(Clone, Copy)]
enum Way {
    Tokens,
    Money,
}

impl Way {
    fn own(self) -> Exit {
        match self {
            Self::Tokens => Exit::Claim,
            Self::Money => Exit::Refund,
        }
    }

    fn of_list(self, list: &[Address]) -> Exit {
        match self {
            Self::Tokens => Exit::Distribute(list.to_vec()),
            Self::Money => Exit::RefundMany(list.to_vec()),
        }
    }
}

pub(crate) fn claim(arguments: &ExitArguments, console: &Console) -> Result<ExitCode, Failure> {
    leave(arguments, Way::Tokens, console)
}

pub(crate) fn refund(arguments: &ExitArguments, console: &Console) -> Result<ExitCode, Failure> {
    leave(arguments, Way::Money, console)
}

fn step(what: &str, done: &Done) -> serde_json::Value {
    json!({ "what": what, "transaction": done.transaction(), "cost": done.cost().json() })
}

fn leave(arguments: &ExitArguments, way: Way, console: &Console) -> Result<ExitCode, Failure> {
    let exits = match &arguments.list {
        None => vec![way.own()],
        Some(file) => {
            let list = addresses(file)?;
            let parts = list.chunks(MOST_OF_A_LIST);
            parts.map(|part| way.of_list(part)).collect()
        }
    };
    let sender = sender(&arguments.sender)?;
    let client = ChainClient::http(&arguments.sender.rpc)?;
    block_on(async {
        terms_at(&client, arguments.escrow).await?;
        pay(&client, arguments, exits, &sender, console).await
    })
}

async fn pay(
    client: &ChainClient,
    arguments: &ExitArguments,
    exits: Vec<Exit>,
    sender: &Sender,
    console: &Console,
) -> Result<ExitCode, Failure> {
    let bar = console.progress("paying", u64::try_from(exits.len()).ok());
    let mut outcome = ListOutcome::default();
    let mut steps = Vec::new();
    let mut text = Vec::new();
    for exit in exits {
        let draft = exit.draft(arguments.escrow, sender.address());
        let done = send(client, &draft, sender, console).await?;
        if let Done::Sent { receipt } = &done {
            outcome.add(arguments.escrow, receipt);
        }
        text.push(format!("{}: {}", draft.what, done.cost()));
        steps.push(step(draft.what, &done));
        bar.inc(1);
    }
    bar.finish_and_clear();
    if !arguments.sender.dry_run {
        let paid = outcome.paid.len();
        text.push(format!(
            "{paid} payments, {} wallets skipped",
            outcome.skipped.len()
        ));
    }
    let paid: Vec<_> = outcome
        .paid
        .iter()
        .map(|(investor, out)| {
            json!({
                "investor": investor,
                "what": out.name(),
                "amount": out.amount().to_string(),
            })
        })
        .collect();
    if arguments.list.is_none() {
        let out = outcome.paid.iter().map(|(_, out)| {
            let (amount, what) = (out.amount(), out.name());
            format!(
                "{what}: {amount} smallest units ({} with 18 decimals)",
                coin(amount)
            )
        });
        text.extend(out);
    }
    console.data(
        text.join("\n"),
        &json!({
            "escrow": arguments.escrow,
            "sent": !arguments.sender.dry_run,
            "steps": steps,
            "paid": paid,
            "skipped": outcome.skipped,
        }),
    );
    Ok(if outcome.skipped.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn addresses(file: &Path) -> Result<Vec<Address>, Failure> {
    let text = text_file::read(file, LARGEST_LIST)?;
    let mut list = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let address = line.parse().map_err(|_| Failure::Argument {
            flag: "list",
            problem: format!("line {} is no address", number + 1),
            allowed: "one address a line, as 0x and 40 hexadecimal digits",
        })?;
        list.push(address);
    }
    if list.is_empty() {
        return Err(Failure::Argument {
            flag: "list",
            problem: "the file has no address".to_owned(),
            allowed: "one address a line",
        });
    }
    Ok(list)
}
