// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IEscrow} from "../src/IEscrow.sol";
import {IWithdrawal} from "../src/IWithdrawal.sol";
import {WithdrawableEscrowFactory} from "../src/WithdrawableEscrowFactory.sol";
import {ConservationTest, Crowd} from "./Conservation.t.sol";

/// The crowd, who may also take contributions back: each for nine days, or all up to a date.
contract WithdrawingCrowd is Crowd {
    constructor(uint256 numerator, uint256 denominator)
        Crowd(IEscrow.Pricing.Fixed, numerator, denominator, IEscrow.Misfit.Partial, 1)
    {}

    function setUp() public override {
        if (address(escrow) != address(0)) return;
        super.setUp();
        factory = WithdrawableEscrowFactory(made("WithdrawableEscrowFactory", ""));
        t.withdrawalSpan = 9 days;
    }

    function withdraw(uint256 who) external {
        leave(people[who % people.length], abi.encodeCall(IWithdrawal.withdraw, ()));
    }

    /// Whether somebody could take out more than is accepted of them.
    function couldTakeTooMuch() external view returns (bool) {
        for (uint256 i = 0; i < people.length; ++i) {
            uint256 amount = IWithdrawal(address(escrow)).withdrawable(people[i]);
            if (amount > escrow.account(people[i]).accepted) return true;
        }
        return false;
    }
}

abstract contract WithdrawalConservationTest is ConservationTest {
    function invariant_nobody_may_take_back_more_than_is_accepted() public view {
        assert(!WithdrawingCrowd(address(crowd)).couldTakeTooMuch());
    }
}

contract OddWithdrawalConservationTest is WithdrawalConservationTest {
    function setUp() public {
        crowd = new WithdrawingCrowd(7, 3);
    }
}

/// A token for 25 units of money: many have money in that comes to none.
contract DearWithdrawalConservationTest is WithdrawalConservationTest {
    function setUp() public {
        crowd = new WithdrawingCrowd(1, 25);
    }
}
