//! `softcap verify --chain`: a record beside the escrow that it follows.

use std::fmt;

use alloy_primitives::Address;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use softcap_evm::{
    AfterSaleCode, Asked, Endpoint, Endpoints, EscrowKind, EvidenceReader, Header, HttpTransport,
    OwnCode, ReadAt, ReadingProgress, RpcClient, SaleTerms,
    comparison::{
        Announced, ChainRecord, Compared, ComparedContracts, Finding, NamedEscrow, OwnContracts,
        compare_contracts, compare_root_sale, compare_sale,
    },
    host_of,
};
use softcap_offering::Offering;
use softcap_proof::{
    JournalTree, LeafHash, entry::decode, journal::JournalReader, verify::Verified,
};

use crate::{
    arguments::ComparisonArguments, bundle_folder::BundleFolder, console::Console, failure::Failure,
};

/// Blocks of one question for logs; an endpoint that gives fewer is asked for fewer.
const BLOCKS_AT_ONCE: u64 = 10_000;

/// How a record is compared with a chain.
pub(super) struct Plan {
    endpoints: Endpoints,
    at: ReadAt,
    asked: Asked,
}

impl Plan {
    /// With endpoints that all must agree.
    pub(super) fn new(endpoints: Vec<Endpoint>, at: ReadAt, asked: Asked) -> Self {
        let quorum = endpoints.len();
        Self {
            endpoints: Endpoints::new(endpoints, quorum),
            at,
            asked,
        }
    }

    /// From the command line; `None` where no chain is named.
    pub(super) fn from_arguments(arguments: &ComparisonArguments) -> Result<Option<Self>, Failure> {
        if arguments.chain.is_empty() {
            return Ok(None);
        }
        let mut endpoints = Vec::with_capacity(arguments.chain.len());
        for url in &arguments.chain {
            endpoints.push(Endpoint {
                name: host_of(url).to_owned(),
                client: RpcClient::new(HttpTransport::new(url)?, false),
            });
        }
        let deep = ReadAt::Deep(arguments.confirmations);
        let at = arguments.block.map_or(deep, ReadAt::Block);
        let asked = arguments.accounts.map_or(Asked::Everybody, Asked::Some);
        Ok(Some(Self::new(endpoints, at, asked)))
    }
}

/// What a comparison came to.
pub(super) struct OnChain {
    named: NamedEscrow,
    at: Header,
    announced: Option<Announced>,
    figures: Figures,
    compared: Compared,
}

/// What was compared.
#[derive(Clone, Copy, Debug, Default)]
struct Figures {
    entries: usize,
    events: usize,
    investors: usize,
}

impl OnChain {
    pub(super) fn agrees(&self) -> bool {
        self.compared.findings.is_empty()
    }

    /// How many differences there are.
    pub(super) fn differences(&self) -> usize {
        self.compared.findings.len()
    }

    /// The contract.
    pub(super) fn escrow(&self) -> Address {
        self.named.at.contract.into()
    }

    pub(super) fn value(&self) -> Value {
        let announced = self.announced.as_ref();
        json!({
            "agrees": self.agrees(),
            "chain_id": self.named.at.chain_id,
            "escrow": self.escrow(),
            "factory": announced.map(|announced| announced.factory),
            "token": announced.map(|announced| announced.token),
            "block": self.at.number,
            "block_hash": self.at.hash,
            "entries": self.figures.entries,
            "events": self.figures.events,
            "investors": self.figures.investors,
            "findings": self.compared.findings.iter().map(finding).collect::<Vec<_>>(),
            "notes": self.compared.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for OnChain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escrow = self.escrow();
        let (chain, block) = (self.named.at.chain_id, self.at.number);
        for finding in &self.compared.findings {
            writeln!(out, "{finding}")?;
        }
        for note in &self.compared.notes {
            writeln!(out, "note: {note}")?;
        }
        match self.compared.findings.len() {
            0 => {
                let Figures {
                    entries,
                    events,
                    investors,
                } = self.figures;
                write!(
                    out,
                    "verified on chain {chain} up to block {block}: escrow {escrow}; {entries} entries and {events} \
                     events agree, and {investors} investors to the last unit"
                )
            }
            found => write!(
                out,
                "not verified on chain {chain} at block {block}: {found} difference(s) between the record and \
                 escrow {escrow}"
            ),
        }
    }
}

fn finding(finding: &Finding) -> Value {
    json!({
        "code": finding.code.as_str(),
        "message": finding.to_string(),
        "about": finding.about,
        "entry": finding.entry.map(|entry| entry.0),
        "investor": finding.investor,
        "block": finding.place.map(|place| place.block),
        "transaction": finding.place.map(|place| place.transaction),
        "log": finding.place.map(|place| place.index),
        "record": finding.record,
        "chain": finding.chain,
    })
}

/// Compares a record with what the endpoints say.
pub(super) async fn compare(
    plan: &Plan,
    record: &ChainRecord,
    offering: &Offering,
    console: &Console,
) -> Result<OnChain, Failure> {
    let named = record.escrow().ok_or(Failure::NoEscrow)?;
    let endpoints = plan.endpoints.clone();
    let reader = EvidenceReader::new(endpoints, named, plan.at, BLOCKS_AT_ONCE).await?;
    let after_sale = AfterSaleCode::of_terms(offering.terms()).await?;
    let contracts = reader.contracts(after_sale).await?;
    // Terms that are not those of the record are found as such, whatever code they would need.
    let announced = contracts.announced.as_ref();
    let kind = announced.map_or(EscrowKind::Plain, |announced| announced.terms.kind());
    let own = OwnContracts {
        sale: OwnCode::compute(kind).await?,
        after_sale,
    };
    let ComparedContracts {
        findings,
        after_sale,
    } = compare_contracts(&named, offering, &contracts, own);
    let mut found = OnChain {
        named,
        at: reader.at(),
        announced: contracts.announced,
        figures: Figures::default(),
        compared: Compared {
            findings,
            notes: Vec::new(),
        },
    };
    let Some(announced) = found.announced.as_ref().filter(|_| found.agrees()) else {
        return Ok(found);
    };
    let bar = console.progress("reading", None);
    let mut show = |progress| show(&bar, progress);
    let (events, investors, compared) = match announced.terms {
        SaleTerms::Formula(_) => {
            let place = (announced, &after_sale);
            let evidence = reader.sale(place, plan.asked, &mut show).await?;
            let compared = compare_sale(record, offering, &evidence);
            (evidence.logs.len(), evidence.accounts.len(), compared)
        }
        SaleTerms::Root(_) => {
            let evidence = reader.root_sale(announced, plan.asked, &mut show).await?;
            let compared = compare_root_sale(record, offering, &evidence);
            (evidence.logs.len(), evidence.accounts.len(), compared)
        }
    };
    bar.finish_and_clear();
    found.figures = Figures {
        entries: record.len(),
        events,
        investors,
    };
    found.compared = compared;
    Ok(found)
}

fn show(bar: &ProgressBar, progress: ReadingProgress) {
    match progress {
        ReadingProgress::Blocks(done, all) => {
            bar.set_length(all);
            bar.set_position(done);
        }
        ReadingProgress::Investors(done, all) => {
            bar.set_message("asking");
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        }
    }
}

/// What the journal of a verified bundle says of a chain. It is read once more, so it must still be the one that was
/// verified.
pub(super) fn record_of_bundle(
    folder: &BundleFolder,
    verified: &Verified,
) -> Result<ChainRecord, Failure> {
    let unreadable = |source| Failure::Unreadable {
        file: "journal".to_owned(),
        source,
    };
    let mut reader = JournalReader::new(folder.file("journal").map_err(unreadable)?);
    let mut tree = JournalTree::new();
    let mut record = ChainRecord::default();
    while let Some(block) = reader.next_block()? {
        for (_, _, leaf) in block.leaves() {
            tree.append(LeafHash::of(leaf));
            let (entry, outcome) = decode(leaf)?;
            record.push(&entry, &outcome);
        }
    }
    if tree.root() == verified.journal_root {
        Ok(record)
    } else {
        Err(unreadable(std::io::Error::other(
            "it was changed while it was verified",
        )))
    }
}
