//! What lets a contract take an ERC-20 out of a wallet: an allowance by a transaction, or one that is signed (ERC-2612).

use alloy_primitives::{Address, B256, TxKind, U256};
use alloy_signer::Signer;
use alloy_sol_types::{Eip712Domain, SolCall, SolStruct as _};

use crate::bindings::token::SaleToken;
use crate::client::{ChainClient, Draft};
use crate::error::EvmError;

mod typed {
    alloy_sol_types::sol! {
        struct Permit {
            address owner;
            address spender;
            uint256 value;
            uint256 nonce;
            uint256 deadline;
        }

        function version() external view returns (string);
    }
}

/// The version of the domain of tokens that name none.
const USUAL_VERSION: &str = "1";

/// An allowance that its owner signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedAllowance {
    /// How much may be taken.
    pub amount: U256,
    /// Last second at which it can be shown, in unix seconds.
    pub deadline: U256,
    pub(crate) v: u8,
    pub(crate) r: B256,
    pub(crate) s: B256,
}

/// Lets a contract take tokens of the sender.
pub fn allow_draft(token: Address, spender: Address, amount: U256, from: Address) -> Draft {
    let call = SaleToken::approveCall {
        spender,
        value: amount,
    };
    Draft {
        what: "the allowance to take the tokens",
        from,
        to: TxKind::Call(token),
        value: U256::ZERO,
        data: call.abi_encode().into(),
    }
}

/// How much a contract may take out of a wallet.
///
/// # Errors
/// The node does not answer, or there is no token.
pub async fn allowance_of(
    client: &ChainClient,
    token: Address,
    (owner, spender): (Address, Address),
) -> Result<U256, EvmError> {
    let call = SaleToken::allowanceCall { owner, spender };
    client.call(token, &call).await
}

/// Signs an allowance; `None` where the token takes none that is signed.
///
/// The domain that is signed for is this token's on this chain, never one that the token only names: else it could let
/// people sign away another token.
///
/// # Errors
/// The node does not answer, [`EvmError::Signer`].
pub async fn sign_allowance(
    client: &ChainClient,
    (token, spender): (Address, Address),
    (amount, deadline): (U256, U256),
    owner: &(impl Signer + Sync),
) -> Result<Option<SignedAllowance>, EvmError> {
    let from = owner.address();
    let named = answer(client, token, &SaleToken::nameCall {}).await?;
    let separator = answer(client, token, &SaleToken::DOMAIN_SEPARATORCall {}).await?;
    let nonce = answer(client, token, &SaleToken::noncesCall { owner: from }).await?;
    let (Some(name), Some(separator), Some(nonce)) = (named, separator, nonce) else {
        return Ok(None);
    };
    let version = answer(client, token, &typed::versionCall {}).await?;
    let version = version.unwrap_or_else(|| USUAL_VERSION.to_owned());
    let chain = U256::from(client.chain_id().await?);
    let (name, version) = (Some(name.into()), Some(version.into()));
    let domain = Eip712Domain::new(name, version, Some(chain), Some(token), None);
    if domain.separator() != separator {
        return Ok(None);
    }
    let permit = typed::Permit {
        owner: from,
        spender,
        value: amount,
        nonce,
        deadline,
    };
    let signature = owner.sign_hash(&permit.eip712_signing_hash(&domain)).await;
    let signature = signature.map_err(|error| EvmError::Signer {
        problem: error.to_string(),
    })?;
    Ok(Some(SignedAllowance {
        amount,
        deadline,
        v: 27 + u8::from(signature.v()),
        r: signature.r().into(),
        s: signature.s().into(),
    }))
}

/// What a token answers; `None` where it knows no such question.
async fn answer<C: SolCall>(
    client: &ChainClient,
    token: Address,
    call: &C,
) -> Result<Option<C::Return>, EvmError> {
    match client.call(token, call).await {
        Ok(answer) => Ok(Some(answer)),
        Err(EvmError::Refused { .. } | EvmError::NotOurs { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
