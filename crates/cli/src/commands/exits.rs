//! `softcap claim`, `refund` and `withdraw`: what takes tokens and money out of an escrow.

use std::{path::Path, process::ExitCode};

use alloy_primitives::Address;
use serde_json::json;
use softcap_evm::{
    Draft, EvmError, Exit, ListOutcome, MOST_OF_A_LIST, RootAct, SaleTerms, sale_terms_at,
};

use super::on_chain::coin;
use super::root::Settling;
use super::serve::block_on;
use super::steps::Steps;
use crate::{
    arguments::{ClaimArguments, EscrowArguments, ExitArguments},
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
    block_on(async {
        let place = (arguments.escrow, bundle);
        let settling = Settling::open(place, &arguments.sender, console).await?;
        let Settling {
            mut steps,
            escrow,
            mut leaves,
            ..
        } = settling;
        let wallet = steps.sender.address();
        let leaf = leaves.of(wallet)?.ok_or_else(|| Failure::NotThere {
            what: "investor",
            name: wallet.to_string(),
            place: bundle.display().to_string(),
            remedy: "use the key of a wallet that took part",
        })?;
        let draft = RootAct::Claim(leaf).draft(escrow, wallet);
        pay(&mut steps, escrow, (vec![draft], Whose::Own)).await
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
    let mut steps = Steps::begin(&arguments.sender, console)?;
    block_on(async {
        let escrow = arguments.escrow;
        let kind = sale_terms_at(&steps.client, escrow).await?.kind();
        if !kind.gives_back() {
            return Err(EvmError::NoWithdrawalRight { escrow }.into());
        }
        let draft = Exit::Withdraw.draft(escrow, steps.sender.address());
        pay(&mut steps, escrow, (vec![draft], Whose::Own)).await
    })
}

/// Who is paid.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
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
    let mut steps = Steps::begin(&arguments.sender, console)?;
    block_on(async {
        let terms = sale_terms_at(&steps.client, arguments.escrow).await?;
        require_leaves(way, &terms)?;
        let (escrow, from) = (arguments.escrow, steps.sender.address());
        let drafts = exits.into_iter().map(|exit| exit.draft(escrow, from));
        pay(&mut steps, escrow, (drafts.collect(), whose)).await
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
    steps: &mut Steps<'_>,
    escrow: Address,
    (drafts, whose): (Vec<Draft>, Whose),
) -> Result<ExitCode, Failure> {
    let bar = steps
        .console
        .progress("paying", u64::try_from(drafts.len()).ok());
    let mut outcome = ListOutcome::default();
    for draft in drafts {
        if let Some(receipt) = steps.take(draft).await? {
            outcome.add(escrow, receipt);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(show_payments(steps, escrow, (&outcome, whose)))
}

/// Who was paid and who was skipped; the latter makes the exit code.
pub(super) fn show_payments(
    steps: &Steps<'_>,
    escrow: Address,
    (outcome, whose): (&ListOutcome, Whose),
) -> ExitCode {
    let mut text = steps.text();
    if steps.sends() {
        let (paid, skipped) = (outcome.paid.len(), outcome.skipped.len());
        text.push(format!("{paid} payments, {skipped} wallets skipped"));
    }
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
    let paid = outcome.paid.iter().map(|(investor, out)| {
        json!({
            "investor": investor,
            "what": out.name(),
            "amount": out.amount().to_string(),
        })
    });
    steps.console.data(
        text.join("\n"),
        &json!({
            "escrow": escrow,
            "sent": steps.sends(),
            "steps": steps.json(),
            "paid": paid.collect::<Vec<_>>(),
            "skipped": outcome.skipped,
        }),
    );
    ExitCode::from(u8::from(!outcome.skipped.is_empty()))
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
