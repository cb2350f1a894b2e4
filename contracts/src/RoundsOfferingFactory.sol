// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AfterSaleFactory} from "./AfterSaleFactory.sol";
import {AfterClaim} from "./EscrowTerms.sol";
import {IEscrow} from "./IEscrow.sol";
import {IMilestones} from "./IMilestones.sol";
import {IRounds} from "./IRounds.sol";
import {Milestones} from "./Milestones.sol";
import {RoundsEscrowFactory} from "./RoundsEscrowFactory.sol";
import {Vesting} from "./Vesting.sol";

/// @title Announces offerings with several rounds and with what comes after the sale
/// @notice As `RoundsEscrowFactory`, and with the contracts of `AfterSaleFactory`: they know the sale as a whole and no rounds.
contract RoundsOfferingFactory is RoundsEscrowFactory, AfterSaleFactory {
    /// @dev See `AfterSaleFactory`.
    constructor(Milestones milestones, Vesting vesting) AfterSaleFactory(milestones, vesting) {}

    /// @notice As `announceRounds`, with milestones (none if the list is empty) and vesting shares.
    /// @dev With milestones the beneficiary of `t` must be theirs: it is who gets what they release.
    function announceRoundsWithAfterSale(
        IEscrow.Terms memory t,
        IRounds.Round[] memory rounds,
        TokenPlan memory plan,
        IMilestones.Plan calldata release,
        VestingPlan[] calldata vestings
    ) external returns (address escrow, address token, address milestones, address[] memory vesting) {
        AfterClaim claimed;
        (claimed, milestones, vesting) = _makeAfterSale(t, plan, release, vestings);
        (escrow, token) = _announceRounds(t, rounds, plan, claimed);
        _bindAfterSale(escrow, milestones, vesting, vestings);
    }
}
