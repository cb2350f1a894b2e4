//! A transaction as a wallet is to send it: where it goes, what goes along, and what it costs.
//!
//! Where money goes is believed only when the configured number of endpoints say it; what the network would take for it is
//! shown, decides nothing, and is asked of one.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_sol_types::SolCall as _;
use softcap_evm::{
    AfterSaleAct, ChainClient, Cost, Draft, EndpointError, Endpoints, EscrowKind, EvmError, Exit,
    InvestorStanding, PaidIn, ProvedLeaf, RootAct, RootPhase, SaleTerms, ShownPermit, Standing,
    Stopped, allow_draft, allowance_of, bid_draft,
    bindings::{escrow::IEscrow, root_escrow::IRootEscrow::Leaf, rounds::IRounds},
    contribution_draft, refunds_open, round_at,
};
use softcap_identity::PersonId;
use softcap_journal::OfferingLog;
use softcap_offering::{
    Amount, EscrowAddress, InvestorId, RoundIndex,
    terms::{Access, Token},
};

use super::{
    act::{ActKind, WalletAct},
    give_back::GiveBack,
    look::contract_of,
};
use crate::{
    api::{Service, own_leaf, own_permit},
    problem::{ApiError, ProblemCode},
};

/// Where the money of an offering is, as wallets need it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EscrowPlace {
    /// As the record names it.
    pub(crate) named: EscrowAddress,
    /// Which contract it is.
    pub(crate) kind: EscrowKind,
    /// What people pay with.
    pub(crate) paid_in: PaidIn,
    /// Whether it wants to see a permit, in one round at least.
    pub(crate) needs_permit: bool,
    /// The token that is sold.
    token: Address,
    /// What its limits of prices are, where the outcome is a root.
    by_root: Option<RootPrices>,
}

/// Limits of prices, as a contract has them that takes a root.
#[derive(Clone, Copy, Debug)]
struct RootPrices {
    /// Smallest units of the token for which a limit is money.
    unit: U256,
    /// The one limit, where the terms say the price.
    only: Option<U256>,
}

impl RootPrices {
    fn of(terms: &SaleTerms) -> Option<Self> {
        match terms {
            SaleTerms::Formula(_) => None,
            SaleTerms::Root(terms) => Some(Self {
                unit: terms.priceUnit,
                only: (terms.floor == terms.ceiling).then_some(terms.ceiling),
            }),
        }
    }

    /// The limit that the contract wants for a limit for one token.
    fn limit(self, token: &Token, typed: Option<Amount>) -> Result<U256, NotPrepared> {
        if let Some(only) = self.only {
            return Ok(only);
        }
        let typed = U256::from(typed.ok_or(NotPrepared::NoLimit)?.0);
        let one = U256::from(10).pow(U256::from(token.decimals));
        let money = typed
            .checked_mul(self.unit)
            .ok_or(NotPrepared::LimitTooFine)?;
        if money.is_zero() || money % one != U256::ZERO {
            return Err(NotPrepared::LimitTooFine);
        }
        Ok(money / one)
    }
}

/// Why nothing was prepared.
#[derive(Debug)]
pub(crate) enum NotPrepared {
    /// The offering has no contract that pages can pay into.
    NoEscrow,
    /// The chain does not answer.
    Unreachable,
    /// The contract would refuse, with its reason.
    Refused(String),
    /// The wallet has too little coin for it.
    NoCoin,
    /// The person was not let into the round.
    NotAdmitted,
    /// The permit is for another wallet.
    OtherWallet,
    /// A bid says no highest price.
    NoLimit,
    /// The contract cannot hold the highest price.
    LimitTooFine,
    /// The record has no leaf of the wallet that could be proved.
    NoLeaf,
    /// Something else.
    Api(ApiError),
}

impl From<EndpointError> for NotPrepared {
    fn from(error: EndpointError) -> Self {
        tracing::warn!(%error, "a page could not ask the chain");
        Self::Unreachable
    }
}

impl From<EvmError> for NotPrepared {
    fn from(error: EvmError) -> Self {
        if let EvmError::Refused { refusal, .. } = error {
            return Self::Refused(refusal);
        }
        tracing::warn!(%error, "a page could not ask the chain");
        Self::Unreachable
    }
}

impl From<ApiError> for NotPrepared {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

/// What a wallet is to be asked for.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    /// The number of the chain.
    pub(crate) chain_id: u64,
    /// The transaction.
    pub(crate) draft: Draft,
    /// What lets the contract take the tokens, where it may not yet.
    pub(crate) approval: Option<Draft>,
    /// What the network takes; absent before an approval, without which it cannot be tried.
    pub(crate) cost: Option<Cost>,
}

impl Prepared {
    /// What the wallet is asked for next.
    pub(crate) fn next(&self) -> &Draft {
        self.approval.as_ref().unwrap_or(&self.draft)
    }
}

/// The contract that a transaction goes to.
pub(crate) fn to(draft: &Draft) -> Address {
    match draft.to {
        TxKind::Call(to) => to,
        TxKind::Create => Address::ZERO,
    }
}

/// What the network takes at today's price, in the chain's own coin with 18 places, rounded up to the sixth.
pub(crate) fn coin_fee(wei: U256) -> u128 {
    const STEP: u128 = 1_000_000_000_000;
    let wei: u128 = wei.saturating_to();
    wei.div_ceil(STEP).saturating_mul(STEP)
}

impl EscrowPlace {
    /// Of an offering, by the record and the chain.
    pub(crate) async fn of(service: &Service, log: &OfferingLog) -> Result<Self, NotPrepared> {
        let named = log.sequencer.read().machine().offering().escrow();
        let named = named.ok_or(NotPrepared::NoEscrow)?;
        let kind = EscrowKind::of(&log.terms);
        let chain = chain_of(service)?;
        let contract: Address = named.contract.into();
        let data: Bytes = IEscrow::termsCall {}.abi_encode().into();
        let head = chain.head().await?;
        let answer = chain.call(contract, data, head).await?;
        let terms = SaleTerms::read(contract, &answer)?;
        let paid_in = match terms.currency() {
            Address::ZERO => PaidIn::Coin,
            token => PaidIn::Token(token),
        };
        Ok(Self {
            named,
            kind,
            paid_in,
            needs_permit: terms.verifier() != Address::ZERO,
            token: terms.token(),
            by_root: RootPrices::of(&terms),
        })
    }

    /// Its address.
    pub(crate) fn contract(&self) -> Address {
        self.named.contract.into()
    }

    /// The token that is sold.
    pub(super) fn token(&self) -> Address {
        self.token
    }
}

fn chain_of(service: &Service) -> Result<&Endpoints, NotPrepared> {
    service.rails().chain().ok_or(NotPrepared::Unreachable)
}

pub(crate) fn client_of(service: &Service) -> Result<ChainClient, NotPrepared> {
    chain_of(service)?.one().ok_or(NotPrepared::Unreachable)
}

/// The transaction of an act, tried out.
pub(crate) async fn prepare(
    service: &Service,
    log: &Arc<OfferingLog>,
    act: &WalletAct,
) -> Result<Prepared, NotPrepared> {
    let place = EscrowPlace::of(service, log).await?;
    let client = client_of(service)?;
    let (escrow, wallet) = (place.contract(), act.wallet);
    let draft = match act.kind {
        ActKind::Contribute => {
            let permit = permit_of(service, log, (act.person, wallet), (&place, &client)).await?;
            let (paid_in, amount) = (place.paid_in, U256::from(act.amount.0));
            match place.by_root {
                None => contribution_draft(escrow, wallet, paid_in, amount, permit.as_ref()),
                Some(prices) => {
                    let limit = prices.limit(&log.terms.token, act.limit)?;
                    let money = (amount, limit);
                    bid_draft((escrow, wallet), paid_in, money, permit.as_ref())
                }
            }
        }
        ActKind::Claim => claim_draft(service, log, &place, wallet).await?,
        ActKind::Refund => Exit::Refund.draft(escrow, wallet),
        ActKind::Withdraw => Exit::Withdraw.draft(escrow, wallet),
        ActKind::Object => RootAct::Object.draft(escrow, wallet),
        ActKind::ObjectRelease => {
            let known = contract_of(service, log, &place.named, act.kind);
            AfterSaleAct::Object.draft(known.ok_or(NotPrepared::Unreachable)?, wallet)
        }
        ActKind::GiveBack => {
            let known = contract_of(service, log, &place.named, act.kind);
            let known = known.ok_or(NotPrepared::Unreachable)?;
            // Nothing is allowed for what the contract would refuse.
            if !refunds_open(&client, known).await? {
                return Err(NotPrepared::Refused("RefundsNotOpen".to_owned()));
            }
            AfterSaleAct::GiveBack(U256::from(act.amount.0)).draft(known, wallet)
        }
    };
    let approval = approval_of(&client, &place, (act, &draft)).await?;
    // Nodes say that there is too little coin each in words of its own.
    let coin = client.balance(wallet).await?;
    if coin < draft.value {
        return Err(NotPrepared::NoCoin);
    }
    let cost = match approval {
        Some(_) => None,
        None => Some(client.try_out(&draft).await?),
    };
    if cost.is_some_and(|cost| coin < draft.value.saturating_add(cost.expected())) {
        return Err(NotPrepared::NoCoin);
    }
    Ok(Prepared {
        chain_id: place.named.chain_id,
        draft,
        approval,
        cost,
    })
}

/// What lets the contract take tokens of the wallet, where the act needs it and it may not yet.
async fn approval_of(
    client: &ChainClient,
    place: &EscrowPlace,
    (act, draft): (&WalletAct, &Draft),
) -> Result<Option<Draft>, NotPrepared> {
    let token = match (act.kind, place.paid_in) {
        (ActKind::Contribute, PaidIn::Token(token)) => token,
        (ActKind::GiveBack, _) => place.token,
        (
            ActKind::Contribute
            | ActKind::Claim
            | ActKind::Refund
            | ActKind::Withdraw
            | ActKind::Object
            | ActKind::ObjectRelease,
            _,
        ) => return Ok(None),
    };
    let (spender, amount) = (to(draft), U256::from(act.amount.0));
    let allowed = allowance_of(client, token, (act.wallet, spender)).await?;
    Ok((allowed < amount).then(|| allow_draft(token, spender, amount, act.wallet)))
}

/// What takes tokens out: by a leaf of the settlement where the contract has its root.
async fn claim_draft(
    service: &Service,
    log: &Arc<OfferingLog>,
    place: &EscrowPlace,
    wallet: Address,
) -> Result<Draft, NotPrepared> {
    let escrow = place.contract();
    if place.by_root.is_none() {
        return Ok(Exit::Claim.draft(escrow, wallet));
    }
    let known = own_leaf(service, log, InvestorId::Address(wallet.into())).await?;
    let known = known.ok_or(NotPrepared::NoLeaf)?;
    let proved = ProvedLeaf {
        leaf: Leaf {
            investor: wallet,
            tokens: U256::from(known.tokens.0),
            accepted: U256::from(known.money.accepted.0),
            refunded: U256::from(known.money.refunded.0),
        },
        proof: known.proof.iter().map(|node| B256::from(node.0)).collect(),
    };
    Ok(RootAct::Claim(proved).draft(escrow, wallet))
}

/// The permit that the contract wants to see, unless it knows the wallet.
async fn permit_of(
    service: &Service,
    log: &OfferingLog,
    (person, wallet): (PersonId, Address),
    (place, client): (&EscrowPlace, &ChainClient),
) -> Result<Option<ShownPermit>, NotPrepared> {
    if !place.needs_permit {
        return Ok(None);
    }
    let now = client.head().await?.timestamp;
    let index = round_at(&log.terms, now);
    let round = log.terms.rounds.get(index.index());
    if round.is_none_or(|round| round.access == Access::Public) {
        return Ok(None);
    }
    let known = InvestorStanding::read_from(client, (place.contract(), place.kind), wallet).await?;
    if known.standing == Standing::Admitted && is_in_round(client, place, (index, wallet)).await? {
        return Ok(None);
    }
    let name = log.row.name.to_string();
    let round = round.map_or("", |round| round.name.as_str());
    let signed = own_permit(service, person, (&name, round)).await;
    let signed = match signed {
        Ok(signed) => signed,
        Err(
            ApiError::Domain { .. }
            | ApiError::Own {
                code: ProblemCode::NotFound,
                ..
            },
        ) => return Err(NotPrepared::NotAdmitted),
        Err(error) => return Err(error.into()),
    };
    if signed.shown.permit.investor != wallet {
        return Err(NotPrepared::OtherWallet);
    }
    Ok(Some(signed.shown))
}

/// Whether who is admitted is so for this round: with several of them a permit is for one.
async fn is_in_round(
    client: &ChainClient,
    place: &EscrowPlace,
    (round, investor): (RoundIndex, Address),
) -> Result<bool, NotPrepared> {
    if !place.kind.has_rounds() {
        return Ok(true);
    }
    let call = IRounds::roundOfCall { investor };
    Ok(client.call(place.contract(), &call).await? == U256::from(round.0))
}

/// A way out that a wallet could take now, and what the network takes for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    /// Which.
    pub(crate) kind: ActKind,
    /// What it costs.
    pub(crate) cost: Cost,
    /// How much money comes back, where the contract says it.
    pub(crate) money: Amount,
    /// Tokens that are given for it.
    pub(crate) given: Option<GiveBack>,
}

/// The ways out that the contract would let a wallet take now.
pub(crate) async fn exits_of(
    service: &Service,
    log: &Arc<OfferingLog>,
    wallet: Address,
) -> Result<Vec<Way>, NotPrepared> {
    let place = EscrowPlace::of(service, log).await?;
    let client = client_of(service)?;
    let escrow = place.contract();
    let standing = InvestorStanding::read_from(&client, (escrow, place.kind), wallet).await?;
    let mut ways = Vec::new();
    let is_right = place.kind.gives_back();
    let claim = match claim_draft(service, log, &place, wallet).await {
        Ok(draft) => Some(draft),
        Err(NotPrepared::NoLeaf) => None,
        Err(error) => return Err(error),
    };
    let exit = |exit: Exit| exit.draft(escrow, wallet);
    // Asked of the contract only where it may say yes.
    let known = service.rails().status(&log.row.name).unwrap_or_default();
    let is_contested = known
        .root
        .is_some_and(|root| root.phase == RootPhase::Posted);
    let is_announced = known.releases.is_some_and(|releases| {
        releases.objections_until.is_some() && releases.stopped == Stopped::No
    });
    let release = known.milestones.filter(|_| is_announced);
    let all = [
        (ActKind::Claim, claim, Amount::ZERO),
        (
            ActKind::Refund,
            (!standing.money_due.is_zero()).then(|| exit(Exit::Refund)),
            Amount(standing.money_due.saturating_to()),
        ),
        (
            ActKind::Withdraw,
            is_right.then(|| exit(Exit::Withdraw)),
            Amount::ZERO,
        ),
        (
            ActKind::Object,
            is_contested.then(|| RootAct::Object.draft(escrow, wallet)),
            Amount::ZERO,
        ),
        (
            ActKind::ObjectRelease,
            release.map(|contract| AfterSaleAct::Object.draft(contract, wallet)),
            Amount::ZERO,
        ),
    ];
    for (kind, draft, money) in all {
        let Some(draft) = draft else { continue };
        match client.try_out(&draft).await {
            Ok(cost) => ways.push(Way {
                kind,
                cost,
                money,
                given: None,
            }),
            // The contract says no: there is no such way now.
            Err(EvmError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if let Some(given) = GiveBack::of(service, log, (&place, &client), wallet).await? {
        ways.push(Way {
            kind: ActKind::GiveBack,
            cost: client.try_out(&given.next(wallet)).await?,
            money: Amount(given.money.saturating_to()),
            given: Some(given),
        });
    }
    Ok(ways)
}
