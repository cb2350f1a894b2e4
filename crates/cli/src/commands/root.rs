//! `softcap root`: the outcome of a sale as a root, on the escrow that cannot compute it.

use std::process::ExitCode;

use alloy_primitives::Address;
use serde_json::{Value, json};
use softcap_evm::{
    ChainClient, Draft, EvmError, LeafRules, ListOutcome, MOST_LEAVES, ProvedLeaf, RootAct,
    RootStanding, RootTerms, SaleTerms, is_closed, root_account, sale_terms_at,
};

use super::on_chain::{Done, Sender, run as send, sender};
use super::serve::block_on;
use crate::{
    arguments::{EscrowArguments, RootArguments, RootCommand, RootShowArguments},
    console::Console,
    failure::Failure,
    settlement_leaves::SettlementLeaves,
};

pub(crate) fn run(command: &RootCommand, console: &Console) -> Result<ExitCode, Failure> {
    match command {
        RootCommand::Show(arguments) => show(arguments, console),
        RootCommand::Post(arguments) => post(arguments, console),
        RootCommand::Object(arguments) => act(arguments, RootAct::Object, console),
        RootCommand::Distribute(arguments) => distribute(arguments, console),
        RootCommand::Cancel(arguments) => act(arguments, RootAct::Cancel, console),
    }
}

/// The terms of an escrow that takes a root.
///
/// # Errors
/// [`EvmError::NotByRoot`] for another one.
pub(super) async fn root_terms(
    client: &ChainClient,
    escrow: Address,
) -> Result<RootTerms, EvmError> {
    match sale_terms_at(client, escrow).await? {
        SaleTerms::Root(terms) => Ok(*terms),
        SaleTerms::Formula(_) => Err(EvmError::NotByRoot { escrow }),
    }
}

/// Refuses a settlement of other terms, or of a record that follows another escrow.
pub(super) async fn require_same_sale(
    client: &ChainClient,
    (escrow, terms): (Address, &RootTerms),
    leaves: &SettlementLeaves,
) -> Result<(), Failure> {
    let other = |problem: String| Failure::Argument {
        flag: "bundle",
        problem,
        allowed: "the settlement of the offering that this escrow was announced for",
    };
    if leaves.terms_hash() != terms.termsHash {
        return Err(other(format!(
            "its terms have the hash {}, those of the escrow {}",
            leaves.terms_hash(),
            terms.termsHash
        )));
    }
    let here = (client.chain_id().await?, escrow);
    match leaves.escrow() {
        Some((chain, named)) if (chain, named) != here => Err(other(format!(
            "its record follows the escrow {named} on chain {chain}"
        ))),
        Some(_) | None => Ok(()),
    }
}

fn show(arguments: &RootShowArguments, console: &Console) -> Result<ExitCode, Failure> {
    let client = ChainClient::http(&arguments.rpc)?;
    let standing = block_on(async {
        root_terms(&client, arguments.escrow).await?;
        Ok::<_, Failure>(RootStanding::read_from(&client, arguments.escrow).await?)
    })?;
    let mut value = standing_json(&standing);
    value["escrow"] = json!(arguments.escrow);
    console.data(standing_text(&standing), &value);
    Ok(ExitCode::SUCCESS)
}

fn standing_text(standing: &RootStanding) -> String {
    let mut text = vec![format!("phase:       {}", standing.phase.name())];
    if let Some(root) = standing.root {
        text.push(format!("root:        {root}"));
        text.push(format!(
            "objections:  before {}, so far {} of {} smallest units",
            standing.challenge_until, standing.objections, standing.contributed
        ));
        text.push(format!("claims:      before {}", standing.claims_until));
    } else {
        text.push(format!(
            "contributed: {} smallest units",
            standing.contributed
        ));
    }
    text.push(format!(
        "proved:      {} smallest units accepted, {} of the token",
        standing.accepted, standing.tokens
    ));
    text.join("\n")
}

fn standing_json(standing: &RootStanding) -> Value {
    let second = |second: u64| (second != 0).then_some(second);
    json!({
        "phase": standing.phase.name(),
        "root": standing.root,
        "challenge_until": second(standing.challenge_until),
        "claims_until": second(standing.claims_until),
        "contributed": standing.contributed.to_string(),
        "objections": standing.objections.to_string(),
        "accepted": standing.accepted.to_string(),
        "tokens": standing.tokens.to_string(),
    })
}

/// One transaction, and where the sale stands after it.
async fn take(
    client: &ChainClient,
    (draft, escrow): (Draft, Address),
    sender: &Sender,
    console: &Console,
) -> Result<(), Failure> {
    let done = send(client, &draft, sender, console).await?;
    let standing = RootStanding::read_from(client, escrow).await?;
    let text = format!(
        "{}: {}\n{}",
        draft.what,
        done.cost(),
        standing_text(&standing)
    );
    let mut value = standing_json(&standing);
    value["escrow"] = json!(escrow);
    value["sent"] = json!(matches!(done, Done::Sent { .. }));
    value["steps"] = json!([step(draft.what, &done)]);
    console.data(text, &value);
    Ok(())
}

fn step(what: &str, done: &Done) -> Value {
    json!({ "what": what, "transaction": done.transaction(), "cost": done.cost().json() })
}

fn act(arguments: &EscrowArguments, act: RootAct, console: &Console) -> Result<ExitCode, Failure> {
    let sender = sender(&arguments.sender)?;
    let client = ChainClient::http(&arguments.sender.rpc)?;
    block_on(async {
        let escrow = arguments.escrow;
        root_terms(&client, escrow).await?;
        let draft = act.draft(escrow, sender.address());
        take(&client, (draft, escrow), &sender, console).await
    })?;
    Ok(ExitCode::SUCCESS)
}

fn post(arguments: &RootArguments, console: &Console) -> Result<ExitCode, Failure> {
    let sender = sender(&arguments.sender)?;
    let client = ChainClient::http(&arguments.sender.rpc)?;
    let mut leaves = SettlementLeaves::open(&arguments.bundle, console)?;
    let escrow = arguments.escrow;
    block_on(async {
        let terms = root_terms(&client, escrow).await?;
        require_same_sale(&client, (escrow, &terms), &leaves).await?;
        require_sound(&client, (escrow, terms), &mut leaves, console).await?;
        let draft = RootAct::Post(leaves.root()).draft(escrow, sender.address());
        take(&client, (draft, escrow), &sender, console).await
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Judges every leaf as the contract will, and adds up that nobody who contributed is left out.
async fn require_sound(
    client: &ChainClient,
    (escrow, terms): (Address, RootTerms),
    leaves: &mut SettlementLeaves,
    console: &Console,
) -> Result<(), Failure> {
    /// Flaws that are named; the others are counted.
    const NAMED: usize = 20;
    let bar = console.progress("judging leaves", u64::try_from(leaves.count()).ok());
    let mut rules = LeafRules::new(terms);
    let mut flaws = Vec::new();
    let mut contributed = 0_u128;
    for place in 0..leaves.count() {
        let leaf = leaves.at(place)?.leaf;
        let account = root_account(client, escrow, leaf.investor).await?;
        if let Some(flaw) = rules.flaw_of(&leaf, &account) {
            flaws.push(format!("the leaf of {}: {flaw}", leaf.investor));
        } else if !is_closed(&account) {
            contributed = contributed.saturating_add(account.contributed.to());
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let there = RootStanding::read_from(client, escrow).await?.contributed;
    if flaws.is_empty() && contributed != there {
        flaws.push(format!(
            "the investors of the settlement contributed {contributed} smallest units, and all together {there}: \
             somebody is left out"
        ));
    }
    if flaws.is_empty() {
        return Ok(());
    }
    let more = flaws.len().saturating_sub(NAMED);
    flaws.truncate(NAMED);
    if more > 0 {
        flaws.push(format!("and {more} more"));
    }
    Err(EvmError::BrokenLeaves { escrow, flaws }.into())
}

fn distribute(arguments: &RootArguments, console: &Console) -> Result<ExitCode, Failure> {
    let sender = sender(&arguments.sender)?;
    let client = ChainClient::http(&arguments.sender.rpc)?;
    let mut leaves = SettlementLeaves::open(&arguments.bundle, console)?;
    let escrow = arguments.escrow;
    block_on(async {
        let terms = root_terms(&client, escrow).await?;
        require_same_sale(&client, (escrow, &terms), &leaves).await?;
        let bar = console.progress("paying", u64::try_from(leaves.count()).ok());
        let mut steps = Vec::new();
        let mut text = Vec::new();
        let mut outcome = ListOutcome::default();
        let mut next = 0;
        while next < leaves.count() {
            let list = unpaid(&client, escrow, &mut leaves, &mut next).await?;
            if list.is_empty() {
                break;
            }
            let draft = RootAct::Distribute(list).draft(escrow, sender.address());
            let done = send(&client, &draft, &sender, console).await?;
            if let Done::Sent { receipt } = &done {
                outcome.add(escrow, receipt);
            }
            text.push(format!("{}: {}", draft.what, done.cost()));
            steps.push(step(draft.what, &done));
            bar.set_position(next as u64);
        }
        bar.finish_and_clear();
        let sent = !arguments.sender.dry_run;
        let skipped = outcome.skipped.len();
        text.push(format!(
            "{} payments, {skipped} wallets skipped",
            outcome.paid.len()
        ));
        console.data(
            text.join("\n"),
            &json!({
                "escrow": escrow,
                "sent": sent,
                "steps": steps,
                "paid": outcome.paid.iter().map(|(investor, out)| json!({
                    "investor": investor,
                    "what": out.name(),
                    "amount": out.amount().to_string(),
                })).collect::<Vec<_>>(),
                "skipped": outcome.skipped,
            }),
        );
        Ok(ExitCode::from(u8::from(skipped > 0)))
    })
}

/// The leaves of the next list, without those that were paid or bring nothing.
async fn unpaid(
    client: &ChainClient,
    escrow: Address,
    leaves: &mut SettlementLeaves,
    next: &mut usize,
) -> Result<Vec<ProvedLeaf>, Failure> {
    let mut list = Vec::new();
    while *next < leaves.count() && list.len() < MOST_LEAVES {
        let proved = leaves.at(*next)?;
        let account = root_account(client, escrow, proved.leaf.investor).await?;
        if !is_closed(&account) && account.contributed.to::<u128>() > 0 {
            list.push(proved);
        }
        *next += 1;
    }
    Ok(list)
}
