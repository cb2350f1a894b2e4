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
        /// Whether it is the round before at another price, from where that one ends on. Nothing else differs then, so a price by steps
        /// is several of these in a row. They are one round: permits and bounds are for all of it.
        bool continued;
    }

    /// @notice Fewer were announced.
    error NoRound(uint256 index);

    /// @notice How many were announced, those that continue a round counted too.
    function roundCount() external view returns (uint256);

    /// @notice One of them as it was announced, counted from 0.
    function round(uint256 index) external view returns (Round memory);

    /// @notice Number of the round whose window is open, or else of the next one; after all of them of the last one. Rounds are counted
    /// from 0 in the order of the terms, whatever prices each has.
    function roundAt(uint256 position) external view returns (uint256 number);

    /// @notice Number of the round of an investor's latest contribution, for which alone they are admitted. Of who never contributed: the
    /// last one.
    function roundOf(address investor) external view returns (uint256 number);
}
