//! `softcap offering announce`: an escrow and its token on a chain, compared with the terms before anybody pays.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
};

use alloy_primitives::{Address, B256};
use serde_json::json;
use softcap_evm::{
    Addresses, AfterSalePlace, ChainClient, Draft, PaidIn, Parties, Place, SignedAfterSale, Told,
    announce_draft, place_of, read_back, rehearse, require_announceable, require_factory, told,
};

use super::offering_rehearse::require_rehearsed;
use super::on_chain::{Done, Sender, Spent, run as send, sender};
use super::serve::block_on;
use super::settle::read_key;
use crate::{
    arguments::{AnnounceArguments, AnnouncedRail},
    console::Console,
    failure::Failure,
    terms_file,
};

/// An announcement on a chain, or what it would cost.
struct Announced {
    factory_cost: Option<Spent>,
    cost: Spent,
    made: Option<Made>,
}

/// What is on the chain now.
struct Made {
    place: Place,
    code_hash: B256,
    after_sale: SignedAfterSale,
    transaction: B256,
    block: Option<u64>,
}

pub(crate) fn run(arguments: &AnnounceArguments, console: &Console) -> Result<ExitCode, Failure> {
    match arguments.rail {
        AnnouncedRail::Evm => {}
    }
    let (terms, _) = terms_file::read(&arguments.terms)?;
    let issuer = arguments.issuer_key.as_deref().map(read_key).transpose()?;
    if let Some(file) = arguments.manifest.as_deref().filter(|file| file.exists()) {
        return Err(unwritable(file, io::ErrorKind::AlreadyExists.into()));
    }
    let sender = sender(&arguments.sender)?;
    let parties = parties(arguments, sender.address());
    let told = told(&terms, &parties).map_err(|reasons| Failure::Unkept {
        file: arguments.terms.display().to_string(),
        reasons,
    })?;
    if !arguments.without_rehearsal && !arguments.sender.dry_run {
        require_rehearsed(&arguments.terms, terms.clone(), console)?;
    }
    let client = ChainClient::http(&arguments.sender.rpc)?;
    let (chain_id, announced) = block_on(async {
        let chain_id = client.chain_id().await?;
        let decimals = terms.currencies.first().map(|currency| currency.decimals);
        require_announceable(&client, &*told, decimals).await?;
        let announced = announce(&client, &*told, arguments.factory, &sender, console).await?;
        Ok((chain_id, announced))
    })?;
    let manifest = match (&arguments.manifest, &issuer, &announced.made) {
        (Some(file), Some(issuer), Some(made)) => {
            let addresses = Addresses {
                origin: terms.origin.clone(),
                terms_hash: terms.hash().0,
                chain_id,
                place: made.place,
                code_hash: made.code_hash,
                after_sale: made.after_sale.clone(),
            };
            Some(addresses.sign(issuer).map(|value| (file, value))?)
        }
        (Some(_) | None, Some(_) | None, Some(_) | None) => None,
    };
    // What is on the chain is said first, whatever becomes of the file.
    show(chain_id, told.facts().terms_hash, &announced, console);
    if let Some((file, value)) = manifest {
        write_new(file, &format!("{value:#}\n"))?;
        console.say(format_args!("signed addresses: {}", file.display()));
    }
    Ok(ExitCode::SUCCESS)
}

fn write_new(file: &Path, text: &str) -> Result<(), Failure> {
    let out = OpenOptions::new().write(true).create_new(true).open(file);
    out.and_then(|mut out| out.write_all(text.as_bytes()).and_then(|()| out.sync_all()))
        .map_err(|source| unwritable(file, source))
}

fn unwritable(file: &Path, source: io::Error) -> Failure {
    Failure::Unwritable {
        file: file.display().to_string(),
        source,
    }
}

fn parties(arguments: &AnnounceArguments, issuer: Address) -> Parties {
    Parties {
        issuer,
        beneficiary: arguments.beneficiary,
        verifier: arguments.verifier,
        paid_in: arguments.currency.map_or(PaidIn::Coin, PaidIn::Token),
        treasury: arguments.treasury,
        holders: arguments.holder.iter().cloned().collect(),
    }
}

/// A factory for what is announced, and what it cost where none was there.
enum Factory {
    There(Address),
    Deployed(Address, Spent),
    /// Nothing was sent; the cost is what it would be.
    Tried(Spent),
}

/// Deploys what lacks, or looks whether what is there fits.
async fn factory(
    client: &ChainClient,
    told: &dyn Told,
    named: Option<Address>,
    (sender, console): (&Sender, &Console),
) -> Result<Factory, Failure> {
    let kind = told.factory();
    if let Some(factory) = named {
        require_factory(client, factory, kind).await?;
        return Ok(Factory::There(factory));
    }
    let from = sender.address();
    let mut cost = Spent::default();
    let mut deploy = async |draft: Draft| -> Result<Option<Address>, Failure> {
        let done = send(client, &draft, sender, console).await?;
        cost.add(&done.cost());
        Ok(match done {
            Done::Sent { receipt } => receipt.contract_address,
            Done::Tried(_) => None,
        })
    };
    let mut made = Vec::new();
    let mut factory = None;
    for _ in 0..kind.creations() {
        factory = deploy(kind.creation(from, &made)).await?;
        // Where nothing is sent, any address costs the same.
        made.push(factory.unwrap_or(from));
    }
    Ok(match factory {
        Some(factory) => Factory::Deployed(factory, cost),
        None => Factory::Tried(cost),
    })
}

async fn announce(
    client: &ChainClient,
    told: &dyn Told,
    named: Option<Address>,
    sender: &Sender,
    console: &Console,
) -> Result<Announced, Failure> {
    let (factory, factory_cost) = match factory(client, told, named, (sender, console)).await? {
        Factory::There(factory) => (factory, None),
        Factory::Deployed(factory, cost) => (factory, Some(cost)),
        Factory::Tried(cost) => {
            // The factory is not there yet: what it would do is tried on a chain in this process.
            let announcing = client.price(rehearse(told).await?).await?;
            return Ok(Announced {
                factory_cost: Some(cost),
                cost: Spent::estimated(&announcing),
                made: None,
            });
        }
    };
    let draft = announce_draft(factory, told);
    let done = send(client, &draft, sender, console).await?;
    let cost = done.cost();
    let made = match done {
        Done::Tried(_) => None,
        Done::Sent { receipt } => {
            let place = place_of(factory, &receipt)?;
            let after_sale = AfterSalePlace::of(place, &receipt);
            Some(Made {
                place,
                code_hash: read_back(client, (place, &after_sale), told).await?,
                after_sale: SignedAfterSale::read(client, &after_sale).await?,
                transaction: receipt.transaction_hash,
                block: receipt.block_number,
            })
        }
    };
    Ok(Announced {
        factory_cost,
        cost,
        made,
    })
}

fn show(chain_id: u64, terms_hash: B256, announced: &Announced, console: &Console) {
    let Announced {
        factory_cost,
        cost,
        made,
    } = announced;
    let mut text = match made {
        Some(made) => format!(
            "announced on chain {chain_id}, and everything read back agrees\n\
             escrow:     {}\ntoken:      {}\nfactory:    {}\nterms hash: {terms_hash}\n\
             code hash:  {}\ntransaction {}\ncost:       {cost}",
            made.place.escrow,
            made.place.token,
            made.place.factory,
            made.code_hash,
            made.transaction,
        ),
        None => format!(
            "would be announced on chain {chain_id}; nothing was sent\nterms hash: {terms_hash}\n\
             cost:       {cost}"
        ),
    };
    let after_sale = made.as_ref().map(|made| made.after_sale.place());
    let after_sale = after_sale.unwrap_or_default();
    if let Some(milestones) = after_sale.milestones {
        text.push_str(&format!("\nmilestones: {milestones}"));
    }
    for (share, vesting) in &after_sale.vestings {
        text.push_str(&format!("\nvesting:    {vesting} (share {share})"));
    }
    if let Some(factory) = factory_cost {
        text.push_str(&format!("\nfactory:    {factory}"));
    }
    let value = json!({
        "chain_id": chain_id,
        "terms_hash": terms_hash,
        "announced": made.is_some(),
        "escrow": made.as_ref().map(|made| made.place.escrow),
        "token": made.as_ref().map(|made| made.place.token),
        "factory": made.as_ref().map(|made| made.place.factory),
        "code_hash": made.as_ref().map(|made| made.code_hash),
        "milestones": after_sale.milestones,
        "vesting": after_sale.vestings.iter().map(|(share, vesting)| {
            json!({ "share": share, "contract": vesting })
        }).collect::<Vec<_>>(),
        "transaction": made.as_ref().map(|made| made.transaction),
        "block": made.as_ref().and_then(|made| made.block),
        "cost": cost.json(),
        "factory_cost": factory_cost.map(|cost| cost.json()),
    });
    console.data(text, &value);
}
