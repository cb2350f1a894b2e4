// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IEscrow} from "./IEscrow.sol";
import {RoundsEscrowFactory} from "./RoundsEscrowFactory.sol";
import {WithdrawableRoundsEscrow} from "./WithdrawableRoundsEscrow.sol";

/// @title Announces offerings with several rounds whose investors may take contributions back for a while
/// @notice As `RoundsEscrowFactory`, with `WithdrawableRoundsEscrow` behind its escrows.
contract WithdrawableRoundsEscrowFactory is RoundsEscrowFactory {
    function _checkWithdrawal(IEscrow.Terms memory t) internal pure override {
        _checkRight(t);
    }

    function _makeEscrow() internal override returns (address) {
        return address(new WithdrawableRoundsEscrow());
    }
}
