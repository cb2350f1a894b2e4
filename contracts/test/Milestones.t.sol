// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {AfterSale} from "../src/AfterSale.sol";
import {IEscrow} from "../src/IEscrow.sol";
import {IMilestones} from "../src/IMilestones.sol";
import {AfterSales} from "./AfterSales.sol";

/// Milestones.tree, leaf by leaf: how the money of a sale is released, and how it goes back.
contract MilestonesTest is AfterSales {
    function refuses(bytes4 code) private {
        vm.expectRevert(code);
    }

    function refuses(bytes4 code, uint256 number) private {
        vm.expectRevert(abi.encodeWithSelector(code, number));
    }

    function test_begin_settles_and_draws() public {
        announceAll();
        enter(ALICE, 10 ether);
        close();
        begin();
        equal("drawn", uint256(escrow.totals().phase), uint256(IEscrow.Phase.Drawn));
        equal("held", address(milestones).balance, 10 ether);
        equal("total", milestones.progress().total, 10 ether);
        equal("from now", AfterSale(address(milestones)).begunAt(), CLOSES);
        refuses(AfterSale.AlreadyBegun.selector);
        begin();
    }

    function test_begin_after_somebody_drew_counts_from_then() public {
        announceAll();
        enter(ALICE, 10 ether);
        close();
        escrow.settle();
        escrow.draw();
        vm.warp(CLOSES + 5 days);
        begin();
        equal("total", milestones.progress().total, 10 ether);
        equal("from then", AfterSale(address(milestones)).begunAt(), CLOSES + 5 days);
    }

    /// Objections are weighed by who has tokens, so these accounts stay. Nobody else needs them.
    function test_an_account_stays_after_its_claim_only_where_milestones_follow() public {
        sold();
        equal("stays", standingOf(ALICE), uint256(IEscrow.Standing.Claimed));
        equal("accepted", escrow.account(ALICE).accepted, 50 ether);
        vm.prank(ALICE);
        refuses(IEscrow.NothingDue.selector);
        escrow.claim();
        escrow.distribute(list(ALICE, ALICE));
        equal("once", token.balanceOf(ALICE), 50_000 ether);
        delete release.milestones;
        announceAll();
        enter(ALICE, 50 ether);
        close();
        escrow.settle();
        claimed(ALICE);
        equal("empty", standingOf(ALICE), 0);
        equal("with nothing", escrow.account(ALICE).accepted, 0);
    }

    function test_begin_of_a_sale_that_failed() public {
        t.softCap = 11 ether;
        announceAll();
        enter(ALICE, 10 ether);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.StillOpen.selector, CLOSES));
        begin();
        close();
        vm.expectRevert(abi.encodeWithSelector(IEscrow.SoftCapMissed.selector, 10 ether, 11 ether));
        begin();
        vm.warp(DEADLINE + 1_000 days);
        holds("nothing to give back here", !milestones.refundsOpen());
        refuses(IMilestones.RefundsNotOpen.selector);
        milestones.refund(1);
        vm.prank(ALICE);
        escrow.refund();
        equal("all back", ALICE.balance, 1_000 ether);
    }

    function test_nothing_happens_before_it_began() public {
        announceAll();
        vm.prank(ISSUER);
        refuses(AfterSale.NotBegun.selector);
        milestones.announce();
        refuses(AfterSale.NotBegun.selector);
        milestones.object();
        refuses(AfterSale.NotBegun.selector);
        milestones.release();
    }

    function test_announce() public {
        sold();
        refuses(IMilestones.NotIssuer.selector);
        milestones.announce();
        announced();
        vm.prank(ISSUER);
        refuses(IMilestones.AlreadyAnnounced.selector, CLOSES + 14 days);
        milestones.announce();
        vm.warp(CLOSES + 14 days);
        milestones.release();
        vm.prank(ISSUER);
        refuses(IMilestones.TooEarly.selector, CLOSES + 90 days);
        milestones.announce();
        vm.warp(CLOSES + 365 days - 14 days);
        vm.prank(ISSUER);
        refuses(IMilestones.TooLate.selector, CLOSES + 365 days);
        milestones.announce();
        vm.warp(CLOSES + 365 days - 14 days - 1);
        announced();
    }

    /// 30, 30 and 40 of 100, and nothing is left to announce, to stop or to give back.
    function test_release_to_the_end() public {
        sold();
        uint256[3] memory times = [uint256(0), 90 days, 180 days];
        uint256[3] memory paid = [uint256(30 ether), 60 ether, 100 ether];
        for (uint256 i = 0; i < 3; ++i) {
            refuses(IMilestones.NotAnnounced.selector);
            milestones.release();
            vm.warp(CLOSES + times[i]);
            announced();
            refuses(IMilestones.ObjectionsOpen.selector, CLOSES + times[i] + 14 days);
            milestones.release();
            vm.warp(CLOSES + times[i] + 14 days);
            milestones.release();
            equal("paid", BENEFICIARY.balance, paid[i]);
        }
        refuses(IMilestones.AllReleased.selector);
        milestones.release();
        vm.prank(ISSUER);
        refuses(IMilestones.AllReleased.selector);
        milestones.announce();
        vm.warp(CLOSES + 1_000 days);
        holds("no refunds", !milestones.refundsOpen());
        refuses(IMilestones.RefundsNotOpen.selector);
        milestones.refund(1);
    }

    function test_parts_are_rounded_down_and_the_last_pays_everything() public {
        (t.softCap, t.hardCap) = (1, 100);
        (release.milestones[0].part, release.milestones[1].part, release.milestones[2].part) = (3_333, 3_333, 3_334);
        announceAll();
        enter(ALICE, 7);
        close();
        begin();
        uint256[3] memory times = [uint256(0), 90 days, 180 days];
        uint256[3] memory paid = [uint256(2), 4, 7];
        for (uint256 i = 0; i < 3; ++i) {
            vm.warp(CLOSES + times[i]);
            announced();
            vm.warp(CLOSES + times[i] + 14 days);
            milestones.release();
            equal("paid", BENEFICIARY.balance, paid[i]);
        }
    }

    function test_a_beneficiary_that_refuses_is_paid_later() public {
        sold();
        announced();
        vm.warp(CLOSES + 14 days);
        vm.etch(BENEFICIARY, hex"fe");
        refuses(IMilestones.PaymentFailed.selector);
        milestones.release();
        equal("still the first", milestones.progress().next, 0);
        vm.etch(BENEFICIARY, "");
        milestones.release();
        equal("paid", BENEFICIARY.balance, 30 ether);
    }

    function test_who_may_object() public {
        announceAll();
        enter(ALICE, 20 ether);
        enter(BOB, 30 ether);
        enter(CAROL, 20 ether);
        vm.prank(ISSUER);
        escrow.returnMoney(CAROL, IEscrow.Reason.Discretion);
        close();
        begin();
        vm.prank(ALICE);
        refuses(IMilestones.NotAnnounced.selector);
        milestones.object();
        announced();
        address[3] memory people = [ALICE, CAROL, ISSUER];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(people[i]);
            refuses(IMilestones.NotAContributor.selector);
            milestones.object();
        }
        vm.prank(CAROL);
        escrow.refund();
        vm.prank(CAROL);
        refuses(IMilestones.NotAContributor.selector);
        milestones.object();
        escrow.distribute(list(ALICE, CAROL));
        vm.warp(CLOSES + 14 days);
        vm.prank(ALICE);
        refuses(IMilestones.ObjectionsOver.selector, CLOSES + 14 days);
        milestones.object();
        vm.warp(CLOSES + 14 days - 1);
        objectedBy(ALICE);
        holds("20 of 50 are above a fifth", milestones.refundsOpen());
    }

    function test_money_that_came_to_no_token_has_no_say() public {
        (t.priceNumerator, t.priceDenominator) = (1, 10);
        (t.softCap, t.hardCap, t.forSale) = (10, 1_000, 100);
        announceAll();
        enter(ALICE, 9);
        enter(BOB, 90);
        close();
        begin();
        equal("what counts", milestones.progress().total, 90);
        announced();
        vm.prank(ALICE);
        refuses(IMilestones.NotAContributor.selector);
        milestones.object();
    }

    /// A fifth of 100 less one unit does not stop; with it, everything stops for ever.
    function test_the_share_of_the_terms_stops() public {
        announceAll();
        enter(ALICE, 50 ether);
        enter(BOB, 30 ether + 1);
        enter(CAROL, 20 ether - 1);
        close();
        begin();
        claimed(ALICE);
        claimed(BOB);
        claimed(CAROL);
        announced();
        objectedBy(CAROL);
        vm.prank(CAROL);
        refuses(IMilestones.AlreadyObjected.selector);
        milestones.object();
        holds("not stopped", !milestones.refundsOpen());
        vm.warp(CLOSES + 14 days);
        milestones.release();
        vm.warp(CLOSES + 90 days);
        announced();
        equal("counted anew", milestones.progress().objections, 0);
        objectedBy(CAROL);
        objectedBy(BOB);
        holds("stopped", milestones.refundsOpen());
        vm.prank(ALICE);
        refuses(IMilestones.RefundsOpen.selector);
        milestones.object();
        vm.warp(CLOSES + 200 days);
        refuses(IMilestones.RefundsOpen.selector);
        milestones.release();
        vm.prank(ISSUER);
        refuses(IMilestones.RefundsOpen.selector);
        milestones.announce();
    }

    function test_exactly_the_share_stops() public {
        sold();
        announced();
        objectedBy(CAROL);
        holds("20 of 100 are a fifth", milestones.refundsOpen());
    }

    /// 30 of 100 are out; of the 70 Alice has half, Bob 30 %, Carol a fifth; each for their tokens.
    function test_what_is_left_goes_back_for_tokens() public {
        stoppedAfterTheFirst();
        equal("left", milestones.left(), 70 ether);
        equal("alice, half of hers", giveBack(ALICE, 25_000 ether), 17.5 ether);
        equal("alice, the rest", giveBack(ALICE, 25_000 ether), 17.5 ether);
        equal("bob", giveBack(BOB, 30_000 ether), 21 ether);
        equal("carol", giveBack(CAROL, 20_000 ether), 14 ether);
        equal("nothing left", address(milestones).balance, 0);
        equal("burned", token.totalSupply(), 50_000 ether);
        vm.prank(ALICE);
        refuses(IMilestones.TooManyTokens.selector, 0);
        milestones.refund(1);
        equal("the issuer keeps what was released", BENEFICIARY.balance, 30 ether);
    }

    function stoppedAfterTheFirst() private {
        sold();
        announced();
        vm.warp(CLOSES + 14 days);
        milestones.release();
        vm.warp(CLOSES + 90 days);
        announced();
        objectedBy(CAROL);
    }

    function test_refunds_need_the_tokens_of_ones_own_claim() public {
        stoppedAfterTheFirst();
        vm.prank(ALICE);
        token.transfer(address(0xDEA1E5), 50_000 ether);
        vm.prank(ALICE);
        token.approve(address(milestones), 50_000 ether);
        vm.prank(ALICE);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, ALICE, 0, 10_000 ether)
        );
        milestones.refund(10_000 ether);
        vm.prank(address(0xDEA1E5));
        refuses(IMilestones.NotAContributor.selector);
        milestones.refund(10_000 ether);
        // Bob has more than he claimed now; what is Alice's is no use to him.
        vm.prank(address(0xDEA1E5));
        token.transfer(BOB, 50_000 ether);
        vm.prank(BOB);
        refuses(IMilestones.TooManyTokens.selector, 30_000 ether);
        milestones.refund(30_000 ether + 1);
        equal("bob", giveBack(BOB, 30_000 ether), 21 ether);
        vm.prank(BOB);
        token.transfer(ALICE, 50_000 ether);
        equal("alice, once they are back", giveBack(ALICE, 50_000 ether), 35 ether);
    }

    function test_who_claims_late_gets_the_same() public {
        announceAll();
        enter(ALICE, 50 ether);
        enter(BOB, 50 ether);
        close();
        begin();
        claimed(BOB);
        announced();
        objectedBy(BOB);
        vm.prank(ALICE);
        refuses(IMilestones.NotAContributor.selector);
        milestones.refund(1 ether);
        claimed(ALICE);
        equal("alice", giveBack(ALICE, 50_000 ether), 50 ether);
        equal("bob", giveBack(BOB, 50_000 ether), 50 ether);
    }

    /// 100 were asked for and 50 fit: Alice and Bob have 25 each, and 25,000 tokens. Of what the escrow holds back, a unit
    /// each, nothing is here.
    function test_a_sale_that_was_shared_out() public {
        (t.hardCap, t.overCap) = (50 ether, IEscrow.Misfit.Share);
        announceAll();
        enter(ALICE, 50 ether);
        enter(BOB, 50 ether);
        close();
        begin();
        claimed(ALICE);
        claimed(BOB);
        equal("left", milestones.left(), 50 ether - 2);
        announced();
        objectedBy(BOB);
        holds("half of the money stops", milestones.refundsOpen());
        equal("tokens", token.balanceOf(ALICE), 25_000 ether);
        equal("alice", giveBack(ALICE, 25_000 ether), 25 ether - 1);
        equal("bob", giveBack(BOB, 25_000 ether), 25 ether - 1);
    }

    function test_so_few_tokens_that_no_money_is_due() public {
        stoppedAfterTheFirst();
        vm.prank(ALICE);
        refuses(IMilestones.NothingDue.selector);
        milestones.refund(100);
        vm.prank(ALICE);
        refuses(IMilestones.NothingDue.selector);
        milestones.refund(0);
    }

    function test_an_idle_issuer_opens_refunds_at_the_deadline() public {
        sold();
        announced();
        vm.warp(CLOSES + 14 days);
        milestones.release();
        vm.warp(CLOSES + 365 days - 1);
        holds("not yet", !milestones.refundsOpen());
        vm.prank(ALICE);
        refuses(IMilestones.RefundsNotOpen.selector);
        milestones.refund(1 ether);
        vm.warp(CLOSES + 365 days);
        holds("open", milestones.refundsOpen());
        equal("carol", giveBack(CAROL, 20_000 ether), 14 ether);
    }

    function test_one_announced_but_not_released_by_the_deadline_goes_back_too() public {
        sold();
        vm.warp(CLOSES + 365 days - 14 days - 1);
        announced();
        vm.warp(CLOSES + 365 days);
        refuses(IMilestones.RefundsOpen.selector);
        milestones.release();
        equal("alice", giveBack(ALICE, 50_000 ether), 50 ether);
    }

    function test_a_receiver_that_refuses_keeps_tokens_and_claim() public {
        stoppedAfterTheFirst();
        vm.prank(BOB);
        token.approve(address(milestones), 30_000 ether);
        vm.etch(BOB, hex"fe");
        vm.prank(BOB);
        refuses(IMilestones.PaymentFailed.selector);
        milestones.refund(30_000 ether);
        vm.etch(BOB, "");
        equal("all there", token.balanceOf(BOB), 30_000 ether);
        equal("bob", giveBack(BOB, 30_000 ether), 21 ether);
    }

    function test_money_from_elsewhere() public {
        sold();
        vm.prank(ALICE);
        (bool taken,) = address(milestones).call{value: 1 ether}("");
        holds("refused", !taken);
        vm.deal(address(milestones), 150 ether);
        equal("counts for nothing", milestones.left(), 100 ether);
    }

    /// Any three contributions, any part released, tokens given back in any two pieces: never more than is left, nobody
    /// loses a whole unit, and the order changes nothing.
    function test_refunds_add_up(uint256 seed) public {
        (t.softCap, t.hardCap) = (1, 1_000);
        (t.priceNumerator, t.priceDenominator) = (1 + (seed >> 8) % 7, 1 + (seed >> 16) % 5);
        announceAll();
        address[3] memory people = [ALICE, BOB, CAROL];
        for (uint256 i = 0; i < 3; ++i) {
            enter(people[i], 5 + (seed >> (32 + 8 * i)) % 200);
        }
        close();
        begin();
        if (seed & 1 == 1) {
            announced();
            vm.warp(CLOSES + 14 days);
            milestones.release();
        }
        vm.warp(CLOSES + 365 days);
        uint256 left = milestones.left();
        uint256 raised = escrow.totals().raised;
        for (uint256 n = 0; n < 3; ++n) {
            address who = people[(n + (seed >> 4)) % 3];
            claimed(who);
            uint256 fair = left * escrow.account(who).accepted / raised;
            uint256 all = token.balanceOf(who);
            uint256 first = (seed >> (64 + 16 * n)) % all;
            uint256 got = tried(who, first);
            got += tried(who, token.balanceOf(who));
            equal("their part rounded down", got, fair);
        }
        holds("dust below a unit each", address(milestones).balance < 3);
    }

    /// What is too little to be paid is given back with the rest.
    function tried(address who, uint256 tokens) private returns (uint256) {
        uint256 before = who.balance;
        vm.prank(who);
        token.approve(address(milestones), tokens);
        vm.prank(who);
        (bool done,) = address(milestones).call(abi.encodeCall(IMilestones.refund, (tokens)));
        done;
        return who.balance - before;
    }
}
