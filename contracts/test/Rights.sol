// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IEscrow} from "../src/IEscrow.sol";
import {IWithdrawal} from "../src/IWithdrawal.sol";
import {Sale} from "./Sale.sol";

/// Contributions that are taken back, of one round or of several.
abstract contract Rights is Sale {
    bytes internal nothing = abi.encodePacked(IEscrow.NothingDue.selector);

    function right() internal view returns (IWithdrawal) {
        return IWithdrawal(address(escrow));
    }

    function toOneDate(uint256 until) internal {
        (t.withdrawalSpan, t.withdrawalUntil) = (0, until);
    }

    /// Takes back, and what came is what was said.
    function withdraw(address investor, uint256 expected) internal {
        uint256 before = investor.balance;
        equal("said", right().withdrawable(investor), expected);
        vm.prank(investor);
        right().withdraw();
        equal("came back", investor.balance - before, expected);
    }

    function keepsFor(address investor, bytes memory refusal) internal {
        vm.prank(investor);
        vm.expectRevert(refusal);
        right().withdraw();
    }

    function keeps(address investor) internal {
        keepsFor(investor, nothing);
    }
}
