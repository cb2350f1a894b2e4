//! What follows the chain: the entries of a record as the rail makes them, the state that follows, and both beside the chain.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use softcap_offering::{
    Command, CurrencyIndex, EscrowAddress, LineIndex, Offering, Outcome, Position, RequestId,
    RoundIndex, Sequence, Stamp, terms::Allocation,
};
use softcap_proof::entry::Entry;

use super::{NotRehearsed, stage::Stage};
use crate::{
    chain_entries::ChainEntries,
    chain_source::ChainSource,
    comparison::{
        ChainRecord, NamedEscrow, OwnContracts, compare_contracts, compare_root_sale, compare_sale,
    },
    escrow_terms::EscrowKind,
    evidence_reading::{Asked, EvidenceReader, ReadAt},
    own_code::{AfterSaleCode, OwnCode},
    root_entries::check_root,
    sale_terms::SaleTerms,
};

/// Blocks of one question for logs.
const BLOCKS_AT_ONCE: u64 = 10_000;
/// More differences than these say nothing new.
const MOST_FINDINGS: usize = 10;

/// A record that follows a chain.
pub(super) struct Record {
    pub(super) offering: Offering,
    said: ChainRecord,
    named: NamedEscrow,
    source: ChainSource,
    entries: ChainEntries,
}

fn at(second: u64) -> Stamp {
    Stamp {
        line: LineIndex(0),
        position: Position(second.saturating_mul(1_000)),
    }
}

impl Record {
    /// Announced, and the escrow is named.
    pub(super) async fn begun(stage: &Stage) -> Result<Self, NotRehearsed> {
        let escrow = EscrowAddress {
            chain_id: stage.client.chain_id().await?,
            contract: stage.place.escrow.into(),
            currency: CurrencyIndex(0),
        };
        let second = stage.announced.timestamp;
        let source = ChainSource::new(
            stage.endpoints(),
            stage.place.escrow,
            stage.before,
            0,
            BLOCKS_AT_ONCE,
        );
        let mut record = Self {
            offering: Offering::new(Arc::clone(&stage.terms)),
            said: ChainRecord::default(),
            named: NamedEscrow {
                entry: Sequence(1),
                at: escrow,
                second,
            },
            source: source.with_after_sale(stage.after_sale.clone()),
            entries: ChainEntries::new(escrow),
        };
        let terms_hash = record.offering.terms_hash();
        record.enter(at(second), None, &Command::Announce { terms_hash });
        record.enter(at(second), None, &Command::Escrow(escrow));
        Ok(record)
    }

    /// How many entries are of the chain.
    pub(super) fn entries(&self) -> usize {
        self.said.len()
    }

    fn enter(
        &mut self,
        stamp: Stamp,
        request: Option<RequestId>,
        command: &Command<'_>,
    ) -> Outcome {
        let sequence = self.offering.next_sequence();
        let outcome = self.offering.apply_request(stamp, request, command);
        let entry = Entry {
            sequence,
            stamp,
            request,
            command: command.clone(),
        };
        self.said.push(&entry, &outcome);
        outcome
    }

    /// Enters what the contracts said since, each compared as the rail does.
    pub(super) async fn follow(&mut self) -> Result<(), NotRehearsed> {
        loop {
            let polled = self.source.poll().await?;
            self.entries.look_ahead(&polled.logs);
            for log in &polled.logs {
                let differs = |difference: crate::entry_check::Difference| {
                    NotRehearsed::Record(difference.to_string())
                };
                check_root(log, &self.offering).map_err(differs)?;
                for entry in self.entries.of(log, &self.offering) {
                    let command = entry.command();
                    let outcome = self.enter(entry.stamp(), Some(entry.request), &command);
                    entry.check(&outcome, &self.offering).map_err(differs)?;
                }
            }
            if !polled.more {
                return Ok(());
            }
        }
    }

    /// Until when the record waits before it can be settled.
    pub(super) fn due(&self) -> Option<Position> {
        let due = self.offering.settlement_stamps();
        let waits = due
            .iter()
            .filter(|stamp| stamp.position > self.offering.latest(stamp.line));
        waits.map(|stamp| stamp.position).max()
    }

    /// Time goes on.
    pub(super) fn tick(&mut self, second: u64) {
        self.enter(at(second), None, &Command::Tick);
    }

    /// Settles the record itself; what is drawn by lot is drawn by a seed that follows from the terms.
    pub(super) fn settle(&mut self, second: u64) -> Outcome {
        let terms_hash = self.offering.terms_hash();
        let rounds = (0_u8..).zip(&self.offering.terms().rounds);
        let drawn = rounds
            .filter(|(_, round)| matches!(round.allocation, Allocation::Lottery { .. }))
            .map(|(place, _)| place);
        for place in drawn.collect::<Vec<_>>() {
            let seed = Command::Seed {
                round: RoundIndex(place),
                seed: Sha256::digest(terms_hash).into(),
                proof: b"rehearsal",
            };
            self.enter(at(second), None, &seed);
        }
        self.enter(at(second), None, &Command::Settle)
    }

    /// What differs between the record and the chain, as `softcap verify --chain` finds it.
    pub(super) async fn compared(&self, stage: &Stage) -> Result<Vec<String>, NotRehearsed> {
        let reader = EvidenceReader::new(
            stage.endpoints(),
            self.named,
            ReadAt::Deep(0),
            BLOCKS_AT_ONCE,
        );
        let reader = reader.await?;
        let code = AfterSaleCode::of_terms(&stage.terms).await?;
        let contracts = reader.contracts(code).await?;
        let own = OwnContracts {
            sale: OwnCode::compute(EscrowKind::of(&stage.terms)).await?,
            after_sale: code,
        };
        let found = compare_contracts(&self.named, &self.offering, &contracts, own);
        let mut findings = found.findings;
        if let (true, Some(announced)) = (findings.is_empty(), &contracts.announced) {
            let mut silent = |_| {};
            let compared = match announced.terms {
                SaleTerms::Formula(_) => {
                    let place = (announced, &found.after_sale);
                    let evidence = reader.sale(place, Asked::Everybody, &mut silent).await?;
                    compare_sale(&self.said, &self.offering, &evidence)
                }
                SaleTerms::Root(_) => {
                    let read = reader.root_sale(announced, Asked::Everybody, &mut silent);
                    compare_root_sale(&self.said, &self.offering, &read.await?)
                }
            };
            findings = compared.findings;
        }
        let words = findings.iter().take(MOST_FINDINGS);
        Ok(words.map(ToString::to_string).collect())
    }
}
