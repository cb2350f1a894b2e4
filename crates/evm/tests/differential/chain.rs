//! The contracts on revm: the committed bytecode, a clock that goes where it is told, and free gas.

use std::sync::LazyLock;

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, TxKind, U256, address, bytes};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, SolEventInterface as _, SolInterface as _};
use revm::{
    Context, ExecuteCommitEvm as _, ExecuteEvm as _, MainBuilder as _, MainContext as _,
    MainnetEvm,
    bytecode::Bytecode,
    context::{BlockEnv, CfgEnv, TxEnv, result::ExecutionResult},
    database::InMemoryDB,
    handler::MainnetContext,
    primitives::hardfork::SpecId,
    state::AccountInfo,
};
use softcap_evm::bindings::{
    escrow::IEscrow::{self, IEscrowErrors, IEscrowEvents},
    factory::{EscrowFactory, SaleToken},
    offering_factory::OfferingFactory,
    token,
    withdrawal::IWithdrawal::{self, IWithdrawalEvents},
};
use softcap_evm::{AfterSalePlans, Announcement, FactoryKind};

use crate::acts::{FIRST_CONTRACT, INVESTORS, Purse};
use crate::after_chain::AfterSale;
use crate::sale::ISSUER;

const CHAIN_ID: u64 = 31_337;
const GAS: u64 = 30_000_000;
const DEPLOYER: Address = address!("00000000000000000000000000000000000000d1");
/// Somebody who has no part in the sale.
pub(crate) const STRANGER: Address = Address::repeat_byte(0x5a);
/// Says yes to every signature, as a contract that is a verifier may.
pub(crate) const SIGNING_CONTRACT: Address = address!("00000000000000000000000000000000000000c1");
const SAYS_YES: Bytes = bytes!("631626ba7e60e01b5f5260205ff3");
/// Answers every call with one, and does nothing.
const HOLLOW: Bytes = bytes!("60015f5260205ff3");
/// Refuses coin while slot 0 is not zero.
const CHOOSY: Bytes = bytes!("5f54600657005b5f5ffd");
/// What each investor has at first.
pub(crate) const FIRST_PURSE: u128 = 1 << 122;

type Machine = MainnetEvm<MainnetContext<InMemoryDB>>;

/// The factories, by their place in [`KINDS`].
type Factories = [Address; KINDS.len()];

/// All factories.
const KINDS: [FactoryKind; 7] = [
    FactoryKind::Sale,
    FactoryKind::Withdrawable,
    FactoryKind::AfterSale,
    FactoryKind::Rounds,
    FactoryKind::RoundsAfterSale,
    FactoryKind::WithdrawableRounds,
    FactoryKind::Root,
];

/// The factories on an empty chain.
static BEGINNING: LazyLock<(InMemoryDB, Factories)> = LazyLock::new(beginning);
/// Where the ERC-20 is that people pay with: all of it belongs to the investors.
pub(crate) static CURRENCY: LazyLock<Address> =
    LazyLock::new(|| currency_on(&mut Chain::beginning()));
static SIGNER: LazyLock<PrivateKeySigner> =
    LazyLock::new(|| PrivateKeySigner::from_bytes(&B256::repeat_byte(0x42)).unwrap());

/// Whose permits count.
pub(crate) fn verifier() -> Address {
    SIGNER.address()
}

pub(crate) fn investor(who: usize) -> Address {
    let mut address = Address::repeat_byte(0x1e);
    address[19] = u8::try_from(who).unwrap();
    address
}

/// Which investor an address is.
pub(crate) fn who(address: Address) -> usize {
    usize::from(address[19])
}

/// Why a transaction had no effect.
#[derive(Debug)]
pub(crate) enum Failed {
    /// With an error of the escrow's own.
    Refused(IEscrowErrors),
    /// In another way: data of the revert, or the reason of the machine.
    Otherwise(String),
}

/// What a transaction did: the escrow's events, in order.
pub(crate) type Answer = Result<Vec<IEscrowEvents>, Failed>;

/// One chain with one sale.
pub(crate) struct Chain {
    machine: Machine,
    factories: Factories,
    /// That of the sale.
    pub(crate) factory: Address,
    pub(crate) escrow: Address,
    pub(crate) token: Address,
    pub(crate) made: AfterSale,
    /// Zero for the coin.
    pub(crate) currency: Address,
    pub(crate) now: u64,
}

fn machine(database: InMemoryDB) -> Machine {
    let mut rules = CfgEnv::new_with_spec(SpecId::PRAGUE).with_chain_id(CHAIN_ID);
    rules.disable_nonce_check = true;
    // Investors that are contracts call in their own name.
    rules.disable_eip3607 = true;
    Context::mainnet()
        .with_db(database)
        .with_cfg(rules)
        .build_mainnet()
}

fn beginning() -> (InMemoryDB, Factories) {
    let mut database = InMemoryDB::default();
    let mut put = |at: Address, balance: u128, code: Bytes| {
        let mut info = AccountInfo::from_balance(U256::from(balance));
        if !code.is_empty() {
            let code = Bytecode::new_raw(code);
            info = AccountInfo {
                code_hash: code.hash_slow(),
                code: Some(code),
                ..info
            };
        }
        database.insert_account_info(at, info);
    };
    for who in 0..INVESTORS {
        let code = if who < FIRST_CONTRACT {
            Bytes::new()
        } else {
            CHOOSY
        };
        put(investor(who), FIRST_PURSE, code);
    }
    put(SIGNING_CONTRACT, 0, SAYS_YES);
    let mut chain = Chain::over(database, Factories::default());
    let mut nonce = 0;
    for (place, kind) in KINDS.into_iter().enumerate() {
        let mut made = Vec::new();
        for _ in 0..kind.creations() {
            made.push(chain.deploy(nonce, kind.creation(DEPLOYER, &made).data));
            nonce += 1;
        }
        chain.factories[place] = *made.last().unwrap();
    }
    (chain.database(), chain.factories)
}

/// Makes the currency: the token of an offering that nobody buys of, with shares for all investors.
fn currency_on(chain: &mut Chain) -> Address {
    let plan = EscrowFactory::TokenPlan {
        name: "Currency".to_owned(),
        symbol: "CUR".to_owned(),
        decimals: 18,
        shares: (0..INVESTORS)
            .map(|who| SaleToken::Share {
                holder: investor(who),
                amount: U256::from(FIRST_PURSE),
            })
            .collect(),
    };
    let mut words = [U256::ZERO; softcap_evm::TERMS_WORDS];
    words[0] = U256::from(1);
    words[1] = ISSUER.into_word().into();
    words[2] = ISSUER.into_word().into();
    // Window and refund deadline, hard cap, tokens for sale, and a price of one.
    (words[8], words[9], words[10]) = (U256::from(1), U256::from(2), U256::from(3));
    (words[12], words[13]) = (U256::from(1), U256::from(1));
    (words[21], words[22]) = (U256::from(1), U256::from(1));
    let terms = softcap_evm::EscrowTerms::from_words(words.map(B256::from)).unwrap();
    let told = Announcement {
        terms,
        steps: Vec::new(),
        token: plan,
        after_sale: AfterSalePlans::default(),
        rounds: Vec::new(),
    };
    chain.announce(&told);
    chain.token
}

impl Chain {
    fn over(database: InMemoryDB, factories: Factories) -> Self {
        Self {
            machine: machine(database),
            factories,
            factory: Address::ZERO,
            escrow: Address::ZERO,
            token: Address::ZERO,
            made: AfterSale::default(),
            currency: Address::ZERO,
            now: 0,
        }
    }

    fn beginning() -> Self {
        let (database, factories) = &*BEGINNING;
        Self::over(database.clone(), *factories)
    }

    fn deploy(&mut self, nonce: u64, code: Bytes) -> Address {
        let create = TxEnv::builder()
            .caller(DEPLOYER)
            .nonce(nonce)
            .kind(TxKind::Create)
            .data(code)
            .gas_limit(GAS)
            .chain_id(Some(CHAIN_ID))
            .build()
            .unwrap();
        let made = self.machine.transact_commit(create).unwrap();
        made.created_address()
            .unwrap_or_else(|| panic!("no factory: {made:?}"))
    }

    /// A new chain with this sale.
    pub(crate) fn announced(told: &Announcement) -> Self {
        let mut chain = Self::with_currency();
        chain.announce(told);
        chain.pay_in(told.terms.currency);
        chain
    }

    /// A new chain on which there is no sale yet.
    pub(crate) fn with_currency() -> Self {
        let mut chain = Self::beginning();
        let currency = currency_on(&mut chain);
        assert_eq!(currency, *CURRENCY);
        chain
    }

    /// Names the currency of the sale; everybody lets the escrow take it.
    pub(crate) fn pay_in(&mut self, currency: Address) {
        self.currency = currency;
        if self.is_coin() {
            return;
        }
        for who in 0..INVESTORS {
            let approve = token::SaleToken::approveCall {
                spender: self.escrow,
                value: U256::MAX,
            };
            let done = self.send_to(currency, investor(who), U256::ZERO, approve.abi_encode());
            assert!(done.is_success(), "{done:?}");
        }
    }

    pub(crate) fn factory_of(&self, kind: FactoryKind) -> Address {
        let place = KINDS.iter().position(|one| *one == kind);
        self.factories[place.expect("all factories are here")]
    }

    fn announce(&mut self, told: &Announcement) {
        let data = told.calldata().to_vec();
        self.factory = self.factory_of(FactoryKind::needed(told));
        let done = self.send_to(self.factory, told.terms.issuer, U256::ZERO, data);
        let ExecutionResult::Success { output, .. } = done else {
            panic!("not announced: {done:?}")
        };
        if told.after_sale.is_empty() {
            let made = EscrowFactory::announceCall::abi_decode_returns(output.data()).unwrap();
            (self.escrow, self.token) = (made.escrow, made.token);
            return;
        }
        let made = OfferingFactory::announceWithAfterSaleCall::abi_decode_returns(output.data());
        let made = made.unwrap();
        (self.escrow, self.token) = (made.escrow, made.token);
        self.made = AfterSale {
            milestones: Some(made.milestones).filter(|at| !at.is_zero()),
            vesting: made.vesting.first().copied(),
        };
        if let Some(milestones) = self.made.milestones {
            self.allow_all(milestones);
        }
    }

    /// The same chain once more, for what is to have no effect here.
    pub(crate) fn fork(&self) -> Self {
        Self {
            machine: machine(self.database()),
            ..*self
        }
    }

    fn database(&self) -> InMemoryDB {
        self.machine.ctx.journaled_state.database.clone()
    }

    pub(crate) fn is_coin(&self) -> bool {
        self.currency == Address::ZERO
    }

    pub(crate) fn at(&mut self, second: u64) {
        self.now = second;
        self.machine.set_block(BlockEnv {
            number: U256::from(1),
            timestamp: U256::from(second),
            gas_limit: GAS,
            ..BlockEnv::default()
        });
    }

    fn call(from: Address, to: Address, value: U256, data: Vec<u8>, gas: u64) -> TxEnv {
        TxEnv::builder()
            .caller(from)
            .kind(TxKind::Call(to))
            .value(value)
            .data(data.into())
            .gas_limit(gas)
            .chain_id(Some(CHAIN_ID))
            .build()
            .unwrap()
    }

    pub(crate) fn send_to(
        &mut self,
        to: Address,
        from: Address,
        value: U256,
        data: Vec<u8>,
    ) -> ExecutionResult {
        self.machine
            .transact_commit(Self::call(from, to, value, data, GAS))
            .unwrap()
    }

    /// A transaction to the escrow.
    pub(crate) fn send(&mut self, from: Address, value: U256, call: &impl SolCall) -> Answer {
        let done = self.send_to(self.escrow, from, value, call.abi_encode());
        self.answer(done)
    }

    /// An investor takes contributions back; what each event says, in order.
    pub(crate) fn withdraw(
        &mut self,
        from: Address,
    ) -> Result<Vec<IWithdrawal::Withdrawn>, Failed> {
        let call = IWithdrawal::withdrawCall {}.abi_encode();
        match self.send_to(self.escrow, from, U256::ZERO, call) {
            ExecutionResult::Success { logs, .. } => Ok(logs
                .iter()
                .filter(|log| log.address == self.escrow)
                .map(|log| {
                    let event = IWithdrawalEvents::decode_raw_log(log.topics(), &log.data.data);
                    let IWithdrawalEvents::Withdrawn(said) = event.unwrap();
                    said
                })
                .collect()),
            done => Err(self.answer(done).unwrap_err()),
        }
    }

    /// What a transaction would do; nothing stays.
    pub(crate) fn try_out(&mut self, from: Address, call: &impl SolCall, gas: u64) -> Answer {
        let done = self.try_with(self.escrow, from, call.abi_encode(), gas);
        self.answer(done)
    }

    /// The same of any contract.
    pub(crate) fn try_with(
        &mut self,
        to: Address,
        from: Address,
        data: Vec<u8>,
        gas: u64,
    ) -> ExecutionResult {
        let call = Self::call(from, to, U256::ZERO, data, gas);
        self.machine.transact(call).unwrap().result
    }

    /// The same of any contract, with gas for everything.
    pub(crate) fn try_to(&mut self, to: Address, from: Address, data: Vec<u8>) -> ExecutionResult {
        self.try_with(to, from, data, GAS)
    }

    fn answer(&self, done: ExecutionResult) -> Answer {
        match done {
            ExecutionResult::Success { logs, .. } => Ok(logs
                .iter()
                .filter(|log| log.address == self.escrow)
                .map(|log| IEscrowEvents::decode_raw_log(log.topics(), &log.data.data).unwrap())
                .collect()),
            ExecutionResult::Revert { output, .. } => {
                Err(match IEscrowErrors::abi_decode(&output) {
                    Ok(error) => Failed::Refused(error),
                    Err(_) => Failed::Otherwise(output.to_string()),
                })
            }
            ExecutionResult::Halt { reason, .. } => Err(Failed::Otherwise(format!("{reason:?}"))),
        }
    }

    pub(crate) fn look_at<C: SolCall>(&mut self, to: Address, call: &C) -> C::Return {
        let call = Self::call(DEPLOYER, to, U256::ZERO, call.abi_encode(), GAS);
        match self.machine.transact(call).unwrap().result {
            ExecutionResult::Success { output, .. } => {
                C::abi_decode_returns(output.data()).unwrap()
            }
            other => panic!("a view fails: {other:?}"),
        }
    }

    /// A view of the escrow.
    pub(crate) fn look<C: SolCall>(&mut self, call: &C) -> C::Return {
        self.look_at(self.escrow, call)
    }

    pub(crate) fn account(&mut self, who: usize) -> IEscrow::Account {
        self.look(&IEscrow::accountCall {
            investor: investor(who),
        })
    }

    pub(crate) fn totals(&mut self) -> IEscrow::Totals {
        self.look(&IEscrow::totalsCall {})
    }

    /// Money that somebody has, in the currency of the sale.
    pub(crate) fn money(&mut self, of: Address) -> U256 {
        if self.is_coin() {
            let accounts = &self.machine.ctx.journaled_state.database.cache.accounts;
            return accounts
                .get(&of)
                .map_or(U256::ZERO, |account| account.info.balance);
        }
        self.look_at(
            self.currency,
            &token::SaleToken::balanceOfCall { account: of },
        )
    }

    pub(crate) fn tokens(&mut self, of: Address) -> U256 {
        self.look_at(self.token, &token::SaleToken::balanceOfCall { account: of })
    }

    /// All tokens there are.
    pub(crate) fn supply(&mut self) -> U256 {
        self.look_at(self.token, &token::SaleToken::totalSupplyCall {})
    }

    /// The verifier's signature.
    pub(crate) fn permit(&mut self, to: usize, max: u128, expiry: u64) -> Bytes {
        let hash = self.look(&IEscrow::permitHashCall {
            investor: investor(to),
            max: U256::from(max),
            expiry: U256::from(expiry),
        });
        SIGNER
            .sign_hash_sync(&hash)
            .unwrap()
            .as_bytes()
            .to_vec()
            .into()
    }

    pub(crate) fn set_purse(&mut self, who: usize, purse: Purse) {
        let refuses = U256::from(u8::from(purse == Purse::Refuses));
        let database = &mut self.machine.ctx.journaled_state.database;
        database
            .insert_account_storage(investor(who), U256::ZERO, refuses)
            .unwrap();
    }

    /// Puts a contract that only pretends in the place of another one.
    pub(crate) fn hollow_out(&mut self, contract: Address) {
        let database = &mut self.machine.ctx.journaled_state.database;
        let code = Bytecode::new_raw(HOLLOW);
        let mut info = AccountInfo {
            code_hash: KECCAK256_EMPTY,
            ..AccountInfo::default()
        };
        info = AccountInfo {
            code_hash: code.hash_slow(),
            code: Some(code),
            ..info
        };
        database.insert_account_info(contract, info);
    }
}
