// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title Payments in, which are counted, and payments out, which a receiver can refuse but never hinder
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

    /// @notice Takes an ERC-20 from somebody who allowed it.
    /// @return received What the balance grew by: with a fee it is less than asked for.
    /// @dev What the currency says when it refuses is passed on. One that says no without it has the error of
    /// OpenZeppelin's SafeERC20; an address without code has no balance to tell, and so never succeeds.
    function take(address currency, address from, uint256 amount) internal returns (uint256 received) {
        uint256 before = _held(currency);
        bool said;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, shl(224, 0x23b872dd)) // transferFrom(address,address,uint256)
            mstore(add(free, 4), from)
            mstore(add(free, 36), address())
            mstore(add(free, 68), amount)
            if iszero(call(gas(), currency, 0, free, 100, 0, 32)) {
                returndatacopy(free, 0, returndatasize())
                revert(free, returndatasize())
            }
            said := or(iszero(returndatasize()), and(gt(returndatasize(), 31), eq(mload(0), 1)))
        }
        if (!said) revert SafeERC20.SafeERC20FailedOperation(currency);
        uint256 later = _held(currency);
        // Below zero wraps around to a number that is no amount.
        unchecked {
            return later - before;
        }
    }

    /// @dev The balance of this contract. No answer of a word is a refusal.
    function _held(address currency) private view returns (uint256 amount) {
        bool answered;
        assembly ("memory-safe") {
            mstore(0, shl(224, 0x70a08231)) // balanceOf(address)
            mstore(4, address())
            answered := and(gt(returndatasize(), 31), staticcall(gas(), currency, 0, 36, 0, 32))
            amount := mload(0)
        }
        if (!answered) revert SafeERC20.SafeERC20FailedOperation(currency);
    }

    /// @notice Whether a call with `gasLimit` would really get it. Else the callee could fail for the caller's thrift.
    function canAfford(uint256 gasLimit) internal view returns (bool) {
        return gasleft() > gasLimit + gasLimit / 32 + MARGIN;
    }
}
