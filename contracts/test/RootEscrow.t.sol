// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IRootEscrow} from "../src/IRootEscrow.sol";
import {RootEscrowFactory} from "../src/RootEscrowFactory.sol";
import {HostileToken} from "./Hostile.sol";
import {RootSale} from "./RootSale.sol";

/// RootEscrow.tree: money in, what the issuer may, and the root before anybody is paid.
contract RootEscrowTest is RootSale {
    function refuses(bytes memory what) private {
        vm.expectRevert(what);
    }

    function refused(bytes4 code, uint256 number) private pure returns (bytes memory) {
        return abi.encodeWithSelector(code, number);
    }

    function pays(address investor, uint256 amount, uint256 limit) private {
        vm.prank(investor);
        sale.contribute{value: amount}(amount, limit);
    }

    function phaseIs(IRootEscrow.Phase phase) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRootEscrow.WrongPhase.selector, phase);
    }

    function test_the_highest_limit_counts() public {
        announceRoot();
        bid(ALICE, 2 ether, 0.001 ether);
        pays(ALICE, 1 ether, 0.003 ether);
        pays(ALICE, 1 ether, 0.002 ether);
        IRootEscrow.Account memory a = sale.account(ALICE);
        equal("contributed", a.contributed, 4 ether);
        equal("limit", a.limit, 0.003 ether);
        equal("count", a.count, 3);
        equal("cap", a.cap, 50 ether);
        equal("all", sale.totals().contributed, 4 ether);
    }

    function test_permits() public {
        announceRoot();
        refuses(abi.encodeWithSelector(IRootEscrow.NotAdmitted.selector));
        pays(ALICE, 1 ether, 1);
        IRootEscrow.Admission memory shown = permit(BOB, 5 ether);
        vm.prank(ALICE);
        refuses(abi.encodeWithSelector(IRootEscrow.WrongSignature.selector));
        sale.contributeAdmitted{value: 1 ether}(1 ether, 1, shown);
        vm.startPrank(BOB);
        sale.contributeAdmitted{value: 1 ether}(1 ether, 1, shown);
        shown = permit(BOB, 2 ether);
        sale.contributeAdmitted{value: 1 ether}(1 ether, 1, shown);
        equal("the larger one counts", sale.account(BOB).cap, 5 ether);
        shown = permit(BOB, 6 ether);
        shown.expiry = OPENS;
        refuses(refused(IRootEscrow.AdmissionExpired.selector, OPENS));
        sale.contributeAdmitted{value: 1 ether}(1 ether, 1, shown);
        vm.stopPrank();
        refuses(refused(IRootEscrow.AdmissionLimit.selector, 3 ether));
        pays(BOB, 3 ether + 1, 1);
    }

    function test_a_public_round_needs_no_permit() public {
        r.verifier = address(0);
        announceRoot();
        pays(ALICE, 1 ether, 1);
        equal("in", sale.account(ALICE).contributed, 1 ether);
    }

    function test_amounts_and_limits() public {
        (r.contributionMin, r.contributionMax, r.investorMax) = (10, 100, 150);
        announceRoot();
        bid(ALICE, 100, 1);
        refuses(refused(IRootEscrow.BelowMinimum.selector, 10));
        pays(ALICE, 9, 1);
        refuses(refused(IRootEscrow.AboveMaximum.selector, 100));
        pays(ALICE, 101, 1);
        refuses(refused(IRootEscrow.InvestorLimit.selector, 50));
        pays(ALICE, 51, 1);
        refuses(outside(1, 0.01 ether));
        pays(ALICE, 50, 0);
        refuses(outside(1, 0.01 ether));
        pays(ALICE, 50, 0.01 ether + 1);
        vm.prank(ALICE);
        refuses(abi.encodeWithSelector(IRootEscrow.WrongCurrency.selector));
        sale.contribute{value: 49}(50, 1);
        pays(ALICE, 50, 0.01 ether);
    }

    function outside(uint256 floor, uint256 ceiling) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRootEscrow.LimitOutside.selector, floor, ceiling);
    }

    /// With a lower one in the account no leaf at the price of the terms would be sound.
    function test_where_the_terms_say_the_price_there_is_one_limit() public {
        (r.floor, r.ceiling) = (0.001 ether, 0.001 ether);
        announceRoot();
        IRootEscrow.Admission memory shown = permit(ALICE, 50 ether);
        vm.startPrank(ALICE);
        refuses(outside(0.001 ether, 0.001 ether));
        sale.contributeAdmitted{value: 1 ether}(1 ether, 0.001 ether - 1, shown);
        refuses(outside(0.001 ether, 0.001 ether));
        sale.contributeAdmitted{value: 1 ether}(1 ether, 0.001 ether + 1, shown);
        sale.contributeAdmitted{value: 1 ether}(1 ether, 0.001 ether, shown);
        refuses(outside(0.001 ether, 0.001 ether));
        sale.contribute{value: 1 ether}(1 ether, 1);
        vm.stopPrank();
        equal("nobody has a lower limit", sale.account(ALICE).limit, 0.001 ether);
    }

    /// A reserve price is a floor below the ceiling.
    function test_bids_below_the_floor_are_refused() public {
        r.floor = 0.0005 ether;
        announceRoot();
        bid(ALICE, 1 ether, 0.0005 ether);
        refuses(outside(0.0005 ether, 0.01 ether));
        pays(ALICE, 1 ether, 0.0005 ether - 1);
    }

    function test_nothing_is_no_contribution() public {
        r.contributionMin = 0;
        announceRoot();
        IRootEscrow.Admission memory shown = permit(ALICE, 1 ether);
        vm.prank(ALICE);
        refuses(refused(IRootEscrow.BelowMinimum.selector, 1));
        sale.contributeAdmitted(0, 1, shown);
    }

    function test_the_window() public {
        announceRoot();
        IRootEscrow.Admission memory shown = permit(ALICE, 5 ether);
        vm.startPrank(ALICE);
        vm.warp(OPENS - 1);
        refuses(refused(IRootEscrow.NotOpenYet.selector, OPENS));
        sale.contributeAdmitted{value: 1 ether}(1 ether, 1, shown);
        vm.warp(CLOSES - 1);
        sale.contributeAdmitted{value: 1 ether}(1 ether, 1, shown);
        vm.warp(CLOSES);
        refuses(refused(IRootEscrow.Closed.selector, CLOSES));
        sale.contribute{value: 1 ether}(1 ether, 1);
        vm.stopPrank();
    }

    function inTokens() private returns (HostileToken coin) {
        coin = new HostileToken();
        r.currency = address(coin);
        r.verifier = address(0);
        announceRoot();
        coin.mint(ALICE, 10 ether);
    }

    function test_an_erc20_must_deliver_what_it_says() public {
        HostileToken coin = inTokens();
        coin.behave(HostileToken.Way.TakesFee, ALICE);
        vm.startPrank(ALICE);
        refuses(abi.encodeWithSelector(IRootEscrow.WrongAmountReceived.selector, 1 ether - 1, 1 ether));
        sale.contribute(1 ether, 1);
        refuses(abi.encodeWithSelector(IRootEscrow.WrongCurrency.selector));
        sale.contribute{value: 1 ether}(1 ether, 1);
        coin.behave(HostileToken.Way.ReturnsNothing, ALICE);
        sale.contribute(4 ether, 1);
        vm.stopPrank();
        vm.warp(DEADLINE);
        vm.prank(ALICE);
        sale.refund();
        equal("all back", coin.balanceOf(ALICE), 10 ether);
    }

    function test_nobody_but_the_issuer() public {
        announceRoot();
        bytes memory no = abi.encodeWithSelector(IRootEscrow.NotIssuer.selector);
        vm.startPrank(ALICE);
        refuses(no);
        sale.revoke(BOB);
        refuses(no);
        sale.returnMoney(BOB, IRootEscrow.Reason.Order);
        refuses(no);
        sale.cancel();
        refuses(no);
        sale.post(keccak256("root"));
        vm.stopPrank();
    }

    function test_revoked_and_returned() public {
        threeBids();
        vm.startPrank(ISSUER);
        sale.revoke(ALICE);
        refuses(abi.encodeWithSelector(IRootEscrow.NotAllowed.selector, IRootEscrow.Standing.Revoked));
        sale.revoke(ALICE);
        sale.returnMoney(ALICE, IRootEscrow.Reason.Discretion);
        refuses(abi.encodeWithSelector(IRootEscrow.NotAllowed.selector, IRootEscrow.Standing.Returned));
        sale.returnMoney(ALICE, IRootEscrow.Reason.Discretion);
        refuses(abi.encodeWithSelector(IRootEscrow.NothingDue.selector));
        sale.returnMoney(ISSUER, IRootEscrow.Reason.Order);
        vm.stopPrank();
        equal("counts no more", sale.totals().contributed, 7 ether);
        refuses(abi.encodeWithSelector(IRootEscrow.NotAllowed.selector, IRootEscrow.Standing.Returned));
        pays(ALICE, 1 ether, 1);
        IRootEscrow.Admission memory shown = permit(ALICE, 60 ether);
        vm.prank(ALICE);
        refuses(abi.encodeWithSelector(IRootEscrow.NotAllowed.selector, IRootEscrow.Standing.Returned));
        sale.contributeAdmitted{value: 1 ether}(1 ether, 1, shown);
        refundOf(ALICE, 6 ether);
        post();
        vm.startPrank(ISSUER);
        refuses(phaseIs(IRootEscrow.Phase.Posted));
        sale.returnMoney(BOB, IRootEscrow.Reason.Order);
        refuses(phaseIs(IRootEscrow.Phase.Posted));
        sale.cancel();
        vm.stopPrank();
    }

    function test_after_the_end_money_is_returned_for_reasons_of_law() public {
        threeBids();
        close();
        vm.startPrank(ISSUER);
        refuses(abi.encodeWithSelector(IRootEscrow.ReasonTooLate.selector, IRootEscrow.Reason.OverLimit));
        sale.returnMoney(ALICE, IRootEscrow.Reason.OverLimit);
        sale.returnMoney(ALICE, IRootEscrow.Reason.Sanctions);
        vm.stopPrank();
        refundOf(ALICE, 6 ether);
    }

    function test_cancelled() public {
        threeBids();
        vm.prank(ISSUER);
        sale.cancel();
        refuses(phaseIs(IRootEscrow.Phase.Cancelled));
        pays(ALICE, 1 ether, 1);
        sale.refundMany(list(ALICE, BOB));
        refundOf(CAROL, 4 ether);
        equal("empty", address(sale).balance, 0);
    }

    function test_post() public {
        threeBids();
        vm.startPrank(ISSUER);
        refuses(refused(IRootEscrow.StillOpen.selector, CLOSES));
        sale.post(keccak256("root"));
        vm.warp(CLOSES);
        refuses(abi.encodeWithSelector(IRootEscrow.NoRoot.selector));
        sale.post(0);
        vm.warp(DEADLINE);
        refuses(refused(IRootEscrow.Expired.selector, DEADLINE));
        sale.post(keccak256("root"));
        vm.warp(DEADLINE - 1);
        sale.post(keccak256("root"));
        refuses(phaseIs(IRootEscrow.Phase.Posted));
        sale.post(keccak256("other"));
        vm.stopPrank();
        holds("kept", sale.root() == keccak256("root"));
    }

    function test_post_with_too_little_money_or_tokens() public {
        r.softCap = 13 ether + 1;
        threeBids();
        close();
        vm.prank(ISSUER);
        refuses(abi.encodeWithSelector(IRootEscrow.SoftCapMissed.selector, 13 ether, 13 ether + 1));
        sale.post(keccak256("root"));
        refundOf(ALICE, 6 ether);
        r.softCap = 1 ether;
        announceRoot();
        bid(ALICE, 6 ether, 1);
        close();
        vm.prank(address(sale));
        token.burn(1);
        vm.prank(ISSUER);
        refuses(abi.encodeWithSelector(IRootEscrow.TokensMissing.selector, 10_000 ether - 1, 10_000 ether));
        sale.post(keccak256("root"));
    }

    function test_no_root_by_the_deadline() public {
        threeBids();
        vm.warp(DEADLINE - 1);
        vm.prank(ALICE);
        refuses(abi.encodeWithSelector(IRootEscrow.NothingDue.selector));
        sale.refund();
        vm.warp(DEADLINE);
        holds("open", sale.refundsOpen());
        refundOf(ALICE, 6 ether);
        sale.refundMany(list(BOB, CAROL));
        equal("empty", address(sale).balance, 0);
    }

    function objects(address investor) private {
        vm.prank(investor);
        sale.object();
    }

    /// 2.6 of 13 coins are a fifth.
    function test_the_share_of_the_terms_makes_a_root_void() public {
        announceRoot();
        bid(ALICE, 10.4 ether, 1);
        bid(BOB, 2.6 ether - 10, 1);
        bid(CAROL, 10, 1);
        refuses(phaseIs(IRootEscrow.Phase.Sale));
        objects(BOB);
        leaves.push(IRootEscrow.Leaf(ALICE, 1, 0, 0));
        post();
        objects(BOB);
        refuses(abi.encodeWithSelector(IRootEscrow.AlreadyObjected.selector));
        objects(BOB);
        refuses(abi.encodeWithSelector(IRootEscrow.NotAContributor.selector));
        objects(ISSUER);
        equal("a unit less does not", uint256(sale.outcome().phase), uint256(IRootEscrow.Phase.Posted));
        objects(CAROL);
        equal("void", uint256(sale.outcome().phase), uint256(IRootEscrow.Phase.Void));
        refuses(phaseIs(IRootEscrow.Phase.Void));
        objects(ALICE);
        sale.refundMany(list(ALICE, BOB));
        refundOf(CAROL, 10);
        equal("empty", address(sale).balance, 0);
        vm.prank(ISSUER);
        refuses(phaseIs(IRootEscrow.Phase.Void));
        sale.post(keccak256("another"));
    }

    function test_objections_end() public {
        threeBids();
        vm.prank(ISSUER);
        sale.returnMoney(CAROL, IRootEscrow.Reason.Discretion);
        post();
        refuses(abi.encodeWithSelector(IRootEscrow.NotAContributor.selector));
        objects(CAROL);
        vm.warp(CHALLENGE);
        refuses(refused(IRootEscrow.ChallengeOver.selector, CHALLENGE));
        objects(ALICE);
    }
}

/// What the factory refuses.
contract RootEscrowFactoryTest is RootSale {
    function wrong(RootEscrowFactory.Problem problem) private {
        vm.prank(ISSUER);
        vm.expectRevert(abi.encodeWithSelector(RootEscrowFactory.InvalidTerms.selector, problem));
        roots.announce(r, priced, plan());
    }

    function test_each_rule_has_its_problem() public {
        IRootEscrow.Terms memory good = r;
        r.token = ALICE;
        wrong(RootEscrowFactory.Problem.TokenGiven);
        r = good;
        r.termsHash = 0;
        wrong(RootEscrowFactory.Problem.NoTermsHash);
        r = good;
        r.issuer = ALICE;
        wrong(RootEscrowFactory.Problem.NoIssuer);
        r = good;
        r.beneficiary = address(0);
        wrong(RootEscrowFactory.Problem.NoBeneficiary);
        r = good;
        r.opens = r.closes;
        wrong(RootEscrowFactory.Problem.Window);
        r = good;
        r.rootDeadline = r.closes;
        wrong(RootEscrowFactory.Problem.RootDeadline);
        r.rootDeadline = 1 << 32;
        wrong(RootEscrowFactory.Problem.RootDeadline);
        r = good;
        r.softCap = r.hardCap + 1;
        wrong(RootEscrowFactory.Problem.Caps);
        r.hardCap = 1 << 88;
        wrong(RootEscrowFactory.Problem.Caps);
        (r.softCap, r.hardCap) = (0, 0);
        wrong(RootEscrowFactory.Problem.Caps);
        r = good;
        r.contributionMin = 11;
        r.contributionMax = 10;
        wrong(RootEscrowFactory.Problem.Minimum);
        (r.contributionMax, r.investorMax) = (11, 10);
        wrong(RootEscrowFactory.Problem.Minimum);
    }

    function pricedFrom(uint256 first, uint256 second, uint256 limit) private {
        delete priced;
        priced.push(RootEscrowFactory.PriceFrom(first, 1));
        priced.push(RootEscrowFactory.PriceFrom(second, limit));
    }

    function test_prices_by_time_are_sorted_and_within_the_terms() public {
        pricedFrom(OPENS + 1, OPENS + 2, 1);
        wrong(RootEscrowFactory.Problem.Prices);
        pricedFrom(OPENS, OPENS, 1);
        wrong(RootEscrowFactory.Problem.Prices);
        pricedFrom(OPENS, 1 << 40, 1);
        wrong(RootEscrowFactory.Problem.Prices);
        pricedFrom(OPENS, OPENS + 1, 0);
        wrong(RootEscrowFactory.Problem.Prices);
        pricedFrom(OPENS, OPENS + 1, r.ceiling + 1);
        wrong(RootEscrowFactory.Problem.Prices);
        pricedFrom(OPENS, OPENS + 1, r.ceiling);
        announceRoot();
        equal("the last one", sale.leastLimit(type(uint256).max), r.ceiling);
    }

    function test_bounds_have_both_ends() public {
        IRootEscrow.Terms memory good = r;
        for (uint256 end = 0; end < 2; ++end) {
            r.challengePeriod = [1 days - 1, 3_650 days + 1][end];
            wrong(RootEscrowFactory.Problem.Periods);
            r = good;
            r.claimPeriod = [1 days - 1, 3_650 days + 1][end];
            wrong(RootEscrowFactory.Problem.Periods);
            r = good;
            r.challengeShare = [uint256(0), 5_001][end];
            wrong(RootEscrowFactory.Problem.ChallengeShare);
            r = good;
            r.forSale = [uint256(0), 1 << 96][end];
            wrong(RootEscrowFactory.Problem.ForSale);
            r = good;
            r.ceiling = [uint256(0), 1 << 72][end];
            wrong(RootEscrowFactory.Problem.Price);
            r = good;
            r.floor = [uint256(0), r.ceiling + 1][end];
            wrong(RootEscrowFactory.Problem.Price);
            r = good;
            r.priceUnit = [uint256(0), 1 << 128][end];
            wrong(RootEscrowFactory.Problem.Price);
            r = good;
        }
        announceRoot();
        holds("known", roots.termsHashOf(address(sale)) == r.termsHash);
        equal("terms", sale.terms().priceUnit, r.priceUnit);
        equal("tokens", token.balanceOf(address(sale)), r.forSale);
    }
}
