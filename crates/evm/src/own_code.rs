//! The code that the contracts of this program have on a chain.
//!
//! The factory makes its implementations when it is deployed, so their code is found by deploying it once on a chain in
//! this process. Nothing else has to be kept beside the bytecode and agree with it.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_sol_types::SolConstructor as _;
use softcap_chain::{Node, Settings};
use softcap_offering::terms::Terms;

use crate::announce::announce_draft;
use crate::bindings::{
    factory::EscrowFactory, milestones::Milestones, offering_factory::OfferingFactory,
    root_factory::RootEscrowFactory, rounds_factory::RoundsEscrowFactory,
    rounds_offering_factory::RoundsOfferingFactory, token_clone::TokenClone, vesting::Vesting,
    withdrawable_factory::WithdrawableEscrowFactory,
    withdrawable_rounds_factory::WithdrawableRoundsEscrowFactory,
};
use crate::client::{ChainClient, Draft};
use crate::error::EvmError;
use crate::escrow_terms::EscrowKind;
use crate::find_after_sale::promises_after_sale;
use crate::told::Told;

/// Bytes of ERC-1167 around the implementation's address.
const CLONE_HEAD: [u8; 10] = [0x36, 0x3d, 0x3d, 0x37, 0x3d, 0x3d, 0x3d, 0x36, 0x3d, 0x73];
const CLONE_TAIL: [u8; 15] = [
    0x5a, 0xf4, 0x3d, 0x82, 0x80, 0x3e, 0x90, 0x3d, 0x91, 0x60, 0x2b, 0x57, 0xfd, 0x5b, 0xf3,
];

/// Hashes of the code that all escrows of a kind and all tokens run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnCode {
    /// Of the escrow.
    pub escrow: B256,
    /// Of the token.
    pub token: B256,
}

/// Hashes of the code that all milestone and all vesting contracts run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AfterSaleCode {
    /// Of what releases the money.
    pub milestones: B256,
    /// Of what holds a share.
    pub vesting: B256,
}

/// Which contracts a factory makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactoryKind {
    /// Escrow and token.
    Sale,
    /// The same, with an escrow that gives contributions back.
    Withdrawable,
    /// Also what comes after the sale.
    AfterSale,
    /// Escrow and token, with an escrow that takes the outcome as a root.
    Root,
    /// Escrow and token, with an escrow of several rounds.
    Rounds,
    /// The same, and what comes after the sale.
    RoundsAfterSale,
    /// Escrow and token, with an escrow of several rounds that gives contributions back.
    WithdrawableRounds,
}

impl FactoryKind {
    /// What an announcement needs.
    pub fn needed(told: &(impl Told + ?Sized)) -> Self {
        told.factory()
    }

    pub(crate) fn of(kind: EscrowKind) -> Self {
        match kind {
            EscrowKind::Plain => Self::Sale,
            EscrowKind::Withdrawable => Self::Withdrawable,
            EscrowKind::Root => Self::Root,
            EscrowKind::Rounds => Self::Rounds,
            EscrowKind::WithdrawableRounds => Self::WithdrawableRounds,
        }
    }

    /// Also what comes after the sale. No terms have that together with a withdrawal right, or with an outcome by root.
    #[must_use]
    pub fn with_after_sale(kind: EscrowKind) -> Self {
        match kind {
            EscrowKind::Plain | EscrowKind::Withdrawable | EscrowKind::Root => Self::AfterSale,
            EscrowKind::Rounds | EscrowKind::WithdrawableRounds => Self::RoundsAfterSale,
        }
    }

    pub(crate) fn escrow(self) -> EscrowKind {
        match self {
            Self::Sale | Self::AfterSale => EscrowKind::Plain,
            Self::Withdrawable => EscrowKind::Withdrawable,
            Self::Root => EscrowKind::Root,
            Self::Rounds | Self::RoundsAfterSale => EscrowKind::Rounds,
            Self::WithdrawableRounds => EscrowKind::WithdrawableRounds,
        }
    }

    /// How many contracts are deployed for a factory, itself the last.
    #[must_use]
    pub fn creations(self) -> usize {
        match self.with_parts() {
            None => 1,
            Some(_) => 3,
        }
    }

    /// The creation of the next of them, where those before it stand.
    #[must_use]
    pub fn creation(self, from: Address, before: &[Address]) -> Draft {
        match (self.with_parts(), before) {
            (None, _) => factory_draft(from, self.escrow()),
            (Some(_), []) => milestones_draft(from),
            (Some(_), [_]) => vesting_draft(from),
            (Some(code), [milestones, vesting, ..]) => {
                let parts = OfferingFactory::constructorCall {
                    milestones: *milestones,
                    vesting: *vesting,
                };
                let code = [&code[..], &parts.abi_encode()].concat();
                creation("deploying the factory", from, code.into())
            }
        }
    }

    /// The code of a factory that makes clones of two contracts which are there before it.
    fn with_parts(self) -> Option<&'static Bytes> {
        match self {
            Self::Sale
            | Self::Withdrawable
            | Self::Root
            | Self::Rounds
            | Self::WithdrawableRounds => None,
            Self::AfterSale => Some(&OfferingFactory::BYTECODE),
            Self::RoundsAfterSale => Some(&RoundsOfferingFactory::BYTECODE),
        }
    }
}

/// A chain in this process with a factory on it, to try things out.
struct Rehearsal {
    client: ChainClient,
    factory: Address,
}

impl Rehearsal {
    async fn begin(kind: FactoryKind) -> Result<Self, EvmError> {
        let problem = |problem: String| EvmError::OwnCode { problem };
        let node =
            Node::in_memory(&Settings::default()).map_err(|error| problem(error.to_string()))?;
        let node = Arc::new(node);
        let client = ChainClient::in_process(Arc::clone(&node));
        let account = node
            .accounts()
            .first()
            .ok_or_else(|| problem("no account".to_owned()))?;
        let from = account.address();
        let deploy = async |draft: Draft| -> Result<Address, EvmError> {
            let cost = client.try_out(&draft).await?;
            let receipt = client.send(&draft, &cost, account.signer()).await?;
            receipt
                .contract_address
                .ok_or_else(|| problem("no contract".to_owned()))
        };
        let mut made = Vec::new();
        for _ in 0..kind.creations() {
            let created = deploy(kind.creation(from, &made)).await?;
            made.push(created);
        }
        let factory = made.pop().ok_or_else(|| problem("no factory".to_owned()))?;
        Ok(Self { client, factory })
    }
}

/// Gas of an announcement where no factory is on the chain yet.
///
/// # Errors
/// [`EvmError::Refused`] as the factory would.
pub async fn rehearse(told: &(impl Told + ?Sized)) -> Result<u64, EvmError> {
    let rehearsal = Rehearsal::begin(told.factory()).await?;
    let draft = announce_draft(rehearsal.factory, told);
    Ok(rehearsal.client.try_out(&draft).await?.gas)
}

impl AfterSaleCode {
    /// What keeps what some terms promise for after the sale; `None` where they promise nothing.
    ///
    /// # Errors
    /// [`EvmError::OwnCode`] when it does not run.
    pub async fn of_terms(terms: &Terms) -> Result<Option<Self>, EvmError> {
        if promises_after_sale(terms) {
            return Self::compute().await.map(Some);
        }
        Ok(None)
    }

    /// What the bytecode of this program makes.
    ///
    /// # Errors
    /// [`EvmError::OwnCode`] when it does not run.
    pub async fn compute() -> Result<Self, EvmError> {
        let rehearsal = Rehearsal::begin(FactoryKind::AfterSale).await?;
        Self::of_factory(&rehearsal.client, rehearsal.factory).await
    }

    /// What a factory on a chain makes clones of.
    ///
    /// # Errors
    /// The address holds no factory of what comes after a sale.
    pub async fn of_factory(client: &ChainClient, factory: Address) -> Result<Self, EvmError> {
        let milestones = client.call(factory, &OfferingFactory::MILESTONESCall {});
        let milestones = milestones.await?;
        let vesting = client.call(factory, &OfferingFactory::VESTINGCall {});
        let vesting = vesting.await?;
        Ok(Self {
            milestones: keccak256(client.code(milestones).await?),
            vesting: keccak256(client.code(vesting).await?),
        })
    }
}

impl OwnCode {
    /// What the bytecode of this program makes.
    ///
    /// # Errors
    /// [`EvmError::OwnCode`] when it does not run.
    pub async fn compute(kind: EscrowKind) -> Result<Self, EvmError> {
        let rehearsal = Rehearsal::begin(FactoryKind::of(kind)).await?;
        Self::of_factory(&rehearsal.client, rehearsal.factory).await
    }

    /// What a factory on a chain makes clones of.
    ///
    /// # Errors
    /// The address holds no factory.
    pub async fn of_factory(client: &ChainClient, factory: Address) -> Result<Self, EvmError> {
        let escrow = client.call(factory, &EscrowFactory::ESCROWCall {}).await?;
        let token = client.call(factory, &EscrowFactory::TOKENCall {}).await?;
        Ok(Self {
            escrow: keccak256(client.code(escrow).await?),
            token: keccak256(client.code(token).await?),
        })
    }
}

/// The creation of a factory of such escrows, and of tokens.
pub fn factory_draft(from: Address, kind: EscrowKind) -> Draft {
    let code = match kind {
        EscrowKind::Plain => EscrowFactory::BYTECODE.clone(),
        EscrowKind::Withdrawable => WithdrawableEscrowFactory::BYTECODE.clone(),
        EscrowKind::Root => RootEscrowFactory::BYTECODE.clone(),
        EscrowKind::Rounds => RoundsEscrowFactory::BYTECODE.clone(),
        EscrowKind::WithdrawableRounds => WithdrawableRoundsEscrowFactory::BYTECODE.clone(),
    };
    creation("deploying the factory", from, code)
}

/// The creation of what all milestone contracts run.
fn milestones_draft(from: Address) -> Draft {
    let code = Milestones::BYTECODE.clone();
    creation("deploying the milestone contract", from, code)
}

/// The creation of what all vesting contracts run.
fn vesting_draft(from: Address) -> Draft {
    let code = Vesting::BYTECODE.clone();
    creation("deploying the vesting contract", from, code)
}

fn creation(what: &'static str, from: Address, data: Bytes) -> Draft {
    Draft {
        what,
        from,
        to: TxKind::Create,
        value: U256::ZERO,
        data,
    }
}

/// The code of a clone: ERC-1167, then its arguments.
pub(crate) fn clone_code(implementation: Address, arguments: &[u8]) -> Bytes {
    let parts: [&[u8]; 4] = [
        &CLONE_HEAD,
        implementation.as_slice(),
        &CLONE_TAIL,
        arguments,
    ];
    parts.concat().into()
}

/// `PUSH32` of nobody, which is where the compiler leaves room for the implementation's address.
const ROOM: [u8; 33] = {
    let mut room = [0; 33];
    room[0] = 0x7f;
    room
};

/// The code of a token with this implementation.
pub(crate) fn token_code(implementation: Address) -> Bytes {
    let mut code = TokenClone::DEPLOYED_BYTECODE.to_vec();
    let room = code.windows(ROOM.len()).position(|part| part == ROOM);
    if let Some(word) = room.and_then(|at| code.get_mut(at + 1..at + ROOM.len())) {
        word.copy_from_slice(implementation.into_word().as_slice());
    }
    code.into()
}

/// The implementation behind a clone.
pub(crate) fn implementation(code: &Bytes) -> Option<Address> {
    let rest = code.strip_prefix(&CLONE_HEAD)?;
    let (address, rest) = rest.split_at_checked(20)?;
    rest.starts_with(&CLONE_TAIL)
        .then(|| Address::from_slice(address))
}

/// Refuses what is no clone of this program's code.
pub(crate) async fn require_clone(
    client: &ChainClient,
    address: Address,
    (expected, own): (&'static str, B256),
) -> Result<(), EvmError> {
    let code = client.code(address).await?;
    let behind = match implementation(&code) {
        Some(implementation) => keccak256(client.code(implementation).await?),
        None => B256::ZERO,
    };
    if behind == own {
        return Ok(());
    }
    Err(EvmError::NotOurs {
        address,
        expected,
        problem: "it has other code".to_owned(),
    })
}

/// Refuses an escrow that does not run this program's code, which is what keeps the terms that it says.
///
/// # Errors
/// [`EvmError::NotOurs`].
pub async fn require_own_escrow(
    client: &ChainClient,
    escrow: Address,
    kind: EscrowKind,
) -> Result<(), EvmError> {
    let own = OwnCode::compute(kind).await?.escrow;
    require_clone(client, escrow, ("escrow", own)).await
}
