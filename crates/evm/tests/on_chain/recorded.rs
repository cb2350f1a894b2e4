//! A sale on the chain of this process, the record that follows it, and what is found when one of the two is changed.

use std::sync::Arc;

use alloy_primitives::{Address, U256};
use alloy_rpc_client::RpcClient;
use softcap_chain::InProcess;
use softcap_evm::{
    AfterSaleCode, AfterSalePlace, Asked, ChainEntries, ChainEntry, ChainSource, Endpoint,
    Endpoints, EscrowKind, EscrowLog, EvidenceReader, EvmError, Exit, Header, OwnCode, PaidIn,
    Permit, PermitDomain, Place, ReadAt, ShownPermit,
    comparison::{
        Announced, ChainRecord, Compared, ContractEvidence, Finding, NamedEscrow, OwnContracts,
        SaleEvidence, compare_contracts, compare_sale,
    },
    contribution_draft, find_after_sale, round_at,
};
use softcap_offering::{
    Command, CurrencyIndex, EscrowAddress, LineIndex, Offering, Outcome, Position, RequestId,
    Sequence, Stamp, terms::Terms,
};
use softcap_proof::entry::Entry;

use crate::fixture::{BEFORE, Chain, ether};

/// An entry of the chain, to be changed.
#[derive(Clone, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) stamp: Stamp,
    pub(crate) request: Option<RequestId>,
    pub(crate) command: Command<'a>,
}

/// A sale on a chain, with what the record needs to follow it.
pub(crate) struct Sale {
    pub(crate) chain: Chain,
    pub(crate) terms: Arc<Terms>,
    pub(crate) place: Place,
    /// What was made together with the escrow.
    pub(crate) after_sale: AfterSalePlace,
    pub(crate) announced: Header,
}

/// A record, and the state that follows from it.
pub(crate) struct Record {
    pub(crate) entries: ChainRecord,
    pub(crate) offering: Offering,
}

/// What the chain says.
#[derive(Clone)]
pub(crate) struct Evidence {
    pub(crate) contracts: ContractEvidence,
    pub(crate) sale: SaleEvidence,
}

impl Sale {
    pub(crate) async fn announce(terms: Terms) -> Self {
        Self::announce_on(Chain::new(), terms).await
    }

    pub(crate) async fn announce_on(chain: Chain, terms: Terms) -> Self {
        let (place, _) = chain.announce(&terms).await;
        let endpoints = endpoints(&chain);
        let announced = endpoints.block(chain.node.height()).await.unwrap();
        let height = announced.header().number;
        let escrow = escrow_at(place);
        let after_sale = find_after_sale(&endpoints, escrow, &terms, (height, height)).await;
        chain.later(BEFORE);
        Self {
            after_sale: after_sale.unwrap(),
            terms: Arc::new(terms),
            announced: announced.header(),
            chain,
            place,
        }
    }

    /// Shows a permit for 8 coins, and pays.
    pub(crate) async fn pay(&self, account: usize, milli: u64) {
        let now = self.chain.client.head().await.unwrap().timestamp;
        let domain = PermitDomain {
            chain_id: 31_337,
            escrow: self.place.escrow,
            round: U256::from(round_at(&self.terms, now).0),
            terms_hash: self.terms.hash().0.into(),
        };
        let permit = Permit {
            investor: self.chain.address(account),
            max: ether(8_000),
            expiry: U256::from(2_000_000_000),
        };
        let signature = permit.sign(&domain, self.chain.signer(1)).await.unwrap();
        let shown = ShownPermit { permit, signature };
        let (escrow, from) = (self.place.escrow, self.chain.address(account));
        let amount = ether(milli);
        let draft = contribution_draft(escrow, from, PaidIn::Coin, amount, Some(&shown));
        self.chain.run(account, &draft).await.unwrap();
    }

    /// Pays without a permit.
    pub(crate) async fn pay_plainly(&self, account: usize, milli: u64) -> Result<U256, EvmError> {
        let (escrow, from) = (self.place.escrow, self.chain.address(account));
        let draft = contribution_draft(escrow, from, PaidIn::Coin, ether(milli), None);
        self.chain.run(account, &draft).await
    }

    pub(crate) async fn exit(&self, account: usize, exit: Exit) {
        let draft = exit.draft(self.place.escrow, self.chain.address(account));
        self.chain.run(account, &draft).await.unwrap();
    }

    pub(crate) fn named(&self) -> NamedEscrow {
        NamedEscrow {
            entry: Sequence(1),
            at: self.escrow(),
            second: self.announced.timestamp,
        }
    }

    pub(crate) fn escrow(&self) -> EscrowAddress {
        escrow_at(self.place)
    }

    pub(crate) fn endpoints(&self) -> Endpoints {
        endpoints(&self.chain)
    }

    /// What the escrow said, as the rail reads it.
    pub(crate) async fn logs(&self) -> Vec<EscrowLog> {
        let before = self.endpoints().block(self.announced.number - 1).await;
        let contract = self.place.escrow;
        let behind = before.unwrap().header();
        let mut source = ChainSource::new(self.endpoints(), contract, behind, 0, 1_000)
            .with_after_sale(self.after_sale.clone());
        let mut logs = Vec::new();
        loop {
            let polled = source.poll().await.unwrap();
            logs.extend(polled.logs);
            if !polled.more {
                return logs;
            }
        }
    }

    /// The entries that the rail makes of them, each compared as the rail does.
    pub(crate) fn follow(&self, logs: &[EscrowLog]) -> Vec<ChainEntry> {
        let mut offering = self.begin(&mut ChainRecord::default());
        let mut entries = ChainEntries::new(self.escrow());
        let mut made = Vec::new();
        for log in logs {
            for entry in entries.of(log, &offering) {
                let request = Some(entry.request);
                let outcome = offering.apply_request(entry.stamp(), request, &entry.command());
                assert_eq!(entry.check(&outcome, &offering), Ok(()), "{log:?}");
                made.push(entry);
            }
        }
        made
    }

    fn begin(&self, record: &mut ChainRecord) -> Offering {
        let mut offering = Offering::new(Arc::clone(&self.terms));
        let terms_hash = offering.terms_hash();
        let stamp = at(self.announced.timestamp);
        let announce = Command::Announce { terms_hash };
        enter(record, &mut offering, stamp, None, announce);
        let escrow = Command::Escrow(self.escrow());
        enter(record, &mut offering, stamp, None, escrow);
        offering
    }

    /// The record with these entries, whatever they are.
    pub(crate) fn record(&self, lines: &[Line<'_>]) -> Record {
        let mut entries = ChainRecord::default();
        let mut offering = self.begin(&mut entries);
        for line in lines {
            let Line {
                stamp,
                request,
                command,
            } = line.clone();
            enter(&mut entries, &mut offering, stamp, request, command);
        }
        Record { entries, offering }
    }

    pub(crate) async fn evidence(&self) -> Evidence {
        let reader = EvidenceReader::new(self.endpoints(), self.named(), ReadAt::Deep(0), 7).await;
        let reader = reader.unwrap();
        let own = AfterSaleCode::of_terms(&self.terms).await.unwrap();
        let contracts = reader.contracts(own).await.unwrap();
        let announced: &Announced = contracts.announced.as_ref().unwrap();
        let place = (announced, &self.after_sale);
        let sale = reader.sale(place, Asked::Everybody, &mut |_| {}).await;
        Evidence {
            sale: sale.unwrap(),
            contracts,
        }
    }
}

pub(crate) fn escrow_at(place: Place) -> EscrowAddress {
    EscrowAddress {
        chain_id: 31_337,
        contract: place.escrow.into(),
        currency: CurrencyIndex(0),
    }
}

pub(crate) fn endpoints(chain: &Chain) -> Endpoints {
    let client = RpcClient::new(InProcess::new(Arc::clone(&chain.node)), true);
    let name = "in process".to_owned();
    Endpoints::new(vec![Endpoint { name, client }], 1)
}

pub(crate) fn at(second: u64) -> Stamp {
    Stamp {
        line: LineIndex(0),
        position: Position(second * 1_000),
    }
}

pub(crate) fn enter(
    record: &mut ChainRecord,
    offering: &mut Offering,
    stamp: Stamp,
    request: Option<RequestId>,
    command: Command<'_>,
) -> Outcome {
    let sequence = offering.next_sequence();
    let outcome = offering.apply_request(stamp, request, &command);
    let entry = Entry {
        sequence,
        stamp,
        request,
        command,
    };
    record.push(&entry, &outcome);
    outcome
}

pub(crate) fn lines(entries: &[ChainEntry]) -> Vec<Line<'_>> {
    let line = |entry: &'_ ChainEntry| (entry.stamp(), entry.request);
    entries
        .iter()
        .map(|entry| {
            let (stamp, request) = line(entry);
            Line {
                stamp,
                request: Some(request),
                command: entry.command(),
            }
        })
        .collect()
}

impl Evidence {
    /// Both stages, as the command runs them.
    pub(crate) async fn compare(&self, record: &Record) -> Compared {
        let terms = record.offering.terms();
        let own = OwnContracts {
            sale: OwnCode::compute(EscrowKind::of(terms)).await.unwrap(),
            after_sale: AfterSaleCode::of_terms(terms).await.unwrap(),
        };
        let named = record.entries.escrow().unwrap();
        let findings: Vec<Finding> =
            compare_contracts(&named, &record.offering, &self.contracts, own).findings;
        if !findings.is_empty() {
            return Compared {
                findings,
                notes: Vec::new(),
            };
        }
        compare_sale(&record.entries, &record.offering, &self.sale)
    }
}

/// The codes of the findings, in order, each once.
pub(crate) fn codes(compared: &Compared) -> Vec<&'static str> {
    let mut codes: Vec<&str> = compared
        .findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect();
    codes.dedup();
    codes
}

pub(crate) fn nobody() -> Address {
    Address::repeat_byte(0xbb)
}
