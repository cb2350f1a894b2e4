// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EscrowFactory} from "../src/EscrowFactory.sol";
import {IEscrow} from "../src/IEscrow.sol";
import {Sale} from "./Sale.sol";

/// Does anything anybody may do, in any order. A refusal is an answer, too; what counts are the sums.
contract Crowd is Sale {
    address[] private people;
    uint256 public paidIn;
    uint256 public paidOut;

    constructor(IEscrow.Pricing pricing, uint256 numerator, uint256 denominator) {
        setUp();
        t.pricing = pricing;
        (t.priceNumerator, t.priceDenominator) = (numerator, denominator);
        t.forSale = 500;
        t.hardCap = 250;
        t.softCap = 60;
        t.investorMax = 120;
        if (pricing == IEscrow.Pricing.Steps) {
            steps.push(EscrowFactory.Step(OPENS, 7, 3));
            steps.push(EscrowFactory.Step(OPENS + 10 days, 5, 3));
        }
        announce();
        for (uint160 i = 1; i <= 6; ++i) {
            people.push(address(0xF00 + i));
            vm.deal(address(0xF00 + i), 1_000);
        }
    }

    /// Once: the machine that draws the calls finds this one, too.
    function setUp() public override {
        if (address(escrow) == address(0)) super.setUp();
    }

    function sale() external view returns (IEscrow) {
        return escrow;
    }

    function contribute(uint256 who, uint256 amount) external {
        address investor = people[who % people.length];
        IEscrow.Admission memory shown = admission(investor, 100);
        uint256 before = address(escrow).balance;
        vm.prank(investor);
        (bool done,) = address(escrow).call{value: amount % 60}(abi.encodeCall(IEscrow.contributeAdmitted, (shown)));
        if (done) paidIn += address(escrow).balance - before;
    }

    function giveBack(uint256 who, uint8 reason) external {
        address investor = people[who % people.length];
        vm.prank(ISSUER);
        (bool done,) = address(escrow).call(
            abi.encodeCall(IEscrow.returnMoney, (investor, IEscrow.Reason(reason % 7)))
        );
        done;
    }

    function takeOut(uint256 who, bool inList) external {
        address investor = people[who % people.length];
        leave(investor, inList ? abi.encodeCall(IEscrow.refundMany, (people)) : abi.encodeCall(IEscrow.refund, ()));
    }

    function claim(uint256 who, bool inList) external {
        address investor = people[who % people.length];
        leave(investor, inList ? abi.encodeCall(IEscrow.distribute, (people)) : abi.encodeCall(IEscrow.claim, ()));
    }

    function finish(uint256 how) external {
        bytes4[3] memory ends = [IEscrow.settle.selector, IEscrow.draw.selector, IEscrow.cancel.selector];
        // The issuer cancels seldom, or few sales would come to their end.
        uint256 which = how % 9 == 0 ? 2 : how % 2;
        leave(ISSUER, abi.encodePacked(ends[which]));
    }

    function wait_(uint256 time) external {
        vm.warp(block.timestamp + time % 12 days);
    }

    function leave(address who, bytes memory what) private {
        uint256 before = address(escrow).balance;
        vm.prank(who);
        (bool done,) = address(escrow).call(what);
        if (done) paidOut += before - address(escrow).balance;
    }

    /// What the escrow still owes in money, from the accounts alone, and in tokens.
    function owed() external view returns (uint256 money, uint256 tokens, uint256 counted) {
        IEscrow.Totals memory s = escrow.totals();
        bool sold = s.phase == IEscrow.Phase.Settled || s.phase == IEscrow.Phase.Drawn;
        for (uint256 i = 0; i < people.length; ++i) {
            IEscrow.Account memory a = escrow.account(people[i]);
            bool inside = a.standing == IEscrow.Standing.Admitted || a.standing == IEscrow.Standing.Revoked;
            if (a.standing == IEscrow.Standing.Returned || (inside && !sold)) money += a.accepted;
            if (inside && sold && tokensOf(a) == 0) money += a.accepted;
            if (inside && sold) tokens += tokensOf(a);
            if (a.standing != IEscrow.Standing.Returned) counted += a.tokens;
        }
        if (s.phase == IEscrow.Phase.Settled) money += s.raised;
    }

    function tokensOf(IEscrow.Account memory a) private view returns (uint256) {
        return t.pricing == IEscrow.Pricing.Fixed ? uint256(a.accepted) * t.priceNumerator / t.priceDenominator : a.tokens;
    }

    function held() external view returns (uint256 money, uint256 tokens) {
        return (address(escrow).balance, token.balanceOf(address(escrow)));
    }
}

/// What is always true, whatever anybody does in any order.
abstract contract ConservationTest {
    Crowd internal crowd;

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(crowd);
    }

    function invariant_money_in_is_money_out_and_money_held() public view {
        (uint256 held,) = crowd.held();
        assert(crowd.paidIn() == crowd.paidOut() + held);
    }

    function invariant_exactly_what_is_owed_is_held() public view {
        (uint256 owed, uint256 owedTokens, uint256 counted) = crowd.owed();
        (uint256 held, uint256 heldTokens) = crowd.held();
        assert(held == owed);
        IEscrow.Totals memory s = crowd.sale().totals();
        if (s.phase == IEscrow.Phase.Settled || s.phase == IEscrow.Phase.Drawn) assert(heldTokens == owedTokens);
        else assert(heldTokens == 500);
        assert(s.counted == counted);
    }

    function invariant_no_cap_is_passed() public view {
        IEscrow.Totals memory s = crowd.sale().totals();
        assert(s.raised <= 250 && s.counted <= 500);
    }
}

contract FixedConservationTest is ConservationTest {
    function setUp() public {
        crowd = new Crowd(IEscrow.Pricing.Fixed, 7, 3);
    }
}

/// A token for 25 units of money: many have money in that comes to none.
contract DearConservationTest is ConservationTest {
    function setUp() public {
        crowd = new Crowd(IEscrow.Pricing.Fixed, 1, 25);
    }
}

contract StepsConservationTest is ConservationTest {
    function setUp() public {
        crowd = new Crowd(IEscrow.Pricing.Steps, 7, 3);
    }
}
