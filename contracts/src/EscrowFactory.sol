// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {Escrow} from "./Escrow.sol";
import {AfterClaim, EscrowTerms} from "./EscrowTerms.sol";
import {IEscrow} from "./IEscrow.sol";
import {SaleToken} from "./SaleToken.sol";
import {TokenClone} from "./TokenClone.sol";

/// @title Announces offerings
/// @notice Makes an escrow and its token as clones in one transaction, and remembers the terms hash, so that
/// a stranger can tell an escrow of this factory from one that only looks like it. Nobody owns the factory.
contract EscrowFactory {
    /// @notice One price step: the price from a position on.
    struct Step {
        uint256 from;
        uint256 numerator;
        uint256 denominator;
    }

    /// @notice The token to make. Its supply is what is for sale and the shares.
    struct TokenPlan {
        string name;
        string symbol;
        uint8 decimals;
        SaleToken.Share[] shares;
    }

    /// @notice Which rule of `announce` the terms break.
    enum Problem {
        TokenGiven,
        NoTermsHash,
        NoIssuer,
        NoBeneficiary,
        Window,
        RefundDeadline,
        Caps,
        ForSale,
        Minimum,
        Price,
        Steps,
        Pause,
        Round,
        Maximum,
        Share,
        Withdrawal,
        Rounds
    }

    /// @notice An offering was announced.
    event Announced(bytes32 indexed termsHash, address indexed escrow, address indexed issuer, address token);

    /// @notice The terms cannot be enforced; `problem` says what is wrong.
    error InvalidTerms(Problem problem);

    /// @notice What all escrows of this factory run.
    address public immutable ESCROW;
    /// @notice What all tokens of this factory run.
    address public immutable TOKEN = address(new SaleToken());

    /// @notice The terms hash of an escrow made here; nothing for any other address.
    mapping(address escrow => bytes32) public termsHashOf;

    constructor() {
        ESCROW = _makeEscrow();
    }

    /// @notice Makes the escrow and the token of an offering. The sender is the issuer.
    /// @param t The terms with `token` empty; it is filled in.
    /// @param steps The price steps, sorted; none for other prices.
    /// @param plan The token.
    function announce(IEscrow.Terms memory t, Step[] calldata steps, TokenPlan memory plan)
        external
        virtual
        returns (address escrow, address token)
    {
        return _announce(t, steps, plan, AfterClaim.Empty);
    }

    /// @dev What becomes of an account after its claim follows from what comes after the sale, so nobody can ask for it.
    function _announce(IEscrow.Terms memory t, Step[] calldata steps, TokenPlan memory plan, AfterClaim claimed)
        internal
        returns (address escrow, address token)
    {
        _check(t);
        _checkSteps(t, steps);
        _checkShare(t);
        _checkWithdrawal(t);
        return _make(t, _pack(steps), plan, claimed);
    }

    /// @dev `rest` is what the escrow has in its code behind the terms. All was checked.
    function _make(IEscrow.Terms memory t, bytes memory rest, TokenPlan memory plan, AfterClaim claimed)
        internal
        returns (address escrow, address token)
    {
        token = address(new TokenClone(TOKEN));
        t.token = token;
        escrow = Clones.cloneWithImmutableArgs(ESCROW, bytes.concat(EscrowTerms.pack(t, claimed), rest));
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

    /// @dev What the escrow relies on. The linter says the same earlier and in more words.
    function _check(IEscrow.Terms memory t) internal view {
        _require(t.token == address(0), Problem.TokenGiven);
        _require(t.termsHash != 0, Problem.NoTermsHash);
        _require(t.issuer == msg.sender, Problem.NoIssuer);
        _require(t.beneficiary != address(0), Problem.NoBeneficiary);
        _require(t.opens < t.closes, Problem.Window);
        _require(t.closes < t.refundDeadline && t.refundDeadline <= type(uint32).max, Problem.RefundDeadline);
        _require(t.hardCap != 0 && t.hardCap <= type(uint88).max && t.softCap <= t.hardCap, Problem.Caps);
        _require(t.forSale != 0 && t.forSale <= type(uint96).max, Problem.ForSale);
        _checkBounds(t.contributionMin, t.contributionMax);
        _checkBounds(t.investorMin, t.investorMax);
        _require(t.round <= type(uint32).max, Problem.Round);
        // A pause ends before 2106, so that its end fits the counter.
        _require(t.pauseCount <= type(uint32).max, Problem.Pause);
        _require(t.pauseLongest <= 366 days && t.refundDeadline + t.pauseLongest <= type(uint32).max, Problem.Pause);
        // However often and long it is paused, somebody can settle before everybody takes the money out.
        _require(_closesLast(t) < t.refundDeadline, Problem.Pause);
    }

    /// @dev The latest second at which the window can be over.
    function _closesLast(IEscrow.Terms memory t) internal pure returns (uint256) {
        return t.pauseEnd == IEscrow.PauseEnd.Moves ? t.closes + t.pauseCount * t.pauseLongest : t.closes;
    }

    /// @dev A maximum is below what an account holds, or there is none.
    function _checkBounds(uint256 least, uint256 most) internal pure {
        _require(most < EscrowTerms.NO_MAXIMUM || most == type(uint256).max, Problem.Maximum);
        _require(least <= most && least <= EscrowTerms.NO_MAXIMUM, Problem.Minimum);
    }

    function _checkSteps(IEscrow.Terms memory t, Step[] calldata steps) private pure {
        if (t.pricing != IEscrow.Pricing.Steps) {
            _require(steps.length == 0, Problem.Steps);
            _checkPrice(t.priceNumerator, t.priceDenominator, type(uint128).max);
        }
        _checkLine(t);
        if (t.pricing == IEscrow.Pricing.Steps) {
            _require(steps.length != 0 && steps[0].from <= t.opens, Problem.Steps);
            for (uint256 i = 0; i < steps.length; ++i) {
                _require(steps[i].from <= type(uint40).max, Problem.Steps);
                _require(i == 0 || steps[i - 1].from < steps[i].from, Problem.Steps);
                _checkPrice(steps[i].numerator, steps[i].denominator, (1 << EscrowTerms.PRICE_BITS) - 1);
            }
        }
    }

    /// @dev Also where they mean nothing: what is announced is what can be read. With these bounds the products of a
    /// linear price stay below 2^256: 128 bits of the base, 40 of the time, 14 of the whole, 64 of the bonus.
    function _checkLine(IEscrow.Terms memory t) internal pure {
        _require((t.priceNumerator | t.priceDenominator) <= type(uint128).max, Problem.Price);
        _require((t.bonusPer | t.bonusUntil | t.bonusGranularity) <= type(uint40).max, Problem.Price);
        _require(t.bonus <= type(uint64).max, Problem.Price);
        if (t.pricing == IEscrow.Pricing.Linear) {
            _require(t.bonusPer != 0 && t.bonusGranularity != 0, Problem.Price);
        }
    }

    /// @dev The parts of a sale that is shared are known without adding them up: one price; a unit of money that buys
    /// a token unit at least, so that no part is for nothing; and a soft cap that the rounding of 2^32 investors
    /// cannot undo.
    function _checkShare(IEscrow.Terms memory t) private pure {
        _require(t.overLimit != IEscrow.Misfit.Share, Problem.Share);
        if (t.overCap != IEscrow.Misfit.Share) return;
        _require(t.pricing == IEscrow.Pricing.Fixed && t.priceNumerator >= t.priceDenominator, Problem.Share);
        uint256 least = t.softCap + (1 << 32);
        _require(least <= t.hardCap && least <= t.forSale * t.priceDenominator / t.priceNumerator, Problem.Share);
    }

    /// @dev Escrows of this factory give nobody the right to take a contribution back.
    function _checkWithdrawal(IEscrow.Terms memory t) internal pure virtual {
        _require((t.withdrawalSpan | t.withdrawalUntil) == 0, Problem.Withdrawal);
    }

    /// @dev For factories whose escrows give it: one kind of right, and the last one ends before the refund deadline, so that the sale
    /// can be settled.
    function _checkRight(IEscrow.Terms memory t) internal pure {
        _require((t.withdrawalSpan == 0) != (t.withdrawalUntil == 0), Problem.Withdrawal);
        _require(t.withdrawalSpan <= t.refundDeadline - _closesLast(t), Problem.Withdrawal);
        _require(t.withdrawalUntil < t.refundDeadline, Problem.Withdrawal);
    }

    /// @dev Only while this factory is made.
    function _makeEscrow() internal virtual returns (address) {
        return address(new Escrow());
    }

    function _checkPrice(uint256 numerator, uint256 denominator, uint256 most) internal pure {
        _require(numerator != 0 && numerator <= most, Problem.Price);
        _require(denominator != 0 && denominator <= most, Problem.Price);
    }

    function _pack(Step[] calldata steps) private pure returns (bytes memory packed) {
        uint256[] memory words = new uint256[](steps.length);
        for (uint256 i = 0; i < steps.length; ++i) {
            Step calldata step = steps[i];
            words[i] = (step.from << (2 * EscrowTerms.PRICE_BITS)) | (step.numerator << EscrowTerms.PRICE_BITS)
                | step.denominator;
        }
        return abi.encodePacked(words);
    }

    function _require(bool holds, Problem problem) internal pure {
        if (!holds) revert InvalidTerms(problem);
    }
}
