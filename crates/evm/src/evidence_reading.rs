//! Reads what a chain says of an escrow at one block, from endpoints that must agree.

mod after_sale;
mod root_sale;

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolEvent as _};

use crate::{
    after_sale_place::AfterSalePlace,
    announce::Place,
    bindings::{escrow::IEscrow, factory::EscrowFactory, token::SaleToken},
    chain_source::{SaleContracts, SourceError, block_before, range_of},
    comparison::{
        AccountView, Announced, ContractEvidence, Holdings, NamedEscrow, Refunds, SaleEvidence,
        SaleState, contributor,
    },
    endpoints::{EndpointError, Endpoints, RawLog},
    error::EvmError,
    escrow_event::EscrowLog,
    exits::phase_from,
    follower::Header,
    own_code::{AfterSaleCode, OwnCode},
    sale_terms::SaleTerms,
};

/// Investors that are asked about at once.
const INVESTORS_AT_ONCE: usize = 50;

/// What a contract answered at a place of a list of questions.
fn returned<C: SolCall>(
    contract: Address,
    answers: &[Bytes],
    place: usize,
) -> Result<C::Return, EvmError> {
    let answer = answers.get(place).map(Bytes::as_ref).unwrap_or_default();
    C::abi_decode_returns(answer).map_err(|_| EvmError::NotOurs {
        address: contract,
        expected: "contract",
        problem: format!("it does not answer {}", C::SIGNATURE),
    })
}

/// Which investors the contract is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Everybody who contributed.
    Everybody,
    /// So many of them, evenly spread over their addresses.
    Some(usize),
}

/// How far reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadingProgress {
    /// So many of so many blocks.
    Blocks(u64, u64),
    /// So many of so many investors.
    Investors(usize, usize),
}

/// Reads an escrow at a block.
#[derive(Clone, Debug)]
pub struct EvidenceReader {
    endpoints: Endpoints,
    named: NamedEscrow,
    at: Header,
    blocks_at_once: u64,
}

impl EvidenceReader {
    /// At a block, or at the newest one that is so deep.
    ///
    /// # Errors
    /// [`EvmError::Source`], [`EvmError::TooEarly`].
    pub async fn new(
        endpoints: Endpoints,
        named: NamedEscrow,
        block: ReadAt,
        blocks_at_once: u64,
    ) -> Result<Self, EvmError> {
        let number = match block {
            ReadAt::Block(number) => number,
            ReadAt::Deep(confirmations) => endpoints.head().await?.saturating_sub(confirmations),
        };
        let at = endpoints.block(number).await?.header();
        let reader = Self {
            endpoints,
            named,
            at,
            blocks_at_once: blocks_at_once.max(1),
        };
        if at.timestamp < named.second {
            return Err(reader.too_early());
        }
        Ok(reader)
    }

    fn too_early(&self) -> EvmError {
        EvmError::TooEarly {
            block: self.at.number,
            second: self.named.second,
        }
    }

    /// The block.
    #[must_use]
    pub fn at(&self) -> Header {
        self.at
    }

    fn escrow(&self) -> Address {
        self.named.at.contract.into()
    }

    /// The announcement and what stands at its addresses; where the terms promise something for after the sale, with the
    /// code of what keeps it, also what may have been made for that.
    ///
    /// # Errors
    /// [`EvmError::Source`], [`EvmError::NotOurs`], [`EvmError::TooEarly`].
    pub async fn contracts(
        &self,
        own: Option<AfterSaleCode>,
    ) -> Result<ContractEvidence, EvmError> {
        let chain_id = self.endpoints.chain_id().await?;
        let mut announced = None;
        if chain_id == self.named.at.chain_id {
            let mut refused = None;
            // Anybody can say that they announced it; only a factory of ours answers for it.
            for log in self.announcements().await? {
                match self.announced(&log).await {
                    Ok(read) => {
                        announced = Some(read);
                        break;
                    }
                    Err(error) => refused = Some(error),
                }
            }
            if let (None, Some(error)) = (&announced, refused) {
                return Err(error);
            }
            // Another block of the same second may still announce it.
            if announced.is_none() && self.at.timestamp == self.named.second {
                return Err(self.too_early());
            }
        }
        let after_sale = match (&announced, own) {
            (Some(announced), Some(own)) => self.after_sale_contracts(announced, own).await?,
            (Some(_), None) | (None, _) => Vec::new(),
        };
        Ok(ContractEvidence {
            chain_id,
            announced,
            after_sale,
        })
    }

    /// The announcements of the escrow in the second that the record names.
    async fn announcements(&self) -> Result<Vec<RawLog>, EvmError> {
        let before = block_before(&self.endpoints, self.named.second, 0).await?;
        let first = before.number + u64::from(before.timestamp < self.named.second);
        // On a quick chain a second has hundreds of blocks.
        let after = self.named.second.saturating_add(1);
        let of_it = block_before(&self.endpoints, after, 0).await?;
        let last = self.at.number.min(of_it.number);
        if last < first {
            return Ok(Vec::new());
        }
        let topics = [
            Some(EscrowFactory::Announced::SIGNATURE_HASH),
            None,
            Some(self.escrow().into_word()),
        ];
        let logs = self.endpoints.logs_about(&topics, (first, last)).await?;
        let mut of_that_second = Vec::new();
        for log in logs {
            let block = self.endpoints.block(log.block_number.to()).await?.header();
            if block.timestamp == self.named.second && block.hash == log.block_hash {
                of_that_second.push(log);
            }
        }
        Ok(of_that_second)
    }

    async fn announced(&self, log: &RawLog) -> Result<Announced, EvmError> {
        let said = EscrowFactory::Announced::decode_raw_log(log.topics.iter().copied(), &log.data)
            .map_err(|_| not_ours(log.address, "factory", "it says something else"))?;
        let place = Place {
            factory: log.address,
            escrow: self.escrow(),
            token: said.token,
        };
        let escrow = place.escrow;
        let answers = self
            .endpoints
            .calls(
                &[
                    (escrow, IEscrow::termsCall {}.abi_encode().into()),
                    (
                        place.factory,
                        EscrowFactory::termsHashOfCall { escrow }
                            .abi_encode()
                            .into(),
                    ),
                    (
                        place.factory,
                        EscrowFactory::ESCROWCall {}.abi_encode().into(),
                    ),
                    (
                        place.factory,
                        EscrowFactory::TOKENCall {}.abi_encode().into(),
                    ),
                ],
                self.at.number,
            )
            .await?;
        let terms = answers.first().map(Bytes::as_ref).unwrap_or_default();
        let terms = SaleTerms::read(escrow, terms)?;
        let implementations = (
            returned::<EscrowFactory::ESCROWCall>(place.factory, &answers, 2)?,
            returned::<EscrowFactory::TOKENCall>(place.factory, &answers, 3)?,
        );
        Ok(Announced {
            block: log.block_number.to(),
            factory: place.factory,
            token: place.token,
            terms_hash: said.termsHash,
            remembered: returned::<EscrowFactory::termsHashOfCall>(place.factory, &answers, 1)?,
            terms,
            escrow_code: self.code(escrow).await?,
            token_code: self.code(place.token).await?,
            implementations,
            behind: OwnCode {
                escrow: keccak256(self.code(implementations.0).await?),
                token: keccak256(self.code(implementations.1).await?),
            },
        })
    }

    async fn code(&self, address: Address) -> Result<Bytes, EndpointError> {
        let block = self.at.number;
        self.endpoints.account("eth_getCode", address, block).await
    }

    /// Everything that happened in the sale up to the block, also by what was made together with the escrow, and how it
    /// stands there.
    ///
    /// # Errors
    /// [`EvmError::Source`], [`EvmError::NotOurs`].
    pub async fn sale(
        &self,
        (announced, place): (&Announced, &AfterSalePlace),
        asked: Asked,
        progress: &mut (dyn FnMut(ReadingProgress) + Send),
    ) -> Result<SaleEvidence, EvmError> {
        let SaleTerms::Formula(terms) = &announced.terms else {
            let expected = "escrow that computes its outcome";
            return Err(not_ours(self.escrow(), expected, "it takes a root"));
        };
        let logs = self.logs(announced.block, place, progress).await?;
        let investors = investors(&logs, asked);
        let evidence = SaleEvidence {
            at: self.at,
            escrow: self.named.at,
            terms: (**terms).clone(),
            accounts: self.accounts(&investors, progress).await?,
            state: self.state().await?,
            holdings: self.holdings(announced).await?,
            after_sale: self.after_sale(announced, place).await?,
            logs,
        };
        self.require_same_chain().await?;
        Ok(evidence)
    }

    /// What was asked one after the other must have been of one chain.
    async fn require_same_chain(&self) -> Result<(), EvmError> {
        let now = self.endpoints.block(self.at.number).await?.header();
        if now == self.at {
            return Ok(());
        }
        let block = self.at.number;
        Err(EndpointError::Moved { block }.into())
    }

    async fn logs(
        &self,
        first: u64,
        place: &AfterSalePlace,
        progress: &mut (dyn FnMut(ReadingProgress) + Send),
    ) -> Result<Vec<EscrowLog>, EvmError> {
        let (mut from, last) = (first, self.at.number);
        let mut range = self.blocks_at_once;
        let mut logs = Vec::new();
        let contracts = SaleContracts::of(self.escrow()).with(place.clone());
        while from <= last {
            let to = last.min(from.saturating_add(range - 1));
            match range_of(&self.endpoints, &contracts, (from, to)).await {
                Ok((_, found)) => {
                    logs.extend(found);
                    from = to + 1;
                    range = range.saturating_mul(2).min(self.blocks_at_once);
                }
                Err(SourceError::Endpoints(EndpointError::TooMany)) if range > 1 => {
                    range = (to - from).div_ceil(2).max(1);
                }
                Err(error) => return Err(error.into()),
            }
            progress(ReadingProgress::Blocks(from - first, last - first + 1));
        }
        Ok(logs)
    }

    async fn accounts(
        &self,
        investors: &[Address],
        progress: &mut (dyn FnMut(ReadingProgress) + Send),
    ) -> Result<BTreeMap<Address, AccountView>, EvmError> {
        let escrow = self.escrow();
        let mut views = BTreeMap::new();
        for some in investors.chunks(INVESTORS_AT_ONCE) {
            let calls: Vec<(Address, Bytes)> = some
                .iter()
                .flat_map(|investor| {
                    let investor = *investor;
                    [
                        (
                            escrow,
                            IEscrow::accountCall { investor }.abi_encode().into(),
                        ),
                        (escrow, IEscrow::dueCall { investor }.abi_encode().into()),
                    ]
                })
                .collect();
            let answers = self.endpoints.calls(&calls, self.at.number).await?;
            for (place, investor) in some.iter().enumerate() {
                let account = returned::<IEscrow::accountCall>(escrow, &answers, 2 * place)?;
                let due = returned::<IEscrow::dueCall>(escrow, &answers, 2 * place + 1)?;
                let view = AccountView {
                    accepted: narrow(escrow, U256::from(account.accepted))?,
                    tokens_due: narrow(escrow, due.tokens)?,
                    money_due: narrow(escrow, due.money)?,
                };
                views.insert(*investor, view);
            }
            progress(ReadingProgress::Investors(views.len(), investors.len()));
        }
        Ok(views)
    }

    async fn state(&self) -> Result<SaleState, EvmError> {
        let escrow = self.escrow();
        let calls = [
            (escrow, IEscrow::totalsCall {}.abi_encode().into()),
            (escrow, IEscrow::refundsOpenCall {}.abi_encode().into()),
        ];
        let answers = self.endpoints.calls(&calls, self.at.number).await?;
        let totals = returned::<IEscrow::totalsCall>(escrow, &answers, 0)?;
        let open = returned::<IEscrow::refundsOpenCall>(escrow, &answers, 1)?;
        Ok(SaleState {
            raised: narrow(escrow, U256::from(totals.raised))?,
            phase: phase_from(escrow, totals.phase)?,
            refunds: Refunds::from_answer(open),
        })
    }

    async fn holdings(&self, announced: &Announced) -> Result<Holdings, EvmError> {
        let (token, account) = (announced.token, self.escrow());
        let calls = [
            (
                token,
                SaleToken::balanceOfCall { account }.abi_encode().into(),
            ),
            (token, SaleToken::totalSupplyCall {}.abi_encode().into()),
        ];
        let answers = self.endpoints.calls(&calls, self.at.number).await?;
        Ok(Holdings {
            money: self.money_of(account, announced.terms.currency()).await?,
            tokens: returned::<SaleToken::balanceOfCall>(token, &answers, 0)?,
            supply: returned::<SaleToken::totalSupplyCall>(token, &answers, 1)?,
        })
    }
}

impl EvidenceReader {
    /// What somebody has of a currency; of the chain's own coin where it is nobody.
    async fn money_of(&self, account: Address, currency: Address) -> Result<U256, EvmError> {
        let block = self.at.number;
        if currency == Address::ZERO {
            let balance = self.endpoints.account("eth_getBalance", account, block);
            return Ok(balance.await?);
        }
        let call = SaleToken::balanceOfCall { account };
        let call = [(currency, call.abi_encode().into())];
        let answers = self.endpoints.calls(&call, block).await?;
        returned::<SaleToken::balanceOfCall>(currency, &answers, 0)
    }
}

/// At which block an escrow is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadAt {
    /// At this height.
    Block(u64),
    /// At the newest block with so many on top.
    Deep(u64),
}

/// Whom to ask the contract about.
fn investors(logs: &[EscrowLog], asked: Asked) -> Vec<Address> {
    let contributed = logs.iter().filter_map(|log| contributor(&log.event));
    let all: BTreeSet<Address> = contributed.collect();
    match asked {
        Asked::Everybody => all.into_iter().collect(),
        Asked::Some(0) => Vec::new(),
        Asked::Some(most) => {
            let step = all.len().div_ceil(most).max(1);
            all.into_iter().step_by(step).collect()
        }
    }
}

fn narrow(contract: Address, number: U256) -> Result<u128, EvmError> {
    u128::try_from(number).map_err(|_| not_ours(contract, "escrow", "an amount is out of range"))
}

fn not_ours(address: Address, expected: &'static str, problem: &str) -> EvmError {
    EvmError::NotOurs {
        address,
        expected,
        problem: problem.to_owned(),
    }
}
