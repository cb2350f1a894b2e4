// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EscrowFactory} from "../src/EscrowFactory.sol";
import {IEscrow} from "../src/IEscrow.sol";
import {HostileWallet} from "./Hostile.sol";
import {Sale} from "./Sale.sol";

/// Share.tree, leaf by leaf: too much money is shared out pro rata.
contract ShareTest is Sale {
    /// The smallest capacity that terms may have is a little more.
    uint256 private constant UNIT = 1 << 32;

    function setUp() public override {
        super.setUp();
        t.overCap = IEscrow.Misfit.Share;
        t.hardCap = 10 ether;
        vm.deal(address(this), 100 ether);
    }

    function settled() private {
        close();
        escrow.settle();
    }

    /// Takes out what is due by a claim, and says what came.
    function claimed(address investor) private returns (uint256 tokens, uint256 money) {
        uint256 before = investor.balance;
        vm.prank(investor);
        escrow.claim();
        vm.prank(investor);
        vm.expectRevert(IEscrow.NothingDue.selector);
        escrow.claim();
        return (token.balanceOf(investor), investor.balance - before);
    }

    function is_(uint256[2] memory found, uint256 tokens, uint256 money) private pure {
        equal("tokens", found[0], tokens);
        equal("money", found[1], money);
    }

    function outcome(address investor) private returns (uint256[2] memory both) {
        (both[0], both[1]) = claimed(investor);
    }

    function dueTo(address investor) private view returns (uint256[2] memory both) {
        (both[0], both[1]) = escrow.due(investor);
    }

    /// 12 and 8 are asked for and 10 can be had, so each gets half.
    function test_all_of_it_comes_in_and_each_gets_the_same_part() public {
        announce();
        enter(ALICE, 7 ether);
        again(ALICE, 5 ether);
        enter(BOB, 8 ether);
        equal("held", address(escrow).balance, 20 ether);
        equal("nothing is counted", escrow.totals().counted, 0);
        equal("investors", escrow.totals().slack, 2);
        is_(dueTo(ALICE), 0, 0);
        close();
        vm.expectEmit(address(escrow));
        emit IEscrow.Settled(10 ether - 2, 10_000 ether, 90_000 ether);
        escrow.settle();
        is_(dueTo(ALICE), 6_000 ether, 6 ether);
        is_(outcome(ALICE), 6_000 ether, 6 ether);
        is_(dueTo(ALICE), 0, 0);
        escrow.draw();
        is_(outcome(BOB), 4_000 ether, 4 ether);
        equal("beneficiary", BENEFICIARY.balance, 10 ether - 2);
        equal("dust", address(escrow).balance, 2);
        equal("no token is left over", token.balanceOf(address(escrow)), 0);
    }

    /// 1, 2 and 3 of 2^32 into 4 of them: 2/3, 4/3 and 2 of 2^32, the first two rounded down.
    function test_parts_are_rounded_down_and_the_last_one_can_be_paid() public {
        (t.hardCap, t.softCap, t.priceNumerator, t.priceDenominator) = (4 * UNIT, 3 * UNIT, 3, 2);
        announce();
        enter(ALICE, 1 * UNIT);
        enter(BOB, 2 * UNIT);
        enter(CAROL, 3 * UNIT);
        settled();
        escrow.draw();
        equal("beneficiary", BENEFICIARY.balance, 17_179_869_184 - 3);
        is_(outcome(ALICE), 4_294_967_295, UNIT - 2_863_311_530);
        is_(outcome(BOB), 8_589_934_591, 2 * UNIT - 5_726_623_061);
        is_(outcome(CAROL), 12_884_901_888, 3 * UNIT - 8_589_934_592);
        equal("dust", address(escrow).balance, 2);
        equal("dust in tokens", token.balanceOf(address(escrow)), 2);
    }

    function test_what_is_for_sale_bounds_the_parts_too() public {
        t.forSale = 5_000 ether;
        announce();
        enter(ALICE, 4 ether);
        enter(BOB, 4 ether);
        settled();
        is_(outcome(ALICE), 2_500 ether, 1.5 ether);
        is_(outcome(BOB), 2_500 ether, 1.5 ether);
    }

    function test_where_all_fits_everybody_gets_everything() public {
        announce();
        enter(ALICE, 3 ether);
        enter(BOB, 7 ether);
        settled();
        escrow.draw();
        equal("beneficiary", BENEFICIARY.balance, 10 ether);
        is_(outcome(ALICE), 3_000 ether, 0);
        is_(outcome(BOB), 7_000 ether, 0);
        equal("nothing is left", address(escrow).balance, 0);
    }

    function test_limits_hold_and_caps_do_not() public {
        (t.contributionMin, t.investorMax) = (2, 15 ether);
        announce();
        enter(ALICE, 20 ether);
        equal("cut to the limit", escrow.account(ALICE).accepted, 15 ether);
        IEscrow.Admission memory shown = admission(BOB, 5 ether);
        vm.startPrank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BelowMinimum.selector, 2));
        escrow.contributeAdmitted{value: 1}(shown);
        escrow.contributeAdmitted{value: 6 ether}(shown);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.AdmissionLimit.selector, 0));
        escrow.contribute{value: 2}();
        vm.stopPrank();
        equal("both", escrow.totals().raised, 20 ether);
    }

    function test_nothing_asks_for_nothing() public {
        announce();
        IEscrow.Admission memory shown = admission(ALICE, 5 ether);
        vm.prank(ALICE);
        vm.expectRevert(IEscrow.BuysNothing.selector);
        escrow.contributeAdmitted(shown);
    }

    function test_more_than_the_counter_holds_is_refused() public {
        t.verifier = address(0);
        announce();
        uint256 most = type(uint80).max;
        for (uint160 i = 0; i < 256; ++i) {
            vm.deal(address(0xE000 + i), most);
            again(address(0xE000 + i), most);
        }
        vm.deal(ALICE, most);
        vm.expectRevert(IEscrow.AmountTooLarge.selector);
        again(ALICE, most);
        again(ALICE, 255);
        equal("to the last unit", escrow.totals().raised, type(uint88).max);
    }

    function test_a_return_leaves_more_for_the_others() public {
        announce();
        enter(ALICE, 12 ether);
        enter(BOB, 8 ether);
        enter(CAROL, 8 ether);
        vm.prank(ISSUER);
        escrow.returnMoney(ALICE, IEscrow.Reason.Discretion);
        equal("investors", escrow.totals().slack, 2);
        is_(dueTo(ALICE), 0, 12 ether);
        settled();
        is_(outcome(BOB), 5_000 ether, 3 ether);
        vm.prank(ALICE);
        escrow.refund();
        equal("alice", ALICE.balance, 1_000 ether);
    }

    function test_whose_part_is_nothing_takes_everything_back() public {
        announce();
        enter(ALICE, 1);
        enter(BOB, 20 ether);
        settled();
        is_(dueTo(ALICE), 0, 1);
        vm.prank(ALICE);
        vm.expectRevert(IEscrow.NothingDue.selector);
        escrow.claim();
        vm.prank(BOB);
        vm.expectRevert(IEscrow.NothingDue.selector);
        escrow.refund();
        escrow.refundMany(list(ALICE, BOB));
        equal("alice", ALICE.balance, 1_000 ether);
        is_(dueTo(BOB), 9_999_999_999_999_999_999_000, 10.000000000000000001 ether);
    }

    function test_a_missed_soft_cap_gives_back_what_was_asked() public {
        announce();
        enter(ALICE, 0.9 ether);
        close();
        vm.expectRevert(abi.encodeWithSelector(IEscrow.SoftCapMissed.selector, 0.9 ether, 1 ether));
        escrow.settle();
        is_(dueTo(ALICE), 0, 0.9 ether);
        vm.prank(ALICE);
        escrow.refund();
        equal("alice", ALICE.balance, 1_000 ether);
    }

    function test_a_list_gives_tokens_and_change_and_passes_over_who_refuses() public {
        announce();
        HostileWallet wallet = new HostileWallet{value: 12 ether}(escrow);
        wallet.contribute(admission(address(wallet), 50 ether), 12 ether);
        enter(BOB, 8 ether);
        settled();
        wallet.behave(HostileWallet.Way.Refuses);
        escrow.distribute(list(address(wallet), BOB));
        equal("bob's tokens", token.balanceOf(BOB), 4_000 ether);
        equal("bob's change", BOB.balance, 996 ether);
        equal("due", standingOf(address(wallet)), uint256(IEscrow.Standing.Admitted));
        equal("no tokens yet", token.balanceOf(address(wallet)), 0);
        wallet.behave(HostileWallet.Way.Takes);
        escrow.distribute(list(address(wallet), BOB));
        equal("its tokens", token.balanceOf(address(wallet)), 6_000 ether);
        equal("its change", address(wallet).balance, 6 ether);
        equal("bob once", token.balanceOf(BOB), 4_000 ether);
    }

    /// While the change is on its way the account is empty already.
    function test_a_wallet_that_asks_again_while_it_gets_its_change_is_paid_once() public {
        for (uint256 i = 0; i < 4; ++i) {
            announce();
            HostileWallet wallet = new HostileWallet{value: 12 ether}(escrow);
            wallet.contribute(admission(address(wallet), 50 ether), 12 ether);
            enter(BOB, 8 ether);
            settled();
            address[] memory both = list(address(wallet), address(wallet));
            wallet.callBackWith(
                [
                    abi.encodeCall(IEscrow.claim, ()),
                    abi.encodeCall(IEscrow.refund, ()),
                    abi.encodeCall(IEscrow.distribute, (both)),
                    abi.encodeCall(IEscrow.refundMany, (both))
                ][i]
            );
            if (i % 2 == 0) wallet.claim();
            else escrow.distribute(both);
            holds("called back", wallet.calledBack());
            equal("tokens once", token.balanceOf(address(wallet)), 6_000 ether);
            equal("change once", address(wallet).balance, 6 ether);
            equal("empty", standingOf(address(wallet)), 0);
            is_(dueTo(BOB), 4_000 ether, 4 ether);
        }
    }

    /// Whatever gas a caller gives, an entry gets both or is as it was.
    function testFuzz_thrift_gives_nobody_a_half(uint256 gasGiven) public {
        announce();
        enter(ALICE, 12 ether);
        enter(BOB, 8 ether);
        settled();
        bytes memory call_ = abi.encodeCall(IEscrow.distribute, (list(ALICE, BOB)));
        (bool done,) = address(escrow).call{gas: 30_000 + gasGiven % 700_000}(call_);
        equal("tokens", token.balanceOf(ALICE), done ? 6_000 ether : 0);
        equal("change", ALICE.balance, done ? 994 ether : 988 ether);
        equal("bob", token.balanceOf(BOB), done ? 4_000 ether : 0);
    }

    function test_terms_whose_parts_need_adding_up_are_refused() public {
        IEscrow.Terms memory good = t;
        (t.priceNumerator, t.priceDenominator) = (1, 2);
        refused(good);
        (t.hardCap, t.softCap) = (UNIT, 1);
        refused(good);
        (t.forSale, t.softCap) = (1_000 * UNIT, 1);
        refused(good);
        t.overLimit = IEscrow.Misfit.Share;
        refused(good);
        t.pricing = IEscrow.Pricing.Linear;
        (t.bonusPer, t.bonusGranularity) = (1, 1);
        refused(good);
        t.softCap = 10 ether - UNIT;
        announce();
    }

    function refused(IEscrow.Terms memory good) private {
        IEscrow.Terms memory bad = t;
        vm.prank(ISSUER);
        vm.expectRevert(abi.encodeWithSelector(EscrowFactory.InvalidTerms.selector, EscrowFactory.Problem.Share));
        factory.announce(bad, steps, plan());
        t = good;
    }

    /// A part is the largest number p with p x sum <= asked x capacity, and nobody is left unpaid.
    function testFuzz_parts_are_the_formula_and_everybody_is_paid(uint80[4] memory asks, uint96 forSale, uint8 price)
        public
    {
        t.softCap = 0;
        t.investorMax = NO_MAXIMUM;
        t.verifier = address(0);
        t.hardCap = UNIT + forSale % 1e20;
        (t.priceNumerator, t.priceDenominator) = (uint256(price) + 1, uint256(price) % 3 + 1);
        if (t.priceNumerator < t.priceDenominator) t.priceNumerator = t.priceDenominator;
        t.forSale = (UNIT + forSale / 1e6) * t.priceNumerator;
        announce();
        address[] memory people = new address[](4);
        uint256 sum = 0;
        for (uint160 i = 0; i < 4; ++i) {
            people[i] = address(0xF100 + i);
            if (asks[i] == 0) continue;
            vm.deal(people[i], asks[i]);
            again(people[i], asks[i]);
            sum += asks[i];
        }
        settled();
        escrow.draw();
        uint256 room = t.forSale * t.priceDenominator / t.priceNumerator;
        if (t.hardCap < room) room = t.hardCap;
        escrow.distribute(people);
        escrow.refundMany(people);
        uint256 parts = 0;
        for (uint256 i = 0; i < 4; ++i) {
            uint256 part = asks[i] - people[i].balance;
            if (sum <= room) equal("all", part, asks[i]);
            else holds("the largest", part * sum <= asks[i] * room && (part + 1) * sum > asks[i] * room);
            equal("tokens", token.balanceOf(people[i]), part * t.priceNumerator / t.priceDenominator);
            parts += part;
        }
        holds("below the caps", parts <= room);
        equal("to the unit", BENEFICIARY.balance + address(escrow).balance, parts);
        holds("dust", address(escrow).balance <= 4);
    }
}
