// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IEscrow} from "./IEscrow.sol";

/// @title Several rounds under one soft cap
/// @notice What an escrow says beside `IEscrow` where the sale has several rounds, one after the other. All of them share one soft
/// cap, one hard cap, one supply and one outcome; each has its own window, price, bounds and permits. `terms` of `IEscrow` is the
/// sale as a whole: the window from the first round to the last one, what bounds all rounds together, and as `round` how many there are.
interface IRounds {
    /// @notice A round. Bounds are those of this round alone, and hold beside those of the sale.
    struct Round {
        /// Signs permits for this round; nobody where it is public.
        address verifier;
        uint256 opens;
        /// First second after the window; the next round opens no earlier.
        uint256 closes;
        /// Bounds of one contribution, and of what one investor has in this round; the largest number for no maximum.
        uint256 contributionMin;
        uint256 contributionMax;
        uint256 investorMin;
        uint256 investorMax;
        /// Most money, and most tokens, of this round.
        uint256 hardCap;
        uint256 forSale;
        IEscrow.Misfit overCap;
        IEscrow.Misfit overLimit;
        /// Token units per unit of money; the base where there is a bonus.
        uint256 priceNumerator;
        uint256 priceDenominator;
        /// As in `IEscrow.Terms`; no bonus for one price in the whole round.
        uint256 bonus;
        uint256 bonusPer;
        uint256 bonusUntil;
        uint256 bonusGranularity;
    }

    /// @notice There are fewer rounds.
    error NoRound(uint256 index);

    /// @notice How many rounds there are.
    function roundCount() external view returns (uint256);

    /// @notice A round, counted from 0 in the order of the terms.
    function round(uint256 index) external view returns (Round memory);

    /// @notice The round whose window is open, or else the next one; after all of them the last one.
    function roundAt(uint256 position) external view returns (uint256 index);

    /// @notice The round of an investor's latest contribution, for which alone they are admitted. Of who never contributed: the last one.
    function roundOf(address investor) external view returns (uint256 index);
}
