// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EscrowFactory} from "../src/EscrowFactory.sol";
import {IEscrow} from "../src/IEscrow.sol";
import {IRounds} from "../src/IRounds.sol";
import {IWithdrawal} from "../src/IWithdrawal.sol";
import {RoundsEscrowFactory} from "../src/RoundsEscrowFactory.sol";
import {Rights} from "./Rights.sol";
import {RoundsSale} from "./RoundsSale.sol";
import {Sale} from "./Sale.sol";

/// RoundsWithdrawal.tree, leaf by leaf. Rights of 14 days, so that those of the early round reach into the public one.
contract RoundsWithdrawalTest is RoundsSale, Rights {
    event Contributed(address indexed investor, uint256 cap, uint256 amount, uint256 accepted, uint256 tokens);

    function setUp() public override(RoundsSale, Sale) {
        super.setUp();
        t.withdrawalSpan = 14 days;
    }

    function announce() internal override(RoundsSale, Sale) {
        super.announce();
    }

    function artifact() internal pure override returns (string memory) {
        return "WithdrawableRoundsEscrowFactory";
    }

    function refused(address investor, uint256 amount, bytes4 code, uint256 room) private {
        vm.prank(investor);
        vm.expectRevert(abi.encodeWithSelector(code, room));
        escrow.contribute{value: amount}();
    }

    /// With a permit for so much.
    function admitted(address investor, uint256 amount, uint256 max) private {
        IEscrow.Admission memory shown = admission(investor, max);
        vm.prank(investor);
        escrow.contributeAdmitted{value: amount}(shown);
    }

    function test_the_latest_of_whichever_rounds() public {
        announce();
        enter(ALICE, 3 ether);
        vm.warp(OPENS + 9 days);
        again(ALICE, 2 ether);
        vm.warp(PUBLIC_OPENS);
        again(ALICE, 1 ether);
        vm.warp(OPENS + 14 days);
        withdraw(ALICE, 3 ether);
        keeps(ALICE);
        equal("the first stays", escrow.account(ALICE).accepted, 3 ether);
        equal("its tokens", escrow.account(ALICE).tokens, 3_600 ether);
        equal("raised", escrow.totals().raised, 3 ether);
        equal("counted", escrow.totals().counted, 3_600 ether);
    }

    function test_one_date_for_all() public {
        toOneDate(CLOSES + 5 days);
        announce();
        enter(ALICE, 3 ether);
        enter(BOB, 3 ether);
        vm.warp(PUBLIC_OPENS);
        again(ALICE, 4 ether);
        vm.warp(CLOSES + 5 days - 1);
        withdraw(ALICE, 7 ether);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.StillOpen.selector, CLOSES + 5 days));
        escrow.settle();
        vm.warp(CLOSES + 5 days);
        keeps(BOB);
        escrow.settle();
        equal("raised", escrow.totals().raised, 3 ether);
    }

    function test_between_rounds_and_after_the_last_one() public {
        announce();
        enter(ALICE, 3 ether);
        vm.warp(EARLY_ENDS);
        withdraw(ALICE, 3 ether);
        vm.warp(CLOSES - 1);
        again(BOB, 2 ether);
        vm.warp(CLOSES + 14 days - 2);
        withdraw(BOB, 2 ether);
        equal("all out", address(escrow).balance, 0);
    }

    function test_who_took_back_everything_may_come_again() public {
        rounds[1].verifier = t.verifier;
        announce();
        enter(ALICE, 30 ether);
        withdraw(ALICE, 30 ether);
        again(ALICE, 40 ether);
        withdraw(ALICE, 40 ether);
        vm.warp(PUBLIC_OPENS);
        refused(ALICE, 1 ether, IEscrow.NotAdmitted.selector);
        enter(ALICE, 50 ether);
        equal("in again", escrow.account(ALICE).accepted, 50 ether);
    }

    function refused(address investor, uint256 amount, bytes4 code) private {
        vm.prank(investor);
        vm.expectRevert(code);
        escrow.contribute{value: amount}();
    }

    function test_of_the_open_round_it_makes_room_in_it() public {
        rounds[1].hardCap = 5 ether;
        announce();
        enter(ALICE, 3 ether);
        vm.warp(PUBLIC_OPENS);
        again(BOB, 5 ether);
        refused(CAROL, 1 ether, IEscrow.HardCapReached.selector, 0);
        withdraw(BOB, 5 ether);
        again(CAROL, 9 ether);
        equal("as much as he had", escrow.account(CAROL).accepted, 5 ether);
    }

    /// 40 of 50 coins came early. What goes back of them is free in the sale, up to what the public round takes.
    function test_of_an_earlier_round_it_makes_room_in_the_sale_alone() public {
        t.hardCap = 50 ether;
        (rounds[0].hardCap, rounds[1].hardCap) = (40 ether, 30 ether);
        announce();
        enter(ALICE, 25 ether);
        enter(BOB, 15 ether);
        vm.warp(PUBLIC_OPENS);
        again(CAROL, 30 ether);
        equal("the rest of the sale", escrow.account(CAROL).accepted, 10 ether);
        withdraw(BOB, 15 ether);
        again(CAROL, 30 ether);
        equal("what he had", escrow.account(CAROL).accepted, 25 ether);
        withdraw(ALICE, 25 ether);
        again(CAROL, 30 ether);
        equal("no more than the round has", escrow.account(CAROL).accepted, 30 ether);
        refused(BOB, 1 ether, IEscrow.HardCapReached.selector, 0);
    }

    /// The money of one investor in both rounds goes back: one part is free in the round, the other one is not.
    function test_of_both_rounds_each_part_is_free_where_it_was() public {
        rounds[1].hardCap = 10 ether;
        announce();
        enter(ALICE, 20 ether);
        vm.warp(PUBLIC_OPENS);
        again(ALICE, 6 ether);
        again(BOB, 4 ether);
        withdraw(ALICE, 26 ether);
        again(CAROL, 30 ether);
        equal("six", escrow.account(CAROL).accepted, 6 ether);
        equal("all there is", escrow.totals().raised, 10 ether);
    }

    function test_bounds_of_an_investor_count_what_is_left() public {
        (t.investorMax, rounds[0].investorMax, rounds[1].investorMax) = (12 ether, 8 ether, 6 ether);
        (rounds[0].overLimit, rounds[1].overLimit) = (IEscrow.Misfit.Refuse, IEscrow.Misfit.Refuse);
        announce();
        enter(ALICE, 8 ether);
        vm.warp(PUBLIC_OPENS);
        refused(ALICE, 5 ether, IEscrow.InvestorLimit.selector, 4 ether);
        again(ALICE, 4 ether);
        withdraw(ALICE, 12 ether);
        refused(ALICE, 7 ether, IEscrow.InvestorLimit.selector, 6 ether);
        again(ALICE, 6 ether);
        refused(ALICE, 1 ether, IEscrow.InvestorLimit.selector, 0);
    }

    /// Of 8 early and 3 later, 8 go back, and then what the right of the rest covers: a permit for 5 allows 5 in its round throughout.
    function test_a_permit_allows_the_same_in_its_round() public {
        rounds[1].verifier = t.verifier;
        toOneDate(CLOSES);
        announce();
        enter(ALICE, 8 ether);
        vm.warp(PUBLIC_OPENS);
        admitted(ALICE, 3 ether, 5 ether);
        withdraw(ALICE, 11 ether);
        vm.expectEmit(address(escrow));
        emit Contributed(ALICE, 5 ether, 5 ether, 5 ether, 5_000 ether);
        again(ALICE, 5 ether);
        refused(ALICE, 1 ether, IEscrow.AdmissionLimit.selector, 0);
    }

    /// The sum of what she had and what she may have passes the counter. It is not lost that a permit bounds it.
    function test_a_permit_for_more_than_counters_hold() public {
        uint256 half = 1 << 79;
        rounds[1].verifier = t.verifier;
        (t.hardCap, t.forSale) = (type(uint88).max, type(uint96).max);
        for (uint256 i = 0; i < 2; ++i) {
            (rounds[i].hardCap, rounds[i].forSale) = (t.hardCap, t.forSale);
            (rounds[i].priceNumerator, rounds[i].priceDenominator) = (1, 1);
        }
        toOneDate(CLOSES);
        announce();
        vm.deal(ALICE, 1 << 90);
        admitted(ALICE, half, half);
        vm.warp(PUBLIC_OPENS);
        admitted(ALICE, 1, half);
        withdraw(ALICE, half + 1);
        // No more than was signed; two units less, which the permit gives back when it is shown again.
        again(ALICE, half);
        equal("what is sure", escrow.account(ALICE).accepted, half - 2);
        admitted(ALICE, half, half);
        equal("what was signed", escrow.account(ALICE).accepted, half);
        refused(ALICE, 1, IEscrow.AdmissionLimit.selector, 0);
        // Without permits nothing was bounded, and nothing is.
        rounds[1].verifier = address(0);
        announce();
        admitted(BOB, 1 ether, half);
        vm.warp(PUBLIC_OPENS);
        again(BOB, 1 ether);
        withdraw(BOB, 2 ether);
        vm.expectEmit(address(escrow));
        emit Contributed(BOB, type(uint80).max, 1 ether, 1 ether, 1 ether);
        again(BOB, 1 ether);
    }

    /// Bob comes and goes in both rounds. Rooms, totals and what others get are as if he had never been there.
    function test_as_if_it_had_never_come(uint256 seed) public {
        (rounds[0].hardCap, rounds[1].hardCap, t.softCap) = (3_000, 200, 0);
        rounds[0].verifier = address(0);
        (rounds[0].priceNumerator, rounds[0].priceDenominator) = (7, 3);
        (t.withdrawalSpan, t.withdrawalUntil) = seed % 2 == 0 ? (uint256(20 days), uint256(0)) : (0, CLOSES + 1);
        announce();
        IEscrow without = escrow;
        announce();
        for (uint256 i = 0; i < 8; ++i) {
            if (i == 4) vm.warp(PUBLIC_OPENS);
            uint256 amount = 1 + uint8(seed >> (8 * i)) % 20;
            address who = [ALICE, CAROL][i % 2];
            again(who, amount);
            vm.prank(who);
            without.contribute{value: amount}();
            if (uint8(seed >> (220 + i)) % 3 != 0) again(BOB, 1 + uint8(seed >> (128 + 8 * i)) % 9);
            if (uint8(seed >> (200 + i)) % 3 == 0) takeBack(BOB);
            // Alice, too, may take back what she has, on both sides.
            if (uint8(seed >> (210 + i)) % 7 != 0 || escrow.account(ALICE).accepted == 0) continue;
            takeBack(ALICE);
            vm.prank(ALICE);
            IWithdrawal(address(without)).withdraw();
        }
        takeBack(BOB);
        same("totals", abi.encode(escrow.totals()), abi.encode(without.totals()));
        again(CAROL, 300);
        vm.prank(CAROL);
        without.contribute{value: 300}();
        same("what fits", abi.encode(escrow.account(CAROL)), abi.encode(without.account(CAROL)));
        same("in all", abi.encode(escrow.totals()), abi.encode(without.totals()));
    }

    function takeBack(address investor) private {
        uint256 left = escrow.account(investor).accepted;
        if (left != 0) withdraw(investor, left);
    }

    function same(string memory what, bytes memory a, bytes memory b) private pure {
        equal(what, uint256(keccak256(a)), uint256(keccak256(b)));
    }

    function test_it_counts_neither_for_the_soft_cap_nor_for_the_claim() public {
        t.softCap = 6 ether;
        announce();
        enter(ALICE, 2 ether);
        vm.warp(PUBLIC_OPENS);
        again(ALICE, 3 ether);
        again(BOB, 3 ether);
        withdraw(BOB, 3 ether);
        vm.warp(PUBLIC_OPENS + 14 days);
        again(CAROL, 1 ether);
        vm.warp(PUBLIC_OPENS + 28 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.StillOpen.selector, PUBLIC_OPENS + 28 days));
        escrow.settle();
        vm.warp(PUBLIC_OPENS + 28 days);
        escrow.settle();
        vm.prank(ALICE);
        escrow.claim();
        equal("of both rounds", token.balanceOf(ALICE), 2_400 ether + 3_000 ether);
        escrow.draw();
        equal("drawn", BENEFICIARY.balance, 6 ether);
    }

    /// Her early money may go back by law only. When she took it back herself, what is left is of the round that is open.
    function test_discretion_ends_with_the_money_of_a_round_that_is_over() public {
        toOneDate(CLOSES);
        announce();
        enter(ALICE, 2 ether);
        vm.warp(PUBLIC_OPENS);
        again(ALICE, 3 ether);
        vm.prank(ISSUER);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.ReasonTooLate.selector, IEscrow.Reason.Discretion));
        escrow.returnMoney(ALICE, IEscrow.Reason.Discretion);
        withdraw(ALICE, 5 ether);
        again(ALICE, 4 ether);
        vm.prank(ISSUER);
        escrow.returnMoney(ALICE, IEscrow.Reason.Discretion);
        vm.prank(ALICE);
        escrow.refund();
        equal("all of it", ALICE.balance, 1_000 ether);
        equal("nothing is left", escrow.totals().raised, 0);
    }

    function test_the_factories_refuse_what_is_not_theirs() public {
        announce();
        equal("span", escrow.terms().withdrawalSpan, 14 days);
        equal("price", IRounds(address(escrow)).round(0).priceNumerator, 1_200);
        RoundsEscrowFactory maker = RoundsEscrowFactory(made(artifact(), ""));
        refuses(maker, 0, 0);
        refuses(maker, 14 days, CLOSES);
        refuses(maker, DEADLINE - CLOSES + 1, 0);
        refuses(maker, 0, DEADLINE);
        RoundsEscrowFactory plain = RoundsEscrowFactory(made("RoundsEscrowFactory", ""));
        refuses(plain, 14 days, 0);
        refuses(plain, 0, CLOSES);
    }

    function refuses(RoundsEscrowFactory which, uint256 span, uint256 until) private {
        (t.withdrawalSpan, t.withdrawalUntil) = (span, until);
        vm.prank(ISSUER);
        vm.expectRevert(
            abi.encodeWithSelector(EscrowFactory.InvalidTerms.selector, EscrowFactory.Problem.Withdrawal)
        );
        which.announceRounds(t, rounds, plan());
    }
}
