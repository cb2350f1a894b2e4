// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @title What an escrow says that is settled by a root
/// @notice For sales whose outcome no contract can compute without a loop over investors: auctions, lotteries, and others. The
/// settlement is computed off the chain, and its root is posted here. One leaf is one investor: tokens, accepted
/// and refunded money, hashed as the merkle-tree package of OpenZeppelin does. Whatever the root says, this holds: accepted and refunded are
/// what the investor contributed; tokens are at least accepted money divided by the investor's own limit; no more tokens and no
/// more money than the terms say; and the issuer draws only what leaves proved here have accepted.
/// @dev Amounts are smallest units, positions unix seconds, shares basis points. Limits and the ceiling are prices: most
/// money for `priceUnit` tokens.
interface IRootEscrow {
    /// @notice Where one investor stands. A later one is never followed by an earlier one, except that an account is empty
    /// (`Unknown`, with nothing) once all its money is out and none can come in any more. `Proved` stays where a leaf
    /// accepted money; `Refunded` says that a return was paid out.
    enum Standing {
        Unknown,
        Admitted,
        Revoked,
        Returned,
        Proved,
        Refunded
    }

    /// @notice Where the sale stands. `Sale` covers everything before a root.
    enum Phase {
        Sale,
        Cancelled,
        Posted,
        Void
    }

    /// @notice Why money was returned; the order and numbers are those of the other escrow.
    enum Reason {
        Discretion,
        OverLimit,
        IdentityNotProved,
        Sanctions,
        Order,
        NotEligible,
        WrongfulPayment
    }

    /// @notice Which rule a leaf breaks.
    enum Flaw {
        None,
        /// Accepted and refunded are not what the investor contributed.
        Sum,
        /// Too few tokens for the accepted money, or tokens for none.
        Price,
        /// More tokens than are for sale.
        Supply,
        /// More money than the hard cap.
        HardCap
    }

    /// @notice Why a root is void.
    enum Cause {
        Objections,
        Leaf
    }

    /// @notice What the issuer announced. It is part of the contract's code, so nothing can change it.
    struct Terms {
        bytes32 termsHash;
        address issuer;
        address beneficiary;
        /// Signs permits; nobody for a public round.
        address verifier;
        /// The ERC-20 people pay with; nobody for the chain's own coin.
        address currency;
        /// The ERC-20 that is sold.
        address token;
        /// Gets the tokens nobody bought; nobody if they are burned.
        address treasury;
        uint256 round;
        uint256 opens;
        /// First second after the window.
        uint256 closes;
        /// No root by then: everybody takes the money back.
        uint256 rootDeadline;
        /// Seconds for objections, from the root on.
        uint256 challengePeriod;
        /// Seconds for proving leaves after that. What is not proved by then is refunded.
        uint256 claimPeriod;
        /// Objections of so much of the contributed money make the root void.
        uint256 challengeShare;
        /// Least accepted money, proved here, for anything to be drawn.
        uint256 softCap;
        uint256 hardCap;
        uint256 forSale;
        uint256 contributionMin;
        uint256 contributionMax;
        uint256 investorMax;
        /// Lowest limit that a contribution may name: the ceiling where the terms say every price, so that nobody's limit
        /// asks for more than the terms give. Where they say it by time, the price of its time stands for it.
        uint256 floor;
        /// Highest price anybody can pay.
        uint256 ceiling;
        /// How many tokens prices are for.
        uint256 priceUnit;
    }

    /// @notice One investor, in one storage slot.
    struct Account {
        /// Most that may be contributed, from the permit; once a leaf is proved, what was accepted.
        uint80 cap;
        /// What was contributed; once a leaf is proved, what is still to be paid back.
        uint80 contributed;
        /// The highest price among the investor's contributions: named, or by the terms at the time of each.
        uint72 limit;
        /// How many contributions; each may be rounded down.
        uint16 count;
        Standing standing;
    }

    /// @notice What changes with every leaf, in one storage slot.
    struct Outcome {
        /// Tokens of proved leaves.
        uint96 tokens;
        /// Accepted money of proved leaves.
        uint88 accepted;
        /// When the root was posted.
        uint40 postedAt;
        Phase phase;
    }

    /// @notice The rest of the sums.
    struct Totals {
        /// Contributed and not returned.
        uint96 contributed;
        /// Contributed by those who object to the root.
        uint96 objections;
    }

    /// @notice What the verifier signs, less the fields the contract knows by itself.
    struct Admission {
        uint256 max;
        uint256 expiry;
        bytes signature;
    }

    /// @notice One row of the settlement.
    struct Leaf {
        address investor;
        uint256 tokens;
        uint256 accepted;
        uint256 refunded;
    }

    /// @notice `amount` came in with a price limit: the one named, or the price of its time where the terms say it. `cap` is what the investor is admitted for in all from now on.
    event Contributed(address indexed investor, uint256 cap, uint256 amount, uint256 limit);
    /// @notice `investor` may not contribute any more.
    event Revoked(address indexed investor);
    /// @notice The issuer gave `amount` back; the investor takes it out with a refund.
    event Returned(address indexed investor, uint256 amount, Reason reason);
    /// @notice The issuer ended the sale; everything goes back.
    event Cancelled();
    /// @notice A root was posted; objections come before `challengeUntil`, leaves from then on and before `claimUntil`.
    event Posted(bytes32 root, uint256 challengeUntil, uint256 claimUntil);
    /// @notice A contributor says that the root is wrong.
    event Objected(address indexed investor, uint256 contributed);
    /// @notice The root counts no more; who has not been paid takes the money back.
    event Voided(Cause cause);
    /// @notice A leaf was proved: its investor has the tokens, and `refunded` money unless `RefundKept` follows.
    event Claimed(address indexed investor, uint256 tokens, uint256 accepted, uint256 refunded);
    /// @notice The investor of a proved leaf did not take `amount`; it stays due.
    event RefundKept(address indexed investor, uint256 amount);
    /// @notice An investor got money back with a refund.
    event Refunded(address indexed investor, uint256 amount);
    /// @notice The beneficiary got accepted money.
    event Drawn(uint256 amount);
    /// @notice Tokens nobody bought were burned or went to the treasury.
    event Unsold(uint256 tokens);
    /// @notice An entry of a list was not due or could not be paid, and is as it was.
    event Skipped(address indexed investor);

    error NotIssuer();
    error WrongPhase(Phase phase);
    error NotOpenYet(uint256 opens);
    error Closed(uint256 closes);
    error StillOpen(uint256 closes);
    /// @notice The root came too late; refunds are open.
    error Expired(uint256 rootDeadline);
    /// @notice The soft cap was missed; refunds are open. While leaves are proved: nothing can be drawn yet.
    error SoftCapMissed(uint256 money, uint256 softCap);
    /// @notice The escrow holds fewer tokens than it sells.
    error TokensMissing(uint256 held, uint256 forSale);
    error NoRoot();
    error NotAdmitted();
    error NotAllowed(Standing standing);
    error AdmissionExpired(uint256 expiry);
    error WrongSignature();
    /// @notice Send the coin with the call, or nothing where the currency is an ERC-20.
    error WrongCurrency();
    error BelowMinimum(uint256 least);
    error AboveMaximum(uint256 most);
    error InvestorLimit(uint256 fits);
    error AdmissionLimit(uint256 fits);
    /// @notice A price limit is at least the floor, or the price of its time, and at most the ceiling.
    error LimitOutside(uint256 floor, uint256 ceiling);
    error WrongAmountReceived(uint256 received, uint256 expected);
    error ReasonTooLate(Reason reason);
    /// @notice Objections can come before `challengeUntil`, leaves from then on.
    error ChallengeOpen(uint256 challengeUntil);
    error ChallengeOver(uint256 challengeUntil);
    /// @notice Leaves could be proved before `claimUntil`; take the money back.
    error ClaimsOver(uint256 claimUntil);
    /// @notice Who holds no contributed money has no say.
    error NotAContributor();
    error AlreadyObjected();
    /// @notice The leaf is not in the root.
    error WrongProof();
    /// @notice The leaf breaks a rule: `refute` it, and the root is void.
    error BrokenLeaf(Flaw flaw);
    /// @notice The leaf breaks no rule.
    error SoundLeaf();
    error NothingDue();
    error PaymentFailed();
    error NotEnoughGas();
    /// @notice As many leaves as proofs.
    error DifferentLengths();

    /// @notice Contributes with a price limit. In coin, `amount` is what is sent. Where the terms say the price by time, that of
    /// the block is the limit, if it is not above the one that is named.
    function contribute(uint256 amount, uint256 limit) external payable;

    /// @notice Shows a permit and contributes.
    function contributeAdmitted(uint256 amount, uint256 limit, Admission calldata admission) external payable;

    /// @notice No more contributions of `investor`. Cannot be undone.
    function revoke(address investor) external;

    /// @notice Revokes, and makes the investor's money due back, before a root is posted.
    function returnMoney(address investor, Reason reason) external;

    /// @notice Ends the sale before a root is posted; everything goes back.
    function cancel() external;

    /// @notice Posts the root of the settlement, once. Only the issuer.
    function post(bytes32 root_) external;

    /// @notice Says that the root is wrong, with the weight of the caller's contributed money.
    function object() external;

    /// @notice Makes the root void by a leaf of it that breaks a rule. Anybody may, as long as leaves can be proved.
    function refute(Leaf calldata leaf, bytes32[] calldata proof) external;

    /// @notice Proves a leaf: its investor gets the tokens, and the refund. Anybody may.
    function claim(Leaf calldata leaf, bytes32[] calldata proof) external;

    /// @notice Proves many leaves. Anybody may; what cannot be paid is skipped.
    function distribute(Leaf[] calldata leaves, bytes32[][] calldata proofs) external;

    /// @notice Gives the caller the money that is due back.
    function refund() external;

    /// @notice Gives money back to many. Anybody may; who cannot be paid is skipped.
    function refundMany(address[] calldata investors) external;

    /// @notice Pays the beneficiary what proved leaves have accepted. Anybody may, as often as there is more.
    function draw() external;

    /// @notice Burns the tokens nobody bought, or sends them to the treasury, once no leaf can be proved any more.
    function takeUnsold() external;

    function terms() external view returns (Terms memory);
    function account(address investor) external view returns (Account memory);
    /// @notice The lowest limit that a contribution may name at a position: the price then, where the terms say it by time.
    function leastLimit(uint256 position) external view returns (uint256 least);
    function outcome() external view returns (Outcome memory);
    function totals() external view returns (Totals memory);
    function root() external view returns (bytes32);
    /// @notice Whether everybody whose leaf is not proved gets all money back.
    function refundsOpen() external view returns (bool);
    /// @notice The hash of a leaf, as the settlement tree has it.
    function leafHash(Leaf calldata leaf) external pure returns (bytes32);
    /// @notice What the verifier signs for an investor.
    function permitHash(address investor, uint256 max, uint256 expiry) external view returns (bytes32);
}
