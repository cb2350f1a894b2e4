// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IRootEscrow} from "../src/IRootEscrow.sol";
import {RootEscrowFactory} from "../src/RootEscrowFactory.sol";
import {RootSale} from "./RootSale.sol";

/// RootEscrow.tree: a sale by root at prices that go by time.
contract RootByTimeTest is RootSale {
    uint256 private constant LATER = OPENS + 10 days;

    /// Half a thousandth of a coin for a token, and a thousandth after ten days.
    function setUp() public override {
        super.setUp();
        (r.floor, r.ceiling) = (0.001 ether, 0.001 ether);
        priced.push(RootEscrowFactory.PriceFrom(OPENS, 0.0005 ether));
        priced.push(RootEscrowFactory.PriceFrom(LATER, 0.001 ether));
    }

    /// Alice 6 coins early and late, Bob 3 early, Carol 4 late.
    function threePay() private {
        announceRoot();
        bid(ALICE, 2 ether, r.ceiling);
        bid(BOB, 3 ether, 0.0007 ether);
        vm.warp(LATER);
        bid(ALICE, 4 ether, r.ceiling);
        bid(CAROL, 4 ether, r.ceiling);
    }

    function test_the_price_of_the_second_is_noted() public {
        threePay();
        equal("the higher of two", sale.account(ALICE).limit, 0.001 ether);
        equal("not what was named", sale.account(BOB).limit, 0.0005 ether);
        equal("late", sale.account(CAROL).limit, 0.001 ether);
        equal("a second before", sale.leastLimit(LATER - 1), 0.0005 ether);
        equal("from then on", sale.leastLimit(LATER), 0.001 ether);
    }

    function test_a_limit_below_the_price_or_above_the_ceiling() public {
        announceRoot();
        IRootEscrow.Admission memory shown = permit(BOB, 50 ether);
        uint256[2] memory limits = [uint256(0.0005 ether - 1), 0.001 ether + 1];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(BOB);
            vm.expectRevert(abi.encodeWithSelector(IRootEscrow.LimitOutside.selector, 0.0005 ether, 0.001 ether));
            sale.contributeAdmitted{value: 1 ether}(1 ether, limits[i], shown);
        }
        bid(BOB, 1 ether, 0.0005 ether);
        vm.warp(LATER);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IRootEscrow.LimitOutside.selector, 0.001 ether, 0.001 ether));
        sale.contribute{value: 1 ether}(1 ether, 0.0007 ether);
    }

    function test_what_is_said_of_a_contribution_is_its_price() public {
        announceRoot();
        IRootEscrow.Admission memory shown = permit(BOB, 50 ether);
        vm.expectEmit(address(sale));
        emit IRootEscrow.Contributed(BOB, 50 ether, 1 ether, 0.0005 ether);
        vm.prank(BOB);
        sale.contributeAdmitted{value: 1 ether}(1 ether, 0.001 ether, shown);
    }

    /// Bob came early: 6,000 tokens for 3 coins, and not a unit less.
    function test_a_root_that_charges_the_later_price() public {
        threePay();
        leaves.push(IRootEscrow.Leaf(ALICE, 6_000 ether, 6 ether, 0));
        leaves.push(IRootEscrow.Leaf(BOB, 6_000 ether - 1, 3 ether, 0));
        posted();
        // Who came twice is bound by the higher price alone.
        take(0);
        equal("alice", token.balanceOf(ALICE), 6_000 ether);
        broken(1, IRootEscrow.Flaw.Price);
        refundOf(BOB, 3 ether);
    }

    function test_a_root_at_the_price_of_each() public {
        threePay();
        leaves.push(IRootEscrow.Leaf(BOB, 6_000 ether, 3 ether, 0));
        leaves.push(IRootEscrow.Leaf(CAROL, 4_000 ether, 4 ether, 0));
        posted();
        take(0);
        take(1);
        equal("bob", token.balanceOf(BOB), 6_000 ether);
        equal("carol", token.balanceOf(CAROL), 4_000 ether);
    }

    /// The search finds what looking at each price finds.
    function testFuzz_the_last_price_at_or_before(uint8 count, uint256 seed, uint32 after_) public {
        delete priced;
        uint256 from = OPENS;
        for (uint256 i = 0; i <= count % 70; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            priced.push(RootEscrowFactory.PriceFrom(from, seed % r.ceiling + 1));
            from += (seed >> 200) % 100_000 + 1;
        }
        announceRoot();
        for (uint256 i = 0; i < priced.length; ++i) {
            equal("from it on", sale.leastLimit(priced[i].from), priced[i].limit);
            if (i != 0) equal("before it", sale.leastLimit(priced[i].from - 1), priced[i - 1].limit);
        }
        uint256 found = sale.leastLimit(OPENS + after_);
        uint256 expected;
        for (uint256 i = 0; i < priced.length; ++i) {
            if (priced[i].from <= OPENS + after_) expected = priced[i].limit;
        }
        equal("at any time", found, expected);
    }
}
