//! What happens in a random sale.

use softcap_offering::ReturnReason;

/// How many investors a sale has. The last two are contracts that can refuse coin.
pub(crate) const INVESTORS: usize = 6;
/// From here on investors are contracts.
pub(crate) const FIRST_CONTRACT: usize = 4;

/// One step: a second, and what happens then.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Unix second of the block.
    pub(crate) second: u64,
    pub(crate) act: Act,
}

/// What somebody does.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Contribute(Pay),
    Issuer(Caller, IssuerAct),
    Settle,
    Draw,
    Claim(usize),
    Refund(usize),
    /// An investor takes back what the withdrawal right covers.
    Withdraw(usize),
    Distribute(Vec<usize>),
    RefundMany(Vec<usize>),
    /// An investor that is a contract changes whether it takes coin.
    Purse(usize, Purse),
    /// Something that the state machine cannot know of; nothing comes of it.
    Probe(Probe),
    /// What follows a sale.
    After(AfterAct),
}

/// Which contract that follows a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Follows {
    /// The one that releases the money.
    Milestones,
    /// The one that holds a share.
    Vesting,
}

/// What somebody does after a sale.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AfterAct {
    /// Time counts from now on; the sale is settled if nobody did.
    Begin(Follows),
    /// The sale is settled, and time counts for all, in one transaction.
    SettleAll,
    /// The next step is reached.
    Announce(Caller),
    Object(usize),
    Release,
    GiveBack(usize, Tokens),
    /// One investor gives another one tokens.
    Pass(usize, usize, Tokens),
    Vest,
    /// Somebody pays in who is not the escrow.
    PayIn,
    /// Somebody names another escrow.
    Bind(Follows),
}

/// How many tokens, worked out when it happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tokens {
    /// All that the investor has.
    All,
    /// So many 65,536ths of them.
    Part(u64),
    Units(u128),
    /// All that the investor bought and did not give back, whoever has it.
    Bought,
    /// One more than that.
    TooMany,
}

/// Who calls what only the issuer may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    Issuer,
    Stranger,
}

/// What only the issuer may.
#[derive(Clone, Copy, Debug)]
pub(crate) enum IssuerAct {
    Pause,
    Resume,
    Revoke(usize),
    Return(usize, ReturnReason),
    Cancel,
}

/// Whether a contract takes coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purse {
    Takes,
    Refuses,
}

/// A contribution.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pay {
    pub(crate) who: usize,
    pub(crate) size: Size,
    pub(crate) permit: Option<Permit>,
}

/// What the verifier signed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permit {
    pub(crate) max: u128,
    pub(crate) seal: Seal,
}

/// Whether a permit is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seal {
    Good,
    /// Shown at the first second at which it is void.
    Expired,
    /// Signed for another investor.
    Forged,
}

/// How much somebody pays. What depends on the state is worked out when it happens; the number beside it is
/// added.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Size {
    Units(u128),
    /// So many 65,536ths of the hard cap.
    Part(u64),
    Minimum(i64),
    Maximum(i64),
    InvestorMinimum(i64),
    /// What an investor's limit leaves.
    InvestorRoom(i64),
    /// What the permit leaves, the one that is shown or the one from before.
    PermitRoom(i64),
    /// What the hard cap leaves.
    HardCapRoom(i64),
    /// Least money for all tokens that are left.
    SaleRoom(i64),
    /// Least money for one token unit.
    OneToken(i64),
    /// What is missing to the soft cap.
    SoftCap(i64),
}

/// Conditions that are the chain's own.
#[derive(Clone, Debug)]
pub(crate) enum Probe {
    /// The coin where a token is asked for, or the other way round.
    WrongCurrency(usize),
    /// An amount beyond 128 bits.
    Enormous(usize),
    /// A currency that says yes and moves nothing.
    Hollow(Pay),
    /// The tokens are gone when the sale is settled.
    TokensGone,
    /// A list with too little gas.
    Thrifty(Vec<usize>),
}
