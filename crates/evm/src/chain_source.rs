//! The logs of one escrow, in order, as far as they are deep enough.

use std::collections::BTreeMap;

use alloy_primitives::Address;

use crate::{
    after_sale_place::AfterSalePlace,
    endpoints::{BlockHead, Blocks, EndpointError, Endpoints, RawLog},
    escrow_event::{EscrowLog, ForeignLog, LogPlace},
    follower::{Block, Follower, Header, Stop},
};

/// Blocks that are looked at one by one before what is deep enough is given out.
const BLOCKS_PER_POLL: u64 = 64;

/// Why a rail does not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Passing: asked again later.
    #[error(transparent)]
    Endpoints(#[from] EndpointError),
    /// A person must look.
    #[error(transparent)]
    Stop(#[from] Stop),
    /// A person must look.
    #[error(transparent)]
    Foreign(#[from] ForeignLog),
}

impl SourceError {
    /// Whether the same question may be answered later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Endpoints(_) => true,
            Self::Stop(_) | Self::Foreign(_) => false,
        }
    }
}

/// Reads an escrow's logs from endpoints.
#[derive(Clone, Debug)]
pub struct ChainSource {
    endpoints: Endpoints,
    contracts: SaleContracts,
    follower: Follower<EscrowLog>,
    /// Blocks that are asked for at once: fewer after an endpoint refused, then more again.
    range: u64,
    longest: u64,
    head: u64,
}

/// An escrow, and what was made together with it.
#[derive(Clone, Debug)]
pub(crate) struct SaleContracts {
    escrow: Address,
    after_sale: AfterSalePlace,
}

impl SaleContracts {
    /// An escrow alone.
    pub(crate) fn of(escrow: Address) -> Self {
        Self {
            escrow,
            after_sale: AfterSalePlace::default(),
        }
    }

    /// With what was made together with it.
    pub(crate) fn with(self, after_sale: AfterSalePlace) -> Self {
        Self { after_sale, ..self }
    }

    fn all(&self) -> Vec<Address> {
        let mut all = vec![self.escrow];
        all.extend(self.after_sale.all());
        all
    }

    /// Reads logs that stand in these blocks.
    fn read(
        &self,
        raw: &[RawLog],
        headers: &BTreeMap<u64, Header>,
    ) -> Result<Vec<EscrowLog>, SourceError> {
        let mut logs: Vec<EscrowLog> = Vec::with_capacity(raw.len());
        for log in raw {
            let number = log.block_number.to();
            let header = headers.get(&number).copied();
            let header = header.filter(|header| header.hash == log.block_hash);
            let header = header.ok_or_else(|| moved(number))?;
            // A transaction's logs stand next to one another.
            let before = logs.iter().rev().map(|log| log.place);
            let before = before.take_while(|place| place.transaction == log.transaction_hash);
            let nth = before.filter(|place| place.contract == log.address).count();
            let place = LogPlace {
                block: number,
                index: log.log_index.to(),
                timestamp: header.timestamp,
                transaction: log.transaction_hash,
                contract: log.address,
                nth: nth as u64,
            };
            logs.push(if log.address == self.escrow {
                EscrowLog::read(place, &log.topics, &log.data)?
            } else {
                let said = (&log.topics[..], &log.data);
                EscrowLog::read_after_sale(place, log.address, &self.after_sale, said)?
            });
        }
        Ok(logs)
    }
}

/// What a poll learnt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Polled {
    /// Logs that are deep enough, in order.
    pub logs: Vec<EscrowLog>,
    /// Whether more can be had at once.
    pub more: bool,
}

impl ChainSource {
    /// Begins behind a block.
    #[must_use]
    pub fn new(
        endpoints: Endpoints,
        contract: Address,
        behind: Header,
        confirmations: u64,
        longest_range: u64,
    ) -> Self {
        let longest = longest_range.max(1);
        Self {
            endpoints,
            contracts: SaleContracts::of(contract),
            follower: Follower::new(behind, confirmations),
            range: longest,
            longest,
            head: behind.number,
        }
    }

    /// Reads the logs of these contracts as well, in one order with the escrow's.
    #[must_use]
    pub fn with_after_sale(mut self, after_sale: AfterSalePlace) -> Self {
        self.contracts.after_sale = after_sale;
        self
    }

    /// The newest block whose logs were given out.
    #[must_use]
    pub fn anchor(&self) -> Header {
        self.follower.anchor()
    }

    /// The newest block that is known.
    #[must_use]
    pub fn tip(&self) -> Header {
        self.follower.tip()
    }

    /// The newest block of the endpoints.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.head
    }

    /// What is seen and not deep enough yet.
    pub fn waiting(&self) -> impl Iterator<Item = &EscrowLog> {
        self.follower.waiting().flat_map(|block| block.logs.iter())
    }

    /// Looks at the chain once.
    ///
    /// # Errors
    /// [`SourceError`]; nothing is lost, and the next poll begins where this one did.
    pub async fn poll(&mut self) -> Result<Polled, SourceError> {
        self.head = self.endpoints.head().await?;
        self.look_again().await?;
        if let Some(deep) = self.follower.deep_enough_up_to(self.head) {
            return self.back_fill(deep).await;
        }
        let mut looked = 0;
        while self.follower.next() <= self.head && looked < BLOCKS_PER_POLL {
            self.step().await?;
            looked += 1;
        }
        let more = self.follower.next() <= self.head;
        let logs = self.follower.confirmed().into_iter();
        let logs = logs.flat_map(|block| block.logs).collect();
        Ok(Polled { logs, more })
    }

    /// Whether the chain still has the newest block that is known.
    async fn look_again(&mut self) -> Result<(), SourceError> {
        let number = self.follower.tip().number.min(self.head);
        let head = self.endpoints.block(number).await?;
        let logs = Vec::new();
        let header = head.header();
        self.follower.take(Block { header, logs })?;
        Ok(())
    }

    async fn step(&mut self) -> Result<(), SourceError> {
        let head = self.endpoints.block(self.follower.next()).await?;
        let header = head.header();
        let contracts = self.contracts.all();
        let logs = if contracts.iter().any(|contract| head.may_hold(*contract)) {
            let raw = self.endpoints.logs(&contracts, Blocks::One(header.hash));
            let headers = BTreeMap::from([(header.number, header)]);
            self.contracts.read(&raw.await?, &headers)?
        } else {
            Vec::new()
        };
        self.follower.take(Block { header, logs })?;
        Ok(())
    }

    /// Takes a range of blocks that are deep enough, as long as endpoints give it.
    async fn back_fill(&mut self, deep: u64) -> Result<Polled, SourceError> {
        loop {
            let from = self.follower.next();
            let to = deep.min(from.saturating_add(self.range - 1));
            match range_of(&self.endpoints, &self.contracts, (from, to)).await {
                Ok((anchor, logs)) => {
                    // The chain may have gone back since its newest known block was looked at.
                    let first = self.endpoints.block(from).await?.header();
                    if first.parent != self.tip().hash {
                        return Err(moved(from));
                    }
                    self.follower.jump(anchor);
                    self.range = self.range.saturating_mul(2).min(self.longest);
                    let more = to < self.head;
                    return Ok(Polled { logs, more });
                }
                Err(SourceError::Endpoints(EndpointError::TooMany)) if self.range > 1 => {
                    self.range = (to - from).div_ceil(2).max(1);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// The logs of contracts in a range of blocks, in order, and the last of these blocks.
pub(crate) async fn range_of(
    endpoints: &Endpoints,
    contracts: &SaleContracts,
    (from, to): (u64, u64),
) -> Result<(Header, Vec<EscrowLog>), SourceError> {
    let all = contracts.all();
    let raw = endpoints.logs(&all, Blocks::Range(from, to)).await?;
    let mut numbers: Vec<u64> = raw.iter().map(|log| log.block_number.to()).collect();
    numbers.push(to);
    numbers.dedup();
    let heads: Vec<BlockHead> = endpoints.blocks(&numbers).await?;
    let headers: BTreeMap<u64, Header> = heads
        .iter()
        .map(|head| (head.header().number, head.header()))
        .collect();
    let anchor = headers.get(&to).copied();
    let anchor = anchor.ok_or_else(|| moved(to))?;
    Ok((anchor, contracts.read(&raw, &headers)?))
}

/// The chain went on between two questions; the next poll asks both again.
fn moved(block: u64) -> SourceError {
    SourceError::Endpoints(EndpointError::Moved { block })
}

/// The newest block that is older than a second, as far as the chain is `confirmations` deep there: what
/// happened since then comes behind it.
///
/// # Errors
/// [`EndpointError`].
pub async fn block_before(
    endpoints: &Endpoints,
    seconds: u64,
    confirmations: u64,
) -> Result<Header, EndpointError> {
    let mut low = 0;
    let mut high = endpoints.head().await?.saturating_sub(confirmations);
    // The block at `low` is older, or is the first one there is.
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        let header = endpoints.block(middle).await?.header();
        if header.timestamp < seconds {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Ok(endpoints.block(low).await?.header())
}
