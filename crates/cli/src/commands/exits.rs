//! `softcap claim`, `refund` and `withdraw`: what takes tokens and money out of an escrow.

use std::{path::Path, process::ExitCode};

use alloy_primitives::Address;
use serde_json::json;
use softcap_evm::{
    ChainClient, Draft, EscrowKind, EvmError, Exit, ListOutcome, MOST_OF_A_LIST, RootAct,
    SaleTerms, sale_terms_at,
};

use super::on_chain::{Done, Sender, coin, run as send, sender};
use super::root::{require_same_sale, root_terms};
use super::serve::block_on;
use crate::{
    arguments::{ClaimArguments, EscrowArguments, ExitArguments, SenderArguments},
    console::Console,
    failure::Failure,
    settlement_leaves::SettlementLeaves,
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

pub(crate) fn claim(arguments: &ClaimArguments, console: &Console) -> Result<ExitCode, Failure> {
    match &arguments.bundle {
        Some(bundle) => claim_leaf(&arguments.exit, bundle, console),
        None => leave(&arguments.exit, Way::Tokens, console),
    }
}

/// Proves the sender's own leaf of a settlement by root.
fn claim_leaf(
    arguments: &ExitArguments,
    bundle: &Path,
    console: &Console,
) -> Result<ExitCode, Failure> {
    let sender = sender(&arguments.sender)?;
    let client = ChainClient::http(&arguments.sender.rpc)?;
    let mut leaves = SettlementLeaves::open(bundle, console)?;
    let (escrow, wallet) = (arguments.escrow, sender.address());
    block_on(async {
        let terms = root_terms(&client, escrow).await?;
        require_same_sale(&client, (escrow, &terms), &leaves).await?;
        let leaf = leaves.of(wallet)?.ok_or_else(|| Failure::NotThere {
            what: "investor",
            name: wallet.to_string(),
            place: bundle.display().to_string(),
            remedy: "use the key of a wallet that took part",
        })?;
        let job = Job {
            escrow,
            drafts: vec![RootAct::Claim(leaf).draft(escrow, wallet)],
            whose: Whose::Own,
            arguments: &arguments.sender,
        };
        pay(&client, job, &sender, console).await
    })
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
        match sale_terms_at(&client, escrow).await?.kind() {
            EscrowKind::Plain | EscrowKind::Root => {
                return Err(EvmError::NoWithdrawalRight { escrow }.into());
            }
            EscrowKind::Withdrawable => {}
        }
        let job = Job {
            escrow,
            drafts: vec![Exit::Withdraw.draft(escrow, sender.address())],
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
    drafts: Vec<Draft>,
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
        let terms = sale_terms_at(&client, arguments.escrow).await?;
        require_leaves(way, &terms)?;
        let (escrow, from) = (arguments.escrow, sender.address());
        let drafts = exits.into_iter().map(|exit| exit.draft(escrow, from));
        let job = Job {
            escrow,
            drafts: drafts.collect(),
            whose,
            arguments: &arguments.sender,
        };
        pay(&client, job, &sender, console).await
    })
}

/// Tokens of a settlement by root are proved, which needs the leaf.
fn require_leaves(way: Way, terms: &SaleTerms) -> Result<(), Failure> {
    match (way, terms) {
        (Way::Tokens, SaleTerms::Root(_)) => Err(Failure::Argument {
            flag: "bundle",
            problem: "the outcome of this sale is a root, and a claim proves a leaf of it"
                .to_owned(),
            allowed: "the result folder of the settlement; `softcap root distribute` pays everybody",
        }),
        (Way::Tokens, SaleTerms::Formula(_)) | (Way::Money, _) => Ok(()),
    }
}

async fn pay(
    client: &ChainClient,
    job: Job<'_>,
    sender: &Sender,
    console: &Console,
) -> Result<ExitCode, Failure> {
    let Job {
        escrow,
        drafts,
        whose,
        arguments,
    } = job;
    let bar = console.progress("paying", u64::try_from(drafts.len()).ok());
    let mut outcome = ListOutcome::default();
    let mut steps = Vec::new();
    let mut text = Vec::new();
    for draft in drafts {
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
