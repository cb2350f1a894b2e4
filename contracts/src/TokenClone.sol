// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @title A clone of the token that transfers by itself
/// @notice As an ERC-1167 clone, each call runs the implementation's code on the clone's own storage; but `transfer`, which is
/// most of what becomes of a token, is here as well. That spares the cold account and the search for the function: 3,300
/// gas of each claim and of each transfer of each holder.
/// @dev Only what goes through is here. Everything else, a transfer that fails among it, is the implementation's, so that its
/// errors and rules are there once. `TokenClone.t.sol` compares the two.
contract TokenClone {
    /// @dev Where OpenZeppelin's ERC20Upgradeable has its balances (ERC-7201, `openzeppelin.storage.ERC20`).
    bytes32 private constant BALANCES = 0x52c63247e1f47db19d5ce0460030c497f067ca4cebf71ba98eeadabe20bace00;
    bytes32 private constant TRANSFER = keccak256("Transfer(address,address,uint256)");

    address private immutable IMPLEMENTATION;

    // A factory gives what it made itself.
    // slither-disable-next-line missing-zero-check
    constructor(address implementation) {
        IMPLEMENTATION = implementation;
    }

    /// @dev Nothing of the token takes coin, so nothing here does.
    fallback() external {
        address implementation = IMPLEMENTATION;
        (bytes32 balances, bytes32 topic, uint256 most) = (BALANCES, TRANSFER, type(uint160).max);
        assembly ("memory-safe") {
            // transfer(address,uint256), with both arguments
            if and(eq(shr(224, calldataload(0)), 0xa9059cbb), gt(calldatasize(), 67)) {
                let to := calldataload(4)
                let amount := calldataload(36)
                mstore(0, caller())
                mstore(32, balances)
                let from := keccak256(0, 64)
                let held := sload(from)
                // To somebody, whose address has no more bits than one has; less than zero wraps around to a large number.
                if and(lt(sub(to, 1), most), iszero(lt(held, amount))) {
                    sstore(from, sub(held, amount))
                    mstore(0, to)
                    let other := keccak256(0, 64)
                    // All balances together are the supply, which fits. Read after the line above: they may be one.
                    sstore(other, add(sload(other), amount))
                    mstore(0, amount)
                    log3(0, 32, topic, caller(), to)
                    mstore(0, 1)
                    return(0, 32)
                }
            }
        }
        _delegate(implementation);
    }

    /// @dev As ERC-1167 does it.
    function _delegate(address implementation) private {
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, 0, calldatasize())
            let done := delegatecall(gas(), implementation, free, calldatasize(), 0, 0)
            returndatacopy(free, 0, returndatasize())
            switch done
            case 0 { revert(free, returndatasize()) }
            default { return(free, returndatasize()) }
        }
    }
}
