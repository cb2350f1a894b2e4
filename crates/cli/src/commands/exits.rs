//! `softcap claim`, `refund` and `withdraw`: what takes tokens and money out of an escrow.

use std::{path::Path, process::ExitCode};

use alloy_primitives::Address;
use serde_json::json;
use softcap_evm::{ChainClient, EscrowKind, EvmError, Exit, ListOutcome, MOST_OF_A_LIST, terms_at};

use super::on_chain::{Done, Sender, coin, run as send, sender};
use super::serve::block_on;
use crate::{
    arguments::{EscrowArguments, ExitArguments, SenderArguments},
    console::Console,
    failure::Failure,
    text_file,
};

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

/// Takes back what the withdrawal right covers.
pub(crate) fn withdraw(
    arguments: &EscrowArguments,
    console: &Console,
) -> Result<ExitCode, Failure> {
    let sender = sender(&arguments.sender)?;
    let client = ChainClient::http(&arguments.sender.rpc)?;
    block_on(async {
        let escrow = arguments.escrow;
        match terms_at(&client, escrow).await?.kind() {
            EscrowKind::Plain => return Err(EvmError::NoWithdrawalRight { escrow }.into()),
            EscrowKind::Withdrawable => {}
        }
        let job = Job {
            escrow,
            exits: vec![Exit::Withdraw],
            whose: Whose::Own,
            arguments: &arguments.sender,
        };
        pay(&client, job, &sender, console).await
    })
}

fn step(what: &str, done: &Done) -> serde_json::Value {
    json!({ "what": what, "transaction": done.transaction(), "cost": done.cost().json() })
}

/// What is to be paid out of an escrow.
struct Job<'a> {
    escrow: Address,
    exits: Vec<Exit>,
    whose: Whose,
    arguments: &'a SenderArguments,
}

/// Who is paid.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The sender, who is told each payment.
    Own,
    /// Those of a list, who are counted.
    Listed,
}

fn leave(arguments: &ExitArguments, way: Way, console: &Console) -> Result<ExitCode, Failure> {
    let (whose, exits) = match &arguments.list {
        None => (Whose::Own, vec![way.own()]),
        Some(file) => {
            let list = addresses(file)?;
            let parts = list.chunks(MOST_OF_A_LIST);
            (Whose::Listed, parts.map(|part| way.of_list(part)).collect())
        }
    };
    let sender = sender(&arguments.sender)?;
    let client = ChainClient::http(&arguments.sender.rpc)?;
    block_on(async {
        terms_at(&client, arguments.escrow).await?;
        let job = Job {
            escrow: arguments.escrow,
            exits,
            whose,
            arguments: &arguments.sender,
        };
        pay(&client, job, &sender, console).await
    })
}

async fn pay(
    client: &ChainClient,
    job: Job<'_>,
    sender: &Sender,
    console: &Console,
) -> Result<ExitCode, Failure> {
    let Job {
        escrow,
        exits,
        whose,
        arguments,
    } = job;
    let bar = console.progress("paying", u64::try_from(exits.len()).ok());
    let mut outcome = ListOutcome::default();
    let mut steps = Vec::new();
    let mut text = Vec::new();
    for exit in exits {
        let draft = exit.draft(escrow, sender.address());
        let done = send(client, &draft, sender, console).await?;
        if let Done::Sent { receipt } = &done {
            outcome.add(escrow, receipt);
        }
        text.push(format!("{}: {}", draft.what, done.cost()));
        steps.push(step(draft.what, &done));
        bar.inc(1);
    }
    bar.finish_and_clear();
    if !arguments.dry_run {
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
    if whose == Whose::Own {
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
            "escrow": escrow,
            "sent": !arguments.dry_run,
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
