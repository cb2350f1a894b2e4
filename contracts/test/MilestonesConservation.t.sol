// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IEscrow} from "../src/IEscrow.sol";
import {IMilestones} from "../src/IMilestones.sol";
import {AfterSales} from "./AfterSales.sol";
import {HostileToken} from "./Hostile.sol";

/// Does what anybody may do after a sale, in any order. A refusal is an answer, too; what counts are the sums.
contract Stakeholders is AfterSales {
    address[] private people;
    uint256 public refunded;

    constructor() {
        setUp();
        (t.softCap, t.hardCap, t.forSale) = (1, 100_000, 1_000_000);
        (t.priceNumerator, t.priceDenominator) = (7, 3);
        release.stopShare = 3_000;
        announceAll();
        for (uint160 i = 1; i <= 6; ++i) {
            people.push(address(0xF00 + i));
            vm.deal(address(0xF00 + i), 10_000);
            enter(address(0xF00 + i), 97 * i * i + 1);
        }
        close();
        begin();
    }

    /// Once: the machine that draws the calls finds this one, too.
    function setUp() public override {
        if (address(escrow) == address(0)) super.setUp();
    }

    function claim(uint256 who) external {
        attempt(people[who % 6], address(escrow), abi.encodeCall(IEscrow.claim, ()));
    }

    function reach(bool waits) external {
        attempt(ISSUER, address(milestones), abi.encodeCall(IMilestones.announce, ()));
        if (waits) vm.warp(block.timestamp + 14 days);
    }

    function object(uint256 who) external {
        attempt(people[who % 6], address(milestones), abi.encodeCall(IMilestones.object, ()));
    }

    function finish() external {
        attempt(ALICE, address(milestones), abi.encodeCall(IMilestones.release, ()));
    }

    function refund(uint256 who, uint256 tokens) external {
        address investor = people[who % 6];
        uint256 before = investor.balance;
        vm.prank(investor);
        token.approve(address(milestones), type(uint256).max);
        attempt(investor, address(milestones), abi.encodeCall(IMilestones.refund, (tokens % 9_000)));
        refunded += investor.balance - before;
    }

    function hand(uint256 from, uint256 to, uint256 tokens) external {
        attempt(people[from % 6], address(token), abi.encodeCall(token.transfer, (people[to % 6], tokens % 4_000)));
    }

    function wait_(uint256 time) external {
        vm.warp(block.timestamp + time % 60 days);
    }

    function attempt(address who, address what, bytes memory call) private {
        vm.prank(who);
        (bool done,) = what.call(call);
        done;
    }

    function sums() external view returns (uint256 total, uint256 paid, uint256 held, uint256 open) {
        uint256 raised = escrow.totals().raised;
        for (uint256 i = 0; i < 6; ++i) {
            (uint256 accepted, uint256 bought) = milestones.stakeOf(people[i]);
            if (bought == 0) accepted = escrow.account(people[i]).accepted;
            uint256 fair = milestones.left() * accepted / raised;
            open += bought == 0 ? fair : fair - fair * milestones.givenBack(people[i]) / bought;
        }
        return (raised, BENEFICIARY.balance + refunded, address(milestones).balance, open);
    }

    function refundsOpen() external view returns (bool) {
        return milestones.refundsOpen();
    }
}

/// What is always true of the money that milestones hold.
contract MilestonesConservationTest {
    Stakeholders private crowd = new Stakeholders();

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(crowd);
    }

    function invariant_money_in_is_money_out_and_money_held() public view {
        (uint256 total, uint256 paid, uint256 held,) = crowd.sums();
        assert(total == paid + held);
    }

    /// Whoever comes last can be paid: what everybody together could still take is held.
    function invariant_what_can_still_go_back_is_held() public view {
        (,, uint256 held, uint256 open) = crowd.sums();
        if (crowd.refundsOpen()) assert(held >= open);
    }
}

/// Currencies that misbehave on the way from the escrow, or out of the milestones.
contract MilestonesHostileTest is AfterSales {
    HostileToken private coin;

    function inTokens(HostileToken.Way way) private {
        coin = new HostileToken();
        t.currency = address(coin);
        announceAll();
        address[2] memory people = [ALICE, BOB];
        for (uint256 i = 0; i < 2; ++i) {
            coin.mint(people[i], 50 ether);
            IEscrow.Admission memory shown = admission(people[i], 50 ether);
            vm.prank(people[i]);
            escrow.contributeTokenAdmitted(50 ether, shown);
        }
        close();
        coin.behave(way, address(0));
        begin();
        coin.behave(HostileToken.Way.Honest, address(0));
        claimed(ALICE);
        claimed(BOB);
    }

    function back(address investor) private {
        vm.prank(investor);
        token.approve(address(milestones), 50_000 ether);
        vm.prank(investor);
        milestones.refund(50_000 ether);
    }

    function test_one_that_delivers_less_or_more() public {
        inTokens(HostileToken.Way.TakesFee);
        equal("less", milestones.left(), 100 ether - 1);
        vm.warp(CLOSES + 365 days);
        back(ALICE);
        back(BOB);
        equal("rounded down for both", coin.balanceOf(BOB), 50 ether - 1);
        equal("dust", coin.balanceOf(address(milestones)), 1);
    }

    function test_one_that_delivers_more() public {
        inTokens(HostileToken.Way.GivesMore);
        equal("what was accepted", milestones.left(), 100 ether);
    }

    function test_one_that_calls_back_while_it_pays() public {
        inTokens(HostileToken.Way.ReturnsNothing);
        announced();
        vm.warp(CLOSES + 14 days);
        coin.callBackWith(abi.encodeCall(IMilestones.release, ()));
        coin.behave(HostileToken.Way.CallsBackOnTheWayOut, address(0));
        milestones.release();
        holds("it did", coin.calledBack());
        equal("paid once", coin.balanceOf(BENEFICIARY), 30 ether);
    }

    function test_one_that_says_no_to_a_person() public {
        inTokens(HostileToken.Way.Honest);
        vm.warp(CLOSES + 365 days);
        coin.behave(HostileToken.Way.RefusesOnePerson, ALICE);
        vm.prank(ALICE);
        token.approve(address(milestones), 50_000 ether);
        vm.prank(ALICE);
        vm.expectRevert(IMilestones.PaymentFailed.selector);
        milestones.refund(50_000 ether);
        back(BOB);
        equal("bob", coin.balanceOf(BOB), 50 ether);
        equal("alice keeps her tokens", token.balanceOf(ALICE), 50_000 ether);
    }
}
