//! The chain, who has an office on it, and the contracts of the sale.

use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_rpc_client::RpcClient;
use alloy_rpc_types_eth::TransactionReceipt as Receipt;
use alloy_signer_local::PrivateKeySigner;
use softcap_chain::{Clock, InProcess, Node, Settings};
use softcap_offering::{
    Position, Span,
    terms::{Access, Round, Terms, Unsold},
};

use super::{NotRehearsed, crowd::Crowd};
use crate::{
    after_sale_place::AfterSalePlace,
    after_sale_plans::AfterSalePlans,
    announce::{Place, announce_draft, place_of, read_back},
    announcement::{Announcement, announcement},
    bindings::factory::{EscrowFactory::TokenPlan, SaleToken},
    client::{ChainClient, Draft},
    endpoints::{Endpoint, Endpoints},
    error::EvmError,
    escrow_terms::{EscrowKind, EscrowTerms, TERMS_WORDS},
    follower::Header,
    numbers::share_names,
    own_code::{FactoryKind, factory_draft},
    parties::{PaidIn, Parties},
    root_announcement::{RootAnnouncement, root_announcement},
    told::Told,
};

/// Who has an office, by the place of their account.
pub(super) const ISSUER: usize = 0;
pub(super) const VERIFIER: usize = 1;
const BENEFICIARY: usize = 2;
const TREASURY: usize = 3;
/// Has no part in the sale, and sends what anybody may.
pub(super) const STRANGER: usize = 4;
/// The first account that contributes.
pub(super) const FIRST_WALLET: usize = 5;
/// Seconds between the first block and the opening.
const BEFORE: u64 = 3_600;
/// What each wallet has of a currency that is made for the rehearsal: more than an escrow can count.
const PURSE: u128 = 1 << 90;

/// What the factory is told.
pub(super) enum Sale {
    Formula(Box<Announcement>),
    Root(Box<RootAnnouncement>),
}

impl Sale {
    fn of(terms: &Terms, parties: &Parties) -> Result<Self, NotRehearsed> {
        let told = match terms.root {
            Some(root) => {
                root_announcement(terms, root, parties).map(|told| Self::Root(Box::new(told)))
            }
            None => announcement(terms, parties).map(|told| Self::Formula(Box::new(told))),
        };
        told.map_err(NotRehearsed::Unkept)
    }

    fn told(&self) -> &dyn Told {
        match self {
            Self::Formula(told) => &**told,
            Self::Root(told) => &**told,
        }
    }
}

/// One sale on a chain of its own.
pub(super) struct Stage {
    node: Arc<Node>,
    pub(super) client: ChainClient,
    sent: usize,
    pub(super) terms: Arc<Terms>,
    pub(super) window: (u64, u64),
    pub(super) sale: Sale,
    pub(super) paid_in: PaidIn,
    pub(super) place: Place,
    pub(super) after_sale: AfterSalePlace,
    /// The block of the announcement, and the one before it.
    pub(super) announced: Header,
    pub(super) before: Header,
}

/// A chain on which nothing was announced yet.
struct Empty {
    node: Arc<Node>,
    client: ChainClient,
    sent: usize,
}

/// Whole seconds, the first one that is not before.
pub(super) fn seconds(position: Position) -> u64 {
    position.0.div_ceil(1_000)
}

pub(super) fn span(span: Span) -> u64 {
    span.0.div_ceil(1_000)
}

fn own_code(problem: &str) -> EvmError {
    EvmError::OwnCode {
        problem: problem.to_owned(),
    }
}

/// Opening and end of all rounds in seconds. Terms that a contract keeps have one clock.
fn window_of(terms: &Terms) -> Result<(u64, u64), NotRehearsed> {
    let windows = || {
        let rounds = terms.rounds.iter();
        rounds.flat_map(|round| round.windows.iter().flatten())
    };
    let opens = windows().map(|window| seconds(window.from)).min();
    let closes = windows()
        .map(|window| seconds(window.end_exclusive()))
        .max();
    Ok(opens
        .zip(closes)
        .ok_or_else(|| own_code("the terms have no window"))?)
}

impl Empty {
    fn begun(opens: u64, wallets: usize) -> Result<Self, NotRehearsed> {
        let accounts = u32::try_from(FIRST_WALLET + wallets).unwrap_or(u32::MAX);
        let settings = Settings {
            accounts: Some(accounts),
            clock: Clock::Still(opens.saturating_sub(BEFORE)),
            ..Settings::default()
        };
        let node = Arc::new(Node::in_memory(&settings)?);
        Ok(Self {
            client: ChainClient::in_process(Arc::clone(&node)),
            node,
            sent: 0,
        })
    }

    async fn issue(&mut self, draft: &Draft) -> Result<Receipt, EvmError> {
        let signer = signer(&self.node, ISSUER)?;
        let cost = self.client.try_out(draft).await?;
        let receipt = self.client.send(draft, &cost, signer).await?;
        self.sent += 1;
        Ok(receipt)
    }

    async fn deploy(&mut self, draft: &Draft) -> Result<Address, EvmError> {
        let receipt = self.issue(draft).await?;
        receipt
            .contract_address
            .ok_or_else(|| own_code("no contract was made"))
    }

    async fn factory(&mut self, kind: FactoryKind) -> Result<Address, EvmError> {
        let from = address(&self.node, ISSUER)?;
        let mut made = Vec::new();
        for _ in 0..kind.creations() {
            let created = self.deploy(&kind.creation(from, &made)).await?;
            made.push(created);
        }
        made.pop().ok_or_else(|| own_code("no factory was made"))
    }

    /// An ERC-20 with these decimals of which every wallet has enough: the token of a sale that nobody takes part in.
    async fn currency(&mut self, decimals: u8) -> Result<Address, EvmError> {
        let from = address(&self.node, ISSUER)?;
        let wallets = self.node.accounts().iter().skip(FIRST_WALLET);
        let shares = wallets.map(|account| SaleToken::Share {
            holder: account.address(),
            amount: U256::from(PURSE),
        });
        let mut words = [U256::ZERO; TERMS_WORDS];
        // Terms hash, issuer, beneficiary.
        words[0] = U256::from(1);
        words[1] = from.into_word().into();
        words[2] = from.into_word().into();
        // Window and refund deadline; hard cap and tokens for sale; a price of one.
        (words[8], words[9], words[10]) = (U256::from(1), U256::from(2), U256::from(3));
        (words[12], words[13]) = (U256::from(1), U256::from(1));
        (words[21], words[22]) = (U256::from(1), U256::from(1));
        let terms = EscrowTerms::from_words(words.map(B256::from));
        let told = Announcement {
            terms: terms.map_err(|_| own_code("the currency has no terms"))?,
            steps: Vec::new(),
            token: TokenPlan {
                name: "Rehearsal".to_owned(),
                symbol: "REHEARSAL".to_owned(),
                decimals,
                shares: shares.collect(),
            },
            after_sale: AfterSalePlans::default(),
            rounds: Vec::new(),
        };
        let factory = self.deploy(&factory_draft(from, EscrowKind::Plain)).await?;
        let receipt = self.issue(&announce_draft(factory, &told)).await?;
        Ok(place_of(factory, &receipt)?.token)
    }

    fn parties(&self, terms: &Terms, paid_in: PaidIn) -> Result<Parties, EvmError> {
        let is_admitted = |round: &Round| round.access == Access::Admitted;
        let verifier = terms.rounds.iter().any(is_admitted);
        // Nobody has to have the key of a holder.
        let holder = |name: &str| (name.to_owned(), Address::from_word(keccak256(name)));
        let holders: BTreeMap<String, Address> =
            share_names(terms).into_iter().map(holder).collect();
        Ok(Parties {
            issuer: address(&self.node, ISSUER)?,
            beneficiary: address(&self.node, BENEFICIARY)?,
            verifier: verifier
                .then(|| address(&self.node, VERIFIER))
                .transpose()?,
            paid_in,
            treasury: match terms.unsold {
                Unsold::Treasury => Some(address(&self.node, TREASURY)?),
                Unsold::Burned => None,
            },
            holders,
        })
    }
}

fn signer(node: &Node, account: usize) -> Result<&PrivateKeySigner, EvmError> {
    let account = node.accounts().get(account);
    let account = account.ok_or_else(|| own_code("the chain has too few accounts"))?;
    Ok(account.signer())
}

fn address(node: &Node, account: usize) -> Result<Address, EvmError> {
    Ok(signer(node, account)?.address())
}

fn endpoints_of(node: &Arc<Node>) -> Endpoints {
    let client = RpcClient::new(InProcess::new(Arc::clone(node)), true);
    let name = "rehearsal".to_owned();
    Endpoints::new(vec![Endpoint { name, client }], 1)
}

impl Stage {
    /// A chain that begins before the window, with everything on it that the terms promise, compared with them.
    pub(super) async fn announced(terms: &Arc<Terms>, crowd: &Crowd) -> Result<Self, NotRehearsed> {
        let window = window_of(terms)?;
        let mut chain = Empty::begun(window.0, crowd.amounts.len())?;
        let paid_in = match terms.currencies.first() {
            Some(currency) if !crowd.in_coin => {
                PaidIn::Token(chain.currency(currency.decimals).await?)
            }
            Some(_) | None => PaidIn::Coin,
        };
        let sale = Sale::of(terms, &chain.parties(terms, paid_in)?)?;
        let factory = chain.factory(sale.told().factory()).await?;
        let receipt = chain.issue(&announce_draft(factory, sale.told())).await?;
        let place = place_of(factory, &receipt)?;
        let after_sale = AfterSalePlace::of(place, &receipt);
        read_back(&chain.client, (place, &after_sale), sale.told()).await?;
        let endpoints = endpoints_of(&chain.node);
        let announced = endpoints.block(chain.node.height()).await?.header();
        let before = endpoints.block(announced.number.saturating_sub(1)).await?;
        Ok(Self {
            node: chain.node,
            client: chain.client,
            sent: chain.sent,
            terms: Arc::clone(terms),
            window,
            sale,
            paid_in,
            place,
            after_sale,
            announced,
            before: before.header(),
        })
    }

    /// Transactions so far.
    pub(super) fn sent(&self) -> usize {
        self.sent
    }

    pub(super) fn endpoints(&self) -> Endpoints {
        endpoints_of(&self.node)
    }

    pub(super) fn address(&self, account: usize) -> Result<Address, EvmError> {
        address(&self.node, account)
    }

    pub(super) fn signer(&self, account: usize) -> Result<&PrivateKeySigner, EvmError> {
        signer(&self.node, account)
    }

    /// Tries a transaction, and sends it where it would go through.
    pub(super) async fn run(&mut self, account: usize, draft: &Draft) -> Result<Receipt, EvmError> {
        let cost = self.client.try_out(draft).await?;
        let signer = signer(&self.node, account)?;
        let receipt = self.client.send(draft, &cost, signer).await?;
        self.sent += 1;
        Ok(receipt)
    }

    /// It is this second on the chain, or later already.
    pub(super) async fn at(&self, second: u64) -> Result<(), NotRehearsed> {
        let now = self.now().await?;
        if second > now {
            self.node.set_next_timestamp(second)?;
            self.node.mine()?;
        }
        Ok(())
    }

    /// The second of the newest block.
    pub(super) async fn now(&self) -> Result<u64, EvmError> {
        Ok(self.client.head().await?.timestamp)
    }
}
