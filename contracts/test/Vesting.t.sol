// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AfterSale} from "../src/AfterSale.sol";
import {AfterSaleFactory} from "../src/AfterSaleFactory.sol";
import {IEscrow} from "../src/IEscrow.sol";
import {IMilestones} from "../src/IMilestones.sol";
import {OfferingFactory} from "../src/OfferingFactory.sol";
import {Vesting} from "../src/Vesting.sol";
import {AfterSales} from "./AfterSales.sol";

/// Vesting.tree, leaf by leaf: the shares of the team and others.
contract VestingTest is AfterSales {
    function begun() private {
        announceAll();
        enter(ALICE, 10 ether);
        close();
        vesting.begin();
    }

    function test_begin() public {
        begun();
        equal("settled", uint256(escrow.totals().phase), uint256(IEscrow.Phase.Settled));
        equal("from now", vesting.begunAt(), CLOSES);
        holds("its escrow", vesting.escrow() == escrow);
        vm.expectRevert(AfterSale.AlreadyBegun.selector);
        vesting.begin();
    }

    function test_after_a_sale_that_failed_nothing_is_free() public {
        announceAll();
        enter(ALICE, 10 ether);
        vm.prank(ISSUER);
        escrow.cancel();
        vm.warp(CLOSES + 2_000 days);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.WrongPhase.selector, IEscrow.Phase.Cancelled));
        vesting.begin();
        vm.expectRevert(AfterSale.NotBegun.selector);
        vesting.release();
    }

    function test_release_by_anybody_to_the_beneficiary() public {
        begun();
        equal("all of it is here", token.balanceOf(address(vesting)), 50_000 ether);
        vm.warp(CLOSES + 365 days - 1);
        vm.expectRevert(Vesting.NothingFree.selector);
        vesting.release();
        vm.warp(CLOSES + 365 days);
        vm.prank(CAROL);
        vesting.release();
        // 50,000 x 365 / 1461, rounded down to the smallest unit: worked out with a calculator of 60 digits.
        equal("at the cliff", token.balanceOf(TEAM), 12_491_444_216_290_212_183_436);
        vm.expectRevert(Vesting.NothingFree.selector);
        vesting.release();
        vm.warp(CLOSES + 3_000 days);
        escrow.distribute(list(ALICE, BOB));
        vm.prank(ALICE);
        token.transfer(address(vesting), 7);
        vesting.release();
        equal("all", token.balanceOf(TEAM), 50_000 ether);
        equal("a gift stays", token.balanceOf(address(vesting)), 7);
        vm.expectRevert(Vesting.NothingFree.selector);
        vesting.release();
    }

    /// docs/rules.md: nothing before the cliff, then `floor(whole x elapsed / duration)`, all from the duration on.
    function test_the_numbers_of_the_rules() public {
        announceAll();
        uint256[5][14] memory cases = [
            // whole, cliff, duration, elapsed, free
            [uint256(100), 0, 0, 0, 100],
            [uint256(100), 0, 10, 0, 0],
            [uint256(100), 0, 10, 3, 30],
            [uint256(100), 3, 10, 2, 0],
            [uint256(100), 3, 10, 3, 30],
            [uint256(100), 10, 10, 9, 0],
            [uint256(100), 10, 10, 10, 100],
            [uint256(7), 0, 3, 1, 2],
            [uint256(7), 0, 3, 2, 4],
            [uint256(7), 0, 3, 3, 7],
            [uint256(1), 0, 1_000, 999, 0],
            [uint256(1), 0, 1_000, 1_000, 1],
            [uint256(type(uint128).max), 0, 3, 1, 113_427_455_640_312_821_154_458_202_477_256_070_485],
            [uint256(60_000_000 ether), 31_536_000, 126_230_400, 63_072_000, 29_979_466_119_096_509_240_246_406]
        ];
        for (uint256 i = 0; i < cases.length; ++i) {
            uint256[5] memory c = cases[i];
            Vesting.Plan memory p = Vesting.Plan(TEAM, c[0], c[1], c[2]);
            equal(vm.toString(i), vesting.free(p, c[3]), c[4]);
        }
    }

    function test_free_grows_to_the_whole(uint128 whole, uint32 cliff, uint32 duration, uint32 first, uint32 later)
        public
    {
        announceAll();
        if (cliff > duration) (cliff, duration) = (duration, cliff);
        if (first > later) (first, later) = (later, first);
        Vesting.Plan memory p = Vesting.Plan(TEAM, whole, cliff, duration);
        uint256 before = vesting.free(p, first);
        uint256 after_ = vesting.free(p, later);
        holds("never less", before <= after_);
        holds("never more than all", after_ <= whole);
        // Rounded down: `free` fits into the exact line, one more does not.
        if (later >= cliff && later < duration) {
            uint256 exact = uint256(whole) * later;
            holds("down", after_ * duration <= exact && exact < (after_ + 1) * duration);
        }
    }

    function test_any_steps_come_to_the_same(uint256 seed) public {
        begun();
        uint256 time = CLOSES + 365 days;
        for (uint256 i = 0; i < 5; ++i) {
            vm.warp(time += (seed >> (32 * i)) % 400 days);
            try vesting.release() {} catch {}
            equal("so far", token.balanceOf(TEAM), vesting.free(vesting.plan(), time - CLOSES));
            equal("noted", vesting.released(), token.balanceOf(TEAM));
        }
    }

    function test_everything_counts_from_one_second() public {
        announceAll();
        enter(ALICE, 10 ether);
        close();
        AfterSale[] memory all = new AfterSale[](2);
        (all[0], all[1]) = (AfterSale(address(milestones)), vesting);
        offerings.settle(escrow, all);
        equal("milestones", all[0].begunAt(), CLOSES);
        equal("vesting", all[1].begunAt(), CLOSES);
    }
}

/// What the factory refuses, and what it makes.
contract OfferingFactoryTest is AfterSales {
    function flawed(AfterSaleFactory.Flaw flaw) private {
        vm.prank(ISSUER);
        vm.expectRevert(abi.encodeWithSelector(AfterSaleFactory.InvalidPlan.selector, flaw));
        offerings.announceWithAfterSale(t, steps, plan(), release, vestings);
    }

    function test_parts() public {
        release.milestones[2].part = 3_999;
        flawed(AfterSaleFactory.Flaw.Parts);
        release.milestones[2].part = 4_001;
        flawed(AfterSaleFactory.Flaw.Parts);
        release.milestones[1].part = 0;
        flawed(AfterSaleFactory.Flaw.Parts);
        release.milestones[1].part = type(uint256).max;
        flawed(AfterSaleFactory.Flaw.Parts);
        for (uint256 i = 0; i < 98; ++i) {
            release.milestones.push(IMilestones.Milestone(1, 365 days));
        }
        flawed(AfterSaleFactory.Flaw.Parts);
    }

    function test_order_and_shares() public {
        release.milestones[2].earliest = 90 days - 1;
        flawed(AfterSaleFactory.Flaw.Order);
        release.milestones[2].earliest = 90 days;
        for (uint256 i = 0; i < 2; ++i) {
            release.stopShare = [uint256(0), 5_001][i];
            flawed(AfterSaleFactory.Flaw.StopShare);
        }
        release.stopShare = 5_000;
        release.objectionWindow = 0;
        flawed(AfterSaleFactory.Flaw.ObjectionWindow);
        release.objectionWindow = 14 days;
        release.beneficiary = ISSUER;
        flawed(AfterSaleFactory.Flaw.Beneficiary);
        (t.beneficiary, release.beneficiary) = (address(0), address(0));
        flawed(AfterSaleFactory.Flaw.Beneficiary);
    }

    /// Window, window, window from day 90 on: the last can be released on day 118 at the earliest.
    function test_a_deadline_that_could_not_be_met() public {
        release.milestones[2].earliest = 90 days;
        release.deadline = 118 days;
        flawed(AfterSaleFactory.Flaw.Deadline);
        release.deadline = 118 days + 1;
        announceAll();
        release.deadline = 36_500 days + 1;
        flawed(AfterSaleFactory.Flaw.Deadline);
        release.objectionWindow = 36_500 days + 1;
        flawed(AfterSaleFactory.Flaw.Deadline);
    }

    function test_vesting() public {
        vestings[0].share = 1;
        flawed(AfterSaleFactory.Flaw.Share);
        vestings[0].share = 0;
        vestings.push(AfterSaleFactory.VestingPlan(0, 1, 1));
        flawed(AfterSaleFactory.Flaw.Order);
        vestings.pop();
        vestings[0].cliff = vestings[0].duration + 1;
        flawed(AfterSaleFactory.Flaw.Span);
        (vestings[0].cliff, vestings[0].duration) = (0, 36_500 days + 1);
        flawed(AfterSaleFactory.Flaw.Span);
    }

    function test_shares_that_cannot_vest() public {
        OfferingFactory.TokenPlan memory p = plan();
        p.shares[0].amount = 0;
        vm.prank(ISSUER);
        vm.expectRevert(abi.encodeWithSelector(AfterSaleFactory.InvalidPlan.selector, AfterSaleFactory.Flaw.Share));
        offerings.announceWithAfterSale(t, steps, p, release, vestings);
        p.shares[0].amount = 1;
        p.shares[0].holder = address(0);
        vm.prank(ISSUER);
        vm.expectRevert(abi.encodeWithSelector(AfterSaleFactory.InvalidPlan.selector, AfterSaleFactory.Flaw.Beneficiary));
        offerings.announceWithAfterSale(t, steps, p, release, vestings);
    }

    function test_what_is_made_belongs_together() public {
        announceAll();
        holds("known", offerings.termsHashOf(address(escrow)) == t.termsHash);
        holds("beneficiary", escrow.terms().beneficiary == address(milestones));
        holds("escrow", AfterSale(address(milestones)).escrow() == escrow);
        equal("plan", milestones.plan().milestones[1].earliest, 90 days);
        equal("share", token.balanceOf(address(vesting)), 50_000 ether);
        vm.prank(address(offerings));
        vm.expectRevert(AfterSale.AlreadyBound.selector);
        vesting.bind(IEscrow(address(1)));
        vm.prank(ISSUER);
        vm.expectRevert(AfterSale.AlreadyBound.selector);
        AfterSale(address(milestones)).bind(IEscrow(address(1)));
    }

    function test_without_milestones_and_vesting_it_is_announce() public {
        delete release.milestones;
        delete vestings;
        announceAll();
        holds("no milestones", address(milestones) == address(0));
        holds("beneficiary", escrow.terms().beneficiary == BENEFICIARY);
    }
}
