// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IEscrow} from "./IEscrow.sol";

/// @title Terms in the code of a clone
/// @notice A clone's code is the 45 bytes of ERC-1167, then the ABI encoding of the terms, then one word for each
/// price step. Reading code of one's own costs a twentieth of reading storage.
/// @dev Only the factory makes such code, from a typed struct, so no word holds a value outside its type.
library EscrowTerms {
    /// @dev Bytes of ERC-1167 before the arguments.
    uint256 internal constant START = 45;
    /// @dev Words of `IEscrow.Terms`.
    uint256 internal constant WORDS = 29;
    /// @dev Bits of a step's numerator and of its denominator; its position has the 40 bits above.
    uint256 internal constant PRICE_BITS = 108;

    /// @notice The terms of this clone.
    function load() internal view returns (IEscrow.Terms memory t) {
        // A struct of value types lies in memory exactly as it is encoded.
        assembly ("memory-safe") {
            extcodecopy(address(), t, START, mul(WORDS, 32))
        }
    }

    /// @notice How many price steps this clone has.
    function stepCount() internal view returns (uint256) {
        return (address(this).code.length - START) / 32 - WORDS;
    }

    /// @notice One price step; they are sorted by position.
    function step(uint256 index) internal view returns (uint256 from, uint256 numerator, uint256 denominator) {
        uint256 word;
        uint256 offset = START + (WORDS + index) * 32;
        assembly ("memory-safe") {
            extcodecopy(address(), 0, offset, 32)
            word := mload(0)
        }
        uint256 mask = (1 << PRICE_BITS) - 1;
        return (word >> (2 * PRICE_BITS), (word >> PRICE_BITS) & mask, word & mask);
    }
}
