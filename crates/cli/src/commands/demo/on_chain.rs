//! The part of the demo on a chain: a thousand wallets, a sale that succeeds and one that misses its soft cap, and
//! everything that anybody gets compared with what the record of a server that followed them says.

mod compared;
mod recorded;
mod wallets;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

use alloy_primitives::Address;
use serde_json::{Value, json};
use softcap_chain::{Control, DevelopmentAccount, MOST_ACCOUNTS, Node, Origins, Server, Settings};
use softcap_evm::{
    AfterSalePlace, ChainClient, Draft, EscrowKind, EvmError, Exit, PaidIn, Parties, Place,
    Receipt, announce_draft, announcement, factory_draft, place_of, read_back,
};
use softcap_offering::terms::Terms;
use softcap_server::api::Service;

use self::wallets::{Exits, Paid};
use super::{announce as announce_offering, http::Client, log_of};
use crate::{console::Console, failure::Failure};

/// Accounts that have an office; the others invest.
const OFFICES: u32 = 4;
/// Seconds before a window opens, and how long it is open.
const BEFORE: u64 = 60;
const OPEN: u64 = 86_400;

const TERMS: &str = include_str!("on_chain/offering.toml");

/// How a sale is meant to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Succeeds,
    MissesSoftCap,
}

impl Ending {
    fn name(self) -> &'static str {
        match self {
            Self::Succeeds => "chain-succeeds",
            Self::MissesSoftCap => "chain-misses-soft-cap",
        }
    }

    /// Soft cap and hard cap in thousandths of a coin for each wallet. A wallet may put in one coin and wants a half.
    fn caps(self) -> (u64, u64) {
        match self {
            Self::Succeeds => (100, 300),
            Self::MissesSoftCap => (950, 1_000),
        }
    }
}

/// The chain, and who has an office.
pub(super) struct Stage {
    node: Arc<Node>,
    client: ChainClient,
}

/// The server that follows the chain.
#[derive(Clone, Copy)]
pub(super) struct Host<'a> {
    pub(super) service: &'a Arc<Service>,
    pub(super) client: &'a Client,
}

impl Stage {
    pub(super) fn open(folder: &Path, investors: u32) -> Result<Self, Failure> {
        let settings = Settings {
            accounts: Some(investors.saturating_add(OFFICES).min(MOST_ACCOUNTS)),
            ..Settings::default()
        };
        let node = Arc::new(Node::open(folder, &settings)?);
        Ok(Self {
            client: ChainClient::in_process(Arc::clone(&node)),
            node,
        })
    }

    /// Answers on a port of its own as long as the program runs; the address.
    pub(super) async fn serve(&self) -> Result<String, Failure> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (node, origins) = (Arc::clone(&self.node), Origins::Listed(Vec::new()));
        let server = Server::bind(node, address, Control::Withheld, origins).await?;
        let url = format!("http://{}", server.address());
        tokio::spawn(server.serve(std::future::pending()));
        Ok(url)
    }

    fn wallets(&self) -> impl Iterator<Item = (usize, &DevelopmentAccount)> {
        let offices = usize::try_from(OFFICES).unwrap_or_default();
        self.node.accounts().iter().enumerate().skip(offices)
    }

    fn office(&self, number: usize) -> Address {
        self.node
            .accounts()
            .get(number)
            .map_or(Address::ZERO, DevelopmentAccount::address)
    }

    /// Sends for the issuer.
    async fn send(&self, draft: &Draft) -> Result<Receipt, Failure> {
        let cost = self.client.try_out(draft).await?;
        let account = self.node.accounts().first();
        let signer = account.ok_or_else(no_account)?.signer();
        Ok(self.client.send(draft, &cost, signer).await?)
    }
}

fn no_account() -> EvmError {
    EvmError::OwnCode {
        problem: "the chain has no account".to_owned(),
    }
}

/// Both sales; what became of each.
pub(super) async fn run(
    stage: &Stage,
    host: Host<'_>,
    folder: &Path,
    console: &Console,
) -> Result<Value, Failure> {
    console.say(format_args!(
        "a chain with {} wallets; its blocks are in {}",
        stage.wallets().count(),
        folder.join("chain").display()
    ));
    let receipt = stage
        .send(&factory_draft(stage.office(0), EscrowKind::Plain))
        .await?;
    let factory = receipt.contract_address.unwrap_or_default();
    let mut ended = Vec::new();
    for ending in [Ending::Succeeds, Ending::MissesSoftCap] {
        let out = folder.join(ending.name());
        ended.push(sale((stage, host), factory, ending, &out, console).await?);
    }
    Ok(Value::Array(ended))
}

async fn sale(
    (stage, host): (&Stage, Host<'_>),
    factory: Address,
    ending: Ending,
    out: &Path,
    console: &Console,
) -> Result<Value, Failure> {
    let opens = stage.client.head().await?.timestamp + BEFORE;
    let text = terms_text(ending, stage.wallets().count(), opens);
    let terms = Terms::parse(&text).map_err(|problems| Failure::Terms {
        file: "the demo's terms".to_owned(),
        problems,
    })?;
    announce_offering(host.client, ending.name(), &text, &terms).await?;
    let place = announce(stage, factory, &terms).await?;
    recorded::name_escrow(host, ending.name(), place, stage.node.height()).await?;
    stage.node.increase_time(BEFORE)?;
    let paid = wallets::contribute(stage, place, &terms, console).await?;
    stage.node.increase_time(OPEN)?;
    let exits = end(stage, place, ending, console).await?;
    say(ending, &paid, &exits, console);

    let record = recorded::write(stage, host, ending.name(), out, console).await?;
    let on_chain = &record.on_chain;
    if !on_chain.agrees() {
        return Err(compared::different(place, &on_chain.to_string()).into());
    }
    let compared = compared::with_chain(stage, place, &record, &exits).await?;
    console.say(format_args!(
        "{}: {compared} wallets hold what the record says; the record beside its chain:\n{on_chain}",
        ending.name()
    ));
    Ok(json!({
        "name": ending.name(),
        "escrow": place.escrow,
        "contributions": paid.accepted,
        "refused": paid.refused,
        "exits": exits.count(),
        "wallets_compared": compared,
        "on_chain": on_chain.value(),
        "result": out.display().to_string(),
    }))
}

fn say(ending: Ending, paid: &Paid, exits: &Exits, console: &Console) {
    let what = match ending {
        Ending::Succeeds => "got their tokens",
        Ending::MissesSoftCap => "got their money back",
    };
    console.say(format_args!(
        "{}: {} contributions taken, {} refused by the contract; {} wallets {what}",
        ending.name(),
        paid.accepted,
        paid.refused,
        exits.count()
    ));
}

fn terms_text(ending: Ending, wallets: usize, opens: u64) -> String {
    let (soft_cap, hard_cap) = ending.caps();
    let wallets = u64::try_from(wallets).unwrap_or_default();
    let money = |milli: u64| {
        let milli = milli * wallets;
        format!("{}.{:03} ETH", milli / 1_000, milli % 1_000)
    };
    let date = |second: u64| {
        let second = i64::try_from(second).ok();
        let time = second.and_then(|second| jiff::Timestamp::from_second(second).ok());
        time.map_or_else(String::new, |time| time.to_string())
    };
    TERMS
        .replace("NAME", ending.name())
        .replace("SOFT_CAP", &money(soft_cap))
        .replace("HARD_CAP", &money(hard_cap))
        .replace("OPENS", &date(opens))
        .replace("CLOSES", &date(opens + OPEN))
        .replace("DEADLINE", &date(opens + 30 * OPEN))
}

async fn announce(stage: &Stage, factory: Address, terms: &Terms) -> Result<Place, Failure> {
    let parties = Parties {
        issuer: stage.office(0),
        beneficiary: stage.office(2),
        verifier: Some(stage.office(1)),
        paid_in: PaidIn::Coin,
        treasury: None,
        holders: [("team".to_owned(), stage.office(3))].into(),
    };
    let told = announcement(terms, &parties).map_err(|reasons| Failure::Unkept {
        file: "the demo's terms".to_owned(),
        reasons,
    })?;
    let receipt = stage.send(&announce_draft(factory, &told)).await?;
    let place = place_of(factory, &receipt)?;
    read_back(&stage.client, (place, &AfterSalePlace::default()), &told).await?;
    Ok(place)
}

/// Settles what can be settled, and lets everybody out.
async fn end(
    stage: &Stage,
    place: Place,
    ending: Ending,
    console: &Console,
) -> Result<Exits, Failure> {
    let settle = Exit::Settle.draft(place.escrow, stage.office(0));
    match ending {
        Ending::Succeeds => {
            stage.send(&settle).await?;
            stage
                .send(&Exit::Draw.draft(place.escrow, stage.office(0)))
                .await?;
        }
        Ending::MissesSoftCap => match stage.send(&settle).await {
            Err(Failure::Evm(EvmError::Refused { refusal, .. })) => {
                console.say(format_args!(
                    "{}: the contract settles nothing below the soft cap, so refunds are open ({refusal})",
                    ending.name()
                ));
            }
            Err(failure) => return Err(failure),
            Ok(_) => {
                return Err(
                    compared::different(place, "the sale was settled below its soft cap").into(),
                );
            }
        },
    }
    wallets::leave(stage, place, ending, console).await
}
