// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @title The right to take a contribution back
/// @notice What an escrow says and does beside `IEscrow` where the terms give investors this right. It ends for each
/// contribution `withdrawalSpan` seconds after it, or for all at `withdrawalUntil`. The sale is not settled, and not
/// given up for want of money, before the last right has ended; what is taken back makes room for others.
interface IWithdrawal {
    /// @notice An investor took back the latest contributions that come to `amount`, and caps count `tokens` less: one
    /// contribution where each has a right of its own, with an event for each of several, and all where the right ends
    /// for all at once.
    event Withdrawn(address indexed investor, uint256 amount, uint256 tokens);

    /// @notice Takes everything back that the caller still may, at most 500 contributions at a time. Also while
    /// contributions are paused. Who is admitted may contribute again.
    function withdraw() external;

    /// @notice What `withdraw` would give an investor now.
    function withdrawable(address investor) external view returns (uint256 amount);
}
