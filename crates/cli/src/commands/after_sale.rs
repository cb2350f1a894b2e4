//! `softcap release`, `milestone` and `vest`: what comes after a sale on a chain.

use std::process::ExitCode;

use alloy_primitives::{Address, U256};
use serde_json::json;
use softcap_evm::{
    AfterSaleAct, ChainClient, EscrowPhase, EvmError, Exit, FactoryKind, Releases,
    ReturnableTokens, RootAct, SaleTerms, Stopped, allow_draft, begun_at, escrow_of_milestones,
    escrow_of_vesting, phase_of, refunds_open, require_factory, root_refunds_open, sale_terms_at,
    settle_all_draft, terms_at, vested,
};

use super::serve::block_on;
use super::steps::Steps;
use crate::{
    arguments::{
        GiveBackArguments, MilestoneArguments, MilestoneCommand, ReleaseArguments, VestArguments,
    },
    console::Console,
    failure::Failure,
};

/// Settles where nobody did, begins what comes after the sale where nobody did, and pays the beneficiary where no
/// contract releases the money in steps.
pub(crate) fn release(
    arguments: &ReleaseArguments,
    console: &Console,
) -> Result<ExitCode, Failure> {
    let mut steps = Steps::begin(&arguments.sender, console)?;
    block_on(async {
        match sale_terms_at(&steps.client, arguments.escrow).await? {
            SaleTerms::Formula(_) => settle_and_begin(&mut steps, arguments).await,
            SaleTerms::Root(terms) => {
                draw_by_root(&mut steps, (arguments.escrow, terms.token)).await
            }
        }
    })?;
    console.data(
        steps.text().join("\n"),
        &json!({ "escrow": arguments.escrow, "sent": steps.sends(), "steps": steps.json() }),
    );
    Ok(ExitCode::SUCCESS)
}

/// Takes the tokens that nobody bought, once no leaf can be proved any more, and pays the beneficiary what proved leaves
/// have accepted.
async fn draw_by_root(
    steps: &mut Steps<'_>,
    (escrow, token): (Address, Address),
) -> Result<(), Failure> {
    let from = steps.sender.address();
    let mut done = false;
    if root_refunds_open(&steps.client, escrow).await?
        && !steps.client.token_balance(token, escrow).await?.is_zero()
    {
        steps.take(RootAct::TakeUnsold.draft(escrow, from)).await?;
        done = true;
    }
    match steps.take(Exit::Draw.draft(escrow, from)).await {
        // Everything may be drawn already, or nothing may ever be: the tokens were what was left to do.
        Err(Failure::Evm(EvmError::Refused { .. })) if done => Ok(()),
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn settle_and_begin(
    steps: &mut Steps<'_>,
    arguments: &ReleaseArguments,
) -> Result<(), Failure> {
    let (client, escrow) = (&steps.client.clone(), arguments.escrow);
    let from = steps.sender.address();
    let milestones = milestones_of(client, escrow).await?;
    for vesting in &arguments.vesting {
        require_same(client, *vesting, escrow).await?;
    }
    let mut after_sale: Vec<Address> = milestones.into_iter().collect();
    after_sale.extend(&arguments.vesting);
    match phase_of(client, escrow).await? {
        EscrowPhase::Sale => {
            steps
                .take(match (arguments.factory, milestones) {
                    (Some(factory), _) => {
                        let kind = terms_at(client, escrow).await?.kind();
                        require_factory(client, factory, FactoryKind::with_after_sale(kind))
                            .await?;
                        settle_all_draft(factory, escrow, after_sale, from)
                    }
                    // It settles the sale itself, in the second in which it begins.
                    (None, Some(milestones)) => AfterSaleAct::Begin.draft(milestones, from),
                    (None, None) => Exit::Settle.draft(escrow, from),
                })
                .await?;
            // Nothing can be tried on what is not settled.
            if milestones.is_none() && steps.sends() {
                steps.take(Exit::Draw.draft(escrow, from)).await?;
            }
        }
        phase @ (EscrowPhase::Settled | EscrowPhase::Drawn | EscrowPhase::Cancelled) => {
            let mut begun = false;
            for contract in after_sale {
                if begun_at(client, contract).await?.is_none() {
                    steps
                        .take(AfterSaleAct::Begin.draft(contract, from))
                        .await?;
                    begun = true;
                }
            }
            // What is drawn already is refused by the contract, unless something else was done.
            if milestones.is_none() && (phase != EscrowPhase::Drawn || !begun) {
                steps.take(Exit::Draw.draft(escrow, from)).await?;
            }
        }
    }
    if steps.is_empty() {
        steps
            .console
            .say("settled and begun already: `softcap milestone` releases the money");
    }
    Ok(())
}

/// The contract that releases the money of an escrow in steps, if there is one.
async fn milestones_of(client: &ChainClient, escrow: Address) -> Result<Option<Address>, EvmError> {
    let beneficiary = terms_at(client, escrow).await?.beneficiary;
    match escrow_of_milestones(client, beneficiary).await {
        Ok(told) if told == escrow => Ok(Some(beneficiary)),
        Ok(_) | Err(EvmError::NotOurs { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn require_same(
    client: &ChainClient,
    vesting: Address,
    escrow: Address,
) -> Result<(), EvmError> {
    let told = escrow_of_vesting(client, vesting).await?;
    if told == escrow {
        return Ok(());
    }
    Err(EvmError::NotOurs {
        address: vesting,
        expected: "vesting contract of this escrow",
        problem: format!("it belongs to {told}"),
    })
}

pub(crate) fn milestone(
    command: &MilestoneCommand,
    console: &Console,
) -> Result<ExitCode, Failure> {
    match command {
        MilestoneCommand::Announce(arguments) => act(arguments, AfterSaleAct::Announce, console),
        MilestoneCommand::Object(arguments) => act(arguments, AfterSaleAct::Object, console),
        MilestoneCommand::Release(arguments) => act(arguments, AfterSaleAct::Release, console),
        MilestoneCommand::Refund(arguments) => give_back(arguments, console),
    }
}

fn act(
    arguments: &MilestoneArguments,
    act: AfterSaleAct,
    console: &Console,
) -> Result<ExitCode, Failure> {
    let mut steps = Steps::begin(&arguments.sender, console)?;
    block_on(async {
        escrow_of_milestones(&steps.client, arguments.milestones).await?;
        let draft = act.draft(arguments.milestones, steps.sender.address());
        steps.take(draft).await?;
        show(&steps, arguments.milestones).await
    })
}

fn give_back(arguments: &GiveBackArguments, console: &Console) -> Result<ExitCode, Failure> {
    let milestones = arguments.milestone.milestones;
    let mut steps = Steps::begin(&arguments.milestone.sender, console)?;
    block_on(async {
        let escrow = escrow_of_milestones(&steps.client, milestones).await?;
        let token = terms_at(&steps.client, escrow).await?.token;
        let from = steps.sender.address();
        let tokens = ReturnableTokens::read(&steps.client, (milestones, token), from).await?;
        let wanted = arguments.tokens.unwrap_or(tokens.most);
        let allowed = tokens.allowed >= wanted;
        if !allowed {
            require_open(&steps.client, milestones).await?;
            steps
                .take(allow_draft(token, milestones, wanted, from))
                .await?;
        }
        // Without the allowance there is nothing to try.
        if allowed || steps.sends() {
            let act = AfterSaleAct::GiveBack(wanted);
            steps.take(act.draft(milestones, from)).await?;
        }
        show(&steps, milestones).await
    })
}

/// Refuses before an allowance is given for nothing.
async fn require_open(client: &ChainClient, milestones: Address) -> Result<(), EvmError> {
    if refunds_open(client, milestones).await? {
        return Ok(());
    }
    Err(EvmError::Refused {
        what: "the refund for tokens",
        refusal: "RefundsNotOpen".to_owned(),
    })
}

async fn show(steps: &Steps<'_>, milestones: Address) -> Result<ExitCode, Failure> {
    let releases = Releases::read_from(&steps.client, milestones).await?;
    let mut text = steps.text();
    text.push(format!("milestones released: {}", releases.released));
    if let Some(until) = releases.objections_until {
        let (objections, total) = (releases.objections, releases.total);
        text.push(format!(
            "announced: milestone {}, objections before {until} (unix seconds), so far {objections} of {total}",
            releases.released
        ));
    }
    if releases.stopped == Stopped::Yes {
        text.push("stopped by objections: what is left goes back for tokens".to_owned());
    }
    steps.console.data(
        text.join("\n"),
        &json!({
            "milestones": milestones,
            "sent": steps.sends(),
            "steps": steps.json(),
            "released": releases.released,
            "objections_until": releases.objections_until,
            "objections": releases.objections.to_string(),
            "total": releases.total.to_string(),
            "stopped": releases.stopped == Stopped::Yes,
        }),
    );
    Ok(ExitCode::SUCCESS)
}

/// Hands over what is free of a share.
pub(crate) fn vest(arguments: &VestArguments, console: &Console) -> Result<ExitCode, Failure> {
    let mut steps = Steps::begin(&arguments.sender, console)?;
    let (before, after) = block_on(async {
        escrow_of_vesting(&steps.client, arguments.vesting).await?;
        let before = vested(&steps.client, arguments.vesting).await?;
        let draft = AfterSaleAct::Vest.draft(arguments.vesting, steps.sender.address());
        steps.take(draft).await?;
        let after = vested(&steps.client, arguments.vesting).await?;
        Ok::<(U256, U256), Failure>((before, after))
    })?;
    let tokens = after.saturating_sub(before);
    let mut text = steps.text();
    if steps.sends() {
        text.push(format!("tokens: {tokens} smallest units, {after} in all"));
    }
    console.data(
        text.join("\n"),
        &json!({
            "vesting": arguments.vesting,
            "sent": steps.sends(),
            "steps": steps.json(),
            "tokens": tokens.to_string(),
            "in_all": after.to_string(),
        }),
    );
    Ok(ExitCode::SUCCESS)
}
