// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @title What an escrow says: its terms, its state, its refusals and its events
/// @notice One escrow holds the money of one round of one offering. Nobody owns it: the issuer can stop
/// money from coming in, can give money back and can end the sale, and can draw money only after a sale
/// that reached its soft cap was settled. `docs/evm.md` is the page for people.
/// @dev Amounts are smallest units of the currency, tokens smallest units of the token, positions unix seconds.
interface IEscrow {
    /// @notice How many tokens a unit of money buys.
    enum Pricing {
        Fixed,
        Steps,
        Linear
    }

    /// @notice What becomes of money above a cap or a limit: `over_cap` and `over_limit` of the terms. `Share`, of caps
    /// only, is pro rata: all of it comes in, and settlement gives each the same part of what was asked for.
    enum Misfit {
        Partial,
        Refuse,
        Share
    }

    /// @notice What a pause does to the end of the window: nothing, or it moves by as long as the pause was.
    enum PauseEnd {
        Fixed,
        Moves
    }

    /// @notice Where one investor stands. A later one is never followed by an earlier one, except that an account is
    /// empty (`Unknown`, with nothing) once it was paid in a sale that takes nothing in any more. `Refunded` says that a
    /// return was paid out; `Claimed` stays only where milestones follow the sale, which need to know who has tokens.
    enum Standing {
        Unknown,
        Admitted,
        Revoked,
        Returned,
        Claimed,
        Refunded
    }

    /// @notice Where the sale stands. `Sale` covers before, in and after the window.
    enum Phase {
        Sale,
        Cancelled,
        Settled,
        Drawn
    }

    /// @notice Why money was returned; the order and numbers of the reasons of law are those of the journal, less one.
    enum Reason {
        Discretion,
        OverLimit,
        IdentityNotProved,
        Sanctions,
        Order,
        NotEligible,
        WrongfulPayment
    }

    /// @notice What the issuer announced. It is part of the contract's code, so nothing can change it.
    /// @dev `EscrowTerms` packs it; its bounds are those of `EscrowFactory`.
    struct Terms {
        /// SHA-256 of the terms' canonical JSON.
        bytes32 termsHash;
        /// May pause, revoke, return and cancel.
        address issuer;
        /// Gets the accepted money after settlement.
        address beneficiary;
        /// Signs permits; nobody for a public round.
        address verifier;
        /// The ERC-20 people pay with; nobody for the chain's own coin.
        address currency;
        /// The ERC-20 that is sold.
        address token;
        /// Gets the tokens nobody bought; nobody if they are burned.
        address treasury;
        /// Number of the round in the terms, from 0.
        uint256 round;
        /// First second of the window.
        uint256 opens;
        /// First second after the window, before any pause moves it.
        uint256 closes;
        /// Nothing settled by then: everybody takes the money back.
        uint256 refundDeadline;
        /// Least money for a sale; 0 for none.
        uint256 softCap;
        /// Most money.
        uint256 hardCap;
        /// Most tokens.
        uint256 forSale;
        /// Bounds of one contribution; the largest number for no maximum.
        uint256 contributionMin;
        uint256 contributionMax;
        /// Bounds of one investor; the largest number for no maximum.
        uint256 investorMin;
        uint256 investorMax;
        Misfit overCap;
        Misfit overLimit;
        Pricing pricing;
        /// Token units per unit of money, as a ratio; the base of a linear price.
        uint256 priceNumerator;
        uint256 priceDenominator;
        /// Of a linear price: basis points for each `bonusPer` seconds before `bonusUntil`, by whole `bonusGranularity`.
        uint256 bonus;
        uint256 bonusPer;
        uint256 bonusUntil;
        uint256 bonusGranularity;
        /// A pause ends by itself after so many seconds, and there may be so many.
        uint256 pauseLongest;
        uint256 pauseCount;
        /// Seconds for which each contribution may be taken back; 0 for none.
        uint256 withdrawalSpan;
        /// First second at which none may any more, for a right that ends for all at once; 0 for none.
        uint256 withdrawalUntil;
        PauseEnd pauseEnd;
    }

    /// @notice One investor, in one storage slot; `EscrowState` says where in it.
    struct Account {
        /// Most that may be accepted, from the permit.
        uint80 cap;
        /// What was accepted; in a sale that is shared, what was asked for: `due` says what becomes of it.
        uint80 accepted;
        /// Tokens that caps count: each contribution's, rounded up where the price is fixed.
        uint88 tokens;
        Standing standing;
    }

    /// @notice The sale as a whole, in one storage slot.
    struct Totals {
        /// Accepted money less what was returned; from settlement on also less what comes to no token.
        uint88 raised;
        /// Sum of the accounts' `tokens`.
        uint96 counted;
        /// What `counted` has more than investors get, because they are rounded once. In a sale that is shared nothing
        /// is counted, and this is how many investors have money in.
        uint32 slack;
        /// First second after the latest pause.
        uint32 pausedUntil;
        Phase phase;
    }

    /// @notice What the verifier signs, less the fields the contract knows by itself.
    struct Admission {
        /// Most that may be accepted of the investor.
        uint256 max;
        /// First second at which it can no longer be shown.
        uint256 expiry;
        bytes signature;
    }

    /// @notice Of `amount` so much was accepted and the rest never left or went back. `tokens` is what caps count.
    /// `cap` is what the investor is admitted for in all from now on: a larger one than before says that a permit
    /// was shown. Where no permit is needed it is the most the counter holds. Of several rounds it is for the round alone: in all
    /// less what the investor had when they came to it.
    event Contributed(address indexed investor, uint256 cap, uint256 amount, uint256 accepted, uint256 tokens);
    /// @notice `investor` may not contribute any more.
    event Revoked(address indexed investor);
    /// @notice The issuer gave `amount` back; the investor takes it out with a refund.
    event Returned(address indexed investor, uint256 amount, Reason reason);
    /// @notice Nothing comes in before `until`. A resumption is a pause until now.
    event PausedUntil(uint256 until);
    /// @notice The issuer ended the sale; everything goes back.
    event Cancelled();
    /// @notice The sale succeeded. In a sale that is shared and oversubscribed `raised` is what the beneficiary gets: up
    /// to one unit for each investor less than the sum of the parts; and `sold` is the most that they can come to.
    event Settled(uint256 raised, uint256 sold, uint256 unsold);
    /// @notice The beneficiary got the accepted money.
    event Drawn(uint256 amount);
    /// @notice An investor got tokens.
    event Claimed(address indexed investor, uint256 tokens);
    /// @notice An investor got money back.
    event Refunded(address indexed investor, uint256 amount);
    /// @notice An entry of a list was not due or could not be paid, and is as it was.
    event Skipped(address indexed investor);

    /// @notice Only the issuer may do this.
    error NotIssuer();
    /// @notice The sale is not in a state that allows this.
    error WrongPhase(Phase phase);
    /// @notice Contributions are paused; try again at `until`.
    error Paused(uint256 until);
    /// @notice The window opens at `opens`.
    error NotOpenYet(uint256 opens);
    /// @notice The window closed at `closes`.
    error Closed(uint256 closes);
    /// @notice The window, or somebody's right to take a contribution back, is open until `closes`.
    error StillOpen(uint256 closes);
    /// @notice It came too late to settle, return or cancel; refunds are open.
    error Expired(uint256 refundDeadline);
    /// @notice The soft cap was missed; refunds are open.
    error SoftCapMissed(uint256 raised, uint256 softCap);
    /// @notice The escrow holds fewer tokens than it sells.
    error TokensMissing(uint256 held, uint256 forSale);
    /// @notice Show a permit first.
    error NotAdmitted();
    /// @notice The admission was revoked, or the investor has been paid.
    error NotAllowed(Standing standing);
    /// @notice The permit could be shown until `expiry`; ask for a new one.
    error AdmissionExpired(uint256 expiry);
    /// @notice The verifier did not sign this permit for this investor, escrow, round and chain.
    error WrongSignature();
    /// @notice This escrow takes another currency.
    error WrongCurrency();
    /// @notice The amount or the tokens do not fit the counters.
    error AmountTooLarge();
    /// @notice Less than one contribution must be.
    error BelowMinimum(uint256 least);
    /// @notice Less than one investor must have in all.
    error BelowInvestorMinimum(uint256 least);
    /// @notice The amount buys no token.
    error BuysNothing();
    /// @notice More than one contribution may be.
    error AboveMaximum(uint256 fits);
    /// @notice More than one investor may have.
    error InvestorLimit(uint256 fits);
    /// @notice More than the permit allows.
    error AdmissionLimit(uint256 fits);
    /// @notice More than the hard cap leaves.
    error HardCapReached(uint256 fits);
    /// @notice More than is left on sale.
    error SoldOut(uint256 fits);
    /// @notice The sender does not take its change.
    error ChangeRefused();
    /// @notice The currency did not deliver exactly what was accepted.
    error WrongAmountReceived(uint256 received, uint256 accepted);
    /// @notice No pause is left.
    error NoPauseLeft();
    /// @notice Nothing is due to this investor.
    error NothingDue();
    /// @notice The receiver did not take the payment; it stays due.
    error PaymentFailed();
    /// @notice Send more gas: each entry of a list gets a fixed amount.
    error NotEnoughGas();
    /// @notice The window is over; money goes back for a reason of law only.
    error ReasonTooLate(Reason reason);

    /// @notice Contributes the chain's coin; change comes back in the same transaction. A plain payment does the same.
    function contribute() external payable;

    /// @notice Shows a permit and contributes the chain's coin.
    function contributeAdmitted(Admission calldata admission) external payable;

    /// @notice Contributes up to `amount` of the ERC-20; only what is accepted is taken.
    function contributeToken(uint256 amount) external;

    /// @notice Shows a permit and contributes up to `amount` of the ERC-20.
    function contributeTokenAdmitted(uint256 amount, Admission calldata admission) external;

    /// @notice The same with an ERC-2612 allowance. An allowance that was used already is no failure.
    function contributeTokenWithAllowance(
        uint256 amount,
        Admission calldata admission,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Stops contributions for the longest time the terms allow, or less with `resume`.
    function pause() external;

    /// @notice Ends a pause.
    function resume() external;

    /// @notice No more contributions of `investor`. Cannot be undone.
    function revoke(address investor) external;

    /// @notice Revokes, and makes the investor's money due back to the address it came from.
    function returnMoney(address investor, Reason reason) external;

    /// @notice Ends the sale before settlement; everything goes back.
    function cancel() external;

    /// @notice Settles a sale that reached its soft cap. Anybody may.
    function settle() external;

    /// @notice Pays the accepted money to the beneficiary. Anybody may.
    function draw() external;

    /// @notice Gives the caller their tokens, and in a sale that is shared the money that is not accepted.
    function claim() external;

    /// @notice Gives the caller their money back: of a return, of a sale that failed, and after settlement what comes
    /// to no token.
    function refund() external;

    /// @notice The same for many. Anybody may; who cannot be paid is skipped.
    function distribute(address[] calldata investors) external;

    /// @notice Gives money back to many. Anybody may; who cannot be paid is skipped.
    function refundMany(address[] calldata investors) external;

    /// @notice The announced terms.
    function terms() external view returns (Terms memory);

    /// @notice First second after the window, as the pauses so far have moved it; of one that goes on as if nobody ended it.
    function closesAt() external view returns (uint256);

    /// @notice The price at a position, as a ratio.
    function priceAt(uint256 position) external view returns (uint256 numerator, uint256 denominator);

    /// @notice One investor.
    function account(address investor) external view returns (Account memory);

    /// @notice The sale as a whole.
    function totals() external view returns (Totals memory);

    /// @notice What an investor could take out now, with a claim or a refund.
    function due(address investor) external view returns (uint256 tokens, uint256 money);

    /// @notice Whether everybody's money is due back.
    function refundsOpen() external view returns (bool);

    /// @notice What the verifier signs for an investor.
    function permitHash(address investor, uint256 max, uint256 expiry) external view returns (bytes32);
}
