// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IEscrow} from "../src/IEscrow.sol";
import {EscrowFactory} from "../src/EscrowFactory.sol";
import {Sale} from "./Sale.sol";

/// Exits.tree, leaf by leaf: what the issuer may do, and how everybody gets out.
contract ExitsTest is Sale {
    function phaseIs(IEscrow.Phase phase) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IEscrow.WrongPhase.selector, phase);
    }

    function refundOf(address investor) private {
        uint256 before = investor.balance;
        uint256 due = escrow.account(investor).accepted;
        vm.prank(investor);
        escrow.refund();
        equal("refunded", investor.balance - before, due);
        vm.prank(investor);
        vm.expectRevert(IEscrow.NothingDue.selector);
        escrow.refund();
    }

    /// A token for 10: Alice's 4 and 5 come to none and go back, Bob's 9 and 1 come to one, Carol's 8 were returned.
    function test_money_that_comes_to_no_token_goes_back_at_settlement() public {
        (t.priceNumerator, t.priceDenominator) = (1, 10);
        (t.softCap, t.hardCap, t.forSale) = (10, 1_000, 100);
        announce();
        enter(ALICE, 4);
        again(ALICE, 5);
        enter(BOB, 9);
        enter(CAROL, 8);
        vm.prank(ISSUER);
        escrow.returnMoney(CAROL, IEscrow.Reason.Discretion);
        close();
        vm.expectRevert(abi.encodeWithSelector(IEscrow.SoftCapMissed.selector, 0, 10));
        escrow.settle();
        holds("18 came in and nothing counts", escrow.refundsOpen());
        vm.warp(OPENS);
        again(BOB, 1);
        close();
        holds("10 count", !escrow.refundsOpen());
        vm.prank(ALICE);
        vm.expectRevert(IEscrow.NothingDue.selector);
        escrow.refund();
        escrow.settle();
        equal("raised", escrow.totals().raised, 10);
        escrow.draw();
        equal("drawn", BENEFICIARY.balance, 10);
        vm.prank(ALICE);
        vm.expectRevert(IEscrow.NothingDue.selector);
        escrow.claim();
        refundOf(ALICE);
        escrow.refundMany(list(BOB, CAROL));
        equal("the return too", address(escrow).balance, 0);
        vm.prank(BOB);
        escrow.claim();
        equal("tokens", token.balanceOf(BOB), 1);
    }

    function test_nobody_but_the_issuer() public {
        announce();
        vm.startPrank(ALICE);
        vm.expectRevert(IEscrow.NotIssuer.selector);
        escrow.pause();
        vm.expectRevert(IEscrow.NotIssuer.selector);
        escrow.resume();
        vm.expectRevert(IEscrow.NotIssuer.selector);
        escrow.revoke(BOB);
        vm.expectRevert(IEscrow.NotIssuer.selector);
        escrow.returnMoney(BOB, IEscrow.Reason.Sanctions);
        vm.expectRevert(IEscrow.NotIssuer.selector);
        escrow.cancel();
        vm.stopPrank();
    }

    function test_a_pause_stops_contributions_and_ends_by_itself() public {
        announce();
        enter(ALICE, 1 ether);
        vm.prank(ISSUER);
        escrow.pause();
        vm.expectRevert(abi.encodeWithSelector(IEscrow.Paused.selector, OPENS + 3 days));
        again(ALICE, 1 ether);
        vm.prank(ISSUER);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.Paused.selector, OPENS + 3 days));
        escrow.pause();
        vm.warp(OPENS + 3 days);
        again(ALICE, 1 ether);
    }

    function test_a_pause_can_be_ended_and_there_are_only_so_many() public {
        announce();
        enter(ALICE, 1 ether);
        vm.startPrank(ISSUER);
        escrow.resume();
        equal("no pause, nothing to end", escrow.totals().pausedUntil, 0);
        escrow.pause();
        escrow.resume();
        escrow.pause();
        escrow.resume();
        vm.expectRevert(IEscrow.NoPauseLeft.selector);
        escrow.pause();
        vm.stopPrank();
        again(ALICE, 1 ether);
    }

    function test_a_pause_closes_no_exit() public {
        announce();
        enter(ALICE, 1 ether);
        vm.warp(CLOSES - 1);
        vm.startPrank(ISSUER);
        escrow.returnMoney(ALICE, IEscrow.Reason.Discretion);
        escrow.pause();
        vm.stopPrank();
        refundOf(ALICE);
    }

    function test_who_is_revoked_contributes_no_more_and_keeps_what_was_accepted() public {
        announce();
        enter(ALICE, 2 ether);
        IEscrow.Admission memory shown = admission(ALICE, 60 ether);
        vm.prank(ISSUER);
        escrow.revoke(ALICE);
        bytes memory refused = abi.encodeWithSelector(IEscrow.NotAllowed.selector, IEscrow.Standing.Revoked);
        vm.expectRevert(refused);
        again(ALICE, 1 ether);
        vm.prank(ALICE);
        vm.expectRevert(refused);
        escrow.contributeAdmitted{value: 1}(shown);
        vm.prank(ISSUER);
        vm.expectRevert(refused);
        escrow.revoke(ALICE);
        close();
        escrow.settle();
        vm.prank(ALICE);
        escrow.claim();
        equal("tokens", token.balanceOf(ALICE), 2_000 ether);
    }

    function test_returned_money_is_out_of_the_sale_and_due_at_once() public {
        (t.priceNumerator, t.priceDenominator) = (1, 3);
        announce();
        enter(ALICE, 1 ether);
        again(ALICE, 1 ether);
        enter(BOB, 5 ether);
        vm.prank(ISSUER);
        escrow.returnMoney(ALICE, IEscrow.Reason.Discretion);
        equal("raised", escrow.totals().raised, 5 ether);
        equal("counted", escrow.totals().counted, uint256(5 ether) / 3 + 1);
        equal("slack", escrow.totals().slack, 1);
        vm.prank(ISSUER);
        vm.expectRevert(IEscrow.NothingDue.selector);
        escrow.returnMoney(CAROL, IEscrow.Reason.Order);
        refundOf(ALICE);
        close();
        escrow.settle();
        escrow.draw();
        equal("beneficiary", BENEFICIARY.balance, 5 ether);
    }

    function test_returned_money_waits_for_its_owner_through_settlement_and_draw() public {
        announce();
        enter(ALICE, 2 ether);
        enter(BOB, 5 ether);
        close();
        vm.startPrank(ISSUER);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.ReasonTooLate.selector, IEscrow.Reason.Discretion));
        escrow.returnMoney(ALICE, IEscrow.Reason.Discretion);
        escrow.returnMoney(ALICE, IEscrow.Reason.Sanctions);
        escrow.settle();
        escrow.draw();
        vm.expectRevert(phaseIs(IEscrow.Phase.Drawn));
        escrow.returnMoney(BOB, IEscrow.Reason.Sanctions);
        vm.stopPrank();
        vm.prank(ALICE);
        vm.expectRevert(IEscrow.NothingDue.selector);
        escrow.claim();
        refundOf(ALICE);
        equal("empty", address(escrow).balance, 0);
    }

    function test_a_missed_soft_cap_opens_refunds_without_anybody() public {
        t.softCap = 10 ether;
        announce();
        enter(ALICE, 2 ether);
        vm.prank(ALICE);
        vm.expectRevert(IEscrow.NothingDue.selector);
        escrow.refund();
        close();
        vm.expectRevert(abi.encodeWithSelector(IEscrow.SoftCapMissed.selector, 2 ether, 10 ether));
        escrow.settle();
        holds("open", escrow.refundsOpen());
        refundOf(ALICE);
        equal("empty", standingOf(ALICE), 0);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.Closed.selector, CLOSES));
        again(ALICE, 1);
    }

    /// The sale goes on, so that who was sent away must not come in again with the permit of before.
    function test_who_took_a_return_stays_out() public {
        announce();
        enter(ALICE, 2 ether);
        IEscrow.Admission memory shown = admission(ALICE, 60 ether);
        vm.prank(ISSUER);
        escrow.returnMoney(ALICE, IEscrow.Reason.Discretion);
        refundOf(ALICE);
        equal("refunded", standingOf(ALICE), uint256(IEscrow.Standing.Refunded));
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotAllowed.selector, IEscrow.Standing.Refunded));
        escrow.contributeAdmitted{value: 1}(shown);
    }

    function test_a_sale_that_nobody_settles_gives_everything_back_after_its_deadline() public {
        announce();
        enter(ALICE, 2 ether);
        vm.warp(DEADLINE - 1);
        vm.prank(ALICE);
        vm.expectRevert(IEscrow.NothingDue.selector);
        escrow.refund();
        vm.warp(DEADLINE);
        bytes memory late = abi.encodeWithSelector(IEscrow.Expired.selector, DEADLINE);
        vm.expectRevert(late);
        escrow.settle();
        vm.startPrank(ISSUER);
        vm.expectRevert(late);
        escrow.returnMoney(ALICE, IEscrow.Reason.Sanctions);
        vm.expectRevert(late);
        escrow.cancel();
        vm.stopPrank();
        refundOf(ALICE);
    }

    /// Whoever holds the verifier key, exits ask for no signature.
    function test_a_lost_verifier_key_locks_nobody_in() public {
        t.softCap = 10 ether;
        announce();
        enter(ALICE, 2 ether);
        vm.etch(t.verifier, hex"fe");
        close();
        refundOf(ALICE);
    }

    function test_a_token_that_is_not_there_leads_to_refunds() public {
        announce();
        enter(ALICE, 2 ether);
        close();
        vm.prank(address(escrow));
        token.burn(1);
        vm.expectRevert(
            abi.encodeWithSelector(IEscrow.TokensMissing.selector, 100_000 ether - 1, 100_000 ether)
        );
        escrow.settle();
        vm.etch(address(token), hex"fe");
        (bool settled,) = address(escrow).call(abi.encodeCall(IEscrow.settle, ()));
        holds("not settled", !settled);
        vm.warp(DEADLINE);
        refundOf(ALICE);
    }

    function test_a_cancelled_sale_gives_everything_back_and_stays_cancelled() public {
        announce();
        enter(ALICE, 2 ether);
        vm.prank(ISSUER);
        escrow.cancel();
        vm.expectRevert(phaseIs(IEscrow.Phase.Cancelled));
        again(ALICE, 1 ether);
        refundOf(ALICE);
        close();
        vm.expectRevert(phaseIs(IEscrow.Phase.Cancelled));
        escrow.settle();
        vm.expectRevert(phaseIs(IEscrow.Phase.Cancelled));
        escrow.draw();
        vm.prank(ISSUER);
        vm.expectRevert(phaseIs(IEscrow.Phase.Cancelled));
        escrow.cancel();
    }

    function test_nothing_is_settled_or_drawn_before_its_time() public {
        announce();
        enter(ALICE, 2 ether);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.StillOpen.selector, CLOSES));
        escrow.settle();
        vm.expectRevert(phaseIs(IEscrow.Phase.Sale));
        escrow.draw();
        vm.expectRevert(phaseIs(IEscrow.Phase.Sale));
        escrow.claim();
        vm.expectRevert(phaseIs(IEscrow.Phase.Sale));
        escrow.distribute(list(ALICE, BOB));
        close();
        escrow.settle();
        vm.expectRevert(phaseIs(IEscrow.Phase.Settled));
        escrow.settle();
        escrow.draw();
        vm.expectRevert(phaseIs(IEscrow.Phase.Drawn));
        escrow.draw();
        vm.prank(ISSUER);
        vm.expectRevert(phaseIs(IEscrow.Phase.Drawn));
        escrow.cancel();
        vm.warp(DEADLINE);
        vm.prank(ALICE);
        vm.expectRevert(IEscrow.NothingDue.selector);
        escrow.refund();
        vm.prank(ALICE);
        escrow.claim();
        equal("after the deadline, too", token.balanceOf(ALICE), 2_000 ether);
    }

    /// Of a sale that is settled nothing comes in any more, so an empty account gets nothing again.
    function test_who_has_the_tokens_has_an_empty_account() public {
        announce();
        enter(ALICE, 2 ether);
        enter(BOB, 1 ether);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(VERIFIER_KEY, escrow.permitHash(ALICE, 60 ether, DEADLINE));
        IEscrow.Admission memory shown = IEscrow.Admission(60 ether, DEADLINE, abi.encodePacked(r, s, v));
        close();
        escrow.settle();
        vm.prank(ALICE);
        escrow.claim();
        escrow.distribute(list(BOB, ALICE));
        escrow.draw();
        vm.prank(ISSUER);
        escrow.revoke(BOB);
        address[2] memory people = [ALICE, BOB];
        for (uint256 i = 0; i < 2; ++i) {
            IEscrow.Account memory a = escrow.account(people[i]);
            equal("empty", uint256(a.cap) + a.accepted + a.tokens, 0);
            (uint256 tokens, uint256 money) = escrow.due(people[i]);
            equal("nothing due", tokens + money, 0);
            vm.startPrank(people[i]);
            vm.expectRevert(IEscrow.NothingDue.selector);
            escrow.claim();
            vm.expectRevert(IEscrow.NothingDue.selector);
            escrow.refund();
            vm.expectRevert(phaseIs(IEscrow.Phase.Drawn));
            escrow.contribute{value: 1}();
            vm.stopPrank();
        }
        vm.prank(ALICE);
        vm.expectRevert(phaseIs(IEscrow.Phase.Drawn));
        escrow.contributeAdmitted{value: 1}(shown);
        escrow.refundMany(list(ALICE, BOB));
        equal("alice once", token.balanceOf(ALICE), 2_000 ether);
        equal("bob once", token.balanceOf(BOB), 1_000 ether);
        equal("nothing back", ALICE.balance + BOB.balance, 1_997 ether);
    }

    function test_a_list_gives_each_their_tokens_once() public {
        announce();
        enter(ALICE, 2 ether);
        enter(BOB, 3 ether);
        close();
        escrow.settle();
        escrow.distribute(list(ALICE, CAROL));
        escrow.distribute(list(ALICE, BOB));
        equal("alice", token.balanceOf(ALICE), 2_000 ether);
        equal("bob", token.balanceOf(BOB), 3_000 ether);
        equal("carol", token.balanceOf(CAROL), 0);
        equal("nothing is left", token.balanceOf(address(escrow)), 0);
        vm.prank(BOB);
        vm.expectRevert(IEscrow.NothingDue.selector);
        escrow.claim();
    }

    function test_unsold_tokens_go_where_the_terms_say() public {
        t.treasury = CAROL;
        announce();
        enter(ALICE, 2 ether);
        close();
        escrow.settle();
        equal("treasury", token.balanceOf(CAROL), 98_000 ether);
        equal("supply", token.totalSupply(), 150_000 ether);
    }

    function test_the_factory_remembers_its_own_and_refuses_what_cannot_be_enforced() public {
        announce();
        equal("hash", uint256(factory.termsHashOf(address(escrow))), uint256(t.termsHash));
        equal("of nobody else", uint256(factory.termsHashOf(ALICE)), 0);
        equal("terms", uint256(keccak256(abi.encode(escrow.terms()))), uint256(expected()));
        IEscrow.Terms memory good = t;
        t.token = ALICE;
        breaks(EscrowFactory.Problem.TokenGiven, good);
        t.termsHash = 0;
        breaks(EscrowFactory.Problem.NoTermsHash, good);
        t.issuer = ALICE;
        breaks(EscrowFactory.Problem.NoIssuer, good);
        t.beneficiary = address(0);
        breaks(EscrowFactory.Problem.NoBeneficiary, good);
        t.closes = OPENS;
        breaks(EscrowFactory.Problem.Window, good);
        t.refundDeadline = CLOSES;
        breaks(EscrowFactory.Problem.RefundDeadline, good);
        t.hardCap = 1 << 88;
        breaks(EscrowFactory.Problem.Caps, good);
        t.forSale = 1 << 96;
        breaks(EscrowFactory.Problem.ForSale, good);
        t.contributionMax = 0;
        t.contributionMin = 1;
        breaks(EscrowFactory.Problem.Minimum, good);
        t.priceDenominator = 0;
        breaks(EscrowFactory.Problem.Price, good);
        t.bonusGranularity = 1 << 40;
        breaks(EscrowFactory.Problem.Price, good);
        t.investorMax = type(uint80).max;
        breaks(EscrowFactory.Problem.Maximum, good);
        (t.contributionMin, t.round) = (1 << 80, 0);
        breaks(EscrowFactory.Problem.Minimum, good);
        t.round = 1 << 32;
        breaks(EscrowFactory.Problem.Round, good);
        t.pricing = IEscrow.Pricing.Steps;
        breaks(EscrowFactory.Problem.Steps, good);
        t.pauseLongest = 367 days;
        breaks(EscrowFactory.Problem.Pause, good);
    }

    /// Each field with all bits its place has: a neighbour that is cut or mixed in shows.
    function testFuzz_what_was_announced_is_what_can_be_read(uint256 seed) public {
        (t.termsHash, t.beneficiary, t.verifier) = (keccak256(abi.encode(seed)), address(uint160(seed | 1)), address(uint160(~seed)));
        (t.currency, t.treasury, t.round) = (address(uint160(seed >> 9)), address(uint160(seed >> 3)), uint32(seed >> 7));
        t.opens = uint32(seed) / 4;
        (t.closes, t.refundDeadline) = (t.opens + 1 + uint32(seed >> 32) / 4, type(uint32).max - 366 days);
        (t.softCap, t.hardCap, t.forSale) = (uint88(seed) >> 1, uint88(seed) | 1, uint96(seed >> 80) | 1);
        (t.contributionMin, t.contributionMax) = (uint80(seed >> 11) >> 2, seed % 2 == 0 ? NO_MAXIMUM : (1 << 80) - 2);
        (t.investorMin, t.investorMax) = (uint80(seed >> 5) >> 2, seed % 3 == 0 ? NO_MAXIMUM : (1 << 79) + 1);
        (t.overCap, t.overLimit) = (IEscrow.Misfit(seed % 2), IEscrow.Misfit((seed >> 1) % 2));
        t.pricing = IEscrow.Pricing((seed % 2) * 2);
        (t.priceNumerator, t.priceDenominator) = (uint128(seed) | 1, uint128(seed >> 128) | 1);
        (t.bonus, t.bonusPer, t.bonusUntil) = (uint64(seed >> 13), uint40(seed >> 17) | 1, uint40(seed >> 19));
        (t.bonusGranularity, t.pauseLongest, t.pauseCount) = (uint40(seed >> 23) | 1, seed % 367 days, uint32(seed >> 29));
        if (t.pauseLongest > 366 days) t.pauseLongest = 366 days;
        announce();
        equal("terms", uint256(keccak256(abi.encode(escrow.terms()))), uint256(expected()));
    }

    function expected() private view returns (bytes32) {
        IEscrow.Terms memory announced = t;
        announced.token = address(token);
        return keccak256(abi.encode(announced));
    }

    function breaks(EscrowFactory.Problem problem, IEscrow.Terms memory good) private {
        IEscrow.Terms memory bad = t;
        vm.prank(ISSUER);
        vm.expectRevert(abi.encodeWithSelector(EscrowFactory.InvalidTerms.selector, problem));
        factory.announce(bad, steps, plan());
        t = good;
    }
}
