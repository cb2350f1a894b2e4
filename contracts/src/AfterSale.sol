// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IEscrow} from "./IEscrow.sol";

/// @title What counts from the settlement of a sale on
/// @notice A clone that is made together with an escrow and waits for its settlement. The time of the settlement is
/// that of `begin`, which settles where nobody has: called so, both are one block.
/// @dev The factory tells each clone which escrow it belongs to, in the transaction that makes both, so nobody can put
/// another sale's escrow in its place.
abstract contract AfterSale {
    /// @notice The sale was settled, and time counts from here.
    event Begun(uint256 position);

    /// @notice The escrow was named when this was made.
    error AlreadyBound();
    /// @notice Time counts already.
    error AlreadyBegun();
    /// @notice Call `begin` first; it needs a sale that succeeded.
    error NotBegun();

    IEscrow private _escrow;
    /// @dev Position of the settlement; zero before.
    uint40 private _begunAt;

    /// @notice Says which escrow this belongs to. Works once, and the factory does it in the transaction that makes the clone.
    function bind(IEscrow escrow_) external {
        if (address(_escrow) != address(0)) revert AlreadyBound();
        _escrow = escrow_;
    }

    /// @notice Counts time from now on, and settles the sale if nobody did. Anybody may.
    function begin() external {
        if (_begunAt != 0) revert AlreadyBegun();
        // Before any call, so that a call back finds it done.
        _begunAt = uint40(block.timestamp);
        IEscrow.Phase phase = _escrow.totals().phase;
        // The time was written above; an event of the token may stand before ours.
        // slither-disable-next-line reentrancy-events
        if (phase != IEscrow.Phase.Settled && phase != IEscrow.Phase.Drawn) _escrow.settle();
        emit Begun(block.timestamp);
        _begin();
    }

    /// @notice The escrow this belongs to.
    function escrow() public view returns (IEscrow) {
        return _escrow;
    }

    /// @notice Since when time counts; zero before.
    function begunAt() public view returns (uint256) {
        return _begunAt;
    }

    /// @dev Seconds since the settlement.
    function _elapsed() internal view returns (uint256) {
        if (_begunAt == 0) revert NotBegun();
        return block.timestamp - _begunAt;
    }

    /// @dev What else happens at the settlement.
    function _begin() internal virtual;
}
