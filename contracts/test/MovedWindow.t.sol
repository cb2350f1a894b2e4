// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EscrowFactory} from "../src/EscrowFactory.sol";
import {IEscrow} from "../src/IEscrow.sol";
import {WithdrawableEscrowFactory} from "../src/WithdrawableEscrowFactory.sol";
import {Sale} from "./Sale.sol";

/// MovedWindow.tree, leaf by leaf.
contract MovedWindowTest is Sale {
    function setUp() public override {
        super.setUp();
        t.pauseEnd = IEscrow.PauseEnd.Moves;
    }

    function pause() private {
        vm.prank(ISSUER);
        escrow.pause();
    }

    function resume() private {
        vm.prank(ISSUER);
        escrow.resume();
    }

    function closed(uint256 at) private {
        equal("said", escrow.closesAt(), at);
        vm.warp(at - 1);
        again(ALICE, 1 ether);
        vm.warp(at);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.Closed.selector, at));
        escrow.contribute{value: 1 ether}();
    }

    function waits(uint256 until) private {
        holds("no refunds yet", !escrow.refundsOpen());
        vm.expectRevert(abi.encodeWithSelector(IEscrow.StillOpen.selector, until));
        escrow.settle();
    }

    function test_the_end_moves_by_as_long_as_a_pause_was() public {
        announce();
        enter(ALICE, 1 ether);
        pause();
        vm.warp(OPENS + 3 days);
        closed(CLOSES + 3 days);
    }

    function test_it_moves_to_where_the_issuer_ended_the_pause() public {
        announce();
        enter(ALICE, 1 ether);
        vm.warp(OPENS + 7 days);
        pause();
        equal("its longest end", escrow.closesAt(), CLOSES + 3 days);
        vm.warp(OPENS + 7 days + 5 hours);
        resume();
        resume();
        closed(CLOSES + 5 hours);
    }

    function test_pauses_add_up_to_the_second() public {
        announce();
        enter(ALICE, 1 ether);
        pause();
        vm.warp(OPENS + 1 days);
        resume();
        // Behind the end of the terms, inside the moved one.
        vm.warp(CLOSES + 1 hours);
        pause();
        vm.warp(CLOSES + 3 days + 1 hours);
        vm.prank(ISSUER);
        vm.expectRevert(abi.encodePacked(IEscrow.NoPauseLeft.selector));
        escrow.pause();
        closed(CLOSES + 4 days);
    }

    function test_nothing_is_settled_before_it() public {
        t.softCap = 2 ether;
        announce();
        enter(ALICE, 1 ether);
        vm.warp(CLOSES - 1);
        pause();
        vm.warp(CLOSES);
        waits(CLOSES + 3 days);
        vm.warp(CLOSES + 2 days);
        resume();
        waits(CLOSES + 2 days + 1);
        vm.warp(CLOSES + 2 days + 1);
        holds("it missed its soft cap", escrow.refundsOpen());
        vm.prank(ALICE);
        escrow.refund();
    }

    function test_money_goes_back_at_discretion_up_to_it() public {
        announce();
        enter(ALICE, 1 ether);
        enter(BOB, 1 ether);
        vm.warp(CLOSES - 1);
        pause();
        vm.warp(CLOSES + 3 days - 2);
        vm.prank(ISSUER);
        escrow.returnMoney(ALICE, IEscrow.Reason.Discretion);
        vm.warp(CLOSES + 3 days);
        vm.prank(ISSUER);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.ReasonTooLate.selector, IEscrow.Reason.Discretion));
        escrow.returnMoney(BOB, IEscrow.Reason.Discretion);
    }

    function test_the_last_right_is_waited_for_behind_it() public {
        factory = WithdrawableEscrowFactory(made("WithdrawableEscrowFactory", ""));
        t.withdrawalSpan = 1 hours;
        announce();
        enter(ALICE, 1 ether);
        pause();
        vm.warp(CLOSES);
        waits(CLOSES + 3 days);
        vm.warp(CLOSES + 3 days - 1);
        again(ALICE, 1 ether);
        vm.warp(CLOSES + 3 days);
        waits(CLOSES + 3 days - 1 + 1 hours);
    }

    function test_where_the_end_is_fixed_nothing_moves() public {
        t.pauseEnd = IEscrow.PauseEnd.Fixed;
        announce();
        enter(ALICE, 1 ether);
        pause();
        vm.warp(OPENS + 3 days);
        closed(CLOSES);
    }

    function test_however_often_it_is_paused_everybody_gets_out() public {
        t.pauseCount = 19;
        announce();
        enter(ALICE, 1 ether);
        for (uint256 i = 0; i < 19; ++i) {
            pause();
            vm.warp(escrow.totals().pausedUntil);
        }
        equal("as far as it goes", escrow.closesAt(), CLOSES + 57 days);
        vm.warp(DEADLINE);
        vm.prank(ALICE);
        escrow.refund();
    }

    function test_the_end_with_all_pauses_is_before_the_refund_deadline() public {
        t.pauseCount = 20;
        vm.prank(ISSUER);
        vm.expectRevert(abi.encodeWithSelector(EscrowFactory.InvalidTerms.selector, EscrowFactory.Problem.Pause));
        factory.announce(t, steps, plan());
        t.pauseEnd = IEscrow.PauseEnd.Fixed;
        announce();
    }
}
