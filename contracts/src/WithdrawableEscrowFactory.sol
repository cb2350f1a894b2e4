// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EscrowFactory} from "./EscrowFactory.sol";
import {IEscrow} from "./IEscrow.sol";
import {WithdrawableEscrow} from "./WithdrawableEscrow.sol";

/// @title Announces offerings whose investors may take contributions back for a while
/// @notice As `EscrowFactory`, with `WithdrawableEscrow` behind its escrows. One factory with both would be larger than
/// what a transaction may deploy.
contract WithdrawableEscrowFactory is EscrowFactory {
    /// @dev One kind of right, and the last one ends before the refund deadline, so that the sale can be settled.
    function _checkWithdrawal(IEscrow.Terms memory t) internal pure override {
        _require((t.withdrawalSpan == 0) != (t.withdrawalUntil == 0), Problem.Withdrawal);
        _require(t.withdrawalSpan <= t.refundDeadline - _closesLast(t), Problem.Withdrawal);
        _require(t.withdrawalUntil < t.refundDeadline, Problem.Withdrawal);
    }

    function _makeEscrow() internal override returns (address) {
        return address(new WithdrawableEscrow());
    }
}
