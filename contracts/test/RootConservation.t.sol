// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IRootEscrow} from "../src/IRootEscrow.sol";
import {RootSale} from "./RootSale.sol";

/// Does anything anybody may do, in any order, under a root that is partly wrong. A refusal is an answer, too.
contract RootCrowd is RootSale {
    address[] private people;
    uint256 public paidIn;
    uint256 public paidOut;

    constructor() {
        setUp();
        (r.softCap, r.hardCap, r.forSale) = (60, 250, 500);
        (r.floor, r.ceiling, r.priceUnit) = (1, 3, 7);
        announceRoot();
        for (uint160 i = 1; i <= 8; ++i) {
            people.push(address(0xF00 + i));
            vm.deal(address(0xF00 + i), 1_000);
        }
    }

    /// Once: the machine that draws the calls finds this one, too.
    function setUp() public override {
        if (address(sale) == address(0)) super.setUp();
    }

    function contribute(uint256 who, uint256 amount, uint256 limit) external {
        address investor = people[who % 8];
        amount = 10 + amount % 60;
        IRootEscrow.Admission memory shown = permit(investor, 100);
        attempt(
            investor,
            amount,
            abi.encodeCall(IRootEscrow.contributeAdmitted, (amount, 1 + limit % 3, shown))
        );
    }

    function giveBack(uint256 who) external {
        if (who % 3 != 0) return;
        address investor = people[who % 8];
        attempt(ISSUER, 0, abi.encodeCall(IRootEscrow.returnMoney, (investor, IRootEscrow.Reason.Sanctions)));
    }

    /// The settlement of a stingy issuer: of each a part is accepted at the investor's own limit, and with some luck
    /// one row is wrong, or tokens and money are more than there may be.
    function settle(uint256 seed) external {
        if (leaves.length != 0 || block.timestamp < CLOSES) return;
        for (uint256 i = 0; i < 8; ++i) {
            IRootEscrow.Account memory a = sale.account(people[i]);
            uint256 accepted = a.contributed * ((seed >> (8 * i)) % 5) / 4;
            uint256 tokens = a.limit == 0 ? 0 : accepted * 7 / a.limit;
            if (tokens == 0) accepted = 0;
            if ((seed >> (100 + 8 * i)) % 31 == 0) tokens += 400;
            if ((seed >> (108 + 8 * i)) % 31 == 0) accepted += 1;
            leaves.push(IRootEscrow.Leaf(people[i], tokens, accepted, a.contributed - min(accepted, a.contributed)));
        }
        attempt(ISSUER, 0, abi.encodeCall(IRootEscrow.post, (rootOf())));
    }

    function min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    function object(uint256 who) external {
        if (who % 4 == 0) attempt(people[who % 8], 0, abi.encodeCall(IRootEscrow.object, ()));
    }

    function claim(uint256 place) external {
        if (leaves.length == 0) return;
        attempt(ALICE, 0, abi.encodeCall(IRootEscrow.claim, (leaves[place % 8], proofOf(place % 8))));
    }

    function refute(uint256 place) external {
        if (leaves.length == 0 || place % 5 != 0) return;
        attempt(ALICE, 0, abi.encodeCall(IRootEscrow.refute, (leaves[place % 8], proofOf(place % 8))));
    }

    function takeOut(uint256 who, bool inList) external {
        address investor = people[who % 8];
        bytes memory many = abi.encodeCall(IRootEscrow.refundMany, (people));
        attempt(investor, 0, inList ? many : abi.encodeCall(IRootEscrow.refund, ()));
    }

    function finish(uint256 how) external {
        if (how % 9 == 0) attempt(ISSUER, 0, abi.encodeCall(IRootEscrow.cancel, ()));
        attempt(ALICE, 0, how % 2 == 0 ? abi.encodeCall(IRootEscrow.draw, ()) : abi.encodeCall(IRootEscrow.takeUnsold, ()));
    }

    function wait_(uint256 time) external {
        vm.warp(block.timestamp + time % 20 days);
    }

    function attempt(address who, uint256 value, bytes memory what) private {
        uint256 before = address(sale).balance;
        vm.prank(who);
        (bool done,) = address(sale).call{value: value}(what);
        if (done) (paidIn, paidOut) = (paidIn + value, paidOut + before + value - address(sale).balance);
    }

    /// What the escrow owes, from the accounts alone: everything of whoever is not proved, the rest of whoever is.
    function owed() external view returns (uint256 money, uint256 accepted) {
        for (uint256 i = 0; i < 8; ++i) {
            IRootEscrow.Account memory a = sale.account(people[i]);
            if (a.standing != IRootEscrow.Standing.Refunded) money += a.contributed;
            if (a.standing == IRootEscrow.Standing.Proved) accepted += a.cap;
        }
    }

    function state() external view returns (IRootEscrow, uint256 held, uint256 drawn, uint256 tokens) {
        return (sale, address(sale).balance, BENEFICIARY.balance, token.balanceOf(address(sale)));
    }
}

/// What is always true of an escrow by root, whatever the root says.
contract RootConservationTest {
    RootCrowd private crowd = new RootCrowd();

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(crowd);
    }

    function invariant_money_in_is_money_out_and_money_held() public view {
        (, uint256 held,,) = crowd.state();
        assert(crowd.paidIn() == crowd.paidOut() + held);
    }

    /// What was accepted is drawn, is still here, or went back because the soft cap was not reached.
    function invariant_exactly_what_is_owed_is_held() public view {
        (uint256 owed, uint256 accepted) = crowd.owed();
        (, uint256 held, uint256 drawn,) = crowd.state();
        assert(held + drawn == owed + accepted);
    }

    function invariant_nothing_passes_the_terms() public view {
        (IRootEscrow sale,, uint256 drawn, uint256 tokens) = crowd.state();
        IRootEscrow.Outcome memory o = sale.outcome();
        assert(o.tokens <= 500 && o.accepted <= 250);
        assert(drawn <= o.accepted);
        assert(drawn == 0 || o.accepted >= 60);
        assert(sale.refundsOpen() || tokens + o.tokens == 500);
    }
}
