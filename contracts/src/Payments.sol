// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @title Payments out, which a receiver can refuse but never hinder
/// @notice No return data is copied, so a receiver cannot make the caller pay for it.
library Payments {
    /// @dev Beyond the gas of the callee: a cold account, the value, a new account, and what comes after.
    uint256 private constant MARGIN = 60_000;

    /// @notice Pays the coin (`currency` is nobody) or an ERC-20 with at most `gasLimit` for the receiver.
    /// @return paid Whether the receiver has it. An ERC-20 must say yes or nothing, and must exist.
    function pay(address currency, address to, uint256 amount, uint256 gasLimit) internal returns (bool paid) {
        if (currency == address(0)) {
            assembly ("memory-safe") {
                paid := call(gasLimit, to, amount, 0, 0, 0, 0)
            }
            return paid;
        }
        // The call's data lies where memory is free; the answer goes to the scratch space.
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, shl(224, 0xa9059cbb)) // transfer(address,uint256)
            mstore(add(free, 4), to)
            mstore(add(free, 36), amount)
            mstore(0, 0)
            paid := call(gasLimit, currency, 0, free, 68, 0, 32)
            switch returndatasize()
            case 0 { paid := and(paid, gt(extcodesize(currency), 0)) }
            default { paid := and(paid, and(gt(returndatasize(), 31), eq(mload(0), 1))) }
        }
    }

    /// @notice Whether a call with `gasLimit` would really get it. Else the callee could fail for the caller's thrift.
    function canAfford(uint256 gasLimit) internal view returns (bool) {
        return gasleft() > gasLimit + gasLimit / 32 + MARGIN;
    }
}
