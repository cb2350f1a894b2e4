// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AfterSale} from "../src/AfterSale.sol";
import {AfterSaleFactory} from "../src/AfterSaleFactory.sol";
import {EscrowFactory} from "../src/EscrowFactory.sol";
import {IEscrow} from "../src/IEscrow.sol";
import {IMilestones} from "../src/IMilestones.sol";
import {IRounds} from "../src/IRounds.sol";
import {RoundsOfferingFactory} from "../src/RoundsOfferingFactory.sol";
import {AfterSales} from "./AfterSales.sol";
import {RoundsSale} from "./RoundsSale.sol";
import {Sale} from "./Sale.sol";

/// RoundsAfterSale.tree, leaf by leaf: 30 coins early and 50 later, of 80 the milestones.
contract RoundsAfterSaleTest is RoundsSale, AfterSales {
    RoundsOfferingFactory private maker;

    function setUp() public override(RoundsSale, AfterSales) {
        super.setUp();
        bytes memory parts = abi.encode(offerings.MILESTONES(), offerings.VESTING());
        maker = RoundsOfferingFactory(made("RoundsOfferingFactory", parts));
    }

    /// From memory, because the compiler runs out of places with so much storage.
    function announcing() private returns (bool done, bytes memory answer) {
        (IEscrow.Terms memory sale, IRounds.Round[] memory all) = (t, rounds);
        (IMilestones.Plan memory money, AfterSaleFactory.VestingPlan[] memory shares) = (release, vestings);
        bytes memory call = abi.encodeCall(maker.announceRoundsWithAfterSale, (sale, all, plan(), money, shares));
        vm.prank(ISSUER);
        return address(maker).call(call);
    }

    function announce() internal override(RoundsSale, Sale) {
        (bool done, bytes memory answer) = announcing();
        holds("announced", done);
        (address escrowAt, address tokenAt, address money, address[] memory shares) =
            abi.decode(answer, (address, address, address, address[]));
        opened(escrowAt, tokenAt, money, shares);
    }

    /// Alice has 20 coins early and 10 later, Bob 10 early, Carol 40 later.
    function both() private {
        announce();
        enter(ALICE, 20 ether);
        enter(BOB, 10 ether);
        vm.warp(PUBLIC_OPENS);
        again(ALICE, 10 ether);
        again(CAROL, 40 ether);
    }

    function settled() private {
        close();
        AfterSale[] memory all = new AfterSale[](2);
        (all[0], all[1]) = (AfterSale(address(milestones)), vesting);
        maker.settle(escrow, all);
        claimed(ALICE);
        claimed(BOB);
        claimed(CAROL);
    }

    function stopped() private {
        announced();
        objectedBy(CAROL);
        holds("open", milestones.refundsOpen());
    }

    function refused(bytes memory refusal) private {
        (bool done, bytes memory answer) = announcing();
        holds("refused", !done && keccak256(answer) == keccak256(refusal));
    }

    function flawed(AfterSaleFactory.Flaw flaw) private {
        refused(abi.encodeWithSelector(AfterSaleFactory.InvalidPlan.selector, flaw));
    }

    function test_what_is_made_belongs_together() public {
        announce();
        holds("known", maker.termsHashOf(address(escrow)) == t.termsHash);
        holds("beneficiary", escrow.terms().beneficiary == address(milestones));
        holds("milestones of it", AfterSale(address(milestones)).escrow() == escrow);
        holds("vesting of it", vesting.escrow() == escrow);
        equal("share", token.balanceOf(address(vesting)), 50_000 ether);
        IRounds there = IRounds(address(escrow));
        equal("rounds", there.roundCount(), 2);
        equal("early price", there.round(0).priceNumerator, 1_200);
        equal("public price", there.round(1).priceNumerator, 1_000);
    }

    function test_without_milestones_and_vesting_it_is_announceRounds() public {
        delete release.milestones;
        delete vestings;
        announce();
        holds("no milestones", address(milestones) == address(0));
        holds("beneficiary", escrow.terms().beneficiary == BENEFICIARY);
        enter(ALICE, 20 ether);
        close();
        escrow.settle();
        claimed(ALICE);
        equal("empty", standingOf(ALICE), 0);
    }

    function test_the_rules_of_both_hold() public {
        release.milestones[2].part = 3_999;
        flawed(AfterSaleFactory.Flaw.Parts);
        release.milestones[2].part = 4_000;
        vestings[0].share = 1;
        flawed(AfterSaleFactory.Flaw.Share);
        vestings[0].share = 0;
        rounds[1].opens = EARLY_ENDS - 1;
        refused(abi.encodeWithSelector(EscrowFactory.InvalidTerms.selector, EscrowFactory.Problem.Rounds));
        rounds[1].opens = PUBLIC_OPENS;
        vm.prank(ISSUER);
        vm.expectRevert(abi.encodeWithSelector(EscrowFactory.InvalidTerms.selector, EscrowFactory.Problem.Rounds));
        maker.announce(t, steps, plan());
    }

    function test_everything_counts_from_the_settlement_of_all_rounds() public {
        both();
        vm.warp(EARLY_ENDS);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.StillOpen.selector, CLOSES));
        begin();
        settled();
        equal("held", address(milestones).balance, 80 ether);
        equal("total", milestones.progress().total, 80 ether);
        equal("milestones", AfterSale(address(milestones)).begunAt(), CLOSES);
        equal("vesting", vesting.begunAt(), CLOSES);
        vm.warp(CLOSES + 1_461 days);
        vesting.release();
        equal("all of the share", token.balanceOf(TEAM), 50_000 ether);
    }

    function test_milestones_release_the_money_of_all_rounds() public {
        both();
        settled();
        for (uint256 i = 0; i < 3; ++i) {
            vm.warp(CLOSES + i * 90 days);
            announced();
            vm.warp(CLOSES + i * 90 days + 14 days);
            milestones.release();
        }
        equal("all", BENEFICIARY.balance, 80 ether);
    }

    function test_objections_weigh_what_came_in_over_all_rounds() public {
        // 30 of 80 coins: 20 of the early round alone would be too little.
        release.stopShare = 3_750;
        both();
        settled();
        (uint256 accepted, uint256 tokens) = milestones.stakeOf(ALICE);
        equal("money of both", accepted, 30 ether);
        equal("tokens of both", tokens, 34_000 ether);
        announced();
        objectedBy(ALICE);
        holds("stopped", milestones.refundsOpen());
    }

    function test_what_is_left_goes_back_for_the_tokens_of_all_rounds() public {
        both();
        settled();
        announced();
        vm.warp(CLOSES + 14 days);
        milestones.release();
        vm.warp(CLOSES + 90 days);
        stopped();
        // 56 coins are left; to Alice 30 of 80 of them, whatever her tokens cost.
        equal("half", giveBack(ALICE, 17_000 ether), 10.5 ether);
        equal("rest", giveBack(ALICE, 17_000 ether), 10.5 ether);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IMilestones.TooManyTokens.selector, 0));
        milestones.refund(1);
        equal("early only", giveBack(BOB, 12_000 ether), 7 ether);
        equal("later only", giveBack(CAROL, 40_000 ether), 28 ether);
        equal("nothing stays", address(milestones).balance, 0);
        equal("burned", token.totalSupply(), 50_000 ether);
    }

    /// Whatever came in when, and however it is given back: all of it, and no more than is there.
    function test_in_pieces_it_comes_to_the_same(uint64 early, uint64 later, uint64 others, uint128 first) public {
        t.softCap = 0;
        (uint256 a, uint256 b, uint256 c) =
            (uint256(early) % 20 ether + 1, uint256(later) % 20 ether + 1, uint256(others) % 20 ether + 1);
        announce();
        enter(ALICE, a);
        enter(BOB, c);
        vm.warp(PUBLIC_OPENS);
        again(ALICE, b);
        again(CAROL, c);
        settled();
        vm.warp(CLOSES + 365 days);
        uint256 tokens = token.balanceOf(ALICE);
        equal("bought", tokens, 1_200 * a + 1_000 * b);
        uint256 got = tried(ALICE, uint256(first) % tokens);
        got += giveBack(ALICE, token.balanceOf(ALICE));
        equal("all of her money", got, a + b);
        giveBack(BOB, token.balanceOf(BOB));
        giveBack(CAROL, token.balanceOf(CAROL));
        equal("to the last unit", address(milestones).balance, 0);
    }

    /// A piece that is worth nothing is refused, and stays.
    function tried(address investor, uint256 tokens) private returns (uint256) {
        uint256 before = investor.balance;
        vm.prank(investor);
        token.approve(address(milestones), tokens);
        vm.prank(investor);
        try milestones.refund(tokens) {} catch {}
        return investor.balance - before;
    }

    function test_what_was_returned_of_an_earlier_round_weighs_nothing() public {
        both();
        vm.prank(ISSUER);
        escrow.returnMoney(BOB, IEscrow.Reason.Sanctions);
        close();
        begin();
        (uint256 accepted,) = milestones.stakeOf(BOB);
        equal("no weight", accepted, 0);
        equal("total", milestones.progress().total, 70 ether);
        vm.prank(BOB);
        escrow.refund();
        equal("his money", BOB.balance, 1_000 ether);
    }

    function test_a_sale_that_failed_gives_everything_back() public {
        t.softCap = 81 ether;
        both();
        close();
        vm.expectRevert(abi.encodeWithSelector(IEscrow.SoftCapMissed.selector, 80 ether, 81 ether));
        begin();
        vm.prank(ALICE);
        escrow.refund();
        equal("of both rounds", ALICE.balance, 1_000 ether);
        vm.expectRevert(AfterSale.NotBegun.selector);
        vesting.release();
    }

    function test_an_account_stays_after_its_claim_only_where_milestones_follow() public {
        both();
        settled();
        equal("stays", standingOf(ALICE), uint256(IEscrow.Standing.Claimed));
        delete release.milestones;
        both();
        close();
        vesting.begin();
        claimed(ALICE);
        equal("empty", standingOf(ALICE), 0);
    }
}
