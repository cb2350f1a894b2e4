//! Announcing an offering on a chain, and reading back what became of it.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, TxKind, U256, keccak256};
use alloy_rpc_types_eth::TransactionReceipt;
use alloy_sol_types::SolEvent as _;

use crate::after_sale_place::{AfterSalePlace, compare_after_sale};
use crate::bindings::escrow::IEscrow;
use crate::bindings::factory::EscrowFactory;
use crate::bindings::token::SaleToken;
use crate::client::{ChainClient, Draft};
use crate::error::EvmError;
use crate::escrow_terms::{EscrowTerms, TERMS_WORDS};
use crate::own_code::{AfterSaleCode, FactoryKind, OwnCode, clone_code, token_code};
use crate::sale_terms::sale_terms_at;
use crate::told::{Facts, Told};

/// Where an offering stands on a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// What made it.
    pub factory: Address,
    /// Holds the money.
    pub escrow: Address,
    /// What is sold.
    pub token: Address,
}

/// The announcement as a transaction.
pub fn announce_draft(factory: Address, told: &(impl Told + ?Sized)) -> Draft {
    Draft {
        what: "announcing the offering",
        from: told.facts().issuer,
        to: TxKind::Call(factory),
        value: U256::ZERO,
        data: told.calldata(),
    }
}

/// Where the offering stands, as the receipt of its announcement says.
///
/// # Errors
/// [`EvmError::NotOurs`] when the factory did not say it.
pub fn place_of(factory: Address, receipt: &TransactionReceipt) -> Result<Place, EvmError> {
    let logs = receipt.logs().iter();
    let announced = logs
        .filter(|log| log.address() == factory)
        .find_map(|log| EscrowFactory::Announced::decode_log(&log.inner).ok());
    let announced = announced.ok_or_else(|| EvmError::NotOurs {
        address: factory,
        expected: "factory",
        problem: "it announced nothing".to_owned(),
    })?;
    Ok(Place {
        factory,
        escrow: announced.escrow,
        token: announced.token,
    })
}

/// Refuses a factory whose contracts are not those of this program, or that lacks some that are needed.
///
/// # Errors
/// [`EvmError::NotOurs`].
pub async fn require_factory(
    client: &ChainClient,
    factory: Address,
    kind: FactoryKind,
) -> Result<(), EvmError> {
    let not_ours = |problem: &str| EvmError::NotOurs {
        address: factory,
        expected: "factory",
        problem: problem.to_owned(),
    };
    if client.code(factory).await?.is_empty() {
        return Err(not_ours("there is no contract"));
    }
    let there = OwnCode::of_factory(client, factory).await?;
    if there != OwnCode::compute(kind.escrow()).await? {
        return Err(not_ours(match kind {
            FactoryKind::Sale | FactoryKind::AfterSale => "its escrow or its token has other code",
            FactoryKind::Withdrawable => {
                "its escrow or its token has other code than these terms with a withdrawal right need"
            }
            FactoryKind::WithdrawableRounds => {
                "its escrow or its token has other code than these terms with several rounds and a withdrawal right need"
            }
            FactoryKind::Root => {
                "its escrow or its token has other code than terms with `[root]` need"
            }
            FactoryKind::Rounds | FactoryKind::RoundsAfterSale => {
                "its escrow or its token has other code than terms with several rounds need"
            }
        }));
    }
    match kind {
        FactoryKind::Sale
        | FactoryKind::Withdrawable
        | FactoryKind::Root
        | FactoryKind::Rounds
        | FactoryKind::WithdrawableRounds => Ok(()),
        FactoryKind::AfterSale | FactoryKind::RoundsAfterSale => {
            match AfterSaleCode::of_factory(client, factory).await {
                Ok(there) if there == AfterSaleCode::compute().await? => Ok(()),
                Ok(_) => Err(not_ours("its milestones or its vesting have other code")),
                Err(EvmError::Refused { .. } | EvmError::NotOurs { .. }) => {
                    Err(not_ours("it makes no milestones and no vesting"))
                }
                Err(error) => Err(error),
            }
        }
    }
}

/// Refuses what only the chain can tell: a window that is over there, a currency with other decimals.
///
/// # Errors
/// [`EvmError::WindowOver`], [`EvmError::CurrencyDecimals`].
pub async fn require_announceable(
    client: &ChainClient,
    told: &(impl Told + ?Sized),
    decimals: Option<u8>,
) -> Result<(), EvmError> {
    let now = client.head().await?.timestamp;
    let Facts {
        closes, currency, ..
    } = told.facts();
    if U256::from(now) >= closes {
        return Err(EvmError::WindowOver { closes, now });
    }
    if let Some(terms) = decimals.filter(|_| currency != Address::ZERO) {
        let there = client.call(currency, &SaleToken::decimalsCall {}).await?;
        if there != terms {
            return Err(EvmError::CurrencyDecimals {
                currency,
                there,
                terms,
            });
        }
    }
    Ok(())
}

/// The terms of the escrow at an address, as the contract holds them.
///
/// # Errors
/// [`EvmError::NotOurs`] when it holds none.
pub async fn terms_at(client: &ChainClient, escrow: Address) -> Result<EscrowTerms, EvmError> {
    let words: [B256; TERMS_WORDS] = client.call(escrow, &IEscrow::termsCall {}).await?;
    EscrowTerms::from_words(words).map_err(|wrong| EvmError::NotOurs {
        address: escrow,
        expected: "escrow",
        problem: format!("word {} of its terms is out of range", wrong.index),
    })
}

/// Compares everything on the chain with what was announced: terms, code, token, holders, and what comes after the
/// sale. The hash of the escrow's code.
///
/// # Errors
/// [`EvmError::Different`] with every difference.
pub async fn read_back(
    client: &ChainClient,
    (place, after_sale): (Place, &AfterSalePlace),
    told: &(impl Told + ?Sized),
) -> Result<B256, EvmError> {
    let mut differences = Vec::new();
    let milestones = after_sale.milestones;
    compare_terms(client, place, (told, milestones), &mut differences).await?;
    let code_hash = compare_code(client, place, (told, milestones), &mut differences).await?;
    compare_token(client, place, told.facts(), &mut differences).await?;
    compare_holders(client, place, told, &mut differences).await?;
    if let Some(announcement) = told.by_formula() {
        let found = compare_after_sale(client, place, after_sale, announcement);
        differences.extend(found.await?);
    }
    if differences.is_empty() {
        Ok(code_hash)
    } else {
        Err(EvmError::Different {
            address: place.escrow,
            differences,
        })
    }
}

async fn compare_terms(
    client: &ChainClient,
    place: Place,
    (told, milestones): (&(impl Told + ?Sized), Option<Address>),
    differences: &mut Vec<String>,
) -> Result<(), EvmError> {
    let call = EscrowFactory::termsHashOfCall {
        escrow: place.escrow,
    };
    let recorded = client.call(place.factory, &call).await?;
    if recorded != told.facts().terms_hash {
        differences.push(format!("the factory has the terms hash {recorded}"));
    }
    let there = sale_terms_at(client, place.escrow).await?.members();
    let told = told.members(place.token, milestones);
    if there.len() != told.len() {
        differences.push("the escrow holds terms of another kind".to_owned());
    }
    for ((name, told), (_, there)) in told.into_iter().zip(there) {
        if told != there {
            differences.push(format!("{name} is {there}, announced was {told}"));
        }
    }
    Ok(())
}

async fn compare_code(
    client: &ChainClient,
    place: Place,
    (told, milestones): (&(impl Told + ?Sized), Option<Address>),
    differences: &mut Vec<String>,
) -> Result<B256, EvmError> {
    let escrow = client
        .call(place.factory, &EscrowFactory::ESCROWCall {})
        .await?;
    let token = client
        .call(place.factory, &EscrowFactory::TOKENCall {})
        .await?;
    let arguments = told.arguments(place.token, milestones);
    let code = client.code(place.escrow).await?;
    if code != clone_code(escrow, &arguments) {
        differences.push("the escrow has other code".to_owned());
    }
    if client.code(place.token).await? != token_code(token) {
        differences.push("the token has other code".to_owned());
    }
    let own = OwnCode::compute(told.factory().escrow()).await?;
    if OwnCode::of_factory(client, place.factory).await? != own {
        differences.push("the factory makes contracts of other code".to_owned());
    }
    Ok(keccak256(code))
}

async fn compare_token(
    client: &ChainClient,
    place: Place,
    facts: Facts<'_>,
    differences: &mut Vec<String>,
) -> Result<(), EvmError> {
    let (token, plan) = (place.token, facts.token);
    let name = client.call(token, &SaleToken::nameCall {}).await?;
    let symbol = client.call(token, &SaleToken::symbolCall {}).await?;
    let decimals = client.call(token, &SaleToken::decimalsCall {}).await?;
    if (&name, &symbol, decimals) != (&plan.name, &plan.symbol, plan.decimals) {
        differences.push(format!(
            "the token is called {name:?} ({symbol:?}) with {decimals} decimals"
        ));
    }
    let supply = client.call(token, &SaleToken::totalSupplyCall {}).await?;
    let for_sale = facts.for_sale;
    let planned = plan
        .shares
        .iter()
        .fold(for_sale, |sum, share| sum.saturating_add(share.amount));
    if supply != planned {
        differences.push(format!(
            "there are {supply} tokens, announced were {planned}"
        ));
    }
    let account = place.escrow;
    let held = client
        .call(token, &SaleToken::balanceOfCall { account })
        .await?;
    if held < for_sale {
        differences.push(format!("the escrow holds {held} tokens of {for_sale}"));
    }
    Ok(())
}

/// Who holds a share that is free at once holds it from the beginning.
async fn compare_holders(
    client: &ChainClient,
    place: Place,
    told: &(impl Told + ?Sized),
    differences: &mut Vec<String>,
) -> Result<(), EvmError> {
    let vests = |at: usize| {
        let plans = told.by_formula().map(|told| &told.after_sale.vestings);
        let mut vestings = plans.into_iter().flatten();
        vestings.any(|plan| plan.share == U256::from(at))
    };
    let mut due: BTreeMap<Address, U256> = BTreeMap::new();
    for (at, share) in told.facts().token.shares.iter().enumerate() {
        if !vests(at) {
            let sum = due.entry(share.holder).or_default();
            *sum = sum.saturating_add(share.amount);
        }
    }
    for (holder, amount) in due {
        let held = client.token_balance(place.token, holder).await?;
        if held < amount {
            differences.push(format!("{holder} holds {held} tokens of {amount}"));
        }
    }
    Ok(())
}
