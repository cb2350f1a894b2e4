// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IWithdrawal} from "../src/IWithdrawal.sol";
import {WithdrawableEscrowFactory} from "../src/WithdrawableEscrowFactory.sol";
import {Sale} from "./Sale.sol";

/// A sale whose investors may take each contribution back for two weeks.
abstract contract WithdrawalSale is Sale {
    function setUp() public virtual override {
        super.setUp();
        factory = WithdrawableEscrowFactory(made("WithdrawableEscrowFactory", ""));
        t.withdrawalSpan = 14 days;
    }

    function right() internal view returns (IWithdrawal) {
        return IWithdrawal(address(escrow));
    }

    /// Takes back, and what came is what was said.
    function withdraw(address investor, uint256 expected) internal {
        uint256 before = investor.balance;
        equal("said", right().withdrawable(investor), expected);
        vm.prank(investor);
        right().withdraw();
        equal("came back", investor.balance - before, expected);
    }

    function refused(address investor, bytes memory refusal) internal {
        vm.prank(investor);
        vm.expectRevert(refusal);
        right().withdraw();
    }
}
