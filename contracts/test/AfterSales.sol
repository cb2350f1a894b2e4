// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AfterSale} from "../src/AfterSale.sol";
import {AfterSaleFactory} from "../src/AfterSaleFactory.sol";
import {IEscrow} from "../src/IEscrow.sol";
import {IMilestones} from "../src/IMilestones.sol";
import {OfferingFactory} from "../src/OfferingFactory.sol";
import {SaleToken} from "../src/SaleToken.sol";
import {Vesting} from "../src/Vesting.sol";
import {Sale} from "./Sale.sol";

/// A sale with milestones and a share that vests.
abstract contract AfterSales is Sale {
    OfferingFactory internal offerings = OfferingFactory(made("OfferingFactory", parts()));
    IMilestones internal milestones;
    Vesting internal vesting;
    IMilestones.Plan internal release;
    AfterSaleFactory.VestingPlan[] internal vestings;

    address internal constant TEAM = address(0x7EA3);

    function parts() private returns (bytes memory) {
        return abi.encode(made("Milestones", ""), made("Vesting", ""));
    }

    /// 30 % at once, 30 % after 90 days, 40 % after 180; a fifth of the money stops; two weeks to object; a year in all.
    function setUp() public virtual override {
        super.setUp();
        release.beneficiary = BENEFICIARY;
        release.stopShare = 2_000;
        release.objectionWindow = 14 days;
        release.deadline = 365 days;
        release.milestones.push(IMilestones.Milestone(3_000, 0));
        release.milestones.push(IMilestones.Milestone(3_000, 90 days));
        release.milestones.push(IMilestones.Milestone(4_000, 180 days));
        vestings.push(AfterSaleFactory.VestingPlan(0, 365 days, 1_461 days));
    }

    function announceAll() internal {
        vm.prank(ISSUER);
        (address escrowAt, address tokenAt, address money, address[] memory shares) =
            offerings.announceWithAfterSale(t, steps, plan(), release, vestings);
        opened(escrowAt, tokenAt, money, shares);
    }

    /// What an announcement made, and the window opens.
    function opened(address escrowAt, address tokenAt, address money, address[] memory shares) internal {
        (escrow, token, milestones) = (IEscrow(escrowAt), SaleToken(tokenAt), IMilestones(money));
        if (shares.length != 0) vesting = Vesting(shares[0]);
        vm.warp(OPENS);
    }

    /// Alice, Bob and Carol with 50, 30 and 20 of 100 coins, settled, and claimed.
    function sold() internal {
        announceAll();
        enter(ALICE, 50 ether);
        enter(BOB, 30 ether);
        enter(CAROL, 20 ether);
        close();
        begin();
        claimed(ALICE);
        claimed(BOB);
        claimed(CAROL);
    }

    function claimed(address investor) internal {
        vm.prank(investor);
        escrow.claim();
    }

    function begin() internal {
        AfterSale(address(milestones)).begin();
    }

    function announced() internal {
        vm.prank(ISSUER);
        milestones.announce();
    }

    function objectedBy(address investor) internal {
        vm.prank(investor);
        milestones.object();
    }

    function giveBack(address investor, uint256 tokens) internal returns (uint256 amount) {
        uint256 before = investor.balance;
        vm.prank(investor);
        token.approve(address(milestones), tokens);
        vm.prank(investor);
        milestones.refund(tokens);
        return investor.balance - before;
    }
}
