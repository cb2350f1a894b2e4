// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {EscrowFactory} from "./EscrowFactory.sol";
import {IRootEscrow} from "./IRootEscrow.sol";
import {RootEscrow} from "./RootEscrow.sol";
import {SaleToken} from "./SaleToken.sol";
import {TokenClone} from "./TokenClone.sol";

/// @title Announces offerings that are settled by a root
/// @notice As `EscrowFactory`: escrow and token in one transaction, the terms hash remembered, nobody owns it.
contract RootEscrowFactory {
    /// @notice Which rule of `announce` the terms break.
    enum Problem {
        TokenGiven,
        NoTermsHash,
        NoIssuer,
        NoBeneficiary,
        Window,
        RootDeadline,
        Periods,
        ChallengeShare,
        Caps,
        ForSale,
        Minimum,
        Price,
        Prices
    }

    /// @notice The price from a position on, as a limit for `priceUnit` tokens.
    struct PriceFrom {
        uint256 from;
        uint256 limit;
    }

    /// @notice An offering was announced.
    event Announced(bytes32 indexed termsHash, address indexed escrow, address indexed issuer, address token);

    /// @notice The terms cannot be enforced; `problem` says what is wrong.
    error InvalidTerms(Problem problem);

    /// @dev Basis points: objections of more than half are no protection of anybody.
    uint256 private constant SHARE_MOST = 5_000;
    uint256 private constant PERIOD_LEAST = 1 days;
    uint256 private constant PERIOD_MOST = 3_650 days;

    /// @notice What all escrows of this factory run.
    address public immutable ESCROW = address(new RootEscrow());
    /// @notice What all tokens of this factory run.
    address public immutable TOKEN = address(new SaleToken());

    /// @notice The terms hash of an escrow made here; nothing for any other address.
    mapping(address escrow => bytes32) public termsHashOf;

    /// @notice Makes the escrow and the token of an offering. The sender is the issuer.
    /// @param t The terms with `token` empty; it is filled in.
    /// @param prices The prices by time, sorted; none where one limit is for the whole window, or investors name theirs.
    /// @param plan The token.
    function announce(
        IRootEscrow.Terms memory t,
        PriceFrom[] calldata prices,
        EscrowFactory.TokenPlan calldata plan
    ) external returns (address escrow, address token) {
        _check(t);
        _checkPrices(t, prices);
        token = address(new TokenClone(TOKEN));
        t.token = token;
        escrow = Clones.cloneWithImmutableArgs(ESCROW, bytes.concat(abi.encode(t), _pack(prices)));
        termsHashOf[escrow] = t.termsHash;
        uint256 count = plan.shares.length;
        SaleToken.Share[] memory shares = new SaleToken.Share[](count + 1);
        shares[0] = SaleToken.Share(escrow, t.forSale);
        for (uint256 i = 0; i < count; ++i) {
            shares[i + 1] = plan.shares[i];
        }
        // A clone of our own code that calls nobody.
        // slither-disable-next-line reentrancy-events
        SaleToken(token).initialize(plan.name, plan.symbol, plan.decimals, shares);
        emit Announced(t.termsHash, escrow, t.issuer, token);
    }

    /// @dev What the escrow relies on; with these bounds no counter of it can overflow.
    function _check(IRootEscrow.Terms memory t) private view {
        _require(t.token == address(0), Problem.TokenGiven);
        _require(t.termsHash != 0, Problem.NoTermsHash);
        _require(t.issuer == msg.sender, Problem.NoIssuer);
        _require(t.beneficiary != address(0), Problem.NoBeneficiary);
        _require(t.opens < t.closes, Problem.Window);
        _require(t.closes < t.rootDeadline && t.rootDeadline <= type(uint32).max, Problem.RootDeadline);
        _require(t.challengePeriod >= PERIOD_LEAST && t.challengePeriod <= PERIOD_MOST, Problem.Periods);
        _require(t.claimPeriod >= PERIOD_LEAST && t.claimPeriod <= PERIOD_MOST, Problem.Periods);
        _require(t.challengeShare != 0 && t.challengeShare <= SHARE_MOST, Problem.ChallengeShare);
        _require(t.hardCap != 0 && t.hardCap <= type(uint88).max && t.softCap <= t.hardCap, Problem.Caps);
        _require(t.forSale != 0 && t.forSale <= type(uint96).max, Problem.ForSale);
        _require(t.contributionMin <= t.contributionMax && t.contributionMin <= t.investorMax, Problem.Minimum);
        _require(t.floor != 0 && t.floor <= t.ceiling && t.ceiling <= type(uint72).max, Problem.Price);
        _require(t.priceUnit != 0 && t.priceUnit <= type(uint128).max, Problem.Price);
    }

    /// @dev Within the terms' limits, and one for every second of the window.
    function _checkPrices(IRootEscrow.Terms memory t, PriceFrom[] calldata prices) private pure {
        for (uint256 i = 0; i < prices.length; ++i) {
            PriceFrom calldata price = prices[i];
            if (i == 0) _require(price.from <= t.opens, Problem.Prices);
            else _require(prices[i - 1].from < price.from, Problem.Prices);
            _require(price.from <= type(uint40).max, Problem.Prices);
            _require(price.limit != 0 && price.limit <= t.ceiling, Problem.Prices);
        }
    }

    function _pack(PriceFrom[] calldata prices) private pure returns (bytes memory packed) {
        uint256[] memory words = new uint256[](prices.length);
        for (uint256 i = 0; i < prices.length; ++i) {
            // A limit has 72 bits at most, as the ceiling does.
            words[i] = (prices[i].from << 72) | prices[i].limit;
        }
        return abi.encodePacked(words);
    }

    function _require(bool holds, Problem problem) private pure {
        if (!holds) revert InvalidTerms(problem);
    }
}
