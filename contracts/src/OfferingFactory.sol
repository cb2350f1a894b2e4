// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AfterSaleFactory} from "./AfterSaleFactory.sol";
import {EscrowFactory} from "./EscrowFactory.sol";
import {AfterClaim} from "./EscrowTerms.sol";
import {IEscrow} from "./IEscrow.sol";
import {IMilestones} from "./IMilestones.sol";
import {Milestones} from "./Milestones.sol";
import {Vesting} from "./Vesting.sol";

/// @title Announces offerings with what comes after the sale
/// @notice As `EscrowFactory`, and with the contracts of `AfterSaleFactory`.
contract OfferingFactory is EscrowFactory, AfterSaleFactory {
    /// @dev See `AfterSaleFactory`.
    constructor(Milestones milestones, Vesting vesting) AfterSaleFactory(milestones, vesting) {}

    /// @notice As `announce`, with milestones (none if the list is empty) and vesting shares.
    /// @dev With milestones the beneficiary of `t` must be theirs: it is who gets what they release.
    function announceWithAfterSale(
        IEscrow.Terms memory t,
        Step[] calldata steps,
        TokenPlan memory plan,
        IMilestones.Plan calldata release,
        VestingPlan[] calldata vestings
    ) external returns (address escrow, address token, address milestones, address[] memory vesting) {
        AfterClaim claimed;
        (claimed, milestones, vesting) = _makeAfterSale(t, plan, release, vestings);
        (escrow, token) = _announce(t, steps, plan, claimed);
        _bindAfterSale(escrow, milestones, vesting, vestings);
    }
}
