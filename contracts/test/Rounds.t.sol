// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EscrowFactory} from "../src/EscrowFactory.sol";
import {IEscrow} from "../src/IEscrow.sol";
import {IRounds} from "../src/IRounds.sol";
import {RoundsEscrowFactory} from "../src/RoundsEscrowFactory.sol";
import {RoundsSale} from "./RoundsSale.sol";

/// Rounds.tree, leaf by leaf.
contract RoundsTest is RoundsSale {
    event Contributed(address indexed investor, uint256 cap, uint256 amount, uint256 accepted, uint256 tokens);

    function refused(address investor, uint256 amount, bytes memory refusal) private {
        vm.prank(investor);
        vm.expectRevert(refusal);
        escrow.contribute{value: amount}();
    }

    function room(bytes4 code, uint256 fits) private pure returns (bytes memory) {
        return abi.encodeWithSelector(code, fits);
    }

    function late(IEscrow.Reason reason) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IEscrow.ReasonTooLate.selector, reason);
    }

    /// The last round is for admitted people, too.
    function twoPermits() private {
        rounds[1].verifier = t.verifier;
        announce();
    }

    function giveBack(address investor, IEscrow.Reason reason) private {
        vm.prank(ISSUER);
        escrow.returnMoney(investor, reason);
    }

    function test_the_price_is_that_of_the_round() public {
        announce();
        enter(ALICE, 2 ether);
        vm.warp(PUBLIC_OPENS);
        again(ALICE, 3 ether);
        equal("accepted", escrow.account(ALICE).accepted, 5 ether);
        equal("tokens", escrow.account(ALICE).tokens, 2_400 ether + 3_000 ether);
        equal("raised", escrow.totals().raised, 5 ether);
        equal("counted", escrow.totals().counted, 5_400 ether);
        equal("slack", escrow.totals().slack, 0);
    }

    function test_nothing_comes_in_between_rounds() public {
        announce();
        vm.warp(OPENS - 1);
        refused(ALICE, 1 ether, abi.encodeWithSelector(IEscrow.NotOpenYet.selector, OPENS));
        vm.warp(EARLY_ENDS - 1);
        enter(ALICE, 1 ether);
        vm.warp(EARLY_ENDS);
        refused(ALICE, 1 ether, abi.encodeWithSelector(IEscrow.NotOpenYet.selector, PUBLIC_OPENS));
        vm.warp(PUBLIC_OPENS - 1);
        refused(ALICE, 1 ether, abi.encodeWithSelector(IEscrow.NotOpenYet.selector, PUBLIC_OPENS));
        vm.warp(CLOSES - 1);
        again(ALICE, 1 ether);
        vm.warp(CLOSES);
        refused(ALICE, 1 ether, abi.encodeWithSelector(IEscrow.Closed.selector, CLOSES));
    }

    function test_a_permit_is_for_one_round() public {
        twoPermits();
        IEscrow.Admission memory early = admission(ALICE, 50 ether);
        enter(ALICE, 1 ether);
        vm.warp(PUBLIC_OPENS);
        refused(ALICE, 1 ether, abi.encodePacked(IEscrow.NotAdmitted.selector));
        vm.prank(ALICE);
        vm.expectRevert(abi.encodePacked(IEscrow.WrongSignature.selector));
        escrow.contributeAdmitted{value: 1 ether}(early);
        enter(ALICE, 1 ether);
        equal("accepted", escrow.account(ALICE).accepted, 2 ether);
    }

    function test_what_a_permit_allows_counts_in_its_round() public {
        twoPermits();
        IEscrow.Admission memory shown = admission(ALICE, 3 ether);
        vm.expectEmit(address(escrow));
        emit Contributed(ALICE, 3 ether, 3 ether, 3 ether, 3_600 ether);
        vm.prank(ALICE);
        escrow.contributeAdmitted{value: 3 ether}(shown);
        refused(ALICE, 1 ether, room(IEscrow.AdmissionLimit.selector, 0));
        vm.warp(PUBLIC_OPENS);
        shown = admission(ALICE, 2 ether);
        vm.expectEmit(address(escrow));
        emit Contributed(ALICE, 2 ether, 4 ether, 2 ether, 2_000 ether);
        vm.prank(ALICE);
        escrow.contributeAdmitted{value: 4 ether}(shown);
        equal("accepted", escrow.account(ALICE).accepted, 5 ether);
        refused(ALICE, 1 ether, room(IEscrow.AdmissionLimit.selector, 0));
    }

    function test_early_birds_come_to_the_public_round_like_everybody() public {
        announce();
        refused(ALICE, 1 ether, abi.encodePacked(IEscrow.NotAdmitted.selector));
        IEscrow.Admission memory shown = admission(ALICE, 1 ether);
        vm.prank(ALICE);
        escrow.contributeAdmitted{value: 1 ether}(shown);
        vm.warp(PUBLIC_OPENS);
        equal("still of the early round", IRounds(address(escrow)).roundOf(ALICE), 0);
        vm.expectEmit(address(escrow));
        emit Contributed(ALICE, type(uint80).max - 1 ether, 7 ether, 7 ether, 7_000 ether);
        again(ALICE, 7 ether);
        again(BOB, 1 ether);
        equal("accepted", escrow.account(ALICE).accepted, 8 ether);
        equal("of the public one", IRounds(address(escrow)).roundOf(ALICE), 1);
    }

    function test_bounds_of_an_investor_count_in_their_round() public {
        (rounds[0].investorMax, rounds[1].investorMin, rounds[1].investorMax) = (4 ether, 2 ether, 5 ether);
        rounds[1].overLimit = IEscrow.Misfit.Refuse;
        t.investorMax = 8 ether;
        announce();
        enter(ALICE, 6 ether);
        equal("cut", escrow.account(ALICE).accepted, 4 ether);
        vm.warp(PUBLIC_OPENS);
        refused(ALICE, 1 ether, room(IEscrow.BelowInvestorMinimum.selector, 6 ether));
        refused(ALICE, 5 ether, room(IEscrow.InvestorLimit.selector, 4 ether));
        refused(BOB, 6 ether, room(IEscrow.InvestorLimit.selector, 5 ether));
        again(ALICE, 2 ether);
        again(ALICE, 1 ether);
        refused(ALICE, 2 ether, room(IEscrow.InvestorLimit.selector, 1 ether));
        again(BOB, 5 ether);
    }

    function test_caps_of_a_round_leave_room_for_the_next_one() public {
        rounds[1].forSale = 30_000 ether;
        announce();
        enter(ALICE, 30 ether);
        enter(BOB, 30 ether);
        equal("what was left of the round", escrow.account(BOB).accepted, 10 ether);
        refusedWithPermit(CAROL, 1 ether, room(IEscrow.HardCapReached.selector, 0));
        vm.warp(PUBLIC_OPENS);
        again(CAROL, 50 ether);
        equal("what the second one sells", escrow.account(CAROL).accepted, 30 ether);
        refused(ALICE, 1 ether, room(IEscrow.SoldOut.selector, 0));
    }

    function refusedWithPermit(address investor, uint256 amount, bytes memory refusal) private {
        IEscrow.Admission memory shown = admission(investor, 50 ether);
        vm.prank(investor);
        vm.expectRevert(refusal);
        escrow.contributeAdmitted{value: amount}(shown);
    }

    function test_caps_of_the_sale_count_over_all() public {
        (t.hardCap, t.forSale) = (50 ether, 54_000 ether);
        for (uint256 i = 0; i < 2; ++i) (rounds[i].hardCap, rounds[i].forSale) = (40 ether, 54_000 ether);
        announce();
        enter(ALICE, 40 ether);
        vm.warp(PUBLIC_OPENS);
        again(BOB, 20 ether);
        // 48,000 tokens of the early round leave 6,000.
        equal("tokens are gone first", escrow.account(BOB).accepted, 6 ether);
        refused(CAROL, 1 ether, room(IEscrow.SoldOut.selector, 0));
    }

    function test_each_contribution_is_rounded_by_itself() public {
        (rounds[0].priceNumerator, rounds[0].priceDenominator) = (1, 10);
        (t.softCap, rounds[0].verifier) = (0, address(0));
        announce();
        again(ALICE, 19);
        again(ALICE, 19);
        equal("one and one, not three", escrow.account(ALICE).tokens, 2);
        refused(ALICE, 9, abi.encodePacked(IEscrow.BuysNothing.selector));
        close();
        escrow.settle();
        vm.prank(ALICE);
        escrow.claim();
        equal("tokens", token.balanceOf(ALICE), 2);
    }

    function test_who_is_revoked_comes_to_no_later_round() public {
        announce();
        enter(ALICE, 1 ether);
        vm.prank(ISSUER);
        escrow.revoke(ALICE);
        vm.warp(PUBLIC_OPENS);
        bytes memory refusal = abi.encodeWithSelector(IEscrow.NotAllowed.selector, IEscrow.Standing.Revoked);
        refused(ALICE, 1 ether, refusal);
        vm.warp(CLOSES);
        escrow.settle();
        vm.prank(ALICE);
        escrow.claim();
        equal("what was bought stays", token.balanceOf(ALICE), 1_200 ether);
    }

    function test_money_of_a_round_that_is_over_goes_back_by_law_only() public {
        announce();
        enter(ALICE, 1 ether);
        enter(BOB, 1 ether);
        vm.warp(EARLY_ENDS - 1);
        giveBack(BOB, IEscrow.Reason.Discretion);
        vm.warp(EARLY_ENDS);
        vm.prank(ISSUER);
        vm.expectRevert(late(IEscrow.Reason.OverLimit));
        escrow.returnMoney(ALICE, IEscrow.Reason.OverLimit);
        vm.warp(PUBLIC_OPENS);
        again(CAROL, 1 ether);
        again(ALICE, 1 ether);
        vm.prank(ISSUER);
        vm.expectRevert(late(IEscrow.Reason.Discretion));
        escrow.returnMoney(ALICE, IEscrow.Reason.Discretion);
        giveBack(ALICE, IEscrow.Reason.Sanctions);
        giveBack(CAROL, IEscrow.Reason.Discretion);
        vm.prank(ALICE);
        escrow.refund();
        equal("of both rounds", ALICE.balance, 1_000 ether);
        equal("raised", escrow.totals().raised, 0);
    }

    function test_what_is_returned_makes_room_in_its_round() public {
        rounds[1].hardCap = 5 ether;
        announce();
        enter(ALICE, 3 ether);
        vm.warp(PUBLIC_OPENS);
        again(BOB, 5 ether);
        refused(CAROL, 1 ether, room(IEscrow.HardCapReached.selector, 0));
        giveBack(BOB, IEscrow.Reason.Discretion);
        again(CAROL, 9 ether);
        equal("as much as he had", escrow.account(CAROL).accepted, 5 ether);
    }

    /// Whoever is returned, and whenever: what the round took is what those in it have of it.
    function test_what_is_returned_of_an_earlier_round_makes_no_room(uint64 early, uint64 later, bool alsoNow, bool first)
        public
    {
        uint256 before = uint256(early) % 9 ether + 1;
        uint256 now_ = uint256(later) % 4 ether + 1;
        rounds[1].hardCap = 5 ether;
        announce();
        enter(ALICE, before);
        vm.warp(PUBLIC_OPENS);
        if (first) giveBack(ALICE, IEscrow.Reason.Sanctions);
        if (alsoNow && !first) again(ALICE, now_);
        again(BOB, 1);
        if (!first) giveBack(ALICE, IEscrow.Reason.Sanctions);
        again(CAROL, 9 ether);
        equal("the round has five", escrow.account(CAROL).accepted, 5 ether - 1);
        equal("all there is", escrow.totals().raised, 5 ether);
    }

    function test_one_soft_cap_for_all_rounds() public {
        t.softCap = 10 ether;
        announce();
        enter(ALICE, 4 ether);
        vm.warp(EARLY_ENDS);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.StillOpen.selector, CLOSES));
        escrow.settle();
        vm.warp(PUBLIC_OPENS);
        again(ALICE, 3 ether);
        again(BOB, 3 ether);
        close();
        escrow.settle();
        vm.prank(ALICE);
        escrow.claim();
        equal("tokens of both rounds", token.balanceOf(ALICE), 4_800 ether + 3_000 ether);
        escrow.distribute(list(BOB, CAROL));
        equal("and his", token.balanceOf(BOB), 3_000 ether);
        escrow.draw();
        equal("drawn", BENEFICIARY.balance, 10 ether);
        equal("nothing is left", token.balanceOf(address(escrow)), 0);
    }

    function test_missed_by_both_together_everything_goes_back() public {
        t.softCap = 10 ether;
        announce();
        enter(ALICE, 4 ether);
        vm.warp(PUBLIC_OPENS);
        holds("not before the last round is over", !escrow.refundsOpen());
        again(ALICE, 2 ether);
        again(BOB, 3 ether);
        close();
        vm.expectRevert(abi.encodeWithSelector(IEscrow.SoftCapMissed.selector, 9 ether, 10 ether));
        escrow.settle();
        vm.prank(ALICE);
        escrow.refund();
        escrow.refundMany(list(BOB, CAROL));
        equal("hers", ALICE.balance, 1_000 ether);
        equal("his", BOB.balance, 1_000 ether);
        equal("nothing is left", address(escrow).balance, 0);
    }

    function test_nobody_needs_the_issuer() public {
        announce();
        enter(ALICE, 4 ether);
        vm.warp(PUBLIC_OPENS);
        again(ALICE, 2 ether);
        vm.warp(DEADLINE);
        vm.prank(ALICE);
        escrow.refund();
        equal("hers", ALICE.balance, 1_000 ether);
    }

    function test_cancelled_in_the_first_round() public {
        announce();
        enter(ALICE, 4 ether);
        vm.prank(ISSUER);
        escrow.cancel();
        vm.prank(ALICE);
        escrow.refund();
        equal("hers", ALICE.balance, 1_000 ether);
        vm.warp(PUBLIC_OPENS);
        refused(BOB, 1 ether, abi.encodeWithSelector(IEscrow.WrongPhase.selector, IEscrow.Phase.Cancelled));
    }

    function test_rounds_are_what_was_announced() public {
        (rounds[0].contributionMin, rounds[0].contributionMax) = (1, 7 ether);
        (rounds[0].bonus, rounds[0].bonusPer, rounds[0].bonusUntil) = (1_000, 1 weeks, EARLY_ENDS);
        announce();
        IRounds said = IRounds(address(escrow));
        equal("how many", said.roundCount(), 2);
        for (uint256 i = 0; i < 2; ++i) {
            equal("as announced", uint256(keccak256(abi.encode(said.round(i)))), uint256(keccak256(abi.encode(rounds[i]))));
        }
        vm.expectRevert(abi.encodeWithSelector(IRounds.NoRound.selector, 2));
        said.round(2);
        equal("before all", said.roundAt(0), 0);
        equal("the last second", said.roundAt(EARLY_ENDS - 1), 0);
        equal("between them the next one", said.roundAt(EARLY_ENDS), 1);
        equal("after all", said.roundAt(DEADLINE), 1);
        (uint256 numerator, uint256 denominator) = escrow.priceAt(EARLY_ENDS - 1 weeks);
        equal("with the bonus of a week", numerator * 10, denominator * 13_200);
        (numerator, denominator) = escrow.priceAt(PUBLIC_OPENS);
        equal("without", numerator, denominator * 1_000);
    }

    /// The early round has 1,200 for five days, and then 1,100.
    function twoPrices() private {
        rounds.push(rounds[1]);
        rounds[1] = rounds[0];
        (rounds[0].closes, rounds[1].opens) = (OPENS + 5 days, OPENS + 5 days);
        (rounds[1].priceNumerator, rounds[1].continued) = (1_100, true);
    }

    function test_a_price_by_steps_is_one_round() public {
        (rounds[0].investorMax, rounds[0].overLimit) = (6 ether, IEscrow.Misfit.Refuse);
        rounds[0].hardCap = 9 ether;
        twoPrices();
        announce();
        IRounds said = IRounds(address(escrow));
        equal("announced", said.roundCount(), 3);
        for (uint256 i = 0; i < 3; ++i) {
            equal("as announced", uint256(keccak256(abi.encode(said.round(i)))), uint256(keccak256(abi.encode(rounds[i]))));
        }
        enter(ALICE, 3 ether);
        enter(BOB, 3 ether);
        vm.warp(OPENS + 5 days - 1);
        again(BOB, 1 ether);
        vm.warp(OPENS + 5 days);
        // Without another permit, and what came in before counts.
        refused(ALICE, 4 ether, room(IEscrow.InvestorLimit.selector, 3 ether));
        again(ALICE, 3 ether);
        equal("the rest of the round", escrow.account(ALICE).accepted, 5 ether);
        equal("each at its price", escrow.account(ALICE).tokens, 3_600 ether + 2_200 ether);
        equal("the better price to its last second", escrow.account(BOB).tokens, 4_800 ether);
        equal("of the early round", said.roundOf(ALICE), 0);
        equal("early", said.roundAt(EARLY_ENDS - 1), 0);
        equal("then the public one", said.roundAt(EARLY_ENDS), 1);
        giveBack(BOB, IEscrow.Reason.Discretion);
        again(ALICE, 1 ether);
        vm.warp(EARLY_ENDS);
        refused(CAROL, 1 ether, room(IEscrow.NotOpenYet.selector, PUBLIC_OPENS));
        vm.warp(PUBLIC_OPENS);
        again(ALICE, 1 ether);
        equal("of the public one", said.roundOf(ALICE), 1);
        vm.prank(ISSUER);
        vm.expectRevert(late(IEscrow.Reason.Discretion));
        escrow.returnMoney(ALICE, IEscrow.Reason.Discretion);
    }

    function test_what_continues_a_round_has_all_but_its_price() public {
        twoPrices();
        for (uint256 what = 14; what < 27; ++what) announcing(EscrowFactory.Problem.Rounds, what);
    }

    function test_what_is_refused_when_it_is_announced() public {
        announcing(EscrowFactory.Problem.Rounds, 0);
        announcing(EscrowFactory.Problem.Rounds, 1);
        announcing(EscrowFactory.Problem.Rounds, 2);
        announcing(EscrowFactory.Problem.Window, 3);
        announcing(EscrowFactory.Problem.Caps, 4);
        announcing(EscrowFactory.Problem.ForSale, 5);
        announcing(EscrowFactory.Problem.Share, 6);
        announcing(EscrowFactory.Problem.Share, 7);
        announcing(EscrowFactory.Problem.Price, 8);
        announcing(EscrowFactory.Problem.Withdrawal, 9);
        announcing(EscrowFactory.Problem.Rounds, 10);
        announcing(EscrowFactory.Problem.Minimum, 11);
        announcing(EscrowFactory.Problem.Rounds, 12);
        announcing(EscrowFactory.Problem.Price, 13);
        RoundsEscrowFactory maker = RoundsEscrowFactory(made("RoundsEscrowFactory", ""));
        vm.prank(ISSUER);
        vm.expectRevert(abi.encodeWithSelector(EscrowFactory.InvalidTerms.selector, EscrowFactory.Problem.Rounds));
        maker.announce(t, steps, plan());
    }

    function announcing(EscrowFactory.Problem problem, uint256 what) private {
        (IEscrow.Terms memory sale, IRounds.Round[] memory all) = (t, rounds);
        if (what == 0) all[1].opens = EARLY_ENDS - 1;
        if (what == 1) all[1].closes = CLOSES - 1;
        if (what == 2) sale.round = 3;
        if (what == 3) all[0].closes = OPENS;
        if (what == 4) all[1].hardCap = t.hardCap + 1;
        if (what == 5) all[1].forSale = 0;
        if (what == 6) all[1].overCap = IEscrow.Misfit.Share;
        if (what == 7) sale.overCap = IEscrow.Misfit.Share;
        if (what == 8) all[0].priceDenominator = 0;
        if (what == 9) sale.withdrawalSpan = 1;
        if (what == 10) sale.pricing = IEscrow.Pricing.Fixed;
        if (what == 11) (all[1].investorMin, all[1].investorMax) = (2, 1);
        if (what == 12) (all, sale.round) = (new IRounds.Round[](1), 1);
        if (what == 13) all[0].bonusGranularity = 0;
        if (what == 14) all[0].continued = true;
        if (what == 15) all[1].opens += 1;
        if (what == 16) all[1].verifier = ALICE;
        if (what == 17) all[1].hardCap -= 1;
        if (what == 18) all[1].forSale -= 1;
        if (what == 19) all[1].contributionMin = 1;
        if (what == 20) all[1].contributionMax = 7 ether;
        if (what == 21) all[1].investorMin = 1;
        if (what == 22) all[1].investorMax = 7 ether;
        if (what == 23) all[1].overCap = IEscrow.Misfit.Refuse;
        if (what == 24) all[1].overLimit = IEscrow.Misfit.Refuse;
        if (what == 25) all[2].continued = true;
        if (what == 26) sale.round = 3;
        RoundsEscrowFactory maker = RoundsEscrowFactory(made("RoundsEscrowFactory", ""));
        vm.prank(ISSUER);
        vm.expectRevert(abi.encodeWithSelector(EscrowFactory.InvalidTerms.selector, problem));
        maker.announceRounds(sale, all, plan());
    }
}
