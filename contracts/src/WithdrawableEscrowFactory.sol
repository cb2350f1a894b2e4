// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EscrowFactory} from "./EscrowFactory.sol";
import {IEscrow} from "./IEscrow.sol";
import {WithdrawableEscrow} from "./WithdrawableEscrow.sol";

/// @title Announces offerings whose investors may take contributions back for a while
/// @notice As `EscrowFactory`, with `WithdrawableEscrow` behind its escrows. One factory with both would be larger than
/// what a transaction may deploy.
contract WithdrawableEscrowFactory is EscrowFactory {
    function _checkWithdrawal(IEscrow.Terms memory t) internal pure override {
        _checkRight(t);
    }

    function _makeEscrow() internal override returns (address) {
        return address(new WithdrawableEscrow());
    }
}
