// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IEscrow} from "./IEscrow.sol";
import {EscrowTerms, TermsAt} from "./EscrowTerms.sol";

/// @title Prices and roundings, as docs/rules.md says them
/// @notice With a fixed price an investor is rounded once, so caps count each contribution rounded up. With a price
/// that depends on time each contribution is rounded down on its own.
library Prices {
    /// @dev Basis points of the whole.
    uint256 private constant WHOLE = 10_000;

    /// @notice Token units per unit of money at a position, as a ratio.
    function priceAt(TermsAt t, uint256 position) internal view returns (uint256 numerator, uint256 denominator) {
        if (t.isFixed()) return (t.priceNumerator(), t.priceDenominator());
        if (t.pricing() == IEscrow.Pricing.Steps) return _stepAt(position);
        return lineAt(t, position);
    }

    /// @notice The same where the price goes along a line.
    function lineAt(TermsAt t, uint256 position) internal pure returns (uint256 numerator, uint256 denominator) {
        uint256 until = t.bonusUntil();
        uint256 distance = until > position ? until - position : 0;
        uint256 whole = distance - distance % t.bonusGranularity();
        uint256 unit = t.bonusPer() * WHOLE;
        return (t.priceNumerator() * (unit + whole * t.bonus()), t.priceDenominator() * unit);
    }

    /// @notice Tokens of an investor at a fixed price: rounded down, once.
    /// @dev Money and numerator have 128 bits at most, so the product is exact, and the denominator is not zero. A
    /// larger amount gives a wrong number, and is looked at by whoever asks.
    function fixedTokens(uint256 amount, uint256 numerator, uint256 denominator) internal pure returns (uint256 all) {
        assembly ("memory-safe") {
            all := div(mul(amount, numerator), denominator)
        }
    }

    /// @notice What caps count for one contribution at a fixed price: rounded up.
    /// @dev As above; (2^128 - 1)^2 + 2^128 - 2 is below 2^256.
    function fixedCounted(uint256 amount, uint256 numerator, uint256 denominator) internal pure returns (uint256 all) {
        assembly ("memory-safe") {
            all := div(add(mul(amount, numerator), sub(denominator, 1)), denominator)
        }
    }

    /// @notice Tokens that caps count for one contribution.
    function counted(IEscrow.Pricing kind, uint256 amount, uint256 numerator, uint256 denominator)
        internal
        pure
        returns (uint256)
    {
        return kind == IEscrow.Pricing.Fixed
            ? ceiled(amount, numerator, denominator)
            : floored(amount, numerator, denominator);
    }

    /// @notice The part of `amount` that fits into a room in tokens: with a fixed price the most money whose exact
    /// tokens fit, else the least money that buys as many tokens as can be had.
    function fitting(IEscrow.Pricing kind, uint256 amount, uint256 room, uint256 numerator, uint256 denominator)
        internal
        pure
        returns (uint256)
    {
        if (counted(kind, amount, numerator, denominator) <= room) {
            return amount;
        }
        if (room == 0) {
            return 0;
        }
        if (kind != IEscrow.Pricing.Fixed) {
            uint256 least = ceiled(room, denominator, numerator);
            least = Math.min(Math.max(least, 1), amount);
            if (floored(least, numerator, denominator) <= room) {
                return least;
            }
        }
        return Math.min(floored(room, denominator, numerator), amount);
    }

    /// @notice `a x b / c`, rounded down.
    function floored(uint256 a, uint256 b, uint256 c) internal pure returns (uint256) {
        // Nearly always the product fits; the library is for the rest, and dearer.
        unchecked {
            if ((a | b) >> 128 == 0) return a * b / c;
        }
        return Math.mulDiv(a, b, c);
    }

    /// @notice The same, and nothing for an amount that no counter holds, whose product may not fit either.
    function flooredOrNone(uint256 amount, uint256 b, uint256 c) internal pure returns (uint256) {
        return amount >> 128 == 0 ? floored(amount, b, c) : 0;
    }

    /// @notice `a x b / c`, rounded up.
    function ceiled(uint256 a, uint256 b, uint256 c) internal pure returns (uint256) {
        uint256 down = floored(a, b, c);
        return mulmod(a, b, c) == 0 ? down : down + 1;
    }

    /// @dev The last step at or before the position; the first one begins no later than the window.
    function _stepAt(uint256 position) private view returns (uint256 numerator, uint256 denominator) {
        uint256 low = 0;
        uint256 high = EscrowTerms.stepCount();
        while (high - low > 1) {
            uint256 middle = (low + high) / 2;
            // Only the position decides the search.
            // slither-disable-next-line unused-return
            (uint256 from,,) = EscrowTerms.step(middle);
            if (from <= position) low = middle;
            else high = middle;
        }
        // Its position was compared in the search.
        // slither-disable-next-line unused-return
        (, numerator, denominator) = EscrowTerms.step(low);
    }
}
