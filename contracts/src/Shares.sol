// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {TotalsWord} from "./EscrowState.sol";
import {TermsAt} from "./EscrowTerms.sol";
import {Prices} from "./Prices.sol";

/// @title Sharing what too many ask for: pro rata at a fixed price
/// @notice An account's `accepted` is what was asked for, and `raised` is the sum of that. At settlement each gets the
/// part `floor(asked x capacity / sum)`, as docs/rules.md says it with dust that is left unassigned, and once more
/// rounded down in tokens. Nothing has to be added up over investors, so nothing loops.
/// @dev What is unknown without a loop is the sum of the parts: it is below the capacity by less than one unit for
/// each investor. So much money, and as many tokens as that rounding makes, stay in the escrow, which can therefore
/// always pay the last one.
library Shares {
    /// @notice Most money that can be accepted: what the hard cap and what is for sale allow.
    function capacity(TermsAt t) internal pure returns (uint256) {
        uint256 most = Prices.fixedTokens(t.forSale(), t.priceDenominator(), t.priceNumerator());
        uint256 hardCap = t.hardCap();
        return most < hardCap ? most : hardCap;
    }

    /// @notice The part of what one investor asked for that is accepted.
    function part(TermsAt t, TotalsWord s, uint256 asked) internal pure returns (uint256) {
        uint256 sum = s.raised();
        uint256 most = capacity(t);
        // 80 bits by 88.
        return sum <= most ? asked : Prices.fixedTokens(asked, most, sum);
    }

    /// @notice What the beneficiary may have, whatever the parts come to together.
    function certain(TermsAt t, TotalsWord s) internal pure returns (uint256) {
        uint256 sum = s.raised();
        uint256 most = capacity(t);
        // The factory sees to it that the capacity is more than there can be investors.
        return sum <= most ? sum : most - s.slack();
    }

    /// @notice Most tokens that all parts can come to.
    function sold(TermsAt t, TotalsWord s) internal pure returns (uint256) {
        uint256 sum = s.raised();
        uint256 most = capacity(t);
        return Prices.fixedTokens(sum < most ? sum : most, t.priceNumerator(), t.priceDenominator());
    }
}
