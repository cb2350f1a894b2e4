//! `softcap root`: the outcome of a sale as a root, on the escrow that cannot compute it.

use std::{path::Path, process::ExitCode};

use alloy_primitives::Address;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use softcap_evm::{
    ChainClient, EvmError, IssuerAct, LeafFlaw, LeafRules, ListOutcome, MOST_LEAVES, ProvedLeaf,
    RootAct, RootPhase, RootStanding, RootTerms, SaleTerms, is_closed, root_account, sale_terms_at,
};

use super::exits::{Whose, show_payments};
use super::serve::block_on;
use super::steps::Steps;
use crate::{
    arguments::{
        EscrowArguments, RefuteArguments, RootArguments, RootCommand, RootShowArguments,
        SenderArguments,
    },
    console::Console,
    failure::Failure,
    settlement_leaves::SettlementLeaves,
    text_file,
};

pub(crate) fn run(command: &RootCommand, console: &Console) -> Result<ExitCode, Failure> {
    match command {
        RootCommand::Show(arguments) => show(arguments, console),
        RootCommand::Post(arguments) => post(arguments, console),
        RootCommand::Object(arguments) => act(arguments, Act::Object, console),
        RootCommand::Refute(arguments) => refute(arguments, console),
        RootCommand::Distribute(arguments) => distribute(arguments, console),
        RootCommand::Cancel(arguments) => act(arguments, Act::Cancel, console),
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

pub(super) fn standing_text(standing: &RootStanding) -> String {
    let mut text = vec![format!("phase:       {}", standing.phase.name())];
    let times = standing.challenge_until.zip(standing.claims_until);
    if let (Some(root), Some((challenge, claims))) = (standing.root, times) {
        text.push(format!("root:        {root}"));
        text.push(format!(
            "objections:  before {challenge}, so far {} of {} smallest units",
            standing.objections, standing.contributed
        ));
        text.push(format!("claims:      before {claims}"));
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

pub(super) fn standing_json(standing: &RootStanding) -> Value {
    json!({
        "phase": standing.phase.name(),
        "root": standing.root,
        "challenge_until": standing.challenge_until,
        "claims_until": standing.claims_until,
        "contributed": standing.contributed.to_string(),
        "objections": standing.objections.to_string(),
        "accepted": standing.accepted.to_string(),
        "tokens": standing.tokens.to_string(),
    })
}

/// Where the sale stands after what was done.
async fn show_after(steps: &Steps<'_>, escrow: Address) -> Result<(), Failure> {
    let standing = RootStanding::read_from(&steps.client, escrow).await?;
    let mut text = steps.text();
    text.push(standing_text(&standing));
    let mut value = standing_json(&standing);
    value["escrow"] = json!(escrow);
    value["sent"] = json!(steps.sends());
    value["steps"] = json!(steps.json());
    steps.console.data(text.join("\n"), &value);
    Ok(())
}

/// What needs no settlement.
#[derive(Clone, Copy)]
enum Act {
    Object,
    Cancel,
}

fn act(arguments: &EscrowArguments, act: Act, console: &Console) -> Result<ExitCode, Failure> {
    let mut steps = Steps::begin(&arguments.sender, console)?;
    let escrow = arguments.escrow;
    block_on(async {
        root_terms(&steps.client, escrow).await?;
        let from = steps.sender.address();
        let draft = match act {
            Act::Object => RootAct::Object.draft(escrow, from),
            Act::Cancel => IssuerAct::Cancel.draft(escrow, from),
        };
        steps.take(draft).await?;
        show_after(&steps, escrow).await
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A settlement beside the escrow that it is for.
pub(super) struct Settling<'a> {
    pub(super) steps: Steps<'a>,
    pub(super) escrow: Address,
    pub(super) leaves: SettlementLeaves,
    terms: RootTerms,
}

impl<'a> Settling<'a> {
    /// Verifies the result folder, and that its record is that of the escrow.
    pub(super) async fn open(
        (escrow, bundle): (Address, &Path),
        sender: &SenderArguments,
        console: &'a Console,
    ) -> Result<Self, Failure> {
        let steps = Steps::begin(sender, console)?;
        let leaves = SettlementLeaves::open(bundle, console)?;
        let terms = root_terms(&steps.client, escrow).await?;
        let settling = Self {
            steps,
            escrow,
            leaves,
            terms,
        };
        settling.require_same_sale().await?;
        Ok(settling)
    }

    /// Refuses a settlement of other terms, or of a record that follows another escrow.
    async fn require_same_sale(&self) -> Result<(), Failure> {
        let other = |problem: String| Failure::Argument {
            flag: "bundle",
            problem,
            allowed: "the settlement of the offering that this escrow was announced for",
        };
        let (there, ours) = (self.terms.termsHash, self.leaves.terms_hash());
        if ours != there {
            return Err(other(format!(
                "its terms have the hash {ours}, those of the escrow {there}"
            )));
        }
        let here = (self.steps.client.chain_id().await?, self.escrow);
        match self.leaves.escrow() {
            Some((chain, named)) if (chain, named) != here => Err(other(format!(
                "its record follows the escrow {named} on chain {chain}"
            ))),
            Some(_) | None => Ok(()),
        }
    }
}

fn post(arguments: &RootArguments, console: &Console) -> Result<ExitCode, Failure> {
    block_on(async {
        let place = (arguments.escrow, arguments.bundle.as_path());
        let mut settling = Settling::open(place, &arguments.sender, console).await?;
        settling.require_sound().await?;
        let root = RootAct::Post(settling.leaves.root());
        let draft = root.draft(settling.escrow, settling.steps.sender.address());
        settling.steps.take(draft).await?;
        show_after(&settling.steps, settling.escrow).await
    })?;
    Ok(ExitCode::SUCCESS)
}

impl Settling<'_> {
    /// Judges every leaf as the contract will, and adds up that nobody who contributed is left out.
    async fn require_sound(&mut self) -> Result<(), Failure> {
        /// Flaws that are named; the others are counted.
        const NAMED: usize = 20;
        let (client, escrow) = (&self.steps.client, self.escrow);
        let bar = judging(self.steps.console, &self.leaves);
        let mut rules = LeafRules::new(self.terms.clone());
        let mut flaws = Vec::new();
        let mut contributed = 0_u128;
        for place in 0..self.leaves.count() {
            let leaf = self.leaves.at(place)?.leaf;
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

    /// The leaves of the next list, without those that were paid or bring nothing.
    async fn unpaid(&mut self, next: &mut usize) -> Result<Vec<ProvedLeaf>, Failure> {
        let mut list = Vec::new();
        while *next < self.leaves.count() && list.len() < MOST_LEAVES {
            let proved = self.leaves.at(*next)?;
            let investor = proved.leaf.investor;
            let account = root_account(&self.steps.client, self.escrow, investor).await?;
            if !is_closed(&account) && account.contributed.to::<u128>() > 0 {
                list.push(proved);
            }
            *next += 1;
        }
        Ok(list)
    }
}

fn judging(console: &Console, leaves: &SettlementLeaves) -> ProgressBar {
    console.progress("judging leaves", u64::try_from(leaves.count()).ok())
}

fn distribute(arguments: &RootArguments, console: &Console) -> Result<ExitCode, Failure> {
    block_on(async {
        let place = (arguments.escrow, arguments.bundle.as_path());
        let mut settling = Settling::open(place, &arguments.sender, console).await?;
        let bar = console.progress("paying", u64::try_from(settling.leaves.count()).ok());
        let mut outcome = ListOutcome::default();
        let mut next = 0;
        while next < settling.leaves.count() {
            let list = settling.unpaid(&mut next).await?;
            if list.is_empty() {
                break;
            }
            let from = settling.steps.sender.address();
            let draft = RootAct::Distribute(list).draft(settling.escrow, from);
            if let Some(receipt) = settling.steps.take(draft).await? {
                outcome.add(settling.escrow, receipt);
            }
            bar.set_position(next as u64);
        }
        bar.finish_and_clear();
        let Settling { steps, escrow, .. } = settling;
        Ok(show_payments(&steps, escrow, (&outcome, Whose::Listed)))
    })
}

/// Makes a root void by a leaf of it that breaks a rule of the contract.
fn refute(arguments: &RefuteArguments, console: &Console) -> Result<ExitCode, Failure> {
    let mut steps = Steps::begin(&arguments.sender, console)?;
    let escrow = arguments.escrow;
    block_on(async {
        let terms = root_terms(&steps.client, escrow).await?;
        let standing = RootStanding::read_from(&steps.client, escrow).await?;
        if standing.phase != RootPhase::Posted {
            return Err(no_root(&standing).into());
        }
        let rules = LeafRules::after(terms, &standing);
        let (proved, flaw) = match (&arguments.proof, &arguments.bundle) {
            (Some(file), _) => given_leaf(&steps.client, (escrow, &rules), file).await?,
            (None, Some(bundle)) => {
                let mut leaves = SettlementLeaves::open(bundle, console)?;
                require_posted(&leaves, &standing)?;
                broken_leaf(&steps, (escrow, &rules), &mut leaves, arguments.investor).await?
            }
            (None, None) => None,
        }
        .ok_or(EvmError::SoundRoot { escrow })?;
        console.say(format_args!("the leaf of {}: {flaw}", proved.leaf.investor));
        let act = RootAct::Refute(proved);
        steps
            .take(act.draft(escrow, steps.sender.address()))
            .await?;
        show_after(&steps, escrow).await
    })?;
    Ok(ExitCode::SUCCESS)
}

/// What the contract would say, before leaves are judged for nothing.
fn no_root(standing: &RootStanding) -> EvmError {
    EvmError::Refused {
        what: "the refutation of the root",
        refusal: format!(
            "WrongPhase: it is `{}`, and a root must stand",
            standing.phase.name()
        ),
    }
}

/// Refuses leaves of another root than the one that was posted: the contract would take none of their proofs.
fn require_posted(leaves: &SettlementLeaves, standing: &RootStanding) -> Result<(), Failure> {
    let root = leaves.root();
    match standing.root {
        Some(posted) if posted != root => Err(Failure::Argument {
            flag: "bundle",
            problem: format!("its root is {root}, and {posted} was posted"),
            allowed: "the settlement whose root was posted, or a proof of one of its leaves with --proof",
        }),
        Some(_) | None => Ok(()),
    }
}

/// The leaf of a file, if it breaks a rule.
async fn given_leaf(
    client: &ChainClient,
    (escrow, rules): (Address, &LeafRules),
    file: &Path,
) -> Result<Option<(ProvedLeaf, LeafFlaw)>, Failure> {
    /// A leaf and 64 siblings are some kilobytes.
    const LARGEST_PROOF: u64 = 1 << 20;
    let text = text_file::read(file, LARGEST_PROOF)?;
    let proved = ProvedLeaf::parse(&text).ok_or_else(|| Failure::Argument {
        flag: "proof",
        problem: format!("{} holds no proof of a leaf", file.display()),
        allowed: "JSON as `softcap proof --json` prints it, of one currency and a wallet",
    })?;
    let account = root_account(client, escrow, proved.leaf.investor).await?;
    let flaw = rules.refutation(&proved.leaf, &account);
    Ok(flaw.map(|flaw| (proved, flaw)))
}

/// The first leaf that breaks a rule, or that of the investor who is named.
async fn broken_leaf(
    steps: &Steps<'_>,
    (escrow, rules): (Address, &LeafRules),
    leaves: &mut SettlementLeaves,
    investor: Option<Address>,
) -> Result<Option<(ProvedLeaf, LeafFlaw)>, Failure> {
    let bar = judging(steps.console, leaves);
    for place in 0..leaves.count() {
        bar.inc(1);
        let proved = leaves.at(place)?;
        let of = proved.leaf.investor;
        if investor.is_some_and(|investor| investor != of) {
            continue;
        }
        let account = root_account(&steps.client, escrow, of).await?;
        if let Some(flaw) = rules.refutation(&proved.leaf, &account) {
            return Ok(Some((proved, flaw)));
        }
    }
    Ok(None)
}
