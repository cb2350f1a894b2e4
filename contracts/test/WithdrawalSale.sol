// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {WithdrawableEscrowFactory} from "../src/WithdrawableEscrowFactory.sol";
import {Rights} from "./Rights.sol";

/// A sale whose investors may take each contribution back for two weeks.
abstract contract WithdrawalSale is Rights {
    function setUp() public virtual override {
        super.setUp();
        factory = WithdrawableEscrowFactory(made("WithdrawableEscrowFactory", ""));
        t.withdrawalSpan = 14 days;
    }
}
